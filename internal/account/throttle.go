package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/seal"
)

// The limits on guessing. They count failures only, and stand in the database,
// so that they hold over a restart and for several processes. Each limit that a
// whole network shares is lifted for names that have come in there before (or
// carry the mark of their own device): one pupil cannot lock a class out.
const (
	// nameFree is how many wrong passwords one name may take from one address
	// before it has to wait.
	nameFree = 5
	// nameFreeAll is the same from all addresses together, for a guesser who
	// changes addresses.
	nameFreeAll = 50
	// addrFree and netFree are how many failures an address and its network may
	// save up; one comes back each netEvery.
	addrFree = 40
	netFree  = 60
	netEvery = 30 * time.Second
	// credit is how many failures a network gets back for a name that comes in
	// there for the first time in half a day: a school has many.
	credit = 3
	// familiarFree is how many failures the familiar names of a network share.
	familiarFree  = 300
	familiarEvery = 4 * time.Second
	// familiarFor is how long a name stays familiar at an address.
	familiarFor = 60 * 24 * time.Hour
	// passFree is how often one password may be wrong for whichever names; one
	// try comes back each passEvery.
	passFree  = 50
	passEvery = time.Minute
	// codeEvery is how fast a network gets back a wrong activation code.
	codeEvery = 10 * time.Second
	// codeFree is how many wrong codes of a second factor one account may take.
	factorFree = 5
	// firstWait doubles with each further failure, for a password up to
	// longestWait, for a second factor up to factorWait.
	firstWait   = 30 * time.Second
	longestWait = 5 * time.Minute
	factorWait  = time.Hour
	// forgetAfter without a failure the earlier ones are forgotten.
	forgetAfter = 24 * time.Hour
)

// limit is one thing that failures are counted for.
type limit struct {
	key  string
	free int
	// every is how fast a bucket of size free fills again; 0: after free
	// failures each further one doubles the wait up to longest.
	every, longest time.Duration
}

func growing(key string, free int, longest time.Duration) limit {
	return limit{key: key, free: free, longest: longest}
}

func bucket(key string, free int, every time.Duration) limit {
	return limit{key: key, free: free, every: every}
}

// count is what is known about a limit.
type count struct {
	hash           []byte
	due, at, known time.Time
	failed         int
}

// wait returns how long the limit has to wait at now; 0 means that it may try.
func (l limit) wait(c count, now time.Time) time.Duration {
	switch {
	case c.due.IsZero():
		return 0
	case l.every == 0:
		return max(0, c.due.Sub(now))
	}
	return max(0, c.due.Sub(now)-time.Duration(l.free-1)*l.every)
}

// backoff is how long a growing limit waits after so many failures.
func (l limit) backoff(failed int) time.Duration {
	if failed < l.free {
		return 0
	}
	return min(firstWait<<min(failed-l.free, 10), l.longest)
}

// throttle keeps the counts.
type throttle struct {
	db   *db.DB
	keys *seal.Keys
}

func (t *throttle) hash(l limit) []byte { return t.keys.Hash("throttle", l.key)[:20] }

