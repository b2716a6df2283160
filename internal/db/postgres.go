package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// openPostgres opens the pool and starts the exchange of wake-up calls.
func (d *DB) openPostgres(ctx context.Context, url string) error {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return errors.New("the address of the database server cannot be read")
	}
	set := func(name, value string) {
		if _, ok := cfg.RuntimeParams[name]; !ok {
			cfg.RuntimeParams[name] = value
		}
	}
	set("application_name", "learnspace")
	set("timezone", "UTC")
	set("lock_timeout", milliseconds(d.opt.Statement))
	set("idle_in_transaction_session_timeout", "120s")
	if d.opt.Relaxed {
		set("synchronous_commit", "off")
	}
	if d.opt.ReadOnly {
		set("default_transaction_read_only", "on")
	}
	cfg.StatementCacheCapacity = cachedStatements
	d.pool = stdlib.OpenDB(*cfg)
	d.pool.SetMaxOpenConns(d.opt.PoolSize)
	d.pool.SetMaxIdleConns(d.opt.PoolSize)
	d.pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := d.Ping(ctx); err != nil {
		return err
	}
	d.startListener(cfg)
	return nil
}

// milliseconds is a time as the server's settings take it.
func milliseconds(t time.Duration) string {
	return strconv.FormatInt(max(t.Milliseconds(), 1), 10) + "ms"
}

// serverRetries bounds how often a closure runs when the engine gives up on it.
const serverRetries = 12

// serverTx runs fn in a transaction of its own, again while the engine gives
// up on it.
func (d *DB) serverTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	end := time.Now().Add(d.opt.Statement)
	for try := 1; ; try++ {
		after, err := d.serverTry(ctx, fn)
		if err == nil {
			for _, fn := range after {
				fn()
			}
			return nil
		}
		if !IsBusy(err) || try == serverRetries || time.Now().After(end) && !patient(ctx) {
			return err
		}
		limit := min(int64(1)<<try, 200)
		pause := time.NewTimer(time.Duration(rand.Int64N(limit)+1) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// serverTry runs fn once between BEGIN and COMMIT.
func (d *DB) serverTry(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (after []func(), err error) {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = conn.Close() }()
	s := &session{conn: conn}
	begin := "BEGIN ISOLATION LEVEL READ COMMITTED"
	if !patient(ctx) {
		begin += "; SET LOCAL statement_timeout = '" + milliseconds(d.opt.Statement) + "'"
	}
	if unsynced(ctx) {
		begin += "; SET LOCAL synchronous_commit = off"
	}
	if err := s.run(begin); err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{d: d, s: s}
	committed := false
	defer func() {
		tx.finish()
		if !committed {
			// A connection that cannot even do this is dropped by the pool.
			_ = (&session{conn: conn}).run("ROLLBACK")
		}
	}()
	if err := tx.closure(ctx, fn); err != nil {
		return nil, err
	}
	if s.broken != nil {
		return nil, s.broken
	}
	tx.finish()
	if err := d.commitServer(s); err != nil {
		return nil, err
	}
	committed = true
	return tx.after, nil
}

// commitServer commits. The server answers ROLLBACK, without an error, when a
// statement has failed and the closure went on as if nothing had happened.
func (d *DB) commitServer(s *session) error {
	return s.conn.Raw(func(raw any) error {
		tag, err := raw.(*stdlib.Conn).Conn().Exec(context.Background(), "COMMIT")
		if err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		if tag.String() != "COMMIT" {
			return errors.New("commit: a statement of the transaction had failed")
		}
		return nil
	})
}
