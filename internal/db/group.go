package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	groupCalls = 512                   // most closures of one group
	groupTime  = 20 * time.Millisecond // a group takes no more closures after this
)

// group is the group commit of the embedded engine: one goroutine owns the
// writer connection, hands it to one waiting caller after another, and commits
// for all of them.
type group struct {
	d     *DB
	pool  *sql.DB
	conn  *sql.Conn
	queue chan *call
	ran   chan struct{} // a caller gives the connection back
	ended chan struct{}

	mu      sync.RWMutex // held for reading while a call is put in the queue
	closed  bool
	waiting atomic.Int64

	held    *call        // begins the next group
	lazy    bool         // the connection commits without waiting for the disk
	last    int          // size of the group before
	size    atomic.Int64 // the same, for whoever measures
	running atomic.Int64 // when the closure that runs now began, 0 for none
	wal     *checkpointer
}

// call is one DB.Tx that waits for its turn.
type call struct {
	ctx   context.Context
	fn    func(ctx context.Context, tx *Tx) error
	taken atomic.Int32 // 0 queued, 1 taken by the group, 2 given up by the caller
	turn  chan turn
	// weight is what the call counts for among those who wait: 0 for bulk work.
	weight int64

	alone bool // it joins no group, but begins one
	lazy  bool // its commit need not wait for the disk, and it shares it with nobody

	// Of the last run, written before the connection is given back.
	err   error
	gone  bool // the closure panicked or left by Goexit
	after []func()
}

// turn is a message to the caller: run on s, or, without s, the end with err.
type turn struct {
	s     *session
	whole bool // the transaction is the closure's alone so far
	err   error
}

// do queues a closure, runs it when its turn comes and returns what became of
// it.
func (g *group) do(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	c := &call{ctx: ctx, fn: fn, turn: make(chan turn, 1), lazy: unsynced(ctx)}
	c.alone = c.lazy || patient(ctx)
	if !c.alone {
		c.weight = 1
	}
	if err := g.enqueue(c); err != nil {
		return err
	}
	var t turn
	select {
	case t = <-c.turn:
	case <-ctx.Done():
		if c.taken.CompareAndSwap(0, 2) {
			return ctx.Err()
		}
		t = <-c.turn
	}
	for t.s != nil {
		c.run(g, t)
		t = <-c.turn
	}
	if t.err != nil {
		return t.err
	}
	for _, fn := range c.after {
		fn()
	}
	return nil
}

// enqueue puts c in the queue, or returns why it cannot.
func (g *group) enqueue(c *call) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return ErrClosed
	}
	g.waiting.Add(c.weight)
	select {
	case g.queue <- c:
		return nil
	default:
	}
	select {
	case g.queue <- c:
		return nil
	case <-c.ctx.Done():
		g.waiting.Add(-c.weight)
		return c.ctx.Err()
	}
}

// run runs the closure in its caller's goroutine. The connection goes back to
// the group however the closure ends.
//
// The first member of a group needs no savepoint: when it fails there is
// nothing else to keep. That spares bulk work, which is mostly alone, a copy of
// each page it changes.
func (c *call) run(g *group, t turn) {
	tx := &Tx{d: g.d, s: t.s, depth: 1}
	c.err, c.gone = nil, true
	defer func() {
		tx.finish()
		c.after = tx.after
		g.ran <- struct{}{}
	}()
	if t.whole {
		c.err = tx.closure(c.ctx, c.fn)
	} else {
		c.err = tx.savepoint(c.fn, c.ctx)
	}
	c.gone = false
}

// hand lets a caller run on the connection and waits until it gives it back.
func (g *group) hand(c *call, t turn) {
	g.running.Store(time.Now().UnixMilli())
	c.turn <- t
	<-g.ran
	g.running.Store(0)
}

// slowClosure is when a closure is complained about: it holds up every writer,
// or waits for itself because it began a Tx without its own ctx.
const slowClosure = 10 * time.Second

// watch complains about closures that do not end.
func (g *group) watch() {
	ticker := time.NewTicker(slowClosure / 2)
	defer ticker.Stop()
	said := int64(0)
	for {
		select {
		case <-g.ended:
			return
		case now := <-ticker.C:
			began := g.running.Load()
			if began == 0 || began == said || now.UnixMilli()-began < slowClosure.Milliseconds() {
				continue
			}
			said = began
			g.d.log.Warn("a transaction holds up every writer", "seconds", (now.UnixMilli()-began)/1000, "waiting", g.waiting.Load())
		}
	}
}

// loop serves the queue until it is closed.
func (g *group) loop() {
	defer close(g.ended)
	batch := make([]*call, 0, groupCalls)
	for {
		first := g.held
		if g.held = nil; first == nil {
			var ok bool
			if first, ok = <-g.queue; !ok {
				return
			}
		}
		batch = g.serve(first, batch[:0])
		clear(batch)
	}
}

