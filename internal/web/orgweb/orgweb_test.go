package orgweb_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web/orgweb"
	"learnspace/internal/web/webtest"
)

// fixture is a city with two counties and their schools, and the pages over it.
type fixture struct {
	*dbtest.Harness
	t      *testing.T
	orgs   *org.Service
	people *person.Service
	spaces *space.Service
	site   *webtest.Site
	op     access.Actor
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.spaces = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "220381", Name: "公主岭市", Kind: "区县", Parent: "220100", ReportsTo: "22"},
		{Code: "2122000001", Name: "南关实验小学", NameKo: "남관실험소학교", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "宽城小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	f.site = webtest.New(t, orgweb.New(f.orgs, f.people, f.spaces).Routes()...)
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

// staff makes a member of staff of a school.
func (f *fixture) staff(name, code, number string) id.Person {
	f.t.Helper()
	all, err := f.people.Prepare(f.t.Context(), f.op, []person.Draft{{Name: name, Role: person.RoleTeacher, IDNo: number, Unit: f.node(code).ID}})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.people.InsertMany(f.t.Context(), f.op, all); err != nil {
		f.t.Fatal(err)
	}
	return all[0].ID
}

// as is a browser of somebody who holds a role at the node with this code.
func (f *fixture) as(role access.Role, code string, who id.Person) *webtest.Browser {
	n := f.node(code)
	return f.site.As(access.Actor{Person: who, Name: "测试", Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}})
}

func (f *fixture) page(code string, more string) string {
	return "/nodes/" + f.node(code).ID.String() + more
}

func TestNodePage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		if _, _, err := f.orgs.EnsureClass(t.Context(), f.op, f.node("2122000001").ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 2}); err != nil {
			t.Fatal(err)
		}
		county := f.as(access.County, "220102", 5)
		p := county.Get(f.page("220102", "")).Want(http.StatusOK)
		if p.Text("h1") != "南关区" || !strings.Contains(p.Text("#counts"), "学校") {
			t.Errorf("county page: %s", p.Text("main"))
		}
		if got := p.Texts("#children tbody th"); !slices.Equal(got, []string{"南关实验小学"}) {
			t.Errorf("children %q", got)
		}
		school := county.Get(p.Attr("#children tbody th a", "href")).Want(http.StatusOK)
		if got := school.Texts("#classes tbody th"); !slices.Equal(got, []string{"二年级2班"}) {
			t.Errorf("classes %q", got)
		}
		if got := school.Texts(".crumb li"); !slices.Equal(got, []string{"南关区", "南关实验小学"}) {
			t.Errorf("crumbs %q", got)
		}
		class := county.Get(school.Attr("#classes tbody th a", "href")).Want(http.StatusOK)
		if class.Text("h1") != "二年级2班" {
			t.Errorf("class page %s", class.Text("h1"))
		}
		for _, code := range []string{"220103", "2122000002", "220100", "22"} {
			county.Get(f.page(code, "")).Want(http.StatusNotFound)
		}
		if got := county.Get(f.page("220102", "?q=宽城")).Want(http.StatusOK).Text("#children"); strings.Contains(got, "宽城小学") {
			t.Error("the search shows another county's school")
		}
		if got := county.Get(f.page("220102", "?q=实验")).Texts("#children tbody th"); len(got) != 1 {
			t.Errorf("search %q", got)
		}
		korean := county.Get(f.page("2122000001", "?lang=ko")).Want(http.StatusOK)
		if korean.Text("h1") != "남관실험소학교" {
			t.Errorf("Korean name: %s", korean.Text("h1"))
		}
	})
}

func TestTreesOnThePage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{{Code: "220381", Name: "公主岭市", Kind: "区县", Parent: "22", ReportsTo: "22", From: "2020-06-19"}})
		if err != nil || rep.Changed != 1 {
			t.Fatal(err, rep)
		}
		b := f.as(access.Province, "22", 5)
		if got := b.Get(f.page("22", "")).Texts("#children tbody th"); !slices.Equal(got, []string{"长春市"}) {
			t.Errorf("administrative %q", got)
		}
		if got := b.Get(f.page("22", "?tree=report")).Texts("#children tbody th"); !slices.Equal(got, []string{"长春市", "公主岭市"}) {
			t.Errorf("reporting %q", got)
		}
		if got := b.Get(f.page("220381", "")).Text("#history"); !strings.Contains(got, "待生效") || !strings.Contains(got, "2020") {
			t.Errorf("history %s", got)
		}
	})
}

