package account

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account/factor"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// HalfLife is how long a half-open sign-in waits for what is missing.
const HalfLife = 10 * time.Minute

// Step is what a half-open sign-in still asks for.
type Step string

// The steps, in their order.
const (
	StepCode     Step = "code"     // a code or a passkey
	StepEnrol    Step = "enrol"    // a first second factor
	StepPassword Step = "password" // a new password, since the old one is too old
)

// Half is a half-open sign-in: the password was right, and it opens nothing
// until the next step is done.
type Half struct {
	Step Step
	// Login and Name are the holder's.
	Login, Name string
	// Passkeys says that the holder has passkeys; App that he has an app.
	Passkeys, App bool
	// Secret and Link bind an authenticator app, at StepEnrol.
	Secret, Link string

	row halfRow
	who access.Actor
	acc Account
}

// halfRow is a stored half-open sign-in.
type halfRow struct {
	id       id.Pending
	account  id.Account
	device   string
	shared   bool
	old      id.Session
	secret   []byte
	factorAt time.Time
	expires  time.Time
}

// errHalf is a half-open sign-in that is over; of kind fault.ErrNotFound.
var errHalf = fault.New(fault.ErrNotFound, "account.half.over")

// halfFor reports whether somebody whose password was right must do more before
// he is let in.
func (s *Service) halfFor(ctx context.Context, who access.Actor, a Account) (bool, error) {
	if !s.factorOff {
		if NeedsFactor(who) {
			return true, nil
		}
		state, err := s.factors.State(ctx, who, a.ID)
		if err != nil || state.Enrolled() {
			return true, err
		}
	}
	p, err := s.store.policy(ctx)
	return err == nil && p.mustChange(who, a.ChangedAt, s.clk.Now()), err
}

// openHalf opens a half-open sign-in inside a transaction's closure. The secret
// for an enrolment is made with it, so that a page loaded twice shows one.
func (s *Service) openHalf(ctx context.Context, tx *db.Tx, account id.Account, old id.Session, token, device string, shared bool) error {
	now := s.clk.Now()
	return s.store.insertHalf(ctx, tx, halfRow{id: id.Next[id.Pending](s.ids), account: account, device: device, shared: shared,
		old: old, secret: s.keys.Seal([]byte(factor.NewSecret())), expires: now.Add(HalfLife)}, tokenHash(token), now)
}

// Half returns a half-open sign-in and its next step. fault.ErrNotFound when it
// is over.
func (s *Service) Half(ctx context.Context, by access.Actor, token string) (Half, error) {
	if len(token) < 40 || len(token) > 64 {
		return Half{}, errHalf
	}
	row, ok, err := s.store.half(ctx, tokenHash(token))
	if err != nil {
		return Half{}, err
	}
	if !ok || !s.clk.Now().Before(row.expires) {
		return Half{}, errHalf
	}
	h := Half{row: row}
	if h.acc, ok, err = s.store.accountByID(ctx, row.account); err != nil || !ok {
		return Half{}, orMissing(err)
	}
	var status string
	if h.who, status, err = s.actorOf(ctx, h.acc.Person, row.account, h.acc.Role); err != nil {
		return Half{}, err
	}
	if !mayEnter(status) {
		return Half{}, errHalf
	}
	h.Login, h.Name = h.acc.Login, h.who.Name
	state, err := s.factors.State(ctx, h.who, row.account)
	if err != nil {
		return Half{}, err
	}
	h.App, h.Passkeys = state.TOTP, len(state.Passkeys) > 0
	switch {
	case !row.factorAt.IsZero() || s.factorOff:
		h.Step = StepPassword
	case state.Enrolled():
		h.Step = StepCode
	default:
		h.Step = StepEnrol
		return h, s.offer(&h)
	}
	return h, nil
}

// orMissing is err, else that the sign-in is over.
func orMissing(err error) error {
	if err != nil {
		return err
	}
	return errHalf
}

// offer opens the secret for the enrolment page.
func (s *Service) offer(h *Half) error {
	secret, err := s.keys.Open(h.row.secret)
	if err != nil {
		return fmt.Errorf("open the secret of a half-open sign-in: %w", err)
	}
	h.Secret = string(secret)
	h.Link = factor.Link(issuer, h.Login, h.Secret)
	return nil
}

// issuer is what an authenticator app shows beside the sign-in name.
const issuer = "学习空间"

// StepUp turns a session that lacks a second factor, since its holder was given
// a role that needs one, into a half-open sign-in. The session ends when that is
// done. A first factor is bound right after the password was shown: whoever has
// none and came in longer ago signs in again. fault.ErrNotFound for him and for any
// other token.
func (s *Service) StepUp(ctx context.Context, by access.Actor, token string) (Ticket, error) {
	ses, _, ok, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return Ticket{}, err
	}
	if !ok || !ses.live(s.clk.Now()) || !ses.FactorAt.IsZero() {
		return Ticket{}, errNoSession
	}
	state, err := s.factors.State(ctx, access.Actor{Account: ses.Account}, ses.Account)
	if err != nil {
		return Ticket{}, err
	}
	if !state.Enrolled() && s.clk.Now().Sub(ses.MadeAt) >= FreshFor {
		return Ticket{}, errNoSession
	}
	fresh := newToken()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.openHalf(ctx, tx, ses.Account, ses.ID, fresh, ses.Device, ses.Shared)
	})
	return Ticket{Half: fresh}, err
}

