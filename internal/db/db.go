package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Dialect is the engine behind a DB. Only schema and its tests ask for it.
type Dialect int

// The engines.
const (
	SQLite Dialect = iota + 1
	Postgres
)

// String returns the engine's name.
func (e Dialect) String() string {
	if e == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// Options tune Open; the zero value is right for a server.
type Options struct {
	// ReadOnly opens an existing database beside a running server: no lock, no
	// writes.
	ReadOnly bool
	// Relaxed gives up durability: a power cut may lose the newest writes. It
	// is for tests and scratch data.
	Relaxed bool
	// Twice runs every closure of Tx two times, the first one undone: tests find
	// with it what a closure leaves outside its transaction.
	Twice bool
	// PoolSize bounds the connections that read (SQLite) or work (PostgreSQL);
	// 0 means 16.
	PoolSize int
	// Statement bounds one statement of a Tx on a database server, and how long
	// the Tx is tried again; what works Patiently is not bounded, and what reads
	// outside a Tx ends with its context. 0 means 30 seconds.
	Statement time.Duration
	// Logger receives what goes wrong in the background; nil means the default.
	Logger *slog.Logger
}

// Queryer is what DB and Tx have in common.
type Queryer interface {
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	url     string
	opt     Options
	log     *slog.Logger
	pool    *sql.DB // readers on SQLite, everything on PostgreSQL
	group   *group  // the writer of SQLite
	lock    *os.File
	wake    *wake

	statMu sync.Mutex
	stat   map[string]*growth // of the tables that bulk work fills
}

// Open opens the database at url: "sqlite:PATH" (made if it does not exist) or
// "postgres://…". It returns ErrLocked when another process writes the file.
func Open(ctx context.Context, url string, opt Options) (*DB, error) {
	if opt.PoolSize <= 0 {
		opt.PoolSize = 16
	}
	if opt.Statement <= 0 {
		opt.Statement = 30 * time.Second
	}
	d := &DB{url: url, opt: opt, log: opt.Logger, wake: newWake()}
	if d.log == nil {
		d.log = slog.Default()
	}
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		d.dialect = SQLite
		err = d.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"))
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		d.dialect = Postgres
		err = d.openPostgres(ctx, url)
	default:
		err = errors.New("the address begins neither with sqlite: nor with postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", errors.Join(err, d.Close()))
	}
	return d, nil
}

// Close waits for the transactions under way and closes the database.
func (d *DB) Close() error {
	var errs []error
	d.wake.close()
	if d.group != nil {
		errs = append(errs, d.group.close())
	}
	if d.pool != nil {
		errs = append(errs, d.pool.Close())
	}
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
		d.lock = nil
	}
	return errors.Join(errs...)
}

// Dialect returns the engine.
func (d *DB) Dialect() Dialect { return d.dialect }

// Serial reports whether the engine runs one writing transaction at a time.
func (d *DB) Serial() bool { return d.dialect == SQLite }

// Waiting returns how many transactions wait for their turn to write; always 0
// on an engine that runs them side by side. Bulk work shortens its chunks
// while somebody waits; other bulk work, see Patiently, is not counted.
func (d *DB) Waiting() int {
	if d.group == nil {
		return 0
	}
	return int(d.group.waiting.Load())
}

// Load is how busy the database is.
type Load struct {
	// Group is how many transactions the last commit of the embedded engine
	// held, Waiting how many wait for their turn to write there.
	Group, Waiting int
	// InUse and Open are connections of the pool; Waited is how often somebody
	// waited for one.
	InUse, Open int
	Waited      int64
}

// Load returns how busy the database is.
func (d *DB) Load() Load {
	st := d.pool.Stats()
	l := Load{Waiting: d.Waiting(), InUse: st.InUse, Open: st.OpenConnections, Waited: st.WaitCount}
	if d.group != nil {
		l.Group = int(d.group.size.Load())
	}
	return l
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	return d.QueryRow(ctx, "SELECT 1").Scan(&one)
}

