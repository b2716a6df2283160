package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
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
	bulkChunk = 500   // rows handed to the embedded engine at once
	bulkSmall = 100   // up to here the server takes single inserts in one trip
	copyLook  = 1_000 // rows after which a COPY looks whether it shall go on
)

// Bulk inserts the rows and returns how many were inserted or updated. The
// order of insertion is that of the rows on the embedded engine, and that of
// the conflict's target on the server.
func (t *Tx) Bulk(ctx context.Context, b Bulk) (total int64, err error) {
	put := t.bulkRows
	if t.d.dialect == Postgres {
		put = t.bulkServer
	}
	if err := t.usable(ctx); err != nil {
		return 0, err
	}
	if total, err = put(ctx, b); err != nil {
		return total, fmt.Errorf("bulk %s: %w", b.Table, err)
	}
	return total, nil
}

// plainRow puts the values of one row behind buf as the engines take them.
func (b Bulk) plainRow(buf, row []any) ([]any, error) {
	if len(row) != len(b.Columns) {
		return buf, fmt.Errorf("%d values for %d columns", len(row), len(b.Columns))
	}
	for _, v := range row {
		p, err := plain(v)
		if err != nil {
			return buf, err
		}
		buf = append(buf, p)
	}
	return buf, nil
}

// bulkRows hands rows to the embedded engine, a part at a time.
func (t *Tx) bulkRows(ctx context.Context, b Bulk) (total int64, failure error) {
	width := len(b.Columns)
	buf := make([]any, 0, width*bulkChunk)
	flush := func() bool {
		if failure = t.usable(ctx); failure != nil || len(buf) == 0 {
			return failure == nil
		}
		var n int64
		n, failure = t.insertRows(b, buf)
		t.s.note(failure)
		total += n
		t.s.touched += n
		buf = buf[:0]
		return failure == nil
	}
	for row := range b.Rows {
		if buf, failure = b.plainRow(buf, row); failure != nil {
			return total, failure
		}
		if len(buf) == width*bulkChunk && !flush() {
			return total, failure
		}
	}
	flush()
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

// insertRows runs one prepared row after another: on the embedded engine VALUES
// of many rows are slower.
func (t *Tx) insertRows(b Bulk, values []any) (n int64, err error) {
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
