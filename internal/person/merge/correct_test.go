package merge_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/space"
)

// TestCorrect corrects, keeps the history, and reveals nothing of others.
func TestCorrect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who, near, far := f.make(pupil(f.a1, "李明", "")), f.make(pupil(f.a1, "王强", boy)), f.make(pupil(f.far1, "赵宇", girl))
		fix := func(by access.Actor, field, value string) error {
			return f.merges.Correct(ctx, by, merge.Correction{Person: who, Field: field, Value: value, Reason: "户口簿核对", Document: "户口簿"})
		}
		for name, c := range map[string][2]string{"digit": {merge.FieldIDNo, "220102201003070014"}, "day": {merge.FieldBirth, "2010-13-01"}, "sex": {merge.FieldSex, "9"},
			"phone": {merge.FieldPhone, "12"}, "student number": {merge.FieldStudentNo, "G1"}, "field": {"role", "teacher"}, "empty": {merge.FieldName, " "}} {
			wantKind(t, name, fix(f.clerk, c[0], c[1]), fault.ErrInvalid)
		}
		nearErr, farErr := fix(f.clerk, merge.FieldIDNo, boy), fix(f.clerk, merge.FieldIDNo, girl)
		wantKind(t, "a number of the own school", nearErr, fault.ErrInvalid)
		if d := cmp.Diff(fault.Fields(nearErr), fault.Fields(farErr), cmp.AllowUnexported(fault.Field{})); d != "" {
			t.Errorf("the answers differ: %s", d)
		}
		for _, c := range []struct {
			by    access.Actor
			value string
			want  id.Person
		}{{f.head, boy, near}, {f.head, girl, 0}, {f.officer, girl, 0}, {f.other, girl, far}} {
			if got, err := f.merges.Other(ctx, c.by, merge.Correction{Person: who, Field: merge.FieldIDNo, Value: c.value}); err != nil || got != c.want {
				t.Errorf("%s is told %v of %s, %v", c.by.Role, got, c.value, err)
			}
		}
		if err := fix(f.clerk, merge.FieldIDNo, adult); err != nil {
			t.Fatal(err)
		}
		if err := fix(f.clerk, merge.FieldName, "李明远"); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "a foreign school", fix(f.other, merge.FieldName, "甲"), fault.ErrNotFound)
		p, err := person.Load(ctx, f.DB, who)
		if err != nil || p.Name != "李明远" || p.Birth != 19850101 || p.IDTail != "0031" {
			t.Errorf("%+v %v", p, err)
		}
		list, err := f.merges.Corrections(ctx, f.head, who)
		if err != nil || len(list) != 3 || list[0].Field != merge.FieldName || list[0].By != f.clerk.Person || list[0].Document != "户口簿" {
			t.Errorf("%+v %v", list, err)
		}
		var open int
		if err := f.DB.QueryRow(ctx, "SELECT COUNT(*) FROM mrg_correction WHERE LENGTH(old_sealed) > 0 AND LENGTH(old_sealed) < 12").Scan(&open); err != nil || open > 0 {
			t.Errorf("%d values are not sealed, %v", open, err)
		}
		rows, err := f.Audit.List(ctx, 0, 20)
		if err != nil {
			t.Fatal(err)
		}
		clean(t, rows, "李明", adult)
	})
}

// clean wants no personal data in the details of audit rows.
func clean(t *testing.T, rows []audit.Row, words ...string) {
	t.Helper()
	for _, r := range rows {
		for _, w := range words {
			if strings.Contains(r.Detail, w) {
				t.Errorf("%s says %s", r.Action, r.Detail)
			}
		}
	}
}

