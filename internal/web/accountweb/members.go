package accountweb

import (
	"context"
	"net/http"

	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web"
)

// membersPage is the list of a class, or the classes and staff of a school.
type membersPage struct {
	List    account.ClassList
	Classes []account.ClassCount
	Opened  bool
}

func (f *Face) showMembers(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	var page membersPage
	if page.List, err = f.accounts.List(ctx, by, node); err != nil {
		return err
	}
	if page.List.Node.IsSchool() {
		if page.Classes, err = f.accounts.ClassCounts(ctx, by, node); err != nil {
			return err
		}
		return web.Render(w, r, http.StatusOK, schoolView(page))
	}
	sp, err := f.spaces.OfNode(ctx, by, node)
	if err != nil {
		return err
	}
	page.Opened = sp.Status == space.StatusOpened
	return web.Render(w, r, http.StatusOK, classView(page))
}

// confirmClass records that the list is right, which opens the class space once
// the class teacher is verified.
func (f *Face) confirmClass(w http.ResponseWriter, r *http.Request) error {
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	sp, err := f.spaces.Confirm(r.Context(), web.Actor(r.Context()), node)
	if err != nil {
		return err
	}
	if sp.Status == space.StatusOpened {
		web.Flash(w, r, "account.class.opened")
	} else {
		web.FlashKind(w, r, "info", "account.class.confirmed_waiting")
	}
	return web.Redirect(w, r, "/classes/"+node.String()+"/members")
}

// verifyPage asks the school for its signed check of a person without number.
type verifyPage struct {
	Person person.Person
	Node   id.Node
	Notice string
}

// birthText is a day of birth, or words where there is none.
func birthText(ctx context.Context, d clock.Day) string {
	if d == 0 {
		return i18n.T(ctx, "account.verify.no_birth")
	}
	return i18n.Day(i18n.Lang(ctx), d)
}

// home is the place whose list a person stands on.
func (f *Face) home(r *http.Request, p id.Person) (id.Node, error) {
	places, err := f.people.Affiliations(r.Context(), web.Actor(r.Context()), p)
	if err != nil {
		return 0, err
	}
	for _, a := range places[p] {
		if a.Primary {
			return a.Node, nil
		}
	}
	return 0, nil
}

func (f *Face) askVerify(w http.ResponseWriter, r *http.Request) error {
	return f.renderVerify(w, r, http.StatusOK, "")
}

func (f *Face) renderVerify(w http.ResponseWriter, r *http.Request, status int, notice string) error {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	page := verifyPage{Notice: notice}
	if page.Person, err = f.people.Get(r.Context(), web.Actor(r.Context()), who); err != nil {
		return err
	}
	if page.Node, err = f.home(r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, verifyView(page))
}

func (f *Face) verify(w http.ResponseWriter, r *http.Request) error {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	if r.FormValue("seen") != "1" {
		return f.renderVerify(w, r, http.StatusUnprocessableEntity, "account.verify.tick")
	}
	if err := f.people.Verify(r.Context(), web.Actor(r.Context()), who, person.SourceSchool); err != nil {
		return err
	}
	node, err := f.home(r, who)
	if err != nil {
		return err
	}
	web.Flash(w, r, "account.verify.done")
	return web.Redirect(w, r, "/classes/"+node.String()+"/members")
}
