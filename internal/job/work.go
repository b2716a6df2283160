package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
)

// ErrLost is returned by a run's methods when another worker has taken the
// job over: this one must stop.
var ErrLost = errors.New("the job was taken over")

// lookEvery is how often the workers look without having been woken.
const lookEvery = time.Second

// Work runs jobs until ctx ends, then waits for those under way, whose ctx has
// ended too; what they leave undone is open again.
func (s *Service) Work(ctx context.Context) error {
	if s.d.Serial() {
		// The file has one process: leases in it belong to the dead.
		if _, err := s.d.Exec(ctx, "UPDATE job SET until = 0, owner = '' WHERE state = 'open' AND owner <> $1 AND until > 0", s.owner); err != nil {
			return fmt.Errorf("free jobs: %w", err)
		}
	}
	calls, cancel := s.d.Subscribe(wakeQueued)
	defer cancel()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	free := make(chan struct{}, s.opt.Workers)
	ended := make(chan struct{}, 1)
	for {
		if err := s.enqueueScheduled(ctx); err != nil && ctx.Err() == nil {
			s.opt.Logger.Error("enqueue scheduled jobs", "error", err)
		}
		for room := true; room && ctx.Err() == nil; {
			select {
			case free <- struct{}{}:
			default:
				room = false
				continue
			}
			r, err := s.claim(ctx)
			if r == nil {
				<-free
				if err != nil && ctx.Err() == nil {
					s.opt.Logger.Error("take a job", "error", err)
				}
				break
			}
			wg.Go(func() {
				s.run(ctx, r)
				<-free
				select {
				case ended <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-calls:
		case <-ended:
		case <-ticker.C:
		}
	}
}

// RunDue runs everything that is due by the clock, one after another, until
// nothing is, and returns how many jobs it ran. Commands, the demo and tests
// use it in place of Work.
func (s *Service) RunDue(ctx context.Context) (n int, err error) {
	for {
		if err := s.enqueueScheduled(ctx); err != nil {
			return n, err
		}
		r, err := s.claim(ctx)
		if err != nil || r == nil {
			return n, err
		}
		s.run(ctx, r)
		n++
		if err := ctx.Err(); err != nil {
			return n, err
		}
	}
}

const (
	sqlDue = sqlSelect + `WHERE state = 'open' AND run_at <= $1 AND until <= $2 AND kind IN (%s)
ORDER BY run_at, id LIMIT 8`
	sqlClaim = `UPDATE job SET owner = $1, until = $2, attempts = attempts + 1
WHERE id = $3 AND state = 'open' AND until <= $4`
)

// claim takes the job that has been due longest, nil if none is.
func (s *Service) claim(ctx context.Context) (*Run, error) {
	s.mu.Lock()
	kinds := slices.Sorted(maps.Keys(s.handlers))
	s.mu.Unlock()
	now := clock.Millis(s.clk.Now())
	args := db.Args{now, now}
	rows, err := s.d.Query(ctx, fmt.Sprintf(sqlDue, db.List(&args, kinds)), args...)
	if err != nil {
		return nil, fmt.Errorf("look for due jobs: %w", err)
	}
	var due []Job
	for rows.Next() {
		j, err := s.scan(rows)
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		due = append(due, j)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("look for due jobs: %w", err)
	}
	for _, j := range due {
		until := now + s.opt.Lease.Milliseconds()
		n, err := s.d.Exec(ctx, sqlClaim, s.owner, until, j.ID, now)
		if err != nil {
			return nil, fmt.Errorf("take job %v: %w", j.ID, err)
		}
		if n == 1 {
			j.Attempts++
			j.Running = true
			return &Run{Job: j, s: s}, nil
		}
	}
	return nil, nil
}

// run runs a claimed job and writes what became of it.
func (s *Service) run(parent context.Context, r *Run) {
	s.mu.Lock()
	h := s.handlers[r.Kind]
	s.mu.Unlock()
	ctx, cancel := context.WithCancelCause(parent)
	var wg sync.WaitGroup
	wg.Go(func() { s.keep(ctx, cancel, r) })
	err := s.limited(ctx, h, r)
	cancel(nil)
	wg.Wait()
	if errors.Is(context.Cause(ctx), ErrLost) {
		s.opt.Logger.Warn("job taken over", "kind", r.Kind, "job", r.ID.String())
		return
	}
	// What became of it is written even while the process shuts down.
	if err := s.settle(context.WithoutCancel(parent), r, err, parent.Err() != nil); err != nil {
		s.opt.Logger.Error("settle job", "kind", r.Kind, "job", r.ID.String(), "error", err)
	}
}

// limited runs the handler no longer than a run may take.
func (s *Service) limited(ctx context.Context, h Handler, r *Run) error {
	if s.opt.Limit <= 0 {
		return call(ctx, h, r)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opt.Limit, errTooLong)
	defer cancel()
	err := call(ctx, h, r)
	if err != nil && context.Cause(ctx) == errTooLong {
		return fmt.Errorf("%w: %w", errTooLong, err)
	}
	return err
}

// errTooLong ends a run that takes longer than it may; it is tried again.
var errTooLong = errors.New("the run took longer than a job may")

// call runs the handler and turns a panic into an error.
func call(ctx context.Context, h Handler, r *Run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.s.opt.Logger.Error("job panicked", "kind", r.Kind, "job", r.ID.String(), "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h(ctx, r)
}

// keep renews the lease until ctx ends; a lost one ends the run.
func (s *Service) keep(ctx context.Context, cancel context.CancelCauseFunc, r *Run) {
	ticker := time.NewTicker(s.opt.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		until := clock.Millis(s.clk.Now().Add(s.opt.Lease))
		n, err := s.d.Exec(ctx, "UPDATE job SET until = $1 WHERE id = $2 AND owner = $3 AND state = 'open'", until, r.ID, s.owner)
		if err == nil && n == 0 && !r.completed() {
			cancel(ErrLost)
			return
		}
	}
}

const (
	sqlDone  = `UPDATE job SET state = 'done', until = 0, error = '', ended_at = $1 WHERE id = $2 AND owner = $3 AND state = 'open'`
	sqlRetry = `UPDATE job SET run_at = $1, until = 0, owner = '', error = $2 WHERE id = $3 AND owner = $4 AND state = 'open'`
	sqlFail  = `UPDATE job SET state = 'failed', until = 0, error = $1, ended_at = $2 WHERE id = $3 AND owner = $4 AND state = 'open'`
	sqlFree  = `UPDATE job SET until = 0, owner = '', attempts = attempts - 1 WHERE id = $1 AND owner = $2 AND state = 'open'`
)

// settle writes the end of a run: done, again later, given up, or, at the end
// of the process, open as before.
func (s *Service) settle(ctx context.Context, r *Run, cause error, stopping bool) error {
	if r.completed() {
		return nil
	}
	now := s.clk.Now()
	if cause == nil {
		_, err := s.d.Exec(ctx, sqlDone, clock.Millis(now), r.ID, s.owner)
		return err
	}
	if stopping && errors.Is(cause, context.Canceled) {
		_, err := s.d.Exec(ctx, sqlFree, r.ID, s.owner)
		return err
	}
	s.opt.Logger.Warn("job failed", "kind", r.Kind, "job", r.ID.String(), "attempt", r.Attempts, "error", cause)
	if _, ok := errors.AsType[permanent](cause); ok || r.Last() {
		_, err := s.d.Exec(ctx, sqlFail, errorText(cause), clock.Millis(now), r.ID, s.owner)
		return err
	}
	_, err := s.d.Exec(ctx, sqlRetry, clock.Millis(now.Add(Backoff(r.Attempts))), errorText(cause), r.ID, s.owner)
	return err
}

// Backoff returns the pause after the n-th failure: 2, 4, 8 … seconds, at most
// an hour.
func Backoff(n int) time.Duration {
	return min(time.Second<<min(n, 12), time.Hour)
}

// enqueueScheduled enqueues the kinds whose time has come.
func (s *Service) enqueueScheduled(ctx context.Context) error {
	s.mu.Lock()
	plan := maps.Clone(s.schedule)
	s.mu.Unlock()
	now := s.clk.Now()
	for _, kind := range slices.Sorted(maps.Keys(plan)) {
		var at int64
		err := s.d.QueryRow(ctx, "SELECT next_at FROM job_schedule WHERE kind = $1", kind).Scan(&at)
		switch {
		case errors.Is(err, db.ErrNoRows):
			_, err = s.d.Exec(ctx, "INSERT INTO job_schedule (kind, next_at) VALUES ($1, $2) ON CONFLICT (kind) DO NOTHING",
				kind, clock.Millis(plan[kind](now)))
		case err == nil && at <= clock.Millis(now):
			err = s.enqueueDue(ctx, kind, at, clock.Millis(plan[kind](now)))
		}
		if err != nil {
			return fmt.Errorf("schedule %s: %w", kind, err)
		}
	}
	return nil
}

// enqueueDue moves the schedule from at to next and enqueues the job, unless
// another process has done so.
func (s *Service) enqueueDue(ctx context.Context, kind string, at, next int64) error {
	return s.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE job_schedule SET next_at = $1 WHERE kind = $2 AND next_at = $3", next, kind, at)
		if err != nil || n == 0 {
			return err
		}
		_, err = s.Enqueue(ctx, tx, Spec{Kind: kind, Key: "schedule", Payload: strconv.FormatInt(at, 10)})
		return err
	})
}
