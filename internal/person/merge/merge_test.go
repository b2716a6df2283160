package merge_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/blob"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/space"
)

// accounts stands for the package account: a person who is in the table can
// sign in.
type accounts struct{ h *dbtest.Harness }

func (a accounts) Holds(ctx context.Context, _ access.Actor, persons ...id.Person) (map[id.Person]bool, error) {
	out := map[id.Person]bool{}
	for _, p := range persons {
		var n int
		if err := a.h.DB.QueryRow(ctx, "SELECT COUNT(*) FROM acc_account WHERE person = $1", p).Scan(&n); err != nil {
			return nil, err
		}
		out[p] = n > 0
	}
	return out, nil
}

func (a accounts) Pass(ctx context.Context, _ access.Actor, from, to id.Person) (passed bool, err error) {
	err = a.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE acc_account SET person = $1 WHERE person = $2 AND NOT EXISTS (SELECT 1 FROM acc_account k WHERE k.person = $3)", to, from, to)
		passed = n > 0
		return err
	})
	return passed, err
}

func (accounts) Shut(context.Context, access.Actor, ...id.Person) error { return nil }

type fixture struct {
	*dbtest.Harness
	t       *testing.T
	orgs    *org.Service
	people  *person.Service
	spaces  *space.Service
	figures *metrics.Service
	rosters *roster.Service
	merges  *merge.Service
	op      access.Actor

	province, county, a, b, far org.Node // a and b are schools of county
	a1, b1, far1                org.Node
	head, clerk, officer, other access.Actor
	numbers                     int
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.spaces = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	f.people.Spaces = f.spaces
	f.figures = metrics.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, metrics.Options{})
	files, err := blob.Open("file:" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f.rosters = roster.New(roster.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Audit: h.Audit, Org: f.orgs, People: f.people,
		Bases: f.figures, Jobs: job.New(h.DB, h.IDs, h.Clock, job.Options{}), Files: files, System: access.System("roster")})
	f.merges = merge.New(merge.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, People: f.people, Accounts: accounts{h}, Gate: roster.Gate})
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "甲校", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "乙校", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000003", Name: "丙校", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	for code, to := range map[string]*org.Node{"22": &f.province, "220102": &f.county, "2122000001": &f.a, "2122000002": &f.b, "2122000003": &f.far} {
		if *to, err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	for school, to := range map[*org.Node]*org.Node{&f.a: &f.a1, &f.b: &f.b1, &f.far: &f.far1} {
		if *to, _, err = f.orgs.EnsureClass(t.Context(), f.op, school.ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 1}); err != nil {
			t.Fatal(err)
		}
	}
	f.head, f.clerk, f.officer, f.other = f.actor(access.School, f.a), f.actor(access.Registrar, f.a), f.actor(access.County, f.county), f.actor(access.School, f.far)
	return f
}

