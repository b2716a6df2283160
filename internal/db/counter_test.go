package db_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

// counterOf keeps a number in the scratch table.
func counterOf(t *testing.T, d *db.DB) *db.Counter {
	t.Helper()
	if _, err := d.Exec(t.Context(), "INSERT INTO scratch (id, v) VALUES ($1, $2)", 1, "7"); err != nil {
		t.Fatal(err)
	}
	return &db.Counter{Read: "SELECT CAST(v AS BIGINT) FROM scratch WHERE id = 1", Write: "UPDATE scratch SET v = $1 WHERE id = 1"}
}

// What is undone gives its numbers back, whatever was taken around it.
func TestCounterUndone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		c := counterOf(t, d)
		take := func(ctx context.Context, tx *db.Tx, n, want int64) {
			if got, err := tx.Take(ctx, c, n); err != nil || got != want {
				t.Errorf("took %d, %v; want %d", got, err, want)
			}
		}
		undo := errors.New("undo")
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if !tx.Serial() {
				if _, err := tx.Take(ctx, c, 1); err == nil {
					t.Error("a number was taken beside others who write")
				}
				return undo
			}
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				take(ctx, tx, 5, 8)
				return undo
			})
			if !errors.Is(err, undo) {
				t.Error(err)
			}
			take(ctx, tx, 2, 8)
			if n, err := d.Count(ctx, c); err != nil || n != 9 {
				t.Errorf("inside it counts %d, %v", n, err)
			}
			_ = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				take(ctx, tx, 1, 10)
				return undo
			})
			take(ctx, tx, 1, 10)
			return nil
		})
		if !h.DB.Serial() {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if n, err := d.Count(t.Context(), c); err != nil || n != 10 {
			t.Errorf("counted %d, %v", n, err)
		}
	})
}

// Of many who take at once, some of them in vain, everybody has numbers of his
// own and none is left out.
func TestCounterDense(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "count.db"), db.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	c := counterOf(t, scratch(t, &dbtest.Harness{DB: d}))
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := range 20 {
				var got int64
				err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
					got, err = tx.Take(ctx, c, 1)
					if (w+n)%3 == 0 {
						return errors.New("in vain")
					}
					return err
				})
				if err == nil {
					mu.Lock()
					if seen[got] {
						t.Errorf("%d was taken twice", got)
					}
					seen[got] = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	end, err := d.Count(t.Context(), c)
	if err != nil || end != 7+int64(len(seen)) {
		t.Errorf("the counter stands at %d, %v, after %d were taken", end, err, len(seen))
	}
}
