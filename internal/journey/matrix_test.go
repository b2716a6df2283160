package journey

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account/factor"
	"learnspace/internal/custody"
	"learnspace/internal/demo"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/rights"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
)

// thing is an object that a route names: its identifier, the path of the node in
// which it lies and, of a request, whose it is.
type thing struct{ id, path, person string }

// visitor is a printed account, signed in, with the rights it has today.
type visitor struct {
	demo.Account
	by   access.Actor
	http *http.Client
}

// secret is a word that stands in one private text, the node it lies in and
// the kind of text.
type secret struct{ word, path, kind string }

// matrix asks every route for the objects of every tenant as every role.
type matrix struct {
	*province
	visitors []visitor
	things   map[string][]thing // by kind of object
	secrets  []secret
}

// hidden says which routes need more than their permission at the object's
// place, so that whoever holds it may still be refused, and why.
var hidden = map[string]string{
	"GET /people/{person}/code":              "only who issues codes for the person",
	"GET /people/{person}/verify":            "only a pupil without a number can be checked",
	"GET /people/{person}":                   "a pupil's page is the school's",
	"GET /people/{person}/looks":             "only where the person's page is the visitor's",
	"GET /people/{person}/record":            "only where the person's page is the visitor's",
	"GET /people/{person}/reveal/{field}":    "only where the person's page is the visitor's",
	"GET /people/{person}/signin":            "only staff of the school, or officers",
	"GET /consents/{person}":                 "only pupils have answers",
	"GET /viewas":                            "nobody is named",
	"GET /children/{person}/consent":         "a pupil answers from 14 on",
	"GET /grants/{grant}/end":                "only a role that the visitor may end",
	"GET /rights/{person}/data.xlsx":         "the file is for the person and the guardian",
	"GET /slips/{sheet}":                     "only who issued it, for 24 hours",
	"GET /pictures/{picture}":                "the demo has none",
	"GET /requests/{request}":                "a county sees what is overdue",
	"GET /nodes/{node}/records":              "only schools have records",
	"GET /nodes/{node}/requests":             "only schools answer",
	"GET /nodes/{node}/merges":               "only schools and counties merge",
	"GET /nodes/{node}/privacy-report":       "not of a class",
	"GET /nodes/{node}/privacy-report/print": "not of a class",
}

// TestMatrix signs every printed account of a wide demo in and asks every route
// for objects of two prefectures, two counties each, two schools each and two
// classes each: what is not the asker's answers 403 or 404, what is his opens,
// and no private word reaches anybody outside its class or school.
func TestMatrix(t *testing.T) {
	t.Parallel()
	m := openMatrix(t)
	m.plant(t)
	wrong := 0
	for _, v := range m.asking() {
		for _, r := range m.app.Routes() {
			if r.Stream && r.Method == http.MethodGet && r.Object == "" {
				continue
			}
			for _, at := range v.oneEach(m.objects(r)) {
				if msg := m.ask(t, v, r, at); msg != "" && wrong < 60 {
					wrong++
					t.Errorf("%s (%s at %s): %s", v.Login, v.Role, v.Node, msg)
				}
			}
		}
	}
}

// openMatrix makes a wide demo, serves it and signs everybody in.
func openMatrix(t *testing.T) *matrix {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "wide")
	if err := demo.Make(t.Context(), dir, demo.Options{People: 1500, Seed: 11, Wide: true}, time.Now); err != nil {
		t.Fatal(err)
	}
	m := &matrix{province: serve(t, dir), things: map[string][]thing{}}
	for _, acc := range m.accounts {
		m.visitors = append(m.visitors, m.enter(t, acc))
	}
	slices.SortFunc(m.visitors, func(a, b visitor) int { return strings.Compare(a.Login, b.Login) })
	return m
}

// enter signs an account in over HTTP.
func (m *matrix) enter(t *testing.T, acc demo.Account) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	where := m.send(t, c, "/signin", url.Values{"login": {acc.Login}, "password": {acc.Password}})
	if where == "/signin/factor" {
		where = m.send(t, c, where, url.Values{"code": {factor.Code(acc.TOTPSecret, time.Now())}})
	}
	if where != "/home" {
		t.Fatalf("%s landed on %q", acc.Login, where)
	}
	login, err := m.app.Accounts.ActorByLogin(t.Context(), m.app.System("matrix"), acc.Login, access.Role(acc.Role))
	if err != nil {
		t.Fatalf("%s: %v", acc.Login, err)
	}
	return visitor{acc, login, c}
}

