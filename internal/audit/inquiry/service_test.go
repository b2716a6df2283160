package inquiry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/audit/inquiry"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

const (
	city1, city2 = id.Node(11), id.Node(12)
)

func setup(t *testing.T, h *dbtest.Harness, o inquiry.Options) *inquiry.Service {
	t.Helper()
	for node, path := range map[id.Node]string{10: "1/", city1: "1/1/", city2: "1/2/"} {
		_, err := h.DB.Exec(t.Context(), `INSERT INTO org_node (id, code, name, kind, path, ordinal, unit, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`, node, node.String(), node.String(), "prefecture", path, int64(node), node)
		if err != nil {
			t.Fatal(err)
		}
	}
	return inquiry.New(h.DB, h.Clock, h.Audit, o)
}

func add(t *testing.T, h *dbtest.Harness, action string, node id.Node) {
	t.Helper()
	err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return h.Audit.Append(ctx, tx, audit.Entry{Actor: 1, Role: "county", Action: action, Kind: "x", Node: node})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func administrator(path string, node id.Node) access.Actor {
	return access.Actor{Person: 7, Account: 8, Role: access.AuditAdmin,
		Places: []access.Place{{Node: node, Path: path, Role: access.AuditAdmin}}}
}

func actions(rows []audit.Row) (out []string) {
	for _, r := range rows {
		out = append(out, r.Action)
	}
	return out
}

// TestTwoCities: an administrator of one city finds and takes out nothing of
// the other; whoever does not hold the permission finds nothing at all.
func TestTwoCities(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		ctx := t.Context()
		s := setup(t, h, inquiry.Options{})
		add(t, h, "here", city1)
		add(t, h, "there", city2)
		one, all := administrator("1/1/", city1), administrator("1/", 10)
		got, err := s.Search(ctx, one, audit.Filter{}, 0, 10)
		if d := cmp.Diff([]string{"here"}, actions(got)); d != "" || err != nil {
			t.Error(d, err)
		}
		for _, f := range []audit.Filter{{Node: city2}, {Action: "there"}, {Actors: []id.Person{1}, Node: city2}} {
			if got, err := s.Search(ctx, one, f, 0, 10); len(got) != 0 || err != nil {
				t.Errorf("%+v: %v, %v", f, got, err)
			}
		}
		rows, err := s.Export(ctx, one, audit.Filter{}, "csv")
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for r, err := range rows {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, r.Action)
		}
		if d := cmp.Diff([]string{"audit.exported", "here"}, out); d != "" {
			t.Errorf("export, which is in the trail itself: %s", d)
		}
		if got, err := s.Search(ctx, all, audit.Filter{}, 0, 10); len(got) != 3 || err != nil {
			t.Errorf("the province: %v, %v", actions(got), err)
		}
		for _, role := range access.Roles() {
			by := access.Actor{Person: 9, Role: role, Places: []access.Place{{Node: 10, Path: "1/", Role: role}}}
			_, err := s.Search(ctx, by, audit.Filter{}, 0, 1)
			_, exported := s.Export(ctx, by, audit.Filter{}, "csv")
			if want := role != access.AuditAdmin; errors.Is(err, fault.ErrForbidden) != want || errors.Is(exported, fault.ErrForbidden) != want {
				t.Errorf("%s: %v, %v", role, err, exported)
			}
		}
		if _, err := s.Trim(ctx, all); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("an administrator trims the trail: %v", err)
		}
	})
}

// TestKept: rows are kept as long as set, never shorter than six months, and
// what remains verifies.
func TestKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		s := setup(t, h, inquiry.Options{Keep: time.Hour, ExportRows: 1})
		if s.Options.Keep != inquiry.Shortest {
			t.Errorf("kept for %v", s.Options.Keep)
		}
		add(t, h, "old", city1)
		h.Clock.Advance(inquiry.Shortest - time.Hour)
		add(t, h, "new", city1)
		system := access.System("test")
		if n, err := s.Trim(t.Context(), system); n != 0 || err != nil {
			t.Fatalf("%d rows went before their time, %v", n, err)
		}
		h.Clock.Advance(2 * time.Hour)
		if n, err := s.Trim(t.Context(), system); n != 1 || err != nil {
			t.Fatalf("%d rows went, %v", n, err)
		}
		if rows, broken, err := h.Audit.Verify(t.Context()); rows != 2 || broken != nil || err != nil {
			t.Error(rows, broken, err)
		}
		rows, err := s.Export(t.Context(), administrator("1/", 10), audit.Filter{}, "xlsx")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range rows {
			n++
		}
		if n != 1 {
			t.Errorf("%d rows in a file of at most one", n)
		}
	})
}
