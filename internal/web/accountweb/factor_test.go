package accountweb_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web/webtest"
	"learnspace/internal/web/webtest/chrome"
)

// province makes somebody who holds a role at the province, with an account and
// an app; he has not signed in.
func (f *fixture) province(t *testing.T, login string, role access.Role) (who id.Person, secret string) {
	t.Helper()
	root, err := f.orgs.ByCode(t.Context(), f.op, "22")
	if err != nil {
		t.Fatal(err)
	}
	who = f.make(t, root.ID, root.ID, person.Draft{Name: login, Role: person.RoleTeacher, Birth: 19850307, IDNo: f.number(19850307)})
	if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: who, Node: root.ID, Role: role}); err != nil {
		t.Fatal(err)
	}
	_, err = f.accounts.Activate(t.Context(), access.Anonymous(), account.Activation{Code: f.code(t, who), Login: login, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	secret, err = f.accounts.Preset(t.Context(), access.System("test"), who)
	if err != nil {
		t.Fatal(err)
	}
	return who, secret
}

// signIn signs in with password and code, in the role given.
func (f *fixture) signIn(t *testing.T, login, secret string, role access.Role) *webtest.Browser {
	t.Helper()
	b := f.Anonymous()
	if got := b.Post("/signin", url.Values{"login": {login}, "password": {password}}).Want(http.StatusSeeOther).Location(); got != "/signin/factor" {
		t.Fatalf("the password leads to %q", got)
	}
	if got := b.Post("/signin/factor", url.Values{"code": {factor.Code(secret, time.Now())}}).Want(http.StatusSeeOther).Location(); got != "/home" {
		t.Fatalf("the code leads to %q", got)
	}
	b.Post("/me/role", url.Values{"role": {string(role)}}).Want(http.StatusSeeOther)
	return b
}

// TestFactorPages: a manager's first sign-in binds an app and shows the recovery
// codes once; the next one asks for a code; nothing opens in between.
func TestFactorPages(t *testing.T) {
	t.Parallel()
	f := setupAt(t, cheap(), "", false)
	who := f.make(t, f.school.ID, f.school.ID, person.Draft{Name: "周沐阳", Role: person.RoleTeacher, Birth: 19850307, IDNo: f.number(19850307)})
	if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: who, Node: f.school.ID, Role: access.School}); err != nil {
		t.Fatal(err)
	}
	b := f.Anonymous()
	b.Get("/signin/factor").Want(http.StatusSeeOther)
	b.Get("/activate?c=" + f.code(t, who)).Want(http.StatusOK)
	b.Post("/activate/name", nil)
	if got := b.Post("/activate/login", url.Values{"login": {"zhoumuyang"}, "password": {password}}).Want(http.StatusSeeOther).Location(); got != "/signin/factor" {
		t.Fatalf("the slip leads to %q", got)
	}
	if got := b.Get("/home").Want(http.StatusSeeOther).Location(); !strings.HasPrefix(got, "/signin") {
		t.Errorf("half a sign-in opens %q", got)
	}
	if got := b.Get("/signin/factor").Want(http.StatusSeeOther).Location(); got != "/signin/enrol" {
		t.Errorf("without a factor: %q", got)
	}
	p := b.Get("/signin/enrol").Want(http.StatusOK)
	secret := strings.ReplaceAll(p.Text("main p.small b"), " ", "")
	if p.Count("svg.qr") != 1 || len(secret) != 32 || p.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("enrolment: %q, %q", secret, p.Header.Get("Cache-Control"))
	}
	if again := strings.ReplaceAll(b.Get("/signin/enrol").Text("main p.small b"), " ", ""); again != secret {
		t.Error("the page loaded again shows another secret")
	}
	if got := b.Post("/signin/enrol", url.Values{"code": {"12"}}).Want(http.StatusUnprocessableEntity).Text(".error-summary"); got == "" {
		t.Error("a wrong code says nothing")
	}
	p = b.Post("/signin/enrol", url.Values{"code": {factor.Code(secret, time.Now())}}).Want(http.StatusOK)
	codes := p.Texts("main .code-out")
	if len(codes) != factor.RecoveryCodes || p.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("recovery codes %v", codes)
	}
	b.Get("/home").Want(http.StatusOK)
	if p := b.Get("/me/security").Want(http.StatusOK); p.Count("form[action='/me/security/app/remove']") != 1 {
		t.Errorf("just signed in, nothing can be changed: %q", p.Text("main"))
	}
	b.Post("/me/security/app/remove", nil).Want(http.StatusConflict)

	other := f.Anonymous()
	if got := other.Post("/signin", url.Values{"login": {"zhoumuyang"}, "password": {password}, "next": {"/me"}}).Location(); got != "/signin/factor" {
		t.Fatalf("the password leads to %q", got)
	}
	other.Get("/signin/factor").Want(http.StatusOK)
	other.Post("/signin/factor", url.Values{"code": {"000000"}}).Want(http.StatusUnprocessableEntity)
	if got := other.Post("/signin/factor", url.Values{"code": {codes[0]}}).Want(http.StatusSeeOther).Location(); got != "/me" {
		t.Errorf("a recovery code leads to %q", got)
	}
	f.Harness.Clock.Advance(account.FreshFor)
	if p := b.Get("/me/security").Want(http.StatusOK); p.Count("form[action='/me/security/fresh']") != 1 || p.Count("form[action='/me/security/app']") != 0 {
		t.Errorf("later, changes ask for no code: %q", p.Text("main"))
	}
	guesser := f.Anonymous()
	guesser.Post("/signin", url.Values{"login": {"zhoumuyang"}, "password": {password}}).Want(http.StatusSeeOther)
	status := 0
	for range 8 {
		status = guesser.Post("/signin/factor", url.Values{"code": {"000000"}}).Status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("after eight wrong codes: %d", status)
	}
}

