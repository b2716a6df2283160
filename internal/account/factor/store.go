package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// store is the only SQL of the package.
type store struct{ db *db.DB }

// state reads which factors an account has.
func (s store) state(ctx context.Context, account id.Account) (State, error) {
	var st State
	_, ok, err := s.totp(ctx, account)
	if err != nil {
		return st, err
	}
	st.TOTP = ok
	if st.Passkeys, err = s.passkeys(ctx, account); err != nil {
		return st, err
	}
	st.Recovery, err = s.recoveryLeft(ctx, account)
	return st, err
}

// totp returns the sealed secret of an account's app.
func (s store) totp(ctx context.Context, account id.Account) (sealed []byte, ok bool, err error) {
	err = s.db.QueryRow(ctx, `SELECT secret FROM fac_totp WHERE account = $1`, account).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the app of account %d: %w", account, err)
	}
	return sealed, true, nil
}

// putTOTP binds an app, in place of an earlier one.
func (s store) putTOTP(ctx context.Context, tx *db.Tx, account id.Account, sealed []byte, step int64, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO fac_totp (account, secret, last_step, made_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, last_step = excluded.last_step, made_at = excluded.made_at`,
		account, sealed, step, clock.Millis(now))
	if err != nil {
		return fmt.Errorf("bind an app to account %d: %w", account, err)
	}
	return nil
}

// useStep spends the code of a step; false when it, or a later one, was used.
func (s store) useStep(ctx context.Context, tx *db.Tx, account id.Account, step int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE fac_totp SET last_step = $1 WHERE account = $2 AND last_step < $3`, step, account, step)
	if err != nil {
		return false, fmt.Errorf("spend a code of account %d: %w", account, err)
	}
	return n == 1, nil
}

func (s store) dropTOTP(ctx context.Context, tx *db.Tx, account id.Account) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM fac_totp WHERE account = $1`, account)
	if err != nil {
		return false, fmt.Errorf("remove the app of account %d: %w", account, err)
	}
	return n == 1, nil
}

// useRecovery spends a recovery code; false when there is none such.
func (s store) useRecovery(ctx context.Context, tx *db.Tx, account id.Account, hash []byte, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE fac_recovery SET used_at = $1 WHERE code_hash = $2 AND account = $3 AND used_at = 0`,
		clock.Millis(now), hash, account)
	if err != nil {
		return false, fmt.Errorf("spend a recovery code of account %d: %w", account, err)
	}
	return n == 1, nil
}

func (s store) recoveryLeft(ctx context.Context, account id.Account) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM fac_recovery WHERE account = $1 AND used_at = 0`, account).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count recovery codes of account %d: %w", account, err)
	}
	return n, nil
}

func (s store) insertRecovery(ctx context.Context, tx *db.Tx, row int64, account id.Account, hash []byte, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO fac_recovery (id, account, code_hash, made_at) VALUES ($1, $2, $3, $4)`,
		row, account, hash, clock.Millis(now))
	if err != nil {
		return fmt.Errorf("insert a recovery code of account %d: %w", account, err)
	}
	return nil
}

func (s store) dropRecovery(ctx context.Context, tx *db.Tx, account id.Account) error {
	if _, err := tx.Exec(ctx, `DELETE FROM fac_recovery WHERE account = $1`, account); err != nil {
		return fmt.Errorf("remove recovery codes of account %d: %w", account, err)
	}
	return nil
}

const passkeyColumns = `id, account, record, name, made_at, used_at`

func scanPasskey(scan func(dest ...any) error) (Passkey, error) {
	var p Passkey
	var made, used int64
	if err := scan(&p.ID, &p.account, &p.record, &p.Name, &made, &used); err != nil {
		return Passkey{}, err
	}
	p.MadeAt, p.UsedAt = clock.FromMillis(made), clock.FromMillis(used)
	return p, nil
}

// passkeys lists those of an account, the oldest first.
func (s store) passkeys(ctx context.Context, account id.Account) (out []Passkey, err error) {
	rows, err := s.db.Query(ctx, `SELECT `+passkeyColumns+` FROM fac_passkey WHERE account = $1 ORDER BY id LIMIT 50`, account)
	if err != nil {
		return nil, fmt.Errorf("list passkeys of account %d: %w", account, err)
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanPasskey(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read passkey: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// insertPasskey stores one; false means that it is known already.
func (s store) insertPasskey(ctx context.Context, tx *db.Tx, p Passkey, credential []byte) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO fac_passkey (id, account, credential, record, name, made_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential) DO NOTHING`,
		p.ID, p.account, credential, p.record, p.Name, clock.Millis(p.MadeAt))
	if err != nil {
		return false, fmt.Errorf("insert passkey of account %d: %w", p.account, err)
	}
	return n == 1, nil
}

// usePasskey keeps the new counter; false when another use was first.
func (s store) usePasskey(ctx context.Context, tx *db.Tx, p Passkey, record string, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE fac_passkey SET record = $1, used_at = $2 WHERE id = $3 AND record = $4`,
		record, clock.Millis(now), p.ID, p.record)
	if err != nil {
		return false, fmt.Errorf("use passkey %d: %w", p.ID, err)
	}
	return n == 1, nil
}

func (s store) dropPasskey(ctx context.Context, tx *db.Tx, account id.Account, p id.Passkey) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM fac_passkey WHERE id = $1 AND account = $2`, p, account)
	if err != nil {
		return false, fmt.Errorf("remove passkey %d: %w", p, err)
	}
	return n == 1, nil
}

func (s store) dropPasskeys(ctx context.Context, tx *db.Tx, account id.Account) error {
	if _, err := tx.Exec(ctx, `DELETE FROM fac_passkey WHERE account = $1`, account); err != nil {
		return fmt.Errorf("remove passkeys of account %d: %w", account, err)
	}
	return nil
}

// spend marks a challenge as answered; false when it was before.
func (s store) spend(ctx context.Context, tx *db.Tx, challenge []byte, until time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO fac_spent (challenge, until) VALUES ($1, $2) ON CONFLICT (challenge) DO NOTHING`,
		challenge, clock.Millis(until))
	if err != nil {
		return false, fmt.Errorf("spend challenge: %w", err)
	}
	return n == 1, nil
}

func (s store) dropSpent(ctx context.Context, tx *db.Tx, before time.Time) (int64, error) {
	n, err := tx.Exec(ctx, `DELETE FROM fac_spent WHERE until < $1`, clock.Millis(before))
	if err != nil {
		return 0, fmt.Errorf("drop answered challenges: %w", err)
	}
	return n, nil
}
