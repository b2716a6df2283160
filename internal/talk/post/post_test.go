package post_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

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
