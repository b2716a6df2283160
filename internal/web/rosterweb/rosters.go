package rosterweb

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"

	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// listed is how many batches or transfers a page shows.
const listed = 20

// rostersPage is the upload form with the batches below it.
type rostersPage struct {
	ui.Page
	node    org.Node
	form    uploadForm
	errs    ui.Errors
	batches []roster.Batch
	pager   ui.Pages
	waiting int // transfers that wait here
}

// uploadForm is what the form holds beside its files.
type uploadForm struct {
	mode string
	key  string
}

func (f *Face) showRosters(w http.ResponseWriter, r *http.Request) error {
	return f.renderRosters(w, r, http.StatusOK, uploadForm{mode: string(roster.Add)}, nil)
}

func (f *Face) renderRosters(w http.ResponseWriter, r *http.Request, status int, form uploadForm, errs ui.Errors) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	before := web.FormID[id.Batch](r, "before")
	batches, err := f.rosters.Batches(ctx, by, node, before, listed+1)
	if err != nil {
		return err
	}
	n, err := f.org.Get(ctx, by, node)
	if err != nil {
		return err
	}
	waiting, err := f.rosters.Waiting(ctx, by, node)
	if err != nil {
		return err
	}
	p := rostersPage{node: n, form: form, errs: errs, batches: batches, waiting: waiting}
	if len(batches) > listed {
		p.batches = batches[:listed]
		p.pager.Next = address(node, "rosters") + "?before=" + batches[listed-1].ID.String()
	}
	p.Page = ui.Page{Title: i18n.T(ctx, "roster.title"), Lead: i18n.T(ctx, "roster.lead", n.Name), Nav: "rosters",
		Crumbs: []ui.Crumb{{Label: n.Name, Href: "/nodes/" + n.ID.String()}, {Label: i18n.T(ctx, "roster.title")}}}
	return web.Render(w, r, status, rostersView(p))
}

// address is a page below a node.
func address(node id.Node, page string) string { return "/nodes/" + node.String() + "/" + page }

func (f *Face) saveUpload(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	form := uploadForm{mode: string(roster.Add)}
	broken := ui.Errors{{Name: "file", Text: i18n.T(ctx, "roster.upload.broken")}}
	body, err := r.MultipartReader()
	if err != nil {
		return f.renderRosters(w, r, http.StatusUnprocessableEntity, form, broken)
	}
	first, err := fields(body, &form)
	if err != nil {
		return f.renderRosters(w, r, http.StatusUnprocessableEntity, form, broken)
	}
	batch, err := f.rosters.Upload(ctx, web.Actor(ctx), node, roster.Mode(form.mode), form.key, parts(body, first))
	if err != nil {
		if errs, ok := web.Invalid(r, err); ok {
			return f.renderRosters(w, r, http.StatusUnprocessableEntity, form, errs)
		}
		if key, args := fault.Message(err); key != "" && (errors.Is(err, fault.ErrInvalid) || errors.Is(err, fault.ErrTooMany)) {
			return f.renderRosters(w, r, http.StatusUnprocessableEntity, form, ui.Errors{{Name: "file", Text: i18n.T(ctx, key, args...)}})
		}
		return err
	}
	return web.Redirect(w, r, "/rosters/"+batch.String())
}

// fields reads the fields in front of the first file and returns that file's
// part, nil when there is none.
func fields(body *multipart.Reader, form *uploadForm) (*multipart.Part, error) {
	for {
		p, err := body.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if p.FileName() != "" {
			return p, nil
		}
		if p.FormName() == "file" {
			continue // a file field without a file
		}
		value, err := io.ReadAll(io.LimitReader(p, 200))
		if err != nil {
			return nil, err
		}
		switch p.FormName() {
		case "mode":
			form.mode = string(value)
		case ui.KeyName:
			form.key = string(value)
		}
	}
}

// parts yields the files of the form, first included, as they arrive.
func parts(body *multipart.Reader, first *multipart.Part) func(yield func(roster.Part, error) bool) {
	return func(yield func(roster.Part, error) bool) {
		for p := first; p != nil; {
			if p.FileName() != "" && !yield(roster.Part{Name: p.FileName(), Body: p}, nil) {
				return
			}
			next, err := body.NextPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(roster.Part{}, err)
				return
			}
			p = next
		}
	}
}

func (f *Face) downloadTemplate(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	kind, ok := map[string]string{"pupils.xlsx": "pupils", "staff.xlsx": "staff"}[name]
	if !ok {
		return fault.New(fault.ErrNotFound, "error.not_found")
	}
	return download(w, name, func(w io.Writer) error {
		return f.rosters.Template(r.Context(), web.Actor(r.Context()), kind, web.Language(r.Context()), w)
	})
}

// download answers with a workbook. It is made as a whole first, so that an
// error still becomes an error page.
func download(w http.ResponseWriter, name string, write func(io.Writer) error) error {
	var buf bytes.Buffer
	if err := write(&buf); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(buf.Bytes())
	return err
}
