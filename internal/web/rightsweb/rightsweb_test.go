package rightsweb_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/rights"
	"learnspace/internal/web/rightsweb"
	"learnspace/internal/web/webtest"

	"github.com/xuri/excelize/v2"
)

type noAccounts struct{}

func (noAccounts) Holds(context.Context, access.Actor, ...id.Person) (map[id.Person]bool, error) {
	return nil, nil
}
func (noAccounts) Pass(context.Context, access.Actor, id.Person, id.Person) (bool, error) {
	return false, nil
}
func (noAccounts) Shut(context.Context, access.Actor, ...id.Person) error { return nil }

// looks is one look, at everybody who may be asked about.
type looks struct{ people *person.Service }

func (l looks) LooksAt(ctx context.Context, by access.Actor, subject id.Person, _ id.Look, _ int) ([]custody.Look, error) {
	if _, err := l.people.Known(ctx, by, subject); err != nil {
		return nil, err
	}
	return []custody.Look{{ID: 1, Subject: subject, What: "phone", Reason: "family", ByName: "王老师", Role: access.Registrar, At: time.UnixMilli(1572915600000)}}, nil
}

type fixture struct {
	*dbtest.Harness
	t      *testing.T
	orgs   *org.Service
	people *person.Service
	site   *webtest.Site
	op     access.Actor
	a, far org.Node
	// child is of school a, with a mother; other is of school far.
	child, mother, other id.Person
}

const (
	number = "220102201003070013"
	phone  = "13812345678"
)

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	merges := merge.New(merge.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, People: f.people, Accounts: noAccounts{}})
	svc := rights.New(rights.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, People: f.people, Merges: merges,
		Rules: []rights.Rule{{Retention: rights.Retention{Name: rights.KeepContacts, Days: 180}, Count: f.people.CountOldContacts, Run: f.people.EraseOldContacts}},
		Sources: rights.Sources{Minors: func(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
			m, err := f.people.CountMinors(ctx, by, node, from, to)
			return []rights.Figure{{Key: "minors_made", N: m.Made, Persons: true}}, err
		}}})
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
	for code, to := range map[string]*org.Node{"2122000001": &f.a, "2122000002": &f.far} {
		if *to, err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	f.child = f.make(person.Draft{Name: "李明", Role: person.RolePupil, IDNo: number, Node: f.a.ID, Unit: f.a.ID, Sex: 1, Birth: 20100307, Ethnic: "01", Phone: phone})
	f.other = f.make(person.Draft{Name: "外校生", Role: person.RolePupil, Node: f.far.ID, Unit: f.far.ID, Sex: 2, Birth: 20100307})
	f.mother = f.make(person.Draft{Name: "李母", Role: person.RoleGuardian, Phone: phone, Unit: f.a.ID})
	if err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: f.mother, Ward: f.child, Status: "confirmed", Relation: "母亲"}}); err != nil {
		t.Fatal(err)
	}
	f.site = webtest.New(t, rightsweb.New(svc, f.people, f.orgs, looks{f.people}).Routes()...)
	return f
}

func (f *fixture) make(d person.Draft) id.Person {
	f.t.Helper()
	made, err := f.people.Prepare(f.t.Context(), f.op, []person.Draft{d})
	if err == nil {
		err = f.people.InsertMany(f.t.Context(), f.op, made)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return made[0].ID
}

func (f *fixture) as(role access.Role, n org.Node, who id.Person) *webtest.Browser {
	return f.site.As(access.Actor{Person: who, Name: "测试", Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}})
}

func (f *fixture) parent() *webtest.Browser {
	return f.site.As(access.Actor{Person: f.mother, Name: "李母", Role: access.Guardian, Wards: []id.Person{f.child}})
}

