package custodyweb

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
)

// Deps are what the pages ask.
type Deps struct {
	Custody *custody.Service
	Org     *org.Service
	People  *person.Service
	// Fresh asks for the second factor again before a file is approved; nil asks
	// for nothing. token is the session's, code what was typed.
	Fresh func(ctx context.Context, by access.Actor, token, code string) error
	// IsFresh reports whether Fresh asks for no code now; nil: it always asks.
	IsFresh func(ctx context.Context, by access.Actor, token string) (bool, error)
}

// Face is the pages.
type Face struct{ Deps }

// New returns the face.
func New(d Deps) *Face { return &Face{Deps: d} }

// Routes lists the pages of the face.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Pattern: "/people", Permission: access.PersonReveal, Handler: f.showFind},
		{Method: "POST", Pattern: "/people/find", Permission: access.PersonReveal, Handler: f.find},
		{Method: "GET", Pattern: "/people/{person}", Permission: access.PersonProfile, Object: "person", Handler: f.showPerson},
		{Method: "GET", Pattern: "/people/{person}/looks", Permission: access.PersonReveal, Object: "person", Handler: f.showLooks},
		{Method: "GET", Pattern: "/people/{person}/reveal/{field}", Permission: access.PersonReveal, Object: "person", Handler: f.askReveal},
		{Method: "POST", Pattern: "/people/{person}/reveal/{field}", Permission: access.PersonReveal, Object: "person", Handler: f.reveal},

		{Method: "GET", Pattern: "/exports", Permission: access.ExportRead, Handler: f.showExports},
		{Method: "GET", Pattern: "/exports/new", Permission: access.ExportRequest, Handler: f.showAsk},
		{Method: "POST", Pattern: "/exports", Permission: access.ExportRequest, Handler: f.ask},
		{Method: "GET", Pattern: "/exports/{export}", Permission: access.ExportRead, Object: "export", Handler: f.showExport},
		{Method: "POST", Pattern: "/exports/{export}/approve", Permission: access.ExportApprove, Object: "export", Handler: f.approve},
		{Method: "POST", Pattern: "/exports/{export}/refuse", Permission: access.ExportApprove, Object: "export", Handler: f.refuse},
		{Method: "POST", Pattern: "/exports/{export}/withdraw", Permission: access.ExportRequest, Object: "export", Handler: f.withdraw},
		// A taking writes a record and counts, so it is no GET.
		{Method: "POST", Pattern: "/exports/{export}/file", Permission: access.ExportRequest, Object: "export", Handler: f.take},

		{Method: "GET", Pattern: "/alarms", Permission: access.AlarmRead, Handler: f.showAlarms},
		{Method: "POST", Pattern: "/alarms/{alarm}/seen", Permission: access.AlarmRead, Object: "alarm", Handler: f.seeAlarm},
		{Method: "POST", Pattern: "/alarms/limits", Permission: access.LimitSet, Handler: f.setLimits},
	}
}
