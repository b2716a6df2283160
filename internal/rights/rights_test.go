package rights_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/rights"
)

type noAccounts struct{}

func (noAccounts) Holds(context.Context, access.Actor, ...id.Person) (map[id.Person]bool, error) {
	return nil, nil
}
func (noAccounts) Pass(context.Context, access.Actor, id.Person, id.Person) (bool, error) {
	return false, nil
}
func (noAccounts) Shut(context.Context, access.Actor, ...id.Person) error { return nil }

type fixture struct {
	*dbtest.Harness
	t      *testing.T
	orgs   *org.Service
	people *person.Service
	merges *merge.Service
	rights *rights.Service
	op     access.Actor

	a, far, county, farCounty   org.Node
	child, mother, teen, foreig id.Person
	byMother, byTeen, clerk     access.Actor
	office, foreign             access.Actor
}

const phone = "13812345678"

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.merges = merge.New(merge.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, People: f.people, Accounts: noAccounts{}})
	f.rebuild(nil)
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "甲校", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "乙校", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	for code, to := range map[string]*org.Node{"220102": &f.county, "220103": &f.farCounty, "2122000001": &f.a, "2122000002": &f.far} {
		if *to, err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	f.child = f.make(person.Draft{Name: "李明", Role: person.RolePupil, IDNo: "220102201003070013", Node: f.a.ID, Unit: f.a.ID, Sex: 1, Birth: 20100307, Ethnic: "01", Phone: phone})
	f.teen = f.make(person.Draft{Name: "赵宇", Role: person.RolePupil, Node: f.a.ID, Unit: f.a.ID, Sex: 2, Birth: 20030307, Ethnic: "10"})
	f.mother = f.make(person.Draft{Name: "李母", Role: person.RoleGuardian, Phone: phone, Unit: f.a.ID})
	f.foreig = f.make(person.Draft{Name: "外校", Role: person.RolePupil, Node: f.far.ID, Unit: f.far.ID, Sex: 2, Birth: 20100307})
	if err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: f.mother, Ward: f.child, Status: "confirmed", Relation: "母亲"}}); err != nil {
		t.Fatal(err)
	}
	f.byMother = access.Actor{Person: f.mother, Name: "李母", Role: access.Guardian, Wards: []id.Person{f.child}}
	f.byTeen = access.Actor{Person: f.teen, Name: "赵宇", Role: access.Pupil, Places: []access.Place{{Node: f.a.ID, Role: access.Pupil}}}
	f.clerk, f.foreign, f.office = f.actor(access.Registrar, f.a), f.actor(access.School, f.far), f.actor(access.County, f.county)
	return f
}

func (f *fixture) rebuild(rules []rights.Rule) {
	f.rights = rights.New(rights.Deps{DB: f.DB, IDs: f.IDs, Clock: f.Clock, Keys: f.Keys, Trail: f.Audit, People: f.people, Merges: f.merges, Rules: rules,
		Sources: rights.Sources{Minors: func(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
			m, err := f.people.CountMinors(ctx, by, node, from, to)
			return []rights.Figure{{Key: "minors_made", N: m.Made, Persons: true}, {Key: "minors_under14", N: m.Under14, Persons: true},
				{Key: "minors_over14", N: m.Over14, Persons: true}, {Key: "minors_left", N: m.Left, Persons: true}}, err
		}, Grants: func(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
			y, err := f.orgs.CountGrants(ctx, by, node, from, to)
			return []rights.Figure{{Key: "grant_open", N: y.Open}}, err
		}}})
}

