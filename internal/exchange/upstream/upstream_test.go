package upstream_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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
	"learnspace/internal/account/factor"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/upstream"
	"learnspace/internal/fault"
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

func TestLinkedOnceThenSignsIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f, p := setup(t, h), newProvider(t)
		n := f.issuer(t, p, false)
		teacher := f.teacher(t, "2122000001", "zhoumuyang")
		// A stranger of the same name is nobody here until he links.
		a, token, err := f.come(t, p, n, access.Anonymous(), "zhou")
		if err != nil || !a.Waiting || a.Ticket.Token != "" {
			t.Fatalf("first arrival: %+v, %v", a, err)
		}
		if i, err := f.Waiting(t.Context(), access.Anonymous(), token); err != nil || i.Name != "南关教育账号" {
			t.Errorf("waiting %+v, %v", i, err)
		}
		wantKind(t, "nobody links", second(f.connect(t, access.Anonymous(), token)), fault.ErrForbidden)
		if _, err := f.connect(t, teacher, token); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "a second time", second(f.connect(t, teacher, token)), fault.ErrNotFound)
		a, _, err = f.come(t, p, n, access.Anonymous(), "zhou")
		if err != nil || a.Ticket.Person != teacher.Person {
			t.Fatalf("second arrival: %+v, %v", a, err)
		}
		if by, _, err := f.accounts.Authenticate(t.Context(), a.Ticket.Token); err != nil || by.Person != teacher.Person {
			t.Errorf("session of %v, %v", by.Person, err)
		}
		if mine, err := f.Mine(t.Context(), teacher); err != nil || len(mine) != 1 || !mine[0].Linked {
			t.Errorf("mine %+v, %v", mine, err)
		}
		other := f.teacher(t, "2122000001", "othername")
		a, token, err = f.come(t, p, n, access.Anonymous(), "wang")
		if err != nil || !a.Waiting {
			t.Fatal(a, err)
		}
		wantKind(t, "one person, two identities", second(f.connect(t, teacher, token)), fault.ErrConflict)
		if _, err := f.connect(t, other, token); err != nil {
			t.Errorf("after the conflict: %v", err)
		}
		_, _, err = f.come(t, p, n, teacher, "wang")
		wantKind(t, "linking what is another's", err, fault.ErrConflict)
		if err := f.Unlink(t.Context(), teacher, n); err != nil {
			t.Fatal(err)
		}
		if a, _, err := f.come(t, p, n, access.Anonymous(), "zhou"); err != nil || !a.Waiting {
			t.Errorf("after unlinking: %+v, %v", a, err)
		}
	})
}

// TestLinkingAsksForTheHolder: whoever finds a device that has been signed in for
// a while makes no way in of his own.
func TestLinkingAsksForTheHolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f, p := setup(t, h), newProvider(t)
		n := f.issuer(t, p, true)
		by := f.teacher(t, "2122000001", "zhoumuyang")
		_, token, err := f.come(t, p, n, by, "zhou")
		if err != nil {
			t.Fatal(err)
		}
		link := func(session string, proof account.Proof) error {
			return second(f.Link(t.Context(), by, token, session, proof))
		}
		wantKind(t, "without a session", link("", account.Proof{Password: good}), fault.ErrForbidden)
		f.Clock.Advance(account.FreshFor)
		if ask, err := f.Asks(t.Context(), by, f.sessions[by.Person]); ask != account.AskPassword || err != nil {
			t.Errorf("asks for %q, %v", ask, err)
		}
		for _, wrong := range []string{"", "another-maple-1"} {
			wantKind(t, "by the session alone", link(f.sessions[by.Person], account.Proof{Password: wrong}), fault.ErrInvalid)
		}
		wantKind(t, "another's session", link(f.sessions[f.teacher(t, "2122000001", "othername").Person], account.Proof{Password: good}), fault.ErrForbidden)
		secret, err := f.accounts.Preset(t.Context(), access.System("test"), by.Person)
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, "with the password, where there is a factor", link(f.sessions[by.Person], account.Proof{Password: good}), fault.ErrInvalid)
		if err := link(f.sessions[by.Person], account.Proof{Code: factor.Code(secret, time.Now())}); err != nil {
			t.Errorf("with a code: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A provider opens nothing outside of its part of the tree.
func TestForeignTenant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f, p := setup(t, h), newProvider(t)
		n := f.issuer(t, p, false)
		far := f.teacher(t, "2122000002", "farteacher")
		a, token, err := f.come(t, p, n, far, "zhou")
		if err != nil || !a.Waiting {
			t.Fatal(a, err)
		}
		wantKind(t, "a teacher of another county links", second(f.connect(t, far, token)), fault.ErrInvalid)
		if mine, err := f.Mine(t.Context(), far); err != nil || len(mine) != 0 {
			t.Errorf("offered to another county: %+v, %v", mine, err)
		}
		near := f.teacher(t, "2122000001", "nearteacher")
		if _, err := f.connect(t, near, token); err == nil {
			t.Error("an arrival that began as somebody else's is linked")
		}
		f.link(t, p, n, near, "zhou")
		// A role outside: the provider of a county must not open the province.
		g, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: near.Person, Node: f.nodes["22"].ID, Role: access.Inspector})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = f.come(t, p, n, access.Anonymous(), "zhou")
		wantKind(t, "with a role outside", err, fault.ErrInvalid)
		if _, err := f.orgs.EndGrant(t.Context(), f.op, g.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err = f.come(t, p, n, access.Anonymous(), "zhou"); err != nil {
			t.Errorf("after it ended: %v", err)
		}
		// Somebody who has moved to another county a moment ago.
		err = f.people.Move(t.Context(), f.op, person.MoveRequest{Person: near.Person, Node: f.nodes["2122000002"].ID, Unit: f.nodes["2122000002"].ID})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = f.come(t, p, n, access.Anonymous(), "zhou")
		wantKind(t, "after moving away", err, fault.ErrInvalid)
	})
}

