package accessweb

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/explain"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// whyPage asks why somebody may see something: who, what, answer. Its whole
// state stands in the address.
type whyPage struct {
	ui.Page
	query  string // of the person
	who    id.Person
	name   string
	people []choice

	kind    explain.Kind
	text    string // of the object
	objects []choice
	asked   bool

	answer  *explain.Answer
	title   string
	held    []string
	verdict []verdictRow
}

// choice is one hit of a search.
type choice struct{ label, note, href string }

// verdictRow is the answer for one permission.
type verdictRow struct {
	words, code, reason string
	allowed             bool
}

func (f *Face) showWhy(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	p := whyPage{Page: ui.Page{Title: i18n.T(ctx, "access.why.title"), Lead: i18n.T(ctx, "access.why.lead"), Nav: "why"},
		query: strings.TrimSpace(r.FormValue("q")), who: web.FormID[id.Person](r, "who"),
		kind: explain.Kind(r.FormValue("kind")), text: strings.TrimSpace(r.FormValue("text"))}
	if p.kind == "" {
		p.kind = explain.Node
	}
	steps := []func(context.Context, access.Actor, *whyPage) error{f.findWho, f.findObjects}
	for _, step := range steps {
		if err := step(ctx, by, &p); err != nil {
			return err
		}
	}
	object, err := strconv.ParseInt(r.FormValue("object"), 10, 64)
	if err == nil && p.name != "" {
		if err := f.answer(ctx, by, &p, object); err != nil {
			return err
		}
	}
	return web.Render(w, r, http.StatusOK, whyView(p))
}

// findWho searches the person, or names the one that was chosen.
func (f *Face) findWho(ctx context.Context, by access.Actor, p *whyPage) error {
	text := p.query
	if p.who != 0 {
		text = p.who.String()
	}
	found, err := f.people.FindStaff(ctx, by, access.AccessExplain, text, 20)
	if err != nil {
		return err
	}
	if p.who != 0 {
		if len(found) == 0 {
			return fault.New(fault.ErrNotFound, "account.missing")
		}
		p.name = found[0].Name
		return nil
	}
	p.people, err = f.staffChoices(ctx, found, func(c person.Colleague) string { return "/access/why?who=" + c.ID.String() })
	return err
}

// staffChoices are people found, with the units in which they work.
func (f *Face) staffChoices(ctx context.Context, found []person.Colleague, href func(person.Colleague) string) ([]choice, error) {
	by := web.Actor(ctx)
	var out []choice
	for _, c := range found {
		n, _, err := f.org.PickOne(ctx, by, access.AccessExplain, c.Unit)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
		out = append(out, choice{label: c.Name, note: label(ctx, n), href: href(c)})
	}
	return out, nil
}

// objectHref is the address of the answer about an object.
func (p *whyPage) objectHref(kind explain.Kind, object string) string {
	return "/access/why?" + url.Values{"who": {p.who.String()}, "kind": {string(kind)}, "object": {object}}.Encode()
}

// findObjects searches the object.
func (f *Face) findObjects(ctx context.Context, by access.Actor, p *whyPage) error {
	if p.text == "" || p.who == 0 {
		return nil
	}
	p.asked = true
	switch p.kind {
	case explain.Node:
		return f.findNodes(ctx, by, p)
	case explain.Person:
		found, err := f.people.FindStaff(ctx, by, access.AccessExplain, p.text, 20)
		if err != nil {
			return err
		}
		if p.objects, err = f.staffChoices(ctx, found, func(c person.Colleague) string { return p.objectHref(explain.Person, c.ID.String()) }); err != nil {
			return err
		}
	}
	if number, err := strconv.ParseInt(p.text, 10, 64); err == nil && len(p.objects) == 0 {
		p.objects = append(p.objects, choice{label: f.numbered(ctx, p.kind, number), href: p.objectHref(p.kind, p.text)})
	}
	return nil
}

// numbered names an object that is known by number only.
func (f *Face) numbered(ctx context.Context, kind explain.Kind, number int64) string {
	key := "access.why.person_hidden"
	if kind == explain.Post {
		key = "access.why.post_no"
	}
	return i18n.T(ctx, key, strconv.FormatInt(number, 10))
}

