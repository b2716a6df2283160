package accountweb

import (
	"context"
	"net/http"

	"learnspace/internal/account"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
	"learnspace/internal/web"
)

// Face is the pages of sign-in, activation, account, slips and class lists.
type Face struct {
	accounts *account.Service
	org      *org.Service
	people   *person.Service
	spaces   *space.Service
	codes    func() ([]DemoCode, error)
	upstream func(context.Context) (bool, error)
}

// WithUpstream lets the pages lead to sign-in through providers as long as
// offered says that there are some.
func (f *Face) WithUpstream(offered func(context.Context) (bool, error)) *Face {
	f.upstream = offered
	return f
}

// upstreamCookie names a visit to a provider, which the face upstreamweb keeps.
const upstreamCookie = "upstream"

// onward is where somebody goes on who came in by a slip: to link the provider
// that brought him, or "" home.
func (f *Face) onward(r *http.Request) string {
	if f.upstream != nil && web.State(r, upstreamCookie) != "" {
		return "/upstream/link"
	}
	return ""
}

// hasUpstream reports whether people may sign in through providers.
func (f *Face) hasUpstream(ctx context.Context) (bool, error) {
	if f.upstream == nil {
		return false, nil
	}
	return f.upstream(ctx)
}

// DemoCode is one printed account of a demo and the secret of its app.
type DemoCode struct{ Role, Name, Login, Secret string }

// WithCodes adds the page that shows the present codes of a demo's printed
// accounts, for whoever has no authenticator app at hand.
func (f *Face) WithCodes(codes func() ([]DemoCode, error)) *Face {
	f.codes = codes
	return f
}

// New returns the face.
func New(accounts *account.Service, orgs *org.Service, people *person.Service, spaces *space.Service) *Face {
	return &Face{accounts: accounts, org: orgs, people: people, spaces: spaces}
}
