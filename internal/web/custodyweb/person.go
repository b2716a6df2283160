package custodyweb

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"learnspace/internal/access"
	"learnspace/internal/codes"
	"learnspace/internal/custody"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// looksShown is how many looks a page lists.
const looksShown = 50

// findPage looks for a person by the whole number.
type findPage struct{ Error string }

func (f *Face) showFind(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, findView(findPage{}))
}

// find takes the number in a form's body: it stands in no address and no log.
func (f *Face) find(w http.ResponseWriter, r *http.Request) error {
	p, err := f.Custody.Find(r.Context(), web.Actor(r.Context()), r.PostFormValue("number"))
	if errors.Is(err, fault.ErrNotFound) {
		return web.Render(w, r, http.StatusUnprocessableEntity, findView(findPage{Error: i18n.T(r.Context(), "custody.find.nobody")}))
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, ui.Href("people", p.ID))
}

// personPage is the page of a person.
type personPage struct {
	person.Profile
	Places []placeLine
	Reveal bool // numbers can be shown
	Self   bool
}

// placeLine is one place of a person in words.
type placeLine struct{ Place, What string }

func (f *Face) showPerson(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	if web.IsPrefetch(r) {
		w.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	if to, err := f.People.Resolve(ctx, by, who); err == nil && to != who {
		return web.Redirect(w, r, ui.Href("people", to))
	}
	page := personPage{Reveal: by.Can(access.PersonReveal) && by.Person != who, Self: by.Person == who}
	if page.Profile, err = f.Custody.Open(ctx, by, who); err != nil {
		return err
	}
	if page.Places, err = f.places(ctx, by, page.Profile.Places); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, personView(page))
}

// places names the places of a person that the actor may see.
func (f *Face) places(ctx context.Context, by access.Actor, all []person.Affiliation) ([]placeLine, error) {
	var out []placeLine
	for _, a := range all {
		n, err := f.Org.Get(ctx, by, a.Node)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
		line := placeLine{Place: label(ctx, n), What: i18n.T(ctx, "custody.person.role."+a.Role)}
		if s, ok := codes.FindSubject(a.Subject); ok {
			line.What += " · " + s.Name
		}
		if p, ok := codes.FindPost(a.Post); ok {
			line.What += " · " + p.Name
		}
		out = append(out, line)
	}
	return out, nil
}

// label is a node's name, for a class with its grade of today.
func label(ctx context.Context, n org.Node) string {
	if n.Kind == org.KindClass {
		return n.Label(dayOf(ctx))
	}
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		return n.NameKo
	}
	return n.Name
}

// masked shows the tail of a number.
func masked(ctx context.Context, tail string) string {
	if tail == "" {
		return i18n.T(ctx, "custody.person.none")
	}
	return "••••" + tail
}

// pairs are the properties of a person that are not sealed.
func (p personPage) pairs(ctx context.Context) []ui.Pair {
	out := []ui.Pair{{Name: i18n.T(ctx, "custody.field.name"), Value: p.Name},
		{Name: i18n.T(ctx, "custody.field.sex"), Value: i18n.T(ctx, "custody.sex."+strconv.Itoa(p.Sex))}}
	if p.Role == person.RolePupil && p.Birth != 0 {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "custody.field.birth"), Value: i18n.Day(i18n.Lang(ctx), p.Birth)})
	}
	for _, l := range p.Places {
		out = append(out, ui.Pair{Name: l.What, Value: l.Place})
	}
	return out
}

// looksPage lists who looked at a person's data.
type looksPage struct {
	Person person.Person
	Looks  []custody.Look
	Next   string
}

func (f *Face) showLooks(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	var page looksPage
	if page.Looks, err = f.Custody.LooksAt(ctx, by, who, custody.Page{Before: web.FormID[id.Look](r, "before"), Limit: looksShown + 1}); err != nil {
		return err
	}
	if page.Person, err = f.People.Profiled(ctx, by, who); err != nil {
		return err
	}
	if len(page.Looks) > looksShown {
		page.Looks = page.Looks[:looksShown]
		page.Next = ui.Href("people", who, "looks") + "?before=" + page.Looks[looksShown-1].ID.String()
	}
	return web.Render(w, r, http.StatusOK, looksView(page))
}

// lookWords say what was looked at and why.
func lookWords(ctx context.Context, l custody.Look) string {
	out := i18n.T(ctx, "custody.what."+l.What)
	if l.Reason != "" {
		out += " · " + i18n.T(ctx, "custody.reason."+l.Reason)
	}
	if l.Note != "" {
		out += " · " + l.Note
	}
	return out
}
