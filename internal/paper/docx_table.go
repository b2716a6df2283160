package paper

import "math"

// table writes a table in fixed layout over the whole width. Head rows repeat on each
// page, rows do not break, and the total row is bold.
func (x *docxWriter) table(t Table) {
	if t.columns() == 0 {
		return // Word refuses a table without cells
	}
	if t.Caption != "" {
		x.p("Caption", "", run{text: t.Caption})
	}
	all := make([][]Cell, 0, len(t.Head)+len(t.Rows)+1)
	all = append(append(all, t.Head...), t.Rows...)
	if t.Total != nil {
		all = append(all, t.Total)
	}
	widths := x.gridWidths(t)
	x.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="` + itoa(int64(x.width)) +
		`" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`)
	for _, w := range widths {
		x.WriteString(`<w:gridCol w:w="` + itoa(int64(w)) + `"/>`)
	}
	x.WriteString(`</w:tblGrid>`)
	cells, _ := place(all)
	grid := make([][]int, len(all)) // which cell covers a place, -1: none
	for r := range grid {
		grid[r] = make([]int, len(widths))
		for c := range grid[r] {
			grid[r][c] = -1
		}
	}
	for i, c := range cells {
		for y := range c.rows {
			for z := range c.cols {
				grid[c.row+y][c.col+z] = i
			}
		}
	}
	for r := range grid {
		x.WriteString(`<w:tr><w:trPr><w:cantSplit/>`)
		if r < len(t.Head) {
			x.WriteString(`<w:tblHeader/>`)
		}
		x.WriteString(`</w:trPr>`)
		style := x.cellStyle(t, r < len(t.Head), t.Total != nil && r == len(all)-1)
		x.tableRow(t, r, grid[r], cells, widths, style)
		x.WriteString(`</w:tr>`)
	}
	x.WriteString(`</w:tbl>`)
	if len(t.Notes) == 0 {
		x.p("Break", "")
	}
	for _, note := range t.Notes {
		x.p("Note", "", run{text: note})
	}
}

func (x *docxWriter) tableRow(t Table, r int, places []int, cells []placed, widths []int, style string) {
	for c := 0; c < len(places); {
		i := places[c]
		if i < 0 {
			x.cell(placed{rows: 1, cols: 1}, r, widths[c:c+1], style, false)
			c++
			continue
		}
		p := cells[i]
		left := p.left || t.Form && !p.header && r >= len(t.Head) && !p.numeric
		x.cell(p, r, widths[c:c+p.cols], style, left)
		c += p.cols
	}
}

// cell writes one cell of row r, or the part of a cell that comes down from above.
func (x *docxWriter) cell(p placed, r int, widths []int, style string, left bool) {
	w := 0
	for _, one := range widths {
		w += one
	}
	x.WriteString(`<w:tc><w:tcPr><w:tcW w:w="` + itoa(int64(w)) + `" w:type="dxa"/>`)
	if len(widths) > 1 {
		x.WriteString(`<w:gridSpan w:val="` + itoa(int64(len(widths))) + `"/>`)
	}
	first := p.rows == 1 || r == p.row
	if p.rows > 1 && first {
		x.WriteString(`<w:vMerge w:val="restart"/>`)
	} else if p.rows > 1 {
		x.WriteString(`<w:vMerge/>`)
	}
	x.WriteString(`<w:vAlign w:val="center"/></w:tcPr>`)
	props := ""
	if left {
		props = `<w:jc w:val="left"/>`
	}
	text := p.text
	if !first {
		text = ""
	}
	x.p(style, props, run{text: text})
	x.WriteString(`</w:tc>`)
}

// cellStyle names the paragraph style of a row's cells.
func (x *docxWriter) cellStyle(t Table, head, total bool) string {
	style := "Cell"
	switch {
	case head:
		style = "CellHead"
	case total:
		style = "CellTotal"
	}
	if t.wide() {
		return style + "Small"
	}
	return style
}

// gridWidths returns the width of each column in twips; they sum up to the text width.
func (x *docxWriter) gridWidths(t Table) []int {
	shares := t.shares()
	out := make([]int, len(shares))
	left, sum := x.width, 0.0
	for i, s := range shares {
		sum += s
		end := int(math.Round(sum * float64(x.width)))
		out[i] = end - (x.width - left)
		left -= out[i]
	}
	return out
}
