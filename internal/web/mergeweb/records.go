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

// recordsPage finds a person by name and lists who is no longer here.
type recordsPage struct {
	ui.Page
	node  org.Node
	query string
	found []card
	gone  []goneRow
	pager ui.Pages
	me    id.Person
}

type goneRow struct {
	merge.Departure
	name, by string
}

func (f *Face) showRecords(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	p := recordsPage{query: strings.TrimSpace(r.FormValue("q")), me: by.Person}
	found, err := f.merges.Find(ctx, by, access.PersonCorrect, node, p.query, listed)
	if err != nil {
		return err
	}
	if p.node, err = f.org.Get(ctx, by, node); err != nil {
		return err
	}
	if p.found, err = f.cards(ctx, by, found...); err != nil {
		return err
	}
	before := web.FormID[id.Departure](r, "before")
	gone, err := f.merges.Departures(ctx, by, 0, before, listed+1)
	if err != nil {
		return err
	}
	if len(gone) > listed {
		gone = gone[:listed]
		p.pager.Next = ui.Href("nodes", node, "records") + "?before=" + gone[listed-1].ID.String()
	}
	if before != 0 {
		p.pager.Previous = ui.Href("nodes", node, "records")
	}
	if p.gone, err = f.goneRows(ctx, by, gone); err != nil {
		return err
	}
	title := i18n.T(ctx, "records.title")
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "records.lead"), Nav: "records", Crumbs: crumbs(p.node, clock.DayOf(web.Now(ctx)), ui.Crumb{Label: title})}
	return web.Render(w, r, http.StatusOK, recordsView(p))
}

func (f *Face) goneRows(ctx context.Context, by access.Actor, all []merge.Departure) ([]goneRow, error) {
	var persons []id.Person
	for _, d := range all {
		persons = append(persons, d.Person, d.By)
	}
	names, err := f.people.Names(ctx, by, persons)
	if err != nil {
		return nil, err
	}
	out := make([]goneRow, len(all))
	for i, d := range all {
		out[i] = goneRow{d, nameOr(ctx, names[d.Person]), nameOr(ctx, names[d.By])}
	}
	return out, nil
}

// recordPage corrects one record and says that the person is no longer here.
type recordPage struct {
	ui.Page
	who     card
	correct merge.Correction
	depart  merge.Departing
	day     string
	cErrs   ui.Errors
	dErrs   ui.Errors
	other   id.Person // the record that has the number, in the own reach
	history []historyRow
	gone    []goneRow
	me      id.Person
}

type historyRow struct {
	merge.Corrected
	by string
}

func (f *Face) showRecord(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	if to, err := f.people.Resolve(ctx, web.Actor(ctx), who); err == nil && to != who {
		return web.Redirect(w, r, ui.Href("people", to, "record"))
	}
	return f.renderRecord(w, r, http.StatusOK, who, recordPage{})
}

func (f *Face) renderRecord(w http.ResponseWriter, r *http.Request, status int, who id.Person, p recordPage) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	found, err := f.merges.Open(ctx, by, who)
	if err != nil {
		return err
	}
	cards, err := f.cards(ctx, by, found)
	if err != nil {
		return err
	}
	p.who, p.me = cards[0], by.Person
	past, err := f.merges.Corrections(ctx, by, who)
	if err != nil {
		return err
	}
	if p.history, err = f.historyRows(ctx, by, past); err != nil {
		return err
	}
	gone, err := f.merges.Departures(ctx, by, who, 0, listed)
	if err != nil {
		return err
	}
	if p.gone, err = f.goneRows(ctx, by, gone); err != nil {
		return err
	}
	node, err := f.org.Get(ctx, by, found.Unit)
	if err != nil {
		return err
	}
	p.Page = ui.Page{Title: p.who.Name, Lead: i18n.T(ctx, "records.lead_one"), Nav: "records", Crumbs: crumbs(node, clock.DayOf(web.Now(ctx)),
		ui.Crumb{Label: i18n.T(ctx, "records.title"), Href: ui.Href("nodes", node.ID, "records")}, ui.Crumb{Label: p.who.Name})}
	return web.Render(w, r, status, recordView(p))
}

