package org

import (
	"context"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Search finds nodes other than classes at or below a visible node by a part of
// the name or the beginning of the code, as far as the actor holds org.read
// there, in order of kind and code; at most limit (0: 50).
func (s *Service) Search(ctx context.Context, by access.Actor, node id.Node, text string, limit int) ([]Node, error) {
	n, err := s.Get(ctx, by, node)
	if err != nil {
		return nil, err
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if limit <= 0 {
		limit = 50
	}
	var args db.Args
	like := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text)
	q := "SELECT " + nodeColumns + " FROM org_node WHERE kind <> 'class' AND " + subtree("path", n.Path, &args) +
		" AND " + by.Scope(access.OrgRead).Paths("path", &args) +
		" AND (name LIKE " + args.Add("%"+like+"%") + ` ESCAPE '\' OR name_ko LIKE ` + args.Add("%"+like+"%") + ` ESCAPE '\' OR code LIKE ` + args.Add(like+"%") + ` ESCAPE '\')` +
		" ORDER BY " + rank + ", code, id LIMIT " + args.Add(limit)
	return readNodes(s.db.Query(ctx, q, args...))
}

// Pick finds nodes by their whole code or a part of the name where the actor
// holds p, in order of kind and code, classes left out; at most limit (0: 20).
func (s *Service) Pick(ctx context.Context, by access.Actor, p access.Permission, text string, limit int) ([]Node, error) {
	scope := by.Scope(p)
	text = strings.TrimSpace(text)
	if scope.Empty() || text == "" {
		return nil, nil
	}
	if limit <= 0 {
		limit = 20
	}
	var args db.Args
	like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
	q := "SELECT " + nodeColumns + " FROM org_node WHERE kind <> 'class' AND " + scope.Paths("path", &args) +
		" AND (name LIKE " + args.Add(like) + ` ESCAPE '\' OR name_ko LIKE ` + args.Add(like) + ` ESCAPE '\' OR code = ` + args.Add(codes.FullRegionCode(text)) + ")" +
		" ORDER BY " + rank + ", code, id LIMIT " + args.Add(limit)
	return readNodes(s.db.Query(ctx, q, args...))
}

// PickOne returns a node where the actor holds p, with the open classes of a
// school; else ErrNotFound.
func (s *Service) PickOne(ctx context.Context, by access.Actor, p access.Permission, node id.Node) (Node, []Node, error) {
	n, err := findNode(ctx, s.db, node)
	if err != nil {
		return Node{}, nil, err
	}
	if !by.Allows(p, n.Path) {
		return Node{}, nil, errMissing()
	}
	if !n.IsSchool() {
		return n, nil, nil
	}
	classes, err := classesOf(ctx, s.db, n.ID)
	return n, classes, err
}