// TestDepartures lets pupils leave, graduate and die, and come back.
func TestDepartures(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(pupil(f.a1, "李明", boy))
		father := f.make(person.Draft{Name: "李父", Role: person.RoleGuardian, Phone: "13800000001", Unit: f.a.ID})
		if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: father, Ward: who, Status: "confirmed"}}); err != nil {
			t.Fatal(err)
		}
		f.verify(who)
		second := f.actor(access.School, f.a)
		for _, kind := range []string{person.EndedLeft, person.EndedGraduated, person.EndedDied} {
			d, err := f.merges.Depart(ctx, f.clerk, merge.Departing{Person: who, Kind: kind, Reason: "家长告知", Document: "证明"})
			if err != nil {
				t.Fatal(kind, err)
			}
			p, err := person.Load(ctx, f.DB, who)
			status := map[bool]string{true: person.StatusClosed, false: person.StatusLeft}[kind == person.EndedDied]
			if err != nil || p.Status != status || p.EndedAs != kind || p.EndedOn != clock.DayOf(h.Clock.Now()) {
				t.Errorf("%s: %+v %v", kind, p, err)
			}
			if list, err := f.people.Pupils(ctx, f.head, f.a1.ID); err != nil || len(list) != 0 {
				t.Errorf("%s: on the list %v %v", kind, list, err)
			}
			wards, err := f.people.WardsOf(ctx, access.Actor{Person: father}, father)
			if err != nil || (len(wards) == 0) != (kind == person.EndedDied) {
				t.Errorf("%s: wards %v %v", kind, wards, err)
			}
			if sp, err := f.spaces.OfPerson(ctx, f.op, who); err != nil || sp.Status != space.StatusArchived {
				t.Errorf("%s: space %+v %v", kind, sp, err)
			}
			if got := f.tally(); got.Made != 0 || got.Verified != 0 || got.Cumulative != 1 {
				t.Errorf("%s: figures %+v", kind, got)
			}
			_, err = f.merges.Depart(ctx, f.clerk, merge.Departing{Person: who, Kind: person.EndedLeft, Reason: "又一次"})
			wantKind(t, "again", err, fault.ErrConflict)
			if d.Waits() != (kind == person.EndedDied) {
				t.Errorf("%s waits %v", kind, d.Waits())
			}
			if kind == person.EndedDied {
				_, err := f.merges.ConfirmDeath(ctx, f.clerk, d.ID)
				wantKind(t, "confirm one's own report", err, fault.ErrForbidden)
				if d, err = f.merges.ConfirmDeath(ctx, second, d.ID); err != nil || d.Waits() {
					t.Errorf("%+v %v", d, err)
				}
			}
			for range 2 {
				if d, err = f.merges.Reinstate(ctx, f.clerk, d.ID); err != nil || d.UndoneAt.IsZero() {
					t.Fatal(kind, d, err)
				}
			}
			if p, err = person.Load(ctx, f.DB, who); err != nil || p.Status != person.StatusNormal || p.EndedOn != 0 {
				t.Errorf("%s: back %+v %v", kind, p, err)
			}
			if wards, err := f.people.WardsOf(ctx, access.Actor{Person: father}, father); err != nil || len(wards) != 1 {
				t.Errorf("%s: wards of who is back %v %v", kind, wards, err)
			}
			if sp, err := f.spaces.OfPerson(ctx, f.op, who); err != nil || sp.Status != space.StatusOpened {
				t.Errorf("%s: space of who is back %+v %v", kind, sp, err)
			}
			if got := f.tally(); got.Made != 1 || got.Verified != 1 || got.Cumulative != 1 {
				t.Errorf("%s: figures of who is back %+v", kind, got)
			}
		}
		_, err := f.merges.Depart(ctx, f.clerk, merge.Departing{Person: who, Kind: "fled", Day: 20300101})
		if len(fault.Fields(err)) != 3 {
			t.Errorf("three faults, %v", err)
		}
	})
}

// TestTwoPlaces lets a teacher leave one of two schools and come back.
func TestTwoPlaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(person.Draft{Name: "赵老师", Role: person.RoleTeacher, IDNo: adult, Node: f.a.ID, Unit: f.a.ID})
		if _, err := f.people.Affiliate(ctx, f.op, person.Affiliation{Person: who, Node: f.b.ID, Unit: f.b.ID, Role: person.RoleTeacher}); err != nil {
			t.Fatal(err)
		}
		at := func() id.Node {
			p, err := person.Load(ctx, f.DB, who)
			if err != nil || p.Status != person.StatusNormal {
				t.Fatal(p, err)
			}
			return p.Unit
		}
		d, err := f.merges.Depart(ctx, f.clerk, merge.Departing{Person: who, Kind: person.EndedLeft, Reason: "调离"})
		if err != nil || at() != f.b.ID {
			t.Fatal(err, at())
		}
		if _, err := f.merges.Reinstate(ctx, f.officer, d.ID); err != nil || at() != f.a.ID {
			t.Fatal(err, at())
		}
		f.tally()
	})
}