// errCode is a code that is not right.
func errCode(key string) error { return fault.Invalid(fault.At("code", key)) }

// tryCode checks a code of the holder's app or a recovery code. Wrong ones make
// the account wait, and nobody else: each kind for itself, the passkey never.
func (s *Service) tryCode(ctx context.Context, who access.Actor, code string) (how string, err error) {
	tries := growing("factor "+who.Account.String(), factorFree, factorWait)
	if factor.Kind(code) == factor.ByRecovery {
		tries = growing("recovery "+who.Account.String(), factorFree, factorWait)
	}
	wait, err := s.guard.take(ctx, s.clk.Now(), tries)
	if err != nil {
		return "", err
	}
	if wait > 0 {
		return "", errWait(wait)
	}
	result, err := s.factors.Check(ctx, who, code)
	if err != nil {
		return "", err
	}
	switch result {
	case factor.ByApp, factor.ByRecovery:
		how = "app"
		if result == factor.ByRecovery {
			how = "recovery"
		}
		return how, s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.guard.clear(ctx, tx, tries) })
	case factor.Spent:
		return "", errCode("account.factor.spent")
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.note(ctx, tx, who, "factor.failed", "account", who.Account.Int(), 0, "")
	})
	if err != nil {
		return "", err
	}
	return "", errCode("account.factor.wrong")
}

// PassCode finishes a half-open sign-in with a code of the app or a recovery
// code. Errors: fault.ErrNotFound when it is over, fault.ErrInvalid on the field
// code, fault.ErrTooMany.
func (s *Service) PassCode(ctx context.Context, by access.Actor, token, code string) (Ticket, error) {
	h, err := s.halfAt(ctx, by, token, StepCode)
	if err != nil {
		return Ticket{}, err
	}
	how, err := s.tryCode(ctx, h.who, code)
	if err != nil {
		return Ticket{}, err
	}
	return s.pass(ctx, h, token, how)
}

// halfAt is Half at the step named.
func (s *Service) halfAt(ctx context.Context, by access.Actor, token string, step Step) (Half, error) {
	h, err := s.Half(ctx, by, token)
	if err == nil && h.Step != step {
		err = errHalf
	}
	return h, err
}

// pass goes on after the second factor: to a new password where the old one is
// too old, else in.
func (s *Service) pass(ctx context.Context, h Half, token, how string) (Ticket, error) {
	p, err := s.store.policy(ctx)
	if err != nil {
		return Ticket{}, err
	}
	if !p.mustChange(h.who, h.acc.ChangedAt, s.clk.Now()) {
		return s.complete(ctx, h, s.clk.Now(), how, nil)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.store.passHalf(ctx, tx, h.row.id, s.clk.Now())
	})
	return Ticket{Half: token, Person: h.who.Person, Name: h.Name}, err
}

// complete spends a half-open sign-in and opens the session. Of two at once one
// wins. also runs in the same transaction.
func (s *Service) complete(ctx context.Context, h Half, factorAt time.Time, how string, also func(ctx context.Context, tx *db.Tx) error) (Ticket, error) {
	token := newToken()
	var ses Session
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		spent, err := s.store.spendHalf(ctx, tx, h.row.id, s.clk.Now())
		if err != nil {
			return err
		}
		if !spent {
			return errHalf
		}
		if also != nil {
			if err := also(ctx, tx); err != nil {
				return err
			}
		}
		ses, err = s.begin(ctx, tx, h.who, opening{token: token, device: h.row.device, shared: h.row.shared, old: h.row.old, factorAt: factorAt})
		if err != nil {
			return err
		}
		return s.note(ctx, tx, h.who, "signin", "session", ses.ID.Int(), 0, detail("factor", how))
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("finish the sign-in of account %d: %w", h.row.account, err)
	}
	return s.whole(h.who, h.acc, token, ses), nil
}

// NewPassword finishes a half-open sign-in whose password is too old. Errors:
// fault.ErrNotFound, fault.ErrInvalid on the field password,
// fault.ErrUnavailable when the hashing pool is full.
func (s *Service) NewPassword(ctx context.Context, by access.Actor, token, password string) (Ticket, error) {
	h, err := s.halfAt(ctx, by, token, StepPassword)
	if err != nil {
		return Ticket{}, err
	}
	same, err := s.hasher.Verify(ctx, orDummy(h.acc.hash), normalPassword(password))
	if err != nil {
		return Ticket{}, err
	}
	if same {
		return Ticket{}, fault.Invalid(fault.At("password", "account.password.again", remembered))
	}
	f, err := s.judge(ctx, h.who, h.acc, h.Login, password)
	if err != nil {
		return Ticket{}, err
	}
	if f != nil {
		return Ticket{}, fault.Invalid(*f)
	}
	hash, err := s.hasher.Hash(ctx, normalPassword(password))
	if err != nil {
		return Ticket{}, err
	}
	now := s.clk.Now()
	return s.complete(ctx, h, h.row.factorAt, "before", func(ctx context.Context, tx *db.Tx) error {
		if err := s.setPassword(ctx, tx, h.acc.ID, hash, now); err != nil {
			return err
		}
		if _, err := s.store.endSessions(ctx, tx, h.acc.ID, 0, now); err != nil {
			return err
		}
		return s.note(ctx, tx, h.who, "password", "account", h.acc.ID.Int(), 0, detail("by", "age"))
	})
}

func orDummy(hash string) string {
	if hash == "" {
		return dummy
	}
	return hash
}
