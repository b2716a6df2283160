package person_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

func TestReseal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		d := pupil(f.a1, "李晓", number1)
		d.StudentNo = "G" + number1
		ids := f.make(d, person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13911112222", Unit: f.a.ID})
		rotated, err := h.Keys.Rotate(seal.SM)
		if err != nil {
			t.Fatal(err)
		}
		both, err := rotated.RotateHash(seal.SM)
		if err != nil {
			t.Fatal(err)
		}
		finds := func(keys *seal.Keys) bool {
			t.Helper()
			people := person.New(h.DB, h.IDs, h.Clock, keys, h.Log, h.Audit, f.orgs)
			value := person.IDValue("1", number1)
			found, err := people.Lookup(ctx, f.op, person.ByIDNumber, []string{value})
			if err != nil {
				t.Fatal(err)
			}
			return found[value].ID == ids[0]
		}
		if !finds(both) {
			t.Error("nobody is found while the rotation is under way")
		}
		people := person.New(h.DB, h.IDs, h.Clock, both, h.Log, h.Audit, f.orgs)
		for _, want := range []int64{2, 0} {
			if n, err := people.Reseal(ctx, f.op, nil); err != nil || n != want {
				t.Fatalf("sealed %d anew of %d, %v", n, want, err)
			}
		}
		fresh, err := both.RetireHash()
		if err != nil {
			t.Fatal(err)
		}
		if !finds(fresh) {
			t.Error("nobody is found by the new hash")
		}
		if finds(h.Keys) {
			t.Error("the old hash is still there")
		}
		if _, err := people.Reseal(ctx, actor(access.Province, f.province, 1), nil); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("an officer seals anew: %v", err)
		}
	})
}

// TestResealWhileServing reads, finds, changes and makes people from several
// sides while their numbers are sealed and hashed anew under another suite, and
// breaks the work off in the middle: nobody notices, and nobody is left behind.
func TestResealWhileServing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		const many = 1500
		var drafts []person.Draft
		for i := range many {
			drafts = append(drafts, pupil(f.a1, fmt.Sprint("学生", i), checked(i)))
		}
		ids := f.make(drafts...)
		// What an import had prepared before the rotation and writes after it.
		late, err := f.people.Prepare(ctx, f.op, []person.Draft{pupil(f.a1, "迟到", checked(90_000))})
		if err != nil {
			t.Fatal(err)
		}
		rotated, err := h.Keys.Rotate(seal.SM)
		if err == nil {
			rotated, err = rotated.RotateHash(seal.SM)
		}
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		busy := func(step func(n int) error) {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					if err := step(n); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for side := range 2 {
			busy(func(n int) error {
				i := (n*7 + side*31) % many
				value := person.IDValue("1", checked(i))
				found, err := f.people.Lookup(ctx, f.op, person.ByIDNumber, []string{value})
				if err == nil && found[value].ID != ids[i] {
					err = fmt.Errorf("person %d is not found", i)
				}
				return err
			})
		}
		busy(func(n int) error { // the same number is refused as long as its holder is there
			prepared, err := f.people.Prepare(ctx, f.op, []person.Draft{pupil(f.a2, "又一", checked(n%many))})
			if err != nil {
				return err
			}
			if err := f.people.InsertMany(ctx, f.op, prepared); !errors.Is(err, fault.ErrConflict) {
				return fmt.Errorf("a number was given twice: %w", err)
			}
			return nil
		})
		busy(func(n int) error {
			prepared, err := f.people.Prepare(ctx, f.op, []person.Draft{pupil(f.a2, fmt.Sprint("新生", n), checked(10_000+n))})
			if err != nil {
				return err
			}
			return f.people.InsertMany(ctx, f.op, prepared)
		})
		h.Keys.Adopt(rotated)
		broken, cancel := context.WithCancel(ctx)
		_, err = f.people.Reseal(broken, f.op, func(done int64) {
			if done >= 400 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("the work was not broken off: %v", err)
		}
		if _, err := f.people.Reseal(ctx, f.op, nil); err != nil {
			t.Fatal(err)
		}
		close(stop)
		wg.Wait()
		if err := f.people.InsertMany(ctx, f.op, late); err != nil {
			t.Fatal(err)
		}
		if _, err := f.people.Reseal(ctx, f.op, nil); err != nil {
			t.Fatal(err)
		}
		settled, err := h.Keys.Settle()
		if err != nil {
			t.Fatal(err)
		}
		h.Keys.Adopt(settled)
		var values []string
		for i := range many {
			values = append(values, person.IDValue("1", checked(i)))
		}
		values = append(values, person.IDValue("1", checked(90_000)))
		found, err := f.people.Lookup(ctx, f.op, person.ByIDNumber, values)
		if err != nil || len(found) != len(values) {
			t.Errorf("%d of %d are found by the new key alone, %v", len(found), len(values), err)
		}
		var persons, keys, stale int
		if err := h.DB.QueryRow(ctx, "SELECT COUNT(*) FROM person WHERE id_sealed <> $1", []byte{}).Scan(&persons); err != nil {
			t.Fatal(err)
		}
		if err := h.DB.QueryRow(ctx, "SELECT COUNT(*) FROM person_key").Scan(&keys); err != nil {
			t.Fatal(err)
		}
		if persons != keys {
			t.Errorf("%d persons have %d keys", persons, keys)
		}
		rows, err := h.DB.Query(ctx, "SELECT id_sealed FROM person")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var sealed []byte
			if err := rows.Scan(&sealed); err != nil {
				t.Fatal(err)
			}
			if h.Keys.Stale(sealed) {
				stale++
			}
		}
		if stale > 1 { // the late one was sealed before
			t.Errorf("%d numbers are sealed under the old key", stale)
		}
	})
}

// checked is the n-th made-up identity number with its check digit.
func checked(n int) string {
	base := fmt.Sprintf("2201%02d2010%02d07%03d", n/1000%89+1, n/89000%12+1, n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(base[i]-'0') * w
	}
	return base + string("10X98765432"[sum%11])
}
