package org

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/id"
)

// ImportRow is one line of a file of the tree, as it stands there. An empty
// cell of a known node never erases.
type ImportRow struct {
	File, Sheet string
	Row         int // as the spreadsheet shows it, from 1
	Code        string
	Name        string
	NameKo      string
	Kind        string // 中文 or English word
	Parent      string // code of the administrative parent
	ReportsTo   string // code of the reporting parent; empty: the administrative one
	Type        string // code of the school type
	From, To    string // half open
	Flag        string
	System      string // 六三 or 五四
	Lang        string // language of teaching
}

// Problem is one complaint about one cell of an import.
type Problem struct {
	File     string `json:"file,omitempty"`
	Sheet    string `json:"sheet,omitempty"`
	Row      int    `json:"row"`
	Column   string `json:"column"` // code, name, kind, parent, reports_to, type, from, to, flag
	Code     string `json:"code"`   // message key org.problem.<code>
	Severity string `json:"severity"`
	Found    string `json:"found"`
	Expected string `json:"expected"`
}

// ImportReport says what became of the rows: Rows is the sum of the four
// counts.
type ImportReport struct {
	Rows      int       `json:"rows"`
	New       int       `json:"new"`
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Rejected  int       `json:"rejected"`
	Problems  []Problem `json:"problems"`
}

// outcome is what became of a row.
type outcome uint8

const (
	open outcome = iota // not decided yet
	rejected
	isNew
	changed
	unchanged
)

// line is a row that has been read: the fields parsed, problems noted.
type line struct {
	row      ImportRow
	index    int
	outcome  outcome
	problems []Problem

	id       id.Node
	code     string
	kind     string
	parent   string // full code
	reports  string // full code, "" when the cell is empty
	typ      string
	from, to clock.Day
	flag     string
	fiveFour *bool
	lang     string
	key      ClassKey // of a class
}

func (l *line) reject(column, code, found, expected string) {
	l.outcome = rejected
	l.problems = append(l.problems, Problem{File: l.row.File, Sheet: l.row.Sheet, Row: l.row.Row,
		Column: column, Code: code, Severity: "error", Found: found, Expected: expected})
}

var kindWords = map[string]string{
	"省": KindProvince, "省级": KindProvince, "市州": KindPrefecture, "市": KindPrefecture, "州": KindPrefecture,
	"市级": KindPrefecture, "地市": KindPrefecture, "地级市": KindPrefecture, "区县": KindCounty, "县": KindCounty,
	"区": KindCounty, "县市区": KindCounty, "县区": KindCounty, "县级": KindCounty, "县级市": KindCounty, "直报区": KindZone,
	"开发区": KindZone, "学区": KindDistrict, "学校": KindSchool, "校区": KindCampus, "教学点": KindPoint, "班级": KindClass,
	"班": KindClass, "部门": KindOffice, "处室": KindOffice, "机构": KindOffice,
}

// readKind reads a kind in Chinese or English.
func readKind(text string) (string, bool) {
	word := strings.ToLower(strings.NewReplacer("（", "", "）", "", "(", "", ")", "", "、", "", " ", "", "/", "").Replace(text))
	if slices.Contains(Kinds(), word) {
		return word, true
	}
	kind, ok := kindWords[word]
	return kind, ok
}

var flagWords = map[string]string{"": "", "正常": FlagNormal, "演示": FlagDemo, "测试": FlagTest,
	FlagNormal: FlagNormal, FlagDemo: FlagDemo, FlagTest: FlagTest}

var langWords = map[string]string{"": "", "汉": "zh", "汉语": "zh", "普通话": "zh", "中文": "zh", "zh": "zh", "zh-cn": "zh",
	"朝": "ko", "朝语": "ko", "朝鲜语": "ko", "ko": "ko", "双语": "bi", "bi": "bi", "蒙": "mn", "蒙语": "mn", "蒙古语": "mn", "mn": "mn"}

