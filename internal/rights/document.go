package rights

import (
	"fmt"

	"learnspace/internal/clock"
	"learnspace/internal/paper"
)

// sectionWords are the headings of the report.
var sectionWords = map[string]string{
	SectionMinors: "未成年人个人信息档案", SectionConsents: "监护人同意（按目的和答复）", SectionLooks: "查看和显示个人信息", SectionExports: "导出个人信息",
	SectionRequests: "个人信息权利申请及办理", SectionAlarms: "告警和事件", SectionRetention: "到期删除（全省统一执行）", SectionGrants: "访问授权和管理人员",
}

// figureWords are the names of the figures.
var figureWords = map[string]string{
	"minors_made": "在册未成年学生档案（份）", "minors_activated": "其中：已激活", "minors_verified": "其中：已实名", "minors_under14": "其中：不满14周岁",
	"minors_over14": "其中：已满14周岁不满18周岁", "minors_unknown": "其中：出生日期未登记", "minors_left": "本年离校、毕业或注销（份）",
	"consent_space_given": "成长记录与学情分析：同意", "consent_space_refused": "成长记录与学情分析：不同意", "consent_space_withdrawn": "成长记录与学情分析：撤回", "consent_space_lapsed": "成长记录与学情分析：到期未续",
	"consent_talk_given": "在班级里提问和发言：同意", "consent_talk_refused": "在班级里提问和发言：不同意", "consent_talk_withdrawn": "在班级里提问和发言：撤回", "consent_talk_lapsed": "在班级里提问和发言：到期未续",
	"consent_picture_given": "照片和作品展示：同意", "consent_picture_refused": "照片和作品展示：不同意", "consent_picture_withdrawn": "照片和作品展示：撤回", "consent_picture_lapsed": "照片和作品展示：到期未续",
	"look_profile": "打开个人档案页（次）", "look_number": "显示证件号、学籍号（次）", "look_phone": "显示联系电话（次）", "look_search": "按号码查找（次）", "look_export": "随文件导出（人次）", "look_other": "其他查看（次）",
	"export_asked": "提出的导出申请（件）", "export_approved": "经第二人批准（件）", "export_refused": "未批准（件）", "export_glass": "应急导出（两名持钥人，件）", "export_downloads": "文件下载（次）", "export_records": "导出的记录（条）",
	"request_copy": "申请复制（件）", "request_correct": "申请更正（件）", "request_erase": "申请删除（件）", "request_withdraw": "撤回同意（件）",
	"request_done": "已办理（件）", "request_refused": "说明理由未办理（件）", "request_waiting": "正在办理（件）", "request_late": "超过期限（件）", "request_days": "平均答复用时（日）",
	"alarm_raised": "发出告警（次）", "alarm_seen": "其中：安全管理员已处理", "alarm_tries": "告警后被拒绝的操作（次）",
	"grant_given": "本年授予的角色（个）", "grant_ended": "本年收回或到期的角色（个）", "grant_open": "年末有效的角色（个）", "grant_reviewed": "本年复核过的角色（个）", "grant_admins": "系统、安全、审计管理员（人）",
	"retention_runs": "执行次数", "retention_" + KeepRosterRows: "名册错误行原文（行）", "retention_" + KeepCodes: "激活码（个）", "retention_" + KeepSessions: "登录会话（个）",
	"retention_" + KeepLooks: "查看记录（条）", "retention_" + KeepContacts: "离校人员联系方式（人）", "retention_" + KeepUndo: "合并档案的还原数据（份）",
	"retention_" + KeepCorrections: "更正前的内容（条）", "retention_" + KeepRequests: "已办结的申请（件）", "retention_" + KeepJobs: "后台任务（个）",
}

// noEntry is said where nothing was counted.
const noEntry = "本年没有发生。"

// Document lays the report out as an official paper.
func (r Report) Document(office string) paper.Document {
	asOf := clock.DayOf(r.AsOf)
	d := paper.Document{
		Mark:   "未成年人个人信息保护合规审计报告",
		Title:  fmt.Sprintf("%s\n%d年度处理未成年人个人信息合规审计报告", r.Node.Name, r.Year),
		Signer: office,
		Date:   dayText(asOf),
	}
	opening := fmt.Sprintf("依照《中华人民共和国个人信息保护法》第五十四条、《未成年人网络保护条例》第三十七条，对%s及所属单位%d年度处理未成年人个人信息的情况进行统计。", r.Node.Name, r.Year)
	if !r.Complete {
		opening += fmt.Sprintf("本年度尚未结束，数据截至%s。", dayText(asOf))
	}
	d.Body = append(d.Body, paper.Paragraph{Text: opening},
		paper.Paragraph{Text: "不满18周岁为未成年人。人数不足5的，记作“＜5”；由合计可以推算出的，同时隐去另一项。各项数字由平台按事件和登记自动统计，不含姓名和号码。"})
	for i, s := range r.Sections {
		d.Body = append(d.Body, paper.Heading{Level: 1, Text: sectionWords[s.Key]})
		d.Body = append(d.Body, s.blocks(i+1)...)
	}
	return d
}

func dayText(d clock.Day) string {
	return fmt.Sprintf("%d年%d月%d日", d.Year(), d.MonthOfYear(), d.DayOfMonth())
}

// blocks is a section as a table, or one sentence where there is nothing.
func (s Section) blocks(number int) []paper.Block {
	var sum int64
	for _, f := range s.Figures {
		sum += f.N
	}
	if sum == 0 {
		return []paper.Block{paper.Paragraph{Text: noEntry}}
	}
	t := paper.Table{Caption: fmt.Sprintf("表%d　%s", number, sectionWords[s.Key]), Sheet: fmt.Sprintf("表%d", number), Widths: []float64{3, 1},
		Head: [][]paper.Cell{{paper.Text("项目"), paper.Text("数量")}}}
	hidden := s.conceal()
	for i, f := range s.Figures {
		cell := paper.Int(f.N)
		switch {
		case hidden[i] && f.N >= 5:
			cell = paper.Dash()
		case f.Persons:
			cell = paper.Small(f.N)
		}
		t.Rows = append(t.Rows, []paper.Cell{paper.Name(figureWords[f.Key]), cell})
	}
	return []paper.Block{t}
}

// parts are figures that add up to the first figure of their section.
var parts = map[string][]string{SectionMinors: {"minors_under14", "minors_over14", "minors_unknown"}}

// conceal tells which figures must not be printed: one under five, and a second
// one where the total would give it away.
func (s Section) conceal() []bool {
	out := make([]bool, len(s.Figures))
	var values []int64
	var at []int
	for i, f := range s.Figures {
		for _, key := range parts[s.Key] {
			if f.Key == key {
				values, at = append(values, f.N), append(at, i)
			}
		}
	}
	for i, hide := range paper.Conceal(values) {
		out[at[i]] = hide
	}
	return out
}