func TestConfirmProfile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.staff("校长", "2122000001", "222401201209150029")
		self := access.Actor{Person: who}
		if err := f.people.Activate(t.Context(), self, who); err != nil {
			t.Fatal(err)
		}
		if err := f.people.Verify(t.Context(), self, who, person.SourceRoster); err != nil {
			t.Fatal(err)
		}
		manager := f.as(access.School, "2122000001", who)
		p := manager.Get(f.page("2122000001", "")).Want(http.StatusOK)
		if p.Count("#space form") != 1 {
			t.Fatalf("no button to confirm: %s", p.Text("#space"))
		}
		if f.as(access.County, "220102", 6).Get(f.page("2122000001", "")).Count("#space form") != 0 {
			t.Error("the county is offered the school's confirmation")
		}
		for range 2 {
			manager.Post(f.page("2122000001", "/confirm"), url.Values{}).Want(http.StatusSeeOther)
		}
		if got := manager.Get(f.page("2122000001", "")).Text("#space"); !strings.Contains(got, "已开通") {
			t.Errorf("space %s", got)
		}
		f.as(access.School, "2122000002", 9).Post(f.page("2122000001", "/confirm"), url.Values{}).Want(http.StatusNotFound)
		f.as(access.County, "220102", 9).Post(f.page("2122000001", "/confirm"), url.Values{}).Want(http.StatusForbidden)
	})
}

func TestGiveAndEndARole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.staff("金美妍", "2122000001", "222401201209150029")
		next := f.staff("周沐阳", "2122000001", "220381198501010031")
		foreign := f.staff("金美兰", "2122000002", "220102201003070013")
		county := f.as(access.County, "220102", 5)
		p := county.Get(f.page("220102", "/grants?q="+url.QueryEscape("金美"))).Want(http.StatusOK)
		if got := p.Find("input[name=person]"); len(got) != 1 || p.Attr("input[name=person]", "value") != who.String() {
			t.Fatalf("found %d people", len(got))
		}
		if got := p.Text("#f-role"); strings.Contains(got, "省") || !strings.Contains(got, "学校管理员") {
			t.Errorf("roles offered: %s", got)
		}
		form := url.Values{"person": {who.String()}, "role": {"school"}, "unit": {"2122000001"}, "until": {"2020-07-31"}}
		for range 2 {
			county.Post(f.page("220102", "/grants"), form).Want(http.StatusSeeOther)
		}
		list := county.Get(f.page("220102", "/grants")).Want(http.StatusOK)
		if got := list.Texts("#grants tbody tr"); len(got) != 1 || !strings.Contains(got[0], "金美妍") || !strings.Contains(got[0], "南关实验小学") {
			t.Fatalf("list %q", got)
		}
		other := f.as(access.County, "220103", 6)
		if got := other.Get(f.page("220103", "/grants")).Want(http.StatusOK).Count("#grants tbody tr"); got != 0 {
			t.Errorf("another county sees %d grants", got)
		}
		other.Get(f.page("220102", "/grants")).Want(http.StatusNotFound)
		end := list.Attr("#grants tbody form", "action")
		other.Post(end, url.Values{}).Want(http.StatusNotFound)
		if p := county.Post(end, url.Values{"node": {f.node("220102").ID.String()}}); p.Status != http.StatusUnprocessableEntity ||
			p.Count(".error-summary") != 1 || p.Count("#hand form") == 0 {
			t.Errorf("the last manager ends without a successor: status %d", p.Status)
		}
		county.Post(f.page("220102", "/grants"), url.Values{"person": {next.String()}, "role": {"school"}, "unit": {"2122000001"}}).Want(http.StatusSeeOther)
		for range 2 {
			county.Post(end, url.Values{"node": {f.node("220102").ID.String()}}).Want(http.StatusSeeOther)
		}
		if got := county.Get(f.page("220102", "/grants")).Texts("#grants tbody tr"); len(got) != 1 || strings.Contains(got[0], "金美妍") {
			t.Errorf("grants left: %q", got)
		}
		if got := county.Get(f.page("220102", "/grants?ended=1")).Text("#grants tbody"); !strings.Contains(got, "已失效") {
			t.Errorf("ended ones: %s", got)
		}
		for name, bad := range map[string]url.Values{
			"a person of another county": {"person": {foreign.String()}, "role": {"school"}, "unit": {"2122000001"}},
			"nobody":                     {"role": {"school"}, "unit": {"2122000001"}},
			"no role":                    {"person": {who.String()}},
			"another county's school":    {"person": {who.String()}, "role": {"school"}, "unit": {"2122000002"}},
			"a role of another kind":     {"person": {who.String()}, "role": {"county"}, "unit": {"2122000001"}},
			"a day in the past":          {"person": {who.String()}, "role": {"school"}, "unit": {"2122000001"}, "until": {"2019-01-01"}},
			"no day":                     {"person": {who.String()}, "role": {"school"}, "unit": {"2122000001"}, "until": {"soon"}},
		} {
			if got := county.Post(f.page("220102", "/grants"), bad); got.Status != http.StatusUnprocessableEntity || got.Count(".error-summary") != 1 {
				t.Errorf("%s: status %d", name, got.Status)
			}
		}
		county.Post(f.page("220102", "/grants"), url.Values{"person": {who.String()}, "role": {"registrar"}}).Want(http.StatusSeeOther)
		if got := county.Get(f.page("220102", "/grants")).Texts("#grants tbody tr"); len(got) != 2 || !strings.Contains(got[0], "南关实验小学") {
			t.Errorf("a school's role without a unit: %q", got)
		}
		self := f.as(access.County, "220102", who)
		self.Post(f.page("220102", "/grants"), form).Want(http.StatusForbidden)
	})
}
