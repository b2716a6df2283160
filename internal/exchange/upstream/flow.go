package upstream

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

const (
	// VisitLife is how long a visit to a provider may take, and an arrival waits
	// to be linked.
	VisitLife = 30 * time.Minute
	// knownFor is how long a provider's own description is believed.
	knownFor = time.Hour
)

// provider is a provider's description, read from it.
type provider struct {
	*oidc.Provider
	// names says that the provider names itself in its answers (RFC 9207).
	names   bool
	version int64
	until   time.Time
}

// Answer is what the browser brings back from a provider.
type Answer struct {
	State, Code, Iss, Error string
}

// Arrival is somebody whom a provider has identified.
type Arrival struct {
	// Ticket lets him in where he is linked.
	Ticket account.Ticket
	// Waiting says that nobody is linked yet: the token of the visit stays good
	// for Link.
	Waiting bool
}

// errVisit is any answer that fits no visit of this browser.
func errVisit() error { return fault.Invalid(fault.At("issuer", "upstream.visit.over")) }

// errProvider is a provider that does not answer as it should; the cause is for
// the log.
func errProvider(err error) error {
	return fault.Wrap(fault.ErrUnavailable, err, "upstream.provider.trouble")
}

// describe reads a provider's description, or the one that is known.
func (s *Service) describe(ctx context.Context, i Issuer) (provider, error) {
	s.mu.Lock()
	known, ok := s.known[i.ID]
	s.mu.Unlock()
	if ok && known.version == i.Version && time.Now().Before(known.until) {
		return known, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, s.HTTP), i.URL)
	if err != nil {
		return provider{}, errProvider(fmt.Errorf("describe provider %d: %w", i.ID, err))
	}
	var more struct {
		Names bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := p.Claims(&more); err != nil {
		return provider{}, errProvider(fmt.Errorf("describe provider %d: %w", i.ID, err))
	}
	known = provider{p, more.Names, i.Version, time.Now().Add(knownFor)}
	s.mu.Lock()
	s.known[i.ID] = known
	s.mu.Unlock()
	return known, nil
}

// oauth is the client that the product is at a provider.
func (s *Service) oauth(i Issuer, p provider, callback string) (oauth2.Config, error) {
	secret, err := s.Keys.Open(i.secret)
	if err != nil {
		return oauth2.Config{}, fmt.Errorf("open the secret of provider %d: %w", i.ID, err)
	}
	return oauth2.Config{ClientID: i.Client, ClientSecret: string(secret), Endpoint: p.Endpoint(), RedirectURL: callback,
		Scopes: []string{oidc.ScopeOpenID, "profile"}}, nil
}

// Start begins a visit to a provider and returns where the browser goes, and
// the token that it keeps. callback is this server's address for the answer.
// Errors: fault.ErrNotFound, fault.ErrUnavailable when the provider is away.
func (s *Service) Start(ctx context.Context, by access.Actor, n id.Issuer, callback string) (address, token string, err error) {
	i, err := s.issuer(ctx, n)
	if err != nil {
		return "", "", err
	}
	if !i.Active {
		return "", "", errMissing()
	}
	p, err := s.describe(ctx, i)
	if err != nil {
		return "", "", err
	}
	conf, err := s.oauth(i, p, callback)
	if err != nil {
		return "", "", err
	}
	token, nonce, verifier, now := newToken(), newToken(), oauth2.GenerateVerifier(), s.Clock.Now()
	_, err = s.DB.Exec(ctx, "INSERT INTO ups_visit (id, token_hash, issuer, person, nonce, verifier, subject, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		s.IDs.Next(), tokenHash(token), n, by.Person, nonce, s.Keys.Seal([]byte(verifier)), []byte{}, clock.Millis(now), clock.Millis(now.Add(VisitLife)))
	if err != nil {
		return "", "", fmt.Errorf("begin a visit: %w", err)
	}
	return conf.AuthCodeURL(token, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), token, nil
}

// visit is a stored visit.
type visit struct {
	id       int64
	issuer   id.Issuer
	person   id.Person // who was signed in when it began
	nonce    string
	verifier []byte
	subject  []byte
}

// takeVisit uses a visit up: of two answers to one visit, one is heard.
func (s *Service) takeVisit(ctx context.Context, n id.Issuer, token string) (visit, error) {
	now := clock.Millis(s.Clock.Now())
	var v visit
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		taken, err := tx.Exec(ctx, "UPDATE ups_visit SET used_at = $1 WHERE token_hash = $2 AND issuer = $3 AND used_at = 0 AND expires_at > $4",
			now, tokenHash(token), n, now)
		if err != nil {
			return err
		}
		if taken == 0 {
			return errVisit()
		}
		return tx.QueryRow(ctx, "SELECT id, issuer, person, nonce, verifier FROM ups_visit WHERE token_hash = $1", tokenHash(token)).
			Scan(&v.id, &v.issuer, &v.person, &v.nonce, &v.verifier)
	})
	if err != nil {
		return visit{}, fmt.Errorf("take a visit: %w", err)
	}
	return v, nil
}

