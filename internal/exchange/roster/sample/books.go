package sample

import (
	"bytes"
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"
)

// book builds a workbook and remembers the first error.
type book struct {
	f   *excelize.File
	err error
}

func newBook(sheet string) *book {
	b := &book{f: excelize.NewFile()}
	b.keep(b.f.SetSheetName("Sheet1", sheet))
	return b
}

func (b *book) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *book) sheet(name string) {
	_, err := b.f.NewSheet(name)
	b.keep(err)
}

func (b *book) row(sheet string, number int, cells ...any) {
	b.keep(b.f.SetSheetRow(sheet, fmt.Sprintf("A%d", number), &cells))
}

func (b *book) merge(sheet, from, to string) { b.keep(b.f.MergeCell(sheet, from, to)) }

func (b *book) dates(sheet, from, to string) {
	style, err := b.f.NewStyle(&excelize.Style{NumFmt: 14})
	b.keep(err)
	b.keep(b.f.SetCellStyle(sheet, from, to, style))
}

func (b *book) bytes() ([]byte, error) {
	defer b.f.Close()
	var out bytes.Buffer
	if b.err == nil {
		b.err = b.f.Write(&out)
	}
	if b.err != nil {
		return nil, fmt.Errorf("write a sample workbook: %w", b.err)
	}
	return out.Bytes(), nil
}

func (p Person) time() time.Time {
	return time.Date(p.Birth/10000, time.Month(p.Birth/100%100), p.Birth%100, 0, 0, 0, 0, time.UTC)
}

// juniorWorkbook is a junior school's workbook: a sheet a grade, a title over the
// whole width, a header two rows deep, merged classes, date cells, telephone numbers
// as numbers, a sheet of notes and a hidden one.
func juniorWorkbook() ([]byte, error) {
	b := newBook("填写说明")
	b.row("填写说明", 1, "本表由各班班主任填写，教务处汇总。")
	for g, name := range []string{"七年级", "八年级", "九年级"} {
		b.sheet(name)
		b.row(name, 1, "松苑中学"+name+"学生名册")
		b.merge(name, "A1", "K1")
		b.row(name, 2, "班级", "姓名", "性别", "出生日期", "民族", "证件号", "学籍号", "监护人1", nil, nil, "监护人2")
		b.merge(name, "H2", "J2")
		b.merge(name, "K2", "M2")
		b.row(name, 3, nil, nil, nil, nil, nil, nil, nil, "姓名", "关系", "手机号", "姓名", "关系", "手机号")
		for _, c := range []string{"A", "B", "C", "D", "E", "F", "G"} {
			b.merge(name, c+"2", c+"3")
		}
		row := 4
		for class := 1; class <= 2; class++ {
			first := row
			for k := range 10 {
				p := Make(5+g, class*20+k, 2006-g)
				q := Make(8+g, class*20+k, 1979)
				phone := any(p.Phone)
				if k%2 == 0 {
					var n int
					fmt.Sscan(p.Phone, &n)
					phone = n
				}
				b.row(name, row, nil, p.Name, p.Sex(), p.time(), "汉族", p.ID, p.G(), p.Parent, "父亲", phone, q.Name, "母亲", q.Phone)
				row++
			}
			b.row(name, first, fmt.Sprintf("%s(%d)班", []string{"七", "初二", "九年级"}[g], class))
			b.merge(name, fmt.Sprintf("A%d", first), fmt.Sprintf("A%d", row-1))
		}
		b.dates(name, "D4", fmt.Sprintf("D%d", row-1))
		b.row(name, row, "合计", "20人")
	}
	b.sheet("去年")
	b.row("去年", 1, "姓名", "班级", "证件号")
	b.row("去年", 2, "不应读入", "九(1)班", "1")
	b.keep(b.f.SetSheetVisible("去年", false))
	return b.bytes()
}

