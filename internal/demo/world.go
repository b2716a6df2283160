package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/id"
)

// world is the whole invented province before it is loaded.
type world struct {
	schools []*school
	wide    []string // codes of the schools whose accounts a wide demo prints
}

// centre reports whether a teaching point belongs to the school: the figures
// of its node then hold the point's people too.
func (w *world) centre(code string) bool {
	return slices.ContainsFunc(w.schools, func(s *school) bool { return s.parent == code })
}

// school is one invented school with its people as the rosters will list them.
type school struct {
	code, name, nameKo string
	kind               string // school or point
	typ                string
	parent             string // code of county, zone or centre school
	lang               string
	classes            []*class
	staff              []*worker
}

// class is one class; its grade is that of the day on which its roster is
// loaded.
type class struct {
	grade  string
	no     int
	autumn bool // loaded in September with the new school year
	pupils []*pupil

	node   id.Node
	shown  bool // its accounts are printed
	leader id.Person
	star   *pupil   // the pupil whose account is printed
	in     []*pupil // those who have come in
}

type pupil struct {
	person            id.Person
	name, sex, ethnic string
	birth             clock.Day
	idNo, studentNo   string
	noIDReason        string
	boarding          bool
	guardians         []guardian
	refuse            bool // the guardian will refuse consent
}

type guardian struct{ name, relation, phone string }

type worker struct {
	person    id.Person
	name, sex string
	birth     clock.Day
	idNo      string
	phone     string
	post      string
	subject   string
	teaches   []*class // classes taught
	leads     *class   // class teacher of
	elsewhere bool     // primary unit is another school
}

// maker invents people with numbers that are unique in the province.
type maker struct {
	r     *rand.Rand
	seq   map[string]int // serial by region and birthday
	phone int
}

// idNumber gives an identity number of the region for a birthday, the next
// free serial of the sex's parity.
func (m *maker) idNumber(region string, birth clock.Day, female bool) string {
	base := fmt.Sprintf("%s%08d", region, int(birth))
	parity := 1
	if female {
		parity = 0
	}
	key := fmt.Sprint(base, parity)
	n := m.seq[key]
	m.seq[key] = n + 1
	body := fmt.Sprintf("%s%03d", base, 2*n+parity+2)
	digit, _ := codes.IDCheckDigit(body)
	return body + string(digit)
}

// mobile invents a telephone number.
func (m *maker) mobile() string {
	m.phone++
	return fmt.Sprintf("1990%07d", (m.phone*7919)%10_000_000)
}

// born gives a birthday of a child in the grade on a day in 2019.
func (m *maker) born(grade string, autumn bool) clock.Day {
	year := 2019
	if !autumn {
		year = 2018 // the school year began in 2018
	}
	g, _ := codes.FindGrade(grade)
	age := map[string]int{"K": 3, "P": 6, "J": 12, "S": 15, "V": 15, "H": 18}[g.Stage] + g.Year - 1
	// Children are 6 on August 31 of the year in which they enter school.
	start := clock.DayOf(clock.Day((year-age-1)*10000 + 901).Start())
	return start.AddDays(m.r.IntN(365))
}

// pupil invents one pupil. Of the younger ones about two in three have a
// guardian with a telephone on the roster: the others cannot give consent yet.
func (m *maker) pupil(region, grade string, autumn, isKorean bool) *pupil {
	female := m.r.IntN(2) == 0
	p := &pupil{name: name(m.r, female, isKorean), sex: "男", ethnic: "汉族", birth: m.born(grade, autumn)}
	if female {
		p.sex = "女"
	}
	switch {
	case isKorean:
		p.ethnic = "朝鲜族"
	case m.r.IntN(20) == 0:
		p.ethnic = "满族"
	}
	p.idNo = m.idNumber(region, p.birth, female)
	p.studentNo = "G" + p.idNo
	p.boarding = m.r.IntN(12) == 0
	if g, _ := codes.FindGrade(grade); m.r.IntN(100) < map[string]int{"K": 20, "P": 60, "J": 60}[g.Stage]+5 {
		mother := m.r.IntN(2) == 0
		g := guardian{name: name(m.r, mother, isKorean), relation: "父亲", phone: m.mobile()}
		if mother {
			g.relation = "母亲"
		}
		p.guardians = []guardian{g}
	}
	return p
}

// worker invents one member of staff.
func (m *maker) worker(region, post, subject string, isKorean bool) *worker {
	female := m.r.IntN(3) > 0
	birth := clock.DayOf(clock.Day((1960+m.r.IntN(35))*10000 + 101).Start()).AddDays(m.r.IntN(365))
	w := &worker{name: name(m.r, female, isKorean), sex: "男", birth: birth, post: post, subject: subject,
		idNo: m.idNumber(region, birth, female), phone: m.mobile()}
	if female {
		w.sex = "女"
	}
	return w
}
