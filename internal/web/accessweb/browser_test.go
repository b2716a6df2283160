package accessweb_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web/webtest"
	"learnspace/internal/web/webtest/chrome"
)

// TestPagesInABrowser looks at each page at 320 px and at a desk, light and
// dark: no violation of accessibility, nothing wider than the screen.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	f := setup(t, dbtest.New(t, db.SQLite))
	teacher, colleague := f.make("周沐阳", person.RoleTeacher, f.class), f.make("金美妍", person.RoleTeacher, f.node("2122000001"))
	leader := access.Actor{Person: teacher, Role: access.ClassTeacher, Places: []access.Place{{Node: f.class.ID, Path: f.class.Path, Role: access.ClassTeacher}}}
	if _, err := f.orgs.Lend(t.Context(), leader, org.LendRequest{Person: colleague, Node: f.class.ID, Days: 5, Reason: "病假"}); err != nil {
		t.Fatal(err)
	}
	who := "/access/why?who=" + teacher.String()
	for _, p := range []struct {
		b    *webtest.Browser
		path string
	}{
		{f.as(900, access.SecAdmin, f.node("22")), "/access/roles"},
		{f.as(900, access.SecAdmin, f.node("22")), "/access/why?q=" + url.QueryEscape("周")},
		{f.as(900, access.SecAdmin, f.node("22")), who + "&kind=node&text=" + url.QueryEscape("南关")},
		{f.as(900, access.SecAdmin, f.node("22")), who + "&kind=node&object=" + f.class.ID.String()},
		{f.as(teacher, access.ClassTeacher, f.class), "/access/substitutes?q="},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Host = "example.com"
			r.AddCookie(&http.Cookie{Name: "ls", Value: p.b.Cookie("ls")})
			f.site.Server.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		tab := browser.Tab(chrome.Screen{Width: 320, Height: 640})
		tab.Open(server.URL + p.path)
		for _, s := range []chrome.Screen{{Width: 320, Height: 640}, {Width: 1280, Height: 900, Dark: true}} {
			tab.Screen(s)
			chrome.Eval[int](tab, "document.getAnimations().map(a => a.finish()).length")
			for _, v := range tab.Axe() {
				t.Errorf("%s at %d px: %v", p.path, s.Width, v)
			}
			if n := tab.Overflow(); n > 0 {
				t.Errorf("%s is %d px wider than %d px", p.path, n, s.Width)
			}
		}
	}
}
