package accountweb_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/deliver"
	"learnspace/internal/job"
	"learnspace/internal/web"
	"learnspace/internal/web/accountweb"
	"learnspace/internal/web/webtest"
)

// sink keeps the last message.
type sink struct{ last deliver.Outgoing }

func (s *sink) Send(_ context.Context, m deliver.Outgoing) error {
	s.last = m
	return nil
}

var sixDigits = regexp.MustCompile(`\d{6}`)

// withPhones gives the fixture's pages text messages; code sends what is due and
// reads the code of the last one.
func withPhones(t *testing.T) (f *fixture, code func() string) {
	t.Helper()
	f = setup(t, cheap())
	out, quiet := &sink{}, slog.New(slog.DiscardHandler)
	jobs := job.New(f.DB, f.IDs, f.Harness.Clock, job.Options{Logger: quiet})
	d := deliver.New(deliver.Deps{DB: f.DB, IDs: f.IDs, Clock: f.Harness.Clock, Keys: f.Keys, Jobs: jobs, Logger: quiet,
		Transports: map[deliver.Channel]deliver.Transport{deliver.SMS: out}})
	f.accounts = account.New(account.Deps{DB: f.DB, IDs: f.IDs, Clock: f.Harness.Clock, Keys: f.Keys, Log: f.Harness.Log, Trail: f.Audit,
		Org: f.orgs, People: f.people, Hasher: cheap(), FactorOff: true, Deliver: d, Jobs: jobs})
	f.Site = webtest.With(t, web.Options{Clock: f.Harness.Clock, Sessions: sessions{f.accounts}, View: f.DB.View},
		append(accountweb.New(f.accounts, f.orgs, f.people, f.spaces).Routes(), web.Route{
			Method: "GET", Pattern: "/home", Permission: access.HomeRead,
			Handler: func(w http.ResponseWriter, r *http.Request) error { _, err := w.Write([]byte("home")); return err }})...)
	return f, func() string {
		if _, err := jobs.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		return sixDigits.FindString(out.last.Text)
	}
}

