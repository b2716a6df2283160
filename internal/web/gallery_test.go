package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/web"
	"learnspace/internal/web/webtest"
	"learnspace/internal/web/webtest/chrome"
)

// gallery is a site of the pages that show every component. Its sign-in gives
// a session without asking.
func gallery(t *testing.T) (*webtest.Site, []web.Route) {
	t.Helper()
	show := func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, http.StatusOK, webtest.Gallery(web.Now(r.Context())))
	}
	cover := func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, http.StatusOK, webtest.GalleryCover(r.PathValue("tone")))
	}
	fail := func(http.ResponseWriter, *http.Request) error { panic("for the picture") }
	echo := func(w http.ResponseWriter, r *http.Request) error { return web.Redirect(w, r, "/gallery") }
	enter := func(w http.ResponseWriter, r *http.Request) error {
		web.SetSession(w, r, "token-1", 0)
		return web.Redirect(w, r, "/gallery")
	}
	routes := []web.Route{get("/gallery", access.HomeRead, show), get("/cover/{tone}", access.HomeRead, cover), get("/fail", "", fail),
		post("/x", access.HomeRead, echo), get("/enter", "", enter)}
	site := webtest.With(t, web.Options{Demo: true, Office: "吉林省电化教育馆", Phone: "0431-0000-0000",
		Platform: map[string]string{"zh": "吉林省教育资源公共服务平台"}}, routes...)
	site.As(teacher)
	return site, routes
}

func TestGalleryIsPlainAndComplete(t *testing.T) {
	t.Parallel()
	site, _ := gallery(t)
	p := site.As(teacher).Get("/gallery").Want(http.StatusOK)
	for _, selector := range []string{"[style]", "script:not([src])", "img:not([alt])", "input:not([type])", "a:not([href])", "[hidden]"} {
		if n := p.Count(selector); n != 0 {
			t.Errorf("%d of %s", n, selector)
		}
	}
	seen := map[string]bool{}
	for _, n := range p.Find("[id]") {
		id := webtest.AttrOf(n, "id")
		if seen[id] {
			t.Errorf("id %s stands twice", id)
		}
		seen[id] = true
	}
	for _, n := range p.Find("label[for]") {
		if !seen[webtest.AttrOf(n, "for")] {
			t.Errorf("label for %s", webtest.AttrOf(n, "for"))
		}
	}
	for _, n := range p.Find("[aria-describedby], [aria-labelledby]") {
		for _, id := range strings.Fields(webtest.AttrOf(n, "aria-describedby") + " " + webtest.AttrOf(n, "aria-labelledby")) {
			if !seen[id] {
				t.Errorf("nothing has the id %s", id)
			}
		}
	}
	form := p.Form("main form[action='/x'].stack")
	want := url.Values{"name": {""}, "student_no": {"G22010"}, "code": {""}, "stage": {"2"}, "text": {"明天8:00集合"},
		"scope": {"class"}, "to": {"3"}, "own": {"1"}}
	form.Del("_key")
	if form.Encode() != want.Encode() {
		t.Errorf("form sends %v", form)
	}
}

// TestComponentsInABrowser walks the gallery in both themes and three widths:
// no violation of accessibility, no sideways scrolling, no refusal by the
// content security policy.
func TestComponentsInABrowser(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	site, _ := gallery(t)
	server := httptest.NewServer(site.Server)
	t.Cleanup(server.Close)
	tab := browser.Tab(chrome.Screen{Width: 1440, Height: 900})
	tab.Open(server.URL + "/enter")
	plain := []string{"/gallery?lang=zh", "/fail", "/help"}
	for _, s := range []struct {
		name string
		chrome.Screen
		paths []string
	}{
		{"desk-light", chrome.Screen{Width: 1440, Height: 900}, plain},
		{"desk-dark", chrome.Screen{Width: 1440, Height: 900, Dark: true}, plain},
		{"phone-light", chrome.Screen{Width: 390, Height: 844}, []string{"/gallery", "/cover/plum"}},
		{"phone-dark", chrome.Screen{Width: 390, Height: 844, Dark: true}, []string{"/gallery", "/cover/river"}},
		{"narrow", chrome.Screen{Width: 320, Height: 640}, []string{"/gallery?lang=ko", "/gallery?lang=en", "/cover/maize"}},
	} {
		tab.Screen(s.Screen)
		for _, path := range s.paths {
			tab.Open(server.URL + path)
			for _, v := range tab.Axe() {
				t.Errorf("%s %s: %v", s.name, path, v)
			}
			if n := tab.Overflow(); n > 0 {
				t.Errorf("%s %s is %d px too wide", s.name, path, n)
			}
			keepPicture(t, tab, s.name, path)
		}
	}
}

