package org_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

func day(d int32) clock.Day { return clock.Day(d) }

func TestVisibility(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		class := func(school string, no int) org.Node {
			n, _, err := f.svc.EnsureClass(ctx, f.op, f.node(t, school).ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: no})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		mine, beside, foreign := class("2122000001", 1), class("2122000001", 2), class("2122000002", 1)
		pupil := access.Actor{Person: 5, Role: access.Pupil, Places: []access.Place{{Node: mine.ID, Path: mine.Path, Role: access.Pupil}}}
		school := f.actor(t, access.School, "2122000001")
		county := f.actor(t, access.County, "220102")
		expert := f.actor(t, access.Expert, "22")
		cases := []struct {
			name string
			by   access.Actor
			node org.Node
			want bool
		}{
			{"pupil, own class", pupil, mine, true}, {"pupil, own school", pupil, f.node(t, "2122000001"), true},
			{"pupil, class beside", pupil, beside, false}, {"pupil, own county", pupil, f.node(t, "220102"), false},
			{"school, class", school, beside, true}, {"school, foreign class", school, foreign, false},
			{"school, county above", school, f.node(t, "220102"), false},
			{"county, school", county, f.node(t, "3122000001"), true}, {"county, other county", county, f.node(t, "220302"), false},
			{"county, city above", county, f.node(t, "220100"), false}, {"expert, county", expert, f.node(t, "220102"), false},
			{"expert, class", expert, mine, false}, {"anonymous", access.Anonymous(), f.node(t, "22"), false},
		}
		for _, c := range cases {
			_, err := f.svc.Get(ctx, c.by, c.node.ID)
			if c.want != (err == nil) || !c.want && !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		many, err := f.svc.GetMany(ctx, school, []id.Node{mine.ID, foreign.ID})
		if err != nil || len(many) != 1 {
			t.Errorf("many: %v, %v", many, err)
		}
		counts, err := f.svc.Counts(ctx, county, f.node(t, "220102").ID)
		if err != nil || counts[org.KindClass] != 2 || counts[org.KindSchool] != 2 {
			t.Errorf("counts %v, %v", counts, err)
		}
		if _, err := f.svc.Counts(ctx, county, f.node(t, "220302").ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("counts of another county: %v", err)
		}
		if got, err := f.svc.Counts(ctx, pupil, f.node(t, "2122000001").ID); err != nil || len(got) != 0 {
			t.Errorf("counts for a pupil: %v, %v", got, err)
		}
		if got, err := f.svc.Classes(ctx, pupil, f.node(t, "2122000001").ID); err != nil || len(got) != 1 || got[0].ID != mine.ID {
			t.Errorf("classes for a pupil: %v, %v", got, err)
		}
	})
}

func TestChildrenInPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		for by, want := range map[string][]string{
			"admin":  {"220100", "220300", "22CB00"},
			"report": {"220100", "220300", "220381", "22CB00"},
		} {
			var codes []string
			list := org.ChildList{Node: f.node(t, "22").ID, Tree: org.Tree(by), Limit: 1}
			for {
				page, next, err := f.svc.Children(ctx, f.op, list)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range page {
					codes = append(codes, n.Code)
				}
				if list.After = next; next == "" {
					break
				}
			}
			if fmt.Sprint(codes) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", by, codes, want)
			}
		}
		prefecture := f.actor(t, access.Prefecture, "220100")
		if _, _, err := f.svc.Children(ctx, prefecture, org.ChildList{Node: f.node(t, "22").ID}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("children of the province for a city: %v", err)
		}
		if _, _, err := f.svc.Children(ctx, f.op, org.ChildList{Node: f.node(t, "22").ID, After: "x"}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a broken cursor: %v", err)
		}
	})
}

// race runs fn n times at once.
func race(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

func TestRaceForOneClass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		school := f.node(t, "2122000001")
		const n = 8
		var made [n]bool
		var ids [n]id.Node
		race(n, func(i int) {
			nodes, fresh, err := f.svc.EnsureClasses(t.Context(), f.op,
				org.ClassAt{School: school.ID, ClassKey: org.ClassKey{Stage: "P", EntryYear: 2019, No: 1}},
				org.ClassAt{School: school.ID, ClassKey: org.ClassKey{Stage: "P", EntryYear: 2019, No: 10 + i}})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i], made[i] = nodes[0].ID, fresh[0]
		})
		won := 0
		for i := range n {
			if made[i] {
				won++
			}
			if ids[i] != ids[0] {
				t.Errorf("racer %d got another class", i)
			}
		}
		if won != 1 {
			t.Errorf("%d made the class", won)
		}
		f.checkTree(t)
	})
}

