package org

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// nodeColumns are the columns that scanNode reads, in its order, before more.
const nodeColumns = "id, code, kind, name, name_ko, parent, report, path, unit, type, stage, entry_year, class_no," +
	" status, from_on, to_on, flag, five_four, lang, confirmed_at, confirmed_by, version, made_at"

// scanner is a row that can be read.
type scanner interface{ Scan(dest ...any) error }

func scanNode(row scanner, more ...any) (Node, error) {
	var n Node
	var confirmed, made int64
	err := row.Scan(append([]any{&n.ID, &n.Code, &n.Kind, &n.Name, &n.NameKo, &n.Parent, &n.Report, &n.Path, &n.Unit, &n.Type,
		&n.Stage, &n.EntryYear, &n.ClassNo, &n.Status, &n.From, &n.To, &n.Flag, &n.FiveFour, &n.Lang,
		&confirmed, &n.ConfirmedBy, &n.Version, &made}, more...)...)
	n.Confirmed, n.Made = clock.FromMillis(confirmed), clock.FromMillis(made)
	return n, err
}

// oneNode reads the node that the condition names, or ErrNotFound.
func oneNode(ctx context.Context, q db.Queryer, condition string, args ...any) (Node, error) {
	n, err := scanNode(q.QueryRow(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE "+condition, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Node{}, errMissing()
	}
	if err != nil {
		return Node{}, fmt.Errorf("read node: %w", err)
	}
	return n, nil
}

func findNode(ctx context.Context, q db.Queryer, node id.Node) (Node, error) {
	m := memoOf(ctx, q)
	if n, ok := m.node(node); ok {
		return n, nil
	}
	n, err := oneNode(ctx, q, "id = $1", node.Int())
	if err == nil {
		m.keep(n)
	}
	return n, err
}

func findCode(ctx context.Context, q db.Queryer, code string) (Node, error) {
	if code = codes.FullRegionCode(strings.TrimSpace(code)); code == "" {
		return Node{}, errMissing()
	}
	return oneNode(ctx, q, "code = $1 AND code <> ''", code)
}

// readNodes reads all rows of a query over nodeColumns.
func readNodes(rows *sql.Rows, err error) ([]Node, error) {
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	defer rows.Close()
	var out []Node
	for rows.Next() {
		n, err := scanNode(rows)
		if err != nil {
			return nil, fmt.Errorf("read nodes: %w", err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// chunk is how many placeholders one statement takes at most.
const chunk = 500

func findNodes(ctx context.Context, q db.Queryer, nodes []id.Node) (map[id.Node]Node, error) {
	out := make(map[id.Node]Node, len(nodes))
	m := memoOf(ctx, q)
	var unread []id.Node
	for _, node := range nodes {
		if n, ok := m.node(node); ok {
			out[node] = n
		} else {
			unread = append(unread, node)
		}
	}
	for part := range chunks(unread, chunk) {
		var args db.Args
		list := db.List(&args, part)
		found, err := readNodes(q.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE id IN ("+list+")", args...))
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			out[n.ID] = n
		}
		m.keep(found...)
	}
	return out, nil
}

// chunks cuts a slice into parts of at most n.
func chunks[T any](all []T, n int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for len(all) > 0 {
			k := min(n, len(all))
			if !yield(all[:k]) {
				return
			}
			all = all[k:]
		}
	}
}

// pathNodes reads the nodes on the way from the province to path.
func pathNodes(ctx context.Context, q db.Queryer, path string) ([]Node, error) {
	var args db.Args
	var paths []string
	for i, c := range path {
		if c == '/' {
			paths = append(paths, path[:i+1])
		}
	}
	m := memoOf(ctx, q)
	if nodes, ok := m.at(paths); ok {
		return nodes, nil
	}
	list := db.List(&args, paths)
	nodes, err := readNodes(q.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE path IN ("+list+") ORDER BY path", args...))
	m.keep(nodes...)
	return nodes, err
}

func classesOf(ctx context.Context, q db.Queryer, school id.Node) ([]Node, error) {
	m := memoOf(ctx, q)
	if m != nil && m.classes[school] != nil {
		return slices.Clone(m.classes[school]), nil
	}
	classes, err := readNodes(q.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE parent = $1 AND kind = 'class'"+
		" AND status <> 'closed' ORDER BY CASE stage WHEN 'K' THEN 0 WHEN 'P' THEN 1 WHEN 'J' THEN 2 WHEN 'S' THEN 3 ELSE 4 END,"+
		" entry_year DESC, class_no", school.Int()))
	if err == nil && m != nil {
		m.keep(classes...)
		m.classes[school] = slices.Clone(classes)
	}
	return classes, err
}

// takeOrdinals locks the parent and takes n ordinals; it returns the parent as
// locked and the first ordinal. Two who add to one parent wait for each other
// here.
func takeOrdinals(ctx context.Context, tx *db.Tx, parent id.Node, n int) (Node, int64, error) {
	var last int64
	p, err := scanNode(tx.QueryRow(ctx, "UPDATE org_node SET version = version + 1, last_ordinal = last_ordinal + $1 WHERE id = $2"+
		" RETURNING "+nodeColumns+", last_ordinal", n, parent.Int()), &last)
	if errors.Is(err, db.ErrNoRows) {
		return Node{}, 0, errMissing()
	}
	if err != nil {
		return Node{}, 0, fmt.Errorf("take ordinals under node %d: %w", parent, err)
	}
	return p, last - int64(n) + 1, nil
}

// lockTree makes moves wait for each other: two at once could make a circle.
func lockTree(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, "UPDATE org_node SET version = version + 1 WHERE path = $1", rootPath); err != nil {
		return fmt.Errorf("lock the tree: %w", err)
	}
	return nil
}

// insertNodes writes new nodes whose paths and ordinals are set.
func insertNodes(ctx context.Context, tx *db.Tx, nodes []Node, ordinals []int64) error {
	_, err := tx.Bulk(ctx, db.Bulk{
		Table: "org_node",
		Columns: []string{"id", "code", "kind", "name", "name_ko", "parent", "report", "path", "ordinal", "unit", "type",
			"stage", "entry_year", "class_no", "status", "from_on", "to_on", "flag", "five_four", "lang", "made_at"},
		Rows: func(yield func([]any) bool) {
			for i, n := range nodes {
				if !yield([]any{n.ID.Int(), n.Code, n.Kind, n.Name, n.NameKo, n.Parent.Int(), n.Report.Int(), n.Path, ordinals[i],
					n.Unit.Int(), n.Type, n.Stage, int64(n.EntryYear), int64(n.ClassNo), n.Status, int64(n.From), int64(n.To), n.Flag,
					bit(n.FiveFour), n.Lang, clock.Millis(n.Made)}) {
					return
				}
			}
		},
	})
	if err != nil {
		return fmt.Errorf("insert %d nodes: %w", len(nodes), err)
	}
	return nil
}

// updateNode writes back what an import or a state change may alter.
func updateNode(ctx context.Context, tx *db.Tx, n Node) error {
	changed, err := tx.Exec(ctx, "UPDATE org_node SET name = $1, name_ko = $2, type = $3, status = $4, from_on = $5, to_on = $6,"+
		" flag = $7, five_four = $8, lang = $9, version = version + 1 WHERE id = $10",
		n.Name, n.NameKo, n.Type, n.Status, int64(n.From), int64(n.To), n.Flag, bit(n.FiveFour), n.Lang, n.ID.Int())
	if err != nil {
		return fmt.Errorf("update node %d: %w", n.ID, err)
	}
	if changed == 0 {
		return errMissing()
	}
	return nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// subtree is the condition that column lies at or below path.
func subtree(column, path string, args *db.Args) string {
	return "(" + column + " >= " + args.Add(path) + " AND " + column + " < " + args.Add(access.UpperBound(path)) + ")"
}
