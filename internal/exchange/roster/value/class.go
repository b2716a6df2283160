package value

import (
	"regexp"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/codes"
)

// A School is what reading grades and classes needs to know of a school.
type School struct {
	Code     string // ten digits; may be ""
	Type     string // three digits of codes.SchoolType; "" accepts the grades of every type
	FiveFour bool   // 五四学制: five years of primary, four of junior school
}

// A Class is a class as a school numbers it (甲班 is number 1).
type Class struct {
	Grade  string // P1 … V3, code of codes.Grade
	Stage  string // first letter of Grade
	Entry  int    // year in which the class entered its stage
	Number int    // from 1 to 99
}

// A classWord is one way to read the text of a class.
type classWord struct {
	grade  gradeWord
	number int // 0: the text names a grade only
}

var (
	reClassEntry  = regexp.MustCompile(`^` + stageExpr + `?(20\d\d|\d\d)(级|届)(?:年级)?-?\(?(` + anyNum + `)\)?班?$`)
	reClassYear   = regexp.MustCompile(`^` + stageExpr + `?(20\d\d)(?:年级|年)?(?:-\(?|\()(` + anyNum + `)\)?班?$`)
	reClassYear2  = regexp.MustCompile(`^` + stageExpr + `?(20\d\d)(?:年级|年)(` + anyNum + `)班?$`)
	reClassStaged = regexp.MustCompile(`^` + stageExpr + `(?:部|-)?(` + anyNum + `)` + gradeMark + `-?\(?(` + anyNum + `)\)?班?$`)
	reClassShort  = regexp.MustCompile(`^` + stageExpr + `\(?(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])\)?(?:级)?(?:-\(?|\()(` + anyNum + `)\)?班?$`)
	reClassTight  = regexp.MustCompile(`^` + stageExpr + `([1-9一二三四五六七八九])(` + anyNum + `)班?$`)
	reClassAbs    = regexp.MustCompile(`^\(?(` + anyNum + `)\)?` + gradeMark + `-?\(?(` + anyNum + `)\)?班?$`)
	reClassSep    = regexp.MustCompile(`^\(?(` + anyNum + `)(?:\)?-+\(?|\)?\(|\))(` + anyNum + `)\)?班?$`)
	reClassChin   = regexp.MustCompile(`^([一二三四五六七八九])(` + anyNum + `)班?$`)
	reClassMixed  = regexp.MustCompile(`^(1[0-2]|[1-9])(` + cnNum + `)班$`)
	reClassDigits = regexp.MustCompile(`^(\d{1,6})班?$`)
	reClassOnly   = regexp.MustCompile(`^\(?(` + anyNum + `)\)?班?$`)
	reClassEng    = regexp.MustCompile(`^g-?(\d{1,2})-?\(?c-?(\d{1,2})\)?$`)
	reClassEngOne = regexp.MustCompile(`^c-?(\d{1,2})$`)
	reClassCode   = regexp.MustCompile(`^([kpjsv])([1-6])-(\d{1,2})$`)
	reClassKinder = regexp.MustCompile(`^(小|中|大)班?-?\(?(` + anyNum + `)\)?班?$`)
	reClassDate   = regexp.MustCompile(`^(\d{1,2})月(\d{1,2})日$`)
	reSchoolName  = regexp.MustCompile(`^.{1,20}?(?:学校|小学|中学|分校|校区)(.+)$`)
	reYearPrefix  = regexp.MustCompile(`^(?:20\d\d|\d\d)级((?:初|高|小)[^班]+班.*)$`)
	reRemark      = regexp.MustCompile(`^(.*班|.*\d)\(([^()0-9]*)\)$`)
)

// parseClass returns every way to read the text, the likeliest first, and the
// remark behind the class that tells it from others: 机电 of 1班（机电）.
func parseClass(text string, kindergarten bool) (words []classWord, remark string) {
	if t := Fold(text); len(t) == 10 && t[4] == '-' && t[7] == '-' && digitsOr(t[5:7]+t[8:], "") && t[:3] != "000" {
		text = strings.TrimLeft(t[5:7], "0") + "-" + t[8:] // 3-2 that a spreadsheet took for a day of March
	} else if m := reClassDate.FindStringSubmatch(t); m != nil {
		text = m[1] + "-" + m[2]
	}
	t := plainStem(plainClass(text))
	words = classWords1(t, kindergarten)
	if len(words) == 0 {
		if m := reRemark.FindStringSubmatch(t); m != nil {
			if words = classWords1(m[1], kindergarten); len(words) > 0 && !notes[m[2]] {
				remark = m[2]
			}
		}
	}
	for _, re := range []*regexp.Regexp{reSchoolName, reYearPrefix} {
		if m := re.FindStringSubmatch(t); len(words) == 0 && m != nil {
			words = classWords1(m[1], kindergarten)
		}
	}
	if tidy, told := tidyClass(t); len(words) == 0 && tidy != t {
		if words = classWords1(tidy, kindergarten); len(words) > 0 {
			remark = told
		}
	}
	if len(words) == 0 {
		if w, ok := parseGrade(text); ok && w.kind != bare {
			words = append(words, classWord{grade: w})
		}
	}
	return words, remark
}

