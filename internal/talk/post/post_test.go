package post_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

// each runs a test with a fresh fixture on every engine.
func each(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) { fn(t, setup(t, h)) })
}

func TestNoticeFromPostToReminder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		teacher := f.actor(access.ClassTeacher, "a1")
		anna, ben := f.actor(access.Pupil, "a1"), f.actor(access.Pupil, "a1")
		class := f.nodes["a1"]
		f.people.lists[class.ID] = append(f.people.lists[class.ID], post.Member{Person: 7, Name: "还没激活"})
		notice := f.notice(t, teacher)

		open, err := f.svc.Unconfirmed(ctx, anna, 5)
		if err != nil || len(open) != 1 || open[0].ID != notice || open[0].AuthorName != teacher.Name {
			t.Fatalf("to confirm = %+v, %v", open, err)
		}
		for range 2 {
			if err := f.svc.Confirm(ctx, anna, notice); err != nil {
				t.Fatal(err)
			}
		}
		if open, _ = f.svc.Unconfirmed(ctx, anna, 5); len(open) != 0 {
			t.Errorf("confirmed and still to confirm: %+v", open)
		}
		if err := f.svc.MarkRead(ctx, ben, []id.Post{notice}); err != nil {
			t.Fatal(err)
		}
		waiting, err := f.svc.Waiting(ctx, teacher, 5)
		if err != nil || len(waiting) != 1 {
			t.Fatalf("waiting = %+v, %v", waiting, err)
		}
		if w := waiting[0]; w.Confirmed != 1 || w.Of != 3 || w.Reachable != 1 {
			t.Errorf("confirmed %d of %d, reachable %d; want 1 of 3, 1", w.Confirmed, w.Of, w.Reachable)
		}
		list, err := f.svc.Receipts(ctx, teacher, notice)
		if err != nil || len(list) != 3 || list[0].Person != ben.Person || list[0].ReadAt.IsZero() || list[2].Person != anna.Person {
			t.Errorf("receipts = %+v, %v; want who has not confirmed first", list, err)
		}
		for i, want := range []int{1, 0} {
			n, err := f.svc.Remind(ctx, teacher, notice)
			if err != nil || n != want {
				t.Errorf("reminder %d = %d, %v; want %d", i+1, n, err, want)
			}
		}
		f.Clock.Advance(time.Hour)
		if n, err := f.svc.Remind(ctx, teacher, notice); err != nil || n != 1 {
			t.Errorf("an hour later = %d, %v; want 1", n, err)
		}
		want := map[string]int{post.VerbMade: 1, post.VerbConfirmed: 1, post.VerbReminded: 2}
		if diff := cmp.Diff(want, f.verbs(t)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		f.counters(t)
	})
}

func TestStreamPagesAndMarks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		teacher, pupil := f.actor(access.Teacher, "a1"), f.actor(access.Pupil, "a1")
		var all []id.Post
		for range post.PageSize + 3 {
			all = append(all, f.notice(t, teacher))
		}
		page, next, err := f.svc.Stream(ctx, pupil, f.nodes["a1"].ID, 0)
		if err != nil || len(page) != post.PageSize || page[0].ID != all[len(all)-1] || next == 0 {
			t.Fatalf("first page of %d, next %d, %v", len(page), next, err)
		}
		if page[0].Read || page[0].Confirmed {
			t.Error("a new post is marked")
		}
		if err := f.svc.MarkRead(ctx, pupil, []id.Post{page[0].ID, page[1].ID}); err != nil {
			t.Fatal(err)
		}
		if err := f.svc.Confirm(ctx, pupil, page[1].ID); err != nil {
			t.Fatal(err)
		}
		page, _, err = f.svc.Stream(ctx, pupil, f.nodes["a1"].ID, 0)
		if err != nil || !page[0].Read || page[0].Confirmed || !page[1].Read || !page[1].Confirmed || page[2].Read {
			t.Errorf("marks are wrong: %v", err)
		}
		rest, end, err := f.svc.Stream(ctx, pupil, f.nodes["a1"].ID, next)
		if err != nil || len(rest) != 3 || end != 0 || rest[2].ID != all[0] {
			t.Errorf("second page of %d, next %d, %v", len(rest), end, err)
		}
		latest, err := f.svc.Latest(ctx, pupil, 2)
		if err != nil || len(latest) != 2 || latest[0].ID != all[len(all)-1] {
			t.Errorf("latest = %+v, %v", latest, err)
		}
	})
}

func TestCommentsShowTheNewestPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		teacher, pupil := f.actor(access.ClassTeacher, "a1"), f.actor(access.Pupil, "a1")
		notice := f.notice(t, teacher)
		var all []id.Comment
		for range post.PageSize + 2 {
			made, err := f.svc.Comment(ctx, pupil, notice, "收到", "")
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, made)
		}
		page, older, err := f.svc.Comments(ctx, teacher, notice, 0)
		if err != nil || len(page) != post.PageSize || page[len(page)-1].ID != all[len(all)-1] || older != page[0].ID {
			t.Fatalf("newest page ends with the newest: %d rows, older %d, %v", len(page), older, err)
		}
		page, older, err = f.svc.Comments(ctx, teacher, notice, older)
		if err != nil || len(page) != 2 || page[0].ID != all[0] || older != 0 {
			t.Errorf("older page: %+v, older %d, %v", page, older, err)
		}
	})
}

func TestEditWithdrawRestore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		teacher, pupil, other := f.actor(access.Teacher, "a1"), f.actor(access.Pupil, "a1"), f.actor(access.ClassTeacher, "a1")
		notice := f.notice(t, teacher)
		get := func(by access.Actor) post.Post {
			t.Helper()
			p, err := f.svc.Get(ctx, by, notice)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		v := get(teacher).Version
		wantKind(t, "edit another's", f.svc.Edit(ctx, other, notice, v, "改了"), fault.ErrForbidden)
		wantKind(t, "edit", f.svc.Edit(ctx, teacher, notice, v, "后天带彩笔。"), nil)
		wantKind(t, "edit an old version", f.svc.Edit(ctx, teacher, notice, v, "大后天带彩笔。"), fault.ErrStale)
		if p := get(pupil); p.Body != "后天带彩笔。" || p.EditedAt.IsZero() {
			t.Errorf("after the edit: %+v", p)
		}
		if n := f.count(t, `SELECT COUNT(*) FROM post_revision WHERE object = $1 AND body = '明天带彩笔。'`, notice); n != 1 {
			t.Error("the former words are not kept")
		}
		wantKind(t, "withdraw another's", f.svc.Withdraw(ctx, other, notice), fault.ErrForbidden)
		for range 2 {
			wantKind(t, "withdraw", f.svc.Withdraw(ctx, teacher, notice), nil)
		}
		_, err := f.svc.Get(ctx, pupil, notice)
		wantKind(t, "read what was withdrawn", err, fault.ErrNotFound)
		_, err = f.svc.Get(ctx, other, notice)
		wantKind(t, "the class teacher reads what was withdrawn", err, fault.ErrNotFound)
		wantKind(t, "confirm what was withdrawn", f.svc.Confirm(ctx, pupil, notice), fault.ErrNotFound)
		_, err = f.svc.Comment(ctx, teacher, notice, "还在吗", "")
		wantKind(t, "comment on what was withdrawn", err, fault.ErrConflict)
		wantKind(t, "edit what was withdrawn", f.svc.Edit(ctx, teacher, notice, get(teacher).Version, "x"), fault.ErrConflict)
		wantKind(t, "restore", f.svc.Restore(ctx, teacher, notice), nil)
		if get(pupil).State != post.Shown {
			t.Error("restored and not shown")
		}
		want := map[string]int{post.VerbMade: 1, post.VerbEdited: 1, post.VerbWithdrawn: 1, post.VerbRestored: 1}
		if diff := cmp.Diff(want, f.verbs(t)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestHideReportKeep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, teacher := f.actor(access.ClassTeacher, "a1"), f.actor(access.Teacher, "a1")
		manager := f.actor(access.School, "2122000001")
		author, reader := f.actor(access.Pupil, "a1"), f.actor(access.Pupil, "a1")
		question, err := f.svc.Publish(ctx, author, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Question, Body: "有人捡到红领巾吗？", Receipt: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			wantKind(t, "report", f.svc.Report(ctx, reader, question, "不是班级的事"), nil)
		}
		wantKind(t, "report without a reason", f.svc.Report(ctx, reader, question, " "), fault.ErrInvalid)
		list, err := f.svc.Reports(ctx, head, 10)
		if err != nil || len(list) != 1 || list[0].AuthorName != author.Name || list[0].Words != "有人捡到红领巾吗？" {
			t.Fatalf("reports = %+v, %v", list, err)
		}
		if n, err := f.svc.CountReports(ctx, head); n != 1 || err != nil {
			t.Errorf("count = %d, %v", n, err)
		}
		wantKind(t, "keep by a teacher", f.svc.Keep(ctx, teacher, list[0].ID), fault.ErrForbidden)
		wantKind(t, "keep", f.svc.Keep(ctx, head, list[0].ID), nil)
		if n, _ := f.svc.CountReports(ctx, head); n != 0 {
			t.Error("kept and still open")
		}
		wantKind(t, "hide by a teacher", f.svc.Hide(ctx, teacher, question, "x"), fault.ErrForbidden)
		wantKind(t, "hide without a reason", f.svc.Hide(ctx, head, question, "\u200b"), fault.ErrInvalid)
		wantKind(t, "hide", f.svc.Hide(ctx, head, question, "请当面说"), nil)
		_, err = f.svc.Get(ctx, reader, question)
		wantKind(t, "read what was hidden", err, fault.ErrNotFound)
		if p, err := f.svc.Get(ctx, author, question); err != nil || p.HiddenReason != "请当面说" {
			t.Errorf("the author reads the reason: %+v, %v", p, err)
		}
		wantKind(t, "restore one's own hidden words", f.svc.Restore(ctx, author, question), fault.ErrForbidden)
		wantKind(t, "restore", f.svc.Restore(ctx, manager, question), nil)

		notice := f.notice(t, head)
		wantKind(t, "report a class teacher", f.svc.Report(ctx, reader, notice, "太晚了"), nil)
		if n, _ := f.svc.CountReports(ctx, head); n != 0 {
			t.Error("a class teacher decides about his own words")
		}
		list, err = f.svc.Reports(ctx, manager, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("the school's reports = %+v, %v", list, err)
		}
		wantKind(t, "keep one's own", f.svc.Keep(ctx, head, list[0].ID), fault.ErrNotFound)
		wantKind(t, "hide by the school", f.svc.Hide(ctx, manager, notice, "时间太晚"), nil)
		wantKind(t, "restore what the school hid", f.svc.Restore(ctx, head, notice), fault.ErrForbidden)
		if n, _ := f.svc.CountReports(ctx, manager); n != 0 {
			t.Error("hidden and still open")
		}
	})
}

