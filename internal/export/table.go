package export

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// A Column is one column of a Table.
type Column struct {
	Title    string
	Width    float64 // in characters of the standard font; 0: by the title
	Decimals int     // of numbers in the column; whole numbers stay whole
}

// A Table is what one file holds. Texts are in the language of who asked for it.
type Table struct {
	Title   string   // first row; "": none
	Notes   []string // under the title: as of when, definition, filter
	Columns []Column
	// Rows gives the rows in order, each with at most one value a column: string, bool,
	// int, int32, int64, float64, fmt.Stringer, or nil for an empty cell. An error ends
	// the file and is returned.
	Rows iter.Seq2[[]any, error]
	// Watermark says who has taken the workbook out; nil: nobody in particular.
	Watermark *Watermark
}

// Rows turns rows that are all there into what Table wants.
func Rows(rows [][]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// maxText is the number of characters that a cell of a workbook holds.
const maxText = 32767

// value reduces what a row may hold to string, int64, float64 or nil.
func value(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return clean(v), nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case int:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case int64:
		return v, nil
	case float64:
		return v, nil
	case time.Time:
		return nil, fmt.Errorf("a time has no one form: give its text")
	case fmt.Stringer:
		return clean(v.String()), nil
	}
	return nil, fmt.Errorf("a cell cannot hold %T", v)
}

// clean takes out what XML cannot hold and cuts a text to what a cell holds.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if runes := []rune(s); len(runes) > maxText/2 { // a rare character counts twice
		s = string(runes[:maxText/2])
	}
	return s
}

// format writes a number with so many decimals; a whole number stays whole.
func format(v any, decimals int) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', decimals, 64)
	case string:
		return v
	}
	return ""
}
