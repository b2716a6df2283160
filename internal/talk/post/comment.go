package post

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Comment answers under a post. Key makes the request repeatable: the same
// author and key give the same comment. Errors: invalid, forbidden, not found,
// conflict when the class is closed or the post is no longer shown.
func (s *Service) Comment(ctx context.Context, by access.Actor, post id.Post, text, key string) (id.Comment, error) {
	made := id.Comment(s.ids.Next())
	fresh := false
	// The rule is asked inside: while many write, reading there costs a third
	// of what it does beside, and nothing changes in between.
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, c, err := s.reached(ctx, by, post, access.ClassTalk, getSpot)
		if err != nil {
			return err
		}
		if err := talkable(by, c); err != nil {
			return err
		}
		words, err := body("body", text)
		if err != nil {
			return err
		}
		if err := checkKey(key); err != nil {
			return err
		}
		fresh, err = s.comment(ctx, tx, by, p, Comment{ID: made, Post: post, Author: by.Person, AuthorRole: by.Role, Body: words, MadeAt: s.clock.Now()}, key)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("comment on post %v: %w", post, err)
	}
	if !fresh {
		return commentByKey(ctx, s.db, by.Person, key)
	}
	return made, nil
}

// comment writes a comment and reports whether it is new. The post is the
// parent row and comes first.
func (s *Service) comment(ctx context.Context, tx *db.Tx, by access.Actor, p Post, cm Comment, key string) (bool, error) {
	shown, err := countComment(ctx, tx, p.ID)
	if err != nil {
		return false, err
	}
	if !shown {
		return false, fault.New(fault.ErrConflict, "post.not_shown")
	}
	fresh, err := insertComment(ctx, tx, cm, key)
	if err != nil {
		return false, err
	}
	if !fresh {
		return false, uncountComment(ctx, tx, p.ID)
	}
	return true, s.log.Append(ctx, tx, s.event(by, VerbCommented, "comment", int64(cm.ID), p))
}

// Comments returns the newest comments of a post older than before (0: from
// the newest), in the order in which they were written, and the id to go on
// from for still older ones (0: none). What the actor may not read stands there
// without words and without the reason.
func (s *Service) Comments(ctx context.Context, by access.Actor, post id.Post, before id.Comment) ([]Comment, id.Comment, error) {
	if _, _, err := s.reach(ctx, by, post, access.ClassRead); err != nil {
		return nil, 0, err
	}
	list, err := listComments(ctx, s.db, post, before, PageSize+1)
	if err != nil {
		return nil, 0, fmt.Errorf("read comments of post %v: %w", post, err)
	}
	var older id.Comment
	if len(list) > PageSize {
		list = list[:PageSize]
		older = list[PageSize-1].ID
	}
	slices.Reverse(list)
	authors := make([]id.Person, len(list))
	for i, c := range list {
		authors[i] = c.Author
	}
	names, err := s.names(ctx, authors)
	if err != nil {
		return nil, 0, err
	}
	for i := range list {
		c := &list[i]
		c.AuthorName = names[c.Author]
		if !visibleTo(by, c.Author, c.State) {
			c.Body, c.HiddenReason = "", ""
		}
	}
	return list, older, nil
}

// reachComment finds a comment, with its post, for an actor who needs p in its
// class.
func (s *Service) reachComment(ctx context.Context, by access.Actor, comment id.Comment, need access.Permission) (Comment, Post, Class, error) {
	cm, err := getComment(ctx, s.db, comment)
	if errors.Is(err, db.ErrNoRows) {
		return cm, Post{}, Class{}, missing()
	}
	if err != nil {
		return cm, Post{}, Class{}, fmt.Errorf("read comment %v: %w", comment, err)
	}
	p, c, err := s.reach(ctx, by, cm.Post, need)
	if err != nil {
		return cm, p, c, err
	}
	if !visibleTo(by, cm.Author, cm.State) {
		return cm, p, c, missing()
	}
	return cm, p, c, nil
}

// WithdrawComment takes the author's own comment back and returns its post.
func (s *Service) WithdrawComment(ctx context.Context, by access.Actor, comment id.Comment) (id.Post, error) {
	cm, p, _, err := s.reachComment(ctx, by, comment, access.ClassRead)
	if err != nil {
		return 0, err
	}
	if by.Person == cm.Author && cm.State == Withdrawn {
		return cm.Post, nil
	}
	if err := mine(by, cm.Author, cm.State); err != nil {
		return cm.Post, err
	}
	return cm.Post, s.changeComment(ctx, by, VerbWithdrawn, cm, p, Withdrawn, "")
}

// HideComment takes another's comment out of the class's sight, with a reason
// that its author reads, and returns its post.
func (s *Service) HideComment(ctx context.Context, by access.Actor, comment id.Comment, why string) (id.Post, error) {
	cm, p, _, err := s.reachComment(ctx, by, comment, access.PostHide)
	if err != nil {
		return 0, err
	}
	if cm.State == Hidden {
		return cm.Post, nil
	}
	if why, err = reason(why); err != nil {
		return cm.Post, err
	}
	return cm.Post, s.changeComment(ctx, by, VerbHidden, cm, p, Hidden, why)
}

// RestoreComment shows a comment again: its author what he withdrew, whoever
// may hide what was hidden. It returns the post.
func (s *Service) RestoreComment(ctx context.Context, by access.Actor, comment id.Comment) (id.Post, error) {
	cm, p, c, err := s.reachComment(ctx, by, comment, access.ClassRead)
	if err != nil {
		return 0, err
	}
	if cm.State == Shown {
		return cm.Post, nil
	}
	if err := mayRestore(by, c, cm.Author, cm.State); err != nil {
		return cm.Post, err
	}
	return cm.Post, s.changeComment(ctx, by, VerbRestored, cm, p, Shown, "")
}

// changeComment runs one optimistic step on a comment, keeps the post's counter
// equal to the comments that are shown, and appends the event.
func (s *Service) changeComment(ctx context.Context, by access.Actor, verb string, cm Comment, p Post, st State, why string) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.clock.Now()
		if err := addComments(ctx, tx, cm.Post, shownDelta(cm.State, st)); err != nil {
			return err
		}
		ok, err := setCommentState(ctx, tx, cm, st, hider(by, st), why, now)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.ErrStale, "post.stale")
		}
		if st == Hidden {
			if err := decideReports(ctx, tx, int64(cm.ID), "hidden", by.Person, now); err != nil {
				return err
			}
		}
		return s.log.Append(ctx, tx, s.event(by, verb, "comment", int64(cm.ID), p))
	})
	if err != nil {
		return fmt.Errorf("%s comment %v: %w", verb, cm.ID, err)
	}
	return nil
}

// shownDelta is by how much a change of state moves the number of comments
// shown.
func shownDelta(from, to State) int {
	switch {
	case from == Shown && to != Shown:
		return -1
	case from != Shown && to == Shown:
		return 1
	}
	return 0
}

// hider is whom a state names as its cause: nobody but for what is hidden.
func hider(by access.Actor, st State) id.Person {
	if st == Hidden {
		return by.Person
	}
	return 0
}
