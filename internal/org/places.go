package org

import (
	"context"
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
// a person may do.
func Spots(ctx context.Context, q db.Queryer, nodes []id.Node) (map[id.Node]Spot, error) {
	found, err := findNodes(ctx, q, nodes)
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	out := make(map[id.Node]Spot, len(found))
	for _, n := range found {
		out[n.ID] = Spot{Path: n.Path, Kind: n.Kind, Status: n.Status}
	}
	return out, nil
}