var (
	regionCode = regexp.MustCompile(`^22[0-9]{4}$`)
	zoneCode   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{1,19}$`)
	suffix     = regexp.MustCompile(`^[0-9A-Za-z-]{1,20}$`)
	schoolLike = regexp.MustCompile(`^[0-9]{10}[0-9A-Za-z-]{0,10}$`)
	classCode  = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,39}$`)
	dayForm    = regexp.MustCompile(`^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?$`)
)

// readDay reads a day as spreadsheets write it: 2019-09-01, 20190901,
// 2019/9/1, 2019.9.1, 2019年9月1日. "" is none.
func readDay(text string) (clock.Day, bool) {
	text, _, _ = strings.Cut(text, " ")
	text, _, _ = strings.Cut(text, "T")
	if m := dayForm.FindStringSubmatch(text); m != nil {
		y, _ := strconv.Atoi(m[1])
		mo, _ := strconv.Atoi(m[2])
		d, _ := strconv.Atoi(m[3])
		day := clock.DayFrom(y, time.Month(mo), d)
		return day, day.Valid()
	}
	day, err := clock.ParseDay(text)
	return day, err == nil
}

// readLine parses one row by itself; what depends on other nodes comes later.
func readLine(row ImportRow, index int) *line {
	l := &line{row: row, index: index}
	trim(&l.row)
	row = l.row
	var ok bool
	if l.kind, ok = readKind(row.Kind); !ok {
		l.reject("kind", "kind_unknown", row.Kind, strings.Join(Kinds(), ", "))
	}
	l.code = codes.FullRegionCode(strings.ToUpper(row.Code))
	if l.code == "" && l.kind != KindClass {
		l.reject("code", "code_missing", "", "")
	} else if ok && !codeFits(l.kind, l.code) {
		l.reject("code", "code_format", row.Code, codeForm(l.kind))
	}
	l.parent = codes.FullRegionCode(strings.ToUpper(row.Parent))
	l.reports = codes.FullRegionCode(strings.ToUpper(row.ReportsTo))
	if l.typ, ok = readType(row.Type); !ok {
		l.reject("type", "type_unknown", row.Type, "")
	}
	if l.from, ok = readDay(row.From); !ok {
		l.reject("from", "date_invalid", row.From, "YYYY-MM-DD")
	}
	if l.to, ok = readDay(row.To); !ok {
		l.reject("to", "date_invalid", row.To, "YYYY-MM-DD")
	}
	if l.to != 0 && l.from != 0 && l.to <= l.from {
		l.reject("to", "date_order", row.To, ">"+l.from.String())
	}
	if l.flag, ok = flagWords[strings.ToLower(row.Flag)]; !ok {
		l.reject("flag", "flag_unknown", row.Flag, "normal, demo, test")
	}
	if l.lang, ok = langWords[strings.ToLower(row.Lang)]; !ok {
		l.reject("lang", "lang_unknown", row.Lang, "zh, ko, bi, mn")
	}
	l.readSystem()
	return l
}

func (l *line) readSystem() {
	yes, no := true, false
	switch l.row.System {
	case "":
	case "五四", "五四制", "54", "5-4":
		l.fiveFour = &yes
	case "六三", "六三制", "63", "6-3":
		l.fiveFour = &no
	default:
		l.reject("system", "system_unknown", l.row.System, "六三, 五四")
	}
}

// trim takes blanks and the spreadsheet's full-width digits out of the cells.
func trim(row *ImportRow) {
	for _, cell := range []*string{&row.Code, &row.Kind, &row.Parent, &row.ReportsTo, &row.Type, &row.From, &row.To, &row.Flag, &row.System, &row.Lang} {
		*cell = strings.TrimSpace(strings.Map(narrow, strings.TrimLeft(*cell, "'`")))
	}
	row.Name, row.NameKo = strings.TrimSpace(row.Name), strings.TrimSpace(row.NameKo)
}

// narrow turns full-width digits, letters, hyphens and blanks into plain ones.
func narrow(r rune) rune {
	switch {
	case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ', r == '－', r == '／', r == '．':
		return r - 0xFEE0
	case r == '\u3000' || r == '\u00a0':
		return ' '
	case r == '\ufeff':
		return -1
	}
	return r
}

