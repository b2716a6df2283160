package paper

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// XLSX writes the tables of the paper as a workbook: one worksheet for each table of
// the text and of the annexes that are printed, with the title over its columns, head
// rows that stay in view and repeat in print, numbers as numbers, A4 landscape one page
// wide. A text is always stored as text, also when it begins with = + - or @. A paper
// without tables gives one sheet with its title. It fails when w does.
func XLSX(w io.Writer, d Document) error {
	f := excelize.NewFile()
	defer f.Close()
	book := &workbook{f: f, styles: map[cellLook]int{}, names: map[string]bool{}, version: d.Version}
	tables := tablesOf(d.Body)
	for _, a := range d.Annexes {
		if !a.Apart {
			tables = append(tables, tablesOf(a.Blocks)...)
		}
	}
	if len(tables) == 0 {
		tables = []Table{{Caption: flat(d.Title), Rows: [][]Cell{{Text("")}}}}
	}
	for _, t := range tables {
		if err := book.add(t); err != nil {
			return fmt.Errorf("write sheet %s: %w", flat(t.Caption), err)
		}
	}
	err := f.SetDocProps(&excelize.DocProperties{
		Title: flat(d.Title), Creator: d.Signer, Language: "zh-CN", Version: d.Version,
		Created: "1980-01-01T00:00:00Z", Modified: "1980-01-01T00:00:00Z",
	})
	if err != nil {
		return fmt.Errorf("write properties: %w", err)
	}
	f.SetActiveSheet(0)
	if _, err := f.WriteTo(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

func tablesOf(blocks []Block) []Table {
	var out []Table
	for _, b := range blocks {
		if t, ok := b.(Table); ok && t.columns() > 0 {
			out = append(out, t)
		}
	}
	return out
}

type workbook struct {
	f       *excelize.File
	styles  map[cellLook]int
	names   map[string]bool // lower case: Excel does not tell case apart
	version string
}

// cellLook is what distinguishes the styles of cells.
type cellLook struct {
	title, note, bold, left, bare bool
	format                        string
}

func (b *workbook) style(look cellLook) (int, error) {
	if id, ok := b.styles[look]; ok {
		return id, nil
	}
	s := &excelize.Style{
		Font:      &excelize.Font{Family: "宋体", Size: 11, Bold: look.bold},
		Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true},
	}
	if look.left {
		s.Alignment.Horizontal = "left"
	}
	if look.title {
		s.Font = &excelize.Font{Family: "黑体", Size: 16}
	}
	if look.format == "@" {
		s.NumFmt = 49
	} else if look.format != "" {
		s.CustomNumFmt = &look.format
	}
	if !look.bare {
		for _, side := range []string{"left", "top", "right", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Color: "000000", Style: 1})
		}
	}
	id, err := b.f.NewStyle(s)
	if err == nil {
		b.styles[look] = id
	}
	return id, err
}

// sheet is one worksheet while it is written.
type sheet struct {
	*workbook
	name string
	row  int // next row, from 1
	cols int
}

func (b *workbook) add(t Table) error {
	s := &sheet{workbook: b, name: b.sheetName(t), row: 1, cols: t.columns()}
	if len(b.names) == 1 {
		if err := b.f.SetSheetName(b.f.GetSheetName(0), s.name); err != nil {
			return err
		}
	} else if _, err := b.f.NewSheet(s.name); err != nil {
		return err
	}
	if t.Caption != "" {
		if err := s.line(flat(t.Caption), cellLook{title: true, bare: true}, 30); err != nil {
			return err
		}
	}
	first := s.row
	if err := s.rows(t.Head, func(placed) cellLook { return cellLook{bold: true} }); err != nil {
		return err
	}
	body := s.row
	err := s.rows(t.Rows, func(c placed) cellLook {
		return cellLook{left: c.left || t.Form && !c.header && !c.numeric}
	})
	if err != nil {
		return err
	}
	if t.Total != nil {
		if err := s.rows([][]Cell{t.Total}, func(placed) cellLook { return cellLook{bold: true} }); err != nil {
			return err
		}
	}
	for _, note := range t.Notes {
		if err := s.line(note, cellLook{note: true, left: true, bare: true}, 0); err != nil {
			return err
		}
	}
	return s.setup(t, first, body)
}

