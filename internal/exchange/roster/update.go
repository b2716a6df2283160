package roster

import (
	"slices"

	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// update takes over what the row says and the person lacks or has otherwise.
// An empty cell never erases what is known.
func (d *decider) update(it *item, k *known) bool {
	r := &it.row
	next := *k
	set(&next.ethnic, r.Ethnic)
	set(&next.phone, r.Phone)
	set(&next.boarding, r.Boarding)
	if r.Sex != 0 {
		next.sex = r.Sex
	}
	if r.Birth != 0 {
		next.birth = r.Birth
	}
	if r.Enrolled != 0 {
		next.enrolled = r.Enrolled
	}
	set(&next.idType, r.IDType)
	if r.IDNo != "" {
		next.idNo, next.noReason = r.IDNo, ""
		if next.idType == "" {
			next.idType = codes.IDResident
		}
	} else if k.idNo == "" {
		set(&next.noReason, r.NoReason)
	}
	if r.StudentNo != "" {
		if other := d.byKey[keyRef{person.ByStudentNumber, it.row.StudentNo}]; other == nil || other == k {
			next.studentNo = r.StudentNo
		}
	}
	if next.ethnic == k.ethnic && next.phone == k.phone && next.boarding == k.boarding && next.sex == k.sex &&
		next.birth == k.birth && next.enrolled == k.enrolled && next.idType == k.idType && next.idNo == k.idNo &&
		next.noReason == k.noReason && next.studentNo == k.studentNo {
		return false
	}
	d.plan.edit(k)
	next.places, next.guards = k.places, k.guards
	*k = next
	d.remember(it, k)
	return true
}

func set(field *string, said string) {
	if said != "" {
		*field = said
	}
}

// guardians ties the guardians of a row to the pupil; it reports a change.
func (d *decider) guardians(it *item, k *known) bool {
	any := false
	for i, g := range it.row.Guardians {
		if g.Name == "" {
			continue
		}
		if d.guardian(it, k, i, g) {
			any = true
		}
	}
	return any
}

// guardian ties one guardian: the ward's own of this name, else whoever is
// known by name and phone, else a new person.
func (d *decider) guardian(it *item, k *known, slot int, g read.Guardian) bool {
	key := value.NameKey(g.Name)
	ref := keyRef{person.ByGuardian, it.guardValue[slot]}
	var other *known
	if g.Phone != "" {
		other = d.byKey[ref]
	}
	for i := range k.guards {
		have := &k.guards[i]
		if have.key != key || other != nil && other.id != have.person {
			continue
		}
		if g.Phone != "" && have.phone != "" && have.phone != g.Phone {
			continue // known by name and phone: another number is another person, who may have other wards
		}
		return d.sameGuardian(k, have, ref, g)
	}
	if other != nil && slices.ContainsFunc(k.guards, func(h guard) bool { return h.person == other.id }) {
		return false
	}
	if other == nil {
		other = &known{name: g.Name, key: key, phone: g.Phone, role: roleGuardian, unit: it.school.id}
		d.make(other, it.guards[slot])
		if g.Phone != "" {
			d.byKey[ref] = other
		}
	}
	k.guards = append(k.guards, guard{person: other.id, k: other, name: other.name, key: key, phone: other.phone,
		relation: g.Relation, ordinal: len(k.guards) + 1})
	d.plan.guards = append(d.plan.guards, guardAdd{ward: k, at: len(k.guards) - 1})
	return true
}

// sameGuardian takes over what the row says about a guardian whom the ward
// has.
func (d *decider) sameGuardian(k *known, have *guard, ref keyRef, g read.Guardian) bool {
	before := *have
	set(&have.relation, g.Relation)
	set(&have.phone, g.Phone)
	if *have == before {
		return false
	}
	if have.phone != before.phone {
		if have.k == nil {
			have.k = &known{id: have.person, name: have.name, key: have.key, role: roleGuardian}
		}
		have.k.phone = have.phone
		d.byKey[ref] = have.k
	}
	if have.id == 0 {
		return true // not written yet
	}
	d.plan.guardEdits = append(d.plan.guardEdits, guardEdit{ward: k.id, before: before, after: *have})
	return true
}

// addPlace gives a person another place.
func (d *decider) addPlace(k *known, p place) {
	k.places = append(k.places, p)
	d.added++
	if k.fresh {
		return
	}
	d.plan.places = append(d.plan.places, placeAdd{person: k.id, place: p})
}

// staff decides a row of a staff roster: one assignment of one person.
func (d *decider) staff(it *item, k *known) outcome {
	school := it.school.id
	if k == nil {
		k = d.fromRow(it, roleTeacher)
		d.make(k, it.ready)
		d.remember(it, k)
		d.see(k, it)
		k.places = []place{{node: school, unit: school, role: roleTeacher, subject: first(it.row.Subjects), post: it.row.Post, primary: true}}
		d.assign(it, k)
		return made
	}
	d.see(k, it)
	new := !k.at(school)
	fields := d.update(it, k)
	switched := d.primary(it, k)
	if added := d.assign(it, k); !new && !fields && !switched && !added {
		return unchanged
	}
	if new {
		return made
	}
	return changed
}

// primary carries the place that counts to this school when the row says so,
// or when there is none.
func (d *decider) primary(it *item, k *known) bool {
	p := k.primary()
	if p != nil && (it.row.IsPrimary != 1 || p.unit == it.school.id || k.role != roleTeacher) {
		return false
	}
	school := it.school.id
	to := place{node: school, unit: school, role: roleTeacher, subject: first(it.row.Subjects), post: it.row.Post, primary: true}
	op := moveOp{k: k, to: to, keep: true}
	if p != nil {
		op.from = *p
		d.schools[p.unit] = true
		p.primary = false // the old school keeps its teacher
	}
	k.places = append(k.places, to)
	d.move(op)
	return true
}

// assign adds the places that the row names and the person does not have.
func (d *decider) assign(it *item, k *known) bool {
	school := it.school.id
	subjects := it.row.Subjects
	if len(subjects) == 0 {
		subjects = []string{""}
	}
	before := d.added
	for _, s := range subjects {
		if !k.teaches(school, s, it.row.Post) {
			d.addPlace(k, place{node: school, unit: school, role: roleTeacher, subject: s, post: it.row.Post})
		}
		for _, c := range it.row.Teaches {
			if node := d.classNode(it, c); k.find(node, roleTeacher, s) == nil {
				d.addPlace(k, place{node: node, unit: school, role: roleTeacher, subject: s})
			}
		}
	}
	for _, c := range it.row.HomeClass {
		if node := d.classNode(it, c); k.find(node, roleClassTeacher, "") == nil {
			d.addPlace(k, place{node: node, unit: school, role: roleClassTeacher})
		}
	}
	return d.added > before
}

// classNode is the node of a class that a staff row names.
func (d *decider) classNode(it *item, c value.Class) id.Node {
	return d.class(classKey{school: it.school.id, stage: c.Stage, entry: c.Entry, number: c.Number})
}

// teaches reports whether k works at the school with this subject and post,
// where what the row leaves open fits anything.
func (k *known) teaches(school id.Node, subject, post string) bool {
	return slices.ContainsFunc(k.places, func(p place) bool {
		return p.node == school && p.role == roleTeacher && (subject == "" || p.subject == subject) && (post == "" || p.post == post)
	})
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
