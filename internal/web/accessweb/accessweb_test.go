package accessweb_test

import (
	"flag"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/explain"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web"
	"learnspace/internal/web/accessweb"
	"learnspace/internal/web/webtest"
)

var update = flag.Bool("update", false, "write the table of docs/security.md")

// fixture is two schools of two counties, the first with a class, and the pages.
type fixture struct {
	*dbtest.Harness
	t      *testing.T
	orgs   *org.Service
	people *person.Service
	site   *webtest.Site
	op     access.Actor
	class  org.Node
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	spaces := space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	f.orgs.Spaces, f.orgs.People = spaces, f.people
	accounts := account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit,
		Org: f.orgs, People: f.people, Hasher: account.NewPool(account.CheapCost, 1, 8)})
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "宽城小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	if f.class, _, err = f.orgs.EnsureClass(t.Context(), f.op, f.node("2122000001").ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: 1}); err != nil {
		t.Fatal(err)
	}
	f.site = webtest.With(t, web.Options{Clock: h.Clock, View: h.DB.View},
		accessweb.New(f.orgs, f.people, explain.New(h.DB, accounts, f.orgs, f.people)).Routes()...)
	return f
}

func (f *fixture) node(code string) org.Node {
	f.t.Helper()
	n, err := f.orgs.ByCode(f.t.Context(), f.op, code)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// make makes a person at a node; a teacher of a class leads it.
func (f *fixture) make(name, role string, at org.Node) id.Person {
	f.t.Helper()
	d := person.Draft{Name: name, Role: role, Node: at.ID, Unit: at.Unit, NoIDReason: "01"}
	if role != person.RolePupil {
		d.Node = at.Unit
	}
	made, err := f.people.Prepare(f.t.Context(), f.op, []person.Draft{d})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.people.InsertMany(f.t.Context(), f.op, made); err != nil {
		f.t.Fatal(err)
	}
	if role == person.RoleTeacher && at.Kind == org.KindClass {
		_, err := f.people.Affiliate(f.t.Context(), f.op, person.Affiliation{Person: made[0].ID, Node: at.ID, Unit: at.Unit, Role: person.RoleClassTeacher})
		if err != nil {
			f.t.Fatal(err)
		}
	}
	return made[0].ID
}

// as is a browser of somebody who holds a role at a node.
func (f *fixture) as(who id.Person, role access.Role, n org.Node) *webtest.Browser {
	return f.site.As(access.Actor{Person: who, Name: "测试", Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}})
}

// TestRolesPage: the page prints every role and every permission in words, in
// three languages, and docs/security.md holds the same table.
func TestRolesPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		pupil := f.as(7, access.Pupil, f.class)
		for _, lang := range []string{"zh", "en", "ko"} {
			p := pupil.Get("/access/roles?lang=" + lang).Want(http.StatusOK)
			if got := p.Count("#by-role tbody tr"); got != len(access.Roles()) {
				t.Errorf("%s: %d roles", lang, got)
			}
			rows := p.Texts("#by-permission tbody tr")
			if len(rows) != len(access.AllPermissions()) {
				t.Errorf("%s: %d permissions", lang, len(rows))
			}
			for i, perm := range access.AllPermissions() {
				if !i18n.Has("permission." + string(perm)) {
					t.Errorf("%s has no words", perm)
				}
				if !strings.Contains(rows[i], string(perm)) {
					t.Errorf("%s: row %d is %q, not of %s", lang, i, rows[i], perm)
				}
			}
		}
		f.site.Anonymous().Get("/access/roles").Want(http.StatusSeeOther)
	})
}

// docTable is the table of docs/security.md.
func docTable() string {
	word := func(key string) string { return i18n.Text(i18n.English, key) }
	var b strings.Builder
	b.WriteString("| role | may, besides its own home and account |\n|---|---|\n")
	for _, r := range access.Roles() {
		var may []string
		for _, p := range access.Permissions(r) {
			if p != access.HomeRead && p != access.AccountSelf {
				may = append(may, "`"+string(p)+"`")
			}
		}
		b.WriteString("| `" + string(r) + "` " + word("role."+string(r)) + " | " + strings.Join(may, " ") + " |\n")
	}
	b.WriteString("\n| permission | lets its holder |\n|---|---|\n")
	for _, p := range access.AllPermissions() {
		b.WriteString("| `" + string(p) + "` | " + word("permission."+string(p)) + " |\n")
	}
	return b.String()
}

