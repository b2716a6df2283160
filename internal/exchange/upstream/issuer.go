package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Issuer is a provider.
type Issuer struct {
	ID     id.Issuer
	Node   id.Node
	Name   string // as the button on the sign-in page says it
	URL    string // the issuer's identifier
	Client string // client id that the provider gave
	Claim  string // claim that identifies somebody there; sub unless it changes there
	// TrustMFA says that a second factor at the provider counts here.
	TrustMFA bool
	Active   bool
	Version  int64
	// NodeName is the name of the node, in lists.
	NodeName string

	secret []byte
}

// Draft is a provider as somebody enters it.
type Draft struct {
	NodeCode, Name, URL, Client string
	Secret                      string // "" keeps the one that is there
	Claim                       string // "" is sub
	TrustMFA, Active            bool
	Key                         string // of the form, against a second click
	Version                     int64
}

var claimForm = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,80}$`)

// check brings the draft into form and lists what is wrong with it.
func (d *Draft) check(fresh bool) []fault.Field {
	d.Name, d.URL, d.Client, d.Claim = strings.TrimSpace(d.Name), strings.TrimSpace(d.URL), strings.TrimSpace(d.Client), strings.TrimSpace(d.Claim)
	if d.Claim == "" {
		d.Claim = "sub"
	}
	var out []fault.Field
	if n := utf8.RuneCountInString(d.Name); n == 0 || n > 40 {
		out = append(out, fault.At("name", "upstream.name.missing"))
	}
	if !issuerURL(d.URL) {
		out = append(out, fault.At("url", "upstream.url.form"))
	}
	if d.Client == "" || len(d.Client) > 200 {
		out = append(out, fault.At("client", "upstream.client.missing"))
	}
	if d.Secret == "" && fresh || len(d.Secret) > 500 {
		out = append(out, fault.At("secret", "upstream.secret.missing"))
	}
	if !claimForm.MatchString(d.Claim) {
		out = append(out, fault.At("claim", "upstream.claim.form"))
	}
	return out
}

// issuerURL reports whether s can be an issuer's identifier: https, or http on
// this machine, without query and fragment.
func issuerURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || len(s) > 300 {
		return false
	}
	host := u.Hostname()
	return u.Scheme == "https" || u.Scheme == "http" && (host == "127.0.0.1" || host == "::1" || host == "localhost")
}

const columns = "i.id, i.node, i.name, i.url, i.client, i.secret, i.claim, i.trust_mfa, i.active, i.version"

func scan(row interface{ Scan(...any) error }) (Issuer, error) {
	var i Issuer
	var trust, active int
	err := row.Scan(&i.ID, &i.Node, &i.Name, &i.URL, &i.Client, &i.secret, &i.Claim, &trust, &active, &i.Version)
	i.TrustMFA, i.Active = trust == 1, active == 1
	return i, err
}

// Issuers lists the providers of the actor's subtree for whoever sets them up;
// fault.ErrForbidden for others.
func (s *Service) Issuers(ctx context.Context, by access.Actor) ([]Issuer, error) {
	scope := by.Scope(access.UpstreamManage)
	if scope.Empty() {
		return nil, errForbidden()
	}
	var args db.Args
	return s.list(ctx, scope.Nodes("i.node", &args), args...)
}

// Offered lists the active providers for the sign-in page, which everybody sees:
// name and id alone.
func (s *Service) Offered(ctx context.Context, by access.Actor) ([]Issuer, error) {
	all, err := s.list(ctx, "i.active = 1")
	out := make([]Issuer, len(all))
	for n, i := range all {
		out[n] = Issuer{ID: i.ID, Name: i.Name}
	}
	return out, err
}

func (s *Service) list(ctx context.Context, condition string, args ...any) ([]Issuer, error) {
	rows, err := s.DB.Query(ctx, "SELECT "+columns+" FROM ups_issuer i WHERE "+condition+" ORDER BY i.name, i.id LIMIT 500", args...)
	if err != nil {
		return nil, fmt.Errorf("list providers: %w", err)
	}
	defer rows.Close()
	var out []Issuer
	var nodes []id.Node
	for rows.Next() {
		i, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list providers: %w", err)
		}
		out, nodes = append(out, i), append(nodes, i.Node)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list providers: %w", err)
	}
	found, err := org.Nodes(ctx, s.DB, nodes)
	if err != nil {
		return nil, err
	}
	for n := range out {
		out[n].NodeName = found[out[n].Node].Name
	}
	return out, nil
}

// issuer reads one provider.
func (s *Service) issuer(ctx context.Context, n id.Issuer) (Issuer, error) {
	i, err := scan(s.DB.QueryRow(ctx, "SELECT "+columns+" FROM ups_issuer i WHERE i.id = $1", n))
	if errors.Is(err, db.ErrNoRows) {
		return Issuer{}, errMissing()
	}
	if err != nil {
		return Issuer{}, fmt.Errorf("read provider %d: %w", n, err)
	}
	return i, nil
}

// Get returns a provider with the code of its node, for whoever sets it up.
func (s *Service) Get(ctx context.Context, by access.Actor, n id.Issuer) (Issuer, string, error) {
	i, err := s.issuer(ctx, n)
	if err != nil {
		return Issuer{}, "", err
	}
	nodes, err := org.Nodes(ctx, s.DB, []id.Node{i.Node})
	if err != nil {
		return Issuer{}, "", err
	}
	at := nodes[i.Node]
	if !by.Allows(access.UpstreamManage, at.Path) {
		return Issuer{}, "", errMissing()
	}
	i.NodeName = at.Name
	return i, at.Code, nil
}

// target checks a draft and finds its node, a prefecture, county, zone or school
// where the actor sets up providers.
func (s *Service) target(ctx context.Context, by access.Actor, d *Draft, fresh bool) (org.Node, error) {
	if !by.Can(access.UpstreamManage) {
		return org.Node{}, errForbidden()
	}
	fields := d.check(fresh)
	n, err := s.Org.ByCode(ctx, by, strings.TrimSpace(d.NodeCode))
	switch {
	case errors.Is(err, fault.ErrNotFound):
		fields = append(fields, fault.At("node", "upstream.node.unknown"))
	case err != nil:
		return org.Node{}, err
	case !n.IsRegion() && !n.IsSchool() || access.IsRoot(n.Path):
		fields = append(fields, fault.At("node", "upstream.node.kind"))
	case !by.Allows(access.UpstreamManage, n.Path):
		return org.Node{}, errMissing()
	}
	if len(fields) > 0 {
		return org.Node{}, fault.Invalid(fields...)
	}
	return n, nil
}

// Create sets a provider up. Errors: fault.ErrInvalid with fields,
// fault.ErrForbidden.
func (s *Service) Create(ctx context.Context, by access.Actor, d Draft) (id.Issuer, error) {
	n, err := s.target(ctx, by, &d, true)
	if err != nil {
		return 0, err
	}
	made := id.Next[id.Issuer](s.IDs)
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO ups_issuer (id, node, name, url, client, secret, claim, trust_mfa, active, idem, made_at, made_by)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)", made, n.ID, d.Name, d.URL, d.Client, s.Keys.Seal([]byte(d.Secret)),
			d.Claim, d.TrustMFA, d.Active, d.Key, clock.Millis(s.Clock.Now()), by.Person)
		if err != nil {
			return err
		}
		return s.note(ctx, tx, by, "upstream.created", "issuer", made.Int(), n.ID)
	})
	if db.IsUnique(err) && d.Key != "" {
		err = s.DB.QueryRow(ctx, "SELECT id FROM ups_issuer WHERE idem = $1", d.Key).Scan(&made)
	}
	if err != nil {
		return 0, fmt.Errorf("create a provider: %w", err)
	}
	return made, nil
}

// Change changes a provider; an empty secret keeps the one that is there. A
// provider that moves to another node or address loses its links: they were made
// with another one. Errors: fault.ErrInvalid with fields, fault.ErrNotFound,
// fault.ErrStale.
func (s *Service) Change(ctx context.Context, by access.Actor, n id.Issuer, d Draft) error {
	old, _, err := s.Get(ctx, by, n)
	if err != nil {
		return err
	}
	at, err := s.target(ctx, by, &d, false)
	if err != nil {
		return err
	}
	secret := old.secret
	if d.Secret != "" {
		secret = s.Keys.Seal([]byte(d.Secret))
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE ups_issuer SET node = $1, name = $2, url = $3, client = $4, secret = $5, claim = $6, trust_mfa = $7, active = $8,"+
			" version = version + 1 WHERE id = $9 AND version = $10", at.ID, d.Name, d.URL, d.Client, secret, d.Claim, d.TrustMFA, d.Active, n, d.Version)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.ErrStale, "error.stale")
		}
		if old.Node != at.ID || old.URL != d.URL || old.Claim != d.Claim {
			if _, err := tx.Exec(ctx, "DELETE FROM ups_link WHERE issuer = $1", n); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, by, "upstream.changed", "issuer", n.Int(), at.ID)
	})
	if err != nil {
		return fmt.Errorf("change provider %d: %w", n, err)
	}
	return nil
}

// Links counts who is linked through a provider.
func (s *Service) Links(ctx context.Context, by access.Actor, n id.Issuer) (int, error) {
	if _, _, err := s.Get(ctx, by, n); err != nil {
		return 0, err
	}
	var count int
	if err := s.DB.QueryRow(ctx, "SELECT COUNT(*) FROM ups_link WHERE issuer = $1", n).Scan(&count); err != nil {
		return 0, fmt.Errorf("count links of provider %d: %w", n, err)
	}
	return count, nil
}

// Sweep deletes visits that are over.
func (s *Service) Sweep(ctx context.Context, by access.Actor) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden()
	}
	n, err := s.DB.Exec(ctx, "DELETE FROM ups_visit WHERE expires_at < $1", clock.Millis(s.Clock.Now().Add(-24*time.Hour)))
	if err != nil {
		return 0, fmt.Errorf("drop old visits: %w", err)
	}
	return n, nil
}
