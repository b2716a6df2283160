package account_test

import (
	"context"
	"errors"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// TestListIsRecorded tells who opens which class list with how many names, and
// shows nothing to whoever is refused.
func TestListIsRecorded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.pupil(t, f.class, "甲")
		f.pupil(t, f.class, "乙")
		county := f.staff(t, f.county, "county", access.County)
		var got []int
		refuse := false
		f.accounts = account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit, Org: f.orgs, People: f.people,
			Hasher: account.NewPool(account.CheapCost, 4, 256), FactorOff: true,
			Listed: func(_ context.Context, by access.Actor, class id.Node, names int) error {
				if by.Person != county.Person || class != f.class.ID {
					t.Errorf("%d opens %d", by.Person, class)
				}
				if refuse {
					return fault.New(fault.ErrTooMany, "custody.over.names_day", 1)
				}
				got = append(got, names)
				return nil
			}})
		if _, err := f.accounts.List(ctx, county, f.school.ID); err != nil { // staff
			t.Fatal(err)
		}
		if _, err := f.accounts.List(ctx, county, f.class.ID); err != nil || len(got) != 1 || got[0] != 2 {
			t.Errorf("recorded %v, %v", got, err)
		}
		refuse = true
		if list, err := f.accounts.List(ctx, county, f.class.ID); !errors.Is(err, fault.ErrTooMany) || len(list.Pupils) > 0 {
			t.Errorf("%d names are shown, %v", len(list.Pupils), err)
		}
	})
}
