package rekey_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/rekey"
	"learnspace/internal/seal"
)

// phones and rows are two real tables: one with a unique hash beside the sealed
// value, one with a key of four columns and a value that may be missing.
var (
	phones = seal.Place{Table: "acc_phone", Key: []string{"account"}, Sealed: []string{"phone_sealed"},
		Hashed: []seal.Hashed{{Column: "phone_hash", Of: "phone_sealed", Kind: "account phone"}}}
	rows = seal.Place{Table: "ros_row", Key: []string{"batch", "phase", "file", "number"}, Sealed: []string{"sealed"}}
)

type fixture struct {
	*testing.T
	*dbtest.Harness
	next *seal.Keys // after a rotation
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	next, err := h.Keys.Rotate(seal.SM)
	if err == nil {
		next, err = next.RotateHash(seal.SM)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{t, h, next}
}

func (f *fixture) exec(q string, args ...any) {
	f.Helper()
	if _, err := f.DB.Exec(f.Context(), q, args...); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) phone(keys *seal.Keys, account int, number string) {
	f.Helper()
	f.exec("INSERT INTO acc_phone (account, phone_hash, phone_sealed, tail, confirmed_at) VALUES ($1, $2, $3, $4, $5)",
		account, keys.Hash("account phone", number), keys.Seal([]byte(number)), number[7:], 1)
}

// row keeps a rejected row; "" is one that was erased.
func (f *fixture) row(keys *seal.Keys, file, number int, text string) {
	f.Helper()
	var sealed []byte
	if text != "" {
		sealed = keys.Seal([]byte(text))
	}
	f.exec("INSERT INTO ros_row (batch, phase, file, number, rejected, problems, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)", 1, 1, file, number, 1, "[]", sealed)
}

// left counts what is sealed under an older key, and fails on what does not open
// as it was.
func (f *fixture) left(p seal.Place, want func(key int64) string) (old int) {
	f.Helper()
	all, err := f.DB.Query(f.Context(), "SELECT "+p.Key[len(p.Key)-1]+", "+p.Sealed[0]+" FROM "+p.Table)
	if err != nil {
		f.Fatal(err)
	}
	defer all.Close()
	for all.Next() {
		var key int64
		var sealed []byte
		if err := all.Scan(&key, &sealed); err != nil {
			f.Fatal(err)
		}
		if f.next.Stale(sealed) {
			old++
		}
		if plain, err := f.next.Open(sealed); err != nil || string(plain) != want(key) {
			f.Errorf("%s %d opens as %q, %v", p.Table, key, plain, err)
		}
	}
	if err := all.Err(); err != nil {
		f.Fatal(err)
	}
	return old
}

func number(account int64) string { return fmt.Sprintf("139%08d", account) }

func TestRun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for i := range 450 { // more than two pages
			f.phone(h.Keys, i, number(int64(i)))
			f.row(h.Keys, i%3, i, fmt.Sprint("row ", i))
		}
		f.phone(f.next, 450, number(450))
		f.row(h.Keys, 0, 450, "")
		for _, want := range []int64{900, 0} {
			if n, err := rekey.Run(t.Context(), h.DB, f.next, []seal.Place{phones, rows}, nil); err != nil || n != want {
				t.Fatalf("%d rows were sealed anew of %d, %v", n, want, err)
			}
		}
		if n := f.left(phones, number); n > 0 {
			t.Errorf("%d phones are under the old key", n)
		}
		text := func(n int64) string {
			if n == 450 {
				return ""
			}
			return fmt.Sprint("row ", n)
		}
		if n := f.left(rows, text); n > 0 {
			t.Errorf("%d rows are under the old key", n)
		}
		fresh, err := f.next.RetireHash()
		if err != nil {
			t.Fatal(err)
		}
		var account int64
		err = h.DB.QueryRow(t.Context(), "SELECT account FROM acc_phone WHERE phone_hash = $1", fresh.Hash("account phone", number(7))).Scan(&account)
		if err != nil || account != 7 {
			t.Errorf("the phone is of %d by the new hash, %v", account, err)
		}
	})
}

// TestResume breaks a run off and begins it again: what is done stays done, and
// nothing is left.
func TestResume(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		const many = 900
		for i := range many {
			f.phone(h.Keys, i, number(int64(i)))
		}
		ctx, kill := context.WithCancel(t.Context())
		if _, err := rekey.Run(ctx, h.DB, f.next, []seal.Place{phones}, kill); !errors.Is(err, context.Canceled) {
			t.Fatalf("a run that was broken off gave %v", err)
		}
		old := f.left(phones, number)
		if old == 0 || old == many {
			t.Fatalf("%d of %d are old: the run was not broken off in the middle", old, many)
		}
		if n, err := rekey.Run(t.Context(), h.DB, f.next, []seal.Place{phones}, nil); err != nil || n != int64(old) {
			t.Errorf("the next run has done %d of %d, %v", n, old, err)
		}
		if n := f.left(phones, number); n > 0 {
			t.Errorf("%d are left", n)
		}
	})
}

// TestBesideWriters changes rows from another side all the while: no change is
// lost, and nothing is left under the old key but what that side wrote.
func TestBesideWriters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		const many = 600
		for i := range many {
			f.row(h.Keys, 0, i, "before")
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range many { // still with the keys of before
				if _, err := h.DB.Exec(t.Context(), "UPDATE ros_row SET sealed = $1 WHERE number = $2", h.Keys.Seal([]byte("after")), i); err != nil {
					t.Error(err)
				}
			}
		})
		if _, err := rekey.Run(t.Context(), h.DB, f.next, []seal.Place{rows}, nil); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if _, err := rekey.Run(t.Context(), h.DB, f.next, []seal.Place{rows}, nil); err != nil {
			t.Error(err)
		}
		if n := f.left(rows, func(int64) string { return "after" }); n > 0 {
			t.Errorf("%d are left", n)
		}
	})
}

// TestDamaged leaves what no key opens, does the others and names the table, but
// no value.
func TestDamaged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for i := range 3 {
			f.row(h.Keys, 0, i, "secret words")
		}
		bad := h.Keys.Seal([]byte("secret words"))
		bad[len(bad)-1] ^= 1
		f.exec("UPDATE ros_row SET sealed = $1 WHERE number = $2", bad, 1)
		f.phone(h.Keys, 5, number(5))
		n, err := rekey.Run(t.Context(), h.DB, f.next, []seal.Place{rows, phones}, nil)
		if n != 3 || !errors.Is(err, seal.ErrSealed) || !strings.Contains(err.Error(), "ros_row") || strings.Contains(err.Error(), "secret") {
			t.Errorf("sealed %d, %v", n, err)
		}
	})
}

// TestSameHash seals a phone anew whose new hash another account has taken while
// the rotation was under way: it stays known by the older one.
func TestSameHash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for i := range 3 {
			f.phone(h.Keys, i, number(int64(i)))
		}
		f.phone(f.next, 9, number(1))
		if n, err := rekey.Run(t.Context(), h.DB, f.next, []seal.Place{phones}, nil); err != nil || n != 3 {
			t.Errorf("sealed %d, %v", n, err)
		}
		if n := f.left(phones, func(a int64) string { return number(map[int64]int64{0: 0, 1: 1, 2: 2, 9: 1}[a]) }); n > 0 {
			t.Errorf("%d are left", n)
		}
	})
}
