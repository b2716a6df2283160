package org

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// EnsureProvince makes the root of the tree when it is not there, and reports
// whether it did. Only the command line and the system may.
func (s *Service) EnsureProvince(ctx context.Context, by access.Actor, name, flag string) (Node, bool, error) {
	if !by.IsOperator() && !by.IsSystem() {
		return Node{}, false, fault.New(fault.ErrForbidden, "org.forbidden")
	}
	n := Node{Code: codes.Province, Kind: KindProvince, Name: name, Flag: flag, Status: StatusNormal, Lang: "zh"}
	if n.Flag == "" {
		n.Flag = FlagNormal
	}
	made := false
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		made = false
		found, err := oneNode(ctx, tx, "path = $1", rootPath)
		if err == nil {
			n = found
			return nil
		}
		if fault.Kind(err) != fault.ErrNotFound {
			return err
		}
		fresh, err := s.insert(ctx, tx, by, []Node{n})
		if err != nil {
			return err
		}
		n, made = fresh[0], true
		return s.trail.Append(ctx, tx, s.entry(by, "org.made", n.ID, ""))
	})
	if err != nil {
		return Node{}, false, fmt.Errorf("make the province: %w", err)
	}
	return n, made, nil
}

// insert makes nodes of which kind, parent and the like are set: it gives ids
// where there are none, ordinals, paths and units, and writes nodes, edges,
// events and spaces. The parents are there already.
func (s *Service) insert(ctx context.Context, tx *db.Tx, by access.Actor, drafts []Node) ([]Node, error) {
	nodes := make([]Node, len(drafts))
	ordinals := make([]int64, len(drafts))
	children := map[id.Node][]int{}
	var parents []id.Node
	for i, n := range drafts {
		if n.ID == 0 {
			n.ID = id.Next[id.Node](s.ids)
		}
		n.Made = s.clk.Now()
		nodes[i] = n
		if n.Parent == 0 {
			nodes[i].Path, nodes[i].Unit, ordinals[i] = rootPath, n.ID, 1
			continue
		}
		if children[n.Parent] == nil {
			parents = append(parents, n.Parent)
		}
		children[n.Parent] = append(children[n.Parent], i)
	}
	for _, p := range sorted(parents) {
		parent, first, err := takeOrdinals(ctx, tx, p, len(children[p]))
		if err != nil {
			return nil, err
		}
		for k, i := range children[p] {
			n := &nodes[i]
			ordinals[i] = first + int64(k)
			n.Path = childPath(parent.Path, ordinals[i])
			n.Unit = n.ID
			if n.Kind == KindClass {
				n.Unit = parent.Unit
			}
		}
	}
	if err := insertNodes(ctx, tx, nodes, ordinals); err != nil {
		return nil, err
	}
	if err := s.insertFirstEdges(ctx, tx, by, nodes); err != nil {
		return nil, err
	}
	events := make([]event.Event, len(nodes))
	for i, n := range nodes {
		events[i] = madeEvent(by, n)
	}
	if err := s.log.Append(ctx, tx, events...); err != nil {
		return nil, err
	}
	if s.Spaces != nil {
		if err := s.Spaces.MakeInstitution(ctx, by, nodes); err != nil {
			return nil, fmt.Errorf("make spaces of nodes: %w", err)
		}
	}
	return nodes, nil
}

// entry is an audit row about a node.
func (s *Service) entry(by access.Actor, action string, node id.Node, detail string) audit.Entry {
	return audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: action,
		Kind: "node", Object: node.Int(), Node: node, Detail: detail, At: s.clk.Now()}
}

// close closes a node from the day: its last edge ends, its code stays taken.
func (s *Service) close(ctx context.Context, tx *db.Tx, by access.Actor, n Node) error {
	n.Status = StatusClosed
	if n.To == 0 {
		n.To = s.today()
	}
	if err := updateNode(ctx, tx, n); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE org_edge SET to_on = $1 WHERE node = $2 AND to_on = 0 AND from_on < $3",
		int64(n.To), n.ID.Int(), int64(n.To))
	if err != nil {
		return fmt.Errorf("close edges of node %d: %w", n.ID, err)
	}
	return s.log.Append(ctx, tx, nodeEvent(by, EventClosed, n, Closed{Kind: n.Kind}))
}
