package roster_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/id"
)

// parts hands files to an upload.
func parts(sources ...roster.Source) func(yield func(roster.Part, error) bool) {
	return func(yield func(roster.Part, error) bool) {
		for _, s := range sources {
			data := make([]byte, s.Size)
			_, _ = s.Data.ReadAt(data, 0)
			if !yield(roster.Part{Name: s.Name, Body: bytes.NewReader(data)}, nil) {
				return
			}
		}
	}
}

// upload hands a file in as a clerk does and wants it checked.
func (f *fixture) upload(t *testing.T, by access.Actor, key string, mode roster.Mode, sources ...roster.Source) (id.Batch, roster.Report) {
	t.Helper()
	bid, err := f.rosters.Upload(t.Context(), by, by.Home(), mode, key, parts(sources...))
	if err != nil {
		t.Fatal(err)
	}
	_, r, err := f.rosters.Get(t.Context(), by, bid, -1)
	if err != nil {
		t.Fatal(err)
	}
	f.whole(r)
	return bid, r
}

// work runs what is due in the background.
func (f *fixture) work(t *testing.T) {
	t.Helper()
	if _, err := f.jobs.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestWizard(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk, stranger := f.clerk("registrar", f.primary), f.clerk("school", f.other)
		file := sheet("三年级.csv", pupilHeader, pupil("林知夏", number("20110307", 1), "三年级", "1班"), pupil("", number("20110308", 2), "三年级", "1班"))
		bid, r := f.upload(t, clerk, "k1", roster.Add, file)
		f.counts(r, 2, 1, 0, 0, 0, 1)
		if len(r.Classes) != 1 {
			t.Errorf("classes %+v", r.Classes)
		}
		if n := f.has("SELECT COUNT(*) FROM person") + f.has("SELECT COUNT(*) FROM org_node WHERE kind = 'class'"); n != 0 {
			t.Errorf("%d things written before the confirmation", n)
		}
		again, _ := f.upload(t, clerk, "k1", roster.Add, file)
		if again != bid {
			t.Error("a second click made a second batch")
		}
		wantKind(t, "a stranger looks", func() error { _, _, err := f.rosters.Get(t.Context(), stranger, bid, 1); return err }(), notFound)
		wantKind(t, "a stranger confirms", f.rosters.Confirm(t.Context(), stranger, bid, true, 0), notFound)
		wantKind(t, "a stranger drops", f.rosters.Drop(t.Context(), stranger, bid), notFound)
		wantKind(t, "a stranger uploads", func() error {
			_, err := f.rosters.Upload(t.Context(), stranger, f.primary.ID, roster.Add, "", parts(file))
			return err
		}(), notFound)
		if list, err := f.rosters.Batches(t.Context(), stranger, f.other.ID, 0, 10); err != nil || len(list) != 0 {
			t.Errorf("a stranger lists %v, %v", list, err)
		}
		if list, err := f.rosters.Batches(t.Context(), f.clerk("county", f.county), f.county.ID, 0, 10); err != nil || len(list) != 1 {
			t.Errorf("the county lists %v, %v", list, err)
		}
		for range 2 { // a double click
			if err := f.rosters.Confirm(t.Context(), clerk, bid, true, 0); err != nil {
				t.Fatal(err)
			}
		}
		f.work(t)
		b, done, err := f.rosters.Get(t.Context(), clerk, bid, -1)
		if err != nil || b.State != roster.Done {
			t.Fatalf("state %v, %v", b.State, err)
		}
		if d := diffReports(r, done); d != "" {
			t.Errorf("the import said something else than the check:\n%s", d)
		}
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.made' AND actor = $1 AND role = 'registrar'", clerk.Person); n != 1 {
			t.Errorf("%d events by the clerk", n)
		}
		if n := f.has("SELECT COUNT(*) FROM audit WHERE action = 'roster.import'"); n != 1 {
			t.Errorf("%d audit rows", n)
		}
		if n := files(t, f.blobDir); n != 0 {
			t.Errorf("%d files are kept after the import", n)
		}
		if err := f.rosters.Confirm(t.Context(), clerk, bid, true, 0); err != nil {
			t.Errorf("confirmed once more: %v", err)
		}
		f.work(t)
		if n := f.has("SELECT COUNT(*) FROM person"); n != 1 {
			t.Errorf("%d persons", n)
		}
	})
}

// files counts the files below a folder.
func files(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOrphansAreSwept erases the files of an upload whose process died before the
// batch was made; those of a batch stay.
func TestOrphansAreSwept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("school", f.primary)
		bid, _ := f.upload(t, clerk, "", roster.Add, sheet("a.csv", pupilHeader, pupil("孟小满", number("20110307", 1), "三年级", "1班")))
		for _, key := range []string{"roster/77/0", "roster/78/0"} {
			if err := f.files.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"77", bid.String()} {
			at := time.Now().Add(-25 * time.Hour)
			if err := os.Chtimes(filepath.Join(f.blobDir, "roster", name, "0"), time.Time{}, at); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.rosters.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]bool{"roster/77/0": false, "roster/78/0": true, "roster/" + bid.String() + "/0": true} {
			r, err := f.files.Get(t.Context(), key)
			if (err == nil) != want {
				t.Errorf("%s: %v", key, err)
			}
			if err == nil {
				_ = r.Close()
			}
		}
	})
}

func TestKeptFilesAreSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("school", f.primary)
		no := number("20110307", 1)
		bid, _ := f.upload(t, clerk, "", roster.Add, sheet("a.csv", pupilHeader, pupil("林知夏", no[:17], "三年级", "1班"), pupil("孟小满", no, "三年级", "1班")))
		err := filepath.WalkDir(f.blobDir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte(no)) || bytes.Contains(data, []byte("林知夏")) {
				t.Errorf("%s holds what was uploaded in the open", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := f.has("SELECT COUNT(*) FROM ros_row WHERE problems LIKE '%" + no[:17] + "%'"); n != 0 {
			t.Error("a problem shows a whole number")
		}
		if err := f.rosters.Drop(t.Context(), clerk, bid); err != nil {
			t.Fatal(err)
		}
		if n := files(t, f.blobDir); n != 0 {
			t.Errorf("%d files after the batch was given up", n)
		}
		wantKind(t, "confirmed after it was given up", f.rosters.Confirm(t.Context(), clerk, bid, false, 0), conflict)
	})
}

// TestMoreLeavers has somebody come in after a whole roster was confirmed: nobody
// leaves, and the report says why.
func TestMoreLeavers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		who := pupil("林知夏", number("20110307", 1), "三年级", "1班")
		f.load(f.primary, sheet("a.csv", pupilHeader, who, pupil("孟小满", number("20110308", 2), "三年级", "1班")))
		bid, r := f.upload(t, clerk, "", roster.Whole, sheet("全.csv", pupilHeader, who))
		if r.Leaving != 1 || r.NobodyLeft {
			t.Fatalf("%d leave, %v", r.Leaving, r.NobodyLeft)
		}
		if err := f.rosters.Confirm(t.Context(), clerk, bid, true, 1); err != nil {
			t.Fatal(err)
		}
		f.load(f.primary, sheet("b.csv", pupilHeader, pupil("白朗宁", number("20110309", 3), "三年级", "1班")))
		f.work(t)
		_, r, err := f.rosters.Get(t.Context(), clerk, bid, -1)
		if err != nil {
			t.Fatal(err)
		}
		if n := f.has("SELECT COUNT(*) FROM person WHERE status = 'left'"); n != 0 || r.Leaving != 0 || !r.NobodyLeft {
			t.Errorf("%d left, the report says %d, %v", n, r.Leaving, r.NobodyLeft)
		}
	})
}

// TestConditionsChange closes the school between the click and the import: the
// batch ends as failed and says so, and nothing is half done.
func TestConditionsChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		bid, _ := f.upload(t, clerk, "", roster.Add, sheet("a.csv", pupilHeader, pupil("林知夏", number("20110307", 1), "三年级", "1班")))
		if err := f.rosters.Confirm(t.Context(), clerk, bid, true, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := f.DB.Exec(t.Context(), "UPDATE org_node SET status = 'closed' WHERE id = $1", f.primary.ID); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		b, _, err := f.rosters.Get(t.Context(), clerk, bid, -1)
		if err != nil || b.State != roster.Failed {
			t.Errorf("state %s, %v", b.State, err)
		}
		if n := f.has("SELECT COUNT(*) FROM person"); n != 0 {
			t.Errorf("%d persons", n)
		}
	})
}

// TestWorkGivenUp ends a batch whose background work was given up: it does not
// say for ever that it is on its way, and can be taken back.
func TestWorkGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		var batches []id.Batch
		for _, serial := range []int{1, 2} {
			bid, _ := f.upload(t, clerk, "", roster.Add, sheet("a.csv", pupilHeader, pupil("林知夏", number("20110307", serial), "三年级", "1班")))
			if err := f.rosters.Confirm(t.Context(), clerk, bid, false, 0); err != nil {
				t.Fatal(err)
			}
			batches = append(batches, bid)
		}
		if _, err := f.DB.Exec(t.Context(), "UPDATE job SET state = 'failed' WHERE kind = 'roster.run' AND key = $1", batches[0].String()); err != nil {
			t.Fatal(err)
		}
		if _, err := f.DB.Exec(t.Context(), "UPDATE job SET run_at = run_at + 1000000000000 WHERE kind = 'roster.run' AND key = $1", batches[1].String()); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		f.Clock.Advance(25 * time.Hour)
		f.work(t)
		for i, want := range []roster.State{roster.Failed, roster.Confirmed} {
			if b, _, err := f.rosters.Get(t.Context(), clerk, batches[i], 0); err != nil || b.State != want {
				t.Errorf("batch %d is %s, want %s, %v", i, b.State, want, err)
			}
		}
		if err := f.rosters.Undo(t.Context(), clerk, batches[0]); err != nil {
			t.Error(err)
		}
	})
}

// TestSameFormTwice sends one form a second time while the first is on its way:
// there is one batch, and the files of one.
func TestSameFormTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		file := func() roster.Source {
			return sheet("a.csv", pupilHeader, pupil("林知夏", number("20110307", 1), "三年级", "1班"))
		}
		var inner id.Batch
		outer, err := f.rosters.Upload(t.Context(), clerk, f.primary.ID, roster.Add, "k", func(yield func(roster.Part, error) bool) {
			inner, _ = f.upload(t, clerk, "k", roster.Add, file())
			parts(file())(yield)
		})
		if err != nil || outer != inner {
			t.Errorf("batches %v and %v, %v", inner, outer, err)
		}
		if n := files(t, f.blobDir); n != 1 {
			t.Errorf("%d files are kept, want 1", n)
		}
	})
}

// TestBrokenUpload breaks off in the middle of a file.
func TestBrokenUpload(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		_, err := f.rosters.Upload(t.Context(), clerk, f.primary.ID, roster.Add, "", func(yield func(roster.Part, error) bool) {
			_ = yield(roster.Part{Name: "a.csv", Body: io.MultiReader(strings.NewReader("姓名,"), iotest.ErrReader(io.ErrUnexpectedEOF))}, nil)
		})
		wantKind(t, "a broken upload", err, invalid)
		if n := f.has("SELECT COUNT(*) FROM ros_batch") + files(t, f.blobDir); n != 0 {
			t.Errorf("%d things are left of it", n)
		}
	})
}
