package person

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// MoveRequest puts the primary place of a person elsewhere.
type MoveRequest struct {
	Person id.Person
	Node   id.Node   // class, or school for staff
	Unit   id.Node   // school or office of Node
	From   clock.Day // 0: today
	Batch  id.Batch
}

// Move puts persons into another class or school: the primary place ends and
// another begins on the day. It writes one person.moved each, with the unit
// before in the extra; whoever is there already is left alone without an event.
// Guardians whose wards have all gone from their unit go along. It joins the
// transaction of ctx. The actor needs roster.import or transfer.decide at the
// new unit; who gives a pupil up is decided by the roster's transfers.
func (s *Service) Move(ctx context.Context, by access.Actor, moves ...MoveRequest) error {
	seen := map[id.Node]bool{}
	for _, m := range moves {
		if seen[m.Unit] {
			continue
		}
		seen[m.Unit] = true
		if err := s.mayReceive(ctx, by, m.Unit); err != nil {
			return err
		}
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, m := range moves {
			if err := s.moveOne(ctx, tx, by, m); err != nil {
				return fmt.Errorf("move person %d: %w", m.Person, err)
			}
		}
		return nil
	})
	return err
}

func (s *Service) mayReceive(ctx context.Context, by access.Actor, unit id.Node) error {
	path, err := org.Path(ctx, s.db, unit)
	if err != nil {
		return err
	}
	if by.Allows(access.TransferDecide, path) {
		return nil
	}
	return s.mayAt(ctx, by, access.RosterImport, unit)
}

