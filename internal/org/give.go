package org

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// GrantRequest asks for a role.
type GrantRequest struct {
	Person id.Person
	Node   id.Node
	Role   access.Role
	From   clock.Day // 0: today
	Until  clock.Day // first day on which it no longer holds; 0: without end
	Reason string    // at most 200 characters; may be ""
}

// maxReason is the length of a reason in characters.
const maxReason = 200

// Grant gives a role. The giver needs grant.give over the node by a role of his
// own, not one lent to him, that may give this one (access.MayGive), never to
// himself, only to somebody who works in his own subtree, only at a kind of node that the
// role fits, from today or a later day. ErrConflict where the person holds a
// role that excludes this one (等级保护 三员). The same role twice answers with
// the grant that is there when the last day is the same, else ErrConflict.
func (s *Service) Grant(ctx context.Context, by access.Actor, req GrantRequest) (Grant, error) {
	n, err := findNode(ctx, s.db, req.Node)
	if err != nil {
		return Grant{}, err
	}
	if err := s.mayGrant(ctx, by, n, req.Role); err != nil {
		return Grant{}, err
	}
	if err := s.checkGrant(ctx, by, n, &req); err != nil {
		return Grant{}, err
	}
	var out Grant
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		locked, err := s.lockGrants(ctx, tx, by, n.ID)
		if err != nil {
			return err
		}
		if err := s.within(ctx, by, req.Person); err != nil {
			return err
		}
		out, err = s.give(ctx, tx, by, locked, grantOf(by, req))
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("grant %s: %w", req.Role, err)
	}
	return out, nil
}

// grantOf is the grant that a request asks for.
func grantOf(by access.Actor, req GrantRequest) Grant {
	return Grant{Person: req.Person, Node: req.Node, Role: req.Role, From: req.From, To: req.Until, Reason: req.Reason, GivenBy: by.Person}
}

// mayGrant checks the giver: place and role.
func (s *Service) mayGrant(ctx context.Context, by access.Actor, n Node, role access.Role) error {
	if err := mustHold(by, access.GrantGive, n); err != nil {
		return err
	}
	if !by.MayGive(role) {
		return fault.New(fault.ErrForbidden, "org.grant.not_yours")
	}
	if !by.Owns(n.Path) {
		return fault.New(fault.ErrForbidden, "org.grant.lent")
	}
	return nil
}

// checkGrant validates the request and completes its first day.
func (s *Service) checkGrant(ctx context.Context, by access.Actor, n Node, req *GrantRequest) error {
	if req.Person == 0 {
		return fault.Invalid(fault.At("person", "org.grant.person_missing"))
	}
	if by.Person == req.Person {
		return fault.New(fault.ErrForbidden, "org.grant.self")
	}
	if !access.FitsKind(req.Role, n.Kind) {
		return fault.Invalid(fault.At("role", "org.grant.kind"))
	}
	if req.From == 0 {
		req.From = s.today()
	}
	if !req.From.Valid() || by.IsPerson() && req.From < s.today() {
		return fault.Invalid(fault.At("from", "org.grant.day"))
	}
	if req.Until != 0 && (!req.Until.Valid() || req.Until <= req.From || req.Until <= s.today()) {
		return fault.Invalid(fault.At("until", "org.grant.until"))
	}
	if req.Reason = strings.TrimSpace(req.Reason); utf8.RuneCountInString(req.Reason) > maxReason {
		return fault.Invalid(fault.At("reason", "org.grant.reason_long", maxReason))
	}
	return s.within(ctx, by, req.Person)
}

// within answers whether the person works in the giver's subtree at this moment:
// nil, or ErrInvalid.
func (s *Service) within(ctx context.Context, by access.Actor, person id.Person) error {
	within := !by.IsPerson()
	if s.People != nil {
		var err error
		if within, err = s.People.Within(ctx, by, access.GrantGive, person); err != nil {
			return err
		}
	}
	if !within {
		return fault.Invalid(fault.At("person", "org.grant.person_unknown"))
	}
	return nil
}

// lockGrants takes the node's row, so that whoever gives or ends roles there
// waits for the other, and asks again whether the actor's own right still
// stands.
func (s *Service) lockGrants(ctx context.Context, tx *db.Tx, by access.Actor, node id.Node) (Node, error) {
	n, _, err := takeOrdinals(ctx, tx, node, 0)
	if err != nil {
		return n, err
	}
	if n.Closed() {
		return n, fault.New(fault.ErrConflict, "org.closed")
	}
	return n, s.stillHolds(ctx, tx, by, n)
}

