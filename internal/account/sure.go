package account

import (
	"context"

	"learnspace/internal/access"
)

// Ask is what [Service.Sure] wants to see: "" nothing.
type Ask string

// The proofs that are asked for.
const (
	AskCode     Ask = "code" // of the second factor
	AskPassword Ask = "old"
)

// Asks tells what [Service.Sure] will ask of the actor in the session of the
// token, for the page of such an act.
func (s *Service) Asks(ctx context.Context, by access.Actor, token string) (Ask, error) {
	ses, err := s.ownSession(ctx, by, token)
	if err != nil {
		return "", err
	}
	now := s.clk.Now()
	if ses.fresh(now) {
		return "", nil
	}
	if !s.factorOff {
		state, err := s.factors.State(ctx, by, by.Account)
		if err != nil {
			return "", err
		}
		if state.Enrolled() {
			return AskCode, nil
		}
	}
	if justNow(ses.MadeAt, now) {
		return "", nil
	}
	return AskPassword, nil
}

// Sure makes sure that it is the holder who makes a further way into his account,
// and not whoever found his device: the second factor was shown or the sign-in was
// within the last minutes, or a code, or of a holder without a factor the password
// is right. Errors: fault.ErrInvalid on the fields code and old,
// fault.ErrTooMany, fault.ErrForbidden.
func (s *Service) Sure(ctx context.Context, by access.Actor, token string, p Proof) error {
	ask, err := s.Asks(ctx, by, token)
	switch {
	case err != nil || ask == "":
		return err
	case ask == AskCode:
		return s.Fresh(ctx, by, token, p.Code)
	}
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	return s.knows(ctx, a, p.Password)
}