// TestOwnPages lets a mother see what is held about her child and ask, and the
// school answer.
func TestOwnPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		mother := f.parent()
		p := mother.Get("/rights").Want(http.StatusOK)
		if got := p.Count("#family li a"); got != 2 {
			t.Errorf("%d of the family", got)
		}
		page := "/rights/" + f.child.String()
		p = mother.Get(page).Want(http.StatusOK)
		text := p.Text("main")
		if strings.Contains(text, number) || strings.Contains(text, phone) || !strings.Contains(text, "末四位0013") || !strings.Contains(text, "末四位5678") {
			t.Errorf("held %s", p.Text("#held"))
		}
		if got := p.Text("#looks li"); !strings.Contains(got, "王老师") || !strings.Contains(got, "联系家长") {
			t.Errorf("looks %s", got)
		}
		mother.Get("/rights/" + f.other.String()).Want(http.StatusNotFound)
		mother.Get("/rights/" + f.other.String() + "/data.xlsx").Want(http.StatusNotFound)
		file := mother.Get(page + "/data.xlsx").Want(http.StatusOK)
		if !strings.Contains(file.Header.Get("Content-Disposition"), "attachment") {
			t.Error("no attachment")
		}
		if cells := read(t, file.Body); strings.Contains(cells, number) || strings.Contains(cells, phone) || !strings.Contains(cells, "李明") || !strings.Contains(cells, "南关小学") {
			t.Errorf("file %s", cells)
		}
		form := p.Form("#requests form")
		bad := mother.Post(page+"/requests", url.Values{"kind": {"correct"}}).Want(http.StatusUnprocessableEntity)
		if bad.Count("#f-value[aria-invalid=true]") != 1 {
			t.Error("no message at the value")
		}
		form.Set("kind", "correct")
		form.Set("field", "name")
		form.Set("value", "李明远")
		mother.Post("/rights/"+f.other.String()+"/requests", form).Want(http.StatusNotFound)
		mother.Post(page+"/requests", form).Want(http.StatusSeeOther)
		p = mother.Post(page+"/requests", form).Want(http.StatusSeeOther).Follow().Want(http.StatusOK)
		if got := p.Count("#requests article"); got != 1 {
			t.Errorf("%d requests", got)
		}

		clerk, foreign := f.as(access.Registrar, f.a, 5), f.as(access.School, f.far, 6)
		list := "/nodes/" + f.a.ID.String() + "/requests"
		foreign.Get(list).Want(http.StatusNotFound)
		mother.Get(list).Want(http.StatusForbidden)
		if got := foreign.Get("/nodes/" + f.far.ID.String() + "/requests").Want(http.StatusOK).Count("#requests tbody tr"); got != 0 {
			t.Errorf("another county sees %d requests", got)
		}
		p = clerk.Get(list).Want(http.StatusOK)
		one := p.Attr("#requests tbody a", "href")
		foreign.Get(one).Want(http.StatusNotFound)
		foreign.Post(one+"/take", url.Values{}).Want(http.StatusNotFound)
		foreign.Post(one+"/answer", url.Values{"outcome": {"done"}}).Want(http.StatusNotFound)
		clerk.Post(one+"/take", url.Values{}).Want(http.StatusSeeOther)
		if bad = clerk.Post(one+"/answer", url.Values{"outcome": {"refused"}}).Want(http.StatusUnprocessableEntity); bad.Count("#f-text[aria-invalid=true]") != 1 {
			t.Error("no message at the reason")
		}
		clerk.Post(one+"/answer", url.Values{"outcome": {"done"}, "document": {"户口簿"}}).Want(http.StatusSeeOther)
		if p, err := person.Load(t.Context(), h.DB, f.child); err != nil || p.Name != "李明远" {
			t.Errorf("%+v %v", p, err)
		}
		p = mother.Get(page).Want(http.StatusOK)
		mother.Post(p.Attr("#requests article form", "action"), url.Values{"person": {f.child.String()}}).Want(http.StatusSeeOther)
	})
}

// read is every cell of a workbook.
func read(t *testing.T, body string) string {
	t.Helper()
	book, err := excelize.OpenReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, row := range rows {
		out.WriteString(strings.Join(row, "|") + "\n")
	}
	return out.String()
}

// TestOwnRecordOnly sends whoever has no children to his own page.
func TestOwnRecordOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		pupil := f.as(access.Pupil, f.a, f.child)
		if to := pupil.Get("/rights").Want(http.StatusSeeOther).Location(); to != "/rights/"+f.child.String() {
			t.Errorf("led to %s", to)
		}
		p := pupil.Get("/rights/" + f.child.String()).Want(http.StatusOK)
		if p.Count("#requests [value=withdraw]") != 0 {
			t.Error("a child under 14 is offered to withdraw")
		}
		pupil.Get("/rights/" + f.mother.String()).Want(http.StatusNotFound)
		f.site.Anonymous().Get("/rights").Want(http.StatusSeeOther)
	})
}

// TestReportPages gives the report as page, print and files, to its own node.
func TestReportPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		head, foreign := f.as(access.School, f.a, 5), f.as(access.School, f.far, 6)
		page := "/nodes/" + f.a.ID.String() + "/privacy-report"
		p := head.Get(page).Want(http.StatusOK)
		if got := p.Text("main"); !strings.Contains(got, "第三十七条") || !strings.Contains(got, "＜5") || strings.Contains(got, "李明") {
			t.Errorf("report %s", got)
		}
		head.Get(page + "/print?year=2019").Want(http.StatusOK)
		for format, kind := range map[string]string{"docx": "wordprocessingml", "xlsx": "spreadsheetml"} {
			file := head.Get(page + "/report." + format).Want(http.StatusOK)
			if !strings.Contains(file.Header.Get("Content-Type"), kind) || len(file.Body) == 0 {
				t.Errorf("%s: %s, %d bytes", format, file.Header.Get("Content-Type"), len(file.Body))
			}
		}
		for _, below := range []string{"", "/print", "/report.docx", "/report.xlsx"} {
			foreign.Get(page + below).Want(http.StatusNotFound)
		}
		f.as(access.Registrar, f.a, 7).Get(page).Want(http.StatusForbidden)
	})
}

// TestRetentionPage shows counts to the system administrator and nobody else.
func TestRetentionPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		p := f.as(access.SysAdmin, f.a, 5).Get("/retention").Want(http.StatusOK)
		if got := p.Count("#rules tbody tr"); got != 1 || strings.Contains(p.Text("main"), "李明") {
			t.Errorf("%d rules", got)
		}
		f.as(access.School, f.a, 6).Get("/retention").Want(http.StatusForbidden)
	})
}
