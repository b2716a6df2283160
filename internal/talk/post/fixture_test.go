package post_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/talk/post"
)

// blobs keeps pictures in memory; broken refuses to take any.
type blobs struct {
	mu     sync.Mutex
	data   map[string][]byte
	broken bool
}

func (b *blobs) Put(_ context.Context, key string, r io.Reader, _ int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken {
		return errors.New("the disk is full")
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	b.data[key] = data
	return nil
}

func (b *blobs) Get(_ context.Context, key string) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return io.NopCloser(bytes.NewReader(b.data[key])), nil
}

func (b *blobs) Each(context.Context, string, time.Duration, func(string) error) error { return nil }

func (b *blobs) Delete(_ context.Context, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.data, key)
	return nil
}

func (b *blobs) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.data)
}

// classes reads the tree as the product does.
type classes struct {
	db   *db.DB
	orgs *org.Service
}

func (c classes) Class(ctx context.Context, node id.Node) (post.Class, error) {
	spots, err := org.Spots(ctx, c.db, []id.Node{node})
	at := spots[node]
	if err != nil || at.Kind != org.KindClass {
		return post.Class{}, errors.Join(err, fault.New(fault.ErrNotFound, "error.not_found"))
	}
	return post.Class{Node: node, Path: at.Path, Open: at.Status != org.StatusClosed}, nil
}

func (c classes) Space(ctx context.Context, node id.Node) (id.Space, id.Node, error) {
	n, err := c.orgs.Get(ctx, access.System("find the space of a class"), node)
	return id.Space(node + 1), n.Unit, err
}

// people is a class list kept by hand.
type people struct {
	mu    sync.Mutex
	names map[id.Person]string
	lists map[id.Node][]post.Member
}

func (p *people) Names(_ context.Context, persons []id.Person) (map[id.Person]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[id.Person]string{}
	for _, who := range persons {
		out[who] = p.names[who]
	}
	return out, nil
}

func (p *people) Pupils(_ context.Context, class id.Node) ([]post.Member, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lists[class], nil
}

// fixture is a province with two schools, each with two classes.
type fixture struct {
	*dbtest.Harness
	svc    *post.Service
	orgs   *org.Service
	blobs  *blobs
	people *people
	op     access.Actor
	nodes  map[string]org.Node
}

func setup(tb testing.TB, h *dbtest.Harness) *fixture {
	tb.Helper()
	f := &fixture{Harness: h, op: access.Operator("tester"), nodes: map[string]org.Node{},
		orgs:   org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit),
		blobs:  &blobs{data: map[string][]byte{}},
		people: &people{names: map[id.Person]string{}, lists: map[id.Node][]post.Member{}}}
	f.svc = post.New(h.DB, h.IDs, h.Clock, h.Log, classes{h.DB, f.orgs}, f.people, f.blobs)
	ctx := context.Background()
	rows := []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省", Row: 2},
		{Code: "222400", Name: "延边州", Kind: "市州", Parent: "22", Row: 3},
		{Code: "222424", Name: "汪清县", Kind: "区县", Parent: "222400", Row: 4},
		{Code: "2122000001", Name: "松苑小学", Kind: "学校", Parent: "222424", Type: "211", Row: 5},
		{Code: "2122000002", Name: "云岭小学", Kind: "学校", Parent: "222424", Type: "211", Row: 6},
	}
	if got, err := f.orgs.Import(ctx, f.op, rows); err != nil || got.Rejected > 0 {
		tb.Fatalf("import: %v %v", got.Problems, err)
	}
	for _, code := range []string{"22", "222400", "222424", "2122000001", "2122000002"} {
		n, err := f.orgs.ByCode(ctx, f.op, code)
		if err != nil {
			tb.Fatal(err)
		}
		f.nodes[code] = n
	}
	for name, school := range map[string]string{"a1": "2122000001", "a2": "2122000001", "b1": "2122000002"} {
		no := int(name[1] - '0')
		n, _, err := f.orgs.EnsureClass(ctx, f.op, f.nodes[school].ID, org.ClassKey{Stage: "P", EntryYear: 2017, No: no})
		if err != nil {
			tb.Fatal(err)
		}
		f.nodes[name] = n
	}
	return f
}

// actor is a new person who holds a role at the node of this name; a pupil
// stands on the class list, activated.
func (f *fixture) actor(role access.Role, node string) access.Actor {
	n := f.nodes[node]
	who := id.Next[id.Person](f.IDs)
	f.people.mu.Lock()
	defer f.people.mu.Unlock()
	name := fmt.Sprintf("%s of %s no. %d", role, node, len(f.people.names)+1)
	f.people.names[who] = name
	if role == access.Pupil {
		f.people.lists[n.ID] = append(f.people.lists[n.ID], post.Member{Person: who, Name: name, Activated: true})
	}
	return access.Actor{Person: who, Role: role, Name: name, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// notice posts a notice that asks for a receipt into class a1.
func (f *fixture) notice(tb testing.TB, by access.Actor) id.Post {
	tb.Helper()
	made, err := f.svc.Publish(context.Background(), by, post.Draft{Node: f.nodes["a1"].ID, Kind: post.Notice, Body: "明天带彩笔。", Receipt: true})
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

// count returns the number that a query gives.
func (f *fixture) count(tb testing.TB, query string, args ...any) int {
	tb.Helper()
	var n int
	if err := f.DB.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

// verbs lists the verbs of this package in the log.
func (f *fixture) verbs(tb testing.TB) map[string]int {
	tb.Helper()
	ctx := context.Background()
	for n := 1; n > 0; {
		var err error
		if n, err = f.Log.Sequence(ctx); err != nil {
			tb.Fatal(err)
		}
	}
	head, err := f.Log.Head(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string]int{}
	err = f.Log.Each(ctx, 0, head, func(e event.Event) error {
		if strings.HasPrefix(e.Verb, "post.") {
			out[e.Verb]++
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// wantKind fails unless err is of the kind; nil wants none.
func wantKind(tb testing.TB, what string, err, kind error) {
	tb.Helper()
	if kind == nil && err != nil || kind != nil && !errors.Is(err, kind) {
		tb.Errorf("%s: error %v, want %v", what, err, kind)
	}
}

// counters fails unless each post's counters equal its rows.
func (f *fixture) counters(tb testing.TB) {
	tb.Helper()
	wrong := f.count(tb, `SELECT COUNT(*) FROM post_post p WHERE comments <> (SELECT COUNT(*) FROM post_comment c WHERE c.post = p.id AND c.state = 'shown')
OR receipts <> (SELECT COUNT(*) FROM post_receipt r WHERE r.post = p.id)`)
	if wrong > 0 {
		tb.Errorf("%d posts whose counters are not their rows", wrong)
	}
}

// durable is a harness whose database syncs every commit.
func durable(b *testing.B, e db.Dialect) *dbtest.Harness {
	b.Helper()
	h := dbtest.New(b, e)
	d, err := db.Open(context.Background(), dbtest.URL(b, e), db.Options{PoolSize: 12})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	h.DB, h.Log = d, event.New(d, h.IDs, h.Clock)
	return h
}
