package custody

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Limit names how much one person may do.
type Limit string

// The limits: looks at other persons' data in a day and in an hour of the
// clock, names on opened class lists (each once) and in searches in a day, and rows
// taken out in files in a day.
const (
	LooksDay  Limit = "looks_day"
	LooksHour Limit = "looks_hour"
	NamesDay  Limit = "names_day"
	RowsDay   Limit = "rows_day"
)

// Limits lists the limits in the order of the page.
func Limits() []Limit { return []Limit{LooksDay, LooksHour, NamesDay, RowsDay} }

// standard are the limits that hold until the security administrator changes
// them: a class teacher looks at fifty pupils, a registrar at a grade, and prints
// the slips of a large school in a day.
var standard = map[Limit]int64{LooksDay: 200, LooksHour: 60, NamesDay: 3000, RowsDay: 2000}

// most bounds what can be set, so that a limit stays one.
var most = map[Limit]int64{LooksDay: 2000, LooksHour: 500, NamesDay: 20000, RowsDay: 20000}

// Most is the largest value a limit can be set to.
func (l Limit) Most() int64 { return most[l] }

// Standard is the value that holds until it is changed.
func (l Limit) Standard() int64 { return standard[l] }

// slot is the span of time in which a limit counts.
func (l Limit) slot(now time.Time, day int64) int64 {
	if l == LooksHour {
		return now.Unix() / 3600
	}
	return day
}

// limit reads what holds now.
func (s *Service) limit(ctx context.Context, q db.Queryer, l Limit) (int64, error) {
	var n int64
	err := q.QueryRow(ctx, "SELECT value FROM cus_limit WHERE kind = $1", string(l)).Scan(&n)
	if errors.Is(err, db.ErrNoRows) {
		return standard[l], nil
	}
	if err != nil {
		return 0, fmt.Errorf("read limit %s: %w", l, err)
	}
	return n, nil
}

// Limits are the limits that hold now. The actor needs limit.set, or is the
// command line.
func (s *Service) Limits(ctx context.Context, by access.Actor) (map[Limit]int64, error) {
	if !by.Can(access.LimitSet) {
		return nil, errForbidden()
	}
	out := map[Limit]int64{}
	for _, l := range Limits() {
		n, err := s.limit(ctx, s.DB, l)
		if err != nil {
			return nil, err
		}
		out[l] = n
	}
	return out, nil
}

// SetLimit changes a limit for everybody from now on, 1 to Limit.Most. The
// actor needs limit.set for the whole province. Audited.
func (s *Service) SetLimit(ctx context.Context, by access.Actor, l Limit, value int64) error {
	if !by.Scope(access.LimitSet).All() {
		return errForbidden()
	}
	if most[l] == 0 {
		return errMissing()
	}
	if value < 1 || value > most[l] {
		return fault.Invalid(fault.At(string(l), "custody.limit.range", most[l]))
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO cus_limit (kind, value, changed_by, changed_at) VALUES ($1, $2, $3, $4)"+
			" ON CONFLICT (kind) DO UPDATE SET value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at",
			string(l), value, by.Person.Int(), s.now().UnixMilli())
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by, "limit.set", "limit", 0, 0, fmt.Sprintf(`{"limit":%q,"value":%d}`, l, value))
	})
	if err != nil {
		return fmt.Errorf("set limit %s: %w", l, err)
	}
	return nil
}

// spend counts n against a limit of the actor in the transaction tx, which must
// fail when the error is ErrTooMany. What reaches the limit raises the alarm:
// it stays also when the next try is undone.
func (s *Service) spend(ctx context.Context, tx *db.Tx, who id.Person, role access.Role, l Limit, n int64) error {
	limit, err := s.limit(ctx, tx, l)
	if err != nil {
		return err
	}
	if n > limit {
		return s.tooMany(l, limit)
	}
	slot := l.slot(s.now(), int64(s.today()))
	changed, err := tx.Exec(ctx, "INSERT INTO cus_count (person, kind, slot, n) VALUES ($1, $2, $3, $4)"+
		" ON CONFLICT (person, kind, slot) DO UPDATE SET n = cus_count.n + excluded.n WHERE cus_count.n + excluded.n <= $5",
		who.Int(), string(l), slot, n, limit)
	if err != nil {
		return fmt.Errorf("count %s: %w", l, err)
	}
	if changed == 0 {
		return s.tooMany(l, limit)
	}
	used, err := s.used(ctx, tx, who, l)
	if err != nil || used < limit {
		return err
	}
	return s.raise(ctx, tx, Alarm{Kind: string(l), Person: who, Role: role, slot: slot})
}

func (s *Service) tooMany(l Limit, limit int64) error {
	return fault.New(fault.ErrTooMany, "custody.over."+string(l), limit)
}

// used is what the person has used in the present span.
func (s *Service) used(ctx context.Context, q db.Queryer, who id.Person, l Limit) (int64, error) {
	var n int64
	err := q.QueryRow(ctx, "SELECT n FROM cus_count WHERE person = $1 AND kind = $2 AND slot = $3",
		who.Int(), string(l), l.slot(s.now(), int64(s.today()))).Scan(&n)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read count of %s: %w", l, err)
	}
	return n, nil
}

// refused counts a try that a limit has stopped, in a transaction of its own,
// and gives the error back.
func (s *Service) refused(ctx context.Context, by access.Actor, limits []Limit, cause error) error {
	if !errors.Is(cause, fault.ErrTooMany) || !by.IsPerson() {
		return cause
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, l := range limits {
			limit, err := s.limit(ctx, tx, l)
			if err != nil {
				return err
			}
			used, err := s.used(ctx, tx, by.Person, l)
			if err != nil {
				return err
			}
			if used < limit && l != RowsDay && l != NamesDay { // those are not used one by one
				continue
			}
			a := Alarm{Kind: string(l), Person: by.Person, Role: by.Role, Tries: 1, slot: l.slot(s.now(), int64(s.today()))}
			if err := s.raise(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(cause, err)
}
