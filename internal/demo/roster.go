package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The rosters are files as schools have them: a title above the header, the
// registry's own column names, one encoding or the other.

// pupilColumns are the headers of a pupils' roster.
var pupilColumns = []string{"姓名", "性别", "出生日期", "民族", "身份证件类型", "身份证件号", "全国学籍号", "年级", "班级", "就读方式",
	"监护人1姓名", "监护人1关系", "监护人1联系电话", "无证件原因"}

// staffColumns are the headers of a staff roster.
var staffColumns = []string{"姓名", "性别", "身份证件号", "岗位", "任教学科", "任教班级", "班主任", "联系电话", "主任职单位"}

// gradeNames spell a grade as a roster does.
var gradeNames = map[string]string{
	"K1": "小班", "K2": "中班", "K3": "大班",
	"P1": "一年级", "P2": "二年级", "P3": "三年级", "P4": "四年级", "P5": "五年级", "P6": "六年级",
	"J1": "七年级", "J2": "八年级", "J3": "九年级", "S1": "高一", "S2": "高二", "S3": "高三",
	"V1": "中职一年级", "V2": "中职二年级", "V3": "中职三年级",
}

// className is a class as the roster of a half-year names it: a class that was
// loaded in spring has risen by September.
func (c *class) className(autumn bool) string {
	grade := c.grade
	if autumn && !c.autumn {
		grade = grade[:1] + string(grade[1]+1)
	}
	return fmt.Sprintf("%s（%d）班", gradeNames[grade], c.no)
}

// pupilFile is the roster of the classes loaded in spring or autumn. The name
// says nothing; nil when there are no such classes.
func (s *school) pupilFile(autumn bool) []byte {
	rows := [][]string{{s.name + "学生名册"}, pupilColumns}
	n := 0
	for _, c := range s.classes {
		if c.autumn != autumn {
			continue
		}
		for _, p := range c.pupils {
			g := guardian{}
			if len(p.guardians) > 0 {
				g = p.guardians[0]
			}
			stay, idType := "走读", ""
			if p.boarding {
				stay = "住校"
			}
			if p.idNo != "" {
				idType = "居民身份证"
			}
			rows = append(rows, []string{p.name, p.sex, p.birth.String(), p.ethnic, idType, p.idNo, p.studentNo, gradeNames[c.grade],
				fmt.Sprintf("（%d）班", c.no), stay, g.name, g.relation, g.phone, p.noIDReason})
			n++
		}
	}
	if n == 0 {
		return nil
	}
	rows = append(rows, []string{"合计", fmt.Sprint(n)})
	return table(rows, s.lang == "zh" && !autumn)
}

// staffFile is the roster of the staff; a teacher of several classes has a row
// for each.
func (s *school) staffFile(autumn bool) []byte {
	rows := [][]string{staffColumns}
	for _, w := range s.staff {
		home := ""
		if w.elsewhere {
			home = "否"
		}
		row := func(class, leads string) {
			rows = append(rows, []string{w.name, w.sex, w.idNo, w.post, w.subject, class, leads, w.phone, home})
		}
		shown := 0
		for _, c := range w.teaches {
			if c.autumn && !autumn {
				continue
			}
			leads := ""
			if w.leads == c {
				leads = "是"
			}
			row(c.className(autumn), leads)
			shown++
		}
		if shown == 0 {
			row("", "")
		}
	}
	return table(rows, false)
}

// table writes rows as CSV, in GB18030 or in UTF-8 with a byte order mark.
func table(rows [][]string, gb bool) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for _, r := range rows {
		w.Write(r)
	}
	w.Flush()
	if gb {
		enc, err := simplifiedchinese.GB18030.NewEncoder().Bytes(out.Bytes())
		if err == nil {
			return enc
		}
	}
	return []byte(strings.Join([]string{"\ufeff", out.String()}, ""))
}
