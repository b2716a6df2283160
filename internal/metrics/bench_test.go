package metrics

import (
	"context"
	"fmt"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// BenchmarkDashboard reads the table of the province (twelve units) and of a
// county (a hundred schools) from two years of figures, the last month open.
func BenchmarkDashboard(b *testing.B) {
	for _, e := range dbtest.Engines(b) {
		h := dbtest.New(b, e)
		log, trail := event.New(h.DB, h.IDs, h.Clock), audit.New(h.DB, h.IDs, h.Clock)
		h.Clock.Set(time.Date(2020, 12, 20, 9, 0, 0, 0, clock.Zone))
		s := New(h.DB, h.IDs, h.Clock, log, trail, fakeTree{}, Options{})
		ctx, by := context.Background(), access.Operator("bench")
		if err := h.DB.Tx(ctx, fillYears); err != nil {
			b.Fatal(err)
		}
		for name, node := range map[string]id.Node{"province": 1, "county": 100} {
			b.Run(fmt.Sprintf("%s/%s", e, name), func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Children(ctx, by, node, 202012); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// fakeTree knows every node and puts each under the province.
type fakeTree struct{}

func (fakeTree) Get(_ context.Context, _ access.Actor, n id.Node) (org.Node, error) {
	return org.Node{ID: n, Kind: "county", Path: "1/" + n.String() + "/"}, nil
}

func (t fakeTree) GetMany(ctx context.Context, by access.Actor, ns []id.Node) (map[id.Node]org.Node, error) {
	out := map[id.Node]org.Node{}
	for _, n := range ns {
		out[n], _ = t.Get(ctx, by, n)
	}
	return out, nil
}

func (t fakeTree) Root(ctx context.Context, by access.Actor) (org.Node, error) {
	return t.Get(ctx, by, 1)
}

// fillYears writes 1 province, 12 units, 60 counties and 600 schools with
// twelve numbers a month.
func fillYears(ctx context.Context, tx *db.Tx) error {
	s := newState(&tables{tx: tx})
	put := func(at, parent id.Node, kind string) {
		s.nodes[at] = &node{parent: parent, kind: kind, live: true, exists: true, dirtied: true}
		for m := clock.Month(201901); m <= 202012; m = m.Next() {
			for i, what := range []metric{mMade, mActivated, mVerified, mNewly, mActive, mBase} {
				for r := rPupil; r <= rTeacher; r++ {
					s.roll[rollKey{at, pCounted, cell{m, what, r}}] = int64(100 + i)
				}
			}
		}
	}
	put(1, 0, "province")
	for u := range id.Node(12) {
		put(10+u, 1, "prefecture")
	}
	for c := range id.Node(60) {
		put(100+c, 10+c%12, "county")
		for n := range id.Node(100) {
			if c > 5 {
				break // the other counties are read as rows only
			}
			put(1000+100*c+n, 100+c, "school")
		}
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	return s.tables.snapshot(ctx, 202011, closing{})
}
