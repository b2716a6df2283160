package accountweb_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web"
	"learnspace/internal/web/accountweb"
	"learnspace/internal/web/webtest"
)

const password = "maple-river-42"

// fixture is two schools with a class each, behind the pages.
type fixture struct {
	*dbtest.Harness
	*webtest.Site
	orgs        *org.Service
	people      *person.Service
	spaces      *space.Service
	accounts    *account.Service
	op          access.Actor
	school, far org.Node
	class, away org.Node
	numbers     int
}

// sessions is the real sign-in behind the pages.
type sessions struct{ accounts *account.Service }

func (s sessions) Authenticate(ctx context.Context, token string) (access.Actor, error) {
	by, _, err := s.accounts.Authenticate(ctx, token)
	return by, err
}

// setup works on the embedded engine: what differs by engine is proved in the
// package account.
func setup(t *testing.T, hasher account.Hasher) *fixture {
	t.Helper()
	return setupAt(t, hasher, "", true)
}

// setupAt is setup at an address, with or without second factors, whose codes
// follow the machine's time.
func setupAt(t *testing.T, hasher account.Hasher, base string, factorOff bool) *fixture {
	t.Helper()
	h := dbtest.New(t, db.SQLite)
	f := &fixture{Harness: h, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.spaces = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	factors, err := factor.New(factor.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, BaseURL: base, Name: "学习空间"})
	if err != nil {
		t.Fatal(err)
	}
	f.accounts = account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit,
		Org: f.orgs, People: f.people, Hasher: hasher, Factors: factors, FactorOff: factorOff})
	face := accountweb.New(f.accounts, f.orgs, f.people, f.spaces)
	f.Site = webtest.With(t, web.Options{Clock: h.Clock, Sessions: sessions{f.accounts}, Viewed: f.accounts.NoteView, View: h.DB.View, BaseURL: base}, append(face.Routes(), web.Route{
		Method: "GET", Pattern: "/home", Permission: access.HomeRead,
		Handler: func(w http.ResponseWriter, r *http.Request) error { _, err := w.Write([]byte("home")); return err }})...)
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"}, {Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "宽城小学", Kind: "学校", Parent: "220102", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	for code, at := range map[string]struct{ school, class *org.Node }{"2122000001": {&f.school, &f.class}, "2122000002": {&f.far, &f.away}} {
		if *at.school, err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
		if *at.class, _, err = f.orgs.EnsureClass(t.Context(), f.op, at.school.ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func cheap() account.Hasher { return account.NewPool(account.CheapCost, 2, 64) }

func (f *fixture) make(t *testing.T, node, unit id.Node, d person.Draft) id.Person {
	t.Helper()
	d.Node, d.Unit = node, unit
	made, err := f.people.Prepare(t.Context(), f.op, []person.Draft{d})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.people.InsertMany(t.Context(), f.op, made); err != nil {
		t.Fatal(err)
	}
	return made[0].ID
}

func (f *fixture) number(birth clock.Day) string {
	f.numbers++
	body := fmt.Sprintf("220102%08d%03d", int(birth), f.numbers)
	sum, weights := 0, []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	for i, w := range weights {
		sum += int(body[i]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}

// pupil makes a pupil of nine years with a guardian whose phone ends in 2345;
// without phone when it is "".
func (f *fixture) pupil(t *testing.T, class org.Node, name, tail string) id.Person {
	t.Helper()
	who := f.make(t, class.ID, class.Unit, person.Draft{Name: name, Role: person.RolePupil, Birth: 20100307, IDNo: f.number(20100307)})
	phone := ""
	if tail != "" {
		phone = "1390001" + tail
	}
	g := f.make(t, 0, class.Unit, person.Draft{Name: name + "父", Role: person.RoleGuardian, Phone: phone})
	err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: g, Ward: who, PhoneTail: tail}})
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// staff makes a teacher of a school or the class teacher of a class, with a
// further role when it is one, and signs him in.
func (f *fixture) staff(t *testing.T, at org.Node, login string, role access.Role) (*webtest.Browser, id.Person) {
	t.Helper()
	who := f.make(t, at.Unit, at.Unit, person.Draft{Name: login, Role: person.RoleTeacher, Birth: 19850307, IDNo: f.number(19850307)})
	if role == access.ClassTeacher {
		_, err := f.people.Affiliate(t.Context(), f.op, person.Affiliation{Person: who, Node: at.ID, Unit: at.Unit, Role: person.RoleClassTeacher})
		if err != nil {
			t.Fatal(err)
		}
	} else if role != access.Teacher {
		if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: who, Node: at.ID, Role: role}); err != nil {
			t.Fatal(err)
		}
	}
	b := f.Anonymous()
	b.Get("/activate?c=" + f.code(t, who)).Want(http.StatusOK)
	b.Post("/activate/name", nil).Follow().Want(http.StatusOK)
	b.Post("/activate/login", url.Values{"login": {login}, "password": {password}}).Follow().Want(http.StatusOK)
	return b, who
}

