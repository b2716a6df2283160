package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// store holds every statement of the package.
type store struct{ db *db.DB }

// row is what a single row is scanned from.
type row interface{ Scan(dest ...any) error }

const accountColumns = `id, person, login, role, made_at, changed_at, password_hash, epoch`

func scanAccount(r row) (Account, error) {
	var a Account
	var made, changed int64
	if err := r.Scan(&a.ID, &a.Person, &a.Login, &a.Role, &made, &changed, &a.hash, &a.epoch); err != nil {
		return Account{}, err
	}
	a.MadeAt, a.ChangedAt = clock.FromMillis(made), clock.FromMillis(changed)
	return a, nil
}

// accountByLogin finds an account by its folded sign-in name.
func (s store) accountByLogin(ctx context.Context, login string) (Account, bool, error) {
	return found(scanAccount(s.db.QueryRow(ctx,
		`SELECT `+accountColumns+` FROM acc_account WHERE login = $1`, login)))
}

// accountByPerson finds the account of a person.
func (s store) accountByPerson(ctx context.Context, person id.Person) (Account, bool, error) {
	return found(scanAccount(s.db.QueryRow(ctx,
		`SELECT `+accountColumns+` FROM acc_account WHERE person = $1`, person)))
}

// found turns a missing row into false.
func found[T any](v T, err error) (T, bool, error) {
	if errors.Is(err, db.ErrNoRows) {
		return v, false, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("read account data: %w", err)
	}
	return v, true, nil
}

// loginTaken reports whether the folded name belongs to somebody.
func (s store) loginTaken(ctx context.Context, login string) (bool, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT 1 FROM acc_account WHERE login = $1`, login).Scan(&n)
	_, ok, err := found(n, err)
	return ok, err
}

// insertAccount makes the account; false means that the name is taken.
func (s store) insertAccount(ctx context.Context, tx *db.Tx, a Account, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO acc_account (id, person, login, password_hash, role, made_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (login) DO NOTHING`,
		a.ID, a.Person, a.Login, a.hash, string(a.Role), clock.Millis(now), clock.Millis(now))
	if err != nil {
		return false, fmt.Errorf("insert account: %w", err)
	}
	return n == 1, nil
}

// setPassword replaces the password of an account and forgets failures.
func (s store) setPassword(ctx context.Context, tx *db.Tx, account id.Account, hash string, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE acc_account SET password_hash = $1, changed_at = $2, failed = 0,
		locked_until = 0, epoch = epoch + 1, version = version + 1 WHERE id = $3`, hash, clock.Millis(now), account)
	if err != nil {
		return fmt.Errorf("set password of account %d: %w", account, err)
	}
	return nil
}

// hold takes the row of an account; false when its password has changed since a
// was read, so that what was checked by the old one counts no longer.
func (s store) hold(ctx context.Context, tx *db.Tx, a Account) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_account SET version = version + 1 WHERE id = $1 AND epoch = $2`, a.ID, a.epoch)
	if err != nil {
		return false, fmt.Errorf("hold account %d: %w", a.ID, err)
	}
	return n == 1, nil
}

// consentTries is how often the digits of a guardian's phone were wrong since
// the last slip.
func (s store) consentTries(ctx context.Context, person id.Person) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT consent_tries FROM acc_account WHERE person = $1`, person).Scan(&n)
	n, _, err = found(n, err)
	return n, err
}

// takeConsentTry takes one of the CodeTries and returns how many are left, -1
// when there was none.
func (s store) takeConsentTry(ctx context.Context, tx *db.Tx, person id.Person) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_account SET consent_tries = consent_tries + 1 WHERE person = $1 AND consent_tries < $2`,
		person, CodeTries)
	if err != nil {
		return 0, fmt.Errorf("count answer for person %d: %w", person, err)
	}
	if n == 0 {
		return -1, nil
	}
	used, err := s.consentTries(ctx, person)
	return CodeTries - used, err
}

// clearConsentTries forgets them after a right answer or with a new slip.
func (s store) clearConsentTries(ctx context.Context, tx *db.Tx, person id.Person) error {
	if _, err := tx.Exec(ctx, `UPDATE acc_account SET consent_tries = 0 WHERE person = $1`, person); err != nil {
		return fmt.Errorf("clear answers for person %d: %w", person, err)
	}
	return nil
}

// keepRole keeps the active role for the next sign-in.
func (s store) keepRole(ctx context.Context, tx *db.Tx, account id.Account, role access.Role) error {
	_, err := tx.Exec(ctx, `UPDATE acc_account SET role = $1 WHERE id = $2 AND role <> $3`, string(role), account, string(role))
	if err != nil {
		return fmt.Errorf("keep the role of account %d: %w", account, err)
	}
	return nil
}

const sessionColumns = `s.id, s.account, s.role, s.device, s.shared, s.made_at, s.seen_at, s.expires_at, s.factor_at, s.view`

