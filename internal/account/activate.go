package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// Opening is what a valid code shows: who it is for and what is still asked.
type Opening struct {
	Code   id.Code
	Person id.Person
	Name   string
	Role   access.Role
	School string
	// Class is the label of the pupil's class; "" for staff.
	Class string
	// Young says that the pupil is in primary school: gentler words.
	Young bool
	// AskGuardian says that the child is under 14 and nobody has answered yet.
	AskGuardian bool
	// NoPhone says that the roster names no phone of a guardian, so that
	// nobody can answer for the child yet: it comes in without an answer.
	NoPhone bool
	// Login is the sign-in name of an account that exists; the slip then only
	// sets a new password.
	Login string
	// Suggestion is a free sign-in name.
	Suggestion string
	// OnlySuggestion says that the tries are used up: only names of the form
	// suggested are taken now.
	OnlySuggestion bool
	// Wards are the children to whom a guardian's slip binds him; the phone on
	// the roster has to be proved first.
	Wards []Ward
	// Expires is when the code stops working.
	Expires time.Time

	who person.Person
	row codeRow
}

// Activation is the last step: everything that was answered, and the choice of
// sign-in name and password.
type Activation struct {
	Code     string
	Guardian Guardian
	Login    string
	Password string
	Network  string
	Device   string
	Shared   bool
	Old      string // token of the browser's session, which ends
}

// codeField is a complaint about the code.
func codeField(key string, args ...any) error {
	return fault.Invalid(fault.At("code", key, args...))
}

// openCode finds a usable code. Wrong ones count against the network, so that
// nobody can try many; a class that mistypes has room. A right one is heard all the
// same: 80 random bits are met by no number of tries, and one who types nonsense
// must not keep the class out.
func (s *Service) openCode(ctx context.Context, network, typed string) (codeRow, error) {
	code, n, ok := ReadCode(typed)
	switch {
	case n == 0:
		return codeRow{}, codeField("account.code.missing")
	case n < codeLength:
		return codeRow{}, codeField("account.code.short", codeLength-n, codeLength, n)
	case n > codeLength:
		return codeRow{}, codeField("account.code.long", codeLength, n)
	}
	now := s.clk.Now()
	if ok {
		row, found, err := s.findCode(ctx, code)
		if err != nil {
			return codeRow{}, err
		}
		if found {
			return row, row.usable(now)
		}
	}
	tries := bucket("code "+networkOf(network), netFree, codeEvery)
	wait, err := s.guard.check(ctx, now, tries)
	if err != nil {
		return codeRow{}, err
	}
	if wait > 0 {
		return codeRow{}, errWait(wait)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.guard.fail(ctx, tx, now, tries) })
	if err != nil {
		return codeRow{}, err
	}
	return codeRow{}, codeField("account.code.unknown")
}

// usable returns why a code can no longer be used, or nil.
func (c codeRow) usable(now time.Time) error {
	switch {
	case !c.UsedAt.IsZero():
		return codeField("account.code.used", clock.DayOf(c.UsedAt))
	case !c.VoidedAt.IsZero() && c.PhoneTries >= CodeTries:
		return codeField("account.code.tries")
	case !c.VoidedAt.IsZero():
		return codeField("account.code.void", clock.DayOf(c.VoidedAt))
	case !now.Before(c.ExpiresAt):
		return codeField("account.code.expired", clock.DayOf(c.ExpiresAt))
	}
	return nil
}

// Open looks at a code and tells whom it is for and what is asked. It changes
// nothing. Errors: fault.ErrInvalid on the field code, fault.ErrTooMany.
func (s *Service) Open(ctx context.Context, by access.Actor, network, code string) (Opening, error) {
	row, err := s.openCode(ctx, network, code)
	if err != nil {
		return Opening{}, err
	}
	return s.opening(ctx, row)
}

