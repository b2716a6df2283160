package auditweb

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// searchPage is the form and what it found.
type searchPage struct {
	ui.Page
	form    form
	errs    ui.Errors
	actions []ui.Option
	roles   []ui.Option
	rows    []row
	pager   ui.Pages
	keep    time.Duration
	most    int
}

// form is what the search asks, as it stands in the address.
type form struct {
	Who, Action, Role, Object, Place string
	From, To                         string
	Before                           id.Audit
}

// row is one row of the trail as the page shows it.
type row struct {
	At             time.Time
	Who, WhoHref   string
	Role           string
	Action         string
	Object         string
	ObjectHref     string
	Place          string
	Detail, Number string
}

func readForm(r *http.Request) form {
	text := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	return form{Who: text("who"), Action: text("action"), Role: text("role"), Object: text("object"), Place: text("place"),
		From: text("from"), To: text("to"), Before: web.FormID[id.Audit](r, "before")}
}

// values are the fields of the form for an address or hidden inputs.
func (f form) values() url.Values {
	v := url.Values{}
	for _, field := range f.fields() {
		if field.Value != "" {
			v.Set(field.Name, field.Value)
		}
	}
	return v
}

func (f form) fields() []ui.Hidden {
	return []ui.Hidden{{Name: "who", Value: f.Who}, {Name: "action", Value: f.Action}, {Name: "role", Value: f.Role},
		{Name: "object", Value: f.Object}, {Name: "place", Value: f.Place}, {Name: "from", Value: f.From}, {Name: "to", Value: f.To}}
}

// address is the page with some fields of the form set anew.
func (f form) address(set ...ui.Hidden) string {
	v := f.values()
	for _, h := range set {
		v.Set(h.Name, h.Value)
	}
	if len(v) == 0 {
		return "/audit"
	}
	return "/audit?" + v.Encode()
}

// filter turns the form into a filter; the complaints name its fields.
func (f *Face) filter(ctx context.Context, by access.Actor, in form) (audit.Filter, ui.Errors, error) {
	out := audit.Filter{Action: in.Action, Role: in.Role}
	var errs ui.Errors
	complain := func(field, key string) {
		errs = append(errs, ui.FieldError{Name: field, Text: i18n.T(ctx, key)})
	}
	if in.Who != "" {
		var err error
		if out.Actors, err = f.actors(ctx, by, in.Who); err != nil {
			return out, nil, err
		}
	}
	if in.Object != "" {
		kind, number, both := strings.Cut(in.Object, " ")
		object, err := id.Parse[objectTag](strings.TrimSpace(number))
		switch {
		case !both:
			out.Kind = kind
		case err != nil:
			complain("object", "audit.object_form")
		default:
			out.Kind, out.Object = kind, int64(object)
		}
	}
	if in.Place != "" {
		found, err := f.org.Pick(ctx, by, access.AuditRead, in.Place, 2)
		if err != nil {
			return out, nil, err
		}
		if len(found) == 1 {
			out.Node = found[0].ID
		} else {
			complain("place", "audit.place_form")
		}
	}
	for _, d := range []struct {
		field, text string
		into        *clock.Day
	}{{"from", in.From, &out.From}, {"to", in.To, &out.To}} {
		if d.text == "" {
			continue
		}
		day, err := clock.ParseDay(d.text)
		if err != nil {
			complain(d.field, "audit.day_form")
		}
		*d.into = day
	}
	return out, errs, nil
}

// objectTag lets a typed-in number be read.
type objectTag struct{}

// actors are those whom a number or the beginning of a name means.
func (f *Face) actors(ctx context.Context, by access.Actor, text string) ([]id.Person, error) {
	if n, err := id.Parse[objectTag](text); err == nil {
		return []id.Person{id.Person(n)}, nil
	}
	found, err := f.people.StaffNamed(ctx, by, text, 100)
	if found == nil {
		found = []id.Person{}
	}
	return found, err
}

func (f *Face) search(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	p := searchPage{form: readForm(r), keep: f.trail.Options.Keep, most: f.trail.Options.ExportRows,
		Page: ui.Page{Title: i18n.T(ctx, "audit.title"), Lead: i18n.T(ctx, "audit.lead"), Nav: "audit"}}
	filter, errs, err := f.filter(ctx, by, p.form)
	if err != nil {
		return err
	}
	size := web.PageSize(ctx)
	status := http.StatusOK
	var found []audit.Row
	if len(errs) == 0 {
		found, err = f.trail.Search(ctx, by, filter, p.form.Before, size+1)
		if invalid, ok := web.Invalid(r, err); ok {
			errs, err = invalid, nil
		}
		if err != nil {
			return err
		}
	}
	if p.errs = errs; len(errs) > 0 {
		status = http.StatusUnprocessableEntity
	}
	if p.form.Before != 0 {
		p.pager.Previous = p.form.address()
	}
	if len(found) > size {
		found = found[:size]
		p.pager.Next = p.form.address(ui.Hidden{Name: "before", Value: found[size-1].ID.String()})
	}
	if p.rows, err = f.rows(ctx, by, p.form, found); err != nil {
		return err
	}
	if p.actions, err = f.actionOptions(ctx, by); err != nil {
		return err
	}
	p.roles = roleOptions(ctx)
	return web.Render(w, r, status, searchView(p))
}

func (f *Face) actionOptions(ctx context.Context, by access.Actor) ([]ui.Option, error) {
	list, err := f.trail.Actions(ctx, by)
	if err != nil {
		return nil, err
	}
	out := []ui.Option{{Label: i18n.T(ctx, "audit.any")}}
	for _, a := range list {
		out = append(out, ui.Option{Value: a, Label: actionName(ctx, a)})
	}
	return out, nil
}

func roleOptions(ctx context.Context) []ui.Option {
	out := []ui.Option{{Label: i18n.T(ctx, "audit.any")}}
	for _, r := range append(access.Roles(), "system") {
		out = append(out, ui.Option{Value: string(r), Label: roleName(ctx, string(r))})
	}
	return out
}

// actionName is the action in words where there are any, with its code.
func actionName(ctx context.Context, action string) string {
	if key := "audit.action." + strings.ReplaceAll(action, ".", "_"); i18n.Has(key) {
		return i18n.T(ctx, key) + " " + action
	}
	return action
}

func roleName(ctx context.Context, role string) string {
	if i18n.Has("role." + role) {
		return i18n.T(ctx, "role."+role)
	}
	if i18n.Has("audit.role." + role) {
		return i18n.T(ctx, "audit.role."+role)
	}
	return role
}