func scanSession(r row) (Session, error) {
	var s Session
	return s, scanSessionInto(r, &s)
}

func scanSessionInto(r row, s *Session, more ...any) error {
	var shared int
	var made, seen, expires, factor int64
	err := r.Scan(append([]any{&s.ID, &s.Account, &s.Role, &s.Device, &shared, &made, &seen, &expires, &factor, &s.View}, more...)...)
	if err != nil {
		return err
	}
	s.Shared = shared == 1
	s.MadeAt, s.SeenAt = clock.FromMillis(made), clock.FromMillis(seen)
	s.ExpiresAt, s.FactorAt = clock.FromMillis(expires), clock.FromMillis(factor)
	return nil
}

// sessionByToken finds the open session of a token hash and its person.
func (s store) sessionByToken(ctx context.Context, hash []byte) (ses Session, person id.Person, ok bool, err error) {
	err = scanSessionInto(s.db.QueryRow(ctx, `SELECT `+sessionColumns+`, a.person
		FROM acc_session s JOIN acc_account a ON a.id = s.account
		WHERE s.token_hash = $1 AND s.ended_at = 0`, hash), &ses, &person)
	if errors.Is(err, db.ErrNoRows) {
		return Session{}, 0, false, nil
	}
	if err != nil {
		return Session{}, 0, false, fmt.Errorf("read session: %w", err)
	}
	return ses, person, true, nil
}

// insertSession stores a session under its token's hash.
func (s store) insertSession(ctx context.Context, tx *db.Tx, ses Session, hash []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO acc_session
		(id, token_hash, account, role, device, shared, made_at, seen_at, expires_at, factor_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, ses.ID, hash, ses.Account, string(ses.Role), ses.Device,
		ses.Shared, clock.Millis(ses.MadeAt), clock.Millis(ses.SeenAt), clock.Millis(ses.ExpiresAt), clock.Millis(ses.FactorAt))
	if err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	return nil
}

// rotateSession gives a session a new token and role; false means that it has
// ended meanwhile.
func (s store) rotateSession(ctx context.Context, tx *db.Tx, ses id.Session, account id.Account, hash []byte, role access.Role) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_session SET token_hash = $1, role = $2
		WHERE id = $3 AND account = $4 AND ended_at = 0`, hash, string(role), ses, account)
	if err != nil {
		return false, fmt.Errorf("rotate session %d: %w", ses, err)
	}
	return n == 1, nil
}

// sessions lists the open sessions of an account, the newest first.
func (s store) sessions(ctx context.Context, account id.Account) ([]Session, error) {
	rows, err := s.db.Query(ctx, `SELECT `+sessionColumns+` FROM acc_session s
		WHERE s.account = $1 AND s.ended_at = 0 ORDER BY s.seen_at DESC, s.id DESC LIMIT 100`, account)
	if err != nil {
		return nil, fmt.Errorf("list sessions of account %d: %w", account, err)
	}
	return collect(rows, scanSession)
}

// endSession ends one session of an account; false means that there is none.
func (s store) endSession(ctx context.Context, tx *db.Tx, account id.Account, ses id.Session, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_session SET ended_at = $1 WHERE id = $2 AND account = $3 AND ended_at = 0`,
		clock.Millis(now), ses, account)
	if err != nil {
		return false, fmt.Errorf("end session %d: %w", ses, err)
	}
	return n == 1, nil
}

// endAny ends a session whosever it is; false means that it has ended.
func (s store) endAny(ctx context.Context, tx *db.Tx, ses id.Session, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_session SET ended_at = $1 WHERE id = $2 AND ended_at = 0`, clock.Millis(now), ses)
	if err != nil {
		return false, fmt.Errorf("end session %d: %w", ses, err)
	}
	return n == 1, nil
}

// endSessions ends every session of an account but keep (0 keeps none).
func (s store) endSessions(ctx context.Context, tx *db.Tx, account id.Account, keep id.Session, now time.Time) (int64, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_session SET ended_at = $1 WHERE account = $2 AND ended_at = 0 AND id <> $3`,
		clock.Millis(now), account, keep)
	if err != nil {
		return 0, fmt.Errorf("end sessions of account %d: %w", account, err)
	}
	return n, nil
}

// touch moves the last use of a session forward.
func (s store) touch(ctx context.Context, tx *db.Tx, ses id.Session, seen time.Time) error {
	at := clock.Millis(seen)
	_, err := tx.Exec(ctx, `UPDATE acc_session SET seen_at = $1 WHERE id = $2 AND seen_at < $3`, at, ses, at)
	if err != nil {
		return fmt.Errorf("touch session %d: %w", ses, err)
	}
	return nil
}

// collect reads all rows with scan and closes them.
func collect[T any](rows *sql.Rows, scan func(row) (T, error)) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read rows: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return out, nil
}
