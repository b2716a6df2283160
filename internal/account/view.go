package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

const (
	// ViewLife is how long an operator may look at somebody's pages.
	ViewLife = 30 * time.Minute
	// reasonMin and reasonMax are the length of the reason in characters.
	reasonMin, reasonMax = 10, 300
)

// View is a time in which an operator looked at somebody's pages.
type View struct {
	ID      id.View
	Session id.Session
	Viewer  id.Person
	Subject id.Person
	Reason  string
	BegunAt time.Time
	EndsAt  time.Time
	EndedAt time.Time // zero: not ended before EndsAt
}

// unseen are roles whose holders nobody views: they do the operator's kind of
// work, or watch over it.
var unseen = []access.Role{access.OperatorRole, access.SysAdmin, access.SecAdmin, access.AuditAdmin}

// BeginView lets an operator see the pages of the holder of a sign-in name for
// half an hour, reading only. It asks for a reason of at least ten characters
// and for the second factor, shown just now. Errors: fault.ErrForbidden,
// fault.ErrInvalid on the fields login, reason and code, fault.ErrConflict while
// another view goes on.
func (s *Service) BeginView(ctx context.Context, by access.Actor, token, login, reason, code string) error {
	if by.Role != access.OperatorRole || !by.IsPerson() || !by.Scope(access.ViewAs).All() {
		return errForbidden
	}
	reason = strings.TrimSpace(reason)
	var fields []fault.Field
	if n := utf8.RuneCountInString(reason); n < reasonMin || n > reasonMax {
		fields = append(fields, fault.At("reason", "account.view.reason", reasonMin, reasonMax, n))
	}
	who, err := s.viewable(ctx, by, login)
	if errors.Is(err, fault.ErrInvalid) {
		fields = append(fields, fault.Fields(err)...)
	} else if err != nil {
		return err
	}
	if len(fields) > 0 {
		return fault.Invalid(fields...)
	}
	if err := s.Fresh(ctx, by, token, code); err != nil {
		return err
	}
	ses, err := s.ownSession(ctx, by, token)
	if err != nil {
		return err
	}
	now := s.clk.Now()
	v := View{ID: id.Next[id.View](s.ids), Session: ses.ID, Viewer: by.Person, Subject: who, Reason: reason, BegunAt: now, EndsAt: now.Add(ViewLife)}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		begun, err := s.store.beginView(ctx, tx, v)
		if err != nil {
			return err
		}
		if !begun {
			return fault.New(fault.ErrConflict, "account.view.going")
		}
		return s.note(ctx, tx, by, "view.begin", "person", who.Int(), 0, detail("view", v.ID))
	})
}

// viewable finds whom the operator may view by the sign-in name.
func (s *Service) viewable(ctx context.Context, by access.Actor, login string) (id.Person, error) {
	a, ok, err := s.store.accountByLogin(ctx, FoldLogin(login))
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, fault.Invalid(fault.At("login", "account.view.nobody"))
	}
	who, status, err := s.actorOf(ctx, a.Person, a.ID, a.Role)
	if err != nil {
		return 0, err
	}
	switch {
	case !mayEnter(status) || who.Role == "":
		return 0, fault.Invalid(fault.At("login", "account.view.nobody"))
	case a.Person == by.Person || watches(who):
		return 0, fault.Invalid(fault.At("login", "account.view.never"))
	}
	return a.Person, nil
}

// watches reports whether somebody holds a role whose holders nobody views.
func watches(who access.Actor) bool {
	return slices.ContainsFunc(who.Places, func(at access.Place) bool { return slices.Contains(unseen, at.Role) })
}

// viewed is the actor of a session in which a view goes on: the person looked
// at, as he is now, marked with who looks. A view that is over, whose operator has
// lost the role, or whose subject may no longer be looked at, ends here.
func (s *Service) viewed(ctx context.Context, by access.Actor, ses Session) (access.Actor, error) {
	v, ok, err := s.store.view(ctx, ses.View)
	if err != nil {
		return access.Actor{}, err
	}
	now := s.clk.Now()
	if ok && v.EndedAt.IsZero() && now.Before(v.EndsAt) && !now.Before(v.BegunAt.Add(-time.Minute)) && by.Role == access.OperatorRole {
		who, status, err := s.actorOf(ctx, v.Subject, 0, "")
		if err != nil {
			return access.Actor{}, err
		}
		if mayEnter(status) && !watches(who) {
			who.ViewedBy, who.Shared = by.Person, ses.Shared
			return who, nil
		}
	}
	return by, s.endView(ctx, by, ses)
}

