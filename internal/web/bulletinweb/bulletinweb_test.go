package bulletinweb_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/bulletinweb"
	"learnspace/internal/web/webtest"
)

const page = "/bulletins/2019-10"

type fixture struct {
	t    *testing.T
	h    *dbtest.Harness
	org  *org.Service
	site *webtest.Site
	next int64
}

// setup is a province with two cities whose October is frozen on 1 November.
func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	log, trail := event.New(h.DB, h.IDs, h.Clock), audit.New(h.DB, h.IDs, h.Clock)
	tree := org.New(h.DB, h.IDs, h.Clock, log, trail)
	figures := metrics.New(h.DB, h.IDs, h.Clock, log, trail, tree, metrics.Options{})
	bulletins := bulletin.New(bulletin.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Log: log, Trail: trail, Org: tree, Metrics: figures})
	f := &fixture{t: t, h: h, org: tree, next: 100}
	ctx, root := context.Background(), access.Operator("test")
	h.Clock.Set(time.Date(2019, 11, 1, 6, 0, 0, 0, clock.Zone))
	if _, _, err := tree.EnsureProvince(ctx, root, "吉林省", "normal"); err != nil {
		t.Fatal(err)
	}
	report, err := tree.Import(ctx, root, []org.ImportRow{
		{Row: 2, Code: "220100", Name: "长春市", Kind: "prefecture", Parent: "220000"},
		{Row: 3, Code: "220200", Name: "吉林市", Kind: "prefecture", Parent: "220000"},
		{Row: 4, Code: "220202", Name: "昌邑区", Kind: "county", Parent: "220200"},
	})
	if err != nil || report.Rejected > 0 {
		t.Fatalf("import: %v %+v", err, report.Problems)
	}
	if err := bulletins.Freeze(ctx, root, 201910); err != nil {
		t.Fatal(err)
	}
	f.site = webtest.With(t, web.Options{Clock: h.Clock}, bulletinweb.New(bulletins, figures, tree).Routes()...)
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

func (f *fixture) as(name string, role access.Role, code string) *webtest.Browser {
	n := f.node(code)
	f.next++
	return f.site.As(access.Actor{Person: id.Person(f.next), Name: name, Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}})
}

// press sends the form with this action as the page shows it.
func press(b *webtest.Browser, action string, change url.Values) *webtest.Page {
	form := b.Get(page).Form(`form[action="` + page + action + `"]`)
	for name, values := range change {
		form[name] = values
	}
	return b.Post(page+action, form)
}

// TestFromDraftToReceipt walks the whole chain by the buttons of the pages.
func TestFromDraftToReceipt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		drafter, checker, signatory := f.as("方树清", access.Province, "22"), f.as("孟宪文", access.Province, "22"), f.as("高远", access.Province, "22")
		city := f.as("李春雨", access.Reporter, "220100")

		press(drafter, "/draft", nil).Follow().Want(http.StatusOK)
		wrong := press(drafter, "/text", url.Values{"next": {"对落后地区整改"}}).Want(http.StatusUnprocessableEntity)
		if wrong.Count(".error-summary li") != 1 || wrong.Text("#f-next") != "对落后地区整改" {
			t.Errorf("the form came back otherwise: %s", wrong.Text("#work"))
		}
		if got := press(drafter, "/text", url.Values{"next": {"继续核对。"}}).Follow(); !strings.Contains(got.Text("article.gw"), "继续核对。") {
			t.Error("the text is not in the paper")
		}
		if drafter.Get(page).Count(`form[action="`+page+`/check"]`) != 0 {
			t.Error("the drafter may check")
		}
		drafter.Post(page+"/check", url.Values{}).Want(http.StatusConflict)
		checked := press(checker, "/check", nil).Follow().Want(http.StatusOK)
		if got := checked.Text("#work"); strings.Contains(got, "轮到您") || !strings.Contains(got, "等待第三人签发") {
			t.Errorf("after his check the checker reads %q", got)
		}
		press(signatory, "/return", url.Values{"reason": {"请写具体"}}).Follow()
		press(drafter, "/take-back", nil).Follow()
		press(checker, "/check", nil).Follow()

		row := page + "/rows/" + f.node("220100").ID.String()
		own := city.Get(page).Want(http.StatusOK)
		if own.Count("article.gw") != 0 || !strings.Contains(own.Text("main"), "长春市") || strings.Contains(own.Text("main"), "吉林市") {
			t.Errorf("a city sees more than its own row: %s", own.Text("main"))
		}
		city.Post(row, url.Values{"say": {"dispute"}, "figure": {"schools"}, "number": {"x"}, "reason": {"新建1所"}}).Want(http.StatusUnprocessableEntity)
		city.Post(row, url.Values{"say": {"dispute"}, "figure": {"schools"}, "number": {"1"}, "reason": {"新建1所"}}).Follow().Want(http.StatusOK)
		answers := url.Values{"node": {f.node("220100").ID.String()}, "figure": {"schools"}, "outcome": {"noted"}, "answer": {""}}
		checker.Post(page+"/answers", answers).Want(http.StatusUnprocessableEntity)
		answers.Set("answer", "待备案")
		checker.Post(page+"/answers", answers).Follow().Want(http.StatusOK)
		press(checker, "/check", nil).Follow()
		press(signatory, "/sign", nil).Follow()

		signatory.Post(page+"/issue", url.Values{}).Want(http.StatusUnprocessableEntity)
		issued := press(signatory, "/issue", url.Values{"early": {"各单位已提前确认"}}).Follow().Want(http.StatusOK)
		if !strings.Contains(issued.Text("article.gw"), "第1期") || issued.Count("h1") != 1 {
			t.Errorf("issued: %s", issued.Text("article.gw"))
		}
		press(city, "/receipt", nil).Follow().Want(http.StatusOK)
		if city.Get(page).Count(`form[action="`+page+`/receipt"]`) != 0 {
			t.Error("received, and asked again")
		}
	})
}

