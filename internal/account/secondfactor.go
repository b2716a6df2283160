package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account/factor"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// ownClass are the roles that see one class, or only what is theirs. Any other
// role needs a second factor.
var ownClass = []access.Role{access.Pupil, access.Guardian, access.Teacher, access.ClassTeacher, access.ClubTeacher,
	access.StudioLeader, access.Expert}

// NeedsFactor reports whether somebody can see more than one class by any role
// that he holds, and so signs in with a second factor (GB/T 22239-2019
// 8.1.4.1 d).
func NeedsFactor(who access.Actor) bool {
	var class id.Node
	for _, at := range who.Places {
		if !slices.Contains(ownClass, at.Role) {
			return true
		}
		if at.Path == "" || at.Role != access.Teacher && at.Role != access.ClassTeacher {
			continue
		}
		if class != 0 && class != at.Node {
			return true
		}
		class = at.Node
	}
	return false
}

// FreshFor is how long a second factor counts as just shown.
const FreshFor = 5 * time.Minute

// Fresh makes sure that the holder of the session has just shown his second
// factor: within the last five minutes, or now with a code. For acts that ask
// for it again. Errors: fault.ErrInvalid on the field code, fault.ErrTooMany,
// fault.ErrForbidden for whoever has none.
func (s *Service) Fresh(ctx context.Context, by access.Actor, token, code string) error {
	ses, err := s.ownSession(ctx, by, token)
	if err != nil {
		return err
	}
	if s.factorOff || ses.fresh(s.clk.Now()) {
		return nil
	}
	state, err := s.factors.State(ctx, by, by.Account)
	if err != nil {
		return err
	}
	if !state.Enrolled() {
		return fault.New(fault.ErrForbidden, "account.factor.none")
	}
	if code == "" {
		return errCode("account.factor.missing")
	}
	if _, err := s.tryCode(ctx, by, code); err != nil {
		return err
	}
	return s.freshen(ctx, ses)
}

// freshen notes that the factor was shown now.
func (s *Service) freshen(ctx context.Context, ses Session) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.store.factorSession(ctx, tx, ses.ID, s.clk.Now())
	})
}

// IsFresh reports whether [Service.Fresh] asks for no code now.
func (s *Service) IsFresh(ctx context.Context, by access.Actor, token string) (bool, error) {
	ses, err := s.ownSession(ctx, by, token)
	return err == nil && (s.factorOff || ses.fresh(s.clk.Now())), err
}

// fresh reports whether the factor was shown in the last minutes.
func (s Session) fresh(now time.Time) bool {
	return !s.FactorAt.IsZero() && justNow(s.FactorAt, now)
}

// justNow reports whether something was in the last minutes. A clock that was set
// back makes nothing fresh for longer.
func justNow(at, now time.Time) bool {
	age := now.Sub(at)
	return age >= -time.Minute && age < FreshFor
}

// ownSession is the actor's own live session of the token.
func (s *Service) ownSession(ctx context.Context, by access.Actor, token string) (Session, error) {
	if !by.IsPerson() || by.ViewedBy != 0 {
		return Session{}, errForbidden
	}
	ses, _, ok, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return Session{}, err
	}
	if !ok || ses.Account != by.Account || !ses.live(s.clk.Now()) {
		return Session{}, errForbidden
	}
	return ses, nil
}

// Security is what the holder sees of his second factors.
type Security struct {
	factor.State
	// Needed says that he must have one.
	Needed bool
	// Possible says that this installation can use passkeys.
	Possible bool
	// Fresh says that changes ask for no code now; a holder without a factor
	// gives his password instead.
	Fresh bool
	// Secret and Link bind an app; they are in the page and nowhere else until a
	// code of it was right.
	Secret, Link string
	Login        string
}

// Security returns the actor's own second factors. secret is the one that was
// offered before, when a page is shown again; "" offers a new one.
func (s *Service) Security(ctx context.Context, by access.Actor, token, secret string) (Security, error) {
	a, err := s.own(ctx, by)
	if err != nil {
		return Security{}, err
	}
	state, err := s.factors.State(ctx, by, a.ID)
	if err != nil {
		return Security{}, err
	}
	fresh, err := s.IsFresh(ctx, by, token)
	if err != nil {
		return Security{}, err
	}
	if secret == "" {
		secret = factor.NewSecret()
	}
	return Security{State: state, Needed: !s.factorOff && NeedsFactor(by), Possible: s.factors.Passkeys(ctx, by), Fresh: fresh,
		Secret: secret, Link: factor.Link(issuer, a.Login, secret), Login: a.Login}, nil
}

// Proof is what a change of the second factors asks for: a code, or of a holder
// who has no factor yet his password.
type Proof struct{ Code, Password string }

// prove checks the proof.
func (s *Service) prove(ctx context.Context, by access.Actor, token string, p Proof) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	state, err := s.factors.State(ctx, by, a.ID)
	if err != nil {
		return err
	}
	if state.Enrolled() {
		return s.Fresh(ctx, by, token, p.Code)
	}
	if _, err := s.ownSession(ctx, by, token); err != nil {
		return err
	}
	return s.knows(ctx, a, p.Password)
}

