package read

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"learnspace/internal/exchange/roster/sample"
	"learnspace/internal/exchange/roster/sheet"
)

// TestTablesSideBySide wants that every table of a sheet is read, and that a sheet in
// which they cannot be told apart is refused.
func TestTablesSideBySide(t *testing.T) {
	t.Parallel()
	p := func(i int) sample.Person { return sample.Make(1, i, 2010) }
	who := func(i int) string { return p(i).Name + "," + p(i).Sex() + "," + p(i).ID }
	const half = "序号,姓名,性别,身份证号"
	tests := []struct {
		name   string
		in     []byte
		want   []string
		sheets string
	}{
		{"two", lines("三年级2班学生名册", half+","+half, "1,"+who(1)+",3,"+who(3), "2,"+who(2)+",,,,", "合计,,,3,,,,"),
			[]string{"3 " + p(1).Name + " P3/2", "4 " + p(2).Name + " P3/2", "3 " + p(3).Name + " P3/2"}, "|E:H"},
		{"three and a blank column", lines("三年级2班学生名册", half+",,"+half+",,"+half, "1,"+who(1)+",,2,"+who(2)+",,3,"+who(3)),
			[]string{"3 " + p(1).Name + " P3/2", "3 " + p(2).Name + " P3/2", "3 " + p(3).Name + " P3/2"}, "|F:I|K:N"},
		{"with classes of their own", lines("姓名,性别,身份证号,班级,姓名,性别,身份证号,班级", who(1)+",3.1,"+who(2)+",3.2"),
			[]string{"2 " + p(1).Name + " P3/1", "2 " + p(2).Name + " P3/2"}, "|E:H"},
		{"a banner for both, a right half longer", lines("姓名,性别,身份证号,姓名,性别,身份证号", "三年级1班,,,,,", who(1)+","+who(2), ",,,"+who(3), "三年级2班,,,,,", who(4)+","+who(5)),
			[]string{"3 " + p(1).Name + " P3/1", "6 " + p(4).Name + " P3/2", "3 " + p(2).Name + " P3/1", "4 " + p(3).Name + " P3/1", "6 " + p(5).Name + " P3/2"}, "|D:F"},
		{"a remark at the end", lines("三年级2班", "姓名,性别,身份证号,姓名,性别,身份证号,备注", who(1)+","+who(2)+",班长"),
			[]string{"3 " + p(1).Name + " P3/2", "3 " + p(2).Name + " P3/2"}, "|D:G"},
		{"a guardian with number", lines("姓名,性别,身份证号,班级,姓名,身份证号,关系,电话", who(1)+",3.1,王大,"+adult+",父亲,13800001111"),
			[]string{"2 " + p(1).Name + " P3/1"}, ""},
		{"a group for the guardian", lines("学生,,,,监护人,,", "姓名,性别,身份证号,班级,姓名,性别,身份证号", who(1)+",3.1,王大,男,"+adult),
			[]string{"3 " + p(1).Name + " P3/1"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, tt.in, primary)
			if got.err != nil {
				t.Fatal(got.err)
			}
			if diff := cmp.Diff(tt.want, names(got.rows)); diff != "" || len(got.faults) > 0 {
				t.Error(diff, got.faults)
			}
			var sheets []string
			for _, r := range got.reports {
				sheets = append(sheets, r.Sheet)
			}
			if diff := cmp.Diff(tt.sheets, strings.Join(sheets, "|")); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, in := range map[string][]byte{
		"shorter":   lines("序号,姓名,性别,身份证号,班级,序号,姓名,性别,身份证号", "1,"+who(1)+",3.1,2,"+who(2)),
		"in front":  lines("班级,姓名,性别,身份证号,姓名,性别,身份证号", "3.1,"+who(1)+","+who(2)),
		"reordered": lines("姓名,性别,身份证号,班级,姓名,身份证号,性别,班级", who(1)+",3.1,"+p(2).Name+","+p(2).ID+","+p(2).Sex()+",3.1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code := sheet.RefusalCode(readBytes(t, in, primary).err); code != sheet.SeveralTables {
				t.Errorf("code %q", code)
			}
		})
	}
}

// TestTablesSideBySideInAWorkbook wants that a title merged over both tables, or the
// name of the sheet, holds for both.
func TestTablesSideBySideInAWorkbook(t *testing.T) {
	t.Parallel()
	p := func(i int) sample.Person { return sample.Make(1, i, 2010) }
	content := workbook(t, func(f *excelize.File) error {
		f.SetSheetName("Sheet1", "3.1")
		for i, row := range [][]any{
			{"学生名册"}, {"姓名", "身份证号", "姓名", "身份证号"}, {p(1).Name, p(1).ID, p(2).Name, p(2).ID},
		} {
			cell, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := f.SetSheetRow("3.1", cell, &row); err != nil {
				return err
			}
		}
		return f.MergeCell("3.1", "A1", "D1")
	})
	got := readBytes(t, content, primary)
	if diff := cmp.Diff([]string{"3 " + p(1).Name + " P3/1", "3 " + p(2).Name + " P3/1"}, names(got.rows)); diff != "" || len(got.faults) > 0 {
		t.Error(diff, got.faults)
	}
	if got.reports[0].Sheet != "3.1" || got.reports[1].Sheet != "3.1 C:D" {
		t.Errorf("%+v", got.reports)
	}
}
