package value

import (
	"slices"
	"strings"
	"unicode/utf8"

	"learnspace/internal/codes"
)

var sexes = map[string]int8{
	"男": 1, "女": 2, "男性": 1, "女性": 2, "1": 1, "2": 2, "01": 1, "02": 2, "m": 1, "f": 2, "male": 1, "female": 2, "男生": 1, "女生": 2, "男孩": 1, "女孩": 2,
	"boy": 1, "girl": 2, "남": 1, "여": 2, "녀": 2, "남자": 1, "여자": 2, "녀자": 2, "남성": 1, "여성": 2, "녀성": 2, "先生": 1, "女士": 2, "男子": 1, "女子": 2, "man": 1, "woman": 2,
}

// Sex reads a sex: 1 male, 2 female. Codes with a name beside them (1-男性) do too.
func Sex(text string) (int8, bool) {
	if s, ok := sexes[text]; ok {
		return s, true
	}
	t := strings.ToLower(Compact(text))
	if s, ok := sexes[t]; ok {
		return s, true
	}
	code, name := codeAndName(t)
	if s, ok := sexes[name]; ok && name != "" {
		if c, known := sexes[code]; !known || c == s {
			return s, true
		}
	}
	return 0, false
}

// codeAndName cuts 01-汉族, 01汉族, 汉族(01) and 01.汉族 into code and name.
func codeAndName(t string) (code, name string) {
	isCode := func(r rune) bool { return r < 0x80 && (r >= '0' && r <= '9') }
	name = strings.TrimLeftFunc(t, isCode)
	if code = t[:len(t)-len(name)]; code != "" {
		return code, strings.Trim(name, "-.:_()、 ,")
	}
	name = strings.TrimRightFunc(strings.TrimRight(t, ")] "), isCode)
	code = strings.Trim(t[len(name):], ")] ")
	return code, strings.Trim(name, "-.:_([、 ,")
}

var ethnicAliases = map[string]string{
	"毛难": "36", "毛难族": "36", "崩龙": "46", "崩龙族": "46", "鲜族": "10", "朝族": "10", "朝": "10", "蒙": "02", "蒙族": "02", "维": "05", "维族": "05", "哈": "17", "哈族": "17",
	"俄": "44", "俄族": "44", "土家": "15", "锡伯": "38", "赫哲": "53", "乌兹别克族": "43", "乌兹别克": "43", "塔塔尔": "50", "民家": "14", "僮族": "08", "仲家": "09",
	"한족": "01", "조선족": "10", "만족": "11", "회족": "03", "몽골족": "02", "몽고족": "02", "장족": "04", "시버족": "38", "위글족": "05", "위구르족": "05", "다우르족": "31", "먀오족": "06", "쫭족": "08", "투쟈족": "15",
	"han": "01", "hanzu": "01", "mongol": "02", "hui": "03", "zang": "04", "tibetan": "04", "uygur": "05", "uyghur": "05", "miao": "06", "yi": "07", "zhuang": "08", "buyei": "09", "chosen": "10", "korean": "10", "chaoxian": "10",
	"man": "11", "manchu": "11", "dong": "12", "yao": "13", "bai": "14", "tujia": "15", "hani": "16", "kazak": "17", "kazakh": "17", "dai": "18", "li": "19", "xibe": "38", "daur": "31", "russ": "44", "russian": "44", "ewenki": "45", "hezhen": "53",
	"外国血统": "98", "外国血统中国籍": "98", "入籍": "98", "外籍人士": "98", "外国人": "98", "外籍": "98", "未识别": "97", "未识别民族人口": "97", "未定族称": "97", "未定族称人口": "97", "革家人": "97", "其他少数民族": "97",
}

// Ethnic reads an ethnic group by name with or without 族, code or letters, in
// Chinese, Korean or the romanisation of GB/T 3304, and returns its two digits.
func Ethnic(text string) (string, bool) {
	if e, ok := codes.FindEthnic(text); ok {
		return e.Code, true
	}
	t := strings.ToLower(Compact(text))
	if e, ok := codes.FindEthnic(t); ok {
		return e.Code, true
	}
	if c := ethnicAliases[t]; c != "" {
		return c, true
	}
	code, name := codeAndName(t)
	if e, ok := codes.FindEthnic(name); ok && name != "" {
		if c, known := codes.FindEthnic(code); !known || c.Code == e.Code {
			return e.Code, true
		}
	}
	return "", false
}

