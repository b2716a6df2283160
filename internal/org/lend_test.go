package org_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// holder gives a role by the command line and returns the holder as the
// sign-in would make him.
func (f *fixture) holder(t *testing.T, role access.Role, code string) (access.Actor, org.Grant) {
	t.Helper()
	by := f.actor(t, role, code)
	g, err := f.svc.Grant(t.Context(), f.op, org.GrantRequest{Person: by.Person, Node: by.Places[0].Node, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	by.Places[0].Grant, by.Places[0].GivenBy, by.Places[0].From = g.ID, g.GivenBy, g.From
	return by, g
}

// TestLastManager: a node is not left without a manager, whoever ends him and
// however; a successor in the same step makes it possible.
func TestLastManager(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		ctx := t.Context()
		county, cg := f.holder(t, access.County, "220102")
		head, g := f.holder(t, access.School, "2122000001")
		if _, err := f.svc.EndGrant(ctx, county, g.ID); !errors.Is(err, org.ErrLastManager) {
			t.Fatalf("the last manager: %v", err)
		}
		if err := f.svc.EndHeld(ctx, f.op, head.Person, 0); !errors.Is(err, org.ErrLastManager) {
			t.Fatalf("the last manager leaves: %v", err)
		}
		dated, err := f.svc.Grant(ctx, county, org.GrantRequest{Person: 501, Node: g.Node, Role: access.School, Until: 20191120})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.svc.EndGrant(ctx, county, g.ID); !errors.Is(err, org.ErrLastManager) {
			t.Errorf("beside him stands one who ends in two weeks: %v", err)
		}
		if _, err := f.svc.EndGrant(ctx, county, dated.ID); err != nil {
			t.Errorf("one of two: %v", err)
		}
		for name, who := range map[string]id.Person{"himself": head.Person, "the giver": county.Person, "nobody": 0} {
			if _, err := f.svc.HandOver(ctx, county, g.ID, who); !errors.Is(err, fault.ErrInvalid) && !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("successor %s: %v", name, err)
			}
		}
		ended, err := f.svc.HandOver(ctx, county, g.ID, 502)
		if err != nil || ended.On(20191105) {
			t.Fatalf("handed over: %+v, %v", ended, err)
		}
		if who, err := f.svc.Holders(ctx, f.op, g.Node, access.School); err != nil || len(who) != 1 || who[0] != 502 {
			t.Errorf("managers %v, %v", who, err)
		}
		// Whoever has lost his own right a moment ago ends nothing any more.
		other, _ := f.holder(t, access.County, "220102")
		if _, err := f.svc.EndGrant(ctx, other, cg.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := f.svc.Grant(ctx, county, org.GrantRequest{Person: 503, Node: g.Node, Role: access.School}); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("gives after his own end: %v", err)
		}
	})
}

// TestTwoManagersEndEachOther: of two who end each other at the same moment one
// stays.
func TestTwoManagersEndEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		for round, code := range []string{"220102", "220302", "220381"} {
			a, ga := f.holder(t, access.County, code)
			b, gb := f.holder(t, access.County, code)
			errs := make([]error, 2)
			var wait sync.WaitGroup
			for i, end := range []func() error{
				func() error { _, err := f.svc.EndGrant(context.Background(), a, gb.ID); return err },
				func() error { _, err := f.svc.EndGrant(context.Background(), b, ga.ID); return err },
			} {
				wait.Go(func() { errs[i] = end() })
			}
			wait.Wait()
			left, err := f.svc.Holders(t.Context(), f.op, ga.Node, access.County)
			if err != nil || len(left) != 1 || (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("round %d: managers %v, ends %v, %v", round, left, errs, err)
			}
		}
	})
}