// classWords1 tries the notations one after the other, from the most explicit to
// bare digits.
func classWords1(t string, kindergarten bool) []classWord {
	var out []classWord
	add := func(w gradeWord, number string) {
		if n, ok := Numeral(number); ok && n > 0 {
			out = append(out, classWord{w, n})
		}
	}
	num := func(s string) int { n, _ := Numeral(s); return n }
	if kindergarten {
		if m := reClassKinder.FindStringSubmatch(t); m != nil {
			add(gradeWord{staged, codes.StageKindergarten, nursery[m[1]]}, m[2])
			return out
		}
	}
	if m := reClassEntry.FindStringSubmatch(t); m != nil {
		add(yearWord(m[1], m[2], m[3]), m[4])
		return out
	}
	for _, re := range []*regexp.Regexp{reClassYear, reClassYear2} {
		if m := re.FindStringSubmatch(t); m != nil {
			add(yearWord(m[1], m[2], "级"), m[3])
			return out
		}
	}
	for _, re := range []*regexp.Regexp{reClassStaged, reClassShort, reClassTight} {
		if m := re.FindStringSubmatch(t); m != nil {
			add(gradeWord{staged, stageWords[m[1]], num(m[2])}, m[3])
			return out
		}
	}
	if m := reClassCode.FindStringSubmatch(t); m != nil {
		add(gradeWord{staged, strings.ToUpper(m[1]), num(m[2])}, m[3])
		return out
	}
	for _, re := range []*regexp.Regexp{reClassAbs, reClassEng} {
		if m := re.FindStringSubmatch(t); m != nil {
			add(gradeWord{absolute, "", num(m[1])}, m[2])
			return out
		}
	}
	if m := reClassSep.FindStringSubmatch(t); m != nil {
		add(gradeWord{bare, "", num(m[1])}, m[2])
		return out
	}
	return append(out, tightWords(t)...)
}

// tightWords reads what has no separator: 三2班, 302, 1903, 32, 三十二班, 5班.
func tightWords(t string) []classWord {
	var out []classWord
	add := func(w gradeWord, number string) {
		if n, ok := Numeral(number); ok && n > 0 {
			out = append(out, classWord{w, n})
		}
	}
	if m := reClassEngOne.FindStringSubmatch(t); m != nil {
		add(gradeWord{}, m[1])
		return out
	}
	if m := reClassDigits.FindStringSubmatch(t); m != nil {
		return digitWords(m[1])
	}
	if m := reClassOnly.FindStringSubmatch(t); m != nil {
		add(gradeWord{}, m[1])
	}
	for _, re := range []*regexp.Regexp{reClassChin, reClassMixed} {
		if m := re.FindStringSubmatch(t); m != nil {
			n, _ := Numeral(m[1])
			add(gradeWord{bare, "", n}, m[2])
			break
		}
	}
	return out
}

// digitWords reads bare digits: 5 (a class), 32 (a class, or grade 3 class 2), 302
// and 0302 (grade and class), 1903 (entered 2019, class 3), 201903 the same.
func digitWords(d string) []classWord {
	at := func(from, to int) int {
		n := 0
		for _, c := range d[from:to] {
			n = n*10 + int(c-'0')
		}
		return n
	}
	var out []classWord
	add := func(w gradeWord, number int) {
		if number > 0 && (w.kind == noGrade || w.n > 0) {
			out = append(out, classWord{w, number})
		}
	}
	switch len(d) {
	case 1, 2:
		add(gradeWord{}, at(0, len(d)))
		if len(d) == 2 && d[0] != '0' {
			add(gradeWord{bare, "", at(0, 1)}, at(1, 2))
		}
	case 3:
		if d[0] == '0' {
			add(gradeWord{}, at(1, 3))
		}
		add(gradeWord{bare, "", at(0, 1)}, at(1, 3))
	case 4:
		if at(0, 2) > 12 {
			add(gradeWord{entry, "", 2000 + at(0, 2)}, at(2, 4))
		} else {
			add(gradeWord{bare, "", at(0, 2)}, at(2, 4))
		}
	case 6:
		if at(0, 2) == 20 {
			add(gradeWord{entry, "", at(0, 4)}, at(4, 6))
		}
	}
	return out
}

