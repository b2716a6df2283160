package homeweb

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// maxHelp is how many places that need help one home names.
const maxHelp = 10

// help is a place that needs help, with why.
type help struct {
	Name    string
	Href    string
	Reasons []string
	weight  int
}

// officePage is the home of a county, prefecture or province, and of those who
// report or inspect there.
type officePage struct {
	By    access.Actor
	Node  org.Node
	Name  string
	Line  string
	Todo  []todo
	Table metrics.Table
	Help  []help
	More  int
	// Issued is the newest bulletin that is out; its month is 0 before the
	// first.
	Issued bulletin.Bulletin
	// Papers lead to bulletins whose next step is another's.
	Papers []ui.Btn
	Roles  []string
}

func (f *Face) office(w http.ResponseWriter, r *http.Request, by access.Actor) error {
	ctx := r.Context()
	p := officePage{By: by, Roles: restOf(by)}
	var err error
	if p.Table, err = f.Metrics.Children(ctx, by, by.Home(), 0); err != nil {
		return err
	}
	p.Node, p.Name = p.Table.Node, localName(ctx, p.Table.Node)
	if err := f.papers(ctx, by, &p); err != nil {
		return err
	}
	asked, err := f.asks(ctx, by, p.Node.ID)
	if err != nil {
		return err
	}
	p.Todo = append(p.Todo, asked...)
	if by.Can(access.RosterImport) {
		list, err := f.Rosters.Batches(ctx, by, p.Node.ID, 0, 10)
		if err != nil {
			return err
		}
		p.Todo = append(p.Todo, batchTodos(ctx, list)...)
	}
	moves, err := f.transfers(ctx, by, p.Node.ID)
	if err != nil {
		return err
	}
	p.Todo = append(p.Todo, moves...)
	p.Help, p.More = needHelp(ctx, by, p.Table)
	p.Line = i18n.T(ctx, "home.office_nothing")
	if len(p.Todo) > 0 {
		p.Todo[0].Strong = true
		p.Line = i18n.T(ctx, "home.office_todo", len(p.Todo))
	}
	return web.Render(w, r, http.StatusOK, officeView(p))
}

// needHelp lists the rows that need help, by cause and then by code, never by
// who did how much; more is how many are not named.
func needHelp(ctx context.Context, by access.Actor, t metrics.Table) (out []help, more int) {
	for _, row := range t.Rows {
		h := reasons(ctx, by, t.Node, row)
		if len(h.Reasons) > 0 {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b help) int { return cmp.Compare(a.weight, b.weight) })
	if len(out) > maxHelp {
		return out[:maxHelp], len(out) - maxHelp
	}
	return out, 0
}

// reasons says why a row needs help, the cause to begin with first, and leads
// to where it is mended.
func reasons(ctx context.Context, by access.Actor, node org.Node, row metrics.Row) help {
	g := row.Figures
	h := help{Name: localName(ctx, row.Node), Href: ui.Href("figures", row.Node.ID)}
	add := func(weight int, key string, args ...any) {
		if len(h.Reasons) == 0 {
			h.weight = weight
		}
		if len(h.Reasons) < 2 {
			h.Reasons = append(h.Reasons, i18n.T(ctx, key, args...))
		}
	}
	if g.Made.Sum() == 0 {
		if g.Schools == 0 { // a teaching point's people may stand at its school; kindergartens count apart
			return h
		}
		add(0, "home.help_roster")
		if by.Can(access.RosterImport) && row.Node.IsSchool() {
			h.Href = ui.Href("nodes", row.Node.ID, "rosters")
		}
		return h
	}
	if over := max(g.Verified.Pupil-g.Base.Pupil, 0) + max(g.Verified.Teacher-g.Base.Teacher, 0); over > 0 {
		add(1, "home.help_over", over)
	}
	if g.Base.Source == metrics.SourceRoster || g.Base.Source == metrics.SourceMixed && !g.Confirmed() {
		add(2, "home.help_base")
		if by.Can(access.BaseConfirm) && row.Node.IsSchool() && h.weight == 2 {
			h.Href = ui.Href("nodes", node.ID, "bases")
		}
	}
	if made := g.Made.Sum(); g.Activated.Sum()*2 < made {
		add(3, "home.help_active", i18n.Fraction(g.Activated.Sum(), made))
	}
	if closed := g.ClassSpaces.Of - g.ClassSpaces.Opened; closed > 0 {
		add(4, "home.help_class", closed)
	}
	return h
}

