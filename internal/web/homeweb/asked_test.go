package homeweb_test

import (
	"net/http"
	"strings"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/rights"
	"learnspace/internal/talk/post"
)

// TestWhatOthersAskedForWaitsAtTheDesk shows a request on the home of whoever
// decides it, of nobody beside him, and no longer than it waits.
func TestWhatOthersAskedForWaitsAtTheDesk(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		const school = "2122000001"
		pupil := f.make("林知夏", access.Pupil, "a1")
		mother := f.guardian("林妈", pupil)
		clerk, manager := f.holder("余晨", access.Registrar, school), f.holder("雷雨", access.School, school)
		others := []access.Actor{f.officer("别校", access.School, "2122000002"), f.officer("别县", access.County, "222426"), f.officer("省里", access.Province, "22")}
		text := func(by access.Actor) string {
			t.Helper()
			return f.As(by).Get("/home").Want(http.StatusOK).Text(todo)
		}
		list, err := f.deps.Custody.Ask(ctx, clerk, custody.Asking{Node: f.nodes[school].ID, Kind: custody.ClassList, Purpose: "秋季运动会编号用"})
		if err != nil {
			t.Fatal(err)
		}
		asked, err := f.deps.Rights.Ask(ctx, mother, rights.Asking{Subject: pupil.Person, Kind: rights.Erase, Text: "请删除照片"})
		if err != nil {
			t.Fatal(err)
		}
		if got := text(manager); !strings.Contains(got, "有1份名单等您批准") || !strings.Contains(got, "有1件个人信息申请等学校答复") {
			t.Errorf("the manager's home: %q", got)
		}
		if got := text(clerk); strings.Contains(got, "等您批准") || !strings.Contains(got, "有1件个人信息申请") {
			t.Errorf("the home of the clerk who asked: %q", got)
		}
		for _, by := range others {
			if got := text(by); strings.Contains(got, "等您批准") || strings.Contains(got, "个人信息申请") {
				t.Errorf("the home of %s: %q", by.Name, got)
			}
		}
		if page := f.As(mother).Get("/home").Want(http.StatusOK); page.Count("section[aria-labelledby=todo]") != 0 {
			t.Error("a guardian is told of an answer before there is one")
		}
		if err := f.deps.Custody.Approve(ctx, manager, list.ID, ""); err != nil {
			t.Fatal(err)
		}
		if got := text(clerk); strings.Contains(got, "可以下载了") {
			t.Errorf("the home of the clerk before the file is made: %q", got)
		}
		if _, err := f.deps.Custody.Jobs.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
		if got := text(clerk); !strings.Contains(got, "您申请的1份名单可以下载了") {
			t.Errorf("the home of the clerk whose list is ready: %q", got)
		}
		if got := text(manager); strings.Contains(got, "可以下载了") {
			t.Errorf("the manager is told of another's list: %q", got)
		}
		if _, err := f.deps.Rights.Answer(ctx, manager, rights.Answering{Request: asked.ID, Outcome: rights.OutcomeRefused, Text: "没有这样的照片"}); err != nil {
			t.Fatal(err)
		}
		if got := text(manager); strings.Contains(got, "等您批准") || strings.Contains(got, "个人信息申请") {
			t.Errorf("after both are done: %q", got)
		}
		if got := text(mother); !strings.Contains(got, "林知夏") || !strings.Contains(got, "有了答复") {
			t.Errorf("the guardian's home after the answer: %q", got)
		}
		if err := f.deps.Rights.Close(ctx, mother, asked.ID); err != nil {
			t.Fatal(err)
		}
		if page := f.As(mother).Get("/home").Want(http.StatusOK); page.Count("section[aria-labelledby=todo]") != 0 {
			t.Error("an answer that was noted stays on the home")
		}
	})
}

// TestQuestionsWaitOnTheTeachersHome shows a pupil's question until a teacher has
// answered it.
func TestQuestionsWaitOnTheTeachersHome(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		head, pupil := f.make("周沐阳", access.ClassTeacher, "a1"), f.make("林知夏", access.Pupil, "a1")
		asked, err := f.deps.Posts.Publish(t.Context(), pupil, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Question, Body: "衬衫要多大的？"})
		if err != nil {
			t.Fatal(err)
		}
		page := f.As(head).Get("/home").Want(http.StatusOK)
		if page.Count(todo+" a.btn[href='/posts/"+asked.String()+"#comments']") != 1 || !strings.Contains(page.Text(todo), "衬衫要多大的？") {
			t.Errorf("to do: %q", page.Text(todo))
		}
		if _, err := f.deps.Posts.Comment(t.Context(), head, asked, "大人的旧衬衫", ""); err != nil {
			t.Fatal(err)
		}
		if got := f.As(head).Get("/home").Want(http.StatusOK).Text(todo); strings.Contains(got, "衬衫") {
			t.Errorf("after the answer: %q", got)
		}
	})
}
