package person

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// The ways in which somebody is no longer here.
const (
	EndedLeft      = "left"
	EndedGraduated = "graduated"
	EndedDied      = "died"
)

// Departed is what a departure ended: enough to open it again.
type Departed struct {
	Places  []int64 `json:"places,omitempty"`
	Primary int64   `json:"primary,omitempty"`
	Bonds   []bond  `json:"bonds,omitempty"`
	Status  string  `json:"status"`
}

// bond is a binding that ended, with the state that it had.
type bond struct {
	ID     int64  `json:"id"`
	Status string `json:"status"`
}

// Depart records that a person left or graduated from the school where he
// counts, or died, from the day (0: today), in the transaction of ctx. Whoever
// has another place after leaving counts there; the others have left
// (person.left; the figures keep what was counted, DOMAIN Q2). A dead person is
// closed: every place and binding ends, so that no list names and no message
// reaches him or his family (DOMAIN 2.3). A guardian without a place only dies.
// The actor needs person.correct at the unit.
func (s *Service) Depart(ctx context.Context, by access.Actor, who id.Person, kind string, day clock.Day) (Departed, error) {
	var out Departed
	if day == 0 {
		day = s.today()
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Departed{}
		p, err := s.lockMine(ctx, tx, by, who)
		if err != nil {
			return err
		}
		switch {
		case by.IsPerson() && by.Person == who:
			return fault.New(fault.ErrForbidden, "depart.self")
		case p.Status == StatusMerged:
			return errMerged()
		case p.Status == StatusClosed || p.Status == StatusLeft && kind != EndedDied:
			return fault.New(fault.ErrConflict, "depart.gone")
		case kind == EndedGraduated && p.Role != RolePupil, kind != EndedDied && p.Role == RoleGuardian:
			return fault.Invalid(fault.At("kind", "depart.kind"))
		}
		all, err := readAffiliations(ctx, tx, "a.person = $1 AND a.to_on = 0 ORDER BY a.id", who.Int())
		if err != nil {
			return err
		}
		out.Status = p.Status
		for _, a := range all {
			if kind == EndedDied || a.Unit == p.Unit {
				out.Places = append(out.Places, a.ID)
			}
			if a.Primary {
				out.Primary = a.ID
			}
		}
		if kind == EndedDied {
			return s.bury(ctx, tx, by, p, all, day, &out)
		}
		if err := s.leaveOne(ctx, tx, by, who, p.Unit, day); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE person SET ended_as = $1 WHERE id = $2 AND status = 'left'", kind, who.Int())
		return err
	})
	if err != nil {
		return Departed{}, fmt.Errorf("person %d is no longer here: %w", who, err)
	}
	return out, nil
}

// lockMine locks a person at whose unit the actor holds person.correct.
func (s *Service) lockMine(ctx context.Context, tx *db.Tx, by access.Actor, who id.Person) (Person, error) {
	p, err := lock(ctx, tx, who)
	if err != nil {
		return Person{}, err
	}
	return p, s.mayAt(ctx, by, access.PersonCorrect, p.Unit)
}

func (s *Service) bury(ctx context.Context, tx *db.Tx, by access.Actor, p Person, all []Affiliation, day clock.Day, out *Departed) error {
	for _, a := range all {
		if err := endAffiliation(ctx, tx, a, day); err != nil {
			return err
		}
	}
	if isStaff(p) {
		if err := s.org.EndHeld(ctx, by, p.ID, 0); err != nil {
			return err
		}
	}
	bonds, err := readBonds(ctx, tx, "(g.ward = $1 OR g.guardian = $2) AND g.status <> 'ended'", p.ID.Int(), p.ID.Int())
	if err != nil {
		return err
	}
	for _, b := range bonds {
		out.Bonds = append(out.Bonds, bond{b.ID, b.Status})
		if _, err := tx.Exec(ctx, "UPDATE person_guardianship SET status = 'ended' WHERE id = $1", b.ID); err != nil {
			return err
		}
	}
	if err := s.settleGiven(ctx, tx, by, p.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET status = 'closed', ended_on = $1, ended_as = 'died' WHERE id = $2", int64(day), p.ID.Int()); err != nil {
		return err
	}
	if s.Spaces != nil {
		if err := s.Spaces.PutAway(ctx, by, p.ID); err != nil {
			return err
		}
	}
	if p.Status != StatusNormal {
		return nil
	}
	return s.log.Append(ctx, tx, newEvent(by, EventLeft, p.ID, p.Unit, p.Unit, Extra{}.states(p)))
}

