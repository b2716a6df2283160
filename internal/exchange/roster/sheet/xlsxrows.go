package sheet

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxColumns is how far to the right a sheet is read.
const maxColumns = 1024

// merge is a merged region, rows and columns from 1, ends included.
type merge struct{ top, left, bottom, right int }

// sheet reads the sheet once: that its XML is whole, its merged regions, whether a
// cell holds anything. An empty sheet gives nil.
func (w *workbook) sheet(ctx context.Context, ref sheetRef) (*Sheet, error) {
	r := &rowReader{w: w, part: ref.part, look: true}
	filled := false
	if err := r.each(ctx, nil, func(row Row) error {
		filled = true
		return nil
	}); err != nil {
		return nil, err
	}
	if !filled {
		return nil, nil
	}
	merges := r.merges
	slices.SortFunc(merges, func(a, b merge) int { return a.top - b.top })
	return &Sheet{Name: ref.name, each: func(ctx context.Context, fn func(Row) error) error {
		return (&rowReader{w: w, part: ref.part}).each(ctx, merges, fn)
	}}, nil
}

// rowReader streams the rows of one sheet.
type rowReader struct {
	w      *workbook
	part   string
	merges []merge // found on the way, behind the rows
	cells  []Cell
	row    int
	column int
	used   bool
	look   bool   // the first look at the sheet
	value  []byte // of the present cell
	open   []openMerge
	rest   []merge
}

// openMerge is a merged region that the present row lies in.
type openMerge struct {
	merge
	cell Cell
}

