package post

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Edit changes the author's own words; version is the one that was on screen.
// The former text is kept. Errors: stale when it changed in between.
func (s *Service) Edit(ctx context.Context, by access.Actor, post id.Post, version int64, text string) error {
	p, c, err := s.reach(ctx, by, post, access.ClassRead)
	if err != nil {
		return err
	}
	if err := mine(by, p.Author, p.State); err != nil {
		return err
	}
	if err := talkable(by, c); err != nil {
		return err
	}
	if text, err = body("body", text); err != nil {
		return err
	}
	if text == p.Body {
		return nil
	}
	return s.change(ctx, by, VerbEdited, p, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return editPost(ctx, tx, p, version, text, s.clock.Now())
	})
}

// Withdraw takes the author's own post back; its words stay on record.
func (s *Service) Withdraw(ctx context.Context, by access.Actor, post id.Post) error {
	p, _, err := s.reach(ctx, by, post, access.ClassRead)
	if err != nil {
		return err
	}
	if by.Person == p.Author && p.State == Withdrawn {
		return nil
	}
	if err := mine(by, p.Author, p.State); err != nil {
		return err
	}
	return s.change(ctx, by, VerbWithdrawn, p, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return setPostState(ctx, tx, post, p.Version, Withdrawn, 0, "", s.clock.Now())
	})
}

// Hide takes another's post out of the class's sight, with a reason that its
// author reads.
func (s *Service) Hide(ctx context.Context, by access.Actor, post id.Post, why string) error {
	p, _, err := s.reach(ctx, by, post, access.PostHide)
	if err != nil {
		return err
	}
	if p.State == Hidden {
		return nil
	}
	if why, err = reason(why); err != nil {
		return err
	}
	return s.change(ctx, by, VerbHidden, p, func(ctx context.Context, tx *db.Tx) (bool, error) {
		ok, err := setPostState(ctx, tx, post, p.Version, Hidden, by.Person, why, s.clock.Now())
		if err != nil || !ok {
			return ok, err
		}
		return true, decideReports(ctx, tx, int64(post), "hidden", by.Person, s.clock.Now())
	})
}

// Restore shows a post again: its author what he withdrew, whoever may hide
// what was hidden.
func (s *Service) Restore(ctx context.Context, by access.Actor, post id.Post) error {
	p, c, err := s.reach(ctx, by, post, access.ClassRead)
	if err != nil {
		return err
	}
	if p.State == Shown {
		return nil
	}
	if err := mayRestore(by, c, p.Author, p.State); err != nil {
		return err
	}
	return s.change(ctx, by, VerbRestored, p, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return setPostState(ctx, tx, post, p.Version, Shown, 0, "", s.clock.Now())
	})
}

// mayRestore refuses whoever may not show something again. What was hidden is
// not shown again by its own author, whatever his role.
func mayRestore(by access.Actor, c Class, author id.Person, st State) error {
	own := by.Person == author
	if st == Withdrawn && own || st == Hidden && !own && by.Allows(access.PostHide, c.Path) {
		return nil
	}
	return fault.New(fault.ErrForbidden, "post.forbidden")
}

// mine refuses whoever is not the author, and an author whose words are no
// longer shown.
func mine(by access.Actor, author id.Person, st State) error {
	if by.Person != author {
		return fault.New(fault.ErrForbidden, "post.not_author")
	}
	if st != Shown {
		return fault.New(fault.ErrConflict, "post.not_shown")
	}
	return nil
}

// change runs one optimistic step on a post and appends its event.
func (s *Service) change(ctx context.Context, by access.Actor, verb string, p Post, step func(context.Context, *db.Tx) (bool, error)) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := step(ctx, tx)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.ErrStale, "post.stale")
		}
		return s.log.Append(ctx, tx, s.event(by, verb, "post", int64(p.ID), p))
	})
	if err != nil {
		return fmt.Errorf("%s %v: %w", verb, p.ID, err)
	}
	return nil
}