// IDType reads the kind of document by name or code. What says nothing gives "",
// a kind that the table does not know Z (其他), whose numbers are not checked.
func IDType(text string) string {
	if t, ok := codes.FindIDType(text); ok {
		return t.Code
	}
	if Empty(text) {
		return ""
	}
	t := strings.ToUpper(Compact(text))
	if found, ok := codes.FindIDType(t); ok {
		return found.Code
	}
	code, name := codeAndName(t)
	if found, ok := codes.FindIDType(name); ok && name != "" {
		return found.Code
	}
	if name == "" && len(code) == 2 && code[0] == '0' {
		if found, ok := codes.FindIDType(code[1:]); ok {
			return found.Code
		}
	}
	for _, w := range []struct{ part, code string }{
		{"港澳台", "6"}, {"台湾", "8"}, {"台胞", "8"}, {"澳门", "7"}, {"香港", "6"}, {"港澳", "6"}, {"永久居", "9"}, {"护照", "A"}, {"PASSPORT", "A"}, {"려권", "A"}, {"여권", "A"},
		{"户口", "B"}, {"居民身份", "1"}, {"身份证", "1"}, {"IDCARD", "1"}, {"신분증", "1"}, {"军官", "2"}, {"士兵", "3"},
	} {
		if strings.Contains(t, w.part) {
			return w.code
		}
	}
	return "Z"
}

var relations = map[string]string{
	"父亲": "father", "父": "father", "爸爸": "father", "爸": "father", "父子": "father", "父女": "father", "继父": "father", "养父": "father", "生父": "father", "부친": "father", "아버지": "father", "부": "father", "father": "father", "dad": "father", "生父母": "other",
	"母亲": "mother", "母": "mother", "妈妈": "mother", "妈": "mother", "母子": "mother", "母女": "mother", "继母": "mother", "养母": "mother", "生母": "mother", "모친": "mother", "어머니": "mother", "모": "mother", "mother": "mother", "mom": "mother",
	"爷爷": "grandfather", "祖父": "grandfather", "外公": "grandfather", "姥爷": "grandfather", "外祖父": "grandfather", "할아버지": "grandfather", "조부": "grandfather", "외할아버지": "grandfather", "爷孙": "grandfather", "grandfather": "grandfather",
	"奶奶": "grandmother", "祖母": "grandmother", "外婆": "grandmother", "姥姥": "grandmother", "外祖母": "grandmother", "할머니": "grandmother", "조모": "grandmother", "외할머니": "grandmother", "grandmother": "grandmother",
	"哥哥": "brother", "弟弟": "brother", "兄": "brother", "弟": "brother", "兄弟": "brother", "兄长": "brother", "형": "brother", "오빠": "brother", "brother": "brother",
	"姐姐": "sister", "妹妹": "sister", "姐": "sister", "妹": "sister", "姐妹": "sister", "누나": "sister", "언니": "sister", "sister": "sister",
	"叔叔": "relative", "叔": "relative", "伯伯": "relative", "伯父": "relative", "伯母": "relative", "婶婶": "relative", "姑姑": "relative", "姑": "relative", "姑父": "relative", "姑母": "relative", "舅舅": "relative", "舅": "relative", "舅妈": "relative",
	"姨": "relative", "姨妈": "relative", "姨母": "relative", "小姨": "relative", "大姨": "relative", "姨夫": "relative", "大伯": "relative", "大爷": "relative", "亲属": "relative", "其他亲属": "relative", "其它亲属": "relative", "亲戚": "relative", "祖父母或外祖父母": "relative", "兄弟姐妹": "relative", "친척": "relative",
	"51": "father", "52": "mother", // GB/T 4761
}

// Relation reads how a guardian stands to the pupil and returns father, mother,
// grandfather, grandmother, brother, sister, relative or other; "" for nothing.
func Relation(text string) string {
	if r, ok := relations[text]; ok {
		return r
	}
	t := strings.ToLower(Compact(text))
	if Empty(t) {
		return ""
	}
	if r, ok := relations[t]; ok {
		return r
	}
	if _, name := codeAndName(t); name != "" {
		if r, ok := relations[name]; ok {
			return r
		}
	}
	return "other"
}

