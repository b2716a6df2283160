package metrics

import (
	"context"
	"fmt"

	"learnspace/internal/clock"
	"learnspace/internal/id"
)

// node is one node of the folded reporting tree.
type node struct {
	parent, unit    id.Node
	kind, typ       string
	flag            string
	live            bool
	made, opened    bool // its institution space
	baseDay         clock.Day
	exists, dirtied bool
}

// normal reports whether the node itself belongs into the figures.
func (n *node) normal() bool { return n.flag == "" || n.flag == "normal" }

type personKey struct {
	person id.Person
	role   role
}

// person is the folded state of one person in one role. Persons whose space
// was only made have none.
type person struct {
	unit     id.Node
	here     bool // has a space now: not left, not unmade
	active   bool // activated
	verified bool // matched; counts only together with active
	counted  bool // already added to newly
	since    clock.Month
	exists   bool
	gone     bool // the row is to be deleted
	merged   bool // in a change only: found to be a duplicate
	restored bool // in a change only: found to be none
	dirtied  bool
}

// standing reports whether the person is in the verified stock.
func (p *person) standing() bool { return p.here && p.active && p.verified }

// presence says that a person did something that counts in a month, and where.
type presence struct {
	month   clock.Month
	unit    id.Node
	counted bool
	dirtied bool
}

// base is the enrolment base that a unit's figures use.
type base struct {
	source                   source // 0: none
	confirmed                bool
	pupil, teacher, agePupil int64
	day                      clock.Day
	dirtied                  bool
}

type cell struct {
	month  clock.Month
	metric metric
	role   role
}

type leafKey struct {
	unit id.Node
	cell
}

type rollKey struct {
	node id.Node
	part part
	cell
}

// state is what the fold knows. Backed by tables it holds what the events at
// hand need, and leaf and roll are differences still to be written; without
// them (a rebuild in memory) it holds everything.
type state struct {
	tables *tables // nil in memory

	nodes     map[id.Node]*node
	persons   map[personKey]*person
	presences map[personKey][]*presence // with tables: of open months only
	bases     map[id.Node]*base
	leaf      map[leafKey]int64
	roll      map[rollKey]int64
	chains    map[id.Node]chain
	frozen    clock.Month
	closed    map[clock.Month]closing
	totals    map[rollKey]int64 // met_frozen, in memory only
}

type closing struct{ seq, at int64 }

func newState(t *tables) *state {
	return &state{
		tables: t, nodes: map[id.Node]*node{}, persons: map[personKey]*person{},
		presences: map[personKey][]*presence{}, bases: map[id.Node]*base{},
		leaf: map[leafKey]int64{}, roll: map[rollKey]int64{}, chains: map[id.Node]chain{},
		closed: map[clock.Month]closing{}, totals: map[rollKey]int64{},
	}
}

// node returns the folded node, or one that does not exist yet.
func (s *state) node(ctx context.Context, n id.Node) (*node, error) {
	if found, ok := s.nodes[n]; ok {
		return found, nil
	}
	if s.tables != nil {
		if err := s.tables.loadNodes(ctx, s, []id.Node{n}); err != nil {
			return nil, err
		}
	}
	found, ok := s.nodes[n]
	if !ok {
		found = &node{}
		s.nodes[n] = found
	}
	return found, nil
}

// person returns the folded state of k, or one that does not exist yet.
func (s *state) person(k personKey) *person {
	p, ok := s.persons[k]
	if !ok {
		p = &person{}
		s.persons[k] = p
	}
	return p
}

// base returns the base in use at the unit.
func (s *state) base(ctx context.Context, unit id.Node) (*base, error) {
	if b, ok := s.bases[unit]; ok {
		return b, nil
	}
	b := &base{}
	if s.tables != nil {
		var err error
		if b, err = s.tables.loadBase(ctx, unit); err != nil {
			return nil, err
		}
	}
	s.bases[unit] = b
	return b, nil
}

// chain is where a unit's numbers stand.
type chain struct {
	nodes  []id.Node // the unit and its reporting ancestors
	part   part
	school bool // the unit is an institution of its own
}

// maxDepth is more than any reporting line; a longer one is a loop.
const maxDepth = 16

// chain returns where the numbers of the unit stand.
func (s *state) chain(ctx context.Context, unit id.Node) (chain, error) {
	if c, ok := s.chains[unit]; ok {
		return c, nil
	}
	u, err := s.node(ctx, unit)
	if err != nil {
		return chain{}, err
	}
	c := chain{school: u.institution()}
	if u.apart() {
		c.part = pApart
	}
	for at, n := unit, u; ; {
		c.nodes = append(c.nodes, at)
		if !n.normal() {
			c.part = pLeftOut
		}
		if at = n.parent; at == 0 {
			break
		}
		if len(c.nodes) == maxDepth {
			return chain{}, fmt.Errorf("reporting line of node %d is longer than %d", unit, maxDepth)
		}
		if n, err = s.node(ctx, at); err != nil {
			return chain{}, err
		}
	}
	s.chains[unit] = c
	return c, nil
}

// add changes the unit's number and those of the nodes above it.
func (s *state) add(ctx context.Context, unit id.Node, c cell, n int64) error {
	if unit == 0 || n == 0 {
		return nil
	}
	s.leaf[leafKey{unit, c}] += n
	ch, err := s.chain(ctx, unit)
	if err != nil {
		return err
	}
	s.spread(ch, c, n)
	return nil
}

// spread changes the cache only.
func (s *state) spread(ch chain, c cell, n int64) {
	if c.metric.schoolish() && !ch.school {
		return
	}
	for _, at := range ch.nodes {
		s.roll[rollKey{at, ch.part, c}] += n
	}
}

// subtree returns root and every node that reports to it, directly or not.
func (s *state) subtree(ctx context.Context, root id.Node) ([]id.Node, error) {
	if s.tables != nil {
		if err := s.flush(ctx); err != nil {
			return nil, err
		}
		return s.tables.subtree(ctx, root)
	}
	children := map[id.Node][]id.Node{}
	for n, v := range s.nodes {
		if v.parent != 0 && v.exists {
			children[v.parent] = append(children[v.parent], n)
		}
	}
	out := []id.Node{root}
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i]]...)
	}
	return out, nil
}

// leaves returns every number of the units; after subtree all are in place.
func (s *state) leaves(ctx context.Context, units []id.Node) (map[leafKey]int64, error) {
	if s.tables != nil {
		return s.tables.leaves(ctx, units)
	}
	wanted := map[id.Node]bool{}
	for _, u := range units {
		wanted[u] = true
	}
	out := map[leafKey]int64{}
	for k, n := range s.leaf {
		if wanted[k.unit] {
			out[k] = n
		}
	}
	return out, nil
}

// flush writes what has changed to the tables.
func (s *state) flush(ctx context.Context) error {
	if s.tables == nil {
		return nil
	}
	if err := s.tables.write(ctx, s); err != nil {
		return err
	}
	clear(s.leaf)
	clear(s.roll)
	return nil
}
