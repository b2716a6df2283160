package read

import (
	"strings"

	"learnspace/internal/codes"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

// persons reads rows and remembers whom it has read.
type persons struct {
	o       Options
	classes *value.ClassReader
	schools map[string]SchoolAnswer
	people  *seen
	posts   *seen // assignments of staff
	row     Row
	cols    *Columns
}

func newPersons(o Options) *persons {
	return &persons{
		o: o, classes: value.NewClassReaderOn(o.Today, o.YearMonth),
		schools: map[string]SchoolAnswer{}, people: newSeen(), posts: newSeen(),
	}
}

// read fills p.row from the cells.
func (p *persons) read(row sheet.Row, c *Columns, index int) {
	problems := p.row.Problems[:0]
	subjects, teaches, home := p.row.Subjects[:0], p.row.Teaches[:0], p.row.HomeClass[:0]
	p.row = Row{
		Sheet: index, Number: row.Number, Kind: c.Kind, Cells: row.Cells, Columns: c,
		Problems: problems, Subjects: subjects, Teaches: teaches, HomeClass: home,
		TitleGrade: c.grade,
	}
	if !c.Has(Class) {
		p.row.TitleClass = c.class
	}
	p.cols = c
	p.readName()
	typeOK := p.readSchool()
	p.readIdentity()
	if c.Kind == Staff {
		p.readStaff()
	} else {
		p.readClass(typeOK)
		p.readPupil()
	}
	p.readEthnic()
	p.row.Phone = p.phone(Phone)
	p.findTwice()
}

// cell returns the cell of a field; a blank one where the sheet has no such column.
func (p *persons) cell(f Field) sheet.Cell {
	i, ok := p.cols.at[f]
	if !ok {
		return sheet.Cell{}
	}
	if i = p.cols.columns[i].index; i < len(p.row.Cells) {
		return p.row.Cells[i]
	}
	return sheet.Cell{}
}

// fault reports a problem of a field; found is what the cell holds.
func (p *persons) fault(f Field, code value.Code, found string, args ...any) {
	p.row.Problems = append(p.row.Problems, Problem{
		Row: p.row.Number, Column: p.cols.Header(f), Field: f, Code: code, Severity: code.Severity(), Found: found, Args: args,
	})
	if code.IsError() {
		p.row.Rejected = true
	}
}

// formula reports a computed cell where a formula may not stand.
func (p *persons) formula(f Field, c sheet.Cell) bool {
	if c.Formula {
		p.fault(f, value.FormulaCell, value.Found(c.Text, false))
	}
	return c.Formula
}

func (p *persons) readName() {
	c := p.cell(Name)
	if p.formula(Name, c) {
		return
	}
	if c.Kind == sheet.Error {
		c.Text = ""
	}
	if p.row.Name = value.Name(c.Text); p.row.Name == "" {
		p.fault(Name, value.NameMissing, value.Found(c.Text, false))
		return
	}
	p.row.NameKey = value.NameKey(p.row.Name)
}

// readSchool finds the row's school. It says false when the school is not known, so
// that its grades cannot be judged.
func (p *persons) readSchool() bool {
	text := p.cell(SchoolCode).Text
	if value.Empty(text) {
		p.row.Type = p.o.School
		if p.cols.SchoolOpen() {
			return p.readTitleSchool()
		}
		if p.o.School.Code == "" && p.o.SchoolRequired {
			p.fault(SchoolCode, value.SchoolUnknown, "")
			return false
		}
		return true
	}
	code := text
	if len(text) != 10 || text[0] < '0' || text[0] > '9' {
		code = strings.Trim(strings.ToUpper(value.Compact(text)), "'`\"")
	}
	answer, ok := p.schools[code]
	if !ok {
		answer = p.o.Schools(code)
		if len(p.schools) < 100000 {
			p.schools[strings.Clone(code)] = answer
		}
	}
	p.row.School, p.row.Type = code, answer.School
	if answer.Fault != "" {
		p.row.Type = value.School{}
		found := value.Compact(text)
		if len(found) > 10 {
			found = value.Found(text, false)
		}
		p.fault(SchoolCode, answer.Fault, found, answer.args(found)...)
		return false
	}
	return true
}

// readIdentity reads document, numbers, sex and birth and holds them against each
// other.
func (p *persons) readIdentity() {
	r := &p.row
	r.IDType = value.IDType(p.cell(IDType).Text)
	id := p.cell(IDNo)
	reason := p.cell(NoIDReason).Text
	badID := p.formula(IDNo, id)
	if value.IsReason(id.Text) { // 待补 in the number's own column
		if value.Empty(reason) {
			reason = id.Text
		}
		id = sheet.Cell{}
	}
	var about codes.IDNumber
	if !badID {
		var fault value.Code
		r.IDNo, about, r.IDValid, fault = value.ID(value.NumberCell{Text: id.Text, Numeric: id.Kind == sheet.Number, Lossy: id.Lossy}, r.IDType, p.o.Today)
		if badID = fault != ""; badID {
			p.fault(IDNo, fault, value.Mask(id.Text))
			r.IDNo = ""
		}
	}
	badStudent := false
	if p.cols.Has(StudentNo) {
		badStudent = p.readStudentNo()
	}
	if !value.Empty(reason) {
		r.NoReason = value.Fold(reason)
	}
	sexBad, birthBad := p.readSex(about), p.readBirth(about)
	if r.IDNo == "" && r.StudentNo == "" && !badID && !badStudent {
		complete := (r.Sex != 0 || sexBad) && (r.Birth != 0 || birthBad)
		if r.NoReason == "" || !complete {
			p.missing()
		}
	}
}

func (p *persons) missing() {
	f := IDNo
	if !p.cols.Has(IDNo) && p.cols.Has(StudentNo) {
		f = StudentNo
	}
	p.fault(f, value.IDMissing, "")
}

func (p *persons) readStudentNo() (bad bool) {
	c := p.cell(StudentNo)
	if p.formula(StudentNo, c) {
		return true
	}
	number, birth, fault := value.StudentNumber(c.Text)
	if fault != "" {
		if value.IsReason(c.Text) {
			return false
		}
		p.fault(StudentNo, fault, value.Mask(c.Text))
		return true
	}
	if p.row.StudentNo = number; number != "" && number[0] != 'G' && birth <= p.o.Today {
		p.row.Birth = birth // until the row or the ID number say better
	}
	return false
}

// readSex says true when the cell holds something that is no sex.
func (p *persons) readSex(about codes.IDNumber) bool {
	own := int8(0)
	switch about.Sex {
	case codes.SexMale:
		own = 1
	case codes.SexFemale:
		own = 2
	}
	text := p.cell(Sex).Text
	if value.Empty(text) {
		p.row.Sex = own
		return false
	}
	sex, ok := value.Sex(text)
	if !ok {
		p.fault(Sex, value.SexUnknown, value.Found(text, false))
		return true
	}
	p.row.Sex = sex
	if own != 0 && sex != own {
		p.fault(Sex, value.SexMismatch, value.Found(text, false))
	}
	return false
}

// readBirth says true when the cell holds something that is no date.
func (p *persons) readBirth(about codes.IDNumber) bool {
	r := &p.row
	text := p.cell(Birth).Text
	if value.Empty(text) {
		if r.IDValid {
			r.Birth = clockDay(about.Birth)
		}
		return false
	}
	day, ok := value.Day(text, false, p.o.Today)
	if !ok && p.cols.month && r.IDValid { // 出生年月: the number knows the day
		if month, good := value.Day(text, true, p.o.Today); good {
			ok, day = true, month
			if month.Month() == clockDay(about.Birth).Month() {
				day = clockDay(about.Birth)
			}
		}
	}
	if ok && p.cols.month && r.IDValid && p.cell(Birth).Kind == sheet.Date && day.Month() == clockDay(about.Birth).Month() && day == day.Month().First() {
		day = clockDay(about.Birth) // 2010-03, which the spreadsheet made the first of March
	}
	if !ok || day > p.o.Today {
		p.fault(Birth, value.DateInvalid, value.Found(text, true))
		return true
	}
	r.Birth = day
	if r.IDValid && day != clockDay(about.Birth) {
		p.fault(Birth, value.BirthMismatch, value.Found(text, true), clockDay(about.Birth).String())
	}
	return false
}

func (p *persons) readEthnic() {
	text := p.cell(Ethnic).Text
	if value.Empty(text) {
		return
	}
	code, ok := value.Ethnic(text)
	if !ok {
		p.fault(Ethnic, value.EthnicUnknown, value.Found(text, false))
	}
	p.row.Ethnic = code
}

func (p *persons) phone(f Field) string {
	text := p.cell(f).Text
	if value.Empty(text) {
		return ""
	}
	number, ok := value.Phone(text)
	if !ok {
		p.fault(f, value.PhoneFormat, value.Mask(text))
		return ""
	}
	return number
}
