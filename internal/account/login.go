package account

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"

	"learnspace/internal/fault"
)

const (
	loginMin = 4
	loginMax = 20
	// loginDigits is the longest run of digits in a sign-in name: eight would
	// be a birthday, eleven a phone, more an identity number.
	loginDigits = 7
)

// FoldLogin brings a sign-in name into the form that is stored and compared:
// compatibility letters made plain, lower case, no blanks around it.
func FoldLogin(typed string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFKC.String(typed)))
}

// checkLogin applies the rules of a chosen sign-in name to its folded form: 4
// to 20 letters (Latin, Chinese or Korean), digits, dots, dashes and
// underscores, a letter among them, and no run of eight digits, so that it is
// neither a birthday nor a phone nor a number of a document.
func checkLogin(login string) *fault.Field {
	complain := func(key string, args ...any) *fault.Field {
		f := fault.At("login", key, args...)
		return &f
	}
	n := utf8.RuneCountInString(login)
	switch {
	case n == 0:
		return complain("account.login.missing")
	case n < loginMin:
		return complain("account.login.short", loginMin, n)
	case n > loginMax:
		return complain("account.login.long", loginMax, n)
	}
	letters, run := 0, 0
	for _, r := range login {
		switch {
		case r >= '0' && r <= '9':
			if run++; run > loginDigits {
				return complain("account.login.number")
			}
			continue
		case r >= 'a' && r <= 'z', unicode.Is(unicode.Han, r), unicode.Is(unicode.Hangul, r):
			letters++
		case r == '.' || r == '-' || r == '_':
		default:
			return complain("account.login.letters")
		}
		run = 0
	}
	if letters == 0 {
		return complain("account.login.digits")
	}
	return nil
}

// pinyinOf spells a name in plain Latin letters, without tones and blanks.
// Characters without a reading are left out; Latin letters stay.
func pinyinOf(name string) string {
	args := pinyin.NewArgs()
	var b strings.Builder
	for _, r := range norm.NFKC.String(name) {
		switch {
		case r < unicode.MaxASCII && unicode.IsLetter(r):
			b.WriteRune(unicode.ToLower(r))
		case unicode.Is(unicode.Han, r):
			if s := pinyin.SinglePinyin(r, args); len(s) > 0 {
				b.WriteString(strings.ReplaceAll(s[0], "ü", "v"))
			}
		}
	}
	return b.String()
}

// loginBase is the part of a suggested name before its digits.
func loginBase(name string) string {
	base := pinyinOf(name)
	if len(base) < 2 {
		base = "xuexi"
	}
	return base[:min(len(base), loginMax-5)]
}

// suggestLogins offers sign-in names made of the name's pinyin and digits, in
// the order in which they should be tried. They carry no birthday.
func suggestLogins(name string, n int) []string {
	base := loginBase(name)
	out := make([]string, 0, n)
	for i := range n {
		digits := 3 + i/4
		low := pow10(digits - 1)
		out = append(out, base+strconv.Itoa(low+rand.IntN(9*low)))
	}
	return out
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// suggested reports whether login has the form of suggestLogins for the name.
func suggested(name, login string) bool {
	base := strings.TrimRight(login, "0123456789")
	digits := len(login) - len(base)
	return digits >= 3 && digits <= 5 && base == loginBase(name)
}
