package person

import (
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// The states of a guardianship.
const (
	BindingRoster    = "roster"    // as the roster says
	BindingConfirmed = "confirmed" // the guardian has come in and proved the phone
	BindingEnded     = "ended"
)

// AdultAge is the age in years from which nobody has a guardian (民法典 17).
const AdultAge = 18

// Binding is a guardianship with whom it binds: the guardian, and the ward at
// the place where he learns today.
type Binding struct {
	Guardianship
	Who          Person // the guardian
	WardName     string
	Node, AtUnit id.Node // the ward's class and school
}

const bindingQuery = "SELECT " + guardianshipColumns + ", " + columns + ", w.name, a.node, a.unit FROM person_guardianship g" +
	" JOIN person p ON p.id = g.guardian JOIN person w ON w.id = g.ward" +
	" JOIN person_affiliation a ON a.person = g.ward AND a.is_primary = 1 AND a.to_on = 0" +
	" WHERE g.status <> 'ended' AND p.status = 'normal' AND w.status = 'normal' AND "

func (s *Service) bindings(ctx context.Context, condition string, args ...any) ([]Binding, error) {
	rows, err := s.db.Query(ctx, bindingQuery+condition+" ORDER BY w.name_key, g.ward, g.ordinal, g.id", args...)
	if err != nil {
		return nil, fmt.Errorf("read bindings: %w", err)
	}
	defer rows.Close()
	var out []Binding
	for rows.Next() {
		var b Binding
		dest, finish := personDest(&b.Who)
		dest = append(guardianshipDest(&b.Guardianship), dest...)
		if err := rows.Scan(append(dest, &b.WardName, &b.Node, &b.AtUnit)...); err != nil {
			return nil, fmt.Errorf("read bindings: %w", err)
		}
		finish()
		out = append(out, b)
	}
	return out, rows.Err()
}

// Bindings lists the guardianships of pupils in a class, as far as the actor
// issues codes there.
func (s *Service) Bindings(ctx context.Context, by access.Actor, class id.Node) ([]Binding, error) {
	var args db.Args
	return s.bindings(ctx, "a.node = "+args.Add(class.Int())+" AND "+by.Scope(access.CodeIssue).Nodes("a.node", &args), args...)
}

// BindingsOf lists the guardianships of one guardian over pupils to whom the
// actor may issue codes.
func (s *Service) BindingsOf(ctx context.Context, by access.Actor, guardian id.Person) ([]Binding, error) {
	var args db.Args
	return s.bindings(ctx, "g.guardian = "+args.Add(guardian.Int())+" AND "+by.Scope(access.CodeIssue).Nodes("a.node", &args), args...)
}

// OwnBindings lists the guardianships of a guardian, for the sign-in, the
// system and the guardian himself.
func (s *Service) OwnBindings(ctx context.Context, by access.Actor, guardian id.Person) ([]Binding, error) {
	if err := mayActFor(by, guardian); err != nil {
		return nil, err
	}
	return s.bindings(ctx, "g.guardian = $1", guardian.Int())
}

// ConfirmWards confirms the bindings of a guardian to the wards named; only the
// package account calls it, with a slip and a phone that it has checked. The
// first one verifies the guardian. With only, bindings to others fall back to
// what the roster says: whoever came in by this slip proved nothing about them.
// A binding that is not there or has ended is left out; when none is left it is
// ErrConflict.
func (s *Service) ConfirmWards(ctx context.Context, by access.Actor, guardian id.Person, wards []id.Person, only bool) error {
	if err := mayActFor(by, guardian); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, guardian)
		if err != nil {
			return err
		}
		if p.Role != RoleGuardian || p.Status != StatusNormal || len(wards) == 0 {
			return fault.New(fault.ErrConflict, "person.not_here")
		}
		if only {
			var args db.Args
			q := "UPDATE person_guardianship SET status = 'roster', confirmed_at = 0 WHERE guardian = " + args.Add(guardian.Int()) +
				" AND status = 'confirmed' AND ward NOT IN (" + db.List(&args, wards) + ")"
			if _, err := tx.Exec(ctx, q, args...); err != nil {
				return err
			}
		}
		var args db.Args
		q := "UPDATE person_guardianship SET status = 'confirmed', confirmed_at = CASE WHEN confirmed_at = 0 THEN " + args.Add(s.clk.Now().UnixMilli()) +
			" ELSE confirmed_at END WHERE guardian = " + args.Add(guardian.Int()) + " AND status <> 'ended' AND ward IN (" + db.List(&args, wards) + ")"
		n, err := tx.Exec(ctx, q, args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.ErrConflict, "person.not_here")
		}
		if !p.Verified.IsZero() || p.Activated.IsZero() {
			return nil
		}
		return s.verify(ctx, tx, actedBy(by, p), &p, SourceRoster)
	})
	if err != nil {
		return fmt.Errorf("confirm wards of person %d: %w", guardian, err)
	}
	return nil
}

// WardsOf returns the children whose binding to a guardian is confirmed and who
// are not of age, for the sign-in, the system and the guardian himself.
func (s *Service) WardsOf(ctx context.Context, by access.Actor, guardian id.Person) ([]id.Person, error) {
	if err := mayActFor(by, guardian); err != nil {
		return nil, err
	}
	adult := int(clock.DayOf(s.clk.Now())) - AdultAge*10000
	rows, err := s.db.Query(ctx, "SELECT g.ward FROM person_guardianship g JOIN person w ON w.id = g.ward"+
		" WHERE g.guardian = $1 AND g.status = 'confirmed' AND (w.status = 'normal' OR w.status = 'left') AND (w.birth = 0 OR w.birth > $2) ORDER BY g.ward",
		guardian.Int(), adult)
	if err != nil {
		return nil, fmt.Errorf("read wards of person %d: %w", guardian, err)
	}
	defer rows.Close()
	var out []id.Person
	for rows.Next() {
		var w id.Person
		if err := rows.Scan(&w); err != nil {
			return nil, fmt.Errorf("read wards of person %d: %w", guardian, err)
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// Guards reports whether the actor is a confirmed guardian of the child.
func Guards(by access.Actor, child id.Person) bool {
	return by.IsPerson() && slices.Contains(by.Wards, child)
}