// identity is what a provider says of somebody.
type identity struct {
	subject []byte
	factor  bool
}

// subjectHash stands for somebody at a provider. What a provider calls somebody
// is long and random as a rule, so the hash needs no key.
func subjectHash(n id.Issuer, value string) []byte {
	sum := sha256.Sum256([]byte(n.String() + "\x00" + value))
	return sum[:]
}

// Finish hears the answer of a provider: token is what the browser kept. Where
// the person is linked, belongs to the provider's subtree and holds no role
// outside it, he is let in; where nobody is linked the arrival waits. Errors:
// fault.ErrInvalid on the field issuer, fault.ErrUnavailable.
func (s *Service) Finish(ctx context.Context, by access.Actor, n id.Issuer, token, callback string, a Answer, c account.Credentials) (Arrival, error) {
	if token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(a.State)) != 1 {
		return Arrival{}, errVisit()
	}
	v, err := s.takeVisit(ctx, n, token)
	if err != nil {
		return Arrival{}, err
	}
	i, err := s.issuer(ctx, n)
	if err != nil {
		return Arrival{}, err
	}
	who, err := s.identify(ctx, i, v, callback, a)
	if err != nil {
		return Arrival{}, err
	}
	var linked id.Person
	err = s.DB.QueryRow(ctx, "SELECT person FROM ups_link WHERE issuer = $1 AND subject = $2", n, who.subject).Scan(&linked)
	if errors.Is(err, db.ErrNoRows) {
		_, err = s.DB.Exec(ctx, "UPDATE ups_visit SET subject = $1 WHERE id = $2", who.subject, v.id)
		if err != nil {
			return Arrival{}, fmt.Errorf("keep an arrival: %w", err)
		}
		return Arrival{Waiting: true}, nil
	}
	if err != nil {
		return Arrival{}, fmt.Errorf("look for a link: %w", err)
	}
	if v.person != 0 && v.person != linked {
		return Arrival{}, fault.New(fault.ErrConflict, "upstream.linked_already")
	}
	if err := s.inside(ctx, by, i, linked); err != nil {
		return Arrival{}, err
	}
	if c.Device == "" {
		c.Device = i.Name
	}
	t, err := s.Accounts.EnterUpstream(ctx, by, linked, c, who.factor)
	if err != nil {
		return Arrival{}, err
	}
	_, err = s.DB.Exec(ctx, "UPDATE ups_link SET used_at = $1 WHERE issuer = $2 AND person = $3", clock.Millis(s.Clock.Now()), n, linked)
	if err != nil {
		return Arrival{}, fmt.Errorf("note the use of a link: %w", err)
	}
	return Arrival{Ticket: t}, nil
}

