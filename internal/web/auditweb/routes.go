package auditweb

import (
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/audit/inquiry"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
)

// Face serves the pages of the audit trail.
type Face struct {
	trail  *inquiry.Service
	org    *org.Service
	people *person.Service
}

// New returns the face.
func New(trail *inquiry.Service, orgs *org.Service, people *person.Service) *Face {
	return &Face{trail: trail, org: orgs, people: people}
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/audit", Permission: access.AuditRead, Object: "audit", Handler: f.search},
		{Method: http.MethodPost, Pattern: "/audit/export", Permission: access.AuditRead, Object: "audit", Stream: true, Handler: f.export},
	}
}
