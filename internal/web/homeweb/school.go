package homeweb

import (
	"context"
	"net/http"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// schoolPage is the home of a school's manager or registrar.
type schoolPage struct {
	By      access.Actor
	Node    org.Node
	Name    string
	Line    string
	Todo    []todo
	Figures metrics.Figures
	Roles   []string
}

func (f *Face) school(w http.ResponseWriter, r *http.Request, by access.Actor) error {
	ctx := r.Context()
	n, err := f.Org.Get(ctx, by, by.Home())
	if err != nil {
		return err
	}
	p := schoolPage{By: by, Node: n, Name: localName(ctx, n), Roles: restOf(by)}
	if p.Figures, err = f.Metrics.Figures(ctx, by, n.ID, 0); err != nil {
		return err
	}
	steps := []func(context.Context, access.Actor, *schoolPage) error{f.profile, f.asked, f.batches, f.moves, f.classStates, f.reported}
	for _, step := range steps {
		if err := step(ctx, by, &p); err != nil {
			return err
		}
	}
	p.Line = i18n.T(ctx, "home.school_nothing")
	if len(p.Todo) > 0 {
		p.Todo[0].Strong = true
		p.Line = i18n.T(ctx, "home.school_todo", len(p.Todo))
	}
	return web.Render(w, r, http.StatusOK, schoolView(p))
}

// profile adds the school's profile while nobody has confirmed it.
func (f *Face) profile(ctx context.Context, by access.Actor, p *schoolPage) error {
	if p.Node.Confirmed.IsZero() && by.Allows(access.SchoolConfirm, p.Node.Path) {
		p.Todo = append(p.Todo, todo{Icon: "school", Tone: 3, Title: i18n.T(ctx, "home.profile"), Note: i18n.T(ctx, "home.profile_note"),
			Href: ui.Href("nodes", p.Node.ID), Act: i18n.T(ctx, "home.profile_do")})
	}
	return nil
}

// batches adds the rosters that wait for a confirmation or are under way, and
// the first roster while there is none.
func (f *Face) batches(ctx context.Context, by access.Actor, p *schoolPage) error {
	if !by.Can(access.RosterImport) {
		return nil
	}
	list, err := f.Rosters.Batches(ctx, by, p.Node.ID, 0, 10)
	if err != nil {
		return err
	}
	p.Todo = append(p.Todo, batchTodos(ctx, list)...)
	if len(list) == 0 && p.Figures.Made.Sum() == 0 {
		p.Todo = append(p.Todo, todo{Icon: "upload", Tone: 1, Title: i18n.T(ctx, "home.no_roster"), Note: i18n.T(ctx, "home.no_roster_note"),
			Href: ui.Href("nodes", p.Node.ID, "rosters"), Act: i18n.T(ctx, "home.import")})
	}
	return nil
}

// batchTodos makes a line of each roster that somebody has to look at.
func batchTodos(ctx context.Context, list []roster.Batch) []todo {
	var out []todo
	for _, b := range list {
		name := strings.Join(b.Names, i18n.T(ctx, "home.and"))
		t := todo{Icon: "upload", Tone: 1, Href: ui.Href("rosters", b.ID),
			Note: i18n.T(ctx, "home.roster_note", b.ByName, i18n.When(i18n.Lang(ctx), b.MadeAt, web.Now(ctx)))}
		switch {
		case b.State == roster.Checked:
			t.Title, t.Act = i18n.T(ctx, "home.roster_checked", name), i18n.T(ctx, "home.roster_confirm")
		case b.Busy():
			t.Title, t.Act = i18n.T(ctx, "home.roster_busy", name), i18n.T(ctx, "home.look")
		default:
			continue
		}
		out = append(out, t)
	}
	return out
}

// asked adds what others asked for and the school decides.
func (f *Face) asked(ctx context.Context, by access.Actor, p *schoolPage) error {
	t, err := f.asks(ctx, by, p.Node.ID)
	p.Todo = append(p.Todo, t...)
	return err
}

// moves adds the transfers that wait for a decision.
func (f *Face) moves(ctx context.Context, by access.Actor, p *schoolPage) error {
	t, err := f.transfers(ctx, by, p.Node.ID)
	p.Todo = append(p.Todo, t...)
	return err
}

// transfers is the line about transfers that wait at a node; none without them.
func (f *Face) transfers(ctx context.Context, by access.Actor, node id.Node) ([]todo, error) {
	if !by.Can(access.TransferDecide) {
		return nil, nil
	}
	n, err := f.Rosters.Waiting(ctx, by, node)
	if err != nil || n == 0 {
		return nil, err
	}
	return []todo{{Icon: "swap", Tone: 2, Title: i18n.T(ctx, "home.transfers", n), Note: i18n.T(ctx, "home.transfers_note"),
		Href: ui.Href("nodes", node, "transfers"), Act: i18n.T(ctx, "home.decide")}}, nil
}

// maxClassTeachers is more class teachers than a school has.
const maxClassTeachers = 500

// classStates adds the classes without a class teacher and those whose list
// nobody has confirmed: both keep a class space closed.
func (f *Face) classStates(ctx context.Context, by access.Actor, p *schoolPage) error {
	classes, err := f.Org.Classes(ctx, by, p.Node.ID)
	if err != nil || len(classes) == 0 {
		return err
	}
	heads, err := f.People.ListUnit(ctx, by, person.UnitList{Unit: p.Node.Unit, Roles: []string{person.RoleClassTeacher}, Limit: maxClassTeachers})
	if err != nil {
		return err
	}
	headed := map[id.Node]bool{}
	for _, h := range heads {
		headed[h.At.Node] = true
	}
	var alone, open []string
	day := clock.DayOf(web.Now(ctx))
	for _, c := range classes {
		switch {
		case c.Grade(day) == "":
		case !headed[c.ID]:
			alone = append(alone, c.Label(day))
		case c.Confirmed.IsZero():
			open = append(open, c.Label(day))
		}
	}
	if len(alone) > 0 {
		t := todo{Icon: "user", Tone: 4, Title: i18n.T(ctx, "home.no_head", len(alone)), Note: i18n.T(ctx, "home.no_head_note", some(ctx, alone)), Href: ui.Href("nodes", p.Node.ID)}
		if by.Can(access.RosterImport) {
			t.Href, t.Act = ui.Href("nodes", p.Node.ID, "rosters"), i18n.T(ctx, "home.import_staff")
		}
		p.Todo = append(p.Todo, t)
	}
	if len(open) > 0 {
		p.Todo = append(p.Todo, todo{Icon: "task", Tone: 3, Title: i18n.T(ctx, "home.not_opened", len(open)), Note: i18n.T(ctx, "home.not_opened_note", some(ctx, open)),
			Href: ui.Href("nodes", p.Node.ID), Act: i18n.T(ctx, "home.look")})
	}
	return nil
}

// some names at most three things and says how many there are beside them.
func some(ctx context.Context, names []string) string {
	const most = 3
	text := strings.Join(names[:min(most, len(names))], i18n.T(ctx, "home.and"))
	if len(names) > most {
		return i18n.T(ctx, "home.and_more", text, len(names))
	}
	return text
}

// reported adds what readers of the school's class spaces have reported.
func (f *Face) reported(ctx context.Context, by access.Actor, p *schoolPage) error {
	n, err := f.Posts.CountReports(ctx, by)
	if err != nil || n == 0 {
		return err
	}
	p.Todo = append(p.Todo, todo{Icon: "flag", Tone: 4, Title: i18n.T(ctx, "home.reports", n), Note: i18n.T(ctx, "home.reports_note"), Href: "/reports", Act: i18n.T(ctx, "home.look")})
	return nil
}
