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

// Request asks that two records become one.
type Request struct {
	Keep, Drop id.Person
	// Right is the record whose identity number is right where the two differ.
	Right  id.Person
	Reason string
	// Key makes a repeated request one.
	Key string
}

// Merge is one merging.
type Merge struct {
	ID         id.Merge
	Keep, Drop id.Person
	Unit       id.Node
	State      string // merged, undone
	Reason     string
	By         id.Person
	At         time.Time
	UndoneBy   id.Person
	UndoneAt   time.Time
	Undoable   bool
}

// The states of a merging.
const (
	StateMerged = "merged"
	StateUndone = "undone"
)

// kept is what an undoing needs.
type kept struct {
	Person  person.Absorbed
	Account bool // the sign-in went along
}

// Preview says what a merging would do; it changes nothing.
type Preview struct {
	Keep, Drop person.Found
	// After is what the kept record will say.
	After person.Fields
	// Account says what becomes of the sign-in names: none, keeps (the kept record
	// has its own), moves (it gets the other's), ends (the other's ends).
	Account string
	// Refused is why it cannot be, nil where it can.
	Refused error
	// NumberNeeded is set where the right number must be named.
	NumberNeeded bool
	// Places, Bonds and Consents count what the kept record gets.
	Places, Bonds, Consents int
}

// What becomes of the sign-in names.
const (
	AccountNone  = "none"
	AccountKeeps = "keeps"
	AccountMoves = "moves"
	AccountEnds  = "ends"
)

// Preview shows a merging before it is done. ErrNotFound for records out of the
// actor's reach; what stands against it is in Refused.
func (s *Service) Preview(ctx context.Context, by access.Actor, req Request) (Preview, error) {
	var p Preview
	var err error
	if p.Keep, p.Drop, err = s.People.MergePair(ctx, by, req.Keep, req.Drop); err != nil {
		if !errors.Is(err, fault.ErrConflict) || p.Keep.ID == 0 {
			return Preview{}, err
		}
		p.Refused = err
		return p, nil
	}
	for _, one := range []person.Person{p.Keep.Person, p.Drop.Person} {
		if err := s.look(ctx, by, one); err != nil {
			return Preview{}, err
		}
	}
	p.After, err = person.CheckMerge(p.Keep, p.Drop, person.Absorption{Keep: req.Keep, Drop: req.Drop, Right: req.Right})
	if errors.Is(err, fault.ErrInvalid) && len(fault.Fields(err)) > 0 {
		p.NumberNeeded = true
	} else if err != nil {
		p.Refused = err
	}
	holds, err := s.Accounts.Holds(ctx, by, req.Keep, req.Drop)
	if err != nil {
		return Preview{}, err
	}
	switch {
	case holds[req.Keep] && holds[req.Drop]:
		p.Account = AccountEnds
	case holds[req.Keep]:
		p.Account = AccountKeeps
	case holds[req.Drop]:
		p.Account = AccountMoves
	default:
		p.Account = AccountNone
	}
	if p.Refused == nil {
		if p.Refused, err = s.rolesAbove(ctx, by, req, p.Account == AccountMoves); err != nil {
			return Preview{}, err
		}
	}
	p.Places, p.Bonds, p.Consents, err = s.People.CountBelongings(ctx, by, req.Drop)
	return p, err
}

