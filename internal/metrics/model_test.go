package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"learnspace/internal/clock"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// world is a naive model of the province: after every event it works out the
// figures of every node by looking at everybody.
type world struct {
	seq     int64
	now     time.Time
	frozen  clock.Month
	nodes   map[id.Node]*modelNode
	persons map[personKey]*modelPerson
	newly   map[id.Node]map[clock.Month]*Count
	kept    map[id.Node]map[clock.Month]Figures
	events  []event.Event
	next    int64
}

type modelNode struct {
	kind, typ, flag string
	parent          id.Node
	live, made, opn bool
}

type modelPerson struct {
	merged, wasHere, wasSeen    bool
	unit                        id.Node
	here, active, ver, everSeen bool
	acted                       map[clock.Month]bool
}

const (
	province, cityA, cityB, countyA, countyB = 1, 2, 3, 4, 5
	schoolA, schoolB, schoolC, point, garden = 11, 12, 13, 14, 15
	trial                                    = 16
)

func newWorld() *world {
	w := &world{now: time.Date(2019, 9, 3, 9, 0, 0, 0, clock.Zone), nodes: map[id.Node]*modelNode{},
		persons: map[personKey]*modelPerson{}, newly: map[id.Node]map[clock.Month]*Count{},
		kept: map[id.Node]map[clock.Month]Figures{}, next: 1000}
	for _, n := range []struct {
		at        id.Node
		kind, typ string
		parent    id.Node
		flag      string
	}{
		{province, "province", "", 0, "normal"},
		{cityA, "prefecture", "", province, "normal"}, {cityB, "prefecture", "", province, "normal"},
		{countyA, "county", "", cityA, "normal"}, {countyB, "county", "", cityB, "normal"},
		{schoolA, "school", "211", countyA, "normal"}, {schoolB, "school", "312", countyA, "normal"},
		{schoolC, "school", "211", countyB, "normal"}, {point, "point", "218", schoolA, "normal"},
		{garden, "school", "111", countyA, "normal"}, {trial, "school", "211", countyB, "test"},
	} {
		w.nodes[n.at] = &modelNode{kind: n.kind, typ: n.typ, flag: n.flag, parent: n.parent, live: true}
		w.emit(event.Event{Verb: "org.made", Node: n.at, Unit: n.at, Object: int64(n.at),
			Extra: fmt.Sprintf(`{"kind":%q,"type":%q,"flag":%q,"status":"normal","parent":"%d","report":"%d"}`, n.kind, n.typ, n.flag, n.parent, n.parent)})
	}
	return w
}

func (w *world) emit(e event.Event) {
	w.seq++
	e.Seq = w.seq
	if e.At.IsZero() {
		e.At = w.now
	}
	w.events = append(w.events, e)
	w.keep(w.month(e.At))
}

func (w *world) month(at time.Time) clock.Month { return max(clock.MonthOf(at), w.frozen.Next()) }

var modelUnits = []id.Node{schoolA, schoolB, schoolC, point, garden, trial}

// above lists the unit and what it reports to.
func (w *world) above(at id.Node) (out []id.Node) {
	for ; at != 0; at = w.nodes[at].parent {
		out = append(out, at)
	}
	return out
}

func (w *world) counts(unit id.Node) bool {
	if w.nodes[unit].typ == "111" {
		return false
	}
	for _, n := range w.above(unit) {
		if w.nodes[n].flag != "normal" {
			return false
		}
	}
	return true
}

// keep works out every node's figures of the month as they stand now.
func (w *world) keep(m clock.Month) {
	for at := range w.nodes {
		f := Figures{}
		for _, k := range slices.SortedFunc(maps.Keys(w.persons), func(a, b personKey) int { return int(a.person - b.person) }) {
			p := w.persons[k]
			if !p.here || !w.counts(p.unit) || !slices.Contains(w.above(p.unit), at) {
				continue
			}
			f.Made.add(k.role, 1)
			if p.active {
				f.Activated.add(k.role, 1)
			}
			if p.active && p.ver {
				f.Verified.add(k.role, 1)
				if p.acted[m] && k.role != rGuardian {
					f.Active.add(k.role, 1)
				}
			}
		}
		for u, n := range w.nodes {
			unit := u
			if n.kind == "class" {
				unit = n.parent
			}
			if !n.live || !isUnit(w.nodes[unit].kind) || !w.counts(unit) || !slices.Contains(w.above(unit), at) {
				continue
			}
			s := Spaces{Of: 1}
			if n.made {
				s.Made = 1
			}
			if n.opn {
				s.Opened = 1
			}
			switch {
			case n.kind == "class":
				f.Classes++
				f.ClassSpaces = f.ClassSpaces.add(s)
			case n.kind == "school" && n.typ != "218":
				f.Schools++
				f.SchoolSpaces = f.SchoolSpaces.add(s)
			}
		}
		if w.kept[at] == nil {
			w.kept[at] = map[clock.Month]Figures{}
		}
		w.kept[at][m] = f
	}
}

