package account_test

import (
	"fmt"
	"testing"
	"time"

	"learnspace/internal/account"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

// BenchmarkAuthenticate is what every signed-in request pays before its page.
func BenchmarkAuthenticate(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		b.Run(e.String(), func(b *testing.B) { benchAuthenticate(b, e) })
	}
}

func benchAuthenticate(b *testing.B, e db.Dialect) {
	f := setup(b, dbtest.New(b, e))
	ticket := f.enter(b, f.teacher(b, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
	b.ResetTimer()
	for b.Loop() {
		if _, _, err := f.accounts.Authenticate(b.Context(), ticket.Token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefusedSignIn compares the answer to a wrong password with that to a
// name that does not exist: they must not differ by more than the noise.
func BenchmarkRefusedSignIn(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		for _, login := range []string{"zhoumuyang", "nobody-here"} {
			b.Run(fmt.Sprintf("%s/%s", e, login), func(b *testing.B) { benchRefused(b, e, login) })
		}
	}
}

func benchRefused(b *testing.B, e db.Dialect, login string) {
	f := setup(b, dbtest.New(b, e))
	f.accounts = f.service(account.NewPool(account.FullCost, 1, 8))
	f.enter(b, f.teacher(b, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
	for i := 0; b.Loop(); i++ {
		f.Clock.Advance(25 * time.Hour) // nobody has to wait
		if _, err := f.signIn(b.Context(), login, other, fmt.Sprint(i), ""); err == nil {
			b.Fatal("a wrong password opens")
		}
	}
}
