package event

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Event is one action.
type Event struct {
	ID     id.Event
	Seq    int64 // 0 until the sequencer has seen it
	At     time.Time
	Actor  id.Person
	Role   string // the actor's
	Verb   string // "post.commented"
	Kind   string // of the object: "post"
	Object int64
	Node   id.Node  // where it happened
	Unit   id.Node  // its school or office
	Space  id.Space // the space it happened in, if any
	Extra  string   // a JSON object or ""
}

// wakeAppended is rung after events were committed, wakeSequenced after they
// have a seq.
const (
	wakeAppended  = "event.appended"
	wakeSequenced = "event.sequenced"
)

// Log is the log. It is safe for concurrent use.
type Log struct {
	d   *db.DB
	ids *id.Source
	clk clock.Clock
	log *slog.Logger
}

// New returns the log of a database.
func New(d *db.DB, ids *id.Source, clk clock.Clock) *Log {
	return &Log{d: d, ids: ids, clk: clk, log: slog.Default()}
}

const (
	sqlInsert = `INSERT INTO event (id, seq, at, actor, role, verb, kind, object, node, unit, space, extra)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
)

// head is the newest seq.
var head = &db.Counter{Read: `SELECT seq FROM event_head WHERE id = 1`, Write: `UPDATE event_head SET seq = $1 WHERE id = 1`}

var columns = []string{"id", "seq", "at", "actor", "role", "verb", "kind", "object", "node", "unit", "space", "extra"}

// Append writes events in the transaction tx, in the given order. It fills ID
// and At where they are zero. Consumers wake once tx is durable.
func (l *Log) Append(ctx context.Context, tx *db.Tx, es ...Event) error {
	if len(es) == 0 {
		return nil
	}
	first := int64(0)
	wake := wakeAppended
	if tx.Serial() {
		var err error
		if first, err = tx.Take(ctx, head, int64(len(es))); err != nil {
			return fmt.Errorf("append events: %w", err)
		}
		wake = wakeSequenced
	}
	now := l.clk.Now()
	nextID := l.ids.Block(len(es))
	var row [12]any
	fill := func(i int) []any {
		e := &es[i]
		if e.ID == 0 {
			e.ID = id.Event(nextID())
		}
		if e.At.IsZero() {
			e.At = now
		}
		var seq any
		if first > 0 {
			e.Seq = first + int64(i)
			seq = e.Seq
		}
		row = [12]any{int64(e.ID), seq, clock.Millis(e.At), int64(e.Actor), e.Role, e.Verb, e.Kind, e.Object,
			int64(e.Node), int64(e.Unit), int64(e.Space), e.Extra}
		return row[:]
	}
	var err error
	if len(es) == 1 {
		_, err = tx.Exec(ctx, sqlInsert, fill(0)...)
	} else {
		_, err = tx.Bulk(ctx, db.Bulk{Table: "event", Columns: columns, Rows: func(yield func([]any) bool) {
			for i := range es {
				if !yield(fill(i)) {
					return
				}
			}
		}})
	}
	if err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	tx.AfterCommit(func() { l.d.Notify(wake) })
	return nil
}

// Head returns the highest seq: every event up to it is committed and seen.
func (l *Log) Head(ctx context.Context) (seq int64, err error) {
	if seq, err = l.d.Count(ctx, head); err != nil {
		return 0, fmt.Errorf("read the head of the log: %w", err)
	}
	return seq, nil
}

// NewestID returns the highest id of an event, 0 for none: what a new id.Source
// must not go behind.
func (l *Log) NewestID(ctx context.Context) (newest int64, err error) {
	err = l.d.QueryRow(ctx, "SELECT id FROM event ORDER BY id DESC LIMIT 1").Scan(&newest)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, fmt.Errorf("read the newest event: %w", err)
	}
	return newest, nil
}

const (
	sqlEvents = `SELECT id, seq, at, actor, role, verb, kind, object, node, unit, space, extra
FROM event WHERE seq > $1 AND seq <= $2 ORDER BY seq`
	pageSize = 1000
)

// Each calls fn for the events after from up to and including to, in order of
// seq. It reads page by page, so fn may use the database.
func (l *Log) Each(ctx context.Context, from, to int64, fn func(Event) error) error {
	page := make([]Event, 0, pageSize)
	for from < to {
		end := min(from+pageSize, to)
		var err error
		if page, err = l.read(ctx, page[:0], from, end); err != nil {
			return err
		}
		for _, e := range page {
			if err := fn(e); err != nil {
				return err
			}
		}
		from = end
	}
	return nil
}

// read appends the events of (from, to] to page.
func (l *Log) read(ctx context.Context, page []Event, from, to int64) ([]Event, error) {
	rows, err := l.d.Query(ctx, sqlEvents, from, to)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	words := interner{}
	for rows.Next() {
		e, err := scan(rows, words)
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		page = append(page, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return page, nil
}

// interner keeps one copy of the few words that most rows repeat.
type interner map[string]string

func (w interner) word(b sql.RawBytes) string {
	if s, ok := w[string(b)]; ok {
		return s
	}
	s := string(b)
	w[s] = s
	return s
}

// scan reads a row of sqlEvents.
func scan(rows *sql.Rows, words interner) (Event, error) {
	var e Event
	var at int64
	var role, verb, kind, extra sql.RawBytes
	err := rows.Scan((*int64)(&e.ID), &e.Seq, &at, (*int64)(&e.Actor), &role, &verb, &kind, &e.Object,
		(*int64)(&e.Node), (*int64)(&e.Unit), (*int64)(&e.Space), &extra)
	if err != nil {
		return Event{}, err
	}
	e.At = clock.FromMillis(at)
	e.Role, e.Verb, e.Kind = words.word(role), words.word(verb), words.word(kind)
	if len(extra) < 64 {
		e.Extra = words.word(extra)
	} else {
		e.Extra = string(extra)
	}
	return e, nil
}
