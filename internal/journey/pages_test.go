package journey

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"learnspace/internal/web/webtest/chrome"
)

// pictures is the folder to which every page is drawn, at two widths and in two
// themes; without it the pages are only examined.
const pictures = "LEARNSPACE_PICTURES"

// perKind is how many pages of one kind (one pattern of address) a role looks
// at: with 14 roles each kind is seen several times.
const perKind = 1

// number stands for identifiers and months in an address.
var numbers = regexp.MustCompile(`[0-9]{4}-[0-9]{2}|[0-9]{5,}`)

// TestPages walks through every page that each role reaches by links, and
// examines it: no violation of accessibility in either theme, nothing wider
// than the narrowest screen.
func TestPages(t *testing.T) {
	t.Parallel()
	b, ok := chrome.Start(t)
	if !ok {
		return
	}
	p := start(t)
	w := &walk{t: t, p: p, b: b, done: map[string]bool{}}
	anonymous := b.Tab(desk)
	w.from(anonymous, "anonymous", []string{"/", "/signin", "/activate", "/help"})
	for _, login := range []string{"pupil", "teacher", "classteacher", "registrar", "school", "reporter", "county", "prefecture", "province",
		"guardian", "operator", "sysadmin", "secadmin", "auditadmin"} {
		w.from(p.signIn(t, b, login, desk), login, []string{"/home", "/me"})
	}
	if len(w.done) < 40 {
		t.Errorf("only %d pages were reached", len(w.done))
	}
}

// walk is the walk through the pages.
type walk struct {
	t    *testing.T
	p    *province
	b    *chrome.Browser
	done map[string]bool // kinds of page, and kinds with the role that saw them
}

// from follows links breadth first.
func (w *walk) from(tab *chrome.Tab, role string, queue []string) {
	seen := map[string]int{}
	visited := map[string]bool{}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		kind := numbers.ReplaceAllString(strings.SplitN(path, "?", 2)[0], "N")
		if visited[path] || seen[kind] >= perKind {
			continue
		}
		visited[path] = true
		seen[kind]++
		tab.Open(w.p.url + path)
		if title := tab.Text("h1"); title == "" {
			w.t.Errorf("%s %s has no h1", role, path)
		}
		w.examine(tab, role, path, kind)
		for _, link := range chrome.Eval[[]string](tab, `[...document.querySelectorAll('a[href]')].map(a => a.href)`) {
			if next, ok := w.local(link); ok && !slices.Contains(queue, next) {
				queue = append(queue, next)
			}
		}
	}
}

// local is the path of a link to a page of this server.
func (w *walk) local(link string) (string, bool) {
	u, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(link, w.p.url) {
		return "", false
	}
	q := u.Query()
	q.Del("lang")
	u.RawQuery = q.Encode()
	u.Fragment = ""
	path := u.RequestURI()
	switch filepath.Ext(u.Path) {
	case ".xlsx", ".docx", ".json", ".html", ".svg":
		return "", false
	}
	return path, !strings.HasPrefix(u.Path, "/static/") && !strings.HasPrefix(u.Path, "/pictures/")
}

// examine looks at one page as it is shown on a desk in light and on a phone in
// dark; at a kind of page that another role has shown already, on the phone only,
// unless it is the home, which each role has of its own.
func (w *walk) examine(tab *chrome.Tab, role, path, kind string) {
	name := role + " " + kind
	if w.done[name] {
		return
	}
	screens := []chrome.Screen{{Width: 390, Height: 844, Dark: true}}
	if !w.done[kind] || kind == "/home" {
		screens = append(screens, desk)
	}
	w.done[name], w.done[kind] = true, true
	for _, s := range screens {
		tab.Screen(s)
		for _, v := range tab.Axe() {
			w.t.Errorf("%s %s at %d px, dark %v: %v", role, path, s.Width, s.Dark, v)
		}
	}
	tab.Screen(chrome.Screen{Width: 320, Height: 640})
	if by := tab.Overflow(); by > 0 {
		w.t.Errorf("%s %s is %d px wider than a screen of 320 px", role, path, by)
	}
	if dir := os.Getenv(pictures); dir != "" {
		w.draw(tab, dir, role+strings.ReplaceAll(kind, "/", "_"))
	}
	tab.Screen(desk)
}

// draw takes the pictures of a page.
func (w *walk) draw(tab *chrome.Tab, dir, name string) {
	for _, width := range []int64{390, 1440} {
		for _, dark := range []bool{false, true} {
			tab.Screen(chrome.Screen{Width: width, Height: 900, Dark: dark})
			theme := "light"
			if dark {
				theme = "dark"
			}
			file := filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, theme))
			if err := os.WriteFile(file, tab.Picture(), 0o600); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}
