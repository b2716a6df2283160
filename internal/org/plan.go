package org

import (
	"context"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/id"
)

// plan is the tree as it stands beside the rows of an import.
type plan struct {
	today   clock.Day
	lines   []*line
	byCode  map[string]Node
	byID    map[id.Node]Node
	classes map[id.Node]map[ClassKey]Node // known classes by school
	edges   map[id.Node][]edge
	first   map[string]*line   // first row of each code
	chain   map[string][]*line // rows of each code: the first and dated moves
	regions map[string]bool    // codes that may begin an office's code
	depth   map[*line]int
	newID   func() id.Node
}

// plan reads the tree and finds for each open row the row or node it is about.
func (s *Service) plan(ctx context.Context, lines []*line) (*plan, error) {
	p := &plan{today: s.today(), lines: lines, byCode: map[string]Node{}, byID: map[id.Node]Node{},
		classes: map[id.Node]map[ClassKey]Node{}, edges: map[id.Node][]edge{}, first: map[string]*line{},
		chain: map[string][]*line{}, regions: map[string]bool{}, depth: map[*line]int{},
		newID: func() id.Node { return id.Next[id.Node](s.ids) }}
	withClasses := ""
	for _, l := range lines {
		if l.kind == KindClass {
			withClasses = KindClass
		}
	}
	nodes, err := readNodes(s.db.Query(ctx, "SELECT "+nodeColumns+" FROM org_node WHERE kind <> 'class' OR kind = $1", withClasses))
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		p.byID[n.ID] = n
		if n.Code != "" {
			p.byCode[n.Code] = n
		}
		if n.IsRegion() {
			p.regions[n.Code] = true
		}
		if n.Kind == KindClass && !n.Closed() {
			if p.classes[n.Parent] == nil {
				p.classes[n.Parent] = map[ClassKey]Node{}
			}
			p.classes[n.Parent][n.Key()] = n
		}
	}
	edges, err := edgesOf(ctx, s.db, "1 = 1")
	if err != nil {
		return nil, err
	}
	for _, e := range edges {
		p.edges[e.Node] = append(p.edges[e.Node], e)
	}
	for _, l := range lines {
		p.enter(l)
	}
	return p, nil
}

// enter notes a row under its code, as the first, as a dated move, or as a
// duplicate.
func (p *plan) enter(l *line) {
	if l.kind != "" && (l.kind == KindProvince || l.kind == KindPrefecture || l.kind == KindCounty || l.kind == KindZone) {
		p.regions[l.code] = true
	}
	if l.code == "" {
		return
	}
	rows := p.chain[l.code]
	if len(rows) == 0 {
		p.first[l.code] = l
	} else {
		last := rows[len(rows)-1]
		if l.from <= last.from || l.kind != last.kind || l.parent == last.parent && l.reports == last.reports {
			if l.outcome == open {
				l.reject("code", "duplicate_in_file", l.row.Code, "")
			}
			return
		}
	}
	p.chain[l.code] = append(rows, l)
}

// isMove reports whether the row is a dated move of a row before it.
func (p *plan) isMove(l *line) bool { return p.first[l.code] != l && l.code != "" }

// decide checks the open rows against the tree and one another and returns the
// steps by depth: those of one level need only the levels before. Dated moves
// come last of all.
func (p *plan) decide() [][]step {
	for _, l := range p.lines {
		if l.id == 0 {
			l.id = p.newID()
		}
	}
	var levels [][]step
	var moves []step
	for _, l := range p.lines {
		if l.outcome != open {
			continue
		}
		d, ok := p.resolve(l, 0)
		if !ok {
			continue
		}
		st, ok := p.step(l)
		if !ok {
			continue
		}
		if p.isMove(l) || len(st.moves) > 0 {
			moves = append(moves, st)
			continue
		}
		for len(levels) <= d {
			levels = append(levels, nil)
		}
		levels[d] = append(levels[d], st)
	}
	return append(levels, moves)
}

// resolve finds the parents of a row and its depth; a row whose parent is
// rejected or unknown is rejected.
func (p *plan) resolve(l *line, steps int) (int, bool) {
	if d, ok := p.depth[l]; ok {
		return d, l.outcome != rejected
	}
	if l.outcome == rejected {
		return 0, false
	}
	if l.outcome >= isNew { // done by an earlier try: it stands in the tree
		p.depth[l] = 0
		return 0, true
	}
	if l.kind == KindProvince {
		p.depth[l] = 0
		return 0, p.check(l)
	}
	if steps > 20 {
		l.reject("parent", "parent_circle", l.row.Parent, "")
		return 0, false
	}
	if !p.inherit(l) {
		return 0, false
	}
	d := 0
	for _, up := range []struct{ column, code string }{{"parent", l.parent}, {"reports_to", l.reports}} {
		if up.code == "" {
			continue
		}
		ud, ok := p.above(l, up.column, up.code, steps)
		if !ok {
			return 0, false
		}
		d = max(d, ud+1)
	}
	p.depth[l] = d
	if p.inCircle(l, "parent") || l.reports != "" && p.inCircle(l, "reports_to") {
		return 0, false
	}
	return d, p.check(l)
}

