package read

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/exchange/roster/sample"
	"learnspace/internal/exchange/roster/value"
)

// office reads for an office with two primary schools, one of whose names is short for
// two.
var office = Options{Today: 20191105, SchoolRequired: true, SchoolByName: true, Schools: func(text string) SchoolAnswer {
	switch value.SchoolKey(text) {
	case "第1小学":
		return SchoolAnswer{School: value.School{Code: "2122000001", Type: "211"}}
	case "第2小学":
		return SchoolAnswer{School: value.School{Code: "2122000002", Type: "211"}}
	case "实验小学":
		return SchoolAnswer{Fault: value.SchoolUnknown, Several: []SchoolName{{"2122000001", "甲实验小学"}, {"2122000003", "乙实验小学"}}}
	case "学校", "南关区小学":
		return SchoolAnswer{Fault: value.SchoolUnknown, Nothing: true}
	}
	return SchoolAnswer{Fault: value.SchoolUnknown}
}}

// TestSchoolOfTitles wants the school of titles where no column names it, the new one
// after a title between the rows, and none where two titles differ.
func TestSchoolOfTitles(t *testing.T) {
	t.Parallel()
	const head = "姓名,性别,身份证号,班级"
	third := sample.Make(1, 9, 2010)
	one, two, three := "王小明,男,"+boy+",3.1", "李丽,女,"+girl+",3.2", "陈一中,"+third.Sex()+","+third.ID+",3.1"
	tests := []struct {
		name string
		in   []byte
		want []string // school of each row, or what its fault was looking for
	}{
		{"title", lines("第一小学2019级学生名册,,,", head, one, two), []string{"2122000001", "2122000001"}},
		{"label in cells", lines("学校：,一小,班主任：,张三", head, one), []string{"2122000001"}},
		{"titles between the rows", lines("第一小学学生名册", head, one, "第二小学学生名册,,,", head, two), []string{"2122000001", "2122000002"}},
		{"a name alone between the rows", lines("第一小学", head, one, "二小,,,", two), []string{"2122000001", "2122000002"}},
		{"a label between the rows", lines("第一小学", head, one, "学校：,第二小学,年级：,三年级,班级：,1班", two), []string{"2122000001", "2122000002"}},
		{"school and class between the rows", lines("第一小学", head, one, "第二小学,三年级,,", two), []string{"2122000001", "2122000002"}},
		{"a school behind the class between the rows", lines("第一小学", head, one, ",三年级,第二小学,", two), []string{"2122000001", "2122000002"}},
		{"an unknown school behind the class", lines("第一小学", head, one, ",,三年级,第三小学", two), []string{"2122000001", "?第三小学"}},
		{"an unknown school between the rows", lines("第一小学", head, one, "第三小学学生名册,,,", two), []string{"2122000001", "?第三小学"}},
		{"footers and hints turn nothing", lines("第一小学", head, "必填,男或女,18位,如：第二小学三年级", one, "校长签字：,,日期：,", "合计,1,,", "（学校盖章）,,,", two), []string{"2122000001", "2122000001"}},
		{"somebody called like a school", lines("第一小学", head, one, three, two), []string{"2122000001", "2122000001", "2122000001"}},
		{"two titles that differ", lines("第一小学", "第二小学学生名册", head, one), []string{"?第一小学、第二小学 第一小学(2122000001)、第二小学(2122000002)"}},
		{"one title of two narrowed by the other", lines("实验小学", "学校：第一小学", head, one), []string{"2122000001"}},
		{"one title of two", lines("实验小学学生名册", head, one), []string{"?实验小学 甲实验小学(2122000001)、乙实验小学(2122000003)"}},
		{"a known and an unknown one", lines("第一小学", "学校：第三小学", head, one), []string{"?第三小学"}},
		{"a kind of school", lines("南关区小学学生名册", head, one), []string{"?"}},
		{"nothing", lines("学生名册", head, one), []string{"?"}},
		{"a column says it", lines("第一小学学生名册", "学校,"+head, "第二小学,"+one, ","+two), []string{"2122000002", "?"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, tt.in, office)
			if got.err != nil {
				t.Fatal(got.err)
			}
			var have []string
			for _, r := range got.rows {
				school := r.Type.Code
				for _, p := range r.Problems {
					if p.Code != value.SchoolUnknown {
						t.Errorf("row %d: %s", r.Number, p.Code)
						continue
					}
					school = "?" + strings.Trim(strings.Trim(fmt.Sprint(p.Args), "[]"), " ")
				}
				have = append(have, school)
			}
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Error(diff)
			}
		})
	}
	// A school's own file has nothing to do with its title.
	got := readBytes(t, lines("第二小学学生名册", head, one, two), primary)
	if diff := cmp.Diff([]string{"3 王小明 P3/1", "4 李丽 P3/2"}, names(got.rows)); diff != "" || got.rows[0].Type.Code != "2122000001" || got.rows[0].School != "" {
		t.Error(diff)
	}
}