// TestStepUpPages: a session from before a grant goes to the factor, by GET and
// by POST, and can do nothing else.
func TestStepUpPages(t *testing.T) {
	t.Parallel()
	f := setupAt(t, cheap(), "", false)
	b, who := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	b.Get("/me").Want(http.StatusOK)
	if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: who, Node: f.school.ID, Role: access.Registrar}); err != nil {
		t.Fatal(err)
	}
	if got := b.Get("/me").Want(http.StatusSeeOther).Location(); got != "/signin/factor" {
		t.Errorf("a page leads to %q", got)
	}
	if got := b.Post("/me/password", url.Values{"old": {password}, "password": {"another-river-42"}}).Want(http.StatusSeeOther).Location(); got != "/signin/factor" {
		t.Errorf("a form leads to %q", got)
	}
	for _, want := range []string{"/signin/factor", "/signin/enrol"} {
		if got := b.Get("/signin/factor").Want(http.StatusSeeOther).Location(); got != want {
			t.Errorf("the factor leads to %q, want %q", got, want)
		}
	}
	secret := strings.ReplaceAll(b.Get("/signin/enrol").Want(http.StatusOK).Text("main p.small b"), " ", "")
	b.Post("/signin/enrol", url.Values{"code": {factor.Code(secret, time.Now())}}).Want(http.StatusOK)
	b.Get("/me").Want(http.StatusOK)
}

