package space_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

// fixture is a school with one class.
type fixture struct {
	*dbtest.Harness
	orgs          *org.Service
	people        *person.Service
	spaces        *space.Service
	op            access.Actor
	school, class org.Node
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.spaces = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "另一小学", Kind: "学校", Parent: "220102", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	if f.school, err = f.orgs.ByCode(t.Context(), f.op, "2122000001"); err != nil {
		t.Fatal(err)
	}
	if f.class, _, err = f.orgs.EnsureClass(t.Context(), f.op, f.school.ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 1}); err != nil {
		t.Fatal(err)
	}
	return f
}

// make makes one person.
func (f *fixture) make(t *testing.T, d person.Draft) id.Person {
	t.Helper()
	d.Unit = f.school.ID
	made, err := f.people.Prepare(t.Context(), f.op, []person.Draft{d})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.people.InsertMany(t.Context(), f.op, made); err != nil {
		t.Fatal(err)
	}
	return made[0].ID
}

// opened counts space.opened of a kind.
func (f *fixture) opened(t *testing.T, kind string) int {
	t.Helper()
	ctx := context.Background()
	if _, err := f.Log.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	head, err := f.Log.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = f.Log.Each(ctx, 0, head, func(e event.Event) error {
		if e.Verb == space.EventOpened && e.Extra == `{"k":"`+kind+`"}` {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (f *fixture) actor(role access.Role, who id.Person, at org.Node) access.Actor {
	return access.Actor{Person: who, Role: role, Places: []access.Place{{Node: at.ID, Path: at.Path, Role: role}}}
}

func TestSpaceMadeWithItsOwner(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for _, n := range []org.Node{f.school, f.class} {
			sp, err := f.spaces.OfNode(t.Context(), f.op, n.ID)
			if err != nil || sp.Status != space.StatusMade {
				t.Errorf("space of %s: %+v, %v", n.Kind, sp, err)
			}
		}
		who := f.make(t, person.Draft{Name: "李晓", Role: person.RolePupil, Node: f.class.ID, IDNo: "220102201003070013"})
		sp, err := f.spaces.OfPerson(t.Context(), f.op, who)
		if err != nil || sp.Kind != space.KindPersonal || sp.Unit != f.school.ID {
			t.Errorf("personal space %+v, %v", sp, err)
		}
		if got := f.opened(t, space.KindRegion); got != 3 {
			t.Errorf("%d regions opened, want 3", got)
		}
	})
}

func TestSchoolOpensByConfirmationAndVerifiedManager(t *testing.T) {
	t.Parallel()
	for name, verifiedFirst := range map[string]bool{"verified first": true, "confirmed first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				f := setup(t, h)
				ctx := t.Context()
				who := f.make(t, person.Draft{Name: "校长", Role: person.RoleTeacher, IDNo: "222401201209150029"})
				if _, err := f.orgs.Grant(ctx, f.op, org.GrantRequest{Person: who, Node: f.school.ID, Role: access.School}); err != nil {
					t.Fatal(err)
				}
				by := f.actor(access.School, who, f.school)
				self := access.Actor{Person: who}
				verify := func() {
					for range 2 {
						if err := f.people.Activate(ctx, self, who); err != nil {
							t.Fatal(err)
						}
						if err := f.people.Verify(ctx, self, who, person.SourceRoster); err != nil {
							t.Fatal(err)
						}
					}
				}
				if verifiedFirst {
					verify()
				}
				sp, err := f.spaces.Confirm(ctx, by, f.school.ID)
				if err != nil || (sp.Status == space.StatusOpened) != verifiedFirst {
					t.Fatalf("after confirmation %+v, %v", sp, err)
				}
				if _, err := f.spaces.Open(ctx, by, sp.ID); verifiedFirst != (err == nil) {
					t.Errorf("open: %v", err)
				}
				if !verifiedFirst {
					verify()
				}
				if _, err := f.spaces.Confirm(ctx, by, f.school.ID); err != nil {
					t.Fatal(err)
				}
				if sp, _ = f.spaces.OfNode(ctx, by, f.school.ID); sp.Status != space.StatusOpened {
					t.Errorf("space %+v", sp)
				}
				if got := f.opened(t, space.KindSchool); got != 1 {
					t.Errorf("opened %d times", got)
				}
			})
		})
	}
}

