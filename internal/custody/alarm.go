package custody

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// The kinds of alarm beside the limits.
const (
	AlarmGlass     = "glass"     // data were taken out by two key holders
	AlarmKeyHolder = "keyholder" // somebody was given a key
)

// Alarm is what the security administrator must see: who, and how much, never
// whose data.
type Alarm struct {
	ID     id.Alarm
	Kind   string // a Limit or one of the Alarm constants
	Person id.Person
	Name   string // of the person
	Role   access.Role
	Node   id.Node
	Object int64 // the request of a broken glass
	Tries  int64 // refused after it
	At     time.Time
	SeenBy id.Person
	Seen   time.Time // zero: not yet

	slot int64
}

// raise writes an alarm, or adds the tries to the one that is there; an alarm
// that has been seen rings again.
func (s *Service) raise(ctx context.Context, tx *db.Tx, a Alarm) error {
	_, err := tx.Exec(ctx, "INSERT INTO cus_alarm (id, kind, person, role, node, object, slot, tries, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"+
		" ON CONFLICT (kind, person, slot) DO UPDATE SET tries = cus_alarm.tries + excluded.tries, seen_by = 0, seen_at = 0",
		id.Next[id.Alarm](s.IDs), a.Kind, a.Person, string(a.Role), a.Node, a.Object, a.slot, a.Tries, s.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("raise alarm %s: %w", a.Kind, err)
	}
	return nil
}

// Alarms lists alarms, the newest first, a page at a time; open only those that
// nobody has seen. The actor needs alarm.read for the whole province: an alarm
// about a colleague is nothing for his own office.
func (s *Service) Alarms(ctx context.Context, by access.Actor, open bool, before id.Alarm, limit int) ([]Alarm, error) {
	if !by.Scope(access.AlarmRead).All() {
		return nil, errForbidden()
	}
	var args db.Args
	q := "SELECT id, kind, person, role, node, object, tries, at, seen_by, seen_at FROM cus_alarm WHERE 1 = 1"
	if open {
		q += " AND seen_at = 0"
	}
	if before != 0 {
		q += " AND id < " + args.Add(before)
	}
	rows, err := s.DB.Query(ctx, q+" ORDER BY id DESC LIMIT "+args.Add(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list alarms: %w", err)
	}
	defer rows.Close()
	var out []Alarm
	for rows.Next() {
		var a Alarm
		var at, seen int64
		if err := rows.Scan(&a.ID, &a.Kind, &a.Person, &a.Role, &a.Node, &a.Object, &a.Tries, &at, &a.SeenBy, &seen); err != nil {
			return nil, fmt.Errorf("list alarms: %w", err)
		}
		a.At, a.Seen = clock.FromMillis(at), clock.FromMillis(seen)
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	return out, s.nameAlarms(ctx, out)
}

// nameAlarms adds the names of those who read too much, who are never pupils:
// a pupil holds no permission that could raise one.
func (s *Service) nameAlarms(ctx context.Context, all []Alarm) error {
	names := map[id.Person]string{0: ""}
	for i := range all {
		if err := s.name(ctx, names, all[i].Person); err != nil {
			return err
		}
		all[i].Name = names[all[i].Person]
	}
	return nil
}

// SeeAlarm records that the security administrator has looked into an alarm.
// Audited; a second time changes nothing.
func (s *Service) SeeAlarm(ctx context.Context, by access.Actor, alarm id.Alarm) error {
	if !by.Scope(access.AlarmRead).All() {
		return errForbidden()
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM cus_alarm WHERE id = $1", alarm).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return errMissing()
		}
		changed, err := tx.Exec(ctx, "UPDATE cus_alarm SET seen_by = $1, seen_at = $2 WHERE id = $3 AND seen_at = 0", by.Person, s.now().UnixMilli(), alarm)
		if err != nil || changed == 0 {
			return err
		}
		return s.record(ctx, tx, by, "alarm.seen", "alarm", int64(alarm), 0, "")
	})
	if err != nil {
		return fmt.Errorf("see alarm %d: %w", alarm, err)
	}
	return nil
}
