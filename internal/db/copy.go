package db

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// bulkServer sends rows to the server: a few as inserts in one trip, many by
// COPY, through a stage of the session where conflicts are possible.
func (t *Tx) bulkServer(ctx context.Context, b Bulk) (n int64, err error) {
	next, stop := iter.Pull(b.Rows)
	defer stop()
	var few []any
	for rows := 0; rows <= bulkSmall; rows++ {
		row, more := next()
		if !more {
			break
		}
		if few, err = b.plainRow(few, row); err != nil {
			return 0, err
		}
	}
	err = t.s.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return errors.New("not a server's connection")
		}
		if len(few) <= bulkSmall*len(b.Columns) {
			n, err = sendInserts(conn.Conn(), b, few)
			return err
		}
		rows := &copySource{b: b, first: few, next: next, look: func() error { return t.usable(ctx) }}
		if b.Conflict == "" {
			n, err = copyRows(conn.Conn(), b.Table, rows)
		} else {
			n, err = copyStaged(conn.Conn(), rows)
		}
		// The server only says that the sender broke off.
		return cmp.Or(rows.err, err)
	})
	t.s.note(err)
	if err != nil {
		return 0, err
	}
	t.s.touched += n
	if t.d.outgrown(b.Table, n) {
		// The planner knows nothing yet of what an import has put there.
		_, err = t.Exec(ctx, "ANALYZE "+b.Table)
	}
	return n, err
}

// copySource makes the rows while the server takes those before.
type copySource struct {
	b     Bulk
	first []any // those that were read to see whether there are many
	next  func() ([]any, bool)
	look  func() error // fails when the transaction shall not go on
	row   []any
	buf   []any // behind row, used again
	count int
	err   error
}

// Next implements [pgx.CopyFromSource]. It runs beside the caller, whom a panic
// in the rows would not reach.
func (s *copySource) Next() (more bool) {
	defer func() {
		if p := recover(); p != nil {
			s.err, more = fmt.Errorf("the rows panicked: %v", p), false
		}
	}()
	if s.count++; s.count%copyLook == 0 {
		if s.err = s.look(); s.err != nil {
			return false
		}
	}
	if width := len(s.b.Columns); len(s.first) > 0 {
		s.row, s.first = s.first[:width], s.first[width:]
		return true
	}
	row, more := s.next()
	if !more {
		return false
	}
	s.buf, s.err = s.b.plainRow(s.buf[:0], row)
	s.row = s.buf
	return s.err == nil
}

// Values implements [pgx.CopyFromSource].
func (s *copySource) Values() ([]any, error) { return s.row, nil }

// Err implements [pgx.CopyFromSource].
func (s *copySource) Err() error { return s.err }

// sendInserts sends single inserts as one batch.
func sendInserts(conn *pgx.Conn, b Bulk, values []any) (n int64, err error) {
	q, width := b.insert(), len(b.Columns)
	var batch pgx.Batch
	for ; len(values) > 0; values = values[width:] {
		batch.Queue(q, values[:width:width]...)
	}
	results := conn.SendBatch(context.Background(), &batch)
	for range batch.Len() {
		tag, err := results.Exec()
		if err != nil {
			return n, errors.Join(err, results.Close())
		}
		n += tag.RowsAffected()
	}
	return n, results.Close()
}

// copyRows runs COPY.
func copyRows(conn *pgx.Conn, table string, rows *copySource) (int64, error) {
	return conn.CopyFrom(context.Background(), pgx.Identifier{table}, rows.b.Columns, rows)
}

// copyStaged copies into a temporary table of the session and inserts from
// there, ordered by the conflict's target so that two imports lock the same
// rows in the same order.
func copyStaged(conn *pgx.Conn, rows *copySource) (int64, error) {
	ctx, b := context.Background(), rows.b
	columns := strings.Join(b.Columns, ", ")
	sum := sha256.Sum256([]byte(b.Table + "(" + columns + ")"))
	stage := "stage_" + hex.EncodeToString(sum[:8])
	// pg_temp holds one stage a statement; it is empty at each commit.
	if _, err := conn.Exec(ctx, "SET LOCAL client_min_messages = warning"); err != nil {
		return 0, err
	}
	if _, err := conn.Exec(ctx, "CREATE TEMP TABLE IF NOT EXISTS "+stage+
		" ON COMMIT DELETE ROWS AS SELECT "+columns+" FROM "+b.Table+" WITH NO DATA"); err != nil {
		return 0, err
	}
	if _, err := copyRows(conn, stage, rows); err != nil {
		return 0, err
	}
	q := "INSERT INTO " + b.Table + " (" + columns + ") SELECT " + columns + " FROM " + stage
	if target, ok := strings.CutPrefix(b.Conflict, "ON CONFLICT ("); ok {
		if cols, _, ok := strings.Cut(target, ")"); ok {
			q += " ORDER BY " + cols
		}
	}
	tag, err := conn.Exec(ctx, q+" "+b.Conflict)
	if err != nil {
		return 0, err
	}
	_, err = conn.Exec(ctx, "TRUNCATE "+stage)
	return tag.RowsAffected(), err
}
