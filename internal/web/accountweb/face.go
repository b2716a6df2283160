package accountweb

import (
	"learnspace/internal/account"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

// Face is the pages of sign-in, activation, account, slips and class lists.
type Face struct {
	accounts *account.Service
	org      *org.Service
	people   *person.Service
	spaces   *space.Service
	codes    func() ([]DemoCode, error)
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
