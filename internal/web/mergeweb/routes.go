package mergeweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Face serves the pages.
type Face struct {
	merges *merge.Service
	people *person.Service
	org    *org.Service
}

// New returns the face.
func New(merges *merge.Service, people *person.Service, orgs *org.Service) *Face {
	return &Face{merges: merges, people: people, org: orgs}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/nodes/{node}/merges", Permission: access.PersonMerge, Object: "node", Handler: f.showMerges},
		{Method: http.MethodGet, Pattern: "/merges/new", Permission: access.PersonMerge, Object: "person", Handler: f.showPreview},
		{Method: http.MethodPost, Pattern: "/merges", Permission: access.PersonMerge, Object: "person", Handler: f.merge},
		{Method: http.MethodPost, Pattern: "/merges/apart", Permission: access.PersonMerge, Object: "person", Handler: f.keepApart},
		{Method: http.MethodPost, Pattern: "/merges/{merge}/undo", Permission: access.PersonMerge, Object: "merge", Handler: f.undo},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/records", Permission: access.PersonCorrect, Object: "node", Handler: f.showRecords},
		{Method: http.MethodGet, Pattern: "/people/{person}/record", Permission: access.PersonCorrect, Object: "person", Handler: f.showRecord},
		{Method: http.MethodPost, Pattern: "/people/{person}/record/correct", Permission: access.PersonCorrect, Object: "person", Handler: f.correct},
		{Method: http.MethodPost, Pattern: "/people/{person}/record/depart", Permission: access.PersonCorrect, Object: "person", Handler: f.depart},
		{Method: http.MethodPost, Pattern: "/departures/{departure}/confirm", Permission: access.PersonCorrect, Object: "departure", Handler: f.confirm},
		{Method: http.MethodPost, Pattern: "/departures/{departure}/undo", Permission: access.PersonCorrect, Object: "departure", Handler: f.reinstate},
	}
}

// card is a person as these pages show him.
type card struct {
	person.Person
	unit, place string
}

// cards adds the names of schools and classes.
func (f *Face) cards(ctx context.Context, by access.Actor, all ...person.Person) ([]card, error) {
	ids := make([]id.Person, len(all))
	for i, p := range all {
		ids[i] = p.ID
	}
	at, err := f.people.Affiliations(ctx, by, ids...)
	if err != nil {
		return nil, err
	}
	var nodes []id.Node
	for _, p := range all {
		nodes = append(nodes, p.Unit)
		for _, a := range at[p.ID] {
			nodes = append(nodes, a.Node)
		}
	}
	found, err := f.org.GetMany(ctx, by, nodes)
	if err != nil {
		return nil, err
	}
	day := clock.DayOf(web.Now(ctx))
	out := make([]card, len(all))
	for i, p := range all {
		out[i] = card{Person: p, unit: found[p.Unit].Label(day)}
		for _, a := range at[p.ID] {
			if n := found[a.Node]; n.Kind == org.KindClass {
				out[i].place = n.Label(day)
				break
			}
		}
	}
	return out, nil
}

// where is school and class.
func (c card) where() string {
	if c.place == "" {
		return c.unit
	}
	return c.unit + " " + c.place
}

// pairs lists what is known of a person, numbers masked.
func (c card) pairs(ctx context.Context) []ui.Pair {
	number := i18n.T(ctx, "merge.none")
	if c.IDTail != "" {
		number = i18n.T(ctx, "merge.tail", c.IDTail)
	}
	out := []ui.Pair{
		{Name: i18n.T(ctx, "merge.role"), Value: i18n.T(ctx, "role."+roleWord(c.Role))},
		{Name: i18n.T(ctx, "merge.where"), Value: c.where()},
		{Name: i18n.T(ctx, "merge.sex"), Value: i18n.T(ctx, "merge.sex."+string(rune('0'+c.Sex)))},
		{Name: i18n.T(ctx, "merge.birth"), Value: dayText(ctx, c.Birth)},
		{Name: i18n.T(ctx, "merge.number"), Value: number},
		{Name: i18n.T(ctx, "merge.state"), Value: i18n.T(ctx, "merge.state."+stateWord(c.Person))},
	}
	if c.Role == person.RolePupil {
		word := "merge.none"
		if c.HasStudentNo {
			word = "merge.has"
		}
		out = append(out, ui.Pair{Name: i18n.T(ctx, "merge.student_no"), Value: i18n.T(ctx, word)})
	}
	return out
}

// roleWord is the role under which the catalogue knows a counted role.
func roleWord(role string) string {
	if role == person.RoleOfficer {
		return "officer"
	}
	return role
}

// stateWord is the state of a person in one word.
func stateWord(p person.Person) string {
	switch {
	case p.EndedAs != "":
		return p.EndedAs
	case p.Status != person.StatusNormal:
		return p.Status
	case !p.Verified.IsZero():
		return "verified"
	case !p.Activated.IsZero():
		return "activated"
	}
	return "made"
}

func dayText(ctx context.Context, d clock.Day) string {
	if d == 0 {
		return i18n.T(ctx, "merge.none")
	}
	return i18n.Day(i18n.Lang(ctx), d)
}

// crumbs lead from the node to the page.
func crumbs(n org.Node, day clock.Day, more ...ui.Crumb) []ui.Crumb {
	return append([]ui.Crumb{{Label: n.Label(day), Href: ui.Href("nodes", n.ID)}}, more...)
}
