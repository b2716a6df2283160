package factor

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"
)

// TestCodesOfTheStandard are the vectors of RFC 6238, appendix B, for SHA-1, cut
// to six digits.
func TestCodesOfTheStandard(t *testing.T) {
	t.Parallel()
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for seconds, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := Code(secret, time.Unix(seconds, 0)); got != want {
			t.Errorf("at %d: %s, want %s", seconds, got, want)
		}
	}
	if got := Code("not base32!", time.Unix(59, 0)); got != "" {
		t.Errorf("of no secret: %q", got)
	}
}

func TestAClockMayBeAStepOff(t *testing.T) {
	t.Parallel()
	secret, now := NewSecret(), time.Unix(1_573_000_000, 0)
	for steps, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		at := now.Add(time.Duration(steps) * Period)
		step, ok := match(secret, Code(secret, at), now)
		if ok != want || ok && step != stepOf(at) {
			t.Errorf("%d steps off: %v, step %d", steps, ok, step)
		}
	}
}

func TestTypedCodes(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"012345": "012345", " 012 345 ": "012345", "Ol2345": "012345", "０１２３４５": "012345",
		"o|2-345": "012345", "12345": "", "1234567": "", "12a456": "", "": ""} {
		code, ok := readDigits(typed)
		if ok != (want != "") || ok && code != want {
			t.Errorf("%q is read as %q, %v", typed, code, ok)
		}
	}
	code := newRecovery()
	for _, typed := range []string{formatRecovery(code), strings.ToLower(code), " " + code[:6] + " " + code[6:]} {
		if got, ok := readRecovery(typed); !ok || got != code {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
	if got, ok := readRecovery("O0I1-2345-6789"); !ok || got != "QQLL23456789" {
		t.Errorf("look-alikes are read as %q, %v", got, ok)
	}
	if Kind(formatRecovery(code)) != ByRecovery || Kind("123456") != ByApp {
		t.Error("kinds of codes are mixed up")
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	want := "otpauth://totp/%E5%AD%A6%E4%B9%A0%E7%A9%BA%E9%97%B4:school?algorithm=SHA1&digits=6&issuer=%E5%AD%A6%E4%B9%A0%E7%A9%BA%E9%97%B4&period=30&secret=ABC"
	if got := Link("学习空间", "school", "ABC"); got != want {
		t.Errorf("got %s", got)
	}
}
