package person

import (
	"context"
	"encoding/binary"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// hashesOf are the hashes of a value under every key in use, the current one's
// first: while a rotation is under way both are looked up.
func (s *Service) hashesOf(kind KeyKind, value string) []int64 {
	all := s.keys.Hashes(hashNames[kind], value)
	out := make([]int64, len(all))
	for i, h := range all {
		out[i] = int64(binary.BigEndian.Uint64(h))
	}
	return out
}

// resealChunk is how many persons one transaction seals anew.
const resealChunk = 200

// Reseal seals every number with the newest key and recomputes the hashes by
// which persons are known, after the keys have been rotated. It goes on where it
// was broken off, since what is new already stays as it is, and reports how many
// persons it has looked at. Only the command line and the system may.
func (s *Service) Reseal(ctx context.Context, by access.Actor, progress func(done int64)) (int64, error) {
	if !by.IsOperator() && !by.IsSystem() {
		return 0, errForbidden()
	}
	var done int64
	for after := id.Person(0); ; {
		page, err := s.sealedAfter(ctx, after)
		if err != nil || len(page) == 0 {
			return done, err
		}
		err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, who := range page {
				if err := s.reseal(ctx, tx, who); err != nil {
					return fmt.Errorf("seal person %d anew: %w", who, err)
				}
			}
			return nil
		})
		if err != nil {
			return done, err
		}
		after = page[len(page)-1]
		if done += int64(len(page)); progress != nil {
			progress(done)
		}
	}
}

// sealedAfter lists the next persons in order of id.
func (s *Service) sealedAfter(ctx context.Context, after id.Person) ([]id.Person, error) {
	rows, err := s.db.Query(ctx, "SELECT id FROM person WHERE id > $1 ORDER BY id LIMIT $2", after.Int(), resealChunk)
	if err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	defer rows.Close()
	var out []id.Person
	for rows.Next() {
		var who id.Person
		if err := rows.Scan(&who); err != nil {
			return nil, fmt.Errorf("read persons: %w", err)
		}
		out = append(out, who)
	}
	return out, rows.Err()
}

// reseal does one person.
func (s *Service) reseal(ctx context.Context, tx *db.Tx, who id.Person) error {
	if _, err := lock(ctx, tx, who); err != nil {
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