// change runs a change of the actor's factors in one transaction with its audit
// row, one change of an account at a time.
func (s *Service) change(ctx context.Context, by access.Actor, action, what string, fn func(ctx context.Context, tx *db.Tx) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.lockAccount(ctx, tx, by.Account); err != nil {
			return err
		}
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return s.note(ctx, tx, by, action, "account", by.Account.Int(), 0, detail("kind", what))
	})
}

// AddApp binds an authenticator app that has shown code for secret, in place of
// an earlier one. It returns new recovery codes where there were none. Errors:
// fault.ErrInvalid on the fields code, new_code or old, fault.ErrTooMany.
func (s *Service) AddApp(ctx context.Context, by access.Actor, token string, p Proof, secret, shown string) (codes []string, err error) {
	if err := s.prove(ctx, by, token, p); err != nil {
		return nil, err
	}
	err = s.change(ctx, by, "factor.added", "app", func(ctx context.Context, tx *db.Tx) error {
		var ok bool
		if codes, ok, err = s.factors.Enrol(ctx, by, secret, shown); err == nil && !ok {
			err = fault.Invalid(fault.At("new_code", "account.factor.wrong"))
		}
		return err
	})
	return codes, err
}

// NewCodes gives the actor new recovery codes in place of those before.
func (s *Service) NewCodes(ctx context.Context, by access.Actor, token string, p Proof) (codes []string, err error) {
	if err := s.prove(ctx, by, token, p); err != nil {
		return nil, err
	}
	err = s.change(ctx, by, "factor.codes", "recovery", func(ctx context.Context, tx *db.Tx) (err error) {
		codes, err = s.factors.NewCodes(ctx, by)
		return err
	})
	return codes, err
}

// RemoveApp and RemovePasskey take a factor away. The last one of somebody who
// needs one stays: fault.ErrConflict.
func (s *Service) RemoveApp(ctx context.Context, by access.Actor, token string, p Proof) error {
	return s.remove(ctx, by, token, p, "app", func(ctx context.Context) error {
		removed, err := s.factors.RemoveTOTP(ctx, by)
		if err == nil && !removed {
			err = fault.New(fault.ErrNotFound, "account.factor.none")
		}
		return err
	})
}

// RemovePasskey is RemoveApp for one passkey of the actor.
func (s *Service) RemovePasskey(ctx context.Context, by access.Actor, token string, p Proof, key id.Passkey) error {
	return s.remove(ctx, by, token, p, "passkey", func(ctx context.Context) error { return s.factors.RemovePasskey(ctx, by, key) })
}

func (s *Service) remove(ctx context.Context, by access.Actor, token string, p Proof, what string, fn func(ctx context.Context) error) error {
	if err := s.prove(ctx, by, token, p); err != nil {
		return err
	}
	return s.change(ctx, by, "factor.removed", what, func(ctx context.Context, tx *db.Tx) error {
		if err := fn(ctx); err != nil {
			return err
		}
		state, err := s.factors.State(ctx, by, by.Account)
		if err != nil {
			return err
		}
		if !state.Enrolled() && NeedsFactor(by) && !s.factorOff {
			return fault.New(fault.ErrConflict, "account.factor.last")
		}
		return nil
	})
}

// first binds the first factor of a half-open sign-in: of two at once one comes in.
func (s *Service) first(ctx context.Context, h Half, what string, fn func(ctx context.Context) error) error {
	return s.change(ctx, h.who, "factor.added", what, func(ctx context.Context, _ *db.Tx) error {
		state, err := s.factors.State(ctx, h.who, h.row.account)
		if err != nil {
			return err
		}
		if state.Enrolled() {
			return errHalf
		}
		return fn(ctx)
	})
}

// EnrolApp finishes a half-open sign-in of somebody without a factor: the app
// that was offered is bound, and the recovery codes are shown once. Errors:
// fault.ErrNotFound, fault.ErrInvalid on the field code, fault.ErrTooMany.
func (s *Service) EnrolApp(ctx context.Context, by access.Actor, token, code string) (Ticket, []string, error) {
	h, err := s.halfAt(ctx, by, token, StepEnrol)
	if err != nil {
		return Ticket{}, nil, err
	}
	var codes []string
	err = s.first(ctx, h, "app", func(ctx context.Context) error {
		var ok bool
		if codes, ok, err = s.factors.Enrol(ctx, h.who, h.Secret, code); err == nil && !ok {
			err = errCode("account.factor.wrong")
		}
		return err
	})
	if err != nil {
		return Ticket{}, nil, err
	}
	t, err := s.pass(ctx, h, token, "app")
	return t, codes, err
}

// Preset gives a person an authenticator app whose secret is returned, for a
// demo and for measurements. Only the system may.
func (s *Service) Preset(ctx context.Context, by access.Actor, who id.Person) (secret string, err error) {
	if !by.IsSystem() {
		return "", errForbidden
	}
	a, ok, err := s.store.accountByPerson(ctx, who)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fault.New(fault.ErrNotFound, "account.missing")
	}
	if secret, err = s.factors.Preset(ctx, by, a.ID); err != nil {
		return "", fmt.Errorf("preset a factor: %w", err)
	}
	return secret, nil
}
