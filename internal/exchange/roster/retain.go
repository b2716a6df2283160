package roster

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
)

// CountOldRows counts rejected rows of batches from before a moment that are
// still kept as they were handed in. The actor needs system.manage.
func (s *Service) CountOldRows(ctx context.Context, by access.Actor, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, fault.New(fault.ErrForbidden, "roster.forbidden")
	}
	err = s.db.QueryRow(ctx, `SELECT COUNT(*) FROM ros_row WHERE sealed IS NOT NULL
		AND batch IN (SELECT id FROM ros_batch WHERE made_at < $1)`, clock.Millis(before)).Scan(&n)
	return n, err
}

// EmptyOldRows erases them. Only the system may.
func (s *Service) EmptyOldRows(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, fault.New(fault.ErrForbidden, "roster.forbidden")
	}
	n, err := s.db.Exec(ctx, `UPDATE ros_row SET sealed = NULL WHERE sealed IS NOT NULL
		AND batch IN (SELECT id FROM ros_batch WHERE made_at < $1)`, clock.Millis(before))
	if err != nil {
		return 0, fmt.Errorf("erase old rows: %w", err)
	}
	return n, nil
}
