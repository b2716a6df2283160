package mergeweb_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/web/mergeweb"
	"learnspace/internal/web/webtest"
)

// noAccounts stands for accounts where nobody has one.
type noAccounts struct{}

func (noAccounts) Holds(context.Context, access.Actor, ...id.Person) (map[id.Person]bool, error) {
	return nil, nil
}
func (noAccounts) Pass(context.Context, access.Actor, id.Person, id.Person) (bool, error) {
	return false, nil
}
func (noAccounts) Shut(context.Context, access.Actor, ...id.Person) error { return nil }

type fixture struct {
	*dbtest.Harness
	t      *testing.T
	orgs   *org.Service
	people *person.Service
	site   *webtest.Site
	op     access.Actor
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	merges := merge.New(merge.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, People: f.people, Accounts: noAccounts{}})
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "南关小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "宽城小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	f.site = webtest.New(t, mergeweb.New(merges, f.people, f.orgs).Routes()...)
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

func (f *fixture) pupil(code, name, number string, sex int) id.Person {
	f.t.Helper()
	class, _, err := f.orgs.EnsureClass(f.t.Context(), f.op, f.node(code).ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 1})
	if err != nil {
		f.t.Fatal(err)
	}
	made, err := f.people.Prepare(f.t.Context(), f.op, []person.Draft{{Name: name, Role: person.RolePupil, IDNo: number, Node: class.ID, Unit: class.Unit, Sex: sex, Birth: 20100307}})
	if err == nil {
		err = f.people.InsertMany(f.t.Context(), f.op, made)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return made[0].ID
}

func (f *fixture) as(role access.Role, code string, who id.Person) *webtest.Browser {
	n := f.node(code)
	return f.site.As(access.Actor{Person: who, Name: "测试", Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}})
}

const boy = "220102201003070013"

// TestMergePages walks from the suggestion to the undoing, as the own school and
// as another one.
func TestMergePages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		keep, drop := f.pupil("2122000001", "李明", boy, 1), f.pupil("2122000001", "李明", "", 1)
		far := f.pupil("2122000002", "李明", "", 1)
		school, foreign := f.as(access.School, "2122000001", 5), f.as(access.School, "2122000002", 6)
		list := "/nodes/" + f.node("2122000001").ID.String() + "/merges"
		foreign.Get(list).Want(http.StatusNotFound)
		p := school.Get(list + "?q=李").Want(http.StatusOK)
		if got := p.Texts("#pairs tbody th"); len(got) != 1 || got[0] != "李明" {
			t.Errorf("pairs %q", got)
		}
		if got := p.Count("#find [name=keep]"); got != 2 {
			t.Errorf("%d found by name", got)
		}
		if strings.Contains(p.Text("main"), boy) {
			t.Error("a whole number is on the page")
		}
		preview := school.Get(p.Attr("#pairs tbody a", "href")).Want(http.StatusOK)
		form := preview.Form("#does form")
		if form.Get("keep") != keep.String() || form.Get("drop") != drop.String() || strings.Contains(preview.Text("main"), boy) {
			t.Errorf("preview %v", form)
		}
		for _, path := range []string{"/merges/new?keep=" + keep.String() + "&drop=" + drop.String(), "/merges/new?keep=" + far.String() + "&drop=" + drop.String()} {
			foreign.Get(path).Want(http.StatusNotFound)
		}
		foreign.Post("/merges", form).Want(http.StatusNotFound)
		wrong := school.Post("/merges", form).Want(http.StatusUnprocessableEntity)
		if wrong.Count("#f-reason[aria-invalid=true]") != 1 {
			t.Error("no message at the reason")
		}
		form.Set("reason", "重复建档")
		school.Post("/merges", form).Want(http.StatusSeeOther)
		p = school.Post("/merges", form).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		if got := p.Count("#merged tbody tr"); got != 1 {
			t.Errorf("%d mergings", got)
		}
		if to := school.Get("/people/" + drop.String() + "/record").Want(http.StatusSeeOther).Location(); to != "/people/"+keep.String()+"/record" {
			t.Errorf("the old number leads to %s", to)
		}
		undo := p.Attr("#merged form", "action")
		foreign.Post(undo, url.Values{}).Want(http.StatusNotFound)
		p = school.Post(undo, url.Values{}).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		if !strings.Contains(p.Text("#merged"), "已撤销") {
			t.Error("not undone")
		}
		school.Post("/merges/apart", p.Form("#pairs tbody form")).Want(http.StatusSeeOther)
		if p = school.Get(list).Want(http.StatusOK); p.Count("#pairs tbody tr") != 0 {
			t.Error("suggested again")
		}
		f.as(access.Registrar, "2122000001", 7).Get(list).Want(http.StatusForbidden)
	})
}

