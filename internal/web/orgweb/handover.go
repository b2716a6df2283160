package orgweb

import (
	"errors"
	"net/http"
	"strings"

	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// handOverPage ends a role and names who follows.
type handOverPage struct {
	grantsPage
	grant org.Grant
	name  string
	home  id.Node // the list that the reader came from
	// may end it without a successor
	plain bool
}

// showHandOver asks for a successor.
func (f *Face) showHandOver(w http.ResponseWriter, r *http.Request) error {
	return f.renderHandOver(w, r, http.StatusOK, nil)
}

func (f *Face) renderHandOver(w http.ResponseWriter, r *http.Request, status int, errs ui.Errors) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	grant, err := web.PathID[id.Grant](r, "grant")
	if err != nil {
		return err
	}
	p := handOverPage{grantsPage: grantsPage{form: readGrantForm(r), errs: errs, places: map[id.Node]string{}},
		home: web.FormID[id.Node](r, "node"), plain: len(errs) == 0}
	p.form.person = web.FormID[id.Person](r, "successor")
	if p.grant, err = f.org.GetGrant(ctx, by, grant); err != nil {
		return err
	}
	if !org.MayEnd(by, p.grant) {
		return fault.New(fault.ErrForbidden, "org.grant.not_yours")
	}
	if p.home == 0 {
		p.home = by.Home()
	}
	if p.node, err = f.org.Get(ctx, by, p.home); err != nil {
		return err
	}
	if err := f.findPeople(ctx, by, &p.grantsPage); err != nil {
		return err
	}
	names, err := f.people.Names(ctx, by, []id.Person{p.grant.Person})
	if err != nil {
		return err
	}
	p.name = nameIn(ctx, names, p.grant.Person)
	title := i18n.T(ctx, "org.hand.title")
	p.Page = ui.Page{Title: title, Nav: "grants", Narrow: true,
		Lead: i18n.T(ctx, "org.hand.lead", p.name, i18n.Key("role."+string(p.grant.Role)), p.grant.NodeName)}
	if p.Crumbs, err = f.crumbs(ctx, by, p.node, title); err != nil {
		return err
	}
	return web.Render(w, r, status, handOverView(p))
}

// endGrant ends a role, with a successor where one is sent. The last manager of
// a node needs one: then the page asks for him.
func (f *Face) endGrant(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	grant, err := web.PathID[id.Grant](r, "grant")
	if err != nil {
		return err
	}
	done, g := "org.grants.ended", org.Grant{}
	if strings.TrimSpace(r.FormValue("hand")) == "" {
		g, err = f.org.EndGrant(ctx, by, grant)
	} else {
		done = "org.grants.handed"
		g, err = f.org.HandOver(ctx, by, grant, web.FormID[id.Person](r, "successor"))
	}
	if err != nil {
		return f.askAgain(w, r, err)
	}
	node := web.FormID[id.Node](r, "node")
	if node == 0 {
		node = g.Node
	}
	web.Flash(w, r, done, i18n.T(ctx, "role."+string(g.Role)))
	return web.Redirect(w, r, address(node, "grants"))
}

// askAgain shows the page that asks for a successor with what is wrong; errors
// that it cannot mend are returned.
func (f *Face) askAgain(w http.ResponseWriter, r *http.Request, err error) error {
	errs, ok := web.Invalid(r, err)
	if !ok && errors.Is(err, fault.ErrConflict) {
		key, args := fault.Message(err)
		errs, ok = ui.Errors{{Name: "successor", Text: i18n.T(r.Context(), key, args...)}}, key != ""
	}
	if !ok {
		return err
	}
	for i := range errs {
		errs[i].Name = "successor" // the page has no other field
	}
	return f.renderHandOver(w, r, http.StatusUnprocessableEntity, errs)
}

// endAddress is the address of the grant's end.
func (p handOverPage) endAddress() string { return ui.Href("grants", p.grant.ID, "end") }

// hidden are the fields that go with each form of the page.
func (p handOverPage) hidden() []ui.Hidden {
	return []ui.Hidden{{Name: "node", Value: p.home.String()}}
}