// Boarding reads 就读方式 or 是否寄宿: day, boarding or other; "" for nothing.
func Boarding(text string) string {
	t := strings.ToLower(Compact(text))
	if Empty(t) && t != "无" {
		return ""
	}
	if yes, ok := YesNo(t); ok {
		if yes {
			return "boarding"
		}
		return "day"
	}
	switch {
	case strings.Contains(t, "走读"), strings.Contains(t, "通学"), strings.Contains(t, "不住"), strings.Contains(t, "非住"), strings.Contains(t, "非寄"), strings.Contains(t, "통학"), t == "day":
		return "day"
	case strings.Contains(t, "住"), strings.Contains(t, "寄宿"), strings.Contains(t, "기숙"), strings.Contains(t, "board"):
		return "boarding"
	}
	return "other"
}

// YesNo reads 是/否 and its like.
func YesNo(text string) (yes, ok bool) {
	switch strings.ToLower(Compact(text)) {
	case "是", "√", "✓", "✔", "☑", "y", "yes", "1", "true", "有", "对", "예", "네", "v", "●", "是。":
		return true, true
	case "否", "×", "✗", "✘", "□", "☐", "n", "no", "0", "false", "无", "不是", "没有", "非", "아니", "아니오", "아니요", "x":
		return false, true
	}
	return false, false
}

// Post reads what a member of staff does and returns the code of the post, "" where
// the table has none. Of several titles in one cell (教师、班主任) the highest group
// counts; home says that class teacher is among them.
func Post(text string) (code string, home bool) {
	for _, part := range List(text) {
		p, ok := codes.FindPost(part)
		if !ok {
			p, ok = codes.FindPost(strings.TrimSuffix(part, "岗位"))
		}
		if !ok {
			if c, name := codeAndName(part); name != "" {
				p, ok = codes.FindPost(name)
			} else if name == "" && c != "" {
				p, ok = codes.FindPost(c)
			}
		}
		if !ok {
			p, ok = guessPost(part)
		}
		if !ok {
			continue
		}
		home = home || p.Code == codes.PostClassTeacher
		if code == "" || postRank(p.Code) > postRank(code) {
			code = p.Code
		}
	}
	return code, home
}

// postRank orders posts where one cell names several: head of school, office,
// special duties of a teacher, teacher, the rest.
func postRank(code string) int {
	switch code[0] {
	case '3':
		if code == codes.PostHead {
			return 5
		}
		return 4
	case '2':
		return 3
	case '1':
		return 2
	}
	return 1
}

func guessPost(part string) (codes.Post, bool) {
	for _, w := range []struct{ word, code string }{
		{"班主任", "23"}, {"校长", "31"}, {"书记", "31"}, {"组长", "21"}, {"主任", "32"}, {"教师", "10"}, {"老师", "10"}, {"工勤", "60"}, {"教辅", "40"}, {"行政", "30"}, {"교원", "10"}, {"교장", "31"}, {"담임", "23"}, {"teacher", "10"},
	} {
		if strings.Contains(strings.ToLower(part), w.word) {
			return codes.FindPost(w.code)
		}
	}
	return codes.Post{}, false
}

// List cuts a cell with several values: 语文、数学; 语文/数学; 语文 数学. Code numbers
// keep together, and so does what stands in brackets.
func List(text string) []string {
	var out []string
	depth := 0
	for part := range strings.FieldsFuncSeq(Fold(text), func(r rune) bool {
		switch r {
		case '(', '（', '[':
			depth++
		case ')', '）', ']':
			depth = max(0, depth-1)
		}
		return depth == 0 && strings.ContainsRune(" ,、，;；/\\|+&和及·", r)
	}) {
		if part = strings.TrimSpace(part); part != "" && !Empty(part) {
			out = append(out, part)
		}
	}
	return out
}

// Subjects reads one or several subjects and returns their codes, in order, each
// once; a name that the table does not know stays as it is written. Stages say
// which of two subjects of one name is meant.
func Subjects(text string, stages ...string) []string {
	t := Fold(text)
	if Empty(t) {
		return nil
	}
	if s, ok := codes.FindSubjectName(t, stages...); ok {
		return []string{s.Code}
	}
	var out []string
	for _, part := range List(t) {
		word := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(part, "教师"), "老师"), "课")
		for _, stage := range []string{"小学", "初中", "高中"} {
			word = strings.TrimPrefix(word, stage)
		}
		if word == "" || utf8.RuneCountInString(word) > 20 {
			continue
		}
		s, ok := codes.FindSubjectName(word, stages...)
		if !ok {
			if code, name := codeAndName(word); name != "" && code != "" {
				s, ok = codes.FindSubjectName(name, stages...)
			}
		}
		code := s.Code
		if !ok {
			code = word
		}
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}