// readType reads a school type by code or full name; "" is none.
func readType(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	if t, ok := codes.FindSchoolType(text); ok {
		return t.Code, true
	}
	for _, t := range codes.SchoolTypes() {
		if t.Name == text {
			return t.Code, true
		}
	}
	return "", false
}

// codeFits reports whether a code has the form of its kind; prefixes of offices
// and districts are compared later.
func codeFits(kind, code string) bool {
	switch kind {
	case KindProvince:
		return code == codes.Province
	case KindPrefecture, KindCounty:
		return regionCode.MatchString(code) && code != codes.Province
	case KindZone:
		return zoneCode.MatchString(code)
	case KindDistrict, KindOffice:
		return zoneCode.MatchString(code) && len(code) > 6 || schoolLike.MatchString(code) && len(code) > 10
	case KindSchool, KindPoint:
		return codes.CheckSchoolCode(code) == nil
	case KindCampus:
		return schoolLike.MatchString(code)
	case KindClass:
		return code == "" || classCode.MatchString(code)
	}
	return false
}

// codeForm says in words without language what the code of a kind looks like.
func codeForm(kind string) string {
	switch kind {
	case KindProvince:
		return codes.Province
	case KindPrefecture, KindCounty:
		return "22####"
	case KindZone:
		return "22####, A-Z 0-9 -"
	case KindDistrict, KindOffice:
		return "22####…"
	case KindSchool, KindPoint:
		return "##22######"
	case KindCampus:
		return "##22######…"
	}
	return "A-Z 0-9 -"
}

var classNo = regexp.MustCompile(`^[0-9]{1,3}$`)

// readClass reads the name of a class of a school: 三年级2班, 三年级(2)班,
// 2017级2班. It returns false when grade or number cannot be read.
func readClass(name, schoolType string, fiveFour bool, today clock.Day) (ClassKey, bool) {
	text := strings.NewReplacer("（", "", "）", "", "(", "", ")", "", " ", "", "第", "").Replace(strings.Map(narrow, name))
	text = strings.TrimSuffix(text, "班")
	best := ClassKey{}
	for _, g := range codes.GradesOf(schoolType, fiveFour) {
		for _, word := range []string{g.Name, g.Alias} {
			rest, ok := strings.CutPrefix(text, word)
			if no, read := readNumber(rest); ok && word != "" && read {
				best = ClassKey{Stage: g.Stage, EntryYear: codes.EntryYear(g.Code, today), No: no}
			}
		}
	}
	if best.No > 0 {
		return best, true
	}
	year, rest, ok := strings.Cut(text, "级")
	t, known := codes.FindSchoolType(schoolType)
	if !ok || !known || len(year) != 4 {
		return ClassKey{}, false
	}
	y, err := strconv.Atoi(year)
	if err != nil {
		return ClassKey{}, false
	}
	for _, st := range t.Stages {
		tail, named := strings.CutPrefix(rest, stageName(st))
		if no, read := readNumber(tail); read && (named || len(t.Stages) == 1) {
			return ClassKey{Stage: st, EntryYear: y, No: no}, true
		}
	}
	return ClassKey{}, false
}

// readNumber reads a class number in digits or as one of 一 to 十.
func readNumber(text string) (int, bool) {
	if i := slices.Index([]string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}, text); i >= 0 {
		return i + 1, true
	}
	if !classNo.MatchString(text) {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0
}

// prefixFits reports whether a district's or office's code begins with the code
// of a region, or of the school it stands under.
func prefixFits(code string, known map[string]bool, parent string) bool {
	if rest, ok := strings.CutPrefix(code, parent); ok && parent != "" && suffix.MatchString(rest) {
		return true
	}
	for prefix := range known {
		if rest, ok := strings.CutPrefix(code, prefix); ok && suffix.MatchString(rest) {
			return true
		}
	}
	_, ok := codes.FindRegion(code[:6])
	return ok && suffix.MatchString(code[6:])
}

// Key is the message key that says what is wrong in the reader's language.
func (p Problem) Key() string { return "org.problem." + p.Code }
