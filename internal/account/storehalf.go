package account

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// accountByID finds an account.
func (s store) accountByID(ctx context.Context, account id.Account) (Account, bool, error) {
	return found(scanAccount(s.db.QueryRow(ctx, `SELECT `+accountColumns+` FROM acc_account WHERE id = $1`, account)))
}

// half finds the open half-open sign-in of a token hash.
func (s store) half(ctx context.Context, hash []byte) (halfRow, bool, error) {
	var h halfRow
	var shared int
	var factor, expires int64
	err := s.db.QueryRow(ctx, `SELECT id, account, device, shared, old_session, secret, factor_at, expires_at FROM acc_pending
		WHERE token_hash = $1 AND spent_at = 0`, hash).Scan(&h.id, &h.account, &h.device, &shared, &h.old, &h.secret, &factor, &expires)
	h.shared, h.factorAt, h.expires = shared == 1, clock.FromMillis(factor), clock.FromMillis(expires)
	return found(h, err)
}

// insertHalf stores a half-open sign-in under its token's hash.
func (s store) insertHalf(ctx context.Context, tx *db.Tx, h halfRow, hash []byte, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO acc_pending (id, token_hash, account, device, shared, old_session, secret, made_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, h.id, hash, h.account, h.device, h.shared, h.old, h.secret,
		clock.Millis(now), clock.Millis(h.expires))
	if err != nil {
		return fmt.Errorf("open half a sign-in of account %d: %w", h.account, err)
	}
	return nil
}

// passHalf notes that the second factor was shown.
func (s store) passHalf(ctx context.Context, tx *db.Tx, h id.Pending, now time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE acc_pending SET factor_at = $1 WHERE id = $2`, clock.Millis(now), h); err != nil {
		return fmt.Errorf("pass half-open sign-in %d: %w", h, err)
	}
	return nil
}

// spendHalf uses a half-open sign-in up; false when it was, or is over.
func (s store) spendHalf(ctx context.Context, tx *db.Tx, h id.Pending, now time.Time) (bool, error) {
	at := clock.Millis(now)
	n, err := tx.Exec(ctx, `UPDATE acc_pending SET spent_at = $1 WHERE id = $2 AND spent_at = 0 AND expires_at > $3`, at, h, at)
	if err != nil {
		return false, fmt.Errorf("spend half-open sign-in %d: %w", h, err)
	}
	return n == 1, nil
}

// endHalves ends the half-open sign-ins of an account, as its password changes.
func (s store) endHalves(ctx context.Context, tx *db.Tx, account id.Account, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE acc_pending SET spent_at = $1 WHERE account = $2 AND spent_at = 0`, clock.Millis(now), account)
	if err != nil {
		return fmt.Errorf("end half-open sign-ins of account %d: %w", account, err)
	}
	return nil
}

// dropHalves deletes those that expired before the moment.
func (s store) dropHalves(ctx context.Context, tx *db.Tx, before time.Time, limit int) (int64, error) {
	n, err := tx.Exec(ctx, `DELETE FROM acc_pending WHERE id IN
		(SELECT id FROM acc_pending WHERE expires_at < $1 ORDER BY id LIMIT $2)`, clock.Millis(before), limit)
	if err != nil {
		return 0, fmt.Errorf("drop half-open sign-ins: %w", err)
	}
	return n, nil
}

// factorSession notes that the second factor was shown again in a session.
func (s store) factorSession(ctx context.Context, tx *db.Tx, ses id.Session, now time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE acc_session SET factor_at = $1 WHERE id = $2`, clock.Millis(now), ses); err != nil {
		return fmt.Errorf("note the factor of session %d: %w", ses, err)
	}
	return nil
}

// lockAccount makes changes to the factors of an account wait for one another.
func (s store) lockAccount(ctx context.Context, tx *db.Tx, account id.Account) error {
	if _, err := tx.Exec(ctx, `UPDATE acc_account SET version = version + 1 WHERE id = $1`, account); err != nil {
		return fmt.Errorf("lock account %d: %w", account, err)
	}
	return nil
}
