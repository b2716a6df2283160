package db_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

// TestUnsynced mixes parts of longer work with ordinary writes: only the parts
// commit without waiting for the disk, whoever waits beside them.
func TestUnsynced(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines(t) {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			d, err := db.Open(t.Context(), dbtest.URL(t, e), db.Options{PoolSize: 12})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			ask, waits, hasty := "PRAGMA synchronous", "2", "1"
			if e == db.Postgres {
				ask, hasty = "SHOW synchronous_commit", "off"
				if err := d.QueryRow(t.Context(), ask).Scan(&waits); err != nil {
					t.Fatal(err)
				}
			}
			level := func(ctx context.Context) (got string, err error) {
				err = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					return tx.QueryRow(ctx, ask).Scan(&got)
				})
				return got, err
			}
			var wg sync.WaitGroup
			for n := range 60 {
				ctx, want := t.Context(), waits
				switch n % 4 {
				case 1:
					ctx, want = db.Unsynced(ctx), hasty
				case 2:
					ctx, want = db.Unsynced(db.Patiently(ctx)), hasty
				}
				wg.Go(func() {
					if got, err := level(ctx); err != nil || got != want {
						t.Error(fmt.Errorf("write %d ran at level %s, want %s (%w)", n, got, want, err))
					}
				})
			}
			wg.Wait()
		})
	}
}
