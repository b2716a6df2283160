package factor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Passkey is one passkey of an account, with the name that its holder gave it.
type Passkey struct {
	ID      id.Passkey
	Name    string
	MadeAt  time.Time
	UsedAt  time.Time // zero: never
	account id.Account
	record  string
}

const (
	// challengeLife is how long a challenge may be answered.
	challengeLife = 5 * time.Minute
	// maxPasskeys is how many an account may have.
	maxPasskeys = 10
	// nameMax is the length of a passkey's name in characters.
	nameMax = 40
)

// errPasskey is the one answer to every passkey that opens nothing.
var errPasskey = fault.Invalid(fault.At("passkey", "account.passkey.wrong"))

// Passkeys reports whether this installation can use passkeys: it has an
// address that browsers bind them to.
func (s *Service) Passkeys(_ context.Context, _ access.Actor) bool { return s.party != nil }

// user is an account as the library sees it.
type user struct {
	account id.Account
	login   string
	keys    []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return []byte(u.account.String()) }
func (u user) WebAuthnName() string                       { return u.login }
func (u user) WebAuthnDisplayName() string                { return u.login }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func (s *Service) user(ctx context.Context, account id.Account, login string) (user, []Passkey, error) {
	list, err := s.store.passkeys(ctx, account)
	if err != nil {
		return user{}, nil, err
	}
	u := user{account: account, login: login}
	for _, p := range list {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(p.record), &c); err != nil {
			return user{}, nil, fmt.Errorf("read passkey %d: %w", p.ID, err)
		}
		u.keys = append(u.keys, c)
	}
	return u, list, nil
}

// ceremony is what must be known when the browser answers. It goes to the
// browser and back, sealed; that it is answered once, fac_spent sees to.
type ceremony struct {
	Purpose string               `json:"p"`
	Account id.Account           `json:"a"`
	Until   int64                `json:"u"` // milliseconds, machine's time
	Session webauthn.SessionData `json:"s"`
}

const (
	toRegister = "register"
	toSignIn   = "signin"
)

func (s *Service) keep(purpose string, account id.Account, session *webauthn.SessionData) (string, error) {
	raw, err := json.Marshal(ceremony{purpose, account, s.now().Add(challengeLife).UnixMilli(), *session})
	if err != nil {
		return "", fmt.Errorf("keep challenge: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.keys.Seal(raw)), nil
}

func (s *Service) kept(purpose string, account id.Account, state string) (ceremony, bool) {
	var c ceremony
	sealed, err := base64.RawURLEncoding.DecodeString(state)
	if err != nil || state == "" || len(state) > 8192 {
		return c, false
	}
	raw, err := s.keys.Open(sealed)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return c, false
	}
	return c, c.Purpose == purpose && c.Account == account && s.now().UnixMilli() < c.Until
}

// Ceremony is what a page hands to the browser: the options as JSON, and a
// sealed state that comes back with the answer.
type Ceremony struct {
	Options json.RawMessage `json:"options"`
	State   string          `json:"state"`
}

func (s *Service) ceremony(purpose string, account id.Account, options any, session *webauthn.SessionData) (Ceremony, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, fmt.Errorf("write passkey options: %w", err)
	}
	state, err := s.keep(purpose, account, session)
	return Ceremony{raw, state}, err
}

var errNoParty = fault.New(fault.ErrConflict, "account.passkey.none")

// BeginRegister asks the browser for a new passkey of the actor's account. A
// passkey that can be found without a name is wanted, so that it can be the
// only step of a sign-in.
func (s *Service) BeginRegister(ctx context.Context, by access.Actor, login string) (Ceremony, error) {
	if err := holder(by); err != nil {
		return Ceremony{}, err
	}
	if s.party == nil {
		return Ceremony{}, errNoParty
	}
	u, list, err := s.user(ctx, by.Account, login)
	if err != nil {
		return Ceremony{}, err
	}
	if len(list) >= maxPasskeys {
		return Ceremony{}, fault.New(fault.ErrConflict, "account.passkey.many", maxPasskeys)
	}
	options, session, err := s.party.BeginRegistration(u,
		webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred}))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a passkey: %w", err)
	}
	return s.ceremony(toRegister, by.Account, options, session)
}

