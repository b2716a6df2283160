package custody

import (
	"context"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Remember records a look by itself, for pages of other packages that show a
// person; ErrTooMany over the limits, with an alarm.
func (s *Service) Remember(ctx context.Context, by access.Actor, look Look) error {
	if by.ViewedBy != 0 && by.Person != look.Subject {
		return errViewing()
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.Note(ctx, tx, by, look) })
	if err != nil {
		return s.refused(ctx, by, looks, err)
	}
	return nil
}

// LooksAtAny lists who looked at any of several records of one person, the
// newest first, older than before (0: the newest). Only the system asks: whoever
// lets it has checked that the reader may know.
func (s *Service) LooksAtAny(ctx context.Context, by access.Actor, subjects []id.Person, before id.Look, limit int) ([]Look, error) {
	if !by.IsSystem() {
		return nil, errForbidden()
	}
	return s.listLooks(ctx, subjects, before, limit)
}
