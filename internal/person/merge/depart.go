package merge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// Departing records that somebody is no longer here.
type Departing struct {
	Person   id.Person
	Kind     string    // left, graduated, died
	Day      clock.Day // 0: today
	Reason   string
	Document string
}

// Departure is one departure of the past.
type Departure struct {
	ID          id.Departure
	Person      id.Person
	Unit        id.Node
	Kind        string
	Day         clock.Day
	Reason      string
	Document    string
	By          id.Person
	At          time.Time
	ConfirmedBy id.Person
	ConfirmedAt time.Time
	UndoneAt    time.Time
	Undoable    bool
}

// Waits reports whether a second person has still to confirm a death.
func (d Departure) Waits() bool {
	return d.Kind == person.EndedDied && d.ConfirmedBy == 0 && d.UndoneAt.IsZero()
}

// Depart records it, with day and reason: at once sessions end and codes are
// void, lists and reminders no longer name the person, the space is put away.
// A pupil who left or graduated may still read what is his for
// some days (account.ReadDays); a death is confirmed by a second person
// ([Service.ConfirmDeath]; DOMAIN 2.3, scenario 10). The actor needs
// person.correct at the unit.
func (s *Service) Depart(ctx context.Context, by access.Actor, d Departing) (Departure, error) {
	d.Reason, d.Document = strings.TrimSpace(d.Reason), strings.TrimSpace(d.Document)
	before, err := s.People.Open(ctx, by, access.PersonCorrect, d.Person)
	if err != nil {
		return Departure{}, err
	}
	bad := words(d.Reason, d.Document)
	if d.Kind != person.EndedLeft && d.Kind != person.EndedGraduated && d.Kind != person.EndedDied {
		bad = append(bad, fault.At("kind", "depart.kind"))
	}
	if d.Day == 0 {
		d.Day = s.today()
	}
	if d.Day > s.today() || d.Day < s.today().AddDays(-366) {
		bad = append(bad, fault.At("day", "depart.day"))
	}
	if len(bad) > 0 {
		return Departure{}, fault.Invalid(bad...)
	}
	out := Departure{Person: d.Person, Unit: before.Unit, Kind: d.Kind, Day: d.Day, Reason: d.Reason, Document: d.Document, By: by.Person, Undoable: true}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.first(ctx, tx); err != nil {
			return err
		}
		was, err := s.People.Depart(ctx, by, d.Person, d.Kind, d.Day)
		if err != nil {
			return err
		}
		b, err := json.Marshal(was)
		if err != nil {
			return fmt.Errorf("encode what was before: %w", err)
		}
		if err := s.Accounts.Shut(ctx, by, d.Person); err != nil {
			return err
		}
		out.ID, out.At = id.Next[id.Departure](s.IDs), s.Clock.Now()
		if _, err := tx.Exec(ctx, "INSERT INTO mrg_departure (id, person, unit, kind, day, reason, document, by_person, at, before)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", out.ID, out.Person, out.Unit, out.Kind, int64(out.Day), out.Reason,
			out.Document, out.By, clock.Millis(out.At), string(b)); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "person.departed", d.Person, out.Unit, map[string]any{"kind": d.Kind, "departure": out.ID})
	})
	if err != nil {
		return Departure{}, fmt.Errorf("depart: %w", err)
	}
	return out, nil
}

// ConfirmDeath is the second person's signature under a death. ErrForbidden for
// whoever reported it; again is no error. The actor needs person.correct at the
// unit.
func (s *Service) ConfirmDeath(ctx context.Context, by access.Actor, departure id.Departure) (Departure, error) {
	d, err := s.Departure(ctx, by, departure)
	if err != nil || !d.Waits() {
		return d, err
	}
	if by.Person == d.By {
		return Departure{}, fault.New(fault.ErrForbidden, "depart.confirm_self")
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE mrg_departure SET confirmed_by = $1, confirmed_at = $2 WHERE id = $3 AND confirmed_by = 0 AND undone_at = 0",
			by.Person, clock.Millis(s.Clock.Now()), departure)
		if err != nil || n == 0 {
			return err
		}
		return s.note(ctx, tx, by, "person.departure_confirmed", d.Person, d.Unit, map[string]any{"departure": d.ID})
	})
	if err != nil {
		return Departure{}, fmt.Errorf("confirm departure %d: %w", departure, err)
	}
	return s.Departure(ctx, by, departure)
}

