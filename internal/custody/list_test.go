package custody_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// TestClassLists stops who opens one class list after the other, and rings: names
// of a county's children are not carried away page by page. A list counts once a
// day, and the own class never.
func TestClassLists(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		if err := f.custody.SetLimit(ctx, f.guard, custody.NamesDay, 100); err != nil {
			t.Fatal(err)
		}
		open := func(by access.Actor, class, names int) error {
			return f.custody.ListOpened(ctx, by, id.Node(class), names)
		}
		for range 5 {
			for class := 1; class <= 2; class++ {
				if err := open(f.officer, class, 45); err != nil {
					t.Fatalf("class %d: %v", class, err)
				}
			}
		}
		if err := open(f.officer, 3, 45); !errors.Is(err, fault.ErrTooMany) {
			t.Errorf("the third class of a hundred names: %v", err)
		}
		if err := open(f.officer, 1, 45); err != nil {
			t.Errorf("one that was opened today: %v", err)
		}
		alarms, err := f.custody.Alarms(ctx, f.guard, true, 0, 10)
		if err != nil || len(alarms) != 1 || alarms[0].Kind != "names_day" || alarms[0].Person != f.officer.Person || alarms[0].Tries != 1 {
			t.Errorf("alarms %+v, %v", alarms, err)
		}
		for range 5 {
			if err := open(f.leader, int(f.a1.ID), 60); err != nil {
				t.Errorf("the own class: %v", err)
			}
		}
		if err := open(f.clerk, 3, 45); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		f.Clock.Advance(24 * time.Hour)
		if err := open(f.officer, 3, 45); err != nil {
			t.Errorf("the next day: %v", err)
		}
	})
}

// TestClassListsRace opens many lists at once in several sessions: no more names
// than a day holds are shown.
func TestClassListsRace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		if err := f.custody.SetLimit(t.Context(), f.guard, custody.NamesDay, 100); err != nil {
			t.Fatal(err)
		}
		shown := make([]bool, 12)
		var wg sync.WaitGroup
		for i := range shown {
			wg.Go(func() {
				err := f.custody.ListOpened(t.Context(), f.officer, id.Node(i+1), 30)
				if err != nil && !errors.Is(err, fault.ErrTooMany) {
					t.Error(err)
				}
				shown[i] = err == nil
			})
		}
		wg.Wait()
		n := 0
		for _, s := range shown {
			if s {
				n++
			}
		}
		if n != 3 {
			t.Errorf("%d lists of 30 names were shown of a hundred names", n)
		}
	})
}

// TestClassListsInAView counts what an operator sees as somebody else as his own.
func TestClassListsInAView(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		if err := f.custody.SetLimit(ctx, f.guard, custody.NamesDay, 50); err != nil {
			t.Fatal(err)
		}
		operator := f.holder("运维", access.OperatorRole, f.province)
		view := f.officer
		view.ViewedBy = operator.Person
		if err := f.custody.ListOpened(ctx, view, 1, 45); err != nil {
			t.Fatal(err)
		}
		second := f.clerk
		second.ViewedBy = operator.Person
		if err := f.custody.ListOpened(ctx, second, 2, 45); !errors.Is(err, fault.ErrTooMany) {
			t.Errorf("as another: %v", err)
		}
		if err := f.custody.ListOpened(ctx, f.officer, 3, 45); err != nil {
			t.Errorf("whom he looked on as: %v", err)
		}
		alarms, err := f.custody.Alarms(ctx, f.guard, true, 0, 10)
		if err != nil || len(alarms) != 1 || alarms[0].Person != operator.Person {
			t.Errorf("alarms %+v, %v", alarms, err)
		}
	})
}

// TestSearchByName counts whom a search shows and records a look at each: prefix
// after prefix it would be a list of everybody.
func TestSearchByName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		if err := f.custody.SetLimit(ctx, f.guard, custody.NamesDay, 4); err != nil {
			t.Fatal(err)
		}
		both := []id.Person{f.pupil, f.twin, f.officer.Person}
		for range 2 {
			if err := f.custody.Found(ctx, f.officer, f.a.ID, both); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.custody.Found(ctx, f.officer, f.a.ID, both); !errors.Is(err, fault.ErrTooMany) {
			t.Errorf("the third search: %v", err)
		}
		if looks, err := f.custody.LooksAt(ctx, f.manager, f.pupil, custody.Page{}); err != nil || len(looks) != 2 || looks[0].What != custody.WhatSearch || looks[0].By != f.officer.Person {
			t.Errorf("looks %+v, %v", looks, err)
		}
		if alarms, err := f.custody.Alarms(ctx, f.guard, true, 0, 10); err != nil || len(alarms) != 1 {
			t.Errorf("alarms %+v, %v", alarms, err)
		}
		view := f.officer
		view.ViewedBy = 7
		if err := f.custody.Found(ctx, view, f.a.ID, both); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("in a view: %v", err)
		}
	})
}
