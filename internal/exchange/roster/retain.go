package roster

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
)

// oldChanges are the undo logs of batches from before a moment that are not under
// way: nobody can take those back any more.
const oldChanges = `FROM ros_change WHERE batch IN (SELECT id FROM ros_batch WHERE made_at < $1 AND state NOT IN ('confirmed', 'running'))`

// CountOldRows counts what is still kept of batches from before a moment: rejected
// rows as they were handed in, and what the batch has changed. The actor needs
// system.manage.
func (s *Service) CountOldRows(ctx context.Context, by access.Actor, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, fault.New(fault.ErrForbidden, "roster.forbidden")
	}
	at := clock.Millis(before)
	err = s.db.QueryRow(ctx, `SELECT COUNT(*) FROM ros_row WHERE sealed IS NOT NULL
		AND batch IN (SELECT id FROM ros_batch WHERE made_at < $1)`, at).Scan(&n)
	if err != nil {
		return 0, err
	}
	var changes int64
	err = s.db.QueryRow(ctx, "SELECT COUNT(*) "+oldChanges, at).Scan(&changes)
	return n + changes, err
}

// EmptyOldRows erases them. Only the system may.
func (s *Service) EmptyOldRows(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, fault.New(fault.ErrForbidden, "roster.forbidden")
	}
	const part = 500
	var total int64
	for _, q := range []string{
		`UPDATE ros_row SET sealed = NULL WHERE (batch, phase, file, number) IN (SELECT batch, phase, file, number FROM ros_row WHERE sealed IS NOT NULL
			AND batch IN (SELECT id FROM ros_batch WHERE made_at < $1) LIMIT $2)`,
		"DELETE FROM ros_change WHERE (batch, number) IN (SELECT batch, number " + oldChanges + " LIMIT $2)",
	} {
		for n := int64(part); n == part; total += n {
			var err error
			if n, err = s.db.Exec(ctx, q, clock.Millis(before), part); err != nil {
				return total, fmt.Errorf("erase old rows: %w", err)
			}
		}
	}
	return total, nil
}
