package orgweb

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// nodePage is a node with what lies below it.
type nodePage struct {
	ui.Page
	node     org.Node
	facts    []ui.Pair
	counts   []ui.Pair
	history  []stretch
	tree     org.Tree
	query    string
	children []org.Node
	found    bool // children are the answer to query
	pager    ui.Pages
	classes  []classRow
	space    space.Space
	// mayConfirm: the reader is the one who confirms the school's profile.
	mayConfirm bool
	links      []ui.Btn
}

// stretch is one line of the history: where the node stood and when.
type stretch struct {
	name, from, to, tree string
	waits                bool
}

// classRow is one class of a school.
type classRow struct {
	node     org.Node
	label    string
	teachers string
	status   string // of the space
	href     string
}

func (f *Face) showNode(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := web.Actor(ctx)
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	n, err := f.org.Get(ctx, by, node)
	if err != nil {
		return err
	}
	p := nodePage{node: n, tree: org.Admin, query: strings.TrimSpace(r.FormValue("q"))}
	if r.FormValue("tree") == string(org.Report) {
		p.tree = org.Report
	}
	p.Page = ui.Page{Title: n.Label(clock.DayOf(web.Now(ctx))), Nav: "node"}
	if n.Kind != org.KindClass {
		p.Title = nameOf(ctx, n)
	}
	if p.Crumbs, err = f.crumbs(ctx, by, n, ""); err != nil {
		return err
	}
	if err := f.describe(ctx, by, &p); err != nil {
		return err
	}
	if err := f.below(ctx, by, &p, r.FormValue("after")); err != nil {
		return err
	}
	p.links = links(ctx, by, n)
	return web.Render(w, r, http.StatusOK, nodeView(p))
}

// describe fills in facts, counts, history and the state of the space.
func (f *Face) describe(ctx context.Context, by access.Actor, p *nodePage) error {
	n := p.node
	counts, err := f.org.Counts(ctx, by, n.ID)
	if err != nil {
		return err
	}
	for _, kind := range org.Kinds() {
		if counts[kind] > 0 {
			p.counts = append(p.counts, ui.Pair{Name: i18n.T(ctx, "org.kind."+kind), Value: i18n.Number(int64(counts[kind]))})
		}
	}
	if n.Kind != org.KindOffice {
		if p.space, err = f.spaces.OfNode(ctx, by, n.ID); err != nil {
			return err
		}
	}
	p.mayConfirm = n.IsSchool() && !n.Closed() && by.Allows(access.SchoolConfirm, n.Path)
	parents, err := f.history(ctx, by, p)
	if err != nil {
		return err
	}
	p.facts = facts(ctx, n, parents)
	return nil
}

// history fills in where the node stood, when that ever changed, and returns
// the names of the nodes it stands under now.
func (f *Face) history(ctx context.Context, by access.Actor, p *nodePage) (map[id.Node]string, error) {
	n := p.node
	names := map[id.Node]string{}
	above, err := f.org.Ancestors(ctx, by, n.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range above {
		names[a.ID] = nameOf(ctx, a)
	}
	name := func(node id.Node) (string, error) {
		if names[node] == "" && node != 0 {
			known, err := f.org.PublicName(ctx, by, node)
			if err != nil {
				return "", err
			}
			names[node] = nameOf(ctx, known)
		}
		return names[node], nil
	}
	if _, err := name(n.Report); err != nil {
		return nil, err
	}
	for _, tree := range []org.Tree{org.Admin, org.Report} {
		edges, err := f.org.History(ctx, by, n.ID, tree)
		if err != nil {
			return nil, err
		}
		if len(edges) < 2 {
			continue
		}
		for _, e := range edges {
			text, err := name(e.Parent)
			if err != nil {
				return nil, err
			}
			p.history = append(p.history, stretch{name: text, from: dayText(ctx, e.From), to: dayText(ctx, e.To),
				tree: i18n.T(ctx, "org.tree."+string(tree)), waits: !e.Applied})
		}
	}
	return names, nil
}

// dayText is a day for the reader, "" for none.
func dayText(ctx context.Context, d clock.Day) string {
	if d == 0 {
		return ""
	}
	return i18n.Day(i18n.Lang(ctx), d)
}

// facts lists what is known of a node.
func facts(ctx context.Context, n org.Node, names map[id.Node]string) []ui.Pair {
	var out []ui.Pair
	add := func(key, value string) {
		if value != "" {
			out = append(out, ui.Pair{Name: i18n.T(ctx, key), Value: value})
		}
	}
	add("org.fact.kind", i18n.T(ctx, "org.kind."+n.Kind))
	add("org.fact.code", n.Code)
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		add("org.fact.name_zh", n.Name)
	} else {
		add("org.fact.name_ko", n.NameKo)
	}
	if t, ok := codes.FindSchoolType(n.Type); ok {
		add("org.fact.type", t.Code+" "+t.Name)
	}
	add("org.fact.parent", names[n.Parent])
	if n.Report != n.Parent {
		add("org.fact.report", names[n.Report])
	}
	if n.IsSchool() {
		system := "org.system.six_three"
		if n.FiveFour {
			system = "org.system.five_four"
		}
		add("org.fact.system", i18n.T(ctx, system))
		add("org.fact.lang", i18n.T(ctx, "org.lang."+n.Lang))
	}
	add("org.fact.from", dayText(ctx, n.From))
	add("org.fact.to", dayText(ctx, n.To))
	add("org.fact.status", i18n.T(ctx, "org.status."+n.Status))
	return out
}

