package account

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Printed is a sheet with the slips that can still be used. Gone counts those
// that were used or replaced since, or are of somebody whose roles the actor could
// not give.
type Printed struct {
	Sheet Sheet
	Node  org.Node
	Slips []Slip
	Gone  int
}

// Slips returns a sheet for printing, within 24 hours of its issue. The actor
// needs code.issue at the sheet's node, or issued it himself to somebody whose
// role he gives. Errors: fault.ErrNotFound, fault.ErrConflict when the day is
// over.
func (s *Service) Slips(ctx context.Context, by access.Actor, sheet id.Sheet) (Printed, error) {
	scope, mine := by.Scope(access.CodeIssue), false
	if scope.Empty() {
		scope, mine = by.Scope(access.GrantGive), true
	}
	sh, ok, err := s.store.sheet(ctx, sheet, scope)
	if err != nil {
		return Printed{}, err
	}
	if !ok || mine && (sh.IssuedBy != by.Person || sh.People > 1) {
		return Printed{}, fault.New(fault.ErrNotFound, "account.sheet.missing")
	}
	if !s.clk.Now().Before(sh.Until) {
		return Printed{}, fault.New(fault.ErrConflict, "account.sheet.over")
	}
	nodes, err := org.Nodes(ctx, s.db, []id.Node{sh.Node})
	if err != nil {
		return Printed{}, err
	}
	rows, err := s.store.sheetCodes(ctx, sheet)
	if err != nil {
		return Printed{}, err
	}
	out := Printed{Sheet: sh, Node: nodes[sh.Node]}
	var to []recipient
	var open []codeRow
	var plain []string
	for _, c := range rows {
		above, err := s.outranks(ctx, by, c.Person)
		if err != nil {
			return Printed{}, err
		}
		if above || c.usable(s.clk.Now()) != nil || len(c.Sealed) == 0 {
			out.Gone++
			continue
		}
		code, err := s.keys.Open(c.Sealed)
		if err != nil {
			return Printed{}, fmt.Errorf("open code %d: %w", c.ID, err)
		}
		rec, err := person.Load(ctx, s.db, c.Person)
		if err != nil {
			return Printed{}, err
		}
		to, open, plain = append(to, recipient{person: rec, node: c.Node}), append(open, c), append(plain, string(code))
	}
	if to, err = s.withWards(ctx, to, open); err != nil {
		return Printed{}, err
	}
	out.Slips, err = s.slips(ctx, out.Node, to, open, plain)
	return out, err
}

// Sheets lists the sheets of a node that can still be printed and have a slip
// that is still good, the newest first. The actor needs code.issue there.
func (s *Service) Sheets(ctx context.Context, by access.Actor, node id.Node) ([]Sheet, error) {
	if _, err := s.issueNode(ctx, by, node); err != nil {
		return nil, err
	}
	return s.store.sheets(ctx, node, by.Scope(access.CodeIssue), s.clk.Now().Add(-ReprintLife))
}