// TestClassesOfSchools asks for classes of two schools at once, one of them there
// and one named twice.
func TestClassesOfSchools(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		a, b := f.node(t, "2122000001").ID, f.node(t, "2122000003").ID
		key := func(no int) org.ClassKey { return org.ClassKey{Stage: "P", EntryYear: 2019, No: no} }
		there, _, err := f.svc.EnsureClass(t.Context(), f.op, b, key(2))
		if err != nil {
			t.Fatal(err)
		}
		wanted := []org.ClassAt{{School: b, ClassKey: key(1)}, {School: a, ClassKey: key(1)}, {School: b, ClassKey: key(2)}, {School: a, ClassKey: key(1)}}
		nodes, made, err := f.svc.EnsureClasses(t.Context(), f.op, wanted...)
		if err != nil {
			t.Fatal(err)
		}
		if want := []bool{true, true, false, true}; !slices.Equal(made, want) {
			t.Errorf("made %v, want %v", made, want)
		}
		for i, n := range nodes {
			if n.Parent != wanted[i].School || n.Key() != wanted[i].ClassKey {
				t.Errorf("class %d is %v of %d", i, n.Key(), n.Parent)
			}
		}
		if nodes[2].ID != there.ID || nodes[1].ID != nodes[3].ID {
			t.Errorf("classes %d, %d, %d; there was %d", nodes[1].ID, nodes[2].ID, nodes[3].ID, there.ID)
		}
		wanted[1].School = f.node(t, "220102").ID
		wanted[0].No = 7
		if _, _, err := f.svc.EnsureClasses(t.Context(), f.op, wanted...); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a class of a region gave %v", err)
		}
		if _, made, err := f.svc.EnsureClass(t.Context(), f.op, b, key(7)); err != nil || !made {
			t.Errorf("the refused call left a class (%v)", err)
		}
		f.checkTree(t)
	})
}

func TestRaceOfMovesAndClasses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		school := f.node(t, "2122000001")
		homes := []id.Node{f.node(t, "220102").ID, f.node(t, "220302").ID, f.node(t, "22CB0001").ID}
		race(8, func(i int) {
			for k := range 4 {
				var err error
				if i%2 == 0 {
					err = f.svc.Move(ctx, f.op, school.ID, homes[(i/2+k)%3], org.Admin, 0, "")
				} else {
					_, _, err = f.svc.EnsureClass(ctx, f.op, school.ID, org.ClassKey{Stage: "P", EntryYear: 2019, No: 1 + i*10 + k})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		f.checkTree(t)
		if classes, err := f.svc.Classes(ctx, f.op, school.ID); err != nil || len(classes) != 16 {
			t.Errorf("%d classes, %v", len(classes), err)
		}
	})
}

func TestRaceForOneGrant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		school := f.node(t, "2122000001")
		race(8, func(int) {
			if _, err := f.svc.Grant(t.Context(), f.op, org.GrantRequest{Person: 9, Node: school.ID, Role: access.School}); err != nil {
				t.Error(err)
			}
		})
		if got, err := f.svc.GrantsOf(t.Context(), f.op, 9); err != nil || len(got) != 1 {
			t.Errorf("%d grants, %v", len(got), err)
		}
	})
}

func TestTwoImportsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := &fixture{Harness: h, svc: org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit), op: access.Operator("tester")}
		var fresh [4]int
		race(4, func(i int) {
			rep, err := f.svc.Import(t.Context(), f.op, sampleRows())
			if err != nil || rep.Rejected != 0 {
				t.Errorf("import %d: %+v, %v", i, rep, err)
			}
			fresh[i] = rep.New
		})
		if sum := fresh[0] + fresh[1] + fresh[2] + fresh[3]; sum != len(sampleRows()) {
			t.Errorf("new nodes %v, want %d together", fresh, len(sampleRows()))
		}
		f.checkTree(t)
	})
}

