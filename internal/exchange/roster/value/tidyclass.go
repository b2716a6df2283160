package value

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	reClassStem = regexp.MustCompile(`\(?([` + stems + `])\)?班?$`)
	reTidyYear  = regexp.MustCompile(`^20\d\d-+20\d\d学年度?-?(?:[一二12上下]学期)?-?`)
	reTidyInner = regexp.MustCompile(`\((` + anyNum + `)班\)$`)
	reTidyTwice = regexp.MustCompile(`^(?:小学|初中|高中)部?-?((?:小|初|高)(?:[一二三四五六]|[1-6]).*)$`)
	reTidyEntry = regexp.MustCompile(`^(20\d\d|\d\d)级-?` + stageExpr + `-?(\(?` + anyNum + `\)?班?)$`)
	reTidyGrade = regexp.MustCompile(`^(?:20\d\d|\d\d)级-?(` + anyNum + `年级.+)$`)
	reTidyNote  = regexp.MustCompile(`^(.*班)([^班()\d]+)$`)
	reTidyEng   = regexp.MustCompile(`^g-?(\d{1,2})(?:-(\d{1,2})|\((\d{1,2})\))$`)
	reTidyTrade = regexp.MustCompile(`^(.*(?:年级|[高初][一二三四1-4]|级))-?(文科|理科|艺术|艺体|美术|音乐|体育|文|理)(\(?` + anyNum + `\)?班?)$`)
)

// notes stand behind a class and are about the pupil or the day, not the class:
// they never tell two classes apart.
var notes = map[string]bool{"原": true, "新": true, "现": true, "旧": true, "暂": true, "转入": true, "借读": true, "走读": true, "住校": true,
	"住宿": true, "寄宿": true, "插班": true, "复学": true, "休学": true, "留级": true, "随班就读": true}

// stems number the classes of many rural schools: 甲班 is class 1.
const stems = "甲乙丙丁戊己庚辛壬癸"

// plainStem writes the stem at the end of a class as the number that it stands for:
// 三年级甲班 is 三年级(1)班.
func plainStem(t string) string {
	m := reClassStem.FindStringSubmatchIndex(t)
	if m == nil {
		return t
	}
	n := strings.Index(stems, t[m[2]:m[3]])/len("甲") + 1
	return t[:m[0]] + "(" + strconv.Itoa(n) + ")班"
}

// tidyClass brings rarer notations of a class, folded by plainClass, to those that
// parseClass reads: a school year in front (2019-2020学年三年级2班), the stage said
// twice (高中部高一2班) or behind the year of entry (2018级初中3班), brackets round
// the whole number (三年级(2班)), a note without brackets (三年级2班走读). The remark
// is what tells 高二文科3班 from 高二理科3班.
func tidyClass(t string) (tidy, remark string) {
	t = reTidyYear.ReplaceAllString(t, "")
	t = reTidyInner.ReplaceAllString(t, "($1)班")
	t = reTidyTwice.ReplaceAllString(t, "$1")
	if m := reTidyEntry.FindStringSubmatch(t); m != nil {
		t = m[2] + m[1] + "级" + m[3]
	}
	t = reTidyGrade.ReplaceAllString(t, "$1")
	if m := reTidyNote.FindStringSubmatch(t); m != nil && notes[m[2]] {
		t = m[1]
	}
	t = reTidyEng.ReplaceAllString(t, "${1}年级${2}${3}班")
	if m := reTidyTrade.FindStringSubmatch(t); m != nil {
		t, remark = m[1]+m[3], m[2]
	}
	return t, remark
}

var (
	reTradeGrade  = regexp.MustCompile(`^(?:20\d\d|\d\d)级?|^` + stageExpr + `?(?:\d|[一二三四五六])(?:年级|年)|^[初高][一二三四]|^(?:中职|职高|中专)`)
	reTradeBefore = regexp.MustCompile(`^-?\p{Han}{2,12}\(?` + anyNum + `\)?班$`)
	reTradeBehind = regexp.MustCompile(`班\([^()0-9]+\)$`)
)

// TradeClass says whether a text that is no class names one by a trade: 机电1班,
// 2019级会计2班, or 1班（会计） beside 1班（机电）.
func TradeClass(text string) bool {
	if len(text) > 120 {
		return false
	}
	t := plainClass(text)
	if m := reTradeBehind.FindString(t); m != "" {
		return true
	}
	return reTradeBefore.MatchString(reTradeGrade.ReplaceAllString(t, ""))
}

var reFindNumber = regexp.MustCompile(`班(?:级|别|次)?[:：][(（]?(\d{1,2}|[一二三四五六七八九十]{1,3})[)）]?(?:班|[^\p{Han}\d]|$)`)

// FindClassNumber finds the number in a title that names the class without its grade
// (年级：三年级 班级：2班) and returns it as 2班; "" where there is none.
func FindClassNumber(text string) string {
	m := reFindNumber.FindStringSubmatch(Compact(text))
	if m == nil {
		return ""
	}
	return m[1] + "班"
}

// WithStage puts the stage of a column of its own (初中) in front of a grade or class
// that leaves it open: 二年级 becomes 初中二年级. Whatever names its stage, or no
// grade at all, stays as it is, and so does every text beside a stage that is none.
func WithStage(stage, text string) string {
	stage = Compact(stage)
	if _, ok := stageWords[stage]; !ok || Empty(text) {
		return text
	}
	w, ok := parseGrade(text)
	if !ok || strings.HasSuffix(Compact(text), "班") {
		words, _ := parseClass(text, false)
		if len(words) == 0 {
			return text
		}
		w = words[0].grade
	}
	if w.kind == noGrade || w.stage != "" || strings.HasPrefix(Compact(text), stage) {
		return text
	}
	return stage + Compact(text)
}
