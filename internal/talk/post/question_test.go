package post_test

import (
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/talk/post"
)

func TestQuestionsWaitForATeacher(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, teacher := f.actor(access.ClassTeacher, "a1"), f.actor(access.Teacher, "a1")
		pupil, friend, next := f.actor(access.Pupil, "a1"), f.actor(access.Pupil, "a1"), f.actor(access.Teacher, "a2")
		asked, err := f.svc.Publish(ctx, pupil, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Question, Body: "衬衫要多大的？"})
		if err != nil {
			t.Fatal(err)
		}
		waits := func(by access.Actor) int {
			t.Helper()
			list, err := f.svc.Unanswered(ctx, by, 10)
			if err != nil || len(list) > 0 && list[0].ID != asked {
				t.Fatalf("%v, %v", list, err)
			}
			return len(list)
		}
		if waits(head) != 1 || waits(teacher) != 1 || waits(next) != 0 || waits(pupil) != 0 || waits(f.actor(access.School, "2122000001")) != 0 {
			t.Error("a question waits for the teachers of its class and for nobody else")
		}
		if _, err := f.svc.Comment(ctx, friend, asked, "我也想知道", ""); err != nil {
			t.Fatal(err)
		}
		if waits(head) != 1 {
			t.Error("a classmate's words are no answer")
		}
		answer, err := f.svc.Comment(ctx, teacher, asked, "大人的旧衬衫", "")
		if err != nil {
			t.Fatal(err)
		}
		if waits(head) != 0 {
			t.Error("an answered question still waits")
		}
		if _, err := f.svc.WithdrawComment(ctx, teacher, answer); err != nil {
			t.Fatal(err)
		}
		if waits(head) != 1 {
			t.Error("a withdrawn answer counts")
		}
		f.Clock.Advance(15 * 24 * time.Hour)
		if waits(head) != 0 {
			t.Error("a question waits for ever")
		}
	})
}
