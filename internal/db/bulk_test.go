package db_test

import (
	"context"
	"iter"
	"slices"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

func TestBulk(t *testing.T) {
	t.Parallel()
	columns := []string{"id", "v", "b"}
	const update = "ON CONFLICT (id) DO UPDATE SET v = excluded.v"
	seq := func(from, to int, v string) iter.Seq[[]any] {
		return func(yield func([]any) bool) {
			row := make([]any, 3) // used again, as callers may
			for i := from; i < to; i++ {
				row[0], row[1], row[2] = i, v, []byte(v)
				if !yield(row) {
					return
				}
			}
		}
	}
	tests := []struct {
		name     string
		conflict string
		rows     int
		want     int64
	}{
		{"none", "", 0, 0},
		{"few", "", 7, 7},
		{"few with conflicts", "ON CONFLICT (id) DO NOTHING", 7, 6},
		{"many", "", 2345, 2345},
		{"many with conflicts ignored", "ON CONFLICT (id) DO NOTHING", 2345, 2344},
		{"many with conflicts updated", update, 2345, 2345},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				d := scratch(t, h)
				old := 3
				if tt.conflict == "" {
					old = 1_000_000
				}
				if err := put(t.Context(), d, old, "old"); err != nil {
					t.Fatal(err)
				}
				var n int64
				err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
					n, err = tx.Bulk(ctx, db.Bulk{Table: "scratch", Columns: columns, Conflict: tt.conflict, Rows: seq(0, tt.rows, "new")})
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if n != tt.want {
					t.Errorf("%d rows, want %d", n, tt.want)
				}
				var total int
				var v string
				if err := d.QueryRow(t.Context(), "SELECT COUNT(*) FROM scratch WHERE id < 1000000").Scan(&total); err != nil {
					t.Fatal(err)
				}
				if total != tt.rows {
					t.Errorf("%d rows stored, want %d", total, tt.rows)
				}
				if err := d.QueryRow(t.Context(), "SELECT v FROM scratch WHERE id = $1", old).Scan(&v); err != nil {
					t.Fatal(err)
				}
				if want := map[bool]string{true: "new", false: "old"}[tt.conflict == update]; v != want {
					t.Errorf("the old row says %q, want %q", v, want)
				}
			})
		})
	}
}

func TestBulkRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Bulk(ctx, db.Bulk{Table: "scratch", Columns: []string{"id", "v"}, Rows: func(yield func([]any) bool) {
				for i := range 3000 {
					if !yield([]any{i % 2999, "v"}) {
						return
					}
				}
			}})
			return err
		})
		if !db.IsUnique(err) {
			t.Errorf("a doubled row gave %v", err)
		}
		err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Bulk(ctx, db.Bulk{Table: "scratch", Columns: []string{"id", "v"}, Rows: slices.Values([][]any{{1}})})
			return err
		})
		if err == nil {
			t.Error("a short row was taken")
		}
		wantIDs(t, d)
	})
}
