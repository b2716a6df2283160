package bulletin

import (
	"fmt"
	"slices"
	"strings"

	"learnspace/internal/paper"
)

// Words of the paper. Official papers are in Chinese (DOMAIN 3); they are texts
// of the province and no words of the interface.
const (
	markText      = "工作通报"
	planText      = "《基于吉林省数字教育资源公共服务体系的网络学习空间应用普及行动实施方案》"
	copiesText    = "省教育厅有关处室。"
	buildingText  = "建设进展"
	problemsText  = "需要协调解决的问题"
	nextText      = "下一步工作"
	annexTables   = "各市（州）进展情况表"
	annexWords    = "指标解释"
	annexRemarks  = "数据核对说明"
	orderNote     = "注：按行政区划代码排列，直报单位列后。人数不足5的印“＜5”，为避免推算另隐去的和没有基数的印“—”；基数不足30的不计算率。"
	provincialRow = "省属单位"
)

// figureWords name the figures that a unit may dispute.
var figureWords = map[string]string{
	FigureNewly: "本月新增", FigureCumulative: "累计新增", FigureTeacherBase: "教师在册", FigureTeachers: "教师实名",
	FigurePupilBase: "学生在册", FigurePupils: "学生实名", FigureSchools: "学校", FigureSchoolsOpened: "学校开通",
	FigureClasses: "班级", FigureClassesOpened: "班级开通",
}

// banned are words that the bulletin never has: it ranks nobody and orders no
// rectification (DOMAIN 3; 教师厅〔2025〕2号).
var banned = []string{"未达标", "达标", "落后", "整改", "排名", "位次", "名次", "倒数"}

// bannedWord returns the first banned word of a text, "" for none.
func bannedWord(text string) string {
	i := slices.IndexFunc(banned, func(w string) bool { return strings.Contains(text, w) })
	if i < 0 {
		return ""
	}
	return banned[i]
}

// year and month of the content, as the paper says them.
func (c Content) year() int  { return int(c.Month) / 100 }
func (c Content) month() int { return int(c.Month) % 100 }

// title is the paper's title, broken before 网络学习空间.
func (c Content) title() string {
	return fmt.Sprintf("%s关于%d年%d月份\n网络学习空间建设与应用进展情况的通报", c.Office, c.year(), c.month())
}

// addressees are the reporting units: the cities together, then the 直报 units.
func (c Content) addressees() string {
	parts := []string{"各市（州）教育局"}
	var counties []string
	for _, r := range c.Rows {
		switch {
		case !r.Direct:
		case strings.HasPrefix(r.Name, "长白山"):
			parts = append(parts, "长白山管委会教育科技局")
		case r.Name != provincialRow:
			counties = append(counties, r.Name)
		}
	}
	if len(counties) > 0 {
		parts = append(parts, strings.Join(counties, "、")+"教育局")
	}
	return strings.Join(parts, "，") + "："
}

// opening says on what ground and up to when.
func (c Content) opening() string {
	last := int(c.Month.Last()) % 100
	return fmt.Sprintf("按照%s要求，现将%d月份工作进展通报如下。数据由%s汇总，截至%d年%d月%d日24时，未另行布置学校和教师填报，不作为评价学校、教师的依据。",
		planText, c.month(), c.Platform, c.year(), c.month(), last)
}

// building is the section 建设进展 in one paragraph.
func (c Content) building() string {
	t := c.Total
	var b strings.Builder
	fmt.Fprintf(&b, "本月新增实名制空间%s，累计新增%s", many(t.Newly), many(t.Cumulative))
	if t.Target > 0 && paper.Rate(t.Year, t.Target) != paper.None {
		fmt.Fprintf(&b, "，完成年度目标的%s%%", paper.Rate(t.Year, t.Target))
	}
	b.WriteString("。教师" + stock(t.Teachers, t.TeacherBase) + "；学生" + stock(t.Pupils, t.PupilBase))
	if t.Guardians > 0 { // binding is a part to come: until then no 0 is printed
		fmt.Fprintf(&b, "；已绑定家长%d人，另行统计", t.Guardians)
	}
	b.WriteString("。")
	fmt.Fprintf(&b, "学校%d所，开通机构空间%d所%s；班级%d个，开通%d个%s。", t.Schools, t.SchoolsOpened, bracket(t.SchoolsOpened, t.Schools),
		t.Classes, t.ClassesOpened, bracket(t.ClassesOpened, t.Classes))
	return b.String()
}

