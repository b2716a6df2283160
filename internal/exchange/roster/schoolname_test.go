package roster_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/i18n"
	"learnspace/internal/org"
)

// book is a workbook with these sheets, in order: name and rows.
func book(t *testing.T, sheets ...[]string) roster.Source {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range sheets {
		if i == 0 {
			f.SetSheetName("Sheet1", s[0])
		} else if _, err := f.NewSheet(s[0]); err != nil {
			t.Fatal(err)
		}
		for n, text := range s[1:] {
			var cells []any
			for c := range strings.SplitSeq(text, ",") {
				cells = append(cells, c)
			}
			cell, _ := excelize.CoordinatesToCellName(1, n+1)
			if err := f.SetSheetRow(s[0], cell, &cells); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return roster.Source{Name: "县.xlsx", Data: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}
}

// moreSchools adds schools whose names begin with a region.
func (f *fixture) moreSchools() {
	f.t.Helper()
	rep, err := f.orgs.Import(f.t.Context(), f.op, []org.ImportRow{
		{Code: "2122000011", Name: "南关区第一小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000012", Name: "长春市南关区实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000013", Name: "南关区师大附小", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000014", Name: "第十一小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000021", Name: "宽城区第一小学", Kind: "学校", Parent: "220103", Type: "211"},
		{Code: "2122000022", Name: "宽城区第二小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		f.t.Fatal(err, rep)
	}
}

// TestSchoolByHabit wants that a county's file finds a school by the short ways in
// which people write its name, and never one of two or one outside.
func TestSchoolByHabit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.moreSchools()
		tests := []struct{ text, want string }{
			{"南关区第一小学", "2122000011"},
			{"第一小学", "2122000011"},
			{"一小", "2122000011"},
			{"第１小学", "2122000011"},
			{"吉林省长春市南关区第一小学", "2122000011"},
			{"长春南关第一小学", "2122000011"},
			{"（南关区）第 一 小 学", "2122000011"},
			{"南关区实验小学", "2122000012"},
			{"实验小学", "2122000012"},
			{"实验小学校", "2122000012"},
			{"长春市南关区师大附小", "2122000013"},
			{"长春市松苑小学", "2122000001"},
			{"松苑小", "2122000001"},
			{"11小", "2122000014"},
			{"南关区第十一小学", "2122000014"},
			{"宽城区第一小学", ""}, // in another county
			{"宽城第一小学", ""},
			{"长春市第一小学", ""}, // the city's, not the county's
			{"第二小学", ""},
			{"小学", ""},
			{"南关区小学", ""},
		}
		lines := []string{"学校," + pupilHeader}
		for i, tt := range tests {
			lines = append(lines, tt.text+","+pupil("孟小满", number("20110307", i+1), "三年级", "1班"))
		}
		f.load(f.county, sheet("县.csv", lines...))
		for i, tt := range tests {
			got := 0
			if tt.want != "" {
				got = f.has("SELECT COUNT(*) FROM person p JOIN org_node n ON n.id = p.unit WHERE p.role = 'pupil' AND n.code = $1", tt.want)
			}
			if tt.want != "" && got == 0 {
				t.Errorf("%d %s is not found as %s", i, tt.text, tt.want)
			}
		}
		if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'pupil'"); n != 15 {
			t.Errorf("%d pupils, want 15", n)
		}
		if n := f.has("SELECT COUNT(*) FROM person p JOIN org_node n ON n.id = p.unit WHERE n.code LIKE '212200002%'"); n != 0 {
			t.Errorf("%d pupils outside the county", n)
		}
	})
}

// TestSchoolOfTwo wants that the city's file, in which a name fits two schools, says so.
func TestSchoolOfTwo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.moreSchools()
		r := f.load(f.node("220100"), sheet("市.csv", "学校,"+pupilHeader,
			"第一小学,"+pupil("林知夏", number("20110307", 1), "三年级", "1班"),
			"宽城第一小学,"+pupil("孟小满", number("20110308", 2), "三年级", "1班"),
			"第七小学,"+pupil("白朗宁", number("20110309", 3), "三年级", "1班")))
		f.counts(r, 3, 1, 0, 0, 0, 2)
		problems := r.Files[0].Problems
		for _, l := range []i18n.Language{i18n.Chinese, i18n.English, i18n.Korean} {
			if two := problems[0].Text(l); !strings.Contains(two, "第一小学") || !strings.Contains(two, "2122000011") || !strings.Contains(two, "2122000021") {
				t.Errorf("of two: %s", two)
			}
			if none := problems[1].Text(l); !strings.Contains(none, "第七小学") || strings.Contains(none, "{") {
				t.Errorf("of none: %s", none)
			}
		}
	})
}

