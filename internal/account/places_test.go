package account_test

import (
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// TestSubstituteAtTheNextRequest: a colleague leads the class from the next
// request on, as long as the loan and the lender's own place stand; each list
// follows the active role.
func TestSubstituteAtTheNextRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.orgs.People = f.people
		ctx := t.Context()
		leader, colleague := f.teacher(t, f.class, "周沐阳"), f.teacher(t, f.school, "金美妍")
		lender, stand := f.enter(t, leader, "zhoumuyang", account.Guardian{}), f.enter(t, colleague, "jinmeiyan", account.Guardian{})
		if by := f.as(t, stand); by.Role != access.Teacher || by.Allows(access.ClassRead, f.class.Path) {
			t.Fatalf("before: %+v", by)
		}
		lend := func() org.Grant {
			t.Helper()
			g, err := f.orgs.Lend(ctx, f.as(t, lender), org.LendRequest{Person: colleague, Node: f.class.ID, Days: 5, Reason: "病假"})
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
		g := lend()
		turned, err := f.accounts.SwitchRole(ctx, f.as(t, stand), stand.Token, access.ClassTeacher)
		if err != nil {
			t.Fatal(err)
		}
		by := f.as(t, turned)
		if !by.Allows(access.CodeIssue, f.class.Path) || by.Allows(access.CodeIssue, f.next.Path) || by.Owns(f.class.Path) || by.LentUntil(by.Role) != g.To || by.Stands().For != leader {
			t.Errorf("a substitute %+v", by)
		}
		if pupils, err := f.people.Pupils(ctx, by, f.class.ID); err != nil {
			t.Errorf("the class list: %v, %v", pupils, err)
		}
		if by := f.as(t, lender); by.LentUntil(access.ClassTeacher) != 0 || !by.Owns(f.class.Path) {
			t.Errorf("the lender %+v", by)
		}
		if _, err := f.orgs.EndGrant(ctx, by, g.ID); err != nil { // the substitute hands it back
			t.Fatal(err)
		}
		if by := f.as(t, turned); by.Role != access.Teacher || by.Allows(access.ClassRead, f.class.Path) {
			t.Errorf("after handing it back %+v", by)
		}
		lend()
		if err := f.people.Move(ctx, f.op, person.MoveRequest{Person: leader, Unit: f.far.ID}); err != nil {
			t.Fatal(err)
		}
		all, err := f.people.Affiliations(ctx, f.op, leader)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all[leader] {
			if a.Node == f.class.ID {
				if err := f.people.EndAffiliations(ctx, f.op, 0, a.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		if by := f.as(t, turned); by.Allows(access.ClassRead, f.class.Path) {
			t.Errorf("after the lender has moved %+v", by)
		}
	})
}
