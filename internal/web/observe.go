package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
)

// observation is what the access log says about one request. It holds no
// address, no name and no path with identifiers: the route's pattern stands
// for the path.
type observation struct {
	http.ResponseWriter
	id     string
	role   string
	status int
	bytes  int64
	wrote  bool
	match  string
}

type observationKey struct{}

func observed(ctx context.Context) *observation {
	o, _ := ctx.Value(observationKey{}).(*observation)
	return o
}

func (o *observation) WriteHeader(status int) {
	if !o.wrote {
		o.wrote, o.status = true, status
		sandboxFiles(o.Header())
	}
	o.ResponseWriter.WriteHeader(status)
}

func (o *observation) Write(b []byte) (int, error) {
	if !o.wrote {
		o.wrote, o.status = true, http.StatusOK
		sandboxFiles(o.Header())
	}
	n, err := o.ResponseWriter.Write(b)
	o.bytes += int64(n)
	return n, err
}

// sandboxFiles gives every answer that is a file the policy of files, whoever
// wrote it.
func sandboxFiles(h http.Header) {
	if h.Get("Content-Disposition") != "" {
		h.Set("Content-Security-Policy", filePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observation) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// Flush sends what is buffered.
func (o *observation) Flush() {
	if f, ok := o.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// route is the pattern of the request, without identifiers.
func (o *observation) route(r *http.Request) string {
	if o.match != "" {
		return o.match
	}
	if r.Pattern != "" {
		return r.Pattern
	}
	return r.Method + " -"
}

// observe gives each request a number, writes one line about it, and turns a
// panic into an error page.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		o := &observation{ResponseWriter: w, id: newRequestID()}
		r = r.WithContext(context.WithValue(r.Context(), observationKey{}, o))
		defer func() {
			if p := recover(); p != nil {
				s.recovered(o, r, p)
			}
			if o.status == 0 {
				o.status = http.StatusOK
			}
			s.log.LogAttrs(context.Background(), slog.LevelInfo, "request",
				slog.String("request", o.id), slog.String("route", o.route(r)), slog.Int("status", o.status),
				slog.Int64("bytes", o.bytes), slog.Float64("ms", float64(time.Since(begin).Microseconds())/1000),
				slog.String("role", o.role))
			if s.options.Observe != nil {
				s.options.Observe(o.route(r), o.status, time.Since(begin))
			}
		}()
		next.ServeHTTP(o, r)
	})
}

// recovered logs a panic and answers it. The browser that went away is none.
func (s *Server) recovered(o *observation, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.log.LogAttrs(context.Background(), slog.LevelError, "panic", slog.String("request", o.id),
		slog.String("route", o.route(r)), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	if o.wrote {
		return
	}
	err := fmt.Errorf("panic: %v", p)
	s.secureHeaders(s.adapt(Route{Anonymous: true, Handler: func(http.ResponseWriter, *http.Request) error { return err }})).ServeHTTP(o, r)
}

func newRequestID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// ClientAddr is the address that asks, for throttling: the peer's, or the last
// one in X-Forwarded-For that is no trusted proxy.
func ClientAddr(r *http.Request) netip.Addr {
	if q := requestOf(r.Context()); q != nil {
		return q.server.clientAddr(r)
	}
	return peerOf(r).Unmap()
}

// peerOf is the address at the other end of the connection.
func peerOf(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	peer, _ := netip.ParseAddr(host)
	return peer
}

func (s *Server) clientAddr(r *http.Request) netip.Addr {
	peer := peerOf(r)
	if !s.trusts(peer) {
		return peer.Unmap()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		peer = hop
		if !s.trusts(hop) {
			break
		}
	}
	return peer.Unmap()
}

func (s *Server) trusts(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range s.options.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// policy is the content security policy: everything from this server, nothing
// inline, nothing framed.
const policy = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// policyFor lets pictures come from the second origin too, where there is one.
func policyFor(content *url.URL) string {
	if content.Host == "" {
		return policy
	}
	return strings.Replace(policy, "img-src 'self'", "img-src 'self' "+content.Scheme+"://"+content.Host, 1)
}

// secureHeaders sets what every answer carries.
func (s *Server) secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", s.policy)
		h.Set("X-Content-Type-Options", "nosniff")
		// What the policy says already, for scanners and old devices; no browser
		// of today has the filter that the second one is about.
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-XSS-Protection", "1; mode=block")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
