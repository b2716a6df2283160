package web_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
	"learnspace/internal/web/webtest"
)

var (
	teacher = access.Actor{Person: 7, Role: access.ClassTeacher, Name: "周沐阳",
		Places: []access.Place{{Node: 70, Path: "1/2/", Role: access.ClassTeacher}}}
	pupil = access.Actor{Person: 8, Role: access.Pupil, Name: "林知夏",
		Places: []access.Place{{Node: 70, Path: "1/2/", Role: access.Pupil}}}
)

func page(title string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, http.StatusOK, ui.Layout(ui.Page{Title: title}))
	}
}

func get(pattern string, p access.Permission, h web.Handler) web.Route {
	return web.Route{Method: http.MethodGet, Pattern: pattern, Permission: p, Anonymous: p == "", Handler: h}
}

func post(pattern string, p access.Permission, h web.Handler) web.Route {
	return web.Route{Method: http.MethodPost, Pattern: pattern, Permission: p, Anonymous: p == "", Handler: h}
}

func TestRouteTableRefusesMistakes(t *testing.T) {
	t.Parallel()
	ok := page("x")
	cases := []struct {
		name   string
		routes []web.Route
		want   string
	}{
		{"twice", []web.Route{get("/a", "", ok), get("/a", "", ok)}, "stands twice"},
		{"overlap", []web.Route{get("/a/{x}", "", ok), get("/a/{y}", "", ok)}, "conflicts"},
		{"nobody", []web.Route{{Method: http.MethodGet, Pattern: "/a", Handler: ok}}, "needs a permission or Anonymous"},
		{"both", []web.Route{{Method: http.MethodGet, Pattern: "/a", Anonymous: true, Permission: access.HomeRead, Handler: ok}}, "not both"},
		{"method", []web.Route{{Method: http.MethodPut, Pattern: "/a", Anonymous: true, Handler: ok}}, "only GET and POST"},
		{"no handler", []web.Route{{Method: http.MethodGet, Pattern: "/a", Anonymous: true}}, "no handler"},
		{"no path", []web.Route{get("a", "", ok)}, "the pattern is a path"},
		{"own", []web.Route{get("/healthz", "", ok)}, "stands twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := webtest.New(t)
			_, err := web.New(web.Options{Clock: site.Clock}, c.routes...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/open", "", page("开放")), get("/posts", access.ClassPost, page("发布")),
		post("/posts", access.ClassPost, page("发布")))
	site.Anonymous().Get("/open").Want(http.StatusOK)
	p := site.Anonymous().Get("/posts?tab=2")
	p.Want(http.StatusSeeOther)
	if want := "/signin?next=%2Fposts%3Ftab%3D2"; p.Location() != want {
		t.Errorf("leads to %s, want %s", p.Location(), want)
	}
	site.Anonymous().Post("/posts", nil).Want(http.StatusSeeOther)
	site.As(teacher).Get("/posts").Want(http.StatusOK)
	denied := site.As(pupil).Get("/posts").Want(http.StatusForbidden)
	if denied.Count("main h1") != 1 || denied.Count("nav.crumb, .side-list a") == 0 {
		t.Error("a refusal is a whole page with the way on")
	}
	stranger := site.Anonymous()
	stranger.Header.Set("Cookie", "ls=no-such-token")
	if got := stranger.Get("/posts").Want(http.StatusSeeOther).Header.Get("Set-Cookie"); !strings.HasPrefix(got, "ls=;") {
		t.Errorf("an unknown token is taken away, got %q", got)
	}
	part := site.Anonymous()
	part.Header.Set("HX-Request", "true")
	if got := part.Get("/posts").Want(http.StatusNoContent).Header.Get("HX-Redirect"); got != "/signin?next=%2Fposts" {
		t.Errorf("script is sent to %q", got)
	}
}

func TestErrorsBecomePages(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		err    error
		status int
		text   string
	}{
		{"invalid", fault.Invalid(fault.At("a", "error.no_page")), 422, "有1处需要修改"},
		{"forbidden", fault.New(fault.ErrForbidden, "error.forbidden"), 403, "您当前的角色"},
		{"not found", fault.New(fault.ErrNotFound, ""), 404, "不存在"},
		{"conflict", fault.New(fault.ErrConflict, "error.conflict"), 409, "状态不允许"},
		{"stale", fmt.Errorf("save: %w", fault.ErrStale), 409, "别人改过"},
		{"too many", fault.ErrTooMany, 429, "太频繁"},
		{"unavailable", fault.ErrUnavailable, 503, "很多"},
		{"internal", errors.New("secret table missing"), 500, "编号"},
		{"too large", fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 1}), 413, "太大"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := webtest.New(t, get("/x", "", func(http.ResponseWriter, *http.Request) error { return c.err }))
			p := site.Anonymous().Get("/x").Want(c.status)
			if !strings.Contains(p.Text("main"), c.text) {
				t.Errorf("page says %q, want %q", p.Text("main"), c.text)
			}
			if strings.Contains(p.Body, "secret") {
				t.Error("the cause is on the page")
			}
			if c.status == 500 && !strings.Contains(site.Log.String(), "secret table missing") {
				t.Error("the cause is not in the log")
			}
			if c.status == 503 && p.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if web.Status(c.err) != c.status {
				t.Errorf("Status gives %d", web.Status(c.err))
			}
		})
	}
}

