package org

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Held is a role that a merging has ended, with the day to which it was given.
type Held struct {
	Grant id.Grant
	To    clock.Day
}

// held reads what a person holds or has lent, not ended.
func held(ctx context.Context, q db.Queryer, person id.Person) ([]Grant, error) {
	return readGrants(ctx, q, "WHERE (g.person = $1 OR g.lent_by = $2) AND g.ended_at = 0 ORDER BY g.node, g.id", person.Int(), person.Int())
}

// MayEndHeld refuses whoever could not end each role that a person holds or has
// lent, ErrForbidden: he decides on no record that carries rights above his own.
func (s *Service) MayEndHeld(ctx context.Context, by access.Actor, person id.Person) error {
	all, err := held(ctx, s.db, person)
	if err != nil {
		return err
	}
	for _, g := range all {
		if err := mayEnd(by, Node{ID: g.Node, Path: g.Path, Kind: g.NodeKind}, g); err != nil {
			return fault.Wrap(fault.ErrForbidden, err, "merge.roles_above")
		}
	}
	return nil
}

// EndMerged ends everything that a person holds or has lent, because his record
// is merged into another, in the transaction of ctx, and returns what Reopen
// needs. ErrForbidden as for MayEndHeld, ErrLastManager as for EndHeld.
func (s *Service) EndMerged(ctx context.Context, by access.Actor, person id.Person) (out []Held, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		if err := s.MayEndHeld(ctx, by, person); err != nil {
			return err
		}
		all, err := held(ctx, tx, person)
		if err != nil {
			return err
		}
		for _, g := range all {
			out = append(out, Held{Grant: g.ID, To: g.To})
		}
		return s.EndHeld(ctx, by, person, 0)
	})
	return out, err
}

// Reopen gives back what EndMerged has ended, in the transaction of ctx: to the
// day to which it was given, where that is to come, the node is there, and its
// holder has got nothing since that stands against it. ErrForbidden for roles
// that the actor could not end.
func (s *Service) Reopen(ctx context.Context, by access.Actor, all []Held) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, h := range all {
			if err := s.reopen(ctx, tx, by, h); err != nil {
				return fmt.Errorf("give grant %d back: %w", h.Grant, err)
			}
		}
		return nil
	})
}

func (s *Service) reopen(ctx context.Context, tx *db.Tx, by access.Actor, h Held) error {
	g, err := oneGrant(ctx, tx, h.Grant)
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	n, _, err := takeOrdinals(ctx, tx, g.Node, 0)
	if err != nil {
		return err
	}
	if err := mayEnd(by, n, g); err != nil {
		return fault.Wrap(fault.ErrForbidden, err, "merge.roles_above")
	}
	if err := lockHolder(ctx, tx, g.Person); err != nil {
		return err
	}
	open, err := readGrants(ctx, tx, "WHERE (g.person = $1 OR g.id = $2) AND g.ended_at = 0", g.Person.Int(), g.LentFrom.Int())
	if err != nil {
		return err
	}
	against := slices.ContainsFunc(open, func(o Grant) bool {
		return o.Person == g.Person && (o.Node == g.Node && o.Role == g.Role || access.Exclude(o.Role, g.Role))
	})
	lentFrom := g.LentFrom == 0 || slices.ContainsFunc(open, func(o Grant) bool { return o.ID == g.LentFrom })
	if against || !lentFrom || n.Closed() || h.To != 0 && h.To <= s.today() {
		return nil
	}
	_, err = tx.Exec(ctx, "UPDATE org_grant SET to_on = $1, ended_by = 0, ended_at = 0, version = version + 1 WHERE id = $2 AND ended_at <> 0", int64(h.To), g.ID.Int())
	if err != nil {
		return err
	}
	if g, err = oneGrant(ctx, tx, g.ID); err != nil {
		return err
	}
	return s.recordGrant(ctx, tx, by, EventGrantGiven, g, n)
}
