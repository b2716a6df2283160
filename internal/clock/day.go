package clock

import (
	"fmt"
	"time"
)

// Day is a calendar day in Zone as yyyymmdd (20191031). Zero means none. Days
// compare and sort as integers.
type Day int32

// DayOf returns the day in Zone that t falls on, or 0 for the zero time.
func DayOf(t time.Time) Day {
	if t.IsZero() {
		return 0
	}
	y, m, d := t.In(Zone).Date()
	return DayFrom(y, m, d)
}

// DayFrom makes a Day from its parts and does not check them; see Valid.
func DayFrom(year int, month time.Month, day int) Day {
	return Day(year*10000 + int(month)*100 + day)
}

// ParseDay reads "2019-10-31" or "20191031". The empty string gives 0. An
// impossible date is an error.
func ParseDay(s string) (Day, error) {
	if s == "" {
		return 0, nil
	}
	var digits string
	switch {
	case len(s) == 10 && s[4] == '-' && s[7] == '-':
		digits = s[:4] + s[5:7] + s[8:]
	case len(s) == 8:
		digits = s
	}
	n, ok := number(digits)
	if !ok || !Day(n).Valid() {
		return 0, fmt.Errorf("parse day %q: want YYYY-MM-DD", s)
	}
	return Day(n), nil
}

// Year returns the calendar year.
func (d Day) Year() int { return int(d) / 10000 }

// MonthOfYear returns the calendar month.
func (d Day) MonthOfYear() time.Month { return time.Month(int(d) / 100 % 100) }

// DayOfMonth returns the day of the month, from 1.
func (d Day) DayOfMonth() int { return int(d) % 100 }

// Month returns the month the day falls in, 0 for none.
func (d Day) Month() Month { return Month(d / 100) }

// IsZero reports whether d is none.
func (d Day) IsZero() bool { return d == 0 }

// Valid reports whether d is a day of the calendar from the year 1 to 9999.
func (d Day) Valid() bool {
	if d < 10101 || d > 99991231 {
		return false
	}
	t := time.Date(d.Year(), d.MonthOfYear(), d.DayOfMonth(), 0, 0, 0, 0, time.UTC)
	return DayFrom(t.Year(), t.Month(), t.Day()) == d
}

// Start returns the first instant of the day (midnight in Zone), or the zero
// time for none.
func (d Day) Start() time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Date(d.Year(), d.MonthOfYear(), d.DayOfMonth(), 0, 0, 0, 0, Zone)
}

// End returns the first instant after the day, or the zero time for none.
func (d Day) End() time.Time {
	if d == 0 {
		return time.Time{}
	}
	return d.AddDays(1).Start()
}

// AddDays returns the day n days later; n may be negative. None stays none.
func (d Day) AddDays(n int) Day {
	if d == 0 {
		return 0
	}
	t := time.Date(d.Year(), d.MonthOfYear(), d.DayOfMonth()+n, 0, 0, 0, 0, time.UTC)
	return DayFrom(t.Year(), t.Month(), t.Day())
}

// Sub returns the number of days from o to d.
func (d Day) Sub(o Day) int {
	return int(d.Start().Sub(o.Start()).Hours() / 24)
}

// String returns "2019-10-31", or "" for none.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year(), int(d.MonthOfYear()), d.DayOfMonth())
}

// MarshalText writes what String returns.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDay reads.
func (d *Day) UnmarshalText(text []byte) error {
	v, err := ParseDay(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Month is a calendar month in Zone as yyyymm (201910). Zero means none.
type Month int32

// MonthOf returns the month in Zone that t falls in, or 0 for the zero time.
func MonthOf(t time.Time) Month { return DayOf(t).Month() }

// ParseMonth reads "2019-10" or "201910". The empty string gives 0.
func ParseMonth(s string) (Month, error) {
	if s == "" {
		return 0, nil
	}
	var digits string
	switch {
	case len(s) == 7 && s[4] == '-':
		digits = s[:4] + s[5:]
	case len(s) == 6:
		digits = s
	}
	n, ok := number(digits)
	if !ok || !Month(n).Valid() {
		return 0, fmt.Errorf("parse month %q: want YYYY-MM", s)
	}
	return Month(n), nil
}

// Year returns the calendar year.
func (m Month) Year() int { return int(m) / 100 }

// MonthOfYear returns the calendar month.
func (m Month) MonthOfYear() time.Month { return time.Month(int(m) % 100) }

// IsZero reports whether m is none.
func (m Month) IsZero() bool { return m == 0 }

// Valid reports whether m is a month of the years 1 to 9999.
func (m Month) Valid() bool {
	return m >= 101 && m <= 999912 && m%100 >= 1 && m%100 <= 12
}

// First returns the first day of the month.
func (m Month) First() Day {
	if m == 0 {
		return 0
	}
	return Day(m)*100 + 1
}

// Last returns the last day of the month.
func (m Month) Last() Day { return m.Next().First().AddDays(-1) }

// Start returns the first instant of the month.
func (m Month) Start() time.Time { return m.First().Start() }

// End returns the first instant after the month.
func (m Month) End() time.Time { return m.Next().First().Start() }

// Next returns the following month.
func (m Month) Next() Month { return m.Add(1) }

// Prev returns the month before.
func (m Month) Prev() Month { return m.Add(-1) }

// Add returns the month n months later; n may be negative. None stays none.
func (m Month) Add(n int) Month {
	if m == 0 {
		return 0
	}
	total := m.Year()*12 + int(m.MonthOfYear()) - 1 + n
	return Month(total/12*100 + total%12 + 1)
}

// String returns "2019-10", or "" for none.
func (m Month) String() string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", m.Year(), int(m.MonthOfYear()))
}

// MarshalText writes what String returns.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMonth reads.
func (m *Month) UnmarshalText(text []byte) error {
	v, err := ParseMonth(string(text))
	if err != nil {
		return err
	}
	*m = v
	return nil
}

// number reads a run of ASCII digits.
func number(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
