package read

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"learnspace/internal/exchange/roster/sample"
)

func TestHabits(t *testing.T) {
	t.Parallel()
	third := sample.Make(1, 9, 2010)
	tests := []struct {
		name string
		in   []byte
		want []string
	}{
		{"classes as banners between the rows", lines("姓名,性别,身份证号", "三年级（1）班,,", "王小明,男,"+boy, "三年级（2）班,,", "李丽,女,"+girl), []string{"3 王小明 P3/1", "5 李丽 P3/2"}},
		{"banner of a second page", lines("姓名,性别,身份证号,班级", "王小明,男,"+boy+",3.1", "松苑小学学生名册,,,", "姓名,性别,身份证号,班级", "李丽,女,"+girl+",3.2"), []string{"2 王小明 P3/1", "5 李丽 P3/2"}},
		{"header of two rows repeated", lines("姓名,身份证号,班级,监护人,,", ",,,姓名,关系,电话", "王小明,"+boy+",3.1,王大,父亲,13800001111", "姓名,身份证号,班级,监护人,,", ",,,姓名,关系,电话", "李丽,"+girl+",3.2,李江,父亲,13700003333"), []string{"3 王小明 P3/1", "6 李丽 P3/2"}},
		{"signatures", lines("姓名,性别,身份证号,班级", "王小明,男,"+boy+",3.1", "校长：张三,,,", "共1人,,,", "男生：1人,女生：0人,,", "说明：本表一式两份,,,", "2019年9月1日,,,"), []string{"2 王小明 P3/1"}},
		{"sums with blanks", lines("序号,姓名,性别,身份证号,班级", "1,王小明,男,"+boy+",3.1", "合　计,1,,,", ",总 计,,,"), []string{"2 王小明 P3/1"}},
		{"tab before numbers", lines("姓名,性别,身份证号,班级", "王小明,男,\t"+boy+",3.1"), []string{"2 王小明 P3/1"}},
		{"other columns", lines("序号,姓名,曾用名,姓名拼音,性别,身份证号,监护人身份证号,班级,职称,家庭住址,户口所在地", "1,王小明,王小二,wxm,男,"+boy+",123,3.1,无,某街1号,某地"), []string{"2 王小明 P3/1"}},
		{"grade in the class and a grade column", lines("年级,班级,姓名,身份证号", "三年级,三年级（1）班,王小明,"+boy), []string{"2 王小明 P3/1"}},
		{"class of several columns", lines("年级,班号,班级名称,姓名,身份证号", "三年级,1,三年级1班,王小明,"+boy), []string{"2 王小明 P3/1"}},
		{"surname like a footer", lines("姓名,身份证号,班级", "单小明,"+boy+",3.1", "合小花,"+girl+",3.1", "学一一,"+third.ID+",3.1"), []string{"2 单小明 P3/1", "3 合小花 P3/1", "4 学一一 P3/1"}},
		{"two guardians in one cell", lines("姓名,身份证号,班级,家长姓名,家长电话", "王小明,"+boy+",3.1,王大、李丽,13800001111/13900002222"), []string{"2 王小明 P3/1"}},
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
		})
	}
}

func TestGuardiansOfOneCell(t *testing.T) {
	t.Parallel()
	got := readBytes(t, lines("姓名,身份证号,班级,家长姓名,关系,家长电话", "王小明,"+boy+",3.1,王大、李丽,父亲、母亲,13800001111/13900002222"), primary)
	want := [2]Guardian{{"王大", "father", "13800001111"}, {"李丽", "mother", "13900002222"}}
	if diff := cmp.Diff(want, got.rows[0].Guardians); diff != "" {
		t.Error(diff)
	}
}

// TestGuardianWithNumber wants that a telephone number never becomes part of a name.
func TestGuardianWithNumber(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"监护人信息", "家长", "家长姓名及电话", "监护人姓名联系方式"} {
		got := readBytes(t, lines("姓名,身份证号,班级,"+header, "王小明,"+boy+",3.1,王大力 父亲 13800001111", "李丽,"+girl+",3.1,父亲李江13700003333；母亲王梅13900002222"), primary)
		if len(got.rows) != 2 || len(got.faults) > 0 {
			t.Fatal(header, got.faults)
		}
		if diff := cmp.Diff([2]Guardian{{"王大力", "father", "13800001111"}}, got.rows[0].Guardians); diff != "" {
			t.Error(header, diff)
		}
		if diff := cmp.Diff([2]Guardian{{"李江", "father", "13700003333"}, {"王梅", "mother", "13900002222"}}, got.rows[1].Guardians); diff != "" {
			t.Error(header, diff)
		}
	}
}

