package db_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
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
		for _, before := range []int{0, 50, 3000} {
			err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Bulk(ctx, db.Bulk{Table: "scratch", Columns: []string{"id", "v"}, Rows: func(yield func([]any) bool) {
					for i := range before {
						if !yield([]any{i, "v"}) {
							return
						}
					}
					yield([]any{before})
				}})
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "1 values for 2 columns") {
				t.Errorf("a short row behind %d gave %v", before, err)
			}
		}
		wantIDs(t, d)
	})
}

// TestBulkStops breaks off in the middle of many rows: by the caller's time that
// is over, and by rows that cannot be made.
func TestBulkStops(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		bulk := func(ctx context.Context, at int, what func()) (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic: %v", p)
				}
			}()
			return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Bulk(ctx, db.Bulk{Table: "scratch", Columns: []string{"id", "v"}, Rows: func(yield func([]any) bool) {
					for i := range 50_000 {
						if i == at {
							what()
						}
						if !yield([]any{i, "v"}) {
							return
						}
					}
				}})
				return err
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if err := bulk(ctx, 3000, cancel); !errors.Is(err, context.Canceled) {
			t.Errorf("a bulk whose time is over gave %v", err)
		}
		if err := bulk(t.Context(), 3000, func() { panic("no row") }); err == nil || !strings.Contains(err.Error(), "no row") {
			t.Errorf("rows that panic gave %v", err)
		}
		wantIDs(t, d)
		if err := bulk(t.Context(), 0, func() {}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}
