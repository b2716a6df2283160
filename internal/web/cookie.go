package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf16"

	"learnspace/internal/i18n"
	"learnspace/internal/web/ui"
)

// cookieNames follow the base address: over https they carry the __Host-
// prefix, which a browser accepts only Secure, for this host and for "/".
type cookieNames struct{ session, flash, prefs string }

func namesFor(secure bool) cookieNames {
	prefix := ""
	if secure {
		prefix = "__Host-"
	}
	return cookieNames{session: prefix + "ls", flash: prefix + "ls-flash", prefs: prefix + "ls-prefs"}
}

func (s *Server) cookie(name, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	switch {
	case age < 0:
		c.MaxAge = -1
	case age > 0:
		c.MaxAge = int(age.Seconds())
	}
	return c
}

// setCookie sets a cookie once: a second one of the name takes its place.
func setCookie(w http.ResponseWriter, c *http.Cookie) {
	h := w.Header()
	old := h.Values("Set-Cookie")
	kept := old[:0:0]
	for _, line := range old {
		if !strings.HasPrefix(line, c.Name+"=") {
			kept = append(kept, line)
		}
	}
	h.Del("Set-Cookie")
	for _, line := range kept {
		h.Add("Set-Cookie", line)
	}
	http.SetCookie(w, c)
}

// SetSession gives the browser a session token. age 0 keeps it until the
// browser is closed.
func SetSession(w http.ResponseWriter, r *http.Request, token string, age time.Duration) {
	q := requestOf(r.Context())
	setCookie(w, q.server.cookie(q.server.names.session, token, age))
}

// ClearSession takes the session token away.
func ClearSession(w http.ResponseWriter, r *http.Request) {
	q := requestOf(r.Context())
	setCookie(w, q.server.cookie(q.server.names.session, "", -1))
}

// SessionToken returns the browser's session token, "" without one.
func SessionToken(r *http.Request) string {
	q := requestOf(r.Context())
	if q == nil {
		return ""
	}
	c, err := r.Cookie(q.server.names.session)
	if err != nil {
		return ""
	}
	return c.Value
}

// Seal signs a short value for a cookie or a hidden field, bound to purpose;
// [Unseal] gives it back. It is signed, not secret.
func Seal(r *http.Request, purpose, value string) string {
	return seal(requestOf(r.Context()).server.options.FlashKey, purpose, value)
}

// Unseal returns the value of Seal; ok is false when it was not made here for
// this purpose.
func Unseal(r *http.Request, purpose, sealed string) (value string, ok bool) {
	return unseal(requestOf(r.Context()).server.options.FlashKey, purpose, sealed)
}

func seal(key []byte, purpose, value string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(value)) + "." + base64.RawURLEncoding.EncodeToString(mac(key, purpose, value))
}

func unseal(key []byte, purpose, sealed string) (string, bool) {
	body, sum, found := strings.Cut(sealed, ".")
	if !found {
		return "", false
	}
	value, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return "", false
	}
	given, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(given, mac(key, purpose, string(value))) {
		return "", false
	}
	return string(value), true
}

func mac(key []byte, purpose, value string) []byte {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s\x00%s", purpose, value)
	return m.Sum(nil)[:16]
}

// SetState keeps a signed value in a cookie of its own between the steps of a
// form; age 0 keeps it until the browser is closed, a negative age takes it away.
func SetState(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	q := requestOf(r.Context())
	setCookie(w, q.server.cookie(q.server.stateName(name), seal(q.server.options.FlashKey, "state:"+name, value), age))
}

// State returns what SetState kept, "" when there is none.
func State(r *http.Request, name string) string {
	q := requestOf(r.Context())
	c, err := r.Cookie(q.server.stateName(name))
	if err != nil {
		return ""
	}
	value, _ := unseal(q.server.options.FlashKey, "state:"+name, c.Value)
	return value
}

func (s *Server) stateName(name string) string { return s.names.session + "-" + name }

// Flash shows a message of success on the next page.
func Flash(w http.ResponseWriter, r *http.Request, key string, args ...any) {
	FlashKind(w, r, "success", key, args...)
}

// FlashKind is Flash with a kind: success, info, warning or danger.
func FlashKind(w http.ResponseWriter, r *http.Request, kind, key string, args ...any) {
	q := requestOf(r.Context())
	q.pending = append(q.pending, ui.Flash{Kind: kind, Text: i18n.T(r.Context(), key, args...)})
	raw, err := json.Marshal(q.pending)
	if err != nil {
		return
	}
	setCookie(w, q.server.cookie(q.server.names.flash, seal(q.server.options.FlashKey, "flash", string(raw)), 5*time.Minute))
}

// readFlashes takes the messages of the last action out of the cookie.
func (q *request) readFlashes(w http.ResponseWriter, r *http.Request) []ui.Flash {
	if q.flashes != nil {
		return q.flashes
	}
	c, err := r.Cookie(q.server.names.flash)
	if err != nil {
		return nil
	}
	if raw, ok := unseal(q.server.options.FlashKey, "flash", c.Value); ok {
		if err := json.Unmarshal([]byte(raw), &q.flashes); err != nil {
			q.flashes = nil
		}
	}
	setCookie(w, q.server.cookie(q.server.names.flash, "", -1))
	return q.flashes
}

// dropFlashes forgets messages that this very page shows.
func (q *request) dropFlashes(w http.ResponseWriter) {
	if len(q.pending) > 0 {
		setCookie(w, q.server.cookie(q.server.names.flash, "", -1))
	}
}

// asciiJSON writes s as a JSON string in ASCII, for a header.
func asciiJSON(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	var b strings.Builder
	for _, r := range string(raw) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
