package web

import "net/http"

// BaseURL is the address of this installation without a slash at its end, as it
// stands on paper and in QR codes: the configured one, else the one that the
// browser used.
func BaseURL(r *http.Request) string {
	if q := requestOf(r.Context()); q != nil && q.server.origin != "" {
		return q.server.origin
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
