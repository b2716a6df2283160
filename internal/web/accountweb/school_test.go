package accountweb_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web/webtest"
)

func members(n org.Node) string { return "/classes/" + n.ID.String() + "/members" }

// TestNewSlipInFourSteps is the reset of a pupil's password: from the list to
// the slip in the pupil's hand.
func TestNewSlipInFourSteps(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	who := f.pupil(t, f.class, "林知夏", "2345")
	teacher, _ := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	pupil := f.Anonymous()
	pupil.Get("/activate?c=" + f.code(t, who))
	pupil.Post("/activate/name", nil)
	pupil.Post("/activate/consent", father(account.AnswerGiven))
	pupil.Post("/activate/login", url.Values{"login": {"linzhixia"}, "password": {password}}).Follow().Want(http.StatusOK)

	list := teacher.Get(members(f.class)).Want(http.StatusOK) // 1: 名单
	link := list.Attr("a[href$='/code']", "href")
	ask := teacher.Get(link).Want(http.StatusOK) // 2: 重设密码
	if ask.Count("form[action='"+link+"']") != 1 {
		t.Fatalf("no form on %s", link)
	}
	sheet := teacher.Post(link, nil).Follow().Want(http.StatusOK) // 3: 打这一张; 4: print
	code := strings.Join(sheet.Texts(".slip .code-out span"), "-")
	if sheet.Count(".slip svg.qr") != 1 || len(code) != 19 || strings.Contains(sheet.Body, "220102201003070") {
		t.Errorf("slip %q", sheet.Text(".slip"))
	}
	if got := pupil.Get("/home").Location(); !strings.HasPrefix(got, "/signin") {
		t.Errorf("the pupil is still signed in: %q", got)
	}
	p := pupil.Get("/activate?c=" + code).Want(http.StatusOK)
	if !strings.Contains(p.Text("main"), "linzhixia") {
		t.Errorf("the slip of somebody known says %q", p.Text("main"))
	}
	p = pupil.Post("/activate/name", nil).Follow().Want(http.StatusOK)
	if p.Count("#f-login[readonly]") != 1 {
		t.Error("the sign-in name can be changed")
	}
	pupil.Post("/activate/login", url.Values{"password": {"another-maple-1"}}).Follow().Want(http.StatusOK)
	pupil.Post("/signin", url.Values{"login": {"linzhixia"}, "password": {"another-maple-1"}}).Want(http.StatusSeeOther)
}

func TestClassListAndConfirmation(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	f.pupil(t, f.class, "王一鸣", "2345")
	f.pupil(t, f.class, "王一鸣", "3456")
	teacher, _ := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	p := teacher.Get(members(f.class)).Want(http.StatusOK)
	if p.Count("form[action$='/confirm']") != 1 || strings.Count(p.Text("main"), "2010年3月7日") != 2 {
		t.Errorf("list: %q", p.Text("main"))
	}
	p = teacher.Post("/classes/"+f.class.ID.String()+"/confirm", nil).Follow().Want(http.StatusOK)
	if p.Count("form[action$='/confirm']") != 0 || !strings.Contains(p.Text("main"), "班级空间开通了") {
		t.Errorf("after confirmation: %q", p.Text("main"))
	}
	slips := teacher.Get("/classes/" + f.class.ID.String() + "/slips").Want(http.StatusOK)
	form := slips.Form("form[action$='/slips']")
	sheet := teacher.Post("/classes/"+f.class.ID.String()+"/slips", form).Follow().Want(http.StatusOK)
	if sheet.Count(".slip") != 2 || sheet.Count("svg.qr") != 2 {
		t.Errorf("%d slips", sheet.Count(".slip"))
	}
	if sheet.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page with codes may be kept: %q", sheet.Header.Get("Cache-Control"))
	}
	if again := teacher.Get("/classes/" + f.class.ID.String() + "/slips"); again.Count("a[href^='/slips/']") != 1 || again.Count(".alert-warning") != 1 {
		t.Errorf("slips page: %q", again.Text("main"))
	}
}

func TestSchoolChecksWhoHasNoNumber(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	who := f.make(t, f.class.ID, f.school.ID, person.Draft{Name: "大学生", Role: person.RolePupil, Sex: 1, Birth: 20000101, NoIDReason: "待补"})
	manager, _ := f.staff(t, f.school, "manager", access.School)
	b := f.Anonymous()
	b.Get("/activate?c=" + f.code(t, who))
	b.Post("/activate/name", nil)
	b.Post("/activate/login", url.Values{"login": {"daxuesheng"}, "password": {password}}).Follow().Want(http.StatusOK)
	link := manager.Get(members(f.class)).Want(http.StatusOK).Attr("a[href$='/verify']", "href")
	manager.Get(link).Want(http.StatusOK)
	manager.Post(link, nil).Want(http.StatusUnprocessableEntity)
	if p := manager.Post(link, url.Values{"seen": {"1"}}).Follow().Want(http.StatusOK); !strings.Contains(p.Text("main"), "已核验") {
		t.Errorf("after the check: %q", p.Text("main"))
	}
	school := manager.Get(members(f.school)).Want(http.StatusOK)
	if school.Count("table tbody tr") != 1 || !strings.Contains(school.Text("main"), "manager") {
		t.Errorf("school: %q", school.Text("main"))
	}
}