// inCircle walks up one of the trees, as the rows and the tree itself say, and
// rejects the row when it comes back to it.
func (p *plan) inCircle(l *line, column string) bool {
	at := l.parent
	if column == "reports_to" {
		at = l.reports
	}
	for steps := 0; at != "" && steps <= 20; steps++ {
		if at == l.code {
			l.reject(column, "parent_circle", at, "")
			return true
		}
		at = p.upOf(at, column)
	}
	return false
}

// upOf is the code of the parent of a code in the tree that the column is about.
func (p *plan) upOf(code, column string) string {
	n, known := p.byCode[code]
	if up := p.first[code]; up != nil && up.outcome != rejected {
		switch {
		case column == "reports_to" && up.reports != "":
			return up.reports
		case up.parent != "" && (column == "parent" || !known):
			return up.parent
		}
	}
	if !known {
		return ""
	}
	if column == "reports_to" {
		return p.byID[n.Report].Code
	}
	return p.byID[n.Parent].Code
}

// inherit takes the parent of a known node where the cell is empty.
func (p *plan) inherit(l *line) bool {
	if l.parent != "" {
		return true
	}
	if n, ok := p.byCode[l.code]; ok && l.code != "" {
		l.parent = p.byID[n.Parent].Code
		return true
	}
	l.reject("parent", "parent_missing", "", "")
	return false
}

// above finds the row or node that a parent code names and checks its kind.
func (p *plan) above(l *line, column, code string, steps int) (int, bool) {
	kind, depth, closed := "", 0, false
	up, n := p.first[code], p.byCode[code]
	if up != nil && up.outcome == rejected && n.ID != 0 {
		up = nil // the row is wrong, the node is there
	}
	if up != nil && up != l {
		d, ok := p.resolve(up, steps+1)
		if !ok {
			if l.outcome != rejected {
				l.reject(column, "parent_rejected", code, "")
			}
			return 0, false
		}
		kind, depth, closed = up.kind, d, statusOn(up.from, up.to, p.today) == StatusClosed
	} else if n.ID != 0 && code != l.code {
		kind, closed, depth = n.Kind, n.Closed(), -1
	} else {
		l.reject(column, "parent_unknown", code, "")
		return 0, false
	}
	switch {
	case column == "parent" && !fitsParent(l.kind, kind), column == "reports_to" && !fitsReport(l.kind, kind):
		l.reject(column, "parent_kind", code, strings.Join(allowedParents[l.kind], ", "))
	case closed && statusOn(l.from, l.to, p.today) != StatusClosed:
		l.reject(column, "parent_closed", code, "")
	default:
		return depth, true
	}
	return 0, false
}

// schoolOf returns type and system of the school that a class row stands under.
func (p *plan) schoolOf(code string) (typ string, fiveFour bool) {
	if n, ok := p.byCode[code]; ok {
		typ, fiveFour = n.Type, n.FiveFour
	}
	if up := p.first[code]; up != nil {
		if up.typ != "" {
			typ = up.typ
		}
		if up.fiveFour != nil {
			fiveFour = *up.fiveFour
		}
		if typ == "" && up.kind == KindPoint {
			typ = "218"
		}
		if typ == "" && up.kind == KindCampus {
			return p.schoolOf(up.parent)
		}
	}
	return typ, fiveFour
}

// check finds what only the kind and the neighbours tell.
func (p *plan) check(l *line) bool {
	n, known := p.byCode[l.code]
	switch {
	case known && l.code != "" && n.Kind != l.kind:
		l.reject("kind", "kind_changed", l.row.Kind, n.Kind)
	case l.row.Name == "" && !known:
		l.reject("name", "name_missing", "", "")
	case l.kind == KindSchool && l.typ == "" && !known:
		l.reject("type", "type_missing", "", "")
	case (l.kind == KindDistrict || l.kind == KindOffice) && !prefixFits(l.code, p.regions, l.parent):
		l.reject("code", "code_format", l.row.Code, codeForm(l.kind))
	case l.kind == KindClass:
		p.checkClass(l)
	}
	return l.outcome != rejected
}

func (p *plan) checkClass(l *line) {
	if n, ok := p.byCode[l.code]; ok && l.code != "" {
		l.key = n.Key()
		return
	}
	typ, fiveFour := p.schoolOf(l.parent)
	key, ok := readClass(l.row.Name, typ, fiveFour, p.today)
	if !ok {
		l.reject("name", "class_unreadable", l.row.Name, "")
		return
	}
	l.key = key
	school := p.nodeID(l.parent)
	if p.classes[school] == nil {
		p.classes[school] = map[ClassKey]Node{}
	}
	if other, there := p.classes[school][key]; there && other.Version < 0 {
		l.reject("name", "duplicate_in_file", l.row.Name, "")
		return
	} else if !there {
		p.classes[school][key] = Node{Version: -1}
	}
}

