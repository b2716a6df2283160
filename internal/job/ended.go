package job

import (
	"context"
	"time"

	"learnspace/internal/clock"
)

// CountEnded counts jobs that ended before an instant: what Purge would delete.
func (s *Service) CountEnded(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.d.QueryRow(ctx, "SELECT COUNT(*) FROM job WHERE state <> 'open' AND ended_at < $1", clock.Millis(before)).Scan(&n)
	return n, err
}
