package org

import (
	"context"
	"errors"
	"fmt"

	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Spot is what rights at a node depend on.
type Spot struct {
	Path   string
	Kind   string
	Status string
}

// Spots reads path, kind and status of several nodes through q; unknown ones
// are left out. It checks nothing: it serves the sign-in, which finds out what
// a person may do. In a view it reads the whole nodes, since the page that
// follows asks for them.
func Spots(ctx context.Context, q db.Queryer, nodes []id.Node) (map[id.Node]Spot, error) {
	out := make(map[id.Node]Spot, len(nodes))
	if memoOf(ctx, q) != nil {
		found, err := findNodes(ctx, q, nodes)
		for _, n := range found {
			out[n.ID] = Spot{Path: n.Path, Kind: n.Kind, Status: n.Status}
		}
		return out, err
	}
	for part := range chunks(nodes, chunk) {
		if err := readSpots(ctx, q, part, out); err != nil {
			return nil, fmt.Errorf("read places: %w", err)
		}
	}
	return out, nil
}

// SpotOf is [Spots] for one node; an unknown one has the zero Spot.
func SpotOf(ctx context.Context, q db.Queryer, node id.Node) (Spot, error) {
	if n, ok := memoOf(ctx, q).node(node); ok {
		return Spot{Path: n.Path, Kind: n.Kind, Status: n.Status}, nil
	}
	var s Spot
	err := q.QueryRow(ctx, "SELECT path, kind, status FROM org_node WHERE id = $1", node.Int()).Scan(&s.Path, &s.Kind, &s.Status)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return Spot{}, fmt.Errorf("read a place: %w", err)
	}
	return s, nil
}

func readSpots(ctx context.Context, q db.Queryer, nodes []id.Node, out map[id.Node]Spot) error {
	var args db.Args
	rows, err := q.Query(ctx, "SELECT id, path, kind, status FROM org_node WHERE id IN ("+db.List(&args, nodes)+")", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var node id.Node
		var s Spot
		if err := rows.Scan(&node, &s.Path, &s.Kind, &s.Status); err != nil {
			return err
		}
		out[node] = s
	}
	return rows.Err()
}
