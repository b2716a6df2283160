package accountweb

import (
	"errors"
	"net/http"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/fault"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

const (
	// stateCookie keeps the answers between the steps, sealed.
	stateCookie = "activate"
	// stateAge is how long a break between two steps may last.
	stateAge = 30 * time.Minute
)

// codePage asks for the code on the slip.
type codePage struct {
	Code   string
	Errors ui.Errors
	Notice string
}

// stepPage is a step behind a valid code.
type stepPage struct {
	Opening  account.Opening
	Guardian account.Guardian
	Login    string
	Shared   bool
	Errors   ui.Errors
	Notice   string
}

// showCode asks for the code. A scanned slip brings it along and goes straight
// to the second step; nothing is changed by looking.
func (f *Face) showCode(w http.ResponseWriter, r *http.Request) error {
	code := r.URL.Query().Get("c")
	if code == "" {
		return web.Render(w, r, http.StatusOK, codeView(codePage{}))
	}
	o, err := f.accounts.Open(r.Context(), web.Actor(r.Context()), network(r), code)
	if err != nil {
		return f.refuseCode(w, r, code, err)
	}
	if err := f.keep(w, r, account.Progress{Code: code}); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, nameView(stepPage{Opening: o}))
}

func (f *Face) takeCode(w http.ResponseWriter, r *http.Request) error {
	code := r.FormValue("code")
	if _, err := f.accounts.Open(r.Context(), web.Actor(r.Context()), network(r), code); err != nil {
		return f.refuseCode(w, r, code, err)
	}
	if err := f.keep(w, r, account.Progress{Code: code}); err != nil {
		return err
	}
	return web.Redirect(w, r, "/activate/name")
}

// refuseCode shows the first step again with what is wrong with the code.
func (f *Face) refuseCode(w http.ResponseWriter, r *http.Request, code string, err error) error {
	page, status := codePage{Code: code}, http.StatusUnprocessableEntity
	errs, ok := web.Invalid(r, err)
	switch {
	case ok:
		page.Errors = errs
	case !waiting(w, r, err, &page.Notice, &status):
		return err
	}
	return web.Render(w, r, status, codeView(page))
}

// keep stores the answers so far in the cookie.
func (f *Face) keep(w http.ResponseWriter, r *http.Request, p account.Progress) error {
	kept, err := f.accounts.Keep(r.Context(), web.Actor(r.Context()), p)
	if err != nil {
		return err
	}
	web.SetState(w, r, stateCookie, kept, stateAge)
	return nil
}

// errRestart sends back to the first step: the answers are gone.
var errRestart = errors.New("activation state is gone")

// resume reads the answers so far and looks at the code again.
func (f *Face) resume(r *http.Request) (account.Progress, account.Opening, error) {
	by := web.Actor(r.Context())
	p, ok := f.accounts.Kept(r.Context(), by, web.State(r, stateCookie))
	if !ok {
		return p, account.Opening{}, errRestart
	}
	o, err := f.accounts.Open(r.Context(), by, network(r), p.Code)
	return p, o, err
}

// stepError answers what resume found.
func (f *Face) stepError(w http.ResponseWriter, r *http.Request, p account.Progress, err error) error {
	if errors.Is(err, errRestart) {
		web.FlashKind(w, r, "info", "account.activate.again")
		return web.Redirect(w, r, "/activate")
	}
	return f.refuseCode(w, r, p.Code, err)
}

func (f *Face) showName(w http.ResponseWriter, r *http.Request) error {
	p, o, err := f.resume(r)
	if err != nil {
		return f.stepError(w, r, p, err)
	}
	return web.Render(w, r, http.StatusOK, nameView(stepPage{Opening: o}))
}

func (f *Face) confirmName(w http.ResponseWriter, r *http.Request) error {
	p, o, err := f.resume(r)
	if err != nil {
		return f.stepError(w, r, p, err)
	}
	p.Confirmed = true
	if err := f.keep(w, r, p); err != nil {
		return err
	}
	switch {
	case len(o.Wards) > 0:
		return web.Redirect(w, r, "/activate/guardian")
	case o.AskGuardian:
		return web.Redirect(w, r, "/activate/consent")
	}
	return web.Redirect(w, r, "/activate/login")
}

// stop forgets the answers: the slip is somebody else's.
func (f *Face) stop(w http.ResponseWriter, r *http.Request) error {
	web.SetState(w, r, stateCookie, "", -1)
	web.FlashKind(w, r, "info", "account.activate.stopped")
	return web.Redirect(w, r, "/activate")
}

func (f *Face) showConsent(w http.ResponseWriter, r *http.Request) error {
	p, o, err := f.resume(r)
	switch {
	case err != nil:
		return f.stepError(w, r, p, err)
	case !p.Confirmed:
		return web.Redirect(w, r, "/activate/name")
	case !o.AskGuardian:
		return web.Redirect(w, r, "/activate/login")
	}
	return web.Render(w, r, http.StatusOK, consentView(stepPage{Opening: o, Guardian: p.Guardian}))
}

