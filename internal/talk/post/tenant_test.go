package post_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

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
			if list, err := f.svc.Unanswered(ctx, by, 10); len(list) != 0 || err != nil {
				t.Errorf("%s: unanswered = %+v, %v", who, list, err)
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
		refused.NoConsent, refused.Talk = false, "withdrawn"
		_, err = f.svc.Comment(ctx, refused, notice, "x", "")
		if key, _ := fault.Message(err); key != "post.talk_refused" || !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("after talk was withdrawn it says %q, %v", key, err)
		}
		refused.NoConsent, refused.Talk = true, ""
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
