package merge

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Pair is two records that may be of one person.
type Pair struct {
	A, B person.Person
	// Why is name_birth, number (the student number of one holds the identity
	// number of the other), or guardian (two guardians of one name and child).
	Why string
}

// Suggest lists pairs in a subtree that may be one person, at most limit: the
// same name and birth in one role, or two guardians of one name for one child.
// Pairs with two different identity numbers are never among them, so twins are
// not (DOMAIN 2.1, scenario 4), nor are pairs that somebody has looked at and
// kept apart. The actor needs person.merge at the node.
func (s *Service) Suggest(ctx context.Context, by access.Actor, node id.Node, limit int) ([]Pair, error) {
	path, err := org.Path(ctx, s.DB, node)
	if err != nil {
		return nil, err
	}
	if !by.Scope(access.PersonMerge).Contains(path) {
		return nil, errMissing()
	}
	apart, err := s.apart(ctx)
	if err != nil {
		return nil, err
	}
	likely, err := s.People.Namesakes(ctx, by, node, 4*limit)
	if err != nil {
		return nil, err
	}
	var out []Pair
	for _, l := range likely {
		if len(out) == limit {
			break
		}
		if !apart[ordered(l.A.ID, l.B.ID)] {
			out = append(out, Pair{A: l.A, B: l.B, Why: l.Why})
		}
	}
	return out, nil
}

func ordered(a, b id.Person) [2]id.Person {
	if a > b {
		a, b = b, a
	}
	return [2]id.Person{a, b}
}

// apart reads the pairs that are two persons.
func (s *Service) apart(ctx context.Context) (map[[2]id.Person]bool, error) {
	rows, err := s.DB.Query(ctx, "SELECT a, b FROM mrg_apart")
	if err != nil {
		return nil, fmt.Errorf("read pairs kept apart: %w", err)
	}
	defer rows.Close()
	out := map[[2]id.Person]bool{}
	for rows.Next() {
		var p [2]id.Person
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, fmt.Errorf("read pairs kept apart: %w", err)
		}
		out[p] = true
	}
	return out, rows.Err()
}

// KeepApart remembers that two records are two persons: they are not suggested
// again. Again is no error. The actor needs person.merge at both units.
func (s *Service) KeepApart(ctx context.Context, by access.Actor, a, b id.Person) error {
	first, _, err := s.People.MergePair(ctx, by, a, b)
	if err != nil {
		return err
	}
	p := ordered(a, b)
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "INSERT INTO mrg_apart (a, b, by_person, at) VALUES ($1, $2, $3, $4) ON CONFLICT (a, b) DO NOTHING",
			p[0], p[1], by.Person, clock.Millis(s.Clock.Now()))
		if err != nil || n == 0 {
			return err
		}
		return s.note(ctx, tx, by, "person.kept_apart", a, first.Unit, map[string]any{"other": b})
	})
	if err != nil {
		return fmt.Errorf("keep persons %d and %d apart: %w", a, b, err)
	}
	return nil
}
