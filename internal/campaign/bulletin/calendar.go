package bulletin

import (
	"slices"
	"time"

	"learnspace/internal/clock"
)

// Days off on weekdays and days worked at weekends, by the State Council's
// yearly notices (国办发明电〔2018〕15号, 〔2019〕16号, 〔2020〕27号). Years without
// a notice here have their weekends only.
var (
	daysOff = []span{
		{20190101, 20190101}, {20190204, 20190208}, {20190405, 20190405}, {20190501, 20190503}, {20190607, 20190607},
		{20190913, 20190913}, {20191001, 20191007},
		{20200101, 20200101}, {20200124, 20200131}, {20200406, 20200406}, {20200501, 20200505}, {20200625, 20200626}, {20201001, 20201008},
		{20210101, 20210101}, {20210211, 20210217}, {20210405, 20210405}, {20210501, 20210505}, {20210614, 20210614},
		{20210920, 20210921}, {20211001, 20211007},
	}
	daysWorked = []clock.Day{
		20190202, 20190203, 20190428, 20190505, 20190929, 20191012,
		20200119, 20200426, 20200509, 20200628, 20200927, 20201010,
		20210207, 20210220, 20210425, 20210508, 20210918, 20210926, 20211009,
	}
)

// span is a run of days, the last included.
type span struct{ first, last clock.Day }

// working reports whether offices work on the day.
func working(d clock.Day) bool {
	if slices.Contains(daysWorked, d) {
		return true
	}
	switch d.Start().Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	return !slices.ContainsFunc(daysOff, func(s span) bool { return s.first <= d && d <= s.last })
}

// reviewDays is for how many working days the units check their rows.
const reviewDays = 3

// ReviewDays returns the working days on which the units check the rows of a
// month that is frozen on the given day: that day, if offices work, and the
// following ones.
func ReviewDays(frozen clock.Day) []clock.Day {
	var out []clock.Day
	for d := frozen; len(out) < reviewDays; d = d.AddDays(1) {
		if working(d) {
			out = append(out, d)
		}
	}
	return out
}
