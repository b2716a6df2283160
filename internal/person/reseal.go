package person

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// hashesOf are the hashes under which a value may be found, the current one
// first: while a rotation is under way there are two.
func (s *Service) hashesOf(kind KeyKind, value string) []int64 {
	all := s.keys.Live(hashNames[kind], value)
	out := make([]int64, len(all))
	for i, h := range all {
		out[i] = int64(binary.BigEndian.Uint64(h))
	}
	return out
}

// How many persons one transaction seals anew: fewer while somebody waits to
// write.
const (
	resealChunk = 400
	resealSmall = 100
)

// resealing is how far the persons are sealed anew.
type resealing struct {
	after         id.Person
	done, changed int64
}

// Reseal seals every number with the newest key and recomputes the hashes by
// which persons are known, after the keys have been rotated and while others
// read and write. It goes on where it was broken off, goes through once more
// until nothing is left that is old, and reports how many persons it has changed.
// Only the command line and the system may.
func (s *Service) Reseal(ctx context.Context, by access.Actor, progress func(done int64)) (int64, error) {
	if !by.IsOperator() && !by.IsSystem() {
		return 0, errForbidden()
	}
	ctx = db.Patiently(ctx)
	at, err := s.resealFrom(ctx)
	if err != nil {
		return 0, err
	}
	total := at.changed
	for {
		chunk := resealChunk
		if s.db.Waiting() > 0 {
			chunk = resealSmall
		}
		page, err := s.stale(ctx, at.after, chunk)
		if err != nil {
			return total, err
		}
		if len(page) == 0 {
			if at.changed == 0 {
				return total, nil
			}
			at = resealing{}
			if err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.resealMark(ctx, tx, at) }); err != nil {
				return total, err
			}
			continue
		}
		next, err := s.resealPage(ctx, at, page)
		if err != nil {
			return total, fmt.Errorf("seal persons after %d anew: %w", at.after, err)
		}
		total += next.changed - at.changed
		if at = next; progress != nil {
			progress(at.done)
		}
	}
}

// CountAll counts the persons of the province, for the system and the command
// line.
func (s *Service) CountAll(ctx context.Context, by access.Actor) (int64, error) {
	if !by.IsOperator() && !by.IsSystem() {
		return 0, errForbidden()
	}
	var n int64
	if err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM person").Scan(&n); err != nil {
		return 0, fmt.Errorf("count persons: %w", err)
	}
	return n, nil
}

// resealFrom reads where the work for the present keys was broken off.
func (s *Service) resealFrom(ctx context.Context) (resealing, error) {
	var at resealing
	sealKey, hashKey := s.keys.Current()
	err := s.db.QueryRow(ctx, "SELECT after, done, changed FROM person_reseal WHERE id = 1 AND seal_key = $1 AND hash_key = $2", sealKey, hashKey).
		Scan(&at.after, &at.done, &at.changed)
	if errors.Is(err, db.ErrNoRows) {
		return at, nil
	}
	if err != nil {
		return at, fmt.Errorf("read how far persons are sealed: %w", err)
	}
	return at, nil
}

// resealMark writes how far the work is.
func (s *Service) resealMark(ctx context.Context, tx *db.Tx, at resealing) error {
	sealKey, hashKey := s.keys.Current()
	_, err := tx.Exec(ctx, "INSERT INTO person_reseal (id, seal_key, hash_key, after, done, changed) VALUES (1, $1, $2, $3, $4, $5)"+
		" ON CONFLICT (id) DO UPDATE SET seal_key = excluded.seal_key, hash_key = excluded.hash_key, after = excluded.after, done = excluded.done, changed = excluded.changed",
		sealKey, hashKey, at.after.Int(), at.done, at.changed)
	if err != nil {
		return fmt.Errorf("write how far persons are sealed: %w", err)
	}
	return nil
}

// staleRow is a person with what is to be written of him.
type staleRow struct {
	sealedRow
	err         error
	stale       bool
	idNo, no, p []byte // sealed anew
	keys        []keyValue
	old         []hash // under older keys, if they are there
}

