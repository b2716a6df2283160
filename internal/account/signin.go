package account

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
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
	// Old is the token of the browser's session, which ends when another begins.
	Old string
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

// SignIn checks a password and opens a session, or a half-open sign-in where a
// second factor or a new password is still missing. Text and time of the answer
// do not tell whether the name exists. Errors: fault.ErrInvalid, fault.ErrTooMany
// when too many tries went wrong, fault.ErrUnavailable when the hashing pool is
// full.
func (s *Service) SignIn(ctx context.Context, by access.Actor, c Credentials) (Ticket, error) {
	begun := time.Now()
	login := FoldLogin(c.Login)
	if phone, ok := ReadPhone(login); ok {
		login = phone // one name, however it is typed
	}
	if login == "" || c.Password == "" || len(c.Password) > 4*passwordMax || len(login) > 4*loginMax {
		return Ticket{}, errWrong()
	}
	g := s.guess(login, c)
	if err := s.admit(ctx, g, begun); err != nil {
		return Ticket{}, err
	}
	a, known, err := s.accountByName(ctx, login)
	if err != nil {
		return Ticket{}, err
	}
	right := false
	err = s.hasher.Turn(ctx, func(match Match) (err error) {
		// Others may have failed while this try waited for its turn.
		if g.limits, err = s.openLimits(ctx, g); err != nil {
			return err
		}
		// There is no hash for an unknown name, and none after a new slip was issued.
		if right, err = match(cmp.Or(a.hash, dummy), normalPassword(c.Password)); err != nil {
			return err
		}
		if right = right && known; right {
			return nil
		}
		return s.refuse(ctx, by, a, g)
	})
	if err != nil {
		if errors.Is(err, fault.ErrInvalid) {
			s.pace.note(time.Since(begun))
		}
		return Ticket{}, err
	}
	return s.enter(ctx, a, c, g)
}

// guess is one try of a password, with what its failure counts for.
type guess struct {
	here   limit   // the name at this address
	own    []limit // what a familiar name answers for
	shared []limit // what everybody of an address or a network answers for
	// marked carries the mark of the holder's own device; familiar has come in
	// from here before, at known.
	marked, familiar bool
	known            time.Time
	// limits are those that this try counts for.
	limits []limit
}

// guess sorts what a try counts for.
func (s *Service) guess(login string, c Credentials) *guess {
	network := networkOf(c.Network)
	g := &guess{
		here: growing("here "+c.Network+" "+login, nameFree, longestWait),
		own:  []limit{bucket("familiar "+network, familiarFree, familiarEvery)},
		shared: []limit{growing("name "+login, nameFreeAll, longestWait), bucket("address "+c.Network, addrFree, netEvery),
			bucket("network "+network, netFree, netEvery), bucket("password "+s.passwordKey(c.Password), passFree, passEvery)},
	}
	if marked := s.markOf(c.Mark); marked != "" && marked == login {
		g.marked, g.here, g.own = true, growing("mark "+c.Mark, nameFree, longestWait), nil
	}
	return g
}

// passwordKey stands for a password that is tried on many names: 24 bits of a
// keyed hash, too few to be told apart by whoever reads the table.
func (s *Service) passwordKey(password string) string {
	return hex.EncodeToString(s.keys.Hash("tried password", s.today().String()+" "+normalPassword(password))[:3])
}

// admit lets a try queue for a turn, or says how long it has to wait. The answer
// comes no sooner than that to a wrong password: a name that is familiar here is
// heard where others are not, and the time must not tell.
func (s *Service) admit(ctx context.Context, g *guess, begun time.Time) error {
	_, err := s.openLimits(ctx, g)
	if errors.Is(err, fault.ErrTooMany) {
		s.pace.keep(ctx, begun)
	}
	return err
}

// openLimits returns what the try counts for, or why it has to wait. Names that
// carry their mark or are familiar at the address answer for themselves and for
// one another, not for what strangers did there.
func (s *Service) openLimits(ctx context.Context, g *guess) ([]limit, error) {
	now := s.clk.Now()
	all := append(append([]limit{g.here}, g.own...), g.shared...)
	counts, err := s.guard.read(ctx, now, all...)
	if err != nil {
		return nil, err
	}
	g.known = counts[0].known
	g.familiar = !g.known.IsZero() && now.Sub(g.known) < familiarFor
	limits := append([]limit{g.here}, g.shared...)
	if g.marked || g.familiar {
		limits = all[:1+len(g.own)]
	}
	var longest time.Duration
	for i, l := range all {
		if slices.ContainsFunc(limits, func(in limit) bool { return in.key == l.key }) {
			longest = max(longest, l.wait(counts[i], now))
		}
	}
	if longest > 0 {
		return nil, errWait(longest)
	}
	return limits, nil
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
func (s *Service) refuse(ctx context.Context, by access.Actor, a Account, g *guess) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.guard.fail(ctx, tx, s.clk.Now(), g.limits...); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "signin.failed", "account", a.ID.Int(), 0, "")
	})
	if err != nil {
		return err
	}
	// Where strangers have to wait, a familiar name hears no more than they do.
	if g.familiar && !g.marked {
		wait, err := s.guard.check(ctx, s.clk.Now(), g.shared...)
		if err != nil {
			return err
		}
		if wait > 0 {
			return errWait(wait)
		}
	}
	return errWrong()
}

