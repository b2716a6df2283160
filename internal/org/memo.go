package org

import (
	"context"

	"learnspace/internal/db"
	"learnspace/internal/id"
)

// memo keeps the nodes that were read in a view: a page asks for the same few
// nodes at every rule it passes.
type memo struct {
	nodes   map[id.Node]Node
	paths   map[string]id.Node
	classes map[id.Node][]Node
}

// memoOf returns the memo of the view in ctx, or nil.
func memoOf(ctx context.Context, q db.Queryer) *memo {
	m := db.Memo[memo](ctx, q)
	if m != nil && m.nodes == nil {
		*m = memo{nodes: map[id.Node]Node{}, paths: map[string]id.Node{}, classes: map[id.Node][]Node{}}
	}
	return m
}

// keep remembers nodes; a nil memo forgets them.
func (m *memo) keep(nodes ...Node) {
	if m == nil {
		return
	}
	for _, n := range nodes {
		m.nodes[n.ID], m.paths[n.Path] = n, n.ID
	}
}

// node returns a node that was read before.
func (m *memo) node(node id.Node) (Node, bool) {
	if m == nil {
		return Node{}, false
	}
	n, ok := m.nodes[node]
	return n, ok
}

// at returns the nodes at the paths when each of them was read before.
func (m *memo) at(paths []string) ([]Node, bool) {
	if m == nil {
		return nil, false
	}
	out := make([]Node, len(paths))
	for i, p := range paths {
		node, ok := m.paths[p]
		if !ok {
			return nil, false
		}
		out[i] = m.nodes[node]
	}
	return out, true
}
