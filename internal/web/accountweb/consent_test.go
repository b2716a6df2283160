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

// phone adds a guardian with the phone of the fixture to a child on the roster.
func (f *fixture) phone(t *testing.T, child id.Person, class org.Node) {
	t.Helper()
	g := f.make(t, 0, class.Unit, person.Draft{Name: "林母", Role: person.RoleGuardian, Phone: "13900012345"})
	if err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: g, Ward: child, PhoneTail: "2345"}}); err != nil {
		t.Fatal(err)
	}
}

// comeInAlone walks the activation of a child without a phone on the roster.
func (f *fixture) comeInAlone(t *testing.T, login string) (*webtest.Browser, id.Person) {
	t.Helper()
	who := f.pupil(t, f.class, "林知夏", "")
	b := f.Anonymous()
	b.Get("/activate?c=" + f.code(t, who)).Want(http.StatusOK)
	p := b.Post("/activate/name", nil).Follow().Want(http.StatusOK)
	form := p.Form("form[action='/activate/consent']")
	p = b.Post("/activate/consent", form).Follow().Want(http.StatusOK)
	form = p.Form("form[action='/activate/login']")
	form.Set("login", login)
	form.Set("password", password)
	b.Post("/activate/login", form).Follow().Want(http.StatusOK)
	return b, who
}

func TestNoPhoneOnTheRoster(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	b := f.Anonymous()
	who := f.pupil(t, f.class, "林知夏", "")
	b.Get("/activate?c=" + f.code(t, who)).Want(http.StatusOK)
	p := b.Post("/activate/name", nil).Follow().Want(http.StatusOK)
	if got := p.Text(".alert"); !strings.Contains(got, "班主任") || p.Count("input[name=answer]") != 0 || p.Text("form[action='/activate/consent'] button") != "先进入班级" {
		t.Errorf("says %q", p.Text("main"))
	}
	if got := b.Get("/activate/login").Location(); got != "/activate/consent" {
		t.Errorf("without a word the last step leads to %q", got)
	}
	p = b.Post("/activate/consent", father(account.AnswerGiven)).Want(http.StatusUnprocessableEntity)
	if p.Count("input[name=answer]") != 0 {
		t.Error("an invented answer is taken")
	}
	if got := b.Post("/activate/consent", url.Values{"alone": {"1"}}).Location(); got != "/activate/login" {
		t.Errorf("going on leads to %q", got)
	}
	f.phone(t, who, f.class)
	if got := b.Get("/activate/login").Location(); got != "/activate/consent" {
		t.Errorf("a phone that has come meanwhile is not asked: %q", got)
	}
	if p := b.Post("/activate/consent", url.Values{"alone": {"1"}}).Want(http.StatusUnprocessableEntity); p.Count("input[name=answer]") != 2 {
		t.Errorf("going on with a phone: %q", p.Text("main"))
	}
	if got := b.Post("/activate/login", url.Values{"login": {"linzhixia"}, "password": {password}}).Location(); got != "/activate/consent" {
		t.Errorf("the last step leads to %q", got)
	}
}