// send posts a form and returns where it leads.
func (m *matrix) send(t *testing.T, c *http.Client, path string, form url.Values) string {
	t.Helper()
	res, err := c.PostForm(m.url+path, form)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get("Location")
}

// plant writes a private word into every class of the printed class teachers
// and collects objects of every kind of all tenants.
func (m *matrix) plant(t *testing.T) {
	t.Helper()
	system := m.app.System("matrix")
	for _, v := range m.visitors {
		for _, p := range v.by.Places {
			if p.Role == v.by.Role && p.Path != "" {
				m.node(t, p.Node)
			}
		}
		m.add("person", v.by.Person.String(), v.path())
		switch v.by.Role {
		case access.ClassTeacher:
			m.teach(t, v)
		case access.Pupil:
			request, err := m.app.Rights.Ask(t.Context(), v.by, rights.Asking{Kind: rights.Copy, Subject: v.by.Person, Text: m.word("request", v), Key: "matrix" + v.Login})
			if err != nil {
				t.Fatalf("%s asks: %v", v.Login, err)
			}
			m.things["request"] = append(m.things["request"], thing{request.ID.String(), v.path(), v.by.Person.String()})
		case access.Registrar:
			export, err := m.app.Custody.Ask(t.Context(), v.by, custody.Asking{Node: v.by.Home(), Kind: custody.ClassList, Purpose: m.word("purpose", v), Key: "matrix" + v.Login})
			if err != nil {
				t.Fatalf("%s asks for a file: %v", v.Login, err)
			}
			m.add("export", export.ID.String(), v.path())
			batches, err := m.app.Rosters.Batches(t.Context(), v.by, v.by.Home(), 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range batches {
				m.add("roster", b.ID.String(), v.path())
			}
		case access.County, access.School:
			grants, err := m.app.Org.Grants(t.Context(), v.by, org.GrantList{Node: v.by.Home(), Limit: 2})
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range grants {
				m.add("grant", g.ID.String(), g.Path)
			}
		}
	}
	root, err := m.app.Org.Root(t.Context(), system)
	if err != nil {
		t.Fatal(err)
	}
	m.node(t, root.ID)
}

// teach writes in a class what only the class and its school may read.
func (m *matrix) teach(t *testing.T, v visitor) {
	t.Helper()
	ctx := t.Context()
	notice, err := m.app.Posts.Publish(ctx, v.by, post.Draft{Node: v.by.Home(), Kind: post.Notice, Receipt: true, Body: m.word("notice", v), Key: "matrix" + v.Login})
	if err != nil {
		t.Fatalf("%s publishes: %v", v.Login, err)
	}
	comment, err := m.app.Posts.Comment(ctx, v.by, notice, m.word("comment", v), "matrix"+v.Login)
	if err != nil {
		t.Fatalf("%s comments: %v", v.Login, err)
	}
	m.add("post", notice.String(), v.path())
	m.add("comment", comment.String(), v.path())
	slips, err := m.app.Accounts.IssueCodes(ctx, v.by, v.by.Home())
	if err != nil {
		t.Fatalf("%s issues codes: %v", v.Login, err)
	}
	for _, s := range slips[:min(len(slips), 1)] {
		m.add("sheet", s.Sheet.String(), v.path())
		m.add("person", s.Person.String(), v.path())
		m.secrets = append(m.secrets, secret{s.Code, v.path(), "code"}, secret{strings.ReplaceAll(s.Code, " ", ""), v.path(), "code"})
	}
}

// word is a private word of a visitor's place.
func (m *matrix) word(kind string, v visitor) string {
	w := fmt.Sprintf("canary%s%sx", kind, v.Login)
	m.secrets = append(m.secrets, secret{w, v.path(), kind})
	return w
}

// node adds a node and those above it.
func (m *matrix) node(t *testing.T, node id.Node) {
	t.Helper()
	above, err := m.app.Org.Ancestors(t.Context(), m.app.System("matrix"), node)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range above {
		kind := "node"
		if n.Kind == org.KindClass {
			kind = "class"
		}
		m.add(kind, n.ID.String(), n.Path)
	}
}

func (m *matrix) add(kind, id, path string) {
	if path != "" && !slices.Contains(m.things[kind], thing{id: id, path: path}) {
		m.things[kind] = append(m.things[kind], thing{id: id, path: path})
	}
}

// path is where the visitor's active role is held.
func (v visitor) path() string {
	for _, p := range v.by.Places {
		if p.Role == v.by.Role && p.Path != "" {
			return p.Path
		}
	}
	return ""
}

// objects lists what a route is asked for: every object of its kind, or once
// without any.
func (m *matrix) objects(r web.Route) []thing {
	if !strings.Contains(r.Pattern, "{") || r.Pattern == "/{$}" {
		return []thing{{}}
	}
	if strings.Contains(r.Pattern, "{node}") && strings.HasPrefix(r.Pattern, "/classes/") {
		return m.things["class"]
	}
	return m.things[r.Object]
}

// asking are the visitors that ask: of each role the first and the last, who
// are of two cities.
func (m *matrix) asking() []visitor {
	var out []visitor
	for _, role := range access.Roles() {
		var have []visitor
		for _, v := range m.visitors {
			if v.by.Role == role {
				have = append(have, v)
			}
		}
		if len(have) > 1 {
			have = []visitor{have[0], have[len(have)-1]}
		}
		out = append(out, have...)
	}
	return out
}

// oneEach keeps one object of each distance from the visitor: his own, of his
// school, his county, his city, another city, above him.
func (v visitor) oneEach(all []thing) []thing {
	var out []thing
	seen := map[string]bool{}
	for _, at := range all {
		distance := fmt.Sprint(shared(v.path(), at.path), strings.HasPrefix(at.path, v.path()), strings.Count(at.path, "/"))
		if !seen[distance] || at.path == "" {
			seen[distance] = true
			out = append(out, at)
		}
	}
	return out
}

// shared is how many steps two paths have in common.
func shared(a, b string) int {
	n := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n++
		}
	}
	return n
}

