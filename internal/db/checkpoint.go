package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	checkpointRows  = 4000        // rows written since the last checkpoint
	checkpointPause = time.Second // … or this long after a write
	checkpointPages = 64 << 10    // the log may grow to this many pages (256 MiB)
	checkpointShare = 32          // of so many rows of a large transaction one counts
)

// checkpointer moves the write-ahead log into the file beside the writer, so
// that no commit pays for it. A busy writer never lets it catch up, so beyond
// checkpointPages the writer is asked to finish the little that is left
// between two groups; then the log starts over.
type checkpointer struct {
	pool   *sql.DB
	log    *slog.Logger
	rows   atomic.Int64
	nudge  chan struct{}
	quit   chan struct{}
	ended  chan struct{}
	finish atomic.Bool
}

// startCheckpointer opens a connection and waits for work on it.
func startCheckpointer(ctx context.Context, c driver.Connector, log *slog.Logger) (*checkpointer, error) {
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(1)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	k := &checkpointer{
		pool: pool, log: log,
		nudge: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
	}
	go k.loop()
	return k, nil
}

// wrote reports rows that were committed. Large transactions change the same
// pages of the indexes one after another: the more of them the log holds, the
// fewer pages are moved in the end.
func (k *checkpointer) wrote(rows int64) {
	if rows >= checkpointRows {
		rows /= checkpointShare
	}
	if rows == 0 {
		return
	}
	before := k.rows.Add(rows) - rows
	if before == 0 || before < checkpointRows && before+rows >= checkpointRows {
		select {
		case k.nudge <- struct{}{}:
		default:
		}
	}
}

// loop checkpoints when enough was written, or a while after the last write.
func (k *checkpointer) loop() {
	defer close(k.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-k.quit:
			return
		case <-k.nudge:
			if k.rows.Load() < checkpointRows {
				timer.Reset(checkpointPause)
				continue
			}
		case <-timer.C:
		}
		if k.rows.Swap(0) == 0 {
			continue
		}
		left, err := checkpoint(k.pool)
		if err != nil {
			k.log.Error("checkpoint", "error", err)
		}
		if left > checkpointPages {
			k.finish.Store(true)
		}
	}
}

// checkpointQueryer is a pool or a connection.
type checkpointQueryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// checkpoint moves what it can without waiting and returns the pages of the
// log.
func checkpoint(q checkpointQueryer) (pages int, err error) {
	var busy, moved int
	err = q.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages, &moved)
	return pages, err
}

// close ends the loop and the connection.
func (k *checkpointer) close() {
	close(k.quit)
	<-k.ended
	if err := k.pool.Close(); err != nil {
		k.log.Error("close checkpointer", "error", err)
	}
}
