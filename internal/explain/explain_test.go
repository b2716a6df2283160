package explain_test

import (
	"errors"
	"slices"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/explain"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

// fixture is two schools of two counties with a class each.
type fixture struct {
	*dbtest.Harness
	orgs     *org.Service
	people   *person.Service
	explain  *explain.Service
	accounts *account.Service
	op       access.Actor
	class    map[string]org.Node // by school code
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, op: access.Operator("tester"), class: map[string]org.Node{}}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	spaces := space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	f.orgs.Spaces, f.orgs.People = spaces, f.people
	f.accounts = account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit,
		Org: f.orgs, People: f.people, Hasher: account.NewPool(account.CheapCost, 1, 8)})
	f.explain = explain.New(h.DB, f.accounts, f.orgs, f.people)
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
	for _, code := range []string{"2122000001", "2122000002"} {
		c, _, err := f.orgs.EnsureClass(t.Context(), f.op, f.node(t, code).ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: 1})
		if err != nil {
			t.Fatal(err)
		}
		f.class[code] = c
	}
	return f
}

func (f *fixture) node(t *testing.T, code string) org.Node {
	t.Helper()
	n, err := f.orgs.ByCode(t.Context(), f.op, code)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// make makes a person at a node; with a class a teacher leads it.
func (f *fixture) make(t *testing.T, name, role string, at org.Node) id.Person {
	t.Helper()
	d := person.Draft{Name: name, Role: role, Node: at.ID, Unit: at.Unit, NoIDReason: "01"}
	if role != person.RolePupil {
		d.Node = at.Unit
	}
	made, err := f.people.Prepare(t.Context(), f.op, []person.Draft{d})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.people.InsertMany(t.Context(), f.op, made); err != nil {
		t.Fatal(err)
	}
	if role == person.RoleTeacher && at.Kind == org.KindClass {
		_, err := f.people.Affiliate(t.Context(), f.op, person.Affiliation{Person: made[0].ID, Node: at.ID, Unit: at.Unit, Role: person.RoleClassTeacher})
		if err != nil {
			t.Fatal(err)
		}
	}
	return made[0].ID
}

// as is a person who holds a role at a node.
func (f *fixture) as(role access.Role, n org.Node) access.Actor {
	return access.Actor{Person: id.Next[id.Person](f.IDs), Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// TestAnswerIsTheRule: for teachers, managers and substitutes of two schools the
// answer about classes, pupils and units is what the services do.
func TestAnswerIsTheRule(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		here, there := f.class["2122000001"], f.class["2122000002"]
		school := f.node(t, "2122000001")
		teacher, colleague := f.make(t, "周沐阳", person.RoleTeacher, here), f.make(t, "金美妍", person.RoleTeacher, school)
		head := f.make(t, "孙校长", person.RoleTeacher, school)
		pupils := []id.Person{f.make(t, "林知夏", person.RolePupil, here), f.make(t, "孟小满", person.RolePupil, there)}
		if _, err := f.orgs.Grant(ctx, f.op, org.GrantRequest{Person: head, Node: school.ID, Role: access.School, Reason: "任命"}); err != nil {
			t.Fatal(err)
		}
		lender, err := f.accounts.ActorOf(ctx, access.System("test"), f.entered(t, teacher, "zhoumuyang"), access.ClassTeacher)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.orgs.Lend(ctx, lender, org.LendRequest{Person: colleague, Node: here.ID, Days: 3, Reason: "病假"}); err != nil {
			t.Fatal(err)
		}
		security := f.as(access.SecAdmin, f.node(t, "22"))
		for _, who := range []id.Person{teacher, colleague, head} {
			rights, err := f.accounts.RightsOf(ctx, security, who)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pupils {
				a, err := f.explain.Explain(ctx, security, explain.Question{Who: who, Kind: explain.Person, Object: p.Int()})
				if err != nil {
					t.Fatal(err)
				}
				said := slices.ContainsFunc(a.Lines, func(l explain.Line) bool {
					return l.Allowed && slices.Contains([]access.Permission{access.PersonRead, access.RosterImport, access.GrantGive, access.ClassRead}, l.Permission)
				})
				does := false
				for _, r := range rights.Roles() {
					_, err := f.people.Get(ctx, rights.As(r), p)
					does = does || err == nil
				}
				if said != does || a.Name != "" {
					t.Errorf("person %d about pupil %d: explained %v, reads %v, name %q told", who, p, said, does, a.Name)
				}
			}
			for _, n := range []org.Node{here, there, school} {
				a, err := f.explain.Explain(ctx, security, explain.Question{Who: who, Kind: explain.Node, Object: n.ID.Int()})
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range a.Lines {
					does := slices.ContainsFunc(rights.Roles(), func(r access.Role) bool { return rights.As(r).Allows(l.Permission, n.Path) })
					if l.Allowed != does {
						t.Errorf("person %d at %s: %s explained %v, allowed %v", who, n.Name, l.Permission, l.Allowed, does)
					}
				}
			}
		}
		a, err := f.explain.Explain(ctx, security, explain.Question{Who: colleague, Kind: explain.Node, Object: here.ID.Int()})
		if err != nil {
			t.Fatal(err)
		}
		if l := a.Lines[0]; !l.Allowed || l.Role != access.ClassTeacher && l.Role != access.Teacher || l.For != "周沐阳" || l.Place.Until != clock.Day(20191108) || l.At.ID != here.ID {
			t.Errorf("a substitute's line %+v", l)
		}
	})
}

// entered lets somebody come in, so that he has an account.
func (f *fixture) entered(t *testing.T, who id.Person, login string) id.Person {
	t.Helper()
	slip, err := f.accounts.IssueCode(t.Context(), f.op, who)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.accounts.Activate(t.Context(), access.Anonymous(), account.Activation{Code: slip.Code, Login: login, Password: "maple-river-42", Network: "n", Device: "d"})
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// TestWhoMayAsk: two counties; a manager asks about his own people and objects
// only, and a teacher about none.
func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		here, there := f.class["2122000001"], f.class["2122000002"]
		own, foreign := f.make(t, "周沐阳", person.RoleTeacher, here), f.make(t, "金美妍", person.RoleTeacher, there)
		pupil, away := f.make(t, "林知夏", person.RolePupil, here), f.make(t, "孟小满", person.RolePupil, there)
		county, school, teacher := f.as(access.County, f.node(t, "220102")), f.as(access.School, f.node(t, "2122000001")), f.as(access.ClassTeacher, here)
		cases := map[string]struct {
			by access.Actor
			q  explain.Question
			ok bool
		}{
			"county about its own":             {county, explain.Question{Who: own, Kind: explain.Node, Object: here.ID.Int()}, true},
			"county about another's person":    {county, explain.Question{Who: foreign, Kind: explain.Node, Object: here.ID.Int()}, false},
			"county about another's class":     {county, explain.Question{Who: own, Kind: explain.Node, Object: there.ID.Int()}, false},
			"county about another's pupil":     {county, explain.Question{Who: own, Kind: explain.Person, Object: away.Int()}, false},
			"county about what is not there":   {county, explain.Question{Who: own, Kind: explain.Node, Object: 5}, false},
			"county about a post of nowhere":   {county, explain.Question{Who: own, Kind: explain.Post, Object: 5}, false},
			"county about a kind of nothing":   {county, explain.Question{Who: own, Kind: "thing", Object: here.ID.Int()}, false},
			"school about its own":             {school, explain.Question{Who: own, Kind: explain.Person, Object: pupil.Int()}, true},
			"class teacher asks":               {teacher, explain.Question{Who: own, Kind: explain.Node, Object: here.ID.Int()}, false},
			"nobody asks":                      {access.Anonymous(), explain.Question{Who: own, Kind: explain.Node, Object: here.ID.Int()}, false},
			"audit administrator about anyone": {f.as(access.AuditAdmin, f.node(t, "22")), explain.Question{Who: foreign, Kind: explain.Node, Object: here.ID.Int()}, true},
		}
		for name, c := range cases {
			a, err := f.explain.Explain(ctx, c.by, c.q)
			if c.ok != (err == nil) || !c.ok && !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %+v, %v", name, a, err)
			}
			if c.ok && c.q.Kind == explain.Person && a.Name != "林知夏" {
				t.Errorf("%s: the school's own pupil is called %q", name, a.Name)
			}
		}
		for by, want := range map[access.Role]int{access.County: 1, access.Teacher: 0} {
			actor := f.as(by, f.node(t, "220102"))
			if got, err := f.people.FindStaff(ctx, actor, access.AccessExplain, "周", 0); err != nil || len(got) != want {
				t.Errorf("%s finds %v, %v", by, got, err)
			}
			if got, err := f.people.FindStaff(ctx, actor, access.AccessExplain, "金", 0); err != nil || len(got) != 0 {
				t.Errorf("%s finds of another county %v, %v", by, got, err)
			}
			if got, err := f.orgs.Pick(ctx, actor, access.AccessExplain, "小学", 0); err != nil || len(got) != want {
				t.Errorf("%s finds units %v, %v", by, got, err)
			}
		}
	})
}
