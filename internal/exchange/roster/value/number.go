package value

import (
	"errors"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/codes"
)

// NumberCell is a cell that should hold an identity number.
type NumberCell struct {
	Text    string
	Numeric bool // the cell is a number, not text
	Lossy   bool // a number of more than 15 digits
}

// ID reads an identity number of document type idType (code; "" not given). It
// returns the number without blanks, separators and apostrophes, in capitals; "" for
// an empty cell. Numbers of a citizen's identity card, and those of no type given,
// are checked by GB 11643: the first of id_lost_digits, id_length, id_check_digit
// and id_birth_date is returned. valid says that the number passed.
func ID(c NumberCell, idType string, today clock.Day) (number string, about codes.IDNumber, valid bool, fault Code) {
	if Empty(c.Text) {
		return "", about, false, ""
	}
	checked := idType == "" || idType == codes.IDResident
	text := strings.ToUpper(Compact(c.Text))
	text = strings.Trim(text, "'`\"")
	if checked && (c.Lossy || exponent(text)) {
		return text, about, false, IDLostDigits
	}
	number = cleanNumber(text)
	if !checked {
		return number, about, false, ""
	}
	about, err := codes.ParseIDNumber(number, today)
	switch {
	case errors.Is(err, codes.ErrIDLength):
		return number, about, false, IDLength
	case errors.Is(err, codes.ErrIDCheckDigit):
		return number, about, false, IDCheckDigit
	case err != nil:
		return number, about, false, IDBirthDate
	}
	return number, about, true, ""
}

// cleanNumber drops the separators that people put into long numbers. In an
// 18-character number × and * stand for X now and then; they are left, so that the
// check tells.
func cleanNumber(s string) string {
	if !strings.ContainsAny(s, "-.,_'`\"()[] /\\:·") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.,_'`\"()[] /\\:·", r) {
			return -1
		}
		return r
	}, s)
}

// exponent says whether text is a number in exponent form, 2.20102E+17.
func exponent(text string) bool {
	mantissa, power, ok := strings.Cut(text, "E")
	if !ok || mantissa == "" || power == "" {
		return false
	}
	return digitsOr(mantissa, ".,") && digitsOr(strings.TrimLeft(power, "+-"), "")
}

func digitsOr(s, also string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && strings.IndexByte(also, s[i]) < 0 {
			return false
		}
	}
	return true
}

// StudentNumber reads a 学籍号. It returns it in capitals without blanks, "" for an
// empty cell, and student_no_format when it is none; birth is the day that stands
// in it.
func StudentNumber(text string) (number string, birth clock.Day, fault Code) {
	if Empty(text) {
		return "", 0, ""
	}
	number = strings.ToUpper(cleanNumber(Compact(text)))
	if codes.CheckStudentNumber(number) != nil {
		return number, 0, StudentNoFormat
	}
	for i := 7; i < 15; i++ {
		birth = birth*10 + clock.Day(number[i]-'0')
	}
	return number, birth, ""
}

// Phone reads a telephone number and returns its digits: a mobile number, a
// landline with its area code, or a foreign number with + in front. Of several in
// one cell the first good one counts. ok is false when there is none.
func Phone(text string) (number string, ok bool) {
	text = Fold(text)
	if plainMobile(text) {
		return text, true
	}
	if n, ok := onePhone(text); ok {
		return n, true
	}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;/、；，|\\", r) }) {
		if n, ok := onePhone(part); ok {
			return n, true
		}
	}
	return mobileAmongWords(text)
}

// mobileAmongWords finds a mobile number that stands among words or blanks:
// 13800001111（父）.
func mobileAmongWords(text string) (string, bool) {
	for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return (r < '0' || r > '9') && (r >= 0x80 || strings.ContainsRune(" ():", r)) }) {
		if plainMobile(run) {
			return run, true
		}
	}
	return "", false
}

func plainMobile(s string) bool {
	return len(s) == 11 && s[0] == '1' && s[1] >= '3' && digitsOr(s, "")
}

func onePhone(text string) (string, bool) {
	text = strings.Trim(text, " '`\"")
	text = strings.TrimSuffix(text, ".0")
	plus := strings.HasPrefix(text, "+") || strings.HasPrefix(text, "(+")
	var d []byte
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			d = append(d, byte(r))
		case r == '+' && i <= 1, strings.ContainsRune(" -().·_", r):
		case (r == '转' || r == 'x' || r == 'X' || r == '#') && len(d) >= 7: // an extension
			return landline(string(d))
		default:
			return "", false
		}
	}
	s := string(d)
	if strings.HasPrefix(s, "00") && len(s) > 10 {
		s, plus = s[2:], true
	}
	if strings.HasPrefix(s, "86") && (plus || len(s) == 13) {
		s, plus = s[2:], false
	}
	switch {
	case plainMobile(s) && !plus:
		return s, true
	case plus:
		return "+" + s, len(s) >= 8 && len(s) <= 15 && s[0] != '0'
	}
	return landline(s)
}

// landline accepts an area code of three or four digits with seven or eight behind
// it, a local number, and 400 or 800 numbers.
func landline(s string) (string, bool) {
	switch {
	case len(s) >= 10 && len(s) <= 12 && s[0] == '0' && s[1] != '0':
		return s, s[1] == '1' && len(s) <= 11 || s[1] == '2' && len(s) <= 11 || s[1] >= '3' && len(s) >= 11
	case (len(s) == 7 || len(s) == 8) && s[0] >= '2' && s[0] <= '8':
		return s, true
	case len(s) == 10 && (s[:3] == "400" || s[:3] == "800"):
		return s, true
	}
	return "", false
}

// Mask shows the last four characters of a number and a star for what is hidden.
func Mask(s string) string {
	r := []rune(Compact(s))
	if len(r) <= 4 {
		return string(r)
	}
	return "***" + string(r[len(r)-4:])
}

// Found masks whatever a cell holds for a report: text with so many digits that it
// may be somebody's number is cut to its last four characters, all else to forty
// characters. Dates may have up to fourteen digits.
func Found(s string, date bool) string {
	s = Fold(s)
	limit, n := 9, 0
	if date {
		limit = 15
	}
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	if n >= limit {
		return Mask(s)
	}
	if r := []rune(s); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return s
}
