package read

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"learnspace/internal/clock"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

// Options say for whom and for which day a roster is read.
type Options struct {
	// Kind forces pupils or staff; "" goes by the columns.
	Kind Kind
	// School is the school that rows without a school code belong to; the zero value
	// when the file is read for an office.
	School value.School
	// Schools finds a school by the text of a school column or of a title. nil takes
	// every code as it is.
	Schools func(text string) SchoolAnswer
	// SchoolRequired makes a row without a school code a fault when School is zero.
	SchoolRequired bool
	// SchoolByName lets a column with school names stand for a missing school code,
	// and without one the title above the table or the sheet's name.
	SchoolByName bool
	// Today is the day that ages, grades and entry years refer to.
	Today clock.Day
	// YearMonth is the month in which the school year begins; 0 means September.
	YearMonth int
}

// A SheetReport says how one sheet was read.
type SheetReport struct {
	Sheet     string            // "" for a text file
	Encoding  string            // as in the report's contract
	HeaderRow int               // 0 when the sheet has no header
	Columns   map[string]string // source header → field
	Kind      Kind
	Rows      int // persons or assignments listed
	Rejected  int // rows with an error
	Warnings  int // problems that are warnings
	// NoHeader says that the sheet has cells and no header, and was left out because
	// other sheets of the workbook have one.
	NoHeader bool
}

