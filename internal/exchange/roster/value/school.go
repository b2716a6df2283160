package value

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	schoolSigns   = strings.NewReplacer("(", "", ")", "", "（", "", "）", "", "[", "", "]", "", "【", "", "】", "", "〔", "", "〕", "", "《", "", "》", "", "“", "", "”", "", "\"", "", "'", "", "`", "", "·", "", "-", "", "_", "")
	reDigitGap    = regexp.MustCompile(`(\d)[ ()（）\[\]_·-]+(\d)`) // 1 1小 is no 11小
	reSchoolNo    = regexp.MustCompile(`^(.*?)(第?)(\d{1,2}|[零〇一二三四五六七八九十两]{1,3})(小学|中学|小|中)$`)
	reRegionKind  = regexp.MustCompile(`(?:(?:朝鲜族|蒙古族|满族|回族|锡伯族)?自治[州县]|特别行政区|自治区|地区|开发区|管委会|[省市州盟区县旗])$`)
	genericSchool = map[string]bool{"小学": true, "中学": true, "学校": true, "高中": true, "初中": true, "小": true, "中": true, "幼儿园": true, "中心校": true, "中心小学": true, "中心学校": true,
		"初级中学": true, "高级中学": true, "完全中学": true, "分校": true, "校区": true, "教学点": true, "小学部": true, "义务教育学校": true, "公办学校": true, "民办学校": true, "普通中学": true,
		"普通高中": true, "农村学校": true, "农村小学": true, "城区学校": true, "职业学校": true, "完全小学": true}
)

// SchoolKey brings a school's name to one form: without blanks, brackets and signs,
// 小学校 as 小学, and 一小, 第1小学 and 第一小学 alike. Names that differ in anything else
// keep different keys.
func SchoolKey(name string) string {
	t := reDigitGap.ReplaceAllString(Fold(name), "$1.$2")
	t = strings.ToUpper(schoolSigns.Replace(strings.ReplaceAll(t, " ", "")))
	for _, kind := range []string{"小学", "中学"} {
		if strings.HasSuffix(t, kind+"校") {
			t = strings.TrimSuffix(t, "校")
		}
	}
	if m := reSchoolNo.FindStringSubmatch(t); m != nil {
		if n, ok := Numeral(m[3]); ok && n > 0 {
			return m[1] + "第" + strconv.Itoa(n) + m[4][:len("小")] + "学"
		}
	}
	if strings.HasSuffix(t, "小") && utf8.RuneCountInString(t) >= 3 {
		t += "学"
	}
	return t
}

// GenericSchool says whether a key names a kind of school and no school: 小学, 中心校.
func GenericSchool(key string) bool {
	return genericSchool[key] || utf8.RuneCountInString(key) < 2
}

// RegionForms are the forms in which a region stands in front of a school's name, as
// SchoolKey writes them: 南关区 and 南关, 延边朝鲜族自治州, 延边州 and 延边.
func RegionForms(name string) []string {
	full := strings.ToUpper(schoolSigns.Replace(Compact(name)))
	if utf8.RuneCountInString(full) < 2 {
		return nil
	}
	out := []string{full}
	short := reRegionKind.ReplaceAllString(full, "")
	if short == full || utf8.RuneCountInString(short) < 2 {
		return out
	}
	out = append(out, short)
	if kind := full[len(full)-len("州"):]; strings.Contains(full[len(short):], "自治") {
		out = append(out, short+kind)
	}
	return out
}

const (
	titleYear = `(?:20\d\d(?: ?[-~至]+ ?(?:20)?\d\d)? ?(?:学年度?|年度?|级|届)?(?:第?[一二12上下]学期|[春秋]季?(?:学期)?)?)`
	titleTail = `(?:[初高][一二三四1-4]|(?:小学|初中|高中|中职)?(?:[一二三四五六七八九]|1[0-2]|[1-9])(?:年级|学年|年|[(.\-])|(?:\d{1,3}|[一二三四五六七八九十]{1,3})班|[(（](?:\d{1,2}|[一二三四五六七八九十])[)）]班|\d[.\-]\d|班级|年级|班主任|全体|全校|各班|各年级|在校|在籍|在册|新生|毕业|学生|师生|教师|教职工|教职员|教工|幼儿|` +
		`花名册|名册|名单|登记表|信息|基本情况|情况|汇总|统计|一览|学籍|人员|招生|报名|填表|填报|制表|审核|负责人|联系|电话|日期|时间|校长|学段|学校类型|标识码|代码|공문|학생|교원|명부|명단|[(（](?:盖章|公章|章|[^()（）]*年级[^()（）]*|[^()（）]*班|[^()（）]*级)[)）])`
)