func TestErrorForScriptIsAMessage(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/x", "", func(http.ResponseWriter, *http.Request) error { return fault.ErrStale }))
	b := site.Anonymous()
	b.Header.Set("HX-Request", "true")
	trigger := b.Get("/x").Want(http.StatusConflict).Header.Get("HX-Trigger")
	if !strings.HasPrefix(trigger, `{"toast":{"text":"\u521a\u624d`) {
		t.Errorf("HX-Trigger %s", trigger)
	}
}

func TestPanicAndLog(t *testing.T) {
	t.Parallel()
	site := webtest.New(t,
		get("/people/{person}", "", func(http.ResponseWriter, *http.Request) error { panic("boom") }),
		get("/ok/{person}", "", page("好")))
	p := site.As(teacher).Get("/people/288230376151711745?name=%E6%9E%97").Want(http.StatusInternalServerError)
	if p.Count("h1") != 1 || p.Header.Get("Content-Security-Policy") == "" {
		t.Error("a panic is answered by a page with the headers")
	}
	site.As(teacher).Get("/ok/288230376151711745").Want(http.StatusOK)
	log := site.Log.String()
	for _, want := range []string{"boom", `"route":"GET /people/{person}"`, `"status":500`, `"role":"class_teacher"`, `"ms":`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	for _, personal := range []string{"288230376151711745", "192.0.2.1", "周沐阳", "%E6%9E%97", "token-"} {
		if strings.Contains(log, personal) {
			t.Errorf("the log holds %s", personal)
		}
	}
}

func TestUnknownAddressAndMethod(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, post("/a", "", page("a")))
	if p := site.Anonymous().Get("/nowhere").Want(http.StatusNotFound); p.Text("h1") != "没有找到这个页面" {
		t.Errorf("h1 %q", p.Text("h1"))
	}
	if p := site.Anonymous().Get("/a").Want(http.StatusMethodNotAllowed); !strings.Contains(p.Header.Get("Allow"), "POST") {
		t.Errorf("Allow %q", p.Header.Get("Allow"))
	}
}

func TestForeignFormIsRefused(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, post("/a", "", page("a")))
	for name, header := range map[string][2]string{"site": {"Sec-Fetch-Site", "cross-site"}, "origin": {"Origin", "http://evil.example"}} {
		r := httptest.NewRequest(http.MethodPost, "http://example.com/a", strings.NewReader(""))
		r.Header.Set(header[0], header[1])
		rec := httptest.NewRecorder()
		site.Server.ServeHTTP(rec, r)
		if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "别的网站") {
			t.Errorf("%s: status %d", name, rec.Code)
		}
	}
	site.Anonymous().Post("/a", nil).Want(http.StatusOK)
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	read := func(w http.ResponseWriter, r *http.Request) error {
		if _, err := io.ReadAll(r.Body); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		return page("a")(w, r)
	}
	big := post("/big", "", read)
	big.BodyLimit = 4 << 20
	site := webtest.New(t, post("/a", "", read), big)
	form := url.Values{"x": {strings.Repeat("a", 1<<20+1)}}
	site.Anonymous().Post("/a", form).Want(http.StatusRequestEntityTooLarge)
	site.Anonymous().Post("/big", form).Want(http.StatusOK)
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/a", "", page("a")))
	b := site.Anonymous()
	b.Header.Set("Accept-Language", "en-US,en;q=0.9")
	if got := b.Get("/a").Attr("html", "lang"); got != "en" {
		t.Errorf("browser's language: %s", got)
	}
	if got := b.Get("/a?lang=ko&tab=2"); got.Attr("html", "lang") != "ko" || got.Attr(".lang a", "href") != "/a?lang=zh&tab=2" {
		t.Errorf("asked for: %s, first link %s", got.Attr("html", "lang"), got.Attr(".lang a", "href"))
	}
	if got := b.Get("/a").Attr("html", "lang"); got != "ko" {
		t.Errorf("kept: %s", got)
	}
	if got := b.Get("/a?lang=xx").Attr("html", "lang"); got != "ko" {
		t.Errorf("unknown: %s", got)
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/a", "", page("a")))
	b := site.Anonymous()
	p := b.Post("/preferences", url.Values{"theme": {"dark"}, "back": {"/a?x=1"}})
	if p.Location() != "/a?x=1" {
		t.Errorf("returns to %s", p.Location())
	}
	b.Post("/preferences", url.Values{"size": {"large"}, "lang": {"ko"}})
	p = b.Get("/a")
	got := []string{p.Attr("html", "data-theme"), p.Attr("html", "data-size"), p.Attr("html", "lang"), p.Attr(".theme button", "value"),
		p.Attr("meta[name=color-scheme]", "content")}
	if diff := cmp.Diff([]string{"dark", "large", "ko", "light", "dark"}, got); diff != "" {
		t.Error(diff)
	}
	b.Post("/preferences", url.Values{"theme": {"auto"}})
	if p = b.Get("/a"); p.Attr("html", "data-theme") != "" || p.Attr("html", "data-size") != "large" {
		t.Error("auto takes the theme away and nothing else")
	}
	for _, evil := range []string{"//evil.example", "https://evil.example", "/\\evil.example", ""} {
		if got := b.Post("/preferences", url.Values{"back": {evil}}).Location(); got != "/" {
			t.Errorf("back %q leads to %q", evil, got)
		}
	}
}

