package id

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
)

// leaseTime is how long an instance number stays taken after its process was
// last seen.
const leaseTime = 2 * time.Minute

// ErrNoInstance is returned when every instance number is taken.
var ErrNoInstance = errors.New("no instance number is free")

// Lease is a process's hold on an instance number.
type Lease struct {
	d      *db.DB
	clk    clock.Clock
	src    *Source
	holder string
}

// Acquire takes an instance number and returns a source of ids for it. On an
// engine with one process the number is 0; elsewhere it is the lowest free row
// of id_lease. newest is the newest id the caller knows of (0 for none): a
// clock behind it, or behind the ids the lease has seen, gives ErrClockBehind.
func Acquire(ctx context.Context, d *db.DB, clk clock.Clock, holder string, newest int64) (*Source, *Lease, error) {
	l := &Lease{d: d, clk: clk, holder: holder}
	err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		l.src, err = l.take(ctx, tx, newest)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("acquire an instance: %w", err)
	}
	return l.src, l, nil
}

// take finds a number and writes the lease.
func (l *Lease) take(ctx context.Context, tx *db.Tx, newest int64) (*Source, error) {
	instance := 0
	now := l.clk.Now()
	if !tx.Serial() {
		free, err := l.free(ctx, tx, now)
		if err != nil {
			return nil, err
		}
		instance = free
	}
	var seen int64
	err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(newest), 0) FROM id_lease").Scan(&seen)
	if err != nil {
		return nil, err
	}
	src, err := NewSource(l.clk, instance, max(newest, seen))
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO id_lease (instance, holder, expires_at, newest) VALUES ($1, $2, $3, $4)
ON CONFLICT (instance) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at, newest = excluded.newest`,
		instance, l.holder, clock.Millis(now.Add(leaseTime)), src.Next())
	return src, err
}

// free returns the lowest number that nobody holds. The first statement locks
// row 0, so that two processes do not find the same.
func (l *Lease) free(ctx context.Context, tx *db.Tx, now time.Time) (int, error) {
	_, err := tx.Exec(ctx, `INSERT INTO id_lease (instance, holder, expires_at, newest) VALUES (0, '', 0, 0)
ON CONFLICT (instance) DO UPDATE SET newest = id_lease.newest`)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, "SELECT instance FROM id_lease WHERE expires_at > $1", clock.Millis(now))
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	taken := map[int]bool{}
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
		taken[n] = true
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	for n := range MaxInstance + 1 {
		if !taken[n] {
			return n, nil
		}
	}
	return 0, ErrNoInstance
}

// Renew writes that the process lives and the newest id it has made. It
// returns ErrNoInstance when another process has taken the number over.
func (l *Lease) Renew(ctx context.Context) error {
	now := l.clk.Now()
	n, err := l.d.Exec(ctx, "UPDATE id_lease SET expires_at = $1, newest = $2 WHERE instance = $3 AND holder = $4",
		clock.Millis(now.Add(leaseTime)), l.src.Next(), l.src.Instance(), l.holder)
	if err != nil {
		return fmt.Errorf("renew the instance: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("renew the instance: %w", ErrNoInstance)
	}
	return nil
}

// Keep renews the lease every half minute until ctx ends, then gives it back.
// It returns an error only when the number was lost: the process must stop
// making ids.
func (l *Lease) Keep(ctx context.Context) error {
	ticker := time.NewTicker(leaseTime / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return l.Release(context.WithoutCancel(ctx))
		case <-ticker.C:
		}
		if err := l.Renew(ctx); errors.Is(err, ErrNoInstance) {
			return err
		}
	}
}

// Release gives the number back.
func (l *Lease) Release(ctx context.Context) error {
	_, err := l.d.Exec(ctx, "UPDATE id_lease SET expires_at = 0, newest = $1 WHERE instance = $2 AND holder = $3",
		l.src.Next(), l.src.Instance(), l.holder)
	if err != nil {
		return fmt.Errorf("release the instance: %w", err)
	}
	return nil
}
