package codes

import (
	"slices"
	"strings"
	"sync"
)

// A Subject is one 学科.
type Subject struct {
	Code   string   // two digits of JY/T 1001, or X and two digits for a local subject
	Name   string   // 中文
	Stages []string // stages in which it is taught
	Export string   // code to give to other systems; the code itself, or what a local subject stands for; "" where there is none
	Note   string   // remark of the table, English
}

var subjectTable = load("subjects", func(r record) Subject {
	s := Subject{Code: r["code"], Name: r["name"], Stages: split(r["stages"]), Export: r["code"], Note: r["note"]}
	if strings.HasPrefix(s.Code, "X") {
		s.Export = map[string]string{"X01": "11", "X02": "12", "X03": "61", "X04": "62"}[s.Code]
	}
	return s
}, func(s Subject) string { return s.Code })

// Subjects returns the subjects in table order: JY/T 1001 first, then the local ones.
func Subjects() []Subject { return subjectTable().all() }

// FindSubject finds a subject by its code.
func FindSubject(code string) (Subject, bool) { return subjectTable().find(code) }

// subjectAliases: what rosters say → the name in the table.
var subjectAliases = map[string]string{
	"品德与生活": "品德与生活（社会）", "品德与社会": "品德与生活（社会）", "品德": "品德与生活（社会）", "品社": "品德与生活（社会）", "品生": "品德与生活（社会）",
	"道法": "道德与法治", "道德与法制": "道德与法治", "政治": "思想品德（政治）", "思想品德": "思想品德（政治）", "思品": "思想品德（政治）", "思政": "思想政治",
	"中文": "语文", "汉语": "语文", "汉语文": "语文", "生物学": "生物", "体育": "体育与健康", "体健": "体育与健康", "体育健康": "体育与健康",
	"信息": "信息技术", "计算机": "信息技术", "微机": "信息技术", "电脑": "信息技术", "信息科学": "信息科技",
	"英文": "英语", "日文": "日语", "俄文": "俄语", "其他外语": "其他外国语", "综合实践": "综合实践活动", "综合": "综合实践活动",
	"劳技": "劳动与技术", "劳动技术": "劳动与技术", "劳动教育": "劳动", "心理": "心理健康", "心理健康教育": "心理健康", "心理教育": "心理健康",
	"朝语": "朝鲜语文", "朝鲜语": "朝鲜语文", "朝文": "朝鲜语文", "朝语文": "朝鲜语文", "조선어문": "朝鲜语文", "조선어": "朝鲜语文",
	"班会": "班会/德育", "德育": "班会/德育", "校本": "校本课程", "地方课程": "校本课程", "学前": "学前五大领域", "学前教育": "学前五大领域", "五大领域": "学前五大领域",
	"数": "数学", "语": "语文", "外": "外语", "英": "英语", "理": "物理", "化": "化学", "音": "音乐", "美": "美术", "体": "体育与健康",
}

var subjectIndex = sync.OnceValue(func() map[string][]Subject {
	index := map[string][]Subject{}
	for _, s := range subjectTable().list {
		index[s.Name] = append(index[s.Name], s)
	}
	for alias, name := range subjectAliases {
		if len(index[name]) == 0 {
			panic("codes: alias of no subject: " + alias)
		}
		index[alias] = append(index[alias], index[name]...)
	}
	return index
})

// FindSubjectName finds a subject by code, name or usual short name. Where a name
// stands for two subjects (信息技术: 26 in senior high, 61 below) the first one taught
// in one of the stages is taken; with no stage given, or none that fits, the first.
func FindSubjectName(text string, stages ...string) (Subject, bool) {
	text = strings.TrimSpace(text)
	if s, ok := FindSubject(strings.ToUpper(text)); ok {
		return s, true
	}
	found := subjectIndex()[text]
	if len(found) == 0 {
		return Subject{}, false
	}
	for _, s := range found {
		for _, stage := range s.Stages {
			if slices.Contains(stages, stage) {
				return s, true
			}
		}
	}
	return found[0], true
}
