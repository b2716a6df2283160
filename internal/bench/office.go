package bench

import (
	"fmt"
	"syscall"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// ownCPU is the processor time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// dashboard measures the figures of the province with those of its reporting
// units.
func (r *run) dashboard() error {
	if err := r.load(r.peopleOr(few), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	by := r.app.System("bench")
	root, err := r.app.Org.Root(r.ctx, by)
	if err != nil {
		return err
	}
	const rounds = 200
	start := ownCPU()
	for range rounds {
		if _, err := r.app.Metrics.Figures(r.ctx, by, root.ID, 0); err != nil {
			return err
		}
		if _, err := r.app.Metrics.Children(r.ctx, by, root.ID, 0); err != nil {
			return err
		}
	}
	r.add("dashboard", "ms CPU", millis((ownCPU()-start)/rounds), map[string]any{"people": r.loaded})
	return nil
}

// rollup measures a rebuild of every figure from the events.
func (r *run) rollup() error {
	if err := r.load(r.peopleOr(few), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	if err := r.app.CatchUp(r.ctx); err != nil {
		return err
	}
	start := time.Now()
	if _, err := r.app.Metrics.Recount(r.ctx, r.app.System("bench"), false); err != nil {
		return err
	}
	r.add("rollup.rebuild", "s", time.Since(start).Seconds(), map[string]any{"people": r.loaded})
	return nil
}

// move measures a county that moves to another prefecture.
func (r *run) move() error {
	if err := r.load(r.peopleOr(few), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	by := r.app.Operator("bench")
	county, err := r.app.Org.ByCode(r.ctx, by, "220102")
	if err != nil {
		return err
	}
	to, err := r.app.Org.ByCode(r.ctx, by, "220200")
	if err != nil {
		return err
	}
	counts, err := r.app.Org.Counts(r.ctx, by, county.ID)
	if err != nil {
		return err
	}
	nodes := 1
	for _, n := range counts {
		nodes += n
	}
	start := time.Now()
	if err := r.app.Org.Move(r.ctx, by, county.ID, to.ID, org.Admin, clock.DayOf(r.app.Clock.Now()), "bench"); err != nil {
		return err
	}
	r.add("move.county", "ms", millis(time.Since(start)), map[string]any{"nodes": nodes})
	return nil
}

// bulletin measures the draft of a month's bulletin.
func (r *run) bulletin() error {
	if err := r.load(r.peopleOr(few), false); err != nil {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	month := clock.MonthOf(r.app.Clock.Now()).Prev()
	start := time.Now()
	if err := r.app.Bulletin.Freeze(r.ctx, r.app.System("bench"), month); err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	r.add("bulletin.freeze", "ms", millis(time.Since(start)), map[string]any{"people": r.loaded})
	return nil
}

func list2ids(list []person.Member) []id.Person {
	out := make([]id.Person, len(list))
	for i, m := range list {
		out[i] = m.ID
	}
	return out
}
