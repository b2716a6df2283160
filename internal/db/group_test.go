package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

// together runs closures so that they wait for the same group: a first closure
// holds the door until all of them stand in the queue.
func together(t *testing.T, d *db.DB, fns ...func(ctx context.Context, tx *db.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(fns))
	inside, open := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		first := true // a closure may run again
		err := d.Tx(t.Context(), func(context.Context, *db.Tx) error {
			if first {
				first = false
				close(inside)
				<-open
			}
			return nil
		})
		if err != nil {
			t.Errorf("the closure that held the door: %v", err)
		}
	})
	<-inside
	for i, fn := range fns {
		wg.Go(func() { errs[i] = d.Tx(t.Context(), fn) })
		for d.Waiting() <= i { // one after another, so that their order is known
			runtime.Gosched()
		}
	}
	close(open)
	wg.Wait()
	return errs
}

func sqliteOnly(t *testing.T) *db.DB {
	t.Helper()
	return scratch(t, dbtest.New(t, db.SQLite))
}

func writer(id int) func(ctx context.Context, tx *db.Tx) error {
	return func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, id, "v") }
}

// TestGroupSurvives puts a closure that ruins the whole transaction between
// others: they run again and only it fails.
func TestGroupSurvives(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 4<<20)
	tests := []struct {
		name string
		ruin func(ctx context.Context, d *db.DB, tx *db.Tx) error
		want []int
	}{
		{"the disk is full", func(ctx context.Context, _ *db.DB, tx *db.Tx) error {
			return put(ctx, tx, 100, huge)
		}, []int{1, 2, 3, 4}},
		{"the disk is full and the closure does not care", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			_ = put(ctx, tx, 100, huge)
			_ = put(ctx, tx, 101, "small")
			_ = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 102, "small") })
			return nil
		}, []int{1, 2, 3, 4}},
		{"the transaction is rolled back beneath it", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "ROLLBACK")
			return err
		}, []int{1, 2, 3, 4}},
		{"the transaction is rolled back beneath a refusal", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "ROLLBACK")
			return errors.Join(err, errors.New("refused"))
		}, []int{1, 2, 3, 4}},
		{"a panic", func(ctx context.Context, _ *db.DB, tx *db.Tx) error {
			_ = put(ctx, tx, 100, "v")
			runtime.Goexit()
			return nil
		}, []int{1, 2, 3, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := sqliteOnly(t)
			limit := func(ctx context.Context, tx *db.Tx) error {
				var pages int
				if err := tx.QueryRow(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
					return err
				}
				return tx.QueryRow(ctx, fmt.Sprintf("PRAGMA max_page_count(%d)", pages+200)).Scan(&pages)
			}
			if err := d.Tx(t.Context(), limit); err != nil {
				t.Fatal(err)
			}
			errs := together(t, d, writer(1), writer(2),
				func(ctx context.Context, tx *db.Tx) error { return tt.ruin(ctx, d, tx) }, writer(3), writer(4))
			for i, err := range errs {
				if i != 2 && err != nil {
					t.Errorf("closure %d: %v", i, err)
				}
			}
			if tt.name != "a panic" && errs[2] == nil {
				t.Error("the closure that ruined its group was told that all is well")
			}
			wantIDs(t, d, tt.want...)
			if err := put(t.Context(), d, 5, "after"); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// TestGroupOrder: members of a group see what earlier members wrote, and a
// refusal that rests on it is told only once that is durable.
func TestGroupOrder(t *testing.T) {
	t.Parallel()
	d := sqliteOnly(t)
	taken := errors.New("taken")
	claim := func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "INSERT INTO scratch (id, v) VALUES (1, 'slot') ON CONFLICT (id) DO NOTHING")
		if err == nil && n == 0 {
			err = taken
		}
		return err
	}
	errs := together(t, d, claim, claim, claim)
	if errs[0] != nil || !errors.Is(errs[1], taken) || !errors.Is(errs[2], taken) {
		t.Errorf("three claims of one slot gave %v", errs)
	}
}

// TestGroupCancelled: a caller that gives up in the queue leaves it, and its
// closure never runs.
func TestGroupCancelled(t *testing.T) {
	t.Parallel()
	d := sqliteOnly(t)
	ctx, cancel := context.WithCancel(t.Context())
	inside, open, gone := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = d.Tx(t.Context(), func(context.Context, *db.Tx) error {
			close(inside)
			<-open
			return nil
		})
	})
	<-inside
	go func() { gone <- d.Tx(ctx, writer(1)) }()
	for d.Waiting() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v", err)
	}
	close(open)
	wg.Wait()
	if err := d.Tx(t.Context(), writer(2)); err != nil {
		t.Fatal(err)
	}
	wantIDs(t, d, 2)
	if n := d.Waiting(); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

// TestCloseWaits: what was accepted before Close is done before it returns.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t, db.SQLite)
	d, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exec(t.Context(), "CREATE TABLE scratch (id BIGINT PRIMARY KEY, v TEXT)"); err != nil {
		t.Fatal(err)
	}
	inside, open := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			close(inside)
			<-open
			return put(ctx, tx, 1, "v")
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	wg.Go(func() {
		if err := d.Tx(t.Context(), writer(2)); err != nil {
			t.Error(err)
		}
	})
	for d.Waiting() == 0 {
		runtime.Gosched()
	}
	closed := make(chan error, 1)
	go func() { closed <- d.Close() }()
	close(open)
	wg.Wait()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	again, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, again, 1, 2)
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestRetry: the server's deadlock is run again and both closures succeed.
func TestRetry(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines(t) {
		if e != db.Postgres {
			continue
		}
		d := scratch(t, dbtest.New(t, e))
		for i := range 2 {
			if err := put(t.Context(), d, i, ""); err != nil {
				t.Fatal(err)
			}
		}
		const set = "UPDATE scratch SET v = v || 'x' WHERE id = $1"
		var wg, met sync.WaitGroup
		met.Add(2)
		var runs [2]int
		for i := range 2 {
			wg.Go(func() {
				err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					runs[i]++
					if _, err := tx.Exec(ctx, set, i); err != nil {
						return err
					}
					if runs[i] == 1 {
						met.Done()
						met.Wait()
					}
					_, err := tx.Exec(ctx, set, 1-i)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var both int
		if err := d.QueryRow(t.Context(), "SELECT COUNT(*) FROM scratch WHERE v = 'xx'").Scan(&both); err != nil {
			t.Fatal(err)
		}
		if both != 2 || runs[0]+runs[1] < 3 {
			t.Errorf("%d rows whole after %v runs", both, runs)
		}
	}
}

// TestSwallowedFailure: on the server a failed statement spoils the
// transaction; a closure that goes on regardless must not be told all is well.
func TestSwallowedFailure(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := put(ctx, tx, 1, "a"); err != nil {
				return err
			}
			_ = put(ctx, tx, 1, "again")
			return nil
		})
		got := len(ids(t, d))
		if (err == nil) != (got == 1) {
			t.Errorf("error %v with %d rows", err, got)
		}
	})
}