func TestClassOpensByItsClassTeacher(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(t, person.Draft{Name: "班主任", Role: person.RoleTeacher, IDNo: "222401201209150029"})
		if _, err := f.people.Affiliate(ctx, f.op, person.Affiliation{Person: who, Node: f.class.ID, Unit: f.school.ID, Role: person.RoleClassTeacher}); err != nil {
			t.Fatal(err)
		}
		by := f.actor(access.ClassTeacher, who, f.class)
		if sp, err := f.spaces.Confirm(ctx, by, f.class.ID); err != nil || sp.Status != space.StatusMade {
			t.Fatalf("%+v, %v", sp, err)
		}
		self := access.Actor{Person: who}
		if err := f.people.Activate(ctx, self, who); err != nil {
			t.Fatal(err)
		}
		if err := f.people.Verify(ctx, self, who, person.SourceRoster); err != nil {
			t.Fatal(err)
		}
		if sp, err := f.spaces.OfNode(ctx, by, f.class.ID); err != nil || sp.Status != space.StatusOpened {
			t.Errorf("%+v, %v", sp, err)
		}
		if sp, err := f.spaces.OfPerson(ctx, by, who); err != nil || sp.Status != space.StatusOpened {
			t.Errorf("personal %+v, %v", sp, err)
		}
		// It opened by itself: nobody was active by that (DOMAIN 3, 月活率).
		var mine int
		if err := f.DB.QueryRow(ctx, "SELECT COUNT(*) FROM event WHERE verb = 'space.opened' AND actor = $1", who).Scan(&mine); err != nil || mine != 0 {
			t.Errorf("%d openings by the class teacher, %v", mine, err)
		}
		teacher := f.actor(access.Teacher, who, f.class)
		if _, err := f.spaces.Confirm(ctx, teacher, f.class.ID); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a teacher confirms: %v", err)
		}
	})
}

func TestConfirmedSpacesOpenWhenAVerifiedManagerComes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		old := f.make(t, person.Draft{Name: "前任", Role: person.RoleTeacher, IDNo: "220381198501010031"})
		next := f.make(t, person.Draft{Name: "后任", Role: person.RoleTeacher, IDNo: "222401201209150029"})
		if _, err := f.spaces.Confirm(ctx, f.actor(access.School, old, f.school), f.school.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := f.spaces.Confirm(ctx, f.actor(access.ClassTeacher, old, f.class), f.class.ID); err != nil {
			t.Fatal(err)
		}
		self := access.Actor{Person: next}
		if err := f.people.Activate(ctx, self, next); err != nil {
			t.Fatal(err)
		}
		if err := f.people.Verify(ctx, self, next, person.SourceRoster); err != nil {
			t.Fatal(err)
		}
		if f.opened(t, space.KindSchool)+f.opened(t, space.KindClass) != 0 {
			t.Fatal("opened by somebody who manages nothing")
		}
		if _, err := f.orgs.Grant(ctx, f.op, org.GrantRequest{Person: next, Node: f.school.ID, Role: access.School}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.people.Affiliate(ctx, f.op, person.Affiliation{Person: next, Node: f.class.ID, Unit: f.school.ID, Role: person.RoleClassTeacher}); err != nil {
			t.Fatal(err)
		}
		if f.opened(t, space.KindSchool) != 1 || f.opened(t, space.KindClass) != 1 {
			t.Error("the confirmed spaces did not open")
		}
	})
}