// opening gathers what stands behind a usable code.
func (s *Service) opening(ctx context.Context, row codeRow) (Opening, error) {
	holder, err := s.holder(ctx, row.Person)
	if err != nil {
		return Opening{}, err
	}
	if !mayEnter(holder.person.Status) {
		return Opening{}, codeField("account.code.closed")
	}
	o := Opening{Code: row.ID, Person: row.Person, Name: holder.person.Name, Role: holder.defaultRole(""),
		School: holder.school, Class: holder.class, Young: strings.HasPrefix(holder.grade, "P"),
		Expires: row.ExpiresAt, OnlySuggestion: row.Tries >= CodeTries, who: holder.person, row: row}
	a, known, err := s.store.accountByPerson(ctx, row.Person)
	if err != nil {
		return Opening{}, err
	}
	if known {
		o.Login = a.Login
	}
	if o.who.Role == person.RoleGuardian {
		if o.Wards, err = s.wardsOf(ctx, row); err == nil && len(o.Wards) == 0 {
			err = codeField("account.code.closed")
		}
		return o, err
	}
	if holder.person.Standing(holder.grade, s.today()) == person.Unanswered {
		o.AskGuardian = true
		tails, err := s.tails(ctx, row.Person)
		if err != nil {
			return Opening{}, err
		}
		o.NoPhone = len(tails) == 0
	}
	return o, nil
}

// Suggest returns a free sign-in name made of the name's pinyin and digits.
func (s *Service) suggest(ctx context.Context, name string) (string, error) {
	options := suggestLogins(name, 12)
	for _, login := range options {
		taken, err := s.store.loginTaken(ctx, login)
		if err != nil {
			return "", err
		}
		if !taken && checkLogin(login) == nil {
			return login, nil
		}
	}
	return "", nil
}

// OpenLogin is Open with a suggestion for the sign-in name: what the last page
// of the activation needs.
func (s *Service) OpenLogin(ctx context.Context, by access.Actor, network, code string) (Opening, error) {
	o, err := s.Open(ctx, by, network, code)
	if err != nil || o.Login != "" {
		return o, err
	}
	o.Suggestion, err = s.suggest(ctx, o.Name)
	return o, err
}

// CheckGuardian checks the answer of whoever is with a child. It writes
// nothing but the count of wrong digits: five of them void the slip. The zero
// Guardian is right where the roster names no phone, and any other wrong, since
// nobody can tell who answers. Errors: fault.ErrInvalid with the fields name,
// relation, tail, answer or code.
func (s *Service) CheckGuardian(ctx context.Context, by access.Actor, network, code string, g Guardian) error {
	o, err := s.Open(ctx, by, network, code)
	if err != nil {
		return err
	}
	return s.checkGuardian(ctx, o, g)
}

func (s *Service) checkGuardian(ctx context.Context, o Opening, g Guardian) error {
	if len(o.Wards) > 0 {
		return s.checkProof(ctx, o, g)
	}
	if !o.AskGuardian || o.NoPhone && g == (Guardian{}) {
		return nil
	}
	if fields := g.complaints(AnswerGiven, AnswerRefused); len(fields) > 0 {
		return fault.Invalid(fields...)
	}
	tails, err := s.tails(ctx, o.Person)
	if err != nil {
		return err
	}
	if len(tails) == 0 {
		return fault.Invalid(fault.At("tail", "account.guardian.nophone"))
	}
	return s.tryTail(ctx, o, g.at(tails))
}

// Activate uses a code up: it records the guardian's answer where one can be
// asked, makes the account (or gives an existing one its new password and ends
// its sessions), activates the person, verifies him where the identity matches
// and nobody's answer is missing, and signs him in, all in one transaction. A
// child under 14 without a phone on the roster comes in with the zero Guardian;
// see [Service.AnswerConsent]. Of two at once with one code one wins. Errors:
// fault.ErrInvalid with fields, fault.ErrTooMany, fault.ErrUnavailable when the
// hashing pool is full.
func (s *Service) Activate(ctx context.Context, by access.Actor, act Activation) (Ticket, error) {
	row, err := s.openCode(ctx, act.Network, act.Code)
	if !row.UsedAt.IsZero() && s.clk.Now().Sub(row.UsedAt) < 10*time.Minute {
		if t, again := s.clickedTwice(ctx, by, row, act); again {
			return t, nil
		}
	}
	if err != nil {
		return Ticket{}, err
	}
	o, err := s.opening(ctx, row)
	if err != nil {
		return Ticket{}, err
	}
	if err := s.checkGuardian(ctx, o, act.Guardian); err != nil {
		return Ticket{}, err
	}
	login, err := s.chooseLogin(ctx, o, act)
	if err != nil {
		return Ticket{}, err
	}
	hash, err := s.hasher.Hash(ctx, normalPassword(act.Password))
	if err != nil {
		return Ticket{}, err
	}
	t, err := s.finish(ctx, o, act, login, hash)
	if errors.Is(err, errSpent) {
		// The other click was faster.
		if t, again := s.clickedTwice(ctx, by, row, act); again {
			return t, nil
		}
		return Ticket{}, codeField("account.code.used", s.today())
	}
	return t, err
}

