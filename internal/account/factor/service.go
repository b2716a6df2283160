package factor

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/seal"
)

// Deps is what the service works with. Real is the machine's clock when nil.
type Deps struct {
	DB    *db.DB
	IDs   *id.Source
	Clock clock.Clock
	Real  clock.Clock
	Keys  *seal.Keys
	// BaseURL is the address of the installation: its host is the party that
	// passkeys are bound to. Without one, or with an IP address, which browsers
	// do not accept, there are no passkeys.
	BaseURL string
	// Name is the installation's name as authenticators show it.
	Name string
}

// Service is the front door of the package. The actor of each method is the
// holder of the account, known by then, unless it says otherwise.
type Service struct {
	db    *db.DB
	ids   *id.Source
	clk   clock.Clock
	real  clock.Clock
	keys  *seal.Keys
	name  string
	party *webauthn.WebAuthn
	store store
}

// New returns the service. It fails on an address that is none.
func New(d Deps) (*Service, error) {
	if d.Real == nil {
		d.Real = clock.System()
	}
	s := &Service{db: d.DB, ids: d.IDs, clk: d.Clock, real: d.Real, keys: d.Keys, name: d.Name, store: store{d.DB}}
	u, err := url.Parse(d.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base url %q: %w", d.BaseURL, err)
	}
	host := u.Hostname()
	if host == "" || net.ParseIP(host) != nil {
		return s, nil
	}
	s.party, err = webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: d.Name, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of %s: %w", host, err)
	}
	return s, nil
}

// State is which factors an account has.
type State struct {
	TOTP     bool
	Passkeys []Passkey
	// Recovery is how many recovery codes are left.
	Recovery int
}

// Enrolled reports whether there is a factor to ask for.
func (s State) Enrolled() bool { return s.TOTP || len(s.Passkeys) > 0 }

// errNobody is an actor without an account.
var errNobody = fault.New(fault.ErrForbidden, "account.forbidden")

func holder(by access.Actor) error {
	if by.Account == 0 || by.ViewedBy != 0 {
		return errNobody
	}
	return nil
}

// Now is the machine's time, which codes follow.
func (s *Service) now() time.Time { return s.real.Now() }

// State returns the factors of an account, which is the actor's own or one
// that he may reset.
func (s *Service) State(ctx context.Context, by access.Actor, account id.Account) (State, error) {
	if by.Account != account && !by.Can(access.FactorReset) && !by.IsSystem() {
		return State{}, errNobody
	}
	return s.store.state(ctx, account)
}

// Result says what a typed code was.
type Result int

// The results. A spent code was right and has been used.
const (
	Wrong Result = iota
	Spent
	ByApp
	ByRecovery
)

// Kind tells which of the two kinds of code was typed, by its form alone:
// guesses at them are counted apart.
func Kind(typed string) Result {
	if _, ok := readRecovery(typed); ok {
		return ByRecovery
	}
	return ByApp
}

// Check takes a code of the app or a recovery code of the actor's account and
// spends it. Of two at once with one code one wins.
func (s *Service) Check(ctx context.Context, by access.Actor, typed string) (Result, error) {
	if err := holder(by); err != nil {
		return Wrong, err
	}
	if code, ok := readRecovery(typed); ok {
		return s.checkRecovery(ctx, by.Account, code)
	}
	code, ok := readDigits(typed)
	if !ok {
		return Wrong, nil
	}
	sealed, ok, err := s.store.totp(ctx, by.Account)
	if err != nil || !ok {
		return Wrong, err
	}
	secret, err := s.keys.Open(sealed)
	if err != nil {
		return Wrong, fmt.Errorf("open the secret of account %d: %w", by.Account, err)
	}
	step, ok := match(string(secret), code, s.now())
	if !ok {
		return Wrong, nil
	}
	result := Spent
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		used, err := s.store.useStep(ctx, tx, by.Account, step)
		if used {
			result = ByApp
		} else {
			result = Spent
		}
		return err
	})
	return result, err
}