// read returns the counts of the limits in their order.
func (t *throttle) read(ctx context.Context, now time.Time, limits ...limit) ([]count, error) {
	out := make([]count, len(limits))
	var a db.Args
	q := `SELECT key_hash, due, failed, at, known_at FROM acc_throttle WHERE key_hash IN (`
	for i, l := range limits {
		out[i].hash = t.hash(l)
		if i > 0 {
			q += ", "
		}
		q += a.Add(out[i].hash)
	}
	rows, err := t.db.Query(ctx, q+")", a...)
	if err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c count
		var due, at, known int64
		if err := rows.Scan(&c.hash, &due, &c.failed, &at, &known); err != nil {
			return nil, fmt.Errorf("read limits: %w", err)
		}
		c.due, c.at, c.known = clock.FromMillis(due), clock.FromMillis(at), clock.FromMillis(known)
		for i := range out {
			if bytes.Equal(out[i].hash, c.hash) {
				out[i] = c
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	rows.Close()
	return out, t.turnBack(ctx, now, out)
}

// turnBack moves counts that lie in the future along with a clock that was set
// back: nobody waits for it to catch up.
func (t *throttle) turnBack(ctx context.Context, now time.Time, counts []count) error {
	for i := range counts {
		c := &counts[i]
		ahead := c.at.Sub(now)
		if c.at.IsZero() || ahead < time.Minute {
			continue
		}
		was := clock.Millis(c.at)
		c.at, c.due = now, c.due.Add(-ahead)
		err := t.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE acc_throttle SET at = $1, due = $2 WHERE key_hash = $3 AND at = $4`,
				clock.Millis(c.at), clock.Millis(c.due), c.hash, was)
			return err
		})
		if err != nil {
			return fmt.Errorf("turn limits back: %w", err)
		}
	}
	return nil
}

// check returns the longest wait of the limits.
func (t *throttle) check(ctx context.Context, now time.Time, limits ...limit) (time.Duration, error) {
	counts, err := t.read(ctx, now, limits...)
	if err != nil {
		return 0, err
	}
	var longest time.Duration
	for i, l := range limits {
		longest = max(longest, l.wait(counts[i], now))
	}
	return longest, nil
}

// sorted orders limits by their rows: two transactions that touch the same ones
// never wait for each other crosswise.
func (t *throttle) sorted(limits []limit) []limit {
	out := slices.Clone(limits)
	slices.SortFunc(out, func(a, b limit) int { return bytes.Compare(t.hash(a), t.hash(b)) })
	return out
}

const (
	sqlDrain = `INSERT INTO acc_throttle (key_hash, due, failed, at, keep) VALUES ($1, $2, 1, $3, $4)
		ON CONFLICT (key_hash) DO UPDATE SET failed = acc_throttle.failed + 1, at = excluded.at,
		due = CASE WHEN acc_throttle.due > excluded.at THEN acc_throttle.due + $5 ELSE excluded.due END,
		keep = CASE WHEN acc_throttle.keep > excluded.keep THEN acc_throttle.keep ELSE excluded.keep END`
	sqlCount = `INSERT INTO acc_throttle (key_hash, due, failed, at, keep) VALUES ($1, 0, 1, $2, $3)
		ON CONFLICT (key_hash) DO UPDATE SET at = excluded.at,
		failed = CASE WHEN acc_throttle.at < $4 THEN 1 ELSE acc_throttle.failed + 1 END,
		keep = CASE WHEN acc_throttle.keep > excluded.keep THEN acc_throttle.keep ELSE excluded.keep END`
)

// fail notes a failure for each of the limits, one upsert each.
func (t *throttle) fail(ctx context.Context, tx *db.Tx, now time.Time, limits ...limit) error {
	at, keep := clock.Millis(now), clock.Millis(now.Add(2*forgetAfter))
	for _, l := range t.sorted(limits) {
		if l.every > 0 {
			_, err := tx.Exec(ctx, sqlDrain, t.hash(l), clock.Millis(now.Add(l.every)), at, keep, l.every.Milliseconds())
			if err != nil {
				return fmt.Errorf("count failure: %w", err)
			}
			continue
		}
		if _, err := t.count(ctx, tx, now, l, sqlCount+" RETURNING failed", t.hash(l), at, keep, clock.Millis(now.Add(-forgetAfter))); err != nil {
			return err
		}
	}
	return nil
}

// count runs an upsert of a growing limit and sets how long it waits now; false
// when the upsert touched nothing.
func (t *throttle) count(ctx context.Context, tx *db.Tx, now time.Time, l limit, query string, args ...any) (bool, error) {
	var failed int
	err := tx.QueryRow(ctx, query, args...).Scan(&failed)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("count failure: %w", err)
	}
	if d := l.backoff(failed); d > 0 {
		if _, err := tx.Exec(ctx, `UPDATE acc_throttle SET due = $1 WHERE key_hash = $2`, clock.Millis(now.Add(d)), t.hash(l)); err != nil {
			return false, fmt.Errorf("count failure: %w", err)
		}
	}
	return true, nil
}

// take counts a try of a growing limit before it is made: of many at once no
// more than free come through. It returns the wait of a try that does not.
func (t *throttle) take(ctx context.Context, now time.Time, l limit) (time.Duration, error) {
	counts, err := t.read(ctx, now, l)
	if err != nil {
		return 0, err
	}
	if d := l.wait(counts[0], now); d > 0 {
		return d, nil
	}
	taken := false
	at := clock.Millis(now)
	err = t.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		taken, err = t.count(ctx, tx, now, l, sqlCount+" WHERE acc_throttle.due <= $5 RETURNING failed",
			t.hash(l), at, clock.Millis(now.Add(2*forgetAfter)), clock.Millis(now.Add(-forgetAfter)), at)
		return err
	})
	if err != nil {
		return 0, err
	}
	if !taken {
		return firstWait, nil
	}
	return 0, nil
}

// clear forgets the failures of the limits, after a success.
func (t *throttle) clear(ctx context.Context, tx *db.Tx, limits ...limit) error {
	for _, l := range t.sorted(limits) {
		if _, err := tx.Exec(ctx, `UPDATE acc_throttle SET due = 0, failed = 0 WHERE key_hash = $1`, t.hash(l)); err != nil {
			return fmt.Errorf("forget failures: %w", err)
		}
	}
	return nil
}

// meet makes a name familiar at an address: l is the limit of both. Its
// failures are forgotten.
func (t *throttle) meet(ctx context.Context, tx *db.Tx, now time.Time, l limit) error {
	at := clock.Millis(now)
	_, err := tx.Exec(ctx, `INSERT INTO acc_throttle (key_hash, due, failed, at, known_at, keep) VALUES ($1, 0, 0, $2, $3, $4)
		ON CONFLICT (key_hash) DO UPDATE SET due = 0, failed = 0, at = excluded.at, known_at = excluded.known_at, keep = excluded.keep`,
		t.hash(l), at, at, clock.Millis(now.Add(familiarFor)))
	if err != nil {
		return fmt.Errorf("note a familiar name: %w", err)
	}
	return nil
}

// giveBack returns n failures to the buckets.
func (t *throttle) giveBack(ctx context.Context, tx *db.Tx, n int, limits ...limit) error {
	for _, l := range t.sorted(limits) {
		_, err := tx.Exec(ctx, `UPDATE acc_throttle SET due = due - $1 WHERE key_hash = $2`,
			(time.Duration(n) * l.every).Milliseconds(), t.hash(l))
		if err != nil {
			return fmt.Errorf("give tries back: %w", err)
		}
	}
	return nil
}

// sweep drops rows that nobody needs any more.
func (t *throttle) sweep(ctx context.Context, tx *db.Tx, now time.Time) (int64, error) {
	n, err := tx.Exec(ctx, `DELETE FROM acc_throttle WHERE key_hash IN
		(SELECT key_hash FROM acc_throttle WHERE keep < $1 ORDER BY keep LIMIT 1000)`, clock.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("drop old limits: %w", err)
	}
	return n, nil
}

// networkOf is the network of an address: 24 bits of IPv4, 64 of IPv6. What is
// no address stands for itself.
func networkOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	bits := 64
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return address
	}
	return p.String()
}