// rolesAbove is why the actor may not decide on the roles of the dropped record,
// or of the kept one where the sign-in moves to it; nil where he may.
func (s *Service) rolesAbove(ctx context.Context, by access.Actor, req Request, moves bool) (refused, err error) {
	for _, who := range []id.Person{req.Drop, req.Keep} {
		if who == req.Keep && !moves {
			continue
		}
		if err := s.People.MayDecideRoles(ctx, by, who); errors.Is(err, fault.ErrForbidden) {
			return err, nil
		} else if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Merge makes two records of one person one (see [person.Service.Absorb]): the
// dropped one leads to the kept one, its account moves or lets nobody in any
// more, its posts keep their author. A record with roles that the actor could not
// end is neither dropped nor given a sign-in: ErrForbidden. The same key again
// gives the same merging.
// The actor needs person.merge at both units, and is neither of the two.
func (s *Service) Merge(ctx context.Context, by access.Actor, req Request) (Merge, error) {
	if _, _, err := s.People.MergePair(ctx, by, req.Keep, req.Drop); err != nil {
		if m, ok := s.again(ctx, by, req); ok {
			return m, nil
		}
		return Merge{}, err
	}
	req.Reason = strings.TrimSpace(req.Reason)
	if bad := words(req.Reason, ""); bad != nil {
		return Merge{}, fault.Invalid(bad...)
	}
	var out Merge
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.first(ctx, tx); err != nil {
			return err
		}
		if m, ok := s.again(ctx, by, req); ok {
			out = m
			return nil
		}
		var err error
		out, err = s.merge(ctx, tx, by, req)
		return err
	})
	if err != nil {
		return Merge{}, fmt.Errorf("merge: %w", err)
	}
	return out, nil
}

// again finds the merging that the same request has made.
func (s *Service) again(ctx context.Context, by access.Actor, req Request) (Merge, bool) {
	if req.Key == "" {
		return Merge{}, false
	}
	m, err := s.one(ctx, "request_key = $1 AND by_person = $2 AND keep = $3 AND dropped = $4", req.Key, by.Person, req.Keep, req.Drop)
	return m, err == nil
}

func (s *Service) merge(ctx context.Context, tx *db.Tx, by access.Actor, req Request) (Merge, error) {
	if err := s.People.Hold(ctx, by, req.Keep, req.Drop); err != nil {
		return Merge{}, err
	}
	before, err := person.Load(ctx, tx, req.Drop)
	if err != nil {
		return Merge{}, err
	}
	passed := false
	if before.Status != person.StatusMerged {
		if passed, err = s.Accounts.Pass(ctx, by, req.Drop, req.Keep); err != nil {
			return Merge{}, err
		}
	}
	if passed { // the sign-in would lead to the roles of the kept record
		if err := s.People.MayDecideRoles(ctx, by, req.Keep); err != nil {
			return Merge{}, err
		}
	}
	was, err := s.People.Absorb(ctx, by, person.Absorption{Keep: req.Keep, Drop: req.Drop, Right: req.Right}, passed)
	if err != nil {
		return Merge{}, err
	}
	plain, err := json.Marshal(kept{Person: was, Account: passed})
	if err != nil {
		return Merge{}, fmt.Errorf("encode what was before: %w", err)
	}
	m := Merge{ID: id.Next[id.Merge](s.IDs), Keep: req.Keep, Drop: req.Drop, Unit: before.Unit, State: StateMerged, Reason: req.Reason,
		By: by.Person, At: s.Clock.Now(), Undoable: true}
	if _, err := tx.Exec(ctx, "INSERT INTO mrg_merge (id, keep, dropped, unit, state, reason, by_person, at, before, request_key)"+
		" VALUES ($1, $2, $3, $4, 'merged', $5, $6, $7, $8, $9)", m.ID, m.Keep, m.Drop, m.Unit, m.Reason, m.By, clock.Millis(m.At),
		s.Keys.Seal(plain), req.Key); err != nil {
		return Merge{}, err
	}
	return m, s.note(ctx, tx, by, "person.merged", m.Keep, m.Unit, map[string]any{"dropped": m.Drop, "merge": m.ID})
}

