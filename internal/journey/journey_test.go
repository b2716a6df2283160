package journey

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/codes"
	"learnspace/internal/web/webtest/chrome"
)

// number gives an identity number with a right check digit.
func number(t *testing.T, body string) string {
	t.Helper()
	d, ok := codes.IDCheckDigit(body)
	if !ok {
		t.Fatalf("identity number %q", body)
	}
	return body + string(d)
}

// newClass is a roster of one class that the school does not have yet.
func newClass(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("松苑小学四年级名册,,,,,,,\n姓名,性别,身份证号,年级,班级,监护人姓名,监护人关系,监护人电话\n")
	for i, name := range []string{"周一诺", "吴子墨", "郑可心"} {
		fmt.Fprintf(&b, "%s,女,%s,四年级,9班,%s妈妈,母亲,1390000001%d\n", name, number(t, fmt.Sprintf("22010220091103%02d2", 20+i)), name, i)
	}
	file := filepath.Join(t.TempDir(), "四年级名册.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestFromRosterToFigure goes from a roster to a pupil who uses her space, and
// sees the county's figure move.
func TestFromRosterToFigure(t *testing.T) {
	t.Parallel()
	b, ok := chrome.Start(t)
	if !ok {
		return
	}
	p := start(t)
	county := p.figure(t, "220102")

	// The registrar chooses a file, sees the report and confirms.
	office := p.signIn(t, b, "registrar", desk)
	office.Open(p.url + "/nodes/" + p.node(t, "2122000001") + "/rosters")
	office.Choose("[name=file]", newClass(t))
	office.Submit("#upload form button.btn-primary")
	office.See("#confirm")
	if got := office.Text("#classes"); !strings.Contains(got, "9班") {
		t.Errorf("the page does not ask about the new class: %q", got)
	}
	office.Submit("#confirm form button.btn-primary")
	office.See("#result")

	// Slips for the new class; the code is read off the page as a pupil does.
	class := p.class(t, "2122000001", "9班")
	office.Open(p.url + "/classes/" + class + "/slips")
	office.Submit("main form button.btn-primary")
	office.See(".slip")
	if n := office.Count(".slip"); n != 3 {
		t.Fatalf("%d slips, want 3", n)
	}
	if strings.Contains(office.Text("main"), "2201022009") {
		t.Error("an identity number stands on the slips")
	}
	code := strings.Join(strings.Fields(office.Text(".slip .code-out")), "")
	name := office.Text(".slip .stack > span")

	// The pupil activates at 390 px.
	pupil := b.Tab(phone)
	pupil.Open(p.url + "/activate?lang=zh")
	pupil.Type("[name=code]", code)
	pupil.Submit("main form button.btn-primary")
	if got := pupil.Text("main"); !strings.Contains(got, name) {
		t.Errorf("the code shows %q, want %q", got, name)
	}
	pupil.Submit("form[action='/activate/name'] button")
	pupil.Click("[name=answer][value=given]")
	pupil.Fill("[name=name]", name+"妈妈")
	pupil.Fill("[name=relation]", "mother")
	pupil.Fill("[name=tail]", p.tail(t, class, name))
	pupil.Submit("form[action='/activate/consent'] button.btn-primary")
	pupil.Fill("[name=login]", "newpupil2019")
	pupil.Fill("[name=password]", "songyuan-9ban")
	pupil.Submit("form[action='/activate/login'] button.btn-primary")
	if got := pupil.Address(); !strings.HasSuffix(got, "/home") {
		t.Fatalf("activation ends at %s, want the home page: %s", got, pupil.Text("main"))
	}

	if err := p.app.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := p.figure(t, "220102"), county+1; got != want {
		t.Errorf("verified pupils of the county = %d, want %d", got, want)
	}
	officer := p.signIn(t, b, "county", desk)
	officer.Open(p.url + "/figures/" + p.node(t, "220102"))
	if got := officer.Text("main"); !strings.Contains(got, fmt.Sprint(county+1)) {
		t.Errorf("the county's page does not show %d verified pupils", county+1)
	}
}

// TestNoticeWithReceipt: a teacher posts, a pupil confirms, the teacher sees.
func TestNoticeWithReceipt(t *testing.T) {
	t.Parallel()
	b, ok := chrome.Start(t)
	if !ok {
		return
	}
	p := start(t)
	class := p.accounts["classteacher"].Node

	teacher := p.signIn(t, b, "classteacher", desk)
	teacher.Open(p.url + "/classes/" + class)
	teacher.Fill("#f-body", "明天带彩笔，请确认。")
	teacher.Submit("form#post button.btn-primary")
	if got := teacher.Text(".stream"); !strings.Contains(got, "明天带彩笔") {
		t.Fatalf("the notice is not in the stream: %q", got)
	}

	pupil := p.signIn(t, b, "pupil", phone)
	pupil.Open(p.url + "/classes/" + class)
	pupil.Submit(".stream li:first-child form[action$='/confirm'] button")
	if got := pupil.Text(".stream li:first-child"); !strings.Contains(got, "已确认") {
		t.Errorf("the receipt is not shown: %q", got)
	}
	pupil.Submit(".stream li:first-child a.chip")
	pupil.Fill("#f-body", "<script>alert(1)</script>我带了")
	pupil.Submit("#comments form button.btn-primary")
	if got := pupil.Text("#comments"); !strings.Contains(got, "<script>alert(1)</script>我带了") {
		t.Errorf("the comment is not shown as words: %q", got)
	}

	teacher.Open(p.url + "/classes/" + class)
	teacher.Submit(".stream li:first-child a.btn-soft")
	if got := teacher.Text("#receipts"); !strings.Contains(got, "1 / ") {
		t.Errorf("the teacher does not see one receipt: %q", got)
	}
	teacher.Submit("#receipts form[action$='/remind'] button")
	if got := teacher.Text(".alert"); !strings.Contains(got, "已提醒") {
		t.Errorf("no word about the reminder: %q", got)
	}
}

// TestBulletin: the province checks, signs, issues and prints October.
func TestBulletin(t *testing.T) {
	t.Parallel()
	b, ok := chrome.Start(t)
	if !ok {
		return
	}
	p := start(t)
	drafter := p.signIn(t, b, "province", desk)
	drafter.Open(p.url + "/bulletins/2019-10")
	if n := drafter.Count("form[action$='/check']"); n != 0 {
		t.Error("the drafter is offered to check his own paper")
	}
	checker := p.signIn(t, b, "province2", desk)
	checker.Open(p.url + "/bulletins/2019-10")
	checker.Submit("form[action$='/check'] button")
	if n := checker.Count("form[action$='/sign']"); n != 0 {
		t.Error("the checker is offered to sign")
	}
	signer := p.signIn(t, b, "province3", desk)
	signer.Open(p.url + "/bulletins/2019-10")
	signer.Submit("form[action$='/sign'] button")
	if signer.Count("[name=early]") > 0 {
		signer.Fill("[name=early]", "会议需要，提前印发")
	}
	signer.Submit("form[action$='/issue'] button")
	if got := signer.Text(".gw"); !strings.Contains(got, "2019年10月份") || !strings.Contains(signer.Text("main"), "合计") {
		t.Errorf("the paper lacks its title or its total row: %.300q", got)
	}
	signer.Open(p.url + "/bulletins/2019-10/print")
	if got := signer.Text(".gw"); !strings.Contains(got, "吉林省电化教育馆") {
		t.Errorf("the printed paper has no signer: %.300q", got)
	}
	unit := p.signIn(t, b, "reporter", desk)
	unit.Open(p.url + "/bulletins/2019-10")
	unit.Submit("form[action$='/receipt'] button")
}

// node is the identifier of the node with this code.
func (p *province) node(t *testing.T, code string) string {
	t.Helper()
	n, err := p.app.Org.ByCode(t.Context(), p.app.System("test"), code)
	if err != nil {
		t.Fatal(err)
	}
	return n.ID.String()
}

// class is the identifier of a school's class whose label ends with name.
func (p *province) class(t *testing.T, school, name string) string {
	t.Helper()
	by := p.app.System("test")
	n, err := p.app.Org.ByCode(t.Context(), by, school)
	if err != nil {
		t.Fatal(err)
	}
	classes, err := p.app.Org.Classes(t.Context(), by, n.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range classes {
		if strings.TrimSuffix(name, "班") == fmt.Sprint(c.ClassNo) {
			return c.ID.String()
		}
	}
	t.Fatalf("no class %s", name)
	return ""
}

// tail is the last four digits of the telephone that the roster names for a
// pupil of the new class.
func (p *province) tail(t *testing.T, _, name string) string {
	t.Helper()
	for i, n := range []string{"周一诺", "吴子墨", "郑可心"} {
		if n == name {
			return fmt.Sprintf("001%d", i)
		}
	}
	t.Fatalf("no pupil %q on the roster", name)
	return ""
}

// figure is the number of verified pupils of a node.
func (p *province) figure(t *testing.T, code string) int64 {
	t.Helper()
	n, err := p.app.Org.ByCode(t.Context(), p.app.System("test"), code)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.app.Metrics.Figures(t.Context(), access.Operator("test"), n.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f.Verified.Pupil
}
