package value

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClassSpellings(t *testing.T) {
	t.Parallel()
	r := func() *ClassReader { return NewClassReader(2019) }
	tests := []struct {
		name, typ    string
		fiveFour     bool
		grade, class string
		context      string
		born         int
		want         string // grade and number, or the fault
	}{
		{name: "full", typ: "211", class: "三年级（2）班", want: "P3/2"},
		{name: "short", typ: "211", class: "三(2)班", want: "P3/2"},
		{name: "point", typ: "211", class: "3.2", want: "P3/2"},
		{name: "hyphen", typ: "211", class: "3-2", want: "P3/2"},
		{name: "dash", typ: "211", class: "3—2", want: "P3/2"},
		{name: "slash", typ: "211", class: "3/2", want: "P3/2"},
		{name: "three digits", typ: "211", class: "302", want: "P3/2"},
		{name: "four digits", typ: "211", class: "0302", want: "P3/2"},
		{name: "digits with ban", typ: "211", class: "302班", want: "P3/2"},
		{name: "chu", typ: "311", class: "初一3班", want: "J1/3"},
		{name: "chu brackets", typ: "311", class: "初一(3)班", want: "J1/3"},
		{name: "chu digits", typ: "311", class: "初1.3", want: "J1/3"},
		{name: "chu tight", typ: "311", class: "初13班", want: "J1/3"},
		{name: "seven", typ: "311", class: "七(3)班", want: "J1/3"},
		{name: "seven digits", typ: "311", class: "7.3", want: "J1/3"},
		{name: "seven 703", typ: "311", class: "703", want: "J1/3"},
		{name: "seven words", typ: "311", class: "七年级三班", want: "J1/3"},
		{name: "seven year", typ: "311", class: "七年3班", want: "J1/3"},
		{name: "senior ten", typ: "342", class: "高一（10）班", want: "S1/10"},
		{name: "senior ten words", typ: "342", class: "高二十班", want: "S2/10"},
		{name: "senior digits", typ: "342", class: "高110班", want: "S1/10"},
		{name: "senior 302", typ: "342", class: "302", want: "S3/2"},
		{name: "senior 1002", typ: "342", class: "1002", want: "S1/2"},
		{name: "entry", typ: "311", class: "2018级3班", want: "J2/3"},
		{name: "entry brackets", typ: "311", class: "2018级（3）班", want: "J2/3"},
		{name: "entry two digits", typ: "311", class: "18级3班", want: "J2/3"},
		{name: "entry stage", typ: "312", class: "初2018级3班", want: "J2/3"},
		{name: "entry stage long", typ: "312", class: "初中2018级3班", want: "J2/3"},
		{name: "entry 1803", typ: "342", class: "1803", want: "S2/3"},
		{name: "entry 201803", typ: "342", class: "201803", want: "S2/3"},
		{name: "entry 2018(3)", typ: "342", class: "2018(3)班", want: "S2/3"},
		{name: "entry unclear in nine years", typ: "312", class: "2018级3班", want: "class_unreadable"},
		{name: "entry clear by grade", typ: "312", grade: "八年级", class: "2018级3班", want: "J2/3"},
		{name: "entry in nine years by age", typ: "312", class: "2018级3班", born: 2006, want: "J2/3"},
		{name: "entry in nine years by age, small", typ: "312", class: "2018级3班", born: 2012, want: "P2/3"},
		{name: "entry column by age", typ: "341", grade: "2018级", class: "3班", born: 2003, want: "S2/3"},
		{name: "age that fits neither", typ: "312", class: "2018级3班", born: 1990, want: "class_unreadable"},
		{name: "leaving", typ: "342", class: "2022届3班", want: "S1/3"},
		{name: "nian", typ: "211", class: "三年二班", want: "P3/2"},
		{name: "tight", typ: "211", class: "三二班", want: "P3/2"},
		{name: "tight twelve", typ: "211", class: "三十二班", want: "P3/12"},
		{name: "mixed", typ: "211", class: "三2班", want: "P3/2"},
		{name: "mixed other", typ: "211", class: "3二班", want: "P3/2"},
		{name: "korean", typ: "211", class: "1학년 2반", want: "P1/2"},
		{name: "korean column", typ: "211", grade: "1학년", class: "2반", want: "P1/2"},
		{name: "korean junior", typ: "312", class: "초중 1학년 2반", want: "J1/2"},
		{name: "full width", typ: "211", class: "３．２", want: "P3/2"},
		{name: "spaces", typ: "211", class: " 三 年级 （ 2 ） 班 ", want: "P3/2"},
		{name: "di", typ: "211", class: "三年级第2班", want: "P3/2"},
		{name: "circled", typ: "211", class: "三年级②班", want: "P3/2"},
		{name: "bracket chinese", typ: "211", class: "三（二）班", want: "P3/2"},
		{name: "stem", typ: "211", class: "三年级甲班", want: "P3/1"},
		{name: "stem short", typ: "211", class: "三乙", want: "P3/2"},
		{name: "stem brackets", typ: "211", class: "三（丙）班", want: "P3/3"},
		{name: "stem after a digit", typ: "211", class: "3丁班", want: "P3/4"},
		{name: "stem chu", typ: "311", class: "初一甲班", want: "J1/1"},
		{name: "stem entry", typ: "311", class: "2018级乙班", want: "J2/2"},
		{name: "stem column", typ: "211", grade: "三年级", class: "乙班", want: "P3/2"},
		{name: "stem column bare", typ: "211", grade: "三年级", class: "甲", want: "P3/1"},
		{name: "stem context", typ: "211", class: "乙班", context: "三年级", want: "P3/2"},
		{name: "stem without grade", typ: "211", class: "甲班", want: "grade_missing"},
		{name: "stem in a school's name", typ: "211", class: "丁家小学三年级2班", want: "P3/2"},
		{name: "two stems", typ: "211", class: "三年级甲乙班", want: "class_unreadable"},
		{name: "xiaosan", typ: "312", class: "小三2班", want: "P3/2"},
		{name: "bracketed digit", typ: "211", class: "三⑵班", want: "P3/2"},
		{name: "bracketed numeral", typ: "211", class: "三㈡班", want: "P3/2"},
		{name: "entry and grade", typ: "342", class: "2019级高一（3）班", want: "S1/3"},
		{name: "english", typ: "211", class: "Grade 3 Class 2", want: "P3/2"},
		{name: "date", typ: "211", class: "3月2日", want: "P3/2"},
		{name: "date cell", typ: "211", class: "2019-03-02", want: "P3/2"},
		{name: "with school", typ: "211", class: "实验小学三年级2班", want: "P3/2"},
		{name: "with remark", typ: "211", class: "三年级2班（双语）", want: "P3/2"},
		{name: "column", typ: "211", grade: "三年级", class: "2班", want: "P3/2"},
		{name: "column digits", typ: "211", grade: "3", class: "2", want: "P3/2"},
		{name: "column chinese", typ: "211", grade: "三", class: "二班", want: "P3/2"},
		{name: "column brackets", typ: "211", grade: "三年级", class: "（2）班", want: "P3/2"},
		{name: "column and whole", typ: "211", grade: "三年级", class: "三年级2班", want: "P3/2"},
		{name: "column and 302", typ: "211", grade: "三年级", class: "302", want: "P3/2"},
		{name: "column and 32", typ: "211", grade: "三年级", class: "32", want: "P3/2"},
		{name: "column and 12", typ: "211", grade: "一年级", class: "12", want: "P1/12"},
		{name: "column entry", typ: "311", grade: "2018级", class: "3班", want: "J2/3"},
		{name: "column bare year", typ: "311", grade: "2018", class: "3", want: "J2/3"},
		{name: "column aliases agree", typ: "311", grade: "七年级", class: "初一3班", want: "J1/3"},
		{name: "column alias in brackets", typ: "311", grade: "七年级（初一）", class: "3班", want: "J1/3"},
		{name: "column full name", typ: "312", grade: "初中七年级", class: "3班", want: "J1/3"},
		{name: "column relative", typ: "312", grade: "七年级", class: "1.3", want: "J1/3"},
		{name: "column class twenty", typ: "342", grade: "高一", class: "二十一班", want: "S1/21"},
		{name: "columns differ", typ: "211", grade: "四年级", class: "三年级2班", want: "class_unreadable"},
		{name: "nine years", typ: "312", class: "7.3", want: "J1/3"},
		{name: "nine years 303", typ: "312", class: "303", want: "P3/3"},
		{name: "five four", typ: "311", fiveFour: true, class: "六年级1班", want: "J1/1"},
		{name: "five four nine", typ: "312", fiveFour: true, class: "9.1", want: "J4/1"},
		{name: "five four primary six", typ: "211", fiveFour: true, class: "六年级1班", want: "grade_unknown"},
		{name: "five four chu si", typ: "311", fiveFour: true, class: "初四1班", want: "J4/1"},
		{name: "chu si in six three", typ: "311", class: "初四1班", want: "grade_unknown"},
		{name: "vocational", typ: "365", class: "一年级3班", want: "V1/3"},
		{name: "vocational words", typ: "365", class: "中职二年级3班", want: "V2/3"},
		{name: "kindergarten", typ: "111", class: "大一班", want: "K3/1"},
		{name: "kindergarten column", typ: "111", grade: "小班", class: "2班", want: "K1/2"},
		{name: "kindergarten without a number", typ: "111", class: "大班", want: "K3/1"},
		{name: "kindergarten column without a number", typ: "111", grade: "中班", want: "K2/1"},
		{name: "kindergarten said twice", typ: "111", grade: "小班", class: "小班", want: "K1/1"},
		{name: "kindergarten that differs", typ: "111", grade: "小班", class: "大班", want: "class_unreadable"},
		{name: "kindergarten nonsense", typ: "111", grade: "小班", class: "向日葵", want: "class_unreadable"},
		{name: "teaching point", typ: "218", class: "一年级", want: "P1/1"},
		{name: "context", typ: "211", class: "2班", context: "三年级", want: "P3/2"},
		{name: "junior grade in primary", typ: "211", class: "七年级1班", want: "grade_unknown"},
		{name: "senior grade in junior", typ: "311", class: "高一1班", want: "grade_unknown"},
		{name: "primary grade in junior", typ: "311", class: "三年级1班", want: "grade_unknown"},
		{name: "column unknown", typ: "211", grade: "七年级", class: "1班", want: "grade_unknown"},
		{name: "column nonsense", typ: "211", grade: "十三年级", class: "1班", want: "grade_unknown"},
		{name: "no grade", typ: "211", class: "2班", want: "grade_missing"},
		{name: "no grade twelve", typ: "211", class: "12班", want: "grade_missing"},
		{name: "no grade thirty-two", typ: "211", class: "32", want: "P3/2"},
		{name: "context and thirty-two", typ: "342", class: "32", context: "高一", want: "S1/32"},
		{name: "nothing", typ: "211", want: "grade_missing"},
		{name: "no class", typ: "211", grade: "三年级", want: "class_unreadable"},
		{name: "grade only", typ: "211", class: "三年级", want: "class_unreadable"},
		{name: "experiment", typ: "211", class: "实验班", want: "class_unreadable"},
		{name: "experiment with grade", typ: "211", grade: "三年级", class: "实验班", want: "class_unreadable"},
		{name: "zero", typ: "211", grade: "三年级", class: "0班", want: "class_unreadable"},
		{name: "question", typ: "211", class: "??", want: "class_unreadable"},
		{name: "entry before the grade", typ: "211", class: "2017级三年级2班", want: "P3/2"},
		{name: "entry before the stage", typ: "311", class: "2018级初中3班", want: "J2/3"},
		{name: "entry before a stage of others", typ: "211", class: "2018级高中3班", want: "grade_unknown"},
		{name: "english short", typ: "211", class: "G3-2", want: "P3/2"},
		{name: "english brackets", typ: "211", class: "Grade 3 (2)", want: "P3/2"},
		{name: "ban in the brackets", typ: "211", class: "三年级(2班)", want: "P3/2"},
		{name: "stage said twice", typ: "345", class: "高中部高一（2）班", want: "S1/2"},
		{name: "stage said twice, junior", typ: "312", class: "初中初二2班", want: "J2/2"},
		{name: "school year in front", typ: "211", class: "2019-2020学年三年级2班", want: "P3/2"},
		{name: "term in front", typ: "211", class: "2019—2020学年度第一学期三年级(2)班", want: "P3/2"},
		{name: "note without brackets", typ: "211", class: "三年级2班走读", want: "P3/2"},
		{name: "arts in between", typ: "342", class: "高二文科3班", want: "S2/3"},
		{name: "bare grade of nine years by age", typ: "312", grade: "二", class: "2", born: 2006, want: "J2/2"},
		{name: "bare grade of nine years, small", typ: "312", grade: "二", class: "2", born: 2012, want: "P2/2"},
		{name: "bare grade of nine years, an age that fits neither", typ: "312", grade: "二", class: "2", born: 1980, want: "P2/2"},
		{name: "302 of twelve years by age", typ: "345", class: "302", born: 2002, want: "S3/2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, fault, _ := r().Read(School{Type: tt.typ, FiveFour: tt.fiveFour}, tt.grade, tt.class, tt.context, tt.born)
			got := string(fault)
			if fault == "" {
				got = c.Grade + "/" + itoa(c.Number)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

func TestFindClass(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"松苑小学三年级（2）班学生花名册": "小学三年级(2)班",
		"松苑小学三年级甲班学生名册":    "小学三年级甲班",
		"三年级1班、三年级2班":      "",
		"学生花名册":            "",
	} {
		if got := FindClass(text); got != want {
			t.Errorf("FindClass(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFindClassNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"年级：三年级  班级：2班": "2班",
		"班级：（12）":       "12班",
		"班别:三":          "三班",
		"班主任：2班":        "",
		"三年级":           "",
	} {
		if got := FindClassNumber(text); got != want {
			t.Errorf("FindClassNumber(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWithStage(t *testing.T) {
	t.Parallel()
	for _, tt := range [][3]string{
		{"初中", "二", "初中二"}, {"初中", "二年级", "初中二年级"}, {"高中部", "2018级", "高中部2018级"}, {"小学", "3.2", "小学3.2"}, {"初中", "八年级2班", "初中八年级2班"},
		{"初中", "初二", "初二"}, {"义务教育", "二", "二"}, {"", "二", "二"}, {"初中", "", ""}, {"初中", "2班", "2班"}, {"初中", "实验班", "实验班"},
	} {
		if got := WithStage(tt[0], tt[1]); got != tt[2] {
			t.Errorf("WithStage(%q, %q) = %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

// TestClassRemarks wants that two classes of one number are never taken for one.
func TestClassRemarks(t *testing.T) {
	t.Parallel()
	type row struct{ code, grade, class, want string }
	for name, rows := range map[string][]row{
		"one remark":       {{"", "高一", "1班（机电）", "1"}, {"", "高一", "1班（机电）", "1"}, {"", "高一", "1班", "1"}},
		"two trades":       {{"", "高一", "1班（机电）", "1"}, {"", "高一", "1班（会计）", "class_unreadable"}, {"", "高一", "2班（会计）", "2"}},
		"two languages":    {{"", "高一", "1班（汉授）", "1"}, {"", "高一", "1班（朝授）", "class_unreadable"}},
		"a note beside it": {{"", "高一", "1班（机电）", "1"}, {"", "高一", "1班（原）", "1"}, {"", "高一", "1班（借读）", "1"}},
		"two grades":       {{"", "高一", "1班（机电）", "1"}, {"", "高二", "1班（会计）", "1"}},
		"two schools":      {{"a", "高一", "1班（机电）", "1"}, {"b", "高一", "1班（会计）", "1"}},
		"written otherwise": {{"", "", "高一1班（机电）", "1"}, {"", "高一", "1班(会计)", "class_unreadable"},
			{"", "高一", "1班( 机电 )", "1"}},
		"arts and sciences": {{"", "", "高二文科1班", "1"}, {"", "", "高二理科1班", "class_unreadable"}, {"", "", "高二理科2班", "2"}},
		"by age":            {{"", "", "2019级1班（机电）", "1"}, {"", "", "2019级1班（会计）", "class_unreadable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewClassReader(2019)
			for i, row := range rows {
				c, fault, _ := r.Read(School{Code: row.code, Type: "341"}, row.grade, row.class, "", 2004)
				got := string(fault)
				if fault == "" {
					got = itoa(c.Number)
				}
				if got != row.want {
					t.Errorf("row %d, %s %s: %s, want %s", i, row.grade, row.class, got, row.want)
				}
			}
		})
	}
}
