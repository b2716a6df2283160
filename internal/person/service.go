package person

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/seal"
)

// Spaces makes, opens and removes personal spaces inside the transaction that
// ctx carries. The package space implements it.
type Spaces interface {
	MakePersonal(ctx context.Context, by access.Actor, all []Prepared) error
	UnmakePersonal(ctx context.Context, by access.Actor, persons []id.Person) error
	// PutAway archives the space of somebody who is no longer here; TakeOut gives
	// it the state back that it had.
	PutAway(ctx context.Context, by access.Actor, person id.Person) error
	TakeOut(ctx context.Context, by access.Actor, person id.Person) error
	// OpenDue opens what waited for the person's state.
	OpenDue(ctx context.Context, by access.Actor, person id.Person) error
}

// Service is the front door of persons.
type Service struct {
	// Spaces makes the space of each new person; nil makes none.
	Spaces Spaces

	db    *db.DB
	ids   *id.Source
	clk   clock.Clock
	keys  *seal.Keys
	log   *event.Log
	trail *audit.Trail
	org   *org.Service
}

// New returns the service.
func New(d *db.DB, ids *id.Source, clk clock.Clock, keys *seal.Keys, log *event.Log, trail *audit.Trail, orgs *org.Service) *Service {
	return &Service{db: d, ids: ids, clk: clk, keys: keys, log: log, trail: trail, org: orgs}
}

func (s *Service) today() clock.Day { return clock.DayOf(s.clk.Now()) }

func errMissing() error { return fault.New(fault.ErrNotFound, "person.missing") }

func errMerged() error { return fault.New(fault.ErrConflict, "person.merged") }

func errForbidden() error { return fault.New(fault.ErrForbidden, "person.forbidden") }

// reading lists the permissions that let their holder see a person who belongs
// to a place in scope.
var reading = []access.Permission{access.PersonRead, access.RosterImport, access.GrantGive, access.ClassRead}

// scopeOf returns where the actor's role holds the first of the permissions
// that it holds at all: a role holds all it has at the same places.
func scopeOf(by access.Actor, ps []access.Permission) access.Scope {
	i := slices.IndexFunc(ps, by.Can)
	if i < 0 {
		return access.Scope{}
	}
	return by.Scope(ps[i])
}

// belongs is the condition that the person in column has, or had, a place in
// scope.
func belongs(column string, scope access.Scope, args *db.Args) string {
	if scope.All() {
		return "1 = 1"
	}
	return "EXISTS (SELECT 1 FROM person_affiliation s WHERE s.person = " + column + " AND " + scope.Nodes("s.node", args) + ")"
}

// Get returns a person: oneself, one's ward, or somebody who belongs to a place
// where the actor may read persons. ErrNotFound for everybody else.
func (s *Service) Get(ctx context.Context, by access.Actor, person id.Person) (Person, error) {
	var args db.Args
	q := "SELECT " + columns + " FROM person p WHERE p.id = " + args.Add(person.Int())
	if by.IsPerson() && by.Person != person && !slices.Contains(by.Wards, person) || !by.IsPerson() && !by.IsSystem() && !by.IsOperator() {
		q += " AND " + belongs("p.id", scopeOf(by, reading), &args)
	}
	p, err := scanPerson(s.db.QueryRow(ctx, q, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Person{}, errMissing()
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person %d: %w", person, err)
	}
	return p, nil
}

// Load reads a person through q without asking who wants it, for packages that
// have checked by themselves; ErrNotFound where there is none.
func Load(ctx context.Context, q db.Queryer, person id.Person) (Person, error) {
	p, err := scanPerson(q.QueryRow(ctx, "SELECT "+columns+" FROM person p WHERE p.id = $1", person.Int()))
	if errors.Is(err, db.ErrNoRows) {
		return Person{}, errMissing()
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person %d: %w", person, err)
	}
	return p, nil
}

// Within reports whether the person has a place today where the actor holds p.
// For the command line and the system it reports whether the person exists. Of
// grant.give it asks besides for somebody who works there: no role is given to a
// pupil or a guardian.
func (s *Service) Within(ctx context.Context, by access.Actor, p access.Permission, person id.Person) (bool, error) {
	scope := by.Scope(p)
	var args db.Args
	q := "SELECT COUNT(*) FROM person p WHERE p.id = " + args.Add(person.Int()) + " AND p.status = 'normal'"
	if p == access.GrantGive {
		q += " AND p.role NOT IN ('pupil', 'guardian')"
	}
	if !scope.All() {
		q += " AND EXISTS (SELECT 1 FROM person_affiliation a WHERE a.person = p.id AND a.to_on = 0 AND " + scope.Nodes("a.node", &args) + ")"
	}
	var n int
	if err := s.db.QueryRow(ctx, q, args...).Scan(&n); err != nil {
		return false, fmt.Errorf("look for person %d: %w", person, err)
	}
	return n > 0, nil
}

// Names returns the names of those persons that the actor may see by Get; the
// others are left out. People who have moved on keep their name where they were.
func (s *Service) Names(ctx context.Context, by access.Actor, persons []id.Person) (map[id.Person]string, error) {
	out := make(map[id.Person]string, len(persons))
	for part := range slices.Chunk(persons, chunk) {
		var args db.Args
		q := "SELECT p.id, p.name FROM person p WHERE p.id IN (" + db.List(&args, part) + ") AND "
		own := slices.Concat([]id.Person{by.Person}, by.Wards)
		q += "(p.id IN (" + db.List(&args, own) + ") OR " + belongs("p.id", scopeOf(by, reading), &args) + ")"
		rows, err := s.db.Query(ctx, q, args...)
		if err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
		for rows.Next() {
			var person id.Person
			var name string
			if err := rows.Scan(&person, &name); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			out[person] = name
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
	}
	return out, nil
}

// lock takes the person's row, so that changes of one person wait for each
// other, and reads it.
func lock(ctx context.Context, tx *db.Tx, person id.Person) (Person, error) {
	n, err := tx.Exec(ctx, "UPDATE person SET version = version + 1 WHERE id = $1", person.Int())
	if err != nil {
		return Person{}, fmt.Errorf("lock person %d: %w", person, err)
	}
	if n == 0 {
		return Person{}, errMissing()
	}
	return Load(ctx, tx, person)
}

// mayAt answers whether the actor holds p at a node: nil, or not found where he
// holds it nowhere near, or forbidden where he may read persons there.
func (s *Service) mayAt(ctx context.Context, by access.Actor, p access.Permission, node id.Node) error {
	path, err := org.Path(ctx, s.db, node)
	if err != nil {
		return err
	}
	switch {
	case by.Allows(p, path):
		return nil
	case scopeOf(by, reading).Contains(path):
		return errForbidden()
	}
	return errMissing()
}

// openDue lets the spaces follow a change of the person's state.
func (s *Service) openDue(ctx context.Context, by access.Actor, person id.Person) error {
	if s.Spaces == nil {
		return nil
	}
	return s.Spaces.OpenDue(ctx, by, person)
}
