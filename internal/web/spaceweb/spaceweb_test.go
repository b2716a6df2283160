package spaceweb_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/notice"
	"learnspace/internal/org"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
	"learnspace/internal/web/spaceweb"
	"learnspace/internal/web/webtest"
)

// world is what the package post asks others for, kept by hand.
type world struct {
	db     *db.DB
	mu     sync.Mutex
	names  map[id.Person]string
	pupils map[id.Node][]post.Member
	files  map[string][]byte
	broken bool
}

func (w *world) Class(ctx context.Context, node id.Node) (post.Class, error) {
	spots, err := org.Spots(ctx, w.db, []id.Node{node})
	if err != nil {
		return post.Class{}, err
	}
	at := spots[node]
	if at.Kind != org.KindClass {
		return post.Class{}, fault.New(fault.ErrNotFound, "error.not_found")
	}
	return post.Class{Node: node, Path: at.Path, Open: at.Status != org.StatusClosed}, nil
}

func (w *world) Space(_ context.Context, node id.Node) (id.Space, id.Node, error) {
	return id.Space(node), node, nil
}

func (w *world) Names(context.Context, []id.Person) (map[id.Person]string, error) {
	return w.names, nil
}

func (w *world) Pupils(_ context.Context, class id.Node) ([]post.Member, error) {
	return w.pupils[class], nil
}

func (w *world) Put(_ context.Context, key string, r io.Reader, _ int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return io.ErrShortWrite
	}
	data, err := io.ReadAll(r)
	w.files[key] = data
	return err
}

func (w *world) Get(_ context.Context, key string) (io.ReadCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return io.NopCloser(bytes.NewReader(w.files[key])), nil
}

func (w *world) Delete(context.Context, string) error { return nil }

func (w *world) Each(context.Context, string, time.Duration, func(string) error) error { return nil }

// fixture is a site with the class spaces of one school.
type fixture struct {
	*dbtest.Harness
	*webtest.Site
	t     testing.TB
	world *world
	posts *post.Service
	orgs  *org.Service
	op    access.Actor
	nodes map[string]org.Node
}

func setup(t testing.TB, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester"), nodes: map[string]org.Node{},
		world: &world{db: h.DB, names: map[id.Person]string{}, pupils: map[id.Node][]post.Member{}, files: map[string][]byte{}},
		orgs:  org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)}
	f.posts = post.New(h.DB, h.IDs, h.Clock, h.Log, f.world, f.world, f.world)
	got, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省", Row: 2},
		{Code: "222400", Name: "延边州", Kind: "市州", Parent: "22", Row: 3},
		{Code: "222424", Name: "汪清县", Kind: "区县", Parent: "222400", Row: 4},
		{Code: "2122000001", Name: "松苑小学", Kind: "学校", Parent: "222424", Type: "211", Row: 5},
	})
	if err != nil || got.Rejected > 0 {
		t.Fatal(got.Problems, err)
	}
	for _, code := range []string{"222424", "2122000001"} {
		if f.nodes[code], err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	for no, name := range []string{"", "a1", "a2"} {
		if no == 0 {
			continue
		}
		if f.nodes[name], _, err = f.orgs.EnsureClass(t.Context(), f.op, f.nodes["2122000001"].ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: no}); err != nil {
			t.Fatal(err)
		}
	}
	face := spaceweb.New(f.posts, notice.New(h.DB, h.IDs, h.Clock), f.orgs)
	f.Site = webtest.With(t, web.Options{Clock: h.Clock}, face.Routes()...)
	return f
}

