package i18n

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCompileAndFill(t *testing.T) {
	t.Parallel()
	at := time.Date(2019, 11, 5, 9, 0, 0, 0, zone)
	cases := []struct {
		name string
		text string
		args []any
		want string
	}{
		{"plain", "已保存", nil, "已保存"},
		{"separators", "{0}个空间将变为只读", []any{1566}, "1,566个空间将变为只读"},
		{"string", "{0}的空间", []any{"林知夏"}, "林知夏的空间"},
		{"no separators", "{0:d}班", []any{1566}, "1566班"},
		{"a year", "{0}年{1}月", []any{2019, int64(10)}, "2019年10月"},
		{"order", "{1}/{0}", []any{1, 2}, "2/1"},
		{"missing argument", "a{0}b", nil, "ab"},
		{"other braces", "{x} {0}", []any{3}, "{x} 3"},
		{"a key", "{0}", []any{Key("time.today")}, "今天"},
		{"negative", "{0}", []any{-1566}, "-1,566"},
		{"float", "{0}", []any{1.5}, "1.5"},
		{"stringer", "{0}", []any{at.Weekday()}, "Tuesday"},
		{"closed syllable", "{0:을/를}", []any{"공간"}, "공간을"},
		{"open syllable", "{0:을/를}", []any{"교사"}, "교사를"},
		{"after rieul", "{0:으로/로}", []any{"교실"}, "교실로"},
		{"after a digit", "{0:이/가}", []any{3}, "3이"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compiled := compile(c.text)
			got := compiled.whole
			if compiled.parts != nil {
				got = compiled.fill(Chinese, c.args)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, header string
		want         Language
	}{
		{"none", "", Chinese},
		{"first", "ko-KR,en;q=0.8", Korean},
		{"weights", "en;q=0.3, zh-CN;q=0.9", Chinese},
		{"unknown first", "fr, en-GB;q=0.5", English},
		{"bad weight", "en;q=x", English},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Match(c.header); got != c.want {
				t.Errorf("got %v, want %v", got.Code(), c.want.Code())
			}
		})
	}
	for _, l := range Languages() {
		if got, ok := Parse(l.Tag()); !ok || got != l {
			t.Errorf("%s does not parse back", l.Tag())
		}
		if got := Lang(With(context.Background(), l)); got != l {
			t.Errorf("context gave %v for %v", got, l)
		}
	}
	if Lang(context.Background()) != Chinese {
		t.Error("the default is Chinese")
	}
	if got := T(context.Background(), "no.such.key"); got != "no.such.key" {
		t.Errorf("an unknown key shows itself, got %q", got)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		n, d int64
		want string
	}{
		{"of the reference page", 2075391, 2432659, "85.3%"},
		{"half up", 1, 2000, "0.1%"},
		{"exact zero", 0, 7, "0.0%"},
		{"never zero", 1, 1000000, "0.1%"},
		{"exact whole", 7, 7, "100.0%"},
		{"never whole", 999999, 1000000, "99.9%"},
		{"over the target", 1012, 1000, "101.2%"},
		{"just over", 1000001, 1000000, "100.1%"},
		{"no base", 3, 0, "—"},
		{"half", 12345, 100000, "12.3%"},
		{"half rounds up", 12350, 100000, "12.4%"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Rate(c.n, c.d); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	got := []string{Number(0), Number(999), Number(1000), Number(-1234567), Wan(Chinese, 863440), Wan(Chinese, 1000000),
		Wan(English, 863440), Wan(Korean, 25000), Wan(Chinese, 9999), Wan(Chinese, 99999999), Few(0), Few(4), Few(5),
		Change(32), Change(-5), Change(0), Fraction(40, 42)}
	want := []string{"0", "999", "1,000", "-1,234,567", "86.3万", "100万",
		"863,440", "2.5만", "9,999", "10,000万", "0", "＜5", "5",
		"+32", "−5", "0", "40 / 42"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	now := time.Date(2019, 11, 5, 9, 0, 0, 0, zone)
	at := func(y, m, d, h, min int) time.Time { return time.Date(y, time.Month(m), d, h, min, 0, 0, zone) }
	cases := []struct {
		name string
		at   time.Time
		l    Language
		want string
	}{
		{"today", at(2019, 11, 5, 20, 0), Chinese, "今天20:00"},
		{"yesterday", at(2019, 11, 4, 19, 42), Chinese, "昨天19:42"},
		{"from UTC", time.Date(2019, 11, 4, 16, 30, 0, 0, time.UTC), Chinese, "今天00:30"},
		{"tomorrow", at(2019, 11, 6, 8, 0), Korean, "래일 08:00"},
		{"six days", at(2019, 10, 30, 8, 0), Chinese, "6天前08:00"},
		{"seven days", at(2019, 10, 29, 8, 0), Chinese, "10月29日08:00"},
		{"another year", at(2018, 10, 29, 8, 0), Chinese, "2018年10月29日"},
		{"ahead", at(2019, 11, 8, 8, 0), English, "in 3 days, 08:00"},
		{"far ahead", at(2019, 12, 8, 8, 0), English, "8 December, 08:00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := When(c.l, c.at, now); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	got := []string{Day(Chinese, 20191105), Day(Chinese, 0), Month(Chinese, 201910), Month(English, 201910),
		Month(Korean, 201910), DateTime(Chinese, now), DateTime(Korean, now), Date(English, now)}
	want := []string{"2019年11月5日", "", "2019年10月", "October 2019", "2019년 10월", "2019年11月5日09:00",
		"2019년 11월 5일 09:00", "5 November 2019"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkText(b *testing.B) {
	ctx := With(context.Background(), Korean)
	for b.Loop() {
		_ = T(ctx, "time.today")
	}
}

func BenchmarkTextWithArgument(b *testing.B) {
	ctx := With(context.Background(), Korean)
	for b.Loop() {
		_ = T(ctx, "time.today", "20:00")
	}
}
