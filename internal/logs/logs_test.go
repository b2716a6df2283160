package logs_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"learnspace/internal/logs"
)

func TestMask(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"an ID number":        {"find 220102201003070013: gone", "find [number]: gone"},
		"a student number":    {"G220102201003070013", "[number]"},
		"a telephone":         {"sms to 13904310001 refused", "sms to [phone] refused"},
		"a mail address":      {"to li.na@example.cn", "to [mail]"},
		"a network address":   {"handshake from 203.0.113.9:50122: EOF", "handshake from [address]: EOF"},
		"an IPv6 address":     {"handshake from [2001:db8::1]:50122: EOF", "handshake from [address]: EOF"},
		"an identifier":       {"job 198823759123456789 failed", "job 198823759123456789 failed"},
		"a time in ms":        {"at 1572915600000", "at 1572915600000"},
		"a duration":          {"took 12.345 s", "took 12.345 s"},
		"words, nothing else": {"commit: disk I/O error", "commit: disk I/O error"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := logs.Mask(tt.in); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := logs.New(&out, "warn")
	log.Info("not said")
	log.With("from", "13904310001").Error("sms to 13904310002", "error", errors.New("refused 220102201003070013"), "n", 3)
	got := out.String()
	for _, bad := range []string{"13904310001", "13904310002", "220102201003070013", "not said"} {
		if strings.Contains(got, bad) {
			t.Errorf("%s stands in %s", bad, got)
		}
	}
	if !strings.Contains(got, `"n":3`) {
		t.Error(got)
	}
}
