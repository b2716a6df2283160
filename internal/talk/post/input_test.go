package post_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

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