// FinishRegister stores the new passkey under the name given. With the
// account's first factor come the recovery codes. Errors: fault.ErrInvalid on
// the field passkey or name.
func (s *Service) FinishRegister(ctx context.Context, by access.Actor, login, name, state string, answer []byte) (Passkey, []string, error) {
	if err := holder(by); err != nil {
		return Passkey{}, nil, err
	}
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > nameMax {
		return Passkey{}, nil, fault.Invalid(fault.At("name", "account.passkey.name", nameMax))
	}
	c, ok := s.kept(toRegister, by.Account, state)
	if !ok || s.party == nil {
		return Passkey{}, nil, errPasskey
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(answer))
	if err != nil {
		return Passkey{}, nil, errPasskey
	}
	u, _, err := s.user(ctx, by.Account, login)
	if err != nil {
		return Passkey{}, nil, err
	}
	credential, err := s.party.CreateCredential(u, c.Session, parsed)
	if err != nil {
		return Passkey{}, nil, errPasskey
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return Passkey{}, nil, fmt.Errorf("write passkey: %w", err)
	}
	p := Passkey{ID: id.Next[id.Passkey](s.ids), Name: name, MadeAt: s.clk.Now(), account: by.Account, record: string(record)}
	var codes []string
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.spend(ctx, tx, c); err != nil {
			return err
		}
		fresh, err := s.store.insertPasskey(ctx, tx, p, credential.ID)
		if err != nil {
			return err
		}
		if !fresh {
			return errPasskey
		}
		codes, err = s.firstCodes(ctx, tx, by.Account)
		return err
	})
	return p, codes, err
}

// spend uses a challenge up.
func (s *Service) spend(ctx context.Context, tx *db.Tx, c ceremony) error {
	sum := sha256.Sum256([]byte(c.Session.Challenge))
	fresh, err := s.store.spend(ctx, tx, sum[:], s.now().Add(2*challengeLife))
	if err != nil {
		return err
	}
	if !fresh {
		return errPasskey
	}
	return nil
}

// BeginSignIn asks the browser for a passkey. For the holder of an account it
// is the second factor; for anybody else (the zero account) any passkey of this
// installation that checks who holds it, and the answer is the same whoever
// asks.
func (s *Service) BeginSignIn(ctx context.Context, by access.Actor) (Ceremony, error) {
	if s.party == nil {
		return Ceremony{}, errNoParty
	}
	if by.Account == 0 {
		options, session, err := s.party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		if err != nil {
			return Ceremony{}, fmt.Errorf("begin a sign-in by passkey: %w", err)
		}
		return s.ceremony(toSignIn, 0, options, session)
	}
	u, list, err := s.user(ctx, by.Account, "")
	if err != nil {
		return Ceremony{}, err
	}
	if len(list) == 0 {
		return Ceremony{}, errPasskey
	}
	options, session, err := s.party.BeginLogin(u, webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a second factor by passkey: %w", err)
	}
	return s.ceremony(toSignIn, by.Account, options, session)
}

var errClosed = errors.New("no such account")

// FinishSignIn checks the browser's answer and returns the passkey's account.
// A counter that went back, an answer given twice and a passkey that is not
// known are refused alike: fault.ErrInvalid on the field passkey.
func (s *Service) FinishSignIn(ctx context.Context, by access.Actor, state string, answer []byte) (id.Account, error) {
	c, ok := s.kept(toSignIn, by.Account, state)
	if !ok || s.party == nil {
		return 0, errPasskey
	}
	parsed, err := protocol.ParseCredentialRequestResponseBody(bytes.NewReader(answer))
	if err != nil {
		return 0, errPasskey
	}
	var who user
	var list []Passkey
	find := func(handle []byte) (_ webauthn.User, err error) {
		var account id.Account
		if err := account.UnmarshalText(handle); err != nil {
			return nil, errClosed
		}
		who, list, err = s.user(ctx, account, "")
		return who, err
	}
	var credential *webauthn.Credential
	if by.Account == 0 {
		_, credential, err = s.party.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) { return find(handle) }, c.Session, parsed)
	} else {
		if _, err = find([]byte(by.Account.String())); err != nil {
			return 0, err
		}
		credential, err = s.party.ValidateLogin(who, c.Session, parsed)
	}
	if err != nil || credential.Authenticator.CloneWarning {
		return 0, errPasskey
	}
	return who.account, s.use(ctx, c, who, list, credential)
}

// use keeps the counter and spends the challenge.
func (s *Service) use(ctx context.Context, c ceremony, who user, list []Passkey, credential *webauthn.Credential) error {
	record, err := json.Marshal(credential)
	if err != nil {
		return fmt.Errorf("write passkey: %w", err)
	}
	for i, k := range who.keys {
		if !bytes.Equal(k.ID, credential.ID) {
			continue
		}
		return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := s.spend(ctx, tx, c); err != nil {
				return err
			}
			used, err := s.store.usePasskey(ctx, tx, list[i], string(record), s.clk.Now())
			if err == nil && !used {
				err = errPasskey
			}
			return err
		})
	}
	return errPasskey
}

// RemovePasskey takes one of the actor's passkeys away; fault.ErrNotFound when
// it is not his.
func (s *Service) RemovePasskey(ctx context.Context, by access.Actor, p id.Passkey) error {
	if err := holder(by); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		removed, err := s.store.dropPasskey(ctx, tx, by.Account, p)
		if err == nil && !removed {
			err = fault.New(fault.ErrNotFound, "account.passkey.missing")
		}
		return err
	})
}