// at returns the figures of a month: as kept, or the stock of the month before.
func (w *world) at(n id.Node, m clock.Month) Figures {
	f, ok := w.kept[n][m]
	if !ok {
		before := clock.Month(0)
		for k := range w.kept[n] {
			if k < m && k > before {
				before = k
			}
		}
		f = w.kept[n][before]
		f.Active = Count{}
	}
	f.NewlyVerified, f.CumulativeVerified = Count{}, Count{}
	for k, c := range w.newly[n] {
		if k == m {
			f.NewlyVerified = *c
		}
		if k <= m {
			f.CumulativeVerified.Pupil += c.Pupil
			f.CumulativeVerified.Teacher += c.Teacher
		}
	}
	return f
}

func (w *world) flow(k personKey, unit id.Node, m clock.Month, n int64) {
	if !w.counts(unit) || k.role == rGuardian {
		return
	}
	for _, at := range w.above(unit) {
		if w.newly[at] == nil {
			w.newly[at] = map[clock.Month]*Count{}
		}
		if w.newly[at][m] == nil {
			w.newly[at][m] = &Count{}
		}
		w.newly[at][m].add(k.role, n)
	}
}

var roleWords = map[role]string{rPupil: "pupil", rTeacher: "teacher", rGuardian: "guardian"}

// settle counts a first verification once it stands.
func (w *world) settle(k personKey, p *modelPerson, m clock.Month) {
	if p.here && p.active && p.ver && !p.everSeen {
		p.everSeen = true
		w.flow(k, p.unit, m, 1)
	}
}

// step lets something happen.
func (w *world) step(t *rapid.T) {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * time.Hour)
	if rapid.IntRange(0, 9).Draw(t, "what") < 8 {
		w.personStep(t)
		return
	}
	w.treeStep(t)
}

func (w *world) anybody(t *rapid.T) (personKey, *modelPerson) {
	keys := slices.SortedFunc(maps.Keys(w.persons), func(a, b personKey) int { return int(a.person - b.person) })
	if len(keys) == 0 {
		return personKey{}, nil
	}
	k := rapid.SampledFrom(keys).Draw(t, "person")
	return k, w.persons[k]
}

func (w *world) personStep(t *rapid.T) {
	verb := rapid.SampledFrom([]string{"made", "made", "activated", "activated", "verified", "verified", "unverified", "moved",
		"left", "returned", "unmade", "merged", "unmerged", "acted", "acted", "acted"}).Draw(t, "verb")
	at := w.now
	if rapid.IntRange(0, 5).Draw(t, "late") == 0 && w.frozen != 0 && w.frozen.Next() == clock.MonthOf(w.now) {
		at = w.frozen.Start().Add(time.Hour) // belongs to a closed month
	}
	m := w.month(at)
	if verb == "made" {
		w.next++
		k := personKey{id.Person(w.next), rapid.SampledFrom([]role{rPupil, rPupil, rTeacher, rGuardian}).Draw(t, "role")}
		p := &modelPerson{unit: rapid.SampledFrom(modelUnits).Draw(t, "unit"), here: true, acted: map[clock.Month]bool{}}
		w.persons[k] = p
		w.emit(event.Event{At: at, Verb: "person.made", Object: w.next, Unit: p.unit, Extra: `{"r":"` + roleWords[k.role] + `"}`})
		return
	}
	k, p := w.anybody(t)
	if p == nil {
		return
	}
	e := event.Event{At: at, Verb: "person." + verb, Object: k.person.Int(), Extra: `{"r":"` + roleWords[k.role] + `"}`}
	switch {
	case p.merged != (verb == "unmerged"):
		return
	case verb == "unmerged":
		p.merged, p.here = false, p.wasHere
		if p.wasSeen {
			p.everSeen = true
			w.flow(k, p.unit, m, 1)
			e.Extra = strings.Replace(e.Extra, "}", `,"v":1}`, 1)
		}
		if p.here {
			e.Extra = strings.Replace(e.Extra, "}", `,"here":1}`, 1)
		}
	case verb == "merged" && p.here:
		p.merged, p.wasHere, p.wasSeen, p.here = true, p.here, p.everSeen, false
		w.takeBack(k, p, m)
	case verb == "merged":
		return
	case verb == "returned" != !p.here:
		return
	case verb == "acted":
		if !p.active {
			return
		}
		p.acted[m] = true
		e.Verb, e.Actor, e.Role = "post.commented", k.person, roleWords[k.role]
	case verb == "activated":
		p.active = true
	case verb == "verified":
		p.ver = true
	case verb == "unverified":
		if !p.ver {
			return
		}
		p.ver = false
		w.takeBack(k, p, m)
	case verb == "moved":
		e.Extra = fmt.Sprintf(`{"r":%q,"from":"%d"}`, roleWords[k.role], p.unit)
		p.unit = rapid.SampledFrom(modelUnits).Draw(t, "to")
	case verb == "left":
		p.here = false
	case verb == "returned":
		p.here = true
	case verb == "unmade":
		p.here = false
		w.takeBack(k, p, m)
		delete(w.persons, k)
	}
	w.settle(k, p, m)
	e.Unit = p.unit
	w.emit(e)
}