func (f *Face) historyRows(ctx context.Context, by access.Actor, all []merge.Corrected) ([]historyRow, error) {
	var persons []id.Person
	for _, c := range all {
		persons = append(persons, c.By)
	}
	names, err := f.people.Names(ctx, by, persons)
	if err != nil {
		return nil, err
	}
	out := make([]historyRow, len(all))
	for i, c := range all {
		out[i] = historyRow{c, nameOr(ctx, names[c.By])}
	}
	return out, nil
}

// fieldOptions are what can be corrected of the person.
func (p recordPage) fieldOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, field := range merge.Fields() {
		if field == merge.FieldStudentNo && p.who.Role != person.RolePupil {
			continue
		}
		out = append(out, ui.Option{Value: field, Label: i18n.T(ctx, "correct.field."+field)})
	}
	return out
}

// kindOptions are the ways of being no longer here that fit the person.
func (p recordPage) kindOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, kind := range []string{person.EndedLeft, person.EndedGraduated, person.EndedDied} {
		if kind == person.EndedGraduated && p.who.Role != person.RolePupil || kind != person.EndedDied && p.who.Role == person.RoleGuardian {
			continue
		}
		out = append(out, ui.Option{Value: kind, Label: i18n.T(ctx, "depart.kind."+kind), Hint: i18n.T(ctx, "depart.does."+kind)})
	}
	return out
}

func (f *Face) correct(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	c := merge.Correction{Person: who, Field: r.FormValue("field"), Value: r.FormValue("value"), Reason: r.FormValue("reason"), Document: r.FormValue("document")}
	err = f.merges.Correct(ctx, by, c)
	if errs, ok := web.Invalid(r, err); ok {
		p := recordPage{correct: c, cErrs: errs}
		if p.other, err = f.merges.Other(ctx, by, c); err != nil {
			return err
		}
		return f.renderRecord(w, r, http.StatusUnprocessableEntity, who, p)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "correct.done")
	return web.Redirect(w, r, ui.Href("people", who, "record"))
}

func (f *Face) depart(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	d := merge.Departing{Person: who, Kind: r.FormValue("kind"), Reason: r.FormValue("why"), Document: r.FormValue("proof")}
	p := recordPage{depart: d, day: strings.TrimSpace(r.FormValue("day"))}
	var errs ui.Errors
	if d.Day, err = clock.ParseDay(p.day); err != nil {
		errs = ui.Errors{{Name: "day", Text: i18n.T(ctx, "depart.day")}}
	} else {
		_, err = f.merges.Depart(ctx, web.Actor(ctx), d)
		errs = departErrors(r, err)
	}
	if errs != nil {
		p.dErrs = errs
		return f.renderRecord(w, r, http.StatusUnprocessableEntity, who, p)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "depart.done", merge.UndoDays)
	return web.Redirect(w, r, ui.Href("people", who, "record"))
}

// departErrors says at the fields what is wrong; the two forms of the page name
// their reasons differently.
func departErrors(r *http.Request, err error) ui.Errors {
	if errors.Is(err, fault.ErrConflict) {
		key, args := fault.Message(err)
		return ui.Errors{{Name: "kind", Text: i18n.T(r.Context(), key, args...)}}
	}
	errs, ok := web.Invalid(r, err)
	if !ok {
		return nil
	}
	for i := range errs {
		switch errs[i].Name {
		case "reason":
			errs[i].Name = "why"
		case "document":
			errs[i].Name = "proof"
		}
	}
	return errs
}

func (f *Face) confirm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	which, err := web.PathID[id.Departure](r, "departure")
	if err != nil {
		return err
	}
	d, err := f.merges.ConfirmDeath(ctx, web.Actor(ctx), which)
	if err != nil {
		return err
	}
	web.Flash(w, r, "depart.confirmed")
	return web.Redirect(w, r, ui.Href("nodes", d.Unit, "records"))
}

func (f *Face) reinstate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	which, err := web.PathID[id.Departure](r, "departure")
	if err != nil {
		return err
	}
	d, err := f.merges.Reinstate(ctx, web.Actor(ctx), which)
	if err != nil {
		return err
	}
	web.Flash(w, r, "depart.undone")
	return web.Redirect(w, r, ui.Href("nodes", d.Unit, "records"))
}
