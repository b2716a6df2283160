package account

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"learnspace/internal/fault"
)

const (
	// passwordMin is the least number of characters, staffMin that of whoever
	// needs a second factor.
	passwordMin = 8
	staffMin    = 10
	passwordMax = 128
)

//go:embed common.txt
var commonText string

// common holds passwords that are tried first, in lower case.
var common = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" {
			m[line] = true
		}
	}
	return m
})

// normalPassword is the form that is hashed: full-width letters from a Chinese
// keyboard count as the plain ones, whichever device typed them.
func normalPassword(p string) string { return norm.NFKC.String(p) }

// checkPassword applies the policy: 8 to 128 characters (staff: 10), not the
// sign-in name, not the holder's name in characters or pinyin, not one of the
// passwords that everybody tries first, not one character repeated and not a
// plain run; with [Dengbao] three of the four kinds of characters. It returns a
// complaint about the field password, or nil.
func checkPassword(preset Preset, staff bool, password, login, name string) *fault.Field {
	p := normalPassword(password)
	complain := func(key string, args ...any) *fault.Field {
		f := fault.At("password", key, args...)
		return &f
	}
	least := passwordMin
	if staff {
		least = staffMin
	}
	switch n := utf8.RuneCountInString(p); {
	case n == 0:
		return complain("account.password.missing")
	case n < least:
		return complain("account.password.short", least, n)
	case n > passwordMax:
		return complain("account.password.long", passwordMax)
	case preset == Dengbao && kinds(p) < 3:
		return complain("account.password.kinds")
	}
	low := strings.ToLower(p)
	bare := strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(low)
	spelled := pinyinOf(name)
	switch {
	case login != "" && (low == login || strings.TrimRight(low, "0123456789") == login):
		return complain("account.password.login")
	case name != "" && strings.TrimRight(bare, "0123456789") == name,
		spelled != "" && strings.TrimRight(bare, "0123456789") == spelled:
		return complain("account.password.name")
	case common()[bare], common()[low], repeated(bare), plainRun(bare):
		return complain("account.password.common")
	}
	return nil
}

// kinds counts which of capitals, small letters, digits and other characters a
// password has. A Chinese character counts as another one.
func kinds(p string) int {
	var has [4]int
	for _, r := range p {
		switch {
		case r >= 'A' && r <= 'Z':
			has[0] = 1
		case r >= 'a' && r <= 'z':
			has[1] = 1
		case r >= '0' && r <= '9':
			has[2] = 1
		default:
			has[3] = 1
		}
	}
	return has[0] + has[1] + has[2] + has[3]
}

// repeated reports whether s is one or two characters over and over.
func repeated(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) <= 2
}

// plainRun reports whether s only counts up or down: 12345678, hgfedcba.
func plainRun(s string) bool {
	rs := []rune(s)
	for _, step := range []rune{1, -1} {
		run := true
		for i := 1; i < len(rs); i++ {
			if rs[i]-rs[i-1] != step && !(rs[i-1] == '9' && rs[i] == '0') {
				run = false
				break
			}
		}
		if run {
			return true
		}
	}
	return false
}
