package orgweb

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// listed is how many grants a page shows.
const listed = 50

// grantForm is what the form of a new grant sends.
type grantForm struct {
	query  string
	person id.Person
	role   access.Role
	unit   string // code; "" the page's node
	from   string
	until  string
	reason string
}

// grantsPage lists the roles held in a subtree and gives a new one.
type grantsPage struct {
	ui.Page
	node   org.Node
	form   grantForm
	errs   ui.Errors
	found  []person.Member
	places map[id.Node]string
	roles  []ui.Option
	rows   []grantRow
	ended  bool
	pager  ui.Pages
}

// grantRow is one grant of the list.
type grantRow struct {
	grant    org.Grant
	name     string
	node     string
	from, to string
	lent     string // whose place a substitute takes, "" for a role of one's own
	mayEnd   bool
	ended    bool
}

func readGrantForm(r *http.Request) grantForm {
	return grantForm{query: strings.TrimSpace(r.FormValue("q")), person: web.FormID[id.Person](r, "person"),
		role: access.Role(r.FormValue("role")), unit: strings.TrimSpace(r.FormValue("unit")), from: strings.TrimSpace(r.FormValue("from")), until: strings.TrimSpace(r.FormValue("until")), reason: r.FormValue("reason")}
}

func (f *Face) showGrants(w http.ResponseWriter, r *http.Request) error {
	return f.renderGrants(w, r, http.StatusOK, nil)
}

// renderGrants writes the page, with the form as it was sent when errs are
// given.
func (f *Face) renderGrants(w http.ResponseWriter, r *http.Request, status int, errs ui.Errors) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	p := grantsPage{form: readGrantForm(r), errs: errs, ended: r.FormValue("ended") == "1", places: map[id.Node]string{}}
	after := web.FormID[id.Grant](r, "after")
	grants, err := f.org.Grants(ctx, by, org.GrantList{Node: node, Ended: p.ended, After: after, Limit: listed + 1})
	if err != nil {
		return err
	}
	if p.node, err = f.org.Get(ctx, by, node); err != nil {
		return err
	}
	if len(grants) > listed {
		grants = grants[:listed]
		p.pager.Next = p.listAddress() + "&after=" + grants[listed-1].ID.String()
	}
	if after != 0 {
		p.pager.Previous = p.listAddress()
	}
	if p.rows, err = f.grantRows(ctx, by, grants); err != nil {
		return err
	}
	if err := f.findPeople(ctx, by, &p); err != nil {
		return err
	}
	p.roles = roleOptions(ctx, by, p.node)
	title := i18n.T(ctx, "org.grants.title")
	p.Page = ui.Page{Title: title, Lead: i18n.T(ctx, "org.grants.lead", nameOf(ctx, p.node)), Nav: "grants"}
	if p.Crumbs, err = f.crumbs(ctx, by, p.node, title); err != nil {
		return err
	}
	return web.Render(w, r, status, grantsView(p))
}

// listAddress is the address of the list without a page.
func (p grantsPage) listAddress() string {
	if p.ended {
		return address(p.node.ID, "grants") + "?ended=1"
	}
	return address(p.node.ID, "grants") + "?ended=0"
}

// grantRows adds names and what may be done to the grants.
func (f *Face) grantRows(ctx context.Context, by access.Actor, grants []org.Grant) ([]grantRow, error) {
	var persons []id.Person
	for _, g := range grants {
		persons = append(persons, g.Person, g.LentBy)
	}
	names, err := f.people.Names(ctx, by, persons)
	if err != nil {
		return nil, err
	}
	units, err := f.unitNames(ctx, by, grants)
	if err != nil {
		return nil, err
	}
	today := clock.DayOf(web.Now(ctx))
	rows := make([]grantRow, len(grants))
	for i, g := range grants {
		rows[i] = grantRow{grant: g, name: nameIn(ctx, names, g.Person), node: units[g.Node], from: dayText(ctx, g.From), to: dayText(ctx, g.To),
			ended: !g.Ended.IsZero() || g.To != 0 && g.To <= today, mayEnd: org.MayEnd(by, g)}
		if g.Lent() {
			rows[i].lent = i18n.T(ctx, "org.grants.lent", nameIn(ctx, names, g.LentBy), dayText(ctx, g.To.AddDays(-1)))
		}
	}
	return rows, nil
}

// unitNames are the names of the units of grants, of classes as they are called
// today.
func (f *Face) unitNames(ctx context.Context, by access.Actor, grants []org.Grant) (map[id.Node]string, error) {
	out := make(map[id.Node]string, len(grants))
	var classes []id.Node
	for _, g := range grants {
		if out[g.Node] = g.NodeName; g.NodeKind == org.KindClass {
			classes = append(classes, g.Node)
		}
	}
	found, err := f.org.GetMany(ctx, by, classes)
	if err != nil {
		return nil, err
	}
	for _, n := range found {
		out[n.ID] = n.Label(clock.DayOf(web.Now(ctx)))
	}
	return out, nil
}

