package paper

import (
	"strings"
	"unicode/utf8"
)

// A Cell is one cell of a Table: what is printed and, for a figure, its value, so that
// a worksheet holds a number and the paper the text. Make it by Text, Name, Int, Small,
// Percent, Decimal or Dash.
type Cell struct {
	text     string
	value    float64
	numeric  bool
	decimals int
	header   bool
	left     bool
	cols     int
	rows     int
}

// None is what stands in a cell without a figure.
const None = "—"

// Text is a cell of text in the middle (in a form: to the left). A line feed breaks the
// line.
func Text(s string) Cell { return Cell{text: s} }

// Name is the cell that names its row: to the left, read out as the row's heading.
func Name(s string) Cell { return Cell{text: s, header: true, left: true} }

// Label is a cell that names a row or a part of a form, in the middle.
func Label(s string) Cell { return Cell{text: s, header: true} }

// Int is a whole number.
func Int(n int64) Cell { return Cell{text: itoa(n), value: float64(n), numeric: true} }

// Small is a whole number that prints ＜5 from 1 to 4.
func Small(n int64) Cell {
	if s := SmallText(n); s != itoa(n) {
		return Text(s)
	}
	return Int(n)
}

// Percent is Share(num, den) without the sign: a number with one decimal, or the text
// that stands in its place.
func Percent(num, den int64) Cell { return rateCell(Share(num, den)) }

// Progress is Rate(num, den) without the sign; it may be over 100.
func Progress(num, den int64) Cell { return rateCell(Rate(num, den)) }

func rateCell(text string) Cell {
	c := Cell{text: text, decimals: 1}
	c.value, c.numeric = parseTenths(text)
	return c
}

// Dash is the cell without a figure.
func Dash() Cell { return Text(None) }

// Left puts the text to the left.
func (c Cell) Left() Cell { c.left = true; return c }

// Span lets the cell take so many columns and rows; 0 means 1. The cells that it covers
// are left out of their rows.
func (c Cell) Span(cols, rows int) Cell { c.cols, c.rows = cols, rows; return c }

// String returns what is printed.
func (c Cell) String() string { return c.text }

// placed is a cell and the place it takes.
type placed struct {
	Cell
	row, col   int // of the upper left corner, from 0
	rows, cols int // at least 1, inside the table
}

// place finds the column of each cell under the spans of the cells before it, and
// returns the cells and the width of the rows.
func place(rows [][]Cell) (cells []placed, width int) {
	taken := map[[2]int]bool{}
	for r, row := range rows {
		col := 0
		for _, c := range row {
			for taken[[2]int{r, col}] {
				col++
			}
			p := placed{Cell: c, row: r, col: col, rows: min(max(c.rows, 1), len(rows)-r), cols: max(c.cols, 1)}
			for y := range p.rows {
				for x := range p.cols {
					taken[[2]int{r + y, col + x}] = true
				}
			}
			cells = append(cells, p)
			col += p.cols
			width = max(width, col)
		}
	}
	return cells, width
}

// byRow groups placed cells by the row in which they begin.
func byRow(cells []placed, rows int) [][]placed {
	out := make([][]placed, rows)
	for _, c := range cells {
		out[c.row] = append(out[c.row], c)
	}
	return out
}

// shares returns the share of each column, summing up to 1: as given, or by the widest
// line of the cells that take one column.
func (t Table) shares() []float64 {
	n := t.columns()
	out := make([]float64, n)
	if len(t.Widths) == n {
		copy(out, t.Widths)
	} else {
		most := 14.0
		if t.Form {
			most = 24
		}
		for _, rows := range [][][]Cell{t.Head, t.Rows, {t.Total}} {
			cells, _ := place(rows)
			for _, c := range cells {
				if c.cols == 1 {
					out[c.col] = max(out[c.col], min(ems(c.text), most))
				}
			}
		}
		for i := range out {
			out[i] = max(out[i], 1.5) + 1
		}
	}
	sum := 0.0
	for _, w := range out {
		sum += w
	}
	for i := range out {
		out[i] /= max(sum, 1e-9)
	}
	return out
}

// ems measures the longest line of a text in full-width characters.
func ems(text string) float64 {
	longest := 0.0
	for line := range strings.Lines(text) {
		w := 0.0
		for _, r := range strings.TrimSuffix(line, "\n") {
			if utf8.RuneLen(r) > 2 {
				w++
			} else {
				w += 0.5
			}
		}
		longest = max(longest, w)
	}
	return longest
}
