package merge

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
)

// The columns that are emptied once they are old.
const (
	undoOld       = " FROM mrg_merge WHERE LENGTH(before) > 0 AND at < $1"
	correctionOld = " FROM mrg_correction WHERE LENGTH(old_sealed) > 0 AND at < $1"
)

func (s *Service) count(ctx context.Context, by access.Actor, what string, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, fault.New(fault.ErrForbidden, "person.forbidden")
	}
	err = s.DB.QueryRow(ctx, "SELECT COUNT(*)"+what, clock.Millis(before)).Scan(&n)
	return n, err
}

func (s *Service) empty(ctx context.Context, by access.Actor, query string, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, fault.New(fault.ErrForbidden, "person.forbidden")
	}
	n, err := s.DB.Exec(ctx, query, []byte{}, clock.Millis(before))
	if err != nil {
		return 0, fmt.Errorf("erase what was before: %w", err)
	}
	return n, nil
}

// CountOldUndo counts mergings from before a moment that keep what an undoing
// would need. The actor needs system.manage.
func (s *Service) CountOldUndo(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	return s.count(ctx, by, undoOld, before)
}

// EmptyOldUndo erases that. Only the system may.
func (s *Service) EmptyOldUndo(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	return s.empty(ctx, by, "UPDATE mrg_merge SET before = $1 WHERE LENGTH(before) > 0 AND at < $2", before)
}

// CountOldCorrections counts corrections from before a moment that keep the
// value before them. The actor needs system.manage.
func (s *Service) CountOldCorrections(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	return s.count(ctx, by, correctionOld, before)
}

// EmptyOldCorrections erases those values. Only the system may.
func (s *Service) EmptyOldCorrections(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	return s.empty(ctx, by, "UPDATE mrg_correction SET old_sealed = $1 WHERE LENGTH(old_sealed) > 0 AND at < $2", before)
}
