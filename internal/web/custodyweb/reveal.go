package custodyweb

import (
	"context"
	"net/http"

	"learnspace/internal/clock"
	"learnspace/internal/custody"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// dayOf is the day of the request.
func dayOf(ctx context.Context) clock.Day { return clock.DayOf(web.Now(ctx)) }

// revealPage asks for the reason, or shows the value once.
type revealPage struct {
	Person person.Person
	Field  string
	Reason string
	Note   string
	Errors ui.Errors
	Shown  custody.Shown
	Back   string
}

// asking reads which number of whom a path names.
func (f *Face) asking(r *http.Request) (revealPage, error) {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return revealPage{}, err
	}
	page := revealPage{Field: r.PathValue("field")}
	switch page.Field {
	case person.FieldIDNo, person.FieldStudentNo, person.FieldPhone:
	default:
		return revealPage{}, fault.New(fault.ErrNotFound, "error.not_found")
	}
	page.Person, err = f.People.Profiled(r.Context(), web.Actor(r.Context()), who)
	page.Back = ui.Href("people", who)
	if back := web.FormID[id.Person](r, "from"); back != 0 {
		page.Back = ui.Href("people", back)
	}
	return page, err
}

func (f *Face) askReveal(w http.ResponseWriter, r *http.Request) error {
	page, err := f.asking(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, revealView(page))
}

// reveal shows the value on the answer of a POST, which no cache and no history
// keeps.
func (f *Face) reveal(w http.ResponseWriter, r *http.Request) error {
	page, err := f.asking(r)
	if err != nil {
		return err
	}
	page.Reason, page.Note = r.PostFormValue("reason"), r.PostFormValue("note")
	page.Shown, err = f.Custody.Reveal(r.Context(), web.Actor(r.Context()),
		custody.Showing{Person: page.Person.ID, Field: page.Field, Reason: page.Reason, Note: page.Note})
	if errs, ok := web.Invalid(r, err); ok {
		page.Errors = errs
		return web.Render(w, r, http.StatusUnprocessableEntity, revealView(page))
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.Render(w, r, http.StatusOK, shownView(page))
}

// reasons are the choices of the form.
func reasons(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, key := range custody.Reasons() {
		out = append(out, ui.Option{Value: key, Label: i18n.T(ctx, "custody.reason."+key)})
	}
	return out
}
