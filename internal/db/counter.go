package db

import (
	"context"
	"errors"
	"fmt"
)

// Counter is a number in one row that transactions take from without gaps. On
// the engine that runs one writing transaction at a time the number is read
// once a group of them, kept beside the connection and written back before the
// group commits.
type Counter struct {
	// Read selects the number; Write stores $1 in its place.
	Read, Write string
}

// count is a counter's number in a session. base is what the row holds.
type count struct {
	of      *Counter
	n, base int64
}

// errNotSerial is a misuse: numbers kept beside a connection are only true
// where nobody else writes.
var errNotSerial = errors.New("a counter is taken from on a serial engine only")

// Take takes n numbers of c and returns the first: what was undone gives its
// numbers back.
func (t *Tx) Take(ctx context.Context, c *Counter, n int64) (first int64, err error) {
	if !t.Serial() {
		return 0, errNotSerial
	}
	k, err := t.counter(ctx, c)
	if err != nil {
		return 0, err
	}
	first = t.s.counts[k].n + 1
	t.s.counts[k].n += n
	return first, nil
}

// counter returns the place of c among the session's counts.
func (t *Tx) counter(ctx context.Context, c *Counter) (int, error) {
	for k := range t.s.counts {
		if t.s.counts[k].of == c {
			return k, nil
		}
	}
	var n int64
	if err := t.QueryRow(ctx, c.Read).Scan(&n); err != nil {
		return 0, fmt.Errorf("read a counter: %w", err)
	}
	t.s.counts = append(t.s.counts, count{of: c, n: n, base: n})
	return len(t.s.counts) - 1, nil
}

// Count returns the number of c as the transaction of ctx sees it, else as it
// is committed.
func (d *DB) Count(ctx context.Context, c *Counter) (n int64, err error) {
	if tx := d.writing(ctx); tx != nil {
		for _, k := range tx.s.counts {
			if k.of == c {
				return k.n, nil
			}
		}
	}
	err = d.QueryRow(ctx, c.Read).Scan(&n)
	return n, err
}

// rewind sets the counts back to marks, a copy from before the work that is
// undone; one that was read since has what its row holds.
func (s *session) rewind(marks []count) {
	for k := range s.counts {
		if k < len(marks) {
			s.counts[k] = marks[k]
		} else {
			s.counts[k].n = s.counts[k].base
		}
	}
}

// settle writes the counts back, before the transaction commits.
func (s *session) settle() error {
	for k, c := range s.counts {
		if c.n == c.base {
			continue
		}
		if s.broken != nil {
			return s.broken
		}
		if _, err := s.conn.ExecContext(context.Background(), c.of.Write, c.n); err != nil {
			return fmt.Errorf("store a counter: %w", err)
		}
		s.counts[k].base = c.n
	}
	return nil
}
