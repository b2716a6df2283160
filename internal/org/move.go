package org

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Move puts a node under another parent in one tree from a day on, by a
// document. A day up to today moves it at once, a later day waits for
// ApplyDueEdges. Only org.import over both parents allows it. A parent below
// the node itself, of a kind that does not fit, or closed, is ErrInvalid.
func (s *Service) Move(ctx context.Context, by access.Actor, node, parent id.Node, tree Tree, from clock.Day, document string) error {
	if tree != Admin && tree != Report {
		return fault.New(fault.ErrInvalid, "org.move.tree")
	}
	if from == 0 {
		from = s.today()
	}
	if !from.Valid() {
		return fault.New(fault.ErrInvalid, "org.move.day")
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockTree(ctx, tx); err != nil {
			return err
		}
		n, err := findNode(ctx, tx, node)
		if err != nil {
			return err
		}
		if err := mustHold(by, access.OrgImport, n); err != nil {
			return err
		}
		p, err := findNode(ctx, tx, parent)
		if err != nil {
			return err
		}
		if err := mustHold(by, access.OrgImport, p); err != nil {
			return err
		}
		if err := s.move(ctx, tx, by, n, p, tree, from, document); err != nil {
			return err
		}
		return s.trail.Append(ctx, tx, s.entry(by, "org.moved", node, moveDetail(tree, n, parent, from, document)))
	})
	if err != nil {
		return fmt.Errorf("move node %d: %w", node, err)
	}
	return nil
}

// moveDetail is what the audit trail keeps of a move.
func moveDetail(tree Tree, n Node, to id.Node, from clock.Day, document string) string {
	b, _ := json.Marshal(struct {
		Moved
		Document string `json:"document,omitempty"`
	}{Moved{Tree: tree, From: parentIn(n, tree), To: to, Day: from}, document})
	return string(b)
}

// parentIn is the node's parent in the tree.
func parentIn(n Node, tree Tree) id.Node {
	if tree == Report {
		return n.Report
	}
	return n.Parent
}

// move records the edge and, when its day has come, applies it. The tree is
// locked.
func (s *Service) move(ctx context.Context, tx *db.Tx, by access.Actor, n, p Node, tree Tree, from clock.Day, document string) error {
	if err := checkMove(n, p, tree); err != nil {
		return err
	}
	if tree == Report {
		if err := s.checkReportCircle(ctx, tx, n, p); err != nil {
			return err
		}
	}
	due := from <= s.today()
	if due {
		if err := s.checkOrder(ctx, tx, n, tree, from); err != nil {
			return err
		}
	}
	if err := s.putEdge(ctx, tx, by, edge{Node: n.ID, Parent: p.ID, Tree: tree, From: from, Applied: due, Document: document}); err != nil {
		return err
	}
	if !due || parentIn(n, tree) == p.ID {
		return nil
	}
	return s.apply(ctx, tx, by, n, p, tree, from)
}

func checkMove(n, p Node, tree Tree) error {
	switch {
	case n.Kind == KindProvince || n.Kind == KindClass:
		return fault.New(fault.ErrInvalid, "org.move.kind")
	case p.Closed() || n.Closed():
		return fault.New(fault.ErrInvalid, "org.closed")
	case tree == Admin && !fitsParent(n.Kind, p.Kind), tree == Report && !fitsReport(n.Kind, p.Kind):
		return fault.New(fault.ErrInvalid, "org.move.parent_kind")
	case tree == Admin && access.Covers(n.Path, p.Path), n.ID == p.ID:
		return fault.New(fault.ErrInvalid, "org.move.circle")
	}
	return nil
}

// checkReportCircle walks up the reporting tree from the new parent.
func (s *Service) checkReportCircle(ctx context.Context, tx *db.Tx, n, p Node) error {
	for at, steps := p, 0; at.Report != 0; steps++ {
		if at.Report == n.ID || steps > 20 {
			return fault.New(fault.ErrInvalid, "org.move.circle")
		}
		var err error
		if at, err = findNode(ctx, tx, at.Report); err != nil {
			return err
		}
	}
	return nil
}

// checkOrder refuses a move that would lie before one that is in force already:
// history says what was, and the latest stretch is what holds now.
func (s *Service) checkOrder(ctx context.Context, tx *db.Tx, n Node, tree Tree, from clock.Day) error {
	var later int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM org_edge WHERE node = $1 AND tree = $2 AND applied = 1 AND from_on > $3",
		n.ID.Int(), string(tree), int64(from)).Scan(&later); err != nil {
		return fmt.Errorf("read later edges: %w", err)
	}
	if later > 0 {
		return fault.New(fault.ErrInvalid, "org.move.later")
	}
	return nil
}

// apply makes p the parent of n in the tree now: paths, node and event.
func (s *Service) apply(ctx context.Context, tx *db.Tx, by access.Actor, n, p Node, tree Tree, day clock.Day) error {
	from := parentIn(n, tree)
	if tree == Report {
		if _, err := tx.Exec(ctx, "UPDATE org_node SET report = $1, version = version + 1 WHERE id = $2", p.ID.Int(), n.ID.Int()); err != nil {
			return fmt.Errorf("set reporting parent: %w", err)
		}
	} else if err := s.rewrite(ctx, tx, n, p); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, nodeEvent(by, EventMoved, n, Moved{Tree: tree, From: from, To: p.ID, Day: day}))
}

