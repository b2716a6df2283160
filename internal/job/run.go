package job

import (
	"context"
	"fmt"
	"sync"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
)

// progressEvery bounds how often progress is written.
const progressEvery = 300 * time.Millisecond

// Run is one run of a job, in the hands of its handler.
type Run struct {
	Job
	s *Service

	mu       sync.Mutex
	ended    bool
	reported time.Time
}

// Last reports whether the job is given up when this run fails: what waits for
// it must be told.
func (r *Run) Last() bool { return r.Attempts >= r.s.opt.Attempts }

// Progress writes how far the work is: done of total. Calls in quick
// succession are one, except the last (done = total). It returns ErrLost when
// another worker has the job.
func (r *Run) Progress(ctx context.Context, done, total int64) error {
	r.mu.Lock()
	due := done >= total || time.Since(r.reported) >= progressEvery
	if due {
		r.reported = time.Now()
	}
	r.mu.Unlock()
	if !due {
		return ctx.Err()
	}
	n, err := r.s.d.Exec(ctx, "UPDATE job SET done = $1, total = $2 WHERE id = $3 AND owner = $4", done, total, r.ID, r.s.owner)
	if err != nil {
		return fmt.Errorf("report progress of %s: %w", r.Kind, err)
	}
	if n == 0 {
		return ErrLost
	}
	return nil
}

// Complete marks the job done in the transaction of its last effect, so that
// both happen once. It returns ErrLost when another worker has the job.
func (r *Run) Complete(ctx context.Context, tx *db.Tx) error {
	n, err := tx.Exec(ctx, sqlDone, clock.Millis(r.s.clk.Now()), r.ID, r.s.owner)
	if err != nil {
		return fmt.Errorf("complete %s: %w", r.Kind, err)
	}
	if n == 0 {
		return ErrLost
	}
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = true
	})
	return nil
}

// completed reports whether Complete has become durable.
func (r *Run) completed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}