func (f *fixture) actor(role access.Role, n org.Node) access.Actor {
	return access.Actor{Person: id.Person(f.IDs.Next()), Account: 7, Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

func (f *fixture) make(d person.Draft) id.Person {
	f.t.Helper()
	prepared, err := f.people.Prepare(f.t.Context(), f.op, []person.Draft{d})
	if err == nil {
		err = f.people.InsertMany(f.t.Context(), f.op, prepared)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return prepared[0].ID
}

func pupil(class org.Node, name, number string) person.Draft {
	return person.Draft{Name: name, Role: person.RolePupil, IDNo: number, Node: class.ID, Unit: class.Unit, Sex: 1, Birth: 20100307}
}

// The identity numbers of two boys born on one day and a girl.
const (
	boy   = "220102201003070013"
	girl  = "222401201209150029"
	adult = "220381198501010031"
)

// verify activates and verifies a person and gives him an account.
func (f *fixture) verify(who id.Person) {
	f.t.Helper()
	ctx := f.t.Context()
	_ = f.people.RecordConsent(ctx, f.op, person.Consent{Child: who, Purpose: "space", TextVersion: "2019-1", Answer: person.ConsentGiven})
	if err := f.people.Activate(ctx, f.op, who); err != nil {
		f.t.Fatal(err)
	}
	if err := f.people.Verify(ctx, f.op, who, person.SourceRoster); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.DB.Exec(ctx, "INSERT INTO acc_account (id, person, login, password_hash, made_at, changed_at) VALUES ($1, $2, $3, '', 0, 0)",
		f.IDs.Next(), who, "n"+who.String()); err != nil {
		f.t.Fatal(err)
	}
}

// numbers of pupils at the province, and that a recount finds nothing.
type tally struct{ Made, Activated, Verified, Newly, Cumulative int64 }

func (f *fixture) tally() tally {
	f.t.Helper()
	ctx := context.Background()
	if _, err := f.Log.Sequence(ctx); err != nil {
		f.t.Fatal(err)
	}
	if err := f.figures.CatchUp(ctx, f.op); err != nil {
		f.t.Fatal(err)
	}
	diff, err := f.figures.Recount(ctx, f.op, true)
	if err != nil || len(diff) > 0 {
		f.t.Fatalf("recount: %v %v", diff, err)
	}
	x, err := f.figures.Figures(ctx, f.op, f.province.ID, clock.MonthOf(f.Clock.Now()))
	if err != nil {
		f.t.Fatal(err)
	}
	return tally{x.Made.Pupil, x.Activated.Pupil, x.Verified.Pupil, x.NewlyVerified.Pupil, x.CumulativeVerified.Pupil}
}

func wantKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

// TestDuplicateLeavesTheFigures merges two verified records in the month after
// their verification, undoes it a month later, and looks at every number.
func TestDuplicateLeavesTheFigures(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		keep, drop := f.make(pupil(f.a1, "李明", boy)), f.make(person.Draft{Name: "李 明", Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, Sex: 2, Birth: 20100307,
			NoIDReason: "待补", StudentNo: "L220102201003070013"[:19]})
		f.verify(keep)
		f.verify(drop)
		if d := cmp.Diff(tally{2, 2, 2, 2, 2}, f.tally()); d != "" {
			t.Fatal(d)
		}
		f.Clock.Advance(31 * 24 * time.Hour)
		m, err := f.merges.Merge(ctx, f.head, merge.Request{Keep: keep, Drop: drop, Reason: "同一学生重复建档", Key: "k"})
		if err != nil {
			t.Fatal(err)
		}
		again, err := f.merges.Merge(ctx, f.head, merge.Request{Keep: keep, Drop: drop, Reason: "同一学生重复建档", Key: "k"})
		if err != nil || again.ID != m.ID {
			t.Errorf("again: %v %v", again, err)
		}
		if d := cmp.Diff(tally{1, 1, 1, -1, 1}, f.tally()); d != "" {
			t.Errorf("after merging (-want +got):\n%s", d)
		}
		if to, err := f.people.Resolve(ctx, f.head, drop); err != nil || to != keep {
			t.Errorf("resolve %v %v", to, err)
		}
		if names, err := f.people.Names(ctx, f.head, []id.Person{drop}); err != nil || names[drop] != "李 明" {
			t.Errorf("the author's name: %v %v", names, err)
		}
		if list, err := f.people.Pupils(ctx, f.head, f.a1.ID); err != nil || len(list) != 1 || list[0].ID != keep {
			t.Errorf("class list %v %v", list, err)
		}
		f.Clock.Advance(20 * 24 * time.Hour)
		for range 2 {
			if m, err = f.merges.Undo(ctx, f.head, m.ID); err != nil || m.State != merge.StateUndone {
				t.Fatal(m, err)
			}
		}
		if got := f.tally(); got.Made != 2 || got.Activated != 2 || got.Verified != 2 || got.Cumulative != 2 {
			t.Errorf("after undoing: %+v", got)
		}
		if list, err := f.people.Pupils(ctx, f.head, f.a1.ID); err != nil || len(list) != 2 {
			t.Errorf("class list %v %v", list, err)
		}
		found, err := f.people.Lookup(ctx, f.head, person.ByStudentNumber, []string{"L220102201003070013"[:19]})
		if err != nil || found["L220102201003070013"[:19]].ID != drop {
			t.Errorf("the number leads to %v, %v", found, err)
		}
	})
}

// TestAccountGoesAlong keeps the record of the roster and takes the sign-in,
// the verification and the answers of the other.
func TestAccountGoesAlong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		keep := f.make(person.Draft{Name: "李明", Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, Birth: 20100307, NoIDReason: "待补"})
		drop := f.make(pupil(f.a1, "李明", boy))
		mother := f.make(person.Draft{Name: "李母", Role: person.RoleGuardian, Phone: "13800000001", Unit: f.a.ID})
		if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: mother, Ward: drop, Relation: "母亲", PhoneTail: "0001"}}); err != nil {
			t.Fatal(err)
		}
		f.verify(drop)
		pairs, err := f.merges.Suggest(ctx, f.head, f.a.ID, 10)
		if err != nil || len(pairs) != 1 || pairs[0].Why != person.WhyNameBirth {
			t.Fatalf("suggested %v %v", pairs, err)
		}
		p, err := f.merges.Preview(ctx, f.head, merge.Request{Keep: keep, Drop: drop})
		if err != nil || p.Account != merge.AccountMoves || p.After.IDNo != boy || p.Bonds != 1 || p.Consents != 1 || p.Refused != nil {
			t.Fatalf("preview %+v %v", p, err)
		}
		m, err := f.merges.Merge(ctx, f.head, merge.Request{Keep: keep, Drop: drop, Reason: "重复"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := person.Load(ctx, f.DB, keep)
		if err != nil || got.Verified.IsZero() || got.Consent != person.ConsentGiven || got.IDTail != "0013" || got.NoIDReason != "" {
			t.Errorf("kept %+v %v", got, err)
		}
		if d := cmp.Diff(tally{1, 1, 1, 1, 1}, f.tally()); d != "" {
			t.Errorf("figures (-want +got):\n%s", d)
		}
		if sp, err := f.spaces.OfPerson(ctx, f.op, keep); err != nil || sp.Status != space.StatusOpened {
			t.Errorf("space %v %v", sp, err)
		}
		if sp, err := f.spaces.OfPerson(ctx, f.op, drop); err != nil || sp.Status != space.StatusArchived {
			t.Errorf("merged space %v %v", sp, err)
		}
		if g, err := f.people.Guardians(ctx, f.head, []id.Person{keep, drop}); err != nil || len(g[keep]) != 1 || len(g[drop]) != 0 {
			t.Errorf("guardians %v %v", g, err)
		}
		if found, err := f.people.Lookup(ctx, f.head, person.ByIDNumber, []string{"1:" + boy}); err != nil || found["1:"+boy].ID != keep {
			t.Errorf("the number leads to %v %v", found, err)
		}
		wantKind(t, "act on a merged record", f.people.Amend(ctx, f.op, person.Amendment{Person: drop, Name: new(string)}), fault.ErrConflict)
		wantKind(t, "activate a merged record", f.people.Verify(ctx, f.op, drop, person.SourceRoster), nil)
		if _, err := f.merges.Undo(ctx, f.head, m.ID); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tally{2, 1, 1, 1, 1}, f.tally()); d != "" {
			t.Errorf("figures after undoing (-want +got):\n%s", d)
		}
		if got, err = person.Load(ctx, f.DB, keep); err != nil || !got.Verified.IsZero() || !got.Activated.IsZero() || got.IDTail != "" || got.Consent != "" {
			t.Errorf("kept after undoing %+v %v", got, err)
		}
	})
}