// Tx runs fn in a transaction and returns nil once its writes are durable. An
// error of fn undoes the writes and is returned as it is, after the
// transaction it shared with others has ended. Inside another Tx (by ctx) it
// joins that one: an error undoes the inner writes only. See the package
// comment for what fn may do.
func (d *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if tx := d.writing(ctx); tx != nil {
		return tx.nested(ctx, fn)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.opt.ReadOnly {
		return ErrReadOnly
	}
	if d.opt.Twice {
		fn = twice(fn)
	}
	if d.group != nil {
		return d.group.do(ctx, fn)
	}
	return d.serverTx(ctx, fn)
}

// errUndo ends the first of two runs.
var errUndo = errors.New("undone")

// twice returns fn run, undone and run again.
func twice(fn func(ctx context.Context, tx *Tx) error) func(ctx context.Context, tx *Tx) error {
	return func(ctx context.Context, tx *Tx) error {
		err := tx.nested(ctx, func(ctx context.Context, tx *Tx) error {
			_ = fn(ctx, tx)
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			return err
		}
		return fn(ctx, tx)
	}
}

// Join is Tx for a part that cannot fail alone: inside another Tx it runs
// without a savepoint, and when fn fails the surrounding closure fails too,
// whatever it returns. Bulk work asks for it, because a savepoint keeps a copy
// of each page that changes.
func (d *DB) Join(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if tx := d.writing(ctx); tx != nil {
		return tx.joined(ctx, fn)
	}
	return d.Tx(ctx, fn)
}

// txKey carries the *Tx in a context.
type txKey struct{}

// current returns the transaction of d that ctx carries, or nil.
func (d *DB) current(ctx context.Context) *Tx {
	tx, _ := ctx.Value(txKey{}).(*Tx)
	for tx != nil && tx.d != d {
		tx = tx.other
	}
	return tx
}

// writing returns the transaction of d that ctx carries, or nil; a view is
// none.
func (d *DB) writing(ctx context.Context) *Tx {
	if tx := d.current(ctx); tx != nil && !tx.view {
		return tx
	}
	return nil
}

// View runs fn so that everything it reads with the ctx it is given is of one
// moment, where the engine does that for nothing: on the embedded one it also
// halves the cost of a small read. fn reads in its own goroutine only; what it
// writes (by Tx) is not seen by its later reads.
func (d *DB) View(ctx context.Context, fn func(ctx context.Context) error) error {
	if d.dialect != SQLite || d.current(ctx) != nil {
		return fn(ctx)
	}
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin view: %w", err)
	}
	defer func() { _ = conn.Close() }()
	s := &session{conn: conn}
	if err := s.run("BEGIN"); err != nil {
		return fmt.Errorf("begin view: %w", err)
	}
	tx := &Tx{d: d, s: s, view: true}
	defer func() {
		tx.finish()
		_ = s.run("ROLLBACK") // there is nothing to keep
	}()
	return fn(tx.inside(ctx))
}

// Exec runs a writing statement in the transaction of ctx, or in one of its
// own, and returns the number of rows it touched.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	if tx := d.writing(ctx); tx != nil {
		return tx.Exec(ctx, query, args...)
	}
	err = d.Tx(ctx, func(ctx context.Context, tx *Tx) (err error) {
		n, err = tx.Exec(ctx, query, args...)
		return err
	})
	return n, err
}

// Query runs a reading statement in the transaction of ctx, or outside any.
// The rows must be closed, and read before the next statement of the same
// transaction.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if tx := d.current(ctx); tx != nil {
		return tx.Query(ctx, query, args...)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	args, err := plainAll(args)
	if err != nil {
		return nil, err
	}
	return d.pool.QueryContext(d.readContext(ctx), query, args...)
}

// QueryRow is Query for at most one row; an error comes with Scan.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if tx := d.current(ctx); tx != nil {
		return tx.QueryRow(ctx, query, args...)
	}
	args, err := plainAll(args)
	if err != nil {
		return d.pool.QueryRowContext(refusedContext(err), query)
	}
	if ctx.Err() == nil {
		ctx = d.readContext(ctx)
	}
	return d.pool.QueryRowContext(ctx, query, args...)
}

// readContext returns the context to read with. The embedded engine answers in
// microseconds, and watching a context costs as much again, so it is looked at
// before the statement only.
func (d *DB) readContext(ctx context.Context) context.Context {
	if d.dialect == SQLite {
		return context.Background()
	}
	return ctx
}
