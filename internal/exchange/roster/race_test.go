package roster_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// TestTwoClerksAtOnce lets four clerks import the same pupils at once: each
// child becomes one person, each row is new for exactly one of them.
func TestTwoClerksAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		const rows, clerks = 300, 4
		lines := []string{pupilHeader}
		for i := range rows {
			lines = append(lines, pupil("孟小满", number(fmt.Sprintf("2011%02d%02d", i/28%12+1, i%28+1), i/336+1), "三年级", fmt.Sprint(i%8+1)+"班", "孟海", "父亲", fmt.Sprint(13804310000+i%100)))
		}
		var made, same atomic.Int64
		var wg sync.WaitGroup
		for range clerks {
			by := f.clerk("registrar", f.primary)
			wg.Go(func() {
				r, err := f.rosters.Import(t.Context(), by, roster.Request{Node: f.primary.ID, Sources: []roster.Source{sheet("a.csv", lines...)}})
				if err != nil {
					t.Error(err)
				}
				made.Add(r.Totals.New)
				same.Add(r.Totals.Unchanged)
			})
		}
		wg.Wait()
		if made.Load() != rows || same.Load() != rows*(clerks-1) {
			t.Errorf("%d new, %d unchanged", made.Load(), same.Load())
		}
		if p, g := f.has("SELECT COUNT(*) FROM person WHERE role = 'pupil'"), f.has("SELECT COUNT(*) FROM person WHERE role = 'guardian'"); p != rows || g != 100 {
			t.Errorf("%d pupils, %d guardians", p, g)
		}
		if n := f.has("SELECT COUNT(*) FROM org_node WHERE kind = 'class'"); n != 8 {
			t.Errorf("%d classes", n)
		}
	})
}

// TestOneClickOfMany presses every button eight times at once.
func TestOneClickOfMany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		press := func(what string, do func() error) {
			t.Helper()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := do(); err != nil && !errors.Is(err, fault.ErrConflict) {
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			wg.Wait()
		}
		who := pupil("林知夏", number("20110307", 1), "三年级", "1班")
		var batches sync.Map
		press("upload", func() error {
			b, err := f.rosters.Upload(t.Context(), clerk, f.primary.ID, roster.Add, "key", parts(sheet("a.csv", pupilHeader, who)))
			batches.Store(b, true)
			return err
		})
		var bid id.Batch
		n := 0
		batches.Range(func(k, _ any) bool { bid, n = k.(id.Batch), n+1; return true })
		if n != 1 {
			t.Fatalf("%d batches", n)
		}
		press("confirm", func() error { return f.rosters.Confirm(t.Context(), clerk, bid, true, 0) })
		f.work(t)
		if n := f.has("SELECT COUNT(*) FROM person"); n != 1 {
			t.Errorf("%d persons", n)
		}
		f.load(f.second, sheet("b.csv", pupilHeader, who))
		list, err := f.rosters.Transfers(t.Context(), clerk, f.primary.ID, "pending", 0, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("transfers %v, %v", list, err)
		}
		var accepted, refused atomic.Int64
		press("decide", func() error {
			err := f.rosters.Accept(t.Context(), clerk, list[0].ID)
			if err == nil {
				accepted.Add(1)
			}
			other := f.rosters.Refuse(t.Context(), clerk, list[0].ID, "不同意")
			if other == nil {
				refused.Add(1)
			}
			return errors.Join(err, other)
		})
		if (accepted.Load() > 0) == (refused.Load() > 0) {
			t.Errorf("accepted %d times, refused %d times", accepted.Load(), refused.Load())
		}
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.moved'"); n > 1 {
			t.Errorf("%d moves", n)
		}
	})
}

// TestClassOfAnother has an attempt to import a chunk fail after it had made a
// class, and somebody else make that class: it is none of the batch.
func TestClassOfAnother(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		known := number("20120307", 1)
		f.load(f.second, sheet("b.csv", pupilHeader, pupil("林知夏", known, "三年级", "1班")))
		lines := []string{pupilHeader}
		for i := range 3100 {
			lines = append(lines, pupil("孟小满", number(fmt.Sprintf("2011%02d%02d", i/28%12+1, i%28+1), i/336+1), "三年级", "1班"))
		}
		lines[1500] = pupil("林知夏", known, "三年级", "9班")
		lines[3100] = pupil("白朗宁", number("20120308", 2), "三年级", "9班")
		var once sync.Once
		f.rosters.OnCommit(func(rows int64) {
			if rows < 1500 {
				return
			}
			once.Do(func() {
				_, made, err := f.orgs.EnsureClass(t.Context(), f.op, f.primary.ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: 9})
				if err != nil || !made {
					t.Errorf("made %v, %v", made, err)
				}
			})
		})
		r, err := f.rosters.Import(t.Context(), f.op, roster.Request{Node: f.primary.ID, Sources: []roster.Source{sheet("a.csv", lines...)}})
		if err != nil {
			t.Fatal(err)
		}
		f.counts(r, 3100, 3099, 0, 0, 1, 0)
		if len(r.Classes) != 1 || r.Classes[0].Number != 1 {
			t.Errorf("classes of the batch %+v", r.Classes)
		}
	})
}