func (s *Service) moveOne(ctx context.Context, tx *db.Tx, by access.Actor, m MoveRequest) error {
	p, err := lock(ctx, tx, m.Person)
	if err != nil {
		return err
	}
	if p.Status != StatusNormal {
		return fault.New(fault.ErrConflict, "person.not_here")
	}
	now, ok, err := primary(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if ok && now.Node == m.Node && now.Unit == m.Unit {
		return nil
	}
	if m.From == 0 {
		m.From = s.today()
	}
	if m.Node == 0 {
		m.Node = m.Unit
	}
	next := Affiliation{Person: p.ID, Node: m.Node, Unit: m.Unit, Role: p.Role, Primary: true, From: m.From, Batch: m.Batch}
	if ok {
		next.Role, next.Post, next.Subject = now.Role, now.Post, now.Subject
		if err := endAffiliation(ctx, tx, now, m.From); err != nil {
			return err
		}
		if now.Unit != m.Unit && isStaff(p) {
			if err := s.org.EndHeld(ctx, by, p.ID, now.Unit); err != nil {
				return err
			}
		}
	}
	if err := s.insertAffiliations(ctx, tx, []Affiliation{next}); err != nil {
		return err
	}
	return s.countAt(ctx, tx, by, p, m.Node, m.Unit)
}

// countAt lets a person count at another unit from now on: column, key, event,
// guardians. The row is locked.
func (s *Service) countAt(ctx context.Context, tx *db.Tx, by access.Actor, p Person, node, unit id.Node) error {
	before := p.Unit
	if before != unit {
		if err := s.setUnit(ctx, tx, p, unit); err != nil {
			return err
		}
	}
	if err := s.log.Append(ctx, tx, newEvent(by, EventMoved, p.ID, node, unit, Extra{From: before}.states(p))); err != nil {
		return err
	}
	if before == unit || p.Role != RolePupil {
		return nil
	}
	return s.takeGuardians(ctx, tx, by, p, before, unit)
}

// setUnit writes the unit; whoever is known by his school gets a new key: those
// without an identity number.
func (s *Service) setUnit(ctx context.Context, tx *db.Tx, p Person, unit id.Node) error {
	if _, err := tx.Exec(ctx, "UPDATE person SET unit = $1 WHERE id = $2", unit.Int(), p.ID.Int()); err != nil {
		return err
	}
	if p.Role == RoleGuardian || p.Role == RoleOfficer || p.IDTail != "" {
		return nil
	}
	if err := s.dropKey(ctx, tx, p.ID, keyValue{ByPlace, PlaceValue(p.Unit, p.Name, p.Sex, p.Birth)}); err != nil {
		return err
	}
	return s.addKey(ctx, p.ID, keyValue{ByPlace, PlaceValue(unit, p.Name, p.Sex, p.Birth)})
}

// takeGuardians moves the guardians of a pupil who have no other ward left at
// the unit before.
func (s *Service) takeGuardians(ctx context.Context, tx *db.Tx, by access.Actor, ward Person, before, unit id.Node) error {
	rows, err := tx.Query(ctx, "SELECT "+columns+" FROM person p JOIN person_guardianship g ON g.guardian = p.id"+
		" WHERE g.ward = $1 AND g.status <> 'ended' AND p.role = 'guardian' AND p.unit = $2 AND NOT EXISTS"+
		" (SELECT 1 FROM person_guardianship o JOIN person w ON w.id = o.ward WHERE o.guardian = p.id AND o.status <> 'ended'"+
		" AND w.status = 'normal' AND w.unit = p.unit AND w.id <> g.ward)", ward.ID.Int(), before.Int())
	if err != nil {
		return err
	}
	defer rows.Close()
	var guardians []Person
	for rows.Next() {
		g, err := scanPerson(rows)
		if err != nil {
			return err
		}
		guardians = append(guardians, g)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	_ = rows.Close()
	for _, g := range guardians {
		if err := s.setUnit(ctx, tx, g, unit); err != nil {
			return err
		}
		if err := s.log.Append(ctx, tx, newEvent(by, EventMoved, g.ID, 0, unit, Extra{From: before}.states(g))); err != nil {
			return err
		}
	}
	return nil
}

// endAffiliation ends a place; the day it began on is its shortest life.
func endAffiliation(ctx context.Context, tx *db.Tx, a Affiliation, day clock.Day) error {
	_, err := tx.Exec(ctx, "UPDATE person_affiliation SET to_on = $1 WHERE id = $2 AND to_on = 0", int64(max(day, a.From)), a.ID)
	return err
}

// Affiliate adds places beside the primary one: a second school, a class that a
// teacher teaches or leads. The same place, role and subject twice is one. It
// joins the transaction of ctx and returns how many were added. The actor needs
// roster.import at each unit.
func (s *Service) Affiliate(ctx context.Context, by access.Actor, places ...Affiliation) (int, error) {
	added := 0
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		added = 0
		seen := map[id.Node]bool{}
		for _, a := range places {
			if !seen[a.Unit] && !by.IsSystem() && !by.IsOperator() {
				if err := s.mayAt(ctx, by, access.RosterImport, a.Unit); err != nil {
					return err
				}
			}
			seen[a.Unit] = true
			p, err := lock(ctx, tx, a.Person)
			if err != nil {
				return err
			}
			if p.Status == StatusMerged {
				return errMerged()
			}
			there, err := readAffiliations(ctx, tx, "a.person = $1 AND a.node = $2 AND a.role = $3 AND a.subject = $4 AND a.to_on = 0",
				a.Person.Int(), a.Node.Int(), a.Role, a.Subject)
			if err != nil {
				return err
			}
			if len(there) > 0 {
				continue
			}
			a.Primary = false
			if a.From == 0 {
				a.From = s.today()
			}
			if err := s.insertAffiliations(ctx, tx, []Affiliation{a}); err != nil {
				return err
			}
			added++
			if a.Role == RoleClassTeacher {
				if err := s.openDue(ctx, by, a.Person); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("affiliate: %w", err)
	}
	return added, nil
}

// EndAffiliations ends places beside the primary one, from the day (0: today).
// Ending the primary one is Leave or Move. The actor needs roster.import at
// each unit.
func (s *Service) EndAffiliations(ctx context.Context, by access.Actor, day clock.Day, affiliations ...int64) error {
	if day == 0 {
		day = s.today()
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, which := range affiliations {
			all, err := readAffiliations(ctx, tx, "a.id = $1", which)
			if err != nil {
				return err
			}
			if len(all) == 0 {
				return errMissing()
			}
			if err := s.mayAt(ctx, by, access.RosterImport, all[0].Unit); err != nil {
				return err
			}
			if all[0].Primary {
				return fault.New(fault.ErrConflict, "person.primary")
			}
			if err := endAffiliation(ctx, tx, all[0], day); err != nil {
				return err
			}
		}
		return nil
	})
}

// MakePrimary lets a person count at another of his places; the primary one
// stays as a place that gives rights only. It writes person.moved. The actor
// needs roster.import there.
func (s *Service) MakePrimary(ctx context.Context, by access.Actor, person id.Person, unit id.Node) error {
	if err := s.mayAt(ctx, by, access.RosterImport, unit); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, person)
		if err != nil || p.Unit == unit {
			return err
		}
		all, err := readAffiliations(ctx, tx, "a.person = $1 AND a.unit = $2 AND a.node = a.unit AND a.to_on = 0 AND a.is_primary = 0 ORDER BY a.id", person.Int(), unit.Int())
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return errMissing()
		}
		return s.switchPrimary(ctx, tx, by, p, all[0])
	})
}

