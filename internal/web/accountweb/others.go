package accountweb

import (
	"errors"
	"net/http"

	"learnspace/internal/account"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// entrancePage is somebody's account as those see it who look after it.
type entrancePage struct {
	account.Entrance
	Login  string // what was looked for
	Errors ui.Errors
}

// findEntrance looks an account up by its whole sign-in name.
func (f *Face) findEntrance(w http.ResponseWriter, r *http.Request) error {
	login := r.URL.Query().Get("login")
	if login == "" {
		return web.Render(w, r, http.StatusOK, findView(entrancePage{}))
	}
	who, err := f.accounts.FindEntrance(r.Context(), web.Actor(r.Context()), login)
	if errors.Is(err, fault.ErrNotFound) {
		errs, _ := web.Invalid(r, fault.Invalid(fault.At("login", "account.entrance.nobody")))
		return web.Render(w, r, http.StatusOK, findView(entrancePage{Login: login, Errors: errs}))
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/people/"+who.String()+"/signin")
}

func (f *Face) showEntrance(w http.ResponseWriter, r *http.Request) error {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	e, err := f.accounts.Entrance(r.Context(), web.Actor(r.Context()), who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, entranceView(entrancePage{Entrance: e}))
}

func (f *Face) endSessionsOf(w http.ResponseWriter, r *http.Request) error {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	n, err := f.accounts.EndSessionsOf(r.Context(), web.Actor(r.Context()), who)
	if err != nil {
		return err
	}
	web.Flash(w, r, "account.entrance.ended", n)
	return web.Redirect(w, r, "/people/"+who.String()+"/signin")
}

func (f *Face) resetFactor(w http.ResponseWriter, r *http.Request) error {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	if err := f.accounts.ResetFactor(r.Context(), web.Actor(r.Context()), who); err != nil {
		return err
	}
	web.Flash(w, r, "account.entrance.reset_done")
	return web.Redirect(w, r, "/people/"+who.String()+"/signin")
}

// policyPage chooses the password policy.
type policyPage struct {
	account.Policy
	Errors ui.Errors
}

func (f *Face) showPolicy(w http.ResponseWriter, r *http.Request) error {
	return f.renderPolicy(w, r, http.StatusOK, nil)
}

func (f *Face) renderPolicy(w http.ResponseWriter, r *http.Request, status int, errs ui.Errors) error {
	p, err := f.accounts.Policy(r.Context(), web.Actor(r.Context()))
	if err != nil {
		return err
	}
	return web.Render(w, r, status, policyView(policyPage{Policy: p, Errors: errs}))
}

func (f *Face) setPolicy(w http.ResponseWriter, r *http.Request) error {
	version := web.FormID[id.Session](r, "version").Int() // a number; 0 for the first
	err := f.accounts.SetPolicy(r.Context(), web.Actor(r.Context()), account.Preset(r.FormValue("preset")), version)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderPolicy(w, r, http.StatusUnprocessableEntity, errs)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "account.policy.set")
	return web.Redirect(w, r, "/accounts/policy")
}

// viewPage asks whom to look at, and why.
type viewPage struct {
	Login, Reason string
	Fresh         bool
	Errors        ui.Errors
	Notice        string
}

func (f *Face) showViewAs(w http.ResponseWriter, r *http.Request) error {
	return f.renderViewAs(w, r, http.StatusOK, viewPage{})
}

func (f *Face) renderViewAs(w http.ResponseWriter, r *http.Request, status int, page viewPage) error {
	var err error
	if page.Fresh, err = f.accounts.IsFresh(r.Context(), web.Actor(r.Context()), web.SessionToken(r)); err != nil {
		return err
	}
	return web.Render(w, r, status, viewAsView(page))
}

func (f *Face) beginView(w http.ResponseWriter, r *http.Request) error {
	page, status := viewPage{Login: r.FormValue("login"), Reason: r.FormValue("reason")}, http.StatusUnprocessableEntity
	err := f.accounts.BeginView(r.Context(), web.Actor(r.Context()), web.SessionToken(r), page.Login, page.Reason, r.FormValue("code"))
	if err == nil {
		return web.Redirect(w, r, "/home")
	}
	errs, ok := web.Invalid(r, err)
	if ok {
		page.Errors = errs
	} else if !waiting(w, r, err, &page.Notice, &status) {
		return err
	}
	return f.renderViewAs(w, r, status, page)
}

func (f *Face) endView(w http.ResponseWriter, r *http.Request) error {
	if err := f.accounts.EndView(r.Context(), web.Actor(r.Context()), web.SessionToken(r)); err != nil {
		return err
	}
	return web.Redirect(w, r, "/home")
}
