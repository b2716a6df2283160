package homeweb_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
)

// each runs a test with a fresh site on every engine.
func each(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) { fn(t, setup(t, h)) })
}

const todo = "section[aria-labelledby=todo]"

func TestFrontPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		page := f.Anonymous().Get("/").Want(http.StatusOK)
		if page.Count("h1") != 1 || page.Count("main a[href='/signin']") != 1 || page.Count("main a[href='/activate']") != 1 {
			t.Error("the front page leads to sign-in and activation")
		}
		if got := f.As(f.officer("孙明远", access.Province, "22")).Get("/").Want(http.StatusSeeOther).Location(); got != "/home" {
			t.Errorf("whoever is signed in goes to %q", got)
		}
		f.Anonymous().Get("/home").Want(http.StatusSeeOther)
	})
}

func TestPupilConfirmsWithOneTap(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		head, pupil, next := f.make("周沐阳", access.ClassTeacher, "a1"), f.make("林知夏", access.Pupil, "a1"), f.make("孟小满", access.Pupil, "a2")
		f.activate(pupil)
		b := f.As(pupil)
		page := b.Get("/home").Want(http.StatusOK)
		if got := page.Text("h1"); !strings.Contains(got, "林知夏") {
			t.Errorf("h1 = %q", got)
		}
		if page.Count(todo+" li") != 0 || page.Text(todo+" .ink-2") == "" {
			t.Error("nothing waits, and the page says so")
		}
		notice := f.notice(head, "明天带彩笔。")
		if _, err := f.deps.Posts.Remind(t.Context(), head, notice); err != nil {
			t.Fatal(err)
		}
		f.catchUp()
		page = b.Get("/home").Want(http.StatusOK)
		if got := page.Texts(todo + " li a"); !cmp.Equal(got, []string{"明天带彩笔。"}) || page.Count(todo+" .tag-accent") != 1 {
			t.Errorf("to do = %q with %d reminders", got, page.Count(todo+" .tag-accent"))
		}
		form := todo + " li form"
		page = b.Post(page.Attr(form, "action"), page.Form(form)).Follow().Want(http.StatusOK)
		if page.Count(todo+" li") != 0 || page.Text("h1") == "" {
			t.Error("after one tap the notice is done and the pupil is at home")
		}
		page = f.As(next).Get("/home").Want(http.StatusOK)
		if strings.Contains(page.Text("main"), "彩笔") {
			t.Error("a pupil of the next class sees the notice")
		}
		pupil.NoConsent = true
		if page := f.As(pupil).Get("/home").Want(http.StatusOK); page.Count(".alert-info") != 1 || page.Count("a[href$='#post']") != 0 {
			t.Error("without consent the page says what works and offers no question")
		} else if got := page.Text(".alert-info"); !strings.Contains(got, "没有同意") || page.Count(".alert-info a[href='/me/consent']") != 1 {
			t.Errorf("a refusal says %q", got)
		}
		pupil.Unanswered = true
		if got := f.As(pupil).Get("/home").Want(http.StatusOK).Text(".alert-info"); !strings.Contains(got, "等监护人选择") || strings.Contains(got, "没有同意") {
			t.Errorf("before an answer it says %q", got)
		}
		pupil.Unanswered, pupil.Talk = false, "given"
		page = f.As(pupil).Get("/home").Want(http.StatusOK)
		if got := page.Text(".alert-info"); !strings.Contains(got, "提问和评论都可以用") || page.Count("a[href$='#post']") != 1 {
			t.Errorf("with talk alone it says %q", got)
		}
		pupil.NoConsent, pupil.Talk = false, "refused"
		page = f.As(pupil).Get("/home").Want(http.StatusOK)
		if got := page.Text(".alert-info"); !strings.Contains(got, "没有同意你在班级里提问和评论") || page.Count("a[href$='#post']") != 0 {
			t.Errorf("without talk it says %q", got)
		}
	})
}

func TestClassTeacherSeesWhatWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		head, other := f.make("周沐阳", access.ClassTeacher, "a1"), f.make("金美妍", access.ClassTeacher, "a2")
		pupil := f.make("林知夏", access.Pupil, "a1")
		f.make("朴俊浩", access.Pupil, "a1")
		f.activate(pupil)
		f.notice(head, "明天带彩笔。")
		b := f.As(head)
		page := b.Get("/home").Want(http.StatusOK)
		class := "/classes/" + f.nodes["a1"].ID.String()
		for _, selector := range []string{"a[href='" + class + "/members']", "a[href='" + class + "/slips']", "form[action$='/remind']"} {
			if page.Count(todo+" "+selector) == 0 {
				t.Errorf("to do lacks %s: %q", selector, page.Texts(todo+" li"))
			}
		}
		if page.Count("a[href='"+class+"#post']") != 1 {
			t.Error("the class card leads to the notice form")
		}
		form := "form[action$='/remind']"
		page = b.Post(page.Attr(form, "action"), page.Form(form)).Follow().Want(http.StatusOK)
		if page.Count(form) != 0 || page.Count(".alert-success") != 1 {
			t.Error("after one tap the reminder is out and says when")
		}
		page = f.As(other).Get("/home").Want(http.StatusOK)
		if got := page.Text("main"); strings.Contains(got, "彩笔") || strings.Contains(got, "三年级1班") {
			t.Errorf("the next class's teacher sees %q", got)
		}
	})
}

func TestReportWaitsForClassTeacher(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		head, pupil, reader := f.make("周沐阳", access.ClassTeacher, "a1"), f.make("林知夏", access.Pupil, "a1"), f.make("朴俊浩", access.Pupil, "a1")
		notice := f.notice(head, "明天带彩笔。")
		comment, err := f.deps.Posts.Comment(t.Context(), pupil, notice, "不带", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.deps.Posts.ReportComment(t.Context(), reader, comment, "让人难过"); err != nil {
			t.Fatal(err)
		}
		for _, by := range []access.Actor{head, f.officer("蔡丽馨", access.School, "2122000001")} {
			if f.As(by).Get("/home").Want(http.StatusOK).Count(todo+" a[href='/reports']") == 0 {
				t.Errorf("%s is not told of the report", by.Role)
			}
		}
		if f.As(f.officer("别的校长", access.School, "2122000002")).Get("/home").Want(http.StatusOK).Count(todo+" a[href='/reports']") != 0 {
			t.Error("another school is told of the report")
		}
	})
}

func TestSchoolSeesWhatNeedsADecision(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		f.make("林知夏", access.Pupil, "a1")
		f.make("周沐阳", access.ClassTeacher, "a1")
		f.catchUp()
		school := f.nodes["2122000001"].ID.String()
		page := f.As(f.officer("蔡丽馨", access.School, "2122000001")).Get("/home").Want(http.StatusOK)
		lines := strings.Join(page.Texts(todo+" li"), "\n")
		for _, want := range []string{"学校资料", "1个班级没有班主任", "三年级2班", "1个班级的名单"} {
			if !strings.Contains(lines, want) {
				t.Errorf("to do lacks %q:\n%s", want, lines)
			}
		}
		if got := page.Texts("section[aria-labelledby=figures] tbody tr:first-child td.n:nth-child(2)"); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("made = %q, want 1", got)
		}
		if page.Count("a[href='/nodes/"+school+"/rosters']") == 0 {
			t.Error("no way to the import")
		}
		page = f.As(f.officer("于敏梅", access.Registrar, "2122000001")).Get("/home").Want(http.StatusOK)
		if strings.Contains(page.Text(todo), "学校资料") {
			t.Error("a registrar is asked to confirm the profile")
		}
		page = f.As(f.officer("校长", access.School, "2122000002")).Get("/home").Want(http.StatusOK)
		if got := page.Text(todo); !strings.Contains(got, "还没有导入名册") || strings.Contains(got, "班主任") {
			t.Errorf("a school without a roster is told %q", got)
		}
	})
}

func TestOfficeSeesWhereHelpIsNeeded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		for _, name := range []string{"林知夏", "朴俊浩", "宋冬野"} {
			f.make(name, access.Pupil, "a1")
		}
		f.catchUp()
		help := func(role access.Role, node string) []string {
			t.Helper()
			page := f.As(f.officer("孟学", role, node)).Get("/home").Want(http.StatusOK)
			return page.Texts("section[aria-labelledby=help] li")
		}
		county := help(access.County, "222424")
		if len(county) != 2 || !strings.Contains(county[0], "云岭小学") || !strings.Contains(county[0], "还没有名册") || !strings.Contains(county[1], "激活0 / 3") {
			t.Errorf("county: %q", county)
		}
		if got := help(access.County, "222426"); len(got) != 1 || !strings.Contains(got[0], "明月小学") {
			t.Errorf("the other county: %q", got)
		}
		for _, role := range []access.Role{access.Prefecture, access.Reporter} {
			if got := help(role, "222400"); len(got) != 2 || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "小学") }) {
				t.Errorf("%s: %q, want the counties", role, got)
			}
		}
		for _, role := range []access.Role{access.Province, access.Inspector} {
			if got := help(role, "22"); len(got) != 1 || !strings.Contains(got[0], "延边") {
				t.Errorf("%s: %q, want the prefecture", role, got)
			}
		}
	})
}

