package homeweb_test

import (
	"context"
	"errors"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/blob"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/custody"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/metrics"
	"learnspace/internal/notice"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/rights"
	"learnspace/internal/space"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
	"learnspace/internal/web/homeweb"
	"learnspace/internal/web/spaceweb"
	"learnspace/internal/web/webtest"
)

// adapter tells the package post of classes and people, as the product does.
type adapter struct {
	db     *db.DB
	by     access.Actor
	spaces *space.Service
	people *person.Service
}

func (a adapter) Class(ctx context.Context, node id.Node) (post.Class, error) {
	spots, err := org.Spots(ctx, a.db, []id.Node{node})
	at := spots[node]
	if err != nil || at.Kind != org.KindClass {
		return post.Class{}, errors.Join(err, fault.New(fault.ErrNotFound, "error.not_found"))
	}
	return post.Class{Node: node, Path: at.Path, Open: at.Status != org.StatusClosed}, nil
}

func (a adapter) Space(ctx context.Context, node id.Node) (id.Space, id.Node, error) {
	sp, err := a.spaces.OfNode(ctx, a.by, node)
	return sp.ID, sp.Unit, err
}

func (a adapter) Names(ctx context.Context, persons []id.Person) (map[id.Person]string, error) {
	return a.people.Names(ctx, a.by, persons)
}

func (a adapter) Pupils(ctx context.Context, class id.Node) ([]post.Member, error) {
	list, err := a.people.Pupils(ctx, a.by, class)
	out := make([]post.Member, len(list))
	for i, m := range list {
		out[i] = post.Member{Person: m.ID, Name: m.Name, Activated: !m.Activated.IsZero()}
	}
	return out, err
}

// fixture is a site with the homes and the class spaces of a small province.
type fixture struct {
	*dbtest.Harness
	*webtest.Site
	t      *testing.T
	op     access.Actor
	deps   homeweb.Deps
	spaces *space.Service
	nodes  map[string]org.Node
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester"), nodes: map[string]org.Node{}}
	tree := org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	people := person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, tree)
	f.spaces = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, tree, people)
	tree.Spaces, tree.People = f.spaces, people
	blobs, err := blob.Open("file:" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	around := adapter{h.DB, f.op, f.spaces, people}
	figures := metrics.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, tree, metrics.Options{})
	f.deps = homeweb.Deps{Accounts: account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit,
		Org: tree, People: people, Hasher: account.NewPool(account.CheapCost, 2, 64)}), Org: tree, People: people, Metrics: figures, Notices: notice.New(h.DB, h.IDs, h.Clock),
		Posts: post.New(h.DB, h.IDs, h.Clock, h.Log, around, around, blobs),
		Rosters: roster.New(roster.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Audit: h.Audit, Org: tree, People: people,
			Bases: figures, Files: blobs, System: f.op}),
		Bulletin: bulletin.New(bulletin.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Log: h.Log, Trail: h.Audit, Org: tree, Metrics: figures})}
	f.deps.Custody = custody.New(custody.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, Org: tree, People: people, Files: blobs, System: access.System("test"),
		Jobs: job.New(h.DB, h.IDs, h.Clock, job.Options{})})
	f.deps.Rights = rights.New(rights.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, People: people})
	f.grow()
	routes := append(homeweb.New(f.deps).Routes(), spaceweb.New(f.deps.Posts, f.deps.Notices, tree).Routes()...)
	f.Site = webtest.With(t, web.Options{Clock: h.Clock}, routes...)
	return f
}