// clickedTwice answers a second click on the last button: whoever holds the
// code and the password that it has just set is let in.
func (s *Service) clickedTwice(ctx context.Context, by access.Actor, row codeRow, act Activation) (Ticket, bool) {
	a, ok, err := s.store.accountByPerson(ctx, row.Person)
	if err != nil || !ok {
		return Ticket{}, false
	}
	t, err := s.SignIn(ctx, by, Credentials{Login: a.Login, Password: act.Password, Network: act.Network,
		Device: act.Device, Shared: act.Shared, Old: act.Old})
	return t, err == nil
}

// chooseLogin checks sign-in name and password and returns the name. "Taken" is
// said only here, behind a valid code, five times.
func (s *Service) chooseLogin(ctx context.Context, o Opening, act Activation) (string, error) {
	login := o.Login
	var fields []fault.Field
	if login == "" {
		login = FoldLogin(act.Login)
		if f := checkLogin(login); f != nil {
			fields = append(fields, *f)
		} else if o.OnlySuggestion && !suggested(o.Name, login) {
			fields = append(fields, fault.At("login", "account.login.tries"))
		}
	}
	f, err := s.judgeNew(ctx, o, login, act.Password)
	if err != nil {
		return "", err
	}
	if f != nil {
		fields = append(fields, *f)
	}
	if len(fields) > 0 {
		return "", fault.Invalid(fields...)
	}
	if o.Login != "" {
		return login, nil
	}
	taken, err := s.store.loginTaken(ctx, login)
	if err != nil {
		return "", err
	}
	if taken {
		return "", s.taken(ctx, o, login)
	}
	return login, nil
}

// taken takes a try and says so; nothing more is said when none is left.
func (s *Service) taken(ctx context.Context, o Opening, login string) error {
	said := false
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		said, err = s.store.takeTry(ctx, tx, o.Code)
		return err
	})
	if err != nil {
		return err
	}
	if !said && !suggested(o.Name, login) {
		return fault.Invalid(fault.At("login", "account.login.tries"))
	}
	return fault.Invalid(fault.At("login", "account.login.taken", login))
}

var (
	errTaken = errors.New("sign-in name taken meanwhile")
	errSpent = errors.New("code used meanwhile")
)

// halfAfter reports whether whoever activates is asked for a second factor
// before he is let in.
func (s *Service) halfAfter(ctx context.Context, o Opening) (bool, error) {
	if s.factorOff {
		return false, nil
	}
	who := access.Actor{Person: o.Person}
	var err error
	if who.Places, err = s.places(ctx, o.Person); err != nil || NeedsFactor(who) {
		return err == nil, err
	}
	a, known, err := s.store.accountByPerson(ctx, o.Person)
	if err != nil || !known {
		return false, err
	}
	who.Account = a.ID
	state, err := s.factors.State(ctx, who, a.ID)
	return state.Enrolled(), err
}

