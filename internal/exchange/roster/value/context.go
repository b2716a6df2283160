package value

import (
	"regexp"
	"strings"

	"learnspace/internal/codes"
)

var (
	reFindClass = regexp.MustCompile(`(?:(?:小学|初中|高中|中职|职高)?(?:[一二三四五六七八九]|1[0-2]|[1-9])(?:年级|学年|年)|[初高][一二三四1-4]|(?:初|高|小学|初中|高中)?20\d\d级|[一二三四五六七八九七])[（(]?\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[` + stems + `])\s*[)）]?班`)
	reFindGrade = regexp.MustCompile(`(?:小学|初中|高中|中职|职高)?(?:[一二三四五六七八九]|1[0-2]|[1-9])(?:年级|学年)|[初高][一二三四]|(?:初|高|小学|初中|高中)?20\d\d级`)
)

// FindClass finds the one class that a title or a sheet's name speaks of (三年级
// （2）班学生花名册); "" where there is none or more than one.
func FindClass(text string) string { return findOne(reFindClass, text) }

// FindGrade finds the one grade that a title or a sheet's name speaks of; "" where
// there is none or more than one.
func FindGrade(text string) string { return findOne(reFindGrade, text) }

func findOne(re *regexp.Regexp, text string) string {
	one := ""
	for _, found := range re.FindAllString(Compact(text), -1) {
		if one != "" && found != one {
			return ""
		}
		one = found
	}
	return one
}

var (
	reRange      = regexp.MustCompile(`^(.*?(?:年级|学年|年|[初高][一二三四]|[一二三四五六七八九]))[(（]?(\d{1,2})[)）]?[-~至到—](?:[(（])?(\d{1,2})[)）]?班?$`)
	reDigitRange = regexp.MustCompile(`^(\d{3,4})[-~至到—](\d{3,4})班?$`)
	rePair       = regexp.MustCompile(`^(.*?)[(（](\d{1,2}|[一二三四五六七八九十]{1,3})[)）]((?:[(（](?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）])+)班?$`)
	reBracket    = regexp.MustCompile(`[(（]([^()（）]+)[)）]`)
	reRun        = regexp.MustCompile(`[^班]+班`)
)

// ReadList reads the classes that a teacher teaches: 三年级1班、三年级2班; 七1、2班;
// 三（1）（2）班; 七年级1-4班; 301,302. A grade holds for the classes behind it; the
// grade column for those that name none. 全校, 全年级 and a grade alone give no class
// and no fault; what cannot be read gives a fault as Read does.
func (r *ClassReader) ReadList(s School, grade, text string) ([]Class, Code) {
	t := Fold(text)
	if Empty(t) || strings.ContainsAny(t, "全各") || t == "所有班级" {
		return nil, ""
	}
	var out []Class
	context := ""
	if !Empty(grade) && len(codeList(grade)) == 1 {
		context = grade
	}
	for _, part := range codeList(homeWords.Replace(t)) {
		c, next, fault := r.listPart(s, part, context)
		if fault != "" && noClass(part) {
			continue
		}
		if fault != "" {
			return nil, fault
		}
		context = next
		for _, one := range c {
			if !hasClass(out, one) {
				out = append(out, one)
			}
		}
	}
	return out, ""
}

// homeWords cut the title off 三年级1班班主任.
var homeWords = strings.NewReplacer("班班主任", "班", "班主任", "班")

// noClass says that a text speaks of grades or of a part of the school: 1-6年级,
// 初中部, 低年级.
func noClass(part string) bool {
	if strings.ContainsAny(part, "班") {
		return false
	}
	return strings.Contains(part, "年级") || strings.HasSuffix(part, "部") || strings.Contains(part, "学年") || strings.HasSuffix(part, "园")
}

func hasClass(list []Class, c Class) bool {
	for _, have := range list {
		if have == c {
			return true
		}
	}
	return false
}

// codeList cuts a list of classes at everything that is no notation of one class.
func codeList(t string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(Fold(t), func(r rune) bool { return strings.ContainsRune(" ,、，;；|+&和及\n", r) }) {
		if strings.Count(part, "班") > 1 {
			out = append(out, reRun.FindAllString(part, -1)...)
			continue
		}
		out = append(out, part)
	}
	return out
}

// listPart reads one entry of a list. It returns the grade that holds for the
// entries behind it.
func (r *ClassReader) listPart(s School, part, context string) ([]Class, string, Code) {
	if m := reRange.FindStringSubmatch(part); m != nil {
		from, _ := Numeral(m[2])
		to, _ := Numeral(m[3])
		if c, fault, _ := r.Read(s, "", m[1]+m[2]+"班", "", 0); fault == "" && from < to && to <= from+40 {
			var out []Class
			for n := from; n <= to; n++ {
				c.Number = n
				out = append(out, c)
			}
			return out, m[1], ""
		}
	}
	if m := reDigitRange.FindStringSubmatch(part); m != nil && m[1][:len(m[1])-2] == m[2][:len(m[2])-2] {
		from, fault, _ := r.Read(s, "", m[1], context, 0)
		to, fault2, _ := r.Read(s, "", m[2], context, 0)
		if fault == "" && fault2 == "" && from.Number < to.Number {
			var out []Class
			for c := from; c.Number <= to.Number; c.Number++ {
				out = append(out, c)
			}
			return out, "", ""
		}
	}
	if m := rePair.FindStringSubmatch(part); m != nil {
		var out []Class
		for _, n := range reBracket.FindAllStringSubmatch("("+m[2]+")"+m[3], -1) {
			c, fault, _ := r.Read(s, "", m[1]+"("+n[1]+")班", context, 0)
			if fault != "" {
				return nil, "", fault
			}
			out = append(out, c)
		}
		return out, gradeText(m[1], context), ""
	}
	if w, ok := parseGrade(part); ok && w.kind != bare {
		return nil, part, ""
	}
	c, fault, _ := r.Read(s, "", part, context, 0)
	if fault != "" {
		return nil, "", fault
	}
	return []Class{c}, gradeName(c, s), ""
}

func gradeText(own, context string) string {
	if own != "" {
		return own
	}
	return context
}

// gradeName is a text that parseGrade reads as the class's grade.
func gradeName(c Class, s School) string {
	if g, ok := codes.FindGradeIn(c.Grade, s.FiveFour); ok {
		return strings.ToLower(g.Code)
	}
	return ""
}

var reasonWords = []string{"待补", "未落户", "没落户", "无户口", "未上户", "没上户", "无证件", "无身份证", "未办", "没办", "外籍", "外国籍", "黑户", "正在办理", "办理中", "补办", "户口问题", "미등록", "무국적"}

// IsReason says whether a text tells why a pupil has no number (证件信息待补, 未落户).
func IsReason(text string) bool {
	if len(text) < 6 || !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
		return false
	}
	t := Compact(text)
	for _, w := range reasonWords {
		if strings.Contains(t, w) {
			return true
		}
	}
	return false
}

// IsClass says whether a text, a sheet's name for instance, is a class: with its
// grade (3.2, 七1班), or also without one (2班) when bare is allowed.
func IsClass(text string, bare bool) bool {
	if t := Compact(text); len(t) == 4 && (t[:2] == "20" || t[:2] == "19") { // a year
		return false
	}
	words, _ := parseClass(text, false)
	for _, w := range words {
		if w.number > 0 && (w.grade.kind != noGrade || bare && strings.HasSuffix(Compact(text), "班")) {
			return true
		}
	}
	return false
}