// TestAdministratorsAreApart: none of the three holds another role that is
// given, in whatever order and at the same moment.
func TestAdministratorsAreApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		ctx := t.Context()
		root, school := f.node(t, "22").ID, f.node(t, "2122000001").ID
		province, _ := f.holder(t, access.Province, "22")
		if _, err := f.svc.Grant(ctx, province, org.GrantRequest{Person: 600, Node: root, Role: access.SecAdmin}); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("the province names one on a page: %v", err)
		}
		operator, _ := f.holder(t, access.OperatorRole, "22")
		if _, err := f.svc.Grant(ctx, operator, org.GrantRequest{Person: 600, Node: root, Role: access.SecAdmin}); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("an operator names one on a page: %v", err)
		}
		for i, pair := range [][2]access.Role{
			{access.SysAdmin, access.SecAdmin}, {access.SecAdmin, access.AuditAdmin}, {access.AuditAdmin, access.SysAdmin},
			{access.SecAdmin, access.Province}, {access.Province, access.AuditAdmin}, {access.OperatorRole, access.SysAdmin},
		} {
			who := id.Person(610 + i)
			for j, role := range pair {
				_, err := f.svc.Grant(ctx, f.op, org.GrantRequest{Person: who, Node: root, Role: role})
				if j == 0 && err != nil || j == 1 && !errors.Is(err, fault.ErrConflict) {
					t.Errorf("%v: %s: %v", pair, role, err)
				}
			}
		}
		for round := range 5 {
			who := id.Person(700 + round)
			errs := make([]error, 2)
			var wait sync.WaitGroup
			for i, req := range []org.GrantRequest{{Person: who, Node: root, Role: access.AuditAdmin}, {Person: who, Node: school, Role: access.Registrar}} {
				wait.Go(func() { _, errs[i] = f.svc.Grant(context.Background(), f.op, req) })
			}
			wait.Wait()
			if got, err := f.svc.GrantsOf(ctx, f.op, who); err != nil || len(got) != 1 || (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("round %d: %d roles, %v, %v", round, len(got), errs, err)
			}
		}
	})
}

func TestLend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		ctx := t.Context()
		head, own := f.holder(t, access.School, "2122000001")
		if _, err := f.svc.Grant(ctx, f.op, org.GrantRequest{Person: 800, Node: own.Node, Role: access.School}); err != nil {
			t.Fatal(err) // a second manager
		}
		sub := id.Person(801)
		for name, c := range map[string]struct {
			req  org.LendRequest
			want error
		}{
			"for no day":         {org.LendRequest{Person: sub, Node: own.Node, Reason: "学习"}, fault.ErrInvalid},
			"for 61 days":        {org.LendRequest{Person: sub, Node: own.Node, Days: 61, Reason: "学习"}, fault.ErrInvalid},
			"without a reason":   {org.LendRequest{Person: sub, Node: own.Node, Days: 3}, fault.ErrInvalid},
			"to himself":         {org.LendRequest{Person: head.Person, Node: own.Node, Days: 3, Reason: "学习"}, fault.ErrForbidden},
			"of another school":  {org.LendRequest{Person: sub, Node: f.node(t, "2122000002").ID, Days: 3, Reason: "学习"}, fault.ErrNotFound},
			"of the county":      {org.LendRequest{Person: sub, Node: f.node(t, "220102").ID, Days: 3, Reason: "学习"}, fault.ErrNotFound},
			"to a manager there": {org.LendRequest{Person: 800, Node: own.Node, Days: 3, Reason: "学习"}, fault.ErrConflict},
		} {
			if _, err := f.svc.Lend(ctx, head, c.req); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		g, err := f.svc.Lend(ctx, head, org.LendRequest{Person: sub, Node: own.Node, Days: 7, Reason: "外出培训"})
		if err != nil || g.To != 20191112 || g.LentBy != head.Person || g.LentFrom != own.ID {
			t.Fatalf("lent %+v, %v", g, err)
		}
		stand := access.Actor{Person: sub, Role: access.School, Places: []access.Place{{Node: own.Node, Path: own.Path, Role: access.School,
			Grant: g.ID, For: g.LentBy, Until: g.To}}}
		if !stand.Allows(access.RosterImport, own.Path) || stand.Owns(own.Path) {
			t.Error("a substitute works like the manager, and owns nothing")
		}
		if _, err := f.svc.Lend(ctx, stand, org.LendRequest{Person: 802, Node: own.Node, Days: 2, Reason: "转"}); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("passed on: %v", err)
		}
		if _, err := f.svc.Grant(ctx, stand, org.GrantRequest{Person: 802, Node: own.Node, Role: access.Registrar}); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a substitute gives a role: %v", err)
		}
		if loans, err := f.svc.Loans(ctx, head); err != nil || len(loans) != 1 {
			t.Errorf("loans %v, %v", loans, err)
		}
		looked := stand
		looked.ViewedBy = 900
		if _, err := f.svc.EndGrant(ctx, looked, g.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("an operator hands back what is lent to whom he looks at: %v", err)
		}
		if _, err := f.svc.EndGrant(ctx, f.actor(t, access.School, "2122000002"), g.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another school ends it: %v", err)
		}
		// It ends by itself.
		f.Clock.Set(day(20191112).Start().Add(time.Minute))
		if of, err := f.svc.GrantsOf(ctx, f.op, sub); err != nil || len(of) != 0 {
			t.Errorf("after the last day: %v, %v", of, err)
		}
		// It ends with the right of whoever lent it, at the next request.
		if g, err = f.svc.Lend(ctx, head, org.LendRequest{Person: sub, Node: own.Node, Days: 7, Reason: "外出培训"}); err != nil {
			t.Fatal(err)
		}
		if of, err := f.svc.GrantsOf(ctx, f.op, sub); err != nil || len(of) != 1 {
			t.Fatalf("lent again: %v, %v", of, err)
		}
		if _, err := f.svc.EndGrant(ctx, f.actor(t, access.County, "220102"), own.ID); err != nil {
			t.Fatal(err)
		}
		if of, err := f.svc.GrantsOf(ctx, f.op, sub); err != nil || len(of) != 0 {
			t.Errorf("after the lender's end: %v, %v", of, err)
		}
		if _, err := f.svc.Lend(ctx, head, org.LendRequest{Person: 803, Node: own.Node, Days: 7, Reason: "外出培训"}); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("lends what he has lost: %v", err)
		}
	})
}