// take claims a queued call; a call whose caller has gone is dropped.
func (g *group) take(c *call) bool {
	g.waiting.Add(-c.weight)
	if !c.taken.CompareAndSwap(0, 1) {
		return false
	}
	if err := c.ctx.Err(); err != nil {
		c.turn <- turn{err: err}
		return false
	}
	return true
}

// serve runs first and whoever else waits in one transaction.
func (g *group) serve(first *call, batch []*call) []*call {
	if !g.take(first) {
		return batch
	}
	end := time.Now().Add(groupTime)
	c := first
	s := g.begin(c)
	for s == nil {
		if c = g.next(0, end); c == nil {
			return batch
		}
		s = g.begin(c)
	}
	batch = append(batch, c)
	for !g.lazy {
		if c = g.next(len(batch), end); c == nil {
			break
		}
		batch = append(batch, c)
		g.hand(c, turn{s: s})
		if s.broken != nil {
			g.rescue(batch)
			return batch
		}
	}
	g.commit(batch, s)
	g.last = len(batch)
	g.size.Store(int64(g.last))
	return batch
}

// begin opens a transaction and runs c in it. When c fails, the transaction
// and c are done with and begin returns nil.
func (g *group) begin(c *call) *session {
	s := &session{conn: g.conn, rewinds: true}
	if err := g.open(s, c.lazy); err != nil {
		c.turn <- turn{err: fmt.Errorf("begin: %w", err)}
		return nil
	}
	g.hand(c, turn{s: s, whole: true})
	if s.broken == nil && c.err == nil && !c.gone {
		return s
	}
	g.rollback()
	g.tell(c, s.broken)
	return nil
}

// open begins a transaction whose commit waits for the disk, or with lazy does
// not: then the log is synced with the next commit that waits, or before it is
// moved into the file.
func (g *group) open(s *session, lazy bool) error {
	if lazy != g.lazy && !g.d.opt.Relaxed {
		level := "PRAGMA synchronous(2)"
		if lazy {
			level = "PRAGMA synchronous(1)"
		}
		if err := s.run(level); err != nil {
			return err
		}
	}
	g.lazy = lazy
	return s.run("BEGIN IMMEDIATE")
}

// rollback ends the transaction, if the engine has not done so already.
func (g *group) rollback() {
	_, _ = g.conn.ExecContext(context.Background(), "ROLLBACK")
}

// next returns the next waiting call for a group that holds n, or nil when
// nobody waits or the group is full.
func (g *group) next(n int, end time.Time) *call {
	if n >= groupCalls || time.Now().After(end) {
		return nil
	}
	for yields := 0; ; {
		select {
		case c, ok := <-g.queue:
			if !ok {
				return nil
			}
			if n > 0 && c.alone {
				// It begins the next group: inside this one it would need a
				// savepoint, which copies every page that bulk work changes.
				g.held = c
				return nil
			}
			if g.take(c) {
				return c
			}
			continue
		default:
		}
		// Callers whom the last group woke are on their way back: letting
		// them run costs less than a sync of the disk for each.
		if n >= g.last || yields >= 2 {
			return nil
		}
		yields++
		runtime.Gosched()
	}
}

// commit makes the group durable and tells everybody: refused callers too wait
// until here, since what they saw may have been another member's.
func (g *group) commit(batch []*call, s *session) {
	err := s.settle()
	if err == nil {
		err = s.run("COMMIT")
	}
	if err != nil {
		g.rollback()
		err = fmt.Errorf("commit: %w", err)
	}
	for _, c := range batch {
		g.tell(c, err)
	}
	g.wal.wrote(s.touched)
	if g.wal.finish.CompareAndSwap(true, false) {
		if _, err := checkpoint(g.conn); err != nil {
			g.d.log.Error("checkpoint", "error", err)
		}
	}
}

// tell ends a call, unless its closure has gone by itself.
func (g *group) tell(c *call, err error) {
	if c.gone {
		return
	}
	if err == nil {
		err = c.err
	}
	c.turn <- turn{err: err}
}

// rescue undoes a broken group and runs its members again, each alone, so that
// only the one that breaks the transaction fails.
func (g *group) rescue(batch []*call) {
	g.rollback()
	for _, c := range batch {
		if c.gone {
			continue
		}
		if s := g.begin(c); s != nil {
			g.commit([]*call{c}, s)
		}
	}
}

// close lets the queue run dry and closes the writer.
func (g *group) close() error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil
	}
	g.closed = true
	close(g.queue)
	g.mu.Unlock()
	<-g.ended
	g.wal.close()
	return errors.Join(g.conn.Close(), g.pool.Close())
}
