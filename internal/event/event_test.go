package event_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

func appendAll(t *testing.T, h *dbtest.Harness, es ...event.Event) {
	t.Helper()
	err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return h.Log.Append(ctx, tx, es...) })
	if err != nil {
		t.Fatal(err)
	}
}

// sequence numbers whatever is committed.
func sequence(t *testing.T, h *dbtest.Harness) int64 {
	t.Helper()
	for {
		n, err := h.Log.Sequence(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	head, err := h.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func TestAppend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		early := dbtest.Start.Add(-time.Hour)
		first := event.Event{Actor: 1, Role: "teacher", Verb: "post.made", Kind: "post", Object: 2, Node: 3, Unit: 4,
			Space: 5, Extra: `{"字":"一"}`}
		second := event.Event{ID: 77, At: early, Verb: "post.commented"}
		appendAll(t, h, first, second)
		if head := sequence(t, h); head != 2 {
			t.Fatalf("head %d, want 2", head)
		}
		got := map[id.Event]event.Event{}
		var seqs []int64
		err := h.Log.Each(t.Context(), 0, 2, func(e event.Event) error {
			seqs = append(seqs, e.Seq)
			if e.ID != 77 {
				if e.ID == 0 {
					t.Error("an event has no id")
				}
				e.ID = 1
			}
			e.Seq = 0
			got[e.ID] = e
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		first.ID, first.At = 1, dbtest.Start
		want := map[id.Event]event.Event{1: first, 77: second}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int64{1, 2}, seqs); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		newest, err := h.Log.NewestID(t.Context())
		if err != nil || newest < 78 {
			t.Errorf("newest id %d, %v", newest, err)
		}
	})
}

func TestAppendUndone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		refusal := errors.New("refused")
		appendAll(t, h, event.Event{Verb: "a"})
		for range 3 {
			err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(h.Log.Append(ctx, tx, event.Event{Verb: "never"}, event.Event{Verb: "never"}), refusal)
			})
			if !errors.Is(err, refusal) {
				t.Fatal(err)
			}
		}
		appendAll(t, h, event.Event{Verb: "b"})
		if head := sequence(t, h); head != 2 {
			t.Errorf("head %d, want 2: refused events left gaps", head)
		}
	})
}

