package org

import (
	"context"

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
