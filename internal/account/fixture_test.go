package account_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

const (
	good  = "maple-river-42"
	other = "maple-river-43"
)

// fixture is two schools of two counties, the first with two classes.
type fixture struct {
	*dbtest.Harness
	orgs     *org.Service
	people   *person.Service
	spaces   *space.Service
	accounts *account.Service
	op       access.Actor

	school, far, county org.Node
	class, next, away   org.Node // class and next are of school, away is of far
	numbers             int
}

func setup(t testing.TB, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.spaces = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	f.accounts = f.service(account.NewPool(account.CheapCost, 4, 256))
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "宽城小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	f.school, f.far, f.county = f.node(t, "2122000001"), f.node(t, "2122000002"), f.node(t, "220102")
	f.class, f.next, f.away = f.classOf(t, f.school, 1), f.classOf(t, f.school, 2), f.classOf(t, f.far, 1)
	return f
}

func (f *fixture) service(h account.Hasher) *account.Service {
	return account.New(account.Deps{DB: f.DB, IDs: f.IDs, Clock: f.Clock, Keys: f.Keys, Log: f.Log, Trail: f.Audit,
		Org: f.orgs, People: f.people, Hasher: h, FactorOff: true})
}

// withFactors is the service that asks for second factors, at the machine's
// time that the fixture's clock gives; passkeys are bound to the address.
func (f *fixture) withFactors(t testing.TB) *account.Service {
	t.Helper()
	factors, err := factor.New(factor.Deps{DB: f.DB, IDs: f.IDs, Clock: f.Clock, Real: f.Clock, Keys: f.Keys, BaseURL: "https://space.example", Name: "学习空间"})
	if err != nil {
		t.Fatal(err)
	}
	return account.New(account.Deps{DB: f.DB, IDs: f.IDs, Clock: f.Clock, Keys: f.Keys, Log: f.Log, Trail: f.Audit,
		Org: f.orgs, People: f.people, Hasher: account.NewPool(account.CheapCost, 4, 256), Factors: factors})
}

func (f *fixture) node(t testing.TB, code string) org.Node {
	t.Helper()
	n, err := f.orgs.ByCode(t.Context(), f.op, code)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (f *fixture) classOf(t testing.TB, school org.Node, no int) org.Node {
	t.Helper()
	n, _, err := f.orgs.EnsureClass(t.Context(), f.op, school.ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: no})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// make makes one person at a node.
func (f *fixture) make(t testing.TB, at org.Node, d person.Draft) id.Person {
	t.Helper()
	d.Node, d.Unit = at.ID, at.Unit
	if d.Role == person.RoleTeacher {
		d.Node = at.Unit
	}
	made, err := f.people.Prepare(t.Context(), f.op, []person.Draft{d})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.people.InsertMany(t.Context(), f.op, made); err != nil {
		t.Fatal(err)
	}
	return made[0].ID
}

// number is a fresh identity number with a right check digit, born on the day.
func (f *fixture) number(birth clock.Day) string {
	f.numbers++
	body := fmt.Sprintf("220102%08d%03d", int(birth), f.numbers)
	sum, weights := 0, []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	for i, w := range weights {
		sum += int(body[i]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}

// pupil makes a pupil of nine years in a class, with an identity number.
func (f *fixture) pupil(t testing.TB, class org.Node, name string) id.Person {
	t.Helper()
	return f.make(t, class, person.Draft{Name: name, Role: person.RolePupil, Birth: 20100307, Sex: 1, IDNo: f.number(20100307)})
}

// guardian gives a child a guardian with a phone on the roster.
func (f *fixture) guardian(t testing.TB, child id.Person, at org.Node, phone string) {
	t.Helper()
	g := f.make(t, org.Node{ID: 0, Unit: at.Unit}, person.Draft{Name: "林父", Role: person.RoleGuardian, Phone: phone})
	tail := ""
	if phone != "" {
		tail = phone[len(phone)-4:]
	}
	err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: g, Ward: child, Relation: "父亲", PhoneTail: tail}})
	if err != nil {
		t.Fatal(err)
	}
}

