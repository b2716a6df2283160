package accountweb

import (
	"context"
	"errors"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// showProof asks a guardian for the last digits of the phone on the roster.
func (f *Face) showProof(w http.ResponseWriter, r *http.Request) error {
	p, o, err := f.resume(r)
	switch {
	case err != nil:
		return f.stepError(w, r, p, err)
	case !p.Confirmed:
		return web.Redirect(w, r, "/activate/name")
	case len(o.Wards) == 0:
		return web.Redirect(w, r, "/activate/login")
	}
	return web.Render(w, r, http.StatusOK, proofView(stepPage{Opening: o}))
}

func (f *Face) takeProof(w http.ResponseWriter, r *http.Request) error {
	p, o, err := f.resume(r)
	switch {
	case err != nil:
		return f.stepError(w, r, p, err)
	case !p.Confirmed:
		return web.Redirect(w, r, "/activate/name")
	case len(o.Wards) == 0:
		return web.Redirect(w, r, "/activate/login")
	}
	g := account.Guardian{Tail: r.FormValue("tail")}
	err = f.accounts.CheckGuardian(r.Context(), web.Actor(r.Context()), network(r), p.Code, g)
	if errs, ok := web.Invalid(r, err); ok {
		if errs.In("code") != "" {
			return f.refuseCode(w, r, p.Code, err)
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, proofView(stepPage{Opening: o, Guardian: g, Errors: errs}))
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

// bindPage lets a guardian who is signed in add the children of a further slip.
type bindPage struct {
	Wards  []account.Ward
	Code   string
	Tail   string
	Errors ui.Errors
	Notice string
}

func (f *Face) showBind(w http.ResponseWriter, r *http.Request) error {
	return f.renderBind(w, r, http.StatusOK, bindPage{})
}

func (f *Face) renderBind(w http.ResponseWriter, r *http.Request, status int, page bindPage) error {
	by := web.Actor(r.Context())
	if by.Role != access.Guardian {
		return fault.New(fault.ErrNotFound, "error.not_found")
	}
	var err error
	if page.Wards, err = f.accounts.Wards(r.Context(), by); err != nil {
		return err
	}
	return web.Render(w, r, status, bindView(page))
}

func (f *Face) bind(w http.ResponseWriter, r *http.Request) error {
	page, status := bindPage{Code: r.FormValue("code"), Tail: r.FormValue("tail")}, http.StatusUnprocessableEntity
	err := f.accounts.BindWards(r.Context(), web.Actor(r.Context()), network(r), page.Code, page.Tail)
	if err == nil {
		web.Flash(w, r, "account.bind.done")
		return web.Redirect(w, r, "/home")
	}
	errs, ok := web.Invalid(r, err)
	switch {
	case ok:
		page.Errors = errs
	case errors.Is(err, fault.ErrForbidden), !waiting(w, r, err, &page.Notice, &status):
		return err
	}
	return f.renderBind(w, r, status, page)
}

// guardiansWaiting counts the guardians who would get a slip, each once, and
// those who have one in hand.
func guardiansWaiting(all []account.GuardianLine) (waiting, out int) {
	seen := map[string]bool{}
	for _, g := range all {
		key := g.Guardian.String()
		if seen[key] || g.State != account.StateMade && g.State != account.StateSlip {
			continue
		}
		seen[key] = true
		waiting++
		if g.State == account.StateSlip {
			out++
		}
	}
	return waiting, out
}

// wardLine names a child with its class and what the guardian is to it.
func wardLine(ctx context.Context, c account.Ward) string {
	if c.Class == "" {
		return i18n.T(ctx, "account.ward.plain", c.Name, c.School)
	}
	return i18n.T(ctx, "account.ward.line", c.Name, c.Class)
}

// forGuardians reports whether a sheet's slips are for guardians.
func forGuardians(p sheetPage) bool { return len(p.Slips) > 0 && len(p.Slips[0].Wards) > 0 }
