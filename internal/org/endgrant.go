package org

import (
	"context"
	"errors"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// EndGrant ends a role today: from the next request on it does not hold. Who
// may give the role at its node may end it, except his own; a role that was lent
// also ends whoever lent it, whoever holds it, and who answers for the node.
// What was lent from it ends with it. Ending one that has ended changes nothing.
// ErrConflict for the last manager of a node, who needs a successor: [Service.HandOver].
func (s *Service) EndGrant(ctx context.Context, by access.Actor, grant id.Grant) (Grant, error) {
	return s.endGrant(ctx, by, grant, 0)
}

// HandOver ends a role and gives it to a successor at the same node in one step,
// from today without end. The actor may do both; see [Service.EndGrant] and
// [Service.Grant].
func (s *Service) HandOver(ctx context.Context, by access.Actor, grant id.Grant, successor id.Person) (Grant, error) {
	if successor == 0 {
		return Grant{}, fault.Invalid(fault.At("successor", "org.grant.person_missing"))
	}
	return s.endGrant(ctx, by, grant, successor)
}

func (s *Service) endGrant(ctx context.Context, by access.Actor, grant id.Grant, successor id.Person) (Grant, error) {
	g, err := oneGrant(ctx, s.db, grant)
	if err != nil {
		return Grant{}, err
	}
	n, err := findNode(ctx, s.db, g.Node)
	if err != nil {
		return Grant{}, err
	}
	if err := mayEnd(by, n, g); err != nil {
		return Grant{}, err
	}
	next := GrantRequest{Person: successor, Node: n.ID, Role: g.Role}
	if successor != 0 {
		if err := s.checkSuccessor(ctx, by, n, g, &next); err != nil {
			return Grant{}, err
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		locked, _, err := takeOrdinals(ctx, tx, n.ID, 0)
		if err != nil {
			return err
		}
		if g.LentBy == 0 || by.Person != g.LentBy && by.Person != g.Person {
			if err := s.stillHolds(ctx, tx, by, locked); err != nil {
				return err
			}
		}
		if successor != 0 {
			if err := s.within(ctx, by, successor); err != nil {
				return err
			}
			if _, err := s.give(ctx, tx, by, locked, grantOf(by, next)); err != nil {
				return err
			}
		}
		if g, err = oneGrant(ctx, tx, grant); err != nil || !g.Ended.IsZero() {
			return err
		}
		return s.finish(ctx, tx, by, locked, &g)
	})
	if err != nil {
		return Grant{}, fmt.Errorf("end grant %d: %w", grant, err)
	}
	return g, nil
}

// mayEnd answers whether the actor may end the grant: nil, ErrNotFound where he
// may not even see it, or ErrForbidden.
func mayEnd(by access.Actor, n Node, g Grant) error {
	if g.Lent() && by.IsPerson() && by.ViewedBy == 0 && (by.Person == g.LentBy || by.Person == g.Person) {
		return nil
	}
	if !by.Allows(access.GrantGive, n.Path) {
		return fault.New(fault.ErrNotFound, "org.grant.missing")
	}
	if by.IsPerson() && by.Person == g.Person {
		return fault.New(fault.ErrForbidden, "org.grant.self")
	}
	if !by.MayGive(g.Role) && !(g.Lent() && access.InClass(g.Role)) {
		return fault.New(fault.ErrForbidden, "org.grant.not_yours")
	}
	if !by.Owns(n.Path) && !g.Lent() {
		return fault.New(fault.ErrForbidden, "org.grant.lent")
	}
	return nil
}

// MayEnd reports whether the actor may end the grant by the pages, for a list
// that offers it. It reads nothing.
func MayEnd(by access.Actor, g Grant) bool {
	return g.Ended.IsZero() && mayEnd(by, Node{ID: g.Node, Path: g.Path, Kind: g.NodeKind}, g) == nil
}

// checkSuccessor validates who follows.
func (s *Service) checkSuccessor(ctx context.Context, by access.Actor, n Node, g Grant, next *GrantRequest) error {
	if g.Lent() || next.Person == g.Person {
		return fault.Invalid(fault.At("successor", "org.grant.successor"))
	}
	if err := s.mayGrant(ctx, by, n, g.Role); err != nil {
		return err
	}
	return s.checkGrant(ctx, by, n, next)
}

// finish ends an open grant at a locked node, with what was lent from it.
func (s *Service) finish(ctx context.Context, tx *db.Tx, by access.Actor, n Node, g *Grant) error {
	if err := s.keepManaged(ctx, tx, n, *g); err != nil {
		return err
	}
	if err := s.closeGrant(ctx, tx, by, n, g); err != nil {
		return err
	}
	lent, err := readGrants(ctx, tx, "WHERE g.lent_from = $1 AND g.lent_from <> 0 AND g.ended_at = 0 ORDER BY g.id", g.ID.Int())
	if err != nil {
		return err
	}
	for i := range lent {
		if err := s.closeGrant(ctx, tx, by, n, &lent[i]); err != nil {
			return err
		}
	}
	return nil
}

// closeGrant writes that one grant has ended today.
func (s *Service) closeGrant(ctx context.Context, tx *db.Tx, by access.Actor, n Node, g *Grant) error {
	today := int64(s.today())
	changed, err := tx.Exec(ctx, "UPDATE org_grant SET to_on = CASE WHEN from_on > $1 THEN from_on ELSE $2 END, ended_by = $3, ended_at = $4,"+
		" version = version + 1 WHERE id = $5 AND ended_at = 0", today, today, by.Person.Int(), s.clk.Now().UnixMilli(), g.ID.Int())
	if err != nil {
		return fmt.Errorf("end grant: %w", err)
	}
	if *g, err = oneGrant(ctx, tx, g.ID); err != nil || changed == 0 {
		return err
	}
	return s.recordGrant(ctx, tx, by, EventGrantEnded, *g, n)
}

// ErrLastManager is the kind of refusal that a node would be left without a
// manager: of kind fault.ErrConflict.
var ErrLastManager = fault.New(fault.ErrConflict, "org.grant.last")

// keepManaged refuses to end the role of a node's last manager (DOMAIN 2.2,
// scenario 7): without the grant the node must be managed today and for as long
// as with it. Substitutes do not count. The node is locked.
func (s *Service) keepManaged(ctx context.Context, q db.Queryer, n Node, ending Grant) error {
	if !ending.Role.Manages() || ending.Lent() || n.Closed() || !ending.On(s.today()) {
		return nil
	}
	others, err := readGrants(ctx, q, "WHERE g.node = $1 AND g.role = $2 AND g.ended_at = 0 AND g.lent_by = 0", n.ID.Int(), string(ending.Role))
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.ID != ending.ID && o.On(s.today()) && (o.To == 0 || ending.To != 0 && o.To >= ending.To) {
			return nil
		}
	}
	return ErrLastManager
}

