package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/web/ui"
)

// Sessions tells who holds a session token. An unknown or ended session is a
// fault of kind not found or forbidden; it signs the browser out. An error with a
// method StepUp is a session that lacks a second factor: it opens only pages for
// everybody, and any other address leads to /signin/factor.
type Sessions interface {
	Authenticate(ctx context.Context, token string) (access.Actor, error)
}

// Description is what the frame shows about an actor beside his name.
type Description struct {
	// Place names where the active role is held.
	Place string
	// Stage is "primary" for pupils in primary school.
	Stage string
	// Nav replaces the default navigation of the role when it is not nil.
	Nav []ui.NavItem
}

// Options configure a server.
type Options struct {
	// BaseURL is the address that users type; https makes cookies Secure.
	BaseURL string
	// Platform is the installation's name by language code; Office runs it;
	// Phone is the service telephone. Each may be empty.
	Platform map[string]string
	Office   string
	Phone    string
	// Demo shows the demo's own time on every page.
	Demo bool
	// Clock gives the time; required.
	Clock clock.Clock
	// Sessions tells who asks; nil: nobody is ever signed in.
	Sessions Sessions
	// Describe adds to the frame of a signed-in person; may be nil.
	Describe func(ctx context.Context, a access.Actor) Description
	// Viewed records a page that an operator looks at in somebody's name, by the
	// pattern of its route; the page is not shown when it fails. May be nil.
	Viewed func(ctx context.Context, a access.Actor, pattern string) error
	// Logger takes one line a request and every internal error; nil: none.
	Logger *slog.Logger
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Ready lists what a server that can serve needs; nil: always ready. It is
	// asked once in ReadyFor, a second when that is 0.
	Ready    func(ctx context.Context) []Check
	ReadyFor time.Duration
	// Explain makes a fault of an error that the storage gave: a full disk, a
	// slow database. It returns other errors as they are; may be nil.
	Explain func(err error) error
	// Observe is told of every answer: the route's pattern, the status, how long
	// it took; may be nil.
	Observe func(route string, status int, took time.Duration)
	// Limits bound what requests may cost.
	Limits Limits
	// TrustedHosts are answered beside the host of BaseURL; any other Host
	// header is refused.
	TrustedHosts []string
	// ContentURL is a second origin of this server for what people uploaded;
	// Stored opens a file of the store by its key for it.
	ContentURL string
	Stored     func(ctx context.Context, key string) (io.ReadCloser, error)
	// View runs what answers a GET, so that all it reads with the context it is
	// given is of one moment; nil: without.
	View func(ctx context.Context, fn func(ctx context.Context) error) error
	// FlashKey signs the messages of the last action; empty: a random one.
	FlashKey []byte
}

// Server is the product's HTTP handler.
type Server struct {
	options Options
	secure  bool
	origin  string
	host    string
	hosts   hosts
	policy  string
	rates   *rates
	names   cookieNames
	static  *static
	routes  []Route
	mux     *http.ServeMux
	handler http.Handler
	log     *slog.Logger

	readiness readiness
}

// New builds the server from the route tables of the faces. It refuses two
// routes for one address and routes without permission.
func New(o Options, routes ...Route) (*Server, error) {
	if o.Clock == nil {
		return nil, fmt.Errorf("web server: no clock")
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base url %q: %w", o.BaseURL, err)
	}
	if len(o.FlashKey) == 0 {
		o.FlashKey = make([]byte, 32)
		rand.Read(o.FlashKey)
	}
	o.Limits = o.Limits.withDefaults()
	if o.ReadyFor <= 0 {
		o.ReadyFor = time.Second
	}
	s := &Server{options: o, secure: base.Scheme == "https", host: base.Host, mux: http.NewServeMux(), log: o.Logger}
	if base.Host != "" {
		s.origin = base.Scheme + "://" + base.Host
	}
	content, err := url.Parse(o.ContentURL)
	if err != nil || content.Host != "" && content.Host == base.Host {
		return nil, fmt.Errorf("content url %q: expected another host than that of the base url", o.ContentURL)
	}
	s.hosts = hostsFor(base.Host, content.Host, o.TrustedHosts)
	s.policy = policyFor(content)
	s.rates = newRates(o.Limits.Rate)
	s.readiness = readiness{ask: o.Ready, keep: o.ReadyFor}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.names = namesFor(s.secure)
	if s.static, err = loadStatic(); err != nil {
		return nil, err
	}
	if err := s.register(append(s.ownRoutes(), routes...)); err != nil {
		return nil, err
	}
	return s, s.build()
}

// register fills the mux, which refuses patterns that overlap.
func (s *Server) register(routes []Route) (err error) {
	seen := map[string]bool{}
	for _, r := range routes {
		if err := r.check(); err != nil {
			return err
		}
		name := r.Method + " " + r.Pattern
		if seen[name] {
			return fmt.Errorf("route %s stands twice", name)
		}
		seen[name] = true
		if err := s.handle(name, r); err != nil {
			return err
		}
	}
	s.routes = routes
	return nil
}

func (s *Server) handle(name string, r Route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("route %s: %v", name, p)
		}
	}()
	s.mux.Handle(name, s.adapt(r))
	return nil
}

// build wraps the mux: log and recovery outermost, then compression, headers
// and the check of foreign origins.
func (s *Server) build() error {
	guard := http.NewCrossOriginProtection()
	if s.origin != "" {
		if err := guard.AddTrustedOrigin(s.origin); err != nil {
			return fmt.Errorf("base url: %w", err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(s.denyOrigin))
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(compression))
	if err != nil {
		return fmt.Errorf("compression: %w", err)
	}
	s.handler = s.observe(compress(s.secureHeaders(s.guardHost(s.limitRate(guard.Handler(http.HandlerFunc(s.dispatch)))))))
	return nil
}

// compression is the gzip level of pages: the level above it costs a third
// more processor time and saves less than a twentieth of the bytes.
const compression = 1

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Routes lists the route table in the order of paths.
func (s *Server) Routes() []Route {
	out := slices.Clone(s.routes)
	slices.SortStableFunc(out, func(a, b Route) int {
		if c := strings.Compare(a.Pattern, b.Pattern); c != 0 {
			return c
		}
		return strings.Compare(a.Method, b.Method)
	})
	return out
}

// HTTP returns a [http.Server] around the handler with the product's time
// limits; uploads and downloads get longer ones by their route. The caller
// listens and shuts it down.
func (s *Server) HTTP() *http.Server {
	l := s.options.Limits
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: l.HeaderTime,
		ReadTimeout:       l.HeaderTime + 2*l.RequestTime,
		WriteTimeout:      l.HeaderTime + 4*l.RequestTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    l.Header,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// dispatch sends the request to its route, and gives addresses without one and
// methods that a route does not know a page instead of a line of text.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	probe := &statusProbe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	s.adapt(Route{Anonymous: true, Handler: func(w http.ResponseWriter, r *http.Request) error {
		if allow := probe.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			return errMethod
		}
		return errNoPage
	}}).ServeHTTP(w, r)
}

// statusProbe swallows the mux's own answer.
type statusProbe struct{ header http.Header }

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusProbe) WriteHeader(int)             {}

func (s *Server) platform(l i18n.Language) string {
	if name := s.options.Platform[l.Code()]; name != "" {
		return name
	}
	return i18n.Text(l, "ui.platform")
}