// TestLendAClass: a class teacher's place comes from the roster, and the loan
// goes with it.
func TestLendAClass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		ctx := t.Context()
		class, _, err := f.svc.EnsureClass(ctx, f.op, f.node(t, "2122000001").ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 2})
		if err != nil {
			t.Fatal(err)
		}
		teacher := access.Actor{Person: 900, Role: access.ClassTeacher, Places: []access.Place{{Node: class.ID, Path: class.Path, Role: access.ClassTeacher}}}
		g, err := f.svc.Lend(ctx, teacher, org.LendRequest{Person: 901, Node: class.ID, Days: 5, Reason: "病假"})
		if err != nil {
			t.Fatal(err)
		}
		if of, err := f.svc.GrantsOf(ctx, f.op, 901); err != nil || len(of) != 1 || of[0].Role != access.ClassTeacher {
			t.Errorf("the substitute holds %v, %v", of, err)
		}
		f.svc.People = strangers{} // the roster names another class teacher
		if of, err := f.svc.GrantsOf(ctx, f.op, 901); err != nil || len(of) != 0 {
			t.Errorf("after the class teacher's end: %v, %v", of, err)
		}
		f.svc.People = everybody{}
		if _, err := f.svc.EndGrant(ctx, f.actor(t, access.School, "2122000001"), g.ID); err != nil {
			t.Errorf("the school's manager ends it: %v", err)
		}
		f.svc.People = strangers{}
		if _, err := f.svc.Lend(ctx, teacher, org.LendRequest{Person: 902, Node: class.ID, Days: 5, Reason: "病假"}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("to somebody of another school: %v", err)
		}
	})
}

func TestReview(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.svc.People = everybody{}
		ctx := t.Context()
		county, own := f.holder(t, access.County, "220102")
		_, g := f.holder(t, access.School, "2122000001")
		_, foreign := f.holder(t, access.School, "2122000002")
		list := func(due bool) []org.Grant {
			t.Helper()
			got, err := f.svc.Grants(ctx, county, org.GrantList{Node: own.Node, Due: due})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := list(true); len(got) != 0 {
			t.Errorf("due on the first day: %v", got)
		}
		f.Clock.Advance(org.ReviewEvery + time.Hour)
		if got := list(true); len(got) != 2 {
			t.Fatalf("due after a year: %v", got)
		}
		for name, c := range map[string]struct {
			grant id.Grant
			want  error
		}{"one's own": {own.ID, fault.ErrForbidden}, "another county's": {foreign.ID, fault.ErrNotFound}} {
			if _, err := f.svc.Review(ctx, county, c.grant); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		count := func() (n int) {
			if err := f.DB.QueryRow(ctx, "SELECT COUNT(*) FROM audit WHERE action = 'grant.reviewed'").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for range 2 {
			if got, err := f.svc.Review(ctx, county, g.ID); err != nil || got.ReviewedBy != county.Person {
				t.Fatalf("reviewed %+v, %v", got, err)
			}
		}
		if got := list(true); len(got) != 1 || got[0].ID != own.ID || count() != 1 {
			t.Errorf("still due: %v, audit rows %d", got, count())
		}
		if book, err := f.svc.Book(ctx, county, own.Node); err != nil || len(book) != 2 {
			t.Errorf("book %v, %v", book, err)
		}
		if _, err := f.svc.Book(ctx, county, foreign.Node); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another county's book: %v", err)
		}
	})
}
