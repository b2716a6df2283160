package bulletin

import (
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
)

// State is where a bulletin stands in its chain.
type State string

// The states: the month is frozen and the units check; then the three persons.
const (
	Frozen   State = "frozen"
	Drafted  State = "drafted"
	Returned State = "returned"
	Checked  State = "checked"
	Signed   State = "signed"
	Issued   State = "issued"
)

// Step is one step of the chain with who took it and when; zero before.
type Step struct {
	By   id.Person `json:"-"`
	Name string    `json:"name"`
	At   time.Time `json:"at,omitzero"`
}

// Bulletin is the paper of a month with its chain.
type Bulletin struct {
	ID    id.Bulletin
	Month clock.Month
	State State
	// ReviewFrom and ReviewTo are the first and last of the checking days.
	FrozenAt             time.Time
	ReviewFrom, ReviewTo clock.Day
	// Problems and Next are the drafter's words of 需要协调解决的问题 and 下一步工作.
	Problems, Next string
	Drafted        Step
	Checked        Step
	Signed         Step
	Returned       Step
	ReturnReason   string
	IssuedAt       time.Time
	EarlyReason    string
	Year, Number   int
	Version        int64

	checkedHash string
	content     string
	hash        string
	issuedBy    id.Person
}

// ReviewEnds is the first instant after the checking days.
func (b Bulletin) ReviewEnds() time.Time { return b.ReviewTo.End() }

// Review is what a unit said about its own row.
type Review string

// The reviews; a unit that says nothing within the checking days agrees.
const (
	NotReviewed Review = ""
	Accepted    Review = "accepted"
	Disputed    Review = "disputed"
)

// Row is a reporting unit in the bulletin: the numbers that are printed.
type Row struct {
	Node   id.Node `json:"node"`
	Code   string  `json:"code"`
	Name   string  `json:"name"`
	Direct bool    `json:"direct,omitempty"` // 直报: a county or zone without a city above
	// Target is the year's target, 0 for none.
	Target        int64         `json:"target,omitempty"`
	Newly         int64         `json:"newly"`
	Cumulative    int64         `json:"cumulative"`
	Year          int64         `json:"year"` // new since 1 January
	TeacherBase   int64         `json:"teacher_base"`
	Teachers      int64         `json:"teacher_verified"`
	PupilBase     int64         `json:"pupil_base"`
	Pupils        int64         `json:"pupil_verified"`
	Guardians     int64         `json:"guardian_verified"`
	Schools       int64         `json:"schools"`
	SchoolsOpened int64         `json:"schools_opened"`
	Classes       int64         `json:"classes"`
	ClassesOpened int64         `json:"classes_opened"`
	BaseSource    string        `json:"base_source"`
	LeftOut       metrics.Count `json:"left_out"`

	// Review is the state of the check; it is no part of the paper.
	Review Review    `json:"-"`
	SaidAt time.Time `json:"-"`
}

// The figures of a row that its unit may dispute.
const (
	FigureNewly         = "newly"
	FigureCumulative    = "cumulative"
	FigureTeacherBase   = "teacher_base"
	FigureTeachers      = "teacher_verified"
	FigurePupilBase     = "pupil_base"
	FigurePupils        = "pupil_verified"
	FigureSchools       = "schools"
	FigureSchoolsOpened = "schools_opened"
	FigureClasses       = "classes"
	FigureClassesOpened = "classes_opened"
)

// Figures lists the figures that may be disputed, in the order of the tables.
func Figures() []string {
	return []string{FigureNewly, FigureCumulative, FigureTeacherBase, FigureTeachers, FigurePupilBase, FigurePupils,
		FigureSchools, FigureSchoolsOpened, FigureClasses, FigureClassesOpened}
}

// figure points at a number of the row; nil for an unknown name.
func (r *Row) figure(name string) *int64 {
	return map[string]*int64{
		FigureNewly: &r.Newly, FigureCumulative: &r.Cumulative, FigureTeacherBase: &r.TeacherBase, FigureTeachers: &r.Teachers,
		FigurePupilBase: &r.PupilBase, FigurePupils: &r.Pupils, FigureSchools: &r.Schools, FigureSchoolsOpened: &r.SchoolsOpened,
		FigureClasses: &r.Classes, FigureClassesOpened: &r.ClassesOpened,
	}[name]
}

// Figure returns a number of the row by its name, 0 for an unknown name.
func (r Row) Figure(name string) int64 {
	if n := r.figure(name); n != nil {
		return *n
	}
	return 0
}

// add returns the sum of two rows, for the total.
func (r Row) add(o Row) Row {
	r.Target += o.Target
	r.Year += o.Year
	r.Guardians += o.Guardians
	for _, name := range Figures() {
		*r.figure(name) += *o.figure(name)
	}
	r.LeftOut.Pupil += o.LeftOut.Pupil
	r.LeftOut.Teacher += o.LeftOut.Teacher
	r.LeftOut.Guardian += o.LeftOut.Guardian
	return r
}

// Outcome is the province's answer to a dispute.
type Outcome string

// The outcomes; an open dispute is printed as being looked into.
const (
	Open            Outcome = ""
	OutcomeAccepted Outcome = "accepted"
	OutcomeRefused  Outcome = "refused"
	OutcomeNoted    Outcome = "noted"
)

// Dispute is one figure that a unit does not accept.
type Dispute struct {
	ID         id.Event // its key
	Node       id.Node
	Figure     string
	Number     int64 // what the unit says
	Reason     string
	At         time.Time
	Outcome    Outcome
	Answer     string
	AnsweredAt time.Time
}

// Receipt says when a unit received the issued paper.
type Receipt struct {
	Node id.Node
	At   time.Time
}

// Target is a unit's target of a year, its newest version.
type Target struct {
	Node     id.Node
	Year     int
	Version  int // from 1
	N        int64
	Document string
	At       time.Time
}