// Reinstate takes a departure back within thirty days; ErrConflict later or
// where the person has got another place since. Again is no error. The actor
// needs person.correct at the unit.
func (s *Service) Reinstate(ctx context.Context, by access.Actor, departure id.Departure) (Departure, error) {
	d, err := s.Departure(ctx, by, departure)
	if err != nil || !d.UndoneAt.IsZero() {
		return d, err
	}
	if !d.Undoable {
		return Departure{}, errLate()
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.first(ctx, tx); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE mrg_departure SET undone_by = $1, undone_at = $2 WHERE id = $3 AND undone_at = 0",
			by.Person, clock.Millis(s.Clock.Now()), departure)
		if err != nil || n == 0 {
			return err
		}
		var before string
		if err := tx.QueryRow(ctx, "SELECT before FROM mrg_departure WHERE id = $1", departure).Scan(&before); err != nil {
			return err
		}
		var was person.Departed
		if err := json.Unmarshal([]byte(before), &was); err != nil {
			return fmt.Errorf("read what was before: %w", err)
		}
		if err := s.People.Reinstate(ctx, by, d.Person, was); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "person.reinstated", d.Person, d.Unit, map[string]any{"departure": d.ID})
	})
	if err != nil {
		return Departure{}, fmt.Errorf("take departure %d back: %w", departure, err)
	}
	return s.Departure(ctx, by, departure)
}

const departureColumns = "id, person, unit, kind, day, reason, document, by_person, at, confirmed_by, confirmed_at, undone_at"

func (s *Service) scanDeparture(row scanner) (Departure, error) {
	var d Departure
	var at, confirmed, undone int64
	if err := row.Scan(&d.ID, &d.Person, &d.Unit, &d.Kind, &d.Day, &d.Reason, &d.Document, &d.By, &at, &d.ConfirmedBy, &confirmed, &undone); err != nil {
		return Departure{}, err
	}
	d.At, d.ConfirmedAt, d.UndoneAt = clock.FromMillis(at), clock.FromMillis(confirmed), clock.FromMillis(undone)
	d.Undoable = d.UndoneAt.IsZero() && s.undoable(d.At)
	return d, nil
}

// Departure returns one of a unit where the actor holds person.correct;
// ErrNotFound elsewhere.
func (s *Service) Departure(ctx context.Context, by access.Actor, departure id.Departure) (Departure, error) {
	var args db.Args
	q := "SELECT " + departureColumns + " FROM mrg_departure WHERE id = " + args.Add(departure) + " AND " + by.Scope(access.PersonCorrect).Nodes("unit", &args)
	d, err := s.scanDeparture(s.DB.QueryRow(ctx, q, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Departure{}, errMissing()
	}
	return d, err
}

// Departures lists departures in the actor's reach, the newest first, older than
// before (0: the newest), at most limit; who limits them to one person.
func (s *Service) Departures(ctx context.Context, by access.Actor, who id.Person, before id.Departure, limit int) ([]Departure, error) {
	var args db.Args
	q := "SELECT " + departureColumns + " FROM mrg_departure WHERE " + by.Scope(access.PersonCorrect).Nodes("unit", &args)
	if who != 0 {
		q += " AND person = " + args.Add(who)
	}
	if before != 0 {
		q += " AND id < " + args.Add(before)
	}
	rows, err := s.DB.Query(ctx, q+" ORDER BY id DESC LIMIT "+args.Add(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list departures: %w", err)
	}
	defer rows.Close()
	var out []Departure
	for rows.Next() {
		d, err := s.scanDeparture(rows)
		if err != nil {
			return nil, fmt.Errorf("list departures: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
