package custody_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// TestWhoMayOpen drives the rule of a person's page without the gate of routes.
func TestWhoMayOpen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		self := access.Actor{Person: f.pupil, Role: access.Pupil, Places: []access.Place{{Node: f.a1.ID, Path: f.a1.Path, Role: access.Pupil}}}
		teacher := f.leader.Person
		tests := map[string]struct {
			by   access.Actor
			who  id.Person
			want bool
		}{
			"registrar, own pupil":               {f.clerk, f.pupil, true},
			"registrar, guardian of own pupil":   {f.clerk, f.father, true},
			"registrar, own teacher":             {f.clerk, teacher, true},
			"registrar, pupil elsewhere":         {f.clerk, f.stranger, false},
			"registrar elsewhere":                {f.clerkB, f.pupil, false},
			"registrar elsewhere, the guardian":  {f.clerkB, f.father, false},
			"class teacher, own pupil":           {f.leader, f.twin, true},
			"class teacher, guardian's own page": {f.leader, f.father, false},
			"class teacher, pupil elsewhere":     {f.leader, f.stranger, false},
			"county, teacher":                    {f.officer, teacher, true},
			"county, pupil":                      {f.officer, f.pupil, false},
			"county, guardian":                   {f.officer, f.father, false},
			"security administrator":             {f.guard, f.pupil, false},
			"oneself":                            {self, f.pupil, true},
			"a classmate":                        {self, f.twin, false},
		}
		for name, tt := range tests {
			_, err := f.custody.Open(t.Context(), tt.by, tt.who)
			if tt.want && err != nil || !tt.want && !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestMasked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		p, err := f.custody.Open(t.Context(), f.leader, f.pupil)
		if err != nil || p.IDTail != "" || p.StudentTail != "" || len(p.Guardians) != 1 || p.Guardians[0].PhoneTail != "2222" {
			t.Errorf("a class teacher sees %+v, %v", p, err)
		}
		if p, err = f.custody.Open(t.Context(), f.clerk, f.pupil); err != nil || p.IDTail != "0013" || p.StudentTail != "0013" {
			t.Errorf("a registrar sees %+v, %v", p, err)
		}
		if all := fmt.Sprintf("%+v", p); strings.Contains(all, number1) || strings.Contains(all, "13911112222") {
			t.Error("a page holds a whole number")
		}
	})
}

// TestReveal shows a number once, with its reason, look and audit row.
func TestReveal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ask := custody.Showing{Person: f.pupil, Field: person.FieldIDNo, Reason: "exam"}
		got, err := f.custody.Reveal(ctx, f.clerk, ask)
		if err != nil || got.Value != number1 {
			t.Fatalf("shown %q, %v", got.Value, err)
		}
		if got, err = f.custody.Reveal(ctx, f.clerk, custody.Showing{Person: f.father, Field: person.FieldPhone, Reason: "other", Note: "孩子发烧联系不上"}); err != nil || got.Value != "13911112222" {
			t.Errorf("shown %q, %v", got.Value, err)
		}
		if n := f.audited("person.revealed"); n != 2 {
			t.Errorf("%d audit rows", n)
		}
		for name, tt := range map[string]struct {
			by   access.Actor
			ask  custody.Showing
			want error
		}{
			"no reason":        {f.clerk, custody.Showing{Person: f.pupil, Field: person.FieldIDNo}, fault.ErrInvalid},
			"other, no words":  {f.clerk, custody.Showing{Person: f.pupil, Field: person.FieldIDNo, Reason: "other", Note: " 急 "}, fault.ErrInvalid},
			"unknown field":    {f.clerk, custody.Showing{Person: f.pupil, Field: "name", Reason: "exam"}, fault.ErrNotFound},
			"other school":     {f.clerkB, ask, fault.ErrNotFound},
			"class teacher":    {f.leader, ask, fault.ErrForbidden},
			"county":           {f.officer, ask, fault.ErrForbidden},
			"secadmin":         {f.guard, ask, fault.ErrForbidden},
			"the command line": {access.Anonymous(), ask, fault.ErrForbidden},
		} {
			if got, err := f.custody.Reveal(ctx, tt.by, tt.ask); !errors.Is(err, tt.want) || got.Value != "" {
				t.Errorf("%s: %q, %v", name, got.Value, err)
			}
		}
		looks, err := f.custody.LooksAt(ctx, access.Actor{Person: f.pupil, Role: access.Pupil}, f.pupil, custody.Page{})
		if err != nil || len(looks) != 1 || looks[0].By != f.clerk.Person || looks[0].ByName != "教务甲" || looks[0].Reason != "exam" || looks[0].What != "id_no" {
			t.Errorf("looks %+v, %v", looks, err)
		}
	})
}

