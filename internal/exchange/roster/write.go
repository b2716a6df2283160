package roster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// errEnough ends a reading that has what it wanted.
var errEnough = errors.New("enough rows")

func nameKey(name string) string { return value.NameKey(name) }

func compareClass(a, b classKey) int {
	return cmp.Or(cmp.Compare(a.school, b.school), cmp.Compare(a.stage, b.stage), cmp.Compare(b.entry, a.entry), cmp.Compare(a.number, b.number))
}

// write does what the decisions of a chunk ask for.
func (e *engine) write(ctx context.Context, tx *db.Tx, d *decider, t *tally) error {
	nodes, err := e.makeClasses(ctx, d, t)
	if err != nil {
		return err
	}
	real := func(n id.Node) id.Node {
		if n < 0 {
			return nodes[n]
		}
		return n
	}
	w := &writer{e: e, tx: tx, real: real, by: e.acting()}
	for _, step := range []func(context.Context, *plan) error{w.people, w.moves, w.edits, w.places, w.guards, w.guardEdits, w.requests} {
		if err := step(ctx, &d.plan); err != nil {
			return err
		}
	}
	return e.logChanges(ctx, tx, w.log)
}

// makeClasses makes the classes that accepted rows name.
func (e *engine) makeClasses(ctx context.Context, d *decider, t *tally) (map[id.Node]id.Node, error) {
	nodes := map[id.Node]id.Node{}
	t.classes = t.classes[:0]
	var keys []classKey
	for _, k := range slices.SortedFunc(maps.Keys(d.newClass), compareClass) {
		if n := d.classes[k]; n < 0 {
			keys = append(keys, k)
		} else {
			t.classes = append(t.classes, d.madeClass(k, n))
		}
	}
	wanted := make([]org.ClassAt, len(keys))
	for i, k := range keys {
		wanted[i] = org.ClassAt{School: k.school, ClassKey: org.ClassKey{Stage: k.stage, EntryYear: k.entry, No: k.number}}
	}
	found, fresh, err := e.s.org.EnsureClasses(ctx, e.acting(), wanted...)
	if err != nil {
		return nil, fmt.Errorf("make classes: %w", err)
	}
	for i, k := range keys {
		nodes[d.classes[k]] = found[i].ID
		if fresh[i] {
			t.classes = append(t.classes, d.madeClass(k, found[i].ID))
		}
	}
	return nodes, nil
}

// madeClass is a class of this batch with the pupils of this chunk.
func (d *decider) madeClass(k classKey, n id.Node) NewClass {
	return NewClass{School: k.school, Stage: k.stage, EntryYear: k.entry, Number: k.number, Pupils: d.newClass[k], node: n}
}

// writer writes one plan.
type writer struct {
	e    *engine
	tx   *db.Tx
	by   actor
	real func(id.Node) id.Node
	log  []change
}

// people makes the new persons with their first place, then their other ones.
func (w *writer) people(ctx context.Context, p *plan) error {
	ready := make([]person.Prepared, len(p.people))
	var again []person.Draft
	var which []int
	for i, f := range p.people {
		ready[i] = *f.ready
		r := &ready[i]
		r.Unit = f.k.unit
		if main := f.k.primary(); main != nil {
			r.Node, r.Unit, r.Subject, r.Post = w.real(main.node), main.unit, main.subject, main.post
		}
		if r.IDNo != f.k.idNo || r.StudentNo != f.k.studentNo || r.Phone != f.k.phone || r.Unit != f.ready.Unit {
			// A further row of this chunk has said more.
			again, which = append(again, w.draft(r.Draft, f.k)), append(which, i)
			continue
		}
		r.Draft = w.draft(r.Draft, f.k)
	}
	if len(again) > 0 {
		more, err := w.e.s.people.Prepare(ctx, w.by, again)
		if err != nil {
			return err
		}
		for i, m := range more {
			ready[which[i]] = m
		}
	}
	if err := w.e.s.people.InsertMany(ctx, w.by, ready); err != nil {
		return err
	}
	var more []person.Affiliation
	for _, f := range p.people {
		for _, pl := range f.k.places {
			if !pl.primary {
				more = append(more, w.affiliation(f.k.id, pl))
			}
		}
	}
	return w.affiliate(ctx, more)
}

