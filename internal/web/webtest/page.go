package webtest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Page is one answer of the server.
type Page struct {
	t       testing.TB
	browser *Browser
	what    string
	Status  int
	Header  http.Header
	Body    string
	root    *html.Node
}

func newPage(b *Browser, what string, rec *httptest.ResponseRecorder) *Page {
	b.site.t.Helper()
	p := &Page{t: b.site.t, browser: b, what: what, Status: rec.Code, Header: rec.Result().Header, Body: rec.Body.String()}
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	p.root = root
	return p
}

// Want fails the test unless the status is this one.
func (p *Page) Want(status int) *Page {
	p.t.Helper()
	if p.Status != status {
		p.t.Fatalf("%s: status %d, want %d\n%s", p.what, p.Status, status, p.Text("main"))
	}
	return p
}

// Location is where the answer leads.
func (p *Page) Location() string { return p.Header.Get("Location") }

// Follow wants a 303 and opens where it leads; like a browser it keeps the
// fragment to itself.
func (p *Page) Follow() *Page {
	p.t.Helper()
	p.Want(http.StatusSeeOther)
	address, _, _ := strings.Cut(p.Location(), "#")
	return p.browser.Get(address)
}

// Find returns the nodes that a CSS selector names.
func (p *Page) Find(selector string) []*html.Node {
	p.t.Helper()
	s, err := cascadia.ParseGroup(selector)
	if err != nil {
		p.t.Fatalf("selector %q: %v", selector, err)
	}
	return cascadia.QueryAll(p.root, s)
}

// Count is how many nodes a selector names.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return len(p.Find(selector))
}

// Text is the text of the first node that a selector names, white space
// collapsed; "" without one.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	nodes := p.Find(selector)
	if len(nodes) == 0 {
		return ""
	}
	return TextOf(nodes[0])
}

// Texts is the text of every node that a selector names.
func (p *Page) Texts(selector string) []string {
	p.t.Helper()
	var out []string
	for _, n := range p.Find(selector) {
		out = append(out, TextOf(n))
	}
	return out
}

// Attr is an attribute of the first node that a selector names.
func (p *Page) Attr(selector, name string) string {
	p.t.Helper()
	for _, n := range p.Find(selector) {
		return AttrOf(n, name)
	}
	return ""
}

// Form gives the fields of a form as a browser would send them unchanged,
// without buttons.
func (p *Page) Form(selector string) url.Values {
	p.t.Helper()
	forms := p.Find(selector)
	if len(forms) == 0 {
		p.t.Fatalf("%s: no form %q", p.what, selector)
	}
	out := url.Values{}
	for _, n := range cascadia.QueryAll(forms[0], cascadia.MustCompile("input[name], textarea[name], select[name]")) {
		addField(out, n)
	}
	return out
}

func addField(out url.Values, n *html.Node) {
	name := AttrOf(n, "name")
	switch n.Data {
	case "textarea":
		out.Add(name, TextOf(n))
	case "select":
		options := cascadia.QueryAll(n, cascadia.MustCompile("option"))
		for i, o := range options {
			if has(o, "selected") || i == 0 {
				out.Set(name, AttrOf(o, "value"))
			}
		}
	default:
		switch AttrOf(n, "type") {
		case "submit", "button", "file":
		case "checkbox", "radio":
			if has(n, "checked") {
				out.Add(name, AttrOf(n, "value"))
			}
		default:
			out.Add(name, AttrOf(n, "value"))
		}
	}
}

// TextOf is the text of a node, white space collapsed.
func TextOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// AttrOf is an attribute of a node, "" without it.
func AttrOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
