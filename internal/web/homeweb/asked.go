package homeweb

import (
	"context"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/rights"
	"learnspace/internal/web/ui"
)

// maxAsked is how many requests a home counts.
const maxAsked = 50

// nearest says whose requests a desk decides: those of its own office and of the
// one below. Others see them too, but are not asked first.
var nearest = map[access.Role][]access.Role{
	access.School:     {access.Registrar, access.School},
	access.County:     {access.School, access.County},
	access.Prefecture: {access.County},
	access.Province:   {access.County, access.Prefecture},
}

// asks adds what others asked for and this desk answers: lists that somebody
// wants to take out, and what persons ask about their own data; and the lists
// that it asked for itself and can take now.
func (f *Face) asks(ctx context.Context, by access.Actor, node id.Node) (out []todo, err error) {
	if by.Can(access.RightsAnswer) {
		if out, err = f.requests(ctx, by, node); err != nil {
			return nil, err
		}
	}
	if by.Can(access.ExportRequest) {
		ready, err := f.ready(ctx, by)
		if err != nil {
			return nil, err
		}
		out = append(out, ready...)
	}
	if !by.Can(access.ExportApprove) {
		return out, nil
	}
	list, err := f.Custody.List(ctx, by, custody.Listing{Open: true, Limit: maxAsked})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(r custody.Request) bool {
		return r.RequestedBy == by.Person || !slices.Contains(nearest[by.Role], r.RequestedRole)
	})
	if len(list) == 0 {
		return out, nil
	}
	t := todo{Icon: "download", Tone: 2, Title: i18n.T(ctx, "home.exports", len(list)), Note: i18n.T(ctx, "home.exports_note"),
		Href: "/exports?state=open", Act: i18n.T(ctx, "home.look")}
	if len(list) == 1 {
		one := list[0]
		t.Note = i18n.T(ctx, "home.export_note", one.RequestedName, one.NodeName, i18n.Key("custody.kind."+string(one.Kind)), one.Expected)
		t.Href = ui.Href("exports", one.ID)
	}
	return append(out, t), nil
}

// ready is the line about lists that were asked for here and can be taken.
func (f *Face) ready(ctx context.Context, by access.Actor) ([]todo, error) {
	list, err := f.Custody.List(ctx, by, custody.Listing{Ready: true, Limit: maxAsked})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	t := todo{Icon: "download", Tone: 2, Title: i18n.T(ctx, "home.exports_ready", len(list)),
		Note: i18n.T(ctx, "home.exports_ready_note", i18n.DateTime(i18n.Lang(ctx), slices.MinFunc(list, sooner).Expires)),
		Href: "/exports", Act: i18n.T(ctx, "home.look")}
	if len(list) == 1 {
		t.Href = ui.Href("exports", list[0].ID)
	}
	return []todo{t}, nil
}

func sooner(a, b custody.Request) int { return a.Expires.Compare(b.Expires) }

// requests is the line about what persons ask of the school, with the term that
// the law sets.
func (f *Face) requests(ctx context.Context, by access.Actor, node id.Node) ([]todo, error) {
	n, err := f.Rights.Count(ctx, by, node)
	if err != nil {
		return nil, err
	}
	waiting := n.ByState[rights.Submitted] + n.ByState[rights.Work]
	if waiting == 0 {
		return nil, nil
	}
	t := todo{Icon: "task", Tone: 3, Title: i18n.T(ctx, "home.requests", waiting), Note: i18n.T(ctx, "home.requests_note"),
		Href: ui.Href("nodes", node, "requests"), Act: i18n.T(ctx, "home.answer")}
	if n.Overdue > 0 {
		t.Tone, t.Note = 4, i18n.T(ctx, "home.requests_late", n.Overdue)
	}
	return []todo{t}, nil
}

// answered adds the answers to what a guardian asked about himself and his
// children, until he has taken note of them.
func (f *Face) answered(ctx context.Context, by access.Actor, p *guardianPage) error {
	if !by.Can(access.RightsSelf) {
		return nil
	}
	about := map[id.Person]string{by.Person: by.Name}
	who := []id.Person{by.Person}
	for _, c := range p.Family {
		about[c.Person], who = c.Name, append(who, c.Person)
	}
	for _, one := range who {
		list, err := f.Rights.Mine(ctx, by, one)
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.AskedBy == by.Person && !r.Open() && r.State != rights.Closed {
				p.Answers = append(p.Answers, todo{Icon: "task", Tone: 2, Href: ui.Href("rights", one) + "#requests", Act: i18n.T(ctx, "home.look"),
					Title: i18n.T(ctx, "home.answered", about[one], i18n.Key("rights.kind."+r.Kind)), Note: i18n.T(ctx, "home.answered_note")})
			}
		}
	}
	return nil
}

// alarms adds the alarms that no security administrator has looked into.
func (f *Face) alarms(ctx context.Context, by access.Actor) ([]todo, error) {
	if !by.Scope(access.AlarmRead).All() {
		return nil, nil
	}
	list, err := f.Custody.Alarms(ctx, by, true, 0, maxAsked)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return []todo{{Icon: "bell", Tone: 4, Title: i18n.T(ctx, "home.alarms", len(list)), Note: i18n.T(ctx, "home.alarms_note"), Href: "/alarms",
		Act: i18n.T(ctx, "home.look"), Strong: true}}, nil
}
