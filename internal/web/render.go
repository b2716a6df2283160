package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/a-h/templ"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/web/ui"
)

var buffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 32<<10)) }}

// Render writes a page or a part of one. It is rendered as a whole first, so
// an error in it still becomes an error page.
func Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	q := requestOf(r.Context())
	ctx := r.Context()
	if q != nil {
		ctx = ui.WithFrame(ctx, q.frame(w, r))
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if err := c.Render(ctx, buf); err != nil {
		return fmt.Errorf("render %s: %w", r.Pattern, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", i18n.Lang(ctx).Tag())
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", cacheControl(q))
	}
	h.Add("Vary", "Cookie, Accept-Language, HX-Request")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(buf.Bytes())
	if err != nil {
		return errGone{err}
	}
	return nil
}

// errGone is a browser that no longer listens: nothing to answer.
type errGone struct{ cause error }

func (e errGone) Error() string { return "browser is gone: " + e.cause.Error() }
func (e errGone) Unwrap() error { return e.cause }

// cacheControl keeps pages of a signed-in person out of every cache, the back
// button of a shared computer included.
func cacheControl(q *request) string {
	if q != nil && q.actor.IsPerson() {
		return "no-store"
	}
	return "no-cache"
}

// frame collects what every page shows.
func (q *request) frame(w http.ResponseWriter, r *http.Request) *ui.Frame {
	s, lang := q.server, i18n.Lang(r.Context())
	f := &ui.Frame{
		Brand: s.platform(lang), Tagline: i18n.Text(lang, "ui.tagline"), Organiser: s.organiser(lang),
		Theme: q.prefs.theme, Size: q.prefs.size, Path: r.URL.RequestURI(), Now: q.now, Asset: s.static.address,
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		f.Path = s.referer(r)
	}
	if s.options.Demo {
		f.Demo = q.now
	}
	if !IsHTMX(r) {
		f.Flashes = append(q.readFlashes(w, r), q.pending...)
		q.dropFlashes(w)
	}
	if q.actor.IsPerson() {
		q.describe(r.Context(), f)
	}
	return f
}

func (q *request) describe(ctx context.Context, f *ui.Frame) {
	a := q.actor
	f.User = &ui.User{Name: a.Name, Role: string(a.Role), Shared: a.Shared}
	if a.ViewedBy != 0 {
		f.Viewing, f.User.Shared = a.Name, false
	}
	for _, role := range a.Roles() {
		f.User.Roles = append(f.User.Roles, string(role))
	}
	var d Description
	if q.server.options.Describe != nil && !q.failed {
		d = q.server.options.Describe(ctx, a)
	}
	f.User.Place, f.Stage, f.Nav = d.Place, d.Stage, d.Nav
	if f.Nav == nil {
		f.Nav = Nav(ctx, a)
	}
}

// organiser is the footer's line about who runs the platform.
func (s *Server) organiser(l i18n.Language) string {
	switch {
	case s.options.Office == "":
		return ""
	case s.options.Phone == "":
		return i18n.Text(l, "ui.organiser", s.options.Office)
	}
	return i18n.Text(l, "ui.organiser_phone", s.options.Office, s.options.Phone)
}

// Invalid turns an error of kind invalid that names fields into the messages
// of a form; ok is false for every other error, which the handler returns.
func Invalid(r *http.Request, err error) (errs ui.Errors, ok bool) {
	fields := fault.Fields(err)
	if len(fields) == 0 {
		return nil, false
	}
	for _, f := range fields {
		errs = append(errs, ui.FieldError{Name: f.Name, Text: i18n.T(r.Context(), f.Key, f.Args...)})
	}
	return errs, true
}

// Permitted reports whether the active role holds p anywhere, for pages that
// leave out what the reader could not do.
func Permitted(ctx context.Context, p access.Permission) bool { return Actor(ctx).Can(p) }