// TestViewAsPages: the banner stands on every page, every page is recorded, and
// no form goes through.
func TestViewAsPages(t *testing.T) {
	t.Parallel()
	f := setupAt(t, cheap(), "", false)
	teacher, _ := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	_, secret := f.province(t, "operator-1", access.OperatorRole)
	b := f.signIn(t, "operator-1", secret, access.OperatorRole)
	b.Get("/viewas").Want(http.StatusOK)
	p := b.Post("/viewas", url.Values{"login": {"banzhuren"}, "reason": {"好奇"}}).Want(http.StatusUnprocessableEntity)
	if p.Attr("#f-login", "value") != "banzhuren" || p.Count(".error-summary") != 1 {
		t.Errorf("refused: %q", p.Text("main"))
	}
	form := url.Values{"login": {"banzhuren"}, "reason": {"家长来电：看不到班级通知"}}
	if got := b.Post("/viewas", form).Want(http.StatusSeeOther).Location(); got != "/home" {
		t.Errorf("a view begins at %q", got)
	}
	members := "/classes/" + f.class.ID.String() + "/members"
	p = b.Get(members).Want(http.StatusOK)
	if p.Count("form[action='/viewas/end']") != 1 || !strings.Contains(p.Text("main"), "banzhuren") {
		t.Errorf("no banner: %q", p.Text("main"))
	}
	b.Get("/me").Want(http.StatusForbidden)
	b.Get("/classes/" + f.class.ID.String() + "/slips").Want(http.StatusForbidden)
	b.Post("/classes/"+f.class.ID.String()+"/confirm", nil).Want(http.StatusForbidden)
	b.Post("/preferences", url.Values{"theme": {"dark"}}).Want(http.StatusForbidden)
	b.Post("/viewas", form).Want(http.StatusForbidden)
	b.Post("/viewas/end", nil).Want(http.StatusSeeOther)
	b.Get("/viewas").Want(http.StatusOK)
	if got := teacher.Get("/me").Want(http.StatusOK).Text("main"); !strings.Contains(got, "看不到班级通知") {
		t.Errorf("the holder does not see who looked: %q", got)
	}
	rows, err := f.Harness.Audit.List(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, r := range rows {
		if r.Action == "view.page" {
			pages++
		}
	}
	if pages < 3 {
		t.Errorf("%d pages are recorded", pages)
	}
}

// TestOthersPages: the school looks after its own people, another school finds
// nobody there, the security administrator sets the policy and sees no names.
func TestOthersPages(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	registrar, who := f.staff(t, f.school, "registrar-1", access.Registrar)
	school, _ := f.staff(t, f.school, "school-boss", access.School)
	far, _ := f.staff(t, f.far, "far-boss", access.School)
	page := "/people/" + who.String() + "/signin"
	if got := school.Get(page).Want(http.StatusOK).Text("main"); !strings.Contains(got, "registrar-1") {
		t.Errorf("the school sees %q", got)
	}
	far.Get(page).Want(http.StatusNotFound)
	far.Post("/people/"+who.String()+"/sessions/end", nil).Want(http.StatusNotFound)
	far.Post("/people/"+who.String()+"/factor/reset", nil).Want(http.StatusNotFound)
	registrar.Get(page).Want(http.StatusForbidden)
	school.Get("/accounts?login=registrar-1").Want(http.StatusForbidden)
	school.Get("/accounts/policy").Want(http.StatusForbidden)
	registrar.Get("/me").Want(http.StatusOK)
	school.Post("/people/"+who.String()+"/sessions/end", nil).Want(http.StatusSeeOther)
	if got := registrar.Get("/me").Want(http.StatusSeeOther).Location(); !strings.HasPrefix(got, "/signin") {
		t.Errorf("after its end the session leads to %q", got)
	}
}

// TestPolicyPage: the security administrator chooses; a stale form is told so.
func TestPolicyPage(t *testing.T) {
	t.Parallel()
	f := setupAt(t, cheap(), "", false)
	_, secret := f.province(t, "sec-admin", access.SecAdmin)
	b := f.signIn(t, "sec-admin", secret, access.SecAdmin)
	p := b.Get("/accounts/policy").Want(http.StatusOK)
	form := p.Form("form[action='/accounts/policy']")
	form.Set("preset", "lax")
	b.Post("/accounts/policy", form).Want(http.StatusUnprocessableEntity)
	form.Set("preset", "dengbao")
	b.Post("/accounts/policy", form).Want(http.StatusSeeOther)
	b.Post("/accounts/policy", form).Want(http.StatusConflict)
	if got := b.Get("/accounts?login=nobody-here").Want(http.StatusOK).Text(".error-summary"); got == "" {
		t.Error("an unknown name says nothing")
	}
	if got := b.Get("/accounts?login=sec-admin").Want(http.StatusSeeOther).Location(); !strings.HasPrefix(got, "/people/") {
		t.Errorf("a known name leads to %q", got)
	}
}

// TestPasskeyInABrowser: a passkey as the first factor, as the second step and
// as the only step of a sign-in; a passkey of somebody who has left opens
// nothing.
func TestPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	address := "http://localhost:" + port
	f := setupAt(t, cheap(), address, false)
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: f.Site.Server}}
	server.Start()
	t.Cleanup(server.Close)
	who := f.make(t, f.school.ID, f.school.ID, person.Draft{Name: "周沐阳", Role: person.RoleTeacher, Birth: 19850307, IDNo: f.number(19850307)})
	colleague := f.make(t, f.school.ID, f.school.ID, person.Draft{Name: "金美妍", Role: person.RoleTeacher, Birth: 19850307, IDNo: f.number(19850307)})
	for _, p := range []id.Person{who, colleague} {
		if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: p, Node: f.school.ID, Role: access.School}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.accounts.Activate(t.Context(), access.Anonymous(), account.Activation{Code: f.code(t, who), Login: "zhoumuyang", Password: password}); err != nil {
		t.Fatal(err)
	}
	phone := chrome.Screen{Width: 390, Height: 844}
	tab := browser.Tab(phone)
	tab.Authenticator()
	signIn := func() {
		tab.Open(address + "/signin?lang=zh")
		tab.Fill("#f-login", "zhoumuyang")
		tab.Fill("#f-password", password)
		tab.Submit("form[action='/signin'] button.btn-primary")
	}
	signIn()
	look(t, tab, phone, "enrolment")
	tab.Screen(phone)
	tab.Submit("form[action='/signin/enrol/passkey'] button")
	if n := tab.Count("main .code-out"); n != factor.RecoveryCodes {
		t.Fatalf("%d recovery codes: %s %s", n, tab.Address(), tab.Text("main"))
	}
	look(t, tab, phone, "recovery codes")
	tab.Open(address + "/me/security")
	look(t, tab, phone, "second factors")
	tab.Screen(phone)
	tab.Open(address + "/me")
	tab.Submit("main form[action='/signout'] button")
	signIn()
	look(t, tab, phone, "second step")
	tab.Screen(phone)
	tab.Submit("form[action='/signin/factor/passkey'] button")
	if got := tab.Address(); got != address+"/home" {
		t.Fatalf("the passkey as second step leads to %s: %s", got, tab.Text("body"))
	}
	tab.Open(address + "/me")
	tab.Submit("main form[action='/signout'] button")
	tab.Open(address + "/signin")
	look(t, tab, phone, "sign-in with a passkey")
	tab.Screen(phone)
	tab.Submit("form[action='/signin/passkey'] button")
	if got := tab.Address(); got != address+"/home" {
		t.Fatalf("the passkey alone leads to %s: %s", got, tab.Text("body"))
	}
	if err := f.people.Leave(t.Context(), f.op, f.school.ID, 0, who); err != nil {
		t.Fatal(err)
	}
	tab.Open(address + "/signin")
	tab.Submit("form[action='/signin/passkey'] button")
	if got := tab.Address(); got != address+"/signin/passkey" || tab.Count("main .alert") != 1 {
		t.Errorf("the passkey of somebody who has left leads to %s: %s", got, tab.Text("main"))
	}
}

