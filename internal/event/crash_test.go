package event_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// crashURL tells the test binary that it is the writer to be killed.
const crashURL = "LEARNSPACE_CRASH_URL"

// TestCrash kills a process that writes with 32 writers, three times over the
// same database: nothing that was acknowledged is lost, nothing is doubled, and
// the log stays dense.
func TestCrash(t *testing.T) {
	t.Parallel()
	if url := os.Getenv(crashURL); url != "" {
		writeUntilKilled(t, url)
		return
	}
	for _, e := range dbtest.Engines(t) {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, e)
			d, err := db.Open(t.Context(), url, db.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Exec(t.Context(), "CREATE TABLE remark (id BIGINT PRIMARY KEY, version BIGINT NOT NULL)"); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			acked := map[int64]bool{}
			for round := range 3 {
				for _, n := range killAfter(t, url, 1500+700*round) {
					if acked[n] {
						t.Errorf("%d was acknowledged twice", n)
					}
					acked[n] = true
				}
				checkCrash(t, e, url, acked)
			}
		})
	}
}

// writeUntilKilled writes remarks with their events and prints each number
// once its transaction is durable.
func writeUntilKilled(t *testing.T, url string) {
	t.Helper()
	d, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := id.NewSource(clock.System(), os.Getpid()%1024, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := event.New(d, ids, clock.System())
	var out sync.Mutex
	var next atomic.Int64
	base := int64(os.Getpid()) * 10_000_000
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				n := base + next.Add(1)
				err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					if _, err := tx.Exec(ctx, "INSERT INTO remark (id, version) VALUES ($1, 1)", n); err != nil {
						return err
					}
					return l.Append(ctx, tx, event.Event{Verb: "remark.made", Object: n})
				})
				if err != nil {
					panic(err)
				}
				out.Lock()
				fmt.Printf("ack %d\n", n)
				out.Unlock()
				if n%64 == 0 {
					if _, err := l.Sequence(t.Context()); err != nil {
						panic(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// killAfter starts the writer, kills it after so many acknowledgements and
// returns all that it gave.
func killAfter(t *testing.T, url string, n int) (acked []int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$", "-test.count=1")
	cmd.Env = append(os.Environ(), crashURL+"="+url)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), "ack ")
		if !ok {
			continue
		}
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			break // cut off by the kill
		}
		acked = append(acked, v)
		if len(acked) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if len(acked) < n {
		t.Fatalf("the writer ended after %d acknowledgements", len(acked))
	}
	return acked
}

// checkCrash opens the database again and compares it with what was promised.
func checkCrash(t *testing.T, e db.Dialect, url string, acked map[int64]bool) {
	t.Helper()
	d, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	ids, err := id.NewSource(clock.System(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := event.New(d, ids, clock.System())
	rows := map[int64]bool{}
	r, err := d.Query(t.Context(), "SELECT id FROM remark")
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		var n int64
		if err := r.Scan(&n); err != nil {
			t.Fatal(err)
		}
		rows[n] = true
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for n := range acked {
		if !rows[n] {
			t.Errorf("%s: %d was acknowledged and is lost", e, n)
		}
	}
	for {
		n, err := l.Sequence(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at, events := int64(0), map[int64]int{}
	err = l.Each(t.Context(), 0, head, func(ev event.Event) error {
		at++
		if ev.Seq != at {
			return fmt.Errorf("seq %d stands at place %d", ev.Seq, at)
		}
		events[ev.Object]++
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if len(events) != len(rows) || int(head) != len(rows) {
		t.Errorf("%s: %d remarks, %d objects in %d events", e, len(rows), len(events), head)
	}
	for n, times := range events {
		if times != 1 || !rows[n] {
			t.Errorf("%s: remark %d has %d events (row: %v)", e, n, times, rows[n])
		}
	}
}
