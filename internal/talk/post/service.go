package post

import (
	"context"
	"errors"
	"fmt"

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
	Node id.Node
	Path string
	// Open is false for a class that is closed: its space is read-only.
	Open bool
}

// Classes finds classes.
type Classes interface {
	// Class returns the class at node; ErrNotFound when there is none.
	Class(ctx context.Context, node id.Node) (Class, error)
	// Space returns the space of a class and the school that it belongs to.
	Space(ctx context.Context, node id.Node) (id.Space, id.Node, error)
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
	// decoding holds the one place where a picture may be decoded: pictures
	// side by side would take the memory of all of them.
	decoding chan struct{}
}

// New builds the service.
func New(d *db.DB, ids *id.Source, clk clock.Clock, log *event.Log, classes Classes, people People, blobs blob.Store) *Service {
	return &Service{db: d, ids: ids, clock: clk, log: log, classes: classes, people: people, blobs: blobs, decoding: make(chan struct{}, 1)}
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
	return c, missing()
}

// missing is what a thing answers that is not there, or not for this actor.
func missing() error { return fault.New(fault.ErrNotFound, "error.not_found") }

// talkable refuses where nothing new may be written.
func talkable(by access.Actor, c Class) error {
	if why := Quiet(by); why != "" {
		return fault.New(fault.ErrForbidden, why)
	}
	return open(c)
}

// Quiet is the key of the words that say which answer of the guardians stands
// against the actor's asking and commenting; "" where none does.
func Quiet(by access.Actor) string {
	switch {
	case by.MayTalk():
		return ""
	case by.Talk == "refused" || by.Talk == "withdrawn":
		return "post.talk_refused"
	case by.Unanswered:
		return "post.consent_unanswered"
	}
	return "post.consent_refused"
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
// teacher posts notices, with pictures if he likes; anybody in the class asks
// questions, in words. Errors: invalid,
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
	if d.Kind == Question && len(d.Pictures) > 0 {
		return 0, fault.Invalid(fault.At("pictures", "post.picture.notice_only"))
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
	if err := checkKey(d.Key); err != nil {
		return 0, err
	}
	if before, err := postByKey(ctx, s.db, by.Person, d.Key); err != nil || before != 0 {
		return before, err
	}
	p := Post{ID: id.Post(s.ids.Next()), Node: c.Node, Author: by.Person, AuthorRole: by.Role,
		Kind: d.Kind, Body: d.Body, Receipt: d.Receipt}
	if p.Space, p.Unit, err = s.classes.Space(ctx, d.Node); err != nil {
		return 0, err
	}
	// Pictures are stored before the transaction: its closure may run twice.
	if p.Pictures, err = s.store(ctx, d.Pictures); err != nil {
		return 0, err
	}
	fresh := false
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		p.MadeAt = s.clock.Now()
		fresh, err = s.publish(ctx, tx, by, verb, p, d.Key)
		return err
	})
	if err != nil || !fresh {
		s.discard(ctx, p.Pictures)
	}
	if err != nil {
		return 0, fmt.Errorf("publish into class %v: %w", d.Node, err)
	}
	if !fresh {
		return postByKey(ctx, s.db, by.Person, d.Key)
	}
	return p.ID, nil
}

// publish writes a post and reports whether it is new.
func (s *Service) publish(ctx context.Context, tx *db.Tx, by access.Actor, verb string, p Post, key string) (bool, error) {
	fresh, err := insertPost(ctx, tx, p, key)
	if err != nil || !fresh {
		return false, err
	}
	if err := insertPictures(ctx, tx, p.ID, p.Pictures); err != nil {
		return false, err
	}
	return true, s.log.Append(ctx, tx, s.event(by, verb, "post", int64(p.ID), p))
}

// event fills an event about something in the space of the post.
func (s *Service) event(by access.Actor, verb, kind string, object int64, p Post) event.Event {
	return event.Event{At: s.clock.Now(), Actor: by.Person, Role: string(by.Role), Verb: verb, Kind: kind,
		Object: object, Node: p.Node, Unit: p.Unit, Space: p.Space}
}

// reach finds a post for an actor who needs p in its class. What the actor may
// not see does not exist for him.
func (s *Service) reach(ctx context.Context, by access.Actor, post id.Post, p access.Permission) (Post, Class, error) {
	return s.reached(ctx, by, post, p, getPost)
}

// reached is reach for whoever needs only a part of the post.
func (s *Service) reached(ctx context.Context, by access.Actor, post id.Post, p access.Permission,
	get func(context.Context, db.Queryer, id.Post) (Post, error)) (Post, Class, error) {
	found, err := get(ctx, s.db, post)
	if errors.Is(err, db.ErrNoRows) {
		return found, Class{}, missing()
	}
	if err != nil {
		return found, Class{}, fmt.Errorf("read post %v: %w", post, err)
	}
	c, err := s.class(ctx, by, found.Node, p)
	if err != nil {
		return found, c, err
	}
	if !visibleTo(by, found.Author, found.State) {
		return found, c, missing()
	}
	return found, c, nil
}