// TestPagesOfThoseWhoLookAfterAccounts examines them on the narrowest screen, on
// a computer that others use.
func TestPagesOfThoseWhoLookAfterAccounts(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	f := setupAt(t, cheap(), "", false)
	server := httptest.NewServer(f.Site.Server)
	t.Cleanup(server.Close)
	_, teacher := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	_, security := f.province(t, "sec-admin", access.SecAdmin)
	phone := chrome.Screen{Width: 320, Height: 640}
	tab := browser.Tab(phone)
	tab.Open(server.URL + "/signin?lang=zh")
	tab.Fill("#f-login", "sec-admin")
	tab.Fill("#f-password", password)
	tab.Click("input[name=shared]")
	tab.Submit("form[action='/signin'] button.btn-primary")
	tab.Fill("#f-code", factor.Code(security, time.Now()))
	tab.Submit("form[action='/signin/factor'] button.btn-primary")
	tab.Open(server.URL + "/me")
	tab.Fill("#f-role", "secadmin")
	tab.Submit("main form[action='/me/role'] button")
	for _, path := range []string{"/accounts", "/accounts?login=nobody-here", "/accounts/policy", "/people/" + teacher.String() + "/signin", "/me/security"} {
		tab.Open(server.URL + path)
		look(t, tab, phone, path)
	}
}
