package person

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// mayActFor answers whether the actor may change the person's own states: the
// person himself, the sign-in that holds his code, the system, the command line.
func mayActFor(by access.Actor, person id.Person) error {
	if by.IsPerson() && by.Person != person {
		return errMissing()
	}
	if by.IsPerson() || by.IsSystem() || by.IsOperator() || by.Role == access.Anonymous().Role {
		return nil
	}
	return errMissing()
}

// actedBy names the person himself as the actor where the sign-in acts for him.
func actedBy(by access.Actor, p Person) access.Actor {
	if by.Person == 0 && !by.IsOperator() && !by.IsSystem() {
		by.Person, by.Role = p.ID, access.Role(p.Role)
	}
	return by
}

// Activate records that the holder has taken the person's space. The first time
// writes person.activated; again is no error and writes nothing. Only the
// package account calls it, with a code that it has checked, as the sign-in or
// as the person. Whoever has left or is closed is ErrConflict.
func (s *Service) Activate(ctx context.Context, by access.Actor, person id.Person) error {
	if err := mayActFor(by, person); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, person)
		if err != nil {
			return err
		}
		if !p.Activated.IsZero() {
			return nil
		}
		if p.Status != StatusNormal {
			return fault.New(fault.ErrConflict, "person.not_here")
		}
		p.Activated = s.clk.Now()
		if _, err := tx.Exec(ctx, "UPDATE person SET activated_at = $1 WHERE id = $2", p.Activated.UnixMilli(), person.Int()); err != nil {
			return err
		}
		node, err := placeOf(ctx, tx, p)
		if err != nil {
			return err
		}
		who := actedBy(by, p)
		if err := s.log.Append(ctx, tx, newEvent(who, EventActivated, person, node, p.Unit, Extra{Role: p.Role})); err != nil {
			return err
		}
		return s.openDue(ctx, who, person)
	})
	if err != nil {
		return fmt.Errorf("activate person %d: %w", person, err)
	}
	return nil
}

// placeOf is the node of the primary affiliation, for events.
func placeOf(ctx context.Context, q db.Queryer, p Person) (id.Node, error) {
	a, ok, err := primary(ctx, q, p.ID)
	if err != nil || !ok {
		return p.Unit, err
	}
	return a.Node, nil
}

// Verify records that the person is who the roster says, by the source roster,
// hub or school. The first time since activation or since an error writes
// person.verified; again is no error and writes nothing. Not activated, left,
// refused by a guardian, or a child for whom none has agreed yet: ErrConflict,
// so that no child is verified without a consent. The source school is the
// school's signed check and needs identity.check at the unit; the others come
// from the sign-in or the system.
func (s *Service) Verify(ctx context.Context, by access.Actor, person id.Person, source string) error {
	if source != SourceRoster && source != SourceHub && source != SourceSchool {
		return fault.New(fault.ErrInvalid, "person.verify.source")
	}
	if err := s.mayVerify(ctx, by, person, source); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, person)
		if err != nil || !p.Verified.IsZero() {
			return err
		}
		switch {
		case p.Status != StatusNormal:
			return fault.New(fault.ErrConflict, "person.not_here")
		case p.Activated.IsZero():
			return fault.New(fault.ErrConflict, "person.verify.not_activated")
		}
		standing, err := StandingOf(ctx, tx, p, clock.DayOf(s.clk.Now()))
		switch {
		case err != nil:
			return err
		case standing == Unanswered:
			return fault.New(fault.ErrConflict, "person.verify.unanswered")
		case standing == Against:
			return fault.New(fault.ErrConflict, "person.verify.no_consent")
		}
		return s.verify(ctx, tx, by, &p, source)
	})
	if err != nil {
		return fmt.Errorf("verify person %d: %w", person, err)
	}
	return nil
}

func (s *Service) mayVerify(ctx context.Context, by access.Actor, person id.Person, source string) error {
	if source != SourceSchool {
		return mayActFor(by, person)
	}
	p, err := Load(ctx, s.db, person)
	if err != nil {
		return err
	}
	return s.mayAt(ctx, by, access.IdentityCheck, p.Unit)
}

// verify writes the state and its event; the row is locked.
func (s *Service) verify(ctx context.Context, tx *db.Tx, by access.Actor, p *Person, source string) error {
	var first int64
	if err := tx.QueryRow(ctx, "SELECT verified_first_at FROM person WHERE id = $1", p.ID.Int()).Scan(&first); err != nil {
		return err
	}
	p.Verified, p.Source = s.clk.Now(), source
	now := p.Verified.UnixMilli()
	if _, err := tx.Exec(ctx, "UPDATE person SET verified_at = $1, verified_source = $2, verified_first_at = CASE WHEN verified_first_at = 0 THEN $3 ELSE verified_first_at END WHERE id = $4",
		now, source, now, p.ID.Int()); err != nil {
		return err
	}
	node, err := placeOf(ctx, tx, *p)
	if err != nil {
		return err
	}
	x := Extra{Role: p.Role}
	if first == 0 {
		x.First = 1
	}
	if source != SourceSchool {
		by = actedBy(by, *p)
	}
	if err := s.log.Append(ctx, tx, newEvent(by, EventVerified, p.ID, node, p.Unit, x)); err != nil {
		return err
	}
	return s.openDue(ctx, by, p.ID)
}

// Unverify takes a verification back, since it was an error;
// person.unverified subtracts it in the month of finding. A consent withdrawn
// is no error and takes nothing back. It needs identity.check at the unit, or
// the system. Twice is no error.
func (s *Service) Unverify(ctx context.Context, by access.Actor, person id.Person) error {
	p, err := Load(ctx, s.db, person)
	if err != nil {
		return err
	}
	if !by.IsSystem() {
		if err := s.mayAt(ctx, by, access.IdentityCheck, p.Unit); err != nil {
			return err
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if p, err = lock(ctx, tx, person); err != nil {
			return err
		}
		return s.unverify(ctx, tx, by, p)
	})
	if err != nil {
		return fmt.Errorf("unverify person %d: %w", person, err)
	}
	return nil
}

// unverify does it; the row is locked.
func (s *Service) unverify(ctx context.Context, tx *db.Tx, by access.Actor, p Person) error {
	if p.Verified.IsZero() || p.Status == StatusMerged {
		return nil
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET verified_at = 0, verified_source = '' WHERE id = $1", p.ID.Int()); err != nil {
		return err
	}
	node, err := placeOf(ctx, tx, p)
	if err != nil {
		return err
	}
	return s.log.Append(ctx, tx, newEvent(by, EventUnverified, p.ID, node, p.Unit, Extra{Role: p.Role}))
}

// Matches reports whether the roster alone can verify the person: an identity
// number of kind 1 with a right check digit. That no second person has it is
// kept by the table of keys.
func (s *Service) Matches(ctx context.Context, by access.Actor, person id.Person) (bool, error) {
	if err := mayActFor(by, person); err != nil {
		return false, err
	}
	var kind string
	var sealed []byte
	if err := s.db.QueryRow(ctx, "SELECT id_type, id_sealed FROM person WHERE id = $1", person.Int()).Scan(&kind, &sealed); err != nil {
		return false, fmt.Errorf("match person %d: %w", person, err)
	}
	number, err := s.open(sealed)
	if err != nil || number == "" || kind != codes.IDResident {
		return false, err
	}
	return codes.CheckIDNumber(number) == nil, nil
}