// A ClassReader reads grades and classes for one day, and keeps what it has read:
// a roster names few classes often. It is not safe for concurrent use.
type ClassReader struct {
	schoolYear int
	coming     bool // the next school year is near: its entrants have classes
	known      map[classKey]classResult
	meant      map[schoolClass]string // the remark that a class has been read with
	maybe      []Class                // left by the reading under way
	remark     string                 // likewise
}

// schoolClass is a class of a certain school.
type schoolClass struct {
	code  string
	class Class
}

type classKey struct {
	school       School
	grade, class string
	context      string
}

type classResult struct {
	class Class
	fault Code
	grade bool    // the fault lies in the grade column
	maybe []Class // classes that the text may mean, for the birth year to decide
	// remark tells the class from others of its number.
	remark string
}

// NewClassReader reads for the school year that began in schoolYear.
func NewClassReader(schoolYear int) *ClassReader {
	return &ClassReader{schoolYear: schoolYear, known: map[classKey]classResult{}, meant: map[schoolClass]string{}}
}

// NewClassReaderOn reads for the school year of a day; see SchoolYear. In the two
// months before a school year begins (July and August) 2019级 may be those who enter
// then.
func NewClassReaderOn(day clock.Day, first int) *ClassReader {
	if first < 1 || first > 12 {
		first = 9
	}
	r := NewClassReader(SchoolYear(day, first))
	wait := (first - int(day.MonthOfYear()) + 12) % 12
	r.coming = wait == 1 || wait == 2
	return r
}

// SchoolYear returns the school year of a day when school years begin with the
// month first (9: 1 September).
func SchoolYear(day clock.Day, first int) int {
	if first < 1 || first > 12 {
		first = 9
	}
	if int(day.MonthOfYear()) < first {
		return day.Year() - 1
	}
	return day.Year()
}

// Read reads a pupil's class from the grade and class columns of his row. context
// is a grade that stands above the table or in the sheet's name; it counts where
// the row names none. born is the pupil's birth year, 0 when it is not known: in a
// school of several stages it decides what 2018级 or a bare number means, when one
// meaning only fits the usual age within three years. inGrade says that a fault lies
// in the grade column. Faults are grade_missing, grade_unknown and class_unreadable.
// 1班（会计） after 1班（机电） of the same grade is class_unreadable: two classes are
// never taken for one.
func (r *ClassReader) Read(s School, grade, class, context string, born int) (c Class, fault Code, inGrade bool) {
	code := s.Code
	s.Code = ""
	key := classKey{s, grade, class, context}
	res, ok := r.known[key]
	if !ok {
		res.class, res.fault, res.grade = r.read(s, grade, class, context)
		res.maybe, res.remark = r.maybe, r.remark
		r.maybe = nil
		if r.coming && res.fault == GradeUnknown {
			next := NewClassReader(r.schoolYear + 1)
			if c, fault, _ := next.read(s, grade, class, context); fault == "" && c.Entry == next.schoolYear {
				res = classResult{class: c, remark: next.remark}
			}
		}
		if len(r.known) > 20000 {
			clear(r.known)
		}
		r.known[key] = res
	}
	if len(res.maybe) > 0 && born > 0 && (res.fault != "" || ageGap(res.class, born) > usualGap) {
		if c, ok := byAge(res.maybe, born); ok {
			return r.told(code, c, res.remark)
		}
	}
	if res.fault == "" {
		return r.told(code, res.class, res.remark)
	}
	return res.class, res.fault, res.grade
}

// told holds the remark of a class against the one that it was read with before.
func (r *ClassReader) told(code string, c Class, remark string) (Class, Code, bool) {
	if remark == "" {
		return c, "", false
	}
	key := schoolClass{code, c}
	if before, ok := r.meant[key]; ok && before != remark {
		return Class{}, ClassUnreadable, false
	}
	r.meant[key] = remark
	return c, "", false
}

// entryAge is the usual age, in calendar years, at which a stage begins.
var entryAge = map[string]int{codes.StageKindergarten: 3, codes.StagePrimary: 6, codes.StageJunior: 12, codes.StageSenior: 15, codes.StageVocational: 15}

// usualGap is how many years a pupil may be off the usual age of his class.
const usualGap = 3

func ageGap(c Class, born int) int {
	d := c.Entry - entryAge[c.Stage] - born
	return max(d, -d)
}

// byAge chooses the one class whose stage fits the birth year.
func byAge(maybe []Class, born int) (Class, bool) {
	best, gap, tie := Class{}, usualGap+1, false
	for _, c := range maybe {
		if d := ageGap(c, born); d < gap {
			best, gap, tie = c, d, false
		} else if d == gap {
			tie = true
		}
	}
	return best, gap <= usualGap && !tie
}

// doubt keeps the classes that a text may mean.
func (r *ClassReader) doubt(grades []string, number int) {
	for _, g := range grades {
		r.maybe = append(r.maybe, r.class(g, number))
	}
}

