package accountweb_test

import (
	"net/http/httptest"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/web/webtest/chrome"
)

// look checks the page that the tab shows, in both themes: no violation of
// accessibility, nothing wider than the screen.
func look(t *testing.T, tab *chrome.Tab, s chrome.Screen, name string) {
	t.Helper()
	for _, dark := range []bool{false, true} {
		s.Dark = dark
		tab.Screen(s)
		// Colours change softly: they are judged when they have arrived.
		chrome.Eval[int](tab, "document.getAnimations().map(a => a.finish()).length")
		for _, v := range tab.Axe() {
			t.Errorf("%s (dark %v): %v", name, dark, v)
		}
		if n := tab.Overflow(); n > 0 {
			t.Errorf("%s is %d px too wide", name, n)
		}
	}
}

// TestActivationInABrowser goes the way of a pupil at 390 px, and looks at the
// pages of the class teacher, on a phone and at a desk.
func TestActivationInABrowser(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	f := setup(t, cheap())
	who := f.pupil(t, f.class, "林知夏", "2345")
	f.pupil(t, f.class, "王一鸣", "3456")
	f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	server := httptest.NewServer(f.Site.Server)
	t.Cleanup(server.Close)

	phone := chrome.Screen{Width: 390, Height: 844}
	tab := browser.Tab(phone)
	tab.Open(server.URL + "/activate?lang=zh")
	look(t, tab, phone, "code")
	tab.Fill("#f-code", "K7QM-3XWP")
	tab.Submit("form[action='/activate/code'] button")
	look(t, tab, phone, "bad code")
	tab.Open(server.URL + "/activate?c=" + f.code(t, who))
	look(t, tab, phone, "name")
	tab.Submit("form[action='/activate/name'] button")
	look(t, tab, phone, "consent")
	tab.Click("input[value=given]")
	tab.Fill("#f-name", "林父")
	tab.Fill("#f-relation", "father")
	tab.Fill("#f-tail", "2345")
	tab.Submit("form[action='/activate/consent'] button")
	look(t, tab, phone, "password")
	tab.Fill("#f-password", password)
	const kind = `document.getElementById("f-password").type`
	if tab.Click("[data-show=f-password]"); chrome.Eval[string](tab, kind) != "text" {
		t.Error("a child cannot look at the password that it chose")
	}
	if tab.Click("[data-show=f-password]"); chrome.Eval[string](tab, kind) != "password" {
		t.Error("the password stays open")
	}
	tab.Submit("form[action='/activate/login'] button")
	if got := tab.Address(); got != server.URL+"/home" {
		t.Errorf("arrives at %s", got)
	}

	alone := browser.Tab(phone)
	without := f.pupil(t, f.class, "许小禾", "")
	alone.Open(server.URL + "/activate?lang=zh&c=" + f.code(t, without))
	alone.Submit("form[action='/activate/name'] button")
	look(t, alone, phone, "no phone")
	alone.Submit("form[action='/activate/consent'] button")
	alone.Fill("#f-password", password)
	alone.Submit("form[action='/activate/login'] button")
	if got := alone.Address(); got != server.URL+"/home" {
		t.Errorf("a child without a phone arrives at %s", got)
	}
	alone.Open(server.URL + "/me/consent")
	look(t, alone, phone, "consent without a phone")
	f.phone(t, without, f.class)
	alone.Open(server.URL + "/me/consent")
	look(t, alone, phone, "consent later")
	alone.Click("input[value=given]")
	alone.Fill("#f-name", "许母")
	alone.Fill("#f-relation", "mother")
	alone.Fill("#f-tail", "2345")
	alone.Submit("form[action='/me/consent'] button")
	look(t, alone, phone, "consent given")
	if got, err := f.people.Get(t.Context(), f.op, without); err != nil || got.Verified.IsZero() || got.Consent != account.AnswerGiven {
		t.Errorf("after the guardian's answer %+v, %v", got, err)
	}

	desk := chrome.Screen{Width: 1440, Height: 900}
	teacher := browser.Tab(phone)
	teacher.Open(server.URL + "/signin?lang=zh")
	look(t, teacher, phone, "sign-in")
	teacher.Fill("#f-login", "banzhuren")
	teacher.Fill("#f-password", password)
	teacher.Submit("form[action='/signin'] button.btn-primary")
	class := server.URL + "/classes/" + f.class.ID.String()
	for _, path := range []string{class + "/members", class + "/slips", server.URL + "/me", server.URL + "/people/" + who.String() + "/code"} {
		teacher.Screen(phone)
		teacher.Open(path)
		look(t, teacher, phone, path)
		look(t, teacher, desk, path)
	}
	teacher.Screen(phone)
	teacher.Submit("form[action$='/code'] button")
	look(t, teacher, phone, "slip")
	for _, lang := range []string{"ko", "en"} {
		for _, path := range []string{class + "/members", server.URL + "/me"} {
			teacher.Open(path + "?lang=" + lang)
			if n := teacher.Overflow(); n > 0 {
				t.Errorf("%s in %s is %d px too wide", path, lang, n)
			}
		}
	}
}
