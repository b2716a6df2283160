package accountweb

import (
	"context"
	"net/http"

	"learnspace/internal/account"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// passkeyScript is the address of the script that speaks to authenticators.
func passkeyScript(ctx context.Context) string {
	f := ui.FrameOf(ctx)
	if f.Asset == nil {
		return "/static/passkey.js"
	}
	return f.Asset("passkey.js")
}

// securityPage is the holder's second factors.
type securityPage struct {
	account.Security
	// Kept is the secret of the offered app, signed, for the form.
	Kept   string
	Errors ui.Errors
	Notice string
}

func (f *Face) showSecurity(w http.ResponseWriter, r *http.Request) error {
	return f.renderSecurity(w, r, http.StatusOK, securityPage{}, "")
}

func (f *Face) renderSecurity(w http.ResponseWriter, r *http.Request, status int, page securityPage, secret string) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	var err error
	if page.Security, err = f.accounts.Security(ctx, by, web.SessionToken(r), secret); err != nil {
		return err
	}
	page.Kept = web.Seal(r, "totp", page.Secret)
	w.Header().Set("Cache-Control", "no-store")
	return web.Render(w, r, status, securityView(page))
}

// proof reads what a change asks for.
func proof(r *http.Request) account.Proof {
	return account.Proof{Code: r.FormValue("code"), Password: r.FormValue("old")}
}

// changed answers a change: 303 to the page, or the page with what is wrong.
func (f *Face) changed(w http.ResponseWriter, r *http.Request, words, secret string, err error) error {
	if err == nil {
		web.Flash(w, r, words)
		return web.Redirect(w, r, "/me/security")
	}
	page, status := securityPage{}, http.StatusUnprocessableEntity
	errs, ok := web.Invalid(r, err)
	if ok {
		page.Errors = errs
	} else if !waiting(w, r, err, &page.Notice, &status) {
		return err
	}
	return f.renderSecurity(w, r, status, page, secret)
}

func (f *Face) confirmFresh(w http.ResponseWriter, r *http.Request) error {
	err := f.accounts.Fresh(r.Context(), web.Actor(r.Context()), web.SessionToken(r), r.FormValue("code"))
	return f.changed(w, r, "account.factor.confirmed", "", err)
}

func (f *Face) beginFreshPasskey(w http.ResponseWriter, r *http.Request) error {
	c, err := f.accounts.BeginFreshPasskey(r.Context(), web.Actor(r.Context()))
	return answerJSON(w, r, c, err)
}

func (f *Face) takeFreshPasskey(w http.ResponseWriter, r *http.Request) error {
	err := f.accounts.FreshPasskey(r.Context(), web.Actor(r.Context()), web.SessionToken(r), r.FormValue("state"), []byte(r.FormValue("answer")))
	return f.changed(w, r, "account.factor.confirmed", "", err)
}

// withCodes shows new recovery codes in the answer, or goes back.
func (f *Face) withCodes(w http.ResponseWriter, r *http.Request, words, secret string, codes []string, err error) error {
	if err != nil || len(codes) == 0 {
		return f.changed(w, r, words, secret, err)
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.Render(w, r, http.StatusOK, codesView(codesPage{Codes: codes, Next: "/me/security"}))
}

func (f *Face) addApp(w http.ResponseWriter, r *http.Request) error {
	secret, ok := web.Unseal(r, "totp", r.FormValue("secret"))
	if !ok {
		return web.Redirect(w, r, "/me/security")
	}
	codes, err := f.accounts.AddApp(r.Context(), web.Actor(r.Context()), web.SessionToken(r), proof(r), secret, r.FormValue("new_code"))
	return f.withCodes(w, r, "account.factor.added", secret, codes, err)
}

func (f *Face) removeApp(w http.ResponseWriter, r *http.Request) error {
	err := f.accounts.RemoveApp(r.Context(), web.Actor(r.Context()), web.SessionToken(r), proof(r))
	return f.changed(w, r, "account.factor.removed", "", err)
}

func (f *Face) newCodes(w http.ResponseWriter, r *http.Request) error {
	codes, err := f.accounts.NewCodes(r.Context(), web.Actor(r.Context()), web.SessionToken(r), proof(r))
	return f.withCodes(w, r, "account.recovery.title", "", codes, err)
}

func (f *Face) beginNewPasskey(w http.ResponseWriter, r *http.Request) error {
	c, err := f.accounts.BeginNewPasskey(r.Context(), web.Actor(r.Context()), web.SessionToken(r), "", proof(r))
	return answerJSON(w, r, c, err)
}

func (f *Face) addPasskey(w http.ResponseWriter, r *http.Request) error {
	codes, err := f.accounts.AddPasskey(r.Context(), web.Actor(r.Context()), r.FormValue("name"), r.FormValue("state"), []byte(r.FormValue("answer")))
	return f.withCodes(w, r, "account.passkey.added", "", codes, err)
}

func (f *Face) removePasskey(w http.ResponseWriter, r *http.Request) error {
	err := f.accounts.RemovePasskey(r.Context(), web.Actor(r.Context()), web.SessionToken(r), proof(r), web.FormID[id.Passkey](r, "passkey"))
	return f.changed(w, r, "account.passkey.removed", "", err)
}
