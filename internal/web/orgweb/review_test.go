package orgweb_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// manager gives a member of staff the role of a school by the command line.
func (f *fixture) manager(name, code, number string) (id.Person, id.Grant) {
	f.t.Helper()
	who := f.staff(name, code, number)
	g, err := f.orgs.Grant(f.t.Context(), f.op, org.GrantRequest{Person: who, Node: f.node(code).ID, Role: access.School})
	if err != nil {
		f.t.Fatal(err)
	}
	return who, g.ID
}

// TestHandOver: the last manager of a school goes when a successor is named on
// the same page.
func TestHandOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.orgs.People = f.people
		_, g := f.manager("金美妍", "2122000001", "222401201209150029")
		next := f.staff("周沐阳", "2122000001", "220381198501010031")
		foreign := f.staff("金美兰", "2122000002", "220102201003070013")
		county := f.as(access.County, "220102", 5)
		home := f.node("220102").ID.String()
		address := "/grants/" + g.String() + "/end?node=" + home
		p := county.Get(address + "&q=" + url.QueryEscape("周")).Want(http.StatusOK)
		form := p.Form("#hand form[method=post]")
		if form.Get("successor") != next.String() || form.Get("hand") != "1" {
			t.Fatalf("form %v", form)
		}
		f.as(access.County, "220103", 6).Get(address).Want(http.StatusNotFound)
		f.as(access.School, "2122000001", 7).Get(address).Want(http.StatusForbidden)
		for name, who := range map[string]id.Person{"nobody": 0, "of another county": foreign} {
			form.Set("successor", who.String())
			if p := county.Post("/grants/"+g.String()+"/end", form); p.Status != http.StatusUnprocessableEntity || p.Count(".error-summary") != 1 {
				t.Errorf("%s follows: status %d", name, p.Status)
			}
		}
		form.Set("successor", next.String())
		county.Post("/grants/"+g.String()+"/end", form).Want(http.StatusSeeOther)
		if got := county.Get(f.page("220102", "/grants")).Texts("#grants tbody th"); len(got) != 1 || got[0] != "周沐阳" {
			t.Errorf("managers %q", got)
		}
	})
}

func TestYearlyReview(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.orgs.People = f.people
		_, g := f.manager("金美妍", "2122000001", "222401201209150029")
		_, foreign := f.manager("金美兰", "2122000002", "220102201003070013")
		county, page := f.as(access.County, "220102", 5), f.page("220102", "/grants/review")
		if got := county.Get(page).Want(http.StatusOK); got.Count("#review tbody tr") != 0 || got.Count("#review .empty") != 1 {
			t.Errorf("nothing is due yet: %s", got.Text("#review"))
		}
		f.Clock.Advance(org.ReviewEvery)
		f.site.Clock.Advance(org.ReviewEvery)
		due := county.Get(page).Want(http.StatusOK)
		if got := due.Texts("#review tbody tr"); len(got) != 1 || !strings.Contains(got[0], "金美妍") || !strings.Contains(got[0], "未核对") {
			t.Fatalf("due %q", got)
		}
		county.Post("/grants/"+foreign.String()+"/review", url.Values{}).Want(http.StatusNotFound)
		f.as(access.School, "2122000001", 7).Post("/grants/"+g.String()+"/review", url.Values{}).Want(http.StatusForbidden)
		form := due.Form("#review tbody form")
		for range 2 {
			county.Post("/grants/"+g.String()+"/review", form).Want(http.StatusSeeOther)
		}
		if got := county.Get(page).Count("#review tbody tr"); got != 0 {
			t.Errorf("%d still due", got)
		}
		f.as(access.County, "220103", 6).Get(f.page("220102", "/grants/list.xlsx")).Want(http.StatusNotFound)
		f.as(access.County, "220103", 6).Get(page).Want(http.StatusNotFound)
		file := county.Get(f.page("220102", "/grants/list.xlsx")).Want(http.StatusOK)
		book, err := excelize.OpenReader(strings.NewReader(file.Body))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := book.GetRows(book.GetSheetName(0))
		if err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, r := range rows {
			all += strings.Join(r, "|") + "\n"
		}
		if !strings.Contains(all, "金美妍|学校管理员|南关实验小学|2122000001") || strings.Contains(all, "金美兰") {
			t.Errorf("workbook:\n%s", all)
		}
	})
}
