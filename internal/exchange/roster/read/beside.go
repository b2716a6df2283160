package read

import (
	"context"
	"fmt"

	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

// Split makes a sheet of its own out of every table that stands beside another on
// one sheet, so that Read reads them all: the header 姓名 性别 身份证号 姓名 性别 身份证号 is
// that of two. A file in which such tables cannot be told apart is refused with
// several_tables. To split twice changes nothing.
func Split(ctx context.Context, f *sheet.File) error {
	var out []*sheet.Sheet
	for i, s := range f.Sheets {
		if s.Part != "" {
			out = append(out, s)
			continue
		}
		head, err := lookAhead(ctx, s)
		if err != nil {
			return fmt.Errorf("read sheet %d: %w", i+1, err)
		}
		best := findHeader(head)
		width := besides(best.labels)
		switch {
		case width < 0:
			return &sheet.Refusal{Code: sheet.SeveralTables}
		case width == 0:
			out = append(out, s)
		default:
			out = append(out, split(s, best, width)...)
		}
	}
	f.Sheets = out
	return nil
}

// split gives each table of width labels its view of the sheet.
func split(s *sheet.Sheet, head candidate, width int) []*sheet.Sheet {
	var out []*sheet.Sheet
	for i := 0; i+width <= len(head.labels); i += width {
		from, next := head.labels[i].index, -1
		if i == 0 {
			from = 0
		}
		last := head.labels[len(head.labels)-1].index
		if i+2*width <= len(head.labels) {
			next = head.labels[i+width].index
			last = head.labels[i+width-1].index
		}
		part := ""
		if i > 0 {
			part = columnName(from) + ":" + columnName(last)
		}
		var cells []sheet.Cell
		out = append(out, s.View(part, func(row sheet.Row) sheet.Row {
			if row.Number < head.row || ofAll(row) {
				return row
			}
			end := len(row.Cells)
			if next >= 0 {
				end = min(end, next)
			}
			cells = append(cells[:0], row.Cells[:end]...)
			clear(cells[:min(from, end)])
			row.Cells = cells
			return row
		}))
	}
	return out
}

// ofAll says whether a row belongs to every table: a title or a class alone in it, a
// line of sums or signatures.
func ofAll(row sheet.Row) bool {
	at, own := ownCells(row)
	if own == 0 {
		return true
	}
	first := row.Cells[at].Text
	return footer(first) || own == 1 && (reBanner.MatchString(value.Compact(first)) || value.FindClass(first) != "" || value.FindGrade(first) != "")
}

// besides says of how many labels each of several tables side by side consists; 0
// where there is one table, -1 where there are more that cannot be told apart.
func besides(labels []label) int {
	second := secondTable(labels)
	if second < 0 {
		return 0
	}
	for width := 2; width <= second; width++ {
		if repeats(labels, width) {
			return width
		}
	}
	return -1
}

// secondTable finds the name's column of a second table, -1 where there is none: the
// same words for the name again, behind them another thing that the first table says
// of a person, and nothing about a guardian.
func secondTable(labels []label) int {
	first, second := -1, -1
	left := map[Field]string{}
	for i, l := range labels {
		if second >= 0 && (l.m.guardian != "" || l.m.loose == "relation") {
			return -1
		}
		if l.m.field == Name && !l.m.weak {
			switch text := headerText(l.text); {
			case first < 0:
				first = i
				left[Name] = text
			case second < 0 && left[Name] == text:
				second = i
			}
		} else if second < 0 {
			left[l.m.field] = headerText(l.text)
		}
	}
	if second < 0 {
		return -1
	}
	for _, l := range labels[second:] {
		switch l.m.field {
		case IDNo, StudentNo, Sex, Birth:
			if left[l.m.field] == headerText(l.text) {
				return second
			}
		}
	}
	return -1
}

// repeats says whether the labels are tables of width labels with the same words;
// behind the last one may stand what is no field or a remark.
func repeats(labels []label, width int) bool {
	tables := 0
	for at := 0; at+width <= len(labels); at += width {
		name := false
		for i, l := range labels[at : at+width] {
			if headerText(l.text) != headerText(labels[i].text) {
				return false
			}
			name = name || l.m.field == Name
		}
		if !name {
			return false
		}
		tables++
	}
	for _, l := range labels[tables*width:] {
		if l.m.known() && !l.m.weak {
			return false
		}
	}
	return tables > 1
}
