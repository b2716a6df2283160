package rekey

import (
	"context"
	"fmt"
	"strings"

	"learnspace/internal/db"
	"learnspace/internal/seal"
)

// How many rows one transaction seals anew: fewer while somebody waits to write.
const (
	chunk = 200
	small = 50
)

// row is one row with values under an older key.
type row struct {
	key    []int64
	sealed [][]byte // as they were read
}

// Run seals every value in the places with the newest key, computes the hashes
// beside it anew, and returns how many rows it has changed; page is called after
// each page, nil is nobody. A value that no key opens stays as it is: Run does
// everything else and then names its table.
func Run(ctx context.Context, d *db.DB, keys *seal.Keys, places []seal.Place, page func()) (total int64, err error) {
	if page == nil {
		page = func() {}
	}
	ctx = db.Patiently(ctx)
	var damaged error
	for _, p := range places {
		for {
			w := work{d: d, keys: keys, Place: p, paged: page}
			if err := w.pass(ctx); err != nil {
				return total, fmt.Errorf("seal %s anew: %w", p.Table, err)
			}
			total += w.changed
			if w.changed == 0 && w.missed == 0 {
				if w.damaged != nil {
					damaged = fmt.Errorf("seal %s anew: %d rows are left: %w", p.Table, w.left, w.damaged)
				}
				break
			}
		}
	}
	return total, damaged
}

// work is one pass through a place.
type work struct {
	d    *db.DB
	keys *seal.Keys
	seal.Place
	changed, missed, left int64
	damaged               error
	paged                 func()
}

// pass goes once through the rows that are sealed under an older key.
func (w *work) pass(ctx context.Context) error {
	var after []int64
	for {
		limit := chunk
		if w.d.Waiting() > 0 {
			limit = small
		}
		page, err := w.stale(ctx, after, limit)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].key
		err = w.renewAll(ctx, page, true)
		if db.IsUnique(err) { // somebody else has taken a new hash: find out which
			for i := range page {
				if err = w.renewAll(ctx, page[i:i+1], true); db.IsUnique(err) {
					err = w.renewAll(ctx, page[i:i+1], false)
				}
				if err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
		w.paged()
	}
}

// renewAll computes and writes a page, with the hashes or without them.
func (w *work) renewAll(ctx context.Context, page []row, hashes bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	statements, left := make([]statement, 0, len(page)), int64(0)
	var damaged error
	for _, r := range page {
		s, err := w.renew(r, hashes)
		if err != nil {
			left, damaged = left+1, err
			continue
		}
		statements = append(statements, s)
	}
	if err := w.write(ctx, statements); err != nil {
		return err
	}
	if left > 0 {
		w.left, w.damaged = w.left+left, damaged
	}
	return nil
}

// stale reads the next rows with a value under an older key.
func (w *work) stale(ctx context.Context, after []int64, limit int) ([]row, error) {
	var a db.Args
	keyList := strings.Join(w.Key, ", ")
	q := "SELECT " + keyList + ", " + strings.Join(w.Sealed, ", ") + " FROM " + w.Table + " WHERE "
	if after != nil {
		q += "(" + keyList + ") > (" + db.List(&a, after) + ") AND "
	}
	old := make([]string, len(w.Sealed))
	for i, c := range w.Sealed {
		old[i] = "(length(" + c + ") > 2 AND substr(" + c + ", 1, 2) <> " + a.Add(w.keys.Stamp()) + ")"
	}
	q += "(" + strings.Join(old, " OR ") + ") ORDER BY " + keyList + " LIMIT " + a.Add(limit)
	rows, err := w.d.Query(ctx, q, a...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		r := row{key: make([]int64, len(w.Key)), sealed: make([][]byte, len(w.Sealed))}
		into := make([]any, 0, len(w.Key)+len(w.Sealed))
		for i := range r.key {
			into = append(into, &r.key[i])
		}
		for i := range r.sealed {
			into = append(into, &r.sealed[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// statement writes one row, where it is as it was read.
type statement struct {
	text string
	args db.Args
}

// renew computes what one row shall be.
func (w *work) renew(r row, hashes bool) (statement, error) {
	var s statement
	var set, same []string
	for i, c := range w.Sealed {
		if !w.keys.Stale(r.sealed[i]) {
			continue
		}
		plain, err := w.keys.Open(r.sealed[i])
		if err != nil {
			return s, fmt.Errorf("%s: %w", c, err)
		}
		set = append(set, c+" = "+s.args.Add(w.keys.Seal(plain)))
		for _, h := range w.Hashed {
			if hashes && h.Of == c {
				set = append(set, h.Column+" = "+s.args.Add(w.keys.Hash(h.Kind, string(plain))))
			}
		}
	}
	for i, c := range w.Key {
		same = append(same, c+" = "+s.args.Add(r.key[i]))
	}
	for i, c := range w.Sealed {
		if w.keys.Stale(r.sealed[i]) {
			same = append(same, c+" = "+s.args.Add(r.sealed[i]))
		}
	}
	s.text = "UPDATE " + w.Table + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(same, " AND ")
	return s, nil
}

// write writes a page in one transaction.
func (w *work) write(ctx context.Context, page []statement) error {
	var done int64
	err := w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		done = 0
		for _, s := range page {
			n, err := tx.Exec(ctx, s.text, s.args...)
			if err != nil {
				return err
			}
			done += n
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.changed += done
	w.missed += int64(len(page)) - done
	return nil
}
