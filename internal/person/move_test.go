package person_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

func TestMoveTakesStatesAndGuardiansAlong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ids := f.make(pupil(f.a1, "李晓", number1), pupil(f.a2, "李明", number2),
			person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13911112222", Unit: f.a.ID})
		first, second, father := ids[0], ids[1], ids[2]
		if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: father, Ward: first, Relation: "父亲"}, {Guardian: father, Ward: second, Relation: "父亲"}}); err != nil {
			t.Fatal(err)
		}
		if err := f.people.Activate(ctx, access.Anonymous(), first); err != nil {
			t.Fatal(err)
		}
		by := actor(access.School, f.b, 50)
		for range 2 {
			if err := f.people.Move(ctx, by, person.MoveRequest{Person: first, Node: f.b1.ID, Unit: f.b.ID, From: 20191104}); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{`person.made a {"r":"pupil"}`, `person.activated a {"r":"pupil"}`, `person.moved b {"r":"pupil","from":"a","a":1}`}
		if diff := cmp.Diff(want, f.log(first)); diff != "" {
			t.Error(diff)
		}
		if got := f.log(father); len(got) != 1 {
			t.Errorf("the father moved while a child stayed: %q", got)
		}
		if err := f.people.Move(ctx, by, person.MoveRequest{Person: second, Node: f.b1.ID, Unit: f.b.ID}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{`person.made a {"r":"guardian"}`, `person.moved b {"r":"guardian","from":"a"}`}, f.log(father)); diff != "" {
			t.Error(diff)
		}
		if err := f.people.Move(ctx, actor(access.School, f.a, 51), person.MoveRequest{Person: first, Node: f.b1.ID, Unit: f.b.ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a school moves into another: %v", err)
		}
	})
}

func TestMoveOfSomebodyWithoutNumbers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		d := pupil(f.a1, "李晓", "")
		d.NoIDReason = "未落户"
		who := f.make(d)[0]
		if err := f.people.Move(ctx, f.op, person.MoveRequest{Person: who, Node: f.b1.ID, Unit: f.b.ID}); err != nil {
			t.Fatal(err)
		}
		known := person.PlaceValue(f.b.ID, d.Name, d.Sex, d.Birth)
		found, err := f.people.Lookup(ctx, f.op, person.ByPlace, []string{known, person.PlaceValue(f.a.ID, d.Name, d.Sex, d.Birth)})
		if err != nil || len(found) != 1 || found[known].ID != who {
			t.Errorf("found %v, %v", found, err)
		}
		number, student := number1, "L2201022010030700131"[:19]
		if err := f.people.Amend(ctx, f.op, person.Amendment{Person: who, IDNo: &number, StudentNo: &student}); err != nil {
			t.Fatal(err)
		}
		for kind, value := range map[person.KeyKind]string{person.ByIDNumber: person.IDValue("1", number), person.ByStudentNumber: student, person.ByPlace: known} {
			found, err := f.people.Lookup(ctx, f.op, kind, []string{value})
			if err != nil || (found[value].ID == who) != (kind != person.ByPlace) {
				t.Errorf("kind %d: %v, %v", kind, found, err)
			}
		}
		g := "G" + number
		if err := f.people.Amend(ctx, f.op, person.Amendment{Person: who, StudentNo: &g}); err != nil {
			t.Fatal(err)
		}
		if found, err := f.people.Lookup(ctx, f.op, person.ByStudentNumber, []string{g, student}); err != nil || len(found) != 1 {
			t.Errorf("L to G: %v, %v", found, err)
		}
		other := f.make(pupil(f.a1, "王一鸣", number2))[0]
		if err := f.people.Amend(ctx, f.op, person.Amendment{Person: other, IDNo: &number}); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("a number of somebody else: %v", err)
		}
		if err := f.people.Amend(ctx, actor(access.School, f.a, 9), person.Amendment{Person: who, Ethnic: &g}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another school amends: %v", err)
		}
	})
}