// stillHolds answers whether one of the actor's places that cover the node still
// stands; a place without a grant comes from the roster, which was read for this
// request.
func (s *Service) stillHolds(ctx context.Context, tx *db.Tx, by access.Actor, n Node) error {
	if !by.IsPerson() {
		return nil
	}
	for _, at := range by.Places {
		if at.Role != by.Role || !access.Covers(at.Path, n.Path) {
			continue
		}
		if at.Grant == 0 {
			return nil
		}
		g, err := oneGrant(ctx, tx, at.Grant)
		if err != nil {
			return err
		}
		if g.On(s.today()) {
			return nil
		}
	}
	return fault.New(fault.ErrForbidden, "org.grant.gone")
}

// lockHolder makes what else is given to a person wait.
func lockHolder(ctx context.Context, tx *db.Tx, person id.Person) error {
	_, err := tx.Exec(ctx, "INSERT INTO org_holder (person, version) VALUES ($1, 1) ON CONFLICT (person) DO UPDATE SET version = org_holder.version + 1", person.Int())
	if err != nil {
		return fmt.Errorf("lock the holder: %w", err)
	}
	return nil
}

// give writes the grant; the node is locked.
func (s *Service) give(ctx context.Context, tx *db.Tx, by access.Actor, n Node, g Grant) (Grant, error) {
	now, today := s.clk.Now(), s.today()
	if err := lockHolder(ctx, tx, g.Person); err != nil {
		return Grant{}, err
	}
	if _, err := tx.Exec(ctx, "UPDATE org_grant SET ended_at = $1 WHERE person = $2 AND ended_at = 0 AND to_on <> 0 AND to_on <= $3",
		now.UnixMilli(), g.Person.Int(), int64(today)); err != nil {
		return Grant{}, fmt.Errorf("end expired grants: %w", err)
	}
	open, err := readGrants(ctx, tx, "WHERE g.person = $1 AND g.ended_at = 0", g.Person.Int())
	if err != nil {
		return Grant{}, err
	}
	for _, o := range open {
		if o.Node == n.ID && o.Role == g.Role {
			if o.To == g.To && o.LentBy == g.LentBy {
				return o, nil
			}
			return Grant{}, fault.New(fault.ErrConflict, "org.grant.there")
		}
		if access.Exclude(o.Role, g.Role) {
			return Grant{}, fault.New(fault.ErrConflict, "org.grant.excluded")
		}
	}
	g.ID, g.Given, g.Node, g.NodeName, g.NodeKind, g.Path = id.Next[id.Grant](s.ids), now, n.ID, n.Name, n.Kind, n.Path
	if _, err := tx.Exec(ctx, "INSERT INTO org_grant (id, person, node, role, from_on, to_on, given_by, given_at, reason, lent_by, lent_from)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		g.ID.Int(), g.Person.Int(), g.Node.Int(), string(g.Role), int64(g.From), int64(g.To), g.GivenBy.Int(), now.UnixMilli(),
		g.Reason, g.LentBy.Int(), g.LentFrom.Int()); err != nil {
		return Grant{}, fmt.Errorf("insert grant: %w", err)
	}
	if err := s.recordGrant(ctx, tx, by, EventGrantGiven, g, n); err != nil {
		return Grant{}, err
	}
	if s.Spaces != nil && g.Role == access.School && g.On(today) {
		return g, s.Spaces.OpenDue(ctx, by, g.Person)
	}
	return g, nil
}

// recordGrant writes event and audit row of a grant given or ended.
func (s *Service) recordGrant(ctx context.Context, tx *db.Tx, by access.Actor, verb string, g Grant, n Node) error {
	e := grantEvent(by, verb, g, n.Unit)
	if err := s.log.Append(ctx, tx, e); err != nil {
		return err
	}
	return s.noteGrant(ctx, tx, by, verb, g)
}

// noteGrant writes an audit row about a grant.
func (s *Service) noteGrant(ctx context.Context, tx *db.Tx, by access.Actor, verb string, g Grant) error {
	entry := s.entry(by, verb, g.Node, encode(granted(g)))
	entry.Kind, entry.Object = "grant", g.ID.Int()
	return s.trail.Append(ctx, tx, entry)
}
