package person_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// fixture is two counties with a school each, and a class in each school.
type fixture struct {
	*dbtest.Harness
	t        *testing.T
	orgs     *org.Service
	people   *person.Service
	op       access.Actor
	a, b     org.Node // schools
	a1, a2   org.Node // classes of a
	b1       org.Node
	province org.Node
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "甲校", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "乙校", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	for code, to := range map[string]*org.Node{"2122000001": &f.a, "2122000002": &f.b, "22": &f.province} {
		if *to, err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	f.a1, f.a2, f.b1 = f.class(f.a, 1), f.class(f.a, 2), f.class(f.b, 1)
	return f
}

func (f *fixture) class(school org.Node, no int) org.Node {
	f.t.Helper()
	n, _, err := f.orgs.EnsureClass(f.t.Context(), f.op, school.ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: no})
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// make makes persons and returns their ids.
func (f *fixture) make(all ...person.Draft) []id.Person {
	f.t.Helper()
	prepared, err := f.people.Prepare(f.t.Context(), f.op, all)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.people.InsertMany(f.t.Context(), f.op, prepared); err != nil {
		f.t.Fatal(err)
	}
	ids := make([]id.Person, len(prepared))
	for i, p := range prepared {
		ids[i] = p.ID
	}
	return ids
}

// pupil drafts a pupil of a class.
func pupil(class org.Node, name, number string) person.Draft {
	return person.Draft{Name: name, Role: person.RolePupil, IDNo: number, Node: class.ID, Unit: class.Unit, Sex: 1, Birth: 20100307}
}

// agree records a guardian's consent for a child.
func (f *fixture) agree(child id.Person) {
	f.t.Helper()
	err := f.people.RecordConsent(f.t.Context(), f.op, person.Consent{Child: child, Purpose: "space", TextVersion: "2019-1",
		Answer: person.ConsentGiven, ByName: "李父", ByRelation: "父亲"})
	if err != nil {
		f.t.Fatal(err)
	}
}

// actor holds a role at a node.
func actor(role access.Role, at org.Node, who id.Person) access.Actor {
	return access.Actor{Person: who, Role: role, Places: []access.Place{{Node: at.ID, Path: at.Path, Role: role}}}
}

// log lists verb, unit and extra of the events about a person.
func (f *fixture) log(who id.Person) []string {
	f.t.Helper()
	ctx := context.Background()
	if _, err := f.Log.Sequence(ctx); err != nil {
		f.t.Fatal(err)
	}
	head, err := f.Log.Head(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	names := map[id.Node]string{f.a.ID: "a", f.b.ID: "b"}
	var out []string
	err = f.Log.Each(ctx, 0, head, func(e event.Event) error {
		if e.Kind == "person" && e.Object == who.Int() {
			x := e.Extra
			for n, name := range names {
				if e.Verb == person.EventMoved && x != "" {
					x = replace(x, n.String(), name)
				}
			}
			out = append(out, e.Verb+" "+names[e.Unit]+" "+x)
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func replace(s, old, with string) string {
	for i := 0; i+len(old) <= len(s); i++ {
		if s[i:i+len(old)] == old {
			return s[:i] + with + s[i+len(old):]
		}
	}
	return s
}

const (
	number1 = "220102201003070013"
	number2 = "222401201209150029"
	number3 = "220381198501010031"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		noNumber := person.Draft{Name: "阿卜杜·热合曼", Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, Sex: 1, Birth: 20110101, NoIDReason: "未落户"}
		both := pupil(f.a1, "李晓", number1)
		both.StudentNo, both.Ethnic, both.Phone, both.Boarding, both.Enrolled = "G"+number1, "01", "13900000000", "1", 20180901
		guardian := person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13911112222", Unit: f.a.ID}
		passport := person.Draft{Name: "Smith", Role: person.RoleTeacher, IDType: "A", IDNo: number1, Unit: f.a.ID}
		ids := f.make(both, noNumber, guardian, passport)
		ctx := t.Context()
		cases := []struct {
			name  string
			kind  person.KeyKind
			value string
			want  id.Person
		}{
			{"identity number", person.ByIDNumber, person.IDValue("", number1), ids[0]},
			{"the same number of another document", person.ByIDNumber, person.IDValue("A", number1), ids[3]},
			{"student number", person.ByStudentNumber, "G" + number1, ids[0]},
			{"by place, name spelt with a blank", person.ByPlace, person.PlaceValue(f.a.ID, "阿卜杜 热合曼", 1, 20110101), ids[1]},
			{"by place, other school", person.ByPlace, person.PlaceValue(f.b.ID, "阿卜杜·热合曼", 1, 20110101), 0},
			{"who has a number is not known by place", person.ByPlace, person.PlaceValue(f.a.ID, "李晓", 1, 20100307), 0},
			{"guardian", person.ByGuardian, person.GuardianValue("李父", "13911112222"), ids[2]},
			{"guardian, other phone", person.ByGuardian, person.GuardianValue("李父", "13911112223"), 0},
			{"unknown", person.ByIDNumber, person.IDValue("1", number2), 0},
		}
		for _, c := range cases {
			found, err := f.people.Lookup(ctx, f.op, c.kind, []string{c.value, "nothing"})
			if err != nil || found[c.value].ID != c.want {
				t.Errorf("%s: %d, %v", c.name, found[c.value].ID, err)
			}
		}
		found, err := f.people.Lookup(ctx, f.op, person.ByIDNumber, []string{person.IDValue("1", number1)})
		got := found[person.IDValue("1", number1)]
		if err != nil || got.IDNo != number1 || got.StudentNo != "G"+number1 || got.Phone != "13900000000" || got.IDTail != "0013" ||
			got.Main.Node != f.a1.ID || got.Main.Unit != f.a.ID || got.Ethnic != "01" || got.Enrolled != 20180901 {
			t.Errorf("record %+v, %v", got, err)
		}
		if _, err := f.people.Lookup(ctx, actor(access.Teacher, f.a1, 3), person.ByIDNumber, nil); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a teacher looks up: %v", err)
		}
	})
}

func TestNumbersAreSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.make(pupil(f.a1, "李晓", number1))
		var sealed []byte
		if err := h.DB.QueryRow(t.Context(), "SELECT id_sealed FROM person").Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		if slices.Contains([]string{number1}, string(sealed)) || len(sealed) < 30 {
			t.Error("the number stands in the open")
		}
	})
}

func TestManyInOneGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		var all []person.Draft
		var values []string
		for i := range 1200 {
			no := fmt.Sprintf("P%08d", i)
			all = append(all, person.Draft{Name: "学生", Role: person.RolePupil, IDType: "A", IDNo: no, Node: f.a1.ID, Unit: f.a.ID})
			values = append(values, person.IDValue("A", no))
		}
		ids := f.make(all...)
		found, err := f.people.Lookup(t.Context(), f.op, person.ByIDNumber, values)
		if err != nil || len(found) != len(all) {
			t.Fatalf("found %d, %v", len(found), err)
		}
		for i, v := range values {
			if found[v].ID != ids[i] {
				t.Fatalf("%s found %d, want %d", v, found[v].ID, ids[i])
			}
		}
		if rec, err := f.people.Records(t.Context(), f.op, ids); err != nil || len(rec) != len(ids) {
			t.Errorf("records %d, %v", len(rec), err)
		}
	})
}

func TestKnownPersonIsAConflict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.make(pupil(f.a1, "李晓", number1))
		prepared, err := f.people.Prepare(t.Context(), f.op, []person.Draft{pupil(f.b1, "王一鸣", number2), pupil(f.b1, "李晓", number1)})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.people.InsertMany(t.Context(), f.op, prepared); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("made twice: %v", err)
		}
		if found, err := f.people.Lookup(t.Context(), f.op, person.ByIDNumber, []string{person.IDValue("", number2)}); err != nil || len(found) != 0 {
			t.Errorf("half of it was written: %v, %v", found, err)
		}
	})
}

