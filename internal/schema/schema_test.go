package schema_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/schema"
)

var update = flag.Bool("update", false, "write the golden files")

// TestDump compares the schema of each engine with its golden file, so that a
// change of the schema shows in the diff. go test ./internal/schema -update
// writes them.
func TestDump(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		got, err := schema.Dump(t.Context(), h.DB)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", h.DB.Dialect().String()+".golden")
		if *update {
			if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("schema (-want +got); -update writes it:\n%s", diff)
		}
	})
}

// TestMigrate migrates an empty database from two sides at once, finds nothing
// left to do and does nothing the second time.
func TestMigrate(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines(t) {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d := emptyDatabase(t, e)
			before, err := schema.Plan(ctx, d)
			if err != nil || len(before) == 0 || before[0].Name != "20191001000100_foundation_create.sql" {
				t.Fatalf("plan %v, %v", before, err)
			}
			var wg sync.WaitGroup
			for range map[db.Dialect]int{db.SQLite: 1, db.Postgres: 2}[e] {
				wg.Go(func() {
					if err := schema.Migrate(ctx, d); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			after, err := schema.Plan(ctx, d)
			if err != nil || len(after) != 0 {
				t.Errorf("left over: %v, %v", after, err)
			}
			if err := schema.Migrate(ctx, d); err != nil {
				t.Error(err)
			}
		})
	}
}

// emptyDatabase returns a database without any table.
func emptyDatabase(t *testing.T, e db.Dialect) *db.DB {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "empty.db")
	if e == db.Postgres {
		url = dbtest.URL(t, e)
	}
	d, err := db.Open(t.Context(), url, db.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if e == db.Postgres {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "DROP SCHEMA public CASCADE"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "CREATE SCHEMA public")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return d
}