// enter lets somebody in whose password was right: wholly, or half until a
// second factor or a new password is there.
func (s *Service) enter(ctx context.Context, a Account, c Credentials, g *guess) (Ticket, error) {
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
	half, err := s.halfFor(ctx, who, a)
	if err != nil {
		return Ticket{}, err
	}
	old, _, _, err := s.store.sessionByToken(ctx, tokenHash(c.Old))
	if err != nil {
		return Ticket{}, err
	}
	token, now := newToken(), s.clk.Now()
	var ses Session
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if err := s.still(ctx, tx, a, errWrong()); err != nil {
			return err
		}
		if g != nil {
			if err = s.welcome(ctx, tx, now, g, networkOf(c.Network), c.Network); err != nil {
				return err
			}
		}
		if half {
			return s.openHalf(ctx, tx, a.ID, old.ID, token, c.Device, c.Shared)
		}
		if ses, err = s.begin(ctx, tx, who, opening{token: token, device: c.Device, shared: c.Shared, old: old.ID}); err != nil {
			return err
		}
		return s.note(ctx, tx, who, "signin", "session", ses.ID.Int(), 0, "")
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("sign in account %d: %w", a.ID, err)
	}
	if half {
		return Ticket{Half: token, Person: a.Person, Name: who.Name}, nil
	}
	return s.whole(who, a, token, ses), nil
}

// welcome forgets the failures of a name that came in, makes it familiar at the
// address, and once in half a day gives the network some tries back for it.
func (s *Service) welcome(ctx context.Context, tx *db.Tx, now time.Time, g *guess, network, address string) error {
	if g.marked {
		return s.guard.clear(ctx, tx, g.here)
	}
	if err := s.guard.meet(ctx, tx, now, g.here); err != nil || now.Sub(g.known) < 12*time.Hour {
		return err
	}
	return s.guard.giveBack(ctx, tx, credit, bucket("address "+address, addrFree, netEvery), bucket("network "+network, netFree, netEvery))
}

// still makes what follows wait for a change of the account's password, and
// returns changed when there has been one since a was read.
func (s *Service) still(ctx context.Context, tx *db.Tx, a Account, changed error) error {
	held, err := s.store.hold(ctx, tx, a)
	if err == nil && !held {
		err = changed
	}
	return err
}

// opening is what a session begins with.
type opening struct {
	token, device string
	shared        bool
	old           id.Session // the browser's session before; it ends
	factorAt      time.Time
}

// begin opens the session of an actor in the role that is active, and ends the
// one that the browser had before.
func (s *Service) begin(ctx context.Context, tx *db.Tx, who access.Actor, o opening) (Session, error) {
	if o.old != 0 {
		if _, err := s.store.endAny(ctx, tx, o.old, s.clk.Now()); err != nil {
			return Session{}, err
		}
	}
	if err := s.store.keepRole(ctx, tx, who.Account, who.Role); err != nil {
		return Session{}, err
	}
	return s.openSession(ctx, tx, who.Account, who.Role, o)
}

// whole is the ticket of a sign-in that lacks nothing.
func (s *Service) whole(who access.Actor, a Account, token string, ses Session) Ticket {
	t := ticket(token, ses)
	t.Person, t.Name = who.Person, who.Name
	if !ses.Shared {
		t.Mark = s.markFor(a.Login)
	}
	return t
}

// SignOut ends the session of this token, with a view that goes on in it: it is
// its holder who signs out, not whom he looks at. A token that is none is no error.
func (s *Service) SignOut(ctx context.Context, by access.Actor, token string) error {
	ses, who, ok, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil || !ok {
		return err
	}
	holder := access.Actor{Person: who, Account: ses.Account, Role: ses.Role}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if ses.View != 0 {
			if err := s.endView(ctx, holder, ses); err != nil {
				return err
			}
		}
		ended, err := s.store.endSession(ctx, tx, ses.Account, ses.ID, s.clk.Now())
		if err != nil || !ended {
			return err
		}
		return s.note(ctx, tx, holder, "signout", "session", ses.ID.Int(), 0, "")
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
		if err := s.store.keepRole(ctx, tx, ses.Account, role); err != nil {
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
	if err := s.knows(ctx, a, old); err != nil {
		return err
	}
	f, err := s.judge(ctx, by, a, a.Login, fresh)
	if err != nil {
		return err
	}
	if f != nil {
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
	now := s.clk.Now()
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// A new slip or another change may have been faster.
		if err := s.still(ctx, tx, a, fault.Invalid(fault.At("old", "account.password.old"))); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, a.ID, hash, now); err != nil {
			return err
		}
		if _, err := s.store.endSessions(ctx, tx, a.ID, keep.ID, now); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "password", "account", a.ID.Int(), 0, "")
	})
}

// knows makes sure that whoever has the session knows the account's password;
// wrong ones make him wait. Errors: fault.ErrInvalid on the field old,
// fault.ErrTooMany.
func (s *Service) knows(ctx context.Context, a Account, password string) error {
	tries := growing("old "+a.ID.String(), nameFree, longestWait)
	wait, err := s.guard.take(ctx, s.clk.Now(), tries)
	if err != nil {
		return err
	}
	if wait > 0 {
		return errWait(wait)
	}
	right, err := s.hasher.Verify(ctx, cmp.Or(a.hash, dummy), normalPassword(password))
	if err != nil {
		return err
	}
	if !right {
		return fault.Invalid(fault.At("old", "account.password.old"))
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.guard.clear(ctx, tx, tries) })
}

// setPassword gives an account a password ("": none until a slip is used) and
// remembers the one before. Half-open sign-ins end with it.
func (s *Service) setPassword(ctx context.Context, tx *db.Tx, account id.Account, hash string, now time.Time) error {
	if err := s.store.rememberPassword(ctx, tx, id.Next[int64](s.ids), account, now); err != nil {
		return err
	}
	if err := s.store.endHalves(ctx, tx, account, now); err != nil {
		return err
	}
	return s.store.setPassword(ctx, tx, account, hash, now)
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
