package homeweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/custody"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/i18n"
	"learnspace/internal/metrics"
	"learnspace/internal/notice"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/rights"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Deps are the services that the homes ask.
type Deps struct {
	Accounts *account.Service
	Org      *org.Service
	People   *person.Service
	Posts    *post.Service
	Notices  *notice.Service
	Metrics  *metrics.Service
	Rosters  *roster.Service
	Bulletin *bulletin.Service
	Custody  *custody.Service
	Rights   *rights.Service
}

// Face is the pages.
type Face struct{ Deps }

// New builds the face.
func New(d Deps) *Face { return &Face{d} }

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/{$}", Anonymous: true, Handler: f.showIndex},
		{Method: http.MethodGet, Pattern: "/home", Permission: access.HomeRead, Handler: f.showHome},
	}
}

// showIndex is the front page; whoever is signed in goes on to his home.
func (f *Face) showIndex(w http.ResponseWriter, r *http.Request) error {
	if web.Actor(r.Context()).IsPerson() {
		return web.Redirect(w, r, "/home")
	}
	return web.Render(w, r, http.StatusOK, indexView())
}

// showHome sends the reader to the home of his active role.
func (f *Face) showHome(w http.ResponseWriter, r *http.Request) error {
	by := web.Actor(r.Context())
	homes := map[access.Role]func(http.ResponseWriter, *http.Request, access.Actor) error{
		access.Pupil:        f.pupil,
		access.Guardian:     f.guardian,
		access.Teacher:      f.teacher,
		access.ClassTeacher: f.teacher,
		access.Registrar:    f.school,
		access.School:       f.school,
		access.County:       f.office,
		access.Prefecture:   f.office,
		access.Reporter:     f.office,
		access.Province:     f.office,
		access.Inspector:    f.office,
	}
	if home, ok := homes[by.Role]; ok && by.Home() != 0 {
		return home(w, r, by)
	}
	return f.plain(w, r, by)
}

// greeting greets by the time of day.
func greeting(ctx context.Context, by access.Actor) string {
	key := "home.morning"
	switch hour := web.Now(ctx).In(zone).Hour(); {
	case hour < 5, hour >= 18:
		key = "home.evening"
	case hour >= 12:
		key = "home.afternoon"
	}
	return i18n.T(ctx, key, by.Name)
}

// localName is a node's name in the reader's language where it has one.
func localName(ctx context.Context, n org.Node) string {
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		return n.NameKo
	}
	return n.Name
}

// todo is one thing that waits for the reader, with its action.
type todo struct {
	Icon  string
	Tone  int
	Title string
	Note  string
	Href  string
	// Act is the words of the action: a link to Href, or with Post a form of one
	// button.
	Act    string
	Post   string
	Strong bool
	// Tag is a word about its state.
	Tag string
}

// back brings a form of one button back to the home.
var back = ui.Hidden{Name: "back", Value: "/home"}
