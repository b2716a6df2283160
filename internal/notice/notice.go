// Package notice brings what happened to the person whom it concerns: today
// the reminders of class notices that wait for a receipt. It learns from the
// event log; nobody imports it to be heard. It owns the table notice_item.
package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Item is one line for one person.
type Item struct {
	ID     id.Notice
	Verb   string
	Object int64
	Node   id.Node
	MadeAt time.Time
}

// Service reads notices and, as a consumer, makes them.
type Service struct {
	db    *db.DB
	ids   *id.Source
	clock clock.Clock
}

// New builds the service.
func New(d *db.DB, ids *id.Source, clk clock.Clock) *Service {
	return &Service{db: d, ids: ids, clock: clk}
}

// Consumer is the service as a consumer of the event log.
type Consumer struct{ s *Service }

// Consumer returns the side of the service that reads the event log.
func (s *Service) Consumer() Consumer { return Consumer{s} }

// Name is the cursor's name.
func (Consumer) Name() string { return "notice" }

// verbReminded is the event that tells persons something; its extra holds
// {"to": [ids as strings]}.
const verbReminded = "post.reminded"

// Consume makes one item for each person reminded. An event told twice makes
// none twice: (event, person) is unique.
func (c Consumer) Consume(ctx context.Context, tx *db.Tx, es []event.Event) error {
	for _, e := range es {
		if e.Verb != verbReminded {
			continue
		}
		var extra struct {
			To []id.Person `json:"to"`
		}
		if err := json.Unmarshal([]byte(e.Extra), &extra); err != nil {
			return fmt.Errorf("event %v: %w", e.ID, err)
		}
		for _, who := range extra.To {
			_, err := tx.Exec(ctx, `INSERT INTO notice_item (id, person, event, verb, object, node, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event, person) DO NOTHING`,
				id.Notice(c.s.ids.Next()), who, e.ID, e.Verb, e.Object, e.Node, clock.Millis(e.At))
			if err != nil {
				return fmt.Errorf("notice for event %v: %w", e.ID, err)
			}
		}
	}
	return nil
}

// Reset keeps the items: whether one was read stands in no event, and telling
// an event again makes none twice.
func (Consumer) Reset(context.Context, *db.Tx) error { return nil }

// Unread lists the actor's unread items, newest first, at most limit. Items of
// nodes where the active role has no place are left out.
func (s *Service) Unread(ctx context.Context, by access.Actor, limit int) ([]Item, error) {
	if !by.IsPerson() || !by.Can(access.HomeRead) {
		return nil, fault.New(fault.ErrForbidden, "error.forbidden")
	}
	var args db.Args
	where := "person = " + args.Add(by.Person) + " AND read_at = 0 AND " + by.Scope(access.ClassRead).Nodes("node", &args)
	rows, err := s.db.Query(ctx, `SELECT id, verb, object, node, made_at FROM notice_item WHERE `+where+` ORDER BY id DESC LIMIT `+args.Add(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	defer rows.Close()
	var out []Item
	for rows.Next() {
		var (
			it Item
			at int64
		)
		if err := rows.Scan(&it.ID, &it.Verb, &it.Object, &it.Node, &at); err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		it.MadeAt = clock.FromMillis(at)
		out = append(out, it)
	}
	return out, rows.Err()
}

// MarkRead marks the actor's items about an object as read.
func (s *Service) MarkRead(ctx context.Context, by access.Actor, object int64) error {
	if !by.IsPerson() || !by.Can(access.HomeRead) {
		return fault.New(fault.ErrForbidden, "error.forbidden")
	}
	now := clock.Millis(s.clock.Now())
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE notice_item SET read_at = $1 WHERE person = $2 AND object = $3 AND read_at = 0`, now, by.Person, object)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark notices as read: %w", err)
	}
	return nil
}
