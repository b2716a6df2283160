package codes

import (
	"strings"
	"sync"
)

// An Ethnic is one ethnic group of GB/T 3304, or one of the two common extensions
// (97 其他, 98 外国血统中国籍人士).
type Ethnic struct {
	Code    string // two digits
	Name    string // 中文, with 族
	Letters string // two capital letters; "" for the extensions
}

var ethnicTable = load("ethnic", func(r record) Ethnic {
	return Ethnic{Code: r["code"], Name: r["name"], Letters: r["letters"]}
}, func(e Ethnic) string { return e.Code })

// Ethnics returns the groups in order of code.
func Ethnics() []Ethnic { return ethnicTable().all() }

var ethnicIndex = sync.OnceValue(func() map[string]Ethnic {
	index := map[string]Ethnic{}
	for _, e := range ethnicTable().list {
		index[e.Code] = e
		index[strings.TrimPrefix(e.Code, "0")] = e
		index[e.Name] = e
		index[strings.TrimSuffix(e.Name, "族")] = e
		if e.Letters != "" {
			index[e.Letters] = e
		}
	}
	for _, alias := range []string{"其它", "其他族", "未识别民族", "穿青人"} {
		index[alias] = index["其他"]
	}
	return index
})

// FindEthnic finds a group by code (1 or 01), by name with or without 族, or by its
// letters in either case.
func FindEthnic(text string) (Ethnic, bool) {
	e, ok := ethnicIndex()[strings.ToUpper(strings.TrimSpace(text))]
	return e, ok
}

// A Gender is one value of GB/T 2261.1.
type Gender struct {
	Code string // 0 unknown, 1 male, 2 female, 9 not stated
	Name string // 中文
}

// Codes of a Gender.
const (
	SexUnknown = "0"
	SexMale    = "1"
	SexFemale  = "2"
)

var genderTable = load("gender", func(r record) Gender { return Gender{Code: r["code"], Name: r["name"]} },
	func(g Gender) string { return g.Code })

// Genders returns the four values of GB/T 2261.1.
func Genders() []Gender { return genderTable().all() }

// FindGender finds a value by its code.
func FindGender(code string) (Gender, bool) { return genderTable().find(code) }

// An IDType is a kind of identity document.
type IDType struct {
	Code      string // one character
	Name      string // 中文
	Checkable bool   // the number has a check digit (GB 11643)
}

// IDResident is the code of 居民身份证, the only kind with a check digit.
const IDResident = "1"

var idTypeTable = load("id_types", func(r record) IDType {
	return IDType{Code: r["code"], Name: r["name"], Checkable: r["checkable"] != ""}
}, func(t IDType) string { return t.Code })

// IDTypes returns the kinds of document in order of code.
func IDTypes() []IDType { return idTypeTable().all() }

var idTypeIndex = sync.OnceValue(func() map[string]IDType {
	index := map[string]IDType{}
	for _, t := range idTypeTable().list {
		index[t.Code], index[t.Name] = t, t
	}
	for alias, code := range map[string]string{
		"身份证": "1", "二代身份证": "1", "第二代身份证": "1", "居民身份证件": "1", "居民身份证号": "1", "身份证号": "1",
		"香港特区护照": "6", "香港居民身份证": "6", "香港身份证明": "6",
		"香港特区护照/身份证件": "6", "澳门特区护照/身份证件": "7",
		"澳门特区护照": "7", "澳门居民身份证": "7", "澳门身份证明": "7",
		"台胞证": "8", "台湾居民来往大陆通行证（台胞证）": "8", "外国护照": "A", "户口本": "B", "其他证件": "Z", "其它": "Z",
		"境外永久居住证件": "9", "外国人永久居留身份证": "9",
	} {
		t, ok := idTypeTable().find(code)
		if !ok {
			panic("codes: alias of no document: " + alias)
		}
		index[alias] = t
	}
	return index
})

// FindIDType finds a kind of document by code, name or usual short name (身份证, 台胞证).
func FindIDType(text string) (IDType, bool) {
	t, ok := idTypeIndex()[strings.ToUpper(strings.TrimSpace(text))]
	return t, ok
}

// A Post is what a member of staff does at the school (岗位).
type Post struct {
	Code  string // two digits
	Name  string // 中文
	Group string // code of the head of its group: 10, 20, 30, 40, 60 or 80
}

// Codes of posts that carry a rule.
const (
	PostTeacher      = "10" // 教师
	PostClassTeacher = "23" // 班主任
	PostHead         = "31" // 校领导; makes nobody a manager by itself
)

var postTable = load("staff_posts", func(r record) Post {
	return Post{Code: r["code"], Name: r["name"], Group: r["group"]}
}, func(p Post) string { return p.Code })

// Posts returns the posts in order of code.
func Posts() []Post { return postTable().all() }

var postAliases = map[string]string{
	"老师": "10", "专任教师": "10", "任课教师": "10", "科任教师": "10", "专职教师": "10", "代课教师": "10", "特岗教师": "10", "学科教师": "10",
	"教师兼行政工作": "20", "行政兼教师": "20",
	"教研室主任": "21", "教研组长": "21", "教研组组长": "21", "备课组长": "21", "学科组长": "21",
	"年级主任": "22", "年级组长": "22", "年级组组长": "22", "学年组长": "22", "学年主任": "22", "班主任教师": "23",
	"辅导员": "24", "教练员": "24", "大队辅导员": "24", "少先队辅导员": "24", "团委书记": "25", "团总支书记": "25",
	"其他工作": "80", "行政人员": "30", "行政工作": "30", "校长": "31", "副校长": "31", "书记": "31", "副书记": "31",
	"党支部书记": "31", "党总支书记": "31", "党委书记": "31", "园长": "31", "副园长": "31", "执行校长": "31", "校级领导": "31", "校长兼书记": "31", "书记兼校长": "31",
	"教务主任": "32", "教导主任": "32", "政教主任": "32", "德育主任": "32", "总务主任": "32", "办公室主任": "32", "副主任": "32", "主任": "32", "后勤主任": "32", "科研主任": "32",
	"教务员": "33", "干事": "33", "会计": "33", "出纳": "33", "财务": "33", "人事": "33", "文员": "33",
	"教辅人员": "40", "图书管理员": "40", "实验员": "40", "校医": "40", "保健医": "40", "保健教师": "40",
	"电教员": "47", "网管": "47", "网络管理员": "47", "信息技术员": "47", "工勤人员": "60", "后勤": "60", "保安": "60", "食堂工作人员": "60", "保育员": "60", "其他": "80", "其它": "80",
}

var postIndex = sync.OnceValue(func() map[string]Post {
	index := map[string]Post{}
	for _, p := range postTable().list {
		index[p.Code], index[p.Name] = p, p
	}
	for alias, code := range postAliases {
		p, ok := postTable().find(code)
		if !ok {
			panic("codes: alias of no post: " + alias)
		}
		index[alias] = p
	}
	return index
})

// FindPost finds a post by code, name or usual title (校长, 教研组长, 任课教师).
func FindPost(text string) (Post, bool) {
	p, ok := postIndex()[strings.TrimSpace(text)]
	return p, ok
}
