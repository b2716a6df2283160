package paper

import (
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		num, den int64
		rate     string
		share    string
	}{
		{"whole", 100, 100, "100.0", "100.0"},
		{"nothing", 0, 100, "0.0", "0.0"},
		{"half up", 2075391, 2432659, "85.3", "85.3"},
		{"exactly half", 1001, 2000, "50.1", "50.1"},
		{"just under half", 10004999, 20000000, "50.0", "50.0"},
		{"nearly all is not 100.0", 9999, 10000, "99.9", "99.9"},
		{"nearly all of many", 1999999, 2000000, "99.9", "99.9"},
		{"hardly any is not 0.0", 1, 1000000, "0.1", "0.1"},
		{"a little over is not 100.0", 100001, 100000, "100.1", Unchecked},
		{"over", 263, 250, "105.2", Unchecked},
		{"below zero", -5, 1000, "-0.5", "-0.5"},
		{"base 30", 29, 30, "96.7", "96.7"},
		{"base 29", 29, 29, None, None},
		{"no base", 0, 0, None, None},
		{"no base but some", 3, 0, None, Unchecked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := Rate(tc.num, tc.den); got != tc.rate {
				t.Errorf("Rate(%d, %d) = %s, want %s", tc.num, tc.den, got, tc.rate)
			}
			if got := Share(tc.num, tc.den); got != tc.share {
				t.Errorf("Share(%d, %d) = %s, want %s", tc.num, tc.den, got, tc.share)
			}
		})
	}
}

// A rate is at most half a tenth from the truth, except where it would claim to be exact.
func TestRateProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		den := rapid.Int64Range(30, 6_000_000).Draw(t, "den")
		num := rapid.Int64Range(0, den).Draw(t, "num")
		text := Share(num, den)
		if (text == "100.0") != (num == den) || (text == "0.0") != (num == 0) {
			t.Fatalf("%d/%d = %s", num, den, text)
		}
		if text == "99.9" || text == "0.1" {
			return
		}
		got, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is no number", text)
		}
		off := new(big.Rat).Sub(got, new(big.Rat).SetFrac64(num*100, den))
		if off.Cmp(big.NewRat(1, 20)) > 0 || off.Cmp(big.NewRat(-1, 20)) <= 0 {
			t.Fatalf("%d/%d = %s", num, den, text)
		}
	})
}

func TestSmall(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 1: "＜5", 4: "＜5", 5: "5", -3: "-3", 1200: "1200"} {
		if got := Small(n).String(); got != want {
			t.Errorf("Small(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestConceal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		parts []int64
		want  []bool
	}{
		{"none small", []int64{10, 20}, []bool{false, false}},
		{"one small takes the smallest other", []int64{30, 3, 12, 0}, []bool{false, true, true, false}},
		{"two small are enough", []int64{30, 3, 1}, []bool{false, true, true}},
		{"one small beside nothing", []int64{0, 3}, []bool{false, true}},
		{"empty", nil, []bool{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, Conceal(tc.parts)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNumberer(t *testing.T) {
	t.Parallel()
	var n numberer
	var got []string
	for _, h := range []Heading{{Level: 1}, {Level: 2}, {Level: 2}, {Level: 3}, {Level: 4}, {Level: 1, Bare: true}, {Level: 1}, {Level: 2}, {Level: 9}} {
		got = append(got, n.label(h))
	}
	want := []string{"一、", "（一）", "（二）", "1．", "（1）", "", "二、", "（一）", "（1）"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, want := range map[int]string{1: "一", 10: "十", 11: "十一", 20: "二十", 21: "二十一", 99: "九十九", 100: "100"} {
		if got := chinese(i); got != want {
			t.Errorf("chinese(%d) = %s, want %s", i, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	cells, width := place([][]Cell{
		{Text("序号").Span(1, 2), Text("地区").Span(1, 2), Text("教师").Span(3, 1), Text("率").Span(1, 9)},
		{Text("在册"), Text("实名"), Text("率")},
	})
	var got [][4]int
	for _, c := range cells {
		got = append(got, [4]int{c.row, c.col, c.rows, c.cols})
	}
	want := [][4]int{{0, 0, 2, 1}, {0, 1, 2, 1}, {0, 2, 1, 3}, {0, 5, 2, 1}, {1, 2, 1, 1}, {1, 3, 1, 1}, {1, 4, 1, 1}}
	if diff := cmp.Diff(want, got); diff != "" || width != 6 {
		t.Errorf("width %d: %s", width, diff)
	}
}
