package export

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// maxRows is the number of rows that a worksheet holds.
const maxRows = 1_048_576

// sheet is the name of the only worksheet.
const sheet = "Sheet1"

// XLSX writes the table as a workbook of one sheet: title and notes over the columns,
// then the head, which stays in view and repeats in print, then the rows. Rows go to a
// temporary file as they come. Texts are stored as text and numbers as numbers. Errors
// are those of Rows, of w, and more rows than a worksheet holds.
func XLSX(w io.Writer, t Table) error {
	f := excelize.NewFile()
	defer f.Close()
	s := &stream{f: f, t: t, headRow: len(t.Notes) + 1}
	if t.Title != "" {
		s.headRow++
	}
	// The stream takes the layout of the sheet as it begins.
	if err := s.layout(); err != nil {
		return fmt.Errorf("set up the sheet: %w", err)
	}
	if err := s.mark(); err != nil {
		return fmt.Errorf("mark the sheet: %w", err)
	}
	var err error
	if s.out, err = f.NewStreamWriter(sheet); err != nil {
		return fmt.Errorf("begin table: %w", err)
	}
	if err := s.makeStyles(); err != nil {
		return fmt.Errorf("make styles: %w", err)
	}
	if err := s.head(); err != nil {
		return fmt.Errorf("write head: %w", err)
	}
	if err := s.rows(); err != nil {
		return err
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	if _, err := f.WriteTo(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

type stream struct {
	f                         *excelize.File
	out                       *excelize.StreamWriter
	t                         Table
	headRow                   int // row of the column titles
	row                       int // rows written
	title, note, caption, txt int
	numbers                   []int // style of the numbers of each column
	whole                     int
}

func (s *stream) makeStyles() error {
	border := []excelize.Border{}
	for _, side := range []string{"left", "top", "right", "bottom"} {
		border = append(border, excelize.Border{Type: side, Color: "999999", Style: 1})
	}
	left := &excelize.Alignment{Vertical: "center", WrapText: true}
	for _, x := range []struct {
		id    *int
		style excelize.Style
	}{
		{&s.title, excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true, Size: 14}}},
		{&s.note, excelize.Style{NumFmt: 49, Font: &excelize.Font{Size: 10, Color: "444444"}}},
		{&s.caption, excelize.Style{NumFmt: 49, Border: border, Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EEF3F0"}}, Alignment: left}},
		{&s.txt, excelize.Style{NumFmt: 49, Border: border, Alignment: left}},
		{&s.whole, excelize.Style{NumFmt: 1, Border: border, Alignment: &excelize.Alignment{Vertical: "center"}}},
	} {
		id, err := s.f.NewStyle(&x.style)
		if err != nil {
			return err
		}
		*x.id = id
	}
	byDecimals := map[int]int{}
	for _, c := range s.t.Columns {
		id, known := byDecimals[c.Decimals]
		if !known {
			code := "0"
			if c.Decimals > 0 {
				code = "0." + strings.Repeat("0", c.Decimals)
			}
			var err error
			id, err = s.f.NewStyle(&excelize.Style{CustomNumFmt: &code, Border: border, Alignment: &excelize.Alignment{Vertical: "center"}})
			if err != nil {
				return err
			}
			byDecimals[c.Decimals] = id
		}
		s.numbers = append(s.numbers, id)
	}
	return nil
}

// head sets the widths and writes title, notes and column titles.
func (s *stream) head() error {
	corner, err := excelize.CoordinatesToCellName(1, s.headRow+1)
	if err != nil {
		return err
	}
	err = s.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: s.headRow, TopLeftCell: corner, ActivePane: "bottomLeft"})
	if err != nil {
		return err
	}
	for i, c := range s.t.Columns {
		width := c.Width
		if width == 0 {
			width = min(max(columnWidth(c.Title), 10), 40)
		}
		if err := s.out.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if s.t.Title != "" {
		if err := s.write([]any{excelize.Cell{StyleID: s.title, Value: clean(s.t.Title)}}); err != nil {
			return err
		}
	}
	for _, note := range s.t.Notes {
		if err := s.write([]any{excelize.Cell{StyleID: s.note, Value: clean(note)}}); err != nil {
			return err
		}
	}
	titles := make([]any, len(s.t.Columns))
	for i, c := range s.t.Columns {
		titles[i] = excelize.Cell{StyleID: s.caption, Value: clean(c.Title)}
	}
	return s.write(titles)
}

func (s *stream) rows() error {
	line := make([]any, len(s.t.Columns))
	n := 0
	for row, err := range s.t.Rows {
		n++
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		if len(row) > len(line) {
			return fmt.Errorf("row %d: %d values for %d columns", n, len(row), len(line))
		}
		if s.row == maxRows {
			return fmt.Errorf("row %d: a worksheet holds %d rows", n, maxRows)
		}
		for i := range line {
			var v any
			if i < len(row) {
				if v, err = value(row[i]); err != nil {
					return fmt.Errorf("row %d, column %d: %w", n, i+1, err)
				}
			}
			line[i] = s.cell(i, v)
		}
		if err := s.write(line); err != nil {
			return fmt.Errorf("write row %d: %w", n, err)
		}
	}
	return nil
}

func (s *stream) cell(column int, v any) excelize.Cell {
	switch v := v.(type) {
	case int64:
		// A spreadsheet keeps fifteen digits; a longer number is a name, not a count.
		if v > 999_999_999_999_999 || v < -999_999_999_999_999 {
			return excelize.Cell{StyleID: s.txt, Value: format(v, 0)}
		}
		return excelize.Cell{StyleID: s.whole, Value: v}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return excelize.Cell{StyleID: s.txt}
		}
		return excelize.Cell{StyleID: s.numbers[column], Value: v}
	case string:
		return excelize.Cell{StyleID: s.txt, Value: v}
	}
	return excelize.Cell{StyleID: s.txt}
}

func (s *stream) write(cells []any) error {
	s.row++
	name, err := excelize.CoordinatesToCellName(1, s.row)
	if err != nil {
		return err
	}
	return s.out.SetRow(name, cells)
}

// layout sets print layout and properties.
func (s *stream) layout() error {
	size, orientation, wide, tall, fit := 9, "landscape", 1, 0, true
	err := s.f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &size, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &tall})
	if err != nil {
		return err
	}
	if err := s.f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	err = s.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: sheet, RefersTo: fmt.Sprintf("%s!$%d:$%d", sheet, s.headRow, s.headRow)})
	if err != nil {
		return err
	}
	return s.f.SetDocProps(&excelize.DocProperties{Title: clean(s.t.Title), Creator: "Learnspace", Created: "1980-01-01T00:00:00Z", Modified: "1980-01-01T00:00:00Z"})
}

// columnWidth measures a title in characters of the standard font.
func columnWidth(s string) float64 {
	w := 2.0
	for _, r := range s {
		if utf8.RuneLen(r) > 2 {
			w += 2
		} else {
			w++
		}
	}
	return w
}
