package account

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

func (t *throttle) failNow(tb testing.TB, now time.Time, limits ...limit) {
	tb.Helper()
	err := t.db.Tx(tb.Context(), func(ctx context.Context, tx *db.Tx) error { return t.fail(ctx, tx, now, limits...) })
	if err != nil {
		tb.Fatal(err)
	}
}

func (t *throttle) waitNow(tb testing.TB, now time.Time, l limit) time.Duration {
	tb.Helper()
	d, err := t.check(tb.Context(), now, l)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestGrowingWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		th, now := &throttle{h.DB, h.Keys}, dbtest.Start
		a, b := growing("a", 5, longestWait), growing("b", 5, longestWait)
		for range 4 {
			th.failNow(t, now, a)
		}
		if d := th.waitNow(t, now, a); d != 0 {
			t.Errorf("four of five wait %v", d)
		}
		var waits []time.Duration
		for range 6 {
			th.failNow(t, now, a)
			waits = append(waits, th.waitNow(t, now, a))
		}
		want := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute}
		if d := cmp.Diff(want, waits); d != "" {
			t.Error(d)
		}
		if d := th.waitNow(t, now, b); d != 0 {
			t.Errorf("another key waits %v", d)
		}
		restarted := &throttle{h.DB, h.Keys}
		if d := restarted.waitNow(t, now, a); d != 5*time.Minute {
			t.Errorf("another process lets it wait %v", d)
		}
		if d := th.waitNow(t, now.Add(6*time.Minute), a); d != 0 {
			t.Errorf("still %v later", d)
		}
		err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return th.clear(ctx, tx, a) })
		if d := th.waitNow(t, now, a); err != nil || d != 0 {
			t.Errorf("after success %v, %v", d, err)
		}
		th.failNow(t, now.Add(25*time.Hour), a)
		if d := th.waitNow(t, now.Add(25*time.Hour), a); d != 0 {
			t.Errorf("a day later one failure waits %v", d)
		}
	})
}

func TestBucketFillsAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		th, now, l := &throttle{h.DB, h.Keys}, dbtest.Start, bucket("net", netFree, netEvery)
		free := func() (n int) {
			for ; th.waitNow(t, now, l) == 0 && n < 1000; n++ {
				th.failNow(t, now, l)
			}
			return n
		}
		if n := free(); n != netFree {
			t.Errorf("%d tries come through, want %d", n, netFree)
		}
		if d := th.waitNow(t, now, l); d != netEvery {
			t.Errorf("then it waits %v, want %v", d, netEvery)
		}
		now = now.Add(3 * netEvery)
		if n := free(); n != 3 {
			t.Errorf("%d came back, want 3", n)
		}
		now = now.Add(24 * time.Hour)
		if n := free(); n != netFree {
			t.Errorf("after a day %d tries, want %d", n, netFree)
		}
	})
}

// TestClockSetBack: nobody waits for a clock to catch up.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		th, now := &throttle{h.DB, h.Keys}, dbtest.Start
		a, net := growing("a", 1, longestWait), bucket("net", 1, netEvery)
		th.failNow(t, now, a, net)
		back := now.Add(-time.Hour)
		if d, e := th.waitNow(t, back, a), th.waitNow(t, back, net); d != firstWait || e != netEvery {
			t.Errorf("an hour back they wait %v and %v", d, e)
		}
		if d, e := th.waitNow(t, back.Add(time.Minute), a), th.waitNow(t, back.Add(time.Minute), net); d+e != 0 {
			t.Errorf("a minute later they wait %v and %v", d, e)
		}
		if d := th.waitNow(t, now.Add(time.Hour), a); d != 0 {
			t.Errorf("an hour forward it waits %v", d)
		}
	})
}

// TestManyAtOnce: of many tries at once no more come through than are free.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		th, l := &throttle{h.DB, h.Keys}, growing("factor", factorFree, factorWait)
		var through atomic.Int32
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				d, err := th.take(t.Context(), dbtest.Start, l)
				if err != nil {
					t.Error(err)
				}
				if err == nil && d == 0 {
					through.Add(1)
				}
			})
		}
		all.Wait()
		if n := through.Load(); n != factorFree {
			t.Errorf("%d of 40 come through, want %d", n, factorFree)
		}
	})
}

func TestSweepOfLimits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		th, now := &throttle{h.DB, h.Keys}, dbtest.Start
		th.failNow(t, now, growing("a", 5, longestWait), bucket("b", 5, netEvery))
		sweep := func(at time.Time) (n int64) {
			err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = th.sweep(ctx, tx, at)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if a, b := sweep(now.Add(forgetAfter)), sweep(now.Add(3*forgetAfter)); a != 0 || b != 2 {
			t.Errorf("swept %d and %d rows, want 0 and 2", a, b)
		}
	})
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64", "2001:db8:1:2::/64": "2001:db8:1:2::/64", "": ""} {
		if got := networkOf(in); got != want {
			t.Errorf("network of %q = %q, want %q", in, got, want)
		}
	}
}