func TestSheetNamesAndMergedPupils(t *testing.T) {
	t.Parallel()
	content := workbook(t, func(f *excelize.File) error {
		row := func(sheet, cell string, v ...any) {
			if err := f.SetSheetRow(sheet, cell, &v); err != nil {
				t.Fatal(err)
			}
		}
		f.SetSheetName("Sheet1", "3.1")
		row("3.1", "A1", "序号", "姓名", "身份证号", "家长姓名", "关系", "电话")
		row("3.1", "A2", 1, "王小明", boy, "王大", "父亲", "13800001111")
		row("3.1", "A3", nil, nil, nil, "李丽", "母亲", "13900002222")
		for _, c := range []string{"A", "B", "C"} {
			f.MergeCell("3.1", c+"2", c+"3")
		}
		row("3.1", "A4", 2, "李丽", girl, "李江", "父亲", "13700003333")
		f.NewSheet("四年级")
		row("四年级", "A1", "姓名", "身份证号", "班级", "性别")
		p := sample.Make(1, 12, 2009)
		row("四年级", "A2", p.Name, p.ID, 2, p.Sex())
		for i := 3; i < 9; i++ {
			f.SetCellFormula("四年级", fmt.Sprintf("D%d", i), `IF(B3="","",1)`)
		}
		return nil
	})
	got := readBytes(t, content, primary)
	if got.err != nil {
		t.Fatal(got.err)
	}
	want := []string{"2 王小明 P3/1", "4 李丽 P3/1", "2 " + sample.Make(1, 12, 2009).Name + " P4/2"}
	if diff := cmp.Diff(want, names(got.rows)); diff != "" {
		t.Error(diff)
	}
	if len(got.faults) > 0 {
		t.Error(got.faults)
	}
	if diff := cmp.Diff([2]Guardian{{"王大", "father", "13800001111"}, {"李丽", "mother", "13900002222"}}, got.rows[0].Guardians); diff != "" {
		t.Error(diff)
	}
}

// TestPlantedFaults makes many rosters of many shapes, plants faults in some rows
// and wants exactly those back.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	for seed := range 60 {
		content, want := plantedRoster(uint32(seed))
		got := readBytes(t, content, primary)
		if got.err != nil {
			t.Fatalf("seed %d: %v", seed, got.err)
		}
		var faults []string
		for _, r := range got.rows {
			for _, p := range r.Problems {
				faults = append(faults, fmt.Sprintf("%d %s", p.Row, p.Code))
			}
		}
		if diff := cmp.Diff(want, faults); diff != "" {
			t.Errorf("seed %d: %s\n%s", seed, diff, content)
		}
	}
}

// plantedRoster is a text roster whose columns, separators, spellings and faults
// come from the seed.
func plantedRoster(seed uint32) ([]byte, []string) {
	next := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	comma := []string{",", "\t", ";"}[next(3)]
	var b strings.Builder
	row := 0
	line := func(cells ...string) {
		row++
		b.WriteString(strings.Join(cells, comma) + []string{"\n", "\r\n"}[row%2])
	}
	if next(2) == 0 {
		line("松苑小学学生名册")
	}
	for range next(3) {
		line("")
	}
	order := []int{0, 1, 2, 3, 4, 5}
	for i := range order {
		j := i + next(len(order)-i)
		order[i], order[j] = order[j], order[i]
	}
	heads := [][]string{{"姓名", "学生姓名", "姓 名*"}, {"性别", "性 别"}, {"出生日期", "出生年月日", "生日"}, {"身份证号", "证件号码", "身份证件号（必填）"}, {"班级", "所在班级", "年级班级"}, {"民族", "民族（汉族等）"}}
	pick := func(cells [6]string) {
		out := make([]string, 6)
		for i, o := range order {
			out[i] = cells[o]
		}
		line(out...)
	}
	var h [6]string
	for i := range h {
		h[i] = heads[i][next(len(heads[i]))]
	}
	pick(h)
	var want []string
	for i := range 30 {
		p := sample.Make(40, i, 2010)
		c := [6]string{p.Name, p.Sex(), p.Day(), p.ID, []string{"三年级（2）班", "3.2", "302", "三(2)班", "2017级2班", "三年二班"}[next(6)], []string{"汉族", "汉", "01"}[next(3)]}
		fault := ""
		if next(4) == 0 {
			fault = plantText(&c, p, next(9))
		}
		pick(c)
		if fault != "" {
			want = append(want, fmt.Sprintf("%d %s", row, fault))
		}
		if next(10) == 0 {
			line("")
		}
		if next(12) == 0 {
			line("小计", "10")
		}
	}
	return []byte(b.String()), want
}

func plantText(c *[6]string, p sample.Person, kind int) string {
	switch kind {
	case 0:
		c[0] = ""
		return "name_missing"
	case 1:
		c[1] = map[string]string{"男": "女", "女": "男"}[c[1]]
		return "sex_mismatch"
	case 2:
		c[2] = "2010-02-30"
		return "date_invalid"
	case 3:
		c[2] = "2009-05-30"
		return "birth_mismatch"
	case 4:
		c[3] = p.ID[:17] + other(p.ID[17])
		return "id_check_digit"
	case 5:
		c[3] = p.ID[:16]
		return "id_length"
	case 6:
		c[4] = "八年级2班"
		return "grade_unknown"
	case 7:
		c[4] = "飞翔班"
		return "class_unreadable"
	}
	c[5] = "某族"
	return "ethnic_unknown"
}
