package account_test

import (
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// TestNoWayUpByASheet checks that whoever prints the sheets of a place again sees
// no code of somebody whose roles he could not give.
func TestNoWayUpByASheet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		registrar, manager := f.staff(t, f.school, "registrar", access.Registrar), f.staff(t, f.school, "manager", access.School)
		county, plain := f.staff(t, f.county, "county", access.County), f.teacher(t, f.school, "普通教师")
		next := f.teacher(t, f.school, "另一学籍员")
		f.grant(t, next, f.school, access.Registrar)

		above, err := f.accounts.IssueCode(ctx, county, manager.Person)
		if err != nil {
			t.Fatal(err)
		}
		staff, err := f.accounts.IssueStaff(ctx, f.op, f.school.ID)
		if err != nil || len(staff) != 2 {
			t.Fatalf("slips of the staff: %v, %v", names(staff), err)
		}
		p, err := f.accounts.Slips(ctx, registrar, above.Sheet)
		if err != nil || len(p.Slips) != 0 || p.Gone != 1 {
			t.Errorf("the registrar prints the manager's: %+v, %v", p, err)
		}
		p, err = f.accounts.Slips(ctx, registrar, staff[0].Sheet)
		if err != nil || len(p.Slips) != 1 || p.Slips[0].Person != plain || p.Gone != 1 {
			t.Errorf("the registrar prints the staff's: %+v, %v", p, err)
		}
		manager = f.staff(t, f.school, "manager2", access.School)
		p, err = f.accounts.Slips(ctx, manager, staff[0].Sheet)
		if err != nil || len(p.Slips) != 2 || p.Gone != 0 {
			t.Errorf("the manager prints the staff's: %+v, %v", p, err)
		}
		p, err = f.accounts.Slips(ctx, county, above.Sheet)
		if err != nil || len(p.Slips) != 1 {
			t.Errorf("the county prints its own: %+v, %v", p, err)
		}
	})
}

// TestNoWayAside checks that a slip leads to no rights at a place beside the
// issuer's, nor to those that nobody gives in the browser.
func TestNoWayAside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		manager, county := f.staff(t, f.school, "manager", access.School), f.staff(t, f.county, "county", access.County)
		province := f.node(t, "22")
		operator := f.staff(t, province, "operator", access.OperatorRole)
		two, head, sec := f.teacher(t, f.school, "两校学籍员"), f.teacher(t, f.school, "外校校长"), f.teacher(t, f.school, "安全员")
		f.grant(t, two, f.far, access.Registrar)
		f.grant(t, head, f.far, access.School)
		f.grant(t, sec, province, access.SecAdmin)
		parent := f.make(t, org.Node{ID: 0, Unit: f.class.Unit}, person.Draft{Name: "林父", Role: person.RoleGuardian, Phone: phone})
		child := f.pupil(t, f.class, "林知夏")
		if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: parent, Ward: child, Relation: "父亲", PhoneTail: "2345"}}); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			by   access.Actor
			to   id.Person
			want error
		}{
			"manager to a registrar of another school":   {manager, two, fault.ErrForbidden},
			"county to a manager of another county":      {county, head, fault.ErrForbidden},
			"operator to the security administrator":     {operator, sec, fault.ErrForbidden},
			"manager to the security administrator":      {manager, sec, fault.ErrForbidden},
			"the command line to whomever":               {f.op, two, nil},
			"the command line to the administrator":      {f.op, sec, nil},
			"manager to a guardian of a pupil of his":    {manager, parent, nil},
			"operator to the manager of a school at all": {operator, head, nil},
		} {
			_, err := f.accounts.IssueCode(ctx, c.by, c.to)
			if c.want != nil {
				wantKind(t, name, err, c.want)
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestOwnClassIsNoWayAside checks that a substitute of a class gets his slip
// where the class is.
func TestOwnClassIsNoWayAside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.orgs.People = f.people
		ctx := t.Context()
		manager, class := f.staff(t, f.school, "manager", access.School), f.staff(t, f.class, "banzhuren", access.ClassTeacher)
		stands := f.teacher(t, f.school, "代课教师")
		f.enter(t, stands, "daike", account.Guardian{})
		if _, err := f.orgs.Lend(ctx, class, org.LendRequest{Person: stands, Node: f.class.ID, Days: 5, Reason: "病假"}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.accounts.IssueCode(ctx, manager, stands); err != nil {
			t.Errorf("a slip for a substitute: %v", err)
		}
	})
}

// TestNoWayPastTheLoan: a substitute of a manager gives no role, and makes himself
// no way into the account of whoever holds one: it would outlast his days.
func TestNoWayPastTheLoan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.orgs.People = f.people
		ctx := t.Context()
		manager, registrar := f.staff(t, f.school, "manager", access.School), f.staff(t, f.school, "registrar", access.Registrar)
		plain, stands := f.teacher(t, f.school, "普通教师"), f.teacher(t, f.school, "代理")
		ticket := f.enter(t, stands, "daili", account.Guardian{})
		if _, err := f.orgs.Lend(ctx, manager, org.LendRequest{Person: stands, Node: f.school.ID, Days: 5, Reason: "外出"}); err != nil {
			t.Fatal(err)
		}
		ticket, err := f.accounts.SwitchRole(ctx, f.as(t, ticket), ticket.Token, access.School)
		if err != nil {
			t.Fatal(err)
		}
		by := f.as(t, ticket)
		_, err = f.accounts.IssueCode(ctx, by, registrar.Person)
		wantKind(t, "a substitute to a registrar", err, fault.ErrForbidden)
		slip, err := f.accounts.IssueCode(ctx, manager, registrar.Person)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := f.accounts.Slips(ctx, by, slip.Sheet); err != nil || len(p.Slips) != 0 {
			t.Errorf("a substitute prints the registrar's: %+v, %v", p, err)
		}
		if _, err := f.accounts.IssueCode(ctx, by, plain); err != nil {
			t.Errorf("a substitute to a teacher: %v", err)
		}
	})
}
