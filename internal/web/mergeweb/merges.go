package mergeweb

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// listed is how many lines a list shows.
const listed = 20

// mergesPage lists pairs that may be one person and mergings of the past.
type mergesPage struct {
	ui.Page
	node  org.Node
	query string
	found []card
	pairs []pairRow
	done  []mergeRow
	pager ui.Pages
}

type pairRow struct {
	a, b card
	why  string
}

type mergeRow struct {
	merge.Merge
	name, by string
}

func (f *Face) showMerges(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	p := mergesPage{query: strings.TrimSpace(r.FormValue("q"))}
	suggested, err := f.merges.Suggest(ctx, by, node, listed)
	if err != nil {
		return err
	}
	if p.node, err = f.org.Get(ctx, by, node); err != nil {
		return err
	}
	var flat []person.Person
	for _, s := range suggested {
		flat = append(flat, s.A, s.B)
	}
	all, err := f.cards(ctx, by, flat...)
	if err != nil {
		return err
	}
	for i, s := range suggested {
		p.pairs = append(p.pairs, pairRow{all[2*i], all[2*i+1], s.Why})
	}
	found, err := f.merges.Find(ctx, by, access.PersonMerge, node, p.query, listed)
	if err != nil {
		return err
	}
	if p.found, err = f.cards(ctx, by, found...); err != nil {
		return err
	}
	before := web.FormID[id.Merge](r, "before")
	done, err := f.merges.List(ctx, by, before, listed+1)
	if err != nil {
		return err
	}
	if len(done) > listed {
		done = done[:listed]
		p.pager.Next = ui.Href("nodes", node, "merges") + "?before=" + done[listed-1].ID.String()
	}
	if before != 0 {
		p.pager.Previous = ui.Href("nodes", node, "merges")
	}
	if p.done, err = f.mergeRows(ctx, by, done); err != nil {
		return err
	}
	title := i18n.T(ctx, "merge.title")
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "merge.lead"), Nav: "merges", Crumbs: crumbs(p.node, clock.DayOf(web.Now(ctx)), ui.Crumb{Label: title})}
	return web.Render(w, r, http.StatusOK, mergesView(p))
}

func (f *Face) mergeRows(ctx context.Context, by access.Actor, all []merge.Merge) ([]mergeRow, error) {
	var persons []id.Person
	for _, m := range all {
		persons = append(persons, m.Keep, m.By)
	}
	names, err := f.people.Names(ctx, by, persons)
	if err != nil {
		return nil, err
	}
	out := make([]mergeRow, len(all))
	for i, m := range all {
		out[i] = mergeRow{m, nameOr(ctx, names[m.Keep]), nameOr(ctx, names[m.By])}
	}
	return out, nil
}

// nameOr stands for a name out of the reader's reach.
func nameOr(ctx context.Context, name string) string {
	if name == "" {
		return i18n.T(ctx, "merge.name_hidden")
	}
	return name
}

// previewPage shows both records and what a merging would do.
type previewPage struct {
	ui.Page
	preview    merge.Preview
	keep, drop card
	node       org.Node
	refused    string
	right      string
	reason     string
	errs       ui.Errors
}

func readRequest(r *http.Request) merge.Request {
	return merge.Request{Keep: web.FormID[id.Person](r, "keep"), Drop: web.FormID[id.Person](r, "drop"), Right: web.FormID[id.Person](r, "right"),
		Reason: r.FormValue("reason"), Key: r.FormValue("_key")}
}

func (f *Face) showPreview(w http.ResponseWriter, r *http.Request) error {
	return f.renderPreview(w, r, http.StatusOK, nil)
}

func (f *Face) renderPreview(w http.ResponseWriter, r *http.Request, status int, errs ui.Errors) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	req := readRequest(r)
	p := previewPage{right: r.FormValue("right"), reason: req.Reason, errs: errs}
	var err error
	if p.preview, err = f.merges.Preview(ctx, by, req); err != nil {
		return err
	}
	both, err := f.cards(ctx, by, p.preview.Keep.Person, p.preview.Drop.Person)
	if err != nil {
		return err
	}
	p.keep, p.drop = both[0], both[1]
	if p.node, err = f.org.Get(ctx, by, p.keep.Unit); err != nil {
		return err
	}
	if p.preview.Refused != nil {
		key, args := fault.Message(p.preview.Refused)
		p.refused = i18n.T(ctx, key, args...)
	}
	title := i18n.T(ctx, "merge.preview", p.keep.Name)
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "merge.preview.lead"), Nav: "merges", Crumbs: crumbs(p.node, clock.DayOf(web.Now(ctx)),
		ui.Crumb{Label: i18n.T(ctx, "merge.title"), Href: ui.Href("nodes", p.node.ID, "merges")}, ui.Crumb{Label: title})}
	return web.Render(w, r, status, previewView(p))
}

// swapped is the preview the other way round.
func (p previewPage) swapped() string { return newAddress(p.drop.ID, p.keep.ID) }

func newAddress(keep, drop id.Person) string {
	return "/merges/new?keep=" + keep.String() + "&drop=" + drop.String()
}

// rightOptions are the two numbers, masked.
func (p previewPage) rightOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: p.keep.ID.String(), Label: i18n.T(ctx, "merge.tail", p.keep.IDTail), Hint: i18n.T(ctx, "merge.of_keep")},
		{Value: p.drop.ID.String(), Label: i18n.T(ctx, "merge.tail", p.drop.IDTail), Hint: i18n.T(ctx, "merge.of_drop")},
	}
}

func (f *Face) merge(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, err := f.merges.Merge(ctx, web.Actor(ctx), readRequest(r))
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderPreview(w, r, http.StatusUnprocessableEntity, errs)
	}
	if errors.Is(err, fault.ErrConflict) {
		key, args := fault.Message(err)
		return f.renderPreview(w, r, http.StatusUnprocessableEntity, ui.Errors{{Name: "reason", Text: i18n.T(ctx, key, args...)}})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "merge.done", merge.UndoDays)
	return web.Redirect(w, r, ui.Href("nodes", m.Unit, "merges"))
}

func (f *Face) keepApart(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, b := web.FormID[id.Person](r, "a"), web.FormID[id.Person](r, "b")
	if err := f.merges.KeepApart(ctx, web.Actor(ctx), a, b); err != nil {
		return err
	}
	web.Flash(w, r, "merge.apart_done")
	return web.Redirect(w, r, ui.Href("nodes", web.FormID[id.Node](r, "node"), "merges"))
}

func (f *Face) undo(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	which, err := web.PathID[id.Merge](r, "merge")
	if err != nil {
		return err
	}
	m, err := f.merges.Undo(ctx, web.Actor(ctx), which)
	if err != nil {
		return err
	}
	web.Flash(w, r, "merge.undone")
	return web.Redirect(w, r, ui.Href("nodes", m.Unit, "merges"))
}
