package roster

import (
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// The roles of affiliations that a roster gives.
const (
	rolePupil        = "pupil"
	roleTeacher      = "teacher"
	roleClassTeacher = "class_teacher"
	roleGuardian     = "guardian"
)

// The kinds of a transfer: 升学转入 and 转学.
const (
	kindPromotion = "promotion"
	kindTransfer  = "transfer"
)

// decider decides what becomes of rows, one after another. Everything that it
// knows beforehand is in byKey, bySchool and classes; everything that it wants
// is in plan.
type decider struct {
	day       clock.Day
	release   bool       // 升学转入 is released
	dry       *id.Person // counts down the stand-ins of a dry run; nil in an import
	byKey     map[keyRef]*known
	bySchool  map[id.Node]map[string][]*known // name key → pupils; only where rows without number need it
	fresh     map[nameAt][]*known             // pupils whom earlier rows have made
	classes   map[classKey]id.Node
	loaded    map[id.Node]bool // schools whose classes are in classes
	people    map[id.Person]*known
	classInfo map[id.Node]classInfo // classes of pupils whom another school holds
	unitPath  map[id.Node]string    // where the schools stand that hold them
	listed    listed
	plan      plan
	stranger  bool               // nobody of the chunk before was known
	own       map[classKey]bool  // classes that this batch has made
	schools   map[id.Node]bool   // touched
	newClass  map[classKey]int64 // pupils in classes that do not exist yet
	virtual   id.Node
	added     int // places added so far
}

// classInfo is what the rule of promotion asks of a class.
type classInfo struct {
	stage    string
	entry    int
	fiveFour bool
	years    int
}

// class returns the node of a class; one that does not exist yet gets a
// negative stand-in and is noted.
func (d *decider) class(key classKey) id.Node {
	n, ok := d.classes[key]
	if !ok {
		d.virtual--
		n = d.virtual
		d.classes[key] = n
		d.newClass[key] = 0
	}
	return n
}

// pupilClass is class for a pupil who goes there.
func (d *decider) pupilClass(key classKey) id.Node {
	n := d.class(key)
	if n < 0 || d.own[key] {
		d.newClass[key]++
	}
	return n
}

// row decides one accepted row.
func (d *decider) row(it *item) outcome {
	k, conflict := d.match(it)
	if conflict {
		it.reject(value.NameConflict, it.nameColumn, it.row.Name)
		return rejected
	}
	if it.row.Kind == read.Staff {
		return d.staff(it, k)
	}
	return d.pupil(it, k)
}

// match finds the person of a row: by ID number, without one by student
// number, without both by school, name, sex and birth. conflict means that a
// number is known under another name.
func (d *decider) match(it *item) (k *known, conflict bool) {
	var byID, byNo *known
	if it.row.IDNo != "" {
		byID = d.byKey[keyRef{person.ByIDNumber, it.idValue}]
	}
	if it.row.StudentNo != "" {
		byNo = d.byKey[keyRef{person.ByStudentNumber, it.row.StudentNo}]
	}
	if byID != nil && byID.key != it.row.NameKey || byNo != nil && byNo.key != it.row.NameKey {
		return nil, true
	}
	switch {
	case byID != nil:
		return byID, false
	case byNo != nil:
		return byNo, false
	}
	return d.matchName(it), false
}

// matchName finds a pupil of the same school by name, sex and birth: for a row
// without ID number anybody whom nothing contradicts, for a row with one only
// somebody who has been without so far.
func (d *decider) matchName(it *item) *known {
	if it.row.Sex == 0 || it.row.Birth == 0 || it.placeValue == "" {
		return nil
	}
	k := d.byKey[keyRef{person.ByPlace, it.placeValue}]
	if k != nil && d.same(it, k) {
		return k
	}
	if it.row.IDNo != "" {
		return nil
	}
	var found *known
	stored, fresh := d.bySchool[it.school.id][it.row.NameKey], d.fresh[nameAt{it.school.id, it.row.NameKey}]
	for _, k := range slices.Concat(stored, fresh) {
		if !d.same(it, k) {
			continue
		}
		if found == nil || d.classOf(k, it) {
			found = k
		}
	}
	return found
}

// classOf reports whether k is in the row's class.
func (d *decider) classOf(k *known, it *item) bool {
	p := k.primary()
	return p != nil && p.node == d.classes[it.class()]
}

// same reports whether nothing of what both know differs.
func (d *decider) same(it *item, k *known) bool {
	role := rolePupil
	if it.row.Kind == read.Staff {
		role = roleTeacher
	}
	return k.unit == it.school.id && k.role == role && k.key == it.row.NameKey && k.sex == it.row.Sex &&
		k.birth == it.row.Birth && !k.contradicts(it.row.IDNo, it.row.StudentNo)
}

// class is the class that a pupil's row names.
func (it *item) class() classKey {
	c := it.row.Class
	if it.coming {
		c.Entry++
	}
	return classKey{school: it.school.id, stage: c.Stage, entry: c.Entry, number: c.Number}
}

// pupil decides a pupil's row.
func (d *decider) pupil(it *item, k *known) outcome {
	switch {
	case k == nil:
		return d.makePupil(it)
	case k.role != rolePupil:
		return d.secondPlace(it, k)
	case k.left:
		d.see(k, it)
		d.update(it, k)
		d.moveTo(it, k)
		d.guardians(it, k)
		return made
	case k.unit == it.school.id || d.oneSchool(it, k):
		return d.updatePupil(it, k)
	}
	return d.heldElsewhere(it, k)
}

// see notes that the row's school has the person.
func (d *decider) see(k *known, it *item) {
	d.plan.seen = append(d.plan.seen, k.id)
	d.schools[it.school.id], d.listed.schools[it.school.id] = true, true
}

// makePupil makes the person of a row whom nobody knows.
func (d *decider) makePupil(it *item) outcome {
	k := d.fromRow(it, rolePupil)
	k.places = []place{{node: d.pupilClass(it.class()), unit: it.school.id, role: rolePupil, primary: true}}
	d.make(k, it.ready)
	d.remember(it, k)
	at := nameAt{it.school.id, k.key}
	d.fresh[at] = append(d.fresh[at], k)
	d.see(k, it)
	d.guardians(it, k)
	return made
}

// make asks for a new person; in a dry run he gets a stand-in for an id.
func (d *decider) make(k *known, ready *person.Prepared) {
	k.fresh = true
	if d.dry != nil {
		*d.dry--
		k.id = *d.dry
		return
	}
	k.id = ready.ID
	d.plan.people = append(d.plan.people, fresh{k: k, ready: ready})
}

// fromRow is a new person as the row describes him.
func (d *decider) fromRow(it *item, role string) *known {
	r := &it.row
	k := &known{
		name: r.Name, key: r.NameKey, sex: r.Sex, birth: r.Birth, ethnic: r.Ethnic,
		idType: r.IDType, idNo: r.IDNo, studentNo: r.StudentNo, phone: r.Phone,
		boarding: r.Boarding, enrolled: r.Enrolled, role: role, unit: it.school.id,
	}
	if k.idNo == "" {
		k.noReason = r.NoReason
	} else if k.idType == "" {
		k.idType = codes.IDResident
	}
	return k
}

// remember lets later rows find k by what the row says.
func (d *decider) remember(it *item, k *known) {
	if k.idNo != "" && k.idNo == it.row.IDNo {
		d.byKey[keyRef{person.ByIDNumber, it.idValue}] = k
	}
	if k.studentNo != "" && k.studentNo == it.row.StudentNo {
		d.byKey[keyRef{person.ByStudentNumber, it.row.StudentNo}] = k
	}
	if k.idNo == "" && it.placeValue != "" {
		d.byKey[keyRef{person.ByPlace, it.placeValue}] = k
	}
}

// updatePupil decides a row about a pupil whom the school has.
func (d *decider) updatePupil(it *item, k *known) outcome {
	d.see(k, it)
	fields := d.update(it, k)
	class := false
	it.coming = d.begins(it, k)
	if p := k.primary(); p == nil || p.node != d.class(it.class()) {
		d.moveTo(it, k)
		class = true
	}
	if d.guardians(it, k) || fields || class {
		return changed
	}
	return unchanged
}

// oneSchool reports whether the pupil is at a campus or teaching point of the
// row's school, or at the school of the row's campus or point: a change inside
// the school.
func (d *decider) oneSchool(it *item, k *known) bool {
	path := d.unitPath[k.unit]
	return access.Covers(path, it.school.path) || access.Covers(it.school.path, path)
}

// secondPlace gives somebody who counts elsewhere, as a teacher does, a place
// in a class that does not count.
func (d *decider) secondPlace(it *item, k *known) outcome {
	d.see(k, it)
	node := d.class(it.class())
	if k.find(node, rolePupil, "") != nil {
		return unchanged
	}
	d.addPlace(k, place{node: node, unit: it.school.id, role: rolePupil})
	return made
}

// moveTo makes the row's class the primary place.
func (d *decider) moveTo(it *item, k *known) {
	to := place{node: d.pupilClass(it.class()), unit: it.school.id, role: rolePupil, primary: true}
	op := moveOp{k: k, to: to}
	d.schools[k.unit] = true
	kept := k.places[:0:0]
	for _, p := range k.places {
		if p.primary {
			op.from = p
			continue
		}
		kept = append(kept, p)
	}
	k.places = append(kept, to)
	d.move(op)
}

// move carries out a move on k and asks for it; of a person who is not written
// yet the written state is the last one.
func (d *decider) move(op moveOp) {
	op.k.unit, op.k.left = op.to.unit, false
	if !op.k.fresh {
		d.plan.moves = append(d.plan.moves, op)
	}
}

// heldElsewhere decides a row about a pupil whom another school has.
func (d *decider) heldElsewhere(it *item, k *known) outcome {
	kind := kindTransfer
	if d.promotes(it, k) {
		kind = kindPromotion
	}
	req := request{k: k, kind: kind, to: it.school, class: it.class(), fromUnit: k.unit}
	if p := k.primary(); p != nil {
		req.fromNode = p.node
	}
	if req.kind == kindPromotion && d.release {
		req.release = true
		d.plan.requests = append(d.plan.requests, req)
		d.schools[k.unit] = true
		d.see(k, it)
		d.update(it, k)
		d.moveTo(it, k)
		d.guardians(it, k)
		return moved
	}
	d.plan.requests = append(d.plan.requests, req)
	found := it.row.IDNo
	if found == "" {
		found = it.row.StudentNo
	}
	it.warn(value.HeldElsewhere, it.numberColumn, value.Mask(found))
	return moved
}

// promotes reports whether the move is 升学转入: out of the last year of a
// stage into the first of the next, from July to October. A file of July or
// August may call 七年级 those who enter on 1 September; of a pupil in the last
// year of the stage before it says nothing else.
func (d *decider) promotes(it *item, k *known) bool {
	if m := d.day.MonthOfYear(); m < time.July || m > time.October {
		return false
	}
	p := k.primary()
	if p == nil {
		return false
	}
	from, ok := d.classInfo[p.node]
	if !ok {
		return false
	}
	last := lastGrade(from.stage, from.fiveFour)
	to, enters := it.row.Class, from.entry+from.years
	if !codes.StageStep(last, from.fiveFour, to.Grade) {
		return false
	}
	it.coming = d.summer() && enters == to.Entry+1
	return it.coming || enters == to.Entry
}

// summer reports whether the coming school year is near, so that files name its
// classes.
func (d *decider) summer() bool {
	m := d.day.MonthOfYear()
	return m == time.July || m == time.August
}

// begins reports whether the row names the first grade of the coming school year
// because the pupil is in a class of it already.
func (d *decider) begins(it *item, k *known) bool {
	p, to := k.primary(), it.row.Class
	if p == nil || !d.summer() || to.Grade != to.Stage+"1" {
		return false
	}
	for key, n := range d.classes {
		if n == p.node {
			return key.stage == to.Stage && key.entry == to.Entry+1
		}
	}
	return false
}

// lastGrade is the code of the last grade of a stage, "P6".
func lastGrade(stage string, fiveFour bool) string {
	return stage + string(rune('0'+codes.StageYears(stage, fiveFour)))
}
