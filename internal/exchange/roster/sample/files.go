package sample

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// Codes of the two schools that the sample rosters belong to.
const (
	PrimarySchool = "2122000001"
	JuniorSchool  = "3122000001"
)

// A File is one sample roster.
type File struct {
	Path    string // below samples/
	School  string // code of the school it is for; "" for files that are refused
	Refused string // file code; "" for files that are read
	Content []byte
}

// Files makes every sample roster.
func Files() ([]File, error) {
	csv, err := pupilsCSV()
	if err != nil {
		return nil, err
	}
	junior, err := juniorWorkbook()
	if err != nil {
		return nil, err
	}
	staff, err := staffWorkbook()
	if err != nil {
		return nil, err
	}
	broken, _, err := Faults()
	if err != nil {
		return nil, err
	}
	foreign, err := traditionalchinese.Big5.NewEncoder().Bytes([]byte(strings.Repeat("姓名,性別,身份證號,班級\r\n王大明,男,,三年二班\r\n", 12)))
	if err != nil {
		return nil, fmt.Errorf("encode the sample in Big5: %w", err)
	}
	return []File{
		{"pupils-gb18030.csv", PrimarySchool, "", csv},
		{"pupils-registry-export.csv", PrimarySchool, "", registryExport()},
		{"pupils-junior.xlsx", JuniorSchool, "", junior},
		{"staff.xlsx", PrimarySchool, "", staff},
		{"broken/pupils-faults.xlsx", PrimarySchool, "", broken},
		{"broken/renamed-pdf.xlsx", "", "not_a_spreadsheet", []byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n")},
		{"broken/old-format.xls", "", "old_format", container("Workbook")},
		{"broken/locked.xlsx", "", "encrypted", container("EncryptedPackage")},
		{"broken/empty.csv", "", "empty_file", []byte("\xef\xbb\xbf,,,\r\n,,,\r\n")},
		{"broken/no-header.csv", "", "header_not_found", []byte("王一,男,三年级（1）班\r\n李二,女,三年级（1）班\r\n")},
		{"broken/unknown-encoding.csv", "", "encoding_unknown", foreign},
	}, nil
}

// container makes an OLE2 container with one stream name in its directory: what is
// seen of an old or locked workbook without opening it.
func container(stream string) []byte {
	b := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 1024)...)
	for _, c := range stream {
		b = append(b, byte(c), 0)
	}
	return append(b, make([]byte, 512)...)
}

// spellings are ten ways to write a class of a primary school.
var spellings = []func(grade, number int) string{
	func(g, n int) string { return fmt.Sprintf("%s年级（%d）班", chinese(g), n) },
	func(g, n int) string { return fmt.Sprintf("%s(%d)班", chinese(g), n) },
	func(g, n int) string { return fmt.Sprintf("%d.%d", g, n) },
	func(g, n int) string { return fmt.Sprintf("%d-%d", g, n) },
	func(g, n int) string { return fmt.Sprintf("%d%02d", g, n) },
	func(g, n int) string { return fmt.Sprintf("%s年%s班", chinese(g), chinese(n)) },
	func(g, n int) string { return fmt.Sprintf("%d年级%d班", g, n) },
	func(g, n int) string { return wide(fmt.Sprintf("%d.%d", g, n)) },
	func(g, n int) string { return fmt.Sprintf("小%s(%d)班", chinese(g), n) },
	func(g, n int) string { return fmt.Sprintf("%s%s班", chinese(g), chinese(n)) },
}

func chinese(n int) string { return string([]rune("零一二三四五六七八九")[n]) }

// wide writes ASCII in full width.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x20 && r < 0x7f {
			return r + 0xfee0
		}
		return r
	}, s)
}

// dates are habits of writing one.
var dates = []func(d int) string{
	func(d int) string { return fmt.Sprintf("%d-%02d-%02d", d/10000, d/100%100, d%100) },
	func(d int) string { return fmt.Sprintf("%d/%d/%d", d/10000, d/100%100, d%100) },
	func(d int) string { return fmt.Sprintf("%d", d) },
	func(d int) string { return fmt.Sprintf("%d.%d.%d", d/10000, d/100%100, d%100) },
	func(d int) string { return fmt.Sprintf("%d年%d月%d日", d/10000, d/100%100, d%100) },
}

