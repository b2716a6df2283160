package read

import (
	"regexp"
	"strings"
	"unicode"

	"learnspace/internal/exchange/roster/value"
)

// fieldWords lists, for each field, what schools, the national pupil registry's
// exports and this product's own templates write above the column. Blanks, line
// ends, asterisks, marks like （必填） and the case do not matter.
var fieldWords = map[Field]string{
	Name: "姓名 名字 中文姓名 姓名中文 人员姓名 name fullname chinesename 성명 이름",
	IDNo: "身份证号 身份证号码 身份证 证件号 证件号码 身份证件号 身份证件号码 公民身份号码 公民身份证号 公民身份证号码 居民身份证号 居民身份证号码 身份号码 证件编号 有效证件号 有效证件号码 二代身份证号 身份证号或证件号 身份证/护照号 身份证件编号 " +
		"身份证号护照号 身份证护照号 身份证或护照号 证件号码身份证号 身份证号码或证件号码 nationalid nationalidnumber identification idno idnumber idcard idcardno idcardnumber identitynumber identityno identitycardnumber citizenid 공민신분번호 증명서번호 증건번호 공민신분증번호 신분증번호 신분증 신분증호 주민증번호",
	IDType: "证件类型 身份证件类型 证件种类 身份证类型 证件类别 身份证件种类 证件名称 有效证件类型 idtype documenttype typeofid 증명서종류 신분증종류 증건류형",
	StudentNo: "学籍号 全国学籍号 国网学籍号 学籍号码 全国学籍号码 国家学籍号 学籍主号 学籍编号 全国统一学籍号 全国中小学学籍号 教育部学籍号 学籍系统学籍号 全国学籍系统学籍号 studentno studentnumber registrynumber registryno nationalstudentnumber " +
		"학적번호 학적부번호 학적호",
	Sex:    "性别 性别码 性别代码 sex gender 성별",
	Ethnic: "民族 民族名称 民族代码 民族码 ethnic ethnicity ethnicgroup nationality 민족",
	Birth:  "出生日期 出生年月 出生年月日 生日 出生时间 出生 出生日 出生年 birth birthday birthdate dateofbirth dob 생년월일 출생일 출생년월일 출생날자",
	Grade:  "年级 所在年级 年级名称 就读年级 现年级 当前年级 所属年级 现读年级 现就读年级 在读年级 任教年级 任课年级 所教年级 授课年级 年级代码 grade gradelevel 학년 년급",
	Class: "班级 班 所在班级 班级名称 班别 班号 就读班级 现班级 年级班级 年级班 年班 班次 所属班级 行政班 行政班级 年级及班级 所在年班 现就读班级 在读班级 当前班级 班级号 班级编号 班级序号 班序 班级代码 班名 年级和班级 所在年级班级 新班级 gradeclass gradeandclass class classname classno 학급 반 학년학급 학년반 " +
		"任课班级 任教班级 所教班级 授课班级 执教班级 任课班 任教班 教学班级 任教年级班级 任课年级班级 担任班级 任教年级及班级 所任班级 任教年班 所教年级班级",
	Phone:        "手机 手机号 手机号码 电话 联系电话 联系方式 电话号码 移动电话 联系手机 联系电话号码 手机电话 电话手机 本人电话 本人手机 本人联系电话 phone mobile tel telephone mobilephone phonenumber mobilenumber mobileno phoneno telephoneno cellphone contactnumber 전화 전화번호 핸드폰 련락처 련락전화 휴대폰 손전화",
	SchoolCode:   "学校标识码 学校代码 学校编码 学校识别码 单位代码 机构代码 所在学校标识码 所在学校代码 就读学校标识码 学校机构标识码 学校机构代码 学校标识 单位标识码 学校编号 标识码 所在单位标识码 任职学校标识码 schoolcode schoolid schoolno 학교코드 학교표식번호 학교번호 학교표식코드",
	Enrolled:     "入学年月 入学日期 入学时间 入校时间 入学年份 入校年月 入校日期 入学年月日 何时入学 enrolled enrolledon enrolmentdate enrollmentdate admissiondate entrydate 입학날자 입학년월 입학시간 입학일",
	Boarding:     "就读方式 是否寄宿 是否住校 是否寄宿生 是否住宿 住宿情况 寄宿情况 住校情况 是否寄宿学生 是否住校生 走读住校 走读寄宿 寄宿 住宿 住校 走读或寄宿 住宿方式 寄宿走读 boarding boarder 기숙 기숙여부 취학방식",
	NoIDReason:   "无证件原因 无身份证原因 无证原因 证件缺失原因 未填证件原因 无证件号原因 缺证原因 无身份证件原因 证件待补原因 无证件理由 证件信息待补 证件信息待补原因 无证件说明 身份证缺失原因 待补原因 无身份证号原因 无证件号码原因 未提供证件原因 noidreason reasonwithoutid reasonwithoutanumber 증명서없는리유 신분증없는리유",
	Post:         "岗位 岗位类别 岗位名称 岗位职业 岗位类型 工作岗位 现任岗位 任职岗位 岗位职务 所在岗位 现岗位 post jobtitle position 직무 직책 직위 일자리",
	Subject:      "学科 任教学科 任课学科 科目 任教科目 任课科目 教授学科 所教学科 授课学科 执教学科 教学科目 主教学科 任课 学科名称 学段学科 所任学科 现任教学科 主要任教学科 任教课程 任课课程 所授学科 担任学科 现任学科 所教科目 授课科目 任教学段学科 学段及学科 任教学段及学科 现任学段学科 任教课目 subject subjects subjecttaught 과목 담당과목 학과 담당학과",
	ClassTeacher: "班主任 是否班主任 是否担任班主任 担任班主任 班主任班级 所带班级 任班主任班级 班主任情况 任班主任 班主任所带班级 是否为班主任 是否任班主任 班主任所在班级 担任班主任班级 任职班主任班级 classteacher homeroom homeroomteacher isclassteacher 담임 담임교원 담임학급",
	PrimaryUnit:  "主任职单位 主任职学校 是否主任职 是否主任职单位 主要任职单位 主要任职学校 人事关系单位 人事关系所在单位 人事关系所在学校 编制单位 编制所在单位 编制所在学校 主任职 人事单位 人事关系 编制学校 主任职单位标识码 主单位 primaryunit primary mainschool primaryschool 주임직단위 주요직단위",
}

