package app

import (
	"context"
	"net/http"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/logs"
	"learnspace/internal/meter"
	"learnspace/internal/web/systemweb"
)

// costly is how long a number that costs a query is kept.
const costly = 15 * time.Second

// measure names what Prometheus may ask for.
func (a *App) measure() {
	a.meter = meter.New()
	gauge := func(name, help string, read func() float64) { a.meter.Gauge(name, help, 0, read) }
	query := func(name, help string, keep time.Duration, read func(ctx context.Context) (float64, error)) {
		a.meter.Gauge(name, help, keep, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), checkTime)
			defer cancel()
			v, err := read(ctx)
			if err != nil {
				return -1
			}
			return v
		})
	}
	gauge("hashing_busy", "Passwords that are hashed or wait for it.", func() float64 {
		if a.hashing == nil {
			return 0
		}
		return float64(a.hashing.Waiting())
	})
	gauge("db_group_size", "Transactions of the last group commit (embedded engine).", func() float64 { return float64(a.DB.Load().Group) })
	gauge("db_writers_waiting", "Transactions that wait for their turn to write (embedded engine).", func() float64 { return float64(a.DB.Load().Waiting) })
	gauge("db_connections", "Connections of the pool in use.", func() float64 { return float64(a.DB.Load().InUse) })
	gauge("disk_free_bytes", "Free space under the data folder.", func() float64 {
		free, err := freeDisk(a.Config.Data)
		if err != nil {
			return -1
		}
		return float64(free)
	})
	jobs := func(pick func(waiting, running, failed int64) int64) func(ctx context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			c, err := a.Jobs.Count(ctx)
			return float64(pick(c.Waiting, c.Running, c.Failed)), err
		}
	}
	query("jobs_waiting", "Jobs that wait for their time or a worker.", costly, jobs(func(w, _, _ int64) int64 { return w }))
	query("jobs_running", "Jobs under way.", costly, jobs(func(_, r, _ int64) int64 { return r }))
	query("jobs_failed", "Jobs that were given up.", costly, jobs(func(_, _, f int64) int64 { return f }))
	query("jobs_lag_seconds", "How long the oldest due job has waited.", costly, func(ctx context.Context) (float64, error) {
		d, err := a.Jobs.Lag(ctx)
		return d.Seconds(), err
	})
	query("event_lag_seconds", "How long the oldest event has waited for its number.", costly, func(ctx context.Context) (float64, error) {
		d, err := a.Log.Lag(ctx)
		return d.Seconds(), err
	})
	query("sessions", "Sessions that have not ended.", time.Minute, func(ctx context.Context) (float64, error) {
		n, err := a.Accounts.CountSessions(ctx, a.System("metrics"))
		return float64(n), err
	})
}

// MetricsServer answers Prometheus; it stands on a listener of its own.
func (a *App) MetricsServer() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.meter.Handler())
	return &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		MaxHeaderBytes: 8 << 10}
}

// troubled is how many jobs in trouble the page of the running shows.
const troubled = 20

// Status is what the system administrator sees of the running.
func (a *App) Status(ctx context.Context, by access.Actor) (systemweb.Status, error) {
	var s systemweb.Status
	if !by.Can(access.SystemManage) {
		return s, fault.New(fault.ErrForbidden, "error.forbidden")
	}
	about := Version()
	s.Version, s.Go, s.Engine, s.At = about.Version, about.Go, a.DB.Dialect().String(), a.Clock.Now()
	s.Checks = a.Ready(ctx)
	load := a.DB.Load()
	s.Group, s.Writers, s.Connections = load.Group, load.Waiting, load.InUse
	counts, err := a.Jobs.Count(ctx)
	if err != nil {
		return s, err
	}
	s.Waiting, s.Running, s.Done, s.Failed = counts.Waiting, counts.Running, counts.Done, counts.Failed
	list, err := a.Jobs.Troubled(ctx, troubled)
	if err != nil {
		return s, err
	}
	for _, j := range list {
		s.Jobs = append(s.Jobs, systemweb.Job{ID: j.ID.String(), Kind: j.Kind, State: string(j.State), Attempts: j.Attempts,
			MadeAt: j.MadeAt.In(clock.Zone), Error: logs.Mask(j.Error)})
	}
	for _, v := range a.Config.Effective() {
		s.Settings = append(s.Settings, systemweb.Setting{Key: v.Key, Value: v.Value, Source: v.Source, Zh: v.Zh, En: v.En})
	}
	return s, nil
}