func TestBulletinWaitsForWhoMayTakeTheStep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		f.make("林知夏", access.Pupil, "a1")
		f.catchUp()
		drafter, checker := f.officer("孙明远", access.Province, "22"), f.officer("郑文清", access.Province, "22")
		reporter := f.officer("罗豪文", access.Reporter, "222400")
		if err := f.deps.Bulletin.Freeze(t.Context(), drafter, 201910); err != nil {
			t.Fatal(err)
		}
		text := func(by access.Actor) string {
			t.Helper()
			return f.As(by).Get("/home").Want(http.StatusOK).Text(todo)
		}
		if got := text(drafter); !strings.Contains(got, "可以起草通报") {
			t.Errorf("province: %q", got)
		}
		if got := text(reporter); !strings.Contains(got, "请核对本单位2019年10月数据") {
			t.Errorf("reporter: %q", got)
		}
		if got := text(f.officer("县里", access.County, "222424")); strings.Contains(got, "核对") {
			t.Errorf("a county that does not report itself: %q", got)
		}
		if err := f.deps.Bulletin.Accept(t.Context(), reporter, 201910, f.nodes["222400"].ID); err != nil {
			t.Fatal(err)
		}
		if got := text(reporter); strings.Contains(got, "请核对") {
			t.Errorf("after accepting: %q", got)
		}
		if err := f.deps.Bulletin.Draft(t.Context(), drafter, 201910); err != nil {
			t.Fatal(err)
		}
		if got := text(drafter); strings.Contains(got, "等待核对") {
			t.Errorf("the drafter is asked to check: %q", got)
		}
		if got := text(checker); !strings.Contains(got, "等待核对") {
			t.Errorf("the checker: %q", got)
		}
		signer := f.officer("高树林", access.Province, "22")
		for _, step := range []error{f.deps.Bulletin.Check(t.Context(), checker, 201910), f.deps.Bulletin.Sign(t.Context(), signer, 201910),
			f.deps.Bulletin.Issue(t.Context(), signer, 201910, "各单位都已核对")} {
			if step != nil {
				t.Fatal(step)
			}
		}
		if got := text(reporter); !strings.Contains(got, "2019年10月通报已印发，请签收") {
			t.Errorf("reporter: %q", got)
		}
		if got := text(f.officer("县里", access.County, "222424")); strings.Contains(got, "签收") {
			t.Errorf("a county that does not report itself: %q", got)
		}
		if err := f.deps.Bulletin.Receive(t.Context(), reporter, 201910, f.nodes["222400"].ID); err != nil {
			t.Fatal(err)
		}
		if got := text(reporter); strings.Contains(got, "签收") {
			t.Errorf("after the receipt: %q", got)
		}
	})
}

// TestEveryRoleHasAHome opens the home of each role of the contract, in each
// language, also of a role that is held nowhere.
func TestEveryRoleHasAHome(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		at := map[access.Role]string{access.Pupil: "a1", access.Teacher: "a1", access.ClassTeacher: "a1", access.Registrar: "2122000001",
			access.School: "2122000001", access.County: "222424", access.Prefecture: "222400", access.Reporter: "222400"}
		for _, role := range access.Roles() {
			node := at[role]
			if node == "" {
				node = "22"
			}
			somewhere := f.officer("林知夏", role, node)
			nowhere := somewhere
			nowhere.Places = nil
			for _, by := range []access.Actor{somewhere, nowhere} {
				b := f.As(by)
				for _, lang := range []string{"zh", "en", "ko"} {
					page := b.Get("/home?lang=" + lang).Want(http.StatusOK)
					if page.Count("h1") != 1 || strings.Contains(page.Text("main"), "home.") {
						t.Errorf("%s in %s: %q", role, lang, page.Text("main"))
					}
				}
			}
		}
	})
}