// ask sends one request and says what is wrong with the answer, "" for nothing.
// A form that the visitor may send is not sent: it would change the object.
func (m *matrix) ask(t *testing.T, v visitor, r web.Route, at thing) string {
	t.Helper()
	own := v.owns(r, at)
	if r.Method == http.MethodPost && (own || at.id == "") {
		return ""
	}
	path := r.Pattern
	if i := strings.Index(path, "{"); i >= 0 && at.id != "" {
		path = path[:i] + at.id + path[i+strings.Index(path[i:], "}")+1:]
		if strings.Contains(path, "{") {
			return ""
		}
	}
	if path == "/{$}" {
		path = "/"
	}
	res, err := v.send(m.url+path, r.Method)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	for _, s := range m.secrets {
		if strings.Contains(string(body), s.word) && !v.mayRead(s) {
			return fmt.Sprintf("%s %s shows %q", r.Method, path, s.word)
		}
	}
	refused := res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusForbidden
	switch {
	case at.id == "" || hidden[r.Method+" "+r.Pattern] != "" && refused:
		return ""
	case own && refused && r.Permission != access.AccountSelf:
		return fmt.Sprintf("%s %s answered %d for the visitor's own", r.Method, path, res.StatusCode)
	case !own && !refused:
		return fmt.Sprintf("%s %s answered %d, want 403 or 404", r.Method, path, res.StatusCode)
	}
	return ""
}

// owns reports whether the object is the visitor's for what the route does: by
// the permission at its place, and where the route is about a person himself,
// because it is he, his child or whoever asked.
func (v visitor) owns(r web.Route, at thing) bool {
	switch {
	case r.Anonymous:
		return true
	case !v.by.Can(r.Permission):
		return false
	case at.id == "":
		return true
	case r.Permission == access.RightsSelf && r.Object == "request":
		return v.answersFor(at.person)
	case r.Permission == access.RightsSelf:
		return v.answersFor(at.id) || v.by.Role != access.County && v.by.Allows(access.RightsAnswer, at.path)
	case r.Permission == access.ConsentAnswer:
		return v.answersFor(at.id)
	}
	return v.by.Allows(r.Permission, at.path)
}

// answersFor reports whether the person is the visitor or his child.
func (v visitor) answersFor(person string) bool {
	return person == v.by.Person.String() || slices.ContainsFunc(v.by.Wards, func(w id.Person) bool { return w.String() == person })
}

func (v visitor) send(address, method string) (*http.Response, error) {
	if method == http.MethodPost {
		return v.http.PostForm(address, url.Values{})
	}
	return v.http.Get(address)
}

// readers say which permission opens a kind of private text; the person who
// asked reads his own.
var readers = map[string][]access.Permission{
	"notice":  {access.ClassRead},
	"comment": {access.ClassRead},
	"code":    {access.CodeIssue},
	"request": {access.RightsAnswer},
	"purpose": {access.ExportRead, access.ExportApprove},
}

// mayRead reports whether a private text is the visitor's to read.
func (v visitor) mayRead(s secret) bool {
	return strings.HasSuffix(s.word, s.kind+v.Login+"x") ||
		slices.ContainsFunc(readers[s.kind], func(p access.Permission) bool { return v.by.Allows(p, s.path) })
}
