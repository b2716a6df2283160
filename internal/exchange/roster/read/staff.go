package read

import (
	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/value"
)

// readStaff reads post, subjects and classes.
func (p *persons) readStaff() {
	r := &p.row
	stages := []string(nil)
	if t, ok := codes.FindSchoolType(r.Type.Type); ok {
		stages = t.Stages
	}
	if text := p.cell(Post).Text; !value.Empty(text) {
		r.PostText = value.Fold(text)
		r.Post, r.IsHome = value.Post(text)
	}
	r.Subjects = append(r.Subjects, value.Subjects(p.cell(Subject).Text, stages...)...)
	grade := p.cell(Grade).Text
	text := p.cell(Class).Text
	classes, fault := p.classes.ReadList(r.Type, grade, text)
	if fault != "" {
		p.fault(Class, fault, value.Found(text, false))
	}
	r.Teaches = append(r.Teaches, classes...)
	p.readHome(grade)
	p.readPrimary()
}

// readHome reads 班主任: yes or no, or the class itself. Yes means the class taught
// where there is exactly one.
func (p *persons) readHome(grade string) {
	r := &p.row
	text := p.cell(ClassTeacher).Text
	yes, ok := value.YesNo(text)
	switch {
	case value.Empty(text):
	case ok:
		r.IsHome = r.IsHome && !p.cols.Has(ClassTeacher) || yes
	case value.Compact(text) == "班主任":
		r.IsHome = true
	case value.Compact(text) == "副班主任", value.Compact(text) == "非班主任":
		r.IsHome = false
	default:
		classes, fault := p.classes.ReadList(r.Type, grade, text)
		if fault != "" {
			p.fault(ClassTeacher, fault, value.Found(text, false))
		}
		r.HomeClass = append(r.HomeClass, classes...)
		r.IsHome = r.IsHome || len(classes) > 0
	}
	if r.IsHome && len(r.HomeClass) == 0 && len(r.Teaches) == 1 {
		r.HomeClass = append(r.HomeClass, r.Teaches[0])
	}
}

func (p *persons) readPrimary() {
	r := &p.row
	text := p.cell(PrimaryUnit).Text
	if value.Empty(text) {
		return
	}
	r.Primary = value.Fold(text)
	if yes, ok := value.YesNo(text); ok {
		r.IsPrimary = -1
		if yes {
			r.IsPrimary = 1
		}
	} else if r.School != "" && value.Compact(text) == r.School || r.School == "" && value.Compact(text) == r.Type.Code && r.Type.Code != "" {
		r.IsPrimary = 1
	} else if len(text) == 10 && text[0] >= '0' && text[0] <= '9' {
		r.IsPrimary = -1
	}
}

// assignment is what a further row of a member of staff adds.
func (p *persons) assignment(person uint64) uint64 {
	r := &p.row
	parts := []string{string(appendInt(nil, person)), r.School, r.Post, r.PostText, r.Primary}
	for _, s := range r.Subjects {
		parts = append(parts, "s", s)
	}
	for i, list := range [2][]value.Class{r.Teaches, r.HomeClass} {
		for _, c := range list {
			parts = append(parts, string(rune('a'+i)), c.Grade, string(rune('0'+c.Number)))
		}
	}
	if r.IsHome {
		parts = append(parts, "home")
	}
	return p.posts.hash(parts...)
}

func appendInt(b []byte, n uint64) []byte {
	for i := range 8 {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

func (p *persons) assigned(person uint64) bool {
	_, ok := p.posts.find(p.assignment(person))
	return ok
}
