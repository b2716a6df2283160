package org

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
)

// SpaceMaker makes and removes the institution spaces of nodes, inside the
// transaction that ctx carries. The package space implements it.
type SpaceMaker interface {
	MakeInstitution(ctx context.Context, by access.Actor, nodes []Node) error
	UnmakeInstitution(ctx context.Context, by access.Actor, nodes []id.Node) error
	// OpenDue opens what waited for the person to become a manager.
	OpenDue(ctx context.Context, by access.Actor, person id.Person) error
}

// People tells what org must know of people. The package person implements it.
type People interface {
	// Within reports whether the person has an affiliation today in a place
	// where the actor holds p.
	Within(ctx context.Context, by access.Actor, p access.Permission, person id.Person) (bool, error)
	// Holds reports whether the roster gives the person the role at the node today.
	Holds(ctx context.Context, by access.Actor, person id.Person, node id.Node, role access.Role) (bool, error)
	// WorksAt reports whether the person has a place of staff at one of the units
	// today.
	WorksAt(ctx context.Context, by access.Actor, person id.Person, units ...id.Node) (bool, error)
}

// Service is the front door of the tree and of the roles held in it.
type Service struct {
	// Spaces makes the space of each new node; nil makes none.
	Spaces SpaceMaker
	// People checks to whom a role is given; nil lets only the command line and
	// the system give roles.
	People People

	db    *db.DB
	ids   *id.Source
	clk   clock.Clock
	log   *event.Log
	trail *audit.Trail
}

// New returns the service. Whoever builds it sets Spaces and People before use.
func New(d *db.DB, ids *id.Source, clk clock.Clock, log *event.Log, trail *audit.Trail) *Service {
	return &Service{db: d, ids: ids, clk: clk, log: log, trail: trail}
}

// today is the day by the service's clock.
func (s *Service) today() clock.Day { return clock.DayOf(s.clk.Now()) }

// errMissing is what a node that is not there, or is not to be seen, answers.
func errMissing() error { return fault.New(fault.ErrNotFound, "org.missing") }

// visible reports whether the actor may open the node: by org.read, or because
// it holds the active role at the node, below it within the same school, or
// above it.
func visible(by access.Actor, n Node) bool {
	if by.Allows(access.OrgRead, n.Path) {
		return true
	}
	for _, at := range by.Places {
		if at.Role != by.Role || access.IsRoot(at.Path) {
			continue
		}
		if at.Node == n.ID || access.Covers(at.Path, n.Path) || (n.IsSchool() || n.Kind == KindClass) && access.Covers(n.Path, at.Path) {
			return true
		}
	}
	return false
}

// mustHold answers whether the actor may do p at n: nil, not found where the
// node is not even to be seen, else forbidden.
func mustHold(by access.Actor, p access.Permission, n Node) error {
	switch {
	case by.Allows(p, n.Path):
		return nil
	case visible(by, n):
		return fault.New(fault.ErrForbidden, "org.forbidden")
	}
	return errMissing()
}

// Get returns a node that the actor may see; else ErrNotFound.
func (s *Service) Get(ctx context.Context, by access.Actor, node id.Node) (Node, error) {
	n, err := findNode(ctx, s.db, node)
	if err != nil {
		return Node{}, err
	}
	if !visible(by, n) {
		return Node{}, errMissing()
	}
	return n, nil
}

// ByCode returns the node with this code; "22" is the province. ErrNotFound
// where there is none that the actor may see.
func (s *Service) ByCode(ctx context.Context, by access.Actor, code string) (Node, error) {
	n, err := findCode(ctx, s.db, code)
	if err != nil {
		return Node{}, err
	}
	if !visible(by, n) {
		return Node{}, errMissing()
	}
	return n, nil
}

// Root returns the province. Its name is public, so everybody may ask.
func (s *Service) Root(ctx context.Context, by access.Actor) (Node, error) {
	return oneNode(ctx, s.db, "path = $1", rootPath)
}

// NodePath returns the path of a node for the permission check of another
// package, or ErrNotFound. It checks nothing itself: the caller does.
func (s *Service) NodePath(ctx context.Context, by access.Actor, node id.Node) (string, error) {
	return Path(ctx, s.db, node)
}

// Path reads the path of a node through q, or ErrNotFound.
func Path(ctx context.Context, q db.Queryer, node id.Node) (string, error) {
	var path string
	err := q.QueryRow(ctx, "SELECT path FROM org_node WHERE id = $1", node.Int()).Scan(&path)
	if errors.Is(err, db.ErrNoRows) {
		return "", errMissing()
	}
	if err != nil {
		return "", fmt.Errorf("path of node %d: %w", node, err)
	}
	return path, nil
}

// Ancestors returns the nodes above a visible node, the province first, and the
// node itself last: the crumbs of a page. The names of what stands above one's
// own place are public.
func (s *Service) Ancestors(ctx context.Context, by access.Actor, node id.Node) ([]Node, error) {
	n, err := s.Get(ctx, by, node)
	if err != nil {
		return nil, err
	}
	return pathNodes(ctx, s.db, n.Path)
}

// GetMany returns those of the nodes that the actor may see, by id.
func (s *Service) GetMany(ctx context.Context, by access.Actor, nodes []id.Node) (map[id.Node]Node, error) {
	found, err := findNodes(ctx, s.db, nodes)
	if err != nil {
		return nil, err
	}
	for k, n := range found {
		if !visible(by, n) {
			delete(found, k)
		}
	}
	return found, nil
}

// Classes returns the open classes of a school, campus or point, by stage,
// entry year (the youngest last) and number.
func (s *Service) Classes(ctx context.Context, by access.Actor, school id.Node) ([]Node, error) {
	n, err := s.Get(ctx, by, school)
	if err != nil {
		return nil, err
	}
	all, err := classesOf(ctx, s.db, n.ID)
	if err != nil {
		return nil, err
	}
	seen := all[:0]
	for _, c := range all {
		if visible(by, c) {
			seen = append(seen, c)
		}
	}
	return seen, nil
}

// Counts returns the number of open nodes of each kind below a node that the
// actor may read, the node itself left out.
func (s *Service) Counts(ctx context.Context, by access.Actor, node id.Node) (map[string]int, error) {
	n, err := s.Get(ctx, by, node)
	if err != nil {
		return nil, err
	}
	scope := by.Scope(access.OrgRead)
	if scope.Empty() {
		return map[string]int{}, nil
	}
	var args db.Args
	q := "SELECT kind, COUNT(*) FROM org_node WHERE kind IN (" + db.List(&args, Kinds()) + ") AND status IN ('normal', 'suspended')" +
		" AND path > " + args.Add(n.Path) + " AND path < " + args.Add(access.UpperBound(n.Path)) +
		" AND " + scope.Paths("path", &args) + " GROUP BY kind"
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("count below node %d: %w", node, err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var kind string
		var count int
		if err := rows.Scan(&kind, &count); err != nil {
			return nil, fmt.Errorf("count below node %d: %w", node, err)
		}
		out[kind] = count
	}
	return out, rows.Err()
}
