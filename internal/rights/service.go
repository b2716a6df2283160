package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/seal"
)

// Deps are the parts that the service is built on.
type Deps struct {
	DB     *db.DB
	IDs    *id.Source
	Clock  clock.Clock
	Keys   *seal.Keys
	Trail  *audit.Trail
	People *person.Service
	Merges *merge.Service
	// Look records that somebody who is neither the person nor a guardian has
	// opened what is held about him; nil: nobody records.
	Look func(ctx context.Context, by access.Actor, subject id.Person, unit id.Node) error
	// Days is the term of an answer in working days; 0: [Term].
	Days int
	// Rules are the rules of retention, in the order in which they run.
	Rules []Rule
	// Sources give the yearly report its figures.
	Sources Sources
}

// Service is the front door.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service {
	if d.Days <= 0 {
		d.Days = Term
	}
	return &Service{Deps: d}
}

func (s *Service) today() clock.Day { return clock.DayOf(s.Clock.Now()) }

func errMissing() error { return fault.New(fault.ErrNotFound, "rights.missing") }

func errForbidden() error { return fault.New(fault.ErrForbidden, "rights.forbidden") }

// textLimit is how many characters a text may have.
const textLimit = 500

// openLimit is how many requests about one person may wait at a time.
const openLimit = 5

// note appends an audit row; what it says holds no personal data.
func (s *Service) note(ctx context.Context, tx *db.Tx, by access.Actor, action string, r Request, detail map[string]any) error {
	detail["kind"] = r.Kind
	b, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("encode audit detail: %w", err)
	}
	return s.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: action,
		Kind: "request", Object: r.ID.Int(), Node: r.Unit, Detail: string(b), At: s.Clock.Now()})
}

// check finds what is wrong with a request.
func (a *Asking) check() []fault.Field {
	var bad []fault.Field
	a.Value, a.Text = strings.TrimSpace(a.Value), strings.TrimSpace(a.Text)
	if !slices.Contains(Kinds(), a.Kind) {
		bad = append(bad, fault.At("kind", "rights.kind_missing"))
	}
	if a.Kind == Correct {
		if !correctable(a.Field) {
			bad = append(bad, fault.At("field", "correct.field"))
		}
		if a.Value == "" || len([]rune(a.Value)) > 60 {
			bad = append(bad, fault.At("value", "correct.value_missing"))
		}
	} else {
		a.Field, a.Value = "", ""
	}
	if len([]rune(a.Text)) > textLimit {
		bad = append(bad, fault.At("text", "merge.text_long", textLimit))
	}
	return bad
}

// Ask submits a request about oneself, or about a child whose confirmed guardian
// the actor is; the school may write down what somebody asks on paper. A
// withdrawal takes effect at once, the others are answered by the school. At most
// five wait at a time, ErrTooMany; the same key again is the same request.
func (s *Service) Ask(ctx context.Context, by access.Actor, a Asking) (Request, error) {
	p, err := s.People.Known(ctx, by, a.Subject)
	if err != nil {
		return Request{}, err
	}
	if !by.Can(access.RightsSelf) {
		return Request{}, errForbidden()
	}
	if bad := a.check(); len(bad) > 0 {
		return Request{}, fault.Invalid(bad...)
	}
	if a.Kind == Correct { // what the school could not write down later is refused now
		if err := (merge.Correction{Field: a.Field, Value: a.Value}).Check(p.Role, s.today()); err != nil {
			return Request{}, err
		}
	}
	var out Request
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.People.Hold(ctx, by, a.Subject); err != nil {
			return err
		}
		if a.Key != "" {
			if r, err := s.one(ctx, tx, "request_key = $1 AND asked_by = $2", a.Key, by.Person); err == nil {
				out = r
				return nil
			}
		}
		var waiting int
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM rgt_request WHERE subject = $1 AND (state = 'submitted' OR state = 'work')", a.Subject).Scan(&waiting); err != nil {
			return err
		}
		if waiting >= openLimit {
			return fault.New(fault.ErrTooMany, "rights.too_many", openLimit)
		}
		now := s.Clock.Now()
		out = Request{ID: id.Next[id.Request](s.IDs), Kind: a.Kind, Subject: a.Subject, Unit: p.Unit, AskedBy: by.Person, Field: a.Field,
			Value: a.Value, Text: a.Text, State: Submitted, MadeAt: now, DueOn: DueOn(clock.DayOf(now), s.Days)}
		if a.Kind == Withdraw {
			if err := s.withdraw(ctx, by, p); err != nil {
				return err
			}
			out.State, out.Outcome, out.AnsweredAt = Answered, OutcomeDone, now
		}
		if err := s.insert(ctx, tx, out, a.Key); err != nil {
			return err
		}
		action := "rights.asked"
		if a.Kind == Withdraw {
			action = "rights.withdrawn"
		}
		return s.note(ctx, tx, by, action, out, map[string]any{})
	})
	if err != nil {
		return Request{}, fmt.Errorf("ask: %w", err)
	}
	return out, nil
}

