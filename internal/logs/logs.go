package logs

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
)

// New returns a logger that writes JSON lines of at least level (debug, info,
// warn or error) to w.
func New(w io.Writer, level string) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least, ReplaceAttr: replace}))
}

// replace masks texts, errors and whatever else is written as text.
func replace(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Mask(a.Value.String()))
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case error:
			a.Value = slog.StringValue(Mask(v.Error()))
		case fmt.Stringer:
			a.Value = slog.StringValue(Mask(v.String()))
		}
	}
	return a
}

// Patterns of what must not stand in a log: an ID number (GB 11643: six digits
// of a region, a day of birth, three digits, a check character), a mobile
// telephone, a mail address, a network address.
var (
	idNumber = regexp.MustCompile(`[GJL]?\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]`)
	mobile   = regexp.MustCompile(`(^|[^\d.])1[3-9]\d{9}($|[^\d])`)
	mail     = regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`)
	network4 = regexp.MustCompile(`(^|[^\d.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d+)?`)
	network6 = regexp.MustCompile(`\[[0-9a-fA-F:]*:[0-9a-fA-F:.%\w]*\](:\d+)?`)
)

// Mask replaces what looks like personal data in a text.
func Mask(s string) string {
	if plain(s) {
		return s
	}
	s = idNumber.ReplaceAllString(s, "[number]")
	s = mobile.ReplaceAllString(s, "$1[phone]$2")
	s = mail.ReplaceAllString(s, "[mail]")
	s = network4.ReplaceAllString(s, "$1[address]")
	return network6.ReplaceAllString(s, "[address]")
}

// plain reports that a text is too poor in signs to hold any of the patterns:
// most of what is logged are words, and matching five patterns takes longer than
// writing the line.
func plain(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '@' || c == '[':
			return false
		case '0' <= c && c <= '9':
			digits++
		}
	}
	return digits < 4
}