func (f *fixture) code(t *testing.T, who id.Person) string {
	t.Helper()
	slip, err := f.accounts.IssueCode(t.Context(), f.op, who)
	if err != nil {
		t.Fatal(err)
	}
	return slip.Code
}

func father(answer string) url.Values {
	return url.Values{"name": {"林父"}, "relation": {"father"}, "tail": {"2345"}, "answer": {answer}}
}

// TestPupilActivatesInNineSteps counts taps and filled fields from the scan to
// the home page: the budget is 9.
func TestPupilActivatesInNineSteps(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	who := f.pupil(t, f.class, "林知夏", "2345")
	b, steps := f.Anonymous(), 0

	steps++ // scan
	p := b.Get("/activate?c=" + f.code(t, who)).Want(http.StatusOK)
	if got := p.Texts("main dd"); strings.Join(got, " ") != "林知夏 南关实验小学 三年级1班" {
		t.Errorf("the slip is for %v", got)
	}
	steps++ // 是我
	p = b.Post("/activate/name", p.Form("form[action='/activate/name']")).Follow().Want(http.StatusOK)
	form := p.Form("form[action='/activate/consent']")
	for field, value := range father(account.AnswerGiven) {
		steps++
		form[field] = value
	}
	steps++ // 下一步
	p = b.Post("/activate/consent", form).Follow().Want(http.StatusOK)
	form = p.Form("form[action='/activate/login']")
	if !strings.HasPrefix(form.Get("login"), "linzhixia") {
		t.Errorf("suggested name %q", form.Get("login"))
	}
	steps++
	form.Set("password", password)
	steps++ // 开通
	if p = b.Post("/activate/login", form).Follow().Want(http.StatusOK); p.Body != "home" {
		t.Errorf("arrives at %q", p.Body)
	}
	if steps > 9 {
		t.Errorf("%d steps, the budget is 9", steps)
	}
	if got, err := f.people.Get(t.Context(), f.op, who); err != nil || got.Verified.IsZero() {
		t.Errorf("pupil %+v, %v", got, err)
	}
	// The second click, and the back button afterwards.
	if p = b.Post("/activate/login", form).Follow(); p.Body != "home" {
		t.Errorf("the second click arrives at %q", p.Body)
	}
	p = b.Get("/activate/login").Want(http.StatusUnprocessableEntity)
	if !strings.Contains(p.Text("main .error-summary"), "已经用过") {
		t.Errorf("back after the end: %q", p.Text("main"))
	}
}

func TestStepsInAnyOrder(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	who := f.pupil(t, f.class, "林知夏", "2345")
	b := f.Anonymous()
	for _, path := range []string{"/activate/name", "/activate/consent", "/activate/login"} {
		if got := b.Get(path).Want(http.StatusSeeOther).Location(); got != "/activate" {
			t.Errorf("%s without a code leads to %q", path, got)
		}
	}
	if got := b.Post("/activate/login", url.Values{"login": {"linzhixia"}, "password": {password}}).Location(); got != "/activate" {
		t.Errorf("the last step without a code leads to %q", got)
	}
	if got := b.Post("/activate/code", url.Values{"code": {strings.ToLower(f.code(t, who))}}).Want(http.StatusSeeOther).Location(); got != "/activate/name" {
		t.Errorf("a typed code leads to %q", got)
	}
	for _, path := range []string{"/activate/consent", "/activate/login"} {
		if got := b.Get(path).Want(http.StatusSeeOther).Location(); got != "/activate/name" {
			t.Errorf("%s without the name leads to %q", path, got)
		}
	}
	b.Post("/activate/name", nil).Want(http.StatusSeeOther)
	if got := b.Get("/activate/login").Want(http.StatusSeeOther).Location(); got != "/activate/consent" {
		t.Errorf("the last step without an answer leads to %q", got)
	}
	p := b.Post("/activate/consent", url.Values{"name": {"林父"}}).Want(http.StatusUnprocessableEntity)
	if p.Count(".error-summary li") != 3 || p.Attr("#f-name", "value") != "林父" {
		t.Errorf("an empty answer: %v", p.Texts(".error-summary li"))
	}
	b.Post("/activate/consent", father(account.AnswerRefused)).Want(http.StatusSeeOther)
	p = b.Get("/activate/consent").Want(http.StatusOK)
	if p.Count("input[value=refused][checked]") != 1 {
		t.Error("the back button loses the answer")
	}
	p = b.Post("/activate/login", url.Values{"login": {"x"}, "password": {"12345678"}}).Want(http.StatusUnprocessableEntity)
	if p.Count(".error-summary li") != 2 || p.Attr("#f-login", "value") != "x" || strings.Contains(p.Body, "12345678") {
		t.Errorf("a bad choice: %v", p.Texts(".error-summary li"))
	}
	if got := b.Post("/activate/stop", nil).Follow().Text(".alert"); !strings.Contains(got, "没有记录") {
		t.Errorf("stopping says %q", got)
	}
	if got, err := f.people.Get(t.Context(), f.op, who); err != nil || !got.Activated.IsZero() || got.Consent != "" {
		t.Errorf("something was recorded: %+v, %v", got, err)
	}
}

