package person_test

import (
	"errors"
	"slices"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// TestRolesGoWithThePlace: whoever moves to another school or leaves loses what
// was given to him there, at once; the last manager stays.
func TestRolesGoWithThePlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		teacher := func(name, number string) person.Draft {
			return person.Draft{Name: name, Role: person.RoleTeacher, IDNo: number, Unit: f.a.ID}
		}
		ids := f.make(teacher("周沐阳", number1), teacher("金美妍", number2), teacher("孙明远", "220381198501010031"))
		head, second, office := ids[0], ids[1], ids[2]
		give := func(req org.GrantRequest) {
			t.Helper()
			if _, err := f.orgs.Grant(ctx, f.op, req); err != nil {
				t.Fatal(err)
			}
		}
		give(org.GrantRequest{Person: head, Node: f.a.ID, Role: access.School})
		give(org.GrantRequest{Person: office, Node: f.a.ID, Role: access.Registrar})
		if err := f.people.Leave(ctx, f.op, f.a.ID, 0, head); !errors.Is(err, org.ErrLastManager) {
			t.Fatalf("the last manager leaves: %v", err)
		}
		if err := f.people.Move(ctx, f.op, person.MoveRequest{Person: head, Unit: f.b.ID}); !errors.Is(err, org.ErrLastManager) {
			t.Fatalf("the last manager moves: %v", err)
		}
		if p, err := f.people.Get(ctx, f.op, head); err != nil || p.Unit != f.a.ID {
			t.Errorf("the last manager is at %d, %v", p.Unit, err)
		}
		held := func() (n int) {
			t.Helper()
			for _, who := range ids {
				got, err := f.orgs.GrantsOf(ctx, f.op, who)
				if err != nil {
					t.Fatal(err)
				}
				n += len(got)
			}
			return n
		}
		if err := f.people.Move(ctx, f.op, person.MoveRequest{Person: office, Unit: f.b.ID}); err != nil || held() != 1 {
			t.Errorf("after the registrar's move %d roles, %v", held(), err)
		}
		give(org.GrantRequest{Person: second, Node: f.a.ID, Role: access.School})
		if err := f.people.Leave(ctx, f.op, f.a.ID, 0, head); err != nil || held() != 1 {
			t.Errorf("after the head has left %d roles, %v", held(), err)
		}
	})
}

// TestColleagues: staff of one's own school by name, of no other, and no pupil.
func TestColleagues(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ids := f.make(person.Draft{Name: "周沐阳", Role: person.RoleTeacher, IDNo: number1, Unit: f.a.ID},
			person.Draft{Name: "金美妍", Role: person.RoleTeacher, IDNo: number2, Unit: f.a.ID},
			person.Draft{Name: "金美兰", Role: person.RoleTeacher, IDNo: "220381198501010031", Unit: f.b.ID}, pupil(f.a1, "金小满", ""))
		names := func(by access.Actor, text string) []string {
			t.Helper()
			found, err := f.people.Colleagues(ctx, by, text, 0)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, c := range found {
				out = append(out, c.Name)
			}
			return out
		}
		leader := actor(access.ClassTeacher, f.a1, ids[0])
		if got := names(leader, "金"); !slices.Equal(got, []string{"金美妍"}) {
			t.Errorf("colleagues %q", got)
		}
		if got := names(leader, ""); !slices.Equal(got, []string{"金美妍"}) {
			t.Errorf("all colleagues %q: himself is none", got)
		}
		if got := names(actor(access.Pupil, f.a1, 5), ""); len(got) != 0 {
			t.Errorf("a pupil is told %q", got)
		}
		lent := leader
		lent.Places = []access.Place{{Node: f.a1.ID, Path: f.a1.Path, Role: access.ClassTeacher, For: 9}}
		if got := names(lent, ""); len(got) != 0 {
			t.Errorf("a substitute is offered %q", got)
		}
		for who, want := range map[int]bool{0: true, 2: false, 3: false} {
			if ok, err := f.people.WorksAt(ctx, f.op, ids[who], f.a.ID); err != nil || ok != want {
				t.Errorf("person %d works there: %v, %v", who, ok, err)
			}
		}
	})
}

// TestRolesAreForStaff: a number in a form makes no pupil and no guardian a
// registrar, whoever gives the role.
func TestRolesAreForStaff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.orgs.People = f.people
		ids := f.make(pupil(f.a1, "金小满", ""), person.Draft{Name: "金父", Role: person.RoleGuardian, Phone: "13900012345", Unit: f.a.ID},
			person.Draft{Name: "金美妍", Role: person.RoleTeacher, IDNo: number2, Unit: f.a.ID})
		for name, by := range map[string]access.Actor{
			"school":       {Person: ids[2] + 1, Role: access.School, Places: []access.Place{{Node: f.a.ID, Path: f.a.Path, Role: access.School}}},
			"province":     {Person: ids[2] + 1, Role: access.Province, Places: []access.Place{{Node: f.province.ID, Path: f.province.Path, Role: access.Province}}},
			"command line": f.op,
		} {
			for i, who := range ids {
				_, err := f.orgs.Grant(t.Context(), by, org.GrantRequest{Person: who, Node: f.a.ID, Role: access.Registrar})
				if staff := i == 2; staff != (err == nil) || err != nil && fault.Kind(err) != fault.ErrInvalid {
					t.Errorf("%s to person %d: %v", name, i, err)
				}
			}
		}
	})
}
