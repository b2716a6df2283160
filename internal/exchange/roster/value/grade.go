package value

import (
	"regexp"
	"slices"
	"strings"

	"learnspace/internal/codes"
)

// A gradeWord is how a text names a grade, before the school decides what it means.
type gradeWord struct {
	kind  wordKind
	stage string // for staged and entry; "" open
	n     int    // year in the stage, number of the grade, or calendar year
}

type wordKind int

const (
	noGrade  wordKind = iota
	staged            // 初一, 高二, 小班: year n of a stage
	absolute          // 七年级, 7年级: counted from the first year of primary
	bare              // 7, 三: a number that says neither
	entry             // 2018级: the year of entry
	leaving           // 2021届: the year of leaving
)

// stageWords: what stands before a number → stage.
var stageWords = map[string]string{
	"小学": "P", "小学部": "P", "小": "P", "初中": "J", "初中部": "J", "初": "J", "中学": "J", "高中": "S", "高中部": "S", "高": "S", "普高": "S", "普通高中": "S", "普通初中": "J",
	"中职": "V", "职": "V", "职高": "V", "职业高中": "V", "中专": "V", "技校": "V", "中技": "V", "职中": "V",
}

const (
	stageExpr = `(小学部?|小|普通初中|初中部?|初|普通高中|高中部?|高|普高|中职|职业高中|职高|职中|中专|技校|中技|职)`
	cnNum     = `[零〇一二三四五六七八九十两]{1,3}`
	anyNum    = `(?:\d{1,2}|` + cnNum + `)`
	gradeMark = `(?:年级|学年|年)`
)

var (
	reEntry    = regexp.MustCompile(`^` + stageExpr + `?(20\d\d|\d\d)(级|届)(?:年级|学生|新生)?$`)
	reYear     = regexp.MustCompile(`^` + stageExpr + `?(20\d\d)(?:年级|年|年入学)?$`)
	reStaged   = regexp.MustCompile(`^` + stageExpr + `-?(` + anyNum + `)` + gradeMark + `?$`)
	reAbsolute = regexp.MustCompile(`^(` + anyNum + `)` + gradeMark + `$`)
	reCode     = regexp.MustCompile(`^([kpjsv])-?([1-6])$`)
	reEnglish  = regexp.MustCompile(`^(?:grade|gr|g|year)-?(\d{1,2})$`)
	reAlias    = regexp.MustCompile(`^(.+)\((.+)\)$`)
	reNursery  = regexp.MustCompile(`^(托儿|托|小小|小|中|大|学前)班$`)
)

var nursery = map[string]int{"小": 1, "中": 2, "大": 3}

// plainClass folds what schools write round grades and classes to one notation:
// brackets to ( ), every separator to -, Korean and traditional words to Chinese.
func plainClass(text string) string {
	return classWords.Replace(strings.ToLower(Compact(text)))
}

var classWords = strings.NewReplacer(
	"（", "(", "）", ")", "【", "(", "】", ")", "[", "(", "]", ")", "{", "(", "}", ")", "〔", "(", "〕", ")", "「", "(", "」", ")", "<", "(", ">", ")", "《", "(", "》", ")",
	".", "-", "·", "-", "•", "-", "、", "-", "_", "-", "/", "-", "\\", "-", "~", "-", ",", "-", "，", "-", ":", "-", "。", "-", "・", "-",
	"年級", "年级", "級", "级", "屆", "届", "学年级", "年级", "학년급", "年级", "학년", "年级", "년급", "年级", "년", "年", "학급", "班", "반", "班", "소학교", "小学", "소학", "小学", "초급중학교", "初中", "초중", "初中", "고급중학교", "高中", "고중", "高中", "초등", "小学",
	"班级", "班", "班級", "班", "班班", "班", "第", "",
	"grade", "g", "class", "c", "'", "", "\"", "", "`", "",
	"壹", "一", "贰", "二", "叁", "三", "肆", "四", "伍", "五", "陆", "六", "柒", "七", "捌", "八", "玖", "九", "拾", "十",
)

