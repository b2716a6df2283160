package db

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"
)

// cachedStatements bounds the prepared statements a connection keeps.
const cachedStatements = 256

// cachingConnector opens SQLite connections that keep their prepared
// statements: compiling a statement costs several times its execution.
type cachingConnector struct{ driver.Connector }

// sqliteConn is what the driver's connections are, beyond driver.Conn.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// sqliteStmt is what the driver's statements are.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// Connect opens a connection.
func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := raw.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connection lacks an interface"), raw.Close())
	}
	return &cachingConn{sqliteConn: conn, stmts: map[string]*list.Element{}, order: list.New()}, nil
}

// cachingConn is one connection; database/sql lets one goroutine at a time in.
type cachingConn struct {
	sqliteConn
	stmts map[string]*list.Element
	order *list.List // of *cachedStmt, most recently used first
}

// cachedStmt is a prepared statement; busy while its rows are open.
type cachedStmt struct {
	query string
	stmt  sqliteStmt
	busy  bool
	gone  bool // evicted while busy
}

// Unwrap returns the driver's connection.
func (c *cachingConn) Unwrap() driver.Conn { return c.sqliteConn }

// Close closes the statements and the connection.
func (c *cachingConn) Close() error {
	for e := c.order.Front(); e != nil; e = e.Next() {
		_ = e.Value.(*cachedStmt).stmt.Close()
	}
	c.order.Init()
	clear(c.stmts)
	return c.sqliteConn.Close()
}

// prepared returns an idle prepared statement for query; owned ones are not in
// the cache and must be closed after use.
func (c *cachingConn) prepared(ctx context.Context, query string) (s *cachedStmt, owned bool, err error) {
	if e, ok := c.stmts[query]; ok {
		s = e.Value.(*cachedStmt)
		if !s.busy {
			c.order.MoveToFront(e)
			return s, false, nil
		}
		owned = true
	}
	raw, err := c.PrepareContext(ctx, anonymous(query))
	if err != nil {
		return nil, false, err
	}
	stmt, ok := raw.(sqliteStmt)
	if !ok {
		return nil, false, errors.Join(errors.New("the driver's statement lacks an interface"), raw.Close())
	}
	s = &cachedStmt{query: query, stmt: stmt}
	if owned {
		return s, true, nil
	}
	c.stmts[query] = c.order.PushFront(s)
	if c.order.Len() > cachedStatements {
		c.evict()
	}
	return s, false, nil
}

// evict drops the statement that was used longest ago.
func (c *cachingConn) evict() {
	e := c.order.Back()
	s := c.order.Remove(e).(*cachedStmt)
	delete(c.stmts, s.query)
	if s.busy {
		s.gone = true
		return
	}
	_ = s.stmt.Close()
}

// ExecContext runs a statement that returns no rows.
func (c *cachingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, owned, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if owned {
		defer func() { _ = s.stmt.Close() }()
	}
	return s.stmt.ExecContext(ctx, args)
}

// QueryContext runs a statement that returns rows.
func (c *cachingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, owned, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.stmt.QueryContext(ctx, args)
	if err != nil {
		if owned {
			_ = s.stmt.Close()
		}
		return nil, err
	}
	s.busy = true
	return &cachedRows{Rows: rows, s: s, owned: owned}, nil
}

// cachedRows gives its statement back when it is closed.
type cachedRows struct {
	driver.Rows
	s     *cachedStmt
	owned bool
}

// Close closes the rows.
func (r *cachedRows) Close() error {
	if r.s == nil {
		return nil
	}
	err := r.Rows.Close()
	r.s.busy = false
	if r.owned || r.s.gone {
		err = errors.Join(err, r.s.stmt.Close())
	}
	r.s = nil
	return err
}

// anonymous turns the placeholders $1…$n of a statement into ? when each
// stands once and in order: the driver looks named ones up at each execution.
// Any other statement is returned as it is.
func anonymous(query string) string {
	if !strings.Contains(query, "$1") {
		return query
	}
	var out strings.Builder
	out.Grow(len(query))
	next := 1
	for i := 0; i < len(query); {
		switch ch := query[i]; ch {
		case '\'', '"', '`':
			end := strings.IndexByte(query[i+1:], ch)
			if end < 0 {
				return query
			}
			out.WriteString(query[i : i+end+2])
			i += end + 2
		case '-', '/':
			if strings.HasPrefix(query[i:], "--") || strings.HasPrefix(query[i:], "/*") {
				return query
			}
			out.WriteByte(ch)
			i++
		case '?', '@':
			return query
		case '$':
			j := i + 1
			for j < len(query) && query[j] >= '0' && query[j] <= '9' {
				j++
			}
			if query[i+1:j] != strconv.Itoa(next) {
				return query
			}
			next++
			out.WriteByte('?')
			i = j
		default:
			out.WriteByte(ch)
			i++
		}
	}
	return out.String()
}