func (s *Service) checkRecovery(ctx context.Context, account id.Account, code string) (Result, error) {
	result := Wrong
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		result = Wrong
		for _, hash := range s.keys.Hashes("recovery", code) {
			used, err := s.store.useRecovery(ctx, tx, account, hash, s.clk.Now())
			if err != nil {
				return err
			}
			if used {
				result = ByRecovery
			}
		}
		return nil
	})
	return result, err
}

// Enrol binds an authenticator app to the actor's account once it has shown a
// right code, in place of an earlier one. With the account's first factor come
// the recovery codes; nil where it has some already. false means that the code
// is wrong.
func (s *Service) Enrol(ctx context.Context, by access.Actor, secret, typed string) (recovery []string, ok bool, err error) {
	if err := holder(by); err != nil {
		return nil, false, err
	}
	code, ok := readDigits(typed)
	if !ok {
		return nil, false, nil
	}
	step, ok := match(secret, code, s.now())
	if !ok {
		return nil, false, nil
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.putTOTP(ctx, tx, by.Account, s.keys.Seal([]byte(secret)), step, s.clk.Now()); err != nil {
			return err
		}
		recovery, err = s.firstCodes(ctx, tx, by.Account)
		return err
	})
	return recovery, err == nil, err
}

// Preset gives an account an authenticator app whose secret is known: for a
// demo and for measurements. Only the system may.
func (s *Service) Preset(ctx context.Context, by access.Actor, account id.Account) (secret string, err error) {
	if !by.IsSystem() {
		return "", errNobody
	}
	secret = NewSecret()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.store.putTOTP(ctx, tx, account, s.keys.Seal([]byte(secret)), 0, s.clk.Now())
	})
	return secret, err
}

// firstCodes makes recovery codes for an account that has none left.
func (s *Service) firstCodes(ctx context.Context, tx *db.Tx, account id.Account) ([]string, error) {
	left, err := s.store.recoveryLeft(ctx, account)
	if err != nil || left > 0 {
		return nil, err
	}
	return s.freshCodes(ctx, tx, account)
}

func (s *Service) freshCodes(ctx context.Context, tx *db.Tx, account id.Account) ([]string, error) {
	if err := s.store.dropRecovery(ctx, tx, account); err != nil {
		return nil, err
	}
	out := make([]string, RecoveryCodes)
	for i := range out {
		code := newRecovery()
		err := s.store.insertRecovery(ctx, tx, id.Next[int64](s.ids), account, s.keys.Hash("recovery", code), s.clk.Now())
		if err != nil {
			return nil, err
		}
		out[i] = formatRecovery(code)
	}
	return out, nil
}

// NewCodes gives the actor new recovery codes; the ones before are void.
func (s *Service) NewCodes(ctx context.Context, by access.Actor) (codes []string, err error) {
	if err := holder(by); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		codes, err = s.freshCodes(ctx, tx, by.Account)
		return err
	})
	return codes, err
}

// RemoveTOTP takes the app away from the actor's account; false where there
// was none.
func (s *Service) RemoveTOTP(ctx context.Context, by access.Actor) (removed bool, err error) {
	if err := holder(by); err != nil {
		return false, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		removed, err = s.store.dropTOTP(ctx, tx, by.Account)
		return err
	})
	return removed, err
}

// Reset takes every factor of an account away. The actor may reset factors;
// of whom, the package account has decided.
func (s *Service) Reset(ctx context.Context, by access.Actor, account id.Account) error {
	if !by.Can(access.FactorReset) {
		return errNobody
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.store.dropTOTP(ctx, tx, account); err != nil {
			return err
		}
		if err := s.store.dropPasskeys(ctx, tx, account); err != nil {
			return err
		}
		return s.store.dropRecovery(ctx, tx, account)
	})
}

// Sweep forgets answered challenges that are too old to be shown again.
func (s *Service) Sweep(ctx context.Context, by access.Actor) (n int64, err error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errNobody
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = s.store.dropSpent(ctx, tx, s.now())
		return err
	})
	return n, err
}