// grow makes the tree: two counties, the first with two schools, the first of
// them with two classes.
func (f *fixture) grow() {
	f.t.Helper()
	ctx := f.t.Context()
	got, err := f.deps.Org.Import(ctx, f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省", Row: 2},
		{Code: "222400", Name: "延边朝鲜族自治州", NameKo: "연변조선족자치주", Kind: "市州", Parent: "22", Row: 3},
		{Code: "222424", Name: "汪清县", Kind: "区县", Parent: "222400", Row: 4},
		{Code: "222426", Name: "安图县", Kind: "区县", Parent: "222400", Row: 5},
		{Code: "2122000001", Name: "松苑小学", Kind: "学校", Parent: "222424", Type: "211", Row: 6},
		{Code: "2122000002", Name: "云岭小学", Kind: "学校", Parent: "222424", Type: "211", Row: 7},
		{Code: "2122000003", Name: "明月小学", Kind: "学校", Parent: "222426", Type: "211", Row: 8},
	})
	if err != nil || got.Rejected > 0 {
		f.t.Fatal(got.Problems, err)
	}
	for _, code := range []string{"22", "222400", "222424", "222426", "2122000001", "2122000002", "2122000003"} {
		if f.nodes[code], err = f.deps.Org.ByCode(ctx, f.op, code); err != nil {
			f.t.Fatal(err)
		}
	}
	for name, no := range map[string]int{"a1": 1, "a2": 2} {
		if f.nodes[name], _, err = f.deps.Org.EnsureClass(ctx, f.op, f.nodes["2122000001"].ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: no}); err != nil {
			f.t.Fatal(err)
		}
	}
}

// make makes a person of the roster with a role at a node, and returns him as
// an actor.
func (f *fixture) make(name string, role access.Role, node string) access.Actor {
	f.t.Helper()
	ctx, n := f.t.Context(), f.nodes[node]
	d := person.Draft{Name: name, Role: string(role), Node: n.ID, Unit: n.Unit, NoIDReason: "01"}
	if role == access.ClassTeacher {
		d.Role, d.Node = person.RoleTeacher, n.Unit
	}
	made, err := f.deps.People.Prepare(ctx, f.op, []person.Draft{d})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.deps.People.InsertMany(ctx, f.op, made); err != nil {
		f.t.Fatal(err)
	}
	if role == access.ClassTeacher {
		_, err := f.deps.People.Affiliate(ctx, f.op, person.Affiliation{Person: made[0].ID, Node: n.ID, Unit: n.Unit, Role: person.RoleClassTeacher, From: clock.DayOf(f.Harness.Clock.Now())})
		if err != nil {
			f.t.Fatal(err)
		}
	}
	return as(made[0].ID, name, role, n)
}

// officer is somebody who holds a role at a node and stands on no roster.
func (f *fixture) officer(name string, role access.Role, node string) access.Actor {
	return as(id.Next[id.Person](f.IDs), name, role, f.nodes[node])
}

// holder is a person who holds the role by a grant.
func (f *fixture) holder(name string, role access.Role, school string) access.Actor {
	f.t.Helper()
	ctx, node := f.t.Context(), f.nodes[school]
	made, err := f.deps.People.Prepare(ctx, f.op, []person.Draft{{Name: name, Role: person.RoleOfficer, Node: node.ID, Unit: node.ID, NoIDReason: "office"}})
	if err == nil {
		err = f.deps.People.InsertMany(ctx, f.op, made)
	}
	if err == nil {
		_, err = f.deps.Org.Grant(ctx, f.op, org.GrantRequest{Person: made[0].ID, Node: node.ID, Role: role, Reason: "测试用授权"})
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return as(made[0].ID, name, role, node)
}

func as(who id.Person, name string, role access.Role, n org.Node) access.Actor {
	return access.Actor{Person: who, Role: role, Name: name, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// activate takes a person's space.
func (f *fixture) activate(who access.Actor) {
	f.t.Helper()
	if err := f.deps.People.Activate(f.t.Context(), f.op, who.Person); err != nil {
		f.t.Fatal(err)
	}
}

// notice posts a notice that asks for a receipt into class a1.
func (f *fixture) notice(by access.Actor, text string) id.Post {
	f.t.Helper()
	made, err := f.deps.Posts.Publish(f.t.Context(), by, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: text, Receipt: true})
	if err != nil {
		f.t.Fatal(err)
	}
	return made
}

// catchUp folds what has happened into figures and notices.
func (f *fixture) catchUp() {
	f.t.Helper()
	if err := f.deps.Metrics.CatchUp(f.t.Context(), f.op); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.Harness.Log.CatchUp(f.t.Context(), f.deps.Notices.Consumer()); err != nil {
		f.t.Fatal(err)
	}
}
