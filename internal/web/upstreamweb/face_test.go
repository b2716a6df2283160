package upstreamweb_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/dial"
	"learnspace/internal/exchange/upstream"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/upstreamweb"
	"learnspace/internal/web/webtest"
)

// fixture is a small tree behind the pages; the flow with a real provider is
// proved in the package upstream.
type fixture struct {
	*dbtest.Harness
	*webtest.Site
	upstream *upstream.Service
	root     org.Node
	// views counts the answers that were made in a view of the database.
	views atomic.Int32
}

func setup(t *testing.T) *fixture {
	t.Helper()
	h := dbtest.New(t, db.SQLite)
	f := &fixture{Harness: h}
	orgs := org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	people := person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, orgs)
	accounts := account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit, Org: orgs, People: people,
		Hasher: account.NewPool(account.CheapCost, 2, 64)})
	out, err := dial.New(nil) // every provider is away
	if err != nil {
		t.Fatal(err)
	}
	f.upstream = upstream.New(upstream.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, Org: orgs, People: people, Accounts: accounts,
		HTTP: out.Client(time.Second)})
	view := func(ctx context.Context, fn func(context.Context) error) error {
		f.views.Add(1)
		return h.DB.View(ctx, fn)
	}
	f.Site = webtest.With(t, web.Options{Clock: h.Clock, View: view}, upstreamweb.New(f.upstream).Routes()...)
	op := access.Operator("tester")
	rep, err := orgs.Import(t.Context(), op, []org.ImportRow{{Code: "22", Name: "吉林省", Kind: "省"}, {Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"}})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	if f.root, err = orgs.ByCode(t.Context(), op, "22"); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) as(role access.Role) *webtest.Browser {
	return f.Site.As(access.Actor{Person: id.Next[id.Person](f.IDs), Role: role, Name: "周", Places: []access.Place{{Node: f.root.ID, Path: f.root.Path, Role: role}}})
}

func TestProviderIsSetUp(t *testing.T) {
	t.Parallel()
	f := setup(t)
	b := f.as(access.SysAdmin)
	form := b.Get("/providers").Want(http.StatusOK).Form("form[action='/providers']")
	p := b.Post("/providers", url.Values{"name": {"长春教育账号"}, "url": {"http://id.example.cn"}, "secret": {"top-secret-value"}}).Want(http.StatusUnprocessableEntity)
	if p.Attr("#f-name", "value") != "长春教育账号" || strings.Contains(p.Body, "top-secret-value") || p.Count(".error-summary li") != 3 {
		t.Errorf("wrong input: %v", p.Texts(".error-summary li"))
	}
	for k, v := range map[string]string{"name": "长春教育账号", "node": "220100", "url": "https://id.example.cn", "client": "learnspace", "secret": "top-secret-value", "active": "1"} {
		form.Set(k, v)
	}
	at := b.Post("/providers", form).Want(http.StatusSeeOther).Location()
	if again := b.Post("/providers", form).Location(); again != at {
		t.Errorf("a second click makes %s beside %s", again, at)
	}
	p = b.Get(at).Want(http.StatusOK)
	if !strings.Contains(p.Text("main"), at[len("/providers"):]+"/callback") || strings.Contains(p.Body, "top-secret-value") {
		t.Errorf("provider: %q", p.Text("main"))
	}
	form = p.Form("form[action='" + at + "']")
	form.Set("name", "长春统一账号")
	b.Post(at, form).Want(http.StatusSeeOther)
	b.Post(at, form).Want(http.StatusConflict)
	anyone := f.Anonymous()
	if got := anyone.Get("/upstream").Want(http.StatusOK).Text("main"); !strings.Contains(got, "长春统一账号") {
		t.Errorf("offered: %q", got)
	}
	for _, role := range []access.Role{access.SecAdmin, access.AuditAdmin, access.Province, access.Teacher} {
		if got := f.as(role).Get("/providers").Status; got != http.StatusForbidden {
			t.Errorf("%s: %d", role, got)
		}
		if got := f.as(role).Post(at, form).Status; got != http.StatusForbidden {
			t.Errorf("%s changes: %d", role, got)
		}
	}
	n := at[len("/providers/"):]
	p = anyone.Get("/upstream/" + n + "/callback?code=x&state=y").Want(http.StatusUnprocessableEntity)
	if p.Count(".alert") != 1 {
		t.Errorf("a forged answer: %q", p.Text("main"))
	}
	before := f.views.Load()
	anyone.Get("/upstream/" + n + "/start").Want(http.StatusServiceUnavailable)
	anyone.Get("/upstream/" + n + "/callback?code=x&state=y")
	if got := f.views.Load(); got != before {
		t.Errorf("%d times a connection of the database waits for a provider", got-before)
	}
	anyone.Get("/upstream/999/callback").Want(http.StatusUnprocessableEntity)
	anyone.Get("/upstream/999/start").Want(http.StatusNotFound)
	if got := anyone.Get("/upstream/link").Location(); got != "/upstream" {
		t.Errorf("linking nothing leads to %q", got)
	}
	f.as(access.Teacher).Post("/upstream/link", nil).Want(http.StatusNotFound)
}