func TestSecurityDocumentHoldsTheTable(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../../docs/security.md", "<!-- roles: written by go test ./internal/web/accessweb -update -->\n", "<!-- /roles -->"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(raw), begin)
	have, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the marks of the table are gone")
	}
	want := docTable()
	if have == want {
		return
	}
	if !*update {
		t.Fatal("docs/security.md does not hold the table of permissions: run go test ./internal/web/accessweb -update")
	}
	if err := os.WriteFile(path, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWhyPage asks as the security administrator, and as managers of two
// counties.
func TestWhyPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		teacher, pupil := f.make("周沐阳", person.RoleTeacher, f.class), f.make("林知夏", person.RolePupil, f.class)
		foreign := f.make("周小满", person.RoleTeacher, f.node("2122000002"))
		security := f.as(900, access.SecAdmin, f.node("22"))
		p := security.Get("/access/why?q=" + url.QueryEscape("周")).Want(http.StatusOK)
		if got := p.Texts("#who .list li a"); !slices.Contains(got, "周沐阳") || !slices.Contains(got, "周小满") {
			t.Fatalf("found %q", got)
		}
		who := "/access/why?who=" + teacher.String()
		p = security.Get(who + "&kind=node&text=" + url.QueryEscape("南关实验小学")).Want(http.StatusOK)
		links := p.Find("#what .list a")
		if len(links) != 2 {
			t.Fatalf("objects %q", p.Texts("#what .list a"))
		}
		p = security.Get(webtest.AttrOf(links[1], "href")).Want(http.StatusOK)
		rows := p.Texts("#answer tbody tr")
		if len(rows) == 0 || !strings.Contains(strings.Join(rows, "\n"), "作为班主任") || !strings.Contains(p.Text("#answer h2"), "周沐阳") {
			t.Errorf("answer %q", rows)
		}
		p = security.Get(who + "&kind=person&object=" + pupil.String()).Want(http.StatusOK)
		if strings.Contains(p.Body, "林知夏") || p.Count("#answer .tag-success") == 0 {
			t.Error("the security administrator is told a pupil's name, or the answer says no")
		}
		if p := f.as(901, access.School, f.node("2122000001")).Get(who + "&kind=person&object=" + pupil.String()).Want(http.StatusOK); !strings.Contains(p.Text("#answer h2"), "林知夏") {
			t.Error("the school is not told its own pupil's name")
		}
		other := f.as(902, access.County, f.node("220103"))
		other.Get(who).Want(http.StatusNotFound)
		other.Get("/access/why?who=" + foreign.String() + "&kind=node&object=" + f.class.ID.String()).Want(http.StatusNotFound)
		if got := other.Get("/access/why?q=" + url.QueryEscape("周")).Texts("#who .list li a"); !slices.Equal(got, []string{"周小满"}) {
			t.Errorf("another county finds %q", got)
		}
		if got := other.Get("/access/why?who=" + foreign.String() + "&kind=node&text=" + url.QueryEscape("小学")).Texts("#what .list a"); !slices.Equal(got, []string{"宽城小学"}) {
			t.Errorf("another county finds units %q", got)
		}
		f.as(teacher, access.ClassTeacher, f.class).Get("/access/why").Want(http.StatusForbidden)
	})
}

// TestSubstitutePage hands a class to a colleague for some days and ends it.
func TestSubstitutePage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		teacher, colleague := f.make("周沐阳", person.RoleTeacher, f.class), f.make("金美妍", person.RoleTeacher, f.node("2122000001"))
		foreign := f.make("金美兰", person.RoleTeacher, f.node("2122000002"))
		b := f.as(teacher, access.ClassTeacher, f.class)
		p := b.Get("/access/substitutes?q=" + url.QueryEscape("金")).Want(http.StatusOK)
		form := p.Form("#lend form[method=post]")
		if form.Get("person") != colleague.String() || form.Get("node") != f.class.ID.String() || strings.Contains(p.Text("#lend"), "金美兰") {
			t.Fatalf("form %v", form)
		}
		for name, change := range map[string][2]string{
			"no day": {"days", ""}, "too many days": {"days", "61"}, "no reason": {"reason", " "}, "of another school": {"person", foreign.String()},
		} {
			bad := url.Values{}
			for k, v := range form {
				bad[k] = v
			}
			bad.Set("days", "3")
			bad.Set("reason", "病假")
			bad.Set(change[0], change[1])
			if p := b.Post("/access/substitutes", bad); p.Status != http.StatusUnprocessableEntity || p.Count(".error-summary") != 1 || p.Attr("#f-days", "value") != bad.Get("days") {
				t.Errorf("%s: status %d", name, p.Status)
			}
		}
		form.Set("days", "3")
		form.Set("reason", "病假")
		for range 2 {
			b.Post("/access/substitutes", form).Want(http.StatusSeeOther)
		}
		p = b.Get("/access/substitutes").Want(http.StatusOK)
		if got := p.Texts("#loans li"); len(got) != 1 || !strings.Contains(got[0], "金美妍代理您") || !strings.Contains(got[0], "病假") {
			t.Fatalf("loans %q", got)
		}
		taken := f.as(colleague, access.ClassTeacher, f.class)
		if got := taken.Get("/access/substitutes").Want(http.StatusOK).Text("#loans"); !strings.Contains(got, "您代理周沐阳") {
			t.Errorf("the substitute reads %q", got)
		}
		end := p.Attr("#loans form", "action")
		f.as(foreign, access.Teacher, f.node("2122000002")).Post(end, url.Values{}).Want(http.StatusNotFound)
		taken.Post(end, url.Values{}).Want(http.StatusSeeOther)
		if got := b.Get("/access/substitutes").Want(http.StatusOK).Count("#loans li"); got != 0 {
			t.Errorf("%d loans left", got)
		}
		f.as(7, access.Pupil, f.class).Get("/access/substitutes").Want(http.StatusForbidden)
	})
}
