package custody

import (
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// ListOpened records that the list of a class with so many names is shown, and
// counts the names against the actor's day, each list once a day; ErrTooMany over
// the limit, with an alarm: then nothing is shown. The own class of a class
// teacher counts nothing. Of an operator who looks on as somebody else the names
// are his own.
func (s *Service) ListOpened(ctx context.Context, by access.Actor, class id.Node, names int) error {
	if !by.IsPerson() || by.Role == access.ClassTeacher || names == 0 {
		return nil
	}
	if by.ViewedBy != 0 {
		by.Person = by.ViewedBy
	}
	var seen int
	day := int64(s.today())
	if err := s.DB.QueryRow(ctx, "SELECT COUNT(*) FROM cus_list WHERE person = $1 AND day = $2 AND node = $3", by.Person, day, class).Scan(&seen); err != nil {
		return fmt.Errorf("look for an opened list: %w", err)
	}
	if seen > 0 {
		return nil
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		fresh, err := tx.Exec(ctx, "INSERT INTO cus_list (person, day, node, names, role, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person, day, node) DO NOTHING",
			by.Person, day, class, names, string(by.Role), s.now().UnixMilli())
		if err != nil || fresh == 0 {
			return err
		}
		return s.spend(ctx, tx, by.Person, by.Role, NamesDay, int64(names))
	})
	if err != nil {
		return s.refused(ctx, by, []Limit{NamesDay}, fmt.Errorf("open the list of class %d: %w", class, err))
	}
	return nil
}

// Found records that a search by name has shown these persons, with what tells
// them apart: a look at each, and as many names of the actor's day; ErrTooMany over
// the limit, with an alarm: then nothing is shown.
func (s *Service) Found(ctx context.Context, by access.Actor, node id.Node, persons []id.Person) error {
	persons = slices.DeleteFunc(slices.Clone(persons), func(p id.Person) bool { return p == by.Person })
	if !by.IsPerson() || len(persons) == 0 {
		return nil
	}
	if by.ViewedBy != 0 {
		return errViewing()
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.spend(ctx, tx, by.Person, by.Role, NamesDay, int64(len(persons))); err != nil {
			return err
		}
		for _, p := range persons {
			if err := s.write(ctx, tx, by, Look{Subject: p, What: WhatSearch, Node: node}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return s.refused(ctx, by, []Limit{NamesDay}, fmt.Errorf("record a search: %w", err))
	}
	return nil
}