// TestStops lists what cannot be merged.
func TestStops(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		one := f.make(pupil(f.a1, "王一鸣", boy))
		second := pupil(f.a1, "王一鸣", girl)
		second.Birth = 20100307
		two := f.make(second)
		if pairs, err := f.merges.Suggest(ctx, f.officer, f.county.ID, 10); err != nil || len(pairs) != 0 {
			t.Errorf("two numbers are suggested: %v %v", pairs, err)
		}
		ask := func(by access.Actor, keep, drop, right id.Person) error {
			_, err := f.merges.Merge(ctx, by, merge.Request{Keep: keep, Drop: drop, Right: right, Reason: "核对"})
			return err
		}
		wantKind(t, "two living children", ask(f.head, one, two, one), fault.ErrConflict)
		teacher := f.make(person.Draft{Name: "赵老师", Role: person.RoleTeacher, IDNo: adult, Node: f.a.ID, Unit: f.a.ID})
		wrong := f.make(person.Draft{Name: "赵老师", Role: person.RoleTeacher, IDNo: "220381198501010032", Node: f.a.ID, Unit: f.a.ID})
		wantKind(t, "two numbers without the right one", ask(f.head, teacher, wrong, 0), fault.ErrInvalid)
		wantKind(t, "two roles", ask(f.head, teacher, one, 0), fault.ErrConflict)
		wantKind(t, "oneself", ask(f.head, one, one, 0), fault.ErrInvalid)
		wantKind(t, "without a reason", func() error {
			_, err := f.merges.Merge(ctx, f.head, merge.Request{Keep: teacher, Drop: wrong, Right: teacher})
			return err
		}(), fault.ErrInvalid)
		wantKind(t, "a registrar", ask(f.clerk, teacher, wrong, teacher), fault.ErrNotFound)
		wantKind(t, "another county", ask(f.other, teacher, wrong, teacher), fault.ErrNotFound)
		far := f.make(pupil(f.far1, "王一鸣", ""))
		wantKind(t, "across counties", ask(f.officer, one, far, 0), fault.ErrNotFound)
		b := f.make(pupil(f.b1, "王一鸣", ""))
		wantKind(t, "across schools by a school", ask(f.head, one, b, 0), fault.ErrNotFound)
		if err := ask(f.officer, one, b, 0); err != nil {
			t.Errorf("across schools by the county: %v", err)
		}
		wantKind(t, "what is merged already", ask(f.officer, two, b, 0), fault.ErrConflict)
		if _, err := f.people.Affiliate(ctx, f.op, person.Affiliation{Person: wrong, Node: f.far.ID, Unit: f.far.ID, Role: person.RoleTeacher}); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "a place in another county", ask(f.head, teacher, wrong, teacher), fault.ErrConflict)
		self := f.head
		self.Person = teacher
		wantKind(t, "one's own record", ask(self, teacher, wrong, teacher), fault.ErrForbidden)
	})
}

