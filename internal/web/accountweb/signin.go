package accountweb

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"learnspace/internal/account"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// signInPage is the form of the sign-in, as it was typed but for the password.
type signInPage struct {
	Login  string
	Next   string
	Shared bool
	Errors ui.Errors
	// Notice asks to wait: too many wrong tries, or too many people at once.
	Notice string
	// Busy says that the notice is about too many people.
	Busy bool
	// Passkeys says that the installation can use passkeys.
	Passkeys bool
	// Upstream says that people may sign in through providers.
	Upstream bool
}

func (f *Face) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := web.Local(r.URL.Query().Get("next"), "")
	if web.Actor(r.Context()).IsPerson() {
		return web.Redirect(w, r, orHome(next))
	}
	return f.renderSignIn(w, r, http.StatusOK, signInPage{Next: next})
}

func (f *Face) renderSignIn(w http.ResponseWriter, r *http.Request, status int, page signInPage) error {
	page.Passkeys = f.accounts.Passkeys(r.Context(), web.Actor(r.Context()))
	var err error
	if page.Upstream, err = f.hasUpstream(r.Context()); err != nil {
		return err
	}
	return web.Render(w, r, status, signInView(page))
}

// credentials are what a sign-in knows beside name and password.
func credentials(r *http.Request) account.Credentials {
	return account.Credentials{Network: network(r), Device: device(r.UserAgent()), Shared: r.FormValue("shared") == "1",
		Mark: web.State(r, markCookie), Old: web.SessionToken(r)}
}

// signIn answers 303 to the home page or to the second factor, 422 with the
// form, 429 when too many tries went wrong and 503 with the waiting page when
// the hashing pool is full.
func (f *Face) signIn(w http.ResponseWriter, r *http.Request) error {
	page := signInPage{Login: r.FormValue("login"), Next: web.Local(r.FormValue("next"), ""), Shared: r.FormValue("shared") == "1"}
	c := credentials(r)
	c.Login, c.Password = page.Login, r.FormValue("password")
	ticket, err := f.accounts.SignIn(r.Context(), web.Actor(r.Context()), c)
	if err == nil {
		return web.Redirect(w, r, f.enter(w, r, ticket, page.Next))
	}
	status := http.StatusUnprocessableEntity
	errs, ok := web.Invalid(r, err)
	switch {
	case ok:
		page.Errors = errs
	case waiting(w, r, err, &page.Notice, &status):
		page.Busy = status == http.StatusServiceUnavailable
	default:
		return err
	}
	return f.renderSignIn(w, r, status, page)
}

// waiting turns a request to wait into a notice and a status; false for any
// other error.
func waiting(w http.ResponseWriter, r *http.Request, err error, notice *string, status *int) bool {
	switch {
	case errors.Is(err, fault.ErrTooMany):
		*status = http.StatusTooManyRequests
	case errors.Is(err, fault.ErrUnavailable):
		*status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(account.RetryAfter))
	default:
		return false
	}
	key, args := fault.Message(err)
	*notice = i18n.T(r.Context(), key, args...)
	return true
}

// markCookie keeps, on the holder's own device, that he came in there before.
const markCookie = "mark"

// markAge is how long it stays.
const markAge = 365 * 24 * time.Hour

// enter gives the browser its session, or the half-open sign-in in a cookie of
// its own, and returns where it goes on.
func (f *Face) enter(w http.ResponseWriter, r *http.Request, t account.Ticket, next string) string {
	if t.Half != "" {
		web.SetState(w, r, halfCookie, t.Half+" "+next, account.HalfLife)
		return "/signin/factor"
	}
	web.SetState(w, r, halfCookie, "", -1)
	web.SetSession(w, r, t.Token, t.MaxAge)
	if t.Mark != "" {
		web.SetState(w, r, markCookie, t.Mark, markAge)
	}
	return orHome(next)
}

// begun are the cookies of steps that somebody has begun; they go with him. The
// mark of the own device stays.
var begun = []string{halfCookie, stateCookie, recoverCookie, phoneCookie, upstreamCookie}

func (f *Face) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := f.accounts.SignOut(r.Context(), web.Actor(r.Context()), web.SessionToken(r)); err != nil {
		return err
	}
	web.ClearSession(w, r)
	for _, name := range begun {
		web.SetState(w, r, name, "", -1)
	}
	return web.Redirect(w, r, "/signin")
}

func (f *Face) showHelp(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, helpView(f.accounts.CanRecover(r.Context(), web.Actor(r.Context()))))
}

func orHome(next string) string {
	if next == "" {
		return "/home"
	}
	return next
}

// network is the address that tries are counted by; of IPv6 the network of 64
// bits that one household has.
func network(r *http.Request) string {
	addr := web.ClientAddr(r)
	if !addr.Is6() {
		return addr.String()
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return p.String()
}

// device names a browser in two words for the holder's list: "Chrome · Windows".
func device(agent string) string {
	pick := func(pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := pick("MicroMessenger", "WeChat", "Edg", "Edge", "QQBrowser", "QQ", "360SE", "360", "Firefox", "Firefox",
		"Chrome", "Chrome", "Safari", "Safari")
	system := pick("HarmonyOS", "HarmonyOS", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad",
		"Windows", "Windows", "Mac OS", "macOS", "Linux", "Linux")
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " · " + system
}
