package webtest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/web"
)

// Start is the time at which a site's clock stands: 2019-11-05 09:00 UTC+8.
var Start = time.Date(2019, 11, 5, 9, 0, 0, 0, clock.Zone)

// Site is a server under test.
type Site struct {
	t      testing.TB
	Server *web.Server
	Clock  *clock.Manual
	// Log holds the JSON lines that the server wrote.
	Log *Buffer

	mu     sync.Mutex
	actors map[string]access.Actor
}

// Buffer is a log that several requests may write.
type Buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends to the log.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns what was logged.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// New builds a site from routes.
func New(t testing.TB, routes ...web.Route) *Site {
	t.Helper()
	return With(t, web.Options{}, routes...)
}

// With builds a site with options; clock, logger and, when nil, sessions are
// the site's own.
func With(t testing.TB, o web.Options, routes ...web.Route) *Site {
	t.Helper()
	s := &Site{t: t, Clock: clock.NewManual(Start), Log: &Buffer{}, actors: map[string]access.Actor{}}
	if o.Clock == nil {
		o.Clock = s.Clock
	}
	if o.Sessions == nil {
		o.Sessions = s
	}
	if o.BaseURL == "" {
		o.BaseURL = "http://example.com"
		o.TrustedHosts = append(o.TrustedHosts, "127.0.0.1") // a browser of a test comes by the address
	}
	o.Logger = slog.New(slog.NewJSONHandler(s.Log, nil))
	server, err := web.New(o, routes...)
	if err != nil {
		t.Fatalf("web server: %v", err)
	}
	s.Server = server
	return s
}

// Authenticate gives the actor of a token that As made.
func (s *Site) Authenticate(_ context.Context, token string) (access.Actor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.actors[token]
	if !ok {
		return access.Actor{}, fault.New(fault.ErrNotFound, "error.not_found")
	}
	return a, nil
}

// Anonymous is a browser of somebody who has not signed in.
func (s *Site) Anonymous() *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Browser{site: s, jar: jar, base: &url.URL{Scheme: "http", Host: "example.com", Path: "/"}, Header: http.Header{}}
}

// As is a browser with a session of the actor.
func (s *Site) As(a access.Actor) *Browser {
	b := s.Anonymous()
	s.mu.Lock()
	token := "token-" + strconv.Itoa(len(s.actors)+1)
	s.actors[token] = a
	s.mu.Unlock()
	b.jar.SetCookies(b.base, []*http.Cookie{{Name: "ls", Value: token, Path: "/"}})
	return b
}

// Browser keeps cookies between requests. Header is sent with each of them.
type Browser struct {
	site   *Site
	jar    http.CookieJar
	base   *url.URL
	Header http.Header
}

// Cookie returns the value of a cookie, "" without it.
func (b *Browser) Cookie(name string) string {
	for _, c := range b.jar.Cookies(b.base) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Get opens a page.
func (b *Browser) Get(path string) *Page {
	b.site.t.Helper()
	return b.do(http.MethodGet, path, "", nil)
}

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) *Page {
	b.site.t.Helper()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// File is one file of an upload.
type File struct {
	Field, Name string
	Content     []byte
}

// Upload sends a form with files.
func (b *Browser) Upload(path string, form url.Values, files ...File) *Page {
	b.site.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			if err := m.WriteField(name, v); err != nil {
				b.site.t.Fatal(err)
			}
		}
	}
	for _, f := range files {
		part, err := m.CreateFormFile(f.Field, f.Name)
		if err != nil {
			b.site.t.Fatal(err)
		}
		if _, err := part.Write(f.Content); err != nil {
			b.site.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		b.site.t.Fatal(err)
	}
	return b.do(http.MethodPost, path, m.FormDataContentType(), &body)
}

func (b *Browser) do(method, path, kind string, body io.Reader) *Page {
	b.site.t.Helper()
	r := httptest.NewRequest(method, "http://example.com"+path, body)
	for name, values := range b.Header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", "http://example.com")
	}
	for _, c := range b.jar.Cookies(b.base) {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.site.Server.ServeHTTP(rec, r)
	b.jar.SetCookies(b.base, rec.Result().Cookies())
	return newPage(b, method+" "+path, rec)
}
