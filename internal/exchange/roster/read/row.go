package read

import (
	"learnspace/internal/clock"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

// A Field is what a column holds. The words are part of the report's contract.
type Field string

// Fields of pupils' and staff rosters.
const (
	Name              Field = "name"
	IDNo              Field = "id_no"
	IDType            Field = "id_type"
	StudentNo         Field = "student_no"
	Sex               Field = "sex"
	Ethnic            Field = "ethnic"
	Birth             Field = "birth"
	Grade             Field = "grade"
	Class             Field = "class"
	Phone             Field = "phone"
	SchoolCode        Field = "school_code"
	Enrolled          Field = "enrolled"
	GuardianName      Field = "guardian_name"
	GuardianRelation  Field = "guardian_relation"
	GuardianPhone     Field = "guardian_phone"
	Guardian2Name     Field = "guardian2_name"
	Guardian2Relation Field = "guardian2_relation"
	Guardian2Phone    Field = "guardian2_phone"
	Boarding          Field = "boarding"
	NoIDReason        Field = "no_id_reason"
	Post              Field = "post"
	Subject           Field = "subject"
	ClassTeacher      Field = "class_teacher"
	PrimaryUnit       Field = "primary_unit"
)

// A Kind says whom a sheet lists.
type Kind string

// Kinds of sheets.
const (
	Pupils Kind = "pupils"
	Staff  Kind = "staff"
)

// A Problem is one fault of one row. Found is masked already: it never holds more
// than the last four characters of a number. The text of what was expected is the
// message `roster.code.<code>.expected` with Args; see Problem.ExpectedKey.
type Problem struct {
	Row      int        // as the spreadsheet counts, from 1
	Column   string     // text of the source header; "" where the file has no such column
	Field    Field      // "" for faults of the whole row
	Code     value.Code // what is wrong
	Severity string     // "error" or "warning"
	Found    string     // masked
	Args     []any      // arguments of the expected text, strings; may be empty
}

// ProblemKey is the message key of what is wrong; it takes Args.
func (p Problem) ProblemKey() string {
	key := "roster.code." + string(p.Code) + ".problem"
	if p.Code == value.SchoolUnknown {
		switch len(p.Args) {
		case 1:
			return key + "_is"
		case 2:
			return key + "_several"
		}
	}
	return key
}

// ExpectedKey is the message key of what was expected; it takes Args.
func (p Problem) ExpectedKey() string {
	if len(p.Args) > 0 {
		return "roster.code." + string(p.Code) + ".expected_is"
	}
	return "roster.code." + string(p.Code) + ".expected"
}

// RemedyKey is the message key of what to do.
func (p Problem) RemedyKey() string { return "roster.code." + string(p.Code) + ".remedy" }

// A Guardian is one of at most two guardians of a pupil. Name or Phone may be "".
type Guardian struct {
	Name     string
	Relation string // code: father mother grandfather grandmother brother sister relative other, "" not given
	Phone    string // digits as value.Phone gives them; "" not given or unreadable
}

// A Row is one person of a roster as read, or one assignment of a member of staff.
// Empty fields mean "not said" and never erase what is known. The row belongs to
// the reader: a callback that keeps it copies it (the strings may be kept, the
// slices not).
type Row struct {
	Sheet   int // index in File.Sheets
	Number  int // row as the spreadsheet shows it, from 1
	Kind    Kind
	Cells   []sheet.Cell // the row as it stands in the file, by column
	Columns *Columns     // how the sheet's columns map to fields

	// TitleGrade and TitleClass are what a title above the table or the sheet's name
	// says of the row, where no column does.
	TitleGrade, TitleClass string

	School string // school code or name as written in the row, code of the title's school; "" when nothing says one
	Type   value.School

	Name      string // stored form: no blanks inside Han names, U+00B7 as middle dot
	NameKey   string // for comparing: see value.NameKey
	IDType    string // code of codes.IDType; "" not said
	IDNo      string // normalised, upper case; "" none
	IDValid   bool   // IDNo passed GB 11643
	StudentNo string // 19 characters, upper case; "" none
	Sex       int8   // 0 not known, 1 male, 2 female; from the ID number where the row does not say
	Birth     clock.Day
	Ethnic    string // two-digit code, "" not said
	NoReason  string // no_id_reason as written
	Phone     string

	// Pupils.
	Class     value.Class
	Enrolled  clock.Day // first of the month where only a month is given
	Boarding  string    // day, boarding, other or ""
	Guardians [2]Guardian
	// Beside is the second guardian as a row below, over which the name is merged,
	// writes him: name, relation, telephone.
	Beside [3]string

	// Staff.
	Post      string        // code of codes.Post, "" unknown or not said
	PostText  string        // as written
	Subjects  []string      // codes of codes.Subject; text as written where there is no code
	Teaches   []value.Class // classes taught
	HomeClass []value.Class // classes of which the person is class teacher
	IsHome    bool          // class teacher according to the row, of a class named or not
	Primary   string        // primary_unit as written: a school's code or name, or 是/否
	IsPrimary int8          // 1 primary here, -1 primary elsewhere, 0 not said

	Problems []Problem
	Rejected bool // at least one problem is an error
}
