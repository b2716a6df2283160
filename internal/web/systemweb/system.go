package systemweb

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Status is how the server stands.
type Status struct {
	Version, Go, Engine string
	At                  time.Time
	Checks              []web.Check
	// Group is the size of the last group commit, Writers wait to write,
	// Connections are in use.
	Group, Writers, Connections int
	// Jobs by what has become of them, and those in trouble.
	Waiting, Running, Done, Failed int64
	Jobs                           []Job
	Settings                       []Setting
}

// Job is a job that failed or waits for another try.
type Job struct {
	ID, Kind, State, Error string
	Attempts               int
	MadeAt                 time.Time
}

// Setting is one setting in force; secrets are masked already.
type Setting struct{ Key, Value, Source, Zh, En string }

// Face serves the page.
type Face struct {
	status func(ctx context.Context, by access.Actor) (Status, error)
}

// New returns the face; status tells how the server stands.
func New(status func(ctx context.Context, by access.Actor) (Status, error)) *Face {
	return &Face{status: status}
}

// Routes lists the page.
func (f *Face) Routes() []web.Route {
	return []web.Route{{Method: http.MethodGet, Pattern: "/system", Permission: access.SystemManage, Handler: f.show}}
}

type systemPage struct {
	ui.Page
	Status
	ready bool
}

func (f *Face) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	s, err := f.status(ctx, web.Actor(ctx))
	if err != nil {
		return err
	}
	p := systemPage{Status: s, ready: true, Page: ui.Page{Title: i18n.T(ctx, "system.title"), Lead: i18n.T(ctx, "system.lead"), Nav: "system"}}
	for _, c := range s.Checks {
		p.ready = p.ready && c.OK
	}
	return web.Render(w, r, http.StatusOK, systemView(p))
}

// checkName is the condition in words.
func checkName(ctx context.Context, name string) string {
	if key := "system.check." + name; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return name
}

// measured is the value of a check with its unit.
func measured(ctx context.Context, c web.Check) string {
	if c.Unit == "" {
		return ""
	}
	if key := "system.unit." + c.Unit; i18n.Has(key) {
		return i18n.T(ctx, key, c.Value)
	}
	return strconv.FormatInt(c.Value, 10) + " " + c.Unit
}

// source is where a setting comes from: a word, or the name of the variable or
// the file with its line.
func source(ctx context.Context, s Setting) string {
	if key := "system.source." + s.Source; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return s.Source
}

// meaning is what a setting is for, in the reader's language as far as it is
// written.
func meaning(ctx context.Context, s Setting) string {
	if i18n.Lang(ctx) == i18n.Chinese {
		return s.Zh
	}
	return s.En
}

// facts are the lines about versions and load.
func (p systemPage) facts(ctx context.Context) []ui.Pair {
	pair := func(key, value string) ui.Pair { return ui.Pair{Name: i18n.T(ctx, key), Value: value} }
	return []ui.Pair{
		pair("system.version", p.Version), pair("system.go", p.Go), pair("system.engine", p.Engine),
		pair("system.jobs", i18n.T(ctx, "system.jobs_line", p.Waiting, p.Running, p.Done, p.Failed)),
		pair("system.db", i18n.T(ctx, "system.db_line", p.Connections, p.Writers, p.Group)),
	}
}
