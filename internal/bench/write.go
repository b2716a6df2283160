package bench

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/app"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
	"learnspace/internal/web/ui"
)

// few is how many pupils the benchmarks load that do not ask for many.
const few = 10_000

// writeFor is how long each number of writers writes.
const writeFor = 5 * time.Second

// write measures comments through the service, durable, at 1, 8 and 64
// writers.
func (r *run) write() error {
	if err := r.load(r.peopleOr(few), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	c, _, err := r.firstClass()
	if err != nil {
		return err
	}
	pupil := c.pupils[0]
	if _, err := r.comeIn(pupil, "benchwriter"); err != nil {
		return err
	}
	by, err := r.app.Accounts.ActorOf(r.ctx, r.app.System("bench"), pupil, access.Pupil)
	if err != nil {
		return err
	}
	defer app.Spacious()() // as the server that takes comments in
	for _, writers := range []int{1, 8, 64} {
		if err := r.writers(by, c, writers); err != nil {
			return err
		}
	}
	return nil
}

// writers runs a number of writers, each commenting on a question of its own:
// as many people in as many conversations.
func (r *run) writers(by access.Actor, c class, writers int) error {
	asked := make([]id.Post, writers)
	for w := range asked {
		var err error
		asked[w], err = r.app.Posts.Publish(r.ctx, by, post.Draft{Node: c.node, Kind: post.Question, Body: "?", Key: fmt.Sprintf("bench-%d-%d", writers, w)})
		if err != nil {
			return err
		}
	}
	var (
		mu    sync.Mutex
		times []time.Duration
		first error
		wg    sync.WaitGroup
	)
	start := time.Now()
	until := start.Add(writeFor)
	for w := range writers {
		wg.Go(func() {
			var own []time.Duration
			for time.Now().Before(until) && r.ctx.Err() == nil {
				t := time.Now()
				if _, err := r.app.Posts.Comment(r.ctx, by, asked[w], "谢谢老师。", ui.Key()); err != nil {
					mu.Lock()
					first = err
					mu.Unlock()
					return
				}
				own = append(own, time.Since(t))
			}
			mu.Lock()
			times = append(times, own...)
			mu.Unlock()
		})
	}
	wg.Wait()
	took := time.Since(start)
	if first != nil {
		return first
	}
	slices.Sort(times)
	of := func() map[string]any { return map[string]any{"writers": writers, "durable": true} }
	r.add("write.comments", "writes/s", float64(len(times))/took.Seconds(), of())
	r.add("write.p99", "ms", millis(times[len(times)*99/100]), of())
	return nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// peopleOr is the number asked for, else n.
func (r *run) peopleOr(n int) int {
	if r.People > 0 {
		return r.People
	}
	return n
}
