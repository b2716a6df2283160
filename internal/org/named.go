package org

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/id"
)

// Named returns those of the nodes at which the actor holds p, for pages that
// name places and open none of them.
func (s *Service) Named(ctx context.Context, by access.Actor, p access.Permission, nodes []id.Node) (map[id.Node]Node, error) {
	found, err := findNodes(ctx, s.db, nodes)
	if err != nil {
		return nil, err
	}
	for k, n := range found {
		if !by.Allows(p, n.Path) {
			delete(found, k)
		}
	}
	return found, nil
}
