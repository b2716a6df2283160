package account

import (
	"crypto/rand"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

const (
	// codeLength is the number of characters of a code; with 32 letters each
	// carries five random bits, 80 in all.
	codeLength = 16
	// codeAlphabet has no 0, O, 1 and I, which look alike on paper.
	codeAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

	// CodeLife is how long a code can be used after it was issued.
	CodeLife = 60 * 24 * time.Hour
	// ReprintLife is how long a sheet can be printed again; afterwards codes
	// are only issued anew.
	ReprintLife = 24 * time.Hour
	// CodeTries is how often a sign-in name can be tried behind one code, and
	// how often the last digits of the guardian's phone.
	CodeTries = 5
	// SheetRows is the largest number of slips on one sheet.
	SheetRows = 60
)

// newCode makes a fresh code in canonical form: 16 characters, no separators.
func newCode() string {
	var raw [codeLength]byte
	rand.Read(raw[:])
	for i, b := range raw {
		raw[i] = codeAlphabet[b&31]
	}
	return string(raw[:])
}

// lookAlikes maps what a reader may take a letter for to the letter: the
// alphabet has neither 0 nor O, neither 1 nor I.
var lookAlikes = map[rune]rune{'0': 'Q', 'O': 'Q', '1': 'L', 'I': 'L', '|': 'L'}

// ReadCode brings what somebody typed or scanned into canonical form. Lower
// case, full-width letters, blanks, dashes and look-alikes are accepted. n is
// the number of characters that were left; ok says that all 16 are there and
// none is foreign to the alphabet.
func ReadCode(typed string) (code string, n int, ok bool) {
	var b strings.Builder
	ok = true
	if len(typed) > 256 {
		typed = typed[:256]
	}
	for _, r := range strings.ToUpper(norm.NFKC.String(typed)) {
		switch {
		case strings.ContainsRune(" \t\r\n-‐‑‒–—―−_·.,，。、－", r):
			continue
		case lookAlikes[r] != 0:
			r = lookAlikes[r]
		}
		n++
		if !strings.ContainsRune(codeAlphabet, r) {
			ok = false
			continue
		}
		b.WriteRune(r)
	}
	return b.String(), n, ok && n == codeLength
}

// FormatCode writes a canonical code in groups of four: K7QM-3XWP-9T2D-HV6R.
func FormatCode(code string) string { return strings.Join(CodeGroups(code), "-") }

// CodeGroups cuts a canonical code into its groups of four.
func CodeGroups(code string) []string {
	var out []string
	for len(code) > 4 {
		out, code = append(out, code[:4]), code[4:]
	}
	return append(out, code)
}