func TestFlash(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/a", "", page("a")), post("/do", "", func(w http.ResponseWriter, r *http.Request) error {
		web.Flash(w, r, "ui.errors", 3)
		web.FlashKind(w, r, "warning", "ui.close")
		return web.Redirect(w, r, "/a")
	}))
	b := site.Anonymous()
	p := b.Post("/do", nil).Follow()
	if diff := cmp.Diff([]string{"有3处需要修改", "关闭"}, p.Texts(".alert")); diff != "" {
		t.Error(diff)
	}
	if p.Count(".alert-success") != 1 || p.Count(".alert-warning") != 1 {
		t.Error("kinds are lost")
	}
	if b.Get("/a").Count(".alert") != 0 {
		t.Error("the message is shown twice")
	}
	forged := site.Anonymous()
	forged.Header.Set("Cookie", "ls-flash=W3siS2luZCI6ImluZm8iLCJUZXh0IjoiaGkifV0.AAAA")
	if forged.Get("/a").Count(".alert") != 0 {
		t.Error("a forged message is shown")
	}
}

func TestFlashOnThePageThatSetsIt(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/a", "", func(w http.ResponseWriter, r *http.Request) error {
		web.Flash(w, r, "ui.close")
		return page("a")(w, r)
	}), get("/b", "", page("b")))
	b := site.Anonymous()
	if b.Get("/a").Count(".alert") != 1 || b.Get("/b").Count(".alert") != 0 {
		t.Error("shown at once and only there")
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	signIn := post("/in", "", func(w http.ResponseWriter, r *http.Request) error {
		web.SetSession(w, r, "abc", 0)
		web.SetState(w, r, "activation", "step2", 0)
		return web.Redirect(w, r, "/a")
	})
	state := get("/a", "", func(w http.ResponseWriter, r *http.Request) error {
		return page(web.State(r, "activation")+web.SessionToken(r))(w, r)
	})
	plain := webtest.New(t, signIn, state)
	b := plain.Anonymous()
	b.Post("/in", nil).Want(http.StatusSeeOther)
	if b.Cookie("ls") != "abc" {
		t.Error("no session cookie")
	}
	if got := b.Get("/a").Text("h1"); got != "step2abc" {
		t.Errorf("state and token %q, want step2abc", got)
	}
	secure := webtest.With(t, web.Options{BaseURL: "https://example.com"}, signIn)
	line := strings.Join(secure.Anonymous().Post("/in", nil).Header.Values("Set-Cookie"), "\n")
	for _, want := range []string{"__Host-ls=abc", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(line, want) {
			t.Errorf("cookie lacks %s: %s", want, line)
		}
	}
	if strings.Contains(line, "Domain") {
		t.Error("a __Host- cookie has no domain")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/a", "", page("a")), get("/b", access.HomeRead, page("b")))
	p := site.Anonymous().Get("/a")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Cache-Control": "no-cache", "Content-Type": "text/html; charset=utf-8", "Content-Language": "zh-CN",
	} {
		if !strings.Contains(p.Header.Get(name), want) {
			t.Errorf("%s: %q", name, p.Header.Get(name))
		}
	}
	if strings.Contains(p.Header.Get("Content-Security-Policy"), "unsafe") || p.Count("[style], script:not([src]), [onclick]") != 0 {
		t.Error("nothing inline")
	}
	if got := site.As(teacher).Get("/b").Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("page of a person: %s", got)
	}
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/a", "", page("a")))
	b := site.Anonymous()
	total := 0
	p := b.Get("/a")
	addresses := []string{p.Attr("link[rel=stylesheet]", "href"), p.Attr("link[rel=icon]", "href"),
		strings.Split(p.Attr("svg use", "href"), "#")[0]}
	for _, s := range p.Find("script") {
		addresses = append(addresses, webtest.AttrOf(s, "src"))
	}
	b.Header.Set("Accept-Encoding", "gzip")
	for _, a := range addresses {
		f := b.Get(a).Want(http.StatusOK)
		if f.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || f.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %v", a, f.Header)
		}
		total += len(f.Body)
	}
	page := b.Get("/a")
	if page.Header.Get("Content-Encoding") != "gzip" {
		t.Error("pages are compressed")
	}
	t.Logf("first visit: %d bytes of files, %d of page", total, len(page.Body))
	if total > 44<<10 {
		t.Errorf("%d bytes of files leave too little of 60 KB for the page", total)
	}
	b.Get("/static/app.css").Want(http.StatusNotFound)
	b.Get("/static/..%2Fserver.go").Want(http.StatusNotFound)
	b.Get("/favicon.ico").Want(http.StatusMovedPermanently)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	site := webtest.New(t)
	site.Anonymous().Get("/healthz").Want(http.StatusOK)
	site.Anonymous().Get("/readyz").Want(http.StatusOK)
	site.Anonymous().Get("/help").Want(http.StatusOK)
}