// TestSchoolOfASheet wants that the name of a sheet, or a title, gives the school
// where no column does, to an office and to nobody else.
func TestSchoolOfASheet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.moreSchools()
		const head = "姓名,身份证号,年级,班级"
		row := func(i int) string { return "孟小满," + number("20110307", i) + ",三年级,1班" }
		r := f.load(f.county, book(t,
			[]string{"松苑小学", head, row(1)},
			[]string{"2柳河小学(3年级)", "学生名册", head, row(2)},
			[]string{"Sheet3", "南关区第一小学2019级学生名册", head, row(3)},
			[]string{"Sheet4", "2019-2020学年度第一学期学生信息表", "学校：实验小学  填表人：张三", head, row(4), "学校：师大附小", head, row(5)},
			[]string{"松苑小学 ", "柳河小学学生名册", head, row(6)},
			[]string{"Sheet6", "宽城区第二小学学生名册", head, row(7)},
			[]string{"Sheet7", "第一小学分校学生名册", head, row(8)},
			[]string{"Sheet8", "南关区小学学生名册", head, row(9)},
		))
		f.counts(r, 9, 5, 0, 0, 0, 4)
		for i, code := range []string{"2122000001", "2122000002", "2122000011", "2122000012", "2122000013"} {
			if n := f.has("SELECT COUNT(*) FROM person p JOIN org_node n ON n.id = p.unit WHERE p.role = 'pupil' AND n.code = $1", code); n != 1 {
				t.Errorf("%d %s has %d pupils", i, code, n)
			}
		}
		for i, want := range map[int]string{4: "松苑小学", 5: "宽城区第二小学", 6: "第一小学分校"} {
			if p := r.Files[i].Problems; len(p) != 1 || p[0].Code != "school_unknown" || !strings.Contains(p[0].Text(i18n.Chinese), want) {
				t.Errorf("sheet %d: %+v", i, p)
			}
		}
		// A school's own file stays with the school, whatever its title says.
		r = f.load(f.second, book(t, []string{"松苑小学", "松苑小学学生名册", head, row(21)}))
		f.counts(r, 1, 1, 0, 0, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'pupil' AND unit = $1", f.second.ID); n != 2 {
			t.Errorf("%d pupils at the second school", n)
		}
	})
}

// TestMendSchoolOfASheet wants that a mended row keeps the school of its title, and
// that a school nobody knows can be written in the workbook of rejected rows.
func TestMendSchoolOfASheet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("county", f.county)
		const head = "姓名,身份证号,年级,班级"
		bid, r := f.upload(t, clerk, "", roster.Add, book(t,
			[]string{"松苑小学", head, "林知夏," + number("20110307", 1)[:17] + ",三年级,1班"},
			[]string{"Sheet2", "第九小学学生名册", head, "孟小满," + number("20110307", 2) + ",三年级,1班"}))
		f.counts(r, 2, 0, 0, 0, 0, 2)
		errors := f.errorBook(t, clerk, bid)
		defer errors.Close()
		if v, _ := errors.GetCellValue("Sheet1", "E3"); v != "学校标识码" {
			t.Errorf("the column to mend is %q", v)
		}
		next, r := f.mend(t, clerk, bid, "1", errors, map[string]string{"F2": number("20110307", 1), "F3": "柳河小"})
		f.counts(r, 2, 2, 0, 0, 0, 0)
		if err := f.rosters.Confirm(t.Context(), clerk, next, true, 0); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		for _, n := range []org.Node{f.primary, f.second} {
			if got := f.has("SELECT COUNT(*) FROM person WHERE role = 'pupil' AND unit = $1", n.ID); got != 1 {
				t.Errorf("%s has %d pupils", n.Name, got)
			}
		}
	})
}
