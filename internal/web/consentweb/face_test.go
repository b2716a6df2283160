package consentweb_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web"
	"learnspace/internal/web/consentweb"
	"learnspace/internal/web/webtest"
)

// fixture is two schools with a class and a pupil each, behind the pages. What
// differs by engine is proved in the package account.
type fixture struct {
	*dbtest.Harness
	*webtest.Site
	orgs     *org.Service
	people   *person.Service
	accounts *account.Service
	op       access.Actor
	school   org.Node
	class    [2]org.Node
	child    [2]id.Person
}

func setup(t *testing.T) *fixture {
	t.Helper()
	h := dbtest.New(t, db.SQLite)
	f := &fixture{Harness: h, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	spaces := space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	f.orgs.Spaces, f.orgs.People = spaces, f.people
	f.accounts = account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit,
		Org: f.orgs, People: f.people, Hasher: account.NewPool(account.CheapCost, 2, 64)})
	f.Site = webtest.With(t, web.Options{Clock: h.Clock, View: h.DB.View}, consentweb.New(f.accounts, f.people, f.orgs).Routes()...)
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"}, {Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "宽城小学", Kind: "学校", Parent: "220102", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	for i, code := range []string{"2122000001", "2122000002"} {
		school, err := f.orgs.ByCode(t.Context(), f.op, code)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			f.school = school
		}
		if f.class[i], _, err = f.orgs.EnsureClass(t.Context(), f.op, school.ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: 1}); err != nil {
			t.Fatal(err)
		}
		f.child[i] = f.make(t, person.Draft{Name: []string{"林知夏", "王一鸣"}[i], Role: person.RolePupil, Birth: 20100307, NoIDReason: "待补", Node: f.class[i].ID, Unit: school.ID})
	}
	return f
}

func (f *fixture) make(t *testing.T, d person.Draft) id.Person {
	t.Helper()
	made, err := f.people.Prepare(t.Context(), f.op, []person.Draft{d})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.people.InsertMany(t.Context(), f.op, made); err != nil {
		t.Fatal(err)
	}
	return made[0].ID
}

// guardian is a guardian of a child who has come in.
func (f *fixture) guardian(t *testing.T, name, phone string, i int) access.Actor {
	t.Helper()
	g := f.make(t, person.Draft{Name: name, Role: person.RoleGuardian, Phone: phone, Unit: f.class[i].Unit})
	err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: g, Ward: f.child[i], Relation: "母亲", PhoneTail: phone[len(phone)-4:]}})
	if err != nil {
		t.Fatal(err)
	}
	slip, err := f.accounts.IssueCode(t.Context(), f.op, g)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.accounts.Activate(t.Context(), access.Anonymous(), account.Activation{Code: slip.Code, Login: "jia-" + phone[len(phone)-4:],
		Password: "maple-river-42", Guardian: account.Guardian{Tail: phone[len(phone)-4:]}})
	if err != nil {
		t.Fatal(err)
	}
	by, err := f.accounts.ActorOf(t.Context(), f.op, g, access.Guardian)
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// as is somebody who holds a role at a node and stands on no roster.
func (f *fixture) as(role access.Role, n org.Node) *webtest.Browser {
	return f.Site.As(access.Actor{Person: id.Next[id.Person](f.IDs), Role: role, Name: "周", Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}})
}

func page(child id.Person) string { return "/children/" + child.String() + "/consent" }

func TestGuardianDecides(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mother, stranger := f.Site.As(f.guardian(t, "林母", "13900012345", 0)), f.Site.As(f.guardian(t, "王母", "13900054321", 1))
	p := mother.Get(page(f.child[0])).Want(http.StatusOK)
	if p.Count("form[action$='/consent']") != 6 {
		t.Errorf("buttons: %q", p.Text("main"))
	}
	form := p.Form("#p-talk form")
	if form.Get("answer") != "given" || form.Get("version") != "2019-1" {
		t.Fatalf("form %v", form)
	}
	if got := mother.Post(page(f.child[0]), form).Want(http.StatusSeeOther).Location(); got != page(f.child[0]) {
		t.Errorf("leads to %q", got)
	}
	form.Set("back", "/home")
	if got := mother.Post(page(f.child[0]), form).Location(); got != "/home" {
		t.Errorf("from the home leads to %q", got)
	}
	p = mother.Get(page(f.child[0])).Want(http.StatusOK)
	if !strings.Contains(p.Text("#p-talk"), "撤回同意") || p.Count("form[action$='/consent']") != 5 {
		t.Errorf("after: %q", p.Text("main"))
	}
	form.Set("answer", "perhaps")
	if p = mother.Post(page(f.child[0]), form).Want(http.StatusUnprocessableEntity); p.Count("#p-talk .error-summary") != 1 {
		t.Errorf("a wrong answer: %q", p.Text("main"))
	}
	form.Set("answer", "given")
	form.Set("version", "2018-1")
	mother.Post(page(f.child[0]), form).Want(http.StatusConflict)
	for name, b := range map[string]*webtest.Browser{"a foreign guardian": stranger, "nobody's": f.as(access.Guardian, f.class[0])} {
		if got := b.Get(page(f.child[0])).Status; got != http.StatusNotFound {
			t.Errorf("%s: GET %d", name, got)
		}
		if got := b.Post(page(f.child[0]), form).Status; got != http.StatusNotFound {
			t.Errorf("%s: POST %d", name, got)
		}
	}
	f.as(access.ClassTeacher, f.class[0]).Post(page(f.child[0]), form).Want(http.StatusForbidden)
}

