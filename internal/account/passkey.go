package account

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/account/factor"
	"learnspace/internal/db"
	"learnspace/internal/fault"
)

// errPasskey is the one answer to a passkey that opens nothing.
func errPasskey() error { return fault.Invalid(fault.At("passkey", "account.passkey.wrong")) }

// Passkeys reports whether this installation can use passkeys.
func (s *Service) Passkeys(ctx context.Context, by access.Actor) bool {
	return s.factors.Passkeys(ctx, by)
}

// BeginPasskey asks the browser for a passkey: the only step of a sign-in with
// half "", else the second factor of a half-open one. Without half the answer
// is the same for everybody.
func (s *Service) BeginPasskey(ctx context.Context, by access.Actor, half string) (factor.Ceremony, error) {
	if half == "" {
		return s.factors.BeginSignIn(ctx, access.Anonymous())
	}
	h, err := s.halfAt(ctx, by, half, StepCode)
	if err != nil {
		return factor.Ceremony{}, err
	}
	return s.factors.BeginSignIn(ctx, h.who)
}

// PassPasskey finishes a half-open sign-in with a passkey.
func (s *Service) PassPasskey(ctx context.Context, by access.Actor, half, state string, answer []byte) (Ticket, error) {
	h, err := s.halfAt(ctx, by, half, StepCode)
	if err != nil {
		return Ticket{}, err
	}
	account, err := s.factors.FinishSignIn(ctx, h.who, state, answer)
	if err != nil {
		return Ticket{}, err
	}
	if account != h.row.account {
		return Ticket{}, errPasskey()
	}
	return s.pass(ctx, h, half, "passkey")
}

// SignInPasskey is the whole sign-in by a passkey that checks who holds it: both
// factors at once. A passkey of an account that is closed or gone opens nothing
// and is refused like an unknown one. Whoever sends many of those has to wait, and
// keeps nobody out whose passkey is right: a signature is not guessed.
func (s *Service) SignInPasskey(ctx context.Context, by access.Actor, c Credentials, state string, answer []byte) (Ticket, error) {
	address, network := bucket("address "+c.Network, addrFree, netEvery), bucket("network "+networkOf(c.Network), netFree, netEvery)
	account, err := s.factors.FinishSignIn(ctx, access.Anonymous(), state, answer)
	if fault.Kind(err) == fault.ErrInvalid {
		return Ticket{}, s.refusePasskey(ctx, by, address, network)
	}
	if err != nil {
		return Ticket{}, err
	}
	a, ok, err := s.store.accountByID(ctx, account)
	if err != nil {
		return Ticket{}, err
	}
	if !ok {
		return Ticket{}, s.refusePasskey(ctx, by, address, network)
	}
	who, status, err := s.actorOf(ctx, a.Person, a.ID, a.Role)
	if err != nil {
		return Ticket{}, err
	}
	if !mayEnter(status) {
		return Ticket{}, s.refusePasskey(ctx, by, address, network)
	}
	if err := s.people.ComeOfAge(ctx, who, a.Person); err != nil {
		return Ticket{}, err
	}
	old, _, _, err := s.store.sessionByToken(ctx, tokenHash(c.Old))
	if err != nil {
		return Ticket{}, err
	}
	token, now := newToken(), s.clk.Now()
	var ses Session
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		ses, err = s.begin(ctx, tx, who, opening{token: token, device: c.Device, shared: c.Shared, old: old.ID, factorAt: now})
		if err != nil {
			return err
		}
		return s.note(ctx, tx, who, "signin", "session", ses.ID.Int(), 0, detail("factor", "passkey"))
	})
	if err != nil {
		return Ticket{}, err
	}
	return s.whole(who, a, token, ses), nil
}

// refusePasskey counts a passkey that opened nothing, or says how long to wait.
func (s *Service) refusePasskey(ctx context.Context, by access.Actor, limits ...limit) error {
	wait, err := s.guard.check(ctx, s.clk.Now(), limits...)
	if err != nil {
		return err
	}
	if wait > 0 {
		return errWait(wait)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.guard.fail(ctx, tx, s.clk.Now(), limits...); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "signin.failed", "account", 0, 0, detail("by", "passkey"))
	})
	if err != nil {
		return err
	}
	return errPasskey()
}

// BeginNewPasskey asks the browser for a new passkey of a signed-in actor, or
// with half of a half-open sign-in that has no factor yet.
func (s *Service) BeginNewPasskey(ctx context.Context, by access.Actor, token, half string, p Proof) (factor.Ceremony, error) {
	if half != "" {
		h, err := s.halfAt(ctx, by, half, StepEnrol)
		if err != nil {
			return factor.Ceremony{}, err
		}
		return s.factors.BeginRegister(ctx, h.who, h.Login)
	}
	if err := s.prove(ctx, by, token, p); err != nil {
		return factor.Ceremony{}, err
	}
	a, err := s.own(ctx, by)
	if err != nil {
		return factor.Ceremony{}, err
	}
	return s.factors.BeginRegister(ctx, by, a.Login)
}

// AddPasskey stores a new passkey of the actor, whose options were given out
// after his proof. It returns recovery codes where there were none. Errors:
// fault.ErrInvalid on the fields passkey and name.
func (s *Service) AddPasskey(ctx context.Context, by access.Actor, name, state string, answer []byte) (codes []string, err error) {
	a, err := s.own(ctx, by)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, by, "factor.added", "passkey", func(ctx context.Context, tx *db.Tx) (err error) {
		_, codes, err = s.factors.FinishRegister(ctx, by, a.Login, name, state, answer)
		return err
	})
	return codes, err
}

// EnrolPasskey is EnrolApp with a passkey.
func (s *Service) EnrolPasskey(ctx context.Context, by access.Actor, half, name, state string, answer []byte) (Ticket, []string, error) {
	h, err := s.halfAt(ctx, by, half, StepEnrol)
	if err != nil {
		return Ticket{}, nil, err
	}
	var codes []string
	err = s.first(ctx, h, "passkey", func(ctx context.Context) (err error) {
		_, codes, err = s.factors.FinishRegister(ctx, h.who, h.Login, name, state, answer)
		return err
	})
	if err != nil {
		return Ticket{}, nil, err
	}
	t, err := s.pass(ctx, h, half, "passkey")
	return t, codes, err
}

// BeginFreshPasskey asks the actor's browser for his passkey again, for acts
// that want the second factor just shown.
func (s *Service) BeginFreshPasskey(ctx context.Context, by access.Actor) (factor.Ceremony, error) {
	a, err := s.own(ctx, by)
	if err != nil {
		return factor.Ceremony{}, err
	}
	return s.factors.BeginSignIn(ctx, access.Actor{Person: by.Person, Account: a.ID})
}

// FreshPasskey is Fresh with a passkey.
func (s *Service) FreshPasskey(ctx context.Context, by access.Actor, token, state string, answer []byte) error {
	ses, err := s.ownSession(ctx, by, token)
	if err != nil {
		return err
	}
	account, err := s.factors.FinishSignIn(ctx, access.Actor{Person: by.Person, Account: by.Account}, state, answer)
	if err != nil {
		return err
	}
	if account != by.Account {
		return errPasskey()
	}
	return s.freshen(ctx, ses)
}
