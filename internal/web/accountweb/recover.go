package accountweb

import (
	"net/http"

	"learnspace/internal/account"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// recoverCookie and phoneCookie name the request for a code between two pages.
const (
	recoverCookie = "recover"
	phoneCookie   = "phone"
)

// codeFormPage asks for a phone, or for the code that was sent to it.
type codeFormPage struct {
	Phone  string
	Code   string
	Own    account.Phone // the confirmed one, where there is one
	Has    bool
	Errors ui.Errors
	Notice string
}

// closed answers where no text messages can be sent.
func (f *Face) closed(r *http.Request) error {
	if f.accounts.CanRecover(r.Context(), web.Actor(r.Context())) {
		return nil
	}
	return fault.New(fault.ErrNotFound, "error.not_found")
}

func (f *Face) showRecover(w http.ResponseWriter, r *http.Request) error {
	if err := f.closed(r); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, recoverView(codeFormPage{}))
}

func (f *Face) startRecover(w http.ResponseWriter, r *http.Request) error {
	page, status := codeFormPage{Phone: r.FormValue("phone")}, http.StatusUnprocessableEntity
	token, err := f.accounts.StartRecovery(r.Context(), web.Actor(r.Context()), network(r), page.Phone, i18n.Lang(r.Context()))
	if err == nil {
		web.SetState(w, r, recoverCookie, token, account.PhoneCodeLife)
		return web.Redirect(w, r, "/recover/code")
	}
	errs, ok := web.Invalid(r, err)
	switch {
	case ok:
		page.Errors = errs
	case !waiting(w, r, err, &page.Notice, &status):
		return err
	}
	return web.Render(w, r, status, recoverView(page))
}

func (f *Face) showRecoverCode(w http.ResponseWriter, r *http.Request) error {
	if web.State(r, recoverCookie) == "" {
		return web.Redirect(w, r, "/recover")
	}
	return web.Render(w, r, http.StatusOK, recoverCodeView(codeFormPage{}))
}

func (f *Face) finishRecover(w http.ResponseWriter, r *http.Request) error {
	page, status := codeFormPage{Code: r.FormValue("code")}, http.StatusUnprocessableEntity
	err := f.accounts.FinishRecovery(r.Context(), web.Actor(r.Context()), web.State(r, recoverCookie), page.Code, r.FormValue("password"))
	if err == nil {
		web.SetState(w, r, recoverCookie, "", -1)
		web.Flash(w, r, "account.recover.done")
		return web.Redirect(w, r, "/signin")
	}
	errs, ok := web.Invalid(r, err)
	switch {
	case ok:
		page.Errors = errs
	case !waiting(w, r, err, &page.Notice, &status):
		return err
	}
	return web.Render(w, r, status, recoverCodeView(page))
}

func (f *Face) showPhone(w http.ResponseWriter, r *http.Request) error {
	return f.renderPhone(w, r, http.StatusOK, codeFormPage{})
}

func (f *Face) renderPhone(w http.ResponseWriter, r *http.Request, status int, page codeFormPage) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	ok, err := f.accounts.CanConfirmPhone(ctx, by)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.ErrNotFound, "error.not_found")
	}
	if page.Own, page.Has, err = f.accounts.OwnPhone(ctx, by); err != nil {
		return err
	}
	return web.Render(w, r, status, phoneView(page))
}

// askPhone sends a code, or with drop forgets the phone.
func (f *Face) askPhone(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	if r.FormValue("drop") == "1" {
		if err := f.accounts.DropPhone(ctx, by); err != nil {
			return err
		}
		web.Flash(w, r, "account.phone.dropped")
		return web.Redirect(w, r, "/me/phone")
	}
	page, status := codeFormPage{Phone: r.FormValue("phone")}, http.StatusUnprocessableEntity
	token, err := f.accounts.AskPhone(ctx, by, r.FormValue("old"), page.Phone, i18n.Lang(ctx))
	if err == nil {
		web.SetState(w, r, phoneCookie, token, account.PhoneCodeLife)
		return web.Redirect(w, r, "/me/phone/code")
	}
	errs, ok := web.Invalid(r, err)
	switch {
	case ok:
		page.Errors = errs
	case !waiting(w, r, err, &page.Notice, &status):
		return err
	}
	return f.renderPhone(w, r, status, page)
}

func (f *Face) showPhoneCode(w http.ResponseWriter, r *http.Request) error {
	if web.State(r, phoneCookie) == "" {
		return web.Redirect(w, r, "/me/phone")
	}
	return web.Render(w, r, http.StatusOK, phoneCodeView(codeFormPage{}))
}

func (f *Face) confirmPhone(w http.ResponseWriter, r *http.Request) error {
	page := codeFormPage{Code: r.FormValue("code")}
	err := f.accounts.ConfirmPhone(r.Context(), web.Actor(r.Context()), web.State(r, phoneCookie), page.Code)
	if errs, ok := web.Invalid(r, err); ok {
		page.Errors = errs
		return web.Render(w, r, http.StatusUnprocessableEntity, phoneCodeView(page))
	}
	if err != nil {
		return err
	}
	web.SetState(w, r, phoneCookie, "", -1)
	web.Flash(w, r, "account.phone.done")
	return web.Redirect(w, r, "/me/phone")
}