func TestRegisterPages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	mother, father := f.Site.As(f.guardian(t, "林母", "13900012345", 0)), f.Site.As(f.guardian(t, "林爸", "13900067890", 0))
	answer := func(b *webtest.Browser, what string) {
		b.Post(page(f.child[0]), url.Values{"purpose": {"picture"}, "version": {"2019-1"}, "answer": {what}}).Want(http.StatusSeeOther)
	}
	answer(mother, "given")
	answer(father, "refused")
	school := f.as(access.School, f.school)
	p := school.Get("/consents").Want(http.StatusOK)
	if !strings.Contains(p.Text("main"), "意见不一致") || !strings.Contains(p.Text("#pupils"), "林知夏") || strings.Contains(p.Text("main"), "王一鸣") {
		t.Errorf("register: %q", p.Text("main"))
	}
	p = school.Get("/consents?show=conflict").Want(http.StatusOK)
	if p.Count("#pupils tbody tr") != 1 {
		t.Errorf("conflicts: %q", p.Text("#pupils"))
	}
	p = school.Get("/consents/" + f.child[0].String()).Want(http.StatusOK)
	if p.Count("tbody tr") != 2 || !strings.Contains(p.Text("main"), "林爸") {
		t.Errorf("one pupil: %q", p.Text("main"))
	}
	if now := p.Text("main ul[role=list]"); !strings.Contains(now, "母亲") || strings.Contains(now, "其他监护人") {
		t.Errorf("what stands does not say whose answer it is: %q", now)
	}
	school.Get("/consents/" + f.child[1].String()).Want(http.StatusNotFound)
	school.Get("/consents?class=" + f.class[1].ID.String()).Want(http.StatusNotFound)
	f.as(access.ClassTeacher, f.class[0]).Get("/consents").Want(http.StatusOK)
	f.as(access.ClassTeacher, f.class[1]).Get("/consents/" + f.child[0].String()).Want(http.StatusNotFound)
	f.as(access.County, f.school).Get("/consents").Want(http.StatusForbidden)
	mother.Get("/consents").Want(http.StatusForbidden)
}

// TestRegisterIsRecorded tells which lists of names and whose page were shown, and
// shows neither to whoever is refused.
func TestRegisterIsRecorded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	names, looks := map[id.Node]int{}, 0
	var refuse error
	f.Site = webtest.With(t, web.Options{Clock: f.Harness.Clock, View: f.DB.View}, consentweb.New(f.accounts, f.people, f.orgs).Recorded(
		func(_ context.Context, _ access.Actor, node id.Node, n int) error { names[node] = n; return refuse },
		func(_ context.Context, _ access.Actor, who id.Person, unit id.Node) error {
			if who != f.child[0] || unit != f.school.ID {
				t.Errorf("a look at %d of %d", who, unit)
			}
			looks++
			return refuse
		}).Routes()...)
	school := f.as(access.School, f.school)
	list, whole, one := "/consents?class="+f.class[0].ID.String(), "/consents?class="+f.school.ID.String(), "/consents/"+f.child[0].String()
	for _, path := range []string{list, whole, one} {
		school.Get(path).Want(http.StatusOK)
	}
	if names[f.class[0].ID] != 1 || names[f.school.ID] != 1 || looks != 1 {
		t.Errorf("recorded %v and %d looks", names, looks)
	}
	refuse = fault.New(fault.ErrTooMany, "custody.over.names_day", 1)
	for _, path := range []string{list, whole, one} {
		if p := school.Get(path).Want(http.StatusTooManyRequests); strings.Contains(p.Body, "林知夏") {
			t.Errorf("%s names the child", path)
		}
	}
}

func TestRegisterListsClassesByGrade(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for year, name := range map[int]string{2014: "高年级", 2019: "低年级", 2016: "中年级"} {
		c, _, err := f.orgs.EnsureClass(t.Context(), f.op, f.school.ID, org.ClassKey{Stage: "P", EntryYear: year, No: 1})
		if err != nil {
			t.Fatal(err)
		}
		f.make(t, person.Draft{Name: name, Role: person.RolePupil, Birth: 20100307, NoIDReason: "待补", Node: c.ID, Unit: f.school.ID})
	}
	page := f.as(access.School, f.school).Get("/consents").Want(http.StatusOK)
	if got, want := page.Texts("tbody th"), []string{"一年级1班", "三年级1班", "四年级1班", "六年级1班"}; !slices.Equal(got, want) {
		t.Errorf("classes in the order %q", got)
	}
}
