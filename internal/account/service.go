package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account/factor"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/deliver"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

// Deps is what the service works with. Hasher nil means a pool at full cost
// with one worker a core.
type Deps struct {
	DB     *db.DB
	IDs    *id.Source
	Clock  clock.Clock
	Keys   *seal.Keys
	Log    *event.Log
	Trail  *audit.Trail
	Org    *org.Service
	People *person.Service
	Hasher Hasher
	// Factors keeps second factors; nil means none for passkeys and the machine's
	// clock for codes.
	Factors *factor.Service
	// FactorOff asks nobody for a second factor: for a demo, and for tests that
	// are about something else.
	FactorOff bool
	// Deliver brings codes to phones, and Jobs looks whose phone it is; nil means
	// that no phone can be confirmed and no password had anew by one.
	Deliver *deliver.Service
	Jobs    *job.Service
	// Listed records that the list of a class is shown, with so many pupils, and
	// refuses whoever has opened too many; nil: nobody records.
	Listed func(ctx context.Context, by access.Actor, class id.Node, names int) error
}

// Service is the front door of the package.
type Service struct {
	db     *db.DB
	ids    *id.Source
	clk    clock.Clock
	keys   *seal.Keys
	log    *event.Log
	trail  *audit.Trail
	org    *org.Service
	people *person.Service
	hasher Hasher
	store  store
	guard  *throttle
	gate   *gate
	pace   *pace

	factors   *factor.Service
	factorOff bool

	deliver *deliver.Service
	jobs    *job.Service
	listed  func(ctx context.Context, by access.Actor, class id.Node, names int) error
}

// New returns the service.
func New(d Deps) *Service {
	if d.Hasher == nil {
		d.Hasher = NewPool(FullCost, 0, 0)
	}
	if d.Factors == nil {
		// Without an address there are no passkeys, and nothing that can fail.
		d.Factors, _ = factor.New(factor.Deps{DB: d.DB, IDs: d.IDs, Clock: d.Clock, Keys: d.Keys})
	}
	s := &Service{db: d.DB, ids: d.IDs, clk: d.Clock, keys: d.Keys, log: d.Log, trail: d.Trail,
		org: d.Org, people: d.People, hasher: d.Hasher, store: store{d.DB}, guard: &throttle{d.DB, d.Keys},
		gate: newGate(), pace: &pace{}, factors: d.Factors, factorOff: d.FactorOff,
		deliver: d.Deliver, jobs: d.Jobs, listed: d.Listed}
	if s.jobs != nil {
		s.jobs.Register(kindRecovery, s.sendRecovery)
	}
	return s
}

// newToken makes the secret of a session: 32 random bytes.
func newToken() string {
	var raw [32]byte
	rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// tokenHash is how a token is stored. The token itself is random enough, so the
// hash needs no key and outlives a change of keys.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// codeHash is how a code in canonical form is stored.
func (s *Service) codeHash(code string) []byte { return s.keys.Hash("code", code) }

// findCode looks a code up under every key of the hash that is in use, since a
// keyed hash cannot change its key by itself.
func (s *Service) findCode(ctx context.Context, code string) (row codeRow, found bool, err error) {
	for _, hash := range s.keys.Hashes("code", code) {
		if row, found, err = s.store.codeByHash(ctx, hash); err != nil || found {
			return row, found, err
		}
	}
	return codeRow{}, false, nil
}

// detail writes the detail of an audit row.
func detail(pairs ...any) string {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("account: encode audit detail: %v", err))
	}
	return string(b)
}

// note appends an audit row for what by did.
func (s *Service) note(ctx context.Context, tx *db.Tx, by access.Actor, action, kind string, object int64, node id.Node, text string) error {
	return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role),
		Action: action, Kind: kind, Object: object, Node: node, Detail: text, At: s.clk.Now()})
}

// openSession makes a session and its token inside a transaction's closure.
// The token is made by the caller, once, since a closure may run again.
func (s *Service) openSession(ctx context.Context, tx *db.Tx, account id.Account, role access.Role, o opening) (Session, error) {
	now := s.clk.Now()
	life := OwnLife
	if o.shared {
		life = SharedLife
	}
	ses := Session{ID: id.Next[id.Session](s.ids), Account: account, Role: role, Device: o.device, Shared: o.shared,
		MadeAt: now, SeenAt: now, ExpiresAt: now.Add(life), FactorAt: o.factorAt}
	return ses, s.store.insertSession(ctx, tx, ses, tokenHash(o.token))
}

// ticket is what the browser gets for a session.
func ticket(token string, ses Session) Ticket {
	t := Ticket{Token: token, Session: ses}
	if !ses.Shared {
		t.MaxAge = ses.ExpiresAt.Sub(ses.MadeAt)
	}
	return t
}

// Sweep erases readable copies of codes older than ReprintLife, deletes
// sessions that ended or expired a month ago, half-open sign-ins of yesterday
// and counts of failures that nobody needs any more. A job calls it every hour; it
// returns how many rows it touched.
func (s *Service) Sweep(ctx context.Context, by access.Actor) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden
	}
	now := s.clk.Now()
	var total int64
	for _, step := range []func(ctx context.Context, tx *db.Tx) (int64, error){
		func(ctx context.Context, tx *db.Tx) (int64, error) {
			return s.store.eraseSealed(ctx, tx, now.Add(-ReprintLife), 1000)
		},
		func(ctx context.Context, tx *db.Tx) (int64, error) {
			return s.store.dropSessions(ctx, tx, now.Add(-30*24*time.Hour), 1000)
		},
		func(ctx context.Context, tx *db.Tx) (int64, error) {
			return s.store.dropHalves(ctx, tx, now.Add(-24*time.Hour), 1000)
		},
		func(ctx context.Context, tx *db.Tx) (int64, error) {
			return s.store.sweepPhoneCodes(ctx, tx, now.Add(-48*time.Hour), 1000)
		},
		func(ctx context.Context, tx *db.Tx) (int64, error) { return s.guard.sweep(ctx, tx, now) },
	} {
		for n := int64(1000); n >= 1000; {
			err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = step(ctx, tx)
				return err
			})
			if err != nil {
				return total, err
			}
			total += n
		}
	}
	n, err := s.factors.Sweep(ctx, by)
	return total + n, err
}
