package person

import (
	"strings"
	"time"
	"unicode"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/id"
)

// The roles a person counts in. Office workers count nowhere.
const (
	RolePupil    = "pupil"
	RoleTeacher  = "teacher"
	RoleGuardian = "guardian"
	RoleOfficer  = "officer"
)

// RoleClassTeacher is a role of an affiliation only: its holder counts as a
// teacher.
const RoleClassTeacher = "class_teacher"

// The states of a person beside activation and verification.
const (
	StatusNormal = "normal"
	StatusLeft   = "left"
	StatusMerged = "merged"
	StatusClosed = "closed"
)

// The sources of a verification.
const (
	SourceRoster = "roster"
	SourceHub    = "hub"
	SourceSchool = "school"
)

// The answers of a guardian.
const (
	ConsentGiven     = "given"
	ConsentRefused   = "refused"
	ConsentWithdrawn = "withdrawn"
)

// Person is a person without his numbers: of those only the tail of the
// identity number is ever shown.
type Person struct {
	ID           id.Person
	Name         string
	Sex          int       // 0 unknown, 1 male, 2 female (GB/T 2261.1)
	Birth        clock.Day // 0: unknown
	Ethnic       string    // code of GB/T 3304
	IDType       string    // code of codes.IDTypes, "" without a number
	IDTail       string    // last four characters of the identity number
	NoIDReason   string    // why there is no number of either kind
	HasStudentNo bool
	Status       string
	Role         string // role in which the person counts
	Unit         id.Node
	Made         time.Time
	Activated    time.Time // zero: not yet
	Verified     time.Time // zero: not, or no longer
	Source       string    // of the verification
	Consent      string    // latest answer for a child; "" where none was asked
	Boarding     string
	Enrolled     clock.Day // day or first of the month of enrolment
	Batch        id.Batch  // import that made the person; 0: none
	Version      int64
	MergedInto   id.Person // the record kept instead; 0: none
	EndedOn      clock.Day // day from which the person is no longer here; 0: is
	EndedAs      string    // left, graduated, died; "" while here
}

// Under14 reports whether the person is under fourteen on the day: then a
// guardian decides (个人信息保护法 31). An unknown birth counts as under 14 for
// pupils.
func (p Person) Under14(day clock.Day) bool {
	if p.Birth == 0 {
		return p.Role == RolePupil
	}
	return int(day)-int(p.Birth) < 14_0000
}

// Affiliation is a place where a person learns or works, half open in days.
type Affiliation struct {
	ID       int64
	Person   id.Person
	Node     id.Node // class, school or office
	Unit     id.Node // school or office
	Role     string  // pupil, teacher, class_teacher, officer
	Subject  string  // code of codes.Subjects, "" none
	Post     string  // code of codes.Posts, "" none
	Primary  bool
	From, To clock.Day // To 0: open
	Batch    id.Batch
}

// Guardianship binds a guardian to a child.
type Guardianship struct {
	ID        int64
	Guardian  id.Person
	Ward      id.Person
	Relation  string
	Ordinal   int    // 1 or 2: column of the roster
	Status    string // roster, confirmed, ended
	PhoneTail string // last four digits of the phone on the roster
	Batch     id.Batch
}

// Consent is one answer of a guardian for a child.
type Consent struct {
	ID          id.Consent
	Child       id.Person
	Purpose     string // one of Purposes
	TextVersion string
	Answer      string // given, refused, withdrawn
	ByName      string
	ByRelation  string
	Guardian    id.Person // who answered; the child itself from 14 on; 0: not known
	At          time.Time
}

// NameKey is the form in which names are compared: without blanks, middle dots
// and case.
func NameKey(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("·•．・‧∙⋅･˙.", r) || r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0100 && r <= 0xE01EF {
			return -1
		}
		return r
	}, name))
}

// tail is the last four characters of a number.
func tail(number string) string {
	if r := []rune(number); len(r) > 4 {
		return string(r[len(r)-4:])
	}
	return number
}

// actorRole is the word that an event keeps of who acted.
func actorRole(by access.Actor) string { return string(by.Role) }
