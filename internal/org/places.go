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
	out := make(map[id.Node]Spot, len(nodes))
	for part := range chunks(nodes, 400) {
		var args db.Args
		rows, err := q.Query(ctx, "SELECT id, path, kind, status FROM org_node WHERE id IN ("+db.List(&args, part)+")", args...)
		if err != nil {
			return nil, fmt.Errorf("read places: %w", err)
		}
		for rows.Next() {
			var node id.Node
			var s Spot
			if err := rows.Scan(&node, &s.Path, &s.Kind, &s.Status); err != nil {
				rows.Close()
				return nil, fmt.Errorf("read places: %w", err)
			}
			out[node] = s
		}
		if err := rows.Err(); err != nil {
			rows.Close()
			return nil, fmt.Errorf("read places: %w", err)
		}
		rows.Close()
	}
	return out, nil
}
