package custody

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
)

// CountOldLooks counts looks from before a moment. The actor needs
// system.manage; he learns how many and nothing else.
func (s *Service) CountOldLooks(ctx context.Context, by access.Actor, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, errForbidden()
	}
	err = s.DB.QueryRow(ctx, "SELECT COUNT(*) FROM cus_look WHERE at < $1", clock.Millis(before)).Scan(&n)
	return n, err
}

// DropOldLooks forgets them. Only the system may.
func (s *Service) DropOldLooks(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden()
	}
	n, err := s.DB.Exec(ctx, "DELETE FROM cus_look WHERE at < $1", clock.Millis(before))
	if err != nil {
		return 0, fmt.Errorf("forget looks: %w", err)
	}
	return n, nil
}