// rows writes rows of cells and moves on.
func (s *sheet) rows(rows [][]Cell, look func(placed) cellLook) error {
	cells, _ := place(rows)
	for _, c := range cells {
		l := look(c)
		from, to := s.at(c.col, c.row), s.at(c.col+c.cols-1, c.row+c.rows-1)
		var err error
		if c.numeric {
			l.format = "0"
			if c.decimals > 0 {
				l.format = "0." + strings.Repeat("0", c.decimals)
			}
			err = s.f.SetCellFloat(s.name, from, c.value, c.decimals, 64)
		} else {
			l.format = "@"
			err = s.f.SetCellStr(s.name, from, c.text)
		}
		if err != nil {
			return err
		}
		if from != to {
			if err := s.f.MergeCell(s.name, from, to); err != nil {
				return err
			}
		}
		id, err := s.style(l)
		if err != nil {
			return err
		}
		if err := s.f.SetCellStyle(s.name, from, to, id); err != nil {
			return err
		}
	}
	s.row += len(rows)
	return nil
}

// line writes a text over all columns.
func (s *sheet) line(text string, look cellLook, height float64) error {
	look.format = "@"
	from, to := s.at(0, 0), s.at(s.cols-1, 0)
	if err := s.f.SetCellStr(s.name, from, text); err != nil {
		return err
	}
	if s.cols > 1 {
		if err := s.f.MergeCell(s.name, from, to); err != nil {
			return err
		}
	}
	id, err := s.style(look)
	if err != nil {
		return err
	}
	if err := s.f.SetCellStyle(s.name, from, to, id); err != nil {
		return err
	}
	if height == 0 {
		height = 16 * math.Ceil(ems(text)*2.2/max(float64(s.cols)*10, 1))
	}
	if err := s.f.SetRowHeight(s.name, s.row, min(height, 400)); err != nil {
		return err
	}
	s.row++
	return nil
}

// at names the cell so many columns and rows from the beginning of the next row.
func (s *sheet) at(col, row int) string {
	name, _ := excelize.CoordinatesToCellName(col+1, s.row+row) // col and row are never negative
	return name
}

// setup sets widths, the frozen head and the print layout.
func (s *sheet) setup(t Table, first, body int) error {
	for i, share := range t.shares() {
		name, _ := excelize.ColumnNumberToName(i + 1)
		if err := s.f.SetColWidth(s.name, name, name, math.Round(min(max(share*130, 7), 60))); err != nil {
			return err
		}
	}
	corner, _ := excelize.CoordinatesToCellName(1, body)
	if body > 1 {
		err := s.f.SetPanes(s.name, &excelize.Panes{Freeze: true, YSplit: body - 1, TopLeftCell: corner, ActivePane: "bottomLeft"})
		if err != nil {
			return err
		}
	}
	if body > first {
		err := s.f.SetDefinedName(&excelize.DefinedName{
			Name: "_xlnm.Print_Titles", Scope: s.name,
			RefersTo: fmt.Sprintf("'%s'!$%d:$%d", strings.ReplaceAll(s.name, "'", "''"), first, body-1),
		})
		if err != nil {
			return err
		}
	}
	size, orientation, wide, tall, fit := 9, "landscape", 1, 0, true
	if err := s.f.SetPageLayout(s.name, &excelize.PageLayoutOptions{Size: &size, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &tall}); err != nil {
		return err
	}
	if err := s.f.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	margin, center := 0.6, true
	if err := s.f.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{Left: &margin, Right: &margin, Top: &margin, Bottom: &margin, Horizontally: &center}); err != nil {
		return err
	}
	footer := "&C— &P —"
	if s.version != "" {
		footer = "&L版本码 " + strings.ReplaceAll(s.version, "&", "&&") + footer
	}
	return s.f.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{OddFooter: footer})
}

// sheetName makes a name that a workbook accepts: at most 31 UTF-16 units, without
// : \ / ? * [ ], without apostrophe at the ends, and unlike the others.
func (b *workbook) sheetName(t Table) string {
	name := t.Sheet
	if name == "" {
		name, _, _ = strings.Cut(flat(t.Caption), "　")
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]`, r) || r < ' ' {
			return '_'
		}
		return r
	}, strings.Trim(strings.TrimSpace(name), "'"))
	if name == "" {
		name = "表"
	}
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = "（" + itoa(int64(n)) + "）"
		}
		try := cut16(name, 31-len([]rune(suffix))) + suffix
		if key := strings.ToLower(try); !b.names[key] {
			b.names[key] = true
			return try
		}
	}
}

// cut16 shortens a text to so many UTF-16 units.
func cut16(s string, units int) string {
	n := 0
	for i, r := range s {
		n += utf16.RuneLen(r)
		if n > units {
			return s[:i]
		}
	}
	return s
}
