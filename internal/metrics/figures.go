package metrics

import (
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/id"
)

// Count is a number of persons by their counted role. The roles are never
// added (DOMAIN Q1).
type Count struct {
	Pupil    int64 `json:"pupil"`
	Teacher  int64 `json:"teacher"`
	Guardian int64 `json:"guardian"`
}

// Sum is pupils and teachers together: what counts towards the target of
// 师生实名空间.
func (c Count) Sum() int64 { return c.Pupil + c.Teacher }

func (c *Count) add(r role, n int64) {
	switch r {
	case rPupil:
		c.Pupil += n
	case rTeacher:
		c.Teacher += n
	case rGuardian:
		c.Guardian += n
	}
}

// Base is an enrolment base: the denominator, with its source and day.
type Base struct {
	Pupil    int64 `json:"pupil"`
	Teacher  int64 `json:"teacher"`
	AgePupil int64 `json:"age_pupil"`
	// Source is one of the Source words; "" where there is no base.
	Source string `json:"source"`
	// Day is the newest day of the counts that were added up.
	Day clock.Day `json:"day"`
}

// Spaces is the state of institution spaces: of how many institutions, how many
// have one, how many are opened (DOMAIN Q4).
type Spaces struct {
	Made   int64 `json:"made"`
	Opened int64 `json:"opened"`
	Of     int64 `json:"of"`
}

// Figures are the figures of one node and one month, as of AsOf. The keys are
// those of the command line's contract (DESIGN section 10).
type Figures struct {
	// Node is the code of the node, or its id where it has no code.
	Node  string      `json:"node"`
	Month clock.Month `json:"month"`
	// AsOf is the end of the month, or the present of the month under way.
	AsOf time.Time `json:"as_of"`
	// Frozen says that nothing of the month changes any more.
	Frozen bool `json:"frozen"`
	// Schools and Classes are those in normal state; teaching points are no
	// schools.
	Schools int64 `json:"schools"`
	Classes int64 `json:"classes"`
	// Made, Activated and Verified are stocks.
	Made      Count `json:"made"`
	Activated Count `json:"activated"`
	Verified  Count `json:"verified"`
	// NewlyVerified are the month's first verifications net of errors found in
	// it, CumulativeVerified their sum since the base day. Guardians have none.
	NewlyVerified      Count `json:"newly_verified"`
	CumulativeVerified Count `json:"cumulative_verified"`
	// Active are the verified persons with a counting event in the month.
	Active       Count  `json:"active"`
	Base         Base   `json:"base"`
	SchoolSpaces Spaces `json:"school_spaces"`
	ClassSpaces  Spaces `json:"class_spaces"`
	// Apart and LeftOut are the made spaces that stand in none of the numbers
	// above: of kindergartens, 高职 and offices, and of test and demo units.
	Apart   Count `json:"apart"`
	LeftOut Count `json:"left_out"`

	sources map[source]int64
	id      id.Node
}

// ID is the node's identifier.
func (f Figures) ID() id.Node { return f.id }

// put adds one stored number. monthly says that it belongs to the month asked
// for, standing that it adds to totals.
func (f *Figures) put(p part, m metric, r role, n int64, monthly, standing bool) {
	switch {
	case p != pCounted:
		if m == mMade && standing && p == pApart {
			f.Apart.add(r, n)
		} else if m == mMade && standing {
			f.LeftOut.add(r, n)
		}
		return
	case r == rGuardian && (m == mNewly || m == mActive):
		return
	case m == mActive:
		if monthly {
			f.Active.add(r, n)
		}
		return
	case m == mNewly && monthly:
		f.NewlyVerified.add(r, n)
	}
	if standing {
		f.stand(m, r, n)
	}
}

// stand adds to a total.
func (f *Figures) stand(m metric, r role, n int64) {
	switch m {
	case mMade:
		f.Made.add(r, n)
	case mActivated:
		f.Activated.add(r, n)
	case mVerified:
		f.Verified.add(r, n)
	case mNewly:
		f.CumulativeVerified.add(r, n)
	case mSchools:
		f.Schools += n
		f.SchoolSpaces.Of += n
	case mClasses:
		f.Classes += n
		f.ClassSpaces.Of += n
	case mSchoolMade:
		f.SchoolSpaces.Made += n
	case mSchoolOpened:
		f.SchoolSpaces.Opened += n
	case mClassMade:
		f.ClassSpaces.Made += n
	case mClassOpened:
		f.ClassSpaces.Opened += n
	default:
		f.standBase(m, r, n)
	}
}

