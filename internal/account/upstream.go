package account

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// EnterUpstream lets a person in whom a provider has identified; only the
// package exchange/upstream calls it, after it has checked the provider's token
// and the link. The second factor is asked for as after a password, unless the
// provider is trusted for it and says that there was one (factor).
// fault.ErrInvalid for whoever may no longer come in or has no account.
func (s *Service) EnterUpstream(ctx context.Context, by access.Actor, who id.Person, c Credentials, factor bool) (Ticket, error) {
	closed := fault.Invalid(fault.At("issuer", "account.signin.closed"))
	a, ok, err := s.store.accountByPerson(ctx, who)
	if err != nil {
		return Ticket{}, err
	}
	if !ok {
		return Ticket{}, closed
	}
	actor, status, err := s.actorOf(ctx, a.Person, a.ID, a.Role)
	if err != nil {
		return Ticket{}, err
	}
	if !mayEnter(status) {
		return Ticket{}, closed
	}
	if !factor {
		return s.enter(ctx, a, c, nil)
	}
	if err := s.people.ComeOfAge(ctx, actor, a.Person); err != nil {
		return Ticket{}, err
	}
	old, _, _, err := s.store.sessionByToken(ctx, tokenHash(c.Old))
	if err != nil {
		return Ticket{}, err
	}
	token := newToken()
	var ses Session
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		ses, err = s.begin(ctx, tx, actor, opening{token: token, device: c.Device, shared: c.Shared, old: old.ID, factorAt: s.clk.Now()})
		if err != nil {
			return err
		}
		return s.note(ctx, tx, actor, "signin", "session", ses.ID.Int(), 0, detail("by", "upstream", "factor", true))
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("sign in account %d: %w", a.ID, err)
	}
	return s.whole(actor, a, token, ses), nil
}

// PlacesOf returns every place where a person holds a role today, for the
// package exchange/upstream: a provider of one part of the tree opens nothing
// outside it. The person himself, the sign-in or the system may ask.
func (s *Service) PlacesOf(ctx context.Context, by access.Actor, who id.Person) ([]access.Place, error) {
	if by.IsPerson() && by.Person != who {
		return nil, errForbidden
	}
	actor, _, err := s.actorOf(ctx, who, 0, "")
	return actor.Places, err
}
