package read

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeaderWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want string // field, guardian/what, or "" for a column that is left out
		in   []string
	}{
		{"name", []string{"姓名", "姓 名", "姓　名", "姓\n名", "*姓名", "姓名（必填）", "学生姓名", "教师姓名", "1、姓名", "姓名:", "Name", "성명", "Student name", "姓名(与户口簿一致)"}},
		{"id_no", []string{"身份证号", "身份证号码", "身份证件号", "证件号码(18位)", "公民身份号码", "学生身份证号", "ID No.", "ID number", "id_no", "身份证号*", "身份证\r\n号码"}},
		{"id_type", []string{"证件类型", "身份证件类型（必填）", "id_type"}},
		{"student_no", []string{"学籍号", "全国学籍号", "学生学籍号", "student_no", "国网学籍号"}},
		{"sex", []string{"性别", "性 别", "性别(男/女)", "Gender"}},
		{"birth", []string{"出生日期", "出生年月", "出生日期(YYYY-MM-DD)", "生日", "Date of birth", "생년월일"}},
		{"ethnic", []string{"民族", "民族代码"}},
		{"grade", []string{"年级", "所在年级", "年级名称", "학년"}},
		{"class", []string{"班级", "所在班级", "班级名称", "年级/班级", "班", "任教班级", "班级（如三年级1班）"}},
		{"phone", []string{"手机号", "联系电话", "本人联系电话", "学生本人电话", "Mobile No."}},
		{"school_code", []string{"学校标识码", "学校代码", "学校（机构）标识码", "school_code"}},
		{"enrolled", []string{"入学年月", "入学时间", "入学年月(如201809)"}},
		{"boarding", []string{"就读方式", "是否寄宿", "是否住校生"}},
		{"no_id_reason", []string{"无证件原因", "no_id_reason"}},
		{"post", []string{"岗位", "岗位类别", "post"}},
		{"subject", []string{"任教学科", "学科", "任课科目", "subject"}},
		{"class_teacher", []string{"班主任", "是否班主任", "class_teacher"}},
		{"primary_unit", []string{"主任职单位", "人事关系所在学校", "primary_unit"}},
		{"监护人/name", []string{"监护人", "监护人姓名", "监护人1姓名", "监护人①姓名", "第一监护人姓名", "法定监护人", "监护人（家长）姓名"}},
		{"监护人/phone", []string{"监护人电话", "监护人联系电话", "监护人1手机号码", "电话（监护人）", "联系电话（监护人）"}},
		{"监护人/relation", []string{"监护人关系", "监护人与学生关系", "监护人1关系"}},
		{"监护人2/name", []string{"监护人2姓名", "监护人二姓名", "第二监护人姓名", "监护人姓名2"}},
		{"家长/name", []string{"家长姓名", "学生家长姓名", "家长"}},
		{"家长/phone", []string{"家长电话", "家长联系方式", "家长手机"}},
		{"成员/name", []string{"成员1姓名"}},
		{"成员2/phone", []string{"成员2联系电话"}},
		{"父亲/name", []string{"父亲姓名", "父亲", "爸爸姓名", "Father's name"}},
		{"母亲/phone", []string{"母亲电话", "母亲联系电话", "妈妈手机号"}},
		{"guardian/name", []string{"guardian_name", "Guardian", "Guardian name"}},
		{"guardian2/phone", []string{"guardian2_phone", "Guardian 2 phone"}},
		{"relation", []string{"关系", "与学生关系", "与监护人关系"}},
		{"", []string{"序号", "曾用名", "姓名拼音", "班内学号", "学籍辅号", "监护人身份证号", "成员1身份证件号", "父亲身份证号", "家庭住址", "户口所在地", "职称", "出生地", "籍贯", "政治面貌", "健康状况", "入学方式", "成员1是否监护人", "邮政编码", "参加工作时间", "教师资格证号", "毕业学校", "学历", "国籍", "是否独生子女", "办公电话", "学生类别", "监护人工作单位", "座位号"}},
	}
	for _, tt := range tests {
		for _, in := range tt.in {
			t.Run(in, func(t *testing.T) {
				t.Parallel()
				m := meaningOf(in)
				got := string(m.field)
				switch {
				case m.guardian != "":
					got = m.guardian + "/" + m.what
				case m.field == "" && m.loose != "":
					got = m.loose
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
	for field, words := range fieldWords {
		for _, w := range strings.Fields(words) {
			if m := meaningOf(w); m.field != field {
				t.Errorf("%s means %q, want %q", w, m.field, field)
			}
		}
	}
}