func TestTeacherOfTwoSchools(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(person.Draft{Name: "韩松", Role: person.RoleTeacher, IDNo: number2, Unit: f.a.ID, Subject: "13"})[0]
		second := []person.Affiliation{{Person: who, Node: f.b.ID, Unit: f.b.ID, Role: person.RoleTeacher},
			{Person: who, Node: f.b1.ID, Unit: f.b.ID, Role: person.RoleClassTeacher}}
		for i, want := range []int{2, 0} {
			if n, err := f.people.Affiliate(ctx, actor(access.School, f.b, 5), second...); err != nil || n != want {
				t.Errorf("run %d added %d, %v", i+1, n, err)
			}
		}
		if _, err := f.people.Affiliate(ctx, actor(access.School, f.a, 5), second...); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a school gives a place in another: %v", err)
		}
		places, err := f.people.Affiliations(ctx, access.Actor{Person: who}, who)
		if err != nil || len(places[who]) != 3 || !places[who][0].Primary {
			t.Fatalf("places %+v, %v", places, err)
		}
		if seen, err := f.people.Affiliations(ctx, actor(access.School, f.b, 5), who); err != nil || len(seen[who]) != 2 {
			t.Errorf("the second school sees %+v, %v", seen, err)
		}
		if err := f.people.Leave(ctx, actor(access.School, f.a, 6), f.a.ID, 0, who); err != nil {
			t.Fatal(err)
		}
		if err := f.people.Leave(ctx, actor(access.School, f.b, 6), f.b.ID, 0, who); err != nil {
			t.Fatal(err)
		}
		want := []string{`person.made a {"r":"teacher"}`, `person.moved b {"r":"teacher","from":"a"}`, `person.left b {"r":"teacher"}`}
		if diff := cmp.Diff(want, f.log(who)); diff != "" {
			t.Error(diff)
		}
		if err := f.people.Return(ctx, f.op, person.MoveRequest{Person: who, Unit: f.a.ID}); err != nil {
			t.Fatal(err)
		}
		if p, err := f.people.Get(ctx, f.op, who); err != nil || p.Status != person.StatusNormal || p.Unit != f.a.ID {
			t.Errorf("returned %+v, %v", p, err)
		}
	})
}

func TestMakePrimary(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(person.Draft{Name: "韩松", Role: person.RoleTeacher, IDNo: number2, Unit: f.a.ID})[0]
		if err := f.people.MakePrimary(ctx, f.op, who, f.b.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("no place there: %v", err)
		}
		if _, err := f.people.Affiliate(ctx, f.op, person.Affiliation{Person: who, Node: f.b.ID, Unit: f.b.ID, Role: person.RoleTeacher}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := f.people.MakePrimary(ctx, f.op, who, f.b.ID); err != nil {
				t.Fatal(err)
			}
		}
		if got := f.log(who); len(got) != 2 {
			t.Errorf("events %q", got)
		}
	})
}

func TestListsStayInScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ids := f.make(pupil(f.a1, "李晓", number1), pupil(f.b1, "王一鸣", number2),
			person.Draft{Name: "金美妍", Role: person.RoleTeacher, IDNo: number3, Unit: f.a.ID},
			person.Draft{Name: "金美兰", Role: person.RoleTeacher, IDType: "A", IDNo: "X1", Unit: f.b.ID})
		manager := actor(access.School, f.a, 90)
		names := func(list []person.Member, err error) []string {
			t.Helper()
			if err != nil {
				return []string{err.Error()}
			}
			out := []string{}
			for _, m := range list {
				out = append(out, m.Name)
			}
			return out
		}
		if diff := cmp.Diff([]string{"李晓"}, names(f.people.Pupils(ctx, manager, f.a1.ID))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"李晓"}, names(f.people.ListClass(ctx, actor(access.Pupil, f.a1, ids[0]), f.a1.ID))); diff != "" {
			t.Error(diff)
		}
		for name, by := range map[string]access.Actor{"other school": actor(access.School, f.b, 91), "pupil of another class": actor(access.Pupil, f.b1, ids[1]),
			"teacher of another class": actor(access.Teacher, f.a2, 92), "anonymous": access.Anonymous(), "expert": actor(access.Expert, f.province, 93)} {
			if _, err := f.people.Pupils(ctx, by, f.a1.ID); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s lists the class: %v", name, err)
			}
			if _, err := f.people.Get(ctx, by, ids[0]); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s gets the pupil: %v", name, err)
			}
			if got, err := f.people.Names(ctx, by, ids[:1]); err != nil || len(got) != 0 {
				t.Errorf("%s reads the name: %v, %v", name, got, err)
			}
		}
		if diff := cmp.Diff([]string{"金美妍"}, names(f.people.ListUnit(ctx, manager, person.UnitList{Unit: f.a.ID}))); diff != "" {
			t.Error(diff)
		}
		if _, err := f.people.ListUnit(ctx, manager, person.UnitList{Unit: f.b.ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("staff of another school: %v", err)
		}
		if diff := cmp.Diff([]string{"金美妍"}, names(f.people.SearchStaff(ctx, manager, f.a.ID, "金 美", 0))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"金美妍"}, names(f.people.SearchStaff(ctx, manager, f.a.ID, ids[2].String(), 0))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"金美兰", "金美妍"}, names(f.people.SearchStaff(ctx, actor(access.Province, f.province, 94), f.province.ID, "金美", 0))); diff != "" {
			t.Error(diff)
		}
		for _, text := range []string{ids[3].String(), "金美兰", "李晓", ""} {
			if got := names(f.people.SearchStaff(ctx, manager, f.a.ID, text, 0)); len(got) != 0 {
				t.Errorf("%q finds %q", text, got)
			}
		}
		for who, want := range map[id.Person]bool{ids[2]: true, ids[3]: false} {
			if got, err := f.people.Within(ctx, manager, access.GrantGive, who); err != nil || got != want {
				t.Errorf("within: %v, %v", got, err)
			}
		}
		if got, err := f.people.Within(ctx, f.op, access.GrantGive, 12345); err != nil || got {
			t.Errorf("a person that does not exist: %v, %v", got, err)
		}
	})
}

