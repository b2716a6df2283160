package homeweb

import (
	"net/http"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/i18n"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// guardianPage is the home of a guardian: what he is asked about his children,
// then the children.
type guardianPage struct {
	By       access.Actor
	Greeting string
	Line     string
	Asked    []asked
	Family   []account.FamilyMember
	// Answers are what the school answered to the guardian's requests.
	Answers []todo
}

// asked is one decision that waits for a guardian.
type asked struct {
	Child account.Ward
	State account.PurposeState
}

func (f *Face) guardian(w http.ResponseWriter, r *http.Request, by access.Actor) error {
	ctx := r.Context()
	p := guardianPage{By: by, Greeting: greeting(ctx, by)}
	var err error
	if p.Family, err = f.Accounts.Family(ctx, by); err != nil {
		return err
	}
	for _, child := range p.Family {
		for _, st := range child.Consent.Asked() {
			p.Asked = append(p.Asked, asked{child.Ward, st})
		}
	}
	if err := f.answered(ctx, by, &p); err != nil {
		return err
	}
	switch {
	case len(p.Family) == 0:
		p.Line = i18n.T(ctx, "home.guardian_alone")
	case len(p.Asked) > 0:
		p.Line = i18n.T(ctx, "home.guardian_todo", len(p.Asked))
	default:
		p.Line = i18n.T(ctx, "home.guardian_nothing")
	}
	return web.Render(w, r, http.StatusOK, guardianView(p))
}

// childHref leads to what is decided about a child.
func childHref(c account.Ward) string { return ui.Href("children", c.Person, "consent") }
