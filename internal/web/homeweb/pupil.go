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

// Limits of the lists on a home.
const (
	maxTodo = 5
	maxNews = 5
)

// pupilPage is the home of a pupil.
type pupilPage struct {
	By       access.Actor
	Greeting string
	Line     string
	Class    id.Node
	Name     string
	School   string
	Todo     []todo
	News     []post.Post
}

func (f *Face) pupil(w http.ResponseWriter, r *http.Request, by access.Actor) error {
	ctx := r.Context()
	p := pupilPage{By: by, Greeting: greeting(ctx, by), Class: by.Home()}
	n, school, err := f.class(ctx, by, p.Class)
	if err != nil {
		return err
	}
	p.Name, p.School = n.Label(clock.DayOf(web.Now(ctx))), localName(ctx, school)
	waiting, err := f.Posts.Unconfirmed(ctx, by, maxTodo+1)
	if err != nil {
		return err
	}
	reminded, err := f.reminded(ctx, by)
	if err != nil {
		return err
	}
	p.Todo = toConfirm(ctx, waiting, reminded)
	if p.News, err = f.Posts.Latest(ctx, by, maxNews); err != nil {
		return err
	}
	switch len(p.Todo) {
	case 0:
		p.Line = i18n.T(ctx, "home.pupil_nothing")
	default:
		p.Line = i18n.T(ctx, "home.pupil_todo", len(p.Todo))
	}
	return web.Render(w, r, http.StatusOK, pupilView(p))
}

// closedBy is the key of the words that say what the guardians' answers keep
// closed for a pupil; "" where all is open.
func closedBy(by access.Actor) string {
	quiet := post.Quiet(by)
	switch {
	case by.NoConsent && quiet == "":
		return "home.consent_space"
	case by.NoConsent && by.Unanswered && quiet == "post.consent_unanswered":
		return "home.consent_unanswered"
	case by.NoConsent && !by.Unanswered:
		return "home.consent_refused"
	case quiet != "":
		return "home.consent_talk"
	}
	return ""
}

// reminded returns the posts of which the reader has been reminded.
func (f *Face) reminded(ctx context.Context, by access.Actor) (map[int64]bool, error) {
	items, err := f.Notices.Unread(ctx, by, 50)
	if err != nil {
		return nil, err
	}
	out := map[int64]bool{}
	for _, it := range items {
		out[it.Object] = true
	}
	return out, nil
}

// toConfirm makes a line of each notice that waits for a receipt.
func toConfirm(ctx context.Context, list []post.Post, reminded map[int64]bool) []todo {
	var out []todo
	for i, p := range list {
		t := todo{Icon: "megaphone", Tone: 1 + i%5, Title: firstWords(ctx, p.Body), Note: newsNote(ctx, p, nil), Href: ui.Href("posts", p.ID),
			Act: i18n.T(ctx, "space.confirm"), Post: ui.Href("posts", p.ID, "confirm"), Strong: i == 0}
		if reminded[int64(p.ID)] {
			t.Tag = i18n.T(ctx, "home.reminded")
		}
		out = append(out, t)
	}
	return out
}

// class reads a class and its school.
func (f *Face) class(ctx context.Context, by access.Actor, node id.Node) (class, school org.Node, err error) {
	chain, err := f.Org.Ancestors(ctx, by, node)
	if err != nil {
		return class, school, err
	}
	class = chain[len(chain)-1]
	for _, up := range chain {
		if up.ID == class.Unit {
			school = up
		}
	}
	return class, school, nil
}
