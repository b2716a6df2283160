package person

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

func mergedInto(ctx context.Context, q db.Queryer, keep id.Person) ([]id.Person, error) {
	rows, err := q.Query(ctx, "SELECT id FROM person WHERE merged_into = $1 AND merged_into <> 0 ORDER BY id", keep.Int())
	if err != nil {
		return nil, fmt.Errorf("read what was merged into person %d: %w", keep, err)
	}
	defer rows.Close()
	var out []id.Person
	for rows.Next() {
		var who id.Person
		if err := rows.Scan(&who); err != nil {
			return nil, fmt.Errorf("read what was merged into person %d: %w", keep, err)
		}
		out = append(out, who)
	}
	return out, rows.Err()
}

// MayDecideRoles refuses whoever could not end each role that a person holds by
// grant, ErrForbidden.
func (s *Service) MayDecideRoles(ctx context.Context, by access.Actor, who id.Person) error {
	return s.org.MayEndHeld(ctx, by, who)
}

// AnyMerged reads through q whether one of the persons was merged, or another
// into him. It asks nobody who wants it.
func AnyMerged(ctx context.Context, q db.Queryer, persons []id.Person) (bool, error) {
	for part := range slices.Chunk(persons, chunk) {
		var args db.Args
		var n int
		err := q.QueryRow(ctx, "SELECT COUNT(*) FROM person WHERE merged_into <> 0 AND (id IN ("+db.List(&args, part)+") OR merged_into IN ("+db.List(&args, part)+"))", args...).Scan(&n)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// Resolve returns the record that is kept for a person: himself, or whom his
// record was merged into. ErrNotFound where there is none.
func (s *Service) Resolve(ctx context.Context, by access.Actor, person id.Person) (id.Person, error) {
	var into id.Person
	err := s.db.QueryRow(ctx, "SELECT merged_into FROM person WHERE id = $1", person.Int()).Scan(&into)
	if errors.Is(err, db.ErrNoRows) {
		return 0, errMissing()
	}
	if err != nil {
		return 0, fmt.Errorf("resolve person %d: %w", person, err)
	}
	if into == 0 {
		return person, nil
	}
	if _, err := s.Get(ctx, by, into); err != nil {
		return 0, err
	}
	return into, nil
}

// Former lists the records that were merged into a person, for whoever may Get
// him: what was noted under them belongs to him.
func (s *Service) Former(ctx context.Context, by access.Actor, person id.Person) ([]id.Person, error) {
	if _, err := s.Get(ctx, by, person); err != nil {
		return nil, err
	}
	return mergedInto(ctx, s.db, person)
}

// CountBelongings counts what a merging would hand over: open places, bindings
// and answers of guardians. The actor needs person.merge at the unit.
func (s *Service) CountBelongings(ctx context.Context, by access.Actor, who id.Person) (places, bonds, consents int, err error) {
	if _, err := s.Open(ctx, by, access.PersonMerge, who); err != nil {
		return 0, 0, 0, err
	}
	err = s.db.QueryRow(ctx, "SELECT (SELECT COUNT(*) FROM person_affiliation WHERE person = $1 AND to_on = 0),"+
		" (SELECT COUNT(*) FROM person_guardianship WHERE (ward = $2 OR guardian = $3) AND status <> 'ended'),"+
		" (SELECT COUNT(*) FROM person_consent WHERE child = $4)", who.Int(), who.Int(), who.Int(), who.Int()).Scan(&places, &bonds, &consents)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("count what person %d has: %w", who, err)
	}
	return places, bonds, consents, nil
}

// errContradicts says that something has been built on a merging since.
func errContradicts() error { return fault.New(fault.ErrConflict, "merge.undo.contradicts") }

// Release takes a merging back in the transaction of ctx: both records are as
// they were, and person.unmerged counts the one that was dropped again.
// ErrConflict where something contradicts: the kept record has left, was merged
// or corrected since, or somebody else has got a number of the dropped one. The
// actor needs person.merge at both.
func (s *Service) Release(ctx context.Context, by access.Actor, keep, drop id.Person, was Absorbed) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.Hold(ctx, by, keep, drop); err != nil {
			return err
		}
		k, d, err := s.MergePair(ctx, by, keep, drop)
		if err != nil {
			return err
		}
		if d.Status != StatusMerged || d.MergedInto != keep || k.Status == StatusMerged || k.Status == StatusClosed || fieldsOf(k) != was.Drop {
			return errContradicts()
		}
		return s.release(ctx, tx, by, k, d, was)
	})
	if err != nil {
		return fmt.Errorf("take the merging of person %d into %d back: %w", drop, keep, err)
	}
	return nil
}

