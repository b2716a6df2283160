package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Tx is a transaction, or a part of one, inside the closure given to DB.Tx. It
// belongs to the closure's goroutine and ends with it.
type Tx struct {
	d     *DB
	s     *session
	depth int // of the savepoint; 0 is a transaction of its own
	other *Tx // the surrounding transaction of another DB, if any
	done  bool
	view  bool  // for reading only
	memos []any // of a view; see Memo
	doom  error
	after []func()
	open  []*sql.Rows
	rows  []*sql.Row
}

// session is the connection a transaction runs on.
type session struct {
	conn *sql.Conn
	// rewinds is set on the engine that may roll the whole transaction back by
	// itself when a statement fails.
	rewinds bool
	broken  error
	touched int64 // rows written
	counts  []count
}

// note remembers a failure that may have ended the transaction: nothing more
// must run on it, because a later RELEASE would commit on its own.
func (s *session) note(err error) {
	if s.rewinds && mayRollBack(err) {
		s.broken = fmt.Errorf("%w: %w", errBroken, err)
	}
}

// run executes a statement of the transaction itself.
func (s *session) run(query string) error {
	if s.broken != nil {
		return s.broken
	}
	_, err := s.conn.ExecContext(context.Background(), query)
	return err
}

// Serial reports whether the engine runs one writing transaction at a time, so
// that a MAX read inside it holds until it ends.
func (t *Tx) Serial() bool { return t.d.Serial() }

// AfterCommit calls fn once the outermost transaction is durable, or committed
// where it is Unsynced, in the caller's goroutine, in the order of registration. Work that was undone calls
// nothing.
func (t *Tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// usable returns why no statement may run, or nil.
func (t *Tx) usable(ctx context.Context) error {
	if t.done {
		return ErrDone
	}
	if t.s.broken != nil {
		return t.s.broken
	}
	return ctx.Err()
}

// Exec runs a writing statement and returns the number of rows it touched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.usable(ctx); err != nil {
		return 0, err
	}
	args, err := plainAll(args)
	if err != nil {
		return 0, err
	}
	res, err := t.s.conn.ExecContext(context.Background(), query, args...)
	if err != nil {
		t.s.note(err)
		return 0, err
	}
	n, err := res.RowsAffected()
	t.s.touched += n
	return n, err
}

// Query runs a statement that returns rows. Close them, and read them to the
// end before the next statement: one engine cannot interleave two.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := t.usable(ctx); err != nil {
		return nil, err
	}
	args, err := plainAll(args)
	if err != nil {
		return nil, err
	}
	rows, err := t.s.conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		t.s.note(err)
		return nil, err
	}
	t.open = append(t.open, rows)
	t.s.touched++
	return rows, nil
}

// QueryRow is Query for at most one row; an error comes with Scan.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	err := t.usable(ctx)
	if err == nil {
		args, err = plainAll(args)
	}
	if err != nil {
		return t.s.conn.QueryRowContext(refusedContext(err), query)
	}
	row := t.s.conn.QueryRowContext(context.Background(), query, args...)
	if err := row.Err(); err != nil {
		t.s.note(err)
	}
	t.rows = append(t.rows, row)
	t.s.touched++
	return row
}

// refusedContext returns a context that makes database/sql hand err on without
// running anything: a *sql.Row cannot be made any other way.
func refusedContext(err error) context.Context { return refused{err: err} }

// refused is a context that has ended for its own reason.
type refused struct {
	context.Context
	err error
}

var closedChannel = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (r refused) Deadline() (deadline time.Time, ok bool) { return }
func (r refused) Done() <-chan struct{}                   { return closedChannel }
func (r refused) Err() error                              { return r.err }
func (r refused) Value(any) any                           { return nil }

// finish closes what the closure left open and makes t unusable.
func (t *Tx) finish() {
	t.done = true
	for _, rows := range t.open {
		_ = rows.Close()
	}
	for _, row := range t.rows {
		_ = row.Scan() // closes one that nobody read
	}
	t.open, t.rows = nil, nil
}

// inside returns ctx carrying t.
func (t *Tx) inside(ctx context.Context) context.Context {
	if outer, _ := ctx.Value(txKey{}).(*Tx); outer != nil && outer.d != t.d {
		t.other = outer
	}
	return context.WithValue(ctx, txKey{}, t)
}

// nested runs fn in a savepoint of t.
func (t *Tx) nested(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if err := t.usable(ctx); err != nil {
		return err
	}
	child := &Tx{d: t.d, s: t.s, depth: t.depth + 1, other: t.other}
	if err := child.savepoint(fn, ctx); err != nil {
		return err
	}
	t.after = append(t.after, child.after...)
	return nil
}

// savepoint runs fn between SAVEPOINT and RELEASE. A panic or Goexit undoes the
// work and goes on to the caller.
func (t *Tx) savepoint(fn func(ctx context.Context, tx *Tx) error, ctx context.Context) (err error) {
	name := "s" + strconv.Itoa(t.depth)
	if err := t.s.run("SAVEPOINT " + name); err != nil {
		t.s.note(err)
		return err
	}
	marks := slices.Clone(t.s.counts)
	returned := false
	defer func() {
		t.finish()
		if returned && err == nil {
			if e := t.s.run("RELEASE SAVEPOINT " + name); e != nil {
				err = t.lost(e)
			}
			return
		}
		t.s.rewind(marks)
		e := t.s.run("ROLLBACK TO SAVEPOINT " + name)
		if e == nil {
			e = t.s.run("RELEASE SAVEPOINT " + name)
		}
		if e != nil {
			err = errors.Join(err, t.lost(e))
		}
	}()
	err = t.closure(ctx, fn)
	returned = true
	return err
}

// closure runs fn and returns its error, or that of a part it had joined.
func (t *Tx) closure(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if err := fn(t.inside(ctx), t); err != nil {
		return err
	}
	return t.doom
}

// joined runs fn as a part of t.
func (t *Tx) joined(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (err error) {
	if err := t.usable(ctx); err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned {
			t.doom = errors.New("a part of the transaction panicked")
		} else if err != nil && t.doom == nil {
			t.doom = err
		}
	}()
	err = fn(ctx, t)
	returned = true
	return err
}

// lost marks the whole transaction as broken: a savepoint could not be ended.
func (t *Tx) lost(cause error) error {
	if t.s.broken == nil {
		t.s.broken = fmt.Errorf("%w: %w", errBroken, cause)
	}
	return t.s.broken
}
