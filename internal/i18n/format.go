package i18n

import (
	"strconv"
	"time"

	"learnspace/internal/clock"
)

// zone is the product's one time zone, UTC+8 without rules.
var zone = clock.Zone

// Number writes n with thousands separators: 1,566.
func Number(n int64) string { return string(appendGrouped(nil, n)) }

func appendGrouped(b []byte, n int64) []byte {
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], n, 10)
	if digits[0] == '-' {
		b, digits = append(b, '-'), digits[1:]
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, d)
	}
	return b
}

// Wan writes a large count for a headline: from 10,000 on as 86.4万 (Korean
// 86.4만), half up to one decimal, which is left out when it is 0. English has
// no such unit and gets separators.
func Wan(l Language, n int64) string {
	if n < 10000 && n > -10000 || l == English {
		return Number(n)
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	tenths := (n + 500) / 1000
	s := sign + Number(tenths/10)
	if tenths%10 != 0 {
		s += "." + strconv.FormatInt(tenths%10, 10)
	}
	if l == Korean {
		return s + "만"
	}
	return s + "万"
}

// Tenths returns numerator/denominator in tenths of a percent, half up, and
// never 0, 1000 unless the rate is exactly that. ok is false where there is no
// denominator.
func Tenths(numerator, denominator int64) (tenths int64, ok bool) {
	if denominator <= 0 {
		return 0, false
	}
	t := (numerator*2000 + denominator) / (2 * denominator)
	switch {
	case t == 0 && numerator > 0:
		t = 1
	case t == 1000 && numerator < denominator:
		t = 999
	case t == 1000 && numerator > denominator:
		t = 1001
	}
	return t, true
}

// Rate writes numerator/denominator as a percentage with one decimal, by the
// rule of Tenths; — where there is no denominator. The base belongs beside it.
func Rate(numerator, denominator int64) string {
	t, ok := Tenths(numerator, denominator)
	if !ok {
		return "—"
	}
	b := strconv.AppendInt(nil, t/10, 10)
	b = append(b, '.', byte('0'+t%10), '%')
	return string(b)
}

// Fraction writes numerator / denominator with separators: 40 / 42.
func Fraction(numerator, denominator int64) string {
	return Number(numerator) + " / " + Number(denominator)
}

// Few writes a count of persons for tables across units: 1 to 4 print ＜5.
func Few(n int64) string {
	if n > 0 && n < 5 {
		return "＜5"
	}
	return Number(n)
}

// Change writes a difference with its sign: +32, −5, 0.
func Change(n int64) string {
	switch {
	case n > 0:
		return "+" + Number(n)
	case n < 0:
		return "−" + Number(-n)
	}
	return "0"
}

var englishMonths = [...]string{"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"}

// Date writes the day of t in full, for official pages: 2019年11月5日.
func Date(l Language, t time.Time) string {
	y, m, d := t.In(zone).Date()
	return date(l, y, int(m), d)
}

// Day writes a yyyymmdd number as Date does; "" for 0.
func Day[D ~int32 | ~int64 | ~int](l Language, day D) string {
	if day == 0 {
		return ""
	}
	return date(l, int(day/10000), int(day/100%100), int(day%100))
}

func date(l Language, y, m, d int) string {
	ys, ms, ds := strconv.Itoa(y), strconv.Itoa(m), strconv.Itoa(d)
	switch l {
	case English:
		return ds + " " + monthName(m) + " " + ys
	case Korean:
		return ys + "년 " + ms + "월 " + ds + "일"
	}
	return ys + "年" + ms + "月" + ds + "日"
}

func monthName(m int) string {
	if m < 1 || m > 12 {
		return strconv.Itoa(m)
	}
	return englishMonths[m-1]
}

// Month writes a yyyymm number: 2019年10月.
func Month[M ~int32 | ~int64 | ~int](l Language, month M) string {
	y, m := int(month/100), int(month%100)
	switch l {
	case English:
		return monthName(m) + " " + strconv.Itoa(y)
	case Korean:
		return strconv.Itoa(y) + "년 " + strconv.Itoa(m) + "월"
	}
	return strconv.Itoa(y) + "年" + strconv.Itoa(m) + "月"
}

// Clock writes the time of day: 20:00.
func Clock(t time.Time) string { return t.In(zone).Format("15:04") }

// DateTime writes day and time in full: 2019年11月5日20:00.
func DateTime(l Language, t time.Time) string {
	if l == Chinese {
		return Date(l, t) + Clock(t)
	}
	return Date(l, t) + " " + Clock(t)
}

// When writes t as seen at now: 今天20:00, 昨天19:42, 3天前19:42, 明天08:00;
// from the seventh day on the date, with the year when it is another one.
func When(l Language, t, now time.Time) string {
	t, now = t.In(zone), now.In(zone)
	clock := Clock(t)
	days := dayNumber(t) - dayNumber(now)
	if days <= -7 || days >= 7 {
		if t.Year() == now.Year() {
			return shortDate(l, t, clock)
		}
		return Date(l, t)
	}
	switch days {
	case 0:
		return Text(l, "time.today", clock)
	case -1:
		return Text(l, "time.yesterday", clock)
	case 1:
		return Text(l, "time.tomorrow", clock)
	}
	if days < 0 {
		return Text(l, "time.days_ago", int(-days), clock)
	}
	return Text(l, "time.in_days", int(days), clock)
}

// dayNumber counts days in the product's zone.
func dayNumber(t time.Time) int64 {
	_, offset := t.Zone()
	seconds := t.Unix() + int64(offset)
	if seconds < 0 {
		seconds -= 86399
	}
	return seconds / 86400
}

func shortDate(l Language, t time.Time, clock string) string {
	m, d := strconv.Itoa(int(t.Month())), strconv.Itoa(t.Day())
	switch l {
	case English:
		return d + " " + monthName(int(t.Month())) + ", " + clock
	case Korean:
		return m + "월 " + d + "일 " + clock
	}
	return m + "月" + d + "日" + clock
}
