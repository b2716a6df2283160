package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

// scratch makes a table t(id, v, b) and returns the database.
func scratch(t *testing.T, h *dbtest.Harness) *db.DB {
	t.Helper()
	blob := "BLOB"
	if !h.DB.Serial() {
		blob = "BYTEA"
	}
	_, err := h.DB.Exec(t.Context(), "CREATE TABLE scratch (id BIGINT PRIMARY KEY, v TEXT NOT NULL, b "+blob+")")
	if err != nil {
		t.Fatal(err)
	}
	return h.DB
}

func put(ctx context.Context, q db.Queryer, id int, v string) error {
	_, err := q.Exec(ctx, "INSERT INTO scratch (id, v) VALUES ($1, $2)", id, v)
	return err
}

func ids(t *testing.T, d *db.DB) []int {
	t.Helper()
	rows, err := d.Query(t.Context(), "SELECT id FROM scratch ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := []int{}
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		out = append(out, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func wantIDs(t *testing.T, d *db.DB, want ...int) {
	t.Helper()
	if want == nil {
		want = []int{}
	}
	if diff := cmp.Diff(want, ids(t, d)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestTx(t *testing.T) {
	t.Parallel()
	refusal := errors.New("refused")
	tests := []struct {
		name string
		fn   func(ctx context.Context, d *db.DB, tx *db.Tx) error
		err  error
		want []int
	}{
		{"commit", func(ctx context.Context, _ *db.DB, tx *db.Tx) error { return put(ctx, tx, 1, "a") }, nil, []int{1}},
		{"refusal undoes", func(ctx context.Context, _ *db.DB, tx *db.Tx) error {
			return errors.Join(put(ctx, tx, 1, "a"), refusal)
		}, refusal, nil},
		{"reads its own writes through the database", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			if err := put(ctx, tx, 1, "a"); err != nil {
				return err
			}
			var v string
			if err := d.QueryRow(ctx, "SELECT v FROM scratch WHERE id = $1", 1).Scan(&v); err != nil {
				return err
			}
			return put(ctx, d, 2, v)
		}, nil, []int{1, 2}},
		{"nested refusal undoes only the inner part", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			if err := put(ctx, tx, 1, "a"); err != nil {
				return err
			}
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(put(ctx, tx, 2, "b"), refusal)
			})
			if !errors.Is(err, refusal) {
				return fmt.Errorf("nested: %w", err)
			}
			return put(ctx, tx, 3, "c")
		}, nil, []int{1, 3}},
		{"a violation in a nested part leaves the rest alive", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			if err := put(ctx, tx, 1, "a"); err != nil {
				return err
			}
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 1, "again") })
			if !db.IsUnique(err) {
				return fmt.Errorf("want a unique violation, got %w", err)
			}
			return put(ctx, tx, 2, "b")
		}, nil, []int{1, 2}},
		{"nested panic, recovered outside of it", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			func() {
				defer func() { _ = recover() }()
				_ = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					_ = put(ctx, tx, 1, "a")
					panic("inner")
				})
			}()
			return put(ctx, tx, 2, "b")
		}, nil, []int{2}},
		{"three deep", func(ctx context.Context, d *db.DB, _ *db.Tx) error {
			return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 7, "x") })
			})
		}, nil, []int{7}},
		{"joined", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			if err := put(ctx, tx, 1, "a"); err != nil {
				return err
			}
			return d.Join(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 2, "b") })
		}, nil, []int{1, 2}},
		{"a joined part that fails takes all with it", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			_ = put(ctx, tx, 1, "a")
			_ = d.Join(ctx, func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(put(ctx, tx, 2, "b"), refusal)
			})
			return put(ctx, tx, 3, "c")
		}, refusal, nil},
		{"but only to the nearest savepoint", func(ctx context.Context, d *db.DB, tx *db.Tx) error {
			_ = put(ctx, tx, 1, "a")
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_ = d.Join(ctx, func(context.Context, *db.Tx) error { return refusal })
				return put(ctx, tx, 2, "b")
			})
			if !errors.Is(err, refusal) {
				return fmt.Errorf("nested: %w", err)
			}
			return put(ctx, tx, 3, "c")
		}, nil, []int{1, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				d := scratch(t, h)
				err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return tt.fn(ctx, d, tx) })
				if !errors.Is(err, tt.err) {
					t.Fatalf("error %v, want %v", err, tt.err)
				}
				wantIDs(t, d, tt.want...)
			})
		})
	}
}

func TestTxLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		leave func()
	}{
		{"panic", func() { panic("boom") }},
		{"goexit", runtime.Goexit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				d := scratch(t, h)
				left := make(chan any, 1)
				go func() {
					defer func() { left <- recover() }()
					_ = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						_ = put(ctx, tx, 1, "a")
						tt.leave()
						return nil
					})
					left <- "returned"
				}()
				if got := <-left; got == "returned" || tt.name == "panic" && got != "boom" {
					t.Errorf("the closure's end reached its caller as %v", got)
				}
				if err := put(t.Context(), d, 2, "b"); err != nil {
					t.Fatal(err)
				}
				wantIDs(t, d, 2)
			})
		})
	}
}

func TestTxContext(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		var late *db.Tx
		err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			late = tx
			if err := put(ctx, tx, 1, "a"); err != nil {
				return err
			}
			cancel()
			return put(ctx, tx, 2, "b")
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled closure gave %v", err)
		}
		wantIDs(t, d)
		if err := put(ctx, d, 3, "c"); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled caller got %v", err)
		}
		var v string
		if err := d.QueryRow(ctx, "SELECT v FROM scratch").Scan(&v); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled reader got %v", err)
		}
		if err := put(t.Context(), late, 4, "d"); !errors.Is(err, db.ErrDone) {
			t.Errorf("a late statement gave %v", err)
		}
		// Cancelled between the last statement and the end: the work is whole.
		ctx, cancel = context.WithCancel(t.Context())
		err = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			defer cancel()
			return put(ctx, tx, 5, "e")
		})
		if err != nil {
			t.Errorf("a closure that was done gave %v", err)
		}
		wantIDs(t, d, 5)
	})
}

func TestAfterCommit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		var got []string
		say := func(s string) func() { return func() { got = append(got, s) } }
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(say("one"))
			_ = d.Tx(ctx, func(_ context.Context, tx *db.Tx) error {
				tx.AfterCommit(say("never"))
				return errors.New("no")
			})
			err := d.Tx(ctx, func(_ context.Context, tx *db.Tx) error {
				tx.AfterCommit(func() {
					got = append(got, "two")
					// A hook stands outside and may open a transaction.
					if err := put(context.WithoutCancel(t.Context()), d, 9, "hook"); err != nil {
						t.Error(err)
					}
				})
				return nil
			})
			tx.AfterCommit(say("three"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = d.Tx(t.Context(), func(_ context.Context, tx *db.Tx) error {
			tx.AfterCommit(say("refused"))
			return errors.New("no")
		})
		if diff := cmp.Diff([]string{"one", "two", "three"}, got); diff != "" {
			t.Errorf("hooks (-want +got):\n%s", diff)
		}
		wantIDs(t, d, 9)
	})
}

// TestManyWriters lets many closures share groups while some refuse, panic or
// nest: each ends up whole or not at all.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		refusal := errors.New("refused")
		const writers, each = 24, 40
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					n := (w*each + i) * 2
					err := func() (err error) {
						defer func() {
							if r := recover(); r != nil {
								err = refusal
							}
						}()
						return d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
							if err := put(ctx, tx, n, "first"); err != nil {
								return err
							}
							switch i % 4 {
							case 1:
								return refusal
							case 2:
								panic("boom")
							}
							return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, n+1, "second") })
						})
					}()
					if want := i%4 == 1 || i%4 == 2; want != (err != nil) {
						t.Errorf("closure %d gave %v", n, err)
					}
				}
			})
		}
		wg.Wait()
		var want []int
		for w := range writers {
			for i := range each {
				if n := (w*each + i) * 2; i%4 == 0 || i%4 == 3 {
					want = append(want, n, n+1)
				}
			}
		}
		wantIDs(t, d, want...)
	})
}

var _ = []db.Queryer{(*db.DB)(nil), (*db.Tx)(nil)}