// TestPhonePages: a teacher confirms his phone, forgets the password and comes
// back by the phone; what is typed wrong comes back with its form.
func TestPhonePages(t *testing.T) {
	t.Parallel()
	f, code := withPhones(t)
	b, _ := f.staff(t, f.class, "zhoumuyang", access.Teacher)
	if p := b.Get("/me").Want(http.StatusOK); p.Count("a[href='/me/phone']") != 1 {
		t.Error("the account does not lead to the phone")
	}
	b.Get("/me/phone").Want(http.StatusOK)
	if got := b.Get("/me/phone/code").Location(); got != "/me/phone" {
		t.Errorf("a code before a phone leads to %q", got)
	}
	p := b.Post("/me/phone", url.Values{"phone": {"1381234"}}).Want(http.StatusUnprocessableEntity)
	if p.Attr("#f-phone", "value") != "1381234" || p.Count(".error-summary li") != 1 {
		t.Errorf("no phone: %q", p.Text("main"))
	}
	p = b.Post("/me/phone", url.Values{"phone": {"13812345678"}, "old": {"another-maple-1"}}).Want(http.StatusUnprocessableEntity)
	if p.Attr("#f-phone", "value") != "13812345678" || p.Attr("#f-old", "aria-invalid") != "true" || strings.Contains(p.Body, "another-maple-1") {
		t.Errorf("another password: %q", p.Text("main"))
	}
	b.Post("/me/phone", url.Values{"phone": {"13812345678"}, "old": {password}}).Follow().Want(http.StatusOK)
	b.Post("/me/phone/code", url.Values{"code": {"000000"}}).Want(http.StatusUnprocessableEntity)
	p = b.Post("/me/phone/code", url.Values{"code": {code()}}).Follow().Want(http.StatusOK)
	if !strings.Contains(p.Text("main"), "尾号5678") || strings.Contains(p.Body, "13812345678") {
		t.Errorf("confirmed: %q", p.Text("main"))
	}

	lost := f.Anonymous()
	if p := lost.Get("/signin/help").Want(http.StatusOK); p.Count("a[href='/recover']") != 1 {
		t.Error("the help does not lead to the recovery")
	}
	if got := lost.Get("/recover/code").Location(); got != "/recover" {
		t.Errorf("a code before a phone leads to %q", got)
	}
	lost.Get("/recover").Want(http.StatusOK)
	lost.Post("/recover", url.Values{"phone": {"x"}}).Want(http.StatusUnprocessableEntity)
	unknown := f.Anonymous().Post("/recover", url.Values{"phone": {"13700000000"}}).Want(http.StatusSeeOther)
	known := lost.Post("/recover", url.Values{"phone": {"13812345678"}}).Want(http.StatusSeeOther)
	if unknown.Location() != known.Location() {
		t.Errorf("known leads to %q, unknown to %q", known.Location(), unknown.Location())
	}
	lost.Post("/recover/code", url.Values{"code": {"000000"}, "password": {"a-new-maple-1"}}).Want(http.StatusUnprocessableEntity)
	p = lost.Post("/recover/code", url.Values{"code": {code()}, "password": {"12345678"}}).Want(http.StatusUnprocessableEntity)
	if strings.Contains(p.Body, "12345678") {
		t.Error("the page holds the password")
	}
	if got := lost.Post("/recover/code", url.Values{"code": {code()}, "password": {"a-new-maple-1"}}).Want(http.StatusSeeOther).Location(); got != "/signin" {
		t.Errorf("the recovery leads to %q", got)
	}
	if got := b.Get("/home").Location(); !strings.HasPrefix(got, "/signin") {
		t.Errorf("the old session goes on: %q", got)
	}
	lost.Post("/signin", url.Values{"login": {"13812345678"}, "password": {"a-new-maple-1"}}).Want(http.StatusSeeOther)

	child := f.pupil(t, f.class, "林知夏", "2345")
	pupil := f.Anonymous()
	pupil.Get("/activate?c=" + f.code(t, child))
	pupil.Post("/activate/name", nil)
	pupil.Post("/activate/consent", father(account.AnswerGiven))
	pupil.Post("/activate/login", url.Values{"login": {"linzhixia"}, "password": {password}}).Follow().Want(http.StatusOK)
	pupil.Get("/me/phone").Want(http.StatusNotFound)
	pupil.Post("/me/phone", url.Values{"phone": {"13812345678"}}).Want(http.StatusForbidden)
}

// TestSignOutForgetsWhatWasBegun: who comes next to the computer finds no step of
// somebody else's.
func TestSignOutForgetsWhatWasBegun(t *testing.T) {
	t.Parallel()
	f, _ := withPhones(t)
	b, _ := f.staff(t, f.class, "zhoumuyang", access.Teacher)
	f.staff(t, f.class, "jinmeiyan", access.Teacher)
	b.Post("/recover", url.Values{"phone": {"13700000000"}}).Want(http.StatusSeeOther)
	b.Post("/me/phone", url.Values{"phone": {"13812345678"}, "old": {password}}).Follow().Want(http.StatusOK)
	b.Post("/signout", nil).Want(http.StatusSeeOther)
	b.Post("/signin", url.Values{"login": {"jinmeiyan"}, "password": {password}}).Want(http.StatusSeeOther)
	for page, want := range map[string]string{"/me/phone/code": "/me/phone", "/recover/code": "/recover"} {
		if got := b.Get(page).Location(); got != want {
			t.Errorf("%s leads to %q, want %q", page, got, want)
		}
	}
}

func TestNoPhonePagesWithoutMessages(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	b, _ := f.staff(t, f.class, "zhoumuyang", access.Teacher)
	b.Get("/me/phone").Want(http.StatusNotFound)
	b.Get("/recover").Want(http.StatusNotFound)
	if p := b.Get("/signin/help"); p.Count("a[href='/recover']") != 0 {
		t.Error("the help leads to a recovery that is not there")
	}
}
