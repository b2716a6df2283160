package custodyweb_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/blob"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web/custodyweb"
	"learnspace/internal/web/webtest"
)

// Numbers with right check digits that belong to nobody.
const (
	number1 = "220102201003070013"
	number2 = "222401201209150029"
)

// fixture is two schools with a pupil each, and the pages.
type fixture struct {
	*dbtest.Harness
	t                             *testing.T
	jobs                          *job.Service
	custody                       *custody.Service
	orgs                          *org.Service
	people                        *person.Service
	site                          *webtest.Site
	op                            access.Actor
	province, county, a, b        org.Node
	a1, b1                        org.Node
	pupil, stranger, father       id.Person
	clerk, manager, clerkB, guard access.Actor
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester"), jobs: job.New(h.DB, h.IDs, h.Clock, job.Options{})}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	files, err := blob.Open("file:" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f.custody = custody.New(custody.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, Org: f.orgs, People: f.people,
		Jobs: f.jobs, Files: files, System: access.System("test"), Platform: "测试平台"})
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "甲校", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "乙校", Kind: "学校", Parent: "220102", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	for code, to := range map[string]*org.Node{"2122000001": &f.a, "2122000002": &f.b, "22": &f.province, "220102": &f.county} {
		if *to, err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	for school, to := range map[*org.Node]*org.Node{&f.a: &f.a1, &f.b: &f.b1} {
		if *to, _, err = f.orgs.EnsureClass(t.Context(), f.op, school.ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 1}); err != nil {
			t.Fatal(err)
		}
	}
	ids := f.make(
		person.Draft{Name: "金雀一", Sex: 1, Birth: 2010_0307, Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, IDNo: number1},
		person.Draft{Name: "乙校生", Sex: 2, Birth: 2012_0915, Role: person.RolePupil, Node: f.b1.ID, Unit: f.b.ID, IDNo: number2},
		person.Draft{Name: "金父", Role: person.RoleGuardian, Unit: f.a.ID, Phone: "13911112222"})
	f.pupil, f.stranger, f.father = ids[0], ids[1], ids[2]
	if err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: f.father, Ward: f.pupil, Relation: "father", PhoneTail: "2222"}}); err != nil {
		t.Fatal(err)
	}
	f.clerk, f.manager = f.holder("教务甲", access.Registrar, f.a), f.holder("校长甲", access.School, f.a)
	f.clerkB, f.guard = f.holder("教务乙", access.Registrar, f.b), f.holder("安全员", access.SecAdmin, f.province)
	f.site = webtest.New(t, custodyweb.New(custodyweb.Deps{Custody: f.custody, Org: f.orgs, People: f.people}).Routes()...)
	return f
}

func (f *fixture) make(all ...person.Draft) []id.Person {
	f.t.Helper()
	prepared, err := f.people.Prepare(f.t.Context(), f.op, all)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.people.InsertMany(f.t.Context(), f.op, prepared); err != nil {
		f.t.Fatal(err)
	}
	out := make([]id.Person, len(prepared))
	for i := range prepared {
		out[i] = prepared[i].ID
	}
	return out
}