// identify checks the answer and the ID token (OpenID Connect Core 3.1.3.7).
func (s *Service) identify(ctx context.Context, i Issuer, v visit, callback string, a Answer) (identity, error) {
	if !i.Active {
		return identity{}, errVisit()
	}
	p, err := s.describe(ctx, i)
	if err != nil {
		return identity{}, err
	}
	switch {
	case a.Iss != "" && a.Iss != i.URL, a.Iss == "" && p.names:
		return identity{}, errVisit()
	case a.Error != "" || a.Code == "":
		return identity{}, fault.Invalid(fault.At("issuer", "upstream.provider.refused"))
	}
	conf, err := s.oauth(i, p, callback)
	if err != nil {
		return identity{}, err
	}
	verifier, err := s.Keys.Open(v.verifier)
	if err != nil {
		return identity{}, fmt.Errorf("open a visit: %w", err)
	}
	ctx = oidc.ClientContext(ctx, s.HTTP)
	tokens, err := conf.Exchange(ctx, a.Code, oauth2.VerifierOption(string(verifier)))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) && answered.Response.StatusCode < 500 {
			return identity{}, errVisit()
		}
		return identity{}, errProvider(fmt.Errorf("exchange a code with provider %d", i.ID))
	}
	raw, _ := tokens.Extra("id_token").(string)
	checked, err := p.Verifier(&oidc.Config{ClientID: i.Client}).Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(checked.Nonce), []byte(v.nonce)) != 1 {
		return identity{}, errVisit()
	}
	var claims, more map[string]any
	if err := checked.Claims(&claims); err != nil {
		return identity{}, errVisit()
	}
	value, _ := claims[i.Claim].(string)
	if value == "" {
		// Some providers give what is not about the sign-in on a further question.
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil || info.Subject != checked.Subject || info.Claims(&more) != nil {
			return identity{}, fault.Invalid(fault.At("issuer", "upstream.provider.claim"))
		}
		value, _ = more[i.Claim].(string)
	}
	if value = strings.TrimSpace(value); value == "" {
		return identity{}, fault.Invalid(fault.At("issuer", "upstream.provider.claim"))
	}
	amr, _ := claims["amr"].([]any)
	return identity{subjectHash(i.ID, value), i.TrustMFA && slices.Contains(amr, any("mfa"))}, nil
}

// inside refuses whoever does not belong to the provider's subtree today, holds a
// role outside it, or has a child there.
func (s *Service) inside(ctx context.Context, by access.Actor, i Issuer, who id.Person) error {
	outside := fault.Invalid(fault.At("issuer", "upstream.outside"))
	within, err := org.Path(ctx, s.DB, i.Node)
	if err != nil {
		return err
	}
	rec, err := person.Load(ctx, s.DB, who)
	if err != nil {
		return err
	}
	home, err := org.Path(ctx, s.DB, rec.Unit)
	if err != nil || !access.Covers(within, home) {
		return orOutside(err, outside)
	}
	places, err := s.Accounts.PlacesOf(ctx, access.Actor{Person: who}, who)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(places, func(at access.Place) bool { return at.Path != "" && !access.Covers(within, at.Path) }) {
		return outside
	}
	if rec.Role != person.RoleGuardian {
		return nil
	}
	return s.wardsInside(ctx, within, who, outside)
}

// wardsInside refuses a guardian of whose children one learns outside.
func (s *Service) wardsInside(ctx context.Context, within string, who id.Person, outside error) error {
	bindings, err := s.People.OwnBindings(ctx, access.Actor{Person: who}, who)
	if err != nil {
		return err
	}
	var units []id.Node
	for _, b := range bindings {
		if b.Guardianship.Status == person.BindingConfirmed {
			units = append(units, b.AtUnit)
		}
	}
	spots, err := org.Spots(ctx, s.DB, units)
	if err != nil {
		return err
	}
	for _, u := range units {
		if !access.Covers(within, spots[u].Path) {
			return outside
		}
	}
	return nil
}

func orOutside(err, outside error) error {
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	return outside
}

// Waiting returns the provider of an arrival that waits to be linked;
// fault.ErrNotFound without one.
func (s *Service) Waiting(ctx context.Context, by access.Actor, token string) (Issuer, error) {
	v, err := s.waiting(ctx, s.DB, token)
	if err != nil {
		return Issuer{}, err
	}
	i, err := s.issuer(ctx, v.issuer)
	return Issuer{ID: i.ID, Name: i.Name}, err
}

func (s *Service) waiting(ctx context.Context, q db.Queryer, token string) (visit, error) {
	var v visit
	if token == "" {
		return v, errMissing()
	}
	err := q.QueryRow(ctx, "SELECT id, issuer, person, subject FROM ups_visit WHERE token_hash = $1 AND used_at > 0 AND linked_at = 0 AND expires_at > $2",
		tokenHash(token), clock.Millis(s.Clock.Now())).Scan(&v.id, &v.issuer, &v.person, &v.subject)
	if errors.Is(err, db.ErrNoRows) || err == nil && len(v.subject) == 0 {
		return v, errMissing()
	}
	if err != nil {
		return v, fmt.Errorf("read an arrival: %w", err)
	}
	return v, nil
}

