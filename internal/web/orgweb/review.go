package orgweb

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/export"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// reviewPage is the yearly review of the roles held in a subtree (授权清单).
type reviewPage struct {
	ui.Page
	node  org.Node
	due   bool
	rows  []reviewRow
	pager ui.Pages
}

// reviewRow is one grant of the review.
type reviewRow struct {
	grantRow
	by       string // who gave it
	last     string // when it was confirmed last, and by whom; "" never
	dueOn    string
	isDue    bool
	mayCheck bool
}

func (f *Face) showReview(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	p := reviewPage{due: r.FormValue("all") != "1"}
	after := web.FormID[id.Grant](r, "after")
	grants, err := f.org.Grants(ctx, by, org.GrantList{Node: node, Due: p.due, After: after, Limit: listed + 1})
	if err != nil {
		return err
	}
	if p.node, err = f.org.Get(ctx, by, node); err != nil {
		return err
	}
	if len(grants) > listed {
		grants = grants[:listed]
		p.pager.Next = p.tab(!p.due) + "&after=" + grants[listed-1].ID.String()
	}
	if after != 0 {
		p.pager.Previous = p.tab(!p.due)
	}
	if p.rows, err = f.reviewRows(ctx, by, grants); err != nil {
		return err
	}
	title := i18n.T(ctx, "org.review.title")
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "org.review.lead", nameOf(ctx, p.node)), Nav: "grants"}
	if p.Crumbs, err = f.crumbs(ctx, by, p.node, title); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, reviewView(p))
}

// tab is the address of the review of what is due, or of all.
func (p reviewPage) tab(all bool) string {
	return address(p.node.ID, "grants", "review") + "?all=" + strconv.Itoa(map[bool]int{true: 1}[all])
}

// reviewRows adds to the grants who gave and who confirmed them.
func (f *Face) reviewRows(ctx context.Context, by access.Actor, grants []org.Grant) ([]reviewRow, error) {
	base, err := f.grantRows(ctx, by, grants)
	if err != nil {
		return nil, err
	}
	var persons []id.Person
	for _, g := range grants {
		persons = append(persons, g.GivenBy, g.ReviewedBy)
	}
	names, err := f.people.Names(ctx, by, persons)
	if err != nil {
		return nil, err
	}
	who := func(p id.Person) string {
		if p == 0 {
			return i18n.T(ctx, "org.review.command")
		}
		return nameIn(ctx, names, p)
	}
	today := clock.DayOf(web.Now(ctx))
	rows := make([]reviewRow, len(grants))
	for i, g := range grants {
		rows[i] = reviewRow{grantRow: base[i], by: who(g.GivenBy), mayCheck: org.MayReview(by, g)}
		if !g.Reviewed.IsZero() {
			rows[i].last = dayText(ctx, clock.DayOf(g.Reviewed)) + " " + who(g.ReviewedBy)
		}
		if !g.Lent() {
			rows[i].dueOn, rows[i].isDue = dayText(ctx, g.DueOn()), g.DueOn() <= today
		}
	}
	return rows, nil
}

// confirmGrant records that a role is still needed.
func (f *Face) confirmGrant(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	grant, err := web.PathID[id.Grant](r, "grant")
	if err != nil {
		return err
	}
	g, err := f.org.Review(ctx, web.Actor(ctx), grant)
	if err != nil {
		return err
	}
	node := web.FormID[id.Node](r, "node")
	if node == 0 {
		node = g.Node
	}
	web.Flash(w, r, "org.review.done", i18n.T(ctx, "role."+string(g.Role)))
	back := address(node, "grants", "review")
	if r.FormValue("all") == "1" {
		back += "?all=1"
	}
	return web.Redirect(w, r, back)
}

// exportGrants gives the list as a workbook. It names staff and no pupil.
func (f *Face) exportGrants(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	grants, err := f.org.Book(ctx, by, node)
	if err != nil {
		return err
	}
	n, err := f.org.Get(ctx, by, node)
	if err != nil {
		return err
	}
	table, err := f.grantTable(ctx, by, n, grants)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := export.XLSX(&out, table); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	name := i18n.T(ctx, "org.review.file", nameOf(ctx, n), clock.DayOf(web.Now(ctx)).String()) + ".xlsx"
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(out.Bytes())
	return err
}

// grantTable is the list of roles as a table.
func (f *Face) grantTable(ctx context.Context, by access.Actor, n org.Node, grants []org.Grant) (export.Table, error) {
	t := export.Table{Title: i18n.T(ctx, "org.review.title") + " · " + nameOf(ctx, n),
		Notes: []string{i18n.T(ctx, "org.review.as_of", i18n.DateTime(i18n.Lang(ctx), web.Now(ctx)))}}
	for _, key := range []string{"org.grants.person", "org.grants.role", "org.grants.unit", "org.review.code", "org.grants.from", "org.grants.until",
		"org.review.lent_for", "org.review.by", "org.grants.reason", "org.review.last", "org.review.until_due"} {
		t.Columns = append(t.Columns, export.Column{Title: i18n.T(ctx, key)})
	}
	rows, err := f.reviewRows(ctx, by, grants)
	if err != nil {
		return t, err
	}
	var units []id.Node
	for _, g := range grants {
		units = append(units, g.Node)
	}
	nodes, err := f.org.GetMany(ctx, by, units)
	if err != nil {
		return t, err
	}
	cells := make([][]any, len(rows))
	for i, g := range rows {
		cells[i] = []any{g.name, i18n.T(ctx, "role."+string(g.grant.Role)), g.node, nodes[g.grant.Node].Code, g.from, g.to, g.lent, g.by,
			g.grant.Reason, g.last, g.dueOn}
	}
	t.Rows = export.Rows(cells)
	return t, nil
}
