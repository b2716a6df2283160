package clock_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"learnspace/internal/clock"
)

func TestDayOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		at    time.Time
		day   clock.Day
		month clock.Month
	}{
		{"none", time.Time{}, 0, 0},
		{"noon", time.Date(2019, 10, 31, 4, 0, 0, 0, time.UTC), 20191031, 201910},
		{"late evening in UTC is the next day", time.Date(2019, 10, 31, 16, 0, 0, 0, time.UTC), 20191101, 201911},
		{"one second before midnight", time.Date(2019, 12, 31, 23, 59, 59, 0, clock.Zone), 20191231, 201912},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := clock.DayOf(tt.at); got != tt.day {
				t.Errorf("day %d, want %d", got, tt.day)
			}
			if got := clock.MonthOf(tt.at); got != tt.month {
				t.Errorf("month %d, want %d", got, tt.month)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		day   clock.Day
		month clock.Month
		dayOK bool
		monOK bool
	}{
		{"", 0, 0, true, true},
		{"2019-10-31", 20191031, 0, true, false},
		{"20191031", 20191031, 0, true, false},
		{"2019-10", 0, 201910, false, true},
		{"201910", 0, 201910, false, true},
		{"2019-02-29", 0, 0, false, false},
		{"2020-02-29", 20200229, 0, true, false},
		{"2019-13", 0, 0, false, false},
		{"2019-1-1", 0, 0, false, false},
		{"２０１９-10-31", 0, 0, false, false},
		{"+2019-10", 0, 0, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			d, err := clock.ParseDay(tt.in)
			if d != tt.day || (err == nil) != tt.dayOK {
				t.Errorf("day %d, %v", d, err)
			}
			m, err := clock.ParseMonth(tt.in)
			if m != tt.month || (err == nil) != tt.monOK {
				t.Errorf("month %d, %v", m, err)
			}
		})
	}
}

func TestMonth(t *testing.T) {
	t.Parallel()
	m := clock.Month(201912)
	if m.Next() != 202001 || m.Prev() != 201911 || m.Add(-12) != 201812 || m.Add(14) != 202102 {
		t.Errorf("around %v: %v %v %v %v", m, m.Next(), m.Prev(), m.Add(-12), m.Add(14))
	}
	if clock.Month(202002).Last() != 20200229 || m.First() != 20191201 || m.String() != "2019-12" {
		t.Error("bounds of a month")
	}
	if !m.End().Equal(time.Date(2020, 1, 1, 0, 0, 0, 0, clock.Zone)) {
		t.Errorf("ends at %v", m.End())
	}
	if clock.Month(0).Next() != 0 || clock.Month(0).String() != "" || clock.Day(0).String() != "" || !clock.Day(0).Start().IsZero() {
		t.Error("none does not stay none")
	}
}

func TestDayArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := clock.DayOf(time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")))
		n := rapid.IntRange(-5000, 5000).Draw(t, "n")
		e := d.AddDays(n)
		if !e.Valid() || e.AddDays(-n) != d || e.Sub(d) != n || (n > 0) != (e > d) {
			t.Errorf("%v + %d = %v", d, n, e)
		}
		if back, err := clock.ParseDay(d.String()); err != nil || back != d {
			t.Errorf("%v reads back as %v, %v", d, back, err)
		}
		if clock.DayOf(d.Start()) != d || clock.DayOf(d.End().Add(-1)) != d || d.End() != d.AddDays(1).Start() {
			t.Errorf("bounds of %v", d)
		}
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	type pair struct {
		D clock.Day
		M clock.Month
	}
	text, err := json.Marshal(pair{20191031, 201910})
	if err != nil || string(text) != `{"D":"2019-10-31","M":"2019-10"}` {
		t.Errorf("%s, %v", text, err)
	}
	var back pair
	if err := json.Unmarshal(text, &back); err != nil || back != (pair{20191031, 201910}) {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"D":"x"}`), &back); err == nil {
		t.Error("a wrong day was read")
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	var zero clock.Manual
	if zero.Now().UnixMilli() != 0 {
		t.Errorf("a new clock shows %v", zero.Now())
	}
	start := time.Date(2019, 11, 5, 9, 0, 0, 0, clock.Zone)
	m := clock.NewManual(start)
	s := clock.Shifted(m, -time.Hour)
	m.Advance(2 * time.Hour)
	if !s.Now().Equal(start.Add(time.Hour)) || s.Now().Location() != clock.Zone {
		t.Errorf("shifted shows %v", s.Now())
	}
	if clock.FromMillis(clock.Millis(start)) != start || clock.Millis(time.Time{}) != 0 || !clock.FromMillis(0).IsZero() {
		t.Error("milliseconds do not read back")
	}
	if d := time.Since(clock.System().Now()); d < -time.Minute || d > time.Minute {
		t.Errorf("the system clock is off by %v", d)
	}
}
