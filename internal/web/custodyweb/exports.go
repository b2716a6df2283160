package custodyweb

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// listed is how many requests a page lists.
const listed = 20

// exportsPage lists requests for files.
type exportsPage struct {
	Open        bool
	Requests    []custody.Request
	Next        string
	MayAsk      bool
	Left, Limit int64
}

func (f *Face) showExports(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	page := exportsPage{Open: r.FormValue("state") == "open", MayAsk: by.Can(access.ExportRequest)}
	var err error
	page.Requests, err = f.Custody.List(ctx, by, custody.Listing{Open: page.Open, Before: web.FormID[id.Export](r, "before"), Limit: listed + 1})
	if err != nil {
		return err
	}
	if len(page.Requests) > listed {
		page.Requests = page.Requests[:listed]
		page.Next = "/exports?before=" + page.Requests[listed-1].ID.String()
		if page.Open {
			page.Next += "&state=open"
		}
	}
	if page.MayAsk {
		if page.Left, page.Limit, err = f.Custody.Left(ctx, by); err != nil {
			return err
		}
	}
	return web.Render(w, r, http.StatusOK, exportsView(page))
}

// askPage is the form of a new request. The kind is chosen first, by links: the
// fields follow it.
type askPage struct {
	Node    org.Node
	Classes []org.Node
	Kinds   []custody.Kind
	Kind    custody.Kind
	Fields  []string // chosen; nil: all
	Purpose string
	Days    string
	Errors  ui.Errors
}

func (f *Face) showAsk(w http.ResponseWriter, r *http.Request) error {
	page, err := f.askForm(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, askView(page))
}

// askForm reads node and kind; without a node it is the one where the role is
// held.
func (f *Face) askForm(r *http.Request) (askPage, error) {
	ctx, by := r.Context(), web.Actor(r.Context())
	page := askPage{Kinds: custody.Kinds(by), Kind: custody.Kind(r.FormValue("kind")), Purpose: r.FormValue("purpose"), Days: r.FormValue("days")}
	if !slices.Contains(page.Kinds, page.Kind) {
		page.Kind = page.Kinds[0]
	}
	if page.Days == "" {
		page.Days = strconv.Itoa(custody.StandardDays)
	}
	node := web.FormID[id.Node](r, "node")
	if node == 0 {
		node = by.Home()
	}
	n, err := f.Org.Get(ctx, by, node)
	if err != nil {
		return page, err
	}
	if !by.Allows(access.ExportRequest, n.Path) {
		return page, fault.New(fault.ErrNotFound, "error.not_found")
	}
	page.Node = n
	school := n
	if n.Kind == org.KindClass {
		if school, err = f.Org.Get(ctx, by, n.Unit); err != nil {
			return page, err
		}
	}
	if school.IsSchool() && page.Kind != custody.Staff {
		if page.Classes, err = f.Org.Classes(ctx, by, school.ID); err != nil {
			return page, err
		}
		page.Classes = append([]org.Node{school}, page.Classes...)
	}
	return page, nil
}

func (f *Face) ask(w http.ResponseWriter, r *http.Request) error {
	page, err := f.askForm(r)
	if err != nil {
		return err
	}
	page.Fields = append([]string{"name"}, r.Form["field"]...)
	days, err := strconv.Atoi(strings.TrimSpace(page.Days))
	if err != nil {
		days = -1
	}
	got, err := f.Custody.Ask(r.Context(), web.Actor(r.Context()), custody.Asking{Node: page.Node.ID, Kind: page.Kind, Fields: page.Fields,
		Purpose: page.Purpose, Days: days, Key: r.PostFormValue("_key")})
	if errs, ok := web.Invalid(r, err); ok {
		page.Errors = errs
		return web.Render(w, r, http.StatusUnprocessableEntity, askView(page))
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "custody.flash.asked")
	return web.Redirect(w, r, ui.Href("exports", got.ID))
}

// exportPage is one request.
type exportPage struct {
	custody.Request
	Downloads []custody.Download
	Decide    bool // the reader may decide it
	Mine      bool
	Fresh     bool // the second factor is asked again
	Note      string
	Errors    ui.Errors
}

func (f *Face) exportPage(r *http.Request) (exportPage, error) {
	ctx, by := r.Context(), web.Actor(r.Context())
	request, err := web.PathID[id.Export](r, "export")
	if err != nil {
		return exportPage{}, err
	}
	page := exportPage{Fresh: f.Fresh != nil}
	if page.Request, err = f.Custody.Get(ctx, by, request); err != nil {
		return exportPage{}, err
	}
	page.Mine = page.RequestedBy == by.Person
	page.Decide = page.State == custody.Waiting && !page.Mine && by.Can(access.ExportApprove)
	if page.Decide && page.Fresh && f.IsFresh != nil {
		shown, err := f.IsFresh(ctx, by, web.SessionToken(r))
		if err != nil {
			return page, err
		}
		page.Fresh = !shown
	}
	page.Downloads, err = f.Custody.Downloads(ctx, by, request)
	return page, err
}

