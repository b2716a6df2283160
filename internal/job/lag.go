package job

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/clock"
)

// Lag returns how long the job that is due longest, and that nobody works on,
// has waited; 0 when none waits. Jobs that failed and wait for their next try
// are not due.
func (s *Service) Lag(ctx context.Context) (time.Duration, error) {
	now := clock.Millis(s.clk.Now())
	var oldest int64
	err := s.d.QueryRow(ctx, "SELECT COALESCE(MIN(run_at), 0) FROM job WHERE state = 'open' AND run_at <= $1 AND until <= $2",
		now, now).Scan(&oldest)
	if err != nil {
		return 0, fmt.Errorf("lag of jobs: %w", err)
	}
	if oldest == 0 {
		return 0, nil
	}
	return time.Duration(now-oldest) * time.Millisecond, nil
}

// Counts is how many jobs wait, run, are done and were given up.
type Counts struct{ Waiting, Running, Done, Failed int64 }

// Count counts the jobs by what has become of them.
func (s *Service) Count(ctx context.Context) (Counts, error) {
	var c Counts
	err := s.d.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN state = 'open' AND until <= $1 THEN 1 ELSE 0 END), 0),
COALESCE(SUM(CASE WHEN state = 'open' AND until > $2 THEN 1 ELSE 0 END), 0),
COALESCE(SUM(CASE WHEN state = 'done' THEN 1 ELSE 0 END), 0),
COALESCE(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) FROM job`,
		clock.Millis(s.clk.Now()), clock.Millis(s.clk.Now())).Scan(&c.Waiting, &c.Running, &c.Done, &c.Failed)
	if err != nil {
		return c, fmt.Errorf("count jobs: %w", err)
	}
	return c, nil
}

// Troubled lists the newest jobs that wait for another try after a failure or
// were given up.
func (s *Service) Troubled(ctx context.Context, limit int) ([]Job, error) {
	rows, err := s.d.Query(ctx, sqlSelect+"WHERE state = 'failed' OR state = 'open' AND error <> '' ORDER BY id DESC LIMIT $1", limit)
	if err != nil {
		return nil, fmt.Errorf("list troubled jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Job
	for rows.Next() {
		j, err := s.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list troubled jobs: %w", err)
		}
		out = append(out, j)
	}
	return out, rows.Err()
}
