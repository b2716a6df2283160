package org

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// LendRequest hands the actor's active role at a node to a colleague.
type LendRequest struct {
	Person id.Person
	Node   id.Node
	Days   int    // 1 to access.MaxLend, today included
	Reason string // at most 200 characters
}

// Lend hands the actor's active role at a node to a colleague for some days:
// both hold it until it ends by itself, or the actor, the colleague or the node's
// manager ends it, or the actor loses it. The role must be the actor's own there
// and lendable; the colleague works at the same school or office, is not the
// actor, and can neither give roles nor pass this one on. Errors: ErrInvalid with
// fields person, days, reason; ErrForbidden; ErrNotFound for a node where the
// actor does not hold the role; ErrConflict where the colleague holds it already
// or holds one that excludes it.
func (s *Service) Lend(ctx context.Context, by access.Actor, req LendRequest) (Grant, error) {
	at, err := lendPlace(by, req.Node)
	if err != nil {
		return Grant{}, err
	}
	if err := checkLend(by, &req); err != nil {
		return Grant{}, err
	}
	var out Grant
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := s.lockGrants(ctx, tx, by, req.Node)
		if err != nil {
			return err
		}
		if err := s.colleague(ctx, tx, by, n, req.Person); err != nil {
			return err
		}
		today := s.today()
		loan := Grant{Person: req.Person, Role: by.Role, From: today, To: today.AddDays(req.Days), Reason: req.Reason,
			GivenBy: by.Person, LentBy: by.Person, LentFrom: at.Grant}
		if ok, err := s.lenderHolds(ctx, by, Grant{LentBy: by.Person, LentFrom: at.Grant, Node: n.ID, Role: by.Role}); err != nil || !ok {
			return errOr(err, fault.New(fault.ErrForbidden, "org.grant.gone"))
		}
		out, err = s.give(ctx, tx, by, n, loan)
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("lend %s: %w", by.Role, err)
	}
	return out, nil
}

// errOr is err, or where it is nil the other one.
func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// lendPlace is the actor's own place at the node by his active role.
func lendPlace(by access.Actor, node id.Node) (access.Place, error) {
	i := slices.IndexFunc(by.Places, func(p access.Place) bool { return p.Role == by.Role && p.Node == node && p.Path != "" })
	switch {
	case i < 0:
		return access.Place{}, errMissing()
	case by.Places[i].For != 0:
		return access.Place{}, fault.New(fault.ErrForbidden, "org.lend.lent")
	case !by.Can(access.RoleLend) || !access.Lendable(by.Role):
		return access.Place{}, fault.New(fault.ErrForbidden, "org.forbidden")
	}
	return by.Places[i], nil
}

// checkLend validates the request.
func checkLend(by access.Actor, req *LendRequest) error {
	var wrong []fault.Field
	switch req.Person {
	case 0:
		wrong = append(wrong, fault.At("person", "org.grant.person_missing"))
	case by.Person:
		return fault.New(fault.ErrForbidden, "org.grant.self")
	}
	if req.Days < 1 || req.Days > access.MaxLend {
		wrong = append(wrong, fault.At("days", "org.lend.days", access.MaxLend))
	}
	req.Reason = strings.TrimSpace(req.Reason)
	switch n := utf8.RuneCountInString(req.Reason); {
	case n == 0:
		wrong = append(wrong, fault.At("reason", "org.lend.reason"))
	case n > maxReason:
		wrong = append(wrong, fault.At("reason", "org.grant.reason_long", maxReason))
	}
	if len(wrong) > 0 {
		return fault.Invalid(wrong...)
	}
	return nil
}

// colleague answers whether the person works where the node belongs: at its
// school, its office, or an office of its region.
func (s *Service) colleague(ctx context.Context, tx *db.Tx, by access.Actor, n Node, person id.Person) error {
	if s.People == nil {
		return fault.Invalid(fault.At("person", "org.lend.colleague"))
	}
	units, err := unitsOf(ctx, tx, n)
	if err != nil {
		return err
	}
	ok, err := s.People.WorksAt(ctx, by, person, units...)
	if err != nil || ok {
		return err
	}
	return fault.Invalid(fault.At("person", "org.lend.colleague"))
}

// unitsOf lists where colleagues of a role at the node work.
func unitsOf(ctx context.Context, q db.Queryer, n Node) ([]id.Node, error) {
	units := []id.Node{n.Unit}
	if !n.IsRegion() {
		return units, nil
	}
	offices, err := readNodes(q.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE parent = $1 AND kind = 'office' AND status <> 'closed'", n.ID.Int()))
	if err != nil {
		return nil, err
	}
	for _, o := range offices {
		units = append(units, o.ID)
	}
	return units, nil
}

// Desk lists the units in which the colleagues of the actor's active role work:
// those to whom he can hand it. It is empty for whoever may hand on nothing.
func (s *Service) Desk(ctx context.Context, by access.Actor) ([]id.Node, error) {
	var out []id.Node
	for _, at := range by.Places {
		if _, err := lendPlace(by, at.Node); err != nil || at.Role != by.Role {
			continue
		}
		n, err := findNode(ctx, s.db, at.Node)
		if err != nil {
			return nil, err
		}
		units, err := unitsOf(ctx, s.db, n)
		if err != nil {
			return nil, err
		}
		out = append(out, units...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Loans lists what the actor has lent and what is lent to him, as far as it has
// not ended, the newest first.
func (s *Service) Loans(ctx context.Context, by access.Actor) ([]Grant, error) {
	if !by.IsPerson() {
		return nil, errMissing()
	}
	return readGrants(ctx, s.db, "WHERE g.lent_by <> 0 AND (g.lent_by = $1 OR g.person = $2) AND g.ended_at = 0 AND g.to_on > $3 ORDER BY g.id DESC LIMIT 100",
		by.Person.Int(), by.Person.Int(), int64(s.today()))
}
