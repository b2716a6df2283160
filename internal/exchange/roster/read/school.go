package read

import (
	"slices"
	"strings"

	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

// A SchoolName is one of the schools that a text may mean.
type SchoolName struct{ Code, Name string }

// A SchoolAnswer is what is known of a text that names a school.
type SchoolAnswer struct {
	School value.School
	// Fault is "", value.SchoolUnknown or value.SchoolOutside.
	Fault value.Code
	// Several are the schools that the text may mean, where it is more than one.
	Several []SchoolName
	// Nothing says that the text names a kind of school and no school: 南关区小学.
	Nothing bool
}

// titleSchool is the school that a title, a banner or the sheet's name tells of.
type titleSchool struct {
	text   string // as it is written there; "" where nothing tells
	answer SchoolAnswer
}

// schoolNames is how many of several schools a message lists.
const schoolNames = 4

// args are the arguments of the message that a school is not found: what was looked
// for and, where that may mean several, which.
func (a SchoolAnswer) args(text string) []any {
	if a.Fault != value.SchoolUnknown || text == "" {
		return nil
	}
	args := []any{value.Found(text, false)}
	if len(a.Several) == 0 {
		return args
	}
	var list []string
	for i, s := range a.Several {
		if i == schoolNames {
			list[i-1] += "…"
			break
		}
		list = append(list, s.Name+"("+s.Code+")")
	}
	return append(args, strings.Join(list, "、"))
}

// SchoolOpen says whether no column names the school and an office reads the file,
// so that titles do.
func (c *Columns) SchoolOpen() bool { return c.ask != nil }

// hearSchool finds the one school of which titles and the sheet's name tell. Where
// they tell of two, or of one that is not known, there is none.
func (c *Columns) hearSchool(texts []string) {
	var heard *titleSchool
	for _, t := range texts {
		if told := c.told(t); told != nil {
			heard = heard.with(told)
		}
	}
	if heard != nil {
		c.school = *heard
	}
}

// told finds the school of which one line tells, nil where it tells of none.
func (c *Columns) told(line string) *titleSchool {
	var best *titleSchool
	for _, name := range value.SchoolTitles(line) {
		answer := c.ask(name)
		switch {
		case answer.Nothing:
			continue
		case answer.Fault == "":
			return &titleSchool{name, answer}
		case best == nil || len(best.answer.Several) == 0 && len(answer.Several) > 0:
			best = &titleSchool{name, answer}
		}
	}
	return best
}

// with puts together what two lines tell.
func (t *titleSchool) with(o *titleSchool) *titleSchool {
	switch {
	case t == nil:
		return o
	case t.answer.Fault == "" && o.answer.Fault == "":
		if t.answer.School.Code == o.answer.School.Code {
			return t
		}
		return &titleSchool{t.text + "、" + o.text, SchoolAnswer{Fault: value.SchoolUnknown, Several: []SchoolName{
			{t.answer.School.Code, t.text}, {o.answer.School.Code, o.text}}}}
	case t.answer.Fault == "" && o.answer.among(t.answer.School.Code):
		return t
	case o.answer.Fault == "" && t.answer.among(o.answer.School.Code):
		return o
	case t.answer.Fault == "":
		return o
	}
	return t
}

// among says whether the school is one of several.
func (a SchoolAnswer) among(code string) bool {
	for _, s := range a.Several {
		if s.Code == code {
			return true
		}
	}
	return false
}

// bannerCells is how many cells a title between the rows has at most, unless a label
// says what it is.
const bannerCells = 4

// namesSchool says whether a row without anybody's number is a title between the
// rows that names a school. first is its first cell, own how many it has.
func (c *Columns) namesSchool(row sheet.Row, first string, own int) bool {
	id, student, name := row.At(c.Index(IDNo)), row.At(c.Index(StudentNo)), row.At(c.Index(Name))
	someone := numbered(sheet.Row{Cells: []sheet.Cell{id, student}})
	if strings.ContainsAny(first, ":：") && value.SchoolLabel(lineOf(row)) {
		return !someone
	}
	if own > bannerCells || someone {
		return false
	}
	if !said(name) {
		return schoolCell(row) >= 0
	}
	return !said(id) && !said(student) && (value.NamesSchool(first) || value.NamesSchool(name.Text))
}

// schoolCell is the first cell that names a school, -1 where none does.
func schoolCell(row sheet.Row) int {
	return slices.IndexFunc(row.Cells, func(cell sheet.Cell) bool { return said(cell) && value.NamesSchool(cell.Text) })
}

// turnSchool takes the school from a line between the rows: what follows belongs
// to it.
func (c *Columns) turnSchool(row sheet.Row) {
	_, own := ownCells(row)
	line := lineOf(row)
	if own > bannerCells && !value.SchoolLabel(line) || c.repeatsHeader(row) {
		return
	}
	at := schoolCell(row)
	if at > 0 {
		line = lineOf(sheet.Row{Cells: row.Cells[at:]}) // 三年级 第二小学
	}
	told := c.told(line)
	if told == nil && at >= 0 {
		told = &titleSchool{text: line, answer: SchoolAnswer{Fault: value.SchoolUnknown}}
	}
	if told != nil {
		c.school = *told
	}
}

// lineOf joins the cells of a title.
func lineOf(row sheet.Row) string {
	var line []string
	for _, cell := range row.Cells {
		if cell.Kind == sheet.Text && !cell.Inherited {
			line = append(line, cell.Text)
		}
	}
	return strings.Join(line, " ")
}

// readTitleSchool gives the row the school of its title.
func (p *persons) readTitleSchool() bool {
	t := &p.cols.school
	if t.text == "" {
		p.fault(SchoolCode, value.SchoolUnknown, "")
		return false
	}
	if t.answer.Fault != "" {
		p.row.School = t.text
		p.fault(SchoolCode, t.answer.Fault, value.Found(t.text, false), t.answer.args(t.text)...)
		return false
	}
	p.row.School, p.row.Type = t.answer.School.Code, t.answer.School
	return true
}
