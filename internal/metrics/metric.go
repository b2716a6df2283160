package metrics

import (
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/codes"
)

// BaseMonth is the first month whose new verifications add to the cumulative
// figure: the base day is 2018-12-31 24:00 (DOMAIN Q2).
const BaseMonth clock.Month = 201901

// metric is one kind of number; its value is stored.
type metric int64

const (
	mMade         metric = 1  // stock of personal spaces, by role
	mActivated    metric = 2  // … activated by their holder
	mVerified     metric = 3  // … and matched
	mSchools      metric = 4  // schools in normal state
	mClasses      metric = 5  // classes in normal state
	mSchoolMade   metric = 6  // school spaces
	mSchoolOpened metric = 7  // … opened
	mClassMade    metric = 8  // class spaces
	mClassOpened  metric = 9  // … opened
	mBase         metric = 10 // enrolment base, pupils and teachers
	mBaseAge      metric = 11 // enrolment base of the 适龄 grades
	mBaseUnits    metric = 12 // units with a base; the role column holds its source
	mBaseDay      metric = 13 // newest day of a base below, as a sum of differences; cache only
	mNewly        metric = 20 // flow: first verifications, net of errors found
	mActive       metric = 30 // verified persons with a counting event in the month
)

// stock reports whether the standing number is the sum of all months and moves
// with the tree.
func (m metric) stock() bool { return m < mNewly }

// schoolish metrics are about institutions; a teaching point is none.
func (m metric) schoolish() bool {
	return m == mSchools || m == mSchoolMade || m == mSchoolOpened
}

// role is the counted role of a person; its value is stored.
type role int64

const (
	rNone     role = 0
	rPupil    role = 1
	rTeacher  role = 2
	rGuardian role = 3
)

// roleOf is the counted role behind the role of a person or of an actor: a class
// teacher, registrar or head is on the staff; officers count nowhere.
func roleOf(word string) role {
	switch word {
	case "pupil":
		return rPupil
	case "guardian":
		return rGuardian
	case "", "officer":
		return rNone
	}
	return rTeacher
}

// part says whether a unit's numbers stand in the figures.
type part int64

const (
	pCounted part = 0
	pApart   part = 1 // kindergartens, 高职, offices
	pLeftOut part = 2 // test and demo
)

// source is where an enrolment base comes from; its value is stored.
type source int64

const (
	sRoster          source = 1 // the roster's own count, not confirmed
	sRosterConfirmed source = 2
	sStatistics      source = 3 // 事业统计
	sDeclared        source = 4 // 申报
)

// The words of the sources in figures and forms. SourceMixed stands where the
// units below have bases of several sources.
const (
	SourceRoster          = "roster"
	SourceRosterConfirmed = "roster_confirmed"
	SourceStatistics      = "statistics"
	SourceDeclared        = "declared"
	SourceMixed           = "mixed"
)

func (s source) word() string {
	switch s {
	case sRoster:
		return SourceRoster
	case sRosterConfirmed:
		return SourceRosterConfirmed
	case sStatistics:
		return SourceStatistics
	case sDeclared:
		return SourceDeclared
	}
	return ""
}

func sourceOf(word string, confirmed bool) source {
	switch {
	case word == SourceStatistics:
		return sStatistics
	case word == SourceDeclared:
		return sDeclared
	case confirmed:
		return sRosterConfirmed
	}
	return sRoster
}

// counting lists the verbs that make a person active in a month: own teaching,
// learning, exchange or management. Sign-in, automatic and imported events
// never do (DOMAIN 3, annex 3, 月活率).
var counting = map[string]bool{
	"post.made":      true,
	"post.asked":     true,
	"post.commented": true,
	"post.answered":  true,
	"post.confirmed": true,
	"post.reminded":  true,
	"post.edited":    true,
	"post.hidden":    true,
	"space.opened":   true,
}

// Counts reports whether an event with this verb makes its actor active.
func Counts(verb string) bool { return counting[verb] }

// Kinds of node at which people count.
const (
	kindSchool = "school"
	kindCampus = "campus"
	kindPoint  = "point"
	kindClass  = "class"
)

// isUnit reports whether people of a node of this kind count at all; the staff
// of offices is counted apart.
func isUnit(kind string) bool { return kind == kindSchool || kind == kindCampus || kind == kindPoint }

// isRegion reports whether a node of this kind lies above the schools.
func isRegion(kind string) bool { return !isUnit(kind) && kind != kindClass }

// institution reports whether the node is a school of its own: teaching points,
// campuses and attached classes are not.
func (n *node) institution() bool {
	if n.kind != kindSchool {
		return false
	}
	t, ok := codes.FindSchoolType(n.typ)
	return !ok || !t.TeachingPoint() && !t.Attached()
}

// apart reports whether the unit's own type keeps it out of the figures.
func (n *node) apart() bool {
	if !isUnit(n.kind) {
		return true
	}
	t, ok := codes.FindSchoolType(n.typ)
	return ok && !t.Counted()
}

// field returns the value of key in a flat JSON object as this product writes
// it, a string without its quotes or a number: {"r":"pupil","from":"12","v":1}.
// "" when it is not there.
func field(extra, key string) string {
	at := strings.Index(extra, `"`+key+`":`)
	if at < 0 {
		return ""
	}
	rest := strings.TrimLeft(extra[at+len(key)+3:], " ")
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		value, _, _ := strings.Cut(quoted, `"`)
		return value
	}
	if end := strings.IndexAny(rest, ",}"); end >= 0 {
		return strings.TrimSpace(rest[:end])
	}
	return ""
}