// Undo takes a merging back within thirty days, as long as nothing contradicts:
// ErrConflict. Again is no error. The actor needs person.merge at both units.
func (s *Service) Undo(ctx context.Context, by access.Actor, merge id.Merge) (Merge, error) {
	m, err := s.Get(ctx, by, merge)
	if err != nil || m.State == StateUndone {
		return m, err
	}
	if !m.Undoable {
		return Merge{}, errLate()
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.first(ctx, tx); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE mrg_merge SET state = 'undone', undone_by = $1, undone_at = $2, version = version + 1 WHERE id = $3 AND state = 'merged'",
			by.Person, clock.Millis(s.Clock.Now()), merge)
		if err != nil || n == 0 {
			return err
		}
		return s.undo(ctx, tx, by, m)
	})
	if err != nil {
		return Merge{}, fmt.Errorf("undo merging %d: %w", merge, err)
	}
	return s.Get(ctx, by, merge)
}

func (s *Service) undo(ctx context.Context, tx *db.Tx, by access.Actor, m Merge) error {
	var sealed []byte
	if err := tx.QueryRow(ctx, "SELECT before FROM mrg_merge WHERE id = $1", m.ID).Scan(&sealed); err != nil {
		return err
	}
	plain, err := s.Keys.Open(sealed)
	if err != nil {
		return fmt.Errorf("open what was before: %w", err)
	}
	var was kept
	if err := json.Unmarshal(plain, &was); err != nil {
		return fmt.Errorf("read what was before: %w", err)
	}
	if err := s.People.Release(ctx, by, m.Keep, m.Drop, was.Person); err != nil {
		return err
	}
	if was.Account {
		passed, err := s.Accounts.Pass(ctx, by, m.Keep, m.Drop)
		if err != nil {
			return err
		}
		if !passed {
			return fault.New(fault.ErrConflict, "merge.undo.contradicts")
		}
	}
	return s.note(ctx, tx, by, "person.unmerged", m.Keep, m.Unit, map[string]any{"dropped": m.Drop, "merge": m.ID})
}

const mergeColumns = "id, keep, dropped, unit, state, reason, by_person, at, undone_by, undone_at"

type scanner interface{ Scan(dest ...any) error }

func (s *Service) scan(row scanner) (Merge, error) {
	var m Merge
	var at, undone int64
	if err := row.Scan(&m.ID, &m.Keep, &m.Drop, &m.Unit, &m.State, &m.Reason, &m.By, &at, &m.UndoneBy, &undone); err != nil {
		return Merge{}, err
	}
	m.At, m.UndoneAt = clock.FromMillis(at), clock.FromMillis(undone)
	m.Undoable = m.State == StateMerged && s.undoable(m.At)
	return m, nil
}

func (s *Service) one(ctx context.Context, condition string, args ...any) (Merge, error) {
	m, err := s.scan(s.DB.QueryRow(ctx, "SELECT "+mergeColumns+" FROM mrg_merge WHERE "+condition, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Merge{}, errMissing()
	}
	return m, err
}

// Get returns a merging of a unit where the actor holds person.merge;
// ErrNotFound elsewhere.
func (s *Service) Get(ctx context.Context, by access.Actor, merge id.Merge) (Merge, error) {
	var args db.Args
	cond := "id = " + args.Add(merge) + " AND " + by.Scope(access.PersonMerge).Nodes("unit", &args)
	return s.one(ctx, cond, args...)
}

// List lists the mergings of units in the actor's reach, the newest first,
// older than before (0: the newest), at most limit.
func (s *Service) List(ctx context.Context, by access.Actor, before id.Merge, limit int) ([]Merge, error) {
	var args db.Args
	q := "SELECT " + mergeColumns + " FROM mrg_merge WHERE " + by.Scope(access.PersonMerge).Nodes("unit", &args)
	if before != 0 {
		q += " AND id < " + args.Add(before)
	}
	rows, err := s.DB.Query(ctx, q+" ORDER BY id DESC LIMIT "+args.Add(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list mergings: %w", err)
	}
	defer rows.Close()
	var out []Merge
	for rows.Next() {
		m, err := s.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list mergings: %w", err)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}
