package accessweb

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/codes"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// lendPage hands one's own role to a colleague for some days.
type lendPage struct {
	ui.Page
	form   lendForm
	errs   ui.Errors
	places []ui.Option // the places of the active role that can be handed on
	found  []person.Colleague
	loans  []loanRow
}

// lendForm is what the form sends.
type lendForm struct {
	query, days, reason string
	asked               bool // a search was made
	person              id.Person
	node                id.Node
}

// loanRow is one loan, given or taken.
type loanRow struct {
	id          id.Grant
	title, note string
}

func readLendForm(r *http.Request) lendForm {
	_, asked := r.URL.Query()["q"]
	return lendForm{query: strings.TrimSpace(r.FormValue("q")), asked: asked || r.Method == http.MethodPost, days: strings.TrimSpace(r.FormValue("days")),
		reason: r.FormValue("reason"), person: web.FormID[id.Person](r, "person"), node: web.FormID[id.Node](r, "node")}
}

func (f *Face) showLoans(w http.ResponseWriter, r *http.Request) error {
	return f.renderLoans(w, r, http.StatusOK, nil)
}

func (f *Face) renderLoans(w http.ResponseWriter, r *http.Request, status int, errs ui.Errors) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	p := lendPage{form: readLendForm(r), errs: errs}
	var err error
	if p.places, err = f.ownPlaces(ctx, by); err != nil {
		return err
	}
	if p.form.asked && len(p.places) > 0 {
		if p.found, err = f.people.Colleagues(ctx, by, p.form.query, 30); err != nil {
			return err
		}
	}
	if p.loans, err = f.loanRows(ctx, by); err != nil {
		return err
	}
	p.Page = ui.Page{Title: i18n.T(ctx, "access.lend.title"), Lead: i18n.T(ctx, "access.lend.lead"), Nav: "me", Narrow: true}
	return web.Render(w, r, status, lendView(p))
}

// ownPlaces are the places of the active role that can be handed on.
func (f *Face) ownPlaces(ctx context.Context, by access.Actor) ([]ui.Option, error) {
	var nodes []id.Node
	for _, at := range by.Places {
		if at.Role == by.Role && at.For == 0 && at.Path != "" && access.Lendable(at.Role) {
			nodes = append(nodes, at.Node)
		}
	}
	found, err := f.org.GetMany(ctx, by, nodes)
	if err != nil {
		return nil, err
	}
	var out []ui.Option
	for _, n := range nodes {
		out = append(out, ui.Option{Value: n.String(), Label: roleName(ctx, by.Role), Hint: label(ctx, found[n])})
	}
	return out, nil
}

// loanRows are what the reader has lent and what is lent to him.
func (f *Face) loanRows(ctx context.Context, by access.Actor) ([]loanRow, error) {
	loans, err := f.org.Loans(ctx, by)
	if err != nil {
		return nil, err
	}
	var persons []id.Person
	for _, g := range loans {
		persons = append(persons, g.Person, g.LentBy)
	}
	names, err := f.people.ColleagueNames(ctx, by, persons...)
	if err != nil {
		return nil, err
	}
	name := func(p id.Person) string {
		if n := names[p]; n != "" {
			return n
		}
		return i18n.T(ctx, "access.lend.somebody")
	}
	var nodes []id.Node
	for _, g := range loans {
		nodes = append(nodes, g.Node)
	}
	units, err := f.org.GetMany(ctx, by, nodes)
	if err != nil {
		return nil, err
	}
	rows := make([]loanRow, len(loans))
	for i, g := range loans {
		title := i18n.T(ctx, "access.lend.given", name(g.Person), i18n.Key("role."+string(g.Role)))
		if g.Person == by.Person {
			title = i18n.T(ctx, "access.lend.taken", name(g.LentBy), i18n.Key("role."+string(g.Role)))
		}
		unit := g.NodeName
		if n, ok := units[g.Node]; ok {
			unit = label(ctx, n)
		}
		rows[i] = loanRow{id: g.ID, title: title,
			note: i18n.T(ctx, "access.lend.note", unit, dayText(ctx, g.From), dayText(ctx, g.To), g.Reason)}
	}
	return rows, nil
}

func (f *Face) lend(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form := readLendForm(r)
	days, err := strconv.Atoi(form.days)
	if err != nil {
		days = 0 // the service says what it expects
	}
	g, err := f.org.Lend(ctx, web.Actor(ctx), org.LendRequest{Person: form.person, Node: form.node, Days: days, Reason: form.reason})
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderLoans(w, r, http.StatusUnprocessableEntity, errs)
	}
	if key, args := fault.Message(err); key != "" && errors.Is(err, fault.ErrConflict) {
		return f.renderLoans(w, r, http.StatusUnprocessableEntity, ui.Errors{{Name: "person", Text: i18n.T(ctx, key, args...)}})
	}
	if err != nil {
		return err
	}
	names, err := f.people.ColleagueNames(ctx, web.Actor(ctx), g.Person)
	if err != nil {
		return err
	}
	web.Flash(w, r, "access.lend.done", names[g.Person])
	return web.Redirect(w, r, "/access/substitutes")
}

func (f *Face) endLoan(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	grant, err := web.PathID[id.Grant](r, "grant")
	if err != nil {
		return err
	}
	if _, err := f.org.EndGrant(ctx, web.Actor(ctx), grant); err != nil {
		return err
	}
	web.Flash(w, r, "access.lend.ended")
	return web.Redirect(w, r, "/access/substitutes")
}

// options are the colleagues found, as choices.
func (p lendPage) options() []ui.Option {
	out := make([]ui.Option, len(p.found))
	for i, c := range p.found {
		out[i] = ui.Option{Value: c.ID.String(), Label: c.Name}
		if post, ok := codes.FindPost(c.Post); ok {
			out[i].Hint = post.Name
		}
	}
	return out
}

// chosen is the colleague to be ticked.
func (p lendPage) chosen() string {
	if p.form.person == 0 && len(p.found) == 1 {
		return p.found[0].ID.String()
	}
	return p.form.person.String()
}

// place is the place to be ticked.
func (p lendPage) place() string {
	if p.form.node == 0 && len(p.places) > 0 {
		return p.places[0].Value
	}
	return p.form.node.String()
}
