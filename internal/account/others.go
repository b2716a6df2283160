package account

import (
	"context"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// Entrance is what those who look after accounts see of one: that there are
// devices and factors, not which.
type Entrance struct {
	Person id.Person
	// Login is the sign-in name; "" without an account.
	Login string
	// Name is the holder's name; "" where the actor may not see it.
	Name string
	// Sessions is how many devices are signed in, LastAt when one was used last.
	Sessions int
	LastAt   time.Time
	// Factors says that a second factor is enrolled; Needs that he must have one.
	Factors, Needs bool
	// Reset says that the actor may reset the factor.
	Reset bool
	MadeAt,
	ChangedAt time.Time
}

// FindEntrance finds an account by its whole sign-in name, for the security
// administrator. fault.ErrNotFound for an unknown name.
func (s *Service) FindEntrance(ctx context.Context, by access.Actor, login string) (id.Person, error) {
	if !by.Scope(access.SessionEndOther).All() {
		return 0, errForbidden
	}
	a, ok, err := s.store.accountByLogin(ctx, FoldLogin(login))
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, fault.New(fault.ErrNotFound, "account.missing")
	}
	return a.Person, nil
}

// reach checks that somebody works or learns where the actor holds p, and is
// not the actor himself: nobody resets his own factor.
func (s *Service) reach(ctx context.Context, by access.Actor, p access.Permission, who id.Person) error {
	within, err := s.people.Within(ctx, by, p, who)
	if err != nil {
		return err
	}
	if !within {
		return fault.New(fault.ErrNotFound, "error.not_found")
	}
	if by.Person == who {
		return errForbidden
	}
	return nil
}

// Entrance returns what the actor may see of somebody's account. He holds
// session.end_other where the person is; the school's people see the name, the
// security administrator only the sign-in name.
func (s *Service) Entrance(ctx context.Context, by access.Actor, who id.Person) (Entrance, error) {
	if err := s.reach(ctx, by, access.SessionEndOther, who); err != nil {
		return Entrance{}, err
	}
	e := Entrance{Person: who}
	rec, err := person.Load(ctx, s.db, who)
	if err != nil {
		return Entrance{}, err
	}
	if by.Can(access.PersonRead) {
		e.Name = rec.Name
	}
	a, ok, err := s.store.accountByPerson(ctx, who)
	if err != nil || !ok {
		return e, err
	}
	e.Login, e.MadeAt, e.ChangedAt = a.Login, a.MadeAt, a.ChangedAt
	all, err := s.store.sessions(ctx, a.ID)
	if err != nil {
		return Entrance{}, err
	}
	for _, ses := range all {
		if ses.live(s.clk.Now()) {
			e.Sessions++
			if ses.SeenAt.After(e.LastAt) {
				e.LastAt = ses.SeenAt
			}
		}
	}
	state, err := s.factors.State(ctx, by, a.ID)
	if err != nil {
		return Entrance{}, err
	}
	holder, _, err := s.actorOf(ctx, who, a.ID, "")
	if err != nil {
		return Entrance{}, err
	}
	e.Factors, e.Needs = state.Enrolled(), NeedsFactor(holder)
	e.Reset = e.Factors && mayReset(by, holder) == nil
	return e, nil
}

// mayReset reports why the actor may not reset the factor of somebody who
// stands in his reach. The school does it for its own staff, but not for a role
// that reaches beyond the school; the security administrator for all.
func mayReset(by, holder access.Actor) error {
	if by.Scope(access.FactorReset).All() {
		return nil
	}
	beyond := func(at access.Place) bool {
		return at.Role == access.Pupil || at.Role == access.Guardian ||
			!slices.Contains(ownClass, at.Role) && !by.Allows(access.FactorReset, at.Path)
	}
	if !by.Can(access.FactorReset) || slices.ContainsFunc(holder.Places, beyond) {
		return errForbidden
	}
	return nil
}

// EndSessionsOf ends every session of somebody else. The actor holds
// session.end_other where the person is. Errors: fault.ErrNotFound,
// fault.ErrForbidden for the own ones.
func (s *Service) EndSessionsOf(ctx context.Context, by access.Actor, who id.Person) (ended int64, err error) {
	if err := s.reach(ctx, by, access.SessionEndOther, who); err != nil {
		return 0, err
	}
	a, ok, err := s.store.accountByPerson(ctx, who)
	if err != nil || !ok {
		return 0, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if ended, err = s.store.endSessions(ctx, tx, a.ID, 0, s.clk.Now()); err != nil {
			return err
		}
		if err := s.store.endHalves(ctx, tx, a.ID, s.clk.Now()); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "session.end_other", "account", a.ID.Int(), by.Home(), detail("sessions", ended))
	})
	return ended, err
}

// ResetFactor takes a lost second factor of somebody else away and ends his
// sessions; he enrols anew at the next sign-in. Errors: fault.ErrNotFound,
// fault.ErrForbidden for the own one and for roles beyond the actor's reach.
func (s *Service) ResetFactor(ctx context.Context, by access.Actor, who id.Person) error {
	if err := s.reach(ctx, by, access.FactorReset, who); err != nil {
		return err
	}
	a, ok, err := s.store.accountByPerson(ctx, who)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.ErrNotFound, "account.missing")
	}
	holder, _, err := s.actorOf(ctx, who, a.ID, "")
	if err != nil {
		return err
	}
	if err := mayReset(by, holder); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.lockAccount(ctx, tx, a.ID); err != nil {
			return err
		}
		if err := s.factors.Reset(ctx, by, a.ID); err != nil {
			return err
		}
		if _, err := s.store.endSessions(ctx, tx, a.ID, 0, s.clk.Now()); err != nil {
			return err
		}
		if err := s.store.endHalves(ctx, tx, a.ID, s.clk.Now()); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "factor.reset", "account", a.ID.Int(), by.Home(), "")
	})
}