// pupilsCSV is a class teacher's list of a whole primary school in GB18030: a title,
// notes, a blank line, sums, every spelling.
func pupilsCSV() ([]byte, error) {
	var b strings.Builder
	line := func(cells ...string) { b.WriteString(strings.Join(cells, ",") + "\r\n") }
	line("松苑小学2019—2020学年度学生花名册", "", "", "", "", "", "", "", "")
	line("注：请各班核对后签字", "", "", "", "", "", "", "", "")
	b.WriteString("\r\n")
	line("序号", "姓 名", "性别", "出生年月日", "民族", "身份证号码（18位）", "班 级", "家长姓名", "家长电话")
	n := 0
	add := func(name, sex, birth, ethnic, id, class, parent, phone string) {
		n++
		line(fmt.Sprint(n), name, sex, birth, ethnic, id, class, parent, phone)
	}
	for g := 1; g <= 6; g++ {
		for c := 1; c <= 2; c++ {
			for k := range 10 {
				i := g*100 + c*10 + k
				p := Make(2, i, 2013-g)
				name, id, phone := p.Name, p.ID, p.Phone
				switch k {
				case 1:
					name = spaced(name)
				case 2:
					id, phone = wide(id), wide(phone)
				case 3:
					phone = phone[:3] + "-" + phone[3:7] + "-" + phone[7:]
				}
				add(name, p.Sex(), dates[i%len(dates)](p.Birth), []string{"汉族", "汉", "朝鲜族", "满", "01"}[i%5], id, spellings[i%len(spellings)](g, c), p.Parent, phone)
			}
		}
		line("", fmt.Sprintf("小计%d人", 20), "", "", "", "", "", "", "")
	}
	twin, other := IDNumber("220102", 20110515, 21, false), IDNumber("220102", 20110515, 22, false)
	add("欧阳思雨", "女", "2011-05-15", "汉族", twin, "二年级（1）班", "欧阳明", "13700004001")
	add("欧阳思雪", "女", "2011-05-15", "汉族", other, "二年级（1）班", "欧阳明", "13700004001")
	add("王一鸣", "男", "2010-03-07", "汉族", IDNumber("220102", 20100307, 31, true), "三（2）班", "王海", "13700004002")
	add("王一鸣", "男", "2010-09-21", "汉族", IDNumber("220103", 20100921, 32, true), "三（2）班", "王江", "13700004003")
	add("阿卜杜•热合曼", "男", "2010-06-01", "维吾尔族", IDNumber("650102", 20100601, 41, true), "3.2", "热合曼 买买提", "13700004004")
	add("李𬱖", "女", "2009-12-12", "汉族", IDNumber("220104", 20091212, 51, false), "四年级2班", "李㛃", "13700004005")
	line("合计", "126人", "", "", "", "", "", "", "")
	line("填表人：张红", "", "", "审核人：李军", "", "", "", "", "")
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("encode the sample in GB18030: %w", err)
	}
	return out, nil
}

func spaced(name string) string {
	var out []string
	for _, r := range name {
		out = append(out, string(r))
	}
	return strings.Join(out, "　")
}

// registryExport has the columns of the national pupil registry, with J and L
// numbers and a pupil without any.
func registryExport() []byte {
	var b bytes.Buffer
	b.WriteString("\xef\xbb\xbf")
	b.WriteString("学校标识码,全国学籍号,学籍辅号,班内学号,姓名,性别,出生日期,民族,身份证件类型,身份证件号,无证件原因,年级,班级,入学年月,就读方式,成员1姓名,成员1关系,成员1联系电话,成员1身份证件号,成员2姓名,成员2关系,成员2联系电话\r\n")
	row := func(i int, student, name, sex, birth, kind, id, reason string, p Person) {
		cells := []string{PrimarySchool, student, "", fmt.Sprint(i + 1), name, sex, birth, "汉族", kind, id, reason, "三年级", "3班", "201709", []string{"走读", "住校"}[i%2], p.Parent, "父亲", p.Phone, "", "", "", ""}
		if i%3 == 0 {
			q := Make(4, i, 1980)
			cells[19], cells[20], cells[21] = q.Name, "母亲", q.Phone
		}
		b.WriteString(strings.Join(cells, ",") + "\r\n")
	}
	for i := range 20 {
		p := Make(3, i, 2010)
		row(i, p.G(), p.Name, p.Sex(), fmt.Sprint(p.Birth), "居民身份证", p.ID, "", p)
	}
	p := Make(3, 50, 2010)
	row(20, "J220102201004160011", "朴美玲", "女", "20100416", "", "", "", p)
	row(21, "L220102201008090023", "金哲", "男", "20100809", "", "", "", p)
	row(22, "", "赵小天", "男", "20100118", "", "", "证件信息待补", p)
	row(23, "", "Anna Lee", "女", "20100707", "外国护照", "M12345678", "", p)
	return b.Bytes()
}