// weakWords are headers whose meaning the data decide.
var weakWords = map[string]Field{
	"学号": StudentNo, "学籍": StudentNo, "全国学号": StudentNo, "学生编号": StudentNo, "个人标识码": StudentNo, "学籍号学号": StudentNo,
	"备注": NoIDReason, "说明": NoIDReason, "情况说明": NoIDReason, "remarks": NoIDReason, "remark": NoIDReason, "note": NoIDReason, "notes": NoIDReason, "비고": NoIDReason,
	"职务": Post, "行政职务": Post, "现任职务": Post, "担任职务": Post, "校内职务": Post, "职务名称": Post, "工作职务": Post, "学校职务": Post,
	"学校": SchoolCode, "学校名称": SchoolCode, "所在学校": SchoolCode, "就读学校": SchoolCode, "学校全称": SchoolCode, "school": SchoolCode, "schoolname": SchoolCode, "任职学校": SchoolCode, "工作单位": SchoolCode, "所在单位": SchoolCode, "单位": SchoolCode, "单位名称": SchoolCode,
	"学生": Name,
}

var wordField = func() map[string]Field {
	m := map[string]Field{}
	for field, words := range fieldWords {
		for _, w := range strings.Fields(words) {
			m[headerText(w)] = field
		}
		m[strings.ReplaceAll(string(field), "_", "")] = field
	}
	for _, f := range guardianFields {
		m[strings.ReplaceAll(string(f), "_", "")] = f
	}
	return m
}()

var guardianFields = []Field{GuardianName, GuardianRelation, GuardianPhone, Guardian2Name, Guardian2Relation, Guardian2Phone}

// suffix words of a guardian's columns.
var guardianSuffix = func() map[string]string {
	m := map[string]string{"": "name"}
	for what, words := range map[string]string{
		"name":     "姓名 名字 名 姓名及电话 姓名电话 姓名和电话 姓名及联系电话 姓名及联系方式 姓名联系电话 姓名联系方式 姓名及手机号 姓名及关系 姓名关系电话 姓名关系及电话 name fullname 성명 이름",
		"relation": "关系 与学生关系 与本人关系 与孩子关系 与幼儿关系 称谓 与学生的关系 与该生关系 与被监护人关系 亲属关系 与本人的关系 与学生本人关系 与儿童关系 relation relationship 관계",
		"phone":    "电话 手机 手机号 手机号码 联系电话 联系方式 电话号码 移动电话 联系手机 联系电话号码 手机电话 phone mobile tel telephone mobilephone phonenumber 전화 전화번호 련락처 휴대폰 핸드폰 손전화",
	} {
		for _, w := range strings.Fields(words) {
			m[w] = what
		}
	}
	return m
}()

