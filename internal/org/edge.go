package org

import (
	"context"
	"errors"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// edge is one stretch of a node's place in a tree.
type edge struct {
	ID       id.Edge
	Node     id.Node
	Parent   id.Node
	Tree     Tree
	From, To clock.Day
	Applied  bool
	Document string
}

const edgeColumns = "id, node, parent, tree, from_on, to_on, applied, document"

func scanEdge(row scanner) (edge, error) {
	var e edge
	err := row.Scan(&e.ID, &e.Node, &e.Parent, &e.Tree, &e.From, &e.To, &e.Applied, &e.Document)
	return e, err
}

// Edge is one stretch of days during which a node stood under a parent.
type Edge struct {
	Parent   id.Node
	Tree     Tree
	From, To clock.Day // half open; To 0: still, From 0: since the beginning
	Applied  bool      // false: waits for its day
	Document string
}

// History returns where a visible node stood and will stand in a tree, the
// oldest first. Classes have none.
func (s *Service) History(ctx context.Context, by access.Actor, node id.Node, tree Tree) ([]Edge, error) {
	if _, err := s.Get(ctx, by, node); err != nil {
		return nil, err
	}
	all, err := edgesOf(ctx, s.db, "node = $1 AND tree = $2", node.Int(), string(tree))
	if err != nil {
		return nil, err
	}
	out := make([]Edge, len(all))
	for i, e := range all {
		out[i] = Edge{Parent: e.Parent, Tree: e.Tree, From: e.From, To: e.To, Applied: e.Applied, Document: e.Document}
	}
	return out, nil
}

func edgesOf(ctx context.Context, q db.Queryer, condition string, args ...any) ([]edge, error) {
	rows, err := q.Query(ctx, "SELECT "+edgeColumns+" FROM org_edge WHERE "+condition+" ORDER BY node, tree, from_on", args...)
	if err != nil {
		return nil, fmt.Errorf("read edges: %w", err)
	}
	defer rows.Close()
	var out []edge
	for rows.Next() {
		e, err := scanEdge(rows)
		if err != nil {
			return nil, fmt.Errorf("read edges: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// dueEdges reads the edges that wait and whose day has come, in order of day.
func dueEdges(ctx context.Context, q db.Queryer, today clock.Day) ([]edge, error) {
	rows, err := q.Query(ctx, "SELECT "+edgeColumns+" FROM org_edge WHERE applied = 0 AND from_on <= $1 ORDER BY from_on, id", int64(today))
	if err != nil {
		return nil, fmt.Errorf("read due edges: %w", err)
	}
	defer rows.Close()
	var out []edge
	for rows.Next() {
		e, err := scanEdge(rows)
		if err != nil {
			return nil, fmt.Errorf("read due edges: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// putEdge writes an edge into the history of its node: it ends where the next
// one begins, and the one before ends where it begins. On the same day the
// later word holds.
func (s *Service) putEdge(ctx context.Context, tx *db.Tx, by access.Actor, e edge) error {
	same, err := tx.Exec(ctx, "UPDATE org_edge SET parent = $1, applied = $2, document = $3 WHERE node = $4 AND tree = $5 AND from_on = $6",
		e.Parent.Int(), bit(e.Applied), e.Document, e.Node.Int(), string(e.Tree), int64(e.From))
	if err != nil {
		return fmt.Errorf("replace edge: %w", err)
	}
	if same > 0 {
		return nil
	}
	err = tx.QueryRow(ctx, "SELECT from_on FROM org_edge WHERE node = $1 AND tree = $2 AND from_on > $3 ORDER BY from_on LIMIT 1",
		e.Node.Int(), string(e.Tree), int64(e.From)).Scan(&e.To)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return fmt.Errorf("find next edge: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE org_edge SET to_on = $1 WHERE node = $2 AND tree = $3 AND from_on < $4 AND (to_on = 0 OR to_on > $5)",
		int64(e.From), e.Node.Int(), string(e.Tree), int64(e.From), int64(e.From)); err != nil {
		return fmt.Errorf("end edge: %w", err)
	}
	return s.insertEdges(ctx, tx, by, []edge{e})
}

// insertFirstEdges writes the first edges of new nodes in both trees.
func (s *Service) insertFirstEdges(ctx context.Context, tx *db.Tx, by access.Actor, nodes []Node) error {
	var edges []edge
	for _, n := range nodes {
		if n.Kind == KindClass || n.Parent == 0 {
			continue
		}
		edges = append(edges,
			edge{Node: n.ID, Parent: n.Parent, Tree: Admin, From: n.From, To: closedTo(n), Applied: true},
			edge{Node: n.ID, Parent: n.Report, Tree: Report, From: n.From, To: closedTo(n), Applied: true})
	}
	return s.insertEdges(ctx, tx, by, edges)
}

// closedTo is the last day of a node that is closed already.
func closedTo(n Node) clock.Day {
	if n.Closed() {
		return n.To
	}
	return 0
}

func (s *Service) insertEdges(ctx context.Context, tx *db.Tx, by access.Actor, edges []edge) error {
	if len(edges) == 0 {
		return nil
	}
	now := s.clk.Now().UnixMilli()
	_, err := tx.Bulk(ctx, db.Bulk{
		Table:   "org_edge",
		Columns: []string{"id", "node", "parent", "tree", "from_on", "to_on", "applied", "document", "made_by", "made_at"},
		Rows: func(yield func([]any) bool) {
			for _, e := range edges {
				if !yield([]any{s.ids.Next(), e.Node.Int(), e.Parent.Int(), string(e.Tree), int64(e.From), int64(e.To),
					bit(e.Applied), e.Document, by.Person.Int(), now}) {
					return
				}
			}
		},
	})
	if err != nil {
		return fmt.Errorf("insert %d edges: %w", len(edges), err)
	}
	return nil
}
