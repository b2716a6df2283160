package roster_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"learnspace/internal/audit"
	"learnspace/internal/blob"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/id"
	"learnspace/internal/seal"
)

// Where the process that is to be killed finds its database, keys and files.
const (
	crashURL = "LEARNSPACE_ROSTER_CRASH_URL"
	crashDir = "LEARNSPACE_ROSTER_CRASH_DIR"
	// As many letters as processes so far.
	crashRound = "LEARNSPACE_ROSTER_CRASH_ROUND"
)

const crashRows = 6000

// TestCrash kills a process in the middle of an import, twice, and lets the
// next one go on: every row is taken exactly once and the report is whole.
func TestCrash(t *testing.T) {
	t.Parallel()
	if url := os.Getenv(crashURL); url != "" {
		importUntilKilled(t, url, os.Getenv(crashDir))
		return
	}
	for _, e := range dbtest.Engines(t) {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			url, dir := dbtest.URL(t, e), t.TempDir()
			if _, err := seal.Create(filepath.Join(dir, "keys.json"), seal.AES); err != nil {
				t.Fatal(err)
			}
			bid := confirmRoster(t, url, dir)
			killAfter(t, url, dir, 1)
			killAfter(t, url, dir, 2)
			d, f := reopen(t, url, dir, 1, 20*time.Minute)
			defer d.Close()
			f.work(t)
			b, r, err := f.rosters.Get(t.Context(), f.op, bid, -1)
			if err != nil || b.State != roster.Done {
				t.Fatalf("state %s, %v", b.State, err)
			}
			f.counts(r, crashRows+1, crashRows, 0, 0, 0, 1)
			for what, q := range map[string]string{
				"pupils": "SELECT COUNT(*) FROM person WHERE role = 'pupil'",
				"places": "SELECT COUNT(*) FROM person_affiliation",
				"made":   `SELECT COUNT(*) FROM event WHERE verb = 'person.made' AND extra = '{"r":"pupil"}'`,
			} {
				if n := f.has(q); n != crashRows {
					t.Errorf("%s: %d, want %d", what, n, crashRows)
				}
			}
		})
	}
}

// reopen opens the database as a process started so much later.
func reopen(t *testing.T, url, dir string, instance int, later time.Duration) (*db.DB, *fixture) {
	t.Helper()
	d, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewManual(dbtest.Start.Add(later))
	ids, err := id.NewSource(clk, instance, 0)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Load(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	h := &dbtest.Harness{DB: d, Clock: clk, IDs: ids, Keys: keys, Log: event.New(d, ids, clk), Audit: audit.New(d, ids, clk)}
	f := build(t, h)
	if f.files, err = blob.Open("file:" + filepath.Join(dir, "blob")); err != nil {
		t.Fatal(err)
	}
	f.rebuild()
	return d, f
}

// confirmRoster makes a batch that is confirmed and not begun.
func confirmRoster(t *testing.T, url, dir string) id.Batch {
	t.Helper()
	d, f := reopen(t, url, dir, 0, 0)
	defer d.Close()
	f.tree()
	lines := []string{pupilHeader, pupil("错", "123", "三年级", "1班")}
	for i := range crashRows {
		lines = append(lines, pupil("张"+string(rune(0x4e00+i%2000)), number(fmt.Sprintf("2011%02d%02d", i/28%12+1, i%28+1), i/336+1), "三年级", fmt.Sprint(i%8+1)+"班"))
	}
	bid, err := f.rosters.Upload(t.Context(), f.op, f.primary.ID, roster.Add, "", parts(sheet("全校.csv", lines...)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.rosters.Confirm(t.Context(), f.op, bid, true, 0); err != nil {
		t.Fatal(err)
	}
	return bid
}

// importUntilKilled works through the queue and says when a chunk is durable.
func importUntilKilled(t *testing.T, url, dir string) {
	t.Helper()
	// The lease of whoever was killed before has run out by now.
	_, f := reopen(t, url, dir, os.Getpid()%1000+2, time.Duration(len(os.Getenv(crashRound)))*3*time.Minute)
	f.rosters.OnCommit(func(rows int64) { fmt.Printf("committed %d\n", rows) })
	f.work(t)
	fmt.Println("finished")
	select {} // to be killed
}

// killAfter starts an importer and kills it after so many chunks.
func killAfter(t *testing.T, url, dir string, chunks int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$", "-test.count=1")
	cmd.Env = append(os.Environ(), crashURL+"="+url, crashDir+"="+dir, crashRound+"="+strings.Repeat("x", chunks))
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "committed ") {
			seen++
		}
		if seen >= chunks || lines.Text() == "finished" {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if seen == 0 {
		t.Fatal("the importer ended before it committed anything")
	}
}