func (f *fixture) actor(role access.Role, n org.Node) access.Actor {
	return access.Actor{Person: id.Person(f.IDs.Next()), Account: 7, Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

func (f *fixture) make(d person.Draft) id.Person {
	f.t.Helper()
	prepared, err := f.people.Prepare(f.t.Context(), f.op, []person.Draft{d})
	if err == nil {
		err = f.people.InsertMany(f.t.Context(), f.op, prepared)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return prepared[0].ID
}

func (f *fixture) ask(by access.Actor, a rights.Asking) rights.Request {
	f.t.Helper()
	r, err := f.rights.Ask(f.t.Context(), by, a)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func wantKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func TestDueOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from clock.Day
		days int
		want clock.Day
	}{
		"a Tuesday and three weeks": {20191105, 15, 20191126},
		"a Friday and one day":      {20191108, 1, 20191111},
		"a Saturday":                {20191109, 5, 20191115},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := rights.DueOn(c.from, c.days); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestHeld shows what is held to whom it belongs, and to nobody else.
func TestHeld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for name, c := range map[string]struct {
			by   access.Actor
			who  id.Person
			want error
		}{
			"mother of her child":         {f.byMother, f.child, nil},
			"mother of herself":           {f.byMother, f.mother, nil},
			"mother of another":           {f.byMother, f.teen, fault.ErrNotFound},
			"pupil of himself":            {f.byTeen, f.teen, nil},
			"pupil of another":            {f.byTeen, f.child, fault.ErrNotFound},
			"the school":                  {f.clerk, f.child, nil},
			"another county":              {f.foreign, f.child, fault.ErrNotFound},
			"the school of another":       {f.clerk, f.foreig, fault.ErrNotFound},
			"a class teacher":             {f.actor(access.ClassTeacher, f.a), f.child, fault.ErrNotFound},
			"a system administrator":      {f.actor(access.SysAdmin, f.county), f.child, fault.ErrNotFound},
			"a security administrator":    {f.actor(access.SecAdmin, f.county), f.child, fault.ErrNotFound},
			"an auditor":                  {f.actor(access.AuditAdmin, f.county), f.child, fault.ErrNotFound},
			"the county of its own child": {f.office, f.child, fault.ErrNotFound},
		} {
			held, err := f.people.Held(t.Context(), c.by, c.who)
			if c.want != nil {
				wantKind(t, name, err, c.want)
				continue
			}
			if err != nil || held.ID != c.who || strings.Contains(held.PhoneTail, "1234567") {
				t.Errorf("%s: %+v %v", name, held, err)
			}
		}
		held, err := f.people.Held(t.Context(), f.byMother, f.child)
		if err != nil || held.PhoneTail != "5678" || len(held.Places) != 1 || len(held.Guardians) != 1 || held.Guardians[0].Name != "李母" {
			t.Errorf("%+v %v", held, err)
		}
	})
}

// TestRequests walks a correction, an erasure and a refusal from asking to
// closing.
func TestRequests(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		_, err := f.rights.Ask(ctx, f.byMother, rights.Asking{Kind: rights.Correct, Subject: f.child})
		if len(fault.Fields(err)) != 2 {
			t.Errorf("a correction of nothing: %v", err)
		}
		_, err = f.rights.Ask(ctx, f.byMother, rights.Asking{Kind: "sue", Subject: f.child, Text: strings.Repeat("长", 501)})
		if len(fault.Fields(err)) != 2 {
			t.Errorf("an unknown kind: %v", err)
		}
		_, err = f.rights.Ask(ctx, f.byMother, rights.Asking{Kind: rights.Copy, Subject: f.teen})
		wantKind(t, "about another's child", err, fault.ErrNotFound)

		asking := rights.Asking{Kind: rights.Correct, Subject: f.child, Field: merge.FieldName, Value: "李明远", Text: "户口簿上是李明远", Key: "k1"}
		r := f.ask(f.byMother, asking)
		if again := f.ask(f.byMother, asking); again.ID != r.ID || r.State != rights.Submitted || r.DueOn != rights.DueOn(clock.DayOf(h.Clock.Now()), 15) {
			t.Errorf("%+v, again %+v", r, again)
		}
		if list, err := f.rights.List(ctx, f.clerk, rights.Listing{Node: f.a.ID, Limit: 10}); err != nil || len(list) != 1 || list[0].Value != "李明远" {
			t.Errorf("%+v %v", list, err)
		}
		_, err = f.rights.Take(ctx, f.foreign, r.ID)
		wantKind(t, "another county takes it", err, fault.ErrNotFound)
		_, err = f.rights.Take(ctx, f.office, r.ID)
		wantKind(t, "the county before it is overdue", err, fault.ErrNotFound)
		if r, err = f.rights.Take(ctx, f.clerk, r.ID); err != nil || r.State != rights.Work {
			t.Fatal(r, err)
		}
		_, err = f.rights.Answer(ctx, f.clerk, rights.Answering{Request: r.ID, Outcome: rights.OutcomeRefused})
		wantKind(t, "a refusal without a reason", err, fault.ErrInvalid)
		if r, err = f.rights.Answer(ctx, f.clerk, rights.Answering{Request: r.ID, Outcome: rights.OutcomeDone, Document: "户口簿"}); err != nil || r.State != rights.Answered {
			t.Fatal(r, err)
		}
		_, err = f.rights.Answer(ctx, f.clerk, rights.Answering{Request: r.ID, Outcome: rights.OutcomeDone})
		wantKind(t, "twice", err, fault.ErrConflict)
		if p, err := person.Load(ctx, h.DB, f.child); err != nil || p.Name != "李明远" {
			t.Errorf("%+v %v", p, err)
		}
		if c, err := f.merges.Corrections(ctx, f.clerk, f.child); err != nil || len(c) != 1 || c[0].Document != "户口簿" {
			t.Errorf("%+v %v", c, err)
		}
		wantKind(t, "another closes it", f.rights.Close(ctx, f.byTeen, r.ID), fault.ErrNotFound)
		for range 2 {
			if err := f.rights.Close(ctx, f.byMother, r.ID); err != nil {
				t.Fatal(err)
			}
		}
		e := f.ask(f.byMother, rights.Asking{Kind: rights.Erase, Subject: f.child})
		if e, err = f.rights.Answer(ctx, f.clerk, rights.Answering{Request: e.ID, Outcome: rights.OutcomeDone}); err != nil || strings.Join(e.Erased, " ") != "ethnic phone" {
			t.Errorf("%+v %v", e, err)
		}
		if held, err := f.people.Held(ctx, f.byMother, f.child); err != nil || held.Ethnic != "" || held.PhoneTail != "" || held.IDTail != "0013" {
			t.Errorf("%+v %v", held, err)
		}
		m := f.ask(f.byMother, rights.Asking{Kind: rights.Erase, Subject: f.mother})
		if m, err = f.rights.Answer(ctx, f.clerk, rights.Answering{Request: m.ID, Outcome: rights.OutcomeDone}); err != nil || len(m.Erased) != 0 {
			t.Errorf("a bound guardian's phone: %+v %v", m, err)
		}
		list, err := f.rights.Mine(ctx, f.byMother, f.child)
		if err != nil || len(list) != 2 || list[1].State != rights.Closed {
			t.Errorf("%+v %v", list, err)
		}
		rows, err := h.Audit.List(ctx, 0, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if strings.Contains(row.Detail, "李") {
				t.Errorf("%s says %s", row.Action, row.Detail)
			}
		}
	})
}

