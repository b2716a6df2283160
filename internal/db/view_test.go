package db_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
)

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
