package roster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
)

// register names the background work of rosters to the queue.
func (s *Service) register() {
	if s.jobs == nil {
		return
	}
	s.jobs.Register(jobCheck, func(ctx context.Context, r *job.Run) error {
		p, err := unpack(r)
		if err != nil {
			return err
		}
		return s.check(ctx, p.Batch)
	})
	s.jobs.Register(jobRun, func(ctx context.Context, r *job.Run) error {
		p, err := unpack(r)
		if err != nil {
			return err
		}
		return s.runConfirmed(ctx, p.Batch, r)
	})
	s.jobs.Register(jobUndo, func(ctx context.Context, r *job.Run) error {
		p, err := unpack(r)
		if err != nil {
			return err
		}
		return s.undoRest(ctx, p.Batch)
	})
	s.jobs.Register(jobSweep, func(ctx context.Context, _ *job.Run) error { return s.sweep(ctx) })
	s.jobs.Schedule(jobSweep, func(after time.Time) time.Time {
		day := clock.DayOf(after)
		at := day.Start().Add(3*time.Hour + 20*time.Minute)
		if !at.After(after) {
			at = day.AddDays(1).Start().Add(3*time.Hour + 20*time.Minute)
		}
		return at
	})
}

func unpack(r *job.Run) (payload, error) {
	var p payload
	if err := json.Unmarshal([]byte(r.Payload), &p); err != nil {
		return p, job.Permanent(fmt.Errorf("payload of %s: %w", r.Kind, err))
	}
	return p, nil
}

// runConfirmed imports a confirmed batch, or goes on with one that stopped
// half-way. A kind of error that repeating does not mend ends the batch.
func (s *Service) runConfirmed(ctx context.Context, bid id.Batch, r *job.Run) error {
	b, err := s.batch(ctx, s.db, bid)
	if err != nil || b.State != Confirmed && b.State != Running {
		return err
	}
	e, report, err := s.engineOf(ctx, b)
	if err != nil {
		if hopeless(err) {
			return s.fail(ctx, bid, err)
		}
		return err
	}
	if code := report.Refused(); code != "" {
		return s.fail(ctx, bid, fmt.Errorf("file refused: %s", code))
	}
	defer e.close()
	e.progress = func(rows int64) {
		if r != nil {
			_ = r.Progress(ctx, rows, max(b.Total, rows+1))
		}
	}
	if _, err = e.run(ctx, bid); hopeless(err) {
		return s.fail(ctx, bid, err)
	}
	return err
}

// hopeless reports whether an import meets the same error again: somebody has
// closed the school, or taken the clerk's role.
func hopeless(err error) bool {
	kind := fault.Kind(err)
	return kind != nil && kind != fault.ErrUnavailable
}

// fail ends a batch that cannot go on. What its chunks have written stays and
// can be undone.
func (s *Service) fail(ctx context.Context, bid id.Batch, cause error) error {
	slog.ErrorContext(ctx, "roster import", "batch", bid.String(), "error", cause)
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := step(ctx, tx, bid, Failed, Confirmed, Running)
		if err != nil || !ok {
			return err
		}
		return mark(ctx, tx, bid, "done_at", s.now())
	})
}

// sweep erases rejected rows after their 30 days and drops uploads that nobody
// confirmed.
func (s *Service) sweep(ctx context.Context) error {
	now := s.now()
	_, err := s.EmptyOldRows(ctx, s.system, now.Add(-KeepRows))
	if err != nil {
		return err
	}
	// An import of the command line whose process died cannot go on: the files
	// were not kept.
	_, err = s.db.Exec(ctx, `UPDATE ros_batch SET state = 'failed', done_at = $1, version = version + 1
		WHERE state = 'running' AND files_kept = 0 AND confirmed_at < $2`, clock.Millis(now), clock.Millis(now.Add(-24*time.Hour)))
	if err != nil {
		return fmt.Errorf("end dead imports: %w", err)
	}
	if err := s.eraseOrphans(ctx); err != nil {
		return fmt.Errorf("erase files of no batch: %w", err)
	}
	if err := s.endGivenUp(ctx, now); err != nil {
		return fmt.Errorf("end imports that were given up: %w", err)
	}
	old, err := s.batchIDs(ctx, `state IN ('uploaded', 'checked', 'refused') AND made_at < $1`, clock.Millis(now.Add(-KeepUpload)))
	if err != nil {
		return fmt.Errorf("find old uploads: %w", err)
	}
	for _, bid := range old {
		b, err := s.batch(ctx, s.db, bid)
		if err == nil {
			err = s.drop(ctx, b)
		}
		if err != nil {
			return fmt.Errorf("drop batch %d: %w", bid, err)
		}
	}
	return nil
}

// batchIDs lists batches by a condition of this package, the oldest first, at
// most a thousand.
func (s *Service) batchIDs(ctx context.Context, condition string, args ...any) ([]id.Batch, error) {
	rows, err := s.db.Query(ctx, `SELECT id FROM ros_batch WHERE `+condition+` ORDER BY id LIMIT 1000`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.Batch
	for rows.Next() {
		var bid id.Batch
		if err := rows.Scan(&bid); err != nil {
			return nil, err
		}
		out = append(out, bid)
	}
	return out, rows.Err()
}

// errGivenUp is why a batch ends whose background work is no longer tried.
var errGivenUp = errors.New("the work was given up after its last try")

// endGivenUp ends confirmed batches for which no work is open any more: they
// would be under way for ever, and nobody could take them back.
func (s *Service) endGivenUp(ctx context.Context, now time.Time) error {
	late, err := s.batchIDs(ctx, `state IN ('confirmed', 'running') AND files_kept = 1 AND confirmed_at < $1`, clock.Millis(now.Add(-24*time.Hour)))
	if err != nil {
		return err
	}
	for _, bid := range late {
		_, open, err := s.jobs.FindOpen(ctx, jobRun, bid.String())
		if err == nil && !open {
			err = s.fail(ctx, bid, errGivenUp)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// discard erases kept files; what cannot be erased now is said in the log.
func (s *Service) discard(ctx context.Context, b Batch) {
	if err := s.erase(context.WithoutCancel(ctx), b); err != nil {
		slog.ErrorContext(ctx, "erase roster files", "batch", b.ID.String(), "error", err)
	}
}
