package rosterweb

import (
	"errors"
	"net/http"

	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// transfersPage lists the pupils whom two schools name.
type transfersPage struct {
	ui.Page
	node  org.Node
	state string
	items []roster.Transfer
	errs  ui.Errors
	pager ui.Pages
}

func (f *Face) showTransfers(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	state := "pending"
	if r.FormValue("state") == "all" {
		state = ""
	}
	items, err := f.rosters.Transfers(ctx, by, node, state, web.FormID[id.Transfer](r, "before"), listed+1)
	if err != nil {
		return err
	}
	n, err := f.org.Get(ctx, by, node)
	if err != nil {
		return err
	}
	p := transfersPage{node: n, state: state, items: items}
	if len(items) > listed {
		p.items = items[:listed]
		p.pager.Next = address(node, "transfers") + "?before=" + items[listed-1].ID.String()
		if state == "" {
			p.pager.Next += "&state=all"
		}
	}
	p.Page = ui.Page{Title: i18n.T(ctx, "roster.transfers.title"), Lead: i18n.T(ctx, "roster.transfers.lead", n.Name), Nav: "transfers",
		Crumbs: []ui.Crumb{
			{Label: n.Name, Href: "/nodes/" + n.ID.String()},
			{Label: i18n.T(ctx, "roster.title"), Href: address(node, "rosters")},
			{Label: i18n.T(ctx, "roster.transfers.title")},
		}}
	return web.Render(w, r, http.StatusOK, transfersView(p))
}

func (f *Face) acceptTransfer(w http.ResponseWriter, r *http.Request) error {
	return f.decide(w, r, "roster.flash.accepted", func(t id.Transfer) error {
		return f.rosters.Accept(r.Context(), web.Actor(r.Context()), t)
	})
}

func (f *Face) refuseTransfer(w http.ResponseWriter, r *http.Request) error {
	return f.decide(w, r, "roster.flash.refused", func(t id.Transfer) error {
		return f.rosters.Refuse(r.Context(), web.Actor(r.Context()), t, r.FormValue("reason"))
	})
}

// decide runs one decision and goes back to the list it was taken from.
func (f *Face) decide(w http.ResponseWriter, r *http.Request, flash string, step func(id.Transfer) error) error {
	tid, err := web.PathID[id.Transfer](r, "transfer")
	if err != nil {
		return err
	}
	back := "/home"
	if node := web.FormID[id.Node](r, "node"); node != 0 {
		back = address(node, "transfers")
	}
	err = step(tid)
	key, args := fault.Message(err)
	switch {
	case err == nil:
		web.Flash(w, r, flash)
	case key != "" && (errors.Is(err, fault.ErrConflict) || errors.Is(err, fault.ErrInvalid)):
		if fields := fault.Fields(err); len(fields) > 0 {
			key, args = fields[0].Key, fields[0].Args
		}
		web.FlashKind(w, r, "warning", key, args...)
	default:
		return err
	}
	return web.Redirect(w, r, back)
}