func (s *Service) release(ctx context.Context, tx *db.Tx, by access.Actor, k, d Found, was Absorbed) error {
	if err := s.amend(ctx, tx, k, was.Keep.amendment(k.ID)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET status = $1, merged_into = 0 WHERE id = $2", was.DropStatus, d.ID.Int()); err != nil {
		return err
	}
	d.Status = was.DropStatus
	for _, key := range keysOf(draftOf(d)) {
		if err := s.addKey(ctx, d.ID, key); err != nil {
			if errors.Is(err, fault.ErrConflict) {
				return errContradicts()
			}
			return err
		}
	}
	if err := s.releasePlaces(ctx, tx, d, was); err != nil {
		return err
	}
	if err := s.org.Reopen(ctx, by, was.Roles); err != nil {
		return err
	}
	for _, b := range was.Bound {
		if _, err := tx.Exec(ctx, "UPDATE person_guardianship SET guardian = $1, ward = $2, status = $3 WHERE id = $4", b.Guardian.Int(), b.Ward.Int(), b.Status, b.ID); err != nil {
			return err
		}
	}
	if err := handConsents(ctx, tx, &was, k.ID, d.ID); err != nil {
		return err
	}
	for _, f := range was.Followers {
		if _, err := tx.Exec(ctx, "UPDATE person SET merged_into = $1 WHERE id = $2", d.ID.Int(), f.Int()); err != nil {
			return err
		}
	}
	return s.releaseStates(ctx, tx, by, k, d, was)
}

// releasePlaces opens the places of the dropped record again and ends what the
// kept one got for them.
func (s *Service) releasePlaces(ctx context.Context, tx *db.Tx, d Found, was Absorbed) error {
	for _, a := range was.Added {
		if _, err := tx.Exec(ctx, "DELETE FROM person_affiliation WHERE id = $1 AND is_primary = 0", a); err != nil {
			return err
		}
	}
	for _, a := range was.Ended {
		if _, err := tx.Exec(ctx, "UPDATE person_affiliation SET to_on = 0 WHERE id = $1 AND person = $2", a, d.ID.Int()); err != nil {
			return err
		}
	}
	return nil
}

// releaseStates gives both records the states that they had, with their events.
func (s *Service) releaseStates(ctx context.Context, tx *db.Tx, by access.Actor, k, d Found, was Absorbed) error {
	if was.Verified == 0 && !k.Verified.IsZero() {
		if err := s.unverify(ctx, tx, by, k.Person); err != nil {
			return err
		}
	}
	if was.Activated == 0 && !k.Activated.IsZero() {
		if err := s.log.Append(ctx, tx, newEvent(by, EventDeactivated, k.ID, k.Main.Node, k.Unit, Extra{Role: k.Role})); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET activated_at = $1, verified_at = $2, verified_first_at = $3, verified_source = $4 WHERE id = $5",
		was.Activated, was.Verified, was.First, was.Source, k.ID.Int()); err != nil {
		return err
	}
	x := Extra{}.states(d.Person)
	if was.DropStatus == StatusNormal {
		x.Here = 1
	}
	at, _, err := primary(ctx, tx, d.ID)
	if err != nil {
		return err
	}
	if err := s.log.Append(ctx, tx, newEvent(by, EventUnmerged, d.ID, at.Node, d.Unit, x)); err != nil {
		return err
	}
	if s.Spaces != nil && was.DropStatus == StatusNormal {
		if err := s.Spaces.TakeOut(ctx, by, d.ID); err != nil {
			return err
		}
	}
	var touched []Consent
	for _, c := range slices.Concat(was.Consents, was.Answers) {
		all, err := readConsents(ctx, tx, "id = $1", c.Int())
		if err != nil {
			return err
		}
		touched = append(touched, all...)
	}
	return s.resettle(ctx, tx, by, touched, k.Person, d.Person)
}