// TestGuardianOfTwoCounties: a provider of one county opens no child of another.
func TestGuardianOfTwoCounties(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f, p := setup(t, h), newProvider(t)
		ctx, n := t.Context(), f.issuer(t, p, false)
		draft := func(name, role, school string, birth clock.Day) person.Draft {
			unit := f.nodes[school].ID
			d := person.Draft{Name: name, Role: role, Birth: birth, NoIDReason: "待补", Unit: unit}
			if role == person.RolePupil {
				class, _, err := f.orgs.EnsureClass(ctx, f.op, unit, org.ClassKey{Stage: "P", EntryYear: 2018, No: 1})
				if err != nil {
					t.Fatal(err)
				}
				d.Node = class.ID
			}
			return d
		}
		made, err := f.people.Prepare(ctx, f.op, []person.Draft{draft("林父", person.RoleGuardian, "2122000001", 0),
			draft("林知夏", person.RolePupil, "2122000001", 20110307), draft("林知秋", person.RolePupil, "2122000002", 20120307)})
		if err == nil {
			err = f.people.InsertMany(ctx, f.op, made)
		}
		if err != nil {
			t.Fatal(err)
		}
		father := made[0].ID
		for i, status := range []string{person.BindingConfirmed, person.BindingRoster} {
			if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: father, Ward: made[i+1].ID, PhoneTail: "2345", Status: status}}); err != nil {
				t.Fatal(err)
			}
		}
		slip, err := f.accounts.IssueCode(ctx, f.op, father)
		if err != nil {
			t.Fatal(err)
		}
		ticket, err := f.accounts.Activate(ctx, access.Anonymous(), account.Activation{Code: slip.Code, Login: "linfather", Password: good, Guardian: account.Guardian{Tail: "2345"}})
		if err != nil {
			t.Fatal(err)
		}
		f.sessions[father] = ticket.Token
		f.link(t, p, n, f.as(t, father), "zhou")
		if _, _, err := f.come(t, p, n, access.Anonymous(), "zhou"); err != nil {
			t.Fatalf("with the child of the county alone: %v", err)
		}
		if err := f.people.ConfirmWards(ctx, f.op, father, []id.Person{made[2].ID}, false); err != nil {
			t.Fatal(err)
		}
		_, _, err = f.come(t, p, n, access.Anonymous(), "zhou")
		wantKind(t, "with a child of another county", err, fault.ErrInvalid)
	})
}

func TestSecondFactorStays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ trust, factor, half bool }{{false, false, true}, {false, true, true}, {true, false, true}, {true, true, false}} {
		t.Run(fmt.Sprintf("trusted %v, done %v", c.trust, c.factor), func(t *testing.T) {
			t.Parallel()
			f, p := setup(t, dbtest.New(t, db.SQLite)), newProvider(t)
			p.store.factor = c.factor
			n := f.issuer(t, p, c.trust)
			who := f.teacher(t, "2122000001", "registrar")
			if _, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: who.Person, Node: f.nodes["2122000001"].ID, Role: access.Registrar}); err != nil {
				t.Fatal(err)
			}
			f.link(t, p, n, f.as(t, who.Person), "zhou")
			a, _, err := f.come(t, p, n, access.Anonymous(), "zhou")
			if err != nil || (a.Ticket.Half != "") != c.half || (a.Ticket.Token == "") != c.half {
				t.Errorf("half %q, whole %q, %v", a.Ticket.Half, a.Ticket.Token, err)
			}
		})
	}
}

