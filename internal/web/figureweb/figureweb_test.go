package figureweb_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/web/figureweb"
	"learnspace/internal/web/webtest"
)

// fixture is a city with two counties and their schools, and the pages over it.
type fixture struct {
	t    *testing.T
	h    *dbtest.Harness
	log  *event.Log
	org  *org.Service
	s    *metrics.Service
	site *webtest.Site
	next int64
}

// targets knows of one target, that of the city.
type targets struct{}

func (targets) TargetOf(context.Context, access.Actor, id.Node, int) (int64, bool, error) {
	return 200, true, nil
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	log, trail := event.New(h.DB, h.IDs, h.Clock), audit.New(h.DB, h.IDs, h.Clock)
	tree := org.New(h.DB, h.IDs, h.Clock, log, trail)
	figures := metrics.New(h.DB, h.IDs, h.Clock, log, trail, tree, metrics.Options{})
	f := &fixture{t: t, h: h, log: log, org: tree, s: figures, next: 100}
	ctx, root := context.Background(), access.Operator("test")
	if _, _, err := tree.EnsureProvince(ctx, root, "吉林省", "normal"); err != nil {
		t.Fatal(err)
	}
	report, err := tree.Import(ctx, root, []org.ImportRow{
		{Row: 2, Code: "220100", Name: "长春市", Kind: "prefecture", Parent: "220000"},
		{Row: 3, Code: "220102", Name: "南关区", Kind: "county", Parent: "220100"},
		{Row: 4, Code: "220103", Name: "宽城区", Kind: "county", Parent: "220100"},
		{Row: 5, Code: "2122000001", Name: "第一小学", Kind: "school", Parent: "220102", Type: "211"},
		{Row: 6, Code: "2122000002", Name: "第二小学", Kind: "school", Parent: "220102", Type: "211"},
		{Row: 7, Code: "2122000003", Name: "第三小学", Kind: "school", Parent: "220103", Type: "211"},
	})
	if err != nil || report.Rejected > 0 {
		t.Fatalf("import: %v %+v", err, report.Problems)
	}
	if err := figures.CatchUp(ctx, root); err != nil {
		t.Fatal(err)
	}
	f.site = webtest.New(t, figureweb.New(figures, tree, targets{}).Routes()...)
	return f
}

func (f *fixture) node(code string) org.Node {
	f.t.Helper()
	n, err := f.org.ByCode(context.Background(), access.Operator("test"), code)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func (f *fixture) officer(role access.Role, code string) access.Actor {
	n := f.node(code)
	f.next++
	return access.Actor{Person: id.Person(f.next), Name: "测试", Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// pupils makes and verifies n pupils at a school.
func (f *fixture) pupils(code string, n int) {
	f.t.Helper()
	at, unit := time.Date(2019, 10, 10, 10, 0, 0, 0, clock.Zone), f.node(code).ID
	var es []event.Event
	for range n {
		f.next++
		for _, verb := range []string{"made", "activated", "verified"} {
			es = append(es, event.Event{At: at, Verb: "person." + verb, Object: f.next, Unit: unit, Extra: `{"r":"pupil"}`})
		}
	}
	ctx := context.Background()
	if err := f.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return f.log.Append(ctx, tx, es...) }); err != nil {
		f.t.Fatal(err)
	}
	if err := f.s.CatchUp(ctx, access.Operator("test")); err != nil {
		f.t.Fatal(err)
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.pupils("2122000001", 40)
		f.pupils("2122000002", 3)
		f.pupils("2122000003", 7)
		county := f.node("220102")
		page := f.site.As(f.officer(access.County, "220102")).Get("/figures/" + county.ID.String() + "?month=2019-10").Want(http.StatusOK)
		if got := page.Text("main"); !strings.Contains(got, "截至2019年10月31日24:00") {
			t.Errorf("the page does not say as of when: %s", got)
		}
		rows := page.Texts("#rows tbody tr")
		if len(rows) != 2 || !strings.Contains(rows[1], "＜5") || strings.Contains(rows[1], " 3 ") || strings.Contains(rows[0], "40") {
			t.Errorf("three pupils can be worked out: %q", rows)
		}
		if got := page.Attr("#rows tbody th a", "href"); got != fmt.Sprintf("/figures/%d?month=2019-10", f.node("2122000001").ID) {
			t.Errorf("the way down leads to %q", got)
		}
		school := f.site.As(f.officer(access.School, "2122000001"))
		own := school.Get("/figures/" + f.node("2122000001").ID.String()).Want(http.StatusOK)
		if own.Count("#rows") != 0 || !strings.Contains(own.Text(".stats"), "40") {
			t.Errorf("a school's page: %s", own.Text("main"))
		}
	})
}

