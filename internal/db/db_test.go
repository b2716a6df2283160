package db_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

func TestValues(t *testing.T) {
	t.Parallel()
	type level int32
	type word string
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		ctx := t.Context()
		_, err := d.Exec(ctx, "INSERT INTO scratch (id, v, b) VALUES ($1, $2, $3)", level(4), word("字"), []byte{0, 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Exec(ctx, "INSERT INTO scratch (id, v, b) VALUES ($1, $2, $3)", true, "", nil); err != nil {
			t.Fatal(err)
		}
		var id level
		var v word
		var b []byte
		if err := d.QueryRow(ctx, "SELECT id, v, b FROM scratch WHERE v = $1 AND id > $2", "字", 0).Scan(&id, &v, &b); err != nil {
			t.Fatal(err)
		}
		if id != 4 || v != "字" || !slices.Equal(b, []byte{0, 1}) {
			t.Errorf("read %v %v %v", id, v, b)
		}
		if err := d.QueryRow(ctx, "SELECT id FROM scratch WHERE id = $1", 99).Scan(&id); !errors.Is(err, db.ErrNoRows) {
			t.Errorf("a miss gave %v", err)
		}
		if _, err := d.Exec(ctx, "DELETE FROM scratch WHERE id = $1", struct{}{}); err == nil {
			t.Error("a struct was taken as an argument")
		}
		if err := d.QueryRow(ctx, "SELECT id FROM scratch WHERE id = $1", struct{}{}).Scan(&id); err == nil || errors.Is(err, db.ErrNoRows) {
			t.Errorf("a struct was taken as an argument: %v", err)
		}
		var a db.Args
		q := "SELECT COUNT(*) FROM scratch WHERE id IN (" + db.List(&a, []int{1, 4, 5}) + ") AND v <> " + a.Add("x")
		var n int
		if err := d.QueryRow(ctx, q, a...).Scan(&n); err != nil || n != 2 {
			t.Errorf("counted %d, %v", n, err)
		}
	})
}

// TestStatementInUse runs a statement again while its rows are open.
func TestStatementInUse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		for i := range 3 {
			if err := put(t.Context(), d, i, "v"); err != nil {
				t.Fatal(err)
			}
		}
		var pairs int
		outer, err := d.Query(t.Context(), "SELECT id FROM scratch WHERE v = $1", "v")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = outer.Close() }()
		for outer.Next() {
			pairs += count(t, d)
		}
		if pairs != 9 {
			t.Errorf("%d pairs, want 9", pairs)
		}
		if !d.Serial() {
			return // the server reads one result at a time in a transaction
		}
		pairs = 0
		err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			outer, err := tx.Query(ctx, "SELECT id FROM scratch WHERE v = $1", "v")
			if err != nil {
				return err
			}
			for outer.Next() { // left open: the transaction closes it
				inner, err := tx.Query(ctx, "SELECT id FROM scratch WHERE v = $1", "v")
				if err != nil {
					return err
				}
				for inner.Next() {
					pairs++
				}
			}
			return nil
		})
		if err != nil || pairs != 9 {
			t.Errorf("%d pairs in a transaction, want 9 (%v)", pairs, err)
		}
	})
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	rows, err := d.Query(t.Context(), "SELECT id FROM scratch WHERE v = $1", "v")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		n++
	}
	return n
}

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

func TestSnapshot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		if err := put(t.Context(), d, 1, "a"); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "a copy.db")
		err := d.Snapshot(t.Context(), path)
		if !d.Serial() {
			if !errors.Is(err, db.ErrNoSnapshot) {
				t.Errorf("the server gave %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := db.CheckFile(t.Context(), path); err != nil {
			t.Error(err)
		}
		c, err := db.Open(t.Context(), "sqlite:"+path, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, c, 1)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("no database at all, and long enough to be read as one"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := db.CheckFile(t.Context(), path); err == nil {
			t.Error("a ruined file passed")
		}
	})
}

func TestNotify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		calls, cancel := h.DB.Subscribe("a")
		others, cancelOthers := h.DB.Subscribe("b")
		defer cancelOthers()
		h.DB.Notify("a")
		<-calls
		select {
		case <-others:
			t.Error("a call reached another channel")
		default:
		}
		cancel()
		h.DB.Notify("a")
	})
}

func TestNotifyOtherProcess(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines(t) {
		if e != db.Postgres {
			continue
		}
		url := dbtest.URL(t, e)
		a, b := dbtest.NewAt(t, e, url).DB, dbtest.NewAt(t, e, url).DB
		calls, cancel := b.Subscribe("x")
		defer cancel()
		for heard := false; !heard; { // the listener may still be connecting
			a.Notify("x")
			if err := a.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			select {
			case <-calls:
				heard = true
			default:
				runtime.Gosched()
			}
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := "sqlite:" + t.TempDir() + "/with space?#%.db"
	d, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(ctx, url, db.Options{}); !errors.Is(err, db.ErrLocked) {
		t.Errorf("a second writer got %v", err)
	}
	if _, err := d.Exec(ctx, "CREATE TABLE scratch (id BIGINT PRIMARY KEY, v TEXT)"); err != nil {
		t.Fatal(err)
	}
	r, err := db.Open(ctx, url, db.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(ctx, d, 1, "a"); err != nil {
		t.Fatal(err)
	}
	wantIDs(t, r, 1)
	if err := put(ctx, r, 2, "b"); !errors.Is(err, db.ErrReadOnly) {
		t.Errorf("a reader's write gave %v", err)
	}
	if err := errors.Join(r.Close(), d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if err := put(ctx, d, 3, "c"); !errors.Is(err, db.ErrClosed) {
		t.Errorf("a write after the end gave %v", err)
	}
	for _, bad := range []string{"", "mysql://x", "sqlite:", "sqlite:/no/such/folder/x.db", "postgres://%zz"} {
		if _, err := db.Open(ctx, bad, db.Options{}); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
	again, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, again, 1)
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

var _ = []db.Queryer{(*db.DB)(nil), (*db.Tx)(nil)}

func TestView(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		d := scratch(t, h)
		if err := put(t.Context(), d, 1, "a"); err != nil {
			t.Fatal(err)
		}
		first := 0
		read := func(ctx context.Context) (n int) {
			if err := d.QueryRow(ctx, "SELECT COUNT(*) FROM scratch").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := d.View(t.Context(), func(ctx context.Context) error {
			first = read(ctx)
			// A write inside is a transaction of its own, durable at once.
			if err := put(ctx, d, 2, "b"); err != nil {
				return err
			}
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				if n := read(ctx); n != 2 {
					t.Errorf("a transaction inside a view counts %d", n)
				}
				return put(ctx, tx, 3, "c")
			})
			if n := read(ctx); d.Serial() && n != 1 {
				t.Errorf("the view moved to %d rows", n)
			}
			return errors.Join(err, d.View(ctx, func(ctx context.Context) error {
				return d.QueryRow(ctx, "SELECT 1").Err()
			}), errors.New("done"))
		})
		if first != 1 || err == nil || err.Error() != "done" {
			t.Errorf("counted %d, %v", first, err)
		}
		wantIDs(t, d, 1, 2, 3)
	})
}
