package accountweb

import (
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// mePage is the holder's own account.
type mePage struct {
	Actor   access.Actor
	Account account.Account
	Devices []account.Session
	Consent *account.ConsentState // nil where no guardian decides
	Views   []account.View
	Phone   bool // the holder may confirm a phone
	// Upstream says that people may sign in through providers.
	Upstream bool
	Errors   ui.Errors
	Notice   string
}

func (f *Face) showMe(w http.ResponseWriter, r *http.Request) error {
	return f.renderMe(w, r, http.StatusOK, mePage{})
}

func (f *Face) renderMe(w http.ResponseWriter, r *http.Request, status int, page mePage) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	var err error
	if page.Account, err = f.accounts.Own(ctx, by); err != nil {
		return err
	}
	if page.Devices, err = f.accounts.Devices(ctx, by, web.SessionToken(r)); err != nil {
		return err
	}
	if page.Consent, err = f.consentOf(r); err != nil {
		return err
	}
	if page.Views, err = f.accounts.Views(ctx, by); err != nil {
		return err
	}
	if page.Upstream, err = f.hasUpstream(ctx); err != nil {
		return err
	}
	if page.Phone, err = f.accounts.CanConfirmPhone(ctx, by); err != nil {
		return err
	}
	page.Actor = by
	return web.Render(w, r, status, meView(page))
}

func (f *Face) switchRole(w http.ResponseWriter, r *http.Request) error {
	t, err := f.accounts.SwitchRole(r.Context(), web.Actor(r.Context()), web.SessionToken(r), access.Role(r.FormValue("role")))
	if err != nil {
		return err
	}
	web.SetSession(w, r, t.Token, t.MaxAge)
	return web.Redirect(w, r, "/home")
}

func (f *Face) changePassword(w http.ResponseWriter, r *http.Request) error {
	err := f.accounts.ChangePassword(r.Context(), web.Actor(r.Context()), web.SessionToken(r), r.FormValue("old"), r.FormValue("password"))
	if err == nil {
		web.Flash(w, r, "account.password.changed")
		return web.Redirect(w, r, "/me")
	}
	page, status := mePage{}, http.StatusUnprocessableEntity
	errs, ok := web.Invalid(r, err)
	switch {
	case ok:
		page.Errors = errs
	case !waiting(w, r, err, &page.Notice, &status):
		return err
	}
	return f.renderMe(w, r, status, page)
}

// endSessions ends one session, or all others.
func (f *Face) endSessions(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	var err error
	if r.FormValue("all") == "1" {
		err = f.accounts.EndOthers(ctx, by, web.SessionToken(r))
	} else {
		err = f.accounts.EndSession(ctx, by, web.FormID[id.Session](r, "session"))
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "account.devices.ended")
	return web.Redirect(w, r, "/me")
}
