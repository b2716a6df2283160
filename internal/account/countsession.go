package account

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
)

// CountSessions returns how many sessions have not ended. Only the system asks,
// for its metrics.
func (s *Service) CountSessions(ctx context.Context, by access.Actor) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, fault.New(fault.ErrForbidden, "error.forbidden")
	}
	var n int64
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM acc_session WHERE ended_at = 0 AND expires_at > $1", clock.Millis(s.clk.Now())).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count sessions: %w", err)
	}
	return n, nil
}