func TestUnmake(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		one, two := pupil(f.a1, "李晓", number1), pupil(f.a1, "王一鸣", number2)
		one.Batch, two.Batch = 7, 7
		father := person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13911112222", Unit: f.a.ID, Batch: 7}
		ids := f.make(one, two, father)
		if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: ids[2], Ward: ids[0]}}); err != nil {
			t.Fatal(err)
		}
		made, err := f.people.MadeBy(ctx, actor(access.School, f.a, 3), 7, 0, 10)
		if err != nil || len(made) != 3 {
			t.Fatalf("made %v, %v", made, err)
		}
		if made, err := f.people.MadeBy(ctx, actor(access.School, f.b, 3), 7, 0, 10); err != nil || len(made) != 0 {
			t.Errorf("another school sees %v, %v", made, err)
		}
		if err := f.people.Unmake(ctx, actor(access.School, f.b, 3), 7, ids); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another school unmakes: %v", err)
		}
		if err := f.people.Unmake(ctx, f.op, 8, ids); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("another batch: %v", err)
		}
		if err := f.people.Activate(ctx, access.Anonymous(), ids[1]); err != nil {
			t.Fatal(err)
		}
		if err := f.people.Unmake(ctx, f.op, 7, ids); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("somebody is activated: %v", err)
		}
		if _, err := f.people.Get(ctx, f.op, ids[0]); err != nil {
			t.Errorf("half of it was undone: %v", err)
		}
		if err := f.people.Unmake(ctx, actor(access.Registrar, f.a, 3), 7, []id.Person{ids[0], ids[2]}); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{"person": 1, "person_key": 1, "person_affiliation": 1, "person_guardianship": 0} {
			var n int
			if err := h.DB.QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil || n != want {
				t.Errorf("%s holds %d, %v", table, n, err)
			}
		}
		if got := f.log(ids[0]); len(got) != 2 || got[1] != `person.unmade a {"r":"pupil"}` {
			t.Errorf("events %q", got)
		}
		again := f.make(one)
		if len(again) != 1 {
			t.Error("the number is still taken")
		}
	})
}

func TestGuardians(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ids := f.make(pupil(f.a1, "李晓", number1), person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13911112222", Unit: f.a.ID},
			person.Draft{Name: "李母", Role: person.RoleGuardian, Unit: f.a.ID}, person.Draft{Name: "李母", Role: person.RoleGuardian, Unit: f.a.ID})
		links := []person.Guardianship{{Guardian: ids[1], Ward: ids[0], Relation: "父亲", PhoneTail: "2222"}, {Guardian: ids[2], Ward: ids[0], Relation: "母亲", Ordinal: 2}}
		for range 2 {
			if err := f.people.Link(ctx, f.op, links); err != nil {
				t.Fatal(err)
			}
		}
		got, err := f.people.Guardians(ctx, f.op, ids[:1])
		if err != nil || len(got[ids[0]]) != 2 || got[ids[0]][0].Phone != "13911112222" || got[ids[0]][1].Name != "李母" {
			t.Errorf("guardians %+v, %v", got, err)
		}
		tails, err := f.people.GuardianTails(ctx, access.Actor{Person: ids[0]}, ids[0])
		if err != nil || len(tails) != 2 || tails[0].PhoneTail != "2222" || tails[0].Phone != "" {
			t.Errorf("tails %+v, %v", tails, err)
		}
		if _, err := f.people.GuardianTails(ctx, actor(access.Pupil, f.a1, 5), ids[0]); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a classmate asks for the guardians: %v", err)
		}
		if wards, err := f.people.WardsOf(ctx, access.Actor{Person: ids[1]}, ids[1]); err != nil || len(wards) != 0 {
			t.Errorf("wards before the binding: %v, %v", wards, err)
		}
		if _, err := f.people.Guardians(ctx, actor(access.Teacher, f.a1, 5), ids[:1]); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a teacher reads phones: %v", err)
		}
	})
}
