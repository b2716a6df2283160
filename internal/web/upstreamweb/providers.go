package upstreamweb

import (
	"net/http"
	"strconv"

	"learnspace/internal/exchange/upstream"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// providersPage lists the providers and the form for another one.
type providersPage struct {
	All    []upstream.Issuer
	Draft  upstream.Draft
	Errors ui.Errors
}

// providerPage is one provider.
type providerPage struct {
	Issuer   upstream.Issuer
	Draft    upstream.Draft
	Links    int
	Callback string
	Errors   ui.Errors
}

// draft reads the form of a provider.
func draft(r *http.Request) upstream.Draft {
	version, _ := strconv.ParseInt(r.FormValue("version"), 10, 64)
	return upstream.Draft{NodeCode: r.FormValue("node"), Name: r.FormValue("name"), URL: r.FormValue("url"), Client: r.FormValue("client"),
		Secret: r.FormValue("secret"), Claim: r.FormValue("claim"), TrustMFA: r.FormValue("trust") == "1", Active: r.FormValue("active") == "1",
		Key: r.FormValue("_key"), Version: version}
}

func (f *Face) showProviders(w http.ResponseWriter, r *http.Request) error {
	return f.renderProviders(w, r, http.StatusOK, providersPage{Draft: upstream.Draft{Claim: "sub", Active: true}})
}

func (f *Face) renderProviders(w http.ResponseWriter, r *http.Request, status int, page providersPage) error {
	var err error
	if page.All, err = f.upstream.Issuers(r.Context(), web.Actor(r.Context())); err != nil {
		return err
	}
	return web.Render(w, r, status, providersView(page))
}

func (f *Face) create(w http.ResponseWriter, r *http.Request) error {
	d := draft(r)
	n, err := f.upstream.Create(r.Context(), web.Actor(r.Context()), d)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderProviders(w, r, http.StatusUnprocessableEntity, providersPage{Draft: d, Errors: errs})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "upstream.saved")
	return web.Redirect(w, r, ui.Href("providers", n))
}

func (f *Face) showProvider(w http.ResponseWriter, r *http.Request) error {
	return f.renderProvider(w, r, http.StatusOK, nil, nil)
}

func (f *Face) renderProvider(w http.ResponseWriter, r *http.Request, status int, d *upstream.Draft, errs ui.Errors) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	n, err := web.PathID[id.Issuer](r, "issuer")
	if err != nil {
		return err
	}
	page := providerPage{Callback: callbackURL(r, n), Errors: errs}
	var code string
	if page.Issuer, code, err = f.upstream.Get(ctx, by, n); err != nil {
		return err
	}
	if page.Links, err = f.upstream.Links(ctx, by, n); err != nil {
		return err
	}
	i := page.Issuer
	page.Draft = upstream.Draft{NodeCode: code, Name: i.Name, URL: i.URL, Client: i.Client, Claim: i.Claim, TrustMFA: i.TrustMFA, Active: i.Active, Version: i.Version}
	if d != nil {
		page.Draft = *d
	}
	return web.Render(w, r, status, providerView(page))
}

func (f *Face) change(w http.ResponseWriter, r *http.Request) error {
	n, err := web.PathID[id.Issuer](r, "issuer")
	if err != nil {
		return err
	}
	d := draft(r)
	err = f.upstream.Change(r.Context(), web.Actor(r.Context()), n, d)
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderProvider(w, r, http.StatusUnprocessableEntity, &d, errs)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "upstream.saved")
	return web.Redirect(w, r, ui.Href("providers", n))
}
