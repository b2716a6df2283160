package rosterweb

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// problemsShown is how many rows with problems the page of a batch lists; the
// workbook holds all of them.
const problemsShown = 100

// batchPage is one batch as it stands: being read, to be confirmed, under way,
// done.
type batchPage struct {
	ui.Page
	node   org.Node
	batch  roster.Batch
	report roster.Report
	errs   ui.Errors
	undo   bool
}

func (f *Face) showBatch(w http.ResponseWriter, r *http.Request) error {
	return f.renderBatch(w, r, http.StatusOK, nil)
}

func (f *Face) renderBatch(w http.ResponseWriter, r *http.Request, status int, errs ui.Errors) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	bid, err := web.PathID[id.Batch](r, "batch")
	if err != nil {
		return err
	}
	b, report, err := f.rosters.Get(ctx, by, bid, problemsShown)
	if err != nil {
		return err
	}
	n, err := f.org.Get(ctx, by, b.Node)
	if err != nil {
		return err
	}
	report.Localize(web.Language(ctx))
	p := batchPage{node: n, batch: b, report: report, errs: errs, undo: b.Undoable(web.Now(ctx))}
	title := i18n.T(ctx, "roster.batch.title", first(b.Names))
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "roster.batch.lead", n.Name), Nav: "rosters",
		Crumbs: []ui.Crumb{
			{Label: n.Name, Href: "/nodes/" + n.ID.String()},
			{Label: i18n.T(ctx, "roster.title"), Href: address(n.ID, "rosters")},
			{Label: first(b.Names)},
		}}
	if b.Busy() {
		p.Refresh = 2
	}
	return web.Render(w, r, status, batchView(p))
}

func first(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	return names[0] + " +" + strconv.Itoa(len(names)-1)
}

// act runs one step of a batch and comes back to its page; what the user can
// mend is shown there.
func (f *Face) act(w http.ResponseWriter, r *http.Request, flash string, step func(id.Batch) error) error {
	bid, err := web.PathID[id.Batch](r, "batch")
	if err != nil {
		return err
	}
	if err := step(bid); err != nil {
		if errs, ok := web.Invalid(r, err); ok {
			return f.renderBatch(w, r, http.StatusUnprocessableEntity, errs)
		}
		if key, args := fault.Message(err); key != "" && errors.Is(err, fault.ErrConflict) {
			return f.renderBatch(w, r, http.StatusConflict, ui.Errors{{Text: i18n.T(r.Context(), key, args...)}})
		}
		return err
	}
	web.Flash(w, r, flash)
	return web.Redirect(w, r, "/rosters/"+bid.String())
}

func (f *Face) confirm(w http.ResponseWriter, r *http.Request) error {
	leavers, err := strconv.ParseInt(r.FormValue("leavers"), 10, 64)
	if err != nil {
		leavers = 0
	}
	return f.act(w, r, "roster.flash.confirmed", func(bid id.Batch) error {
		return f.rosters.Confirm(r.Context(), web.Actor(r.Context()), bid, r.FormValue("promotion") == "1", leavers)
	})
}

func (f *Face) undo(w http.ResponseWriter, r *http.Request) error {
	return f.act(w, r, "roster.flash.undone", func(bid id.Batch) error {
		return f.rosters.Undo(r.Context(), web.Actor(r.Context()), bid)
	})
}

func (f *Face) drop(w http.ResponseWriter, r *http.Request) error {
	return f.act(w, r, "roster.flash.dropped", func(bid id.Batch) error {
		return f.rosters.Drop(r.Context(), web.Actor(r.Context()), bid)
	})
}

func (f *Face) downloadErrors(w http.ResponseWriter, r *http.Request) error {
	bid, err := web.PathID[id.Batch](r, "batch")
	if err != nil {
		return err
	}
	name := i18n.T(r.Context(), "roster.errors.filename") + ".xlsx"
	return download(w, name, func(w io.Writer) error {
		return f.rosters.Errors(r.Context(), web.Actor(r.Context()), bid, web.Language(r.Context()), w)
	})
}

func (f *Face) saveMended(w http.ResponseWriter, r *http.Request) error {
	bid, err := web.PathID[id.Batch](r, "batch")
	if err != nil {
		return err
	}
	broken := ui.Errors{{Name: "file", Text: i18n.T(r.Context(), "roster.upload.broken")}}
	body, err := r.MultipartReader()
	if err != nil {
		return f.renderBatch(w, r, http.StatusUnprocessableEntity, broken)
	}
	var form uploadForm
	part, err := fields(body, &form)
	if err != nil {
		return f.renderBatch(w, r, http.StatusUnprocessableEntity, broken)
	}
	var file io.Reader = bytes.NewReader(nil)
	if part != nil {
		file = part
	}
	next, err := f.rosters.Mend(r.Context(), web.Actor(r.Context()), bid, form.key, file)
	if err != nil {
		if key, args := fault.Message(err); key != "" && errors.Is(err, fault.ErrInvalid) {
			return f.renderBatch(w, r, http.StatusUnprocessableEntity, ui.Errors{{Name: "file", Text: i18n.T(r.Context(), key, args...)}})
		}
		return err
	}
	return web.Redirect(w, r, "/rosters/"+next.String())
}