// TestListOffersOnlyWhatIsAllowed: no way to a slip or a sign-in of oneself, nor
// to a slip of somebody whose role one could not give.
func TestListOffersOnlyWhatIsAllowed(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	manager, boss := f.staff(t, f.school, "manager", access.School)
	registrar, clerk := f.staff(t, f.school, "registrar", access.Registrar)
	links := func(p *webtest.Page, who id.Person, end string) int {
		return p.Count("a[href='/people/" + who.String() + end + "']")
	}
	p := manager.Get(members(f.school)).Want(http.StatusOK)
	if links(p, boss, "/code")+links(p, boss, "/signin") != 0 || links(p, clerk, "/code") != 1 || links(p, clerk, "/signin") != 1 {
		t.Errorf("the manager's list: %q", p.Text("main"))
	}
	manager.Get("/people/" + clerk.String() + "/code").Want(http.StatusOK)
	p = registrar.Get(members(f.school)).Want(http.StatusOK)
	if links(p, boss, "/code")+links(p, clerk, "/code") != 0 {
		t.Errorf("the registrar's list: %q", p.Text("main"))
	}
}

// TestForeignSchools drives every page of a school with people of another one.
func TestForeignSchools(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	who := f.pupil(t, f.class, "林知夏", "2345")
	own, _ := f.staff(t, f.class, "own-teacher", access.ClassTeacher)
	sheet := own.Post("/classes/"+f.class.ID.String()+"/slips", nil).Want(http.StatusSeeOther).Location()
	teacher, _ := f.staff(t, f.away, "far-teacher", access.ClassTeacher)
	manager, _ := f.staff(t, f.far, "far-manager", access.School)
	class, pupil := "/classes/"+f.class.ID.String(), "/people/"+who.String()
	for name, b := range map[string]interface {
		get(string) int
		post(string) int
	}{"class teacher": browser{teacher}, "manager": browser{manager}} {
		for _, path := range []string{class + "/members", class + "/slips", sheet, pupil + "/code", "/classes/" + f.school.ID.String() + "/members"} {
			if got := b.get(path); got != http.StatusNotFound {
				t.Errorf("%s: GET %s gives %d", name, path, got)
			}
		}
		for _, path := range []string{class + "/slips", class + "/confirm", pupil + "/code"} {
			if got := b.post(path); got != http.StatusNotFound && got != http.StatusForbidden {
				t.Errorf("%s: POST %s gives %d", name, path, got)
			}
		}
	}
	if got := (browser{manager}).post(pupil + "/verify"); got != http.StatusNotFound && got != http.StatusUnprocessableEntity {
		t.Errorf("the check of a foreign pupil gives %d", got)
	}
	if p := manager.Post(pupil+"/verify", url.Values{"seen": {"1"}}); p.Status != http.StatusNotFound {
		t.Errorf("the signed check of a foreign pupil gives %d", p.Status)
	}
	for _, path := range []string{class + "/members", class + "/slips", sheet, pupil + "/code", "/me"} {
		if got := f.Anonymous().Get(path).Location(); !strings.HasPrefix(got, "/signin") {
			t.Errorf("%s lets nobody in, and leads to %q", path, got)
		}
	}
}

func TestOwnAccountPage(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	b, who := f.staff(t, f.class, "zhoumuyang", access.ClassTeacher)
	if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: who, Node: f.school.ID, Role: access.School}); err != nil {
		t.Fatal(err)
	}
	second := f.Anonymous()
	second.Post("/signin", url.Values{"login": {"zhoumuyang"}, "password": {password}, "shared": {"1"}}).Want(http.StatusSeeOther)
	p := b.Get("/me").Want(http.StatusOK)
	if p.Count("form[action='/me/sessions/end']") != 2 || p.Count("select[name=role] option") != 3 {
		t.Errorf("page: %q", p.Text("main"))
	}
	b.Post("/me/role", url.Values{"role": {"school"}}).Want(http.StatusSeeOther)
	b.Get(members(f.school)).Want(http.StatusOK)
	b.Post("/me/role", url.Values{"role": {"province"}}).Want(http.StatusForbidden)
	b.Post("/me/password", url.Values{"old": {"wrong"}, "password": {"a-new-maple-1"}}).Want(http.StatusUnprocessableEntity)
	b.Post("/me/password", url.Values{"old": {password}, "password": {"a-new-maple-1"}}).Follow().Want(http.StatusOK)
	if got := second.Get("/me").Location(); !strings.HasPrefix(got, "/signin") {
		t.Errorf("the other device stays: %q", got)
	}
	third := f.Anonymous()
	third.Post("/signin", url.Values{"login": {"zhoumuyang"}, "password": {"a-new-maple-1"}}).Want(http.StatusSeeOther)
	b.Post("/me/sessions/end", url.Values{"session": {id.Session(99).String()}}).Want(http.StatusNotFound)
	b.Post("/me/sessions/end", url.Values{"all": {"1"}}).Follow().Want(http.StatusOK)
	if got := third.Get("/me").Location(); !strings.HasPrefix(got, "/signin") {
		t.Errorf("the third device stays: %q", got)
	}
}
