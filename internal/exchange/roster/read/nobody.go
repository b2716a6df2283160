package read

import (
	"regexp"
	"strconv"
	"strings"

	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/exchange/roster/value"
)

var (
	// reHint is how a hint under the header begins where a name would stand.
	reHint = regexp.MustCompile(`^(?:必填|必录|选填|非必填|可选|文本|文字|字符|请填|请输|填写|汉字|中文|与户口|与身份证|与证件|同身份证|同户口|按户口|按身份证|例如|如[:：]|格式|不能为空|不可为空|不得|required|text\b|string|varchar|e\.g)`)
	// reSentence is what stands in closing words and in no name.
	reSentence = regexp.MustCompile(`[:：。；;，,]|^[(（]|签字|签名|盖章`)
)

// hintRows is how many rows below the header may explain it.
const hintRows = 3

// listsNobody says whether a row with something in a needed column still lists
// nobody: a hint below the header, a row that numbers the columns, a line with
// nothing filled in but school, grade and class, closing words.
func (c *Columns) listsNobody(row sheet.Row, own int) bool {
	name := row.At(c.Index(Name))
	if !said(name) {
		return c.waiting(row)
	}
	if own == 1 {
		return reSentence.MatchString(name.Text)
	}
	if row.Number <= c.last+hintRows && reHint.MatchString(strings.Trim(strings.ToLower(value.Compact(name.Text)), "(（[【*")) && !numbered(row) {
		return true
	}
	return len(name.Text) <= len("甲") && numbersColumns(row)
}

// waiting says whether a row without a name holds nothing of a person either.
func (c *Columns) waiting(row sheet.Row) bool {
	for _, col := range c.columns {
		switch col.field {
		case SchoolCode, Grade, Class, Enrolled:
			continue
		}
		if said(row.At(col.index)) {
			return false
		}
	}
	return true
}

// numbered says whether a cell holds so many digits that it may be somebody's number
// or birthday.
func numbered(row sheet.Row) bool {
	for _, cell := range row.Cells {
		n := 0
		for _, r := range value.Compact(cell.Text) {
			if r >= '0' && r <= '9' {
				n++
			}
		}
		if n >= 6 {
			return true
		}
	}
	return false
}

// stems count columns as numbers do.
const stems = "甲乙丙丁戊己庚辛壬癸"

// numbersColumns says whether the cells of a row, three at least, count on from
// column to column: 1 2 3, 甲 乙 丙, A B C.
func numbersColumns(row sheet.Row) bool {
	count, before := 0, 0
	for _, cell := range row.Cells {
		if !said(cell) {
			continue
		}
		n := ordinal(value.Compact(cell.Text))
		if n == 0 || count > 0 && n != before+1 {
			return false
		}
		before = n
		count++
	}
	return count >= 3
}

// ordinal is the place of 3, 丙 or C in its row of signs, apart for each; 0 for
// anything else.
func ordinal(s string) int {
	if n, err := strconv.Atoi(s); err == nil && n > 0 && n < 100 {
		return n
	}
	if i := strings.Index(stems, s); i >= 0 && len(s) == len("甲") {
		return 200 + i/len("甲")
	}
	if len(s) == 1 && (s[0]|0x20) >= 'a' && (s[0]|0x20) <= 'z' {
		return 300 + int(s[0]|0x20)
	}
	return 0
}
