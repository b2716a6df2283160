package rosterweb_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/blob"
	"learnspace/internal/codes"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web/rosterweb"
	"learnspace/internal/web/webtest"
)

// fixture is two schools of two counties and the pages of rosters.
type fixture struct {
	*dbtest.Harness
	t             *testing.T
	rosters       *roster.Service
	jobs          *job.Service
	site          *webtest.Site
	school, other org.Node
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	orgs := org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	people := person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, orgs)
	space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, orgs, people)
	files, err := blob.Open("file:" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{Harness: h, t: t, jobs: job.New(h.DB, h.IDs, h.Clock, job.Options{})}
	f.rosters = roster.New(roster.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Audit: h.Audit, Org: orgs, People: people,
		Bases: metrics.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, orgs, metrics.Options{}), Jobs: f.jobs, Files: files, System: access.System("roster")})
	op := access.Operator("tester")
	rep, err := orgs.Import(t.Context(), op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "松苑小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000003", Name: "宽城小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	if f.school, err = orgs.ByCode(t.Context(), op, "2122000001"); err != nil {
		t.Fatal(err)
	}
	if f.other, err = orgs.ByCode(t.Context(), op, "2122000003"); err != nil {
		t.Fatal(err)
	}
	f.site = webtest.New(t, rosterweb.New(f.rosters, orgs).Routes()...)
	return f
}

func (f *fixture) clerk(role access.Role, n org.Node) access.Actor {
	return access.Actor{Person: id.Person(f.IDs.Next()), Account: id.Account(f.IDs.Next()), Name: "王老师", Role: role,
		Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

func (f *fixture) work() {
	f.t.Helper()
	if _, err := f.jobs.RunDue(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// number adds the check digit.
func number(body string) string {
	digit, _ := codes.IDCheckDigit(body)
	return body + string(digit)
}

// secret stands in the row without a name.
var secret = number("22010220110308002")

// file is a roster with a good row and a bad one.
func file(lines ...string) webtest.File {
	text := "姓名,证件号码,年级,班级\n林知夏," + number("22010220110307001") + ",三年级,1班\n," + secret + ",三年级,1班\n" + strings.Join(lines, "\n")
	return webtest.File{Field: "file", Name: "三年级.csv", Content: []byte(text)}
}

// TestJourney walks from the file to the result in the steps of the budget:
// open, choose, check, confirm.
func TestJourney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.site.As(f.clerk(access.Registrar, f.school))
		home := "/nodes/" + f.school.ID.String() + "/rosters"
		page := clerk.Get(home).Want(http.StatusOK)
		if page.Text("h1") == "" || page.Count("input[type=file]") != 1 || page.Count("a[href^='/roster-template/']") != 2 {
			t.Error("the form is not whole")
		}
		form := page.Form("form[enctype]")
		page = clerk.Upload(home, form, file()).Follow().Want(http.StatusOK)
		if page.Count("tr.bad") != 1 || page.Count("#classes .chip") != 1 || page.Count("#confirm form") < 1 {
			t.Errorf("the report:\n%s", page.Text("main"))
		}
		if strings.Contains(page.Body, secret) {
			t.Error("the page shows a whole number")
		}
		action := page.Attr("#confirm form", "action")
		batch := strings.TrimSuffix(action, "/confirm")
		page = clerk.Post(action, page.Form("#confirm form")).Follow().Want(http.StatusOK)
		if page.Count("[hx-get]") != 1 {
			t.Error("no progress that refreshes itself")
		}
		f.work()
		page = clerk.Get(batch).Want(http.StatusOK)
		if page.Count("#result") != 1 || page.Count("form[action$='/undo']") != 1 {
			t.Errorf("the result:\n%s", page.Text("main"))
		}
		book := clerk.Get(batch + "/errors.xlsx").Want(http.StatusOK)
		if !strings.HasPrefix(book.Body, "PK") {
			t.Error("the faulty rows are no workbook")
		}
		// One that has failed says that it can be taken back, and where.
		if _, err := f.DB.Exec(t.Context(), "UPDATE ros_batch SET state = 'failed'"); err != nil {
			t.Fatal(err)
		}
		if page = clerk.Get(batch).Want(http.StatusOK); page.Count("form[action$='/undo']") != 1 {
			t.Errorf("a failed batch cannot be taken back on its page:\n%s", page.Text("main"))
		}
		page = clerk.Post(batch+"/undo", url.Values{}).Follow().Want(http.StatusOK)
		if page.Count("#result") != 0 {
			t.Error("the batch is not undone")
		}
	})
}

func TestForeignSchoolIsNotThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		mine, foreign := f.site.As(f.clerk(access.School, f.school)), f.site.As(f.clerk(access.School, f.other))
		home := "/nodes/" + f.school.ID.String()
		batch := mine.Upload(home+"/rosters", url.Values{"mode": {"add"}}, file()).Want(http.StatusSeeOther).Location()
		for _, path := range []string{home + "/rosters", home + "/transfers", batch, batch + "/errors.xlsx"} {
			mine.Get(path).Want(http.StatusOK)
			foreign.Get(path).Want(http.StatusNotFound)
		}
		for _, path := range []string{batch + "/confirm", batch + "/drop", batch + "/undo", "/transfers/7/accept", "/transfers/7/refuse"} {
			foreign.Post(path, url.Values{"reason": {"x"}}).Want(http.StatusNotFound)
		}
		foreign.Upload(home+"/rosters", url.Values{"mode": {"add"}}, file()).Want(http.StatusNotFound)
		foreign.Upload(batch+"/mend", url.Values{}, file()).Want(http.StatusNotFound)
		if body := foreign.Get("/nodes/" + f.other.ID.String() + "/rosters").Want(http.StatusOK).Body; strings.Contains(body, "三年级.csv") {
			t.Error("the other school lists the batch")
		}
		f.site.As(f.clerk(access.Teacher, f.school)).Get(home + "/rosters").Want(http.StatusForbidden)
	})
}

