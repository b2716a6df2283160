package factor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 6238 as authenticator apps speak it
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

const (
	// Period is how long one code is shown.
	Period = 30 * time.Second
	// skew is how many steps a clock may be off.
	skew = 1
	// digits of a code.
	digits = 6
)

var plain32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret makes the secret of an authenticator app: 20 random bytes in
// base32, as an app takes it.
func NewSecret() string {
	var raw [20]byte
	rand.Read(raw[:])
	return plain32.EncodeToString(raw[:])
}

// Code is the code that an app shows for the secret at an instant. A secret
// that is none gives "".
func Code(secret string, at time.Time) string { return codeAt(secret, stepOf(at)) }

// Link is the address that an app reads from a QR code.
func Link(issuer, login, secret string) string {
	v := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+login) + "?" + strings.ReplaceAll(v.Encode(), "+", "%20")
}

func stepOf(at time.Time) int64 { return at.Unix() / int64(Period/time.Second) }

func codeAt(secret string, step int64) string {
	key, err := plain32.DecodeString(strings.ToUpper(strings.ReplaceAll(secret, " ", "")))
	if err != nil || len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash never fails
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	return fmt.Sprintf("%0*d", digits, n%1_000_000)
}

// match returns the step whose code was typed; false for none. The newest
// comes first.
func match(secret, code string, now time.Time) (int64, bool) {
	found, ok := int64(0), false
	for step := stepOf(now) - skew; step <= stepOf(now)+skew; step++ {
		if want := codeAt(secret, step); want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found, ok = step, true
		}
	}
	return found, ok
}

// readDigits brings a typed code into canonical form: full-width digits,
// blanks, and the letters that are taken for digits (O for 0, l and I for 1).
// ok says that six digits were left.
func readDigits(typed string) (string, bool) {
	if len(typed) > 64 {
		return "", false
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(typed) {
		switch {
		case strings.ContainsRune(" \t-‐–—·.", r):
			continue
		case strings.ContainsRune("Oo", r):
			r = '0'
		case strings.ContainsRune("lIi|", r):
			r = '1'
		}
		if r < '0' || r > '9' {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == digits
}
