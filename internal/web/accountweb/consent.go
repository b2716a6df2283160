package accountweb

import (
	"errors"
	"net/http"

	"learnspace/internal/account"
	"learnspace/internal/fault"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// guardian reads the answer of whoever is with a child.
func guardian(r *http.Request) account.Guardian {
	return account.Guardian{Name: r.FormValue("name"), Relation: r.FormValue("relation"), Tail: r.FormValue("tail"), Answer: r.FormValue("answer")}
}

// consentPage is a guardian's answer after the child has come in.
type consentPage struct {
	State    account.ConsentState
	Guardian account.Guardian
	Errors   ui.Errors
}

func (f *Face) showMeConsent(w http.ResponseWriter, r *http.Request) error {
	return f.renderMeConsent(w, r, http.StatusOK, consentPage{})
}

func (f *Face) renderMeConsent(w http.ResponseWriter, r *http.Request, status int, page consentPage) error {
	var err error
	by := web.Actor(r.Context())
	if page.State, err = f.accounts.Consent(r.Context(), by); err != nil {
		return err
	}
	if page.State.Self {
		return web.Redirect(w, r, ui.Href("children", by.Person, "consent"))
	}
	return web.Render(w, r, status, meConsentView(page))
}

// answerMeConsent records the answer, or shows the form again with what is
// wrong.
func (f *Face) answerMeConsent(w http.ResponseWriter, r *http.Request) error {
	g := guardian(r)
	err := f.accounts.AnswerConsent(r.Context(), web.Actor(r.Context()), g)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderMeConsent(w, r, http.StatusUnprocessableEntity, consentPage{Guardian: g, Errors: errs})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "account.consent.saved."+g.Answer)
	return web.Redirect(w, r, "/me/consent")
}

// consentOf is the guardian's answer about whoever has one to wait for, else
// nil.
func (f *Face) consentOf(r *http.Request) (*account.ConsentState, error) {
	state, err := f.accounts.Consent(r.Context(), web.Actor(r.Context()))
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	return &state, err
}
