package accountweb

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/qr"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// halfCookie keeps a half-open sign-in: its secret and where to go on.
const halfCookie = "half"

// factorPage asks for the second factor.
type factorPage struct {
	Half   account.Half
	Errors ui.Errors
	Notice string
	Demo   bool
	// Possible says that this installation can use passkeys.
	Possible bool
}

// half reads the browser's half-open sign-in.
func half(r *http.Request) (token, next string) {
	token, next, _ = strings.Cut(web.State(r, halfCookie), " ")
	return token, web.Local(next, "")
}

// stages are the pages of the steps of a half-open sign-in.
var stages = map[account.Step]string{account.StepCode: "/signin/factor", account.StepEnrol: "/signin/enrol", account.StepPassword: "/signin/password"}

// over sends back to the sign-in when a half-open one has ended.
func (f *Face) over(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	web.SetState(w, r, halfCookie, "", -1)
	if web.Actor(r.Context()).IsPerson() {
		return web.Redirect(w, r, "/home")
	}
	web.FlashKind(w, r, "info", "account.half.over")
	return web.Redirect(w, r, "/signin")
}

// at reads the half-open sign-in for the page of a step. ok is false when the
// answer has been given: another step comes first, or there is nothing half open.
func (f *Face) at(w http.ResponseWriter, r *http.Request, step account.Step) (h account.Half, ok bool, err error) {
	ctx, by := r.Context(), web.Actor(r.Context())
	token, _ := half(r)
	if token == "" && !by.IsPerson() && r.Method == http.MethodGet && web.SessionToken(r) != "" {
		// A session whose holder needs a factor since a moment ago. The page comes
		// with the next request: what this one has written it does not read.
		t, err := f.accounts.StepUp(ctx, by, web.SessionToken(r))
		if err == nil {
			return h, false, web.Redirect(w, r, f.enter(w, r, t, ""))
		}
		if !errors.Is(err, fault.ErrNotFound) {
			return h, false, err
		}
	}
	if h, err = f.accounts.Half(ctx, by, token); err != nil {
		return h, false, f.over(w, r, err)
	}
	if h.Step != step {
		return h, false, web.Redirect(w, r, stages[h.Step])
	}
	return h, true, nil
}

func (f *Face) page(r *http.Request, h account.Half) factorPage {
	return factorPage{Half: h, Demo: f.codes != nil, Possible: f.accounts.Passkeys(r.Context(), web.Actor(r.Context()))}
}

func (f *Face) showFactor(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepCode)
	if !ok {
		return err
	}
	return web.Render(w, r, http.StatusOK, factorView(f.page(r, h)))
}

// takeFactor answers 303 to the home page, 422 with the form, 429 when too many
// codes were wrong.
func (f *Face) takeFactor(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepCode)
	if !ok {
		return err
	}
	token, next := half(r)
	t, err := f.accounts.PassCode(r.Context(), web.Actor(r.Context()), token, r.FormValue("code"))
	if err == nil {
		return web.Redirect(w, r, f.enter(w, r, t, next))
	}
	page, status, err := f.refused(w, r, h, err)
	if err != nil {
		return f.over(w, r, err)
	}
	return web.Render(w, r, status, factorView(page))
}

// refused turns an error of a step into its page again; any other error comes
// back.
func (f *Face) refused(w http.ResponseWriter, r *http.Request, h account.Half, cause error) (factorPage, int, error) {
	page, status := f.page(r, h), http.StatusUnprocessableEntity
	errs, ok := web.Invalid(r, cause)
	if ok {
		page.Errors = errs
	} else if !waiting(w, r, cause, &page.Notice, &status) {
		return page, 0, cause
	}
	return page, status, nil
}

func (f *Face) showEnrol(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepEnrol)
	if !ok {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.Render(w, r, http.StatusOK, enrolView(f.page(r, h)))
}

// takeEnrol binds the app and shows the recovery codes once, in the answer
// itself: they stand nowhere else.
func (f *Face) takeEnrol(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepEnrol)
	if !ok {
		return err
	}
	token, next := half(r)
	t, codes, err := f.accounts.EnrolApp(r.Context(), web.Actor(r.Context()), token, r.FormValue("code"))
	return f.enrolled(w, r, h, t, next, codes, err)
}

func (f *Face) enrolled(w http.ResponseWriter, r *http.Request, h account.Half, t account.Ticket, next string, codes []string, err error) error {
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		page, status, err := f.refused(w, r, h, err)
		if err != nil {
			return f.over(w, r, err)
		}
		return web.Render(w, r, status, enrolView(page))
	}
	on := f.enter(w, r, t, next)
	if len(codes) == 0 {
		return web.Redirect(w, r, on)
	}
	return web.Render(w, r, http.StatusOK, codesView(codesPage{Codes: codes, Next: on, Bare: true}))
}

func (f *Face) showNewPassword(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepPassword)
	if !ok {
		return err
	}
	return web.Render(w, r, http.StatusOK, newPasswordView(f.page(r, h)))
}