// keepPicture writes a picture where $LEARNSPACE_PICTURES says so.
func keepPicture(t *testing.T, tab *chrome.Tab, name, path string) {
	t.Helper()
	dir := os.Getenv("LEARNSPACE_PICTURES")
	if dir == "" {
		return
	}
	file := strings.NewReplacer("/", "_", "?", "_", "=", "_").Replace(strings.TrimPrefix(path, "/")) + "-" + name + ".png"
	if err := os.WriteFile(filepath.Join(dir, file), tab.Picture(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPlainInABrowser opens the gallery without script and without the
// stylesheet: menus open, forms are sent, nothing runs off a phone's screen.
func TestPlainInABrowser(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	site, _ := gallery(t)
	server := httptest.NewServer(site.Server)
	t.Cleanup(server.Close)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".css") {
			http.NotFound(w, r)
			return
		}
		site.Server.ServeHTTP(w, r)
	}))
	t.Cleanup(bare.Close)

	tab := browser.Tab(chrome.Screen{Width: 390, Height: 844, NoScript: true})
	tab.Open(server.URL + "/enter")
	if tab.Count(".js-only") == 0 || chrome.Eval[string](tab, `getComputedStyle(document.querySelector(".js-only")).display`) != "none" {
		t.Error("buttons that need script show without it")
	}
	tab.Click("details.menu > summary")
	tab.See(".menu-in a[href='/me']")
	tab.Submit("main form button.btn-primary")
	if got := tab.Address(); got != server.URL+"/gallery" {
		t.Errorf("the form leads to %s", got)
	}
	tab.Submit(".theme button")
	if got := chrome.Eval[string](tab, `document.documentElement.dataset.theme`); got != "dark" {
		t.Errorf("theme %q", got)
	}
	tab = browser.Tab(chrome.Screen{Width: 360, Height: 640})
	tab.Open(bare.URL + "/enter")
	if got := chrome.Eval[string](tab, `getComputedStyle(document.querySelector("main .card")).borderRadius`); got != "0px" {
		t.Errorf("the stylesheet is there: %s", got)
	}
	if n := tab.Overflow(); n > 0 {
		t.Errorf("without stylesheet the page is %d px too wide", n)
	}
	keepPicture(t, tab, "plain", "/gallery")
}

// TestKeyboardInABrowser walks by keyboard: the skip link comes first, the
// menu closes with Escape, a double click sends a form once.
func TestKeyboardInABrowser(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	site, _ := gallery(t)
	server := httptest.NewServer(site.Server)
	t.Cleanup(server.Close)
	tab := browser.Tab(chrome.Screen{Width: 1440, Height: 900})
	tab.Open(server.URL + "/enter")
	tab.Open(server.URL + "/help")
	tab.Press("\t")
	if got := chrome.Eval[string](tab, `document.documentElement.lang`); got != "zh-CN" {
		t.Errorf("the browser asks for %s", got)
	}
	if got := chrome.Eval[string](tab, `document.activeElement.className`); got != "skip" {
		t.Errorf("the first stop is %q", got)
	}
	tab.Click("details.menu > summary")
	tab.See(".menu-in")
	tab.Press("\u001b")
	if chrome.Eval[bool](tab, `document.querySelector("details.menu").open`) {
		t.Error("Escape leaves the menu open")
	}
	tab.Open(server.URL + "/gallery")
	marked := chrome.Eval[bool](tab, `(() => { const f = document.querySelector("main form.stack"), b = f.querySelector("button.btn-primary");
		let refused = 0; addEventListener("submit", e => { if (e.defaultPrevented) refused++; e.preventDefault(); });
		b.click(); b.click(); return refused === 1 && b.getAttribute("aria-busy") === "true"; })()`)
	if !marked {
		t.Error("a double click sends the form twice")
	}
}
