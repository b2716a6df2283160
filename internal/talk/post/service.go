package post

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"learnspace/internal/access"
	"learnspace/internal/blob"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Class is what a post needs to know of the class it stands in.
type Class struct {
	Node  id.Node
	Unit  id.Node
	Path  string
	Space id.Space
	// Open is false for a class that is closed: its space is read-only.
	Open bool
}

// Classes finds classes.
type Classes interface {
	// Class returns the class at node; ErrNotFound when there is none.
	Class(ctx context.Context, node id.Node) (Class, error)
}

// Member is a pupil on a class list.
type Member struct {
	Person    id.Person
	Name      string
	Activated bool
}

// People gives names and class lists.
type People interface {
	// Names returns the names of persons.
	Names(ctx context.Context, persons []id.Person) (map[id.Person]string, error)
	// Pupils lists the pupils of a class today, by name.
	Pupils(ctx context.Context, class id.Node) ([]Member, error)
}

// Service is the front door.
type Service struct {
	db      *db.DB
	ids     *id.Source
	clock   clock.Clock
	log     *event.Log
	classes Classes
	people  People
	blobs   blob.Store
}

// New builds the service.
func New(d *db.DB, ids *id.Source, clk clock.Clock, log *event.Log, classes Classes, people People, blobs blob.Store) *Service {
	return &Service{db: d, ids: ids, clock: clk, log: log, classes: classes, people: people, blobs: blobs}
}

// class finds the class for an actor who needs p there: ErrNotFound when he
// has nothing to do with the class, ErrForbidden when he may read it but holds
// no p.
func (s *Service) class(ctx context.Context, by access.Actor, node id.Node, p access.Permission) (Class, error) {
	c, err := s.classes.Class(ctx, node)
	if err != nil {
		return c, err
	}
	if by.Allows(p, c.Path) {
		return c, nil
	}
	if by.Allows(access.ClassRead, c.Path) {
		return c, fault.New(fault.ErrForbidden, "post.forbidden")
	}
	return c, fault.New(fault.ErrNotFound, "error.not_found")
}

// talkable refuses where nothing new may be written.
func talkable(by access.Actor, c Class) error {
	if by.ConsentRefused {
		return fault.New(fault.ErrForbidden, "post.consent_refused")
	}
	return open(c)
}

// open refuses a class whose space is read-only.
func open(c Class) error {
	if !c.Open {
		return fault.New(fault.ErrConflict, "post.class_closed")
	}
	return nil
}

// Draft is a post to be made. Key makes the request repeatable: the same
// author and key give the same post.
type Draft struct {
	Node     id.Node
	Kind     Kind
	Body     string
	Receipt  bool
	Pictures []Upload
	Key      string
}

// Publish puts a notice or a question into a class space and returns it. A
// teacher posts notices, anybody in the class asks questions. Errors: invalid,
// forbidden, not found, conflict when the class is closed.
func (s *Service) Publish(ctx context.Context, by access.Actor, d Draft) (id.Post, error) {
	need := access.ClassPost
	verb := VerbMade
	if d.Kind == Question {
		need, verb, d.Receipt = access.ClassTalk, VerbAsked, false
	}
	if d.Kind != Notice && d.Kind != Question {
		return 0, fault.Invalid(fault.At("kind", "post.kind.unknown"))
	}
	c, err := s.class(ctx, by, d.Node, need)
	if err != nil {
		return 0, err
	}
	if err := talkable(by, c); err != nil {
		return 0, err
	}
	if d.Body, err = body("body", d.Body); err != nil {
		return 0, err
	}
	// Pictures are decoded and stored before the transaction: a closure may
	// run twice, and a blob without a row is swept, a row without a blob is not.
	pictures, err := s.store(ctx, d.Pictures)
	if err != nil {
		return 0, err
	}
	made := id.Post(s.ids.Next())
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.stillOpen(ctx, d.Node); err != nil {
			return err
		}
		p := Post{ID: made, Space: c.Space, Node: c.Node, Unit: c.Unit, Author: by.Person, AuthorRole: by.Role,
			Kind: d.Kind, Body: d.Body, Receipt: d.Receipt, MadeAt: s.clock.Now()}
		fresh, err := insertPost(ctx, tx, p, d.Key)
		if err != nil || !fresh {
			return err
		}
		if err := insertPictures(ctx, tx, made, pictures); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, s.event(by, verb, "post", int64(made), c))
	})
	if err != nil {
		return 0, fmt.Errorf("publish into class %v: %w", d.Node, err)
	}
	return findByKey(ctx, s.db, by.Person, d.Key, made)
}

