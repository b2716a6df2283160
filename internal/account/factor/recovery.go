package factor

import (
	"crypto/rand"
	"strings"

	"golang.org/x/text/unicode/norm"
)

const (
	// RecoveryCodes is how many are given out at once.
	RecoveryCodes = 10
	// recoveryLength is the number of characters; each carries five bits.
	recoveryLength = 12
	// recoveryAlphabet has no 0, O, 1 and I, which look alike on paper.
	recoveryAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
)

// newRecovery makes a code in canonical form: 60 random bits.
func newRecovery() string {
	var raw [recoveryLength]byte
	rand.Read(raw[:])
	for i, b := range raw {
		raw[i] = recoveryAlphabet[b&31]
	}
	return string(raw[:])
}

// formatRecovery writes a code in groups of four.
func formatRecovery(code string) string { return code[:4] + "-" + code[4:8] + "-" + code[8:] }

// alike maps what is taken for a letter of the alphabet to that letter.
var alike = map[rune]rune{'0': 'Q', 'O': 'Q', '1': 'L', 'I': 'L', '|': 'L'}

// readRecovery brings a typed recovery code into canonical form.
func readRecovery(typed string) (string, bool) {
	if len(typed) > 128 {
		return "", false
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(norm.NFKC.String(typed)) {
		switch {
		case strings.ContainsRune(" \t-‐–—·.", r):
			continue
		case alike[r] != 0:
			r = alike[r]
		}
		if !strings.ContainsRune(recoveryAlphabet, r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == recoveryLength
}