var (
	reTitleLabel = regexp.MustCompile(`(?:^|[^一-鿿])(?:(?:所在|就读|填报|报送|上报|任职)?(?:学校|单位)(?:名称|全称|标识码|代码)?|학교(?:명|이름)?)(?:[(（](?:盖章|公章|章|全称)[)）])?[:：](.+)$`)
	reTitleYear  = regexp.MustCompile(titleYear)
	reTitleHead  = regexp.MustCompile(`^(?:附件|附表|附|表|关于)?\d{0,3}[.、:：_)）\-]*(?:.{0,20}?(?:教育局|教体局|教科局|教育体育局|文教局|教育厅|人民政府))?(?:关于)?`)
	reTitleTail  = regexp.MustCompile(`^` + titleTail)
	reTitleName  = regexp.MustCompile(`(?:小学校?|中学校?|学校|幼儿园|高中|初中|中专|职高|职中|一中|中心校|分校|校区|教学点|学院|(?:\d|[零〇一二三四五六七八九十])[小中]|[附实]小|[附实]中)$`)
	reTitleMany  = regexp.MustCompile(`[:;,，。、!?]|由|请|须|本表|填|说明|注意|负责|以下|每所|[本我该贵]校|(?:原|毕业|来源|转入|转出|就读|所在)学校$|中小学|中小$|各学校|各校|各小学|各中学|所属|辖区|直属|全[省市区县州]|所有|下属`)
	reNamesOne   = regexp.MustCompile(`小学|中学|学校|幼儿园|^第?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[小中]$`)
	reTitleCode  = regexp.MustCompile(`^\d{10}`)
)

// SchoolTitles lists what a title above a table or a sheet's name may call its
// school, the longest first: 南关区第一小学 of 南关区第一小学2019级学生名册. The list is empty
// where the text names none. No entry is a part of a longer name: of 第一小学分校名册
// there is only 第一小学分校.
func SchoolTitles(text string) []string {
	if len(text) > 400 {
		return nil
	}
	t := Fold(text)
	if m := reTitleLabel.FindStringSubmatch(t); m != nil {
		t = strings.TrimSpace(m[1])
		if code := reTitleCode.FindString(t); code != "" {
			return []string{code}
		}
	}
	t = reTitleYear.ReplaceAllString(t, " ")
	t = strings.ReplaceAll(reDigitGap.ReplaceAllString(t, "$1.$2"), " ", "")
	var out []string
	for _, form := range [2]string{t, reTitleHead.ReplaceAllString(t, "")} {
		if form == t && len(out) > 0 {
			break
		}
		out = appendTitles(out, form)
	}
	return out
}

// NamesSchool says whether a text that stands alone among the rows is a title with a
// school in it and no person's name.
func NamesSchool(text string) bool {
	return len(text) <= 400 && reNamesOne.MatchString(Compact(text)) && len(SchoolTitles(text)) > 0
}

// SchoolLabel says whether a text tells of a school by a label: 学校：第一小学.
func SchoolLabel(text string) bool { return len(text) <= 400 && reTitleLabel.MatchString(Fold(text)) }

// appendTitles adds the names that t begins with, each followed by a word that is no
// part of a name or by nothing.
func appendTitles(out []string, t string) []string {
	for i := len(t); i > 0; i-- {
		if i < len(t) && !utf8.RuneStart(t[i]) {
			continue
		}
		name := t[:i]
		if !reTitleName.MatchString(name) || i < len(t) && !endsName(t[i:]) || reTitleMany.MatchString(name) || utf8.RuneCountInString(name) > 30 {
			continue
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// endsName says whether what follows a name is about its pupils and no part of it.
func endsName(rest string) bool {
	for _, part := range []string{"教师进修", "教师发展", "学生素质", "幼儿师范", "幼儿园"} {
		if strings.HasPrefix(rest, part) {
			return false
		}
	}
	return strings.ContainsRune(":;,，、/|。", []rune(rest)[0]) || reTitleTail.MatchString(rest)
}
