package value

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSchoolKey(t *testing.T) {
	t.Parallel()
	alike := [][]string{
		{"第一小学", "一小", "第1小学", "第 一 小 学", "第１小学校", "《第一小学》", "第①小学", "1小"},
		{"第十二中学", "12中", "十二中", "第12中学校"},
		{"实验第一小学", "实验一小", "实验1小"},
		{"松苑小学", "松苑小", "松苑小学校", "松苑（小学）"},
		{"师大附属小学"}, {"师大附小"}, {"一小学分校"}, {"第一小学（南校区）", "第一小学南校区"},
		{"三八小学"}, {"五四小学"}, {"第八小学"}, {"松苑高中"}, {"11小"}, {"1 1小", "1.1小", "(1)1小"}, {"松苑中学", "松苑中学校"}, {"第一高中"}, {"小学"}, {"第二小学", "二小"}, {"第一中学", "一中"},
	}
	seen := map[string]int{}
	for i, names := range alike {
		for _, n := range names {
			key := SchoolKey(n)
			if want := SchoolKey(names[0]); key != want {
				t.Errorf("%s has key %s, want %s", n, key, want)
			}
			if j, ok := seen[key]; ok && j != i {
				t.Errorf("%s and %s have one key", n, alike[j][0])
			}
			seen[key] = i
		}
	}
}

func TestSchoolTitles(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"农安县第一小学2019级学生名册", "农安县第一小学"},
		{"学校：松苑小学", "松苑小学"},
		{"学校名称（盖章）：松苑小学   填表人：张三", "松苑小学"},
		{"学生信息表 单位:第一小学 班级:三年级1班", "第一小学"},
		{"2019—2020学年度第一学期南关区第一小学三年级（2）班学生花名册", "南关区第一小学"},
		{"附件1：南关区第一小学学生名册", "南关区第一小学"},
		{"南关区教育局第一小学教师名册", "南关区教育局第一小学 第一小学"},
		{"南 关 区 第 一 小 学 学 生 名 册", "南关区第一小学"},
		{"第一小学", "第一小学"},
		{"一小", "一小"},
		{"3.第一小学(三年级)", "3.第一小学 第一小学"},
		{"1 1小", "1.1小 1小"},
		{"3第一小学", "3第一小学 第一小学"},
		{"第一小学3.1", "第一小学"},
		{"松苑小学一年级", "松苑小学"},
		{"第一小学分校学生名册", "第一小学分校"},
		{"第一小学南校区", "第一小学南校区"},
		{"第一小学附属幼儿园幼儿名册", "第一小学附属幼儿园"},
		{"教师进修学校", "教师进修学校"},
		{"新生小学学生名册", "新生小学"},
		{"学校标识码：2122000001", "2122000001"},
		{"南关区中小学学生信息表", ""},
		{"南关区各学校学生名册", ""},
		{"三年级（2）班学生花名册", ""},
		{"说明：本表由学校填报，一式两份", ""},
		{"Sheet1", ""}, {"三年级", ""}, {"", ""}, {"学校：", "学校"},
		{"合计", ""}, {"校长签字：", ""},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, strings.Join(SchoolTitles(tt.text), " ")); diff != "" {
			t.Errorf("%s: %s", tt.text, diff)
		}
	}
}

func TestRegionForms(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"南关区": "南关区 南关", "吉林省": "吉林省 吉林", "延边朝鲜族自治州": "延边朝鲜族自治州 延边 延边州", "前郭尔罗斯蒙古族自治县": "前郭尔罗斯蒙古族自治县 前郭尔罗斯 前郭尔罗斯县",
		"长白山": "长白山", "区": "", "城区": "城区",
	} {
		if got := strings.Join(RegionForms(name), " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func FuzzSchool(f *testing.F) {
	for _, s := range []string{"农安县第一小学2019级学生名册", "学校：松苑小学", "第①小学", "一小", "2019-2020学年度第一小学", "小学小学小学", "第\xff小学", "((小学))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := SchoolKey(s)
		if again := SchoolKey(key); utf8.ValidString(s) && SchoolKey(again) != again && len(s) < 30 {
			t.Errorf("%q gives %q, %q", s, key, again)
		}
		whole := strings.ReplaceAll(Fold(s), " ", "")
		for _, name := range SchoolTitles(s) {
			if name == "" || len(name) > len(whole) || utf8.ValidString(s) && !utf8.ValidString(name) {
				t.Errorf("%q names %q", s, name)
			}
		}
		_ = RegionForms(s)
		_ = NamesSchool(s)
	})
}
