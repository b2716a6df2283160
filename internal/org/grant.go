package org

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Grant is a role that a person holds in the subtree of a node from one day to
// another, half open; To 0 means without end.
type Grant struct {
	ID       id.Grant
	Person   id.Person
	Node     id.Node
	Role     access.Role
	From, To clock.Day
	GivenBy  id.Person // 0: the command line or the system
	Given    time.Time
	EndedBy  id.Person
	Ended    time.Time // zero while it has not been ended

	// NodeName, NodeKind and Path are the node's, read with the grant.
	NodeName, NodeKind, Path string
}

// On reports whether the grant holds on the day.
func (g Grant) On(day clock.Day) bool {
	return g.Ended.IsZero() && g.From <= day && (g.To == 0 || day < g.To)
}

// GrantRequest asks for a role.
type GrantRequest struct {
	Person id.Person
	Node   id.Node
	Role   access.Role
	From   clock.Day // 0: today
	Until  clock.Day // first day on which it no longer holds; 0: without end
}

const grantColumns = "g.id, g.person, g.node, g.role, g.from_on, g.to_on, g.given_by, g.given_at, g.ended_by, g.ended_at, n.name, n.kind, n.path"

const grantFrom = " FROM org_grant g JOIN org_node n ON n.id = g.node "

func scanGrant(row scanner) (Grant, error) {
	var g Grant
	var given, ended int64
	err := row.Scan(&g.ID, &g.Person, &g.Node, &g.Role, &g.From, &g.To, &g.GivenBy, &given, &g.EndedBy, &ended,
		&g.NodeName, &g.NodeKind, &g.Path)
	g.Given, g.Ended = clock.FromMillis(given), clock.FromMillis(ended)
	return g, err
}