// TestWithdraw takes consents back at once, as whom they belong to.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		_, err := f.rights.Ask(ctx, f.byMother, rights.Asking{Kind: rights.Withdraw, Subject: f.child})
		wantKind(t, "nothing was given", err, fault.ErrInvalid)
		for _, purpose := range []string{person.PurposeSpace, person.PurposeTalk} {
			if err := f.people.RecordConsent(ctx, f.byMother, person.Consent{Child: f.child, Purpose: purpose, TextVersion: "2019-1", Answer: person.ConsentGiven}); err != nil {
				t.Fatal(err)
			}
		}
		_, err = f.rights.Ask(ctx, f.clerk, rights.Asking{Kind: rights.Withdraw, Subject: f.child})
		wantKind(t, "the school", err, fault.ErrInvalid)
		self := access.Actor{Person: f.child, Role: access.Pupil}
		_, err = f.rights.Ask(ctx, self, rights.Asking{Kind: rights.Withdraw, Subject: f.child})
		wantKind(t, "a child under 14", err, fault.ErrInvalid)
		r := f.ask(f.byMother, rights.Asking{Kind: rights.Withdraw, Subject: f.child})
		if r.State != rights.Answered || r.Outcome != rights.OutcomeDone {
			t.Errorf("%+v", r)
		}
		v, err := f.people.Verdicts(ctx, f.byMother, f.child)
		if err != nil || v[person.PurposeSpace].Answer != person.ConsentWithdrawn || v[person.PurposeTalk].Answer != person.ConsentWithdrawn {
			t.Errorf("%+v %v", v, err)
		}
	})
}

// TestOverdue hands what is late to the county of the school and to no other,
// and limits how many wait.
func TestOverdue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		sys := access.System("test")
		r := f.ask(f.byTeen, rights.Asking{Kind: rights.Copy, Subject: f.teen})
		h.Clock.Set(r.DueOn.Start().Add(20 * time.Hour))
		if n, err := f.rights.Escalate(ctx, sys); err != nil || n != 0 {
			t.Errorf("on the last day %d %v", n, err)
		}
		h.Clock.Set(r.DueOn.AddDays(1).Start().Add(time.Hour))
		_, err := f.rights.Escalate(ctx, f.office)
		wantKind(t, "an officer escalates", err, fault.ErrForbidden)
		for i := range 2 {
			if n, err := f.rights.Escalate(ctx, sys); err != nil || n != 1-i {
				t.Errorf("%d %v", n, err)
			}
		}
		for name, c := range map[string]struct {
			by   access.Actor
			node id.Node
			want int
		}{"school": {f.clerk, f.a.ID, 1}, "county": {f.office, f.county.ID, 1}} {
			list, err := f.rights.List(ctx, c.by, rights.Listing{Node: c.node, Limit: 10})
			if err != nil || len(list) != c.want || !list[0].Overdue(clock.DayOf(h.Clock.Now())) {
				t.Errorf("%s: %+v %v", name, list, err)
			}
			tally, err := f.rights.Count(ctx, c.by, c.node)
			if err != nil || tally.Overdue != 1 || tally.ByState[rights.Submitted] != 1 {
				t.Errorf("%s: %+v %v", name, tally, err)
			}
		}
		other := f.actor(access.County, f.farCounty)
		if list, err := f.rights.List(ctx, other, rights.Listing{Node: f.farCounty.ID, Limit: 10}); err != nil || len(list) != 0 {
			t.Errorf("another county sees %+v %v", list, err)
		}
		_, err = f.rights.List(ctx, other, rights.Listing{Node: f.county.ID, Limit: 10})
		wantKind(t, "another county's list", err, fault.ErrNotFound)
		_, err = f.rights.Get(ctx, other, r.ID)
		wantKind(t, "another county's request", err, fault.ErrNotFound)
		if _, err := f.rights.Answer(ctx, f.office, rights.Answering{Request: r.ID, Outcome: rights.OutcomeDone, Text: "已由学校当面交付"}); err != nil {
			t.Error(err)
		}
	})
}

