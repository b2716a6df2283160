package app

import (
	"context"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/job"
)

// The kinds of scheduled work.
const (
	jobEdges    = "org.edges"
	jobFreeze   = "bulletin.freeze"
	jobLapse    = "person.consents"
	jobVisits   = "upstream.visits"
	jobMessages = "deliver.purge"
	jobSweep    = "account.sweep"
	jobPurge    = "job.purge"
	jobKeep     = "audit.keep"
	jobLooks    = "custody.sweep"
	jobReseal   = "keys.reseal"
)

// keepJobs is how long finished jobs are shown (UX rule 19).
const keepJobs = 90 * 24 * time.Hour

// keepMessages is how long it is kept that a message went out, without
// recipient and text.
const keepMessages = 30 * 24 * time.Hour

// jobs names what is done by itself: edges of the tree that come into force at
// midnight, the month that is frozen on day 1 at 06:00, and sweeping.
func (a *App) jobs() {
	a.Jobs.Register(jobEdges, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Org.ApplyDueEdges(ctx, a.System("edges in force"))
		return err
	})
	a.Jobs.Schedule(jobEdges, daily(0, 1))
	a.Jobs.Register(jobFreeze, func(ctx context.Context, _ *job.Run) error {
		month := clock.MonthOf(a.Clock.Now()).Prev()
		return a.Bulletin.Freeze(ctx, a.System("day 1, 06:00"), month)
	})
	a.Jobs.Schedule(jobFreeze, monthly(6))
	a.Jobs.Register(jobLapse, func(ctx context.Context, _ *job.Run) error {
		_, err := a.People.LapseConsents(ctx, a.System("consents to replaced texts"))
		return err
	})
	a.Jobs.Schedule(jobLapse, daily(0, 5))
	a.Jobs.Register(jobSweep, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Accounts.Sweep(ctx, a.System("old codes and sessions"))
		return err
	})
	a.Jobs.Schedule(jobSweep, hourly)
	a.Jobs.Register(jobMessages, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Deliver.Purge(ctx, a.Clock.Now().Add(-keepMessages))
		return err
	})
	a.Jobs.Schedule(jobMessages, daily(3, 40))
	a.rightsJobs()
	a.Jobs.Register(jobVisits, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Upstream.Sweep(ctx, a.System("visits that are over"))
		return err
	})
	a.Jobs.Schedule(jobVisits, hourly)
	a.Jobs.Register(jobPurge, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Jobs.Purge(ctx, a.Clock.Now().Add(-keepJobs))
		return err
	})
	a.Jobs.Schedule(jobPurge, daily(3, 30))
	a.Jobs.Register(jobKeep, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Inquiry.Trim(ctx, a.System("audit rows are kept for their time"))
		return err
	})
	a.Jobs.Schedule(jobKeep, daily(3, 40))
	a.Jobs.Register(jobLooks, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Custody.Sweep(ctx, a.System("old looks and files that expired"))
		return err
	})
	a.Jobs.Schedule(jobLooks, hourly)
	a.Jobs.Register(jobReseal, a.reseal)
}

// daily is the next time of day after an instant, in the product's zone.
func daily(hour, minute int) func(time.Time) time.Time {
	return func(after time.Time) time.Time {
		t := after.In(clock.Zone)
		next := time.Date(t.Year(), t.Month(), t.Day(), hour, minute, 0, 0, clock.Zone)
		if !next.After(after) {
			next = next.AddDate(0, 0, 1)
		}
		return next
	}
}

// monthly is the next first day of a month at an hour.
func monthly(hour int) func(time.Time) time.Time {
	return func(after time.Time) time.Time {
		t := after.In(clock.Zone)
		next := time.Date(t.Year(), t.Month(), 1, hour, 0, 0, 0, clock.Zone)
		if !next.After(after) {
			next = next.AddDate(0, 1, 0)
		}
		return next
	}
}

func hourly(after time.Time) time.Time { return after.Truncate(time.Hour).Add(time.Hour) }
