package rightsweb

import (
	"context"
	"errors"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/rights"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// listed is how many requests a page shows.
const listed = 20

// requestsPage lists requests with how many there are of each state.
type requestsPage struct {
	ui.Page
	node  org.Node
	state string
	tally rights.Tally
	rows  []requestRow
	pager ui.Pages
}

type requestRow struct {
	rights.Request
	name    string
	overdue bool
}

func (f *Face) showRequests(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	p := requestsPage{state: r.FormValue("state")}
	if p.state != "" && p.state != "all" && p.state != rights.Answered && p.state != rights.Refused && p.state != rights.Closed {
		p.state = ""
	}
	before := web.FormID[id.Request](r, "before")
	all, err := f.rights.List(ctx, by, rights.Listing{Node: node, State: p.state, Before: before, Limit: listed + 1})
	if err != nil {
		return err
	}
	if p.tally, err = f.rights.Count(ctx, by, node); err != nil {
		return err
	}
	if p.node, err = f.org.Get(ctx, by, node); err != nil {
		return err
	}
	if len(all) > listed {
		all = all[:listed]
		p.pager.Next = p.address(p.state) + "&before=" + all[listed-1].ID.String()
	}
	if before != 0 {
		p.pager.Previous = p.address(p.state)
	}
	if p.rows, err = f.rows(ctx, by, all); err != nil {
		return err
	}
	title := i18n.T(ctx, "requests.title")
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "requests.lead"), Nav: "requests", Crumbs: crumbs(p.node, clock.DayOf(web.Now(ctx)), ui.Crumb{Label: title})}
	return web.Render(w, r, http.StatusOK, requestsView(p))
}

func (p requestsPage) address(state string) string {
	return ui.Href("nodes", p.node.ID, "requests") + "?state=" + state
}

func (f *Face) rows(ctx context.Context, by access.Actor, all []rights.Request) ([]requestRow, error) {
	var persons []id.Person
	for _, r := range all {
		persons = append(persons, r.Subject)
	}
	names, err := f.people.Names(ctx, by, persons)
	if err != nil {
		return nil, err
	}
	day := clock.DayOf(web.Now(ctx))
	out := make([]requestRow, len(all))
	for i, r := range all {
		name := names[r.Subject]
		if name == "" { // a guardian has no place and so no list that names him
			if p, err := f.people.Known(ctx, by, r.Subject); err == nil {
				name = p.Name
			}
		}
		if name == "" {
			name = i18n.T(ctx, "requests.somebody")
		}
		out[i] = requestRow{r, name, r.Overdue(day)}
	}
	return out, nil
}

// requestPage answers one request.
type requestPage struct {
	ui.Page
	row   requestRow
	form  rights.Answering
	errs  ui.Errors
	asker string
}

func (f *Face) showRequest(w http.ResponseWriter, r *http.Request) error {
	return f.renderRequest(w, r, http.StatusOK, rights.Answering{}, nil)
}

func (f *Face) renderRequest(w http.ResponseWriter, r *http.Request, status int, form rights.Answering, errs ui.Errors) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	request, err := web.PathID[id.Request](r, "request")
	if err != nil {
		return err
	}
	req, err := f.rights.Get(ctx, by, request)
	if err != nil {
		return err
	}
	rows, err := f.rows(ctx, by, []rights.Request{req})
	if err != nil {
		return err
	}
	node, err := f.org.Get(ctx, by, req.Unit)
	if err != nil {
		return err
	}
	p := requestPage{row: rows[0], form: form, errs: errs, asker: i18n.T(ctx, "requests.by_self")}
	if req.AskedBy != req.Subject {
		p.asker = i18n.T(ctx, "requests.by_other")
	}
	title := i18n.T(ctx, "requests.one", i18n.T(ctx, "rights.kind."+req.Kind), p.row.name)
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "requests.due", dayText(ctx, req.DueOn)), Nav: "requests",
		Crumbs: crumbs(node, clock.DayOf(web.Now(ctx)), ui.Crumb{Label: i18n.T(ctx, "requests.title"), Href: ui.Href("nodes", node.ID, "requests")}, ui.Crumb{Label: title})}
	return web.Render(w, r, status, requestView(p))
}

// facts lists what is asked and what was answered.
func (p requestPage) facts(ctx context.Context) []ui.Pair {
	r := p.row
	out := []ui.Pair{
		{Name: i18n.T(ctx, "requests.asked_by"), Value: p.asker},
		{Name: i18n.T(ctx, "requests.made"), Value: i18n.Date(i18n.Lang(ctx), r.MadeAt)},
		{Name: i18n.T(ctx, "merge.state"), Value: i18n.T(ctx, "requests.state."+r.State)},
	}
	if r.Kind == rights.Correct {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "requests.correct_to", i18n.Key("correct.field."+r.Field)), Value: r.Value})
	}
	if r.Text != "" {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "requests.text"), Value: r.Text})
	}
	if r.Answer != "" {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "requests.answer"), Value: r.Answer})
	}
	return out
}

func (f *Face) take(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	request, err := web.PathID[id.Request](r, "request")
	if err != nil {
		return err
	}
	if _, err := f.rights.Take(ctx, web.Actor(ctx), request); err != nil {
		return err
	}
	web.Flash(w, r, "requests.taken")
	return web.Redirect(w, r, ui.Href("requests", request))
}

func (f *Face) answer(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	request, err := web.PathID[id.Request](r, "request")
	if err != nil {
		return err
	}
	a := rights.Answering{Request: request, Outcome: r.FormValue("outcome"), Text: r.FormValue("text"), Document: r.FormValue("document")}
	_, err = f.rights.Answer(ctx, web.Actor(ctx), a)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderRequest(w, r, http.StatusUnprocessableEntity, a, errs)
	}
	if errors.Is(err, fault.ErrConflict) {
		key, args := fault.Message(err)
		return f.renderRequest(w, r, http.StatusUnprocessableEntity, a, ui.Errors{{Name: "outcome", Text: i18n.T(ctx, key, args...)}})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "requests.answered")
	return web.Redirect(w, r, ui.Href("requests", request))
}
