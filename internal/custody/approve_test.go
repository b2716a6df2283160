package custody_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/person"
)

// TestWhoMayApprove is the list of those who come close.
func TestWhoMayApprove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		second := f.holder("副校长", access.School, f.a)
		r, err := f.custody.Ask(ctx, f.manager, custody.Asking{Node: f.a.ID, Kind: custody.Staff, Purpose: purpose})
		if err != nil {
			t.Fatal(err)
		}
		// The requester gives a colleague of the school a role and sends him.
		friend := f.make(person.Draft{Name: "亲信", Role: person.RoleOfficer, Node: f.a.ID, Unit: f.a.ID, NoIDReason: "office"})[0]
		if _, err := h.DB.Exec(ctx, "INSERT INTO org_grant (id, person, node, role, from_on, given_by, given_at) VALUES ($1, $2, $3, 'school', 20191105, $4, $5)",
			h.IDs.Next(), friend, f.a.ID, f.manager.Person, h.Clock.Now().UnixMilli()); err != nil {
			t.Fatal(err)
		}
		helper := access.Actor{Person: friend, Role: access.School, Places: f.manager.Places}
		lost := f.holder("前校长", access.School, f.a)
		if _, err := h.DB.Exec(ctx, "UPDATE org_grant SET ended_at = 1 WHERE person = $1", lost.Person); err != nil {
			t.Fatal(err)
		}
		substitute := f.make(person.Draft{Name: "代理人", Role: person.RoleOfficer, Node: f.a.ID, Unit: f.a.ID, NoIDReason: "office"})[0]
		if _, err := h.DB.Exec(ctx, "INSERT INTO org_grant (id, person, node, role, from_on, to_on, given_by, given_at, lent_by, lent_from)"+
			" SELECT $1, $2, node, role, from_on, 20191230, person, 1, person, id FROM org_grant WHERE person = $3",
			h.IDs.Next(), substitute, f.manager.Person); err != nil {
			t.Fatal(err)
		}
		deputy := access.Actor{Person: substitute, Role: access.School, Places: f.manager.Places}
		for name, tt := range map[string]struct {
			by   access.Actor
			want error
		}{
			"the requester's substitute":            {deputy, fault.ErrForbidden},
			"the requester":                         {f.manager, fault.ErrForbidden},
			"a registrar":                           {f.clerk, fault.ErrNotFound},
			"somebody the requester named just now": {helper, fault.ErrForbidden},
			"somebody who has just lost the right":  {lost, fault.ErrForbidden},
			"another school":                        {f.clerkB, fault.ErrNotFound},
			"the security administrator":            {f.guard, fault.ErrNotFound},
			"the command line":                      {f.op, fault.ErrForbidden},
		} {
			if err := f.custody.Approve(ctx, tt.by, r.ID, ""); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		f.Clock.Advance(25 * time.Hour)
		if err := f.custody.Approve(ctx, helper, r.ID, ""); err != nil {
			t.Errorf("a day later: %v", err)
		}
		if err := f.custody.Approve(ctx, second, r.ID, ""); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("approved twice: %v", err)
		}
	})
}

// TestRequesterLost refuses a request whose author has lost his role meanwhile,
// before the approval and before the taking.
func TestRequesterLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		early := f.ask(custody.ClassList)
		late := f.ask(custody.Contacts)
		if err := f.custody.Approve(ctx, f.manager, late.ID, ""); err != nil {
			t.Fatal(err)
		}
		f.run()
		if _, err := h.DB.Exec(ctx, "UPDATE org_grant SET ended_at = 1 WHERE person = $1", f.clerk.Person); err != nil {
			t.Fatal(err)
		}
		if err := f.custody.Approve(ctx, f.manager, early.ID, ""); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("approved for somebody without a role: %v", err)
		}
		if _, err := f.custody.Take(ctx, f.clerk, late.ID, ""); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("taken without a role: %v", err)
		}
	})
}

// TestDecideRace lets two managers decide at once: one comes too late.
func TestDecideRace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		second := f.holder("副校长", access.School, f.a)
		for range 5 {
			r := f.ask(custody.ClassList)
			errs := make([]error, 2)
			var wg sync.WaitGroup
			wg.Go(func() { errs[0] = f.custody.Approve(t.Context(), f.manager, r.ID, "") })
			wg.Go(func() { errs[1] = f.custody.Refuse(t.Context(), second, r.ID, "用途不清") })
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("decided: %v", errs)
			}
		}
	})
}
