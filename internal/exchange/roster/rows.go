package roster

import (
	"context"
	"errors"
	"slices"
	"strings"

	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/person"
)

// options says for whom the files are read.
func (e *engine) options(ctx context.Context) read.Options {
	o := read.Options{Today: e.day, SchoolRequired: e.node.IsRegion(), SchoolByName: e.node.IsRegion()}
	if e.node.IsSchool() {
		o.School = value.School{Code: e.node.Code, Type: e.node.Type, FiveFour: e.node.FiveFour}
	}
	o.Schools = func(text string) read.SchoolAnswer {
		sc := e.schools.find(ctx, text)
		return read.SchoolAnswer{School: sc.info, Fault: sc.fail, Several: sc.several, Nothing: sc.nothing}
	}
	return o
}

// errProbe ends a reading at its first row.
var errProbe = errors.New("there is a row")

// probe finds the header of every file before anything is done with any.
func (e *engine) probe(ctx context.Context) (name, code string, err error) {
	for i, f := range e.files {
		if err := read.Split(ctx, f); err != nil {
			if code := sheet.RefusalCode(err); code != "" {
				return e.names[i], code, nil
			}
			return "", "", err
		}
		_, err := read.Read(ctx, f, e.options(ctx), func(*read.Row) error { return errProbe })
		if code := sheet.RefusalCode(err); code != "" {
			return e.names[i], code, nil
		}
		if err != nil && !errors.Is(err, errProbe) {
			return "", "", err
		}
		e.bases = append(e.bases, len(e.entries))
		for _, s := range f.Sheets {
			e.entries = append(e.entries, FileReport{File: e.names[i], Sheet: s.Label(), Encoding: f.Encoding})
		}
	}
	return "", "", e.schools.err
}

// readFile reads one file; each row finds its entry of the report filled in.
func (e *engine) readFile(ctx context.Context, file int, fn func(entry int, r *read.Row) error) error {
	base := e.bases[file]
	reports, err := read.Read(ctx, e.files[file], e.options(ctx), func(r *read.Row) error {
		f := &e.entries[base+r.Sheet]
		if f.Kind == "" {
			f.Kind, f.HeaderRow, f.Columns, f.header = string(r.Kind), r.Columns.HeaderRow, r.Columns.Headers(), headerCells(r.Columns)
		}
		if e.schools.err != nil {
			return e.schools.err
		}
		return fn(base+r.Sheet, r)
	})
	if err != nil {
		return err
	}
	for i, s := range reports {
		f := &e.entries[base+i]
		if f.Kind == "" {
			f.Kind, f.HeaderRow, f.Columns = string(s.Kind), s.HeaderRow, s.Columns
		}
	}
	return e.schools.err
}

// fields lists every field that a column can hold.
var fields = []read.Field{read.Name, read.IDNo, read.IDType, read.StudentNo, read.Sex, read.Ethnic, read.Birth, read.Grade, read.Class,
	read.Phone, read.SchoolCode, read.Enrolled, read.GuardianName, read.GuardianRelation, read.GuardianPhone, read.Guardian2Name,
	read.Guardian2Relation, read.Guardian2Phone, read.Boarding, read.NoIDReason, read.Post, read.Subject, read.ClassTeacher, read.PrimaryUnit}

// headerCells gives the header of the columns that are read, each at its
// place; the others are "". Behind them stands what titles say of pupils.
func headerCells(c *read.Columns) []string {
	var out []string
	for _, f := range fields {
		i := c.Index(f)
		if i < 0 {
			continue
		}
		for len(out) <= i {
			out = append(out, "")
		}
		out[i] = c.Header(f)
	}
	if i := c.Stage(); i >= 0 {
		for len(out) <= i {
			out = append(out, "")
		}
		out[i] = "学段"
	}
	grade, class := titled(c)
	if grade {
		out = append(out, "年级")
	}
	if class {
		out = append(out, "班级")
	}
	if c.SchoolOpen() {
		out = append(out, "学校标识码")
	}
	if beside(c) {
		out = append(out, "监护人2姓名", "监护人2关系", "监护人2电话")
	}
	return out
}

// beside says whether a second guardian may stand in a row of his own.
func beside(c *read.Columns) bool {
	return c.Has(read.GuardianName) && !c.Has(read.Guardian2Name) && !c.Has(read.Guardian2Relation) && !c.Has(read.Guardian2Phone)
}

// columnOf is the column in which a problem is mended: what a title says of a
// pupil's class or school has none in the file, but one in the mended row.
func columnOf(p read.Problem) string {
	switch {
	case p.Column != "":
		return p.Column
	case p.Field == read.Grade:
		return "年级"
	case p.Field == read.Class:
		return "班级"
	case p.Field == read.SchoolCode:
		return "学校标识码"
	}
	return ""
}

// titled says of which columns a title takes the place, so that a mended row
// keeps what it stood under.
func titled(c *read.Columns) (grade, class bool) {
	return c.Kind == read.Pupils && !c.Has(read.Grade), c.Kind == read.Pupils && !c.Has(read.Class)
}