// rewrite gives the subtree of n its paths under p. First it locks the subtree,
// again and again until no row has been added meanwhile: whoever adds a child
// holds the parent's row, so afterwards nobody adds one under an old path.
func (s *Service) rewrite(ctx context.Context, tx *db.Tx, n, p Node) error {
	p, ordinal, err := takeOrdinals(ctx, tx, p.ID, 1)
	if err != nil {
		return err
	}
	for before := int64(-1); ; {
		locked, err := tx.Exec(ctx, "UPDATE org_node SET version = version + 1 WHERE path >= $1 AND path < $2", n.Path, access.UpperBound(n.Path))
		if err != nil {
			return fmt.Errorf("lock the subtree: %w", err)
		}
		if locked == before {
			break
		}
		before = locked
	}
	path := childPath(p.Path, ordinal)
	if _, err := tx.Exec(ctx, "UPDATE org_node SET path = CAST($1 AS TEXT) || SUBSTR(path, CAST($2 AS INTEGER)) WHERE path >= $3 AND path < $4",
		path, len(n.Path)+1, n.Path, access.UpperBound(n.Path)); err != nil {
		return fmt.Errorf("rewrite paths: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE org_node SET parent = $1, ordinal = $2 WHERE id = $3", p.ID.Int(), ordinal, n.ID.Int()); err != nil {
		return fmt.Errorf("set parent: %w", err)
	}
	return nil
}

// ApplyDueEdges does what the calendar asks for: moves whose day has come,
// planned nodes whose first day has come, nodes whose last day has passed. It
// returns how many it did; doing it twice a day is harmless. The daily job
// calls it as the system.
func (s *Service) ApplyDueEdges(ctx context.Context, by access.Actor) (int, error) {
	if !by.Scope(access.OrgImport).All() {
		return 0, fault.New(fault.ErrForbidden, "org.forbidden")
	}
	due, err := dueEdges(ctx, s.db, s.today())
	if err != nil {
		return 0, err
	}
	done := 0
	var failed error
	for _, e := range due {
		applied := false
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			applied, err = s.applyEdge(ctx, tx, by, e)
			return err
		})
		if err != nil { // the others are not held up by it
			failed = errors.Join(failed, fmt.Errorf("apply edge %d: %w", e.ID, err))
			continue
		}
		if applied {
			done++
		}
	}
	turned, err := s.turnDue(ctx, by)
	return done + turned, errors.Join(failed, err)
}

func (s *Service) applyEdge(ctx context.Context, tx *db.Tx, by access.Actor, e edge) (bool, error) {
	if err := lockTree(ctx, tx); err != nil {
		return false, err
	}
	changed, err := tx.Exec(ctx, "UPDATE org_edge SET applied = 1 WHERE id = $1 AND applied = 0", e.ID.Int())
	if err != nil || changed == 0 {
		return false, err
	}
	n, err := findNode(ctx, tx, e.Node)
	if err != nil {
		return false, err
	}
	p, err := findNode(ctx, tx, e.Parent)
	if err != nil {
		return false, err
	}
	if parentIn(n, e.Tree) == p.ID {
		return true, nil
	}
	if err := checkMove(n, p, e.Tree); err != nil {
		return false, err
	}
	return true, s.apply(ctx, tx, by, n, p, e.Tree, e.From)
}

// turnDue opens planned nodes and closes those whose last day has passed.
func (s *Service) turnDue(ctx context.Context, by access.Actor) (int, error) {
	today := int64(s.today())
	nodes, err := readNodes(s.db.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE (status = 'planned' AND from_on <= $1)"+
		" OR (status <> 'closed' AND to_on <> 0 AND to_on <= $2)", today, today))
	if err != nil {
		return 0, err
	}
	for _, n := range nodes {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			n, _, err := takeOrdinals(ctx, tx, n.ID, 0)
			if err != nil {
				return err
			}
			return s.turn(ctx, tx, by, n)
		})
		if err != nil {
			return 0, fmt.Errorf("turn node %d: %w", n.ID, err)
		}
	}
	return len(nodes), nil
}

// turn sets the status that the node's days ask for today.
func (s *Service) turn(ctx context.Context, tx *db.Tx, by access.Actor, n Node) error {
	want := statusOn(n.From, n.To, s.today())
	switch {
	case n.Closed() || want == n.Status || want == StatusNormal && n.Status == StatusSuspended:
		return nil
	case want == StatusClosed:
		return s.close(ctx, tx, by, n)
	}
	n.Status = want
	if err := updateNode(ctx, tx, n); err != nil {
		return err
	}
	return s.log.Append(ctx, tx, changedEvent(by, n))
}

// statusOn is the status that the days of a node give on a day.
func statusOn(from, to, day clock.Day) string {
	switch {
	case to != 0 && to <= day:
		return StatusClosed
	case from > day:
		return StatusPlanned
	}
	return StatusNormal
}
