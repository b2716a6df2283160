package codes

import (
	"errors"
	"strings"
	"time"
)

// Kinds of error of an identity number, in the order in which they are looked for.
var (
	// ErrIDLength: not eighteen characters.
	ErrIDLength = errors.New("identity number: not 18 characters")
	// ErrIDCheckDigit: a character that cannot stand there, or a wrong check digit.
	ErrIDCheckDigit = errors.New("identity number: wrong check digit")
	// ErrIDBirthDate: the eight digits of birth are no day of the calendar, or lie
	// before 1900 or after the reference day.
	ErrIDBirthDate = errors.New("identity number: impossible birth date")
)

// An IDNumber is what a valid identity number says about its holder.
type IDNumber struct {
	Region string // first six digits: where it was issued, maybe a region that is gone
	Birth  int32  // yyyymmdd
	Sex    string // SexMale or SexFemale
}

// CheckIDNumber checks an identity number of eighteen characters by GB 11643. It
// returns nil, ErrIDLength, ErrIDCheckDigit or ErrIDBirthDate, the first that holds.
// A small x at the end is accepted; blanks and full-width digits are not.
func CheckIDNumber(number string) error {
	_, err := ParseIDNumber(number, int32(99991231))
	return err
}

// ParseIDNumber checks an identity number like CheckIDNumber, refuses a birth after
// today (yyyymmdd), and returns what it says. It never puts the number in the error.
func ParseIDNumber[D ~int32](number string, today D) (IDNumber, error) {
	if len(number) != 18 {
		return IDNumber{}, ErrIDLength
	}
	digit, ok := IDCheckDigit(number[:17])
	last := number[17]
	if last == 'x' {
		last = 'X'
	}
	if !ok || last != digit {
		return IDNumber{}, ErrIDCheckDigit
	}
	birth, ok := calendarDay(number[6:14])
	if !ok || birth < 19000101 || birth > int32(today) {
		return IDNumber{}, ErrIDBirthDate
	}
	sex := SexFemale
	if (number[16]-'0')%2 == 1 {
		sex = SexMale
	}
	return IDNumber{Region: number[:6], Birth: birth, Sex: sex}, nil
}

// IDCheckDigit computes the eighteenth character for the first seventeen digits
// (GB 11643: weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2, modulo 11, 10X98765432).
// It says false when body is not seventeen digits.
func IDCheckDigit(body string) (byte, bool) {
	if len(body) != 17 || !digits(body) {
		return 0, false
	}
	sum := 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * int(body[i]-'0')
	}
	return "10X98765432"[sum%11], true
}

// Kinds of student number, by the first letter.
const (
	StudentG = 'G' // G and the identity number
	StudentJ = 'J' // J, region, birth, three of serial number, one more
	StudentL = 'L' // L, region, birth, four of serial number: temporary
)

// ErrStudentNumber: the text is not a student number.
var ErrStudentNumber = errors.New("not a student number of 19 characters")

// CheckStudentNumber checks the form of a 学籍号: nineteen characters, G, J or L, six
// digits of region, a birth date of the calendar, and four characters, of which only
// the last may be X. It does not demand that a G number be the holder's present
// identity number, nor that its check digit be right: numbers are mended, the student
// number stays. Small letters are accepted. It returns ErrStudentNumber or nil.
func CheckStudentNumber(number string) error {
	number = strings.ToUpper(number)
	if len(number) != 19 || !strings.ContainsRune("GJL", rune(number[0])) {
		return ErrStudentNumber
	}
	if !digits(number[1:18]) || !digits(number[18:]) && number[18] != 'X' {
		return ErrStudentNumber
	}
	if _, ok := calendarDay(number[7:15]); !ok {
		return ErrStudentNumber
	}
	return nil
}

// calendarDay reads eight digits as a day of the calendar.
func calendarDay(text string) (int32, bool) {
	t, err := time.Parse("20060102", text)
	if err != nil {
		return 0, false
	}
	return int32(t.Year()*10000 + int(t.Month())*100 + t.Day()), true
}
