package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// CSV writes the columns and rows as comma-separated UTF-8 with a byte order mark, by
// which a spreadsheet knows the encoding; title and notes are left out, so that a
// program can read it. A text that a spreadsheet would take for a formula (it begins
// with = + - @ or a tab, also after blanks or in full width) gets an apostrophe before
// it. Errors are those of Rows and of w.
func CSV(w io.Writer, t Table) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = harmless(clean(c.Title))
	}
	if err := out.Write(line); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	n := 0
	for row, err := range t.Rows {
		if err != nil {
			return fmt.Errorf("row %d: %w", n+1, err)
		}
		n++
		if len(row) > len(t.Columns) {
			return fmt.Errorf("row %d: %d values for %d columns", n, len(row), len(t.Columns))
		}
		clear(line)
		for i, v := range row {
			v, err := value(v)
			if err != nil {
				return fmt.Errorf("row %d, column %d: %w", n, i+1, err)
			}
			text := format(v, t.Columns[i].Decimals)
			if _, isText := v.(string); isText {
				text = harmless(text)
			}
			line[i] = text
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("write row %d: %w", n, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// harmless puts an apostrophe before a text that a spreadsheet would compute.
func harmless(s string) string {
	if strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\n") || strings.HasPrefix(s, "\r") {
		return "'" + s
	}
	rest := strings.TrimLeft(s, " \u3000\u00A0\"")
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠", "\t"} {
		if strings.HasPrefix(rest, sign) {
			return "'" + s
		}
	}
	return s
}