func TestCommentStates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, author, reader := f.actor(access.ClassTeacher, "a1"), f.actor(access.Pupil, "a1"), f.actor(access.Pupil, "a1")
		notice := f.notice(t, head)
		made, err := f.svc.Comment(ctx, author, notice, "哈哈", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.svc.ReportComment(ctx, reader, made, "刷屏")
		wantKind(t, "report", err, nil)
		_, err = f.svc.HideComment(ctx, reader, made, "x")
		wantKind(t, "hide by a pupil", err, fault.ErrForbidden)
		_, err = f.svc.HideComment(ctx, head, made, "与通知无关")
		wantKind(t, "hide", err, nil)
		words := func(by access.Actor) (string, string) {
			t.Helper()
			list, _, err := f.svc.Comments(ctx, by, notice, 0)
			if err != nil || len(list) != 1 {
				t.Fatalf("comments = %+v, %v", list, err)
			}
			return list[0].Body, list[0].HiddenReason
		}
		if body, why := words(reader); body != "" || why != "" {
			t.Errorf("a classmate reads %q because %q", body, why)
		}
		if body, why := words(author); body != "哈哈" || why != "与通知无关" {
			t.Errorf("the author reads %q because %q", body, why)
		}
		f.counters(t)
		_, err = f.svc.RestoreComment(ctx, author, made)
		wantKind(t, "restore one's own hidden comment", err, fault.ErrForbidden)
		_, err = f.svc.RestoreComment(ctx, head, made)
		wantKind(t, "restore", err, nil)
		_, err = f.svc.WithdrawComment(ctx, reader, made)
		wantKind(t, "withdraw another's", err, fault.ErrForbidden)
		for range 2 {
			_, err = f.svc.WithdrawComment(ctx, author, made)
			wantKind(t, "withdraw", err, nil)
		}
		f.counters(t)
		_, err = f.svc.RestoreComment(ctx, author, made)
		wantKind(t, "restore what was withdrawn", err, nil)
		f.counters(t)
		if n := f.count(t, `SELECT comments FROM post_post WHERE id = $1`, notice); n != 1 {
			t.Errorf("comments = %d, want 1", n)
		}
	})
}