// below fills in the children of a region, or the classes of a school.
func (f *Face) below(ctx context.Context, by access.Actor, p *nodePage, after string) error {
	n := p.node
	if n.Kind == org.KindClass {
		return nil
	}
	var err error
	if p.query != "" {
		p.found = true
		p.children, err = f.org.Search(ctx, by, n.ID, p.query, 50)
		return err
	}
	var next string
	p.children, next, err = f.org.Children(ctx, by, org.ChildList{Node: n.ID, Tree: p.tree, After: after})
	if err != nil {
		return err
	}
	if next != "" {
		v := url.Values{"after": {next}}
		if p.tree == org.Report {
			v.Set("tree", string(org.Report))
		}
		p.pager.Next = address(n.ID) + "?" + v.Encode()
	}
	if after != "" {
		p.pager.Previous = address(n.ID)
		if p.tree == org.Report {
			p.pager.Previous += "?tree=report"
		}
	}
	if !n.IsSchool() {
		return nil
	}
	return f.classRows(ctx, by, p)
}

// classRows fills in the classes of a school with their teachers and spaces.
func (f *Face) classRows(ctx context.Context, by access.Actor, p *nodePage) error {
	classes, err := f.org.Classes(ctx, by, p.node.ID)
	if err != nil {
		return err
	}
	nodes := make([]id.Node, len(classes))
	for i, c := range classes {
		nodes[i] = c.ID
	}
	spaces, err := f.spaces.OfNodes(ctx, by, nodes)
	if err != nil {
		return err
	}
	teachers := map[id.Node][]string{}
	if by.Allows(access.PersonRead, p.node.Path) {
		leaders, err := f.people.ListUnit(ctx, by, person.UnitList{Unit: p.node.ID, Roles: []string{person.RoleClassTeacher}, Limit: 500})
		if err != nil {
			return err
		}
		for _, m := range leaders {
			teachers[m.At.Node] = append(teachers[m.At.Node], m.Name)
		}
	}
	day := clock.DayOf(web.Now(ctx))
	for _, c := range classes {
		p.classes = append(p.classes, classRow{node: c, label: c.Label(day), teachers: strings.Join(teachers[c.ID], "、"),
			status: spaces[c.ID].Status, href: address(c.ID)})
	}
	return nil
}

// links are the other pages about the node that the reader may open.
func links(ctx context.Context, by access.Actor, n org.Node) []ui.Btn {
	var out []ui.Btn
	add := func(p access.Permission, fits bool, key, icon, href string) {
		if fits && by.Allows(p, n.Path) {
			out = append(out, ui.Btn{Text: i18n.T(ctx, key), Icon: icon, Href: href})
		}
	}
	class := n.Kind == org.KindClass
	add(access.FiguresRead, !class && n.Kind != org.KindOffice, "org.to_figures", "chart", ui.Href("figures", n.ID))
	add(access.RosterImport, !class && n.Kind != org.KindOffice, "org.to_rosters", "upload", address(n.ID, "rosters"))
	add(access.GrantGive, !class, "org.to_grants", "shield", address(n.ID, "grants"))
	add(access.CodeIssue, class, "org.to_members", "key", ui.Href("classes", n.ID, "members"))
	add(access.ClassRead, class, "org.to_space", "users", ui.Href("classes", n.ID))
	return out
}