// nameIn is a name, or words for somebody whom the reader may not see.
func nameIn(ctx context.Context, names map[id.Person]string, who id.Person) string {
	if name := names[who]; name != "" {
		return name
	}
	return i18n.T(ctx, "org.grants.name_hidden")
}

// findPeople fills in those whom the search finds, with where they work.
func (f *Face) findPeople(ctx context.Context, by access.Actor, p *grantsPage) error {
	query := p.form.query
	if query == "" && p.form.person != 0 {
		query = p.form.person.String()
	}
	var err error
	if p.found, err = f.people.SearchStaff(ctx, by, p.node.ID, query, 20); err != nil {
		return err
	}
	var units []id.Node
	for _, m := range p.found {
		units = append(units, m.At.Unit)
	}
	nodes, err := f.org.GetMany(ctx, by, units)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		p.places[n.ID] = nameOf(ctx, n)
	}
	return nil
}

// roleOptions are the roles that the actor may give at the node, at a region
// also those of the schools below it.
func roleOptions(ctx context.Context, by access.Actor, n org.Node) []ui.Option {
	var out []ui.Option
	for _, role := range by.Givable() {
		if !n.IsRegion() && !access.FitsKind(role, n.Kind) {
			continue
		}
		out = append(out, ui.Option{Value: string(role), Label: i18n.T(ctx, "role."+string(role)), Hint: i18n.T(ctx, "org.role_does."+string(role))})
	}
	return out
}

// personOptions are the people found, as choices.
func (p grantsPage) personOptions() []ui.Option {
	out := make([]ui.Option, len(p.found))
	for i, m := range p.found {
		out[i] = ui.Option{Value: m.ID.String(), Label: m.Name, Hint: p.places[m.At.Unit]}
	}
	return out
}

// chosen is the person to be ticked: the one sent, or the only one found.
func (p grantsPage) chosen() string {
	if p.form.person != 0 {
		return p.form.person.String()
	}
	if len(p.found) == 1 {
		return p.found[0].ID.String()
	}
	return ""
}

func (f *Face) saveGrant(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	form := readGrantForm(r)
	req := org.GrantRequest{Person: form.person, Node: node, Role: form.role, Reason: form.reason}
	if req.From, err = clock.ParseDay(form.from); err != nil {
		return f.again(w, r, fault.Invalid(fault.At("from", "org.grant.day")))
	}
	if req.Until, err = clock.ParseDay(form.until); err != nil {
		return f.again(w, r, fault.Invalid(fault.At("until", "org.grant.until")))
	}
	if req.Node, err = f.unitOf(ctx, by, node, form); err != nil {
		return f.again(w, r, err)
	}
	if !by.MayGive(form.role) {
		return f.again(w, r, fault.Invalid(fault.At("role", "org.grant.role_missing")))
	}
	if _, err := f.org.Grant(ctx, by, req); err != nil {
		return f.again(w, r, err)
	}
	web.Flash(w, r, "org.grants.given", i18n.T(ctx, "role."+string(form.role)))
	return web.Redirect(w, r, address(node, "grants"))
}

// unitOf is where the role is to be held: at the unit that the form names; else
// at the page's node, or, where the role does not fit that kind of node, at the
// unit in which the person works.
func (f *Face) unitOf(ctx context.Context, by access.Actor, node id.Node, form grantForm) (id.Node, error) {
	at, err := f.org.Get(ctx, by, node)
	if err != nil {
		return 0, err
	}
	if form.unit != "" {
		n, err := f.org.ByCode(ctx, by, form.unit)
		if errors.Is(err, fault.ErrNotFound) || err == nil && !access.Covers(at.Path, n.Path) {
			return 0, fault.Invalid(fault.At("unit", "org.grant.unit_unknown"))
		}
		return n.ID, err
	}
	if access.FitsKind(form.role, at.Kind) || form.person == 0 {
		return node, nil
	}
	p, err := f.people.Get(ctx, by, form.person)
	if err != nil {
		return node, ignoreMissing(err)
	}
	n, err := f.org.Get(ctx, by, p.Unit)
	if err != nil || !access.Covers(at.Path, n.Path) || !access.FitsKind(form.role, n.Kind) {
		return node, ignoreMissing(err)
	}
	return n.ID, nil
}

// ignoreMissing lets the service say that somebody or something is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}

// again shows the form with what was sent and what is wrong with it; errors
// that the form cannot mend are returned.
func (f *Face) again(w http.ResponseWriter, r *http.Request, err error) error {
	if errs, ok := web.Invalid(r, err); ok {
		return f.renderGrants(w, r, http.StatusUnprocessableEntity, errs)
	}
	if key, args := fault.Message(err); key != "" && errors.Is(err, fault.ErrConflict) {
		return f.renderGrants(w, r, http.StatusUnprocessableEntity, ui.Errors{{Name: "role", Text: i18n.T(r.Context(), key, args...)}})
	}
	return err
}

// tab is the address of the list with or without what has ended.
func (p grantsPage) tab(ended bool) string {
	return address(p.node.ID, "grants") + "?ended=" + strconv.Itoa(map[bool]int{true: 1}[ended])
}
