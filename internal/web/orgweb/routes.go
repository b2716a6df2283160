package orgweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Face serves the pages of the organisation.
type Face struct {
	org    *org.Service
	people *person.Service
	spaces *space.Service
}

// New returns the face.
func New(orgs *org.Service, people *person.Service, spaces *space.Service) *Face {
	return &Face{org: orgs, people: people, spaces: spaces}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/nodes/{node}", Permission: access.OrgRead, Object: "node", Handler: f.showNode},
		{Method: http.MethodPost, Pattern: "/nodes/{node}/confirm", Permission: access.SchoolConfirm, Object: "node", Handler: f.confirm},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/grants", Permission: access.GrantGive, Object: "node", Handler: f.showGrants},
		{Method: http.MethodPost, Pattern: "/nodes/{node}/grants", Permission: access.GrantGive, Object: "node", Handler: f.saveGrant},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/grants/review", Permission: access.GrantGive, Object: "node", Handler: f.showReview},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/grants/list.xlsx", Permission: access.GrantGive, Object: "node", Handler: f.exportGrants},
		{Method: http.MethodPost, Pattern: "/grants/{grant}/review", Permission: access.GrantGive, Object: "grant", Handler: f.confirmGrant},
		{Method: http.MethodGet, Pattern: "/grants/{grant}/end", Permission: access.GrantGive, Object: "grant", Handler: f.showHandOver},
		{Method: http.MethodPost, Pattern: "/grants/{grant}/end", Permission: access.GrantGive, Object: "grant", Handler: f.endGrant},
	}
}

// nameOf is the name of a node for the reader: the Korean one where he reads
// Korean and the node has it.
func nameOf(ctx context.Context, n org.Node) string {
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		return n.NameKo
	}
	return n.Name
}

// address is the address of a node's page, or of one below it.
func address(node id.Node, below ...any) string {
	return ui.Href(append([]any{"nodes", node}, below...)...)
}

// crumbs lead from the top of the reader's scope to the node; what stands above
// is named without a link.
func (f *Face) crumbs(ctx context.Context, by access.Actor, n org.Node, last string) ([]ui.Crumb, error) {
	above, err := f.org.Ancestors(ctx, by, n.ID)
	if err != nil {
		return nil, err
	}
	var out []ui.Crumb
	for _, a := range above {
		if !by.Allows(access.OrgRead, a.Path) {
			continue
		}
		c := ui.Crumb{Label: nameOf(ctx, a), Href: address(a.ID)}
		if a.Kind == org.KindClass {
			c.Label = a.Label(clock.DayOf(web.Now(ctx)))
		}
		if a.ID == n.ID && last == "" {
			c.Href = ""
		}
		out = append(out, c)
	}
	if last != "" {
		out = append(out, ui.Crumb{Label: last})
	}
	return out, nil
}
