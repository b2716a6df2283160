package org

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Review records that the role is still needed (授权清单, yearly). The actor
// holds grant.give over the node by a role of his own that may review this one
// (access.Actor.MayReview), and not the grant itself. Again on the same day
// changes nothing. ErrConflict for one that does not hold any more, and for a
// substitute's, which ends by itself.
func (s *Service) Review(ctx context.Context, by access.Actor, grant id.Grant) (Grant, error) {
	g, err := oneGrant(ctx, s.db, grant)
	if err != nil {
		return Grant{}, err
	}
	if !by.Allows(access.GrantGive, g.Path) {
		return Grant{}, fault.New(fault.ErrNotFound, "org.grant.missing")
	}
	if !mayReview(by, g) {
		return Grant{}, fault.New(fault.ErrForbidden, "org.grant.not_yours")
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := s.lockGrants(ctx, tx, by, g.Node)
		if err != nil {
			return err
		}
		if g, err = oneGrant(ctx, tx, grant); err != nil {
			return err
		}
		now := s.clk.Now()
		if g.Lent() || !g.Ended.IsZero() || g.To != 0 && g.To <= s.today() {
			return fault.New(fault.ErrConflict, "org.grant.over")
		}
		if !g.Reviewed.IsZero() && now.Sub(g.Reviewed) < ReviewEvery/365 {
			return nil
		}
		if _, err := tx.Exec(ctx, "UPDATE org_grant SET reviewed_by = $1, reviewed_at = $2, version = version + 1 WHERE id = $3",
			by.Person.Int(), now.UnixMilli(), grant.Int()); err != nil {
			return fmt.Errorf("note the review: %w", err)
		}
		g.Reviewed, g.ReviewedBy, g.Node = now, by.Person, n.ID
		return s.noteGrant(ctx, tx, by, actionReviewed, g)
	})
	if err != nil {
		return Grant{}, fmt.Errorf("review grant %d: %w", grant, err)
	}
	return g, nil
}

// MayReview reports whether the actor may confirm the grant, for a list that
// offers it. It reads nothing.
func MayReview(by access.Actor, g Grant) bool {
	return g.Ended.IsZero() && !g.Lent() && mayReview(by, g)
}

// mayReview leaves out whether the grant still holds.
func mayReview(by access.Actor, g Grant) bool {
	return by.MayReview(g.Role) && by.Owns(g.Path) && (!by.IsPerson() || by.Person != g.Person)
}

// maxBook is how many grants a list to take away holds at most.
const maxBook = 20_000

// Book is the whole list of the roles that hold at a node and below it
// (授权清单), at most 20,000, the newest first, for a file; taking it is
// audited. The actor needs grant.give there.
func (s *Service) Book(ctx context.Context, by access.Actor, node id.Node) ([]Grant, error) {
	all, err := s.Grants(ctx, by, GrantList{Node: node, Limit: maxBook})
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.trail.Append(ctx, tx, s.entry(by, actionListed, node, encode(map[string]int{"grants": len(all)})))
	})
	if err != nil {
		return nil, fmt.Errorf("note the list of roles: %w", err)
	}
	return all, nil
}
