package merge_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
)

// teachers are two records of one teacher of school a.
func (f *fixture) teachers() (keep, drop id.Person) {
	f.t.Helper()
	draft := person.Draft{Name: "赵老师", Role: person.RoleTeacher, IDNo: adult, Node: f.a.ID, Unit: f.a.ID}
	keep = f.make(draft)
	draft.IDNo, draft.NoIDReason = "", "待补"
	return keep, f.make(draft)
}

func (f *fixture) give(who id.Person, role access.Role, n org.Node, days int) {
	f.t.Helper()
	req := org.GrantRequest{Person: who, Node: n.ID, Role: role}
	if days > 0 {
		req.Until = clock.DayOf(f.Clock.Now()).AddDays(days)
	}
	if _, err := f.orgs.Grant(f.t.Context(), f.op, req); err != nil {
		f.t.Fatal(err)
	}
}

// roles are what a person holds today, with the last day.
func (f *fixture) roles(who id.Person) map[string]string {
	f.t.Helper()
	all, err := f.orgs.GrantsOf(f.t.Context(), f.op, who)
	if err != nil {
		f.t.Fatal(err)
	}
	out := map[string]string{}
	for _, g := range all {
		out[string(g.Role)+"@"+g.NodeName] = g.To.String()
	}
	return out
}

// TestUndoGivesRolesBack merges a record that holds roles, so that they end, and
// takes it back: they hold again to their days, but for what has run out.
func TestUndoGivesRolesBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		keep, drop := f.teachers()
		f.give(drop, access.Registrar, f.a, 0)
		f.give(drop, access.School, f.b, 20)
		f.give(f.make(person.Draft{Name: "校长", Role: person.RoleTeacher, NoIDReason: "x", Node: f.b.ID, Unit: f.b.ID}), access.School, f.b, 0)
		f.give(drop, access.Registrar, f.b, 5)
		before := f.roles(drop)
		m, err := f.merges.Merge(ctx, f.officer, merge.Request{Keep: keep, Drop: drop, Reason: "同一人"})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.roles(drop); len(got) > 0 || len(f.roles(keep)) > 0 {
			t.Errorf("after the merging %v, %v", got, f.roles(keep))
		}
		f.Clock.Advance(10 * 24 * time.Hour)
		if _, err := f.merges.Undo(ctx, f.officer, m.ID); err != nil {
			t.Fatal(err)
		}
		delete(before, "registrar@乙校") // five days are over
		if d := cmp.Diff(before, f.roles(drop)); d != "" || len(before) != 2 {
			t.Errorf("after the undoing (-want +got):\n%s", d)
		}
		if d := cmp.Diff(map[string]string{}, f.roles(keep)); d != "" {
			t.Errorf("the kept record has got roles: %s", d)
		}
		for action, want := range map[string]int{"grant.given": 6, "grant.ended": 3} {
			var n int
			if err := h.DB.QueryRow(ctx, "SELECT COUNT(*) FROM audit WHERE action = $1", action).Scan(&n); err != nil || n != want {
				t.Errorf("%d audit rows %s, want %d, %v", n, action, want, err)
			}
		}
	})
}

// TestNoRightsByAMerging keeps a school from deciding on records with roles that
// it could not give: it would end a colleague's, or lead another's sign-in to
// them.
func TestNoRightsByAMerging(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		keep, drop := f.teachers()
		f.give(f.make(person.Draft{Name: "校长", Role: person.RoleTeacher, NoIDReason: "x", Node: f.a.ID, Unit: f.a.ID}), access.School, f.a, 0)
		f.give(drop, access.School, f.a, 0)
		ask := func(by access.Actor, keep, drop id.Person) error {
			_, err := f.merges.Merge(ctx, by, merge.Request{Keep: keep, Drop: drop, Reason: "同一人"})
			return err
		}
		wantKind(t, "a school ends a head's role", ask(f.head, keep, drop), fault.ErrForbidden)
		if len(f.roles(drop)) != 1 {
			t.Error("the role has ended")
		}
		seen, err := f.merges.Preview(ctx, f.head, merge.Request{Keep: keep, Drop: drop})
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, "the preview", seen.Refused, fault.ErrForbidden)
		// The teacher's sign-in would go to the record of the head who never came in.
		f.verify(keep)
		wantKind(t, "a school leads a sign-in to a head's role", ask(f.head, drop, keep), fault.ErrForbidden)
		if err := ask(f.officer, drop, keep); err != nil {
			t.Errorf("the county, which has named him: %v", err)
		}
	})
}

// TestUndoByTheSchool refuses to give back what only the county gives.
func TestUndoByTheSchool(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		keep, drop := f.teachers()
		f.give(f.make(person.Draft{Name: "校长", Role: person.RoleTeacher, NoIDReason: "x", Node: f.a.ID, Unit: f.a.ID}), access.School, f.a, 0)
		f.give(drop, access.School, f.a, 0)
		m, err := f.merges.Merge(ctx, f.officer, merge.Request{Keep: keep, Drop: drop, Reason: "同一人"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.merges.Undo(ctx, f.head, m.ID)
		wantKind(t, "the school", err, fault.ErrForbidden)
		if len(f.roles(drop)) != 0 {
			t.Error("the school has given a head's role")
		}
		if _, err := f.merges.Undo(ctx, f.officer, m.ID); err != nil || len(f.roles(drop)) != 1 {
			t.Errorf("the county: %v, %v", f.roles(drop), err)
		}
	})
}

// TestFindIsRecorded tells whom a search by name shows, and shows nobody to
// whoever is refused.
func TestFindIsRecorded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(pupil(f.a1, "李明", boy))
		var got []id.Person
		refuse := false
		f.merges.Found = func(_ context.Context, by access.Actor, node id.Node, persons []id.Person) error {
			if refuse {
				return fault.New(fault.ErrTooMany, "custody.over.names_day", 1)
			}
			got = append(got, persons...)
			return nil
		}
		for _, p := range []access.Permission{access.PersonMerge, access.PersonCorrect} {
			got, refuse = nil, false
			list, err := f.merges.Find(ctx, f.officer, p, f.county.ID, "李", 20)
			if err != nil || len(list) != 1 || len(got) != 1 || got[0] != who {
				t.Errorf("%s: found %v, recorded %v, %v", p, list, got, err)
			}
			refuse = true
			if list, err := f.merges.Find(ctx, f.officer, p, f.county.ID, "李", 20); !errors.Is(err, fault.ErrTooMany) || len(list) > 0 {
				t.Errorf("%s: %d are shown, %v", p, len(list), err)
			}
		}
	})
}