func (f *Face) takeNewPassword(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepPassword)
	if !ok {
		return err
	}
	token, next := half(r)
	t, err := f.accounts.NewPassword(r.Context(), web.Actor(r.Context()), token, r.FormValue("password"))
	if err == nil {
		web.Flash(w, r, "account.password.changed")
		return web.Redirect(w, r, f.enter(w, r, t, next))
	}
	page, status, err := f.refused(w, r, h, err)
	if err != nil {
		return f.over(w, r, err)
	}
	return web.Render(w, r, status, newPasswordView(page))
}

// answerJSON hands the options of a passkey to the page's script, or the words
// that it shows.
func answerJSON(w http.ResponseWriter, r *http.Request, c factor.Ceremony, err error) error {
	status, body := http.StatusOK, any(c)
	if err != nil {
		status = web.Status(err)
		if status >= http.StatusInternalServerError {
			return err
		}
		key, args := fault.Message(err)
		if fields := fault.Fields(err); len(fields) > 0 {
			key, args = fields[0].Key, fields[0].Args
		}
		body = map[string]string{"error": i18n.T(r.Context(), key, args...)}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err = w.Write(raw)
	return err
}

func (f *Face) beginPasskey(w http.ResponseWriter, r *http.Request) error {
	c, err := f.accounts.BeginPasskey(r.Context(), web.Actor(r.Context()), "")
	return answerJSON(w, r, c, err)
}

// takePasskey is the sign-in by passkey alone.
func (f *Face) takePasskey(w http.ResponseWriter, r *http.Request) error {
	page := signInPage{Next: web.Local(r.FormValue("next"), "")}
	t, err := f.accounts.SignInPasskey(r.Context(), web.Actor(r.Context()), credentials(r), r.FormValue("state"), []byte(r.FormValue("answer")))
	if err == nil {
		return web.Redirect(w, r, f.enter(w, r, t, page.Next))
	}
	status := http.StatusUnprocessableEntity
	errs, ok := web.Invalid(r, err)
	if ok {
		page.Notice = errs[0].Text
	} else if !waiting(w, r, err, &page.Notice, &status) {
		return err
	}
	return f.renderSignIn(w, r, status, page)
}

func (f *Face) beginHalfPasskey(w http.ResponseWriter, r *http.Request) error {
	token, _ := half(r)
	if token == "" {
		return fault.New(fault.ErrNotFound, "account.half.over")
	}
	c, err := f.accounts.BeginPasskey(r.Context(), web.Actor(r.Context()), token)
	return answerJSON(w, r, c, err)
}

func (f *Face) takeHalfPasskey(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepCode)
	if !ok {
		return err
	}
	token, next := half(r)
	t, err := f.accounts.PassPasskey(r.Context(), web.Actor(r.Context()), token, r.FormValue("state"), []byte(r.FormValue("answer")))
	if err == nil {
		return web.Redirect(w, r, f.enter(w, r, t, next))
	}
	page, status, err := f.refused(w, r, h, err)
	if err != nil {
		return f.over(w, r, err)
	}
	page.Notice = page.Errors.In("passkey")
	return web.Render(w, r, status, factorView(page))
}

func (f *Face) beginEnrolPasskey(w http.ResponseWriter, r *http.Request) error {
	token, _ := half(r)
	if token == "" {
		return fault.New(fault.ErrNotFound, "account.half.over")
	}
	c, err := f.accounts.BeginNewPasskey(r.Context(), web.Actor(r.Context()), "", token, account.Proof{})
	return answerJSON(w, r, c, err)
}

func (f *Face) takeEnrolPasskey(w http.ResponseWriter, r *http.Request) error {
	h, ok, err := f.at(w, r, account.StepEnrol)
	if !ok {
		return err
	}
	token, next := half(r)
	t, codes, err := f.accounts.EnrolPasskey(r.Context(), web.Actor(r.Context()), token, r.FormValue("name"), r.FormValue("state"), []byte(r.FormValue("answer")))
	return f.enrolled(w, r, h, t, next, codes, err)
}

// drawLink is the QR code that an authenticator app reads.
func drawLink(link, label string) string {
	svg, err := qr.SVG(link, label)
	if err != nil {
		return ""
	}
	return svg
}

// groups writes a secret in groups of four, to be typed.
func groups(secret string) string {
	var out []string
	for len(secret) > 4 {
		out, secret = append(out, secret[:4]), secret[4:]
	}
	return strings.Join(append(out, secret), " ")
}

// shownCode is one line of the page of a demo's codes.
type shownCode struct {
	DemoCode
	Now, Next string
}

// showCodes shows the present codes of the printed accounts of a demo.
func (f *Face) showCodes(w http.ResponseWriter, r *http.Request) error {
	all, err := f.codes()
	if err != nil {
		return err
	}
	now := time.Now()
	var out []shownCode
	for _, c := range all {
		out = append(out, shownCode{c, factor.Code(c.Secret, now), factor.Code(c.Secret, now.Add(factor.Period))})
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.Render(w, r, http.StatusOK, demoCodesView(out))
}
