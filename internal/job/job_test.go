package job_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/job"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func newService(h *dbtest.Harness) *job.Service {
	return job.New(h.DB, h.IDs, h.Clock, job.Options{Logger: quiet, Attempts: 3})
}

func enqueue(t *testing.T, h *dbtest.Harness, s *job.Service, spec job.Spec) id.Job {
	t.Helper()
	var out id.Job
	err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = s.Enqueue(ctx, tx, spec)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func get(t *testing.T, s *job.Service, j id.Job) job.Job {
	t.Helper()
	got, err := s.Get(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func runDue(t *testing.T, s *job.Service, want int) {
	t.Helper()
	n, err := s.RunDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Errorf("%d jobs ran, want %d", n, want)
	}
}

func TestEnqueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		s := newService(h)
		var ran []string
		s.Register("x", func(_ context.Context, r *job.Run) error {
			ran = append(ran, r.Payload)
			return nil
		})
		a := enqueue(t, h, s, job.Spec{Kind: "x", Key: "k", Payload: "first"})
		if b := enqueue(t, h, s, job.Spec{Kind: "x", Key: "k", Payload: "same key"}); b != a {
			t.Errorf("an open key gave another job")
		}
		enqueue(t, h, s, job.Spec{Kind: "x", Payload: "no key"})
		enqueue(t, h, s, job.Spec{Kind: "x", Payload: "no key"})
		later := enqueue(t, h, s, job.Spec{Kind: "x", Payload: "later", RunAt: dbtest.Start.Add(time.Hour)})
		enqueue(t, h, s, job.Spec{Kind: "unknown"})
		err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Enqueue(ctx, tx, job.Spec{Kind: "x", Payload: "undone"})
			return errors.Join(err, errors.New("refused"))
		})
		if err == nil {
			t.Fatal("not refused")
		}
		runDue(t, s, 3)
		if diff := cmp.Diff([]string{"first", "no key", "no key"}, ran); diff != "" {
			t.Errorf("ran (-want +got):\n%s", diff)
		}
		if got := get(t, s, a); got.State != job.Done || got.EndedAt != dbtest.Start || got.Running {
			t.Errorf("the first stands as %+v", got)
		}
		if b := enqueue(t, h, s, job.Spec{Kind: "x", Key: "k", Payload: "again"}); b == a {
			t.Error("a key that is free again gave the old job")
		}
		h.Clock.Advance(time.Hour)
		runDue(t, s, 2)
		if got := get(t, s, later); got.State != job.Done {
			t.Errorf("the later one stands as %+v", got)
		}
		if n, err := s.Purge(t.Context(), h.Clock.Now().Add(time.Second)); err != nil || n != 5 {
			t.Errorf("purged %d, %v", n, err)
		}
		if _, ok, err := s.FindOpen(t.Context(), "x", "k"); ok || err != nil {
			t.Errorf("found %v, %v", ok, err)
		}
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken " + strings.Repeat("字", 900))
	tests := []struct {
		name     string
		handler  job.Handler
		state    job.State
		attempts int
	}{
		{"gives up after the last attempt", func(context.Context, *job.Run) error { return broken }, job.Failed, 3},
		{"a panic is a failure", func(context.Context, *job.Run) error { panic("boom") }, job.Failed, 3},
		{"permanent", func(context.Context, *job.Run) error { return job.Permanent(broken) }, job.Failed, 1},
		{"mends itself", func(_ context.Context, r *job.Run) error {
			if r.Attempts < 2 {
				return broken
			}
			return nil
		}, job.Done, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				s := newService(h)
				s.Register("x", tt.handler)
				j := enqueue(t, h, s, job.Spec{Kind: "x"})
				for n := 1; n <= tt.attempts; n++ {
					runDue(t, s, 1)
					runDue(t, s, 0)
					h.Clock.Advance(job.Backoff(n))
				}
				got := get(t, s, j)
				if got.State != tt.state || got.Attempts != tt.attempts || (got.Error == "") != (tt.state == job.Done) {
					t.Errorf("stands as %+v", got)
				}
				runDue(t, s, 0)
			})
		})
	}
}

// TestLease: a worker that died keeps its job until the lease ends, then
// another runs it; the dead one, come back, changes nothing.
func TestLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		dead, alive := newService(h), newService(h)
		inside, open := make(chan struct{}), make(chan struct{})
		var late error
		dead.Register("x", func(ctx context.Context, r *job.Run) error {
			close(inside)
			<-open
			late = r.Progress(context.WithoutCancel(ctx), 5, 5)
			return nil
		})
		alive.Register("x", func(ctx context.Context, r *job.Run) error {
			return r.Progress(ctx, 3, 3)
		})
		j := enqueue(t, h, dead, job.Spec{Kind: "x"})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = dead.RunDue(t.Context()) })
		<-inside
		runDue(t, alive, 0)
		if got := get(t, alive, j); !got.Running {
			t.Errorf("stands as %+v", got)
		}
		h.Clock.Advance(2 * time.Minute)
		runDue(t, alive, 1)
		close(open)
		wg.Wait()
		if !errors.Is(late, job.ErrLost) {
			t.Errorf("the dead worker's progress gave %v", late)
		}
		if got := get(t, alive, j); got.State != job.Done || got.Done != 3 || got.Attempts != 2 {
			t.Errorf("stands as %+v", got)
		}
	})
}

