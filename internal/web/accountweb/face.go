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
}

// New returns the face.
func New(accounts *account.Service, orgs *org.Service, people *person.Service, spaces *space.Service) *Face {
	return &Face{accounts: accounts, org: orgs, people: people, spaces: spaces}
}
