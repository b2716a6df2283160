package spaceweb

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// classPage is the stream of a class with the form to write into it.
type classPage struct {
	classHead
	Posts  []post.Post
	Next   id.Post
	Form   draftForm
	Errors ui.Errors
	By     access.Actor
}

// draftForm is what was typed into the form; it survives a refusal.
type draftForm struct {
	Body    string
	Receipt bool
	Kind    post.Kind
}

func (f *Face) showClass(w http.ResponseWriter, r *http.Request) error {
	return f.renderClass(w, r, http.StatusOK, draftForm{Receipt: true}, nil)
}

// renderClass shows the stream, after a refusal with the form as it was.
func (f *Face) renderClass(w http.ResponseWriter, r *http.Request, status int, form draftForm, errs ui.Errors) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	class, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	p := classPage{Form: form, Errors: errs, By: by}
	if p.Posts, p.Next, err = f.posts.Stream(ctx, by, class, web.FormID[id.Post](r, "before")); err != nil {
		return err
	}
	if p.classHead, err = f.head(ctx, by, class); err != nil {
		return err
	}
	if err := web.Render(w, r, status, classView(p)); err != nil {
		return err
	}
	return f.markRead(r, p.Posts)
}

// markRead sets the reader's marks after the answer has gone out. A page that
// the browser loads before anybody asked for it was read by nobody.
func (f *Face) markRead(r *http.Request, posts []post.Post) error {
	if r.Method != http.MethodGet || web.IsPrefetch(r) {
		return nil
	}
	var fresh []id.Post
	for _, p := range posts {
		if !p.Read {
			fresh = append(fresh, p.ID)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	by := web.Actor(r.Context())
	web.After(r, func(ctx context.Context) error { return f.posts.MarkRead(ctx, by, fresh) })
	return nil
}

func (f *Face) publish(w http.ResponseWriter, r *http.Request) error {
	class, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	uploads, err := readPictures(r)
	defer removeUploads(r)
	form := formOf(r)
	if err == nil {
		d := post.Draft{Node: class, Kind: form.Kind, Body: form.Body, Receipt: form.Receipt, Pictures: uploads, Key: r.FormValue(ui.KeyName)}
		_, err = f.posts.Publish(r.Context(), web.Actor(r.Context()), d)
	}
	if status, errs, ok := again(r, err, "body"); ok {
		return f.renderClass(w, r, status, form, errs)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "space.published")
	return web.Redirect(w, r, "/classes/"+class.String())
}

func formOf(r *http.Request) draftForm {
	return draftForm{Body: r.FormValue("body"), Receipt: r.FormValue("receipt") == "1", Kind: post.Kind(r.FormValue("kind"))}
}

// memoryLimit is how much of a form is kept in memory; larger pictures wait on
// disk until it is their turn.
const memoryLimit = 1 << 20

// removeUploads removes what waited on disk. The server does so only for the
// request as it came, and this one carries a context.
func removeUploads(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll()
	}
}

// readPictures reads the form and finds the pictures in it; each is bounded,
// and so is their number.
func readPictures(r *http.Request) ([]post.Upload, error) {
	if err := r.ParseForm(); err != nil {
		return nil, broken(err)
	}
	err := r.ParseMultipartForm(memoryLimit)
	if errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	}
	if err != nil {
		return nil, broken(err)
	}
	files := r.MultipartForm.File["pictures"]
	if len(files) > post.MaxPictures {
		return nil, fault.Invalid(fault.At("pictures", "post.picture.many", len(files), post.MaxPictures))
	}
	var out []post.Upload
	for _, h := range files {
		if h.Size > 0 {
			out = append(out, post.Upload{Open: func() (io.ReadCloser, error) { return h.Open() }})
		}
	}
	return out, nil
}

// broken says why a form could not be read: too large, or cut off on its way.
func broken(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	if errors.Is(err, multipart.ErrMessageTooLarge) {
		return fault.Invalid(fault.At("body", "post.body.huge", post.MaxBody))
	}
	return fault.Wrap(fault.ErrInvalid, err, "space.upload_broken")
}
