package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"learnspace/internal/blob"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/schema"
	"learnspace/internal/seal"
	"learnspace/internal/web"
)

// checkTime bounds one check of readiness.
const checkTime = 2 * time.Second

// Ready lists what a server that can serve needs. Reasons are words: everybody
// may read them; what exactly is wrong goes to the log.
func (a *App) Ready(ctx context.Context) []web.Check {
	checks := []struct {
		name string
		ask  func(ctx context.Context) (value int64, unit string, err error)
		// needs the database: without it there is nothing to ask.
		database bool
	}{
		{"database", func(ctx context.Context) (int64, string, error) {
			begin := time.Now()
			err := a.DB.Ping(ctx)
			return time.Since(begin).Milliseconds(), "ms", err
		}, false},
		{"schema", a.schemaReady, true},
		{"disk", a.diskReady, false},
		{"blobs", a.blobsReady, false},
		{"keys", a.keysReady, false},
		{"jobs", func(ctx context.Context) (int64, string, error) { return a.lag(a.Jobs.Lag(ctx)) }, true},
		{"events", func(ctx context.Context) (int64, string, error) { return a.lag(a.Log.Lag(ctx)) }, true},
	}
	var out []web.Check
	down := false
	for _, c := range checks {
		if c.database && down {
			out = append(out, web.Check{Name: c.name, Reason: "unknown without the database"})
			continue
		}
		within, cancel := context.WithTimeout(ctx, checkTime)
		value, unit, err := c.ask(within)
		cancel()
		check := web.Check{Name: c.name, OK: err == nil, Value: value, Unit: unit}
		if err != nil {
			check.Reason = reasonOf(err)
			down = down || c.name == "database"
			a.logger.Warn("not ready", "check", c.name, "error", err)
		}
		out = append(out, check)
	}
	return out
}

// notReady is a reason in words.
type notReady string

func (n notReady) Error() string { return string(n) }

// reasonOf is an error as everybody may read it.
func reasonOf(err error) string {
	var said notReady
	switch {
	case errors.As(err, &said):
		return string(said)
	case db.IsFull(err):
		return "disk full"
	case db.IsSlow(err):
		return "too slow"
	case errors.Is(err, blob.ErrBroken):
		return "store out of order"
	}
	return "no answer"
}

func (a *App) lag(d time.Duration, err error) (int64, string, error) {
	if err == nil && d > a.Config.Limits.Lag {
		err = notReady(fmt.Sprintf("behind by %s", d.Round(time.Second)))
	}
	return d.Milliseconds(), "ms", err
}

func (a *App) schemaReady(ctx context.Context) (int64, string, error) {
	n, err := schema.Behind(ctx, a.DB)
	if err == nil && n > 0 {
		err = notReady("schema behind; run learnspace migrate")
	}
	return int64(n), "steps", err
}

func (a *App) diskReady(context.Context) (int64, string, error) {
	free, err := freeDisk(a.Config.Data)
	if err == nil && free >= 0 && free < int64(a.Config.Limits.Disk) {
		err = notReady("less than " + a.Config.Limits.Disk.String() + " free")
	}
	return max(free, 0) >> 20, "MiB", err
}

func (a *App) blobsReady(ctx context.Context) (int64, string, error) {
	const key = "ready/probe"
	begin := time.Now()
	err := a.Blobs.Put(ctx, key, strings.NewReader("ready"), 5)
	if err == nil {
		err = a.Blobs.Delete(ctx, key)
	}
	return time.Since(begin).Milliseconds(), "ms", err
}

func (a *App) keysReady(context.Context) (int64, string, error) {
	_, err := seal.Load(a.Config.Keys())
	if err != nil {
		err = errors.Join(notReady("key file missing or unreadable"), err)
	}
	return 0, "", err
}

// inWords makes a fault of an error that the storage gave.
func inWords(err error) error {
	switch {
	case db.IsFull(err):
		return fault.Wrap(fault.ErrUnavailable, err, "error.disk_full")
	case db.IsSlow(err):
		return fault.Wrap(fault.ErrUnavailable, err, "error.slow")
	case db.IsDown(err):
		return fault.Wrap(fault.ErrUnavailable, err, "error.database_down")
	case errors.Is(err, blob.ErrBroken):
		return fault.Wrap(fault.ErrUnavailable, err, "error.blobs_down")
	}
	return err
}
