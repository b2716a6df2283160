package spaceweb

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// postPage is one post with its comments and, for whoever posts in the class,
// its receipts.
type postPage struct {
	classHead
	Post     post.Post
	Comments []post.Comment
	Older    id.Comment
	// Earlier says that newer comments than these are on another page.
	Earlier  bool
	Receipts []post.Receipt
	By       access.Actor
	// Answer is a comment as it was typed, Edit the edited post's text, after a
	// refusal; Errors are the complaints about it.
	Answer string
	Edit   string
	Errors ui.Errors
	// Again is when pupils may be reminded again; zero: now.
	Again time.Time
}

// Mine reports whether the reader wrote the post.
func (p postPage) Mine() bool { return p.Post.Author == p.By.Person }

// Missing counts the pupils who have not confirmed.
func (p postPage) Missing() int {
	n := 0
	for _, r := range p.Receipts {
		if r.ConfirmedAt.IsZero() {
			n++
		}
	}
	return n
}

// Reachable counts the pupils whom a reminder would reach.
func (p postPage) Reachable() int {
	n := 0
	for _, r := range p.Receipts {
		if r.Waiting() {
			n++
		}
	}
	return n
}

func (f *Face) showPost(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	return f.renderPost(w, r, http.StatusOK, which, postPage{})
}

// renderPost shows a post, after a refusal with what was typed.
func (f *Face) renderPost(w http.ResponseWriter, r *http.Request, status int, which id.Post, p postPage) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	var err error
	p.By = by
	if p.Post, err = f.posts.Get(ctx, by, which); err != nil {
		return err
	}
	if p.classHead, err = f.head(ctx, by, p.Post.Node); err != nil {
		return err
	}
	before := web.FormID[id.Comment](r, "before")
	p.Earlier = before != 0
	if p.Comments, p.Older, err = f.posts.Comments(ctx, by, which, before); err != nil {
		return err
	}
	if p.classHead.Receipts && p.Post.Receipt {
		if p.Receipts, err = f.posts.Receipts(ctx, by, which); err != nil {
			return err
		}
		if at := p.Post.RemindedAt.Add(post.RemindEvery); at.After(web.Now(ctx)) {
			p.Again = at
		}
	}
	if p.Edit == "" {
		p.Edit = p.Post.Body
	}
	if err := web.Render(w, r, status, postView(p)); err != nil {
		return err
	}
	if p.Post.Read || web.IsPrefetch(r) {
		return nil
	}
	return f.markRead(r, []post.Post{p.Post})
}

// backTo leads back to the post, or to the class where the form stood.
func backTo(w http.ResponseWriter, r *http.Request, which id.Post) error {
	return web.Redirect(w, r, web.Local(r.FormValue("back"), "/posts/"+which.String()))
}

// act runs one step on the post of the path and goes back with a message.
func act(w http.ResponseWriter, r *http.Request, done string, step func(which id.Post) error) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	if err := step(which); err != nil {
		return err
	}
	web.Flash(w, r, done)
	return backTo(w, r, which)
}

func (f *Face) confirm(w http.ResponseWriter, r *http.Request) error {
	return act(w, r, "space.confirmed_now", func(which id.Post) error {
		if err := f.posts.Confirm(r.Context(), web.Actor(r.Context()), which); err != nil {
			return err
		}
		return f.notices.MarkRead(r.Context(), web.Actor(r.Context()), int64(which))
	})
}

func (f *Face) withdraw(w http.ResponseWriter, r *http.Request) error {
	return act(w, r, "space.withdrawn_now", func(which id.Post) error {
		return f.posts.Withdraw(r.Context(), web.Actor(r.Context()), which)
	})
}

func (f *Face) restore(w http.ResponseWriter, r *http.Request) error {
	return act(w, r, "space.restored_now", func(which id.Post) error {
		return f.posts.Restore(r.Context(), web.Actor(r.Context()), which)
	})
}

func (f *Face) remind(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	n, err := f.posts.Remind(r.Context(), web.Actor(r.Context()), which)
	if err != nil {
		return err
	}
	if n == 0 {
		web.Flash(w, r, "space.reminded_none")
	} else {
		web.Flash(w, r, "space.reminded", n)
	}
	return backTo(w, r, which)
}

func (f *Face) comment(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return broken(err)
	}
	text := r.PostForm.Get("body")
	made, err := f.posts.Comment(r.Context(), web.Actor(r.Context()), which, text, r.PostForm.Get(ui.KeyName))
	if status, errs, ok := again(r, err, "body"); ok {
		return f.renderPost(w, r, status, which, postPage{Answer: text, Errors: errs})
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/posts/"+which.String()+"#c"+made.String())
}

func (f *Face) edit(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return broken(err)
	}
	text := r.PostForm.Get("text")
	version, _ := strconv.ParseInt(r.PostForm.Get("version"), 10, 64)
	err = f.posts.Edit(r.Context(), web.Actor(r.Context()), which, version, text)
	if status, errs, ok := again(r, err, "text"); ok {
		for i := range errs {
			errs[i].Name = "text"
		}
		return f.renderPost(w, r, status, which, postPage{Edit: text, Errors: errs})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "space.edited_now")
	return backTo(w, r, which)
}

// again turns a refusal that the writer can answer into the complaints of his
// form, so that what he typed is not lost: wrong input, a class closed or a
// post changed meanwhile, a store that does not answer. Others are ok = false.
func again(r *http.Request, err error, field string) (status int, errs ui.Errors, ok bool) {
	if errs, ok := web.Invalid(r, err); ok {
		return http.StatusUnprocessableEntity, errs, true
	}
	kind := fault.Kind(err)
	if !slices.Contains([]error{fault.ErrInvalid, fault.ErrConflict, fault.ErrStale, fault.ErrUnavailable}, kind) {
		return 0, nil, false
	}
	key, args := fault.Message(err)
	if key == "" {
		return 0, nil, false
	}
	return web.Status(err), ui.Errors{{Name: field, Text: i18n.T(r.Context(), key, args...)}}, true
}

func (f *Face) picture(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Picture](r, "picture")
	if err != nil {
		return err
	}
	// The browser keeps the bytes and asks each time whether they may still be
	// seen: a picture never changes, who may see it does.
	tag := `"` + which.String() + `"`
	unchanged := r.Header.Get("If-None-Match") == tag
	_, p, err := f.posts.OpenPicture(r.Context(), web.Actor(r.Context()), which, true)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	file := web.File{Key: p.StoreKey(), Type: "image/jpeg", Name: "picture.jpg", Bytes: p.Bytes, Inline: true}
	return web.SendStored(w, r, file, func() (io.ReadCloser, error) {
		body, _, err := f.posts.OpenPicture(r.Context(), web.Actor(r.Context()), which, false)
		return body, err
	})
}