// TestOthersSeeNothing asks every method of the service about a class for
// people who have nothing to do with it: for them it does not exist.
func TestOthersSeeNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, pupil := f.actor(access.ClassTeacher, "a1"), f.actor(access.Pupil, "a1")
		var jpg bytes.Buffer
		if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
			t.Fatal(err)
		}
		notice, err := f.svc.Publish(ctx, head, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: "本班", Receipt: true, Pictures: []post.Upload{{Data: jpg.Bytes()}}})
		if err != nil {
			t.Fatal(err)
		}
		mine, err := f.svc.Get(ctx, head, notice)
		if err != nil || len(mine.Pictures) != 1 {
			t.Fatalf("own post = %+v, %v", mine, err)
		}
		comment, err := f.svc.Comment(ctx, pupil, notice, "好", "")
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, "report", f.svc.Report(ctx, pupil, notice, "试"), nil)
		report := id.Report(f.count(t, `SELECT id FROM post_report`))
		others := map[string]access.Actor{
			"pupil of the next class":         f.actor(access.Pupil, "a2"),
			"class teacher of the next class": f.actor(access.ClassTeacher, "a2"),
			"pupil of another school":         f.actor(access.Pupil, "b1"),
			"class teacher of another school": f.actor(access.ClassTeacher, "b1"),
			"manager of another school":       f.actor(access.School, "2122000002"),
			"registrar of the school":         f.actor(access.Registrar, "2122000001"),
			"county":                          f.actor(access.County, "222424"),
			"prefecture":                      f.actor(access.Prefecture, "222400"),
			"reporter":                        f.actor(access.Reporter, "222400"),
			"province":                        f.actor(access.Province, "22"),
			"inspector":                       f.actor(access.Inspector, "22"),
			"system administrator":            f.actor(access.SysAdmin, "22"),
			"anonymous":                       access.Anonymous(),
		}
		for who, by := range others {
			asks := map[string]func() error{
				"stream":   func() error { _, _, err := f.svc.Stream(ctx, by, f.nodes["a1"].ID, 0); return err },
				"get":      func() error { _, err := f.svc.Get(ctx, by, notice); return err },
				"comments": func() error { _, _, err := f.svc.Comments(ctx, by, notice, 0); return err },
				"receipts": func() error { _, err := f.svc.Receipts(ctx, by, notice); return err },
				"picture":  func() error { _, _, err := f.svc.OpenPicture(ctx, by, mine.Pictures[0].ID, true); return err },
				"publish": func() error {
					_, err := f.svc.Publish(ctx, by, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: "x"})
					return err
				},
				"ask": func() error {
					_, err := f.svc.Publish(ctx, by, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Question, Body: "x"})
					return err
				},
				"comment":          func() error { _, err := f.svc.Comment(ctx, by, notice, "x", ""); return err },
				"confirm":          func() error { return f.svc.Confirm(ctx, by, notice) },
				"remind":           func() error { _, err := f.svc.Remind(ctx, by, notice); return err },
				"edit":             func() error { return f.svc.Edit(ctx, by, notice, 1, "x") },
				"withdraw":         func() error { return f.svc.Withdraw(ctx, by, notice) },
				"restore":          func() error { return f.svc.Restore(ctx, by, notice) },
				"hide":             func() error { return f.svc.Hide(ctx, by, notice, "x") },
				"report":           func() error { return f.svc.Report(ctx, by, notice, "x") },
				"withdraw comment": func() error { _, err := f.svc.WithdrawComment(ctx, by, comment); return err },
				"hide comment":     func() error { _, err := f.svc.HideComment(ctx, by, comment, "x"); return err },
				"restore comment":  func() error { _, err := f.svc.RestoreComment(ctx, by, comment); return err },
				"report comment":   func() error { _, err := f.svc.ReportComment(ctx, by, comment, "x"); return err },
			}
			for what, ask := range asks {
				wantKind(t, who+": "+what, ask(), fault.ErrNotFound)
			}
			if err := f.svc.Keep(ctx, by, report); !errors.Is(err, fault.ErrNotFound) && !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: keep: %v", who, err)
			}
			if list, err := f.svc.Reports(ctx, by, 10); len(list) != 0 || err != nil && !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: reports = %+v, %v", who, list, err)
			}
			if n, err := f.svc.CountReports(ctx, by); n != 0 || err != nil {
				t.Errorf("%s: %d reports, %v", who, n, err)
			}
			if list, err := f.svc.Latest(ctx, by, 10); len(list) != 0 || err != nil {
				t.Errorf("%s: latest = %+v, %v", who, list, err)
			}
			if list, err := f.svc.Unconfirmed(ctx, by, 10); len(list) != 0 || err != nil {
				t.Errorf("%s: unconfirmed = %+v, %v", who, list, err)
			}
			if list, err := f.svc.Waiting(ctx, by, 10); len(list) != 0 || err != nil {
				t.Errorf("%s: waiting = %+v, %v", who, list, err)
			}
			if err := f.svc.MarkRead(ctx, by, []id.Post{notice}); err != nil {
				t.Errorf("%s: mark: %v", who, err)
			}
		}
		if n := f.count(t, `SELECT COUNT(*) FROM post_read`); n != 0 {
			t.Errorf("%d marks of people who could not read it", n)
		}
		want := map[string]int{post.VerbMade: 1, post.VerbCommented: 1, post.VerbReported: 1}
		if diff := cmp.Diff(want, f.verbs(t)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestInsideTheClassEachMayDoHisPart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, pupil, manager := f.actor(access.ClassTeacher, "a1"), f.actor(access.Pupil, "a1"), f.actor(access.School, "2122000001")
		notice := f.notice(t, head)
		_, err := f.svc.Publish(ctx, pupil, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: "x"})
		wantKind(t, "a pupil posts a notice", err, fault.ErrForbidden)
		_, err = f.svc.Receipts(ctx, pupil, notice)
		wantKind(t, "a pupil sees who confirmed", err, fault.ErrForbidden)
		_, err = f.svc.Remind(ctx, pupil, notice)
		wantKind(t, "a pupil reminds", err, fault.ErrForbidden)
		wantKind(t, "a pupil hides", f.svc.Hide(ctx, pupil, notice, "x"), fault.ErrForbidden)
		wantKind(t, "a teacher confirms", f.svc.Confirm(ctx, head, notice), fault.ErrForbidden)
		_, _, err = f.svc.Stream(ctx, manager, f.nodes["a1"].ID, 0)
		wantKind(t, "the school reads", err, nil)
		_, err = f.svc.Comment(ctx, manager, notice, "x", "")
		wantKind(t, "the school comments", err, fault.ErrForbidden)

		refused := f.actor(access.Pupil, "a1")
		refused.NoConsent = true
		wantKind(t, "without consent: confirm", f.svc.Confirm(ctx, refused, notice), nil)
		_, err = f.svc.Comment(ctx, refused, notice, "x", "")
		wantKind(t, "without consent: comment", err, fault.ErrForbidden)
		_, err = f.svc.Publish(ctx, refused, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Question, Body: "x"})
		wantKind(t, "without consent: ask", err, fault.ErrForbidden)
		if key, _ := fault.Message(err); key != "post.consent_refused" {
			t.Errorf("a refusal says %q", key)
		}
		refused.Unanswered = true
		_, err = f.svc.Comment(ctx, refused, notice, "x", "")
		if key, _ := fault.Message(err); key != "post.consent_unanswered" || !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("before an answer it says %q, %v", key, err)
		}
		wantKind(t, "without consent: report", f.svc.Report(ctx, refused, notice, "x"), nil)

		_, err = f.svc.Publish(ctx, head, post.Draft{Node: f.nodes["2122000001"].ID, Kind: post.Notice, Body: "x"})
		wantKind(t, "post into a school", err, fault.ErrNotFound)
	})
}

func TestClosedClassIsReadOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, pupil := f.actor(access.ClassTeacher, "a1"), f.actor(access.Pupil, "a1")
		notice := f.notice(t, head)
		if err := f.orgs.CloseClass(ctx, f.op, f.nodes["a1"].ID); err != nil {
			t.Fatal(err)
		}
		_, err := f.svc.Publish(ctx, head, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: "x"})
		wantKind(t, "post", err, fault.ErrConflict)
		_, err = f.svc.Comment(ctx, pupil, notice, "x", "")
		wantKind(t, "comment", err, fault.ErrConflict)
		wantKind(t, "confirm", f.svc.Confirm(ctx, pupil, notice), fault.ErrConflict)
		wantKind(t, "edit", f.svc.Edit(ctx, head, notice, 1, "x"), fault.ErrConflict)
		_, err = f.svc.Remind(ctx, head, notice)
		wantKind(t, "remind", err, fault.ErrConflict)
		if page, _, err := f.svc.Stream(ctx, pupil, f.nodes["a1"].ID, 0); err != nil || len(page) != 1 {
			t.Errorf("what was written is still there: %d, %v", len(page), err)
		}
		wantKind(t, "hide", f.svc.Hide(ctx, f.actor(access.School, "2122000001"), notice, "旧内容"), nil)
	})
}