// TestDashboardTenants has an officer of one county ask for another.
func TestDashboardTenants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		county := f.site.As(f.officer(access.County, "220102"))
		for _, c := range []struct {
			path string
			want int
		}{
			{"/figures/" + f.node("220102").ID.String(), http.StatusOK},
			{"/figures/" + f.node("220103").ID.String(), http.StatusNotFound},
			{"/figures/" + f.node("2122000003").ID.String() + "/export.xlsx", http.StatusNotFound},
			{"/figures/" + f.node("22").ID.String(), http.StatusNotFound},
			{"/nodes/" + f.node("220103").ID.String() + "/bases", http.StatusNotFound},
			{"/figures/7", http.StatusNotFound},
			{"/figures/" + f.node("220102").ID.String() + "?month=2019-13", http.StatusNotFound},
		} {
			if got := county.Get(c.path).Status; got != c.want {
				t.Errorf("%s: %d, want %d", c.path, got, c.want)
			}
		}
		teacher := f.site.As(f.officer(access.Teacher, "2122000001"))
		teacher.Get("/figures/" + f.node("2122000001").ID.String()).Want(http.StatusForbidden)
		teacher.Get("/figures/definitions").Want(http.StatusOK)
	})
}

func TestExport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.pupils("2122000001", 40)
		page := f.site.As(f.officer(access.Prefecture, "220100")).Get("/figures/" + f.node("220100").ID.String() + "/export.xlsx").Want(http.StatusOK)
		if !strings.HasPrefix(page.Body, "PK") || !strings.Contains(page.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("no workbook: %v", page.Header)
		}
	})
}

func TestConfirmBase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx, school := context.Background(), f.node("2122000001")
		if err := f.s.RecordRosterCount(ctx, f.officer(access.School, "2122000001"), school.ID, 400, 30, 400, 20191101); err != nil {
			t.Fatal(err)
		}
		path := "/nodes/" + f.node("220102").ID.String() + "/bases"
		county := f.site.As(f.officer(access.County, "220102"))
		list := county.Get(path).Want(http.StatusOK)
		if got := list.Texts("tbody tr"); len(got) != 2 || !strings.Contains(got[0], "名册，未确认") {
			t.Errorf("list: %q", got)
		}
		form := list.Form("tbody form")
		if got := county.Post(path, form).Follow().Text("tbody tr"); !strings.Contains(got, "名册，已确认") {
			t.Errorf("after the confirmation: %s", got)
		}
		county.Post(path, form).Follow().Want(http.StatusOK)
		wrong := county.Post(path, url.Values{"school": {school.ID.String()}, "pupil": {"十"}, "teacher": {"1"}, "age_pupil": {"1"}, "source": {"roster"}, "day": {"2019-11-01"}})
		wrong.Want(http.StatusUnprocessableEntity)
		if wrong.Count(".error-summary li") != 1 || wrong.Attr("#f-pupil", "value") != "十" {
			t.Errorf("the form came back without its fault: %s", wrong.Text("main"))
		}
		foreign := url.Values{"school": {f.node("2122000003").ID.String()}, "pupil": {"1"}, "teacher": {"1"}, "age_pupil": {"1"}, "source": {"roster"}, "day": {"2019-11-01"}}
		county.Post(path, foreign).Want(http.StatusNotFound)
	})
}