// TestDensity appends from many writers, some of which refuse, beside two
// sequencers and a reader with a cursor: the reader sees each committed event
// once, in order, without gaps.
func TestDensity(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		const writers, each = 12, 60
		ctx := t.Context()
		var wg, background sync.WaitGroup
		committed := make([]map[int64]bool, writers)
		for w := range writers {
			committed[w] = map[int64]bool{}
			wg.Go(func() {
				for i := range each {
					object := int64(w*each + i + 1)
					err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
						if err := h.Log.Append(ctx, tx, event.Event{Verb: "x", Object: object}); err != nil {
							return err
						}
						if i%5 == 0 {
							return errors.New("refused")
						}
						return nil
					})
					if err == nil {
						committed[w][object] = true
					}
				}
			})
		}
		quit := make(chan struct{})
		for range 2 {
			background.Go(func() {
				for {
					select {
					case <-quit:
						return
					default:
					}
					if _, err := h.Log.Sequence(ctx); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		seen := map[int64]int{}
		cursor := int64(0)
		read := func() {
			head, err := h.Log.Head(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			err = h.Log.Each(ctx, cursor, head, func(e event.Event) error {
				if e.Seq != cursor+1 {
					return fmt.Errorf("seq %d after %d", e.Seq, cursor)
				}
				cursor = e.Seq
				seen[e.Object]++
				return nil
			})
			if err != nil || cursor != head {
				t.Errorf("read to %d of %d: %v", cursor, head, err)
			}
		}
		background.Go(func() {
			for {
				select {
				case <-quit:
					return
				default:
				}
				read()
			}
		})
		wg.Wait()
		close(quit)
		background.Wait()
		sequence(t, h)
		read()
		want := map[int64]int{}
		for _, m := range committed {
			for object := range m {
				want[object] = 1
			}
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("events seen (-want +got):\n%s", diff)
		}
	})
}

// tally counts events by object in a table of its own.
type tally struct {
	fail func(es []event.Event) error
}

func (tally) Name() string { return "tally" }

func (c tally) Consume(ctx context.Context, tx *db.Tx, es []event.Event) error {
	for _, e := range es {
		_, err := tx.Exec(ctx, `INSERT INTO tally (object, n, last) VALUES ($1, 1, $2)
ON CONFLICT (object) DO UPDATE SET n = tally.n + 1, last = excluded.last`, e.Object, e.Seq)
		if err != nil {
			return err
		}
	}
	if c.fail != nil {
		return c.fail(es)
	}
	return nil
}

func (tally) Reset(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, "DELETE FROM tally")
	return err
}

func makeTally(t *testing.T, h *dbtest.Harness) {
	t.Helper()
	if _, err := h.DB.Exec(t.Context(), "CREATE TABLE tally (object BIGINT PRIMARY KEY, n BIGINT NOT NULL, last BIGINT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
}

func readTally(t *testing.T, h *dbtest.Harness) map[int64]int {
	t.Helper()
	rows, err := h.DB.Query(t.Context(), "SELECT object, n FROM tally")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[int64]int{}
	for rows.Next() {
		var object int64
		var n int
		if err := rows.Scan(&object, &n); err != nil {
			t.Fatal(err)
		}
		out[object] = n
	}
	return out
}

func objects(n int) (es []event.Event, want map[int64]int) {
	want = map[int64]int{}
	for i := range n {
		o := int64(i % 7)
		es = append(es, event.Event{Verb: "x", Object: o})
		want[o]++
	}
	return es, want
}

func TestCatchUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		makeTally(t, h)
		es, want := objects(4321)
		appendAll(t, h, es...)
		// Fails half-way once, then takes up where it stood.
		broken := errors.New("broken")
		c := tally{fail: func(es []event.Event) error {
			if es[len(es)-1].Seq > 4000 {
				return broken
			}
			return nil
		}}
		if at, err := h.Log.CatchUp(t.Context(), c); !errors.Is(err, broken) || at != 4000 {
			t.Errorf("stood at %d with %v", at, err)
		}
		for range 2 {
			if at, err := h.Log.CatchUp(t.Context(), tally{}); err != nil || at != 4321 {
				t.Fatalf("stands at %d: %v", at, err)
			}
		}
		if diff := cmp.Diff(want, readTally(t, h)); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
		if at, err := h.Log.Rebuild(t.Context(), tally{}); err != nil || at != 4321 {
			t.Fatalf("rebuilt to %d: %v", at, err)
		}
		if diff := cmp.Diff(want, readTally(t, h)); diff != "" {
			t.Errorf("tally rebuilt (-want +got):\n%s", diff)
		}
	})
}

// TestCatchUpRace lets several processes drive the same consumer: each event
// still counts once.
func TestCatchUpRace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		makeTally(t, h)
		es, want := objects(3000)
		var wg sync.WaitGroup
		for part := range 3 {
			wg.Go(func() {
				for i := range 20 {
					from := part*1000 + i*50
					err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						return h.Log.Append(ctx, tx, es[from:from+50]...)
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range 10 {
					if _, err := h.Log.CatchUp(t.Context(), tally{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if at, err := h.Log.CatchUp(t.Context(), tally{}); err != nil || at != 3000 {
			t.Fatalf("stands at %d: %v", at, err)
		}
		if diff := cmp.Diff(want, readTally(t, h)); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
	})
}

// waiter lets a test wait until a consumer has seen an object.
type waiter struct {
	tally
	seen chan int64
}

func (w waiter) Name() string { return "waiter" }

func (w waiter) Consume(_ context.Context, tx *db.Tx, es []event.Event) error {
	last := es[len(es)-1].Object
	tx.AfterCommit(func() { w.seen <- last })
	return nil
}

type failing struct{ tally }

func (failing) Name() string { return "failing" }
func (failing) Consume(context.Context, *db.Tx, []event.Event) error {
	return errors.New("always broken")
}

func TestRun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		ctx, cancel := context.WithCancel(t.Context())
		w := waiter{seen: make(chan int64, 16)}
		ended := make(chan error, 1)
		go func() { ended <- h.Log.Run(ctx, failing{}, w) }()
		for n := int64(1); n <= 3; n++ {
			appendAll(t, h, event.Event{Verb: "x", Object: n})
			for <-w.seen != n {
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if at, err := h.Log.Cursor(t.Context(), "failing"); err != nil || at != 0 {
			t.Errorf("the failing consumer stands at %d, %v", at, err)
		}
	})
}
