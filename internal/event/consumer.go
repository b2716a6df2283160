package event

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"learnspace/internal/db"
)

// Consumer derives something from the log: figures, notifications, evidence.
type Consumer interface {
	// Name names the cursor; it never changes.
	Name() string
	// Consume takes events in order of seq. It writes in tx only and may run
	// again with the same events when tx is undone.
	Consume(ctx context.Context, tx *db.Tx, es []Event) error
	// Reset empties what the consumer has derived, before a rebuild.
	Reset(ctx context.Context, tx *db.Tx) error
}

// Pages of the consumers: short ones while others wait to write.
const (
	consumeLong  = 4000
	consumeShort = 500
)

const (
	sqlCursorMake = `INSERT INTO event_cursor (name, seq, version) VALUES ($1, 0, 0) ON CONFLICT (name) DO NOTHING`
	sqlCursor     = `SELECT seq FROM event_cursor WHERE name = $1`
	sqlCursorLock = `UPDATE event_cursor SET version = version + 1 WHERE name = $1 RETURNING seq`
	sqlCursorMove = `UPDATE event_cursor SET seq = $1 WHERE name = $2`
)

// errMoved: another process has moved the cursor meanwhile.
var errMoved = errors.New("the cursor has moved")

// Cursor returns the seq up to which a consumer has taken the log.
func (l *Log) Cursor(ctx context.Context, name string) (seq int64, err error) {
	err = l.d.QueryRow(ctx, sqlCursor, name).Scan(&seq)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read cursor %s: %w", name, err)
	}
	return seq, nil
}

// CatchUp sequences what is committed, gives the consumer everything up to the
// head and returns the seq it stands at.
func (l *Log) CatchUp(ctx context.Context, c Consumer) (int64, error) {
	if err := l.sequenceAll(ctx); err != nil {
		return 0, err
	}
	head, err := l.Head(ctx)
	if err != nil {
		return 0, err
	}
	return l.consumeTo(ctx, c, head)
}

// consumeTo gives the consumer everything up to head.
func (l *Log) consumeTo(ctx context.Context, c Consumer, head int64) (int64, error) {
	name := c.Name()
	at, err := l.Cursor(ctx, name)
	if err != nil {
		return 0, err
	}
	var page []Event
	for at < head {
		n := int64(consumeLong)
		if l.d.Waiting() > 0 {
			n = consumeShort
		}
		to := min(at+n, head)
		// Events never change, so they are read before the writers' door.
		if page, err = l.read(ctx, page[:0], at, to); err != nil {
			return at, err
		}
		if int64(len(page)) != to-at {
			return at, fmt.Errorf("consume %s: %d events between %d and %d", name, len(page), at, to)
		}
		// A page lost to a power cut is taken again: the cursor goes with it.
		err = l.d.Tx(db.Unsynced(db.Patiently(ctx)), func(ctx context.Context, tx *db.Tx) error { return step(ctx, tx, c, page, at, to) })
		switch {
		case errors.Is(err, errMoved):
			if at, err = l.Cursor(ctx, name); err != nil {
				return at, err
			}
		case err != nil:
			return at, fmt.Errorf("consume %s: %w", name, err)
		default:
			at = to
		}
	}
	return at, nil
}

// step is the transaction that takes a page and moves the cursor.
func step(ctx context.Context, tx *db.Tx, c Consumer, page []Event, from, to int64) error {
	if _, err := tx.Exec(ctx, sqlCursorMake, c.Name()); err != nil {
		return err
	}
	var at int64
	if err := tx.QueryRow(ctx, sqlCursorLock, c.Name()).Scan(&at); err != nil {
		return err
	}
	if at != from {
		return errMoved
	}
	if err := c.Consume(ctx, tx, page); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlCursorMove, to, c.Name())
	return err
}

// Rebuild empties what the consumer has derived and derives it again from the
// first event. It returns the seq it stands at.
func (l *Log) Rebuild(ctx context.Context, c Consumer) (int64, error) {
	err := l.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, sqlCursorMake, c.Name()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE event_cursor SET seq = 0, version = version + 1 WHERE name = $1", c.Name()); err != nil {
			return err
		}
		return c.Reset(ctx, tx)
	})
	if err != nil {
		return 0, fmt.Errorf("rebuild %s: %w", c.Name(), err)
	}
	return l.CatchUp(ctx, c)
}

// Pauses of the loops: how often they look without having been woken, and how
// long they wait after an error.
const (
	lookEvery = time.Second
	maxPause  = 30 * time.Second
)

// Run sequences events and keeps the consumers at the head until ctx ends.
// Each consumer runs by itself: one that fails tries again after a growing
// pause and holds up nobody.
func (l *Log) Run(ctx context.Context, cs ...Consumer) error {
	var wg sync.WaitGroup
	if !l.d.Serial() {
		wg.Go(func() {
			l.loop(ctx, "sequencer", wakeAppended, func(ctx context.Context) error { return l.sequenceAll(ctx) })
		})
	}
	for _, c := range cs {
		wg.Go(func() {
			l.loop(ctx, c.Name(), wakeSequenced, func(ctx context.Context) error {
				head, err := l.Head(ctx)
				if err != nil {
					return err
				}
				_, err = l.consumeTo(ctx, c, head)
				return err
			})
		})
	}
	wg.Wait()
	return nil
}

// loop calls work now, at each wake-up call and every second until ctx ends.
func (l *Log) loop(ctx context.Context, name, channel string, work func(ctx context.Context) error) {
	calls, cancel := l.d.Subscribe(channel)
	defer cancel()
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	pause := lookEvery
	for ctx.Err() == nil {
		woken := calls
		if err := work(ctx); err == nil {
			pause = lookEvery
		} else if ctx.Err() == nil {
			l.log.Error("event loop", "name", name, "error", err)
			pause = min(2*pause, maxPause)
			woken = nil // wait the pause out
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
		case <-woken:
		case <-timer.C:
		}
	}
}