// draft is a new person as the last row of the chunk leaves him.
func (w *writer) draft(d person.Draft, k *known) person.Draft {
	d.Sex, d.Birth, d.Ethnic, d.IDType, d.IDNo, d.StudentNo = int(k.sex), k.birth, k.ethnic, k.idType, k.idNo, k.studentNo
	d.Phone, d.NoIDReason, d.Boarding, d.Enrolled = k.phone, k.noReason, k.boarding, k.enrolled
	return d
}

func (w *writer) affiliation(who id.Person, p place) person.Affiliation {
	return person.Affiliation{Person: who, Node: w.real(p.node), Unit: p.unit, Role: p.role, Subject: p.subject, Post: p.post, Batch: w.e.batch}
}

func (w *writer) affiliate(ctx context.Context, all []person.Affiliation) error {
	if len(all) == 0 {
		return nil
	}
	_, err := w.e.s.people.Affiliate(ctx, w.by, all...)
	if err != nil {
		return err
	}
	return w.replaceClassTeachers(ctx, all)
}

// replaceClassTeachers ends the place of a class teacher whose class has got
// another one by this batch.
func (w *writer) replaceClassTeachers(ctx context.Context, all []person.Affiliation) error {
	seen := map[id.Node]bool{}
	for _, a := range all {
		if a.Role != roleClassTeacher || seen[a.Node] {
			continue
		}
		seen[a.Node] = true
		members, err := w.e.s.people.ListClass(ctx, w.by, a.Node)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.At.Role != roleClassTeacher || m.At.Batch == w.e.batch {
				continue
			}
			if err := w.e.s.people.EndAffiliations(ctx, w.by, 0, m.At.ID); err != nil {
				return err
			}
			w.note(m.ID, changePlace, undoNote{Node: m.At.Node, Unit: m.At.Unit, Role: m.At.Role})
		}
	}
	return nil
}

func (w *writer) note(who id.Person, kind string, before undoNote) {
	w.log = append(w.log, change{person: who, kind: kind, before: before})
}

// moves carries primary places.
func (w *writer) moves(ctx context.Context, p *plan) error {
	for _, m := range p.moves {
		req := person.MoveRequest{Person: m.k.id, Node: w.real(m.to.node), Unit: m.to.unit, Batch: w.e.batch}
		before := undoNote{Node: m.from.node, Unit: m.from.unit, Primary: true, Role: m.from.role, Subject: m.from.subject, Post: m.from.post}
		switch {
		case m.from.id == 0 && m.from.node == 0:
			before.Unit = m.to.unit
			w.note(m.k.id, changeReturned, before)
			if err := w.e.s.people.Return(ctx, w.by, req); err != nil {
				return err
			}
		case m.keep:
			// Taken back from the last: the old place counts again, then the new one ends.
			w.note(m.k.id, changeAdded, undoNote{})
			w.note(m.k.id, changePrimary, before)
			if err := w.affiliate(ctx, []person.Affiliation{w.affiliation(m.k.id, m.to)}); err != nil {
				return err
			}
			if err := w.e.s.people.MakePrimary(ctx, w.by, m.k.id, m.to.unit); err != nil {
				return err
			}
		default:
			w.note(m.k.id, changeMoved, before)
			if err := w.e.s.people.Move(ctx, w.by, req); err != nil {
				return err
			}
		}
	}
	return nil
}

// edits changes stored fields.
func (w *writer) edits(ctx context.Context, p *plan) error {
	var all []person.Amendment
	for _, x := range p.edits {
		all = append(all, amendment(x.before, *x.k))
		w.note(x.k.id, changeFields, undoNote{Fields: fieldsOf(x.before)})
	}
	return w.e.s.people.Amend(ctx, w.by, all...)
}

// amendment is the difference between two states of a person.
func amendment(before, after known) person.Amendment {
	a := person.Amendment{Person: after.id}
	differ(&a.Ethnic, before.ethnic, after.ethnic)
	differ(&a.IDType, before.idType, after.idType)
	differ(&a.IDNo, before.idNo, after.idNo)
	differ(&a.StudentNo, before.studentNo, after.studentNo)
	differ(&a.Phone, before.phone, after.phone)
	differ(&a.NoIDReason, before.noReason, after.noReason)
	differ(&a.Boarding, before.boarding, after.boarding)
	differ(&a.Birth, before.birth, after.birth)
	differ(&a.Enrolled, before.enrolled, after.enrolled)
	differ(&a.Sex, int(before.sex), int(after.sex))
	return a
}

