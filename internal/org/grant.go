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
	Reason   string    // why it was given, "" where nobody said

	// LentBy is whose place a substitute takes, 0 for a role of one's own;
	// LentFrom is the grant by which that person holds it, 0: the roster.
	LentBy   id.Person
	LentFrom id.Grant

	// Reviewed is when ReviewedBy confirmed last that the role is still needed.
	ReviewedBy id.Person
	Reviewed   time.Time

	// NodeName, NodeKind and Path are the node's, read with the grant.
	NodeName, NodeKind, Path string
}

// On reports whether the grant holds on the day.
func (g Grant) On(day clock.Day) bool {
	return g.Ended.IsZero() && g.From <= day && (g.To == 0 || day < g.To)
}

// Lent reports whether the role is a substitute's.
func (g Grant) Lent() bool { return g.LentBy != 0 }

// ReviewEvery is after how long somebody must confirm again that a role is
// still needed (授权清单, once a year).
const ReviewEvery = 365 * 24 * time.Hour

// DueOn is the day on which the role must be confirmed again.
func (g Grant) DueOn() clock.Day {
	last := g.Given
	if g.Reviewed.After(last) {
		last = g.Reviewed
	}
	return clock.DayOf(last.Add(ReviewEvery))
}

const grantColumns = "g.id, g.person, g.node, g.role, g.from_on, g.to_on, g.given_by, g.given_at, g.ended_by, g.ended_at, g.reason," +
	" g.lent_by, g.lent_from, g.reviewed_by, g.reviewed_at, n.name, n.kind, n.path"

const grantFrom = " FROM org_grant g JOIN org_node n ON n.id = g.node "

func scanGrant(row scanner) (Grant, error) {
	var g Grant
	var given, ended, reviewed int64
	err := row.Scan(&g.ID, &g.Person, &g.Node, &g.Role, &g.From, &g.To, &g.GivenBy, &given, &g.EndedBy, &ended, &g.Reason,
		&g.LentBy, &g.LentFrom, &g.ReviewedBy, &reviewed, &g.NodeName, &g.NodeKind, &g.Path)
	g.Given, g.Ended, g.Reviewed = clock.FromMillis(given), clock.FromMillis(ended), clock.FromMillis(reviewed)
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
	Due   bool     // only those whose yearly review is due
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
	if !list.Ended || list.Due {
		q += " AND g.ended_at = 0 AND (g.to_on = 0 OR g.to_on > " + args.Add(int64(s.today())) + ")"
	}
	if list.Due {
		q += " AND g.lent_by = 0 AND CASE WHEN g.reviewed_at > g.given_at THEN g.reviewed_at ELSE g.given_at END <= " +
			args.Add(s.clk.Now().Add(-ReviewEvery).UnixMilli())
	}
	if list.After != 0 {
		q += " AND g.id < " + args.Add(list.After.Int())
	}
	return readGrants(ctx, s.db, q+" ORDER BY g.id DESC LIMIT "+args.Add(list.Limit), args...)
}

// GrantsOf lists the grants of a person that hold today, with the paths of
// their nodes. What a substitute holds goes with the right of the person whose
// place he takes. Whoever is a person sees his own, and of others those where he
// holds grant.give; the sign-in, which has no person yet, sees all.
func (s *Service) GrantsOf(ctx context.Context, by access.Actor, person id.Person) ([]Grant, error) {
	today := int64(s.today())
	all, err := readGrants(ctx, s.db, "WHERE g.person = $1 AND g.ended_at = 0 AND g.from_on <= $2 AND (g.to_on = 0 OR g.to_on > $3)"+
		" AND n.status <> 'closed' AND (g.lent_from = 0 OR EXISTS (SELECT 1 FROM org_grant o WHERE o.id = g.lent_from AND o.ended_at = 0"+
		" AND (o.to_on = 0 OR o.to_on > $4))) ORDER BY g.id", person.Int(), today, today, today)
	if err != nil {
		return nil, err
	}
	scope, foreign := by.Scope(access.GrantGive), by.IsPerson() && by.Person != person
	kept := all[:0]
	for _, g := range all {
		if foreign && !scope.Contains(g.Path) {
			continue
		}
		if ok, err := s.lenderHolds(ctx, by, g); err != nil {
			return nil, err
		} else if ok {
			kept = append(kept, g)
		}
	}
	return kept, nil
}

// GrantsHeld reads through q the grants of persons that have not ended. It asks nobody
// who wants them and is for the rules of other packages.
func GrantsHeld(ctx context.Context, q db.Queryer, people []id.Person) ([]Grant, error) {
	var args db.Args
	return readGrants(ctx, q, "WHERE g.ended_at = 0 AND g.person IN ("+db.List(&args, people)+")", args...)
}

// lenderHolds reports whether a role that was lent from a place on the roster
// still has that place behind it.
func (s *Service) lenderHolds(ctx context.Context, by access.Actor, g Grant) (bool, error) {
	if !g.Lent() || g.LentFrom != 0 {
		return true, nil
	}
	if s.People == nil {
		return false, nil
	}
	return s.People.Holds(ctx, by, g.LentBy, g.Node, g.Role)
}

// Holders lists the persons who hold a role exactly at a node today, by a grant
// of their own. The actor sees the node, or is the system.
func (s *Service) Holders(ctx context.Context, by access.Actor, node id.Node, role access.Role) ([]id.Person, error) {
	if _, err := s.Get(ctx, by, node); err != nil {
		return nil, err
	}
	today := int64(s.today())
	all, err := readGrants(ctx, s.db, "WHERE g.node = $1 AND g.role = $2 AND g.lent_by = 0 AND g.ended_at = 0 AND g.from_on <= $3 AND (g.to_on = 0 OR g.to_on > $4)"+
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

// GetGrant returns a grant where the actor holds grant.give; else ErrNotFound.
func (s *Service) GetGrant(ctx context.Context, by access.Actor, grant id.Grant) (Grant, error) {
	g, err := oneGrant(ctx, s.db, grant)
	if err != nil {
		return Grant{}, err
	}
	if !by.Allows(access.GrantGive, g.Path) {
		return Grant{}, fault.New(fault.ErrNotFound, "org.grant.missing")
	}
	return g, nil
}