// titleCells are the cells of the columns that titled names.
func titleCells(r *read.Row) []string {
	grade, class := titled(r.Columns)
	var out []string
	if grade {
		text, own := r.TitleGrade, r.TitleClass
		if i := r.Columns.Index(read.Class); i >= 0 && i < len(r.Cells) {
			own = r.Cells[i].Text
		}
		if value.IsClass(own, false) {
			text = "" // the class names its grade
		}
		out = append(out, text)
	}
	if class {
		out = append(out, r.TitleClass)
	}
	if r.Columns.SchoolOpen() {
		out = append(out, r.School)
	}
	if beside(r.Columns) {
		out = append(out, r.Beside[:]...)
	}
	return out
}

// item keeps a row beyond its callback.
func (e *engine) item(entry int, r *read.Row) *item {
	it := &item{file: entry, row: *r}
	it.row.Subjects = slices.Clone(r.Subjects)
	it.row.Teaches = slices.Clone(r.Teaches)
	it.row.HomeClass = slices.Clone(r.HomeClass)
	it.row.Problems = slices.Clone(r.Problems)
	it.row.Cells, it.row.Columns = nil, nil
	if e.keep {
		it.cells = joinCells(r, e.entries[entry].header)
	}
	if sc := e.schools.known(r.School); sc != nil && sc.fail == "" {
		it.school = sc
	}
	it.nameColumn = r.Columns.Header(read.Name)
	it.numberColumn = r.Columns.Header(read.IDNo)
	if r.IDNo == "" {
		it.numberColumn = r.Columns.Header(read.StudentNo)
	}
	return it
}

// joinCells packs the cells that are read into one text.
func joinCells(r *read.Row, header []string) string {
	titles := titleCells(r)
	columns := len(header) - len(titles)
	var b strings.Builder
	for i, h := range header {
		if i > 0 {
			b.WriteString(cellSeparator)
		}
		switch {
		case i >= columns:
			b.WriteString(oneLine(titles[i-columns]))
		case h != "" && i < len(r.Cells):
			b.WriteString(oneLine(r.Cells[i].Text))
		}
	}
	return b.String()
}

var lineEnds = strings.NewReplacer(cellSeparator, "", "\r", "", "\n", " ")

// oneLine keeps a cell within its line and its place.
func oneLine(text string) string {
	if strings.IndexByte(text, '\n')&strings.IndexByte(text, '\r')&strings.IndexByte(text, cellSeparator[0]) == -1 {
		return text
	}
	return lineEnds.Replace(text)
}

// reject adds an error that only the matching finds.
func (it *item) reject(code value.Code, column, found string) {
	it.problems = append(slices.Clip(it.problems), read.Problem{Row: it.row.Number, Column: column, Field: read.Name, Code: code,
		Severity: code.Severity(), Found: found})
}

// warn adds a warning that only the matching finds.
func (it *item) warn(code value.Code, column, found string) { it.reject(code, column, found) }

// prepare computes the keys of a row and, for an import, seals what it would
// store of a new person.
func (e *engine) prepare(items []*item) error {
	var drafts []person.Draft
	var to []**person.Prepared
	for _, it := range items {
		r := &it.row
		if r.Rejected {
			continue
		}
		it.idValue = person.IDValue(r.IDType, r.IDNo)
		if r.IDNo == "" || r.Kind == read.Pupils {
			it.placeValue = person.PlaceValue(it.school.id, r.Name, int(r.Sex), r.Birth)
		}
		for i, g := range r.Guardians {
			if g.Name != "" {
				it.guardValue[i] = person.GuardianValue(g.Name, g.Phone)
			}
		}
		if e.batch == 0 {
			continue
		}
		drafts, to = append(drafts, e.draft(it)), append(to, &it.ready)
		for i, g := range r.Guardians {
			if g.Name != "" {
				drafts = append(drafts, person.Draft{Name: g.Name, Phone: g.Phone, Role: roleGuardian, Unit: it.school.id, Batch: e.batch})
				to = append(to, &it.guards[i])
			}
		}
	}
	ready, err := e.s.people.Prepare(context.Background(), e.acting(), drafts)
	if err != nil {
		return err
	}
	for i := range ready {
		*to[i] = &ready[i]
	}
	return nil
}

// draft is the row as a new person.
func (e *engine) draft(it *item) person.Draft {
	r := &it.row
	role := rolePupil
	if r.Kind == read.Staff {
		role = roleTeacher
	}
	d := person.Draft{Name: r.Name, Sex: int(r.Sex), Birth: r.Birth, Ethnic: r.Ethnic, IDType: r.IDType, IDNo: r.IDNo, StudentNo: r.StudentNo,
		Phone: r.Phone, Role: role, Unit: it.school.id, Boarding: r.Boarding, Enrolled: r.Enrolled, Batch: e.batch}
	if d.IDNo == "" {
		d.IDType, d.NoIDReason = "", r.NoReason
	}
	return d
}