// settleGiven settles anew what the answers about a guardian's children come to,
// since his bindings have ended or are open again.
func (s *Service) settleGiven(ctx context.Context, tx *db.Tx, by access.Actor, guardian id.Person) error {
	bonds, err := readBonds(ctx, tx, "g.guardian = $1", guardian.Int())
	if err != nil {
		return err
	}
	slices.SortFunc(bonds, func(a, b Guardianship) int { return cmp.Compare(a.Ward, b.Ward) })
	for _, b := range bonds {
		p, err := lock(ctx, tx, b.Ward)
		if err != nil {
			return err
		}
		if p.Status == StatusMerged || p.Status == StatusClosed {
			continue
		}
		for _, purpose := range Purposes() {
			all, err := answers(ctx, tx, b.Ward, purpose)
			if err != nil {
				return err
			}
			if err := s.settle(ctx, tx, by, p, purpose, all); err != nil {
				return err
			}
		}
	}
	return nil
}

// Reinstate takes a departure back in the transaction of ctx: places and
// bindings are open again and person.returned is written. ErrConflict where the
// person has got another place or was merged since. The actor needs
// person.correct at the unit.
func (s *Service) Reinstate(ctx context.Context, by access.Actor, who id.Person, was Departed) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.lockMine(ctx, tx, by, who)
		if err != nil {
			return err
		}
		now, here, err := primary(ctx, tx, who)
		if err != nil {
			return err
		}
		gone := p.Status == StatusLeft || p.Status == StatusClosed
		if p.Status == StatusMerged || gone && here || !gone && !here {
			return fault.New(fault.ErrConflict, "depart.undo.contradicts")
		}
		for _, b := range was.Bonds {
			if _, err := tx.Exec(ctx, "UPDATE person_guardianship SET status = $1 WHERE id = $2 AND status = 'ended'", b.Status, b.ID); err != nil {
				return err
			}
		}
		if err := s.settleGiven(ctx, tx, by, who); err != nil {
			return err
		}
		if here {
			if _, err := tx.Exec(ctx, "UPDATE person_affiliation SET is_primary = 0 WHERE id = $1", now.ID); err != nil {
				return err
			}
		}
		if err := reopen(ctx, tx, who, was); err != nil {
			return err
		}
		return s.reinstated(ctx, tx, by, p, was, gone)
	})
	if err != nil {
		return fmt.Errorf("person %d is here again: %w", who, err)
	}
	return nil
}

// reopen opens the places that a departure ended.
func reopen(ctx context.Context, tx *db.Tx, who id.Person, was Departed) error {
	for _, a := range was.Places {
		primary := bit(a == was.Primary)
		if _, err := tx.Exec(ctx, "UPDATE person_affiliation SET to_on = 0, is_primary = $1 WHERE id = $2 AND person = $3", primary, a, who.Int()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) reinstated(ctx context.Context, tx *db.Tx, by access.Actor, p Person, was Departed, gone bool) error {
	at, ok, err := primary(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if !gone {
		if !ok {
			return fault.New(fault.ErrConflict, "depart.undo.contradicts")
		}
		return s.countAt(ctx, tx, by, p, at.Node, at.Unit)
	}
	if was.Status != StatusNormal {
		_, err := tx.Exec(ctx, "UPDATE person SET status = $1, ended_as = 'left' WHERE id = $2", was.Status, p.ID.Int())
		return err
	}
	if err := s.backHere(ctx, tx, by, p.ID); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, newEvent(by, EventReturned, p.ID, at.Node, p.Unit, Extra{}.states(p)))
}

// backHere makes somebody who had left a normal person again, with his space.
func (s *Service) backHere(ctx context.Context, tx *db.Tx, by access.Actor, who id.Person) error {
	if _, err := tx.Exec(ctx, "UPDATE person SET status = 'normal', ended_on = 0, ended_as = '' WHERE id = $1", who.Int()); err != nil {
		return err
	}
	if s.Spaces == nil {
		return nil
	}
	return s.Spaces.TakeOut(ctx, by, who)
}
