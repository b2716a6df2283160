package account

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// ActorOf returns a person as an actor with the rights of this moment, in the
// role given ("": the one he comes in with): for commands that name somebody
// and for work that goes on in his name. Only the command line and the system
// may ask. ErrForbidden when he does not hold the role.
func (s *Service) ActorOf(ctx context.Context, by access.Actor, who id.Person, role access.Role) (access.Actor, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return access.Actor{}, errForbidden
	}
	a, _, err := s.store.accountByPerson(ctx, who)
	if err != nil {
		return access.Actor{}, err
	}
	actor, status, err := s.actorOf(ctx, who, a.ID, role)
	if err != nil {
		return access.Actor{}, err
	}
	if !mayEnter(status) || role != "" && actor.Role != role {
		return access.Actor{}, fault.New(fault.ErrForbidden, "account.role.missing")
	}
	return actor, nil
}

// ActorByLogin is [Service.ActorOf] for a sign-in name and one role that he
// must hold; ErrForbidden when he does not.
func (s *Service) ActorByLogin(ctx context.Context, by access.Actor, login string, role access.Role) (access.Actor, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return access.Actor{}, errForbidden
	}
	a, ok, err := s.store.accountByLogin(ctx, FoldLogin(login))
	if err != nil {
		return access.Actor{}, err
	}
	if !ok {
		return access.Actor{}, fault.New(fault.ErrNotFound, "account.missing")
	}
	return s.ActorOf(ctx, by, a.Person, role)
}