// finish is the one transaction of an activation.
func (s *Service) finish(ctx context.Context, o Opening, act Activation, login, hash string) (Ticket, error) {
	half, err := s.halfAfter(ctx, o)
	if err != nil {
		return Ticket{}, err
	}
	old, _, _, err := s.store.sessionByToken(ctx, tokenHash(act.Old))
	if err != nil {
		return Ticket{}, err
	}
	token, now := newToken(), s.clk.Now()
	fresh := Account{ID: id.Next[id.Account](s.ids), Person: o.Person, Login: login, Role: o.Role, hash: hash}
	var ses Session
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		spent, err := s.store.spendCode(ctx, tx, o.Code, now)
		if err != nil {
			return err
		}
		if !spent {
			return errSpent
		}
		a, known, err := s.store.accountByPerson(ctx, o.Person)
		if err != nil {
			return err
		}
		who := access.Actor{Person: o.Person, Account: a.ID, Role: o.Role, Name: o.Name}
		if known {
			err = s.renew(ctx, tx, who, a, hash, now)
		} else {
			a, who.Account = fresh, fresh.ID
			err = s.establish(ctx, tx, who, a, o, now)
		}
		if err != nil {
			return err
		}
		if err := s.comeAlive(ctx, who, o, act.Guardian); err != nil {
			return err
		}
		if half {
			err = s.openHalf(ctx, tx, a.ID, old.ID, token, act.Device, act.Shared)
		} else {
			ses, err = s.begin(ctx, tx, who, opening{token: token, device: act.Device, shared: act.Shared, old: old.ID})
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, who, "code.used", "code", o.Code.Int(), o.row.Node, "")
	})
	switch {
	case errors.Is(err, errTaken):
		return Ticket{}, s.taken(ctx, o, login)
	case errors.Is(err, errSpent):
		return Ticket{}, errSpent
	case err != nil:
		return Ticket{}, fmt.Errorf("activate person %d: %w", o.Person, err)
	}
	if half {
		return Ticket{Half: token, Person: o.Person, Name: o.Name, Session: Session{Role: o.Role}}, nil
	}
	t := ticket(token, ses)
	t.Person, t.Name = o.Person, o.Name
	if !act.Shared {
		t.Mark = s.markFor(login)
	}
	return t, nil
}

// renew gives an account that exists its new password, and a guardian new
// tries.
func (s *Service) renew(ctx context.Context, tx *db.Tx, who access.Actor, a Account, hash string, now time.Time) error {
	if err := s.setPassword(ctx, tx, a.ID, hash, now); err != nil {
		return err
	}
	if err := s.store.clearConsentTries(ctx, tx, a.Person); err != nil {
		return err
	}
	if _, err := s.store.endSessions(ctx, tx, a.ID, 0, now); err != nil {
		return err
	}
	return s.note(ctx, tx, who, "password", "account", a.ID.Int(), 0, detail("by", "code"))
}

// establish makes the account of a person who comes in for the first time.
func (s *Service) establish(ctx context.Context, tx *db.Tx, who access.Actor, a Account, o Opening, now time.Time) error {
	made, err := s.store.insertAccount(ctx, tx, a, now)
	if err != nil {
		return err
	}
	if !made {
		return errTaken
	}
	return s.log.Append(ctx, tx, event.Event{Actor: who.Person, Role: string(who.Role), Verb: "account.opened",
		Kind: "account", Object: a.ID.Int(), Node: o.row.Node, Unit: o.who.Unit})
}

// comeAlive records the guardian's answer, activates the person, and verifies
// him as far as nothing stands against it. Each is without effect when done
// already.
func (s *Service) comeAlive(ctx context.Context, who access.Actor, o Opening, g Guardian) error {
	if o.AskGuardian && g.Answer != "" {
		if err := s.recordAnswer(ctx, who, o.Person, g); err != nil {
			return err
		}
	}
	if err := s.people.Activate(ctx, who, o.Person); err != nil {
		return err
	}
	if len(o.Wards) > 0 {
		return s.people.ConfirmWards(ctx, who, o.Person, o.wardIDs(), true)
	}
	if err := s.verifyFree(ctx, who, o.Person); err != nil {
		return err
	}
	return s.people.ComeOfAge(ctx, who, o.Person)
}

// verifyFree verifies a person where the roster carries an identity number with
// a right check digit. A child whose guardian refused or has not answered is
// left as it is.
func (s *Service) verifyFree(ctx context.Context, who access.Actor, p id.Person) error {
	rec, err := person.Load(ctx, s.db, p)
	if err != nil {
		return err
	}
	standing, err := person.StandingOf(ctx, s.db, rec, s.today())
	if err != nil || standing != person.Free {
		return err
	}
	matches, err := s.people.Matches(ctx, who, p)
	if err != nil || !matches {
		return err
	}
	return s.people.Verify(ctx, who, p, person.SourceRoster)
}
