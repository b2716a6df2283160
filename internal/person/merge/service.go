package merge

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

// UndoDays is for how many days a merging or departure can be taken back.
const UndoDays = 30

// Accounts is what a merging and a departure ask of the accounts; the package
// account implements it.
type Accounts interface {
	// Holds reports which of the persons can sign in.
	Holds(ctx context.Context, by access.Actor, persons ...id.Person) (map[id.Person]bool, error)
	// Pass gives the account to a record that has none, in the transaction of ctx.
	Pass(ctx context.Context, by access.Actor, from, to id.Person) (bool, error)
	// Shut ends sessions and open codes, in the transaction of ctx.
	Shut(ctx context.Context, by access.Actor, persons ...id.Person) error
}

// Deps are the parts that the service is built on.
type Deps struct {
	DB       *db.DB
	IDs      *id.Source
	Clock    clock.Clock
	Keys     *seal.Keys
	Trail    *audit.Trail
	People   *person.Service
	Accounts Accounts
	// Look records that somebody has opened a record to mend it; nil: nobody
	// records.
	Look func(ctx context.Context, by access.Actor, subject id.Person, unit id.Node) error
	// Found records whom a search has shown, and refuses whoever has searched too
	// much; nil: nobody records.
	Found func(ctx context.Context, by access.Actor, node id.Node, persons []id.Person) error
	// Gate is the row that every chunk of an import takes first; nil: none.
	Gate func(ctx context.Context, tx *db.Tx) error
}

// Service is the front door.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

func (s *Service) today() clock.Day { return clock.DayOf(s.Clock.Now()) }

// undoable reports whether something done at an instant can be taken back.
func (s *Service) undoable(at time.Time) bool {
	return s.Clock.Now().Before(at.AddDate(0, 0, UndoDays))
}

// Open reads a record for whoever may correct it and records the look. The actor
// needs person.correct at the unit; ErrNotFound elsewhere.
func (s *Service) Open(ctx context.Context, by access.Actor, who id.Person) (person.Person, error) {
	f, err := s.People.Open(ctx, by, access.PersonCorrect, who)
	if err != nil {
		return person.Person{}, err
	}
	return f.Person, s.look(ctx, by, f.Person)
}

// Find finds persons by the beginning of the name (see [person.Service.FindNamed])
// and records a look at each. The actor needs p at the node; ErrTooMany for whoever
// has searched too much today.
func (s *Service) Find(ctx context.Context, by access.Actor, p access.Permission, node id.Node, text string, limit int) ([]person.Person, error) {
	out, err := s.People.FindNamed(ctx, by, p, node, text, limit)
	if err != nil || s.Found == nil || len(out) == 0 {
		return out, err
	}
	shown := make([]id.Person, len(out))
	for i, one := range out {
		shown[i] = one.ID
	}
	if err := s.Found(ctx, by, node, shown); err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) look(ctx context.Context, by access.Actor, p person.Person) error {
	if s.Look == nil || !by.IsPerson() {
		return nil
	}
	return s.Look(ctx, by, p.ID, p.Unit)
}

// first takes the gate of the rosters.
func (s *Service) first(ctx context.Context, tx *db.Tx) error {
	if s.Gate == nil {
		return nil
	}
	if err := s.Gate(ctx, tx); err != nil {
		return fmt.Errorf("wait for the rosters: %w", err)
	}
	return nil
}

// note appends an audit row; what it says holds no personal data.
func (s *Service) note(ctx context.Context, tx *db.Tx, by access.Actor, action string, who id.Person, node id.Node, detail any) error {
	b, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("encode audit detail: %w", err)
	}
	return s.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: action,
		Kind: "person", Object: who.Int(), Node: node, Detail: string(b), At: s.Clock.Now()})
}

func errMissing() error { return fault.New(fault.ErrNotFound, "merge.missing") }

func errLate() error { return fault.New(fault.ErrConflict, "merge.undo.late", UndoDays) }

// textLimit is how many characters a reason or a document may have.
const textLimit = 200

// words checks a reason and the name of a document.
func words(reason, document string) []fault.Field {
	var out []fault.Field
	switch n := len([]rune(reason)); {
	case n == 0:
		out = append(out, fault.At("reason", "merge.reason_missing"))
	case n > textLimit:
		out = append(out, fault.At("reason", "merge.text_long", textLimit))
	}
	if len([]rune(document)) > textLimit {
		out = append(out, fault.At("document", "merge.text_long", textLimit))
	}
	return out
}