func (f *fixture) holder(name string, role access.Role, n org.Node) access.Actor {
	f.t.Helper()
	who := f.make(person.Draft{Name: name, Role: person.RoleOfficer, Node: n.ID, Unit: n.Unit, NoIDReason: "office"})[0]
	if _, err := f.orgs.Grant(f.t.Context(), f.op, org.GrantRequest{Person: who, Node: n.ID, Role: role, Reason: "测试用授权"}); err != nil {
		f.t.Fatal(err)
	}
	return access.Actor{Person: who, Account: 1, Name: name, Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

func TestPersonPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.site.As(f.clerk)
		home := "/people/" + f.pupil.String()
		page := clerk.Get(home).Want(http.StatusOK)
		for _, number := range []string{number1, "13911112222"} {
			if strings.Contains(page.Body, number) {
				t.Errorf("the page prints %s", number)
			}
		}
		if !strings.Contains(page.Body, "••••0013") || !strings.Contains(page.Body, "••••2222") {
			t.Error("the page does not show the tails")
		}
		if words := page.Text("#guardians ul"); !strings.Contains(words, "父亲") || strings.Contains(words, "father") {
			t.Errorf("the guardian's relation is not in the reader's language: %q", words)
		}
		form := clerk.Get(home + "/reveal/id_no").Want(http.StatusOK)
		if strings.Contains(form.Body, number1) {
			t.Error("the form prints the number")
		}
		if bad := clerk.Post(home+"/reveal/id_no", url.Values{"reason": {"other"}}).Want(http.StatusUnprocessableEntity); strings.Contains(bad.Body, number1) {
			t.Error("the number is shown without a reason")
		}
		shown := clerk.Post(home+"/reveal/id_no", url.Values{"reason": {"exam"}}).Want(http.StatusOK)
		if got := shown.Text("#value"); got != number1 {
			t.Errorf("shown %q", got)
		}
		if got := shown.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("the shown number may be cached: %q", got)
		}
		shown = clerk.Post("/people/"+f.father.String()+"/reveal/phone?from="+f.pupil.String(), url.Values{"reason": {"family"}}).Want(http.StatusOK)
		if got := shown.Text("#value"); got != "13911112222" {
			t.Errorf("shown %q", got)
		}
		looks := clerk.Get(home + "/looks").Want(http.StatusOK)
		if !strings.Contains(looks.Body, "考试报名") || !strings.Contains(looks.Body, "教务甲") {
			t.Error("the looks are not listed")
		}
		clerk.Get(home + "/reveal/name").Want(http.StatusNotFound)
		for _, number := range []string{number1, "13911112222", "金雀一"} {
			if strings.Contains(f.site.Log.String(), number) {
				t.Errorf("the log holds %s", number)
			}
		}

		other := f.site.As(f.clerkB)
		for _, path := range []string{home, home + "/looks", home + "/reveal/id_no", "/people/" + f.father.String()} {
			if got := other.Get(path).Want(http.StatusNotFound); strings.Contains(got.Body, "金") {
				t.Errorf("%s names somebody of another school", path)
			}
		}
		other.Post(home+"/reveal/id_no", url.Values{"reason": {"exam"}}).Want(http.StatusNotFound)
		f.site.As(f.guard).Get(home).Want(http.StatusForbidden)
	})
}

func TestFindPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.site.As(f.clerk)
		clerk.Get("/people").Want(http.StatusOK)
		found := clerk.Post("/people/find", url.Values{"number": {number1}}).Want(http.StatusSeeOther)
		if got := found.Header.Get("Location"); got != "/people/"+f.pupil.String() {
			t.Errorf("found %s", got)
		}
		foreign := clerk.Post("/people/find", url.Values{"number": {number2}}).Want(http.StatusUnprocessableEntity)
		nobody := clerk.Post("/people/find", url.Values{"number": {"220381198501010031"}}).Want(http.StatusUnprocessableEntity)
		if foreign.Text("main") != nobody.Text("main") {
			t.Error("the answers to a foreign and to an unknown number differ")
		}
		if strings.Contains(foreign.Body, number2) || strings.Contains(f.site.Log.String(), number1) {
			t.Error("a number stands in a page or a log")
		}
	})
}

func TestTooManyPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		guard, clerk := f.site.As(f.guard), f.site.As(f.clerk)
		guard.Post("/alarms/limits", url.Values{"looks_hour": {"2"}, "looks_day": {"0"}, "rows_day": {"2000"}}).Want(http.StatusUnprocessableEntity)
		guard.Post("/alarms/limits", url.Values{"looks_hour": {"2"}, "looks_day": {"200"}, "rows_day": {"2000"}}).Want(http.StatusSeeOther)
		home := "/people/" + f.pupil.String()
		clerk.Get(home).Want(http.StatusOK)
		clerk.Get(home).Want(http.StatusOK)
		if got := clerk.Get(home).Want(http.StatusTooManyRequests); strings.Contains(got.Body, "金雀一") {
			t.Error("the page is shown over the limit")
		}
		alarms := guard.Get("/alarms").Want(http.StatusOK)
		if !strings.Contains(alarms.Body, "教务甲") || strings.Contains(alarms.Body, "金雀一") {
			t.Error("the alarm names nobody, or the pupil")
		}
		action := alarms.Attr("table form", "action")
		guard.Post(action, nil).Want(http.StatusSeeOther)
		if again := guard.Get("/alarms").Want(http.StatusOK); strings.Contains(again.Body, "教务甲") {
			t.Error("the alarm is still open")
		}
		clerk.Get("/alarms").Want(http.StatusForbidden)
	})
}