// Read reads every sheet and calls fn for each row in order. An error of fn or of
// the context ends it. When no sheet has a header the file is refused with
// header_not_found before fn is called once. Of several tables side by side it reads
// the first; see Split.
func Read(ctx context.Context, f *sheet.File, o Options, fn func(*Row) error) ([]SheetReport, error) {
	if o.Schools == nil {
		o.Schools = func(code string) SchoolAnswer {
			return SchoolAnswer{School: value.School{Code: code, Type: o.School.Type, FiveFour: o.School.FiveFour}}
		}
	}
	heads := make([]*Columns, len(f.Sheets))
	found := false
	for i, s := range f.Sheets {
		head, err := lookAhead(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("read sheet %d: %w", i+1, err)
		}
		heads[i] = findColumns(head, o, s.Name)
		found = found || heads[i] != nil
	}
	if !found {
		return nil, &sheet.Refusal{Code: sheet.HeaderNotFound}
	}
	p := newPersons(o)
	reports := make([]SheetReport, len(f.Sheets))
	for i, s := range f.Sheets {
		r := &reports[i]
		*r = SheetReport{Sheet: s.Label(), Encoding: f.Encoding, Columns: map[string]string{}}
		if heads[i] == nil {
			r.NoHeader = true
			continue
		}
		r.HeaderRow, r.Columns, r.Kind = heads[i].HeaderRow, heads[i].Headers(), heads[i].Kind
		reader := &sheetReader{persons: p, columns: heads[i], index: i, report: r, fn: fn}
		reader.hold = f.Encoding == "xlsx" && heads[i].Has(GuardianName) && !heads[i].Has(Guardian2Name)
		if err := s.Each(ctx, reader.row); err != nil {
			return nil, err
		}
		if err := reader.finish(); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// dataSample is how many rows from the top are looked at before a sheet is read: as
// many as may stand above a header, and some that show what doubtful columns hold.
const dataSample = 300

func lookAhead(ctx context.Context, s *sheet.Sheet) ([]sheet.Row, error) {
	var rows []sheet.Row
	err := s.Each(ctx, func(row sheet.Row) error {
		if rows = append(rows, row.Clone()); len(rows) >= dataSample {
			return errEnough
		}
		return nil
	})
	if err != nil && err != errEnough {
		return nil, err
	}
	return rows, nil
}

var errEnough = fmt.Errorf("enough rows")

// sheetReader turns the rows of one sheet into persons.
type sheetReader struct {
	persons *persons
	columns *Columns
	index   int
	report  *SheetReport
	fn      func(*Row) error
	hold    bool // a row waits for the next one, which may add a second guardian
	held    bool
}

func (s *sheetReader) row(row sheet.Row) error {
	if row.Number <= s.columns.last {
		return nil
	}
	if !s.columns.isRow(row) {
		if s.columns.SchoolOpen() {
			if err := s.finish(); err != nil {
				return err
			}
			s.columns.turnSchool(row)
		}
		return nil
	}
	if !s.hold {
		s.persons.read(row, s.columns, s.index)
		return s.emit()
	}
	if s.held && s.columns.continues(row) {
		s.persons.secondGuardian(row)
		return nil
	}
	if err := s.finish(); err != nil {
		return err
	}
	s.persons.read(row.Clone(), s.columns, s.index)
	s.held = true
	return nil
}

// finish hands over the row that is held back.
func (s *sheetReader) finish() error {
	if !s.held {
		return nil
	}
	s.held = false
	return s.emit()
}

func (s *sheetReader) emit() error {
	p := &s.persons.row
	s.report.Rows++
	if p.Rejected {
		s.report.Rejected++
	}
	for _, problem := range p.Problems {
		if problem.Severity == "warning" {
			s.report.Warnings++
		}
	}
	return s.fn(p)
}

// continues says whether the row only adds a guardian to the pupil above, whose name
// is merged down over it.
func (c *Columns) continues(row sheet.Row) bool {
	if !row.At(c.Index(Name)).Inherited || !said(row.At(c.Index(GuardianName))) {
		return false
	}
	for _, col := range c.columns {
		if said(row.At(col.index)) && col.field != GuardianName && col.field != GuardianRelation && col.field != GuardianPhone {
			return false
		}
	}
	return true
}

var (
	reFooter = regexp.MustCompile(`^(?:合计|小计|总计|共计|累计|填表人|审核人|制表人|制表|填报人|填表|审核|校长签|校长\(签|负责人|经办人|复核人|班主任签|学校\(盖章|学校盖章|单位\(盖章|盖章|填表说明|填写说明|填报说明|说明[:;.、1]|注[:;.、1]|备注:|注意事项|总人数|人数合计|例[:]?$|示例|样例|例如|例:|제표인|합계|소계|총계|total|subtotal)`)
	reLabel  = regexp.MustCompile(`^(?:\d{1,2}[.、．])?[^\d:]{2,10}:`)
	reBanner = regexp.MustCompile(`(?:名册|名单|花名册|登记表|信息表|统计表|一览表|情况表|汇总表|명단|명부)(?:\(.*\))?$|共\d+人|\d+名$|^\d{4}年\d{1,2}月|^第\d+页|^续表|本页|以下空白|此页无`)
)

// isRow says whether a row below the header lists somebody. Rows of sums and
// signatures, a header repeated on a new page, banners over the whole width, and
// rows without a cell of their own in a needed column do not. A banner may name the
// class of the rows below it.
func (c *Columns) isRow(row sheet.Row) bool {
	at, own := ownCells(row)
	if own == 0 {
		return false
	}
	first, span := row.Cells[at].Text, row.Cells[at].Span
	if footer(first) && !c.holdsPost(row, first) {
		return false
	}
	if own == 1 && at != c.Index(Class) && at != c.Index(Grade) {
		if plain := value.Compact(first); span >= 3 || reBanner.MatchString(plain) || value.FindClass(plain) != "" || value.FindGrade(plain) != "" {
			c.turn(plain)
			return false
		}
	}
	if c.SchoolOpen() && c.namesSchool(row, first, own) {
		return false
	}
	needed := false
	for _, col := range c.columns {
		if said(row.At(col.index)) {
			needed = true
			break
		}
	}
	return needed && !c.repeatsHeader(row) && !c.signature(row, first) && !c.listsNobody(row, own)
}

// rePostLabel are posts that also begin a line of signatures.
var rePostLabel = regexp.MustCompile(`^(?:负责人|经办人)$`)

// holdsPost says whether the row's first cell is the post of a member of staff, who
// stands in it with his number.
func (c *Columns) holdsPost(row sheet.Row, first string) bool {
	return c.Kind == Staff && rePostLabel.MatchString(value.Compact(first)) && said(row.At(c.Index(Name))) && said(row.At(c.Index(IDNo)))
}

// said says whether somebody put something into the cell of this row: not a merged
// neighbour, and not a formula that found nothing to compute.
func said(cell sheet.Cell) bool {
	if cell.Kind == sheet.Blank || cell.Inherited {
		return false
	}
	return !cell.Formula || cell.Kind != sheet.Error && cell.Text != "0"
}

// ownCells returns the index of the first cell in which somebody put something, and
// how many there are.
func ownCells(row sheet.Row) (first, own int) {
	for i, cell := range row.Cells {
		if !said(cell) {
			continue
		}
		if own++; own == 1 {
			first = i
		}
	}
	return first, own
}

// signature says whether the row is a line like 校长：王某 日期：…, which begins with
// a label and holds no number of a person.
func (c *Columns) signature(row sheet.Row, first string) bool {
	if !strings.ContainsAny(first, ":：") || said(row.At(c.Index(IDNo))) || said(row.At(c.Index(StudentNo))) {
		return false
	}
	return reLabel.MatchString(value.Compact(first))
}

// repeatsHeader says whether the row is the header again, as on every printed page.
func (c *Columns) repeatsHeader(row sheet.Row) bool {
	name := row.At(c.Index(Name))
	if said(name) && (name.Kind != sheet.Text || !nameHeader(name.Text)) {
		return false // a person's name; a blank one may belong to the lower half of a header
	}
	same, all := 0, 0
	for _, col := range c.columns {
		cell := row.At(col.index)
		if !said(cell) {
			continue
		}
		all++
		if m := meaningOf(cell.Text); m.known() || strings.TrimSpace(cell.Text) == col.header {
			same++
		}
	}
	return same >= 2 && same*3 >= all*2
}

// nameHeader is a quick look before meaningOf.
func nameHeader(s string) bool {
	return len(s) <= 60 && (strings.Contains(s, "名") || strings.ContainsAny(s, "nN성이学")) && meaningOf(s).field == Name
}

// footerFirst are the characters that a line of sums or signatures begins with.
const footerFirst = "合小总共累填审制校负经复班学单盖说注备人例示样제합소총tTsS"

func footer(first string) bool {
	first = strings.TrimLeft(first, " \u3000\u00a0\t")
	r, _ := utf8.DecodeRuneInString(first)
	return strings.ContainsRune(footerFirst, r) && reFooter.MatchString(strings.ToLower(value.Compact(first)))
}
