package value

import (
	"strconv"
	"strings"

	"learnspace/internal/clock"
)

// Day reads a date in the habits of rosters: 2010-03-07, 2010/3/7, 2010.3.7,
// 20100307, 2010年3月7日, 二〇一〇年三月七日, 10-3-7, 3/7/2010, the day number of a
// spreadsheet, each with or without a time behind it. With month allowed a year and
// month do too (2018-09, 2018年9月, 201809, 2018年秋), as the first of the month. It
// says false for what is no day of the calendar and for days before 1900.
func Day(text string, month bool, today clock.Day) (clock.Day, bool) {
	if d, ok := isoDay(text); ok {
		return d, d.Valid() && d > 19000100
	}
	s := strings.ToLower(Fold(text))
	s = strings.Trim(s, "'`\"")
	s = cutTime(s)
	if strings.ContainsAny(s, "年月日") && !strings.ContainsAny(s, "0123456789") {
		s = chineseDate(s)
	}
	s = strings.NewReplacer("年", "-", "月", "-", "日", "", "号", "", "년", "-", "월", "-", "일", "", "/", "-", ".", "-", "。", "-", "、", "-",
		",", "-", "\\", "-", "_", "-", "·", "-", "~", "-", " ", "-").Replace(s)
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '-' })
	for _, p := range parts {
		if !digitsOr(p, "") || len(p) > 8 {
			return season(parts, month)
		}
	}
	var d clock.Day
	switch len(parts) {
	case 3:
		d = threeParts(parts, today)
	case 2:
		if month && len(parts[0]) == 4 {
			d = ymd(parts[0], parts[1], "1", today)
		} else if month && len(parts[1]) == 4 {
			d = ymd(parts[1], parts[0], "1", today)
		}
	case 1:
		d = onePart(parts[0], month, today)
	}
	return d, d.Valid() && d > 19000100
}

// isoDay is the quick way for 2010-03-07 and 20100307.
func isoDay(s string) (clock.Day, bool) {
	switch {
	case len(s) == 10 && s[4] == s[7] && (s[4] == '-' || s[4] == '/'):
		s = s[:4] + s[5:7] + s[8:]
	case len(s) == 8:
	default:
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return clock.Day(n), n >= 10000000
}

// cutTime cuts a time of day off the end, also in the form 20100307000000.
func cutTime(s string) string {
	if i := strings.IndexByte(s, ':'); i > 0 {
		j := strings.LastIndexAny(s[:i], " t")
		if j < 0 {
			return s
		}
		s = s[:j]
		for _, half := range []string{"上午", "下午"} {
			s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), half))
		}
		return s
	}
	if len(s) == 14 && digitsOr(s, "") {
		return s[:8]
	}
	return s
}

// chineseDate turns numerals into digits: 二〇一〇年三月十七日.
func chineseDate(s string) string {
	var b strings.Builder
	year, rest, ok := strings.Cut(s, "年")
	if !ok {
		return s
	}
	for _, r := range year {
		d, ok := numerals[r]
		if !ok && (r == 'o' || r == '○' || r == 'О') {
			d, ok = 0, true
		}
		if !ok || d > 9 {
			return s
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteString("年")
	for _, unit := range []string{"月", "日"} {
		part, more, found := strings.Cut(rest, unit)
		if part == "" {
			break
		}
		n, ok := Numeral(part)
		if !ok {
			return s
		}
		b.WriteString(strconv.Itoa(n))
		if found {
			b.WriteString(unit)
		}
		rest = more
	}
	return b.String()
}

// threeParts orders year, month and day: the year has four digits or stands first;
// with the year last it is month, day, year, as spreadsheets in English write it,
// or day, month, year where the first cannot be a month.
func threeParts(p []string, today clock.Day) clock.Day {
	if len(p[2]) == 4 && len(p[0]) <= 2 {
		first, _ := strconv.Atoi(p[0])
		if first > 12 {
			return ymd(p[2], p[1], p[0], today)
		}
		return ymd(p[2], p[0], p[1], today)
	}
	return ymd(p[0], p[1], p[2], today)
}

// onePart reads a run of digits: a day, a month, or a spreadsheet's day number.
func onePart(s string, month bool, today clock.Day) clock.Day {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	switch len(s) {
	case 8:
		return clock.Day(n)
	case 6:
		if y, m := n/100, n%100; y >= 1900 && y <= 2099 && m >= 1 && m <= 12 {
			if month {
				return clock.Day(n*100 + 1)
			}
			return 0
		}
		return ymd(s[:2], s[2:4], s[4:], today)
	case 5: // 20000 is in 1954, 60000 in 2064
		if n >= 20000 && n <= 60000 {
			return clock.Day(19000101).AddDays(n - 2)
		}
	case 4:
		if month && n >= 1950 && n <= 2099 {
			return clock.Day(n*10000 + 901)
		}
	}
	return 0
}

// season reads 2018年秋季 and 2018级, which stand in columns of enrolment.
func season(parts []string, month bool) (clock.Day, bool) {
	if !month || len(parts) == 0 || len(parts) > 2 {
		return 0, false
	}
	s := strings.Join(parts, "")
	if len(s) < 5 || !digitsOr(s[:4], "") {
		return 0, false
	}
	n, _ := strconv.Atoi(s[:4])
	if n < 1950 || n > 2099 {
		return 0, false
	}
	switch s[4:] {
	case "秋", "秋季", "级", "秋季入学", "入学":
		return clock.Day(n*10000 + 901), true
	case "春", "春季":
		return clock.Day(n*10000 + 301), true
	}
	return 0, false
}

// ymd puts a date together; a year of two digits is the latest that has begun.
func ymd(y, m, d string, today clock.Day) clock.Day {
	year, err1 := strconv.Atoi(y)
	mon, err2 := strconv.Atoi(m)
	day, err3 := strconv.Atoi(d)
	if err1 != nil || err2 != nil || err3 != nil || len(m) > 2 || len(d) > 2 || mon == 0 || day == 0 {
		return 0
	}
	switch len(y) {
	case 2:
		year += today.Year() / 100 * 100
		if year > today.Year() {
			year -= 100
		}
	case 4:
	default:
		return 0
	}
	return clock.Day(year*10000 + mon*100 + day)
}