// findNodes searches units; a school comes with its classes.
func (f *Face) findNodes(ctx context.Context, by access.Actor, p *whyPage) error {
	found, err := f.org.Pick(ctx, by, access.AccessExplain, p.text, 20)
	if err != nil {
		return err
	}
	for i, n := range found {
		p.objects = append(p.objects, choice{label: label(ctx, n), note: n.Code, href: p.objectHref(explain.Node, n.ID.String())})
		if !n.IsSchool() || i > 2 {
			continue // the classes of a few schools are enough for one page
		}
		_, classes, err := f.org.PickOne(ctx, by, access.AccessExplain, n.ID)
		if err != nil {
			return err
		}
		for _, c := range classes {
			p.objects = append(p.objects, choice{label: label(ctx, c), note: label(ctx, n), href: p.objectHref(explain.Node, c.ID.String())})
		}
	}
	return nil
}

// answer fills in the answer; what the asker may not ask about is not found.
func (f *Face) answer(ctx context.Context, by access.Actor, p *whyPage, object int64) error {
	a, err := f.explain.Explain(ctx, by, explain.Question{Who: p.who, Kind: p.kind, Object: object})
	if err != nil {
		return err
	}
	p.answer = &a
	thing := label(ctx, a.At)
	switch p.kind {
	case explain.Person:
		if thing = a.Name; thing == "" {
			thing = f.numbered(ctx, p.kind, object)
		}
	case explain.Post:
		thing = f.numbered(ctx, p.kind, object) + " · " + label(ctx, a.At)
	}
	p.title = i18n.T(ctx, "access.why.answer", a.Who, thing)
	for _, h := range a.Held {
		name := label(ctx, h.At)
		if h.At.ID == 0 {
			name = i18n.T(ctx, "access.why.elsewhere")
		}
		p.held = append(p.held, roleName(ctx, h.Place.Role)+" · "+name)
	}
	for _, l := range a.Lines {
		p.verdict = append(p.verdict, verdictRow{words: words(ctx, l.Permission), code: string(l.Permission), allowed: l.Allowed, reason: reason(ctx, a, l)})
	}
	return nil
}

// reason says why, in words.
func reason(ctx context.Context, a explain.Answer, l explain.Line) string {
	at := label(ctx, l.At)
	if l.At.ID == 0 {
		at = i18n.T(ctx, "access.why.elsewhere")
	}
	switch {
	case l.Allowed:
		return because(ctx, l, at)
	case l.Why == access.Outside:
		return i18n.T(ctx, "access.why.no.outside", roleName(ctx, l.Role), at)
	case l.Why == access.NotInRole:
		var roles []string
		for _, r := range a.Roles {
			roles = append(roles, roleName(ctx, r))
		}
		return i18n.T(ctx, "access.why.no.not_in_role", strings.Join(roles, i18n.T(ctx, "access.comma")))
	}
	return i18n.T(ctx, "access.why.no."+string(l.Why))
}

// because says through which grant or place something is allowed.
func because(ctx context.Context, l explain.Line, at string) string {
	parts := []string{i18n.T(ctx, "access.why.by_place", roleName(ctx, l.Role), at)}
	if l.For != "" {
		parts = append(parts, i18n.T(ctx, "access.why.for", l.For))
	}
	switch {
	case l.Place.Grant == 0:
		parts = append(parts, i18n.T(ctx, "access.why.by_class"))
	case l.Place.GivenBy == 0:
		parts = append(parts, i18n.T(ctx, "access.why.given_command"))
	case l.GivenBy != "":
		parts = append(parts, i18n.T(ctx, "access.why.given_by", l.GivenBy))
	}
	if d := dayText(ctx, l.Place.From); d != "" {
		parts = append(parts, i18n.T(ctx, "access.why.since", d))
	}
	if d := dayText(ctx, l.Place.Until); d != "" {
		parts = append(parts, i18n.T(ctx, "access.why.until", d))
	}
	return strings.Join(parts, i18n.T(ctx, "access.comma"))
}

// kinds are the kinds of object as choices.
func kinds(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, k := range explain.Kinds() {
		out = append(out, ui.Option{Value: string(k), Label: i18n.T(ctx, "access.why.kind."+string(k))})
	}
	return out
}
