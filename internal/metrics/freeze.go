package metrics

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
)

// Freeze closes a month for good and folds everything up to the closing. Its
// figures never change again; later events that belong to it fall on the first
// open day. It returns ErrConflict for a month that has not ended, is closed
// already, or stands behind an open one (the first closing may be of any month).
func (s *Service) Freeze(ctx context.Context, by access.Actor, month clock.Month) error {
	root, err := s.tree.Root(ctx, by)
	if err != nil {
		return err
	}
	if !by.Allows(access.BulletinDraft, root.Path) {
		return fault.New(fault.ErrForbidden, "figure.forbidden")
	}
	now := s.clk.Now()
	switch {
	case !month.Valid():
		return fault.Invalid(fault.At("month", "figure.month_unknown"))
	case now.Before(month.End()):
		return fault.New(fault.ErrConflict, "figure.month_running", month)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var last clock.Month
		if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(month), 0) FROM met_freeze`).Scan(&last); err != nil {
			return err
		}
		switch {
		case month <= last:
			return fault.New(fault.ErrConflict, "figure.month_frozen", month)
		case last != 0 && month != last.Next():
			return fault.New(fault.ErrConflict, "figure.month_skipped", last.Next())
		}
		_, err := tx.Exec(ctx, `INSERT INTO met_freeze (month, frozen_by, frozen_at) VALUES ($1, $2, $3)`,
			month, by.Person, clock.Millis(now))
		if db.IsUnique(err) {
			return fault.Wrap(fault.ErrConflict, err, "figure.month_frozen", month)
		}
		if err != nil {
			return err
		}
		extra := fmt.Sprintf(`{"month":%q}`, month.String())
		if err := s.log.Append(ctx, tx, event.Event{Actor: by.Person, Role: string(by.Role), Verb: VerbFrozen,
			Kind: "month", Object: int64(month), Node: root.ID, Unit: root.ID, Extra: extra}); err != nil {
			return err
		}
		return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role),
			Action: VerbFrozen, Kind: "month", Object: int64(month), Node: root.ID, Detail: extra})
	})
	if err != nil {
		return fmt.Errorf("freeze %s: %w", month, err)
	}
	return s.CatchUp(ctx, by)
}
