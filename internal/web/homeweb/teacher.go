package homeweb

import (
	"context"
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// classCard is one of the teacher's classes.
type classCard struct {
	Node   id.Node
	Name   string
	School string
	// Pupils and Active count the class list and those who have activated;
	// Counted says that the reader looks after the list.
	Pupils, Active int
	Counted        bool
}

// teacherPage is the home of a teacher or class teacher.
type teacherPage struct {
	By       access.Actor
	Greeting string
	Line     string
	Todo     []todo
	Classes  []classCard
	News     []post.Post
	Names    map[string]string
	Roles    []string
}

func (f *Face) teacher(w http.ResponseWriter, r *http.Request, by access.Actor) error {
	ctx := r.Context()
	p := teacherPage{By: by, Greeting: greeting(ctx, by), Names: map[string]string{}, Roles: restOf(by)}
	nodes, err := f.classes(ctx, by, &p)
	if err != nil {
		return err
	}
	if by.Can(access.ClassConfirm) {
		if err := f.lookAfter(ctx, by, nodes, &p); err != nil {
			return err
		}
	}
	if err := f.questions(ctx, by, &p); err != nil {
		return err
	}
	if err := f.receipts(ctx, by, &p); err != nil {
		return err
	}
	if p.News, err = f.Posts.Latest(ctx, by, maxNews); err != nil {
		return err
	}
	p.Line = i18n.T(ctx, "home.teacher_nothing")
	if len(p.Todo) > 0 {
		p.Todo[0].Strong = true
		p.Line = i18n.T(ctx, "home.teacher_todo", len(p.Todo))
	}
	return web.Render(w, r, http.StatusOK, teacherView(p))
}

// classes reads the classes where the active role is held, and their schools.
func (f *Face) classes(ctx context.Context, by access.Actor, p *teacherPage) ([]org.Node, error) {
	var ids []id.Node
	for _, at := range by.Places {
		if at.Role == by.Role && at.Path != "" {
			ids = append(ids, at.Node)
		}
	}
	found, err := f.Org.GetMany(ctx, by, ids)
	if err != nil {
		return nil, err
	}
	var units []id.Node
	for _, n := range found {
		units = append(units, n.Unit)
	}
	schools, err := f.Org.GetMany(ctx, by, units)
	if err != nil {
		return nil, err
	}
	day := clock.DayOf(web.Now(ctx))
	var out []org.Node
	for _, at := range ids {
		n, ok := found[at]
		if !ok || n.Kind != org.KindClass {
			continue
		}
		out = append(out, n)
		p.Names[n.ID.String()] = n.Label(day)
		p.Classes = append(p.Classes, classCard{Node: n.ID, Name: n.Label(day), School: localName(ctx, schools[n.Unit])})
	}
	return out, nil
}

// lookAfter adds what a class teacher answers for: the class list, those who
// have not activated, what was reported.
func (f *Face) lookAfter(ctx context.Context, by access.Actor, nodes []org.Node, p *teacherPage) error {
	reports, err := f.Posts.CountReports(ctx, by)
	if err != nil {
		return err
	}
	if reports > 0 {
		p.Todo = append(p.Todo, todo{Icon: "flag", Tone: 4, Title: i18n.T(ctx, "home.reports", reports), Note: i18n.T(ctx, "home.reports_note"),
			Href: "/reports", Act: i18n.T(ctx, "home.look")})
	}
	for i, n := range nodes {
		pupils, err := f.People.Pupils(ctx, by, n.ID)
		if err != nil {
			return err
		}
		c := &p.Classes[i]
		c.Counted, c.Pupils = true, len(pupils)
		for _, m := range pupils {
			if !m.Activated.IsZero() {
				c.Active++
			}
		}
		if n.Confirmed.IsZero() && c.Pupils > 0 {
			p.Todo = append(p.Todo, todo{Icon: "task", Tone: 3, Title: i18n.T(ctx, "home.confirm_list", c.Name), Note: i18n.T(ctx, "home.confirm_list_note", c.Pupils),
				Href: ui.Href("classes", n.ID, "members"), Act: i18n.T(ctx, "home.confirm_list_do")})
		}
		if rest := c.Pupils - c.Active; rest > 0 {
			p.Todo = append(p.Todo, todo{Icon: "key", Tone: 1, Title: i18n.T(ctx, "home.not_active", c.Name, rest), Note: i18n.T(ctx, "home.not_active_note", c.Active, c.Pupils),
				Href: ui.Href("classes", n.ID, "slips"), Act: i18n.T(ctx, "home.print_slips")})
		}
	}
	return nil
}

// questions adds what pupils asked and no teacher has answered.
func (f *Face) questions(ctx context.Context, by access.Actor, p *teacherPage) error {
	list, err := f.Posts.Unanswered(ctx, by, maxTodo)
	for _, q := range list {
		p.Todo = append(p.Todo, todo{Icon: "chat", Tone: 3, Title: firstWords(ctx, q.Body), Note: newsNote(ctx, q, p.Names),
			Href: ui.Href("posts", q.ID) + "#comments", Act: i18n.T(ctx, "home.reply")})
	}
	return err
}

// receipts adds the teacher's notices that pupils still owe a receipt, each
// with the reminder as its action.
func (f *Face) receipts(ctx context.Context, by access.Actor, p *teacherPage) error {
	list, err := f.Posts.Waiting(ctx, by, maxTodo)
	if err != nil {
		return err
	}
	for _, n := range list {
		t := todo{Icon: "megaphone", Tone: 2, Title: firstWords(ctx, n.Body), Href: ui.Href("posts", n.ID) + "#receipts",
			Note: i18n.T(ctx, "home.receipts", i18n.Fraction(int64(n.Confirmed), int64(n.Of)), newsNote(ctx, n.Post, p.Names))}
		switch {
		case web.Now(ctx).Before(n.RemindedAt.Add(post.RemindEvery)):
			t.Tag = i18n.T(ctx, "home.reminded_at", i18n.When(i18n.Lang(ctx), n.RemindedAt, web.Now(ctx)))
		case n.Reachable > 0:
			t.Act, t.Post = i18n.T(ctx, "home.remind", n.Reachable), ui.Href("posts", n.ID, "remind")
		default:
			t.Act = i18n.T(ctx, "home.who")
		}
		p.Todo = append(p.Todo, t)
	}
	return nil
}
