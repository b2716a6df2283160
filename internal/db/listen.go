package db

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// wakeChannel is the server's channel; the payload is the product's.
const wakeChannel = "learnspace_wake"

// startListener keeps one connection that hears the calls of all processes and
// one goroutine that sends ours, a burst as one.
func (d *DB) startListener(cfg *pgx.ConnConfig) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	pending := make(chan string, 64)
	d.wake.send = func(channel string) {
		select {
		case pending <- channel:
		default: // a full queue means that calls are on their way anyway
		}
	}
	d.wake.stop = func() {
		cancel()
		wg.Wait()
	}
	wg.Go(func() { d.listen(ctx, cfg) })
	wg.Go(func() { d.sendCalls(ctx, pending) })
}

// sendCalls sends queued calls to the other processes.
func (d *DB) sendCalls(ctx context.Context, pending <-chan string) {
	for {
		var first string
		select {
		case <-ctx.Done():
			return
		case first = <-pending:
		}
		burst := map[string]struct{}{first: {}}
		for more := true; more; {
			select {
			case c := <-pending:
				burst[c] = struct{}{}
			default:
				more = false
			}
		}
		for c := range burst {
			if _, err := d.pool.ExecContext(ctx, "SELECT pg_notify($1, $2)", wakeChannel, c); err != nil && ctx.Err() == nil {
				d.log.Warn("send wake-up call", "error", err)
			}
		}
	}
}

// listen hears calls and begins again when the connection breaks.
func (d *DB) listen(ctx context.Context, cfg *pgx.ConnConfig) {
	for ctx.Err() == nil {
		err := d.listenOnce(ctx, cfg)
		if ctx.Err() != nil {
			return
		}
		d.log.Warn("listen for wake-up calls", "error", err)
		pause := time.NewTimer(time.Second)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// listenOnce hears calls on one connection until it breaks.
func (d *DB) listenOnce(ctx context.Context, cfg *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+wakeChannel); err != nil {
		return err
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		d.wake.ring(n.Payload)
	}
}