func readGrants(ctx context.Context, q db.Queryer, condition string, args ...any) ([]Grant, error) {
	rows, err := q.Query(ctx, "SELECT "+grantColumns+grantFrom+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	defer rows.Close()
	var out []Grant
	for rows.Next() {
		g, err := scanGrant(rows)
		if err != nil {
			return nil, fmt.Errorf("read grants: %w", err)
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// Grant gives a role. The giver needs grant.give over the node and a role that
// may give this one (access.MayGive), never to himself, only to somebody of his
// own subtree, only at a kind of node that the role fits. The same role twice
// answers with the grant that is there when the last day is the same, else
// ErrConflict.
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
		locked, _, err := takeOrdinals(ctx, tx, n.ID, 0)
		if err != nil {
			return err
		}
		if locked.Closed() {
			return fault.New(fault.ErrConflict, "org.closed")
		}
		out, err = s.give(ctx, tx, by, locked, req)
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("grant %s: %w", req.Role, err)
	}
	return out, nil
}

// mayGrant checks the giver: place and role.
func (s *Service) mayGrant(ctx context.Context, by access.Actor, n Node, role access.Role) error {
	if err := mustHold(by, access.GrantGive, n); err != nil {
		return err
	}
	if !access.MayGive(giverRole(by), role) {
		return fault.New(fault.ErrForbidden, "org.grant.not_yours")
	}
	return nil
}

// giverRole is the role whose list of givable roles holds: the system gives
// what the command line gives.
func giverRole(by access.Actor) access.Role {
	if by.IsSystem() {
		return access.OperatorRole
	}
	return by.Role
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
	if !req.From.Valid() {
		return fault.Invalid(fault.At("from", "org.grant.day"))
	}
	if req.Until != 0 && (!req.Until.Valid() || req.Until <= req.From || req.Until <= s.today()) {
		return fault.Invalid(fault.At("until", "org.grant.until"))
	}
	within := !by.IsPerson()
	if s.People != nil {
		var err error
		if within, err = s.People.Within(ctx, by, access.GrantGive, req.Person); err != nil {
			return err
		}
	}
	if !within {
		return fault.Invalid(fault.At("person", "org.grant.person_unknown"))
	}
	return nil
}

// give writes the grant; the node is locked.
func (s *Service) give(ctx context.Context, tx *db.Tx, by access.Actor, n Node, req GrantRequest) (Grant, error) {
	now, today := s.clk.Now(), s.today()
	if _, err := tx.Exec(ctx, "UPDATE org_grant SET ended_at = $1 WHERE person = $2 AND node = $3 AND role = $4 AND ended_at = 0 AND to_on <> 0 AND to_on <= $5",
		now.UnixMilli(), req.Person.Int(), n.ID.Int(), string(req.Role), int64(today)); err != nil {
		return Grant{}, fmt.Errorf("end expired grant: %w", err)
	}
	open, err := readGrants(ctx, tx, "WHERE g.person = $1 AND g.node = $2 AND g.role = $3 AND g.ended_at = 0",
		req.Person.Int(), n.ID.Int(), string(req.Role))
	if err != nil {
		return Grant{}, err
	}
	if len(open) > 0 {
		if open[0].To == req.Until {
			return open[0], nil
		}
		return Grant{}, fault.New(fault.ErrConflict, "org.grant.there")
	}
	g := Grant{ID: id.Next[id.Grant](s.ids), Person: req.Person, Node: n.ID, Role: req.Role, From: req.From, To: req.Until,
		GivenBy: by.Person, Given: now, NodeName: n.Name, NodeKind: n.Kind, Path: n.Path}
	if _, err := tx.Exec(ctx, "INSERT INTO org_grant (id, person, node, role, from_on, to_on, given_by, given_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		g.ID.Int(), g.Person.Int(), g.Node.Int(), string(g.Role), int64(g.From), int64(g.To), g.GivenBy.Int(), now.UnixMilli()); err != nil {
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
	entry := s.entry(by, verb, n.ID, e.Extra)
	entry.Kind, entry.Object = "grant", g.ID.Int()
	return s.trail.Append(ctx, tx, entry)
}

// EndGrant ends a role today: from the next request on it does not hold. Who
// may give the role at its node may end it, except his own. Ending one that has
// ended changes nothing.
func (s *Service) EndGrant(ctx context.Context, by access.Actor, grant id.Grant) (Grant, error) {
	g, err := oneGrant(ctx, s.db, grant)
	if err != nil {
		return Grant{}, err
	}
	n, err := findNode(ctx, s.db, g.Node)
	if err != nil {
		return Grant{}, err
	}
	if !by.Allows(access.GrantGive, n.Path) {
		return Grant{}, fault.New(fault.ErrNotFound, "org.grant.missing")
	}
	if err := s.mayGrant(ctx, by, n, g.Role); err != nil {
		return Grant{}, err
	}
	if by.Person != 0 && by.Person == g.Person {
		return Grant{}, fault.New(fault.ErrForbidden, "org.grant.self")
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.clk.Now()
		changed, err := tx.Exec(ctx, "UPDATE org_grant SET to_on = CASE WHEN from_on > $1 THEN from_on ELSE $2 END, ended_by = $3, ended_at = $4,"+
			" version = version + 1 WHERE id = $5 AND ended_at = 0",
			int64(s.today()), int64(s.today()), by.Person.Int(), now.UnixMilli(), grant.Int())
		if err != nil {
			return fmt.Errorf("end grant: %w", err)
		}
		if g, err = oneGrant(ctx, tx, grant); err != nil || changed == 0 {
			return err
		}
		return s.recordGrant(ctx, tx, by, EventGrantEnded, g, n)
	})
	if err != nil {
		return Grant{}, fmt.Errorf("end grant %d: %w", grant, err)
	}
	return g, nil
}

func oneGrant(ctx context.Context, q db.Queryer, grant id.Grant) (Grant, error) {
	g, err := scanGrant(q.QueryRow(ctx, "SELECT "+grantColumns+grantFrom+"WHERE g.id = $1", grant.Int()))
	if errors.Is(err, db.ErrNoRows) {
		return Grant{}, fault.New(fault.ErrNotFound, "org.grant.missing")
	}
	if err != nil {
		return Grant{}, fmt.Errorf("read grant %d: %w", grant, err)
	}
	return g, nil
}

// GrantList says which grants to list.
type GrantList struct {
	Node  id.Node  // the node with its subtree
	Ended bool     // ended ones too
	After id.Grant // the last one of the page before; 0: the first page
	Limit int      // 0: 50
}

// Grants lists the grants at a node and below it, the newest first, as far as
// the actor holds grant.give. ErrNotFound for a node that he may not see.
func (s *Service) Grants(ctx context.Context, by access.Actor, list GrantList) ([]Grant, error) {
	n, err := findNode(ctx, s.db, list.Node)
	if err != nil {
		return nil, err
	}
	if err := mustHold(by, access.GrantGive, n); err != nil {
		return nil, err
	}
	if list.Limit <= 0 {
		list.Limit = 50
	}
	var args db.Args
	q := "WHERE " + by.Scope(access.GrantGive).Paths("n.path", &args) + " AND " + subtree("n.path", n.Path, &args)
	if !list.Ended {
		q += " AND g.ended_at = 0 AND (g.to_on = 0 OR g.to_on > " + args.Add(int64(s.today())) + ")"
	}
	if list.After != 0 {
		q += " AND g.id < " + args.Add(list.After.Int())
	}
	return readGrants(ctx, s.db, q+" ORDER BY g.id DESC LIMIT "+args.Add(list.Limit), args...)
}

// GrantsOf lists the grants of a person that hold today, with the paths of
// their nodes. Whoever is a person sees his own, and of others those where he
// holds grant.give; the sign-in, which has no person yet, sees all.
func (s *Service) GrantsOf(ctx context.Context, by access.Actor, person id.Person) ([]Grant, error) {
	today := int64(s.today())
	all, err := readGrants(ctx, s.db, "WHERE g.person = $1 AND g.ended_at = 0 AND g.from_on <= $2 AND (g.to_on = 0 OR g.to_on > $3)"+
		" AND n.status <> 'closed' ORDER BY g.id", person.Int(), today, today)
	if err != nil || !by.IsPerson() || by.Person == person {
		return all, err
	}
	scope := by.Scope(access.GrantGive)
	mine := all[:0]
	for _, g := range all {
		if scope.Contains(g.Path) {
			mine = append(mine, g)
		}
	}
	return mine, nil
}

// Holders lists the persons who hold a role exactly at a node today, by grant.
// The actor sees the node, or is the system.
func (s *Service) Holders(ctx context.Context, by access.Actor, node id.Node, role access.Role) ([]id.Person, error) {
	if _, err := s.Get(ctx, by, node); err != nil {
		return nil, err
	}
	today := int64(s.today())
	all, err := readGrants(ctx, s.db, "WHERE g.node = $1 AND g.role = $2 AND g.ended_at = 0 AND g.from_on <= $3 AND (g.to_on = 0 OR g.to_on > $4)"+
		" ORDER BY g.id", node.Int(), string(role), today, today)
	if err != nil {
		return nil, err
	}
	out := make([]id.Person, len(all))
	for i, g := range all {
		out[i] = g.Person
	}
	return out, nil
}
