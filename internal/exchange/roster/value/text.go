package value

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold brings text to one plain form: full-width letters, digits and signs become
// ASCII, every kind of blank and line end one space, circled digits plain digits;
// zero-width and control characters and variation selectors go. Han characters stay
// as they are, rare ones too. The ends are trimmed.
func Fold(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c < 0x20 || c == 0x7f || c == ' ' && i+1 < len(s) && s[i+1] == ' ' {
			plain = false
			break
		}
	}
	if plain {
		return strings.Trim(s, " ")
	}
	if common(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		r = foldRune(r)
		switch r {
		case 0:
			continue
		case ' ':
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// common says that s holds nothing but visible ASCII and everyday Han characters,
// which Fold leaves alone.
func common(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < 0x80 {
			if c <= 0x20 || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r < 0x3400 || r > 0x9fff {
			return false
		}
		i += n
	}
	return true
}

func foldRune(r rune) rune {
	switch {
	case r < 0x20:
		if r == '\t' || r == '\n' || r == '\r' || r == '\v' || r == '\f' {
			return ' '
		}
		return 0
	case r < 0x7f:
		return r
	case r >= 0x3400 && r <= 0x9fff:
		return r
	case r >= 0xff01 && r <= 0xff5e:
		return r - 0xfee0
	case r == 0xa0, r == 0x3000, r >= 0x2000 && r <= 0x200a, r == 0x202f, r == 0x205f, r == 0x1680, r == 0x2028, r == 0x2029, r == 0x85, r == 0x3164:
		return ' '
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r == 0xad,
		r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, r >= 0x7f && r < 0xa0, r == 0xfffd:
		return 0
	case r >= 0x2460 && r <= 0x2468: // ①
		return r - 0x2460 + '1'
	case r >= 0x2776 && r <= 0x277e: // ❶
		return r - 0x2776 + '1'
	case r >= 0x2474 && r <= 0x247c: // ⑴
		return r - 0x2474 + '1'
	case r >= 0x2488 && r <= 0x2490: // ⒈
		return r - 0x2488 + '1'
	case r >= 0x3220 && r <= 0x3228: // ㈠
		return []rune("一二三四五六七八九")[r-0x3220]
	case r == 0x2013, r == 0x2014, r == 0x2010, r == 0x2011, r == 0x2012, r == 0x2015, r == 0x2212, r == 0xfe63, r == 0xfe58, r == 0x2500:
		return '-'
	case r == '\u2018', r == '\u2019', r == '\u201b', r == '\u02bc':
		return '\''
	}
	return r
}

// Compact is Fold without any space.
func Compact(s string) string {
	s = Fold(s)
	if strings.IndexByte(s, ' ') < 0 {
		return s
	}
	return strings.ReplaceAll(s, " ", "")
}

// placeholders are what people write into a cell to leave it empty.
var placeholders = map[string]bool{
	"": true, "-": true, "--": true, "---": true, "/": true, "\\": true, "//": true, "无": true, "暂无": true, "没有": true, "空": true, "*": true, "**": true, ".": true,
	"n/a": true, "na": true, "#n/a": true, "none": true, "null": true, "nil": true, "(空)": true, "(无)": true, "无。": true, "、": true, "。": true, "없음": true,
}

// Empty says whether the text is blank or a placeholder for nothing (无, /, —).
func Empty(s string) bool {
	if len(s) > 9 {
		return false
	}
	if common(s) && !hasASCIILetter(s) {
		return placeholders[s]
	}
	return placeholders[strings.ToLower(Compact(s))]
}

// han says whether r is a Chinese character.
func han(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r == '〇' || r >= 0x3400 && r <= 0x4dbf || r > 0xffff && unicode.Is(unicode.Han, r) ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xe000 && r <= 0xf8ff
}

// hangul says whether r is a Korean syllable or letter.
func hangul(r rune) bool {
	return r >= 0xac00 && r <= 0xd7a3 || r >= 0x1100 && r <= 0x11ff || r >= 0x3131 && r <= 0x318e
}

var numerals = map[rune]int{
	'零': 0, '〇': 0, '一': 1, '二': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9, '十': 10, '两': 2,
	'壹': 1, '贰': 2, '叁': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9, '拾': 10,
}

// Numeral reads 1 to 99 in ASCII digits (also 02) or in Chinese numerals (十二,
// 二十). It says false for anything else.
func Numeral(s string) (int, bool) {
	if s == "" || len(s) > 12 {
		return 0, false
	}
	if s[0] >= '0' && s[0] <= '9' {
		n := 0
		for i := range len(s) {
			if s[i] < '0' || s[i] > '9' || i > 3 {
				return 0, false
			}
			n = n*10 + int(s[i]-'0')
		}
		return n, n <= 99
	}
	tens, ones, seenTen := 0, -1, false
	for _, r := range s {
		d, ok := numerals[r]
		switch {
		case !ok:
			return 0, false
		case d == 10:
			if seenTen || ones == 0 {
				return 0, false
			}
			seenTen = true
			tens, ones = max(ones, 1), -1
		case ones >= 0 && !(ones == 0 && !seenTen):
			return 0, false // 三二 is no number
		default:
			ones = d
		}
	}
	return tens*10 + max(ones, 0), true
}