// takeConsent keeps the guardian's answer, or that nobody can be asked yet.
func (f *Face) takeConsent(w http.ResponseWriter, r *http.Request) error {
	p, o, err := f.resume(r)
	switch {
	case err != nil:
		return f.stepError(w, r, p, err)
	case !p.Confirmed:
		return web.Redirect(w, r, "/activate/name")
	}
	if o.NoPhone && r.FormValue("alone") == "1" {
		p.Alone, p.Guardian = true, account.Guardian{}
		if err := f.keep(w, r, p); err != nil {
			return err
		}
		return web.Redirect(w, r, "/activate/login")
	}
	g := guardian(r)
	err = f.accounts.CheckGuardian(r.Context(), web.Actor(r.Context()), network(r), p.Code, g)
	if errs, ok := web.Invalid(r, err); ok {
		if errs.In("code") != "" {
			return f.refuseCode(w, r, p.Code, err)
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, consentView(stepPage{Opening: o, Guardian: g, Errors: errs}))
	}
	if err != nil {
		return err
	}
	p.Guardian = g
	if err := f.keep(w, r, p); err != nil {
		return err
	}
	return web.Redirect(w, r, "/activate/login")
}

// lastStep reads what the last step needs; a step that was left out comes
// first.
func (f *Face) lastStep(r *http.Request) (p account.Progress, o account.Opening, missing string, err error) {
	p, o, err = f.resume(r)
	switch {
	case err != nil:
	case !p.Confirmed:
		missing = "/activate/name"
	case o.AskGuardian && p.Guardian.Answer == "" && !(o.NoPhone && p.Alone):
		missing = "/activate/consent"
	case len(o.Wards) > 0 && p.Guardian.Tail == "":
		missing = "/activate/guardian"
	}
	return p, o, missing, err
}

func (f *Face) showLogin(w http.ResponseWriter, r *http.Request) error {
	p, _, missing, err := f.lastStep(r)
	if err != nil {
		return f.stepError(w, r, p, err)
	}
	if missing != "" {
		return web.Redirect(w, r, missing)
	}
	o, err := f.accounts.OpenLogin(r.Context(), web.Actor(r.Context()), network(r), p.Code)
	if err != nil {
		return f.stepError(w, r, p, err)
	}
	return web.Render(w, r, http.StatusOK, loginView(stepPage{Opening: o, Login: o.Suggestion}))
}

// takeLogin is the last step: everything is written, and the holder is signed
// in. The code may have been spent by the first of two clicks, so the state is
// read without looking at it.
func (f *Face) takeLogin(w http.ResponseWriter, r *http.Request) error {
	by := web.Actor(r.Context())
	p, ok := f.accounts.Kept(r.Context(), by, web.State(r, stateCookie))
	if !ok {
		return f.stepError(w, r, p, errRestart)
	}
	if !p.Confirmed {
		return web.Redirect(w, r, "/activate/name")
	}
	act := account.Activation{Code: p.Code, Guardian: p.Guardian, Login: r.FormValue("login"), Password: r.FormValue("password"),
		Network: network(r), Device: device(r.UserAgent()), Shared: r.FormValue("shared") == "1", Old: web.SessionToken(r)}
	ticket, err := f.accounts.Activate(r.Context(), by, act)
	if err == nil {
		// The sealed answers stay for the half hour: a second click finds them.
		next := f.enter(w, r, ticket, f.onward(r))
		switch {
		case ticket.Session.Role == access.Guardian:
			web.Flash(w, r, "account.activate.done_guardian", ticket.Name)
		case ticket.Session.Role != access.Pupil:
			web.Flash(w, r, "account.activate.done_adult", ticket.Name)
		case p.Alone || p.Guardian.Answer == account.AnswerRefused:
			web.Flash(w, r, "account.activate.done_class", ticket.Name)
		default:
			web.Flash(w, r, "account.activate.done", ticket.Name)
		}
		return web.Redirect(w, r, next)
	}
	return f.refuseLogin(w, r, p, act, err)
}

// refuseLogin shows the last step again, or the one whose answer is missing.
func (f *Face) refuseLogin(w http.ResponseWriter, r *http.Request, p account.Progress, act account.Activation, cause error) error {
	errs, ok := web.Invalid(r, cause)
	switch {
	case ok && errs.In("code") != "":
		return f.refuseCode(w, r, p.Code, cause)
	case ok && p.Guardian.Answer == "" && !p.Alone && errs.In("tail") != "":
		return web.Redirect(w, r, "/activate/guardian")
	case ok && (errs.In("answer") != "" || errs.In("tail") != ""):
		return web.Redirect(w, r, "/activate/consent")
	}
	page, status := stepPage{Login: act.Login, Shared: act.Shared, Errors: errs}, http.StatusUnprocessableEntity
	if !ok && !waiting(w, r, cause, &page.Notice, &status) {
		return cause
	}
	o, err := f.accounts.OpenLogin(r.Context(), web.Actor(r.Context()), network(r), p.Code)
	if err != nil && !errors.Is(err, fault.ErrTooMany) {
		return f.stepError(w, r, p, err)
	}
	page.Opening = o
	if page.Login == "" {
		page.Login = o.Suggestion
	}
	return web.Render(w, r, status, loginView(page))
}