func (f *Face) showExport(w http.ResponseWriter, r *http.Request) error {
	page, err := f.exportPage(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, exportView(page))
}

func (f *Face) approve(w http.ResponseWriter, r *http.Request) error {
	return f.decide(w, r, "custody.flash.approved", func(page exportPage) error {
		if f.Fresh != nil {
			if err := f.Fresh(r.Context(), web.Actor(r.Context()), web.SessionToken(r), r.PostFormValue("code")); err != nil {
				return err
			}
		}
		return f.Custody.Approve(r.Context(), web.Actor(r.Context()), page.ID, page.Note)
	})
}

func (f *Face) refuse(w http.ResponseWriter, r *http.Request) error {
	return f.decide(w, r, "custody.flash.refused", func(page exportPage) error {
		return f.Custody.Refuse(r.Context(), web.Actor(r.Context()), page.ID, page.Note)
	})
}

func (f *Face) withdraw(w http.ResponseWriter, r *http.Request) error {
	return f.decide(w, r, "custody.flash.withdrawn", func(page exportPage) error {
		return f.Custody.Withdraw(r.Context(), web.Actor(r.Context()), page.ID)
	})
}

// decide runs one step and shows the request again.
func (f *Face) decide(w http.ResponseWriter, r *http.Request, flash string, step func(exportPage) error) error {
	page, err := f.exportPage(r)
	if err != nil {
		return err
	}
	page.Note = r.PostFormValue("note")
	err = step(page)
	if errs, ok := web.Invalid(r, err); ok {
		page.Errors = errs
		return web.Render(w, r, http.StatusUnprocessableEntity, exportView(page))
	}
	if key, args := fault.Message(err); errors.Is(err, fault.ErrConflict) && key != "" {
		web.FlashKind(w, r, "warning", key, args...)
		return web.Redirect(w, r, ui.Href("exports", page.ID))
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, flash)
	return web.Redirect(w, r, ui.Href("exports", page.ID))
}

// take hands the file over.
func (f *Face) take(w http.ResponseWriter, r *http.Request) error {
	request, err := web.PathID[id.Export](r, "export")
	if err != nil {
		return err
	}
	file, err := f.Custody.Take(r.Context(), web.Actor(r.Context()), request, network(r))
	if key, args := fault.Message(err); errors.Is(err, fault.ErrConflict) && key != "" {
		web.FlashKind(w, r, "warning", key, args...)
		return web.Redirect(w, r, ui.Href("exports", request))
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(file.Name))
	h.Set("Content-Length", strconv.Itoa(len(file.Data)))
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(file.Data)
	return err
}

// network is the network that asks: /24, for IPv6 /64.
func network(r *http.Request) string {
	addr := web.ClientAddr(r).Unmap()
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	net, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return net.String()
}

// stateKind is the colour of a state.
func stateKind(s custody.State) string {
	switch s {
	case custody.Waiting, custody.Approved:
		return "warning"
	case custody.Made:
		return "success"
	}
	return ""
}

// pairs are the properties of a request.
func (p exportPage) pairs(ctx context.Context) []ui.Pair {
	l := i18n.Lang(ctx)
	var names []string
	for _, field := range p.Fields {
		names = append(names, i18n.T(ctx, "custody.field."+field))
	}
	out := []ui.Pair{
		{Name: i18n.T(ctx, "custody.export.number"), Value: p.Number()},
		{Name: i18n.T(ctx, "custody.export.kind"), Value: i18n.T(ctx, "custody.kind."+string(p.Kind))},
		{Name: i18n.T(ctx, "custody.export.node"), Value: p.NodeName},
		{Name: i18n.T(ctx, "custody.export.fields"), Value: strings.Join(names, i18n.T(ctx, "custody.list"))},
		{Name: i18n.T(ctx, "custody.export.rows"), Value: i18n.Number(int64(max(p.Records, p.Expected)))},
		{Name: i18n.T(ctx, "custody.export.purpose"), Value: p.Purpose},
		{Name: i18n.T(ctx, "custody.export.asked"), Value: p.RequestedName + " · " + i18n.T(ctx, "role."+string(p.RequestedRole)) + " · " + i18n.DateTime(l, p.Requested)},
	}
	if !p.Decided.IsZero() {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "custody.export.decided"),
			Value: p.DecidedName + " · " + i18n.T(ctx, "role."+string(p.DecidedRole)) + " · " + i18n.DateTime(l, p.Decided)})
	}
	if p.DecidedNote != "" {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "custody.export.note"), Value: p.DecidedNote})
	}
	if !p.Expires.IsZero() && !p.Glass {
		out = append(out, ui.Pair{Name: i18n.T(ctx, "custody.export.expires"), Value: i18n.DateTime(l, p.Expires)})
	}
	return out
}
