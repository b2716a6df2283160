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
// or a child whose guardian refused: ErrConflict. The source school is the
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
		case p.Consent == ConsentRefused || p.Consent == ConsentWithdrawn:
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

// Unverify takes a verification back, since it was an error or consent was
// withdrawn; person.unverified subtracts it in the month of finding. It needs
// identity.check at the unit, or the system. Twice is no error.
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
	if p.Verified.IsZero() {
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

// RecordConsent keeps a guardian's answer for a child and makes it the child's
// state. A refusal or withdrawal takes the verification back. The person's
// sign-in or the system records it; a later answer replaces the earlier one in
// force and erases none.
func (s *Service) RecordConsent(ctx context.Context, by access.Actor, c Consent) error {
	if err := mayActFor(by, c.Child); err != nil {
		return err
	}
	if c.Answer != ConsentGiven && c.Answer != ConsentRefused && c.Answer != ConsentWithdrawn || c.Purpose == "" || c.TextVersion == "" {
		return fault.New(fault.ErrInvalid, "person.consent.answer")
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, c.Child)
		if err != nil {
			return err
		}
		c.ID, c.At = id.Next[id.Consent](s.ids), s.clk.Now()
		if _, err := tx.Exec(ctx, "INSERT INTO person_consent (id, child, purpose, text_version, answer, by_name, by_relation, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			c.ID.Int(), c.Child.Int(), c.Purpose, c.TextVersion, c.Answer, c.ByName, c.ByRelation, c.At.UnixMilli()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE person SET consent = $1 WHERE id = $2", c.Answer, c.Child.Int()); err != nil {
			return err
		}
		if c.Answer == ConsentGiven {
			return s.openDue(ctx, actedBy(by, p), c.Child)
		}
		return s.unverify(ctx, tx, actedBy(by, p), p)
	})
	if err != nil {
		return fmt.Errorf("record consent for person %d: %w", c.Child, err)
	}
	return nil
}

// Consents lists the answers for a child, the latest first, for whoever may
// Get the child.
func (s *Service) Consents(ctx context.Context, by access.Actor, child id.Person) ([]Consent, error) {
	if _, err := s.Get(ctx, by, child); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, "SELECT id, child, purpose, text_version, answer, by_name, by_relation, at FROM person_consent WHERE child = $1 ORDER BY at DESC, id DESC", child.Int())
	if err != nil {
		return nil, fmt.Errorf("read consents of person %d: %w", child, err)
	}
	defer rows.Close()
	var out []Consent
	for rows.Next() {
		var c Consent
		var at int64
		if err := rows.Scan(&c.ID, &c.Child, &c.Purpose, &c.TextVersion, &c.Answer, &c.ByName, &c.ByRelation, &at); err != nil {
			return nil, fmt.Errorf("read consents of person %d: %w", child, err)
		}
		c.At = clock.FromMillis(at)
		out = append(out, c)
	}
	return out, rows.Err()
}
