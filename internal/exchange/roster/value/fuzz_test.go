package value

import (
	"testing"
	"unicode/utf8"

	"learnspace/internal/codes"
)

func FuzzClass(f *testing.F) {
	for _, s := range []string{"三年级（2）班", "302", "3.2", "初一3班", "2018级3班", "三十二班", "1학년 2반", "实验班", "(((", "年级班"} {
		f.Add(s, "三年级", "211")
		f.Add(s, "", "312")
	}
	f.Fuzz(func(t *testing.T, class, grade, typ string) {
		r := NewClassReader(2019)
		c, fault, _ := r.Read(School{Type: typ}, grade, class, "", 0)
		if fault == "" {
			if c.Number < 1 || c.Number > 99 {
				t.Errorf("class %+v", c)
			}
			if _, known := codes.FindSchoolType(typ); known && !codes.HasGrade(typ, false, c.Grade) {
				t.Errorf("a school of type %s has no %s", typ, c.Grade)
			}
			if back, fault, _ := r.Read(School{Type: typ}, c.Grade, itoa(c.Number)+"班", "", 0); fault != "" || back != c {
				t.Errorf("%+v is read back as %+v (%s)", c, back, fault)
			}
		}
		_, _ = r.ReadList(School{Type: typ}, grade, class)
	})
}

func FuzzDay(f *testing.F) {
	for _, s := range []string{"2010-03-07", "20100307", "2010年3月7日", "二〇一〇年三月七日", "40244", "3/7/2010", "2018.9", "--"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, month bool) {
		d, ok := Day(text, month, today)
		if !ok {
			return
		}
		if !d.Valid() {
			t.Errorf("%q gives %d", text, d)
		}
		if back, ok := Day(d.String(), false, today); !ok || back != d {
			t.Errorf("%q gives %s, which gives %s", text, d, back)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"王 小 明", "阿卜杜·热合曼", "阿卜杜 热合曼", "Anna  Lee", "李𬱖", "··", " . "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := Name(s)
		if !utf8.ValidString(n) && utf8.ValidString(s) {
			t.Errorf("%q gives %q", s, n)
		}
		if again := Name(n); NameKey(again) != NameKey(n) {
			t.Errorf("%q gives %q, which gives %q", s, n, again)
		}
	})
}

func FuzzID(f *testing.F) {
	for _, s := range []string{"220102201003070013", "2.20102E+17", "", "无", "'220102201003070013", "22010220100307003x"} {
		f.Add(s, "", false)
	}
	f.Fuzz(func(t *testing.T, s, idType string, numeric bool) {
		n, about, valid, fault := ID(NumberCell{Text: s, Numeric: numeric}, idType, today)
		if valid && (fault != "" || codes.CheckIDNumber(n) != nil || about.Birth == 0) {
			t.Errorf("%q: %q %s", s, n, fault)
		}
		if m := []rune(Mask(s)); len(m) > 7 {
			t.Errorf("mask of %q shows %q", s, string(m))
		}
		_, _ = Phone(s)
		_, _, _ = StudentNumber(s)
	})
}