// TestComplete: an effect and the end of its job are one transaction.
func TestComplete(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		s := newService(h)
		s.Register("x", func(ctx context.Context, r *job.Run) error {
			err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := s.Enqueue(ctx, tx, job.Spec{Kind: "effect", Key: strconv.Itoa(r.Attempts)})
				return errors.Join(err, r.Complete(ctx, tx))
			})
			// Dying from here on must not bring the job back.
			return errors.Join(err, errors.New("died"))
		})
		j := enqueue(t, h, s, job.Spec{Kind: "x"})
		runDue(t, s, 1)
		h.Clock.Advance(time.Hour)
		runDue(t, s, 0)
		if got := get(t, s, j); got.State != job.Done || got.Attempts != 1 {
			t.Errorf("stands as %+v", got)
		}
	})
}

// TestWorkers: two services with several workers run each job once.
func TestWorkers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		const jobs = 60
		var mu sync.Mutex
		ran := map[string]int{}
		var left atomic.Int64
		left.Store(jobs)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var services []*job.Service
		for range 2 {
			s := job.New(h.DB, h.IDs, h.Clock, job.Options{Logger: quiet, Workers: 3})
			s.Register("x", func(_ context.Context, r *job.Run) error {
				mu.Lock()
				ran[r.Payload]++
				mu.Unlock()
				if left.Add(-1) == 0 {
					cancel()
				}
				return nil
			})
			services = append(services, s)
		}
		for i := range jobs / 2 {
			enqueue(t, h, services[0], job.Spec{Kind: "x", Payload: strconv.Itoa(i)})
		}
		var wg sync.WaitGroup
		n := 2
		if h.DB.Serial() {
			n = 1 // one process a file
		}
		for _, s := range services[:n] {
			wg.Go(func() {
				if err := s.Work(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range jobs / 2 {
			enqueue(t, h, services[0], job.Spec{Kind: "x", Payload: strconv.Itoa(jobs/2 + i)})
		}
		wg.Wait()
		for i := range jobs {
			if ran[strconv.Itoa(i)] != 1 {
				t.Errorf("job %d ran %d times", i, ran[strconv.Itoa(i)])
			}
		}
	})
}

// TestShutdown: a job whose process ends in good order is open at once, and its
// attempt does not count.
func TestShutdown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		s := newService(h)
		ctx, cancel := context.WithCancel(t.Context())
		s.Register("x", func(ctx context.Context, r *job.Run) error {
			if r.Payload == "wait" {
				cancel()
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		j := enqueue(t, h, s, job.Spec{Kind: "x", Payload: "wait"})
		if err := s.Work(ctx); err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, j); got.State != job.Open || got.Running || got.Attempts != 0 {
			t.Errorf("stands as %+v", got)
		}
	})
}

// TestDeadProcess: on an engine with one process a new one takes over at once
// what the dead one held.
func TestDeadProcess(t *testing.T) {
	t.Parallel()
	h := dbtest.New(t, db.SQLite)
	s := newService(h)
	j := enqueue(t, h, s, job.Spec{Kind: "x"})
	if _, err := h.DB.Exec(t.Context(), "UPDATE job SET owner = 'dead', until = $1", clock.Millis(h.Clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Register("x", func(context.Context, *job.Run) error { cancel(); return nil })
	if err := s.Work(ctx); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, j); got.State != job.Done {
		t.Errorf("stands as %+v", got)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		s := newService(h)
		var at []string
		s.Register("freeze", func(_ context.Context, r *job.Run) error {
			ms, err := strconv.ParseInt(r.Payload, 10, 64)
			at = append(at, clock.FromMillis(ms).Format("2006-01-02 15:04"))
			return err
		})
		s.Schedule("freeze", func(after time.Time) time.Time {
			m := clock.MonthOf(after)
			if first := m.Start().Add(6 * time.Hour); first.After(after) {
				return first
			}
			return m.Next().Start().Add(6 * time.Hour)
		})
		runDue(t, s, 0)
		h.Clock.Set(time.Date(2019, 12, 1, 6, 0, 0, 0, clock.Zone))
		runDue(t, s, 1)
		runDue(t, s, 0)
		h.Clock.Set(time.Date(2020, 3, 15, 0, 0, 0, 0, clock.Zone)) // down for three months
		runDue(t, s, 1)
		h.Clock.Set(time.Date(2020, 4, 1, 7, 0, 0, 0, clock.Zone))
		runDue(t, s, 1)
		want := []string{"2019-12-01 06:00", "2020-01-01 06:00", "2020-04-01 06:00"}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	for _, n := range []int{1, 2, 5, 11, 12, 100} {
		got = append(got, job.Backoff(n))
	}
	want := []time.Duration{2 * time.Second, 4 * time.Second, 32 * time.Second, 2048 * time.Second, time.Hour, time.Hour}
	if !slices.Equal(got, want) {
		t.Errorf("pauses %v, want %v", got, want)
	}
}