// who is a new person who holds a role at a node; pupils stand on the list.
func (f *fixture) who(role access.Role, node, name string) access.Actor {
	n, who := f.nodes[node], id.Next[id.Person](f.IDs)
	f.world.names[who] = name
	if role == access.Pupil {
		f.world.pupils[n.ID] = append(f.world.pupils[n.ID], post.Member{Person: who, Name: name, Activated: true})
	}
	return access.Actor{Person: who, Role: role, Name: name, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

func (f *fixture) class() string { return "/classes/" + f.nodes["a1"].ID.String() }

// notice posts a notice by the form, as a browser does, and returns its address.
func (f *fixture) notice(b *webtest.Browser, text string) string {
	f.t.Helper()
	form := b.Get(f.class()).Want(http.StatusOK).Form("form#post")
	form.Set("body", text)
	page := b.Upload(f.class()+"/posts", form).Follow().Want(http.StatusOK)
	return strings.TrimSuffix(page.Attr(".entry a.chip", "href"), "#comments")
}

func TestNoticeByFourSteps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		teacher, pupil := f.As(f.who(access.ClassTeacher, "a1", "周沐阳")), f.As(f.who(access.Pupil, "a1", "林知夏"))
		f.who(access.Pupil, "a1", "朴俊浩")
		if got := teacher.Get(f.class()).Attr("input[name=receipt]", "value"); got != "1" {
			t.Errorf("receipt = %q, want on from the start", got)
		}
		address := f.notice(teacher, "明天带彩笔。\n还有剪刀。")

		page := pupil.Get(f.class()).Want(http.StatusOK)
		if got := page.Text(".entry .text"); !strings.HasPrefix(got, "明天带彩笔。") {
			t.Errorf("the pupil reads %q", got)
		}
		action := page.Attr(".entry form", "action")
		page = pupil.Post(action, page.Form(".entry form")).Follow().Want(http.StatusOK)
		if got := page.Texts(".entry .tag-success"); len(got) != 1 || page.Count(".entry form[action$=confirm]") != 0 {
			t.Errorf("after confirming: %v", got)
		}
		page = teacher.Get(address).Want(http.StatusOK)
		want := []string{"朴俊浩", "林知夏"}
		if diff := cmp.Diff(want, page.Texts("#receipts tbody th")); diff != "" {
			t.Errorf("who has not confirmed comes first (-want +got):\n%s", diff)
		}
		remind := "#receipts form"
		page = teacher.Post(page.Attr(remind, "action"), page.Form(remind)).Follow().Want(http.StatusOK)
		if page.Count(".alert-success") != 1 || page.Count(remind) != 0 {
			t.Error("after the reminder the button is gone for an hour")
		}
	})
}

func TestPupilAsksAndComments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		pupil := f.As(f.who(access.Pupil, "a1", "林知夏"))
		page := pupil.Get(f.class()).Want(http.StatusOK)
		if page.Count("input[type=file], input[name=receipt]") != 0 {
			t.Error("a pupil is offered pictures or receipts")
		}
		form := page.Form("form#post")
		form.Set("body", "谁借我一本《西游记》？")
		page = pupil.Post(f.class()+"/posts", form).Follow().Want(http.StatusOK)
		address := strings.TrimSuffix(page.Attr(".entry a.chip", "href"), "#comments")
		page = pupil.Get(address).Want(http.StatusOK)
		answer := page.Form("#comments form")
		answer.Set("body", "<b>我有</b>")
		for range 2 { // a double click
			page = pupil.Post(address+"/comments", answer).Follow().Want(http.StatusOK)
		}
		if got := page.Texts("#comments .text"); !cmp.Equal(got, []string{"<b>我有</b>"}) {
			t.Errorf("comments = %q", got)
		}
		edit := page.Form("form[action$=edit]")
		edit.Set("text", "谁借我一本《三国演义》？")
		pupil.Post(address+"/edit", edit).Follow().Want(http.StatusOK)
		edit.Set("text", "第三版")
		page = pupil.Post(address+"/edit", edit).Want(http.StatusConflict)
		if got := page.Text("textarea[name=text]"); got != "第三版" {
			t.Errorf("a stale edit loses the words: %q", got)
		}
	})
}

