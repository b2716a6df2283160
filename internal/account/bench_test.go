package account_test

import (
	"testing"

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
