package account

import (
	"context"
	"errors"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// RightsOf returns a person as an actor with every role that he holds at this
// moment, for the page that explains rights: nobody acts by it. The asker needs
// access.explain where the person works; ErrNotFound for everybody else, and for
// whoever may not come in.
func (s *Service) RightsOf(ctx context.Context, by access.Actor, who id.Person) (access.Actor, error) {
	missing := fault.New(fault.ErrNotFound, "account.missing")
	if !by.Can(access.AccessExplain) {
		return access.Actor{}, missing
	}
	if ok, err := s.people.Within(ctx, by, access.AccessExplain, who); err != nil || !ok {
		return access.Actor{}, errors.Join(err, missing)
	}
	actor, status, err := s.actorOf(ctx, who, 0, "")
	if err != nil {
		return access.Actor{}, err
	}
	if !mayEnter(status) {
		return access.Actor{}, missing
	}
	return actor, nil
}
