package bulletin

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/paper"
)

// Document lays the content out as an official paper.
func (c Content) Document() paper.Document {
	d := paper.Document{
		Mark: markText, Title: c.title(), Addressees: c.addressees(), Signer: c.Office + "（印章）",
		Copies: copiesText, Issuer: c.Office + "办公室", Version: c.Code,
	}
	if c.Number > 0 {
		d.SerialText = fmt.Sprintf("第%d期", c.Number)
		d.Date, d.IssuedOn = dayText(c.Issued), dayText(c.Issued)
	}
	if c.Contact != "" {
		d.Contact = "联系人：" + c.Contact
		if c.Phone != "" {
			d.Contact += "，电话：" + c.Phone
		}
	}
	d.Body = append(d.Body, paper.Paragraph{Text: c.opening()},
		paper.Heading{Level: 1, Text: buildingText}, paper.Paragraph{Text: c.building()},
		paper.Heading{Level: 1, Text: problemsText})
	d.Body = append(d.Body, paragraphs(c.Problems)...)
	d.Body = append(d.Body, paper.Heading{Level: 1, Text: nextText})
	d.Body = append(d.Body, paragraphs(c.Next)...)
	d.Annexes = []paper.Annex{
		{Title: annexTables, Landscape: true, Blocks: []paper.Block{c.tableSpaces(), c.tableInstitutions()}},
		{Title: annexWords, Blocks: c.words()},
	}
	if len(c.Remarks) > 0 {
		d.Annexes = append(d.Annexes, paper.Annex{Title: annexRemarks, Blocks: c.remarks()})
	}
	return d
}

func dayText(d clock.Day) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%d年%d月%d日", d.Year(), int(d.MonthOfYear()), d.DayOfMonth())
}

// paragraphs makes one of each line.
func paragraphs(text string) []paper.Block {
	var out []paper.Block
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, paper.Paragraph{Text: line})
		}
	}
	return out
}

// column is one column of figures of a table.
type column struct {
	persons  bool // small numbers are hidden
	openBase bool // what a rate is of counts no persons
	dashZero bool // 0 stands for none
	value    func(Row) int64
	of       func(Row) int64 // makes it a rate of value
	rate     func(num, den int64) paper.Cell
}

// tableSpaces is 表1: targets, what is new, verified teachers and pupils.
// Without any target the columns of target and completion are left out.
func (c Content) tableSpaces() paper.Table {
	head := [][]paper.Cell{{paper.Text("序号").Span(1, 2), paper.Text("地区").Span(1, 2)}, {}}
	single := func(text string) { head[0] = append(head[0], paper.Text(text).Span(1, 2)) }
	newly := column{persons: true, value: func(r Row) int64 { return r.Newly }}
	cumulative := column{persons: true, value: func(r Row) int64 { return r.Cumulative }}
	columns := []column{newly, cumulative}
	if c.Total.Target > 0 {
		target := column{dashZero: true, value: func(r Row) int64 { return r.Target }}
		done := column{persons: true, openBase: true, value: func(r Row) int64 { return r.Year }, of: func(r Row) int64 { return r.Target }, rate: paper.Progress}
		single("年度目标\n（个）")
		columns = []column{target, newly, cumulative, done}
	}
	single("本月\n新增")
	single("累计\n新增")
	if c.Total.Target > 0 {
		single("完成率\n（%）")
	}
	for _, group := range []struct {
		name     string
		of, part func(Row) int64
	}{
		{"教师", func(r Row) int64 { return r.TeacherBase }, func(r Row) int64 { return r.Teachers }},
		{"学生", func(r Row) int64 { return r.PupilBase }, func(r Row) int64 { return r.Pupils }},
	} {
		head[0] = append(head[0], paper.Text(group.name).Span(3, 1))
		head[1] = append(head[1], paper.Text("在册"), paper.Text("实名"), paper.Text("率（%）"))
		columns = append(columns, column{persons: true, value: group.of}, column{persons: true, value: group.part},
			column{persons: true, value: group.part, of: group.of, rate: paper.Percent})
	}
	t := c.table(columns)
	t.Caption, t.Sheet, t.Head = "表1　各市（州）、直报单位实名空间进展情况", "表1 实名空间", head
	t.Notes = []string{orderNote}
	for _, note := range []string{c.baseNote(), c.leftOutNote()} {
		if note != "" {
			t.Notes = append(t.Notes, note)
		}
	}
	for _, r := range c.Remarks {
		t.Notes = append(t.Notes, remarkText(r))
	}
	return t
}

