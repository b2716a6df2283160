package read

import (
	"strings"

	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

// Columns says which column of a sheet holds what.
type Columns struct {
	HeaderRow int  // row of the header that names the person, as the spreadsheet shows it
	Kind      Kind // whom the sheet lists
	columns   []column
	at        map[Field]int // field → index in columns

	last    int // the last row of the header
	stage   int // column of the stage (学段), which grade and class may leave open; -1 none
	month   bool
	grade   string // grade named above the table or by the sheet's name
	class   string // class named there
	implied [2]string
	ask     func(text string) SchoolAnswer // finds the school of a title; nil where a column or the request names it
	school  titleSchool
}

type column struct {
	index  int // from 0
	header string
	field  Field
}

// Headers returns source header → field, as the report shows it.
func (c *Columns) Headers() map[string]string {
	m := make(map[string]string, len(c.columns))
	for _, col := range c.columns {
		m[col.header] = string(col.field)
	}
	return m
}

// Header returns the source header of a field, "" where the sheet has none.
func (c *Columns) Header(f Field) string {
	if i, ok := c.at[f]; ok {
		return c.columns[i].header
	}
	return ""
}

// Index returns the column of a field from 0, -1 where the sheet has none.
func (c *Columns) Index(f Field) int {
	if i, ok := c.at[f]; ok {
		return c.columns[i].index
	}
	return -1
}

// Stage returns the column of the stage from 0, -1 where the sheet has none.
func (c *Columns) Stage() int { return c.stage }

// Has says whether the sheet has a column for the field.
func (c *Columns) Has(f Field) bool { return c.Index(f) >= 0 }

// label is one header cell of a candidate header.
type label struct {
	index int
	text  string
	m     meaning
}

// headerRows is how many filled rows from the top may come before the header.
const headerRows = 60

// findColumns looks for the header among the first rows of a sheet: the row, or the
// pair of rows, that names the most fields, a person's name among them.
func findColumns(rows []sheet.Row, o Options, sheetName string) *Columns {
	best := findHeader(rows)
	if best.score == 0 {
		return nil
	}
	data := rows[best.index+1:]
	cols := &Columns{HeaderRow: best.row, last: best.last, stage: -1}
	cols.Kind = kindOf(best.labels, data, o)
	cols.assign(best.labels, data, o)
	if o.SchoolByName && o.School.Code == "" && !cols.Has(SchoolCode) {
		cols.ask = o.Schools
	}
	cols.context(rows[:best.index+1], sheetName)
	return cols
}

// findHeader is findColumns without what the columns mean; its score is 0 where there
// is no header.
func findHeader(rows []sheet.Row) candidate {
	best := candidate{}
	seen := meanings{}
	for i := range rows[:min(len(rows), headerRows)] {
		if c := seen.singleHeader(rows[i]); c.score > best.score {
			c.row, c.last, c.index = rows[i].Number, rows[i].Number, i
			best = c
		}
		if i+1 < len(rows) && rows[i+1].Number == rows[i].Number+1 {
			if c := seen.doubleHeader(rows[i], rows[i+1]); c.score > best.score {
				c.row, c.last, c.index = rows[i].Number, rows[i+1].Number, i+1
				if c.nameBelow {
					c.row = rows[i+1].Number
				}
				best = c
			}
		}
	}
	return best
}

type candidate struct {
	score, row, last, index int
	nameBelow               bool
	labels                  []label
}

// meanings keeps what header texts mean: the search for the header asks for each
// of them alone, above and below others.
type meanings map[string]meaning

func (seen meanings) of(s string) meaning {
	m, ok := seen[s]
	if !ok {
		m = meaningOf(s)
		seen[s] = m
	}
	return m
}

// singleHeader weighs one row as a header.
func (seen meanings) singleHeader(row sheet.Row) candidate {
	var c candidate
	for i, cell := range row.Cells {
		if cell.Kind != sheet.Text || cell.Inherited {
			continue
		}
		c.labels = append(c.labels, label{i, cell.Text, seen.of(cell.Text)})
	}
	c.weigh()
	return c
}

// doubleHeader weighs two rows as one header: a group above (监护人1, 学生信息) and
// what it holds below, or a plain header whose lower cell is merged or blank.
func (seen meanings) doubleHeader(top, bottom sheet.Row) candidate {
	var c candidate
	group, until := "", -1
	for i := range max(len(top.Cells), len(bottom.Cells)) {
		up, low := top.At(i), bottom.At(i)
		if up.Kind == sheet.Text {
			group, until = up.Text, -1
			if up.Span > 1 {
				until = i + int(up.Span) - 1
			}
		} else if up.Kind != sheet.Blank || until >= 0 && i > until {
			group = ""
		}
		if low.Kind == sheet.Text && !low.Inherited {
			m, text := seen.ofPair(group, low.Text)
			c.nameBelow = c.nameBelow || m.field == Name && seen.of(low.Text).field == Name
			c.labels = append(c.labels, label{i, text, m})
		} else if up.Kind == sheet.Text {
			c.labels = append(c.labels, label{i, up.Text, seen.of(up.Text)})
		}
	}
	before := seen.singleHeader(top).score
	below := seen.singleHeader(bottom).score
	c.weigh()
	if c.score <= before || c.score <= below {
		c.score = 0
	}
	return c
}

// ofPair reads a lower header cell under its group.
func (seen meanings) ofPair(group, low string) (meaning, string) {
	m := seen.of(low)
	if group == "" {
		return m, low
	}
	joined := strings.TrimSpace(group) + "/" + strings.TrimSpace(low)
	if g := seen.of(group); g.guardian != "" || reHasGuard.MatchString(headerText(group)) {
		if both := seen.of(strings.TrimSpace(group) + strings.TrimSpace(low)); both.guardian != "" {
			return both, joined
		}
		return meaning{}, joined
	}
	if both := seen.of(strings.TrimSpace(low) + strings.TrimSpace(group)); both.guardian != "" {
		return both, joined
	}
	if m.known() {
		return m, low
	}
	return seen.of(strings.TrimSpace(group) + strings.TrimSpace(low)), joined
}

// weigh counts the distinct things the labels name; without a person's name, or
// with nothing else, it is no header.
func (c *candidate) weigh() {
	seen := map[string]bool{}
	name := false
	for _, l := range c.labels {
		if !l.m.known() {
			continue
		}
		name = name || l.m.field == Name
		seen[string(l.m.field)+"/"+l.m.guardian+"/"+l.m.what+"/"+l.m.loose] = true
	}
	c.score = len(seen)
	if !name || len(seen) < 2 {
		c.score = 0
	}
}

// kindOf says whom the sheet lists: a column for post or subject makes it staff.
// 职务 does so only where its values are posts and nothing else speaks of pupils.
func kindOf(labels []label, data []sheet.Row, o Options) Kind {
	if o.Kind != "" {
		return o.Kind
	}
	pupil, weak := false, -1
	for _, l := range labels {
		switch {
		case (l.m.field == Post || l.m.field == Subject) && !l.m.weak:
			return Staff
		case l.m.field == Post:
			weak = l.index
		case l.m.field == Grade, l.m.field == StudentNo, l.m.field == Enrolled, l.m.field == Boarding, l.m.guardian != "":
			pupil = true
		}
	}
	if weak < 0 || pupil {
		return Pupils
	}
	posts, others := 0, 0
	for _, row := range data {
		if t := row.At(weak).Text; !value.Empty(t) {
			if code, _ := value.Post(t); code != "" {
				posts++
			} else {
				others++
			}
		}
	}
	if posts > 0 && posts >= others {
		return Staff
	}
	return Pupils
}

var staffOnly = map[Field]bool{Post: true, Subject: true, ClassTeacher: true, PrimaryUnit: true}
var pupilOnly = map[Field]bool{StudentNo: true, Enrolled: true, Boarding: true}

// assign gives each field its column. The first of two columns with one meaning
// counts, a plain word before one that the data have to explain.
func (c *Columns) assign(labels []label, data []sheet.Row, o Options) {
	c.at = map[Field]int{}
	for _, l := range labels {
		f := l.m.field
		if f == "" || l.m.weak || f == Phone && c.Kind == Pupils && !l.m.explicit || !c.wanted(f) {
			continue
		}
		if c.take(f, l) && f == Birth {
			c.month = l.m.month
		}
	}
	for _, l := range labels {
		if l.m.weak && c.wanted(l.m.field) && c.weakHolds(l, data, o) {
			c.take(l.m.field, l)
		}
	}
	if c.Kind == Pupils {
		c.assignGuardians(labels)
		c.stage = stageColumn(labels)
	}
}

func (c *Columns) wanted(f Field) bool {
	if c.Kind == Pupils {
		return !staffOnly[f]
	}
	return !pupilOnly[f]
}

func (c *Columns) take(f Field, l label) bool {
	if _, taken := c.at[f]; taken || f == "" {
		return false
	}
	header := strings.TrimSpace(l.text)
	for _, have := range c.columns {
		if have.header == header {
			header += " (" + columnName(l.index) + ")"
			break
		}
	}
	c.at[f] = len(c.columns)
	c.columns = append(c.columns, column{l.index, header, f})
	return true
}

// columnName is the letter a spreadsheet shows above a column.
func columnName(index int) string {
	if index < 0 {
		return ""
	}
	if index >= 26 {
		return columnName(index/26-1) + string(rune('A'+index%26))
	}
	return string(rune('A' + index))
}

// weakHolds lets the data decide on a header of several meanings.
func (c *Columns) weakHolds(l label, data []sheet.Row, o Options) bool {
	if _, taken := c.at[l.m.field]; taken {
		return false
	}
	good, all := 0, 0
	for _, row := range data {
		t := row.At(l.index).Text
		if value.Empty(t) {
			continue
		}
		all++
		switch l.m.field {
		case StudentNo:
			if t = strings.ToUpper(value.Compact(t)); len(t) > 10 && strings.ContainsRune("GJL", rune(t[0])) && t[1] >= '0' && t[1] <= '9' {
				good++
			}
		case NoIDReason:
			if value.IsReason(t) {
				good++
			}
		default:
			good++
		}
	}
	switch l.m.field {
	case StudentNo:
		return good > 0 && good*2 >= all
	case NoIDReason:
		return good > 0
	case SchoolCode:
		return o.SchoolByName
	case Post:
		return c.Kind == Staff
	}
	return true
}

// assignGuardians gives the columns of at most two guardians their place, and the
// telephone columns that do not say whose they are: right of a guardian without a
// number of his own they are his, else the pupil's.
func (c *Columns) assignGuardians(labels []label) {
	slots := map[string]int{}
	names := [2][3]Field{{GuardianName, GuardianRelation, GuardianPhone}, {Guardian2Name, Guardian2Relation, Guardian2Phone}}
	has := [2][3]bool{}
	slotOf := func(who string) int {
		if s, ok := slots[who]; ok {
			return s
		}
		if s := strings.TrimSuffix(who, "2"); s != who && len(slots) == 0 && hasGuardian(labels, s) {
			slots[s] = 0
		}
		slots[who] = len(slots)
		return slots[who]
	}
	what := map[string]int{"name": 0, "relation": 1, "phone": 2}
	slotAt := map[int]int{}
	for _, l := range labels {
		if l.m.guardian == "" {
			continue
		}
		who := l.m.guardian
		if s, ok := slots[who]; ok && s < 2 && has[s][what[l.m.what]] && !strings.ContainsAny(who, "23") {
			who += "2" // the same words for the second time
		}
		s := slotOf(who)
		slotAt[l.index] = s
		if s < 2 && c.take(names[s][what[l.m.what]], l) {
			has[s][what[l.m.what]] = true
			if r := value.Relation(strings.TrimRight(who, "23")); r == "father" || r == "mother" {
				c.implied[s] = r
			}
		}
	}
	last := -1
	for _, l := range labels {
		if s, ok := slotAt[l.index]; ok {
			last = s
		}
		switch {
		case l.m.loose == "relation":
			if s := max(last, 0); s < 2 && !has[s][1] && c.take(names[s][1], l) {
				has[s][1] = true
			}
		case l.m.loose == "phone":
			if last >= 0 && last < 2 && !has[last][2] && has[last][0] && c.take(names[last][2], l) {
				has[last][2] = true
			} else {
				c.take(Phone, l)
			}
		}
	}
}

func hasGuardian(labels []label, who string) bool {
	for _, l := range labels {
		if l.m.guardian == who {
			return true
		}
	}
	return false
}

// context reads grade, class and an office's school from the rows above the header
// and from the sheet's name, for a table that has no column for them.
func (c *Columns) context(above []sheet.Row, sheetName string) {
	texts := []string{sheetName}
	for _, row := range above {
		if row.Number >= c.HeaderRow {
			break
		}
		texts = append(texts, lineOf(row))
	}
	if !c.Has(Class) && value.IsClass(sheetName, c.Has(Grade)) {
		c.class = sheetName
	}
	if c.SchoolOpen() {
		c.hearSchool(texts)
	}
	for _, t := range texts {
		c.hear(t)
	}
	for _, t := range texts {
		if c.class == "" && !c.Has(Class) {
			c.class = value.FindClassNumber(t)
		}
	}
}

// hear takes grade and class from a title above the table, where the table has no
// column for them. Once heard they hold.
func (c *Columns) hear(t string) {
	if c.class == "" && !c.Has(Class) {
		c.class = value.FindClass(t)
	}
	if c.grade == "" && !c.Has(Grade) {
		c.grade = value.FindGrade(t)
	}
}

// turn takes them from a title between the rows: what follows belongs to it.
func (c *Columns) turn(t string) {
	class, grade := value.FindClass(t), value.FindGrade(t)
	if class != "" && !c.Has(Class) {
		c.class = class
	}
	if grade != "" && !c.Has(Grade) {
		c.grade = grade
	}
}