// TestTwoChildren shows why they cannot be merged.
func TestTwoChildren(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		one, two := f.pupil("2122000001", "王一鸣", boy, 1), f.pupil("2122000001", "王一鸣", "222401201209150029", 2)
		p := f.as(access.School, "2122000001", 5).Get("/merges/new?keep=" + one.String() + "&drop=" + two.String()).Want(http.StatusOK)
		if p.Count("#does") != 0 || !strings.Contains(p.Text(".alert-warning"), "两个孩子") {
			t.Errorf("page %s", p.Text("main"))
		}
	})
}

// TestRecordPages corrects a record and lets the person leave and come back.
func TestRecordPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who, other, far := f.pupil("2122000001", "李明", "", 1), f.pupil("2122000001", "王强", boy, 1), f.pupil("2122000002", "赵宇", "222401201209150029", 2)
		clerk, school, foreign := f.as(access.Registrar, "2122000001", 5), f.as(access.School, "2122000001", 8), f.as(access.School, "2122000002", 6)
		list := "/nodes/" + f.node("2122000001").ID.String() + "/records"
		foreign.Get(list).Want(http.StatusNotFound)
		p := clerk.Get(list + "?q=李").Want(http.StatusOK)
		page := p.Attr("#find li a", "href")
		foreign.Get(page).Want(http.StatusNotFound)
		if got := clerk.Get(list + "?q=" + far.String()).Want(http.StatusOK); got.Count("#find li a") != 0 {
			t.Error("somebody of another county is found by his number")
		}
		fix := url.Values{"field": {"id_no"}, "value": {boy}, "reason": {"户口簿"}}
		foreign.Post(page+"/correct", fix).Want(http.StatusNotFound)
		wrong := school.Post(page+"/correct", fix).Want(http.StatusUnprocessableEntity)
		if got := wrong.Attr("#correct .alert a", "href"); got != "/merges/new?keep="+other.String()+"&drop="+who.String() {
			t.Errorf("hint to merging %q", got)
		}
		fix.Set("value", "222401201209150029")
		wrong = school.Post(page+"/correct", fix).Want(http.StatusUnprocessableEntity)
		if wrong.Count("#correct .alert") != 0 || wrong.Count("#f-value[aria-invalid=true]") != 1 {
			t.Error("a foreign record is told of")
		}
		fix.Set("field", "name")
		fix.Set("value", "李明远")
		if p = clerk.Post(page+"/correct", fix).Want(http.StatusSeeOther).Follow(); p.Text("h1") != "李明远" || p.Count("#history li") != 1 {
			t.Errorf("corrected %s", p.Text("main"))
		}
		foreign.Post(page+"/depart", url.Values{"kind": {"left"}, "why": {"转学"}}).Want(http.StatusNotFound)
		clerk.Post(page+"/depart", url.Values{"kind": {"left"}, "day": {"2019-13-01"}}).Want(http.StatusUnprocessableEntity)
		if got := clerk.Post(page+"/depart", url.Values{"kind": {"died"}}).Want(http.StatusUnprocessableEntity); got.Count("#f-why[aria-invalid=true]") != 1 {
			t.Error("no message at the reason")
		}
		p = clerk.Post(page+"/depart", url.Values{"kind": {"died"}, "why": {"家长告知"}}).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		if p.Count("#depart form") != 1 {
			t.Errorf("whoever reported it sees %d buttons", p.Count("#depart form"))
		}
		p = school.Get(list).Want(http.StatusOK)
		confirm := p.Attr("#gone tbody form", "action")
		foreign.Post(confirm, url.Values{}).Want(http.StatusNotFound)
		clerk.Post(confirm, url.Values{}).Want(http.StatusForbidden)
		p = school.Post(confirm, url.Values{}).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		undo := p.Attr("#gone tbody form", "action")
		foreign.Post(undo, url.Values{}).Want(http.StatusNotFound)
		school.Post(undo, url.Values{}).Want(http.StatusSeeOther)
		if p, err := person.Load(t.Context(), f.DB, who); err != nil || p.Status != person.StatusNormal {
			t.Errorf("%+v %v", p, err)
		}
	})
}
