package account_test

import (
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
)

// TestStepUp: a session from before a grant opens nothing but the way to the
// factor, and ends when that is done.
func TestStepUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.accounts = f.withFactors(t)
		ctx := t.Context()
		who := f.teacher(t, f.class, "周沐阳")
		first := f.enter(t, who, "zhoumuyang", account.Guardian{})
		if by := f.as(t, first); by.Role != access.ClassTeacher {
			t.Fatalf("%+v", by)
		}
		grant := f.grant(t, who, f.school, access.Registrar)
		_, _, err := f.accounts.Authenticate(ctx, first.Token)
		if _, ok := err.(interface{ StepUp() }); !ok {
			t.Fatalf("after the grant: %v", err)
		}
		up, err := f.accounts.StepUp(ctx, anybody, first.Token)
		if err != nil || up.Half == "" {
			t.Fatalf("%+v, %v", up, err)
		}
		hs, err := f.accounts.Half(ctx, anybody, up.Half)
		if err != nil {
			t.Fatal(err)
		}
		ticket, _, err := f.accounts.EnrolApp(ctx, anybody, up.Half, code(hs.Secret, f.Clock.Now()))
		if err != nil {
			t.Fatal(err)
		}
		if by := f.as(t, ticket); by.Allows(access.RosterImport, f.school.Path) == (by.Role != access.Registrar) {
			t.Errorf("%+v", by)
		}
		_, _, err = f.accounts.Authenticate(ctx, first.Token)
		wantKind(t, "the session before", err, fault.ErrNotFound)
		// The role has gone; the factor stays, and is asked for still.
		if _, err := f.orgs.EndGrant(ctx, f.op, grant); err != nil {
			t.Fatal(err)
		}
		f.half(t, "zhoumuyang")
	})
}

// TestStepUpOfAnOldSession: a first factor is bound by whoever has just shown the
// password, and not by a device that was left open.
func TestStepUpOfAnOldSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.accounts = f.withFactors(t)
		ctx := t.Context()
		who := f.teacher(t, f.class, "周沐阳")
		first := f.enter(t, who, "zhoumuyang", account.Guardian{})
		_, err := f.accounts.StepUp(ctx, anybody, "no-such-token-no-such-token-no-such-token-no")
		wantKind(t, "no session", err, fault.ErrNotFound)
		f.Clock.Advance(account.FreshFor)
		f.grant(t, who, f.school, access.Registrar)
		_, err = f.accounts.StepUp(ctx, anybody, first.Token)
		wantKind(t, "an old session without a factor", err, fault.ErrNotFound)
		secret, err := f.accounts.Preset(ctx, access.System("test"), who)
		if err != nil {
			t.Fatal(err)
		}
		up, err := f.accounts.StepUp(ctx, anybody, first.Token)
		if err != nil {
			t.Fatalf("an old session of somebody who has one: %v", err)
		}
		ticket, err := f.accounts.PassCode(ctx, anybody, up.Half, code(secret, f.Clock.Now()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.accounts.StepUp(ctx, anybody, ticket.Token)
		wantKind(t, "a session that lacks nothing", err, fault.ErrNotFound)
	})
}

// TestHalfEndsWithThePassword: a new slip, a new password and a person who has
// left shut half-open sign-ins.
func TestHalfEndsWithThePassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who, _ := f.manager(t)
		secret, err := f.accounts.Preset(t.Context(), access.System("test"), who)
		if err != nil {
			t.Fatal(err)
		}
		token := f.half(t, "zhoumuyang")
		slip := f.code(t, who)
		_, err = f.accounts.PassCode(t.Context(), anybody, token, code(secret, f.Clock.Now()))
		wantKind(t, "half a sign-in from before the slip", err, fault.ErrNotFound)
		again, err := f.accounts.Activate(t.Context(), anybody, account.Activation{Code: slip, Password: "another-river-42"})
		if err != nil || again.Token != "" || again.Half == "" {
			t.Fatalf("a slip alone opens %+v, %v", again, err)
		}
		f.grant(t, f.teacher(t, f.school, "金美妍"), f.school, access.School)
		if err := f.people.Leave(t.Context(), f.op, f.school.ID, 0, who); err != nil {
			t.Fatal(err)
		}
		_, err = f.accounts.PassCode(t.Context(), anybody, again.Half, code(secret, f.Clock.Now()))
		wantKind(t, "who has left", err, fault.ErrNotFound)
	})
}
