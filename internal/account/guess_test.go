package account_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
)

// TestOnePasswordAgainstManyNames is a guesser behind each of three doors: one
// address, one network, ten thousand networks. Fewer than one try of a hundred
// is looked at, and the others come in meanwhile.
func TestOnePasswordAgainstManyNames(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(i int) string{
		"one address":   func(int) string { return "203.0.113.7" },
		"one network":   func(i int) string { return fmt.Sprintf("203.0.113.%d", i%256) },
		"many networks": func(i int) string { return fmt.Sprintf("10.%d.%d.7", i/256, i%256) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				f := setup(t, h)
				var n atomic.Int32
				f.enter(t, f.teacher(t, f.school, "周沐阳"), "zhoumuyang", account.Guardian{})
				f.enter(t, f.teacher(t, f.school, "金美妍"), "jinmeiyan", account.Guardian{})
				ctx := t.Context()
				// 周沐阳 has come in from the guesser's network before.
				if _, err := f.signIn(ctx, "zhoumuyang", good, address(0), ""); err != nil {
					t.Fatal(err)
				}
				cheap := f.accounts
				f.accounts = f.service(quick{make(chan struct{}, 4)})
				var through atomic.Int32
				for range rounds() { // five hundred at once, for three minutes
					var all sync.WaitGroup
					for range 500 {
						i := int(n.Add(1))
						all.Go(func() {
							_, err := f.signIn(ctx, fmt.Sprintf("name%d", i), "Spring2019go", address(i), "")
							if fault.Kind(err) == fault.ErrInvalid {
								through.Add(1)
							}
						})
					}
					all.Wait()
					f.Clock.Advance(9 * time.Second)
				}
				f.accounts = cheap
				if n := through.Load(); n >= 100 {
					t.Errorf("%d of 10,000 tries came through", n)
				}
				if _, err := f.signIn(ctx, "zhoumuyang", good, address(0), ""); err != nil {
					t.Errorf("a familiar name on the guesser's network: %v", err)
				}
				if _, err := f.signIn(ctx, "jinmeiyan", good, "198.51.100.9", ""); err != nil {
					t.Errorf("a stranger elsewhere: %v", err)
				}
			})
		})
	}
}

// TestAPupilDoesNotLockTheClassOut: made-up names from the school's address
// stop their author, and nobody who has been here before.
func TestAPupilDoesNotLockTheClassOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		const school = "192.0.2.40"
		mark := f.enter(t, f.teacher(t, f.school, "周沐阳"), "zhoumuyang", account.Guardian{}).Mark
		f.enter(t, f.teacher(t, f.school, "金美妍"), "jinmeiyan", account.Guardian{})
		f.enter(t, f.teacher(t, f.school, "王新来"), "wangxinlai", account.Guardian{})
		if _, err := f.signIn(ctx, "jinmeiyan", good, school, ""); err != nil {
			t.Fatal(err)
		}
		for i := range 90 {
			_, _ = f.signIn(ctx, fmt.Sprintf("madeup%d", i), fmt.Sprintf("wrong password %d", i), school, "")
		}
		_, err := f.signIn(ctx, "wangxinlai", good, school, "")
		wantKind(t, "a new name on the exhausted network", err, fault.ErrTooMany)
		if _, err := f.signIn(ctx, "jinmeiyan", good, school, ""); err != nil {
			t.Errorf("a name that has come in here: %v", err)
		}
		if _, err := f.signIn(ctx, "zhoumuyang", good, school, mark); err != nil {
			t.Errorf("a phone of the own: %v", err)
		}
		// What a wrong password of a familiar name hears is what strangers hear.
		_, err = f.signIn(ctx, "jinmeiyan", other, school, "")
		wantKind(t, "a wrong password of a familiar name", err, fault.ErrTooMany)
		f.Clock.Advance(time.Minute)
		if _, err := f.signIn(ctx, "wangxinlai", good, school, ""); err != nil {
			t.Errorf("the new name a minute later: %v", err)
		}
	})
}

// TestOneNameFromTheSchool: failures of one name leave all other names alone.
func TestOneNameFromTheSchool(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.enter(t, f.teacher(t, f.school, "金美妍"), "jinmeiyan", account.Guardian{})
		for i := range 60 {
			_, _ = f.signIn(ctx, "zhoumuyang", fmt.Sprintf("wrong password %d", i), "192.0.2.40", "")
		}
		if _, err := f.signIn(ctx, "jinmeiyan", good, "192.0.2.40", ""); err != nil {
			t.Errorf("a classmate: %v", err)
		}
	})
}

// TestManyCodesAgainstOneAccount: the second factor of whose password is known.
func TestManyCodesAgainstOneAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.school, "周沐阳")
		f.grant(t, who, f.school, access.School)
		f.enter(t, who, "zhoumuyang", account.Guardian{})
		secret, err := f.accounts.Preset(ctx, access.System("test"), who)
		if err != nil {
			t.Fatal(err)
		}
		f.accounts = f.withFactors(t)
		half := func() string {
			ticket, err := f.signIn(ctx, "zhoumuyang", good, "192.0.2.9", "")
			if err != nil || ticket.Half == "" || ticket.Token != "" {
				t.Fatalf("%+v, %v", ticket, err)
			}
			return ticket.Half
		}
		var through atomic.Int32
		for batch := range rounds() { // a new half-open sign-in gives no new tries
			token, now := half(), f.Clock.Now()
			var all sync.WaitGroup
			for i := range 500 {
				all.Go(func() {
					_, err := f.accounts.PassCode(ctx, anybody, token, wrongCode(secret, now, batch*500+i))
					if errors.Is(err, fault.ErrInvalid) {
						through.Add(1)
					}
				})
			}
			all.Wait()
			f.Clock.Advance(time.Minute)
		}
		if n := through.Load(); n >= 100 {
			t.Errorf("%d of 10,000 codes came through", n)
		}
		f.Clock.Advance(time.Hour)
		if _, err := f.accounts.PassCode(ctx, anybody, half(), code(secret, f.Clock.Now())); err != nil {
			t.Errorf("the holder an hour later: %v", err)
		}
	})
}

// rounds is how many times five hundred guess at once: ten thousand tries, fewer
// where the race detector looks on.
func rounds() int {
	if testing.Short() {
		return 3
	}
	return 20
}

// quick is a hasher with four turns for passwords that are all wrong.
type quick struct{ turns chan struct{} }

func (quick) Hash(context.Context, string) (string, error)         { return "", account.ErrPoolFull }
func (quick) Verify(context.Context, string, string) (bool, error) { return false, nil }

func (q quick) Turn(_ context.Context, fn func(account.Match) error) error {
	q.turns <- struct{}{}
	defer func() { <-q.turns }()
	return fn(func(string, string) (bool, error) { return false, nil })
}
