package custody_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// worker makes somebody of school a without any role.
func (f *fixture) worker(name string) id.Person {
	f.t.Helper()
	return f.make(person.Draft{Name: name, Role: person.RoleOfficer, Node: f.a.ID, Unit: f.a.ID, NoIDReason: "office"})[0]
}

// named writes down that somebody has given a role at school a just now.
func (f *fixture) named(by access.Actor, who id.Person, role access.Role) access.Actor {
	f.t.Helper()
	_, err := f.DB.Exec(f.t.Context(), "INSERT INTO org_grant (id, person, node, role, from_on, given_by, given_at) VALUES ($1, $2, $3, $4, 20191105, $5, $6)",
		f.IDs.Next(), who, f.a.ID, string(role), by.Person, f.Clock.Now().UnixMilli())
	if err != nil {
		f.t.Fatal(err)
	}
	return access.Actor{Person: who, Account: 1, Role: role, Places: []access.Place{{Node: f.a.ID, Path: f.a.Path, Role: role}}}
}

// TestOneHand is the list of ways in which one person could be both the one who
// asks and the one who agrees, through accounts that he has made his own. Each
// waits a day, so that those concerned see what was done.
func TestOneHand(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ask := func(by access.Actor) id.Export {
			t.Helper()
			r, err := f.custody.Ask(ctx, by, custody.Asking{Node: f.a1.ID, Kind: custody.Roster, Purpose: purpose})
			if err != nil {
				t.Fatal(err)
			}
			return r.ID
		}
		puppet := f.named(f.manager, f.worker("木偶"), access.Registrar)
		second, both := f.named(f.officer, f.worker("木偶二"), access.School), f.named(f.officer, f.worker("木偶三"), access.Registrar)
		lent := f.worker("代理人")
		if _, err := h.DB.Exec(ctx, "INSERT INTO org_grant (id, person, node, role, from_on, to_on, given_by, given_at, lent_by, lent_from)"+
			" SELECT $1, $2, node, role, from_on, 20191230, person, 1, person, id FROM org_grant WHERE person = $3",
			h.IDs.Next(), lent, f.manager.Person); err != nil {
			t.Fatal(err)
		}
		standing := access.Actor{Person: lent, Account: 1, Role: access.School, Places: f.manager.Places}
		cases := map[string]struct {
			request  id.Export
			approver access.Actor
			later    error // a day later
		}{
			"the approver has named the requester":     {ask(puppet), f.manager, nil},
			"somebody has named both":                  {ask(both), second, nil},
			"somebody has named the approver":          {ask(f.clerk), second, nil},
			"the requester stands in for the approver": {ask(standing), f.manager, fault.ErrForbidden},
		}
		for name, tt := range cases {
			if err := f.custody.Approve(ctx, tt.approver, tt.request, ""); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		f.Clock.Advance(25 * time.Hour)
		for name, tt := range cases {
			if err := f.custody.Approve(ctx, tt.approver, tt.request, ""); !errors.Is(err, tt.later) {
				t.Errorf("%s, a day later: %v", name, err)
			}
		}
	})
}

// TestTakenOverSignIn refuses a decision and a taking by somebody whose way in
// another person has renewed within a day: by a new slip or a reset factor he may
// have made that account his own.
func TestTakenOverSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		renewed := map[id.Person]time.Time{}
		f.custody.Renewed = func(_ context.Context, who id.Person, since time.Time) (bool, error) {
			return renewed[who].After(since), nil
		}
		r := f.ask(custody.Roster)
		for name, who := range map[string]id.Person{"the requester": f.clerk.Person, "the approver": f.manager.Person} {
			renewed[who] = h.Clock.Now()
			if err := f.custody.Approve(ctx, f.manager, r.ID, ""); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("approved right after %s has a new slip: %v", name, err)
			}
			delete(renewed, who)
		}
		if err := f.custody.Approve(ctx, f.manager, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		f.run()
		renewed[f.clerk.Person] = h.Clock.Now()
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("taken right after a new slip: %v", err)
		}
		f.Clock.Advance(25 * time.Hour)
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

// TestRefuseAtOnce: saying no needs no day.
func TestRefuseAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		by := f.named(f.officer, f.worker("新校长"), access.School)
		if err := f.custody.Refuse(t.Context(), by, f.ask(custody.Roster).ID, "用途不清"); err != nil {
			t.Error(err)
		}
	})
}