// Link makes the arrival of this browser the actor: from then on the provider
// lets him in. The actor has signed in himself, by password or by slip, in the
// session given, and makes sure of it by the proof where [account.Service.Sure]
// asks for one. Errors: fault.ErrNotFound without an arrival, fault.ErrInvalid for
// whoever does not belong to the provider's subtree and on the fields code and
// old, fault.ErrTooMany, fault.ErrConflict where the actor or the other identity
// is linked already.
func (s *Service) Link(ctx context.Context, by access.Actor, token, session string, proof account.Proof) (Issuer, error) {
	if !by.IsPerson() || by.ViewedBy != 0 {
		return Issuer{}, errForbidden()
	}
	v, err := s.waiting(ctx, s.DB, token)
	if err != nil {
		return Issuer{}, err
	}
	if v.person != 0 && v.person != by.Person {
		return Issuer{}, errMissing()
	}
	i, err := s.issuer(ctx, v.issuer)
	if err != nil {
		return Issuer{}, err
	}
	if err := s.inside(ctx, by, i, by.Person); err != nil {
		return Issuer{}, err
	}
	if err := s.Accounts.Sure(ctx, by, session, proof); err != nil {
		return Issuer{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := clock.Millis(s.Clock.Now())
		n, err := tx.Exec(ctx, "UPDATE ups_visit SET linked_at = $1 WHERE id = $2 AND linked_at = 0", now, v.id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errMissing()
		}
		_, err = tx.Exec(ctx, "INSERT INTO ups_link (id, issuer, subject, person, made_at) VALUES ($1, $2, $3, $4, $5)", s.IDs.Next(), v.issuer, v.subject, by.Person, now)
		if err != nil {
			return err
		}
		return s.note(ctx, tx, by, "upstream.linked", "issuer", v.issuer.Int(), i.Node)
	})
	if db.IsUnique(err) {
		return Issuer{}, fault.New(fault.ErrConflict, "upstream.linked_already")
	}
	if err != nil {
		return Issuer{}, fmt.Errorf("link person %d: %w", by.Person, err)
	}
	return Issuer{ID: i.ID, Name: i.Name}, nil
}

// Asks tells what Link will ask of the actor in the session.
func (s *Service) Asks(ctx context.Context, by access.Actor, session string) (account.Ask, error) {
	return s.Accounts.Asks(ctx, by, session)
}

// Own is a provider with the actor's link to it.
type Own struct {
	Issuer
	Linked bool
	At     time.Time
}

// Mine lists the providers that the actor may use: those of places to which he
// belongs, linked or not.
func (s *Service) Mine(ctx context.Context, by access.Actor) ([]Own, error) {
	if !by.IsPerson() {
		return nil, errForbidden()
	}
	all, err := s.list(ctx, "i.active = 1")
	if err != nil {
		return nil, err
	}
	var out []Own
	for _, i := range all {
		var at int64
		err := s.DB.QueryRow(ctx, "SELECT made_at FROM ups_link WHERE issuer = $1 AND person = $2", i.ID, by.Person).Scan(&at)
		linked := err == nil
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return nil, fmt.Errorf("read links of person %d: %w", by.Person, err)
		}
		err = s.inside(ctx, by, i, by.Person)
		if err != nil && !errors.Is(err, fault.ErrInvalid) {
			return nil, err
		}
		if linked || err == nil {
			out = append(out, Own{Issuer{ID: i.ID, Name: i.Name}, linked, clock.FromMillis(at)})
		}
	}
	return out, nil
}

// Unlink takes the actor's link to a provider away; without one it does
// nothing.
func (s *Service) Unlink(ctx context.Context, by access.Actor, n id.Issuer) error {
	if !by.IsPerson() || by.ViewedBy != 0 {
		return errForbidden()
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		gone, err := tx.Exec(ctx, "DELETE FROM ups_link WHERE issuer = $1 AND person = $2", n, by.Person)
		if err != nil || gone == 0 {
			return err
		}
		return s.note(ctx, tx, by, "upstream.unlinked", "issuer", n.Int(), 0)
	})
}
