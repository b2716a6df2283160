package rights

import (
	"slices"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/id"
	"learnspace/internal/person/merge"
)

// The kinds of request.
const (
	Copy     = "copy"     // a copy of everything, with whole numbers (art. 45)
	Correct  = "correct"  // a value is wrong (art. 46)
	Erase    = "erase"    // art. 47
	Withdraw = "withdraw" // every consent, at once (art. 15)
)

// Kinds lists the kinds in the order of a form.
func Kinds() []string { return []string{Copy, Correct, Erase, Withdraw} }

// The states of a request: submitted → work → answered or refused → closed.
const (
	Submitted = "submitted"
	Work      = "work"
	Answered  = "answered"
	Refused   = "refused"
	Closed    = "closed"
)

// The outcomes of a request.
const (
	OutcomeDone      = "done"
	OutcomeRefused   = "refused"
	OutcomeWithdrawn = "withdrawn" // the asker took it back
)

// Term is within how many working days a request is answered.
const Term = 15

// Request is one request.
type Request struct {
	ID          id.Request
	Kind        string
	Subject     id.Person
	Unit        id.Node
	AskedBy     id.Person
	Field       string // of a correction
	Value       string // asked for; in the open, for whoever may see the request
	Text        string
	State       string
	Outcome     string
	MadeAt      time.Time
	DueOn       clock.Day // last day of the term
	TakenBy     id.Person
	AnsweredBy  id.Person
	AnsweredAt  time.Time
	Answer      string
	Erased      []string // fields of person that an erasure erased
	EscalatedAt time.Time
	ClosedAt    time.Time
}

// Open reports whether the request still waits for an answer.
func (r Request) Open() bool { return r.State == Submitted || r.State == Work }

// Overdue reports whether the term has passed without an answer.
func (r Request) Overdue(day clock.Day) bool { return r.Open() && day > r.DueOn }

// Days is how many days it took until the answer; -1 while there is none.
func (r Request) Days() int {
	if r.AnsweredAt.IsZero() {
		return -1
	}
	return clock.DayOf(r.AnsweredAt).Sub(clock.DayOf(r.MadeAt))
}

// Asking is what somebody asks.
type Asking struct {
	Kind    string
	Subject id.Person
	Field   string
	Value   string
	Text    string
	Key     string // makes a repeated request one
}

// Answering is what is answered.
type Answering struct {
	Request  id.Request
	Outcome  string // done or refused
	Text     string
	Document string // of a correction
}

// DueOn is the last of so many working days, Monday to Friday, after a day.
func DueOn(from clock.Day, days int) clock.Day {
	day := from
	for days > 0 {
		day = day.AddDays(1)
		if w := day.Start().In(clock.Zone).Weekday(); w != time.Saturday && w != time.Sunday {
			days--
		}
	}
	return day
}

// Keep is something that stays in spite of an erasure, and why.
type Keep struct {
	What string // word of the catalogue: rights.kept.…
	Law  string
}

// Kept lists what an erasure does not touch.
func Kept() []Keep {
	return []Keep{
		{"roll", "《中小学生学籍管理办法》第四、十二条，《教师法》"},
		{"consents", "《个人信息保护法》第五十五、五十六条"},
		{"audit", "《网络安全法》第二十一条（日志不少于六个月）"},
		{"figures", "《个人信息保护法》第四条（已匿名）"},
		{"posts", "《未成年人网络保护条例》第三十四条（可另行申请隐藏）"},
	}
}

// correctable reports whether a field can be asked to be corrected.
func correctable(field string) bool { return slices.Contains(merge.Fields(), field) }
