package account_test

import (
	"context"
	"testing"

	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
)

// meanwhile is a hasher that lets something else happen once its work is done,
// before the caller goes on.
type meanwhile struct {
	account.Hasher
	do func()
}

func (m meanwhile) Turn(ctx context.Context, fn func(match account.Match) error) error {
	err := m.Hasher.Turn(ctx, fn)
	m.do()
	return err
}

func (m meanwhile) Hash(ctx context.Context, password string) (string, error) {
	hash, err := m.Hasher.Hash(ctx, password)
	m.do()
	return hash, err
}

// slow is the service whose hashing takes so long that do happens meanwhile.
func (f *fixture) slow(do func()) *account.Service {
	return f.service(meanwhile{account.NewPool(account.CheapCost, 4, 256), do})
}

// TestSignInWhileThePasswordChanges: whoever was checked by the old password is
// not let in once there is a new one, nor after a new slip.
func TestSignInWhileThePasswordChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.class, "周沐阳")
		mine := f.enter(t, who, "zhoumuyang", account.Guardian{})
		by := f.as(t, mine)
		for _, c := range []struct {
			name, password string
			do             func() error
		}{
			{"a new password", good, func() error { return f.accounts.ChangePassword(ctx, by, mine.Token, good, other) }},
			{"a new slip", other, func() error {
				_, err := f.accounts.IssueCode(ctx, f.op, who)
				return err
			}},
		} {
			slow := f.slow(func() {
				if err := c.do(); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
			})
			ticket, err := slow.SignIn(ctx, anybody, account.Credentials{Login: "zhoumuyang", Password: c.password, Network: "192.0.2.7"})
			wantField(t, err, "password", "account.signin.wrong")
			if _, _, err := f.accounts.Authenticate(ctx, ticket.Token); err == nil {
				t.Errorf("%s: a session by the password before lives on", c.name)
			}
		}
	})
}

// TestNewPasswordWhileItIsTaken: a change that was begun with the old password
// writes nothing after a new slip has taken it.
func TestNewPasswordWhileItIsTaken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.class, "周沐阳")
		mine := f.enter(t, who, "zhoumuyang", account.Guardian{})
		by, taken := f.as(t, mine), false
		slow := f.slow(func() {
			if taken {
				return
			}
			taken = true
			if _, err := f.accounts.IssueCode(ctx, f.op, who); err != nil {
				t.Error(err)
			}
		})
		wantField(t, slow.ChangePassword(ctx, by, mine.Token, good, other), "old", "account.password.old")
		_, err := f.signIn(ctx, "zhoumuyang", other, "net", "")
		wantField(t, err, "password", "account.signin.wrong")
		_, _, err = f.accounts.Authenticate(ctx, mine.Token)
		wantKind(t, "the session", err, fault.ErrNotFound)
	})
}
