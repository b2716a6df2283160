package event_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// durable returns a log on a database that syncs every commit.
func durable(b *testing.B, e db.Dialect) (*db.DB, *event.Log) {
	b.Helper()
	d, err := db.Open(b.Context(), dbtest.URL(b, e), db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	ids, err := id.NewSource(clock.System(), 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	return d, event.New(d, ids, clock.System())
}

// BenchmarkAppend measures durable transactions that hold one event, with the
// sequencer running.
func BenchmarkAppend(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		for _, writers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", e, writers), func(b *testing.B) {
				d, l := durable(b, e)
				ctx, cancel := context.WithCancel(b.Context())
				var background sync.WaitGroup
				background.Go(func() { _ = l.Run(ctx) })
				var next atomic.Int64
				var wg sync.WaitGroup
				took := make([]time.Duration, b.N)
				b.ResetTimer()
				for range writers {
					wg.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							start := time.Now()
							err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
								return l.Append(ctx, tx, event.Event{Actor: 1, Role: "pupil", Verb: "post.commented", Kind: "comment", Object: n})
							})
							if err != nil {
								b.Error(err)
								return
							}
							took[n-1] = time.Since(start)
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				cancel()
				background.Wait()
				slices.Sort(took)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
}

// BenchmarkConsume measures events through a consumer that only moves its
// cursor.
func BenchmarkConsume(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		b.Run(e.String(), func(b *testing.B) {
			d, l := durable(b, e)
			for left := b.N; left > 0; left -= 20_000 {
				es := make([]event.Event, min(left, 20_000))
				for i := range es {
					es[i] = event.Event{Actor: 1, Role: "registrar", Verb: "person.made", Kind: "person", Extra: `{"r":"pupil"}`}
				}
				err := d.Tx(b.Context(), func(ctx context.Context, tx *db.Tx) error { return l.Append(ctx, tx, es...) })
				if err != nil {
					b.Fatal(err)
				}
			}
			for {
				n, err := l.Sequence(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if n == 0 {
					break
				}
			}
			b.ResetTimer()
			if at, err := l.CatchUp(b.Context(), idle{}); err != nil || at != int64(b.N) {
				b.Fatal(at, err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

type idle struct{ tally }

func (idle) Name() string                                         { return "idle" }
func (idle) Consume(context.Context, *db.Tx, []event.Event) error { return nil }