// EndHeld ends what a person holds by grants at a unit and below it, because he
// has no place there any more; unit 0 is everywhere, for whoever has left for
// good. What he lent ends too. It joins the transaction of ctx and checks
// nothing itself: the package person calls it, which has checked. ErrLastManager
// where a node would be left without a manager.
func (s *Service) EndHeld(ctx context.Context, by access.Actor, person id.Person, unit id.Node) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := held(ctx, tx, person)
		if err != nil {
			return err
		}
		path := ""
		if unit != 0 && len(all) > 0 {
			if path, err = Path(ctx, tx, unit); err != nil {
				return err
			}
		}
		for i := range all {
			if unit != 0 && !access.Covers(path, all[i].Path) {
				continue
			}
			n, _, err := takeOrdinals(ctx, tx, all[i].Node, 0)
			if err != nil {
				return err
			}
			if err := s.finish(ctx, tx, by, n, &all[i]); err != nil {
				return fmt.Errorf("end grant %d: %w", all[i].ID, err)
			}
		}
		return nil
	})
}

// LastManager reports whether the person's leaving of the unit would leave a
// node without a manager. It checks nothing itself: the roster asks it before it
// lets somebody leave.
func (s *Service) LastManager(ctx context.Context, by access.Actor, person id.Person, unit id.Node) (bool, error) {
	path, err := Path(ctx, s.db, unit)
	if err != nil {
		return false, err
	}
	all, err := readGrants(ctx, s.db, "WHERE g.person = $1 AND g.ended_at = 0 AND g.lent_by = 0", person.Int())
	if err != nil {
		return false, err
	}
	for _, g := range all {
		if !access.Covers(path, g.Path) {
			continue
		}
		n, err := findNode(ctx, s.db, g.Node)
		if err != nil {
			return false, err
		}
		switch err := s.keepManaged(ctx, s.db, n, g); {
		case errors.Is(err, ErrLastManager):
			return true, nil
		case err != nil:
			return false, err
		}
	}
	return false, nil
}
