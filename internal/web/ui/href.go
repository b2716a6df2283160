package ui

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// withQuery sets one parameter in the query of a local address.
func withQuery(path, name, value string) string {
	if path == "" {
		path = "/"
	}
	base, query, _ := strings.Cut(path, "?")
	v, err := url.ParseQuery(query)
	if err != nil {
		v = url.Values{}
	}
	v.Set(name, value)
	return base + "?" + v.Encode()
}

// Href builds a local address from steps and query pairs: each step is escaped.
//
//	ui.Href("nodes", node, "rosters") → /nodes/2882/rosters
func Href(steps ...any) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(text(s)))
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

// text writes a step of an address: strings, integers and ids.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case int32:
		return strconv.FormatInt(int64(v), 10)
	case int64:
		return strconv.FormatInt(v, 10)
	case interface{ String() string }:
		return v.String()
	}
	return ""
}

// Key returns a fresh key for the hidden _key field of a form that creates
// something: a second submission with the same key changes nothing. It begins
// with the time, so that an index of keys grows at its end, and goes on with 72
// random bits.
func Key() string {
	var raw [15]byte
	binary.BigEndian.PutUint64(raw[:], uint64(time.Now().UnixMilli())<<16)
	rand.Read(raw[6:])
	return base32.HexEncoding.EncodeToString(raw[:])
}
