package i18n

import (
	"context"
	"strconv"
	"strings"
)

// Language is one of the three languages of the product. The zero value is
// Chinese.
type Language uint8

// The languages in the order of the switch on every page.
const (
	Chinese Language = iota
	Korean
	English
	languages = 3
)

// Languages lists the languages in the order of the switch.
func Languages() []Language { return []Language{Chinese, Korean, English} }

// Code is the short code used in cookies, queries and on the command line.
func (l Language) Code() string { return [...]string{"zh", "ko", "en"}[l%languages] }

// Tag is the BCP 47 tag for the lang attribute.
func (l Language) Tag() string { return [...]string{"zh-CN", "ko", "en"}[l%languages] }

// Name is the language's own name.
func (l Language) Name() string { return [...]string{"中文", "조선말", "English"}[l%languages] }

// Short is the one- or two-letter label of the switch in the header.
func (l Language) Short() string { return [...]string{"中", "조", "EN"}[l%languages] }

// Parse reads a code or tag such as zh, zh-CN or en-GB.
func Parse(s string) (Language, bool) {
	s, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(s)), "-")
	switch s {
	case "zh":
		return Chinese, true
	case "ko":
		return Korean, true
	case "en":
		return English, true
	}
	return Chinese, false
}

// Match chooses the language for an Accept-Language header: the known one with
// the highest weight, the first of equals, else Chinese.
func Match(header string) Language {
	best, weight := Chinese, 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(part, ";")
		l, ok := Parse(tag)
		if !ok {
			continue
		}
		q := 1.0
		if v, found := strings.CutPrefix(strings.TrimSpace(params), "q="); found {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				q = f
			}
		}
		if q > weight {
			best, weight = l, q
		}
	}
	return best
}

type contextKey struct{}

// boxed holds one boxed value a language, so that Lang does not allocate.
var boxed = [languages]any{Chinese, Korean, English}

// With returns ctx with the reader's language.
func With(ctx context.Context, l Language) context.Context {
	return context.WithValue(ctx, contextKey{}, boxed[l%languages])
}

// Lang returns the reader's language, Chinese where none is set.
func Lang(ctx context.Context) Language {
	l, _ := ctx.Value(contextKey{}).(Language)
	return l
}
