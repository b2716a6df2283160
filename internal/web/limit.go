package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Limits bound what requests may cost. A zero field has its default.
type Limits struct {
	// Body is the largest form in bytes, 1 MiB; Upload bounds what a route may
	// raise it to, 100 MiB; Header is the largest request header, 32 KiB.
	Body, Upload int64
	Header       int
	// HeaderTime is how long a header may take to come, 10 s; RequestTime how
	// long a page may take, 30 s; TransferTime how long an upload or a download
	// may, 30 min.
	HeaderTime, RequestTime, TransferTime time.Duration
	// Rate is requests a second from one address, ten times as many at once; 0
	// is no limit.
	Rate int
	// Page is the rows of a page of records, 50.
	Page int
}

func (l Limits) withDefaults() Limits {
	if l.Body <= 0 {
		l.Body = 1 << 20
	}
	if l.Upload <= 0 {
		l.Upload = 100 << 20
	}
	if l.Header <= 0 {
		l.Header = 32 << 10
	}
	set := func(t *time.Duration, otherwise time.Duration) {
		if *t <= 0 {
			*t = otherwise
		}
	}
	set(&l.HeaderTime, 10*time.Second)
	set(&l.RequestTime, 30*time.Second)
	set(&l.TransferTime, 30*time.Minute)
	if l.Page <= 0 {
		l.Page = 50
	}
	return l
}

// PageSize is how many rows a page of records shows.
func PageSize(ctx context.Context) int {
	if q := requestOf(ctx); q != nil {
		return q.server.options.Limits.Page
	}
	return 50
}

// burst is how many times the rate an address may send at once: a page with
// its pictures, a class behind one address.
const burst = 10

// addressesKept bounds the memory of the limiter; beyond it whoever has been
// quiet is forgotten, and after that everybody.
const addressesKept = 100_000

// rates counts requests by address in buckets that fill with time.
type rates struct {
	rate float64
	now  func() time.Time
	mu   sync.Mutex
	by   map[netip.Addr]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newRates(perSecond int) *rates {
	if perSecond <= 0 {
		return nil
	}
	return &rates{rate: float64(perSecond), now: time.Now, by: map[netip.Addr]bucket{}}
}

// take reports whether the address may send another request.
func (r *rates) take(a netip.Addr) bool {
	if r == nil || a.IsLoopback() {
		return true
	}
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	now, full := r.now(), r.rate*burst
	r.mu.Lock()
	defer r.mu.Unlock()
	b, known := r.by[a]
	if !known {
		r.makeRoom(now)
		b = bucket{left: full, at: now}
	}
	b.left = min(full, b.left+max(0, now.Sub(b.at).Seconds())*r.rate)
	b.at = now
	ok := b.left >= 1
	if ok {
		b.left--
	}
	r.by[a] = b
	return ok
}

// makeRoom forgets addresses whose bucket is full again.
func (r *rates) makeRoom(now time.Time) {
	if len(r.by) < addressesKept {
		return
	}
	for a, b := range r.by {
		if now.Sub(b.at) > burst*time.Second {
			delete(r.by, a)
		}
	}
	if len(r.by) >= addressesKept {
		clear(r.by)
	}
}

// limitRate refuses an address that asks too often, before anything is looked
// up for it.
func (s *Server) limitRate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.rates == nil || isHealth(r) || s.rates.take(s.clientAddr(r)) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", "2")
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "请求太频繁，请稍后再试。 Too many requests, please wait a moment.", http.StatusTooManyRequests)
	})
}

func isHealth(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" }

// hosts decides which Host headers are answered.
type hosts struct {
	names map[string]bool
	// anyPort are trusted names that were given without a port.
	anyPort map[string]bool
	// content is the host of the second origin, "" for none.
	content string
	// loopback: the server is for this machine; literal: it listens on every
	// address and nobody said under which name, so addresses are let through and
	// names, which another site could point here, are not.
	loopback, literal bool
}

func hostsFor(base, content string, trusted []string) hosts {
	h := hosts{names: map[string]bool{}, anyPort: map[string]bool{}, content: canonicalHost(content)}
	if base != "" {
		h.names[canonicalHost(base)] = true
	}
	for _, t := range trusted {
		if name, port := splitHost(t); port == "" {
			h.anyPort[asciiLower(name)] = true
		}
		h.names[canonicalHost(t)] = true
	}
	name, _ := splitHost(base)
	if ip, err := netip.ParseAddr(name); err == nil {
		h.loopback, h.literal = ip.IsLoopback(), ip.IsUnspecified()
	} else {
		h.loopback, h.literal = name == "localhost", name == "" && base != ""
	}
	h.loopback = h.loopback || h.literal
	return h
}

// knows reports whether a request for this host is answered.
func (h hosts) knows(host string) bool {
	if h.names[canonicalHost(host)] {
		return true
	}
	name, _ := splitHost(host)
	ip, err := netip.ParseAddr(name)
	switch {
	case h.anyPort[asciiLower(name)]:
		return true
	case h.loopback && (name == "localhost" || err == nil && ip.IsLoopback()):
		return true
	case h.literal && err == nil:
		return true
	}
	return false
}

// splitHost takes a port and the brackets of an IPv6 address off.
func splitHost(host string) (name, port string) {
	if n, p, err := net.SplitHostPort(host); err == nil {
		return n, p
	}
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1], ""
	}
	return host, ""
}

// canonicalHost is a host in small letters without the port that its scheme
// has anyway.
func canonicalHost(host string) string {
	name, port := splitHost(host)
	if name == "" {
		return ""
	}
	if port == "80" || port == "443" || port == "" {
		return asciiLower(name)
	}
	return asciiLower(name) + ":" + port
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// guardHost refuses requests for a host that is not ours: a foreign name that
// points here would make links and redirects to it. Health may be asked for by
// this machine's own address.
func (s *Server) guardHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.hosts.content != "" && canonicalHost(r.Host) == s.hosts.content {
			s.serveContent(w, r)
			return
		}
		name, _ := splitHost(r.Host)
		ip, err := netip.ParseAddr(name)
		own := name == "localhost" || err == nil && ip.IsLoopback()
		if len(s.hosts.names) == 0 || s.hosts.knows(r.Host) || isHealth(r) && own {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "这个网址不属于本平台。 This address is not one of this platform.", http.StatusMisdirectedRequest)
	})
}
