package spaceweb

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"learnspace/internal/access"
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
	Next     id.Comment
	Receipts []post.Receipt
	By       access.Actor
	// Answer is a comment as it was typed, Edit the edited post's text, after a
	// refusal; Errors are the complaints about it.
	Answer string
	Edit   string
	Errors ui.Errors
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

func (f *Face) showPost(w http.ResponseWriter, r *http.Request) error {
	return f.renderPost(w, r, http.StatusOK, postPage{})
}

func (f *Face) renderPost(w http.ResponseWriter, r *http.Request, status int, p postPage) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	p.By = by
	if p.Post, err = f.posts.Get(ctx, by, which); err != nil {
		return err
	}
	if p.classHead, err = f.head(ctx, by, p.Post.Node); err != nil {
		return err
	}
	if p.Comments, p.Next, err = f.posts.Comments(ctx, by, which, web.FormID[id.Comment](r, "after")); err != nil {
		return err
	}
	if p.classHead.Post && p.Post.Receipt {
		if p.Receipts, err = f.posts.Receipts(ctx, by, which); err != nil {
			return err
		}
	}
	if p.Edit == "" {
		p.Edit = p.Post.Body
	}
	if err := web.Render(w, r, status, postView(p)); err != nil {
		return err
	}
	if r.Method == http.MethodGet && !web.IsPrefetch(r) {
		if err := f.notices.MarkRead(ctx, by, int64(which)); err != nil {
			return err
		}
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
		return f.posts.Confirm(r.Context(), web.Actor(r.Context()), which)
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
	text := r.FormValue("body")
	_, err = f.posts.Comment(r.Context(), web.Actor(r.Context()), which, text, r.FormValue(ui.KeyName))
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderPost(w, r, http.StatusUnprocessableEntity, postPage{Answer: text, Errors: errs})
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/posts/"+which.String()+"#comments")
}

func (f *Face) edit(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Post](r, "post")
	if err != nil {
		return err
	}
	text := r.FormValue("text")
	version, _ := strconv.ParseInt(r.FormValue("version"), 10, 64)
	err = f.posts.Edit(r.Context(), web.Actor(r.Context()), which, version, text)
	if errs, ok := web.Invalid(r, err); ok {
		for i := range errs {
			errs[i].Name = "text"
		}
		return f.renderPost(w, r, http.StatusUnprocessableEntity, postPage{Edit: text, Errors: errs})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "space.edited_now")
	return backTo(w, r, which)
}

// pictureAge lets a browser keep a picture for an hour; it never changes.
const pictureAge = time.Hour

func (f *Face) picture(w http.ResponseWriter, r *http.Request) error {
	which, err := web.PathID[id.Picture](r, "picture")
	if err != nil {
		return err
	}
	body, p, err := f.posts.OpenPicture(r.Context(), web.Actor(r.Context()), which)
	if err != nil {
		return err
	}
	defer body.Close()
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(p.Bytes))
	h.Set("Content-Disposition", "inline; filename=\"picture.jpg\"")
	h.Set("Cache-Control", "private, max-age="+strconv.Itoa(int(pictureAge.Seconds())))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, body)
	return err
}