// teacher makes a teacher of a school; with a class the class teacher of it.
func (f *fixture) teacher(t testing.TB, at org.Node, name string) id.Person {
	t.Helper()
	who := f.make(t, at, person.Draft{Name: name, Role: person.RoleTeacher, Birth: 19850307, IDNo: f.number(19850307)})
	if at.Kind == org.KindClass {
		_, err := f.people.Affiliate(t.Context(), f.op, person.Affiliation{Person: who, Node: at.ID, Unit: at.Unit, Role: person.RoleClassTeacher})
		if err != nil {
			t.Fatal(err)
		}
	}
	return who
}

// grant gives a role.
func (f *fixture) grant(t testing.TB, who id.Person, at org.Node, role access.Role) id.Grant {
	t.Helper()
	g, err := f.orgs.Grant(t.Context(), f.op, org.GrantRequest{Person: who, Node: at.ID, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return g.ID
}

// code issues a code by the command line.
func (f *fixture) code(t testing.TB, who id.Person) string {
	t.Helper()
	slip, err := f.accounts.IssueCode(t.Context(), f.op, who)
	if err != nil {
		t.Fatal(err)
	}
	return slip.Code
}

// father is the answer of the guardian with the phone of the fixture.
func father(answer string) account.Guardian {
	return account.Guardian{Name: "林父", Relation: "father", Tail: "2345", Answer: answer}
}

const phone = "13900012345"

// enter activates a person and returns the ticket.
func (f *fixture) enter(t testing.TB, who id.Person, login string, g account.Guardian) account.Ticket {
	t.Helper()
	ticket, err := f.accounts.Activate(t.Context(), access.Anonymous(), account.Activation{Code: f.code(t, who), Guardian: g,
		Login: login, Password: good, Network: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// as is whoever holds the ticket, by the rights of the moment.
func (f *fixture) as(t testing.TB, ticket account.Ticket) access.Actor {
	t.Helper()
	by, _, err := f.accounts.Authenticate(t.Context(), ticket.Token)
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// staff makes a teacher with a role at a node, lets him in and returns him as
// an actor.
func (f *fixture) staff(t testing.TB, at org.Node, login string, role access.Role) access.Actor {
	t.Helper()
	home := at
	if at.IsRegion() {
		home = f.school
	}
	who := f.teacher(t, home, login)
	if role != access.ClassTeacher && role != access.Teacher {
		f.grant(t, who, at, role)
	}
	ticket := f.enter(t, who, login, account.Guardian{})
	by := f.as(t, ticket)
	if by.Role != role && role != "" {
		turned, err := f.accounts.SwitchRole(t.Context(), by, ticket.Token, role)
		if err != nil {
			t.Fatal(err)
		}
		by = f.as(t, turned)
	}
	if by.Role != role {
		t.Fatalf("%s comes in as %s", login, by.Role)
	}
	return by
}

func (f *fixture) person(t testing.TB, who id.Person) person.Person {
	t.Helper()
	p, err := f.people.Get(t.Context(), f.op, who)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// verbs counts the events about a person.
func (f *fixture) verbs(t testing.TB, who id.Person) map[string]int {
	t.Helper()
	ctx := context.Background()
	if _, err := f.Log.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	head, err := f.Log.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	err = f.Log.Each(ctx, 0, head, func(e event.Event) error {
		if e.Kind == "person" && e.Object == who.Int() {
			out[e.Verb]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantField fails unless err complains about the field with the key.
func wantField(t testing.TB, err error, field, key string) {
	t.Helper()
	for _, got := range fault.Fields(err) {
		if got.Name == field && got.Key == key {
			return
		}
	}
	t.Errorf("got %v, want %s: %s", err, field, key)
}

// wantKind fails unless err is of the kind.
func wantKind(t testing.TB, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
	}
}

// middle makes a junior school with a class of its first and its third year.
func (f *fixture) middle(t testing.TB) []org.Node {
	t.Helper()
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{{Code: "3122000003", Name: "南关中学", Kind: "学校", Parent: "220102", Type: "311"}})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	school := f.node(t, "3122000003")
	var out []org.Node
	for _, year := range []int{2019, 2017} {
		n, _, err := f.orgs.EnsureClass(t.Context(), f.op, school.ID, org.ClassKey{Stage: "J", EntryYear: year, No: 1})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

func day(n int) clock.Day { return clock.Day(n) }