func (f *Figures) standBase(m metric, r role, n int64) {
	switch m {
	case mBase:
		if r == rPupil {
			f.Base.Pupil += n
		} else {
			f.Base.Teacher += n
		}
	case mBaseAge:
		f.Base.AgePupil += n
	case mBaseDay:
		f.Base.Day += clock.Day(n)
	case mBaseUnits:
		if f.sources == nil {
			f.sources = map[source]int64{}
		}
		f.sources[source(r)] += n
	}
}

// settle names the source of the base once every number is in.
func (f *Figures) settle() {
	for s, n := range f.sources {
		switch {
		case n == 0:
		case f.Base.Source == "":
			f.Base.Source = s.word()
		default:
			f.Base.Source = SourceMixed
		}
	}
}

// Confirmed reports whether every base below was confirmed by an office.
func (f Figures) Confirmed() bool { return f.Base.Source != "" && f.sources[sRoster] == 0 }

// Add returns the sums of f and g, as the last row of a table that shows both.
// Node, month and as-of time stay those of f.
func (f Figures) Add(g Figures) Figures {
	for _, c := range []struct {
		to   *Count
		from Count
	}{
		{&f.Made, g.Made}, {&f.Activated, g.Activated}, {&f.Verified, g.Verified}, {&f.NewlyVerified, g.NewlyVerified},
		{&f.CumulativeVerified, g.CumulativeVerified}, {&f.Active, g.Active}, {&f.Apart, g.Apart}, {&f.LeftOut, g.LeftOut},
	} {
		c.to.Pupil += c.from.Pupil
		c.to.Teacher += c.from.Teacher
		c.to.Guardian += c.from.Guardian
	}
	f.Schools += g.Schools
	f.Classes += g.Classes
	f.Base.Pupil += g.Base.Pupil
	f.Base.Teacher += g.Base.Teacher
	f.Base.AgePupil += g.Base.AgePupil
	f.Base.Day = max(f.Base.Day, g.Base.Day)
	f.SchoolSpaces = f.SchoolSpaces.add(g.SchoolSpaces)
	f.ClassSpaces = f.ClassSpaces.add(g.ClassSpaces)
	switch {
	case f.Base.Source == "":
		f.Base.Source = g.Base.Source
	case g.Base.Source != "" && g.Base.Source != f.Base.Source:
		f.Base.Source = SourceMixed
	}
	return f
}

func (s Spaces) add(o Spaces) Spaces {
	return Spaces{Made: s.Made + o.Made, Opened: s.Opened + o.Opened, Of: s.Of + o.Of}
}

// Sub returns f less g: what stands at f itself once its children are taken.
func (f Figures) Sub(g Figures) Figures {
	neg := func(c Count) Count { return Count{-c.Pupil, -c.Teacher, -c.Guardian} }
	source, day := f.Base.Source, f.Base.Day
	out := f.Add(Figures{
		Schools: -g.Schools, Classes: -g.Classes,
		Made: neg(g.Made), Activated: neg(g.Activated), Verified: neg(g.Verified), NewlyVerified: neg(g.NewlyVerified),
		CumulativeVerified: neg(g.CumulativeVerified), Active: neg(g.Active), Apart: neg(g.Apart), LeftOut: neg(g.LeftOut),
		Base:         Base{Pupil: -g.Base.Pupil, Teacher: -g.Base.Teacher, AgePupil: -g.Base.AgePupil},
		SchoolSpaces: Spaces{-g.SchoolSpaces.Made, -g.SchoolSpaces.Opened, -g.SchoolSpaces.Of},
		ClassSpaces:  Spaces{-g.ClassSpaces.Made, -g.ClassSpaces.Opened, -g.ClassSpaces.Of},
	})
	out.Base.Source, out.Base.Day = source, day
	return out
}

// Empty reports whether every number is 0.
func (f Figures) Empty() bool {
	return f.Made == Count{} && f.Activated == Count{} && f.Verified == Count{} && f.NewlyVerified == Count{} &&
		f.CumulativeVerified == Count{} && f.Active == Count{} && f.Schools == 0 && f.Classes == 0 &&
		f.Base.Pupil == 0 && f.Base.Teacher == 0 && f.Base.AgePupil == 0 &&
		f.SchoolSpaces == Spaces{} && f.ClassSpaces == Spaces{}
}
