package sheet

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// numberFormat is what a cell's style says about showing a number, as far as a
// roster needs it.
type numberFormat struct {
	date     bool
	digits   int // least digits before the point, for 0000
	decimals int // digits behind the point; -1 as many as there are
}

var generalFormat = numberFormat{decimals: -1}

// builtinFormat gives the formats that a workbook does not write out (ECMA-376
// part 1, 18.8.30, with the Chinese and Korean date formats).
func builtinFormat(id int) numberFormat {
	switch {
	case id == 1:
		return numberFormat{}
	case id == 2, id == 4:
		return numberFormat{decimals: 2}
	case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id >= 57 && id <= 58:
		return numberFormat{date: true, decimals: -1}
	}
	return generalFormat
}

// parseFormat reads a written number format.
func parseFormat(code string) numberFormat {
	code, _, _ = strings.Cut(code, ";")
	var plain strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			if end := strings.IndexByte(code[i+1:], '"'); end >= 0 {
				plain.WriteString(code[i : i+end+2]) // 年 and 月 in quotes still say that it is a date
				i += end + 1
			}
		case '[':
			if end := strings.IndexByte(code[i:], ']'); end >= 0 {
				i += end
			}
		case '\\', '_', '*':
			i++
		default:
			plain.WriteByte(c)
		}
	}
	p := strings.ToLower(plain.String())
	bare := p
	for {
		open := strings.IndexByte(bare, '"')
		if open < 0 {
			break
		}
		end := strings.IndexByte(bare[open+1:], '"')
		if end < 0 {
			break
		}
		bare = bare[:open] + bare[open+end+2:]
	}
	if strings.Contains(bare, "general") || strings.Contains(bare, "常规") || bare == "@" {
		return generalFormat
	}
	if strings.ContainsAny(bare, "ye") && strings.ContainsAny(bare, "md") || strings.Contains(bare, "d") && strings.Contains(bare, "m") ||
		strings.Contains(bare, "yy") || strings.Contains(p, "年") || strings.Contains(p, "月") {
		return numberFormat{date: true, decimals: -1}
	}
	if strings.Trim(bare, "0#,. ") != "" {
		return generalFormat
	}
	whole, frac, _ := strings.Cut(bare, ".")
	f := numberFormat{digits: strings.Count(whole, "0"), decimals: strings.Count(frac, "0") + strings.Count(frac, "#")}
	if strings.Contains(frac, "#") || bare == "" {
		f.decimals = -1
	}
	return f
}

// numberCell reads the stored number v as the format shows it.
func numberCell(v string, f numberFormat, date1904 bool) Cell {
	v = strings.TrimSpace(v)
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return Cell{Text: v, Kind: Text}
	}
	if f.date && x >= 1 {
		if day, ok := SerialDay(x, date1904); ok {
			return Cell{Text: day, Kind: Date}
		}
	}
	if math.Abs(x) >= 1e15 {
		text := v
		if !strings.ContainsAny(v, "eE") && !strings.Contains(v, ".") {
			text = strings.TrimPrefix(v, "+")
		}
		return Cell{Text: text, Kind: Number, Lossy: true}
	}
	if f.decimals < 0 || f.date {
		return Cell{Text: shortest(x), Kind: Number}
	}
	text := strconv.FormatFloat(x, 'f', f.decimals, 64)
	if whole, frac, _ := strings.Cut(text, "."); x >= 0 && len(whole) < f.digits {
		text = strings.Repeat("0", f.digits-len(whole)) + whole
		if frac != "" {
			text += "." + frac
		}
	}
	return Cell{Text: text, Kind: Number}
}

// shortest writes x with the fifteen digits that a spreadsheet shows.
func shortest(x float64) string {
	if x == math.Trunc(x) {
		return strconv.FormatInt(int64(x), 10)
	}
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 15, 64), 64)
	if err != nil {
		y = x
	}
	return strconv.FormatFloat(y, 'f', -1, 64)
}

// SerialDay turns a spreadsheet's day number into YYYY-MM-DD. Day 60, the 29
// February 1900 that never was, and days beyond 9999 are none.
func SerialDay(x float64, date1904 bool) (string, bool) {
	n := int(math.Floor(x))
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case date1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case n < 60:
		n++
	case n == 60:
		return "", false
	}
	if n < 0 || n > 2958465 {
		return "", false
	}
	return base.AddDate(0, 0, n).Format("2006-01-02"), true
}
