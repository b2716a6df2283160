package metrics

import (
	"context"

	"learnspace/internal/clock"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// statusNormal is the state in which a school or class counts.
const statusNormal = "normal"

// orgEvent folds a change of the tree.
func (s *state) orgEvent(ctx context.Context, e *event.Event, verb string) error {
	if e.Node == 0 {
		return nil
	}
	n, err := s.node(ctx, e.Node)
	if err != nil {
		return err
	}
	now := *n
	switch verb {
	case "made":
		now.exists = true
		now.kind, now.unit = field(e.Extra, "kind"), e.Unit
		now.typ, now.flag = field(e.Extra, "type"), field(e.Extra, "flag")
		now.live = normalStatus(field(e.Extra, "status"))
		if now.parent = idField(e.Extra, "report"); now.parent == 0 {
			now.parent = idField(e.Extra, "parent")
		}
	case "changed":
		now.kind, now.typ, now.flag = field(e.Extra, "kind"), field(e.Extra, "type"), field(e.Extra, "flag")
		now.live = normalStatus(field(e.Extra, "status"))
	case "moved":
		if field(e.Extra, "tree") != "report" {
			return nil
		}
		now.parent = idField(e.Extra, "to")
	case "closed":
		now.live = false
	default:
		return nil
	}
	return s.nodeChange(ctx, s.monthOf(e), e.Node, n, now)
}

func normalStatus(status string) bool { return status == "" || status == statusNormal }

// nodeChange brings a node from one state to another. Where the reporting line,
// the flag or the type changes, the standing numbers of every unit below go
// with it; the flow goes too when the node turns out not to belong into the
// figures at all, and stays when it only moves.
func (s *state) nodeChange(ctx context.Context, m clock.Month, at id.Node, n *node, now node) error {
	if now.kind == kindClass || !n.exists {
		delete(s.chains, at)
		if n.exists && now.parent != n.parent && n.unit == n.parent {
			now.unit = now.parent
		}
		return s.institutionChange(ctx, m, n, now)
	}
	moved := n.parent != now.parent
	recast := n.flag != now.flag || n.typ != now.typ || n.kind != now.kind
	if !moved && !recast {
		return s.institutionChange(ctx, m, n, now)
	}
	units, old, err := s.unitsBelow(ctx, at)
	if err != nil {
		return err
	}
	if err := s.institutionChange(ctx, m, n, now); err != nil {
		return err
	}
	if s.tables != nil {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	leaves, err := s.leaves(ctx, units)
	if err != nil {
		return err
	}
	clear(s.chains)
	for k, v := range leaves {
		// Numbers changed by institutionChange above stand under the old chain.
		if err := s.rehang(ctx, m, k, v, old[k.unit], recast); err != nil {
			return err
		}
	}
	for _, u := range units {
		if err := s.restamp(ctx, m, u); err != nil {
			return err
		}
	}
	return nil
}

// unitsBelow returns the units of the subtree and where their numbers stand.
func (s *state) unitsBelow(ctx context.Context, at id.Node) ([]id.Node, map[id.Node]chain, error) {
	all, err := s.subtree(ctx, at)
	if err != nil {
		return nil, nil, err
	}
	if s.tables != nil {
		if err := s.tables.loadNodes(ctx, s, all); err != nil {
			return nil, nil, err
		}
	}
	var units []id.Node
	chains := map[id.Node]chain{}
	for _, u := range all {
		n, err := s.node(ctx, u)
		if err != nil {
			return nil, nil, err
		}
		if n.kind == kindClass {
			continue
		}
		c, err := s.chain(ctx, u)
		if err != nil {
			return nil, nil, err
		}
		units, chains[u] = append(units, u), c
	}
	return units, chains, nil
}

// rehang takes one number of a unit from where it stood and puts it where it
// stands now, in the month of the change or, if that is later, in its own.
func (s *state) rehang(ctx context.Context, m clock.Month, k leafKey, n int64, old chain, recast bool) error {
	now, err := s.chain(ctx, k.unit)
	if err != nil {
		return err
	}
	c := k.cell
	switch {
	case c.metric == mActive:
		if c.month < m {
			return nil
		}
	case c.metric.stock() || recast:
		c.month = max(c.month, m)
	default:
		return nil
	}
	s.spread(old, c, -n)
	s.spread(now, c, n)
	return nil
}

// restamp carries the newest base day of a unit to the nodes now above it.
func (s *state) restamp(ctx context.Context, m clock.Month, unit id.Node) error {
	b, err := s.base(ctx, unit)
	if err != nil || b.source == 0 {
		return err
	}
	return s.stampBase(ctx, m, unit, b.day)
}

// institutions are the numbers that a node itself stands for.
func (n *node) institutions() []metric {
	if !n.exists || !n.live {
		return nil
	}
	lines := []metric{mSchools, mSchoolMade, mSchoolOpened}
	switch {
	case n.kind == kindClass:
		lines = []metric{mClasses, mClassMade, mClassOpened}
	case !isUnit(n.kind):
		return nil
	}
	switch {
	case n.opened:
		return lines
	case n.made:
		return lines[:2]
	}
	return lines[:1]
}

// institutionChange writes the node's new state and what changes of the schools,
// classes and their spaces.
func (s *state) institutionChange(ctx context.Context, m clock.Month, n *node, now node) error {
	was := *n
	now.dirtied = true
	*n = now
	for _, l := range was.institutions() {
		if err := s.add(ctx, was.unit, cell{m, l, rNone}, -1); err != nil {
			return err
		}
	}
	for _, l := range now.institutions() {
		if err := s.add(ctx, now.unit, cell{m, l, rNone}, 1); err != nil {
			return err
		}
	}
	return nil
}
