package account

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Credentials is what somebody types to sign in, and from where.
type Credentials struct {
	Login    string
	Password string
	// Network is the address the request came from, for throttling.
	Network string
	// Device describes the browser for the holder's list of sessions.
	Device string
	// Shared says that others use this computer.
	Shared bool
	// Mark is what an earlier sign-in on this device left there. With it the
	// holder comes in although others have used up the tries of his name.
	Mark string
}

// errWrong is the one answer to a wrong name, a wrong password and a name that
// does not exist.
func errWrong() error { return fault.Invalid(fault.At("password", "account.signin.wrong")) }

// errWait asks to wait; it is of kind fault.ErrTooMany.
func errWait(d time.Duration) error {
	if d < time.Minute {
		return fault.New(fault.ErrTooMany, "account.wait.seconds", int(math.Ceil(d.Seconds())))
	}
	return fault.New(fault.ErrTooMany, "account.wait.minutes", int(math.Ceil(d.Minutes())))
}

// SignIn checks a password and opens a session. Text and time of the answer do
// not tell whether the name exists. Errors: fault.ErrInvalid, fault.ErrTooMany
// when too many tries went wrong, fault.ErrUnavailable when the hashing pool is
// full.
func (s *Service) SignIn(ctx context.Context, by access.Actor, c Credentials) (Ticket, error) {
	now := s.clk.Now()
	login := FoldLogin(c.Login)
	if login == "" || c.Password == "" || len(c.Password) > 4*passwordMax || len(login) > 4*loginMax {
		return Ticket{}, errWrong()
	}
	marked := s.markOf(c.Mark)
	keys := []limit{{"here " + c.Network + " " + login, nameFree}, {"name " + login, nameFreeAll}}
	if marked != "" && marked == login {
		keys = []limit{{"mark " + c.Mark, nameFree}}
	} else if d := s.guard.wait(now, "net "+c.Network); d > 0 {
		return Ticket{}, errWait(d)
	}
	for _, k := range keys {
		if d := s.guard.wait(now, k.key); d > 0 {
			return Ticket{}, errWait(d)
		}
	}
	a, known, err := s.store.accountByLogin(ctx, login)
	if err != nil {
		return Ticket{}, err
	}
	// There is no hash for an unknown name, and none after a new slip was issued.
	right, err := s.hasher.Verify(ctx, cmp.Or(a.hash, dummy), normalPassword(c.Password))
	if err != nil {
		return Ticket{}, err
	}
	if !known || !right {
		for _, k := range keys {
			s.guard.fail(now, k.key, k.free)
		}
		s.guard.drain(now, "net "+c.Network, netFree, netEvery)
		return Ticket{}, s.refuse(ctx, by, a, known)
	}
	if a.locked.After(now) && marked != login {
		return Ticket{}, errWait(a.locked.Sub(now))
	}
	s.guard.clear(keys[0].key)
	return s.enter(ctx, a, c)
}

// limit is a key of the throttle and how many failures it has for nothing.
type limit struct {
	key  string
	free int
}

// markFor is what a sign-in leaves on the holder's own device: the sealed
// sign-in name. It opens nothing by itself.
func (s *Service) markFor(login string) string {
	return base64.RawURLEncoding.EncodeToString(s.keys.Seal([]byte("mark " + login)))
}

// markOf reads a mark: the sign-in name, or "" for anything else.
func (s *Service) markOf(mark string) string {
	sealed, err := base64.RawURLEncoding.DecodeString(mark)
	if err != nil || mark == "" || len(mark) > 512 {
		return ""
	}
	plain, err := s.keys.Open(sealed)
	if err != nil {
		return ""
	}
	login, ok := strings.CutPrefix(string(plain), "mark ")
	if !ok {
		return ""
	}
	return login
}

// refuse records a failed sign-in, in the same way whether the name exists.
func (s *Service) refuse(ctx context.Context, by access.Actor, a Account, known bool) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if known {
			if err := s.store.noteFailure(ctx, tx, a.ID, nameFreeAll, s.clk.Now().Add(longestWait)); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, by, "signin.failed", "account", a.ID.Int(), 0, "")
	})
	if err != nil {
		return err
	}
	return errWrong()
}

// enter opens the session of somebody whose password was right.
func (s *Service) enter(ctx context.Context, a Account, c Credentials) (Ticket, error) {
	who, status, err := s.actorOf(ctx, a.Person, a.ID, a.Role)
	if err != nil {
		return Ticket{}, err
	}
	if !mayEnter(status) {
		return Ticket{}, fault.Invalid(fault.At("password", "account.signin.closed"))
	}
	if err := s.people.ComeOfAge(ctx, who, a.Person); err != nil {
		return Ticket{}, err
	}
	token := newToken()
	var ses Session
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if err = s.store.noteSuccess(ctx, tx, a.ID, who.Role); err != nil {
			return err
		}
		if ses, err = s.openSession(ctx, tx, a.ID, who.Role, token, c.Device, c.Shared); err != nil {
			return err
		}
		return s.note(ctx, tx, who, "signin", "session", ses.ID.Int(), 0, "")
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("sign in account %d: %w", a.ID, err)
	}
	t := ticket(token, ses)
	t.Person, t.Name = a.Person, who.Name
	if !c.Shared {
		t.Mark = s.markFor(a.Login)
	}
	return t, nil
}

