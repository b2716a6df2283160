package account

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
)

// oldSessions and oldCodes are the conditions of what is no longer kept.
const (
	oldSessions = "(expires_at < $1 OR (ended_at > 0 AND ended_at < $2))"
	oldCodes    = "(expires_at < $1 OR (used_at > 0 AND used_at < $2) OR (voided_at > 0 AND voided_at < $3))"
)

// CountOldSessions counts sessions that ended or expired before a moment. The
// actor needs system.manage.
func (s *Service) CountOldSessions(ctx context.Context, by access.Actor, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, errForbidden
	}
	at := clock.Millis(before)
	err = s.db.QueryRow(ctx, "SELECT COUNT(*) FROM acc_session WHERE "+oldSessions, at, at).Scan(&n)
	return n, err
}

// DropOldSessions removes them. Only the system may.
func (s *Service) DropOldSessions(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden
	}
	return s.inParts(ctx, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return s.store.dropSessions(ctx, tx, before, part)
	})
}

// CountOldCodes counts one-time codes that were spent, void or expired before a
// moment. The actor needs system.manage.
func (s *Service) CountOldCodes(ctx context.Context, by access.Actor, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, errForbidden
	}
	at := clock.Millis(before)
	err = s.db.QueryRow(ctx, "SELECT COUNT(*) FROM acc_code WHERE "+oldCodes, at, at, at).Scan(&n)
	return n, err
}

// DropOldCodes removes them. Only the system may.
func (s *Service) DropOldCodes(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden
	}
	at := clock.Millis(before)
	return s.inParts(ctx, func(ctx context.Context, tx *db.Tx) (int64, error) {
		which := "(SELECT id FROM acc_code WHERE " + oldCodes + " ORDER BY id LIMIT $4)"
		if _, err := tx.Exec(ctx, "DELETE FROM acc_code_ward WHERE code IN "+which, at, at, at, part); err != nil {
			return 0, fmt.Errorf("drop old codes: %w", err)
		}
		n, err := tx.Exec(ctx, "DELETE FROM acc_code WHERE id IN "+which, at, at, at, part)
		if err != nil {
			return 0, fmt.Errorf("drop old codes: %w", err)
		}
		return n, nil
	})
}

// part is how many rows one transaction removes.
const part = 500

// inParts repeats a removal until it finds less than a part.
func (s *Service) inParts(ctx context.Context, remove func(ctx context.Context, tx *db.Tx) (int64, error)) (int64, error) {
	var total int64
	for n := int64(part); n >= part; {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = remove(ctx, tx)
			return err
		})
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}
