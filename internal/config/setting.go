package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bytes is an amount of memory or disk.
type Bytes int64

// Setting is one line of the table: a key, what it means and what it may hold.
// The key is the name in the file; in capitals behind LEARNSPACE_ it is the
// name in the environment.
type Setting struct {
	Key     string
	Default string
	// Zh and En say what it is for, in a sentence.
	Zh, En string
	// Secret values are masked wherever settings are shown.
	Secret bool
	// DemoOnly settings are refused outside a demo folder.
	DemoOnly bool
	// Choices are the words that a text may be; nil: any text.
	Choices []string
	// Min and Max bound numbers, sizes and times (in their smallest unit: one,
	// a byte, a nanosecond); 0: no bound.
	Min, Max int64

	// into gives the field that the value goes to; its type says how the value
	// is read.
	into func(c *Config) any
	// check refuses a value that the type allows; may be nil.
	check func(value string) error
}

// Type names the kind of value for the reference.
func (s Setting) Type() string {
	switch s.into(&Config{}).(type) {
	case *int:
		return "number"
	case *Bytes:
		return "size"
	case *time.Duration:
		return "time"
	case *bool:
		return "yes/no"
	case *[]string:
		return "list"
	}
	if s.Choices != nil {
		return "word"
	}
	return "text"
}

// Unit is how a value of the type is written.
func (s Setting) Unit() string {
	switch s.Type() {
	case "size":
		return "B, KiB, MiB, GiB"
	case "time":
		return "ms, s, m, h, d"
	case "list":
		return "a, b, c"
	case "word":
		return strings.Join(s.Choices, " | ")
	}
	return ""
}

// Env is the name of the setting in the environment.
func (s Setting) Env() string { return envPrefix + strings.ToUpper(s.Key) }

// set reads value into c.
func (s Setting) set(c *Config, value string) error {
	value = strings.TrimSpace(value)
	if s.check != nil && value != "" {
		if err := s.check(value); err != nil {
			return err
		}
	}
	var n int64
	switch into := s.into(c).(type) {
	case *string:
		if s.Choices != nil && !contains(s.Choices, value) {
			return fmt.Errorf("expected one of %s", strings.Join(s.Choices, ", "))
		}
		*into = value
		return nil
	case *map[string]string:
		*into = map[string]string{"zh": value, "en": value, "ko": value}
		return nil
	case *[]string:
		*into = splitList(value)
		return nil
	case *bool:
		switch value {
		case "yes", "true", "on", "1":
			*into = true
		case "no", "false", "off", "0":
			*into = false
		default:
			return fmt.Errorf("expected yes or no")
		}
		return nil
	case *int:
		v, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("expected a whole number")
		}
		*into, n = v, int64(v)
	case *Bytes:
		v, err := ParseBytes(value)
		if err != nil {
			return err
		}
		*into, n = v, int64(v)
	case *time.Duration:
		v, err := ParseTime(value)
		if err != nil {
			return err
		}
		*into, n = v, int64(v)
	default:
		return fmt.Errorf("setting %s has a field of an unknown type", s.Key)
	}
	return s.bounds(n)
}

func (s Setting) bounds(n int64) error {
	if s.Min != 0 && n < s.Min {
		return fmt.Errorf("expected at least %s", s.amount(s.Min))
	}
	if s.Max != 0 && n > s.Max {
		return fmt.Errorf("expected at most %s", s.amount(s.Max))
	}
	return nil
}

// amount writes a bound in the setting's unit.
func (s Setting) amount(n int64) string {
	switch s.Type() {
	case "size":
		return Bytes(n).String()
	case "time":
		return FormatTime(time.Duration(n))
	}
	return strconv.FormatInt(n, 10)
}

// masked is the value as it may be shown.
func (s Setting) masked(value string) string {
	if value == "" {
		return ""
	}
	if s.Secret {
		return "••••"
	}
	if u, err := url.Parse(value); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			u.User = url.UserPassword(u.User.Username(), "xxxxx")
			return u.String()
		}
	}
	return value
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func splitList(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

var sizes = []struct {
	unit string
	n    int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// ParseBytes reads an amount such as 64 MiB; a bare number is bytes.
func ParseBytes(s string) (Bytes, error) {
	factor := int64(1)
	for _, u := range sizes {
		if rest, ok := strings.CutSuffix(s, u.unit); ok {
			s, factor = strings.TrimSpace(rest), u.n
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return 0, fmt.Errorf("expected a size such as 64MiB")
	}
	return Bytes(n * factor), nil
}

// String writes the amount in the largest unit that divides it.
func (b Bytes) String() string {
	for _, u := range sizes {
		if b != 0 && int64(b)%u.n == 0 {
			return strconv.FormatInt(int64(b)/u.n, 10) + u.unit
		}
	}
	return "0B"
}

const day = 24 * time.Hour

// ParseTime reads a span of time such as 30s, 15m or 1095d.
func ParseTime(s string) (time.Duration, error) {
	if rest, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseInt(rest, 10, 64)
		if err != nil || n < 0 || n > 36500 {
			return 0, fmt.Errorf("expected a time such as 30s, 15m or 90d")
		}
		return time.Duration(n) * day, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("expected a time such as 30s, 15m or 90d")
	}
	return d, nil
}

// FormatTime writes a span of time as [ParseTime] reads it.
func FormatTime(d time.Duration) string {
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	s = strings.TrimSuffix(s, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(s, "m0s")]
	return strings.TrimSuffix(s, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(s, "h0m")]
}

func checkNetworks(value string) error {
	for _, v := range splitList(value) {
		if _, err := netip.ParsePrefix(v); err != nil {
			return fmt.Errorf("%q is no network such as 10.0.0.0/8", v)
		}
	}
	return nil
}

func checkOrigin(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return fmt.Errorf("expected http://host or https://host")
	}
	return nil
}

func checkAddress(value string) error {
	i := strings.LastIndexByte(value, ':')
	if i < 0 {
		return fmt.Errorf("expected host:port")
	}
	if n, err := strconv.ParseUint(value[i+1:], 10, 16); err != nil {
		return fmt.Errorf("%d: expected host:port", n)
	}
	return nil
}

func checkEndpoints(value string) error {
	for _, v := range splitList(value) {
		if err := checkAddress(v); err != nil {
			return fmt.Errorf("%q: expected host:port", v)
		}
	}
	return nil
}