// withdraw takes every consent that is in force back, in the name of whoever
// asks.
func (s *Service) withdraw(ctx context.Context, by access.Actor, p person.Person) error {
	child, self := p.ID, id.Person(0)
	switch {
	case by.Person == child && p.Under14(s.today()):
		return fault.Invalid(fault.At("kind", "rights.guardian_withdraws"))
	case by.Person == child:
		self = child
	case !person.Guards(by, child):
		return fault.Invalid(fault.At("kind", "rights.family_withdraws"))
	}
	verdicts, err := s.People.Verdicts(ctx, by, child)
	if err != nil {
		return err
	}
	done := false
	for _, purpose := range person.Purposes() {
		v := verdicts[purpose]
		if v.Answer != person.ConsentGiven && v.Answer != person.ConsentLapsed {
			continue
		}
		if err := s.People.RecordConsent(ctx, by, person.Consent{Child: child, Purpose: purpose, TextVersion: v.Version,
			Answer: person.ConsentWithdrawn, ByName: by.Name, Guardian: self}); err != nil {
			return err
		}
		done = true
	}
	if !done {
		return fault.Invalid(fault.At("kind", "rights.nothing_to_withdraw"))
	}
	return nil
}

// Take says that somebody works on a request. Again is no error. The actor needs
// rights.answer at the unit.
func (s *Service) Take(ctx context.Context, by access.Actor, request id.Request) (Request, error) {
	return s.step(ctx, by, request, func(ctx context.Context, tx *db.Tx, r *Request) error {
		if r.State != Submitted {
			return nil
		}
		r.State, r.TakenBy = Work, by.Person
		if _, err := tx.Exec(ctx, "UPDATE rgt_request SET state = 'work', taken_by = $1, taken_at = $2 WHERE id = $3", by.Person, clock.Millis(s.Clock.Now()), r.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "rights.taken", *r, map[string]any{})
	})
}