func differ[T comparable](to **T, before, after T) {
	if before != after {
		*to = &after
	}
}

// places adds further places of persons who are known.
func (w *writer) places(ctx context.Context, p *plan) error {
	all := make([]person.Affiliation, len(p.places))
	for i, a := range p.places {
		all[i] = w.affiliation(a.person, a.place)
		w.note(a.person, changeAdded, undoNote{})
	}
	return w.affiliate(ctx, all)
}

// guards binds guardians.
func (w *writer) guards(ctx context.Context, p *plan) error {
	links := make([]person.Guardianship, len(p.guards))
	for i, a := range p.guards {
		g := a.ward.guards[a.at]
		links[i] = person.Guardianship{Guardian: g.person, Ward: a.ward.id, Relation: g.relation, Ordinal: g.ordinal,
			PhoneTail: last4(g.phone), Batch: w.e.batch}
		if !a.ward.fresh {
			w.note(a.ward.id, changeLinked, undoNote{Guardian: g.person})
		}
	}
	return w.e.s.people.Link(ctx, w.by, links)
}

// guardEdits changes guardians' phones and relations.
func (w *writer) guardEdits(ctx context.Context, p *plan) error {
	for _, x := range p.guardEdits {
		w.note(x.ward, changeRelinked, undoNote{Guardian: x.before.person, Relation: x.before.relation, Ordinal: x.before.ordinal, Phone: x.before.phone})
		if err := w.relink(ctx, x.ward, x.after, x.before.phone != x.after.phone); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) relink(ctx context.Context, ward id.Person, g guard, phone bool) error {
	if phone {
		if err := w.e.s.people.Amend(ctx, w.by, person.Amendment{Person: g.person, Phone: &g.phone}); err != nil {
			return err
		}
	}
	return w.e.s.people.Relink(ctx, w.by, person.Guardianship{Guardian: g.person, Ward: ward, Relation: g.relation, Ordinal: g.ordinal, PhoneTail: last4(g.phone)})
}

func last4(s string) string {
	if len(s) <= 4 {
		return s
	}
	return s[len(s)-4:]
}

// requests keeps transfers: those that wait, once each, and those that the
// confirmation has released.
func (w *writer) requests(ctx context.Context, p *plan) error {
	now := clock.Millis(w.e.s.now())
	for _, r := range p.requests {
		state, decidedBy, decidedAt := pending, id.Person(0), int64(0)
		if r.release {
			state, decidedBy, decidedAt = accepted, w.by.Person, now
			_, err := w.tx.Exec(ctx, `UPDATE ros_transfer SET state = 'withdrawn', decided_at = $1, version = version + 1
				WHERE person = $2 AND state = 'pending'`, now, r.k.id)
			if err != nil {
				return err
			}
		}
		_, err := w.tx.Exec(ctx, `INSERT INTO ros_transfer (id, batch, person, kind, from_unit, from_node, to_unit, stage, entry_year, class_no,
				state, asked_by, asked_at, decided_by, decided_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			ON CONFLICT (person, to_unit) WHERE state = 'pending' DO NOTHING`,
			w.e.s.ids.Next(), w.e.batch, r.k.id, r.kind, r.fromUnit, r.fromNode, r.to.id, r.class.stage, r.class.entry, r.class.number,
			state, w.by.Person, now, decidedBy, decidedAt)
		if err != nil {
			return fmt.Errorf("keep transfer: %w", err)
		}
	}
	return nil
}

// logChanges appends to the undo log of the batch.
func (e *engine) logChanges(ctx context.Context, tx *db.Tx, log []change) error {
	if len(log) == 0 {
		return nil
	}
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM ros_change WHERE batch = $1`, e.batch).Scan(&last); err != nil {
		return err
	}
	packed := make([][]byte, len(log))
	for i, c := range log {
		b, err := json.Marshal(c.before)
		if err != nil {
			return err
		}
		packed[i] = e.s.keys.Seal(b)
	}
	_, err := tx.Bulk(ctx, db.Bulk{Table: "ros_change", Columns: []string{"batch", "number", "person", "kind", "before"},
		Rows: func(yield func([]any) bool) {
			for i, c := range log {
				last++
				if !yield([]any{e.batch, last, c.person, c.kind, packed[i]}) {
					return
				}
			}
		}})
	return err
}
