package upstream_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/upstream"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

const (
	good     = "maple-river-42"
	callback = "http://127.0.0.1:1/upstream/callback"
)

// people of the provider: the names are theirs, not ours.
type users map[string]*storage.User

func (u users) GetUserByID(id string) *storage.User { return u[id] }
func (u users) GetUserByUsername(name string) *storage.User {
	for _, one := range u {
		if one.Username == name {
			return one
		}
	}
	return nil
}
func (users) ExampleClientID() string { return "service" }

// store is the library's storage with a second factor that it does not know.
type store struct {
	*storage.Storage
	factor bool
}

type request struct {
	op.AuthRequest
	factor bool
}

func (r request) GetAMR() []string {
	if r.factor {
		return []string{"pwd", "mfa"}
	}
	return r.AuthRequest.GetAMR()
}

func (s *store) AuthRequestByID(ctx context.Context, id string) (op.AuthRequest, error) {
	r, err := s.Storage.AuthRequestByID(ctx, id)
	return request{r, s.factor}, err
}

func (s *store) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	r, err := s.Storage.AuthRequestByCode(ctx, code)
	return request{r, s.factor}, err
}

// CreateAccessToken knows the requests that the storage made itself alone.
func (s *store) CreateAccessToken(ctx context.Context, r op.TokenRequest) (string, time.Time, error) {
	if own, ok := r.(request); ok {
		return s.Storage.CreateAccessToken(ctx, own.AuthRequest)
	}
	return s.Storage.CreateAccessToken(ctx, r)
}

// provider is a real OpenID provider on loopback.
type provider struct {
	store *store
	url   string
	login func(context.Context, string) string
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	p := &provider{url: server.URL}
	p.store = &store{Storage: storage.NewStorageWithClients(users{
		"u1": {ID: "u1", Username: "zhou", Password: "pw", FirstName: "周", LastName: "沐阳"},
		"u2": {ID: "u2", Username: "wang", Password: "pw", FirstName: "周", LastName: "沐阳"},
	}, map[string]*storage.Client{"learnspace": storage.WebClient("learnspace", "secret", callback)})}
	made, err := op.NewProvider(&op.Config{CryptoKey: sha256.Sum256([]byte("test")), CryptoKeyId: "k", CodeMethodS256: true, AuthMethodPost: true},
		p.store, op.StaticIssuer(server.URL), op.WithAllowInsecure())
	if err != nil {
		t.Fatal(err)
	}
	handler, p.login = made, op.AuthCallbackURL(made)
	return p
}

// visit is what a browser does at the provider: it comes with the address,
// signs in as user, and is sent back with the answer.
func (p *provider) visit(t *testing.T, address, user string) upstream.Answer {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(address string) *url.URL {
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		to, err := res.Location()
		if err != nil {
			t.Fatalf("%s answers %d", address, res.StatusCode)
		}
		return to
	}
	ticket := get(address).Query().Get("authRequestID")
	if err := p.store.CheckUsernamePassword(user, "pw", ticket); err != nil {
		t.Fatal(err)
	}
	back := p.login(op.ContextWithIssuer(t.Context(), p.url), ticket)
	if !strings.HasPrefix(back, "http") {
		back = p.url + back
	}
	q := get(back).Query()
	return upstream.Answer{State: q.Get("state"), Code: q.Get("code"), Iss: q.Get("iss"), Error: q.Get("error")}
}

// fixture is two counties with a school each; the provider belongs to the first.
type fixture struct {
	*dbtest.Harness
	orgs     *org.Service
	people   *person.Service
	accounts *account.Service
	*upstream.Service
	op    access.Actor
	sys   access.Actor
	nodes map[string]org.Node
	n     int
	// sessions are those in which people have come in.
	sessions map[id.Person]string
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, op: access.Operator("tester"), nodes: map[string]org.Node{}, sessions: map[id.Person]string{}}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.orgs.Spaces, f.orgs.People = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people), f.people
	f.accounts = account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit,
		Org: f.orgs, People: f.people, Hasher: account.NewPool(account.CheapCost, 2, 64)})
	f.Service = upstream.New(upstream.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, Org: f.orgs, People: f.people,
		Accounts: f.accounts, HTTP: http.DefaultClient})
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"}, {Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"}, {Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "宽城小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	for _, code := range []string{"22", "220102", "220103", "2122000001", "2122000002"} {
		if f.nodes[code], err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	root := f.nodes["22"]
	f.sys = access.Actor{Person: id.Next[id.Person](h.IDs), Role: access.SysAdmin, Places: []access.Place{{Node: root.ID, Path: root.Path, Role: access.SysAdmin}}}
	return f
}

// teacher is a teacher of a school who has come in, as an actor.
func (f *fixture) teacher(t *testing.T, school, login string) access.Actor {
	t.Helper()
	n := f.nodes[school]
	f.n++
	made, err := f.people.Prepare(t.Context(), f.op, []person.Draft{{Name: "周沐阳", Role: person.RoleTeacher, Birth: clock.Day(19850300 + f.n), NoIDReason: "待补", Node: n.ID, Unit: n.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.people.InsertMany(t.Context(), f.op, made); err != nil {
		t.Fatal(err)
	}
	slip, err := f.accounts.IssueCode(t.Context(), f.op, made[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := f.accounts.Activate(t.Context(), access.Anonymous(), account.Activation{Code: slip.Code, Login: login, Password: good})
	if err != nil {
		t.Fatal(err)
	}
	f.sessions[made[0].ID] = ticket.Token
	return f.as(t, made[0].ID)
}

func (f *fixture) as(t *testing.T, who id.Person) access.Actor {
	t.Helper()
	by, err := f.accounts.ActorOf(t.Context(), f.op, who, "")
	if err != nil {
		t.Fatal(err)
	}
	return by
}

func (f *fixture) issuer(t *testing.T, p *provider, trust bool) id.Issuer {
	t.Helper()
	n, err := f.Create(t.Context(), f.sys, upstream.Draft{NodeCode: "220102", Name: "南关教育账号", URL: p.url, Client: "learnspace", Secret: "secret", TrustMFA: trust, Active: true})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// come is a whole visit: there, sign in as user, and back.
func (f *fixture) come(t *testing.T, p *provider, n id.Issuer, by access.Actor, user string) (upstream.Arrival, string, error) {
	t.Helper()
	address, token, err := f.Start(t.Context(), by, n, callback)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"code_challenge=", "code_challenge_method=S256", "nonce=", "state="} {
		if !strings.Contains(address, part) {
			t.Errorf("%s is missing in %s", part, address)
		}
	}
	a, err := f.Finish(t.Context(), by, n, token, callback, p.visit(t, address, user), account.Credentials{Network: "192.0.2.1"})
	return a, token, err
}

// connect links an arrival to somebody in the session in which he came in.
func (f *fixture) connect(t *testing.T, by access.Actor, token string) (upstream.Issuer, error) {
	t.Helper()
	return f.Link(t.Context(), by, token, f.sessions[by.Person], account.Proof{})
}

// link links somebody to a user of the provider.
func (f *fixture) link(t *testing.T, p *provider, n id.Issuer, by access.Actor, user string) {
	t.Helper()
	a, token, err := f.come(t, p, n, by, user)
	if err != nil || !a.Waiting {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := f.connect(t, by, token); err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
	}
}