// TestTenants shows no merging, departure or correction of another county.
func TestTenants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		keep, drop := f.make(pupil(f.a1, "李明", boy)), f.make(pupil(f.a1, "李明", ""))
		m, err := f.merges.Merge(ctx, f.head, merge.Request{Keep: keep, Drop: drop, Reason: "重复"})
		if err != nil {
			t.Fatal(err)
		}
		gone, err := f.merges.Depart(ctx, f.clerk, merge.Departing{Person: keep, Kind: person.EndedLeft, Reason: "转出省外"})
		if err != nil {
			t.Fatal(err)
		}
		for name, by := range map[string]access.Actor{"own": f.head, "county": f.officer, "foreign": f.other} {
			merges, err := f.merges.List(ctx, by, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			departures, err := f.merges.Departures(ctx, by, 0, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]int{true: 1}[name != "foreign"]; len(merges) != want || len(departures) != want {
				t.Errorf("%s sees %d mergings, %d departures", name, len(merges), len(departures))
			}
		}
		_, err = f.merges.Undo(ctx, f.other, m.ID)
		wantKind(t, "foreign undo", err, fault.ErrNotFound)
		_, err = f.merges.Reinstate(ctx, f.other, gone.ID)
		wantKind(t, "foreign reinstatement", err, fault.ErrNotFound)
		_, err = f.merges.Corrections(ctx, f.other, keep)
		wantKind(t, "foreign corrections", err, fault.ErrNotFound)
		_, err = f.merges.Suggest(ctx, f.other, f.a.ID, 10)
		wantKind(t, "foreign suggestions", err, fault.ErrNotFound)
	})
}

// TestContradiction refuses an undoing on which something else stands.
func TestContradiction(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(f *fixture, keep, drop id.Person){
		"corrected since": func(f *fixture, keep, _ id.Person) {
			if err := f.merges.Correct(f.t.Context(), f.clerk, merge.Correction{Person: keep, Field: merge.FieldName, Value: "李明远", Reason: "更名"}); err != nil {
				f.t.Fatal(err)
			}
		},
		"somebody else has the place": func(f *fixture, _, _ id.Person) {
			f.make(pupil(f.a1, "李明", ""))
		},
		"merged again": func(f *fixture, keep, _ id.Person) {
			third := f.make(person.Draft{Name: "李明", Role: person.RolePupil, Node: f.b1.ID, Unit: f.b.ID, Birth: 20100307, Sex: 1})
			if _, err := f.merges.Merge(f.t.Context(), f.officer, merge.Request{Keep: third, Drop: keep, Reason: "重复"}); err != nil {
				f.t.Fatal(err)
			}
		},
		"thirty days later": func(f *fixture, _, _ id.Person) { f.Clock.Advance(31 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				f := setup(t, h)
				keep, drop := f.make(pupil(f.a1, "李明", boy)), f.make(pupil(f.a1, "李明", ""))
				m, err := f.merges.Merge(t.Context(), f.head, merge.Request{Keep: keep, Drop: drop, Reason: "重复"})
				if err != nil {
					t.Fatal(err)
				}
				then(f, keep, drop)
				_, err = f.merges.Undo(t.Context(), f.officer, m.ID)
				wantKind(t, "undo", err, fault.ErrConflict)
				if to, err := f.people.Resolve(t.Context(), f.op, drop); err != nil || to == drop {
					t.Errorf("resolves to %v %v", to, err)
				}
				f.tally()
			})
		})
	}
}