// each runs through the rows. Merged regions given are applied; those found are
// kept in r.merges.
func (r *rowReader) each(ctx context.Context, merges []merge, fn func(Row) error) error {
	r.rest = merges
	found, err := r.w.scan(r.part, func(x *xmlScanner, kind xmlKind) error {
		if kind != xmlStart {
			return nil
		}
		switch string(x.name) {
		case "row":
			if r.row&0xff == 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			return r.readRow(x, fn)
		case "mergeCell":
			if m, ok := parseRange(x.attr("ref")); ok {
				r.merges = append(r.merges, m)
			}
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("part %s is missing", r.part)
	}
	return err
}

func (r *rowReader) readRow(x *xmlScanner, fn func(Row) error) error {
	r.row++
	if n, err := strconv.Atoi(x.attr("r")); err == nil && n > 0 {
		r.row = n
	}
	r.cells, r.column, r.used = r.cells[:0], 0, false
	if !x.empty {
		for {
			kind, err := x.next()
			if err != nil {
				return err
			}
			if kind == xmlEOF {
				return errXML
			}
			if kind == xmlEnd && string(x.name) == "row" {
				break
			}
			if kind == xmlStart && string(x.name) == "c" {
				if err := r.readCell(x); err != nil {
					return err
				}
			}
		}
	}
	r.applyMerges()
	if !r.used {
		return nil
	}
	return fn(Row{Number: r.row, Cells: r.cells})
}

func (r *rowReader) readCell(x *xmlScanner) error {
	r.column++
	if c := columnOf(x.attrBytes("r")); c > 0 {
		r.column = c
	}
	kind := cellKind(x.attrBytes("t"))
	style := decimal(x.attrBytes("s"))
	if x.empty {
		return nil
	}
	value := r.value[:0]
	formula, keep := false, false
	phonetic := false
	for {
		k, err := x.next()
		if err != nil {
			return err
		}
		if k == xmlEOF {
			return errXML
		}
		switch k {
		case xmlStart:
			switch string(x.name) {
			case "f":
				formula = true
			case "v", "t":
				keep = !x.empty && !phonetic
			case "rPh":
				phonetic = !x.empty
			}
		case xmlText:
			if keep {
				value = append(value, x.text...)
			}
		case xmlEnd:
			switch string(x.name) {
			case "v", "t":
				keep = false
			case "rPh":
				phonetic = false
			case "c":
				r.value = value
				if r.look && !formula && kind != "s" && !blankBytes(value) {
					r.used = true // the first look only asks whether there is anything
				} else {
					r.put(kind, style, value, formula)
				}
				return nil
			}
		}
	}
}

// cellKind is the t attribute as one of its known words, without a copy.
func cellKind(t []byte) string {
	switch string(t) {
	case "s":
		return "s"
	case "str", "inlineStr":
		return "str"
	case "b":
		return "b"
	case "e":
		return "e"
	case "d":
		return "d"
	}
	return "n"
}

// decimal reads a small number; 0 for none.
func decimal(s []byte) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<24 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func blankBytes(s []byte) bool {
	for _, c := range s {
		if c > ' ' && c < 0x80 {
			return false
		}
	}
	return true
}

// put stores the cell at the present column.
func (r *rowReader) put(kind string, style int, value []byte, formula bool) {
	if r.column > maxColumns {
		return
	}
	cell := Cell{Kind: Text}
	switch kind {
	case "s":
		if i := bytes.TrimSpace(value); len(i) > 0 {
			cell.Text, _ = r.w.strings.at(decimal(i))
		}
	case "str":
		cell.Text = string(control(value))
	case "b":
		cell.Kind, cell.Text = Bool, "FALSE"
		if truth(strings.TrimSpace(string(value))) {
			cell.Text = "TRUE"
		}
	case "e":
		cell.Kind, cell.Text = Error, string(value)
	case "d":
		cell.Kind, cell.Text = Date, string(value)
		if len(value) > 10 {
			cell.Text = string(value[:10])
		}
	default:
		if len(bytes.TrimSpace(value)) > 0 {
			cell = numberCell(string(value), r.w.format(style), r.w.date1904)
		}
	}
	if blankText(cell.Text) {
		cell = Cell{}
	} else if cell.Kind == Text && cell.Text[0] == '=' && len(cell.Text) > 1 {
		cell.Formula = true
	}
	cell.Formula = cell.Formula || formula
	if cell.Kind == Blank && !formula {
		return
	}
	r.used = true
	for len(r.cells) < r.column {
		r.cells = append(r.cells, Cell{})
	}
	r.cells[r.column-1] = cell
}

// applyMerges gives the cells of merged regions the value of the region's first
// cell, for its first column; the other columns stay blank.
func (r *rowReader) applyMerges() {
	for len(r.rest) > 0 && r.rest[0].top <= r.row {
		m := r.rest[0]
		r.rest = r.rest[1:]
		if m.left > maxColumns || m.bottom < r.row {
			continue
		}
		o := openMerge{merge: m}
		if m.top == r.row && m.left <= len(r.cells) {
			o.cell = r.cells[m.left-1]
			o.cell.Span = uint16(min(m.right-m.left+1, maxColumns))
			r.cells[m.left-1].Span = o.cell.Span
		}
		if m.bottom > m.top && o.cell.Kind != Blank {
			o.cell.Inherited = true
			r.open = append(r.open, o)
		}
	}
	kept := r.open[:0]
	for _, o := range r.open {
		if r.row > o.top && r.row <= o.bottom {
			for len(r.cells) < o.left {
				r.cells = append(r.cells, Cell{})
			}
			r.cells[o.left-1] = o.cell
		}
		if r.row < o.bottom {
			kept = append(kept, o)
		}
	}
	r.open = kept
}

// columnOf reads the column of a reference like AB12, from 1; 0 for none.
func columnOf(ref []byte) int {
	n := 0
	for _, c := range ref {
		switch {
		case c >= 'A' && c <= 'Z':
			n = n*26 + int(c-'A') + 1
		case c >= 'a' && c <= 'z':
			n = n*26 + int(c-'a') + 1
		case c == '$':
			continue
		default:
			return n
		}
		if n > 20000 {
			return 0
		}
	}
	return n
}

func parseRange(ref string) (merge, bool) {
	from, to, ok := strings.Cut(ref, ":")
	if !ok {
		return merge{}, false
	}
	m := merge{left: columnOf([]byte(from)), right: columnOf([]byte(to))}
	m.top, _ = strconv.Atoi(strings.TrimLeft(strings.ReplaceAll(from, "$", ""), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	m.bottom, _ = strconv.Atoi(strings.TrimLeft(strings.ReplaceAll(to, "$", ""), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	return m, m.left > 0 && m.top > 0 && m.right >= m.left && m.bottom >= m.top
}