func (w *world) takeBack(k personKey, p *modelPerson, m clock.Month) {
	if p.everSeen {
		p.everSeen = false
		w.flow(k, p.unit, m, -1)
	}
}

func (w *world) treeStep(t *rapid.T) {
	switch rapid.SampledFrom([]string{"move", "move point", "class", "open", "close", "freeze", "freeze"}).Draw(t, "change") {
	case "move":
		at := rapid.SampledFrom([]id.Node{countyA, countyB, schoolA, schoolB, schoolC}).Draw(t, "node")
		to := rapid.SampledFrom([]id.Node{cityA, cityB, province, countyA, countyB}).Draw(t, "parent")
		if slices.Contains(w.above(to), at) || w.nodes[at].parent == to {
			return
		}
		w.move(at, to)
	case "move point":
		if to := rapid.SampledFrom([]id.Node{schoolA, schoolB, schoolC}).Draw(t, "centre"); w.nodes[point].parent != to {
			w.move(point, to)
		}
	case "class":
		w.next++
		at, unit := id.Node(w.next), rapid.SampledFrom(modelUnits).Draw(t, "school")
		w.nodes[at] = &modelNode{kind: "class", parent: unit, live: true, flag: "normal"}
		w.emit(event.Event{Verb: "org.made", Node: at, Unit: unit, Extra: fmt.Sprintf(`{"kind":"class","flag":"normal","status":"normal","parent":"%d","report":"%d"}`, unit, unit)})
	case "open":
		at := w.institution(t)
		n := w.nodes[at]
		verb := "opened"
		if !n.made {
			verb = "made"
		}
		n.made, n.opn = true, verb == "opened"
		k := "school"
		if n.kind == "class" {
			k = "class"
		}
		w.emit(event.Event{Verb: "space." + verb, Node: at, Unit: at, Extra: `{"k":"` + k + `"}`})
	case "close":
		at := w.institution(t)
		if w.nodes[at].kind == "class" {
			w.nodes[at].live = false
			w.emit(event.Event{Verb: "org.closed", Node: at, Unit: w.nodes[at].parent, Extra: `{"kind":"class"}`})
		}
	case "freeze":
		month := w.frozen.Next()
		if month == 0 {
			month = clock.MonthOf(w.now).Prev()
		}
		if w.now.Before(month.End()) {
			w.now = month.End().Add(6 * time.Hour)
		}
		w.frozen = month
		w.emit(event.Event{Verb: VerbFrozen, Object: int64(month), Node: province, Extra: fmt.Sprintf(`{"month":%q}`, month.String())})
	}
}

func (w *world) move(at, to id.Node) {
	from := w.nodes[at].parent
	w.nodes[at].parent = to
	w.emit(event.Event{Verb: "org.moved", Node: at, Unit: at, Extra: fmt.Sprintf(`{"tree":"report","from":"%d","to":"%d","day":"2019-10-01"}`, from, to)})
}

func (w *world) institution(t *rapid.T) id.Node {
	var all []id.Node
	for at, n := range w.nodes {
		if n.kind == "class" || isUnit(n.kind) {
			all = append(all, at)
		}
	}
	slices.Sort(all)
	return rapid.SampledFrom(all).Draw(t, "institution")
}
