package rights_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/rights"
)

// TestRetention counts without changing, then removes, and leaves a row with the
// counts.
func TestRetention(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		of := map[string]rights.Retention{}
		for _, r := range rights.Retentions() {
			of[r.Name] = r
		}
		f.rebuild([]rights.Rule{
			{Retention: of[rights.KeepContacts], Count: f.people.CountOldContacts, Run: f.people.EraseOldContacts},
			{Retention: of[rights.KeepUndo], Count: f.merges.CountOldUndo, Run: f.merges.EmptyOldUndo},
			{Retention: of[rights.KeepCorrections], Count: f.merges.CountOldCorrections, Run: f.merges.EmptyOldCorrections},
			{Retention: of[rights.KeepRequests], Count: func(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
				return f.rights.Forgettable(ctx, by, before)
			}, Run: func(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
				return f.rights.Forget(ctx, by, before)
			}},
		})
		r := f.ask(f.byMother, rights.Asking{Kind: rights.Copy, Subject: f.child})
		if err := f.rights.Close(ctx, f.byMother, r.ID); err != nil {
			t.Fatal(err)
		}
		if err := f.merges.Correct(ctx, f.clerk, merge.Correction{Person: f.child, Field: merge.FieldName, Value: "李明远", Reason: "更名"}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.merges.Depart(ctx, f.clerk, merge.Departing{Person: f.child, Kind: person.EndedLeft, Reason: "转学"}); err != nil {
			t.Fatal(err)
		}
		admin, sys := f.actor(access.SysAdmin, f.county), access.System("test")
		counts := func() []int64 {
			due, err := f.rights.DryRun(ctx, admin)
			if err != nil {
				t.Fatal(err)
			}
			var out []int64
			for _, d := range due {
				out = append(out, d.Rows)
			}
			return out
		}
		sum := func(all []int64) (n int64) {
			for _, v := range all {
				n += v
			}
			return n
		}
		if got := counts(); sum(got) != 0 {
			t.Errorf("at once %v", got)
		}
		h.Clock.Advance(181 * 24 * time.Hour)
		if got := counts(); got[0] != 2 || sum(got) != 2 { // the child's, and the mother's who has no other
			t.Errorf("after half a year %v", got)
		}
		h.Clock.Advance(3 * 366 * 24 * time.Hour)
		if got := counts(); sum(got) != 4 || sum(counts()) != 4 {
			t.Errorf("after three years %v", got)
		}
		for i, want := range []int64{4, 0} {
			got, err := f.rights.Retain(ctx, sys)
			if err != nil || got[rights.KeepContacts]+got[rights.KeepCorrections]+got[rights.KeepRequests] != want {
				t.Errorf("run %d: %v %v", i, got, err)
			}
		}
		if got := counts(); sum(got) != 0 {
			t.Errorf("after the run %v", got)
		}
		_, err := f.rights.DryRun(ctx, f.clerk)
		wantKind(t, "a registrar looks at the rules", err, fault.ErrForbidden)
		_, err = f.rights.Retain(ctx, admin)
		wantKind(t, "an administrator runs them", err, fault.ErrForbidden)
		rows, err := h.Audit.List(ctx, 0, 3)
		if err != nil || rows[0].Action != "retention.run" || !strings.Contains(rows[1].Detail, `"contacts":2`) {
			t.Errorf("%+v %v", rows, err)
		}
	})
}

// TestGuardianWithoutChild erases the telephone of a guardian half a year after the
// last child has left, not while another child is here.
func TestGuardianWithoutChild(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx, sys := t.Context(), access.System("test")
		sister := f.make(person.Draft{Name: "李妹", Role: person.RolePupil, Node: f.a.ID, Unit: f.a.ID, Sex: 2, Birth: 20120307, NoIDReason: "待补"})
		if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: f.mother, Ward: sister, Relation: "母亲", PhoneTail: "5678"}}); err != nil {
			t.Fatal(err)
		}
		leave := func(who id.Person) {
			t.Helper()
			if _, err := f.merges.Depart(ctx, f.clerk, merge.Departing{Person: who, Kind: person.EndedLeft, Reason: "转学"}); err != nil {
				t.Fatal(err)
			}
			f.Clock.Advance(200 * 24 * time.Hour)
		}
		erase := func(want int64) {
			t.Helper()
			before := h.Clock.Now().AddDate(0, 0, -180)
			if n, err := f.people.CountOldContacts(ctx, f.actor(access.SysAdmin, f.county), before); n != want || err != nil {
				t.Errorf("%d would be erased, want %d, %v", n, want, err)
			}
			if n, err := f.people.EraseOldContacts(ctx, sys, before); n != want || err != nil {
				t.Errorf("%d were erased, want %d, %v", n, want, err)
			}
		}
		phoneOf := func() string {
			t.Helper()
			value, err := f.people.Unseal(ctx, sys, f.mother, person.FieldPhone)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
		leave(f.child)
		erase(1) // the child's own
		if phoneOf() != phone {
			t.Error("the telephone is gone while a sister is here")
		}
		leave(sister)
		erase(1)
		if phoneOf() != "" {
			t.Error("the telephone is kept for nobody")
		}
		erase(0)
	})
}

// TestAnsweredGo lets go of a request that was answered long ago also where whoever
// asked has never closed it; one that waits stays however old.
func TestAnsweredGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		r := f.ask(f.byMother, rights.Asking{Kind: rights.Copy, Subject: f.child, Text: "要一份"})
		f.ask(f.byMother, rights.Asking{Kind: rights.Erase, Subject: f.child})
		if _, err := f.rights.Answer(ctx, f.clerk, rights.Answering{Request: r.ID, Outcome: rights.OutcomeDone}); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(4 * 365 * 24 * time.Hour)
		before := h.Clock.Now().AddDate(0, 0, -3*365)
		admin := f.actor(access.SysAdmin, f.county)
		if n, err := f.rights.Forgettable(ctx, admin, before); n != 1 || err != nil {
			t.Errorf("%d would go, %v", n, err)
		}
		if n, err := f.rights.Forget(ctx, access.System("test"), before); n != 1 || err != nil {
			t.Errorf("%d went, %v", n, err)
		}
		if left, err := f.rights.Mine(ctx, f.byMother, f.child); err != nil || len(left) != 1 || left[0].Kind != rights.Erase {
			t.Errorf("left are %+v, %v", left, err)
		}
	})
}
