package consentweb

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Face is the pages.
type Face struct {
	accounts *account.Service
	people   *person.Service
	org      *org.Service
	listed   func(ctx context.Context, by access.Actor, node id.Node, names int) error
	looked   func(ctx context.Context, by access.Actor, subject id.Person, unit id.Node) error
}

// New returns the face.
func New(accounts *account.Service, people *person.Service, orgs *org.Service) *Face {
	return &Face{accounts: accounts, people: people, org: orgs}
}

// Recorded makes the face tell which list of names and whose page it is about to
// show; an error of either is shown instead.
func (f *Face) Recorded(listed func(ctx context.Context, by access.Actor, node id.Node, names int) error,
	looked func(ctx context.Context, by access.Actor, subject id.Person, unit id.Node) error) *Face {
	f.listed, f.looked = listed, looked
	return f
}

// Routes lists the pages.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/children/{person}/consent", Permission: access.ConsentAnswer, Object: "person", Handler: f.showChild},
		{Method: http.MethodPost, Pattern: "/children/{person}/consent", Permission: access.ConsentAnswer, Object: "person", Handler: f.answer},
		{Method: http.MethodGet, Pattern: "/consents", Permission: access.ConsentRegister, Handler: f.showRegister},
		{Method: http.MethodGet, Pattern: "/consents/{person}", Permission: access.ConsentRegister, Object: "person", Handler: f.showPupil},
	}
}

// childPage is what one decides about a child.
type childPage struct {
	account.ChildConsent
	Errors ui.Errors
	// Wrong is the purpose whose form was wrong.
	Wrong string
}

func (f *Face) showChild(w http.ResponseWriter, r *http.Request) error {
	return f.renderChild(w, r, http.StatusOK, childPage{})
}

func (f *Face) renderChild(w http.ResponseWriter, r *http.Request, status int, page childPage) error {
	child, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	if page.ChildConsent, err = f.accounts.ChildConsents(r.Context(), web.Actor(r.Context()), child); err != nil {
		return err
	}
	return web.Render(w, r, status, childView(page))
}

func (f *Face) answer(w http.ResponseWriter, r *http.Request) error {
	child, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	purpose, answer := r.FormValue("purpose"), r.FormValue("answer")
	err = f.accounts.AnswerFor(r.Context(), web.Actor(r.Context()), child, purpose, r.FormValue("version"), answer)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderChild(w, r, http.StatusUnprocessableEntity, childPage{Errors: errs, Wrong: purpose})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "consent.saved."+answer)
	return web.Redirect(w, r, web.Local(r.FormValue("back"), ui.Href("children", child, "consent")))
}

// registerPage is the register of a school: its classes with numbers, and the
// pupils of the class that is chosen, or those about whom guardians differ.
type registerPage struct {
	Classes  []classLine
	Node     id.Node
	Conflict bool
	Rows     []person.RegisterRow
	Names    map[id.Node]string
	// Conflicts counts the pupils about whom guardians differ.
	Conflicts int
}

type classLine struct {
	person.RegisterCount
	Name string
	node org.Node
}

// before orders classes as people list them: school by school, by grade and number.
func before(day clock.Day) func(a, b classLine) int {
	stage := func(n org.Node) int {
		return slices.IndexFunc(codes.Stages(), func(s codes.Stage) bool { return s.Code == n.Stage })
	}
	return func(a, b classLine) int {
		return cmp.Or(cmp.Compare(a.node.Unit, b.node.Unit), cmp.Compare(stage(a.node), stage(b.node)),
			cmp.Compare(a.node.Grade(day), b.node.Grade(day)), cmp.Compare(a.node.ClassNo, b.node.ClassNo))
	}
}

func (f *Face) showRegister(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	page := registerPage{Node: web.FormID[id.Node](r, "class"), Conflict: r.FormValue("show") == person.RegisterConflicts, Names: map[id.Node]string{}}
	counts, err := f.people.RegisterCounts(ctx, by, 0)
	if err != nil {
		return err
	}
	day := clock.DayOf(web.Now(ctx))
	for _, c := range counts {
		n, err := f.org.Get(ctx, by, c.Class)
		if err != nil {
			return err
		}
		page.Names[c.Class] = n.Label(day)
		page.Classes = append(page.Classes, classLine{c, n.Label(day), n})
		page.Conflicts += c.Conflicts
	}
	slices.SortStableFunc(page.Classes, before(day))
	if page.Node == 0 && len(counts) == 1 {
		page.Node = counts[0].Class
	}
	switch {
	case page.Conflict:
		page.Rows, err = f.people.Register(ctx, by, page.Node, person.RegisterConflicts)
	case page.Node != 0:
		if page.Rows, err = f.people.Register(ctx, by, page.Node, ""); err == nil && f.listed != nil {
			err = f.listed(ctx, by, page.Node, len(page.Rows))
		}
	}
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, registerView(page))
}

// pupilPage is every answer about one pupil.
type pupilPage struct {
	Row   person.RegisterRow
	All   []person.Consent
	Class string
}

func (f *Face) showPupil(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	child, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	var page pupilPage
	if page.Row, page.All, err = f.people.RegisterOf(ctx, by, child); err != nil {
		return err
	}
	if f.looked != nil {
		if err := f.looked(ctx, by, child, page.Row.Unit); err != nil {
			return err
		}
	}
	if page.Row.Class != 0 {
		n, err := f.org.Get(ctx, by, page.Row.Class)
		if err != nil {
			return err
		}
		page.Class = n.Label(clock.DayOf(web.Now(ctx)))
	}
	return web.Render(w, r, http.StatusOK, pupilView(page))
}

// purposeName is the name of a purpose.
func purposeName(ctx context.Context, purpose string) string {
	return i18n.T(ctx, "consent.purpose."+purpose)
}