// relationWords are relation columns that do not name the guardian.
var relationWords = map[string]bool{
	"关系": true, "与学生关系": true, "与监护人关系": true, "与家长关系": true, "监护关系": true, "亲属关系": true, "称谓": true, "与本人关系": true, "与孩子关系": true, "与学生的关系": true,
	"与该生关系": true, "家长关系": true, "与幼儿关系": true, "relation": true, "relationship": true, "관계": true, "学生与监护人关系": true, "与监护人的关系": true, "与家长的关系": true, "和学生关系": true, "与学生什么关系": true, "是学生的": true,
}

const guardianExpr = `监护人|家长|父母|父亲|母亲|爸爸|妈妈|家庭主要成员|主要家庭成员|家庭成员|成员|紧急联系人|联系人|亲属|父|母|보호자|학부모|부모|아버지|어머니|후견인|guardians?|parents?|fathers?|mothers?`

var (
	reGuardian = regexp.MustCompile(`^(?:学生)?(?:第?([一二三1-9])(?:位|个)?)?(?:法定|主要|实际)?(` + guardianExpr + `)(?:或|和|及)?(?:监护人|家长|成员)?(?:信息|情况)?([一二三1-9])?(?:的)?(.*?)([一二三1-9])?$`)
	reHasGuard = regexp.MustCompile(guardianExpr)
	reBrackets = regexp.MustCompile(`\(([^()]*)\)`)
	rePrefix   = regexp.MustCompile(`^(?:学生|学员|幼儿|孩子|儿童|教师|教职工|教职员|教工|职工|老师|人员|员工|本人|个人|学生本人|학생|교원|교직원|student|pupil|teacher|staff)(?:基本)?(?:信息)?(?:的)?`)
	reLeading  = regexp.MustCompile(`^(?:\d{1,2}|[a-z])[-.、,)]`)
	noise      = strings.NewReplacer("*", "", "＊", "", "★", "", "※", "", "▲", "", "●", "", "必填项", "", "必填", "", "必录", "", "选填", "", "可选", "", "非必填", "", "(required)", "", "(optional)", "", ":", "", "?", "", "!", "", "\"", "", "'", "", "`", "", "_", "",
		"（", "(", "）", ")", "【", "(", "】", ")", "[", "(", "]", ")", "〔", "(", "〕", ")", "<", "(", ">", ")", "「", "(", "」", ")")
)

// A meaning is what a header text says.
type meaning struct {
	field    Field  // "" none
	weak     bool   // the data decide
	explicit bool   // a phone that is said to be the pupil's own
	guardian string // who: 监护人1, 父亲 …; "" for other columns
	what     string // name, relation or phone of the guardian
	loose    string // "relation" or "phone" of whoever stands to the left
	month    bool   // 出生年月: a month is enough
}

func (m meaning) known() bool { return m.field != "" || m.guardian != "" || m.loose != "" }

// headerText brings a header cell to the form that the words above have.
func headerText(s string) string {
	s = noise.Replace(strings.ToLower(value.Compact(s)))
	s = separators.Replace(reLeading.ReplaceAllString(s, ""))
	return strings.Trim(s, ".,;。，；")
}

// The signs that separate the words of a header, and its brackets.
var (
	separators = strings.NewReplacer("()", "", "、", "", "/", "", "\\", "", "-", "")
	brackets   = strings.NewReplacer("(", "", ")", "")
)

// meaningOf reads one header text.
func meaningOf(s string) meaning {
	if len(s) > 120 {
		return meaning{}
	}
	t := headerText(s)
	if t == "" {
		return meaning{}
	}
	for _, form := range headerForms(t) {
		if m := wordMeaning(form); m.known() {
			return m
		}
	}
	return bilingual(t)
}

