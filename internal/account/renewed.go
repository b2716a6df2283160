package account

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// RenewedByOther reports whether another person has renewed somebody's way in
// since a moment: he has made him a slip, or reset his factor. The command line is
// no person. Only the system asks, for what needs two persons.
func (s *Service) RenewedByOther(ctx context.Context, by access.Actor, who id.Person, since time.Time) (bool, error) {
	if !by.IsSystem() {
		return false, errForbidden
	}
	var slips int64
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM acc_code WHERE person = $1 AND issued_at > $2 AND issued_by <> 0 AND issued_by <> $3`,
		who, clock.Millis(since), who).Scan(&slips)
	if err != nil {
		return false, fmt.Errorf("count new slips of person %d: %w", who, err)
	}
	if slips > 0 {
		return true, nil
	}
	a, ok, err := s.store.accountByPerson(ctx, who)
	if err != nil || !ok {
		return false, err
	}
	anywhere := func(string, *db.Args) string { return "1 = 1" }
	rows, err := s.trail.Find(ctx, anywhere, audit.Filter{Action: "factor.reset", Kind: "account", Object: a.ID.Int(), From: clock.DayOf(since)}, 0, 20)
	if err != nil {
		return false, fmt.Errorf("look for a reset factor of account %d: %w", a.ID, err)
	}
	for _, r := range rows {
		if r.Actor != 0 && r.At.After(since) {
			return true, nil
		}
	}
	return false, nil
}
