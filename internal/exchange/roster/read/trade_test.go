package read

import (
	"strings"
	"testing"

	"learnspace/internal/exchange/roster/sample"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/i18n"
)

// TestClassOfATrade wants that 机电1班 and 会计1班 are no class 1, and that the message
// says in every language what to write instead.
func TestClassOfATrade(t *testing.T) {
	t.Parallel()
	vocational := Options{School: value.School{Code: "3622000001", Type: "361"}, Today: 20191105}
	for _, in := range [][]byte{
		lines("姓名,身份证号,年级,班级", "王小明,"+boy+",一年级,机电1班", "李丽,"+girl+",一年级,会计1班"),
		lines("姓名,身份证号,班级", "王小明,"+boy+",2019级机电1班", "李丽,"+girl+",2019级计算机应用2班"),
		lines("姓名,身份证号,班级", "王小明,"+boy+",19机电1班", "李丽,"+girl+",高一会计（1）班"),
		lines("姓名,身份证号,年级,班级", "赵一,"+sample.Make(1, 5, 2010).ID+",一年级,1班（机电）", "王小明,"+boy+",一年级,1班（会计）", "李丽,"+girl+",一年级,1班（数控）"),
	} {
		got := readBytes(t, in, vocational)
		n := 0
		for _, r := range got.rows {
			for _, p := range r.Problems {
				if p.Code != value.ClassUnreadable {
					t.Errorf("row %d: %s", r.Number, p.Code)
					continue
				}
				n++
				for _, l := range []i18n.Language{i18n.Chinese, i18n.English, i18n.Korean} {
					expected := i18n.Text(l, p.ExpectedKey(), p.Args...)
					if !strings.Contains(expected, "2班（会计）") || strings.Contains(expected, "{") {
						t.Errorf("row %d: %s", r.Number, expected)
					}
				}
			}
		}
		if n != 2 {
			t.Errorf("%d rows are refused, want 2", n)
		}
	}
	// Another school, and what has no word in front, gets the usual message.
	for _, in := range []string{"实验班", "甲乙", "班"} {
		got := readBytes(t, lines("姓名,身份证号,年级,班级", "王小明,"+boy+",一年级,"+in), vocational)
		if p := got.rows[0].Problems; len(p) != 1 || len(p[0].Args) > 0 {
			t.Errorf("%s: %+v", in, p)
		}
	}
}
