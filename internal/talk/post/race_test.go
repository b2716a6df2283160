package post_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

func TestConfirmsAtOnceGiveOneReceiptEach(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		notice := f.notice(t, f.actor(access.ClassTeacher, "a1"))
		var wg sync.WaitGroup
		for range 6 {
			pupil := f.actor(access.Pupil, "a1")
			for range 3 {
				wg.Go(func() {
					if err := f.svc.Confirm(ctx, pupil, notice); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		f.counters(t)
		if n := f.count(t, `SELECT receipts FROM post_post WHERE id = $1`, notice); n != 6 {
			t.Errorf("receipts = %d, want 6", n)
		}
		if got := f.verbs(t)[post.VerbConfirmed]; got != 6 {
			t.Errorf("%d events, want 6", got)
		}
	})
}

func TestCommentAgainstHide(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head := f.actor(access.ClassTeacher, "a1")
		notice := f.notice(t, head)
		var wg sync.WaitGroup
		var mu sync.Mutex
		accepted := 0
		for range 12 {
			pupil := f.actor(access.Pupil, "a1")
			wg.Go(func() {
				_, err := f.svc.Comment(ctx, pupil, notice, "好", "")
				switch {
				case err == nil:
					mu.Lock()
					accepted++
					mu.Unlock()
				case !errors.Is(err, fault.ErrConflict) && !errors.Is(err, fault.ErrNotFound):
					t.Errorf("comment: %v", err)
				}
			})
		}
		wg.Go(func() { wantKind(t, "hide", f.svc.Hide(ctx, head, notice, "先停一下"), nil) })
		wg.Wait()
		f.counters(t)
		if n := f.count(t, `SELECT comments FROM post_post WHERE id = $1`, notice); n != accepted {
			t.Errorf("comments = %d, want the %d that were accepted", n, accepted)
		}
		_, err := f.svc.Comment(ctx, head, notice, "还能说吗", "")
		wantKind(t, "comment on what is hidden", err, fault.ErrConflict)
		if got := f.verbs(t)[post.VerbCommented]; got != accepted {
			t.Errorf("%d events, want %d", got, accepted)
		}
	})
}

func TestTwoHideOneComment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		head, manager, author := f.actor(access.ClassTeacher, "a1"), f.actor(access.School, "2122000001"), f.actor(access.Pupil, "a1")
		notice := f.notice(t, head)
		for range 5 {
			made, err := f.svc.Comment(ctx, author, notice, "好", "")
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			steps := []func() error{
				func() error { _, err := f.svc.HideComment(ctx, head, made, "一"); return err },
				func() error { _, err := f.svc.HideComment(ctx, manager, made, "二"); return err },
				func() error { _, err := f.svc.WithdrawComment(ctx, author, made); return err },
			}
			for _, step := range steps {
				wg.Go(func() {
					if err := step(); err != nil && !errors.Is(err, fault.ErrStale) && !errors.Is(err, fault.ErrConflict) && !errors.Is(err, fault.ErrNotFound) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		f.counters(t)
		if n := f.count(t, `SELECT comments FROM post_post WHERE id = $1`, notice); n != 0 {
			t.Errorf("comments = %d, want 0", n)
		}
	})
}

func TestRemindersAtOnceTellOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		head := f.actor(access.ClassTeacher, "a1")
		f.actor(access.Pupil, "a1")
		notice := f.notice(t, head)
		var wg sync.WaitGroup
		var mu sync.Mutex
		told := 0
		for range 8 {
			wg.Go(func() {
				n, err := f.svc.Remind(t.Context(), head, notice)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				told += n
				mu.Unlock()
			})
		}
		wg.Wait()
		if told != 1 || f.verbs(t)[post.VerbReminded] != 1 {
			t.Errorf("told %d, events %v; want 1", told, f.verbs(t))
		}
	})
}

// TestCountersEqualRows runs steps in a random order, most of them allowed,
// some not; after each the counters are the rows.
func TestCountersEqualRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		r := rand.New(rand.NewPCG(2019, 11))
		people := []access.Actor{f.actor(access.ClassTeacher, "a1"), f.actor(access.School, "2122000001"),
			f.actor(access.Pupil, "a1"), f.actor(access.Pupil, "a1"), f.actor(access.Pupil, "b1")}
		posts := []id.Post{f.notice(t, people[0]), f.notice(t, people[0])}
		comments := []id.Comment{1}
		steps := []func(by access.Actor, p id.Post, c id.Comment) error{
			func(by access.Actor, p id.Post, _ id.Comment) error {
				made, err := f.svc.Comment(ctx, by, p, "好", string(rune('a'+r.IntN(26))))
				if err == nil {
					comments = append(comments, made)
				}
				return err
			},
			func(by access.Actor, p id.Post, _ id.Comment) error { return f.svc.Confirm(ctx, by, p) },
			func(by access.Actor, p id.Post, _ id.Comment) error { return f.svc.Hide(ctx, by, p, "因为") },
			func(by access.Actor, p id.Post, _ id.Comment) error { return f.svc.Withdraw(ctx, by, p) },
			func(by access.Actor, p id.Post, _ id.Comment) error { return f.svc.Restore(ctx, by, p) },
			func(by access.Actor, _ id.Post, c id.Comment) error {
				_, err := f.svc.HideComment(ctx, by, c, "因为")
				return err
			},
			func(by access.Actor, _ id.Post, c id.Comment) error {
				_, err := f.svc.WithdrawComment(ctx, by, c)
				return err
			},
			func(by access.Actor, _ id.Post, c id.Comment) error {
				_, err := f.svc.RestoreComment(ctx, by, c)
				return err
			},
		}
		for range 250 {
			by, p := people[r.IntN(len(people))], posts[r.IntN(len(posts))]
			err := steps[r.IntN(len(steps))](by, p, comments[r.IntN(len(comments))])
			if err != nil && fault.Kind(err) == nil {
				t.Fatal(err)
			}
		}
		f.counters(t)
		if n := f.count(t, `SELECT COUNT(*) FROM post_comment`); n == 0 {
			t.Error("no comment was accepted: the test tests nothing")
		}
	})
}
