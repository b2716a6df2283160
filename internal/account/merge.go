package account

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Holds reports which of the persons have an account; whoever may merge or
// correct records asks.
func (s *Service) Holds(ctx context.Context, by access.Actor, persons ...id.Person) (map[id.Person]bool, error) {
	if !by.Can(access.PersonMerge) && !by.Can(access.PersonCorrect) {
		return nil, errForbidden
	}
	var args db.Args
	rows, err := s.db.Query(ctx, "SELECT person FROM acc_account WHERE person IN ("+db.List(&args, persons)+")", args...)
	if err != nil {
		return nil, fmt.Errorf("look for accounts: %w", err)
	}
	all, err := collect(rows, func(r row) (id.Person, error) {
		var p id.Person
		return p, r.Scan(&p)
	})
	out := map[id.Person]bool{}
	for _, p := range all {
		out[p] = true
	}
	return out, err
}

// Pass gives the account of a record that is merged to the one that is kept, if
// that one has none, and reports whether it did. Else the merged account stays
// where it is and lets nobody in. Sessions of the merged record and open codes of
// both end. It joins the transaction of ctx. The actor needs person.merge; person
// has checked where.
func (s *Service) Pass(ctx context.Context, by access.Actor, from, to id.Person) (bool, error) {
	if !by.Can(access.PersonMerge) {
		return false, errForbidden
	}
	passed := false
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		passed = false
		if err := s.shut(ctx, tx, from); err != nil {
			return err
		}
		if err := s.store.voidCodes(ctx, tx, to, s.clk.Now()); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE acc_account SET person = $1, version = version + 1 WHERE person = $2"+
			" AND NOT EXISTS (SELECT 1 FROM acc_account k WHERE k.person = $3)", to.Int(), from.Int(), to.Int())
		passed = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("pass the account of person %d: %w", from, err)
	}
	return passed, nil
}

// Shut ends every session of persons who are no longer here and makes their
// open codes useless. It joins the transaction of ctx. The actor needs
// person.correct; person has checked where.
func (s *Service) Shut(ctx context.Context, by access.Actor, persons ...id.Person) error {
	if !by.Can(access.PersonMerge) && !by.Can(access.PersonCorrect) {
		return errForbidden
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, p := range persons {
			if err := s.shut(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) shut(ctx context.Context, tx *db.Tx, p id.Person) error {
	now := s.clk.Now()
	if _, err := tx.Exec(ctx, "UPDATE acc_session SET ended_at = $1 WHERE ended_at = 0 AND account IN (SELECT id FROM acc_account WHERE person = $2)",
		now.UnixMilli(), p.Int()); err != nil {
		return fmt.Errorf("end sessions of person %d: %w", p, err)
	}
	return s.store.voidCodes(ctx, tx, p, now)
}
