package paper

// A Document is one official paper. Empty fields are left out.
type Document struct {
	Mark       string  // 发文机关标志 or the name of a series: 工作通报
	Red        bool    // red head: Mark in red above a red line
	SerialText string  // 发文字号 or number of the issue: 第8期
	Title      string  // 标题; a line feed breaks the line
	Addressees string  // 主送机关, with its colon
	Body       []Block // 正文
	Annexes    []Annex // 附件, in order; numbered when there are several
	Signer     string  // 发文机关署名
	Date       string  // 成文日期: 2019年11月5日
	Contact    string  // 附注, without its brackets: 联系人：…
	Copies     string  // 抄送机关, without the word 抄送
	Issuer     string  // 印发机关
	IssuedOn   string  // 印发日期, without the word 印发
	Version    string  // version code at the foot, to compare a sealed scan with
}

// An Annex (附件) begins on a page of its own, after the text and before the imprint.
type Annex struct {
	Title     string  // without number
	Landscape bool    // for wide tables
	Apart     bool    // sent by itself: named in the list with （分别发送）, not printed here
	Blocks    []Block // what it holds
}

// A Block is a Heading, a Paragraph, a Table or a Note.
type Block interface{ block() }

// A Heading of level 1 to 4 is numbered by the writers: 一、 （一） 1． （1）. The count
// begins again in each annex and under each higher heading.
type Heading struct {
	Level int    // 1 to 4
	Text  string // without number
	Run   string // text that goes on in the same line, in the font of the body
	Bare  bool   // without number
}

// A Paragraph of the body begins with two characters of indent.
type Paragraph struct {
	Text  string
	Flush bool // without indent
}

// A Note is a remark in small type under a table.
type Note struct{ Text string }

// A Table has a head that repeats on each page and a total row that does not.
type Table struct {
	Caption string    // above the table: 表1　实名空间
	Sheet   string    // name of its worksheet; "": taken from Caption
	Head    [][]Cell  // one or more rows
	Rows    [][]Cell  // body
	Total   []Cell    // 合计 row, in bold; nil: none
	Notes   []string  // under the table
	Widths  []float64 // share of each column; nil: by what the cells hold
	Form    bool      // a form with text in its cells: larger type, text to the left
}

func (Heading) block()   {}
func (Paragraph) block() {}
func (Table) block()     {}
func (Note) block()      {}

// columns returns the number of columns.
func (t Table) columns() int {
	n := 0
	for _, rows := range [][][]Cell{t.Head, t.Rows, {t.Total}} {
		_, width := place(rows)
		n = max(n, width)
	}
	return n
}

// wide says whether the table needs small type.
func (t Table) wide() bool { return !t.Form && t.columns() > 7 }

// annexLabel returns 附件 or 附件2, and the line of the list of annexes.
func annexLabel(annexes []Annex, i int) (label, line string) {
	label, line = "附件", annexes[i].Title
	if len(annexes) > 1 {
		n := itoa(int64(i + 1))
		label, line = "附件"+n, n+"．"+line
	}
	if annexes[i].Apart {
		line += "（分别发送）"
	}
	return label, line
}

// numberer gives headings their numbers.
type numberer [5]int

func (n *numberer) label(h Heading) string {
	level := min(max(h.Level, 1), 4)
	if h.Bare {
		return ""
	}
	n[level]++
	for i := level + 1; i < len(n); i++ {
		n[i] = 0
	}
	switch count := n[level]; level {
	case 1:
		return chinese(count) + "、"
	case 2:
		return "（" + chinese(count) + "）"
	case 3:
		return itoa(int64(count)) + "．"
	default:
		return "（" + itoa(int64(count)) + "）"
	}
}

// chinese writes 1 to 99 in Chinese numerals.
func chinese(n int) string {
	digit := []rune("〇一二三四五六七八九")
	if n < 1 || n > 99 {
		return itoa(int64(n))
	}
	out := ""
	if n >= 20 {
		out = string(digit[n/10])
	}
	if n >= 10 {
		out += "十"
	}
	if n%10 > 0 {
		out += string(digit[n%10])
	}
	return out
}
