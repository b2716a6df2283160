package rights

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

const columns = "id, kind, subject, unit, asked_by, field, value_sealed, text_sealed, state, outcome, made_at, due_on, taken_by, answered_by," +
	" answered_at, answer, erased, escalated_at, closed_at"

type scanner interface{ Scan(dest ...any) error }

func (s *Service) scan(row scanner) (Request, error) {
	var r Request
	var value, text []byte
	var made, answered, escalated, closed int64
	var erased string
	if err := row.Scan(&r.ID, &r.Kind, &r.Subject, &r.Unit, &r.AskedBy, &r.Field, &value, &text, &r.State, &r.Outcome, &made, &r.DueOn, &r.TakenBy,
		&r.AnsweredBy, &answered, &r.Answer, &erased, &escalated, &closed); err != nil {
		return Request{}, err
	}
	for _, sealed := range []struct {
		from []byte
		to   *string
	}{{value, &r.Value}, {text, &r.Text}} {
		if len(sealed.from) == 0 {
			continue
		}
		plain, err := s.Keys.Open(sealed.from)
		if err != nil {
			return Request{}, fmt.Errorf("open a request: %w", err)
		}
		*sealed.to = string(plain)
	}
	r.MadeAt, r.AnsweredAt = clock.FromMillis(made), clock.FromMillis(answered)
	r.EscalatedAt, r.ClosedAt = clock.FromMillis(escalated), clock.FromMillis(closed)
	r.Erased = strings.Fields(erased)
	return r, nil
}

func (s *Service) one(ctx context.Context, q db.Queryer, condition string, args ...any) (Request, error) {
	r, err := s.scan(q.QueryRow(ctx, "SELECT "+columns+" FROM rgt_request WHERE "+condition, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Request{}, errMissing()
	}
	return r, err
}

func (s *Service) list(ctx context.Context, q db.Queryer, condition string, args ...any) ([]Request, error) {
	rows, err := q.Query(ctx, "SELECT "+columns+" FROM rgt_request WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		r, err := s.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list requests: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, r Request, key string) error {
	var unique any
	if key != "" {
		unique = key
	}
	_, err := tx.Exec(ctx, "INSERT INTO rgt_request (id, kind, subject, unit, asked_by, field, value_sealed, text_sealed, state, outcome, made_at, due_on, answered_at, request_key)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)", r.ID, r.Kind, r.Subject, r.Unit, r.AskedBy, r.Field,
		s.Keys.Seal([]byte(r.Value)), s.Keys.Seal([]byte(r.Text)), r.State, r.Outcome, clock.Millis(r.MadeAt), int64(r.DueOn), clock.Millis(r.AnsweredAt), unique)
	if err != nil {
		return fmt.Errorf("insert request: %w", err)
	}
	return nil
}

// reach is the condition that the actor answers a request: at his unit, and for
// an office above only what is overdue.
func reach(by access.Actor, args *db.Args) string {
	cond := by.Scope(access.RightsAnswer).Nodes("unit", args)
	if by.IsPerson() && by.Can(access.RightsOversee) {
		cond += " AND escalated_at <> 0"
	}
	return cond
}

// Get returns a request to whoever answers it; ErrNotFound to others.
func (s *Service) Get(ctx context.Context, by access.Actor, request id.Request) (Request, error) {
	var args db.Args
	cond := "id = " + args.Add(request) + " AND " + reach(by, &args)
	return s.one(ctx, s.DB, cond, args...)
}

// step changes a request that the actor answers; its row is taken first.
func (s *Service) step(ctx context.Context, by access.Actor, request id.Request, change func(ctx context.Context, tx *db.Tx, r *Request) error) (Request, error) {
	if _, err := s.Get(ctx, by, request); err != nil {
		return Request{}, err
	}
	var out Request
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE rgt_request SET version = version + 1 WHERE id = $1", request); err != nil {
			return err
		}
		var args db.Args
		cond := "id = " + args.Add(request) + " AND " + reach(by, &args)
		r, err := s.one(ctx, tx, cond, args...)
		if err != nil {
			return err
		}
		if err := change(ctx, tx, &r); err != nil {
			return err
		}
		out = r
		return nil
	})
	if err != nil {
		return Request{}, fmt.Errorf("request %d: %w", request, err)
	}
	return out, nil
}

// Listing says which requests to list.
type Listing struct {
	Node   id.Node    // subtree
	State  string     // "": those that wait
	Before id.Request // 0: the newest
	Limit  int
}

// List lists requests in the subtree of a node that the actor answers, the
// newest first. ErrNotFound for a node out of his reach.
func (s *Service) List(ctx context.Context, by access.Actor, l Listing) ([]Request, error) {
	within, args, err := s.within(ctx, by, l.Node)
	if err != nil {
		return nil, err
	}
	q := within
	switch l.State {
	case "":
		q += " AND (state = 'submitted' OR state = 'work')"
	case "all":
	default:
		q += " AND state = " + args.Add(l.State)
	}
	if l.Before != 0 {
		q += " AND id < " + args.Add(l.Before)
	}
	return s.list(ctx, s.DB, q+" ORDER BY id DESC LIMIT "+args.Add(l.Limit), args...)
}

func (s *Service) within(ctx context.Context, by access.Actor, node id.Node) (string, db.Args, error) {
	path, err := org.Path(ctx, s.DB, node)
	if err != nil {
		return "", nil, err
	}
	if !by.Scope(access.RightsAnswer).Contains(path) {
		return "", nil, errMissing()
	}
	var args db.Args
	cond := "unit IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ") AND " + reach(by, &args)
	return cond, args, nil
}

// Tally counts requests by state; Overdue are those that wait past their term.
type Tally struct {
	ByState map[string]int64
	Overdue int64
}

// Count counts the requests that List lists.
func (s *Service) Count(ctx context.Context, by access.Actor, node id.Node) (Tally, error) {
	cond, args, err := s.within(ctx, by, node)
	if err != nil {
		return Tally{}, err
	}
	t := Tally{ByState: map[string]int64{}}
	rows, err := s.DB.Query(ctx, "SELECT state, COUNT(*) FROM rgt_request WHERE "+cond+" GROUP BY state", args...)
	if err != nil {
		return Tally{}, fmt.Errorf("count requests: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return Tally{}, fmt.Errorf("count requests: %w", err)
		}
		t.ByState[state] = n
	}
	if err := rows.Err(); err != nil {
		return Tally{}, fmt.Errorf("count requests: %w", err)
	}
	_ = rows.Close()
	late := "SELECT COUNT(*) FROM rgt_request WHERE " + cond + " AND (state = 'submitted' OR state = 'work') AND due_on < " + args.Add(int64(s.today()))
	if err := s.DB.QueryRow(ctx, late, args...).Scan(&t.Overdue); err != nil {
		return Tally{}, fmt.Errorf("count requests: %w", err)
	}
	return t, nil
}

// Mine lists what the actor asked about a person, the newest first; about
// himself also what others asked.
func (s *Service) Mine(ctx context.Context, by access.Actor, subject id.Person) ([]Request, error) {
	if !by.IsPerson() {
		return nil, errForbidden()
	}
	return s.list(ctx, s.DB, "subject = $1 AND (asked_by = $2 OR subject = $3) ORDER BY id DESC LIMIT 50", subject, by.Person, by.Person)
}