func (s *Service) switchPrimary(ctx context.Context, tx *db.Tx, by access.Actor, p Person, to Affiliation) error {
	if _, err := tx.Exec(ctx, "UPDATE person_affiliation SET is_primary = 0 WHERE person = $1 AND is_primary = 1 AND to_on = 0", p.ID.Int()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE person_affiliation SET is_primary = 1 WHERE id = $1", to.ID); err != nil {
		return err
	}
	return s.countAt(ctx, tx, by, p, to.Node, to.Unit)
}

// isStaff reports whether somebody may hold roles by grants.
func isStaff(p Person) bool { return p.Role == RoleTeacher || p.Role == RoleOfficer }

// Leave ends all places of persons at a unit, from the day (0: today), and with
// them the roles given to them there; org.ErrLastManager where the unit would be
// left without a manager. Whoever has a place elsewhere counts there from now on (person.moved); the others have
// left (person.left at this unit). Whoever is not there is left alone. It joins
// the transaction of ctx. The actor needs roster.import or transfer.decide at
// the unit.
func (s *Service) Leave(ctx context.Context, by access.Actor, unit id.Node, day clock.Day, persons ...id.Person) error {
	if err := s.mayReceive(ctx, by, unit); err != nil {
		return err
	}
	if day == 0 {
		day = s.today()
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, person := range persons {
			if err := s.leaveOne(ctx, tx, by, person, unit, day); err != nil {
				return fmt.Errorf("person %d leaves: %w", person, err)
			}
		}
		return nil
	})
}

func (s *Service) leaveOne(ctx context.Context, tx *db.Tx, by access.Actor, person id.Person, unit id.Node, day clock.Day) error {
	p, err := lock(ctx, tx, person)
	if err != nil || p.Status != StatusNormal {
		return err
	}
	all, err := readAffiliations(ctx, tx, "a.person = $1 AND a.to_on = 0 ORDER BY a.id", person.Int())
	if err != nil {
		return err
	}
	var elsewhere *Affiliation
	was := false
	for i, a := range all {
		if a.Unit == unit {
			was = true
			if err := endAffiliation(ctx, tx, a, day); err != nil {
				return err
			}
		} else if a.Node == a.Unit && elsewhere == nil {
			elsewhere = &all[i]
		}
	}
	if was && isStaff(p) {
		at := unit
		if p.Unit == unit && elsewhere == nil {
			at = 0 // he has left for good
		}
		if err := s.org.EndHeld(ctx, by, person, at); err != nil {
			return err
		}
	}
	switch {
	case p.Unit != unit:
		return nil
	case elsewhere != nil:
		return s.switchPrimary(ctx, tx, by, p, *elsewhere)
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET status = 'left', ended_on = $1, ended_as = 'left' WHERE id = $2", int64(day), person.Int()); err != nil {
		return err
	}
	if s.Spaces != nil {
		if err := s.Spaces.PutAway(ctx, by, person); err != nil {
			return err
		}
	}
	return s.log.Append(ctx, tx, newEvent(by, EventLeft, p.ID, unit, unit, Extra{}.states(p)))
}

// Return brings persons back who had left: the place of the request begins and
// person.returned is written at its unit. Whoever has not left is left alone. It
// joins the transaction of ctx. The actor needs roster.import there.
func (s *Service) Return(ctx context.Context, by access.Actor, moves ...MoveRequest) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, m := range moves {
			if err := s.mayReceive(ctx, by, m.Unit); err != nil {
				return err
			}
			if err := s.returnOne(ctx, tx, by, m); err != nil {
				return fmt.Errorf("person %d returns: %w", m.Person, err)
			}
		}
		return nil
	})
}

func (s *Service) returnOne(ctx context.Context, tx *db.Tx, by access.Actor, m MoveRequest) error {
	p, err := lock(ctx, tx, m.Person)
	if err != nil || p.Status != StatusLeft {
		return err
	}
	if m.From == 0 {
		m.From = s.today()
	}
	if m.Node == 0 {
		m.Node = m.Unit
	}
	if p.Unit != m.Unit {
		if err := s.setUnit(ctx, tx, p, m.Unit); err != nil {
			return err
		}
	}
	if err := s.backHere(ctx, tx, by, p.ID); err != nil {
		return err
	}
	role := p.Role
	if role == RoleGuardian {
		return fault.New(fault.ErrConflict, "person.not_here")
	}
	if err := s.insertAffiliations(ctx, tx, []Affiliation{{Person: p.ID, Node: m.Node, Unit: m.Unit, Role: role, Primary: true, From: m.From, Batch: m.Batch}}); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, newEvent(by, EventReturned, p.ID, m.Node, m.Unit, Extra{}.states(p)))
}