// Answers that fit no visit of the browser.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f, p, q := setup(t, h), newProvider(t), newProvider(t)
		n, m := f.issuer(t, p, false), f.issuer(t, q, false)
		f.link(t, p, n, f.teacher(t, "2122000001", "zhoumuyang"), "zhou")
		begin := func(n id.Issuer, p *provider) (string, upstream.Answer) {
			address, token, err := f.Start(t.Context(), access.Anonymous(), n, callback)
			if err != nil {
				t.Fatal(err)
			}
			return token, p.visit(t, address, "zhou")
		}
		finish := func(n id.Issuer, token string, a upstream.Answer) error {
			got, err := f.Finish(t.Context(), access.Anonymous(), n, token, callback, a, account.Credentials{})
			if err == nil && got.Ticket.Token == "" {
				err = errors.New("nobody was let in")
			}
			return err
		}
		token, a := begin(n, p)
		other, b := begin(n, p)
		wantKind(t, "another browser's state", finish(n, other, a), fault.ErrInvalid)
		wantKind(t, "no cookie", finish(n, "", a), fault.ErrInvalid)
		wantKind(t, "at another provider's address", finish(m, token, a), fault.ErrInvalid)
		mixed := a
		mixed.Iss = q.url
		wantKind(t, "another provider's name", finish(n, token, mixed), fault.ErrInvalid)
		wantKind(t, "a visit that was used up", finish(n, token, a), fault.ErrInvalid)
		stolen := b
		stolen.Code = a.Code
		wantKind(t, "the code of another visit", finish(n, other, stolen), fault.ErrInvalid)
		token, a = begin(n, p)
		a.Code = "invented"
		wantKind(t, "an invented code", finish(n, token, a), fault.ErrInvalid)
		token, a = begin(n, p)
		a.Code, a.Error = "", "access_denied"
		wantKind(t, "a refusal", finish(n, token, a), fault.ErrInvalid)
		token, a = begin(n, p)
		h.Clock.Advance(upstream.VisitLife)
		wantKind(t, "too late", finish(n, token, a), fault.ErrInvalid)
		token, a = begin(n, p)
		if err := finish(n, token, a); err != nil {
			t.Errorf("the honest one: %v", err)
		}
	})
}

func TestWhoSetsUpProviders(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		fine := upstream.Draft{NodeCode: "220102", Name: "南关教育账号", URL: "https://id.example.cn", Client: "c", Secret: "s3cret-value", Active: true, Key: "k1"}
		n, err := f.Create(ctx, f.sys, fine)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := f.Create(ctx, f.sys, fine); err != nil || again != n {
			t.Errorf("a second click makes %v, %v", again, err)
		}
		for field, change := range map[string]func(*upstream.Draft){
			"name": func(d *upstream.Draft) { d.Name = " " }, "node": func(d *upstream.Draft) { d.NodeCode = "22" },
			"url": func(d *upstream.Draft) { d.URL = "http://id.example.cn" }, "client": func(d *upstream.Draft) { d.Client = "" },
			"secret": func(d *upstream.Draft) { d.Secret = "" }, "claim": func(d *upstream.Draft) { d.Claim = "a b" },
		} {
			d := fine
			change(&d)
			_, err := f.Create(ctx, f.sys, d)
			if fields := fault.Fields(err); len(fields) != 1 || fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		school := f.nodes["2122000001"]
		for _, role := range []access.Role{access.School, access.SecAdmin, access.AuditAdmin, access.Province} {
			by := access.Actor{Person: 9, Role: role, Places: []access.Place{{Node: school.ID, Path: school.Path, Role: role}}}
			wantKind(t, string(role)+" creates", second(f.Create(ctx, by, fine)), fault.ErrForbidden)
			wantKind(t, string(role)+" lists", second(f.Issuers(ctx, by)), fault.ErrForbidden)
		}
		far := access.Actor{Person: 9, Role: access.SysAdmin, Places: []access.Place{{Node: f.nodes["220103"].ID, Path: f.nodes["220103"].Path, Role: access.SysAdmin}}}
		if all, err := f.Issuers(ctx, far); err != nil || len(all) != 0 {
			t.Errorf("another subtree lists %+v, %v", all, err)
		}
		wantKind(t, "another subtree changes", f.Change(ctx, far, n, fine), fault.ErrNotFound)
		wantKind(t, "stale", f.Change(ctx, f.sys, n, upstream.Draft{NodeCode: "220102", Name: "x", URL: fine.URL, Client: "c", Version: 7}), fault.ErrStale)
		if err := f.Change(ctx, f.sys, n, upstream.Draft{NodeCode: "220102", Name: "新名", URL: fine.URL, Client: "c", Active: false}); err != nil {
			t.Fatal(err)
		}
		if offered, err := f.Offered(ctx, access.Anonymous()); err != nil || len(offered) != 0 {
			t.Errorf("still offered: %+v, %v", offered, err)
		}
		_, _, err = f.Start(ctx, access.Anonymous(), n, callback)
		wantKind(t, "a provider out of use", err, fault.ErrNotFound)
		var secret []byte
		if err := h.DB.QueryRow(ctx, "SELECT secret FROM ups_issuer").Scan(&secret); err != nil || strings.Contains(string(secret), "s3cret") {
			t.Errorf("the secret is kept as %q, %v", secret, err)
		}
	})
}
