package read

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"learnspace/internal/exchange/roster/value"
)

// TestRowsThatListNobody wants that hints, numbered columns, lines waiting to be
// filled in and closing words are taken for no person, and that a person is never
// taken for one of them.
func TestRowsThatListNobody(t *testing.T) {
	t.Parallel()
	const head = "姓名,性别,身份证号,班级"
	tests := []struct {
		name   string
		in     []byte
		want   []string
		faults []string
	}{
		{"hints below the header", lines(head, "必填,填男或女,18位,如三年级2班", "王小明,男,"+boy+",3.1"), []string{"3 王小明 P3/1"}, nil},
		{"hints in brackets", lines(head, "（必填，与户口簿一致）,（男/女）,（文本格式）,（如三年级（1）班）", "王小明,男,"+boy+",3.1"), []string{"3 王小明 P3/1"}, nil},
		{"columns numbered", lines(head, "1,2,3,4", "王小明,男,"+boy+",3.1"), []string{"3 王小明 P3/1"}, nil},
		{"columns numbered by stems", lines("序号,"+head, "甲,乙,丙,丁,戊", "1,王小明,男,"+boy+",3.1"), []string{"3 王小明 P3/1"}, nil},
		{"columns numbered from A", lines(head, "A,B,C,D", "王小明,男,"+boy+",3.1"), []string{"3 王小明 P3/1"}, nil},
		{"lines with nothing but a class", lines("序号,年级,班级,姓名,身份证号", "1,三年级,1班,王小明,"+boy, "2,三年级,1班,,", "3,三年级,1班,,"), []string{"2 王小明 P3/1"}, nil},
		{"closing words", lines(head, "王小明,男,"+boy+",3.1", "2．班主任签字：   校长签字：,,,", "（学校盖章）,,,", "以上信息属实，家长签名：,,,"), []string{"2 王小明 P3/1"}, nil},
		{"a name alone", lines(head, "王小明,男,"+boy+",3.1", "李丽,,,", "如意,女,"+girl+",3.1"), []string{"2 王小明 P3/1", "3 李丽 /0", "4 如意 P3/1"},
			[]string{"3 身份证号 id_missing", "3 班级 grade_missing"}},
		{"a name missing", lines(head, ",男,"+boy+",3.1"), []string{"2  P3/1"}, []string{"2 姓名 name_missing"}},
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
			if diff := cmp.Diff(tt.faults, got.faults); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStageColumn wants that a stage in a column of its own holds for grade and class.
func TestStageColumn(t *testing.T) {
	t.Parallel()
	nine := Options{School: value.School{Code: "3122000002", Type: "312"}, Today: 20191105}
	for name, in := range map[string][]byte{
		"number": lines("学段,年级,班,姓名,身份证号", "初中,二,2,王小明,"+boy, "小学,二,2,李丽,"+girl),
		"words":  lines("学部,年级,班级,姓名,身份证号", "初中部,二年级,2班,王小明,"+boy, "小学部,二年级,2班,李丽,"+girl),
		"class":  lines("所属学段,班级,姓名,身份证号", "初中,二年级2班,王小明,"+boy, "小学,二年级2班,李丽,"+girl),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, in, nine)
			if got.err != nil {
				t.Fatal(got.err)
			}
			if diff := cmp.Diff([]string{"2 王小明 J2/2", "3 李丽 P2/2"}, names(got.rows)); diff != "" || len(got.faults) > 0 {
				t.Error(diff, got.faults)
			}
		})
	}
}

func TestClassOfTitleInTwoWords(t *testing.T) {
	t.Parallel()
	got := readBytes(t, lines("年级：三年级  班级：2班,,", "姓名,性别,身份证号", "王小明,男,"+boy), primary)
	if diff := cmp.Diff([]string{"3 王小明 P3/2"}, names(got.rows)); diff != "" || len(got.faults) > 0 {
		t.Error(diff, got.faults)
	}
	got = readBytes(t, lines("Student Name,Sex,ID No.,Grade/Class", "王小明,M,"+boy+",G3-2"), primary)
	if diff := cmp.Diff([]string{"2 王小明 P3/2"}, names(got.rows)); diff != "" || len(got.faults) > 0 {
		t.Error(diff, got.faults)
	}
}

func TestHeaderInTwoLanguages(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"姓名/Name,性别/Sex,身份证号/ID No.,班级/Class", "姓名 Name,Sex 性别,身份证号(ID),班级 Class", "이름/姓名,성별/性别,신분증번호/身份证号,학급/班级"} {
		got := readBytes(t, lines(head, "王小明,男,"+boy+",3.1"), primary)
		if diff := cmp.Diff([]string{"2 王小明 P3/1"}, names(got.rows)); diff != "" || len(got.faults) > 0 || got.err != nil {
			t.Error(head, got.err, diff, got.faults)
		}
	}
	for _, head := range []string{"QQ号", "A班", "姓名Phone", "ID姓名"} {
		if m := meaningOf(head); m.known() {
			t.Errorf("%s is taken for %+v", head, m)
		}
	}
}

// TestMonthThatASpreadsheetMadeADay: 2010-03 typed under 出生年月 becomes the first of
// the month; the number knows the day.
func TestMonthThatASpreadsheetMadeADay(t *testing.T) {
	t.Parallel()
	content := workbook(t, func(f *excelize.File) error {
		style, err := f.NewStyle(&excelize.Style{NumFmt: 17})
		if err != nil {
			return err
		}
		for i, row := range [][]any{{"姓名", "身份证号", "出生年月", "班级"}, {"王小明", boy, 40238, "3.1"}, {"李丽", girl, 40238, "3.1"}} {
			cell, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
				return err
			}
		}
		return f.SetCellStyle("Sheet1", "C2", "C3", style)
	})
	got := readBytes(t, content, primary)
	if diff := cmp.Diff([]string{"3 出生年月 birth_mismatch"}, got.faults); diff != "" {
		t.Error(diff)
	}
	if got.rows[0].Birth != 20100307 {
		t.Errorf("birth is %v", got.rows[0].Birth)
	}
}