// checkTree fails when a path does not follow from the parent's, stands twice,
// or when a parent is missing.
func (f *fixture) checkTree(t testing.TB) {
	t.Helper()
	bad := map[string]string{
		"paths that do not extend the parent's": "SELECT COUNT(*) FROM org_node n JOIN org_node p ON p.id = n.parent" +
			" WHERE SUBSTR(n.path, 1, LENGTH(p.path)) <> p.path OR LENGTH(n.path) - LENGTH(p.path) < 2" +
			" OR LENGTH(n.path) - LENGTH(REPLACE(n.path, '/', '')) <> LENGTH(p.path) - LENGTH(REPLACE(p.path, '/', '')) + 1",
		"nodes without a parent": "SELECT COUNT(*) FROM org_node n WHERE n.parent <> 0 AND NOT EXISTS (SELECT 1 FROM org_node p WHERE p.id = n.parent)",
		"units that are not the school's": "SELECT COUNT(*) FROM org_node n JOIN org_node p ON p.id = n.parent" +
			" WHERE (n.kind = 'class' AND n.unit <> p.unit) OR (n.kind <> 'class' AND n.unit <> n.id)",
		"edges in force that differ from the node": "SELECT COUNT(*) FROM org_edge e JOIN org_node n ON n.id = e.node WHERE e.to_on = 0 AND e.applied = 1" +
			" AND e.parent <> CASE e.tree WHEN 'admin' THEN n.parent ELSE n.report END",
		"nodes without exactly one open edge in each tree": "SELECT COUNT(*) FROM org_node n WHERE n.parent <> 0 AND n.kind <> 'class' AND n.status <> 'closed'" +
			" AND 2 <> (SELECT COUNT(*) FROM org_edge e WHERE e.node = n.id AND e.to_on = 0)",
	}
	for what, q := range bad {
		var n int
		if err := f.DB.QueryRow(t.Context(), q).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// TestTreeProperty makes and moves nodes at random: the paths always follow the
// parents, and no move makes a circle.
func TestTreeProperty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		rapid.Check(t, func(rt *rapid.T) {
			nodes := f.allNodes(t)
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				a, b := rapid.SampledFrom(nodes).Draw(rt, "node"), rapid.SampledFrom(nodes).Draw(rt, "parent")
				tree := rapid.SampledFrom([]org.Tree{org.Admin, org.Report}).Draw(rt, "tree")
				if rapid.Bool().Draw(rt, "make") {
					_, _, err := f.svc.EnsureClass(ctx, f.op, a, org.ClassKey{Stage: "P", EntryYear: 2019, No: rapid.IntRange(1, 5).Draw(rt, "no")})
					if err != nil && !errors.Is(err, fault.ErrInvalid) {
						rt.Fatal(err)
					}
					continue
				}
				err := f.svc.Move(ctx, f.op, a, b, tree, 0, "")
				if err != nil && !errors.Is(err, fault.ErrInvalid) {
					rt.Fatal(err)
				}
			}
			f.checkTree(t)
			f.checkNoCircle(t)
		})
	})
}

func (f *fixture) allNodes(t *testing.T) []id.Node {
	t.Helper()
	rows, err := f.DB.Query(t.Context(), "SELECT id FROM org_node WHERE kind <> 'class' ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []id.Node
	for rows.Next() {
		var n id.Node
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

// checkNoCircle walks up both trees from every node.
func (f *fixture) checkNoCircle(t *testing.T) {
	t.Helper()
	all, err := org.Nodes(t.Context(), f.DB, f.allNodes(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		for tree, up := range map[string]func(org.Node) id.Node{
			"admin": func(n org.Node) id.Node { return n.Parent }, "report": func(n org.Node) id.Node { return n.Report },
		} {
			at, steps := n, 0
			for ; up(at) != 0; steps++ {
				if at = all[up(at)]; steps > len(all) {
					t.Fatalf("node %s: circle in the %s tree", n.Code, tree)
				}
			}
			if at.Kind != org.KindProvince {
				t.Errorf("node %s: the %s tree ends at %s", n.Code, tree, at.Kind)
			}
		}
	}
}
