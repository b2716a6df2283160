package post_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db"
)

// BenchmarkComment measures comments through the service with every commit
// synced: 64 writers, each the pupil of a class. The bar is 10,000 a second with
// p99 at 25 ms.
func BenchmarkComment(b *testing.B) {
	f := setup(b, durable(b, db.SQLite))
	ctx := context.Background()
	notice := f.notice(b, f.actor(access.ClassTeacher, "a1"))
	const writers = 64
	var (
		next atomic.Int64
		wg   sync.WaitGroup
		took [writers][]time.Duration
	)
	pupils := make([]access.Actor, writers)
	for i := range pupils {
		pupils[i] = f.actor(access.Pupil, "a1")
	}
	b.ResetTimer()
	for i := range writers {
		wg.Go(func() {
			for next.Add(1) <= int64(b.N) {
				start := time.Now()
				if _, err := f.svc.Comment(ctx, pupils[i], notice, "老师，我带了十二色的可以吗？", ""); err != nil {
					b.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(took[:]...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "comments/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}
