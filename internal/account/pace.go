package account

import (
	"context"
	"sync"
	"time"
)

// pace remembers how long a wrong password takes, so that an answer that needs
// no hash takes as long.
type pace struct {
	mu   sync.Mutex
	mean time.Duration
}

// note takes a measured answer into the moving mean.
func (p *pace) note(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mean == 0 {
		p.mean = d
		return
	}
	p.mean += (d - p.mean) / 8
}

// longestPace bounds how long an answer is held.
const longestPace = time.Second

// keep waits until an answer that began then has taken as long as the mean.
func (p *pace) keep(ctx context.Context, begun time.Time) {
	p.mu.Lock()
	d := min(p.mean, longestPace) - time.Since(begun)
	p.mu.Unlock()
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