// EndView ends the view of the session; a session without one is no error.
func (s *Service) EndView(ctx context.Context, by access.Actor, token string) error {
	ses, who, ok, err := s.store.sessionByToken(ctx, tokenHash(token))
	if err != nil || !ok || ses.View == 0 {
		return err
	}
	if by.ViewedBy != who && by.Person != who {
		return errForbidden
	}
	return s.endView(ctx, access.Actor{Person: who, Account: ses.Account, Role: access.OperatorRole}, ses)
}

func (s *Service) endView(ctx context.Context, by access.Actor, ses Session) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ended, err := s.store.endView(ctx, tx, ses, s.clk.Now())
		if err != nil || !ended {
			return err
		}
		return s.note(ctx, tx, by, "view.end", "view", ses.View.Int(), 0, "")
	})
}

// NoteView records that a page was looked at in a view: the pattern of its
// route, no address. by is the person looked at.
func (s *Service) NoteView(ctx context.Context, by access.Actor, pattern string) error {
	if by.ViewedBy == 0 {
		return errForbidden
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.note(ctx, tx, access.Actor{Person: by.ViewedBy, Role: access.OperatorRole}, "view.page", "person", by.Person.Int(), 0, detail("page", pattern))
	})
}

// Views lists who has looked at the actor's pages in the last half year, the
// newest first.
func (s *Service) Views(ctx context.Context, by access.Actor) ([]View, error) {
	if _, err := s.own(ctx, by); err != nil {
		return nil, err
	}
	return s.store.views(ctx, by.Person, s.clk.Now().AddDate(0, -6, 0))
}

const viewColumns = `id, session, viewer, subject, reason, begun_at, ends_at, ended_at`

func scanView(r row) (View, error) {
	var v View
	var begun, ends, ended int64
	if err := r.Scan(&v.ID, &v.Session, &v.Viewer, &v.Subject, &v.Reason, &begun, &ends, &ended); err != nil {
		return View{}, err
	}
	v.BegunAt, v.EndsAt, v.EndedAt = clock.FromMillis(begun), clock.FromMillis(ends), clock.FromMillis(ended)
	return v, nil
}

func (s store) view(ctx context.Context, v id.View) (View, bool, error) {
	return found(scanView(s.db.QueryRow(ctx, `SELECT `+viewColumns+` FROM acc_view WHERE id = $1`, v)))
}

func (s store) views(ctx context.Context, subject id.Person, since time.Time) ([]View, error) {
	rows, err := s.db.Query(ctx, `SELECT `+viewColumns+` FROM acc_view WHERE subject = $1 AND begun_at > $2
		ORDER BY begun_at DESC, id DESC LIMIT 50`, subject, clock.Millis(since))
	if err != nil {
		return nil, fmt.Errorf("list views of person %d: %w", subject, err)
	}
	return collect(rows, scanView)
}

// beginView binds a view to its session; false when one goes on there.
func (s store) beginView(ctx context.Context, tx *db.Tx, v View) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_session SET view = $1 WHERE id = $2 AND view = 0 AND ended_at = 0`, v.ID, v.Session)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO acc_view (id, session, viewer, subject, reason, begun_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		v.ID, v.Session, v.Viewer, v.Subject, v.Reason, clock.Millis(v.BegunAt), clock.Millis(v.EndsAt))
	if err != nil {
		return false, fmt.Errorf("begin a view: %w", err)
	}
	return true, nil
}

// endView ends the view of a session; false when it has ended.
func (s store) endView(ctx context.Context, tx *db.Tx, ses Session, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_session SET view = 0 WHERE id = $1 AND view = $2`, ses.ID, ses.View)
	if err != nil || n == 0 {
		return false, err
	}
	if _, err = tx.Exec(ctx, `UPDATE acc_view SET ended_at = $1 WHERE id = $2 AND ended_at = 0`, clock.Millis(now), ses.View); err != nil {
		return false, fmt.Errorf("end view %d: %w", ses.View, err)
	}
	return true, nil
}
