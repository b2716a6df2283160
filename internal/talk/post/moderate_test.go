package post_test

import (
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/talk/post"
)

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