func TestClientAddr(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, forwarded, want string }{
		{"direct", "", "192.0.2.1"},
		{"one hop", "203.0.113.9", "203.0.113.9"},
		{"forged in front", "1.1.1.1, 203.0.113.9", "203.0.113.9"},
		{"two proxies", "203.0.113.9, 192.0.2.77", "203.0.113.9"},
		{"nonsense", "x", "192.0.2.1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			show := get("/a", "", func(w http.ResponseWriter, r *http.Request) error { return page(web.ClientAddr(r).String())(w, r) })
			site := webtest.With(t, web.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, show)
			b := site.Anonymous()
			if c.forwarded != "" {
				b.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := b.Get("/a").Text("h1"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestInvalidFormKeepsInput(t *testing.T) {
	t.Parallel()
	save := post("/a", "", func(w http.ResponseWriter, r *http.Request) error {
		err := fault.Invalid(fault.At("name", "error.invalid_input"))
		errs, ok := web.Invalid(r, err)
		if !ok {
			return err
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, form(errs, r.FormValue("name")))
	})
	site := webtest.New(t, save)
	p := site.Anonymous().Post("/a", url.Values{"name": {"林<b>"}}).Want(http.StatusUnprocessableEntity)
	if p.Attr("input[name=name]", "value") != "林<b>" || p.Attr("input[name=name]", "aria-invalid") != "true" {
		t.Error("the field keeps the input and is marked")
	}
	if p.Attr(".error-summary a", "href") != "#"+p.Attr("input[name=name]", "id") {
		t.Error("the summary leads to the field")
	}
	if p.Attr("input[name=name]", "aria-describedby") != p.Attr(".field .error", "id") {
		t.Error("the field names its error")
	}
}

func TestPathID(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/n/{node}", "", func(w http.ResponseWriter, r *http.Request) error {
		n, err := web.PathID[id.Node](r, "node")
		if err != nil {
			return err
		}
		return page(n.String())(w, r)
	}))
	if got := site.Anonymous().Get("/n/288230376151711745").Text("h1"); got != "288230376151711745" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{"0", "-1", "x", "1e3", "99999999999999999999"} {
		site.Anonymous().Get("/n/" + bad).Want(http.StatusNotFound)
	}
}

func TestNavigation(t *testing.T) {
	t.Parallel()
	site := webtest.New(t, get("/home", access.HomeRead, func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, http.StatusOK, ui.Layout(ui.Page{Title: "首页", Nav: "home"}))
	}))
	p := site.As(teacher).Get("/home").Want(http.StatusOK)
	want := []string{"首页", "班级", "名单与激活", "同意书登记", "举报处理", "我的信息", "我的"}
	if diff := cmp.Diff(want, p.Texts(".side-list a")); diff != "" {
		t.Error(diff)
	}
	if p.Attr(".side-list a[href*=classes]", "href") != "/classes/70" || p.Text(".side-list [aria-current]") != "首页" {
		t.Error("the class of the active role, the present page marked")
	}
	if p.Count("main#main") != 1 || p.Count("a.skip[href='#main']") != 1 || p.Count("h1") != 1 || p.Count("footer a[href='/help']") != 1 {
		t.Error("the frame is not whole")
	}
}
