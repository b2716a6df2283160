package read

import (
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

func clockDay(day int32) clock.Day { return clock.Day(day) }

// readClass reads a pupil's grade and class. known says that the school's type is
// known; else only what no school has is a fault.
func (p *persons) readClass(known bool) {
	grade, class := p.cell(Grade).Text, p.cell(Class).Text
	context := p.row.TitleGrade
	if !p.cols.Has(Class) {
		class = p.row.TitleClass
	}
	school := p.row.Type
	if !known {
		school = value.School{}
	}
	readGrade, readClass := grade, class
	if p.cols.stage >= 0 && p.cols.stage < len(p.row.Cells) {
		if stage := p.row.Cells[p.cols.stage].Text; value.Empty(grade) {
			readClass = value.WithStage(stage, class)
		} else {
			readGrade = value.WithStage(stage, grade)
		}
	}
	c, fault, inGrade := p.classes.Read(school, readGrade, readClass, context, p.row.Birth.Year())
	if fault == "" {
		p.row.Class = c
		return
	}
	if !known && fault == value.GradeUnknown {
		return
	}
	field, text := Class, class
	if inGrade || fault == value.GradeMissing && p.cols.Has(Grade) || !p.cols.Has(Class) && p.cols.Has(Grade) {
		field, text = Grade, grade
	}
	if fault == value.GradeMissing {
		text = ""
	}
	found := value.Found(text, false)
	if fault == value.ClassUnreadable && value.TradeClass(text) {
		p.fault(field, fault, found, found)
		return
	}
	p.fault(field, fault, found)
}

// readPupil reads what only pupils have.
func (p *persons) readPupil() {
	r := &p.row
	if text := p.cell(Enrolled).Text; !value.Empty(text) {
		day, ok := value.Day(text, true, p.o.Today)
		if !ok || day.Year() > p.o.Today.Year()+1 {
			p.fault(Enrolled, value.DateInvalid, value.Found(text, true))
		} else {
			r.Enrolled = day
		}
	}
	r.Boarding = value.Boarding(p.cell(Boarding).Text)
	for i, f := range guardianSlots {
		if p.cols.Has(f[0]) || p.cols.Has(f[2]) {
			if g := p.guardian(i); g != (Guardian{}) {
				r.Guardians[i] = g
			}
		}
	}
	if a, b := &r.Guardians[0], &r.Guardians[1]; *b == (Guardian{}) {
		p.splitGuardian(a, b)
	} else if b.Name != "" && a.Phone == b.Phone && value.NameKey(a.Name) == value.NameKey(b.Name) {
		*b = Guardian{} // the same one named twice
	}
}

var guardianSlots = [2][3]Field{{GuardianName, GuardianRelation, GuardianPhone}, {Guardian2Name, Guardian2Relation, Guardian2Phone}}

func (p *persons) guardian(i int) Guardian {
	f := guardianSlots[i]
	g := Guardian{Name: value.Name(p.cell(f[0]).Text), Relation: value.Relation(p.cell(f[1]).Text), Phone: p.phone(f[2])}
	if texts := value.GuardianTexts(p.cell(f[0]).Text); len(texts) > 0 {
		g = g.with(texts[0])
		if len(texts) > 1 && i == 0 {
			p.row.Guardians[1] = Guardian{}.with(texts[1])
		}
	}
	if g.Relation == "" && g.Name != "" {
		g.Relation = p.cols.implied[i]
	}
	return g
}

// with takes the name out of a cell that says more than it, and from there what no
// column of its own says.
func (g Guardian) with(t value.GuardianText) Guardian {
	g.Name = t.Name
	if g.Relation == "" {
		g.Relation = t.Relation
	}
	if g.Phone == "" {
		g.Phone = t.Phone
	}
	return g
}

// splitGuardian makes two of 王大、李丽 in one cell; the relations and telephone
// numbers beside them are shared out when there are two as well.
func (p *persons) splitGuardian(a, b *Guardian) {
	if len(a.Name) < 9 || !strings.ContainsAny(a.Name, "、/,;，；") {
		return
	}
	cut := func(f Field) (string, string) {
		parts := value.List(p.cell(f).Text)
		if len(parts) != 2 {
			return "", ""
		}
		return parts[0], parts[1]
	}
	first, second := cut(GuardianName)
	if first == "" {
		return
	}
	a.Name, b.Name = value.Name(first), value.Name(second)
	if one, two := cut(GuardianRelation); one != "" {
		a.Relation, b.Relation = value.Relation(one), value.Relation(two)
	}
	if _, two := cut(GuardianPhone); two != "" {
		b.Phone, _ = value.Phone(two)
	}
}

// secondGuardian reads the guardian of a row that only continues the one before.
func (p *persons) secondGuardian(row sheet.Row) {
	if p.row.Guardians[1] != (Guardian{}) {
		return
	}
	cells, number := p.row.Cells, p.row.Number
	p.row.Cells, p.row.Number = row.Cells, row.Number
	p.row.Guardians[1] = p.guardian(0)
	for i, f := range guardianSlots[0] {
		p.row.Beside[i] = strings.Clone(p.cell(f).Text)
	}
	p.row.Cells, p.row.Number = cells, number
}

// findTwice looks whether the person has stood in the file before, in an accepted
// row. The same number with another name is a conflict; a further assignment of a
// member of staff is none.
func (p *persons) findTwice() {
	r := &p.row
	tag := uint32(p.people.hash("name", r.NameKey))
	keys, fields := p.keys()
	hit := -1
	for i, k := range keys {
		before, ok := p.people.find(k)
		if !ok {
			continue
		}
		if before != tag && r.NameKey != "" {
			p.fault(Name, value.NameConflict, value.Found(r.Name, false))
			return
		}
		hit = i
		break
	}
	if hit >= 0 {
		if r.Kind == Pupils || p.assigned(keys[hit]) {
			p.fault(fields[hit], value.DuplicateInFile, value.Mask(p.cell(fields[hit]).Text))
			return
		}
	}
	if r.Rejected {
		return
	}
	for _, k := range keys {
		if _, ok := p.people.find(k); !ok {
			p.people.put(k, tag)
		}
	}
	if r.Kind == Staff && len(keys) > 0 {
		p.posts.put(p.assignment(keys[0]), 0)
	}
}

// keys are what a person is known by: the ID number, the registry number (a G number
// is G and an ID number of his), without both school, name, sex and birth.
func (p *persons) keys() (keys []uint64, fields []Field) {
	r := &p.row
	add := func(f Field, parts ...string) {
		k := p.people.hash(parts...)
		for _, have := range keys {
			if have == k {
				return
			}
		}
		keys, fields = append(keys, k), append(fields, f)
	}
	if r.IDNo != "" {
		add(IDNo, "number", r.IDNo)
	}
	if r.StudentNo != "" {
		if r.StudentNo[0] == 'G' {
			add(StudentNo, "number", r.StudentNo[1:])
		} else {
			add(StudentNo, "registry", r.StudentNo)
		}
	}
	if len(keys) == 0 && r.NameKey != "" && r.Sex != 0 && r.Birth != 0 && r.NoReason != "" {
		add(Name, "person", r.School, r.NameKey, string(rune('0'+r.Sex)), r.Birth.String())
	}
	return keys, fields
}
