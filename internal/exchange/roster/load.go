package roster

import (
	"context"
	"fmt"

	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// decider returns an empty one for this request.
func (e *engine) decider() *decider {
	d := &decider{day: e.day, release: e.release, classInfo: map[id.Node]classInfo{}, unitPath: map[id.Node]string{}, own: map[classKey]bool{}, schools: map[id.Node]bool{},
		listed: listed{persons: map[id.Person]bool{}, schools: map[id.Node]bool{}, names: map[nameAt]bool{}, unclear: map[id.Node]bool{}}}
	d.reset()
	return d
}

// reset forgets everything but the schools that are touched: what follows is
// read from the database again.
func (d *decider) reset() {
	d.byKey = map[keyRef]*known{}
	d.people = map[id.Person]*known{}
	d.bySchool = map[id.Node]map[string][]*known{}
	d.fresh = map[nameAt][]*known{}
	d.classes = map[classKey]id.Node{}
	d.loaded = map[id.Node]bool{}
	d.newClass = map[classKey]int64{}
	d.plan = plan{}
	d.virtual, d.added = 0, 0
}

// load reads what the database knows of the persons and classes that the rows
// name. Persons whom earlier rows of a dry run have made or changed stay as
// they are. numbers tells whether ID and student numbers are looked up.
func (e *engine) load(ctx context.Context, items []*item, d *decider, numbers bool) error {
	ids, students, places, guards := newValues(d, person.ByIDNumber), newValues(d, person.ByStudentNumber), newValues(d, person.ByPlace), newValues(d, person.ByGuardian)
	schools := map[id.Node]*school{}
	for _, it := range items {
		if it.row.Rejected {
			continue
		}
		schools[it.school.id] = it.school
		if numbers {
			ids.add(it.idValue)
			students.add(it.row.StudentNo)
		}
		for _, v := range it.guardValue {
			guards.add(v)
		}
	}
	for _, v := range []*values{ids, students, guards} {
		if err := e.lookup(ctx, d, v); err != nil {
			return err
		}
	}
	// Only whoever is not found by a number is looked for by name.
	any, err := e.s.people.AnyBy(ctx, e.acting(), person.ByPlace)
	if err != nil {
		return fmt.Errorf("match rows: %w", err)
	}
	for _, it := range items {
		if any && !it.row.Rejected && it.placeValue != "" && d.byNumber(it) == nil {
			places.add(it.placeValue)
		}
	}
	if err := e.lookup(ctx, d, places); err != nil {
		return err
	}
	if err := e.namesakes(ctx, d, items); err != nil {
		return err
	}
	if err := e.complete(ctx, d, items); err != nil {
		return err
	}
	return e.loadClasses(ctx, d, schools)
}

// values collects the values of one kind that are not known yet.
type values struct {
	d    *decider
	kind person.KeyKind
	list []string
	have map[string]bool
}

func newValues(d *decider, kind person.KeyKind) *values {
	return &values{d: d, kind: kind, have: map[string]bool{}}
}

func (v *values) add(value string) {
	if value == "" || v.have[value] || v.d.byKey[keyRef{v.kind, value}] != nil {
		return
	}
	v.have[value] = true
	v.list = append(v.list, value)
}

func (e *engine) lookup(ctx context.Context, d *decider, v *values) error {
	if len(v.list) == 0 {
		return nil
	}
	found, err := e.s.people.Lookup(ctx, e.acting(), v.kind, v.list)
	if err != nil {
		return fmt.Errorf("match rows: %w", err)
	}
	for value, f := range found {
		d.byKey[keyRef{v.kind, value}] = d.knownOf(f)
	}
	return nil
}

// byNumber finds the person of a row by one of its numbers.
func (d *decider) byNumber(it *item) *known {
	if it.idValue != "" {
		if k := d.byKey[keyRef{person.ByIDNumber, it.idValue}]; k != nil {
			return k
		}
	}
	if it.row.StudentNo != "" {
		return d.byKey[keyRef{person.ByStudentNumber, it.row.StudentNo}]
	}
	return nil
}

// knownOf is a stored person, one value a person.
func (d *decider) knownOf(f person.Found) *known {
	if k := d.people[f.ID]; k != nil {
		return k
	}
	k := &known{id: f.ID, name: f.Name, key: value.NameKey(f.Name), sex: int8(f.Sex), birth: f.Birth, ethnic: f.Ethnic, idType: f.IDType,
		idNo: f.IDNo, studentNo: f.StudentNo, phone: f.Phone, noReason: f.NoIDReason, boarding: f.Boarding, enrolled: f.Enrolled,
		role: f.Role, left: f.Status != person.StatusNormal, unit: f.Unit}
	if f.Main.ID != 0 {
		k.places = []place{placeOf(f.Main)}
	}
	d.people[f.ID] = k
	return k
}

func placeOf(a person.Affiliation) place {
	return place{id: a.ID, node: a.Node, unit: a.Unit, role: a.Role, subject: a.Subject, post: a.Post, primary: a.Primary, batch: a.Batch}
}

// namesakes loads the pupils of those schools whose rows without identity
// number are not found otherwise.
func (e *engine) namesakes(ctx context.Context, d *decider, items []*item) error {
	for _, it := range items {
		if it.row.Rejected || it.row.Kind != read.Pupils || it.row.IDNo != "" || d.byNumber(it) != nil ||
			d.byKey[keyRef{person.ByPlace, it.placeValue}] != nil || d.bySchool[it.school.id] != nil {
			continue
		}
		names := map[string][]*known{}
		d.bySchool[it.school.id] = names
		var wanted []id.Person
		list := person.UnitList{Unit: it.school.id, Roles: []string{rolePupil}, Limit: 1000}
		for {
			page, err := e.s.people.ListUnit(ctx, e.acting(), list)
			if err != nil {
				return fmt.Errorf("pupils of school %d: %w", it.school.id, err)
			}
			for _, m := range page {
				wanted = append(wanted, m.ID)
			}
			if len(page) < list.Limit {
				break
			}
			list.After = page[len(page)-1].ID
		}
		found, err := e.s.people.Records(ctx, e.acting(), wanted)
		if err != nil {
			return fmt.Errorf("pupils of school %d: %w", it.school.id, err)
		}
		for _, who := range wanted {
			if f, ok := found[who]; ok {
				k := d.knownOf(f)
				names[k.key] = append(names[k.key], k)
			}
		}
	}
	return nil
}

// complete loads the places and guardians of the persons whom the rows find.
func (e *engine) complete(ctx context.Context, d *decider, items []*item) error {
	var staff, wards []id.Person
	var nodes, units []id.Node
	for _, it := range items {
		if it.row.Rejected {
			continue
		}
		k, conflict := d.match(it)
		if k == nil || conflict || k.id <= 0 || k.fresh {
			continue
		}
		if (it.row.Kind == read.Staff || k.role != rolePupil) && !k.placed {
			k.placed = true
			staff = append(staff, k.id)
		}
		if it.row.Guardians[0].Name+it.row.Guardians[1].Name != "" && !k.guarded {
			k.guarded = true
			wards = append(wards, k.id)
		}
		if p := k.primary(); p != nil && k.unit != it.school.id {
			nodes, units = append(nodes, p.node), append(units, k.unit)
		}
	}
	if len(staff) > 0 {
		places, err := e.s.people.Affiliations(ctx, e.acting(), staff...)
		if err != nil {
			return fmt.Errorf("places of staff: %w", err)
		}
		for who, list := range places {
			k := d.people[who]
			k.places = k.places[:0]
			for _, a := range list {
				k.places = append(k.places, placeOf(a))
			}
		}
	}
	if err := e.loadGuards(ctx, d, wards); err != nil {
		return err
	}
	if err := e.loadUnits(ctx, d, units); err != nil {
		return err
	}
	return e.loadInfo(ctx, d, nodes)
}

// loadUnits reads where the schools stand that hold pupils of other rows.
func (e *engine) loadUnits(ctx context.Context, d *decider, units []id.Node) error {
	var missing []id.Node
	for _, n := range units {
		if d.unitPath[n] == "" {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := org.Nodes(ctx, e.s.db, missing)
	if err != nil {
		return fmt.Errorf("other schools: %w", err)
	}
	for n, u := range found {
		d.unitPath[n] = u.Path
	}
	return nil
}

func (e *engine) loadGuards(ctx context.Context, d *decider, wards []id.Person) error {
	if len(wards) == 0 {
		return nil
	}
	found, err := e.s.people.Guardians(ctx, e.acting(), wards)
	if err != nil {
		return fmt.Errorf("guardians: %w", err)
	}
	for ward, list := range found {
		k := d.people[ward]
		for _, g := range list {
			k.guards = append(k.guards, guard{id: g.ID, person: g.Guardian, name: g.Name, key: value.NameKey(g.Name), phone: g.Phone,
				relation: g.Relation, ordinal: g.Ordinal})
		}
	}
	return nil
}

// loadInfo reads the classes of pupils whom other schools hold.
func (e *engine) loadInfo(ctx context.Context, d *decider, nodes []id.Node) error {
	var missing []id.Node
	for _, n := range nodes {
		if _, ok := d.classInfo[n]; !ok {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := org.Nodes(ctx, e.s.db, missing)
	if err != nil {
		return fmt.Errorf("classes of other schools: %w", err)
	}
	for n, c := range found {
		if c.Kind == org.KindClass {
			d.classInfo[n] = classInfo{stage: c.Stage, entry: c.EntryYear, fiveFour: c.FiveFour, years: codes.StageYears(c.Stage, c.FiveFour)}
		}
	}
	return nil
}

// loadClasses reads the open classes of the schools.
func (e *engine) loadClasses(ctx context.Context, d *decider, schools map[id.Node]*school) error {
	for n := range schools {
		if d.loaded[n] {
			continue
		}
		d.loaded[n] = true
		classes, err := org.OpenClasses(ctx, e.s.db, n)
		if err != nil {
			return fmt.Errorf("classes of school %d: %w", n, err)
		}
		for _, c := range classes {
			d.classes[classKey{school: n, stage: c.Stage, entry: c.EntryYear, number: c.ClassNo}] = c.ID
		}
	}
	return nil
}

// remembered is after how many rows a dry run begins to forget.
const remembered = 50_000

// forget ends a chunk of a dry run. Within one sheet of pupils nobody comes
// twice by the same number, so a long one is not kept in memory.
func (e *engine) forget(d *decider, items []*item, rows int64) {
	d.keep(e.mode)
	d.plan = plan{}
	if rows < remembered || len(e.entries) > 1 || items[0].row.Kind == read.Staff {
		return
	}
	d.byKey, d.people = map[keyRef]*known{}, map[id.Person]*known{}
	d.bySchool, d.fresh = map[id.Node]map[string][]*known{}, map[nameAt][]*known{}
}