// parseGrade reads a text that names nothing but a grade.
func parseGrade(text string) (gradeWord, bool) {
	t := plainClass(text)
	if m := reNursery.FindStringSubmatch(t); m != nil {
		if n, ok := nursery[m[1]]; ok {
			return gradeWord{staged, codes.StageKindergarten, n}, true
		}
		return gradeWord{}, false
	}
	t = strings.TrimSuffix(t, "班")
	if m := reEntry.FindStringSubmatch(t); m != nil {
		return yearWord(m[1], m[2], m[3]), true
	}
	if m := reYear.FindStringSubmatch(t); m != nil {
		return yearWord(m[1], m[2], "级"), true
	}
	if m := reCode.FindStringSubmatch(t); m != nil {
		return gradeWord{staged, strings.ToUpper(m[1]), int(m[2][0] - '0')}, true
	}
	if m := reStaged.FindStringSubmatch(t); m != nil {
		if n, ok := Numeral(m[2]); ok {
			return gradeWord{staged, stageWords[m[1]], n}, true
		}
	}
	if m := reEnglish.FindStringSubmatch(t); m != nil {
		n, _ := Numeral(m[1])
		return gradeWord{absolute, "", n}, true
	}
	if m := reAbsolute.FindStringSubmatch(t); m != nil {
		if n, ok := Numeral(m[1]); ok {
			return gradeWord{absolute, "", n}, true
		}
	}
	if n, ok := Numeral(t); ok {
		return gradeWord{bare, "", n}, true
	}
	if m := reAlias.FindStringSubmatch(t); m != nil { // 七年级(初一), 初一(七年级)
		w, ok := parseGrade(m[1])
		alias, known := parseGrade(m[2])
		switch {
		case known && alias.kind == bare: // 三年级(1)班 names a class, not a grade twice
			return gradeWord{}, false
		case ok:
			return w, true
		}
		return alias, known
	}
	return gradeWord{}, false
}

func yearWord(stage, year, mark string) gradeWord {
	n, _ := Numeral(year)
	if len(year) == 4 {
		n = 0
		for i := range 4 {
			n = n*10 + int(year[i]-'0')
		}
	} else {
		n += 2000
	}
	kind := entry
	if mark == "届" {
		kind = leaving
	}
	return gradeWord{kind, stageWords[stage], n}
}

// stagesOf returns the stages of a school; of an unknown type all that have grades.
func (s School) stagesOf() []string {
	if t, ok := codes.FindSchoolType(s.Type); ok {
		return t.Stages
	}
	return []string{codes.StagePrimary, codes.StageJunior, codes.StageSenior}
}

func (s School) gradeCode(stage string, year int) string {
	known := s.Type != ""
	if known && !slices.Contains(s.stagesOf(), stage) || year < 1 || year > codes.StageYears(stage, s.FiveFour) {
		return ""
	}
	return stage + string(rune('0'+year))
}

// absoluteCode is the grade counted from the first year of primary.
func (s School) absoluteCode(n int) string {
	primary := codes.StageYears(codes.StagePrimary, s.FiveFour)
	switch {
	case n <= primary:
		return s.gradeCode(codes.StagePrimary, n)
	case n <= 9:
		return s.gradeCode(codes.StageJunior, n-primary)
	}
	return s.gradeCode(codes.StageSenior, n-9)
}

// grades returns what the word can mean in the school, the likeliest first; none
// when it is no grade of the school. schoolYear is the calendar year in which the
// present school year began.
//
// 七年级 is counted from primary and nothing else, save in a vocational school. A
// bare number is counted so too where that gives a grade of the school, else from
// the beginning of the school's own stage: 3 or 302 is 三年级 in a primary school,
// 初三 in a junior and 高三 in a senior one.
func (w gradeWord) grades(s School, schoolYear int) []string {
	var out []string
	add := func(code string) {
		if code != "" && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	switch w.kind {
	case staged:
		add(s.gradeCode(w.stage, w.n))
		if w.n > codes.StageYears(w.stage, s.FiveFour) { // 初中七年级, 高中十年级
			if code := s.absoluteCode(w.n); strings.HasPrefix(code, w.stage) {
				add(code)
			}
		}
	case absolute:
		add(s.absoluteCode(w.n))
		if slices.Contains(s.stagesOf(), codes.StageVocational) {
			add(s.gradeCode(codes.StageVocational, w.n))
		}
	case bare:
		add(s.absoluteCode(w.n))
		for _, stage := range s.stagesOf() {
			if stage != codes.StagePrimary && s.Type != "" {
				add(s.gradeCode(stage, w.n))
			}
		}
	case entry, leaving:
		for _, stage := range s.stagesOf() {
			if w.stage != "" && w.stage != stage {
				continue
			}
			year := schoolYear - w.n + 1
			if w.kind == leaving {
				year = codes.StageYears(stage, s.FiveFour) - (w.n - schoolYear - 1)
			}
			add(s.gradeCode(stage, year))
		}
	}
	return out
}

// certain says whether the first meaning may be taken without a second column that
// confirms it.
func (w gradeWord) certain(s School, schoolYear int) bool {
	g := w.grades(s, schoolYear)
	switch {
	case len(g) < 2:
		return true
	case w.kind == bare: // counted from primary where that fits
		return g[0] == s.absoluteCode(w.n)
	}
	return w.kind != entry && w.kind != leaving
}