func TestEqualHashesOfDifferentNumbers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ids := f.make(pupil(f.a1, "李晓", number1))
		// Another value has taken the hash of number2: the first person's key row is put there.
		other := h.Keys.Hash64("person.id", person.IDValue("", number2))
		err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE person_key SET h64 = $1 WHERE person = $2", other, ids[0].Int())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		second := f.make(pupil(f.a1, "王一鸣", number2))
		found, err := f.people.Lookup(t.Context(), f.op, person.ByIDNumber, []string{person.IDValue("", number2)})
		if err != nil || found[person.IDValue("", number2)].ID != second[0] {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}

// race runs fn n times at once.
func race(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

func TestRaceForOnePerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		var mu sync.Mutex
		won := 0
		race(8, func(i int) {
			class := []org.Node{f.a1, f.b1}[i%2]
			prepared, err := f.people.Prepare(t.Context(), f.op, []person.Draft{pupil(class, "李晓", number1)})
			if err != nil {
				t.Error(err)
				return
			}
			err = f.people.InsertMany(t.Context(), f.op, prepared)
			if err != nil && !errors.Is(err, fault.ErrConflict) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
		if won != 1 {
			t.Errorf("%d made the person", won)
		}
	})
}

func TestRaceForThePrimaryPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.make(pupil(f.a1, "李晓", number1))[0]
		race(8, func(i int) {
			to := []org.Node{f.a1, f.a2, f.b1}[i%3]
			if err := f.people.Move(t.Context(), f.op, person.MoveRequest{Person: who, Node: to.ID, Unit: to.Unit}); err != nil {
				t.Error(err)
			}
		})
		places, err := f.people.Affiliations(t.Context(), f.op, who)
		if err != nil || len(places[who]) != 1 || !places[who][0].Primary {
			t.Errorf("places %+v, %v", places, err)
		}
		p, err := f.people.Get(t.Context(), f.op, who)
		if err != nil || p.Unit != places[who][0].Unit {
			t.Errorf("counts at %d, is at %+v, %v", p.Unit, places[who], err)
		}
	})
}

func TestStatesWriteOneEvent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(pupil(f.a1, "李晓", number1))[0]
		self := access.Actor{Person: who, Role: access.Pupil}
		if err := f.people.Verify(ctx, self, who, person.SourceRoster); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("verified before activation: %v", err)
		}
		f.agree(who)
		race(4, func(int) {
			if err := f.people.Activate(ctx, access.Anonymous(), who); err != nil {
				t.Error(err)
			}
		})
		race(4, func(int) {
			if err := f.people.Verify(ctx, self, who, person.SourceRoster); err != nil {
				t.Error(err)
			}
		})
		manager := actor(access.School, f.a, 99)
		for range 2 {
			if err := f.people.Unverify(ctx, manager, who); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.people.Verify(ctx, manager, who, person.SourceSchool); err != nil {
			t.Fatal(err)
		}
		want := []string{`person.made a {"r":"pupil"}`, `person.activated a {"r":"pupil"}`, `person.verified a {"r":"pupil","first":1}`,
			`person.unverified a {"r":"pupil"}`, `person.verified a {"r":"pupil"}`}
		if diff := cmp.Diff(want, f.log(who)); diff != "" {
			t.Error(diff)
		}
		if err := f.people.Activate(ctx, actor(access.Pupil, f.a1, 77), who); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another pupil activates: %v", err)
		}
		if err := f.people.Verify(ctx, actor(access.School, f.b, 98), who, person.SourceSchool); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another school verifies: %v", err)
		}
		if err := f.people.Verify(ctx, actor(access.Registrar, f.a, 97), who, person.SourceSchool); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("the registrar verifies: %v", err)
		}
	})
}

func TestNameKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"阿卜杜·热合曼", "阿卜杜•热合曼", "阿卜杜．热合曼", "阿卜杜 热合曼", "阿卜杜热合曼"} {
		if got := person.NameKey(name); got != "阿卜杜热合曼" {
			t.Errorf("%s gives %s", name, got)
		}
	}
	if person.NameKey("𬱖㛃") != "𬱖㛃" {
		t.Error("rare characters are lost")
	}
}