func TestSameRequestTwice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, pupil := f.actor(access.ClassTeacher, "a1"), f.actor(access.Pupil, "a1")
		var jpg bytes.Buffer
		if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
			t.Fatal(err)
		}
		d := post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: "明天带彩笔。", Receipt: true, Key: "K1", Pictures: []post.Upload{{Data: jpg.Bytes()}}}
		posts, comments := map[id.Post]bool{}, map[id.Comment]bool{}
		type answer struct {
			post    id.Post
			comment id.Comment
			err     error
		}
		answers := make(chan answer)
		for range 8 {
			go func() {
				made, err := f.svc.Publish(ctx, head, d)
				answers <- answer{post: made, err: err}
			}()
		}
		for range 8 {
			a := <-answers
			wantKind(t, "publish", a.err, nil)
			posts[a.post] = true
		}
		if len(posts) != 1 || posts[0] {
			t.Fatalf("posts %v, want the same one each time", posts)
		}
		for notice := range posts {
			for range 8 {
				go func() {
					made, err := f.svc.Comment(ctx, pupil, notice, "好", "K1")
					answers <- answer{comment: made, err: err}
				}()
			}
		}
		for range 8 {
			a := <-answers
			wantKind(t, "comment", a.err, nil)
			comments[a.comment] = true
		}
		if len(comments) != 1 || comments[0] {
			t.Errorf("comments %v, want the same one each time", comments)
		}
		want := map[string]int{post.VerbMade: 1, post.VerbCommented: 1}
		if diff := cmp.Diff(want, f.verbs(t)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if n := f.count(t, `SELECT COUNT(*) FROM post_picture`); n != 1 || f.blobs.count() != 1 {
			t.Errorf("%d pictures, %d blobs; want 1 each", n, f.blobs.count())
		}
		f.counters(t)
	})
}

func TestBadInputLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		head := f.actor(access.ClassTeacher, "a1")
		var jpg bytes.Buffer
		if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
			t.Fatal(err)
		}
		picture := post.Upload{Data: jpg.Bytes()}
		tests := map[string]struct {
			draft  post.Draft
			broken bool
			kind   error
			key    string
		}{
			"empty":                   {draft: post.Draft{Body: " \r\n\t"}, kind: fault.ErrInvalid, key: "post.body.empty"},
			"nothing to be seen":      {draft: post.Draft{Body: "\u200b\u2060\x00"}, kind: fault.ErrInvalid, key: "post.body.empty"},
			"1 MB":                    {draft: post.Draft{Body: strings.Repeat("很长", 1<<18)}, kind: fault.ErrInvalid, key: "post.body.long"},
			"5,001 characters":        {draft: post.Draft{Body: strings.Repeat("长", post.MaxBody+1)}, kind: fault.ErrInvalid, key: "post.body.long"},
			"not UTF-8":               {draft: post.Draft{Body: "\xff\xfe"}, kind: fault.ErrInvalid, key: "post.body.encoding"},
			"unknown kind":            {draft: post.Draft{Body: "x", Kind: "poll"}, kind: fault.ErrInvalid, key: "post.kind.unknown"},
			"a key that is no key":    {draft: post.Draft{Body: "x", Key: strings.Repeat("k", 5000)}, kind: fault.ErrInvalid, key: "error.invalid_input"},
			"no picture":              {draft: post.Draft{Body: "x", Pictures: []post.Upload{picture, {Data: []byte("%PDF")}}}, kind: fault.ErrInvalid, key: "post.picture.format"},
			"a question's picture":    {draft: post.Draft{Body: "x", Kind: post.Question, Pictures: []post.Upload{picture}}, kind: fault.ErrInvalid, key: "post.picture.notice_only"},
			"ten pictures":            {draft: post.Draft{Body: "x", Pictures: make([]post.Upload, 10)}, kind: fault.ErrInvalid, key: "post.picture.many"},
			"the store does not take": {draft: post.Draft{Body: "x", Pictures: []post.Upload{picture}}, broken: true, kind: fault.ErrUnavailable, key: "post.picture.store"},
		}
		for name, test := range tests {
			f.blobs.broken = test.broken
			test.draft.Node = f.nodes["a1"].ID
			if test.draft.Kind == "" {
				test.draft.Kind = post.Notice
			}
			_, err := f.svc.Publish(t.Context(), head, test.draft)
			wantKind(t, name, err, test.kind)
			key, _ := fault.Message(err)
			if fields := fault.Fields(err); len(fields) == 1 {
				key = fields[0].Key
			}
			if key != test.key {
				t.Errorf("%s: message %q, want %q", name, key, test.key)
			}
		}
		if n := f.count(t, `SELECT COUNT(*) FROM post_post`); n != 0 || f.blobs.count() != 0 || len(f.verbs(t)) != 0 {
			t.Errorf("%d posts, %d blobs, events %v; want none", n, f.blobs.count(), f.verbs(t))
		}
		f.blobs.broken = false
		if _, err := f.svc.Publish(context.Background(), head, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: strings.Repeat("𠮷", post.MaxBody)}); err != nil {
			t.Errorf("5,000 characters: %v", err)
		}
	})
}