// TestFiveAtOnce lets twelve requests about one person race for five places.
func TestFiveAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		var wg sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 12 {
			wg.Go(func() {
				_, err := f.rights.Ask(t.Context(), f.byTeen, rights.Asking{Kind: rights.Copy, Subject: f.teen})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					made++
				case !errors.Is(err, fault.ErrTooMany):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made != 5 {
			t.Errorf("%d wait", made)
		}
	})
}

// TestNobodyAnswersHisChild keeps a registrar from answering what he himself has
// asked about his own child, in whichever role.
func TestNobodyAnswersHisChild(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		both := f.clerk // the mother works at the school
		both.Person, both.Wards = f.mother, []id.Person{f.child}
		own := f.ask(f.byMother, rights.Asking{Kind: rights.Correct, Subject: f.child, Field: merge.FieldName, Value: "李明明"})
		_, err := f.rights.Answer(ctx, both, rights.Answering{Request: own.ID, Outcome: rights.OutcomeDone})
		wantKind(t, "the mother as registrar", err, fault.ErrForbidden)
		paper := f.ask(f.clerk, rights.Asking{Kind: rights.Copy, Subject: f.child})
		if _, err := f.rights.Answer(ctx, f.clerk, rights.Answering{Request: paper.ID, Outcome: rights.OutcomeDone}); err != nil {
			t.Errorf("what the school wrote down for somebody: %v", err)
		}
	})
}

// TestReport counts a year, of the own subtree only, and hides small numbers.
func TestReport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.ask(f.byTeen, rights.Asking{Kind: rights.Copy, Subject: f.teen})
		year := clock.DayOf(h.Clock.Now()).Year()
		head := f.actor(access.School, f.a)
		r, err := f.rights.Report(ctx, head, f.a.ID, year)
		if err != nil || r.Complete {
			t.Fatal(r, err)
		}
		got := map[string]int64{}
		for _, s := range r.Sections {
			for _, x := range s.Figures {
				got[x.Key] = x.N
			}
		}
		if got["minors_made"] != 2 || got["minors_under14"] != 1 || got["minors_over14"] != 1 || got["request_copy"] != 1 || got["request_waiting"] != 1 {
			t.Errorf("%v", got)
		}
		other, err := f.rights.Report(ctx, f.foreign, f.far.ID, year)
		if err != nil || other.Sections[0].Figures[0].N != 1 {
			t.Errorf("%+v %v", other, err)
		}
		_, err = f.rights.Report(ctx, f.foreign, f.a.ID, year)
		wantKind(t, "another county", err, fault.ErrNotFound)
		_, err = f.rights.Report(ctx, f.clerk, f.a.ID, year)
		wantKind(t, "a registrar", err, fault.ErrNotFound)
		_, err = f.rights.Report(ctx, head, f.a.ID, year+1)
		wantKind(t, "next year", err, fault.ErrInvalid)
		text := ""
		for _, b := range r.Document("甲校").Body {
			text += textOf(b)
		}
		if !strings.Contains(text, "＜5") || strings.Contains(text, "不满14周岁|1|") || strings.Contains(text, "李") {
			t.Errorf("%s", text)
		}
	})
}

// TestRetentionIsPrinted keeps docs/security.md true.
func TestRetentionIsPrinted(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(rights.RetentionTable()), "\n") {
		if !strings.Contains(string(text), line) {
			t.Errorf("docs/security.md lacks %q", line)
		}
	}
}
