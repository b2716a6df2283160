package event

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/clock"
)

// Lag returns how long the oldest event that has no seq yet has waited for the
// sequencer; 0 when none waits.
func (l *Log) Lag(ctx context.Context) (time.Duration, error) {
	var oldest int64
	err := l.d.QueryRow(ctx, "SELECT COALESCE(MIN(at), 0) FROM (SELECT at FROM event WHERE seq IS NULL ORDER BY id LIMIT 1) AS e").Scan(&oldest)
	if err != nil {
		return 0, fmt.Errorf("lag of the sequencer: %w", err)
	}
	if oldest == 0 {
		return 0, nil
	}
	return max(0, time.Duration(clock.Millis(l.clk.Now())-oldest)*time.Millisecond), nil
}
