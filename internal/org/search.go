package org

import (
	"context"
	"strings"

	"learnspace/internal/access"
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
