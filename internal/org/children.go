package org

import (
	"context"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// ChildList says which children of a node to list.
type ChildList struct {
	Node   id.Node
	Tree   Tree     // Admin when empty
	Kinds  []string // nil: every kind but classes
	Closed bool     // closed ones too
	After  string   // cursor of the page before; "" for the first
	Limit  int      // 0: 50
}

// rank orders children as official lists do: prefectures, counties, then
// zones; units that report to the province themselves stand after the
// prefectures.
const rank = "CASE kind WHEN 'prefecture' THEN 1 WHEN 'county' THEN 2 WHEN 'zone' THEN 3 WHEN 'district' THEN 4" +
	" WHEN 'office' THEN 5 WHEN 'school' THEN 6 WHEN 'campus' THEN 7 WHEN 'point' THEN 8 ELSE 9 END"

// Children lists the children of a visible node in one tree, as far as the
// actor holds org.read there, in order of kind and code. next is the cursor of
// the next page, "" on the last one.
func (s *Service) Children(ctx context.Context, by access.Actor, list ChildList) (nodes []Node, next string, err error) {
	n, err := s.Get(ctx, by, list.Node)
	if err != nil {
		return nil, "", err
	}
	if list.Limit <= 0 {
		list.Limit = 50
	}
	kinds := list.Kinds
	if kinds == nil {
		kinds = Kinds()[1:8]
		kinds = append(kinds, KindOffice)
	}
	var args db.Args
	parent := "parent"
	if list.Tree == Report {
		parent = "report"
	}
	q := "SELECT " + nodeColumns + " FROM org_node WHERE " + parent + " = " + args.Add(n.ID.Int()) +
		" AND kind IN (" + db.List(&args, kinds) + ") AND " + by.Scope(access.OrgRead).Paths("path", &args)
	if !list.Closed {
		q += " AND status <> 'closed'"
	}
	if list.After != "" {
		at, code, node, err := parseCursor(list.After)
		if err != nil {
			return nil, "", err
		}
		q += " AND (" + rank + ", code, id) > (" + args.Add(at) + ", " + args.Add(code) + ", " + args.Add(node) + ")"
	}
	q += " ORDER BY " + rank + ", code, id LIMIT " + args.Add(list.Limit+1)
	nodes, err = readNodes(s.db.Query(ctx, q, args...))
	if err != nil {
		return nil, "", err
	}
	if len(nodes) > list.Limit {
		nodes = nodes[:list.Limit]
		next = cursor(nodes[list.Limit-1])
	}
	return nodes, next, nil
}

// ranks are the numbers of rank, by kind.
var ranks = map[string]int64{KindPrefecture: 1, KindCounty: 2, KindZone: 3, KindDistrict: 4, KindOffice: 5,
	KindSchool: 6, KindCampus: 7, KindPoint: 8, KindClass: 9}

func cursor(n Node) string {
	return strconv.FormatInt(ranks[n.Kind], 10) + "." + n.ID.String() + "." + n.Code
}

func parseCursor(text string) (rank int64, code string, node int64, err error) {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) == 3 {
		var err1, err2 error
		rank, err1 = strconv.ParseInt(parts[0], 10, 64)
		node, err2 = strconv.ParseInt(parts[1], 10, 64)
		if err1 == nil && err2 == nil {
			return rank, parts[2], node, nil
		}
	}
	return 0, "", 0, fault.New(fault.ErrNotFound, "org.page_missing")
}

// PublicName returns kind, code and names of a node, which are public, and
// nothing else of it; for pages that say under whom a visible node stood.
func (s *Service) PublicName(ctx context.Context, by access.Actor, node id.Node) (Node, error) {
	n, err := findNode(ctx, s.db, node)
	if err != nil {
		return Node{}, err
	}
	if n.Kind == KindClass && !visible(by, n) {
		return Node{}, errMissing()
	}
	return Node{ID: n.ID, Kind: n.Kind, Code: n.Code, Name: n.Name, NameKo: n.NameKo}, nil
}
