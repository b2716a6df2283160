package accountweb_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"learnspace/internal/access"
)

// TestGuardianComesIn: from the class list to the guardian's own space, the
// child bound, in at most eight steps.
func TestGuardianComesIn(t *testing.T) {
	t.Parallel()
	f := setup(t, cheap())
	f.pupil(t, f.class, "林知夏", "2345")
	f.pupil(t, f.class, "王一鸣", "")
	teacher, _ := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
	list := teacher.Get(members(f.class)).Want(http.StatusOK)
	if !strings.Contains(list.Text("main"), "林知夏父") || !strings.Contains(list.Text("main"), "手机未登记") {
		t.Errorf("list: %q", list.Text("main"))
	}
	slips := teacher.Get("/classes/" + f.class.ID.String() + "/slips").Want(http.StatusOK)
	sheet := teacher.Post("/classes/"+f.class.ID.String()+"/slips", slips.Form("#guardians ~ * form, form:has(input[value=guardians])")).Follow().Want(http.StatusOK)
	if sheet.Count(".slip") != 1 || !strings.Contains(sheet.Text(".slip"), "林知夏的家长") || sheet.Count("#overleaf") != 1 {
		t.Fatalf("sheet: %q", sheet.Text("main"))
	}
	code := strings.Join(sheet.Texts(".slip .code-out span"), "-")
	b, steps := f.Anonymous(), 0
	steps++ // scan
	p := b.Get("/activate?c=" + code).Want(http.StatusOK)
	if !strings.Contains(p.Text("main"), "林知夏（三年级1班）") {
		t.Errorf("the slip is for %q", p.Text("main"))
	}
	if got := b.Get("/activate/guardian").Location(); got != "/activate/name" {
		t.Errorf("the phone before the name leads to %q", got)
	}
	steps++ // 是我
	p = b.Post("/activate/name", nil).Follow().Want(http.StatusOK)
	if p.Count("form[action='/activate/guardian']") != 1 {
		t.Fatalf("no proof asked: %q", p.Text("main"))
	}
	if got := b.Get("/activate/login").Location(); got != "/activate/guardian" {
		t.Errorf("the login before the phone leads to %q", got)
	}
	p = b.Post("/activate/guardian", url.Values{"tail": {"9999"}}).Want(http.StatusUnprocessableEntity)
	if p.Attr("#f-tail", "value") != "9999" || p.Count(".error-summary li") != 1 {
		t.Errorf("wrong digits: %q", p.Text("main"))
	}
	steps += 2 // digits, next
	p = b.Post("/activate/guardian", url.Values{"tail": {"2345"}}).Follow().Want(http.StatusOK)
	form := p.Form("form[action='/activate/login']")
	steps += 2 // password, button
	form.Set("password", password)
	if p = b.Post("/activate/login", form).Follow().Want(http.StatusOK); p.Body != "home" || steps > 8 {
		t.Errorf("arrives at %q after %d steps", p.Body, steps)
	}
	p = b.Get("/me/children").Want(http.StatusOK)
	if !strings.Contains(p.Text("main"), "林知夏") {
		t.Errorf("children: %q", p.Text("main"))
	}
	b.Post("/me/children", url.Values{"code": {code}, "tail": {"2345"}}).Want(http.StatusUnprocessableEntity)
	teacher.Get("/me/children").Want(http.StatusNotFound)
	teacher.Post("/me/children", url.Values{"code": {code}, "tail": {"2345"}}).Want(http.StatusForbidden)
	if got := teacher.Get(members(f.class)); !strings.Contains(got.Text("main"), "已绑定") {
		t.Errorf("list after: %q", got.Text("main"))
	}
}