func TestGuardianAnswersOnThePupilsPage(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	b, who := f.comeInAlone(t, "linzhixia")
	want := func(what string, p *webtest.Page, says string, radios int) {
		t.Helper()
		if p.Want(http.StatusOK); !strings.Contains(p.Text("main"), says) || p.Count("input[name=answer][type=radio]") != radios {
			t.Errorf("%s: %q", what, p.Text("main"))
		}
	}
	want("own account", b.Get("/me"), "还没有选择", 0)
	p := b.Get("/me/consent")
	want("without a phone", p, "班主任", 0)
	if p.Count("form[action='/me/consent']") != 0 {
		t.Error("an answer is asked without a phone")
	}
	f.phone(t, who, f.class)
	want("with a phone", b.Get("/me/consent"), "还没有选择", 2)
	p = b.Post("/me/consent", url.Values{"name": {"林母"}}).Want(http.StatusUnprocessableEntity)
	if p.Count(".error-summary li") != 3 || p.Attr("#f-name", "value") != "林母" {
		t.Errorf("an empty answer: %v", p.Texts(".error-summary li"))
	}
	want("refused", b.Post("/me/consent", father(account.AnswerRefused)).Follow(), "不同意", 0)
	p = b.Get("/me/consent")
	if p.Attr("input[name=answer]", "value") != account.AnswerGiven || p.Text("form[action='/me/consent'] button") != "改为同意" {
		t.Errorf("after a refusal: %q", p.Text("main"))
	}
	want("agreed", b.Post("/me/consent", father(account.AnswerGiven)).Follow(), "个人空间开放了", 0)
	p = b.Get("/me/consent")
	if p.Attr("input[name=answer]", "value") != account.AnswerWithdrawn || !strings.Contains(p.Text("main"), "父亲") {
		t.Errorf("after a consent: %q", p.Text("main"))
	}
	want("withdrawn", b.Post("/me/consent", father(account.AnswerWithdrawn)).Follow(), "同意已撤回", 0)
	wrong := father(account.AnswerGiven)
	wrong.Set("tail", "9999")
	for range account.CodeTries {
		p = b.Post("/me/consent", wrong).Want(http.StatusUnprocessableEntity)
	}
	if p.Count("form[action='/me/consent']") != 0 || !strings.Contains(p.Text("main"), "新的激活单") {
		t.Errorf("after five wrong tries: %q", p.Text("main"))
	}
	for _, lang := range []string{"ko", "en"} {
		b.Get("/me/consent?lang=" + lang).Want(http.StatusOK)
	}
}

// TestPupilOf14IsLedToHisOwnPage: he decides himself, and finds where.
func TestPupilOf14IsLedToHisOwnPage(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	who := f.make(t, f.class.ID, f.class.Unit, person.Draft{Name: "林知夏", Role: person.RolePupil, Birth: 20041101, IDNo: f.number(20041101)})
	b := f.Anonymous()
	b.Get("/activate?c=" + f.code(t, who)).Want(http.StatusOK)
	b.Post("/activate/name", nil)
	b.Post("/activate/login", url.Values{"login": {"linzhixia"}, "password": {password}}).Follow().Want(http.StatusOK)
	own := "/children/" + who.String() + "/consent"
	if p := b.Get("/me").Want(http.StatusOK); p.Count("a[href='"+own+"']") != 1 || p.Count("a[href='/me/consent']") != 0 {
		t.Errorf("the account leads to %v", p.Texts("main a"))
	}
	if got := b.Get("/me/consent").Location(); got != own {
		t.Errorf("the guardian's page leads to %q", got)
	}
	b.Post("/me/consent", father(account.AnswerGiven)).Want(http.StatusForbidden)
}

func TestWhoHasNoConsentPage(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	teacher, _ := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	teacher.Get("/me/consent").Want(http.StatusNotFound)
	teacher.Post("/me/consent", father(account.AnswerGiven)).Want(http.StatusNotFound)
	if p := teacher.Get("/me").Want(http.StatusOK); p.Count("a[href='/me/consent']") != 0 {
		t.Error("a teacher is offered a guardian's consent")
	}
	if got := f.Anonymous().Get("/me/consent").Location(); !strings.HasPrefix(got, "/signin") {
		t.Errorf("nobody is led to %q", got)
	}
}

func TestClassTeacherSeesTheGap(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	f.comeInAlone(t, "linzhixia")
	refusing := f.pupil(t, f.class, "赵小北", "2345")
	b := f.Anonymous()
	b.Get("/activate?c=" + f.code(t, refusing))
	b.Post("/activate/name", nil)
	b.Post("/activate/consent", father(account.AnswerRefused))
	b.Post("/activate/login", url.Values{"login": {"zhaoxiaobei"}, "password": {password}}).Want(http.StatusSeeOther)
	teacher, _ := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	p := teacher.Get(members(f.class)).Want(http.StatusOK)
	if got := p.Text("main"); !strings.Contains(got, "监护人未同意1人 · 监护人电话未登记1人") {
		t.Errorf("the gap: %q", got)
	}
	if p.Count("form[action$='/remind']") != 0 || p.Count("a[href$='/verify']") != 0 {
		t.Error("the page presses a guardian")
	}
}