// papers adds what the bulletins ask of the reader.
func (f *Face) papers(ctx context.Context, by access.Actor, p *officePage) error {
	if !by.Can(access.BulletinRead) {
		return nil
	}
	list, err := f.Bulletin.List(ctx, by)
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.State == bulletin.Issued {
			p.Issued = b
			return f.receive(ctx, by, p)
		}
		var t todo
		if by.Can(access.BulletinDraft) {
			if t = chain(ctx, b); !takes(by, b) {
				p.Papers = append(p.Papers, ui.Btn{Text: t.Title, Icon: t.Icon, Href: t.Href})
				continue
			}
		} else if t, err = f.ownRow(ctx, by, b); err != nil {
			return err
		}
		if t.Title != "" {
			p.Todo = append(p.Todo, t)
		}
	}
	return nil
}

// receive asks a reporting unit to confirm that it received the newest paper.
func (f *Face) receive(ctx context.Context, by access.Actor, p *officePage) error {
	waits, err := f.Bulletin.Unreceived(ctx, by, p.Issued)
	if err != nil || !waits {
		return err
	}
	p.Todo = append(p.Todo, todo{Icon: "stamp", Tone: 1, Title: i18n.T(ctx, "home.paper_receive", i18n.Month(i18n.Lang(ctx), p.Issued.Month)),
		Note: i18n.T(ctx, "home.paper_receive_note", i18n.Day(i18n.Lang(ctx), clock.DayOf(p.Issued.IssuedAt))),
		Href: ui.Href("bulletins", p.Issued.Month.String()), Act: i18n.T(ctx, "home.paper_receive_do")})
	return nil
}

// chain is the next step of a bulletin.
func chain(ctx context.Context, b bulletin.Bulletin) todo {
	key := "home.paper." + string(b.State)
	return todo{Icon: "stamp", Tone: 1, Title: i18n.T(ctx, key, i18n.Month(i18n.Lang(ctx), b.Month)), Act: i18n.T(ctx, key+".do"),
		Note: i18n.T(ctx, "home.paper_note", i18n.Day(i18n.Lang(ctx), b.ReviewTo)), Href: ui.Href("bulletins", b.Month.String())}
}

// takes reports whether the reader may take the next step: nobody takes two of
// drafting, checking and signing.
func takes(by access.Actor, b bulletin.Bulletin) bool {
	switch b.State {
	case bulletin.Drafted:
		return b.Drafted.By != by.Person
	case bulletin.Checked:
		return b.Drafted.By != by.Person && b.Checked.By != by.Person
	}
	return true
}

// ownRow asks a reporting unit to check its own row while the checking days run.
func (f *Face) ownRow(ctx context.Context, by access.Actor, b bulletin.Bulletin) (todo, error) {
	v, err := f.Bulletin.Show(ctx, by, b.Month, 0)
	if err != nil {
		return todo{}, err
	}
	if !web.Now(ctx).Before(b.ReviewEnds()) {
		return todo{}, nil
	}
	for _, row := range v.Rows {
		if row.Node == v.Own && row.Review == bulletin.NotReviewed {
			return todo{Icon: "stamp", Tone: 1, Title: i18n.T(ctx, "home.paper_own", i18n.Month(i18n.Lang(ctx), b.Month)),
				Note: i18n.T(ctx, "home.paper_own_note", i18n.Day(i18n.Lang(ctx), b.ReviewTo)),
				Href: ui.Href("bulletins", b.Month.String()), Act: i18n.T(ctx, "home.paper_own_do")}, nil
		}
	}
	return todo{}, nil
}