func TestRefusalsKeepTheWords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		teacher := f.As(f.who(access.ClassTeacher, "a1", "周沐阳"))
		address := f.notice(teacher, "明天带彩笔。")
		form := func(text string) url.Values { return url.Values{"kind": {"notice"}, "body": {text}, "receipt": {"1"}} }
		long := strings.Repeat("很长", 1<<18) // 1.5 MB

		page := teacher.Upload(f.class()+"/posts", form("")).Want(http.StatusUnprocessableEntity)
		if page.Count(".error-summary a[href='#f-body']") != 1 || page.Count("#f-body[aria-invalid]") != 1 {
			t.Error("the empty field is not pointed at")
		}
		page = teacher.Upload(f.class()+"/posts", form(long)).Want(http.StatusUnprocessableEntity)
		if got := page.Text("#f-body"); got != long {
			t.Errorf("%d of %d bytes came back", len(got), len(long))
		}
		page = teacher.Post(address+"/comments", url.Values{"body": {long}}).Want(http.StatusUnprocessableEntity)
		if got := page.Text("#f-body"); got != long {
			t.Errorf("comment: %d of %d bytes came back", len(got), len(long))
		}
		page = teacher.Upload(f.class()+"/posts", form("带照片"), webtest.File{Field: "pictures", Name: "a.pdf", Content: []byte("%PDF-1.7")}).Want(http.StatusUnprocessableEntity)
		if page.Text("#f-body") != "带照片" || page.Count("details[open] #f-pictures[aria-invalid]") != 1 {
			t.Error("a wrong picture is not pointed at, or the words are gone")
		}
		f.world.broken = true
		page = teacher.Upload(f.class()+"/posts", form("带照片"), webtest.File{Field: "pictures", Name: "a.jpg", Content: picture(t)}).Want(http.StatusServiceUnavailable)
		if page.Text("#f-body") != "带照片" {
			t.Error("a store that does not answer loses the words")
		}
		page = teacher.Post(address+"/comments", url.Values{"body": {strings.Repeat("a", 9<<20)}}).Want(http.StatusRequestEntityTooLarge)
		if page.Count("main p") == 0 {
			t.Error("far too much has no message")
		}
		if err := f.orgs.CloseClass(t.Context(), f.op, f.nodes["a1"].ID); err != nil {
			t.Fatal(err)
		}
		page = teacher.Post(address+"/comments", url.Values{"body": {"还在吗"}}).Want(http.StatusConflict)
		if !strings.Contains(page.Text(".error-summary"), "停办") {
			t.Errorf("closed meanwhile: %q", page.Text("main"))
		}
	})
}

func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPictureIsAskedForEachTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		author := f.who(access.ClassTeacher, "a1", "周沐阳")
		teacher, pupil, other := f.As(author), f.As(f.who(access.Pupil, "a1", "林知夏")), f.As(f.who(access.Pupil, "a2", "孟小满"))
		teacher.Upload(f.class()+"/posts", url.Values{"kind": {"notice"}, "body": {"看照片"}}, webtest.File{Field: "pictures", Name: "a.jpg", Content: picture(t)}).Want(http.StatusSeeOther)
		src := pupil.Get(f.class()).Want(http.StatusOK).Attr(".pictures img", "src")
		page := pupil.Get(src).Want(http.StatusOK)
		if got := page.Header.Get("Content-Type"); got != "image/jpeg" {
			t.Errorf("type = %q", got)
		}
		pupil.Header.Set("If-None-Match", page.Header.Get("ETag"))
		pupil.Get(src).Want(http.StatusNotModified)
		other.Header.Set("If-None-Match", page.Header.Get("ETag"))
		other.Get(src).Want(http.StatusNotFound)
		list, _, err := f.posts.Stream(t.Context(), author, f.nodes["a1"].ID, 0)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if err := f.posts.Withdraw(t.Context(), author, list[0].ID); err != nil {
			t.Fatal(err)
		}
		pupil.Get(src).Want(http.StatusNotFound)
	})
}

