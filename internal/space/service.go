package space

import (
	"context"
	"errors"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Service is the front door of the spaces.
type Service struct {
	db     *db.DB
	ids    *id.Source
	clk    clock.Clock
	log    *event.Log
	trail  *audit.Trail
	org    *org.Service
	people *person.Service
}

// New returns the service and sets itself as the maker of spaces in orgs and
// people.
func New(d *db.DB, ids *id.Source, clk clock.Clock, log *event.Log, trail *audit.Trail, orgs *org.Service, people *person.Service) *Service {
	s := &Service{db: d, ids: ids, clk: clk, log: log, trail: trail, org: orgs, people: people}
	orgs.Spaces, orgs.People, people.Spaces = s, people, s
	return s
}

func errMissing() error { return fault.New(fault.ErrNotFound, "space.missing") }

const columns = "id, kind, owner_person, owner_node, unit, status, made_at, opened_at, opened_by, batch"

func (s *Service) one(ctx context.Context, q db.Queryer, condition string, args ...any) (Space, error) {
	var sp Space
	var made, opened int64
	err := q.QueryRow(ctx, "SELECT "+columns+" FROM space WHERE "+condition, args...).
		Scan(&sp.ID, &sp.Kind, &sp.Person, &sp.Node, &sp.Unit, &sp.Status, &made, &opened, &sp.OpenedBy, &sp.Batch)
	if errors.Is(err, db.ErrNoRows) {
		return Space{}, errMissing()
	}
	if err != nil {
		return Space{}, fmt.Errorf("read space: %w", err)
	}
	sp.Made, sp.Opened = clock.FromMillis(made), clock.FromMillis(opened)
	return sp, nil
}

// Get returns a space whose owner the actor may see; else ErrNotFound.
func (s *Service) Get(ctx context.Context, by access.Actor, space id.Space) (Space, error) {
	sp, err := s.one(ctx, s.db, "id = $1", space.Int())
	if err != nil {
		return Space{}, err
	}
	if sp.Node != 0 {
		_, err = s.org.Get(ctx, by, sp.Node)
	} else {
		_, err = s.people.Get(ctx, by, sp.Person)
	}
	if errors.Is(err, fault.ErrNotFound) {
		return Space{}, errMissing()
	}
	if err != nil {
		return Space{}, err
	}
	return sp, nil
}

// OfNode returns the space of a node that the actor may see; else ErrNotFound.
func (s *Service) OfNode(ctx context.Context, by access.Actor, node id.Node) (Space, error) {
	if _, err := s.org.Get(ctx, by, node); err != nil {
		return Space{}, err
	}
	return s.one(ctx, s.db, "owner_node = $1 AND owner_node <> 0", node.Int())
}

// OfPerson returns the personal space of a person whom the actor may see; else
// ErrNotFound.
func (s *Service) OfPerson(ctx context.Context, by access.Actor, who id.Person) (Space, error) {
	if _, err := s.people.Get(ctx, by, who); err != nil {
		return Space{}, err
	}
	return s.one(ctx, s.db, "owner_person = $1 AND owner_person <> 0", who.Int())
}

// OfNodes returns the spaces of those nodes that the actor may see, by node.
func (s *Service) OfNodes(ctx context.Context, by access.Actor, nodes []id.Node) (map[id.Node]Space, error) {
	seen, err := s.org.GetMany(ctx, by, nodes)
	if err != nil {
		return nil, err
	}
	out := make(map[id.Node]Space, len(seen))
	all := make([]id.Node, 0, len(seen))
	for n := range seen {
		all = append(all, n)
	}
	for len(all) > 0 {
		part := all[:min(500, len(all))]
		all = all[len(part):]
		if err := s.ofNodes(ctx, part, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) ofNodes(ctx context.Context, nodes []id.Node, out map[id.Node]Space) error {
	var args db.Args
	rows, err := s.db.Query(ctx, "SELECT "+columns+" FROM space WHERE owner_node <> 0 AND owner_node IN ("+db.List(&args, nodes)+")", args...)
	if err != nil {
		return fmt.Errorf("read spaces: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var sp Space
		var made, opened int64
		if err := rows.Scan(&sp.ID, &sp.Kind, &sp.Person, &sp.Node, &sp.Unit, &sp.Status, &made, &opened, &sp.OpenedBy, &sp.Batch); err != nil {
			return fmt.Errorf("read spaces: %w", err)
		}
		sp.Made, sp.Opened = clock.FromMillis(made), clock.FromMillis(opened)
		out[sp.Node] = sp
	}
	return rows.Err()
}
