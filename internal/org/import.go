package org

import (
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// importChunk is how many rows one transaction takes at most.
const importChunk = 400

// Import loads rows of the tree. Parents may stand in the rows or in the tree
// already. A wrong row never stops the right ones; it is rejected with its
// problems, and so are the rows below it. The same rows a second time are all
// unchanged. A known node takes the new name, type, flag and days; another
// parent moves it, at once or, when the row's first day is to come, on that day.
// A code may stand twice when the later row, with a later first day, names
// other parents: that is a move. The actor needs org.import for the province.
func (s *Service) Import(ctx context.Context, by access.Actor, rows []ImportRow) (ImportReport, error) {
	return s.runImport(ctx, by, rows, false)
}

// ImportDry reports what Import would do and writes nothing.
func (s *Service) ImportDry(ctx context.Context, by access.Actor, rows []ImportRow) (ImportReport, error) {
	return s.runImport(ctx, by, rows, true)
}

func (s *Service) runImport(ctx context.Context, by access.Actor, rows []ImportRow, dry bool) (ImportReport, error) {
	if !by.Scope(access.OrgImport).All() {
		return ImportReport{}, fault.New(fault.ErrForbidden, "org.forbidden")
	}
	lines := make([]*line, len(rows))
	for i, row := range rows {
		lines[i] = readLine(row, i)
	}
	for try := 0; ; try++ {
		p, err := s.plan(ctx, lines)
		if err != nil {
			return ImportReport{}, fmt.Errorf("import the tree: %w", err)
		}
		if dry {
			for _, level := range p.decide() {
				for _, st := range level {
					st.line.outcome = st.result()
				}
			}
			return report(lines), nil
		}
		err = s.carryOut(ctx, by, p)
		if err == nil {
			break
		}
		if !db.IsUnique(err) || try == 20 {
			return ImportReport{}, fmt.Errorf("import the tree: %w", err)
		}
		// Somebody else made one of the nodes meanwhile: look again.
	}
	out := report(lines)
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role),
			Action: "org.imported", Kind: "node", At: s.clk.Now(),
			Detail: fmt.Sprintf(`{"rows":%d,"new":%d,"changed":%d,"rejected":%d}`, out.Rows, out.New, out.Changed, out.Rejected)})
	})
	if err != nil {
		return ImportReport{}, fmt.Errorf("import the tree: %w", err)
	}
	return out, nil
}

func report(lines []*line) ImportReport {
	out := ImportReport{Rows: len(lines), Problems: []Problem{}}
	for _, l := range lines {
		switch l.outcome {
		case isNew:
			out.New++
		case changed:
			out.Changed++
		case unchanged:
			out.Unchanged++
		default:
			out.Rejected++
		}
		out.Problems = append(out.Problems, l.problems...)
	}
	return out
}

// step is what one accepted row asks for.
type step struct {
	line *line
	make *Node // a node to be made
	set  *Node // a node to be changed, as it shall be
	// moves lists the edges to be put, each with the parent to come.
	moves []edge
}

// carryOut does the plan in chunks, each in one transaction, the nodes of one
// depth after those above.
func (s *Service) carryOut(ctx context.Context, by access.Actor, p *plan) error {
	levels := p.decide()
	for _, level := range levels {
		for part := range chunks(level, importChunk) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.doSteps(ctx, tx, by, part) }); err != nil {
				return err
			}
			for _, st := range part {
				st.line.outcome = st.result()
			}
		}
	}
	return nil
}

// result is the outcome of the step's row once it is done.
func (st step) result() outcome {
	switch {
	case st.make != nil:
		return isNew
	case st.set != nil || len(st.moves) > 0:
		return changed
	}
	return unchanged
}

func (s *Service) doSteps(ctx context.Context, tx *db.Tx, by access.Actor, steps []step) error {
	moving := slices.ContainsFunc(steps, func(st step) bool { return len(st.moves) > 0 })
	if moving {
		if err := lockTree(ctx, tx); err != nil {
			return err
		}
	}
	var fresh []Node
	for _, st := range steps {
		if st.make != nil {
			fresh = append(fresh, *st.make)
		}
	}
	if len(fresh) > 0 {
		made, err := s.insert(ctx, tx, by, fresh)
		if err != nil {
			return err
		}
		for _, n := range made {
			if n.Closed() {
				if err := s.log.Append(ctx, tx, nodeEvent(by, EventClosed, n, Closed{Kind: n.Kind})); err != nil {
					return err
				}
			}
		}
	}
	for _, st := range steps {
		if st.set != nil {
			if err := s.change(ctx, tx, by, *st.set); err != nil {
				return err
			}
		}
		for _, m := range st.moves {
			if err := s.importMove(ctx, tx, by, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// change writes a node as an import wants it: closed, or changed.
func (s *Service) change(ctx context.Context, tx *db.Tx, by access.Actor, want Node) error {
	now, _, err := takeOrdinals(ctx, tx, want.ID, 0)
	if err != nil {
		return err
	}
	closing := want.Closed() && !now.Closed()
	if closing {
		want.Status = now.Status
	}
	if err := updateNode(ctx, tx, want); err != nil {
		return err
	}
	if closing {
		return s.close(ctx, tx, by, want)
	}
	want.Unit = now.Unit
	return s.log.Append(ctx, tx, changedEvent(by, want))
}

func (s *Service) importMove(ctx context.Context, tx *db.Tx, by access.Actor, m edge) error {
	n, err := findNode(ctx, tx, m.Node)
	if err != nil {
		return err
	}
	p, err := findNode(ctx, tx, m.Parent)
	if err != nil {
		return err
	}
	return s.move(ctx, tx, by, n, p, m.Tree, m.From, m.Document)
}

// nodeID is the id of the node with this code, in the tree or about to be.
func (p *plan) nodeID(code string) id.Node {
	if n, ok := p.byCode[code]; ok {
		return n.ID
	}
	if l, ok := p.first[code]; ok {
		return l.id
	}
	return 0
}
