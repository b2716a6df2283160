package auditweb_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/audit/inquiry"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web/auditweb"
	"learnspace/internal/web/webtest"
)

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
	space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220200", Name: "吉林市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220202", Name: "昌邑区", Kind: "区县", Parent: "220200"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "昌邑小学", Kind: "学校", Parent: "220202", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	f.site = webtest.New(t, auditweb.New(inquiry.New(h.DB, h.Clock, h.Audit, inquiry.Options{}), f.orgs, f.people).Routes()...)
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

func (f *fixture) person(name, role, code, number string) id.Person {
	f.t.Helper()
	all, err := f.people.Prepare(f.t.Context(), f.op, []person.Draft{{Name: name, Role: role, IDNo: number, Unit: f.node(code).ID}})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.people.InsertMany(f.t.Context(), f.op, all); err != nil {
		f.t.Fatal(err)
	}
	return all[0].ID
}

func (f *fixture) act(who id.Person, role access.Role, action, code string) {
	f.t.Helper()
	err := f.DB.Tx(f.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return f.Audit.Append(ctx, tx, audit.Entry{Actor: who, Role: string(role), Action: action, Kind: "thing", Object: 77, Node: f.node(code).ID, Detail: `{"a":"=1+1"}`})
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) as(role access.Role, code string) *webtest.Browser {
	n := f.node(code)
	return f.site.As(access.Actor{Person: 5, Account: 6, Name: "审计", Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}})
}

// TestSearch finds by each field, names staff and never a child, and shows an
// administrator of one city nothing of the other.
func TestSearch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		teacher := f.person("王有名", person.RoleTeacher, "2122000001", "22010219800101001X")
		other := f.person("赵别处", person.RoleTeacher, "2122000002", "220202198001010018")
		child := f.person("小秘密", person.RolePupil, "2122000001", "")
		f.act(teacher, access.School, "code.issued", "2122000001")
		f.act(child, access.Pupil, "signin", "2122000001")
		f.act(other, access.School, "grant.given", "2122000002")

		all := f.as(access.AuditAdmin, "22")
		p := all.Get("/audit").Want(http.StatusOK)
		text := p.Text("#rows")
		for _, want := range []string{"王有名", "赵别处", "南关实验小学", "编号" + child.String(), "登录 signin"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not shown", want)
			}
		}
		if strings.Contains(p.Body, "小秘密") {
			t.Error("a child is named")
		}
		rows := func(q string) []string {
			return all.Get("/audit?" + q).Want(http.StatusOK).Texts("#rows tbody tr td:nth-child(4)")
		}
		for q, want := range map[string]string{
			"who=" + url.QueryEscape("王有"): "code.issued", "who=" + child.String(): "signin", "action=grant.given&from=2019-11-05": "grant.given",
			"place=2122000002&object=thing+77": "grant.given", "role=pupil": "signin",
		} {
			if got := rows(q); len(got) != 1 || !strings.HasSuffix(got[0], want) {
				t.Errorf("%s: %q, want %s", q, got, want)
			}
		}
		for _, q := range []string{"who=" + url.QueryEscape("小秘"), "to=2019-11-04", "who=" + url.QueryEscape("没这人")} {
			if got := rows(q); len(got) != 0 {
				t.Errorf("%s: %q", q, got)
			}
		}
		bad := all.Get("/audit?object=thing+x&place=none&from=soon").Want(http.StatusUnprocessableEntity)
		if bad.Count("[aria-invalid]") != 3 || bad.Attr("#f-object", "value") != "thing x" {
			t.Errorf("%d complaints, %q", bad.Count("[aria-invalid]"), bad.Attr("#f-object", "value"))
		}

		city := f.as(access.AuditAdmin, "220100")
		for _, q := range []string{"", "?who=" + other.String(), "?place=2122000002", "?action=grant.given"} {
			p := city.Get("/audit" + q)
			if body := p.Text("#rows"); strings.Contains(body, "赵别处") || strings.Contains(body, other.String()) || strings.Contains(body, "昌邑") {
				t.Errorf("%s: another city's rows show", q)
			}
		}
		if !strings.Contains(city.Get("/audit").Text("#rows"), "王有名") {
			t.Error("the own city's rows do not show")
		}
		for _, role := range []access.Role{access.SysAdmin, access.SecAdmin, access.Province, access.School} {
			f.as(role, "22").Get("/audit").Want(http.StatusForbidden)
			f.as(role, "22").Post("/audit/export", url.Values{"format": {"csv"}}).Want(http.StatusForbidden)
		}
		f.site.Anonymous().Get("/audit").Want(http.StatusSeeOther)
	})
}

// TestPages walks through the pages of a long trail without missing a row.
func TestPages(t *testing.T) {
	t.Parallel()
	h := dbtest.New(t, db.SQLite)
	f := setup(t, h)
	for range 120 {
		f.act(1, access.School, "walk", "2122000001")
	}
	b := f.as(access.AuditAdmin, "22")
	seen := 0
	for address := "/audit?action=walk"; address != ""; {
		p := b.Get(address).Want(http.StatusOK)
		seen += p.Count("#rows tbody tr")
		address = p.Attr(".pager a[rel=next]", "href")
	}
	if seen != 120 {
		t.Errorf("%d rows", seen)
	}
}

// TestExport: a file holds what the search shows and no more, no cell is a
// formula, and that it was taken out is in the trail.
func TestExport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.act(f.person("王有名", person.RoleTeacher, "2122000001", "22010219800101001X"), access.School, "code.issued", "2122000001")
		f.act(f.person("赵别处", person.RoleTeacher, "2122000002", "220202198001010018"), access.School, "grant.given", "2122000002")
		city := f.as(access.AuditAdmin, "220100")
		form := url.Values{"format": {"csv"}, "action": {"code.issued"}}
		p := city.Post("/audit/export", form).Want(http.StatusOK)
		if !strings.HasPrefix(p.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(p.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%v", p.Header)
		}
		if !strings.Contains(p.Body, "王有名") || strings.Contains(p.Body, "赵别处") || strings.Contains(p.Body, "grant.given") {
			t.Error(p.Body)
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.Body, "\ufeff")))
		r.FieldsPerRecord = -1
		if all, err := r.ReadAll(); err != nil || len(all) < 2 {
			t.Error(err, all)
		}
		form.Set("format", "xlsx")
		book, err := excelize.OpenReader(bytes.NewReader([]byte(city.Post("/audit/export", form).Want(http.StatusOK).Body)))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := book.GetRows(book.GetSheetName(0))
		if err != nil || !slices.ContainsFunc(rows, func(row []string) bool { return slices.Contains(row, "王有名") }) {
			t.Error(rows, err)
		}
		city.Post("/audit/export", url.Values{"format": {"exe"}}).Want(http.StatusUnprocessableEntity)
		if n := city.Get("/audit?action=audit.exported").Count("#rows tbody tr"); n != 2 {
			t.Errorf("%d exports are in the trail", n)
		}
	})
}