// step says what an accepted row asks for.
func (p *plan) step(l *line) (step, bool) {
	st := step{line: l}
	if p.isMove(l) {
		if p.first[l.code].outcome == rejected {
			l.reject("code", "parent_rejected", l.row.Code, "")
			return st, false
		}
		st.moves = p.movesOf(l, p.nodeID(l.code))
		return st, true
	}
	n, known := p.byCode[l.code]
	if l.kind == KindClass && (l.code == "" || !known) {
		n, known = p.classes[p.nodeID(l.parent)][l.key]
		known = known && n.Version >= 0
	}
	if !known {
		fresh := p.draft(l)
		st.make = &fresh
		return st, true
	}
	if want := p.wanted(l, n); want != n {
		st.set = &want
	}
	if l.kind != KindClass && l.kind != KindProvince && !n.Closed() {
		st.moves = p.movesOf(l, n.ID)
	}
	return st, true
}

// draft is the node that a row makes.
func (p *plan) draft(l *line) Node {
	n := Node{ID: l.id, Code: l.code, Kind: l.kind, Name: l.row.Name, NameKo: l.row.NameKo,
		Parent: p.nodeID(l.parent), Report: p.nodeID(l.parent), Type: l.typ, From: l.from, To: l.to,
		Flag: l.flag, Lang: l.lang, Status: statusOn(l.from, l.to, p.today)}
	if l.kind == KindProvince {
		n.Parent, n.Report = 0, 0
	}
	if l.reports != "" {
		n.Report = p.nodeID(l.reports)
	}
	if n.Flag == "" {
		n.Flag = FlagNormal
	}
	if n.Lang == "" {
		n.Lang = "zh"
	}
	typ, fiveFour := p.schoolOf(l.parent)
	switch l.kind {
	case KindPoint:
		if n.Type == "" {
			n.Type = "218"
		}
	case KindCampus:
		if n.Type == "" {
			n.Type = typ
		}
		n.FiveFour = fiveFour
	case KindClass:
		n.Stage, n.EntryYear, n.ClassNo, n.FiveFour = l.key.Stage, l.key.EntryYear, l.key.No, fiveFour
	}
	if !n.IsSchool() {
		n.Type = ""
	}
	if l.fiveFour != nil {
		n.FiveFour = *l.fiveFour
	}
	return n
}

// wanted is a known node as the row wants it; an empty cell leaves it as it is.
func (p *plan) wanted(l *line, n Node) Node {
	want := n
	if l.row.Name != "" && n.Kind != KindClass {
		want.Name = l.row.Name
	}
	if l.row.NameKo != "" {
		want.NameKo = l.row.NameKo
	}
	if l.typ != "" && n.IsSchool() {
		want.Type = l.typ
	}
	if l.flag != "" {
		want.Flag = l.flag
	}
	if l.lang != "" {
		want.Lang = l.lang
	}
	if l.fiveFour != nil {
		want.FiveFour = *l.fiveFour
	}
	if l.to != 0 && !n.Closed() {
		want.To = l.to
		if l.to <= p.today {
			want.Status = StatusClosed
		}
	}
	if l.from != 0 && l.from <= p.today && n.From == 0 && p.sameParents(l, n) {
		want.From = l.from
	}
	return want
}

// sameParents reports whether the row names the parents that the node has.
func (p *plan) sameParents(l *line, n Node) bool {
	return p.nodeID(l.parent) == n.Parent && (l.reports == "" || p.nodeID(l.reports) == n.Report)
}

// movesOf lists the edges that a row asks for and the history does not hold.
func (p *plan) movesOf(l *line, node id.Node) []edge {
	var out []edge
	n, known := p.byID[node]
	want := map[Tree]id.Node{Admin: p.nodeID(l.parent)}
	switch {
	case l.reports != "":
		want[Report] = p.nodeID(l.reports)
	case !known || n.Report == n.Parent:
		want[Report] = want[Admin]
	}
	for _, tree := range []Tree{Admin, Report} {
		to := want[tree]
		if to == 0 || p.inHistory(node, tree, to, l) {
			continue
		}
		day := p.day(l, node, tree)
		if known && day <= p.today && parentIn(n, tree) == to {
			continue
		}
		out = append(out, edge{Node: node, Parent: to, Tree: tree, From: day})
	}
	return out
}

// day is the day of a move: the row's first day when it lies behind what the
// history has, else today, for then it is the day on which the node began.
func (p *plan) day(l *line, node id.Node, tree Tree) clock.Day {
	if l.from == 0 {
		return p.today
	}
	if n, ok := p.byID[node]; ok && l.from <= n.From {
		return p.today
	}
	for _, e := range p.edges[node] {
		if e.Tree == tree && e.Applied && e.From >= l.from {
			return p.today
		}
	}
	return l.from
}

// inHistory reports whether the history has what the row says: the parent on
// the row's first day, or, for the first of several rows of a code, at any time.
func (p *plan) inHistory(node id.Node, tree Tree, to id.Node, l *line) bool {
	for _, e := range p.edges[node] {
		if e.Tree != tree || e.Parent != to {
			continue
		}
		first := len(p.chain[l.code]) > 1 && !p.isMove(l)
		if first || p.isMove(l) && e.From <= l.from && (e.To == 0 || l.from < e.To) || e.From == l.from && l.from != 0 && !e.Applied {
			return true
		}
	}
	return false
}
