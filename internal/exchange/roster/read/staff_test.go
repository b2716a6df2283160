package read

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/exchange/roster/sample"
	"learnspace/internal/exchange/roster/value"
)

func TestStaff(t *testing.T) {
	t.Parallel()
	const header = "姓名,身份证号,岗位,任教学科,任教班级,班主任,主任职单位"
	second := sample.IDNumber("220102", 19850101, 4, false)
	tests := []struct {
		name  string
		rows  []string
		want  []string // name, post, subjects, classes, home, primary
		fault []string
	}{
		{"one", []string{"张三," + adult + ",教师,语文、数学,三年级1班、三年级2班,三年级1班,是"}, []string{"张三 10 [13 14] [P3/1 P3/2] [P3/1] true 1"}, nil},
		{"two subjects in two rows", []string{"张三," + adult + ",教师,语文,3.1,,", "张三," + adult + ",教师,数学,3.1,,"}, []string{"张三 10 [13] [P3/1] [] false 0", "张三 10 [14] [P3/1] [] false 0"}, nil},
		{"a post more", []string{"张三," + adult + ",教师,语文,3.1,,", "张三," + adult + ",校长,语文,3.1,,"}, []string{"张三 10 [13] [P3/1] [] false 0", "张三 31 [13] [P3/1] [] false 0"}, nil},
		{"the same again", []string{"张三," + adult + ",教师,语文,3.1,,", "张三," + adult + ",教师,语文,三(1)班,,"}, []string{"张三 10 [13] [P3/1] [] false 0", "张三 10 [13] [P3/1] [] false 0"}, []string{"3 身份证号 duplicate_in_file"}},
		{"other name", []string{"张三," + adult + ",教师,语文,3.1,,", "李四," + adult + ",教师,数学,3.1,,"}, []string{"张三 10 [13] [P3/1] [] false 0", "李四 10 [14] [P3/1] [] false 0"}, []string{"3 姓名 name_conflict"}},
		{"class teacher yes", []string{"张三," + adult + ",教师,语文,3.1,是,"}, []string{"张三 10 [13] [P3/1] [P3/1] true 0"}, nil},
		{"class teacher by post", []string{"张三," + adult + ",班主任,语文,3.1,,"}, []string{"张三 23 [13] [P3/1] [P3/1] true 0"}, nil},
		{"class teacher no", []string{"张三," + adult + ",教师,语文,3.1,否,"}, []string{"张三 10 [13] [P3/1] [] false 0"}, nil},
		{"lists", []string{"张三," + adult + ",教师,语文,\"三（1）（2）班\",,", "李四," + second + ",教师,数学,七年级,,"}, []string{"张三 10 [13] [P3/1 P3/2] [] false 0", "李四 10 [14] [] [] false 0"}, nil},
		{"range", []string{"张三," + adult + ",教师,语文,三年级1-3班,,"}, []string{"张三 10 [13] [P3/1 P3/2 P3/3] [] false 0"}, nil},
		{"grade once", []string{"张三," + adult + ",教师,语文,\"三年级1、2班，四年级1班\",,"}, []string{"张三 10 [13] [P3/1 P3/2 P4/1] [] false 0"}, nil},
		{"whole school", []string{"张三," + adult + ",工勤,,全校,,"}, []string{"张三 60 [] [] [] false 0"}, nil},
		{"no number", []string{"张三,,教师,语文,3.1,,"}, []string{"张三 10 [13] [P3/1] [] false 0"}, []string{"2 身份证号 id_missing"}},
		{"primary elsewhere", []string{"张三," + adult + ",教师,语文,3.1,,2122000002"}, []string{"张三 10 [13] [P3/1] [] false -1"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := readBytes(t, lines(append([]string{header}, tt.rows...)...), primary)
			var rows []string
			list := func(c []value.Class) []string {
				out := []string{}
				for _, one := range c {
					out = append(out, fmt.Sprintf("%s/%d", one.Grade, one.Number))
				}
				return out
			}
			for _, r := range got.rows {
				rows = append(rows, fmt.Sprintf("%s %s %v %v %v %v %d", r.Name, r.Post, r.Subjects, list(r.Teaches), list(r.HomeClass), r.IsHome, r.IsPrimary))
			}
			if diff := cmp.Diff(tt.want, rows); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.fault, got.faults); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStaffPostFirst reads members of staff whose post stands in the first column
// and sounds like the line of signatures below a table.
func TestStaffPostFirst(t *testing.T) {
	t.Parallel()
	second := sample.IDNumber("220102", 19850101, 4, false)
	got := readBytes(t, lines("岗位,姓名,身份证号,任教学科", "负责人,张三,"+adult+",语文", "经办人,李四,"+second+",", "负责人：王五,,,", "经办人,赵六,,"), primary)
	if diff := cmp.Diff([]string{"2 张三 /0", "3 李四 /0"}, names(got.rows)); diff != "" {
		t.Error(diff)
	}
}
