package metrics

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
)

var cmpIgnore = cmpopts.IgnoreUnexported(Figures{})

var sameNumbers = cmp.Options{
	cmpopts.IgnoreUnexported(Figures{}),
	cmpopts.IgnoreFields(Figures{}, "Node", "Month", "AsOf", "Frozen", "Apart", "LeftOut", "Base"),
}

// TestFoldAgainstModel lets a province live at random and compares every figure
// of every node and month with a naive count, on both engines and in batches of
// random size; the rebuild must give the tables exactly.
func TestFoldAgainstModel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		rapid.Check(t, func(t *rapid.T) {
			ctx := context.Background()
			w := newWorld()
			for range rapid.IntRange(10, 90).Draw(t, "steps") {
				w.step(t)
			}
			err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return consumer{}.Reset(ctx, tx) })
			if err != nil {
				t.Fatal(err)
			}
			for rest := w.events; len(rest) > 0; {
				n := min(rapid.IntRange(1, 40).Draw(t, "batch"), len(rest))
				batch := rest[:n]
				rest = rest[n:]
				if err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return consumer{}.Consume(ctx, tx, batch) }); err != nil {
					t.Fatal(err)
				}
			}
			w.check(ctx, t, h.DB)
			again := newState(nil)
			if err := again.apply(ctx, w.events); err != nil {
				t.Fatal(err)
			}
			err = h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				found, err := compare(ctx, tx, again)
				if len(found) > 0 {
					t.Errorf("the rebuild differs: %v", found)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	})
}

// check compares every node and month, and the rules between the figures.
func (w *world) check(ctx context.Context, t *rapid.T, d *db.DB) {
	var all []id.Node
	for at := range w.nodes {
		if w.nodes[at].kind != "class" {
			all = append(all, at)
		}
	}
	for m := clock.Month(201909); m <= clock.MonthOf(w.now); m = m.Next() {
		got, err := readFigures(ctx, d, all, m)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range all {
			f := got[at]
			if diff := cmp.Diff(w.at(at, m), *f, sameNumbers); diff != "" {
				t.Fatalf("node %d, %s (-model +stored):\n%s", at, m, diff)
			}
			for _, c := range [][4]int64{
				{f.Made.Pupil, f.Activated.Pupil, f.Verified.Pupil, f.Active.Pupil},
				{f.Made.Teacher, f.Activated.Teacher, f.Verified.Teacher, f.Active.Teacher},
			} {
				if c[0] < c[1] || c[1] < c[2] || c[2] < c[3] {
					t.Fatalf("node %d, %s: made, activated, verified, active are %v", at, m, c)
				}
			}
		}
	}
}