// many writes a count of spaces: 18.0万个 from ten thousand on.
func many(n int64) string {
	if n < 10_000 {
		return fmt.Sprintf("%d个", n)
	}
	tenths := (n + 500) / 1000
	return fmt.Sprintf("%d.%d万个", tenths/10, tenths%10)
}

// stock says how many are on the roster and verified, with the rate.
func stock(verified, base int64) string {
	if base == 0 {
		return fmt.Sprintf("在册数尚未确认、实名%d人", verified)
	}
	return fmt.Sprintf("在册%d人、实名%d人%s", base, verified, bracket(verified, base))
}

// bracket is a rate in brackets, "" where there is none.
func bracket(num, den int64) string {
	switch text := paper.Share(num, den); text {
	case paper.None:
		return ""
	case paper.Unchecked:
		return "（" + text + "）"
	default:
		return "（" + text + "%）"
	}
}

// proposedProblems is what the drafter finds in the section of problems: by
// cause, and only what there is.
func proposedProblems(total Row, rows []Row) string {
	var parts []string
	say := func(n int64, format string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, n))
		}
	}
	say(total.Classes-total.ClassesOpened, "班主任尚未确认名单的班级%d个")
	say(total.Schools-total.SchoolsOpened, "机构空间尚未开通的学校%d所")
	say(total.TeacherBase-total.Teachers, "尚未实名的教师%d人")
	say(total.PupilBase-total.Pupils, "尚未实名的学生%d人，其中监护人未同意的计入在册、不作催办")
	open := int64(0)
	for _, r := range rows {
		if r.BaseSource == "roster" || r.BaseSource == "mixed" {
			open++
		}
	}
	say(open, "在册数来自名册、尚未全部经县（市、区）确认的地区%d个")
	if len(parts) == 0 {
		return "本月没有需要协调解决的问题。"
	}
	return strings.Join(parts, "；") + "。涉及地区的明细已分别发送。"
}

// proposedNext is what the drafter finds in the section of next steps.
const proposedNext = "（一）请各地核对在册数，在册数由县（市、区）教育局在平台确认。\n（二）请各地继续分发空间激活单，提醒班主任确认班级名单。"

// remarkText is one line of the annex on the check.
func remarkText(r Remark) string {
	figure := figureWords[r.Figure]
	switch r.Outcome {
	case OutcomeAccepted:
		return fmt.Sprintf("%s：%s平台数为%d，经核对更正为%d。%s", r.Unit, figure, r.Platform, r.Said, r.Text)
	case OutcomeNoted:
		return fmt.Sprintf("%s：%s平台数为%d，单位意见为%d。%s", r.Unit, figure, r.Platform, r.Said, r.Text)
	}
	return fmt.Sprintf("%s：%s平台数为%d，单位意见为%d，正在核对。", r.Unit, figure, r.Platform, r.Said)
}

// baseNote names the units whose base no office has confirmed.
func (c Content) baseNote() string {
	var roster, none []string
	for _, r := range c.Rows {
		switch r.BaseSource {
		case "roster", "mixed":
			roster = append(roster, r.Name)
		case "":
			none = append(none, r.Name)
		}
	}
	text := ""
	if len(roster) > 0 {
		text += "在册数全部或部分取自名册、尚未经确认的：" + strings.Join(roster, "、") + "。"
	}
	if len(none) > 0 {
		text += "还没有在册数的：" + strings.Join(none, "、") + "。"
	}
	return text
}

// guardianDefinition is printed where there are bound parents.
var guardianDefinition = [3]string{"已绑定家长", "监护关系经核实的家长，与教师、学生分别统计，不相加", paper.None}

// definitions are the lines of annex 指标解释 for the figures that are printed.
var definitions = [][3]string{
	{"本月新增实名", "本月首次完成实名核验的教师、学生，一人一次，归核验时所在单位；减去本月发现的错误和重复", paper.None},
	{"累计新增、完成率", "自2018年12月31日24时起各月之和；完成率为本年各月之和与年度目标之比", "年度目标"},
	{"教师、学生实名率", "截至时在册并且已实名（本人激活、身份核对一致），按主任职（学籍）单位，一人计一次", "同一单位同日的在册数，来源随表注明"},
	{"学校开通率", "管理员已实名并确认学校信息", "正常状态的学校；教学点不计为学校，其人员、班级计入中心校"},
	{"班级开通率", "班主任已实名并确认班级名单", "本学年行政班"},
	{"不计入的", "标志为测试、演示的单位；幼儿园（含附设幼儿班）、高等职业学校和机关人员另行统计", paper.None},
}