// TestDoubleClicks sends each form of the chain twice.
func TestDoubleClicks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		drafter, checker, signatory := f.as("甲", access.Province, "22"), f.as("乙", access.Province, "22"), f.as("丙", access.Province, "22")
		for range 2 {
			drafter.Post(page+"/draft", url.Values{}).Follow().Want(http.StatusOK)
		}
		for range 2 {
			checker.Post(page+"/check", url.Values{}).Follow().Want(http.StatusOK)
		}
		for range 2 {
			signatory.Post(page+"/sign", url.Values{}).Follow().Want(http.StatusOK)
		}
		for range 2 {
			signatory.Post(page+"/issue", url.Values{"early": {"提前"}}).Follow().Want(http.StatusOK)
		}
		if got := drafter.Get("/bulletins").Want(http.StatusOK).Texts(".list li"); len(got) != 1 || !strings.Contains(got[0], "第1期") {
			t.Errorf("list: %q", got)
		}
	})
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		changchun := f.node("220100").ID.String()
		cases := []struct {
			name string
			b    *webtest.Browser
			path string
			want int
		}{
			{"a county and an unissued paper", f.as("", access.County, "220202"), page, http.StatusNotFound},
			{"a county and its file", f.as("", access.County, "220202"), page + "/bulletin.docx", http.StatusNotFound},
			{"a reporting unit and the whole file", f.as("", access.Reporter, "220100"), page + "/bulletin.xlsx", http.StatusNotFound},
			{"a reporting unit and its row", f.as("", access.Reporter, "220100"), page, http.StatusOK},
			{"the province", f.as("", access.Province, "22"), page + "/print", http.StatusOK},
			{"the province's file", f.as("", access.Province, "22"), page + "/bulletin.docx", http.StatusOK},
			{"a teacher", f.as("", access.Teacher, "220202"), page, http.StatusForbidden},
			{"a city and the targets", f.as("", access.Prefecture, "220100"), "/targets", http.StatusForbidden},
			{"no month", f.as("", access.Province, "22"), "/bulletins/2019-13", http.StatusNotFound},
			{"a month without a paper", f.as("", access.Province, "22"), "/bulletins/2019-09", http.StatusNotFound},
			{"the list", f.as("", access.County, "220202"), "/bulletins", http.StatusOK},
		}
		for _, c := range cases {
			if got := c.b.Get(c.path).Status; got != c.want {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
		say := url.Values{"say": {"accept"}}
		f.as("", access.Reporter, "220200").Post(page+"/rows/"+changchun, say).Want(http.StatusNotFound)
		f.as("", access.Reporter, "220100").Post(page+"/rows/"+changchun, say).Follow().Want(http.StatusOK)
		f.as("", access.County, "220202").Post(page+"/rows/"+changchun, say).Want(http.StatusNotFound)
	})
}

func TestTargetsPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		province := f.as("", access.Province, "22")
		list := province.Get("/targets").Want(http.StatusOK)
		form := province.Get(list.Attr("tbody a", "href")).Want(http.StatusOK).Form(`form[action="/targets"]`)
		form.Set("n", "270000")
		province.Post("/targets", form).Want(http.StatusUnprocessableEntity)
		form.Set("document", "吉教办〔2019〕12号")
		if got := province.Post("/targets", form).Follow().Text("tbody tr"); !strings.Contains(got, "270,000") {
			t.Errorf("target: %s", got)
		}
		form.Set("n", "280000")
		if got := province.Post("/targets", form).Want(http.StatusUnprocessableEntity); got.Count("#f-document-e") != 1 {
			t.Errorf("changed without another document: %s", got.Text("main"))
		}
	})
}
