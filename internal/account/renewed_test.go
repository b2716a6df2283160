package account_test

import (
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
)

// TestRenewedByOther tells a slip and a reset by a person from what the command
// line did and from what is long ago.
func TestRenewedByOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx, system := t.Context(), access.System("test")
		manager := f.staff(t, f.school, "manager", access.School)
		slip, reset := f.staff(t, f.school, "registrar-1", access.Registrar), f.staff(t, f.school, "registrar-2", access.Registrar)
		is := func(what string, who access.Actor, want bool) {
			t.Helper()
			got, err := f.accounts.RenewedByOther(ctx, system, who.Person, h.Clock.Now().Add(-24*time.Hour))
			if err != nil || got != want {
				t.Errorf("%s: %v, %v", what, got, err)
			}
		}
		is("a slip of the command line", slip, false)
		if _, err := f.accounts.IssueCode(ctx, manager, slip.Person); err != nil {
			t.Fatal(err)
		}
		is("a slip of the school", slip, true)
		if _, err := f.accounts.Preset(ctx, system, reset.Person); err != nil {
			t.Fatal(err)
		}
		is("a factor of one's own", reset, false)
		if err := f.accounts.ResetFactor(ctx, manager, reset.Person); err != nil {
			t.Fatal(err)
		}
		is("a factor that the school has reset", reset, true)
		f.Clock.Advance(25 * time.Hour)
		is("a slip of yesterday", slip, false)
		is("a reset of yesterday", reset, false)
		_, err := f.accounts.RenewedByOther(ctx, manager, slip.Person, time.Time{})
		wantKind(t, "a person asks", err, fault.ErrForbidden)
	})
}
