package org

import (
	"context"
	"strings"

	"learnspace/internal/db"
	"learnspace/internal/id"
)

// School reads the open school, campus or point with this code through q, or
// ErrNotFound. School codes are public, so it checks nothing: a caller that
// shows or changes anything of the school does.
func School(ctx context.Context, q db.Queryer, code string) (Node, error) {
	n, err := findCode(ctx, q, code)
	if err != nil {
		return Node{}, err
	}
	if !n.IsSchool() || n.Closed() {
		return Node{}, errMissing()
	}
	return n, nil
}

// Nodes reads nodes through q for the rules of another package; it checks
// nothing.
func Nodes(ctx context.Context, q db.Queryer, nodes []id.Node) (map[id.Node]Node, error) {
	return findNodes(ctx, q, nodes)
}

// OpenClasses reads the open classes of a school through q for the rules of
// another package; it checks nothing.
func OpenClasses(ctx context.Context, q db.Queryer, school id.Node) ([]Node, error) {
	return classesOf(ctx, q, school)
}

// SchoolNamed reads the open school, campus or point with this name below a
// path, or ErrNotFound where none or several have it.
func SchoolNamed(ctx context.Context, q db.Queryer, path, name string) (Node, error) {
	var args db.Args
	found, err := readNodes(q.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE "+subtree("path", path, &args)+
		" AND kind IN ('school', 'campus', 'point') AND status <> 'closed' AND name = "+args.Add(name)+" LIMIT 2", args...))
	if err != nil {
		return Node{}, err
	}
	if len(found) != 1 {
		return Node{}, errMissing()
	}
	return found[0], nil
}

// SchoolsBelow reads the open schools, campuses and points below a path, and the
// regions above them up to the province, through q for the rules of another package;
// it checks nothing.
func SchoolsBelow(ctx context.Context, q db.Queryer, path string) (schools, regions []Node, err error) {
	var args db.Args
	in := subtree("path", path, &args)
	var above []string
	for i := range len(path) - 1 {
		if path[i] == '/' {
			above = append(above, args.Add(path[:i+1]))
		}
	}
	where := "(" + in + ")"
	if len(above) > 0 {
		where = "(" + in + " OR path IN (" + strings.Join(above, ", ") + "))"
	}
	found, err := readNodes(q.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE "+where+
		" AND kind NOT IN ('class', 'office') AND status <> 'closed' ORDER BY id", args...))
	if err != nil {
		return nil, nil, err
	}
	for _, n := range found {
		switch {
		case n.IsRegion():
			regions = append(regions, n)
		case n.IsSchool() && strings.HasPrefix(n.Path, path):
			schools = append(schools, n)
		}
	}
	return schools, regions, nil
}