func TestBadCodes(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	who := f.pupil(t, f.class, "林知夏", "2345")
	old := f.code(t, who)
	f.code(t, who)
	for name, c := range map[string]struct{ code, says string }{
		"short":    {old[:16], "还少3位"},
		"unknown":  {"ABCD-ABCD-ABCD-ABCD", "没有这个激活码"},
		"replaced": {old, "已经停用"},
		"empty":    {"", "请输入"},
	} {
		p := f.Anonymous().Post("/activate/code", url.Values{"code": {c.code}}).Want(http.StatusUnprocessableEntity)
		if got := p.Text("#f-code-e"); !strings.Contains(got, c.says) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	f.staff(t, f.school, "zhoumuyang", access.Teacher)
	b := f.Anonymous()
	form := b.Get("/signin?next=%2Fclasses%2F1").Want(http.StatusOK).Form("form[action='/signin']")
	form.Set("login", "zhoumuyang")
	form.Set("password", "not-the-password")
	p := b.Post("/signin", form).Want(http.StatusUnprocessableEntity)
	if p.Attr("#f-login", "value") != "zhoumuyang" || p.Attr("#f-password", "value") != "" || p.Count("[role=alert]") != 1 {
		t.Errorf("refused: %q", p.Text("main"))
	}
	unknown := f.Anonymous().Post("/signin", url.Values{"login": {"nobody"}, "password": {"not-the-password"}}).Want(http.StatusUnprocessableEntity)
	if unknown.Text(".error-summary") != p.Text(".error-summary") {
		t.Errorf("an unknown name says %q, a known one %q", unknown.Text(".error-summary"), p.Text(".error-summary"))
	}
	form.Set("password", password)
	if got := b.Post("/signin", form).Want(http.StatusSeeOther).Location(); got != "/classes/1" {
		t.Errorf("leads to %q", got)
	}
	if got := b.Get("/signin").Location(); got != "/home" {
		t.Errorf("sign-in of a signed-in person leads to %q", got)
	}
	if got := b.Post("/signout", nil).Want(http.StatusSeeOther).Location(); got != "/signin" || b.Cookie("ls") != "" {
		t.Errorf("signing out leads to %q", got)
	}
	for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil"} {
		form.Set("next", next)
		if got := b.Post("/signin", form).Want(http.StatusSeeOther).Location(); got != "/home" {
			t.Errorf("next=%s leads to %q", next, got)
		}
		b.Post("/signout", nil)
	}
	for range 7 {
		p = f.Anonymous().Post("/signin", url.Values{"login": {"nobody"}, "password": {"again-and-again"}})
	}
	p.Want(http.StatusTooManyRequests)
	b.Get("/signin/help").Want(http.StatusOK)
}

// full is a hashing pool without room.
type full struct{}

func (full) Hash(context.Context, string) (string, error)          { return "", account.ErrPoolFull }
func (full) Turn(context.Context, func(account.Match) error) error { return account.ErrPoolFull }
func (full) Verify(context.Context, string, string) (bool, error)  { return false, account.ErrPoolFull }

func TestWaitingPage(t *testing.T) {
	t.Parallel()
	f := setup(t, full{})
	b := f.Anonymous()
	p := b.Post("/signin", url.Values{"login": {"zhoumuyang"}, "password": {"typed-secret"}, "next": {"/me"}}).Want(http.StatusServiceUnavailable)
	if p.Header.Get("Retry-After") == "" || p.Attr("#f-login", "value") != "zhoumuyang" || p.Attr("input[name=next]", "value") != "/me" {
		t.Errorf("waiting page: %q", p.Text("main"))
	}
	if strings.Contains(p.Body, "typed-secret") {
		t.Error("the page holds the password")
	}
	b.Get("/activate?c=" + f.code(t, f.pupil(t, f.class, "林知夏", "2345"))).Want(http.StatusOK)
	b.Post("/activate/name", nil)
	b.Post("/activate/consent", father(account.AnswerGiven)).Follow().Want(http.StatusOK)
	p = b.Post("/activate/login", url.Values{"login": {"my-own-name"}, "password": {"typed-secret"}}).Want(http.StatusServiceUnavailable)
	if p.Attr("#f-login", "value") != "my-own-name" || strings.Contains(p.Body, "typed-secret") || p.Header.Get("Retry-After") == "" {
		t.Errorf("waiting page: %q", p.Text("main"))
	}
}

// browser gives the status alone.
type browser struct{ *webtest.Browser }

func (b browser) get(path string) int  { return b.Get(path).Status }
func (b browser) post(path string) int { return b.Post(path, nil).Status }