// TestApproveAsksAgain asks for the second factor before a file is approved: a
// phone that was left signed in does not approve.
func TestApproveAsksAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		site := webtest.New(t, custodyweb.New(custodyweb.Deps{Custody: f.custody, Org: f.orgs, People: f.people,
			Fresh: func(_ context.Context, _ access.Actor, _, code string) error {
				if code != "123456" {
					return fault.Invalid(fault.At("code", "account.factor.missing"))
				}
				return nil
			}}).Routes()...)
		r, err := f.custody.Ask(t.Context(), f.clerk, custody.Asking{Node: f.a1.ID, Kind: custody.ClassList, Purpose: "向区县上报核对名单"})
		if err != nil {
			t.Fatal(err)
		}
		at := "/exports/" + r.ID.String()
		manager := site.As(f.manager)
		manager.Get(at).Want(http.StatusOK)
		manager.Post(at+"/approve", url.Values{"code": {""}}).Want(http.StatusUnprocessableEntity)
		if got, err := f.custody.Get(t.Context(), f.clerk, r.ID); err != nil || got.State != custody.Waiting {
			t.Errorf("state %s without a code, %v", got.State, err)
		}
		manager.Post(at+"/approve", url.Values{"code": {"123456"}}).Want(http.StatusSeeOther)
	})
}

func TestExportPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk, manager, other := f.site.As(f.clerk), f.site.As(f.manager), f.site.As(f.clerkB)
		clerk.Get("/exports").Want(http.StatusOK)
		clerk.Get("/exports/new?kind=contacts").Want(http.StatusOK)
		clerk.Get("/exports/new?node=" + f.b1.ID.String()).Want(http.StatusNotFound)
		if page := clerk.Get("/exports/new?kind=roster").Want(http.StatusOK); page.Count("input[value=birth][checked]") != 1 || page.Count("input[value=id_no][checked]") != 0 {
			t.Error("the ID number is ticked before anybody asked for it")
		}
		form := url.Values{"_key": {"K1"}, "kind": {"contacts"}, "node": {f.a1.ID.String()}, "field": {"class", "guardian", "guardian_phone"},
			"purpose": {"短"}, "days": {"7"}}
		bad := clerk.Post("/exports", form).Want(http.StatusUnprocessableEntity)
		if !strings.Contains(bad.Body, "短") {
			t.Error("what was typed is gone")
		}
		form.Set("purpose", "秋游联系家长，交年级组长")
		made := clerk.Post("/exports", form).Want(http.StatusSeeOther)
		at := made.Header.Get("Location")
		if again := clerk.Post("/exports", form).Want(http.StatusSeeOther); again.Header.Get("Location") != at {
			t.Error("the same form made two requests")
		}
		other.Get(at).Want(http.StatusNotFound)
		other.Post(at+"/file", nil).Want(http.StatusNotFound)
		if list := other.Get("/exports").Want(http.StatusOK); strings.Contains(list.Body, "甲校") || strings.Contains(list.Body, "教务甲") {
			t.Error("another school sees the request")
		}
		clerk.Post(at+"/approve", nil).Want(http.StatusForbidden)
		manager.Get("/exports?state=open").Want(http.StatusOK)
		manager.Get(at).Want(http.StatusOK)
		manager.Post(at+"/refuse", url.Values{"note": {" "}}).Want(http.StatusUnprocessableEntity)
		manager.Post(at+"/approve", nil).Want(http.StatusSeeOther)
		if _, err := f.jobs.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		manager.Post(at+"/file", nil).Want(http.StatusForbidden)
		file := clerk.Post(at+"/file", nil).Want(http.StatusOK)
		if !strings.HasPrefix(file.Body, "PK") || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment") || file.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("file %v", file.Header)
		}
		page := manager.Get(at).Want(http.StatusOK)
		if !strings.Contains(page.Text("#downloads"), "教务甲") {
			t.Error("the taking is not listed")
		}
		if log := f.site.Log.String(); strings.Contains(log, "金雀一") || strings.Contains(log, "13911112222") {
			t.Error("the log holds personal data")
		}
	})
}