// stale reads the next persons and seals and hashes their numbers anew, on all
// processors and outside any transaction.
func (s *Service) stale(ctx context.Context, after id.Person, limit int) ([]staleRow, error) {
	rows, err := s.db.Query(ctx, "SELECT "+foundColumns+" FROM person p"+foundJoin+"WHERE p.id > $1 ORDER BY p.id LIMIT $2", after.Int(), limit)
	if err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	defer rows.Close()
	var out []staleRow
	for rows.Next() {
		var r staleRow
		if err := r.scan(rows); err != nil {
			return nil, fmt.Errorf("read persons: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	parallel(len(out), func(i int) { s.renew(&out[i]) })
	for i := range out {
		if out[i].err != nil {
			return nil, fmt.Errorf("person %d: %w", out[i].ID, out[i].err)
		}
	}
	return out, nil
}

// renew computes what one person's row shall be.
func (s *Service) renew(r *staleRow) {
	if r.err = s.unseal(&r.sealedRow); r.err != nil {
		return
	}
	if r.stale = s.keys.Stale(r.id) || s.keys.Stale(r.student) || s.keys.Stale(r.phone); r.stale {
		r.idNo, r.no, r.p = s.seal(r.IDNo), s.seal(r.StudentNo), s.seal(r.Phone)
	}
	r.keys = keysOf(draftOf(r.Found))
	for _, k := range r.keys {
		for _, h := range s.hashesOf(k.kind, k.value)[1:] {
			r.old = append(r.old, hash{kind: k.kind, h64: h, person: r.ID, value: k.value})
		}
	}
}

// resealPage writes a page and how far the work is, in one transaction. Whoever
// was changed since he was read is done again by himself.
func (s *Service) resealPage(ctx context.Context, at resealing, page []staleRow) (next resealing, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		next = resealing{after: page[len(page)-1].ID, done: at.done + int64(len(page)), changed: at.changed}
		old, err := s.oldKeys(ctx, tx, page)
		if err != nil {
			return err
		}
		var put []hash
		for i := range page {
			r := &page[i]
			if !r.stale && len(old[r.ID]) == 0 {
				continue
			}
			next.changed++
			same, err := s.resealOne(ctx, tx, r)
			if err != nil {
				return err
			}
			if !same {
				if err := s.reseal(ctx, tx, r.ID); err != nil {
					return err
				}
				continue
			}
			for _, h := range old[r.ID] {
				if _, err := tx.Exec(ctx, "DELETE FROM person_key WHERE kind = $1 AND h64 = $2 AND person = $3", int64(h.kind), h.h64, r.ID.Int()); err != nil {
					return err
				}
				put = append(put, hash{kind: h.kind, person: r.ID, value: h.value, gen: ^uint64(0)}) // hashed by putKeys
			}
		}
		if err := s.putMissing(ctx, tx, put); err != nil {
			return err
		}
		return s.resealMark(ctx, tx, next)
	})
	return next, err
}

// resealOne writes the numbers of a person who is as he was read.
func (s *Service) resealOne(ctx context.Context, tx *db.Tx, r *staleRow) (same bool, err error) {
	var n int64
	if r.stale {
		n, err = tx.Exec(ctx, "UPDATE person SET id_sealed = $1, student_no_sealed = $2, phone_sealed = $3 WHERE id = $4 AND version = $5",
			r.idNo, r.no, r.p, r.ID.Int(), r.Version)
	} else { // takes the row
		n, err = tx.Exec(ctx, "UPDATE person SET batch = batch WHERE id = $1 AND version = $2", r.ID.Int(), r.Version)
	}
	if err != nil {
		return false, fmt.Errorf("seal person %d anew: %w", r.ID, err)
	}
	return n == 1, nil
}

// oldKeys finds which persons of a page are still known under an older key.
func (s *Service) oldKeys(ctx context.Context, q db.Queryer, page []staleRow) (map[id.Person][]hash, error) {
	asked := map[KeyKind]map[int64]hash{}
	for i := range page {
		for _, h := range page[i].old {
			if asked[h.kind] == nil {
				asked[h.kind] = map[int64]hash{}
			}
			asked[h.kind][h.h64] = h
		}
	}
	out := map[id.Person][]hash{}
	for kind, all := range asked {
		hits, err := s.keysHitAll(ctx, q, kind, all)
		if err != nil {
			return nil, err
		}
		for _, r := range hits {
			if h := all[r.h64]; h.person == r.ID {
				out[r.ID] = append(out[r.ID], h)
			}
		}
	}
	return out, nil
}

// keysHitAll asks for many hashes of one kind.
func (s *Service) keysHitAll(ctx context.Context, q db.Queryer, kind KeyKind, all map[int64]hash) ([]sealedRow, error) {
	hashes := make([]int64, 0, len(all))
	for h := range all {
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	var out []sealedRow
	for part := range slices.Chunk(hashes, keyChunk) {
		hits, err := keysHit(ctx, q, kind, part)
		if err != nil {
			return nil, fmt.Errorf("read keys: %w", err)
		}
		out = append(out, hits...)
	}
	return out, nil
}

// AnySealed reads through q one sealed number, nil where there is none; it asks
// nobody who wants it.
func AnySealed(ctx context.Context, q db.Queryer) ([]byte, error) {
	var sealed []byte
	err := q.QueryRow(ctx, "SELECT id_sealed FROM person WHERE id_sealed <> $1 ORDER BY id DESC LIMIT 1", empty).Scan(&sealed)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return nil, fmt.Errorf("read a sealed number: %w", err)
	}
	return sealed, nil
}

// putNew writes keys of values that nobody has yet. While a rotation is under
// way the unique slot of a value may be taken under the older key: then it is
// looked up under both.
func (s *Service) putNew(ctx context.Context, hashes []hash) error {
	if !s.keys.Moving() {
		return s.putKeys(ctx, hashes)
	}
	holder := map[KeyKind]map[string]id.Person{}
	for _, h := range hashes {
		if holder[h.kind] == nil {
			holder[h.kind] = map[string]id.Person{}
		}
		holder[h.kind][h.value] = h.person
	}
	for kind, values := range holder {
		found, _, err := s.lookup(ctx, s.db, kind, slices.Collect(maps.Keys(values)))
		if err != nil {
			return err
		}
		for value, f := range found {
			if f.ID != values[value] {
				return fault.New(fault.ErrConflict, "person.known")
			}
		}
	}
	return s.putKeys(ctx, hashes)
}

// putMissing writes the hashes under the present key that are not there yet.
func (s *Service) putMissing(ctx context.Context, tx *db.Tx, put []hash) error {
	gen := s.keys.Generation()
	asked := map[KeyKind]map[int64]hash{}
	for i := range put {
		h := &put[i]
		h.h64, h.gen = s.keys.Hash64(hashNames[h.kind], h.value), gen
		if asked[h.kind] == nil {
			asked[h.kind] = map[int64]hash{}
		}
		asked[h.kind][h.h64] = *h
	}
	there := map[hash]bool{}
	for kind, all := range asked {
		hits, err := s.keysHitAll(ctx, tx, kind, all)
		if err != nil {
			return err
		}
		for _, r := range hits {
			there[hash{kind: kind, h64: r.h64, person: r.ID}] = true
		}
	}
	return s.putKeys(ctx, slices.DeleteFunc(put, func(h hash) bool { return there[hash{kind: h.kind, h64: h.h64, person: h.person}] }))
}

// reseal does one person by himself, who waits for whoever changes him.
func (s *Service) reseal(ctx context.Context, tx *db.Tx, who id.Person) error {
	if _, err := lock(ctx, tx, who); errors.Is(err, fault.ErrNotFound) {
		return nil // removed meanwhile
	} else if err != nil {
		return err
	}
	var r sealedRow
	if err := r.scan(tx.QueryRow(ctx, "SELECT "+foundColumns+" FROM person p"+foundJoin+"WHERE p.id = $1", who.Int())); err != nil {
		return err
	}
	if err := s.unseal(&r); err != nil {
		return err
	}
	if s.keys.Stale(r.id) || s.keys.Stale(r.student) || s.keys.Stale(r.phone) {
		if _, err := tx.Exec(ctx, "UPDATE person SET id_sealed = $1, student_no_sealed = $2, phone_sealed = $3 WHERE id = $4",
			s.seal(r.IDNo), s.seal(r.StudentNo), s.seal(r.Phone), who.Int()); err != nil {
			return err
		}
	}
	for _, k := range keysOf(draftOf(r.Found)) {
		if err := s.dropKey(ctx, tx, who, k); err != nil {
			return err
		}
		if err := s.addKey(ctx, who, k); err != nil {
			return err
		}
	}
	return nil
}
