package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"learnspace/internal/fault"
	"learnspace/internal/web"
	"learnspace/internal/web/webtest"
)

// TestForeignHost: a name that is not ours gets no page, no link to itself and
// no cookie; health answers this machine under its own address.
func TestForeignHost(t *testing.T) {
	t.Parallel()
	site := webtest.With(t, web.Options{BaseURL: "https://space.example.cn", TrustedHosts: []string{"old.example.cn"}}, get("/a", "", page("a")))
	ask := func(host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "https://space.example.cn"+path, nil)
		r.Host = host
		r.Header.Set("X-Forwarded-Host", "space.example.cn")
		w := httptest.NewRecorder()
		site.Server.ServeHTTP(w, r)
		return w
	}
	for host, want := range map[string]int{"space.example.cn": 200, "old.example.cn": 200, "evil.example": 421, "127.0.0.1:8080": 421} {
		w := ask(host, "/a")
		if w.Code != want {
			t.Errorf("host %s: %d, want %d", host, w.Code, want)
		}
		if want != 200 && (strings.Contains(w.Body.String(), host) || w.Header().Get("Set-Cookie") != "") {
			t.Errorf("host %s: it is told back, or a cookie is set", host)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src") {
			t.Errorf("host %s: an answer without a policy", host)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := ask("127.0.0.1:8080", path); w.Code != 200 {
			t.Errorf("%s by this machine: %d", path, w.Code)
		}
		if w := ask("evil.example", path); w.Code != 421 {
			t.Errorf("%s by a foreign name: %d", path, w.Code)
		}
	}
}

// TestPolicyEverywhere: the policy stands on every answer, errors included.
func TestPolicyEverywhere(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/a", "", page("a")), get("/panic", "", func(http.ResponseWriter, *http.Request) error { panic("x") }),
		get("/broken", "", func(http.ResponseWriter, *http.Request) error { return errors.New("x") }))
	b := site.Anonymous()
	for _, path := range []string{"/a", "/panic", "/broken", "/nothing", "/healthz", "/readyz", "/static/none.css", "/robots.txt", "/favicon.ico"} {
		h := b.Get(path).Header
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'self'") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if h := b.Post("/a", url.Values{}).Want(http.StatusMethodNotAllowed).Header; h.Get("Content-Security-Policy") == "" {
		t.Error("405 without a policy")
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	checks := []web.Check{{Name: "database", OK: true, Value: 1, Unit: "ms"}, {Name: "disk", Reason: "less than 256MiB free"}}
	asked := 0
	site := webtest.With(t, web.Options{ReadyFor: time.Hour, Ready: func(context.Context) []web.Check { asked++; return checks }})
	for range 3 {
		p := site.Anonymous().Get("/readyz").Want(http.StatusServiceUnavailable)
		var got struct {
			Ready  bool
			Checks []web.Check
		}
		if err := json.Unmarshal([]byte(p.Body), &got); err != nil || got.Ready || len(got.Checks) != 2 || got.Checks[1].Reason != checks[1].Reason {
			t.Errorf("%s, %v", p.Body, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times: a crowd at the door must not ask the database each time", asked)
	}
	well := webtest.With(t, web.Options{Ready: func(context.Context) []web.Check { return checks[:1] }})
	if p := well.Anonymous().Get("/readyz").Want(http.StatusOK); !strings.Contains(p.Body, `"ready":true`) {
		t.Error(p.Body)
	}
}

// TestTooLong: a page that takes longer than it may ends in clear words, and an
// error that the storage gave is explained.
func TestTooLong(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	site := webtest.With(t, web.Options{
		Limits: web.Limits{RequestTime: time.Millisecond},
		Explain: func(err error) error {
			if errors.Is(err, full) {
				return fault.Wrap(fault.ErrUnavailable, err, "error.disk_full")
			}
			return err
		}},
		get("/slow", "", func(_ http.ResponseWriter, r *http.Request) error { <-r.Context().Done(); return r.Context().Err() }),
		get("/full", "", func(http.ResponseWriter, *http.Request) error { return full }),
		get("/other", "", func(http.ResponseWriter, *http.Request) error { return errors.New("x") }))
	for path, want := range map[string]string{"/slow": "响应太慢", "/full": "存储空间已满"} {
		p := site.Anonymous().Get(path).Want(http.StatusServiceUnavailable)
		if !strings.Contains(p.Text("main"), want) || p.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", path, p.Text("main"))
		}
	}
	site.Anonymous().Get("/other").Want(http.StatusInternalServerError)
}

func TestRateOfAnAddress(t *testing.T) {
	t.Parallel()
	site := webtest.With(t, web.Options{Limits: web.Limits{Rate: 1}}, get("/a", "", page("a")))
	b := site.Anonymous()
	for range 10 {
		b.Get("/a").Want(http.StatusOK)
	}
	if p := b.Get("/a").Want(http.StatusTooManyRequests); p.Header.Get("Retry-After") == "" {
		t.Error("nobody says when to come back")
	}
	b.Get("/healthz").Want(http.StatusOK)
	b.Header.Set("X-Forwarded-For", "203.0.113.1") // forged: this peer is no proxy
	b.Get("/a").Want(http.StatusTooManyRequests)
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	read := func(w http.ResponseWriter, r *http.Request) error {
		if err := r.ParseForm(); err != nil {
			return err
		}
		return page("ok")(w, r)
	}
	small, big := post("/small", "", read), post("/big", "", read)
	big.BodyLimit = 8 << 20
	site := webtest.With(t, web.Options{Limits: web.Limits{Body: 1 << 10, Upload: 4 << 10}}, small, big)
	b := site.Anonymous()
	form := func(n int) url.Values { return url.Values{"x": {strings.Repeat("a", n)}} }
	b.Post("/small", form(1000)).Want(http.StatusOK)
	b.Post("/small", form(2000)).Want(http.StatusRequestEntityTooLarge)
	b.Post("/big", form(2000)).Want(http.StatusOK)
	b.Post("/big", form(5000)).Want(http.StatusRequestEntityTooLarge)
}
