package account

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Devices lists the actor's live sessions, the one of token marked.
func (s *Service) Devices(ctx context.Context, by access.Actor, token string) ([]Session, error) {
	a, err := s.own(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := s.store.sessions(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	current, _, _, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return nil, err
	}
	live := all[:0]
	for _, ses := range all {
		if ses.live(s.clk.Now()) {
			ses.Current = ses.ID == current.ID
			live = append(live, ses)
		}
	}
	return live, nil
}

// EndSession ends one of the actor's sessions; fault.ErrNotFound when it is
// not the actor's.
func (s *Service) EndSession(ctx context.Context, by access.Actor, ses id.Session) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ended, err := s.store.endSession(ctx, tx, a.ID, ses, s.clk.Now())
		if err != nil {
			return err
		}
		if !ended {
			return fault.New(fault.ErrNotFound, "account.session.missing")
		}
		return s.note(ctx, tx, by, "session.end", "session", ses.Int(), 0, "")
	})
}

// EndOthers ends every session of the actor but the one of token.
func (s *Service) EndOthers(ctx context.Context, by access.Actor, token string) error {
	a, err := s.own(ctx, by)
	if err != nil {
		return err
	}
	keep, _, _, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := s.store.endSessions(ctx, tx, a.ID, keep.ID, s.clk.Now())
		if err != nil || n == 0 {
			return err
		}
		return s.note(ctx, tx, by, "session.end", "account", a.ID.Int(), 0, detail("sessions", n))
	})
}