// tableInstitutions is 表2: schools and classes.
func (c Content) tableInstitutions() paper.Table {
	head := [][]paper.Cell{{paper.Text("序号").Span(1, 2), paper.Text("地区").Span(1, 2)}, {}}
	var columns []column
	for _, group := range []struct {
		name     string
		of, part func(Row) int64
	}{
		{"学校", func(r Row) int64 { return r.Schools }, func(r Row) int64 { return r.SchoolsOpened }},
		{"班级", func(r Row) int64 { return r.Classes }, func(r Row) int64 { return r.ClassesOpened }},
	} {
		head[0] = append(head[0], paper.Text(group.name).Span(3, 1))
		head[1] = append(head[1], paper.Text("在册"), paper.Text("开通"), paper.Text("率（%）"))
		columns = append(columns, column{value: group.of}, column{value: group.part},
			column{value: group.part, of: group.of, rate: paper.Percent})
	}
	t := c.table(columns)
	t.Caption, t.Sheet, t.Head = "表2　各市（州）、直报单位机构空间开通情况", "表2 机构空间", head
	return t
}

// table fills the rows and the total.
func (c Content) table(columns []column) paper.Table {
	var t paper.Table
	for i, r := range c.Rows {
		t.Rows = append(t.Rows, []paper.Cell{paper.Int(int64(i + 1)), paper.Name(r.Name)})
	}
	if len(c.Rows) > 1 {
		t.Total = []paper.Cell{paper.Label("合计").Span(2, 1)}
	}
	for _, col := range columns {
		hidden, hiddenBase := c.concealed(col.persons, col.value), c.concealed(col.persons && !col.openBase, col.of)
		for i, r := range c.Rows {
			t.Rows[i] = append(t.Rows[i], col.cell(r, hidden[i], hiddenBase[i]))
		}
		if t.Total != nil {
			t.Total = append(t.Total, col.cell(c.Total, false, false))
		}
	}
	return t
}

// concealed says which rows of a column are hidden.
func (c Content) concealed(persons bool, value func(Row) int64) []bool {
	if !persons || value == nil {
		return make([]bool, len(c.Rows))
	}
	parts := make([]int64, len(c.Rows))
	for i, r := range c.Rows {
		parts[i] = value(r)
	}
	return paper.Conceal(parts)
}

func (col column) cell(r Row, hidden, hiddenBase bool) paper.Cell {
	n := col.value(r)
	switch {
	case col.of != nil && (hidden || hiddenBase || col.of(r) == 0):
		return paper.Dash()
	case col.of != nil:
		return col.rate(n, col.of(r))
	case col.dashZero && n == 0:
		return paper.Dash()
	case hidden && n < 5:
		return paper.Small(n)
	case hidden:
		return paper.Dash()
	}
	return paper.Int(n)
}

func (c Content) leftOutNote() string {
	n := c.Total.LeftOut.Sum() + c.Total.LeftOut.Guardian
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("测试、演示单位未计入，本期剔除%d人。", n)
}

// words is the annex 指标解释.
func (c Content) words() []paper.Block {
	t := paper.Table{Caption: "本期所用指标", Sheet: annexWords, Form: true, Widths: []float64{1.3, 3.6, 2.4},
		Head: [][]paper.Cell{{paper.Text("指标"), paper.Text("分子或计算规则"), paper.Text("分母、范围")}}}
	lines := definitions
	if c.Total.Guardians > 0 {
		lines = append(slices.Clone(lines), guardianDefinition)
	}
	for _, d := range lines {
		t.Rows = append(t.Rows, []paper.Cell{paper.Label(d[0]), paper.Text(d[1]), paper.Text(d[2])})
	}
	return []paper.Block{t}
}

// remarks is the annex on the units' check.
func (c Content) remarks() []paper.Block {
	t := paper.Table{Caption: "各单位核对意见和处理", Sheet: annexRemarks, Form: true, Widths: []float64{1.4, 1.2, 1, 1, 3},
		Head: [][]paper.Cell{{paper.Text("地区"), paper.Text("指标"), paper.Text("平台数"), paper.Text("单位意见"), paper.Text("处理")}}}
	for _, r := range c.Remarks {
		outcome := map[Outcome]string{OutcomeAccepted: "更正为单位意见", OutcomeNoted: "表下注明", Open: "正在核对"}[r.Outcome]
		if r.Outcome != Open && r.Text != "" {
			outcome += "：" + r.Text
		}
		t.Rows = append(t.Rows, []paper.Cell{paper.Label(r.Unit), paper.Text(figureWords[r.Figure]), paper.Int(r.Platform), paper.Int(r.Said), paper.Text(outcome)})
	}
	return []paper.Block{t}
}

// The formats in which a bulletin can be taken away.
const (
	HTML = "html"
	DOCX = "docx"
	XLSX = "xlsx"
	JSON = "json"
)

// Write writes the paper in one of the formats.
func (c Content) Write(w io.Writer, format string) error {
	switch format {
	case HTML:
		return paper.HTML(w, c.Document())
	case DOCX:
		return paper.DOCX(w, c.Document())
	case XLSX:
		return paper.XLSX(w, c.Document())
	case JSON:
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(c)
	}
	return fmt.Errorf("write bulletin: unknown format %q", format)
}