// stillOpen reads the class again inside the transaction: it may have been
// closed meanwhile.
func (s *Service) stillOpen(ctx context.Context, node id.Node) error {
	c, err := s.classes.Class(ctx, node)
	if err != nil {
		return err
	}
	return open(c)
}

// event fills an event of this package.
func (s *Service) event(by access.Actor, verb, kind string, object int64, c Class) event.Event {
	return event.Event{At: s.clock.Now(), Actor: by.Person, Role: string(by.Role), Verb: verb, Kind: kind,
		Object: object, Node: c.Node, Unit: c.Unit, Space: c.Space}
}

// reach finds a post for an actor who needs p in its class. What the actor may
// not see does not exist for him.
func (s *Service) reach(ctx context.Context, by access.Actor, post id.Post, p access.Permission) (Post, Class, error) {
	found, err := getPost(ctx, s.db, post)
	if errors.Is(err, db.ErrNoRows) {
		return found, Class{}, fault.New(fault.ErrNotFound, "error.not_found")
	}
	if err != nil {
		return found, Class{}, fmt.Errorf("read post %v: %w", post, err)
	}
	c, err := s.class(ctx, by, found.Node, p)
	if err != nil {
		return found, c, err
	}
	if !visibleTo(by, found.Author, found.State) {
		return found, c, fault.New(fault.ErrNotFound, "error.not_found")
	}
	return found, c, nil
}

// Comment answers under a post. Key makes the request repeatable.
func (s *Service) Comment(ctx context.Context, by access.Actor, post id.Post, text, key string) (id.Comment, error) {
	p, c, err := s.reach(ctx, by, post, access.ClassTalk)
	if err != nil {
		return 0, err
	}
	if err := talkable(by, c); err != nil {
		return 0, err
	}
	if text, err = body("body", text); err != nil {
		return 0, err
	}
	made := id.Comment(s.ids.Next())
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.stillOpen(ctx, p.Node); err != nil {
			return err
		}
		shown, err := countComment(ctx, tx, post)
		if err != nil {
			return err
		}
		if !shown {
			return fault.New(fault.ErrConflict, "post.not_shown")
		}
		cm := Comment{ID: made, Post: post, Author: by.Person, AuthorRole: by.Role, Body: text, MadeAt: s.clock.Now()}
		fresh, err := insertComment(ctx, tx, cm, key)
		if err != nil {
			return err
		}
		if !fresh {
			return uncountComment(ctx, tx, post)
		}
		return s.log.Append(ctx, tx, s.event(by, VerbCommented, "comment", int64(made), c))
	})
	if err != nil {
		return 0, fmt.Errorf("comment on post %v: %w", post, err)
	}
	return made, nil
}

// Confirm gives the reader's receipt; a second one changes nothing. Only
// pupils of the class are asked for one.
func (s *Service) Confirm(ctx context.Context, by access.Actor, post id.Post) error {
	p, c, err := s.reach(ctx, by, post, access.ClassTalk)
	if err != nil {
		return err
	}
	if by.Role != access.Pupil || !p.Receipt {
		return fault.New(fault.ErrForbidden, "post.no_receipt_asked")
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.stillOpen(ctx, p.Node); err != nil {
			return err
		}
		fresh, err := insertReceipt(ctx, tx, post, by.Person, s.clock.Now())
		if err != nil || !fresh {
			return err
		}
		return s.log.Append(ctx, tx, s.event(by, VerbConfirmed, "post", int64(post), c))
	})
	if err != nil {
		return fmt.Errorf("confirm post %v: %w", post, err)
	}
	return nil
}

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
	return s.change(ctx, by, VerbEdited, p, c, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return editPost(ctx, tx, p, version, text, s.clock.Now())
	})
}

