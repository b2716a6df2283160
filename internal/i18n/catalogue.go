package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"learnspace/internal/clock"
)

//go:embed catalogue/*.json
var files embed.FS

// entry is one message as it stands in the catalogue.
type entry struct {
	ZH    string `json:"zh"`
	KO    string `json:"ko"`
	EN    string `json:"en"`
	ENOne string `json:"en_one"`
}

// part is a literal, or an argument with its writing.
type part struct {
	text     string
	arg      int // -1 for a literal
	plain    bool
	particle string
}

// text is one message in one language: whole when it has no arguments.
type text struct {
	whole string
	parts []part
}

type message struct {
	in  [languages]text
	one *text // English with one
}

var catalogue = load()

// load reads the embedded catalogue. A file that is no JSON is a fault of the
// build, found by the first test.
func load() map[string]*message {
	out := map[string]*message{}
	names, err := files.ReadDir("catalogue")
	if err != nil {
		panic(fmt.Sprintf("i18n: %v", err))
	}
	for _, n := range names {
		raw, err := files.ReadFile("catalogue/" + n.Name())
		if err != nil {
			panic(fmt.Sprintf("i18n: %v", err))
		}
		area := map[string]entry{}
		if err := json.Unmarshal(raw, &area); err != nil {
			panic(fmt.Sprintf("i18n: catalogue/%s: %v", n.Name(), err))
		}
		for key, e := range area {
			m := &message{in: [languages]text{Chinese: compile(e.ZH), Korean: compile(e.KO), English: compile(e.EN)}}
			if e.ENOne != "" {
				one := compile(e.ENOne)
				m.one = &one
			}
			out[key] = m
		}
	}
	return out
}

// compile splits a text at its arguments. Braces that hold no argument number
// stay as they are.
func compile(s string) text {
	var parts []part
	rest := s
	for {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(rest[open:], '}')
		if end < 0 {
			break
		}
		number, spec, _ := strings.Cut(rest[open+1:open+end], ":")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			parts = append(parts, part{text: rest[:open+end+1], arg: -1})
			rest = rest[open+end+1:]
			continue
		}
		if open > 0 {
			parts = append(parts, part{text: rest[:open], arg: -1})
		}
		rest = rest[open+end+1:]
		p := part{arg: n, plain: spec == "d" || strings.HasPrefix(rest, "年") || strings.HasPrefix(rest, "년")}
		if strings.Contains(spec, "/") {
			p.particle = spec
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return text{whole: s}
	}
	if rest != "" {
		parts = append(parts, part{text: rest, arg: -1})
	}
	return text{whole: s, parts: parts}
}

// Localizer is an argument that knows how to write itself in a language.
type Localizer interface {
	Localize(l Language) string
}

// Key is a message key as an argument of another message.
type Key string

// Localize writes the message of the key.
func (k Key) Localize(l Language) string { return Text(l, string(k)) }

// T returns the message of key in the language of ctx, with args filled in.
func T(ctx context.Context, key string, args ...any) string {
	return Text(Lang(ctx), key, args...)
}

// Has reports whether the catalogue knows key.
func Has(key string) bool {
	_, ok := catalogue[key]
	return ok
}

// Text returns the message of key in language l, with args filled in. An
// unknown key is returned itself.
func Text(l Language, key string, args ...any) string {
	m, ok := catalogue[key]
	if !ok {
		return key
	}
	t := &m.in[l%languages]
	if m.one != nil && l == English && one(args) {
		t = m.one
	}
	if t.parts == nil {
		return t.whole
	}
	return t.fill(l, args)
}

func (t *text) fill(l Language, args []any) string {
	b := make([]byte, 0, len(t.whole)+24)
	for i := range t.parts {
		p := &t.parts[i]
		if p.arg < 0 {
			b = append(b, p.text...)
			continue
		}
		if p.arg >= len(args) {
			continue
		}
		from := len(b)
		b = appendArg(b, l, args[p.arg], p.plain)
		if p.particle != "" {
			b = append(b, particle(b[from:], p.particle)...)
		}
	}
	return string(b)
}

func appendArg(b []byte, l Language, arg any, plain bool) []byte {
	switch v := arg.(type) {
	case string:
		return append(b, v...)
	case Localizer:
		return append(b, v.Localize(l)...)
	case clock.Day:
		return append(b, Day(l, v)...)
	case clock.Month:
		return append(b, Month(l, v)...)
	case fmt.Stringer:
		return append(b, v.String()...)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	if n, ok := integer(arg); ok {
		if plain {
			return strconv.AppendInt(b, n, 10)
		}
		return appendGrouped(b, n)
	}
	return fmt.Append(b, arg)
}

func integer(arg any) (int64, bool) {
	switch v := arg.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case int32:
		return int64(v), true
	case uint64:
		return int64(v), true
	}
	return 0, false
}

// one reports whether the first integer among args is 1.
func one(args []any) bool {
	for _, a := range args {
		if n, ok := integer(a); ok {
			return n == 1
		}
	}
	return false
}

// particle chooses between the two forms of a Korean particle, written as
// "with final consonant/without", by the last letter of word. 으로/로 takes
// the second form after ㄹ too.
func particle(word []byte, forms string) string {
	closed, open, _ := strings.Cut(forms, "/")
	r, _ := utf8.DecodeLastRune(word)
	final := rune(0)
	switch {
	case r >= 0xAC00 && r <= 0xD7A3:
		final = (r - 0xAC00) % 28
	case r >= '0' && r <= '9':
		final = [...]rune{21, 8, 0, 16, 0, 0, 1, 8, 8, 0}[r-'0']
	}
	if final == 0 || final == 8 && closed == "으로" {
		return open
	}
	return closed
}