// SignOut ends the session of this token. A token that is none is no error.
func (s *Service) SignOut(ctx context.Context, by access.Actor, token string) error {
	ses, _, ok, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil || !ok {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ended, err := s.store.endSession(ctx, tx, ses.Account, ses.ID, s.clk.Now())
		if err != nil || !ended {
			return err
		}
		return s.note(ctx, tx, by, "signout", "session", ses.ID.Int(), 0, "")
	})
}

// SwitchRole makes another of the actor's roles the active one and gives the
// session a new token. fault.ErrForbidden when the actor does not hold it.
func (s *Service) SwitchRole(ctx context.Context, by access.Actor, token string, role access.Role) (Ticket, error) {
	ses, _, ok, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return Ticket{}, err
	}
	if !ok || ses.Account != by.Account || by.Account == 0 {
		return Ticket{}, errForbidden
	}
	if !holds(by, role) {
		return Ticket{}, fault.New(fault.ErrForbidden, "account.role.missing")
	}
	fresh := newToken()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		turned, err := s.store.rotateSession(ctx, tx, ses.ID, ses.Account, tokenHash(fresh), role)
		if err != nil {
			return err
		}
		if !turned {
			return errForbidden
		}
		if err := s.store.noteSuccess(ctx, tx, ses.Account, role); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "role", "session", ses.ID.Int(), 0, detail("to", role))
	})
	if err != nil {
		return Ticket{}, err
	}
	ses.Role = role
	t := ticket(fresh, ses)
	if !ses.Shared {
		t.MaxAge = ses.ExpiresAt.Sub(s.clk.Now())
	}
	t.Person, t.Name = by.Person, by.Name
	return t, nil
}

// ChangePassword replaces the actor's password after the old one was right,
// and ends every other session. token names the session that stays.
func (s *Service) ChangePassword(ctx context.Context, by access.Actor, token, old, fresh string) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	now, key := s.clk.Now(), "old "+a.ID.String()
	if d := s.guard.wait(now, key); d > 0 {
		return errWait(d)
	}
	right, err := s.hasher.Verify(ctx, cmp.Or(a.hash, dummy), normalPassword(old))
	if err != nil {
		return err
	}
	if !right {
		s.guard.fail(now, key, nameFree)
		return fault.Invalid(fault.At("old", "account.password.old"))
	}
	if f := checkPassword(fresh, a.Login, by.Name); f != nil {
		return fault.Invalid(*f)
	}
	hash, err := s.hasher.Hash(ctx, normalPassword(fresh))
	if err != nil {
		return err
	}
	keep, _, _, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.setPassword(ctx, tx, a.ID, hash, now); err != nil {
			return err
		}
		if _, err := s.store.endSessions(ctx, tx, a.ID, keep.ID, now); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "password", "account", a.ID.Int(), 0, "")
	})
}

// own returns the account of a signed-in actor.
func (s *Service) own(ctx context.Context, by access.Actor) (Account, error) {
	if !by.IsPerson() || !by.Can(access.AccountSelf) {
		return Account{}, errForbidden
	}
	a, ok, err := s.store.accountByPerson(ctx, by.Person)
	if err != nil {
		return Account{}, err
	}
	if !ok {
		return Account{}, fault.New(fault.ErrNotFound, "account.missing")
	}
	return a, nil
}

// Own returns the actor's own account.
func (s *Service) Own(ctx context.Context, by access.Actor) (Account, error) { return s.own(ctx, by) }

// Devices lists the actor's live sessions, the one of token marked.
func (s *Service) Devices(ctx context.Context, by access.Actor, token string) ([]Session, error) {
	a, err := s.own(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := s.store.sessions(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	current, _, _, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return nil, err
	}
	live := all[:0]
	for _, ses := range all {
		if ses.live(s.clk.Now()) {
			ses.Current = ses.ID == current.ID
			live = append(live, ses)
		}
	}
	return live, nil
}

// EndSession ends one of the actor's sessions; fault.ErrNotFound when it is
// not the actor's.
func (s *Service) EndSession(ctx context.Context, by access.Actor, ses id.Session) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ended, err := s.store.endSession(ctx, tx, a.ID, ses, s.clk.Now())
		if err != nil {
			return err
		}
		if !ended {
			return fault.New(fault.ErrNotFound, "account.session.missing")
		}
		return s.note(ctx, tx, by, "session.end", "session", ses.Int(), 0, "")
	})
}

// EndOthers ends every session of the actor but the one of token.
func (s *Service) EndOthers(ctx context.Context, by access.Actor, token string) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	keep, _, _, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := s.store.endSessions(ctx, tx, a.ID, keep.ID, s.clk.Now())
		if err != nil || n == 0 {
			return err
		}
		return s.note(ctx, tx, by, "session.end", "account", a.ID.Int(), 0, detail("sessions", n))
	})
}