// TestConfirmBesideVerify confirms class lists while their class teachers are
// verified: whichever comes second opens the space.
func TestConfirmBesideVerify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		const classes = 24
		other := f.make(t, person.Draft{Name: "前任", Role: person.RoleTeacher, IDNo: "220381198501010031"})
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range classes {
			class, _, err := f.orgs.EnsureClass(ctx, f.op, f.school.ID, org.ClassKey{Stage: "P", EntryYear: 2019, No: i + 1})
			if err != nil {
				t.Fatal(err)
			}
			who := f.make(t, person.Draft{Name: "班主任", Role: person.RoleTeacher, IDNo: number(i)})
			if _, err := f.people.Affiliate(ctx, f.op, person.Affiliation{Person: who, Node: class.ID, Unit: f.school.ID, Role: person.RoleClassTeacher}); err != nil {
				t.Fatal(err)
			}
			if err := f.people.Activate(ctx, access.Actor{Person: who}, who); err != nil {
				t.Fatal(err)
			}
			for _, step := range []func() error{
				func() error {
					_, err := f.spaces.Confirm(ctx, f.actor(access.ClassTeacher, other, class), class.ID)
					return err
				},
				func() error {
					return f.people.Verify(ctx, access.Actor{Person: who}, who, person.SourceRoster)
				},
			} {
				all.Go(func() {
					<-start
					if err := step(); err != nil {
						t.Error(err)
					}
				})
			}
		}
		close(start)
		all.Wait()
		if n := f.opened(t, space.KindClass); n != classes {
			t.Errorf("%d of %d confirmed classes with a verified class teacher are open", n, classes)
		}
	})
}

func TestPersonalSpaceFollowsTheGuardian(t *testing.T) {
	t.Parallel()
	const given, refused, withdrawn = person.ConsentGiven, person.ConsentRefused, person.ConsentWithdrawn
	tests := map[string]struct {
		birth   clock.Day
		before  string // the answer before the child comes in, "" none
		came    string // the state then
		answers []string
		states  []string
	}{
		"agreed at once":          {20100307, given, space.StatusOpened, []string{withdrawn, given}, []string{space.StatusFrozen, space.StatusOpened}},
		"refused at once":         {20100307, refused, space.StatusMade, []string{refused, given}, []string{space.StatusMade, space.StatusOpened}},
		"nobody asked":            {20100307, "", space.StatusMade, []string{given}, []string{space.StatusOpened}},
		"nobody asked, refused":   {20100307, "", space.StatusMade, []string{refused}, []string{space.StatusMade}},
		"no birth in primary":     {0, "", space.StatusMade, []string{given}, []string{space.StatusOpened}},
		"fourteen decides itself": {20050307, "", space.StatusOpened, nil, nil},
	}
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx, n := t.Context(), 0
		for name, c := range tests {
			n++
			who := f.make(t, person.Draft{Name: fmt.Sprint("学生", n), Role: person.RolePupil, Node: f.class.ID, NoIDReason: "待补", Sex: 1, Birth: c.birth})
			self := access.Actor{Person: who}
			say := func(answer string) {
				if err := f.people.RecordConsent(ctx, self, person.Consent{Child: who, Purpose: person.PurposeSpace, TextVersion: "2019-1", Answer: answer, ByName: "李父", ByRelation: "父亲"}); err != nil {
					t.Fatal(err)
				}
			}
			want := func(state string) {
				t.Helper()
				if sp, err := f.spaces.OfPerson(ctx, self, who); err != nil || sp.Status != state {
					t.Errorf("%s: %+v, %v, want %s", name, sp, err, state)
				}
			}
			if c.before != "" {
				say(c.before)
			}
			if err := f.people.Activate(ctx, self, who); err != nil {
				t.Fatal(err)
			}
			want(c.came)
			for i, answer := range c.answers {
				say(answer)
				want(c.states[i])
			}
		}
	})
}

func TestSpacesOfOthersAreMissing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(t, person.Draft{Name: "李晓", Role: person.RolePupil, Node: f.class.ID, IDNo: "220102201003070013"})
		other, err := f.orgs.ByCode(ctx, f.op, "2122000002")
		if err != nil {
			t.Fatal(err)
		}
		foreign := f.actor(access.School, 1, other)
		if _, err := f.spaces.OfNode(ctx, foreign, f.class.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("class of another school: %v", err)
		}
		if _, err := f.spaces.OfPerson(ctx, foreign, who); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("pupil of another school: %v", err)
		}
		if _, err := f.spaces.Confirm(ctx, foreign, f.school.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another school is confirmed: %v", err)
		}
		got, err := f.spaces.OfNodes(ctx, foreign, []id.Node{f.school.ID, other.ID})
		if err != nil || len(got) != 1 {
			t.Errorf("spaces %v, %v", got, err)
		}
	})
}