func (r *ClassReader) read(s School, grade, class, context string) (Class, Code, bool) {
	r.maybe, r.remark = nil, ""
	column := !Empty(grade)
	var wanted []string // what the grade column can mean
	certain, bareGrade := false, false
	if column {
		w, ok := parseGrade(grade)
		if !ok { // a class in the grade column
			if words, _ := parseClass(grade, s.kindergarten()); len(words) > 0 && words[0].grade.kind != noGrade {
				w, ok = words[0].grade, true
				if Empty(class) {
					class = grade
				}
			}
		}
		if wanted = w.grades(s, r.schoolYear); !ok || len(wanted) == 0 {
			return Class{}, GradeUnknown, true
		}
		certain, bareGrade = w.certain(s, r.schoolYear), w.kind == bare
	}
	words, remark := parseClass(class, s.kindergarten())
	if Empty(class) {
		words = nil
	}
	r.remark = remark
	if len(words) == 0 {
		return r.without(s, wanted, context, Empty(class))
	}
	if !column {
		return r.alone(s, words, context)
	}
	c, fault, inGrade := r.together(s, wanted, certain, words)
	if fault == "" && bareGrade {
		r.doubt(wanted, c.Number)
	}
	return c, fault, inGrade
}

func (s School) kindergarten() bool {
	st := s.stagesOf()
	return len(st) == 1 && st[0] == codes.StageKindergarten
}

// without: the class column says nothing that can be read.
func (r *ClassReader) without(s School, wanted []string, context string, blank bool) (Class, Code, bool) {
	if blank && len(wanted) == 0 && context == "" {
		return Class{}, GradeMissing, false
	}
	if blank && s.single() && len(wanted) == 1 {
		return r.class(wanted[0], 1), "", false
	}
	return Class{}, ClassUnreadable, false
}

// single says that a class needs no number: a teaching point has one class a
// grade, and a kindergarten that has more than one 大班 numbers them.
func (s School) single() bool { return s.Type == "218" || s.kindergarten() }

// alone: the class text has to name the grade itself.
func (r *ClassReader) alone(s School, words []classWord, context string) (Class, Code, bool) {
	unknown := false
	plain := words[0].grade.kind == noGrade
	for _, w := range words {
		if w.grade.kind == noGrade || context != "" && plain || plain && words[0].number <= 30 {
			continue // 12 is a class without its grade; 32 is class 2 of grade 3
		}
		grades := w.grade.grades(s, r.schoolYear)
		switch {
		case len(grades) == 0:
			unknown = true
		case w.number == 0 && !s.single() || w.number > 99:
			return Class{}, ClassUnreadable, false
		case !w.grade.certain(s, r.schoolYear):
			r.doubt(grades, max(w.number, 1))
			return Class{}, ClassUnreadable, false
		default:
			if w.grade.kind == bare {
				r.doubt(grades, max(w.number, 1))
			}
			return r.class(grades[0], max(w.number, 1)), "", false
		}
	}
	if plain && context != "" {
		if w, ok := parseGrade(context); ok {
			if grades := w.grades(s, r.schoolYear); len(grades) > 0 && w.certain(s, r.schoolYear) {
				return r.class(grades[0], words[0].number), "", false
			}
		}
	}
	if unknown && !plain {
		return Class{}, GradeUnknown, false
	}
	return Class{}, GradeMissing, false
}

// together: grade and class columns must agree; a class number alone takes the
// grade of its neighbour.
func (r *ClassReader) together(s School, wanted []string, certain bool, words []classWord) (Class, Code, bool) {
	plain := 0
	for _, w := range words {
		if w.grade.kind == noGrade {
			if plain = w.number; plain <= 30 {
				break // 32 may be class 32, or class 2 of grade 3
			}
			continue
		}
		for _, g := range w.grade.grades(s, r.schoolYear) {
			for _, have := range wanted {
				if have == g && w.number > 0 {
					return r.class(g, w.number), "", false
				}
				if have == g && s.single() {
					return r.class(g, 1), "", false
				}
			}
		}
	}
	if plain > 0 && certain {
		return r.class(wanted[0], plain), "", false
	}
	if plain > 0 {
		r.doubt(wanted, plain)
		return Class{}, GradeUnknown, true
	}
	for _, w := range words {
		if len(w.grade.grades(s, r.schoolYear)) == 0 && w.grade.kind != bare && w.grade.kind != noGrade {
			return Class{}, GradeUnknown, false
		}
	}
	return Class{}, ClassUnreadable, false
}

func (r *ClassReader) class(grade string, number int) Class {
	return Class{Grade: grade, Stage: grade[:1], Entry: r.schoolYear - int(grade[1]-'1'), Number: number}
}
