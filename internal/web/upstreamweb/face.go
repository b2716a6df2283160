package upstreamweb

import (
	"errors"
	"net/http"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/exchange/upstream"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// Face is the pages.
type Face struct{ upstream *upstream.Service }

// New returns the face.
func New(s *upstream.Service) *Face { return &Face{s} }

// Routes lists the pages. The way to a provider is a link and no form: browsers
// hold a form's redirect against the policy of where forms may go. It leaves a
// row that is worth nothing to anybody else and goes by itself.
func (f *Face) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Pattern: "/upstream", Anonymous: true, Handler: f.showOffered},
		{Method: http.MethodGet, Pattern: "/upstream/{issuer}/start", Anonymous: true, Object: "issuer", Apart: true, Handler: f.start},
		{Method: http.MethodGet, Pattern: "/upstream/{issuer}/callback", Anonymous: true, Object: "issuer", Apart: true, Handler: f.callback},
		{Method: http.MethodGet, Pattern: "/upstream/link", Anonymous: true, Handler: f.showLink},
		{Method: http.MethodPost, Pattern: "/upstream/link", Permission: access.AccountSelf, Object: "account", Handler: f.link},
		{Method: http.MethodGet, Pattern: "/me/upstream", Permission: access.AccountSelf, Object: "account", Handler: f.showMine},
		{Method: http.MethodPost, Pattern: "/me/upstream", Permission: access.AccountSelf, Object: "account", Handler: f.unlink},
		{Method: http.MethodGet, Pattern: "/providers", Permission: access.UpstreamManage, Handler: f.showProviders},
		{Method: http.MethodPost, Pattern: "/providers", Permission: access.UpstreamManage, Handler: f.create},
		{Method: http.MethodGet, Pattern: "/providers/{issuer}", Permission: access.UpstreamManage, Object: "issuer", Handler: f.showProvider},
		{Method: http.MethodPost, Pattern: "/providers/{issuer}", Permission: access.UpstreamManage, Object: "issuer", Handler: f.change},
	}
}

const (
	// visitCookie keeps the token of a visit, and whether others use the computer.
	visitCookie = "upstream"
	// halfCookie is where the sign-in goes on that lacks a second factor.
	halfCookie = "half"
)

// offeredPage lists the providers for whoever has not signed in.
type offeredPage struct {
	Offered []upstream.Issuer
	Error   string
}

func (f *Face) showOffered(w http.ResponseWriter, r *http.Request) error {
	return f.renderOffered(w, r, http.StatusOK, "")
}

func (f *Face) renderOffered(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	page := offeredPage{Error: wrong}
	var err error
	if page.Offered, err = f.upstream.Offered(r.Context(), web.Actor(r.Context())); err != nil {
		return err
	}
	return web.Render(w, r, status, offeredView(page))
}

// callbackURL is this server's address for a provider's answer.
func callbackURL(r *http.Request, n id.Issuer) string {
	return web.BaseURL(r) + ui.Href("upstream", n, "callback")
}

func (f *Face) start(w http.ResponseWriter, r *http.Request) error {
	n, err := web.PathID[id.Issuer](r, "issuer")
	if err != nil {
		return err
	}
	address, token, err := f.upstream.Start(r.Context(), web.Actor(r.Context()), n, callbackURL(r, n))
	if err != nil {
		return err
	}
	if r.URL.Query().Get("shared") == "1" {
		token += " shared"
	}
	web.SetState(w, r, visitCookie, token, upstream.VisitLife)
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// kept is what the browser kept of its visit.
func kept(r *http.Request) (token string, shared bool) {
	return strings.CutSuffix(web.State(r, visitCookie), " shared")
}

// callback hears a provider's answer.
func (f *Face) callback(w http.ResponseWriter, r *http.Request) error {
	n, err := web.PathID[id.Issuer](r, "issuer")
	if err != nil {
		return err
	}
	token, shared := kept(r)
	q := r.URL.Query()
	arrival, err := f.upstream.Finish(r.Context(), web.Actor(r.Context()), n, token, callbackURL(r, n),
		upstream.Answer{State: q.Get("state"), Code: q.Get("code"), Iss: q.Get("iss"), Error: q.Get("error")},
		account.Credentials{Network: web.ClientAddr(r).String(), Shared: shared, Old: web.SessionToken(r)})
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderOffered(w, r, http.StatusUnprocessableEntity, errs.In("issuer"))
	}
	switch {
	case err != nil:
		return err
	case arrival.Waiting:
		return web.Redirect(w, r, "/upstream/link")
	}
	web.SetState(w, r, visitCookie, "", -1)
	if t := arrival.Ticket; t.Half != "" {
		web.SetState(w, r, halfCookie, t.Half+" ", account.HalfLife)
		return web.Redirect(w, r, "/signin/factor")
	}
	web.SetSession(w, r, arrival.Ticket.Token, arrival.Ticket.MaxAge)
	return web.Redirect(w, r, "/home")
}

// linkPage asks whoever a provider has identified who he is here.
type linkPage struct {
	Issuer upstream.Issuer
	Name   string      // of whoever is signed in, "" for nobody
	Ask    account.Ask // what makes sure of him, "" for nothing
	Errors ui.Errors
}

func (f *Face) showLink(w http.ResponseWriter, r *http.Request) error {
	return f.renderLink(w, r, http.StatusOK, nil)
}

func (f *Face) renderLink(w http.ResponseWriter, r *http.Request, status int, errs ui.Errors) error {
	token, _ := kept(r)
	page := linkPage{Errors: errs}
	by := web.Actor(r.Context())
	var err error
	if page.Issuer, err = f.upstream.Waiting(r.Context(), by, token); err != nil {
		if errors.Is(err, fault.ErrNotFound) {
			return web.Redirect(w, r, "/upstream")
		}
		return err
	}
	if by.IsPerson() && by.ViewedBy == 0 {
		page.Name = by.Name
		if page.Ask, err = f.upstream.Asks(r.Context(), by, web.SessionToken(r)); err != nil {
			return err
		}
	}
	return web.Render(w, r, status, linkView(page))
}

func (f *Face) link(w http.ResponseWriter, r *http.Request) error {
	token, _ := kept(r)
	i, err := f.upstream.Link(r.Context(), web.Actor(r.Context()), token, web.SessionToken(r),
		account.Proof{Code: r.FormValue("code"), Password: r.FormValue("old")})
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderLink(w, r, http.StatusUnprocessableEntity, errs)
	}
	if err != nil {
		return err
	}
	web.SetState(w, r, visitCookie, "", -1)
	web.Flash(w, r, "upstream.linked", i.Name)
	return web.Redirect(w, r, "/me/upstream")
}

func (f *Face) showMine(w http.ResponseWriter, r *http.Request) error {
	all, err := f.upstream.Mine(r.Context(), web.Actor(r.Context()))
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, mineView(all))
}

func (f *Face) unlink(w http.ResponseWriter, r *http.Request) error {
	if err := f.upstream.Unlink(r.Context(), web.Actor(r.Context()), web.FormID[id.Issuer](r, "issuer")); err != nil {
		return err
	}
	web.Flash(w, r, "upstream.unlinked")
	return web.Redirect(w, r, "/me/upstream")
}
