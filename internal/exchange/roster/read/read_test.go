package read

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"learnspace/internal/exchange/roster/sample"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

const (
	boy   = "220102201003070013"
	girl  = "222401201209150029"
	adult = "220381198501010031"
)

var primary = Options{School: value.School{Code: "2122000001", Type: "211"}, Today: 20191105}
var junior = Options{School: value.School{Code: "3122000001", Type: "311"}, Today: 20191105}

// outcome is what a test looks at: every row with its problems.
type outcome struct {
	reports []SheetReport
	rows    []Row
	faults  []string // "row column code"
	err     error
}

func readBytes(t *testing.T, content []byte, o Options) outcome {
	t.Helper()
	var out outcome
	f, err := sheet.Open(context.Background(), bytes.NewReader(content), int64(len(content)), sheet.Limits{})
	if err != nil {
		out.err = err
		return out
	}
	if out.err = Split(context.Background(), f); out.err != nil {
		return out
	}
	out.reports, out.err = Read(context.Background(), f, o, func(r *Row) error {
		kept := *r
		kept.Problems = append([]Problem(nil), r.Problems...)
		kept.Subjects = append([]string(nil), r.Subjects...)
		kept.Teaches = append([]value.Class(nil), r.Teaches...)
		kept.HomeClass = append([]value.Class(nil), r.HomeClass...)
		kept.Cells = nil
		out.rows = append(out.rows, kept)
		for _, p := range r.Problems {
			out.faults = append(out.faults, fmt.Sprintf("%d %s %s", p.Row, p.Column, p.Code))
			if strings.Contains(p.Found, boy) || strings.Contains(p.Found, girl) || strings.Contains(p.Found, adult) {
				t.Errorf("row %d shows a whole number: %q", p.Row, p.Found)
			}
		}
		return nil
	})
	return out
}

func lines(l ...string) []byte { return []byte(strings.Join(l, "\n") + "\n") }

func names(rows []Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%d %s %s/%d", r.Number, r.Name, r.Class.Grade, r.Class.Number))
	}
	return out
}

