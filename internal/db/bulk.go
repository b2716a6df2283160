package db

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Bulk is many rows for one table.
type Bulk struct {
	Table   string
	Columns []string
	// Conflict is the whole clause, "ON CONFLICT (kind, h64) DO NOTHING", or
	// empty. It names its target.
	Conflict string
	// Rows yields one value a column. The slice may be used again after the
	// yield; a []byte in it must stay as it is. The sequence must not use the
	// transaction.
	Rows iter.Seq[[]any]
}

const (
	bulkChunk = 500    // rows handed to the embedded engine at once
	copyChunk = 20_000 // rows handed to the server at once
	bulkSmall = 100    // up to here the server takes single inserts in one trip
)

// Bulk inserts the rows and returns how many were inserted or updated. The
// order of insertion is that of the rows on the embedded engine, and that of
// the conflict's target on the server.
func (t *Tx) Bulk(ctx context.Context, b Bulk) (int64, error) {
	put, chunk := t.bulkRows, bulkChunk
	if t.d.dialect == Postgres {
		put, chunk = t.bulkCopy, copyChunk
	}
	var total int64
	var failure error
	width := len(b.Columns)
	buf := make([]any, 0, width*bulkChunk)
	flush := func() bool {
		if failure = t.usable(ctx); failure != nil || len(buf) == 0 {
			return failure == nil
		}
		var n int64
		if n, failure = put(b, buf); failure != nil {
			t.s.note(failure)
			failure = fmt.Errorf("bulk %s: %w", b.Table, failure)
			return false
		}
		total += n
		t.s.touched += n
		buf = buf[:0]
		return true
	}
	for row := range b.Rows {
		if len(row) != width {
			return total, fmt.Errorf("bulk %s: %d values for %d columns", b.Table, len(row), width)
		}
		for _, v := range row {
			p, err := plain(v)
			if err != nil {
				return total, fmt.Errorf("bulk %s: %w", b.Table, err)
			}
			buf = append(buf, p)
		}
		if len(buf) == width*chunk && !flush() {
			return total, failure
		}
	}
	if flush() && t.d.dialect == Postgres && t.d.outgrown(b.Table, total) {
		// The planner knows nothing yet of what an import has put there.
		if _, err := t.Exec(ctx, "ANALYZE "+b.Table); err != nil {
			return total, fmt.Errorf("bulk %s: %w", b.Table, err)
		}
	}
	return total, failure
}

// insert returns the statement for one row.
func (b Bulk) insert() string {
	var q strings.Builder
	q.WriteString("INSERT INTO " + b.Table + " (" + strings.Join(b.Columns, ", ") + ") VALUES (")
	for i := range b.Columns {
		if i > 0 {
			q.WriteString(", ")
		}
		q.WriteString("$" + strconv.Itoa(i+1))
	}
	q.WriteString(")")
	if b.Conflict != "" {
		q.WriteString(" " + b.Conflict)
	}
	return q.String()
}

// bulkRows runs one prepared row after another: on the embedded engine VALUES
// of many rows are slower.
func (t *Tx) bulkRows(b Bulk, values []any) (n int64, err error) {
	err = t.s.conn.Raw(func(raw any) error {
		conn, ok := raw.(*cachingConn)
		if !ok {
			return errors.New("not the embedded engine")
		}
		ctx := context.Background()
		s, owned, err := conn.prepared(ctx, b.insert())
		if err != nil {
			return err
		}
		if owned {
			defer func() { _ = s.stmt.Close() }()
		}
		args := make([]driver.NamedValue, len(b.Columns))
		for len(values) > 0 {
			for i := range args {
				args[i] = driver.NamedValue{Ordinal: i + 1, Value: values[i]}
			}
			values = values[len(args):]
			res, err := s.stmt.ExecContext(ctx, args)
			if err != nil {
				return err
			}
			m, err := res.RowsAffected()
			if err != nil {
				return err
			}
			n += m
		}
		return nil
	})
	return n, err
}

// bulkCopy sends rows to the server: a few as inserts in one trip, many by
// COPY, through a stage of the session where conflicts are possible.
func (t *Tx) bulkCopy(b Bulk, values []any) (n int64, err error) {
	err = t.s.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return errors.New("not a server's connection")
		}
		rows := len(values) / len(b.Columns)
		switch {
		case rows <= bulkSmall:
			n, err = sendInserts(conn.Conn(), b, values)
		case b.Conflict == "":
			n, err = copyRows(conn.Conn(), b.Table, b.Columns, values)
		default:
			n, err = copyStaged(conn.Conn(), b, values)
		}
		return err
	})
	return n, err
}

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
func copyRows(conn *pgx.Conn, table string, columns []string, values []any) (int64, error) {
	width := len(columns)
	return conn.CopyFrom(context.Background(), pgx.Identifier{table}, columns,
		pgx.CopyFromFunc(func() ([]any, error) {
			if len(values) == 0 {
				return nil, nil
			}
			row := values[:width]
			values = values[width:]
			return row, nil
		}))
}

// copyStaged copies into a temporary table of the session and inserts from
// there, ordered by the conflict's target so that two imports lock the same
// rows in the same order.
func copyStaged(conn *pgx.Conn, b Bulk, values []any) (int64, error) {
	ctx := context.Background()
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
	if _, err := copyRows(conn, stage, b.Columns, values); err != nil {
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