func TestModeration(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		head, author, reader := f.As(f.who(access.ClassTeacher, "a1", "周沐阳")), f.As(f.who(access.Pupil, "a1", "林知夏")), f.As(f.who(access.Pupil, "a1", "朴俊浩"))
		form := author.Get(f.class()).Form("form#post")
		form.Set("body", "你们都不许玩")
		page := author.Post(f.class()+"/posts", form).Follow().Want(http.StatusOK)
		address := strings.TrimSuffix(page.Attr(".entry a.chip", "href"), "#comments")

		page = reader.Post(address+"/report", url.Values{"reason": {" "}}).Want(http.StatusUnprocessableEntity)
		if page.Count("details[open] #f-reason-report[aria-invalid]") != 1 || page.Count(".error-summary a[href='#f-reason-report']") != 1 {
			t.Error("the missing reason is not pointed at")
		}
		reader.Post(address+"/report", url.Values{"reason": {"让人难过"}}).Follow().Want(http.StatusOK)
		page = head.Get("/reports").Want(http.StatusOK)
		if got := page.Text("blockquote"); got != "你们都不许玩" {
			t.Errorf("the report shows %q", got)
		}
		hide := "form[action$=hide]"
		form = page.Form(hide)
		form.Set("reason", "请好好说")
		page = head.Post(page.Attr(hide, "action"), form).Follow().Want(http.StatusOK)
		if page.Count("blockquote") != 0 {
			t.Error("hidden and still reported")
		}
		reader.Get(address).Want(http.StatusNotFound)
		if page := author.Get(address).Want(http.StatusOK); !strings.Contains(page.Text(".alert-warning"), "请好好说") {
			t.Errorf("the author reads %q", page.Text(".alert-warning"))
		}
	})
}

func TestWhoMayOpenAClass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.notice(f.As(f.who(access.ClassTeacher, "a1", "周沐阳")), "本班")
		refused := f.who(access.Pupil, "a1", "宋冬野")
		refused.NoConsent, refused.Unanswered = true, true
		tests := map[string]struct {
			by     access.Actor
			status int
			forms  int
		}{
			"pupil":                 {f.who(access.Pupil, "a1", "林知夏"), http.StatusOK, 1},
			"pupil without consent": {refused, http.StatusOK, 0},
			"school manager":        {f.who(access.School, "2122000001", "校长"), http.StatusOK, 0},
			"pupil of the next":     {f.who(access.Pupil, "a2", "孟小满"), http.StatusNotFound, 0},
			"county":                {f.who(access.County, "222424", "县里"), http.StatusForbidden, 0},
		}
		for name, test := range tests {
			page := f.As(test.by).Get(f.class())
			if page.Status != test.status || page.Count("form#post") != test.forms {
				t.Errorf("%s: status %d with %d forms, want %d with %d", name, page.Status, page.Count("form#post"), test.status, test.forms)
			}
		}
		if got := f.Anonymous().Get(f.class()).Want(http.StatusSeeOther).Location(); !strings.HasPrefix(got, "/signin") {
			t.Errorf("anonymous goes to %q", got)
		}
	})
}

func TestPrefetchMarksNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.notice(f.As(f.who(access.ClassTeacher, "a1", "周沐阳")), "本班")
		pupil := f.As(f.who(access.Pupil, "a1", "林知夏"))
		marks := func() int {
			t.Helper()
			var n int
			if err := f.DB.QueryRow(t.Context(), `SELECT COUNT(*) FROM post_read`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		pupil.Header.Set("Sec-Purpose", "prefetch")
		pupil.Get(f.class()).Want(http.StatusOK)
		if got := marks(); got != 0 {
			t.Errorf("%d marks after a prefetch, want 0", got)
		}
		pupil.Header.Del("Sec-Purpose")
		pupil.Get(f.class()).Want(http.StatusOK)
		if got := marks(); got != 1 {
			t.Errorf("%d marks after reading, want 1", got)
		}
	})
}
