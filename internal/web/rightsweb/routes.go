package rightsweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/custody"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/rights"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Looks tells who looked at a person and at the records merged into him.
type Looks interface {
	LooksAt(ctx context.Context, by access.Actor, subject id.Person, before id.Look, limit int) ([]custody.Look, error)
}

// Face serves the pages.
type Face struct {
	rights *rights.Service
	people *person.Service
	org    *org.Service
	looks  Looks
}

// New returns the face.
func New(r *rights.Service, people *person.Service, orgs *org.Service, looks Looks) *Face {
	return &Face{rights: r, people: people, org: orgs, looks: looks}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/rights", Permission: access.RightsSelf, Handler: f.showOwn},
		{Method: http.MethodGet, Pattern: "/rights/{person}", Permission: access.RightsSelf, Object: "person", Handler: f.showPerson},
		{Method: http.MethodGet, Pattern: "/rights/{person}/data.xlsx", Permission: access.RightsSelf, Object: "person", Handler: f.copy},
		{Method: http.MethodPost, Pattern: "/rights/{person}/requests", Permission: access.RightsSelf, Object: "person", Handler: f.ask},
		{Method: http.MethodPost, Pattern: "/requests/{request}/close", Permission: access.RightsSelf, Object: "request", Handler: f.close},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/requests", Permission: access.RightsAnswer, Object: "node", Handler: f.showRequests},
		{Method: http.MethodGet, Pattern: "/requests/{request}", Permission: access.RightsAnswer, Object: "request", Handler: f.showRequest},
		{Method: http.MethodPost, Pattern: "/requests/{request}/take", Permission: access.RightsAnswer, Object: "request", Handler: f.take},
		{Method: http.MethodPost, Pattern: "/requests/{request}/answer", Permission: access.RightsAnswer, Object: "request", Handler: f.answer},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/privacy-report", Permission: access.PrivacyReport, Object: "node", Handler: f.showReport},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/privacy-report/print", Permission: access.PrivacyReport, Object: "node", Handler: f.printReport},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/privacy-report/report.docx", Permission: access.PrivacyReport, Object: "node", Handler: f.reportFile("docx")},
		{Method: http.MethodGet, Pattern: "/nodes/{node}/privacy-report/report.xlsx", Permission: access.PrivacyReport, Object: "node", Handler: f.reportFile("xlsx")},
		{Method: http.MethodGet, Pattern: "/retention", Permission: access.SystemManage, Handler: f.showRetention},
	}
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
