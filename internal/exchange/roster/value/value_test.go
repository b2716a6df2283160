package value

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/clock"
)

const today clock.Day = 20191105

func TestName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "王小明", "王小明"},
		{"spaces", " 王 小 明 ", "王小明"},
		{"wide space", "王　明", "王明"},
		{"no-break space", "王\u00a0明", "王明"},
		{"compound surname", "欧阳 小明", "欧阳小明"},
		{"middle dot", "阿卜杜·热合曼", "阿卜杜·热合曼"},
		{"bullet", "阿卜杜•热合曼", "阿卜杜·热合曼"},
		{"small full stop", "阿卜杜﹒热合曼", "阿卜杜·热合曼"},
		{"full stop", "阿卜杜．热合曼", "阿卜杜·热合曼"},
		{"ascii stop", "阿卜杜.热合曼", "阿卜杜·热合曼"},
		{"katakana dot", "阿卜杜・热合曼", "阿卜杜·热合曼"},
		{"half katakana dot", "阿卜杜･热合曼", "阿卜杜·热合曼"},
		{"hyphenation point", "阿卜杜‧热合曼", "阿卜杜·热合曼"},
		{"dot operator", "阿卜杜⋅热合曼", "阿卜杜·热合曼"},
		{"spaced dot", "阿卜杜 · 热合曼", "阿卜杜·热合曼"},
		{"blank", "阿卜杜 热合曼", "阿卜杜·热合曼"},
		{"blank and dot", "阿卜杜·热合曼 买买提", "阿卜杜·热合曼·买买提"},
		{"rare", "王㛃", "王㛃"},
		{"rare plane 2", "李𬱖", "李𬱖"},
		{"selector", "葛\U000e0100明", "葛明"},
		{"zero width", "王\u200b小\ufeff明", "王小明"},
		{"latin", "Anna  Maria Smith", "Anna Maria Smith"},
		{"latin initial", "J. Smith", "J. Smith"},
		{"kazakh", "Айгүл  Серік", "Айгүл Серік"},
		{"korean", "김 철수", "김철수"},
		{"full-width latin", "Ａｎｎａ　Ｌｅｅ", "Anna Lee"},
		{"nothing", "  ", ""},
		{"slash", "/", ""},
		{"twenty", "阿卜杜热合曼买买提艾力尼亚孜吐尔逊江一二三", "阿卜杜热合曼买买提艾力尼亚孜吐尔逊江一二三"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Name(tt.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNameKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"dot and none", "阿卜杜·热合曼", "阿卜杜热合曼", true},
		{"variant", "髙明", "高明", true},
		{"traditional", "黃國華", "黄国华", true},
		{"compatibility", "\uf9e1明", "李明", true},
		{"case", "Anna Lee", "ANNA LEE", true},
		{"other", "王小明", "王小月", false},
		{"rare kept", "李𬱖", "李颀", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if same := NameKey(tt.a) == NameKey(tt.b); same != tt.same {
				t.Errorf("same %v, want %v: %q %q", same, tt.same, NameKey(tt.a), NameKey(tt.b))
			}
		})
	}
	if utf8.RuneCountInString(variantPairs)%2 != 0 {
		t.Error("the list of variants is not made of pairs")
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		month    bool
		want     clock.Day // 0: refused
	}{
		{"iso", "2010-03-07", false, 20100307},
		{"slash", "2010/3/7", false, 20100307},
		{"slash padded", "2010/03/07", false, 20100307},
		{"run", "20100307", false, 20100307},
		{"points", "2010.3.7", false, 20100307},
		{"chinese", "2010年3月7日", false, 20100307},
		{"chinese padded", "2010年03月07日", false, 20100307},
		{"chinese hao", "2010年3月7号", false, 20100307},
		{"numerals", "二〇一〇年三月七日", false, 20100307},
		{"numerals long", "二〇〇九年十二月三十一日", false, 20091231},
		{"numerals zero", "二零一零年三月二十日", false, 20100320},
		{"korean", "2010년 3월 7일", false, 20100307},
		{"short year", "10-3-7", false, 20100307},
		{"short year last century", "98.5.6", false, 19980506},
		{"short chinese", "10年3月7日", false, 20100307},
		{"wide", "２０１０．３．７", false, 20100307},
		{"wide dash", "2010—3—7", false, 20100307},
		{"ideographic comma", "2010、3、7", false, 20100307},
		{"blanks", "2010 3 7", false, 20100307},
		{"blanks inside", "2010 - 03 - 07", false, 20100307},
		{"time", "2010-03-07 00:00:00", false, 20100307},
		{"time t", "2010-03-07T08:00:00Z", false, 20100307},
		{"time slash", "2010/3/7 0:00", false, 20100307},
		{"run with time", "20100307000000", false, 20100307},
		{"american", "3/7/2010", false, 20100307},
		{"european", "17/3/2010", false, 20100317},
		{"serial", "40244", false, 20100307},
		{"six digits", "100307", false, 20100307},
		{"apostrophe", "'2010-03-07", false, 20100307},
		{"leap day", "2012-02-29", false, 20120229},
		{"no leap day", "2010-02-29", false, 0},
		{"day 30 of February", "2010-02-30", false, 0},
		{"month 13", "2010-13-01", false, 0},
		{"month 13 run", "20101301", false, 0},
		{"zero", "2010-00-10", false, 0},
		{"old", "1010-03-07", false, 0},
		{"word", "不详", false, 0},
		{"month only", "2010-03", false, 0},
		{"month only run", "201003", false, 0},
		{"month", "2018-09", true, 20180901},
		{"month run", "201809", true, 20180901},
		{"month chinese", "2018年9月", true, 20180901},
		{"month point", "2018.9", true, 20180901},
		{"month last", "9/2018", true, 20180901},
		{"year", "2018", true, 20180901},
		{"autumn", "2018年秋季", true, 20180901},
		{"day where a month does", "2018-09-01", true, 20180901},
		{"bad month", "2018-19", true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := Day(tt.in, tt.month, today)
			if !ok {
				got = 0
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		in     NumberCell
		idType string
		want   string
		fault  Code
	}{
		{"good", NumberCell{Text: "220102201003070013"}, "", "220102201003070013", ""},
		{"good twin", NumberCell{Text: "222401201209150029"}, "1", "222401201209150029", ""},
		{"good adult", NumberCell{Text: "220381198501010031"}, "1", "220381198501010031", ""},
		{"small x", NumberCell{Text: "22010220100307003x"}, "", "22010220100307003X", ""},
		{"apostrophe", NumberCell{Text: "'220102201003070013"}, "", "220102201003070013", ""},
		{"wide", NumberCell{Text: "２２０１０２２０１００３０７００１３"}, "", "220102201003070013", ""},
		{"spaces", NumberCell{Text: "220102 20100307 0013"}, "", "220102201003070013", ""},
		{"exponent", NumberCell{Text: "2.20102E+17"}, "", "2.20102E+17", IDLostDigits},
		{"exponent small", NumberCell{Text: "2.20102e17"}, "", "2.20102E17", IDLostDigits},
		{"lossy number", NumberCell{Text: "220102201003070000", Numeric: true, Lossy: true}, "", "220102201003070000", IDLostDigits},
		{"seventeen", NumberCell{Text: "22010220100307001"}, "", "22010220100307001", IDLength},
		{"fifteen", NumberCell{Text: "220102100307001"}, "", "220102100307001", IDLength},
		{"check digit", NumberCell{Text: "220102201003070014"}, "", "220102201003070014", IDCheckDigit},
		{"letter inside", NumberCell{Text: "2201022O1003070013"}, "", "2201022O1003070013", IDCheckDigit},
		{"birth date", NumberCell{Text: "220102201013070013"[:17] + checkDigit("22010220101307001")}, "", "22010220101307001" + checkDigit("22010220101307001"), IDBirthDate},
		{"future", NumberCell{Text: "22010220250307001" + checkDigit("22010220250307001")}, "", "22010220250307001" + checkDigit("22010220250307001"), IDBirthDate},
		{"passport", NumberCell{Text: "e 1234567"}, "A", "E1234567", ""},
		{"household register", NumberCell{Text: "123"}, "B", "123", ""},
		{"nothing", NumberCell{Text: "无"}, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, _, fault := ID(tt.in, tt.idType, today)
			if diff := cmp.Diff([]string{tt.want, string(tt.fault)}, []string{got, string(fault)}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func checkDigit(body string) string {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * int(body[i]-'0')
	}
	return "10X98765432"[sum%11 : sum%11+1]
}

func TestStudentNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
		fault          Code
	}{
		{"G", "G220102201003070013", "G220102201003070013", ""},
		{"small g wide", "ｇ220102201003070013", "G220102201003070013", ""},
		{"J", "J220102201003070011", "J220102201003070011", ""},
		{"L", "L220102201003070001", "L220102201003070001", ""},
		{"short", "G22010220100307001", "G22010220100307001", StudentNoFormat},
		{"no letter", "220102201003070013", "220102201003070013", StudentNoFormat},
		{"other letter", "X220102201003070013", "X220102201003070013", StudentNoFormat},
		{"month 13", "L220102201013070001", "L220102201013070001", StudentNoFormat},
		{"exponent", "2.20102E+17", "220102E+17", StudentNoFormat},
		{"nothing", "-", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, fault := StudentNumber(tt.in)
			if diff := cmp.Diff([]string{tt.want, string(tt.fault)}, []string{got, string(fault)}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPhone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
		bad            bool
	}{
		{"mobile", "13800001111", "13800001111", false},
		{"spaces", "138 0000 1111", "13800001111", false},
		{"hyphens", "138-0000-1111", "13800001111", false},
		{"country", "+8613800001111", "13800001111", false},
		{"country blank", "+86 138 0000 1111", "13800001111", false},
		{"country zeros", "008613800001111", "13800001111", false},
		{"country plain", "8613800001111", "13800001111", false},
		{"wide", "１３８００００１１１１", "13800001111", false},
		{"two", "13800001111/13900002222", "13800001111", false},
		{"two comma", "13800001111、13900002222", "13800001111", false},
		{"two blank", "13800001111 13900002222", "13800001111", false},
		{"landline", "0431-85661234", "043185661234", false},
		{"landline brackets", "(0431)85661234", "043185661234", false},
		{"extension", "0431-85661234转801", "043185661234", false},
		{"local", "85661234", "85661234", false},
		{"korea", "+82-10-1234-5678", "+821012345678", false},
		{"decimal", "13800001111.0", "13800001111", false},
		{"remark", "13800001111（父）", "13800001111", false},
		{"word in front", "爸爸13800001111", "13800001111", false},
		{"letter behind", "13800001111a", "", true},
		{"ten digits", "1380000111", "", true},
		{"twelve digits", "138000011112", "", true},
		{"exponent", "1.38E+10", "", true},
		{"prefix", "12800001111", "", true},
		{"letters", "abc", "", true},
		{"short", "12345", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := Phone(tt.in)
			if !ok {
				got = ""
			}
			if got != tt.want || ok == tt.bad {
				t.Errorf("%q %v, want %q", got, ok, tt.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	sex := func(s string) string { n, _ := Sex(s); return string(rune('0' + n)) }
	ethnic := func(s string) string { c, _ := Ethnic(s); return c }
	post := func(s string) string { c, _ := Post(s); return c }
	subjects := func(s string) string {
		out := ""
		for _, c := range Subjects(s, "P") {
			out += c + " "
		}
		return out
	}
	tests := []struct {
		name string
		read func(string) string
		in   map[string]string
	}{
		{"sex", sex, map[string]string{"男": "1", "女": "2", "1": "1", "2": "2", "M": "1", "f": "2", "男性": "1", "1-男性": "1", "女（2）": "2", "남": "1", "녀": "2", "南": "0", "未知": "0", "9": "0", "1女": "0", " 男 ": "1"}},
		{"ethnic", ethnic, map[string]string{"汉族": "01", "汉": "01", "01": "01", "1": "01", "HA": "01", "朝鲜": "10", "朝鲜族": "10", "汉族(01)": "01", "11-满族": "11", "조선족": "10", "Manchu": "11", "火星": "", "57": "", "汗族": "", "汉 族": "01", "０１": "01"}},
		{"id type", IDType, map[string]string{"居民身份证": "1", "1": "1", "01": "1", "身份证": "1", "护照": "A", "户口簿": "B", "1-居民身份证": "1", "": "", "无": "", "港澳居民来往内地通行证": "6", "出生证明": "Z", "外国护照": "A"}},
		{"relation", Relation, map[string]string{"父亲": "father", "妈妈": "mother", "51": "father", "爷爷": "grandfather", "어머니": "mother", "邻居": "other", "": "", "父子": "father"}},
		{"boarding", Boarding, map[string]string{"走读": "day", "住校": "boarding", "是": "boarding", "否": "day", "借宿": "other", "": "", "寄宿生": "boarding", "不住校": "day"}},
		{"post", post, map[string]string{"教师": "10", "校长": "31", "班主任": "23", "10": "10", "教师、班主任": "23", "教导主任": "32", "专任教师": "10", "宇航员": ""}},
		{"subjects", subjects, map[string]string{"语文": "13 ", "语文、数学": "13 14 ", "语文/英语": "13 41 ", "13": "13 ", "信息技术": "61 ", "书法": "书法 ", "": "", "小学语文": "13 ", "语文 语文": "13 "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := map[string]string{}
			for in := range tt.in {
				got[in] = tt.read(in)
			}
			if diff := cmp.Diff(tt.in, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		date     bool
		want     string
	}{
		{"number", "220102201003070013", false, "***0013"},
		{"spaced number", "220102 20100307 0013", false, "***0013"},
		{"number in a date", "220102201003070013", true, "***0013"},
		{"date", "20101307", true, "20101307"},
		{"date with time", "2010-13-07 00:00:00", true, "2010-13-07 00:00:00"},
		{"phone", "1380000111", false, "***0111"},
		{"word", "实验班", false, "实验班"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Found(tt.in, tt.date)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