// staffWorkbook lists the staff of the primary school: heads, class teachers,
// several subjects, a teacher of two schools.
func staffWorkbook() ([]byte, error) {
	b := newBook("教职工")
	b.row("教职工", 1, "松苑小学教职工花名册")
	b.merge("教职工", "A1", "I1")
	b.row("教职工", 2, "序号", "姓名", "性别", "身份证号", "岗位", "任教学科", "任教班级", "班主任", "手机号", "主任职单位")
	row := 3
	add := func(p Person, cells ...any) {
		b.row("教职工", row, append([]any{row - 2, p.Name, p.Sex(), p.ID}, cells...)...)
		row++
	}
	add(Make(20, 1, 1970), "校领导", nil, nil, nil, Make(20, 1, 1970).Phone, nil)
	add(Make(20, 2, 1975), "教导主任", "道德与法治", "五年级1班、五年级2班", nil, Make(20, 2, 1975).Phone, nil)
	for i := range 12 {
		p := Make(20, 10+i, 1980+i)
		class := fmt.Sprintf("%s年级%d班", chinese(i/2+1), i%2+1)
		add(p, "教师", []string{"语文", "数学", "语文、道德与法治"}[i%3], class, []string{"是", class}[i%2], p.Phone, nil)
	}
	p := Make(20, 40, 1988)
	add(p, "教师", "英语", "三（1）（2）班", "否", p.Phone, "是")
	add(p, "教师", "音乐", "四年级1班", "否", p.Phone, "是")
	q := Make(20, 41, 1990)
	add(q, "教师", "体育", "一年级1班、一年级2班", nil, q.Phone, JuniorSchool)
	add(Make(20, 42, 1965), "工勤", nil, nil, nil, nil, nil)
	b.row("教职工", row, "填表人：张红", nil, nil, "审核人：李军")
	return b.bytes()
}

// A Fault is a fault planted in a row.
type Fault struct {
	Row  int
	Code string
}

// Faults makes a workbook of the primary school that has each row fault once, and
// says where. The codes school_outside and held_elsewhere depend on what the system
// knows; the first is planted by the code of the junior school.
func Faults() ([]byte, []Fault, error) {
	const sheet = "学生"
	b := newBook(sheet)
	b.row(sheet, 1, "各种错误各一行，用来试导入报告")
	b.merge(sheet, "A1", "N1")
	b.row(sheet, 2, "学校标识码", "姓名", "性别", "出生日期", "民族", "证件号", "学籍号", "无证件原因", "年级", "班级", "监护人姓名", "监护人关系", "监护人电话", "入学年月")
	var faults []Fault
	row := 3
	plant := func(code string, change func(c []any)) {
		p := Make(30, row, 2010)
		c := []any{PrimarySchool, p.Name, p.Sex(), p.Day(), "汉族", p.ID, p.G(), nil, "三年级", "4班", p.Parent, "父亲", p.Phone, "2017-09"}
		if change != nil {
			change(c)
		}
		if code != "" {
			faults = append(faults, Fault{row, code})
		}
		b.row(sheet, row, c...)
		row++
	}
	plant("", nil)
	first := Make(30, row-1, 2010)
	plant("name_missing", func(c []any) { c[1] = nil })
	plant("name_conflict", func(c []any) {
		c[2], c[3], c[5], c[6] = first.Sex(), first.Day(), first.ID, first.G()
	})
	formula := row
	plant("formula_cell", func(c []any) { c[5] = nil })
	b.keep(b.f.SetCellFormula(sheet, fmt.Sprintf("F%d", formula), `"2201"&"02"`))
	plant("id_missing", func(c []any) { c[5], c[6] = nil, nil })
	plant("id_lost_digits", func(c []any) { c[5] = 220102201003070000 })
	plant("id_length", func(c []any) { c[5] = c[5].(string)[:17] })
	plant("id_check_digit", func(c []any) { id := c[5].(string); c[5] = id[:17] + wrong(id[17]) })
	plant("id_birth_date", func(c []any) { c[5] = IDNumber("220102", 20101345, 7, c[2] == "男") })
	plant("sex_mismatch", func(c []any) { c[2] = map[any]string{"男": "女", "女": "男"}[c[2]] })
	plant("birth_mismatch", func(c []any) { c[3] = "2009-01-31" })
	plant("sex_unknown", func(c []any) { c[2] = "难" })
	plant("date_invalid", func(c []any) { c[3] = "2010-02-30" })
	plant("student_no_format", func(c []any) { c[6] = "G" + c[5].(string)[:10] })
	plant("ethnic_unknown", func(c []any) { c[4] = "关东族" })
	plant("grade_unknown", func(c []any) { c[8] = "八年级" })
	plant("grade_missing", func(c []any) { c[8] = nil })
	plant("class_unreadable", func(c []any) { c[9] = "火箭班" })
	plant("school_unknown", func(c []any) { c[0] = "2122999999" })
	plant("school_outside", func(c []any) { c[0], c[8] = JuniorSchool, "七年级" })
	plant("duplicate_in_file", func(c []any) {
		c[1], c[2], c[3], c[5], c[6] = first.Name, first.Sex(), first.Day(), first.ID, first.G()
	})
	plant("phone_format", func(c []any) { c[12] = "1380000" })
	plant("", nil)
	content, err := b.bytes()
	return content, faults, err
}

func wrong(c byte) string {
	if c == '5' {
		return "6"
	}
	return "5"
}