func TestReadsWhatSchoolsSend(t *testing.T) {
	t.Parallel()
	gb := func(b []byte) []byte {
		out, err := simplifiedchinese.GB18030.NewEncoder().Bytes(b)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	utf16 := func(b []byte) []byte {
		out := []byte{0xff, 0xfe}
		for _, r := range string(b) {
			out = append(out, byte(r), byte(r>>8))
		}
		return out
	}
	table := func(comma string) []byte {
		return []byte(strings.ReplaceAll(strings.Join([]string{
			"姓名|性别|身份证号|班级", "王小明|男|" + boy + "|三(2)班", "李 丽|女|" + girl + "|302", "",
		}, "\n"), "|", comma))
	}
	want := []string{"2 王小明 P3/2", "3 李丽 P3/2"}
	tests := []struct {
		name     string
		in       []byte
		encoding string
		want     []string
	}{
		{"comma", table(","), "utf-8", want},
		{"tab", table("\t"), "utf-8", want},
		{"semicolon", table(";"), "utf-8", want},
		{"mark", append([]byte("\xef\xbb\xbf"), table(",")...), "utf-8-bom", want},
		{"gb18030", gb(table(",")), "gb18030", want},
		{"gb18030 tab", gb(table("\t")), "gb18030", want},
		{"utf-16", utf16(table("\t")), "utf-16", want},
		{"crlf", bytes.ReplaceAll(table(","), []byte("\n"), []byte("\r\n")), "utf-8", want},
		{"cr", bytes.ReplaceAll(table(","), []byte("\n"), []byte("\r")), "utf-8", want},
		{"sep line", append([]byte("sep=;\n"), table(";")...), "utf-8", want},
		{"quotes", lines(`"姓名","性别","身份证号","班级"`, `"王小明","男","`+boy+`","三(2)班"`, `"李丽","女","=""`+girl+`""","302"`), "utf-8", []string{"2 王小明 P3/2", "3 李丽 P3/2"}},
		{"title notes blanks and sums", lines("松苑小学学生名册,,,", "填表日期：2019年9月,,,", "", "姓名,性别,身份证号,班级", "", "王小明,男,"+boy+",三(2)班", ",,,", "李丽,女,"+girl+",302", "合计,2,,", "填表人：张三,,审核人：李四,"), "utf-8",
			[]string{"6 王小明 P3/2", "8 李丽 P3/2"}},
		{"quoted line end", lines("姓名,性别,\"身份证\n号码\",班级", "\"王\n小明\",男,"+boy+",三(2)班", "李丽,女,"+girl+",302"), "utf-8", want},
		{"numbered rows", lines("序号,姓名,性别,身份证号,班级", "1,王小明,男,"+boy+",3.2", "2,李丽,女,"+girl+",3-2", "3,,,,", "4,,,,"), "utf-8", want},
		{"header repeated", lines("姓名,性别,身份证号,班级", "王小明,男,"+boy+",3.2", "姓名,性别,身份证号,班级", "李丽,女,"+girl+",3-2"), "utf-8", []string{"2 王小明 P3/2", "4 李丽 P3/2"}},
		{"marks in the header", lines("姓 名*,性别（必填）,＊身份证号码(18位),所在班级：", "王小明,男,"+boy+",3.2", "李丽,女,"+girl+",3-2"), "utf-8", want},
		{"english header", lines("Name,Sex,ID number,Class", "王小明,M,"+boy+",3.2", "李丽,F,"+girl+",3-2"), "utf-8", want},
		{"contract words", lines("name,sex,id_no,class", "王小明,M,"+boy+",3.2", "李丽,F,"+girl+",3-2"), "utf-8", want},
		{"korean header", lines("성명,성별,공민신분증번호,학년,학급", "王小明,남,"+boy+",3학년,2반", "李丽,녀,"+girl+",3,2"), "utf-8", want},
		{"class of the title", lines("三年级（2）班学生花名册,,", "姓名,性别,身份证号", "王小明,男,"+boy, "李丽,女,"+girl), "utf-8", []string{"3 王小明 P3/2", "4 李丽 P3/2"}},
		{"grade of the title", lines("2019年秋季三年级学生名册,,,", "姓名,性别,身份证号,班级", "王小明,男,"+boy+",2班", "李丽,女,"+girl+",2"), "utf-8", []string{"3 王小明 P3/2", "4 李丽 P3/2"}},
		{"full width", lines("姓名,性别,身份证号,班级", "王小明,男,２２０１０２２０１００３０７００１３,３．２", "李丽,女,"+girl+",３（２）班"), "utf-8", want},
		{"stray quote", lines("姓名,性别,身份证号,班级", "王小明,男,"+boy+",3.2", "李丽,女,"+girl+",\"3\"-2"), "utf-8", []string{"2 王小明 P3/2", "3 李丽 P3/2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, tt.in, primary)
			if got.err != nil {
				t.Fatal(got.err)
			}
			if diff := cmp.Diff(tt.want, names(got.rows)); diff != "" {
				t.Error(diff)
			}
			if len(got.faults) > 0 {
				t.Error(got.faults)
			}
			if got.reports[0].Encoding != tt.encoding || got.reports[0].Rows != len(tt.want) {
				t.Errorf("report %+v", got.reports[0])
			}
		})
	}
}

func TestHeaderRowAndColumns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		in     []byte
		header int
		kind   Kind
		want   map[string]string
	}{
		{"registry export", lines("学校标识码,姓名,性别,出生日期,出生地行政区划代码,民族,身份证件类型,身份证件号,姓名拼音,曾用名,学籍辅号,班内学号,年级,班级,入学年月,入学方式,就读方式,联系电话,全国学籍号,成员1姓名,成员1关系,成员1是否监护人,成员1联系电话,成员1身份证件号,成员2姓名,成员2关系,成员2联系电话",
			"2122000001,王小明,男,20100307,220102,汉族,居民身份证,"+boy+",wangxiaoming,,,1,三年级,1班,201709,就近入学,走读,,G"+boy+",王大,父亲,是,13800001111,,李丽,母亲,13900002222"), 1, Pupils,
			map[string]string{"学校标识码": "school_code", "姓名": "name", "性别": "sex", "出生日期": "birth", "民族": "ethnic", "身份证件类型": "id_type", "身份证件号": "id_no", "年级": "grade", "班级": "class", "入学年月": "enrolled", "就读方式": "boarding", "联系电话": "phone", "全国学籍号": "student_no",
				"成员1姓名": "guardian_name", "成员1关系": "guardian_relation", "成员1联系电话": "guardian_phone", "成员2姓名": "guardian2_name", "成员2关系": "guardian2_relation", "成员2联系电话": "guardian2_phone"}},
		{"parents", lines("姓名,性别,班级,身份证号,父亲姓名,父亲电话,母亲姓名,母亲电话,家庭住址", "王小明,男,3.2,"+boy+",王大,13800001111,李丽,13900002222,某街"), 1, Pupils,
			map[string]string{"姓名": "name", "性别": "sex", "班级": "class", "身份证号": "id_no", "父亲姓名": "guardian_name", "父亲电话": "guardian_phone", "母亲姓名": "guardian2_name", "母亲电话": "guardian2_phone"}},
		{"phone of the parent", lines("姓名,班级,身份证号,家长姓名,与学生关系,联系电话", "王小明,3.2,"+boy+",王大,父亲,13800001111"), 1, Pupils,
			map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no", "家长姓名": "guardian_name", "与学生关系": "guardian_relation", "联系电话": "guardian_phone"}},
		{"phone of the pupil", lines("姓名,班级,身份证号,联系电话,家长姓名,家长电话", "王小明,3.2,"+boy+",,王大,13800001111"), 1, Pupils,
			map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no", "联系电话": "phone", "家长姓名": "guardian_name", "家长电话": "guardian_phone"}},
		{"the same words twice", lines("姓名,班级,身份证号,家长姓名,关系,电话,家长姓名,关系,电话", "王小明,3.2,"+boy+",王大,父亲,13800001111,李丽,母亲,13900002222"), 1, Pupils,
			map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no", "家长姓名": "guardian_name", "关系": "guardian_relation", "电话": "guardian_phone", "家长姓名 (G)": "guardian2_name", "关系 (H)": "guardian2_relation", "电话 (I)": "guardian2_phone"}},
		{"numbered guardians", lines("姓名,班级,身份证号,监护人1姓名,监护人1关系,监护人1手机,监护人2姓名,监护人2关系,监护人2手机", "王小明,3.2,"+boy+",王大,父亲,13800001111,李丽,母亲,13900002222"), 1, Pupils,
			map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no", "监护人1姓名": "guardian_name", "监护人1关系": "guardian_relation", "监护人1手机": "guardian_phone", "监护人2姓名": "guardian2_name", "监护人2关系": "guardian2_relation", "监护人2手机": "guardian2_phone"}},
		{"two rows", lines("姓名,性别,班级,身份证号,监护人1,,,监护人2,,", ",,,,姓名,关系,电话,姓名,关系,电话", "王小明,男,3.2,"+boy+",王大,父亲,13800001111,李丽,母亲,13900002222"), 1, Pupils,
			map[string]string{"姓名": "name", "性别": "sex", "班级": "class", "身份证号": "id_no", "监护人1/姓名": "guardian_name", "监护人1/关系": "guardian_relation", "监护人1/电话": "guardian_phone", "监护人2/姓名": "guardian2_name", "监护人2/关系": "guardian2_relation", "监护人2/电话": "guardian2_phone"}},
		{"groups above", lines("名册", "学生信息,,,,监护人信息,,", "姓名,性别,班级,身份证号,姓名,关系,电话", "王小明,男,3.2,"+boy+",王大,父亲,13800001111"), 3, Pupils,
			map[string]string{"姓名": "name", "性别": "sex", "班级": "class", "身份证号": "id_no", "监护人信息/姓名": "guardian_name", "监护人信息/关系": "guardian_relation", "监护人信息/电话": "guardian_phone"}},
		{"number of the class is no registry number", lines("学号,姓名,班级,身份证号", "1,王小明,3.2,"+boy), 1, Pupils, map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no"}},
		{"registry number under 学号", lines("学号,姓名,班级,身份证号", "G"+boy+",王小明,3.2,"+boy), 1, Pupils, map[string]string{"学号": "student_no", "姓名": "name", "班级": "class", "身份证号": "id_no"}},
		{"reason in the remarks", lines("姓名,性别,出生日期,班级,身份证号,备注", "王小明,男,2010-03-07,3.2,,证件信息待补"), 1, Pupils, map[string]string{"姓名": "name", "性别": "sex", "出生日期": "birth", "班级": "class", "身份证号": "id_no", "备注": "no_id_reason"}},
		{"remarks left out", lines("姓名,班级,身份证号,备注", "王小明,3.2,"+boy+",转学"), 1, Pupils, map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no"}},
		{"class duties are no posts", lines("姓名,班级,身份证号,职务", "王小明,3.2,"+boy+",班长"), 1, Pupils, map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no"}},
		{"staff by post", lines("姓名,性别,身份证号,岗位,任教学科,任教班级,班主任,手机号,主任职单位,职称", "张三,男,"+adult+",教师,语文,3.2,是,13800001111,2122000001,高级"), 1, Staff,
			map[string]string{"姓名": "name", "性别": "sex", "身份证号": "id_no", "岗位": "post", "任教学科": "subject", "任教班级": "class", "班主任": "class_teacher", "手机号": "phone", "主任职单位": "primary_unit"}},
		{"staff by duties", lines("姓名,性别,身份证号,职务,手机号", "张三,男,"+adult+",校长,13800001111"), 1, Staff, map[string]string{"姓名": "name", "性别": "sex", "身份证号": "id_no", "职务": "post", "手机号": "phone"}},
		{"class teacher of pupils", lines("姓名,班级,身份证号,班主任", "王小明,3.2,"+boy+",张三"), 1, Pupils, map[string]string{"姓名": "name", "班级": "class", "身份证号": "id_no"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, tt.in, primary)
			if got.err != nil {
				t.Fatal(got.err)
			}
			r := got.reports[0]
			if diff := cmp.Diff(tt.want, r.Columns); diff != "" {
				t.Error(diff)
			}
			if r.HeaderRow != tt.header || r.Kind != tt.kind || r.Rows != 1 {
				t.Errorf("header %d kind %s rows %d", r.HeaderRow, r.Kind, r.Rows)
			}
			if len(got.faults) > 0 {
				t.Error(got.faults)
			}
		})
	}
}

// faulty returns a row of eight cells with one cell replaced.
func faulty(n, column int, cell string) string {
	p := sample.Make(1, n, 2010)
	cells := []string{p.Name, p.Sex(), p.Day(), "汉族", p.ID, p.G(), "三年级", "2班", p.Parent, "父亲", p.Phone, "2017-09"}
	if column >= 0 {
		cells[column] = cell
	}
	return strings.Join(cells, ",")
}

const faultyHeader = "姓名,性别,出生日期,民族,身份证号,学籍号,年级,班级,监护人姓名,监护人关系,监护人电话,入学年月"

func TestEveryFaultAtItsRow(t *testing.T) {
	t.Parallel()
	id := func(body string) string { return sample.IDNumber(body[:6], atoi(body[6:14]), 1, true) }
	future := sample.IDNumber("220102", 20250307, 1, true)
	p := sample.Make(1, 0, 2010)
	tests := []struct {
		name  string
		row   string
		fault string
	}{
		{"none", faulty(0, -1, ""), ""},
		{"no name", faulty(0, 0, ""), "姓名 name_missing"},
		{"formula for a name", faulty(0, 0, "=A1"), "姓名 formula_cell"},
		{"formula for a number", faulty(0, 4, "=E1&F1"), "身份证号 formula_cell"},
		{"formula for a registry number", faulty(0, 5, "=E1"), "学籍号 formula_cell"},
		{"lost digits", faulty(0, 4, "2.20102E+17"), "身份证号 id_lost_digits"},
		{"length", faulty(0, 4, p.ID[:17]), "身份证号 id_length"},
		{"check digit", faulty(0, 4, p.ID[:17]+other(p.ID[17])), "身份证号 id_check_digit"},
		{"birth in the number", faulty(0, 4, id("22010220101307")), "身份证号 id_birth_date"},
		{"birth to come", faulty(0, 4, future), "身份证号 id_birth_date"},
		{"sex differs", faulty(0, 1, "女"), "性别 sex_mismatch"},
		{"birth differs", faulty(0, 2, "2010-02-08"), "出生日期 birth_mismatch"},
		{"sex", faulty(0, 1, "难"), "性别 sex_unknown"},
		{"date", faulty(0, 2, "2010-02-30"), "出生日期 date_invalid"},
		{"enrolled", faulty(0, 11, "2017-13"), "入学年月 date_invalid"},
		{"registry number", faulty(0, 5, "G12345"), "学籍号 student_no_format"},
		{"ethnic", faulty(0, 3, "火星族"), "民族 ethnic_unknown"},
		{"grade unknown", faulty(0, 6, "七年级"), "年级 grade_unknown"},
		{"grade missing", faulty(0, 6, ""), "年级 grade_missing"},
		{"class", faulty(0, 7, "火箭班"), "班级 class_unreadable"},
		{"class missing", faulty(0, 7, ""), "班级 class_unreadable"},
		{"phone", faulty(0, 10, "1380000"), "监护人电话 phone_format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, lines(faultyHeader, faulty(1, -1, ""), tt.row, faulty(2, -1, "")), primary)
			var want []string
			if tt.fault != "" {
				want = []string{"3 " + tt.fault}
			}
			if diff := cmp.Diff(want, got.faults); diff != "" {
				t.Error(diff)
			}
			if len(got.rows) != 3 {
				t.Errorf("%d rows", len(got.rows))
			}
		})
	}
}

func other(c byte) string {
	if c == '5' {
		return "6"
	}
	return "5"
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

func TestNumbersMissing(t *testing.T) {
	t.Parallel()
	const header = "姓名,性别,出生日期,身份证号,学籍号,无证件原因,证件类型,班级"
	tests := []struct{ name, row, fault string }{
		{"both", "王小明,男,2010-03-07," + boy + ",G" + boy + ",,,3.2", ""},
		{"registry number only", "王小明,男,2010-03-07,,L220102201003070001,,,3.2", ""},
		{"J number", "王小明,男,2010-03-07,,J220102201003070011,,,3.2", ""},
		{"G of another number", "王小明,男,2010-03-07," + boy + ",G" + girl + ",,,3.2", ""},
		{"neither", "王小明,男,2010-03-07,,,,,3.2", "身份证号 id_missing"},
		{"a word for nothing", "王小明,男,2010-03-07,无,无,,,3.2", "身份证号 id_missing"},
		{"reason", "王小明,男,2010-03-07,,,证件信息待补,,3.2", ""},
		{"reason in place of the number", "王小明,男,2010-03-07,待补,,,,3.2", ""},
		{"reason without sex", "王小明,,2010-03-07,,,未落户,,3.2", "身份证号 id_missing"},
		{"reason without birth", "王小明,男,,,,未落户,,3.2", "身份证号 id_missing"},
		{"passport", "Anna Lee,女,2010-03-07,E1234567,,,护照,3.2", ""},
		{"sex from the number", "王小明,,," + boy + ",,,,3.2", ""},
		{"month of birth", "王小明,男,2010-03,,L220102201003070001,,,3.2", "出生日期 date_invalid"},
		{"bad registry number is not missing", "王小明,男,2010-03-07,,X1,,,3.2", "学籍号 student_no_format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, lines(header, tt.row), primary)
			var want []string
			if tt.fault != "" {
				want = []string{"2 " + tt.fault}
			}
			if diff := cmp.Diff(want, got.faults); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTwiceInAFile(t *testing.T) {
	t.Parallel()
	const header = "姓名,性别,出生日期,身份证号,学籍号,无证件原因,班级"
	twin := sample.IDNumber("220102", 20100307, 3, true)
	tests := []struct {
		name, first, second, fault string
	}{
		{"same", "王小明,男,2010-03-07," + boy + ",,,3.2", "王小明,男,2010-03-07," + boy + ",,,3.2", "身份证号 duplicate_in_file"},
		{"same number other class", "王小明,男,2010-03-07," + boy + ",,,3.2", "王 小明,男,2010-03-07," + boy + ",,,3.1", "身份证号 duplicate_in_file"},
		{"G number of the first", "王小明,男,2010-03-07," + boy + ",,,3.2", "王小明,男,2010-03-07,,G" + boy + ",,3.2", "学籍号 duplicate_in_file"},
		{"L number", "王小明,男,2010-03-07,,L220102201003070001,,3.2", "王小明,男,2010-03-07,,L220102201003070001,,3.2", "学籍号 duplicate_in_file"},
		{"no number", "王小明,男,2010-03-07,,,待补,3.2", "王小明,男,2010-03-07,,,待补,3.2", "姓名 duplicate_in_file"},
		{"other name", "王小明,男,2010-03-07," + boy + ",,,3.2", "赵大力,男,2010-03-07," + boy + ",,,3.2", "姓名 name_conflict"},
		{"twins", "王小明,男,2010-03-07," + boy + ",,,3.2", "王小亮,男,2010-03-07," + twin + ",,,3.2", ""},
		{"namesakes", "王小明,男,2010-03-07," + boy + ",,,3.2", "王小明,男,2010-03-07," + twin + ",,,3.2", ""},
		{"namesakes without numbers", "王小明,男,2010-03-07,,,待补,3.2", "王小明,男,2010-03-08,,,待补,3.2", ""},
		{"first was rejected", "王小明,男,2010-03-07," + boy + ",,,实验班", "王小明,男,2010-03-07," + boy + ",,,3.2", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, lines(header, tt.first, tt.second), primary)
			var faults []string
			for _, f := range got.faults {
				if strings.HasPrefix(f, "3 ") {
					faults = append(faults, strings.TrimPrefix(f, "3 "))
				}
			}
			if diff := cmp.Diff(tt.fault, strings.Join(faults, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSchoolColumn(t *testing.T) {
	t.Parallel()
	o := Options{Today: 20191105, SchoolRequired: true, Schools: func(code string) SchoolAnswer {
		switch code {
		case "2122000001":
			return SchoolAnswer{School: value.School{Code: code, Type: "211"}}
		case "3122000001":
			return SchoolAnswer{School: value.School{Code: code, Type: "311"}}
		case "3122000009":
			return SchoolAnswer{School: value.School{Code: code, Type: "311"}, Fault: value.SchoolOutside}
		}
		return SchoolAnswer{Fault: value.SchoolUnknown}
	}}
	got := readBytes(t, lines("学校标识码,姓名,身份证号,班级",
		"2122000001,王小明,"+boy+",三(2)班", "３１２２０００００１,李丽,"+girl+",初一2班", "3122000009,赵一,"+sample.Make(1, 5, 2010).ID+",初一2班",
		"2122999999,钱二,"+sample.Make(1, 6, 2010).ID+",九年级1班", ",孙三,"+sample.Make(1, 7, 2010).ID+",三(2)班", "2122000001,周四,"+sample.Make(1, 8, 2010).ID+",初一2班"), o)
	want := []string{"4 学校标识码 school_outside", "5 学校标识码 school_unknown", "6 学校标识码 school_unknown", "7 班级 grade_unknown"}
	if diff := cmp.Diff(want, got.faults); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"2 王小明 P3/2", "3 李丽 J1/2"}, names(got.rows[:2])); diff != "" {
		t.Error(diff)
	}
}

func TestNoHeader(t *testing.T) {
	t.Parallel()
	for name, in := range map[string][]byte{
		"data only": lines("王小明,男,"+boy+",三(2)班", "李丽,女,"+girl+",302"),
		"a letter":  lines("各位家长：", "请于周五前交表。", "谢谢"),
		"no name":   lines("性别,身份证号,班级", "男,"+boy+",3.2"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code := sheet.RefusalCode(readBytes(t, in, primary).err); code != sheet.HeaderNotFound {
				t.Errorf("code %q", code)
			}
		})
	}
}

func workbook(t *testing.T, build func(f *excelize.File) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := build(f); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWorkbook(t *testing.T) {
	t.Parallel()
	p := func(n int) sample.Person { return sample.Make(3, n, 2007) }
	content := workbook(t, func(f *excelize.File) error {
		set := func(sheet, cell string, v any) {
			if err := f.SetCellValue(sheet, cell, v); err != nil {
				t.Fatal(err)
			}
		}
		row := func(sheet, cell string, v ...any) {
			if err := f.SetSheetRow(sheet, cell, &v); err != nil {
				t.Fatal(err)
			}
		}
		date, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		f.SetSheetName("Sheet1", "七年级")
		set("七年级", "A1", "七年级名册")
		f.MergeCell("七年级", "A1", "H1")
		row("七年级", "A2", "班级", "姓名", "性别", "出生日期", "证件号", "监护人", nil, nil)
		f.MergeCell("七年级", "F2", "H2")
		row("七年级", "F3", "姓名", "关系", "电话")
		for _, c := range []string{"A", "B", "C", "D", "E"} {
			f.MergeCell("七年级", c+"2", c+"3")
		}
		for i := range 3 {
			cell := fmt.Sprintf("B%d", 4+i)
			row("七年级", cell, p(i).Name, p(i).Sex(), nil, p(i).ID, p(i).Parent, "父亲", 13800001111+i)
			set("七年级", fmt.Sprintf("D%d", 4+i), dateOf(p(i)))
			f.SetCellStyle("七年级", fmt.Sprintf("D%d", 4+i), fmt.Sprintf("D%d", 4+i), date)
		}
		set("七年级", "A4", "七(1)班")
		f.MergeCell("七年级", "A4", "A5")
		set("七年级", "A6", 7.2)
		row("七年级", "A7", "合计", 3)
		f.NewSheet("旧数据")
		row("旧数据", "A1", "姓名", "班级", "证件号")
		row("旧数据", "A2", "不读", "七1班", "1")
		f.SetSheetVisible("旧数据", false)
		f.NewSheet("空表")
		f.NewSheet("说明")
		row("说明", "A1", "请各班核对")
		f.NewSheet("八年级")
		row("八年级", "A1", "姓名", "身份证号", "班级")
		row("八年级", "A2", p(10).Name, p(10).ID, "初二3班")
		row("八年级", "A3", p(0).Name, p(0).ID, "初二3班")
		set("八年级", "A4", p(11).Name)
		set("八年级", "B4", 220102200703070017)
		set("八年级", "C4", "8.3")
		set("八年级", "A5", p(12).Name)
		f.SetCellFormula("八年级", "B5", `"2201"&"02"`)
		set("八年级", "C5", "8.3")
		return nil
	})
	got := readBytes(t, content, junior)
	if got.err != nil {
		t.Fatal(got.err)
	}
	want := []string{
		"4 " + p(0).Name + " J1/1", "5 " + p(1).Name + " J1/1", "6 " + p(2).Name + " J1/2",
		"2 " + p(10).Name + " J2/3", "3 " + p(0).Name + " J2/3", "4 " + p(11).Name + " J2/3", "5 " + p(12).Name + " J2/3",
	}
	if diff := cmp.Diff(want, names(got.rows)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"3 身份证号 duplicate_in_file", "4 身份证号 id_lost_digits", "5 身份证号 formula_cell"}, got.faults); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Guardian{Name: p(1).Parent, Relation: "father", Phone: "13800001112"}, got.rows[1].Guardians[0]); diff != "" {
		t.Error(diff)
	}
	if len(got.reports) != 3 || got.reports[0].HeaderRow != 2 || !got.reports[1].NoHeader || got.reports[2].Rejected != 3 {
		t.Errorf("%+v", got.reports)
	}
}

func dateOf(p sample.Person) time.Time {
	return time.Date(p.Birth/10000, time.Month(p.Birth/100%100), p.Birth%100, 0, 0, 0, 0, time.UTC)
}

func codesOf() []string {
	var out []string
	for _, c := range value.Codes() {
		out = append(out, string(c))
	}
	return out
}
