package custody_test

import (
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/blob"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Numbers with right check digits that belong to nobody.
const (
	number1 = "220102201003070013"
	number2 = "222401201209150029"
)

// fixture is two counties with a school each: school a has a manager, a
// registrar and two pupils with a guardian, school b one pupil.
type fixture struct {
	*dbtest.Harness
	t        *testing.T
	dir      string
	orgs     *org.Service
	people   *person.Service
	jobs     *job.Service
	custody  *custody.Service
	op       access.Actor
	province org.Node
	county   org.Node
	a, b     org.Node
	a1, b1   org.Node

	manager, clerk, leader, officer, guard access.Actor // of a, and the county of a; guard is secadmin
	clerkB                                 access.Actor

	pupil, twin, stranger, father id.Person
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, dir: t.TempDir(), op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	files, err := blob.Open("file:" + f.dir)
	if err != nil {
		t.Fatal(err)
	}
	f.jobs = job.New(h.DB, h.IDs, h.Clock, job.Options{})
	f.custody = custody.New(custody.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, Org: f.orgs, People: f.people,
		Jobs: f.jobs, Files: files, System: access.System("test"), Platform: "测试平台"})
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
	for code, to := range map[string]*org.Node{"2122000001": &f.a, "2122000002": &f.b, "22": &f.province, "220102": &f.county} {
		if *to, err = f.orgs.ByCode(t.Context(), f.op, code); err != nil {
			t.Fatal(err)
		}
	}
	f.a1, f.b1 = f.class(f.a), f.class(f.b)
	f.fill()
	return f
}

func (f *fixture) class(school org.Node) org.Node {
	f.t.Helper()
	n, _, err := f.orgs.EnsureClass(f.t.Context(), f.op, school.ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 1})
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func (f *fixture) fill() {
	f.t.Helper()
	pupils := f.make(
		person.Draft{Name: "金雀一", Sex: 1, Birth: 2010_0307, Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, IDNo: number1, StudentNo: "G" + number1},
		person.Draft{Name: "金雀二", Sex: 2, Birth: 2010_0308, Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, NoIDReason: "x"},
		person.Draft{Name: "乙校生", Sex: 2, Birth: 2012_0915, Role: person.RolePupil, Node: f.b1.ID, Unit: f.b.ID, IDNo: number2},
		person.Draft{Name: "金父", Role: person.RoleGuardian, Unit: f.a.ID, Phone: "13911112222"},
	)
	f.pupil, f.twin, f.stranger, f.father = pupils[0], pupils[1], pupils[2], pupils[3]
	err := f.people.Link(f.t.Context(), f.op, []person.Guardianship{{Guardian: f.father, Ward: f.pupil, Relation: "父亲", PhoneTail: "2222"}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.manager = f.holder("校长甲", access.School, f.a)
	f.clerk = f.holder("教务甲", access.Registrar, f.a)
	f.clerkB = f.holder("教务乙", access.Registrar, f.b)
	f.officer = f.holder("区县甲", access.County, f.county)
	f.guard = f.holder("安全员", access.SecAdmin, f.province)
	f.leader = access.Actor{Person: f.make(person.Draft{Name: "班主任甲", Role: person.RoleTeacher, Node: f.a.ID, Unit: f.a.ID, Phone: "13800001111"})[0],
		Role: access.ClassTeacher, Places: []access.Place{{Node: f.a1.ID, Path: f.a1.Path, Role: access.ClassTeacher}}}
}

// make makes persons and returns their ids.
func (f *fixture) make(all ...person.Draft) []id.Person {
	f.t.Helper()
	prepared, err := f.people.Prepare(f.t.Context(), f.op, all)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.people.InsertMany(f.t.Context(), f.op, prepared); err != nil {
		f.t.Fatal(err)
	}
	out := make([]id.Person, len(prepared))
	for i := range prepared {
		out[i] = prepared[i].ID
	}
	return out
}

// holder makes an officer who holds a role by grant.
func (f *fixture) holder(name string, role access.Role, n org.Node) access.Actor {
	f.t.Helper()
	who := f.make(person.Draft{Name: name, Role: person.RoleOfficer, Node: n.ID, Unit: n.Unit, NoIDReason: "office"})[0]
	f.give(f.op, who, role, n)
	return access.Actor{Person: who, Account: 1, Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

func (f *fixture) give(by access.Actor, who id.Person, role access.Role, n org.Node) org.Grant {
	f.t.Helper()
	g, err := f.orgs.Grant(f.t.Context(), by, org.GrantRequest{Person: who, Node: n.ID, Role: role, Reason: "测试用授权"})
	if err != nil {
		f.t.Fatal(err)
	}
	return g
}

// run runs what is due.
func (f *fixture) run() {
	f.t.Helper()
	if _, err := f.jobs.RunDue(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// audited counts the audit rows of an action.
func (f *fixture) audited(action string) int {
	f.t.Helper()
	var n int
	if err := f.DB.QueryRow(f.t.Context(), "SELECT COUNT(*) FROM audit WHERE action = $1", action).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}
