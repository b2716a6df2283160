package notice_test

import (
	"context"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/notice"
)

// The class of the tests and the one beside it stand in the tree by hand: the
// package org may not be asked from here.
const class, beside id.Node = 41, 42

func setup(t *testing.T, h *dbtest.Harness) *notice.Service {
	t.Helper()
	for node, path := range map[id.Node]string{class: "1/4/", beside: "1/5/"} {
		_, err := h.DB.Exec(context.Background(), `INSERT INTO org_node (id, code, kind, name, parent, report, path, ordinal, unit, status, flag, stage, entry_year, class_no, made_at)
VALUES ($1, '', 'class', '三年级', 1, 1, $2, $3, 1, 'normal', 'normal', 'P', 2017, $4, 0)`, node, path, node, node)
		if err != nil {
			t.Fatal(err)
		}
	}
	return notice.New(h.DB, h.IDs, h.Clock)
}

func pupil(who id.Person, at id.Node, path string) access.Actor {
	return access.Actor{Person: who, Role: access.Pupil, Places: []access.Place{{Node: at, Path: path, Role: access.Pupil}}}
}

// remind appends what post.Remind does.
func remind(t *testing.T, h *dbtest.Harness, object int64, to string) {
	t.Helper()
	err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return h.Log.Append(ctx, tx,
			event.Event{Actor: 1, Verb: "post.reminded", Kind: "post", Object: object, Node: class, Extra: `{"to":[` + to + `]}`},
			event.Event{Actor: 1, Verb: "post.made", Kind: "post", Object: object, Node: class})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Log.Sequence(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func unread(t *testing.T, s *notice.Service, by access.Actor) int {
	t.Helper()
	list, err := s.Unread(context.Background(), by, 10)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestReminderReachesWhomItNames(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		ctx := t.Context()
		s := setup(t, h)
		remind(t, h, 900, `"7","8"`)
		for range 2 { // a second run finds nothing new
			if _, err := h.Log.CatchUp(ctx, s.Consumer()); err != nil {
				t.Fatal(err)
			}
		}
		anna, ben, carl := pupil(7, class, "1/4/"), pupil(8, class, "1/4/"), pupil(9, class, "1/4/")
		for who, want := range map[*access.Actor]int{&anna: 1, &ben: 1, &carl: 0} {
			if got := unread(t, s, *who); got != want {
				t.Errorf("person %v: %d items, want %d", who.Person, got, want)
			}
		}
		if got := unread(t, s, pupil(7, beside, "1/5/")); got != 0 {
			t.Errorf("moved to another class: %d items, want 0", got)
		}
		if err := s.MarkRead(ctx, anna, 900); err != nil {
			t.Fatal(err)
		}
		if unread(t, s, anna) != 0 || unread(t, s, ben) != 1 {
			t.Error("one reader's mark is another's")
		}
		if _, err := s.Unread(ctx, access.Anonymous(), 10); err == nil {
			t.Error("anonymous reads notices")
		}
	})
}

func TestRebuildKeepsWhatWasRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		ctx := t.Context()
		s := setup(t, h)
		remind(t, h, 900, `"7"`)
		remind(t, h, 901, `"7"`)
		if _, err := h.Log.CatchUp(ctx, s.Consumer()); err != nil {
			t.Fatal(err)
		}
		anna := pupil(7, class, "1/4/")
		if err := s.MarkRead(ctx, anna, 900); err != nil {
			t.Fatal(err)
		}
		err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := s.Consumer().Reset(ctx, tx); err != nil {
				return err
			}
			return s.Consumer().Consume(ctx, tx, []event.Event{{ID: first(t, h), Verb: "post.reminded", Object: 900, Node: class, Extra: `{"to":["7"]}`}})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := unread(t, s, anna); got != 1 {
			t.Errorf("%d unread items after telling an event again, want 1", got)
		}
	})
}

// first is the first event of the log.
func first(t *testing.T, h *dbtest.Harness) id.Event {
	t.Helper()
	var out id.Event
	err := h.Log.Each(context.Background(), 0, 1, func(e event.Event) error { out = e.ID; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}