// Withdraw takes the author's own post back; its words stay on record.
func (s *Service) Withdraw(ctx context.Context, by access.Actor, post id.Post) error {
	p, c, err := s.reach(ctx, by, post, access.ClassRead)
	if err != nil {
		return err
	}
	if by.Person == p.Author && p.State == Withdrawn {
		return nil
	}
	if err := mine(by, p.Author, p.State); err != nil {
		return err
	}
	return s.change(ctx, by, VerbWithdrawn, p, c, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return setPostState(ctx, tx, post, p.Version, Withdrawn, 0, "", s.clock.Now())
	})
}

// Hide takes another's post out of the class's sight, with a reason that its
// author reads.
func (s *Service) Hide(ctx context.Context, by access.Actor, post id.Post, why string) error {
	p, c, err := s.reach(ctx, by, post, access.PostHide)
	if err != nil {
		return err
	}
	if why, err = reason(why); err != nil {
		return err
	}
	if p.State == Hidden {
		return nil
	}
	return s.change(ctx, by, VerbHidden, p, c, func(ctx context.Context, tx *db.Tx) (bool, error) {
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
	switch {
	case p.State == Shown:
		return nil
	case p.State == Withdrawn && by.Person == p.Author, p.State == Hidden && by.Allows(access.PostHide, c.Path):
	default:
		return fault.New(fault.ErrForbidden, "post.forbidden")
	}
	return s.change(ctx, by, VerbRestored, p, c, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return setPostState(ctx, tx, post, p.Version, Shown, 0, "", s.clock.Now())
	})
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
func (s *Service) change(ctx context.Context, by access.Actor, verb string, p Post, c Class, step func(context.Context, *db.Tx) (bool, error)) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := step(ctx, tx)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.ErrStale, "post.stale")
		}
		return s.log.Append(ctx, tx, s.event(by, verb, "post", int64(p.ID), c))
	})
	if err != nil {
		return fmt.Errorf("%s %v: %w", verb, p.ID, err)
	}
	return nil
}

// Remind sends a reminder to every pupil who has not confirmed, and returns
// how many. One reminder an hour is enough; a second one in the hour tells
// nobody again and returns 0.
func (s *Service) Remind(ctx context.Context, by access.Actor, post id.Post) (int, error) {
	p, c, err := s.reach(ctx, by, post, access.ClassPost)
	if err != nil {
		return 0, err
	}
	if !p.Receipt || p.State != Shown {
		return 0, fault.New(fault.ErrConflict, "post.no_receipt_asked")
	}
	if err := open(c); err != nil {
		return 0, err
	}
	lines, err := s.receipts(ctx, p)
	if err != nil {
		return 0, err
	}
	var to []string
	for _, l := range lines {
		if l.ConfirmedAt.IsZero() && l.Activated {
			to = append(to, strconv.FormatInt(int64(l.Person), 10))
		}
	}
	if len(to) == 0 {
		return 0, nil
	}
	extra, err := json.Marshal(map[string]any{"to": to})
	if err != nil {
		return 0, err
	}
	sent := 0
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		sent = 0
		fresh, err := claimReminder(ctx, tx, post, s.clock.Now())
		if err != nil || !fresh {
			return err
		}
		sent = len(to)
		e := s.event(by, VerbReminded, "post", int64(post), c)
		e.Extra = string(extra)
		return s.log.Append(ctx, tx, e)
	})
	if err != nil {
		return 0, fmt.Errorf("remind of post %v: %w", post, err)
	}
	return sent, nil
}
