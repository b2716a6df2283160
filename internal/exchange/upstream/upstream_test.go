package upstream_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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
)

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