// Answer answers a request: a correction that is accepted corrects the record
// (see [merge.Service.Correct]), an erasure erases what may be erased and says
// what was; a refusal needs a reason. Nobody answers about himself or his child. The actor
// needs rights.answer at the unit, for a correction person.correct too.
func (s *Service) Answer(ctx context.Context, by access.Actor, a Answering) (Request, error) {
	a.Text, a.Document = strings.TrimSpace(a.Text), strings.TrimSpace(a.Document)
	if _, err := s.Get(ctx, by, a.Request); err != nil {
		return Request{}, err
	}
	var bad []fault.Field
	if a.Outcome != OutcomeDone && a.Outcome != OutcomeRefused {
		bad = append(bad, fault.At("outcome", "rights.outcome_missing"))
	}
	if a.Outcome == OutcomeRefused && a.Text == "" {
		bad = append(bad, fault.At("text", "rights.reason_missing"))
	}
	if len([]rune(a.Text)) > textLimit {
		bad = append(bad, fault.At("text", "merge.text_long", textLimit))
	}
	if len(bad) > 0 {
		return Request{}, fault.Invalid(bad...)
	}
	return s.step(ctx, by, a.Request, func(ctx context.Context, tx *db.Tx, r *Request) error {
		switch {
		case !r.Open():
			return fault.New(fault.ErrConflict, "rights.answered_already")
		case by.IsPerson() && by.Person == r.Subject || person.Guards(by, r.Subject):
			return fault.New(fault.ErrForbidden, "rights.own")
		}
		if a.Outcome == OutcomeDone {
			if err := s.do(ctx, by, r, a); err != nil {
				return err
			}
		}
		r.Outcome, r.Answer, r.AnsweredBy, r.AnsweredAt = a.Outcome, a.Text, by.Person, s.Clock.Now()
		r.State = map[string]string{OutcomeDone: Answered, OutcomeRefused: Refused}[a.Outcome]
		if _, err := tx.Exec(ctx, "UPDATE rgt_request SET state = $1, outcome = $2, answer = $3, erased = $4, answered_by = $5, answered_at = $6 WHERE id = $7",
			r.State, r.Outcome, r.Answer, strings.Join(r.Erased, " "), by.Person, clock.Millis(r.AnsweredAt), r.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "rights."+r.State, *r, map[string]any{"erased": len(r.Erased)})
	})
}

// do carries out what is asked.
func (s *Service) do(ctx context.Context, by access.Actor, r *Request, a Answering) error {
	switch r.Kind {
	case Correct:
		err := s.Merges.Correct(ctx, by, merge.Correction{Person: r.Subject, Field: r.Field, Value: r.Value, Reason: "依申请更正", Document: a.Document})
		if fields := fault.Fields(err); len(fields) > 0 {
			return fault.Wrap(fault.ErrConflict, err, fields[0].Key, fields[0].Args...)
		}
		return err
	case Erase:
		erased, err := s.People.EraseOptional(ctx, by, r.Subject)
		r.Erased = erased
		return err
	}
	return nil
}

// Close ends a request: the asker has read the answer, or takes back what waits.
// Again is no error; ErrNotFound for anybody else.
func (s *Service) Close(ctx context.Context, by access.Actor, request id.Request) error {
	if !by.IsPerson() {
		return errForbidden()
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE rgt_request SET version = version + 1 WHERE id = $1", request); err != nil {
			return err
		}
		r, err := s.one(ctx, tx, "id = $1 AND asked_by = $2", request, by.Person)
		if err != nil || r.State == Closed {
			return err
		}
		if r.Open() {
			r.Outcome = OutcomeWithdrawn
		}
		if _, err := tx.Exec(ctx, "UPDATE rgt_request SET state = 'closed', outcome = $1, closed_at = $2 WHERE id = $3", r.Outcome, clock.Millis(s.Clock.Now()), request); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "rights.closed", r, map[string]any{"outcome": r.Outcome})
	})
	if err != nil {
		return fmt.Errorf("close request %d: %w", request, err)
	}
	return nil
}

// Escalate hands requests whose term has passed to the office above as well, a
// row each in the audit trail. A daily job calls it; it returns how many.
func (s *Service) Escalate(ctx context.Context, by access.Actor) (int, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden()
	}
	total := 0
	for {
		n := 0
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			due, err := s.list(ctx, tx, "due_on < $1 AND (state = 'submitted' OR state = 'work') AND escalated_at = 0 ORDER BY id LIMIT 100", int64(s.today()))
			if err != nil {
				return err
			}
			n = len(due)
			for _, r := range due {
				changed, err := tx.Exec(ctx, "UPDATE rgt_request SET escalated_at = $1, version = version + 1 WHERE id = $2 AND escalated_at = 0", clock.Millis(s.Clock.Now()), r.ID)
				if err != nil {
					return err
				}
				if changed == 0 {
					continue
				}
				if err := s.note(ctx, tx, by, "rights.escalated", r, map[string]any{}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return total, fmt.Errorf("hand overdue requests on: %w", err)
		}
		if total += n; n < 100 {
			return total, nil
		}
	}
}