// bilingual reads 姓名name and 이름姓名: two languages that say the same.
func bilingual(t string) meaning {
	var han, other strings.Builder
	for _, r := range brackets.Replace(t) {
		if unicode.Is(unicode.Han, r) {
			han.WriteRune(r)
		} else {
			other.WriteRune(r)
		}
	}
	if han.Len() == 0 || other.Len() == 0 {
		return meaning{}
	}
	m, same := wordMeaning(han.String()), wordMeaning(strings.Trim(other.String(), "."))
	if other.String() == "id" {
		same.field = IDNo
	}
	if !m.known() || m.field != same.field || m.guardian != same.guardian || m.what != same.what {
		return meaning{}
	}
	return m
}

// headerForms are the readings of brackets: kept as words, put in front when they
// name a guardian, cut off.
func headerForms(t string) []string {
	if !strings.Contains(t, "(") {
		return []string{t}
	}
	forms := []string{brackets.Replace(t)}
	rest := reBrackets.ReplaceAllString(t, "")
	if m := reBrackets.FindStringSubmatch(t); m != nil && reHasGuard.MatchString(m[1]) && !reHasGuard.MatchString(rest) {
		forms = append(forms, m[1]+rest)
	}
	if i := strings.IndexByte(rest, '('); i >= 0 { // a bracket that never closes
		rest = rest[:i]
	}
	return append(forms, rest)
}

func wordMeaning(t string) meaning {
	if relationWords[t] {
		return meaning{loose: "relation"}
	}
	if f, ok := wordField[t]; ok {
		return fieldMeaning(f, t, false)
	}
	if f, ok := weakWords[t]; ok {
		return meaning{field: f, weak: true}
	}
	if m := guardianMeaning(t); m.known() {
		return m
	}
	cut := rePrefix.ReplaceAllString(t, "")
	if cut == t || cut == "" {
		return meaning{}
	}
	if f, ok := wordField[cut]; ok {
		return fieldMeaning(f, cut, true)
	}
	if m := guardianMeaning(cut); m.known() {
		return m
	}
	if again := rePrefix.ReplaceAllString(cut, ""); again != cut { // 学生本人电话
		if f, ok := wordField[again]; ok {
			return fieldMeaning(f, again, true)
		}
	}
	return meaning{}
}

func fieldMeaning(f Field, word string, own bool) meaning {
	switch f {
	case Phone:
		if own || strings.HasPrefix(word, "本人") {
			return meaning{field: Phone, explicit: true}
		}
		return meaning{field: Phone, loose: "phone"}
	case GuardianName, GuardianRelation, GuardianPhone:
		return meaning{guardian: "guardian", what: strings.TrimPrefix(string(f), "guardian_")}
	case Guardian2Name, Guardian2Relation, Guardian2Phone:
		return meaning{guardian: "guardian2", what: strings.TrimPrefix(string(f), "guardian2_")}
	}
	return meaning{field: f, month: f == Birth && strings.HasSuffix(word, "年月")}
}

// guardianMeaning reads 监护人1姓名, 父亲电话, 家长联系方式(二) and the like.
func guardianMeaning(t string) meaning {
	m := reGuardian.FindStringSubmatch(t)
	if m == nil {
		return meaning{}
	}
	what, ok := guardianSuffix[m[4]]
	if !ok {
		return meaning{}
	}
	number := m[1] + m[3] + m[5]
	switch number {
	case "一", "1":
		number = ""
	case "二":
		number = "2"
	case "三":
		number = "3"
	}
	who := m[2]
	switch who {
	case "父", "爸爸", "아버지", "father", "fathers":
		who = "父亲"
	case "母", "妈妈", "어머니", "mother", "mothers":
		who = "母亲"
	case "guardians", "parents":
		who = strings.TrimSuffix(who, "s")
	}
	return meaning{guardian: who + number, what: what}
}

// stageWords stand above the column of a stage. It is no field of its own: it only
// completes a grade or class that leaves the stage open.
var stageWords = map[string]bool{"学段": true, "学部": true, "所属学段": true, "所在学段": true, "就读学段": true, "学段名称": true, "所属学部": true, "stage": true}

// stageColumn finds the column of the stage, -1 where there is none.
func stageColumn(labels []label) int {
	for _, l := range labels {
		if stageWords[headerText(l.text)] {
			return l.index
		}
	}
	return -1
}
