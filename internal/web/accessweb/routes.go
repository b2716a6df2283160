package accessweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/explain"
	"learnspace/internal/i18n"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
)

// Face serves the pages.
type Face struct {
	org     *org.Service
	people  *person.Service
	explain *explain.Service
}

// New returns the face.
func New(orgs *org.Service, people *person.Service, explainer *explain.Service) *Face {
	return &Face{org: orgs, people: people, explain: explainer}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/access/roles", Permission: access.HomeRead, Handler: f.showRoles},
		{Method: http.MethodGet, Pattern: "/access/why", Permission: access.AccessExplain, Handler: f.showWhy},
		{Method: http.MethodGet, Pattern: "/access/substitutes", Permission: access.RoleLend, Handler: f.showLoans},
		{Method: http.MethodPost, Pattern: "/access/substitutes", Permission: access.RoleLend, Handler: f.lend},
		{Method: http.MethodPost, Pattern: "/access/substitutes/{grant}/end", Permission: access.RoleLend, Object: "grant", Handler: f.endLoan},
	}
}

// label is the name of a node as the reader knows it.
func label(ctx context.Context, n org.Node) string {
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		return n.NameKo
	}
	return n.Label(clock.DayOf(web.Now(ctx)))
}

// roleName is the word for a role.
func roleName(ctx context.Context, r access.Role) string { return i18n.T(ctx, "role."+string(r)) }

func dayText(ctx context.Context, d clock.Day) string {
	if d == 0 {
		return ""
	}
	return i18n.Day(i18n.Lang(ctx), d)
}