func TestBadUploads(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.site.As(f.clerk(access.School, f.school))
		home := "/nodes/" + f.school.ID.String() + "/rosters"
		page := clerk.Upload(home, url.Values{"mode": {"add"}}).Want(http.StatusUnprocessableEntity)
		if page.Count(".error-summary a[href='#f-file']") != 1 {
			t.Error("no message at the field")
		}
		pdf := webtest.File{Field: "file", Name: "名册.xlsx", Content: []byte("%PDF-1.7 something")}
		page = clerk.Upload(home, url.Values{"mode": {"add"}}, pdf).Follow().Want(http.StatusOK)
		if page.Count(".alert-danger") != 1 || page.Count("#confirm") != 0 {
			t.Errorf("a PDF:\n%s", page.Text("main"))
		}
		if n := len(page.Find("html")); n != 1 {
			t.Error("no page")
		}
		clerk.Get("/roster-template/pupils.xlsx").Want(http.StatusOK)
		clerk.Get("/roster-template/other.xlsx").Want(http.StatusNotFound)
		clerk.Get("/rosters/abc").Want(http.StatusNotFound)
	})
}

func TestTransferPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		holder, asker := f.site.As(f.clerk(access.School, f.school)), f.site.As(f.clerk(access.School, f.other))
		for _, step := range []struct {
			who  *webtest.Browser
			node id.Node
		}{{holder, f.school.ID}, {asker, f.other.ID}} {
			page := step.who.Upload("/nodes/"+step.node.String()+"/rosters", url.Values{"mode": {"add"}}, file()).Follow()
			step.who.Post(page.Attr("#confirm form", "action"), page.Form("#confirm form")).Want(http.StatusSeeOther)
			f.work()
		}
		if n := asker.Get("/nodes/" + f.other.ID.String() + "/transfers").Want(http.StatusOK).Count("form[action$='/accept']"); n != 0 {
			t.Error("the asking school may decide")
		}
		page := holder.Get("/nodes/" + f.school.ID.String() + "/rosters").Want(http.StatusOK)
		if page.Count("a[href$='/transfers']") < 2 {
			t.Error("no word of the waiting pupil")
		}
		page = holder.Get("/nodes/" + f.school.ID.String() + "/transfers").Want(http.StatusOK)
		refuse := page.Attr("form[action$='/refuse']", "action")
		node := url.Values{"node": {f.school.ID.String()}}
		if n := holder.Post(refuse, node).Follow().Want(http.StatusOK).Count("form[action$='/accept']"); n != 1 {
			t.Error("refused without a reason")
		}
		page = holder.Post(page.Attr("form[action$='/accept']", "action"), node).Follow().Want(http.StatusOK)
		if page.Count("form[action$='/accept']") != 0 {
			t.Error("still waiting")
		}
	})
}