// TestLooksAt tells the person, his guardian and the school, and nobody else.
func TestLooksAt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		if _, err := f.custody.Open(t.Context(), f.leader, f.pupil); err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			by   access.Actor
			want bool
		}{
			"the pupil":              {access.Actor{Person: f.pupil, Role: access.Pupil}, true},
			"the guardian":           {access.Actor{Person: f.father, Role: access.Guardian, Wards: []id.Person{f.pupil}}, true},
			"guardian of another":    {access.Actor{Person: f.father, Role: access.Guardian, Wards: []id.Person{f.twin}}, false},
			"a ward, another role":   {access.Actor{Person: f.father, Role: access.Teacher, Wards: []id.Person{f.pupil}}, false},
			"the school":             {f.manager, true},
			"the registrar":          {f.clerk, true},
			"the class teacher":      {f.leader, false},
			"another school":         {f.clerkB, false},
			"the county":             {f.officer, false},
			"somebody not there":     {access.Anonymous(), false},
			"security administrator": {f.guard, false},
		} {
			looks, err := f.custody.LooksAt(t.Context(), tt.by, f.pupil, custody.Page{})
			if tt.want && (err != nil || len(looks) != 1) || !tt.want && !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %d, %v", name, len(looks), err)
			}
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for _, typed := range []string{number1, " 220102 20100307 0013 "} {
			if p, err := f.custody.Find(t.Context(), f.clerk, typed); err != nil || p.ID != f.pupil {
				t.Errorf("%q: %v, %v", typed, p.ID, err)
			}
		}
		_, foreign := f.custody.Find(t.Context(), f.clerk, number2)
		_, nobody := f.custody.Find(t.Context(), f.clerk, "220381198501010031")
		if !errors.Is(foreign, fault.ErrNotFound) || !errors.Is(nobody, fault.ErrNotFound) || foreign.Error() != nobody.Error() {
			t.Errorf("a foreign number is told: %v, %v", foreign, nobody)
		}
		if _, err := f.custody.Find(t.Context(), f.leader, number1); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a class teacher searches: %v", err)
		}
	})
}

// TestThrottle stops who reads too much, raises the alarm and counts the tries.
func TestThrottle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		for l, n := range map[custody.Limit]int64{custody.LooksHour: 3, custody.LooksDay: 5} {
			if err := f.custody.SetLimit(ctx, f.guard, l, n); err != nil {
				t.Fatal(err)
			}
		}
		open := func() error { _, err := f.custody.Open(ctx, f.clerk, f.pupil); return err }
		for i := range 3 {
			if err := open(); err != nil {
				t.Fatalf("look %d: %v", i, err)
			}
		}
		for range 2 {
			if err := open(); !errors.Is(err, fault.ErrTooMany) {
				t.Fatalf("look over the hour: %v", err)
			}
		}
		if _, err := f.custody.Open(ctx, f.manager, f.pupil); err != nil {
			t.Errorf("a colleague is stopped too: %v", err)
		}
		f.Clock.Advance(time.Hour)
		for range 2 {
			if err := open(); err != nil {
				t.Fatal(err)
			}
		}
		if err := open(); !errors.Is(err, fault.ErrTooMany) {
			t.Errorf("look over the day: %v", err)
		}
		alarms, err := f.custody.Alarms(ctx, f.guard, true, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, a := range alarms {
			if a.Person != f.clerk.Person || a.Name != "教务甲" {
				t.Errorf("alarm %+v", a)
			}
			got[a.Kind] += a.Tries
		}
		if diff := cmp.Diff(map[string]int64{"looks_hour": 2, "looks_day": 1}, got); diff != "" {
			t.Error(diff)
		}
		if err := f.custody.SeeAlarm(ctx, f.guard, alarms[0].ID); err != nil {
			t.Fatal(err)
		}
		if open, err := f.custody.Alarms(ctx, f.guard, true, 0, 10); err != nil || len(open) != len(alarms)-1 {
			t.Errorf("%d alarms are open, %v", len(open), err)
		}
		if _, err := f.custody.Alarms(ctx, f.manager, true, 0, 10); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a school reads alarms: %v", err)
		}
		if err := f.custody.SetLimit(ctx, f.manager, custody.LooksDay, 1000); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a school sets a limit: %v", err)
		}
		if err := f.custody.SetLimit(ctx, f.guard, custody.LooksDay, 1_000_000); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a limit that is none: %v", err)
		}
	})
}

// TestThrottleRace opens pages from many sides at once: the limit holds.
func TestThrottleRace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		if err := f.custody.SetLimit(t.Context(), f.guard, custody.LooksHour, 4); err != nil {
			t.Fatal(err)
		}
		var through atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := f.custody.Open(t.Context(), f.clerk, f.pupil)
				if err == nil {
					through.Add(1)
				} else if !errors.Is(err, fault.ErrTooMany) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := through.Load(); n != 4 {
			t.Errorf("%d of 12 came through a limit of 4", n)
		}
	})
}

// TestNoteJoins undoes the look with the transaction that it joined.
func TestNoteJoins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		broken := errors.New("broken")
		for _, want := range []error{broken, nil} {
			err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if err := f.custody.Note(ctx, tx, f.clerk, custody.Look{Subject: f.pupil, What: "correction"}); err != nil {
					return err
				}
				return want
			})
			if !errors.Is(err, want) {
				t.Fatal(err)
			}
		}
		looks, err := f.custody.LooksAt(t.Context(), f.manager, f.pupil, custody.Page{})
		if err != nil || len(looks) != 1 {
			t.Errorf("%d looks, %v", len(looks), err)
		}
	})
}
