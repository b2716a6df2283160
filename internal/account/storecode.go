package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

const codeColumns = `id, person, sheet, node, code_sealed, issued_at, expires_at, used_at, voided_at, tries, phone_tries`

func scanCode(r row) (codeRow, error) {
	var c codeRow
	var issued, expires, used, voided int64
	err := r.Scan(&c.ID, &c.Person, &c.Sheet, &c.Node, &c.Sealed, &issued, &expires, &used, &voided, &c.Tries, &c.PhoneTries)
	if err != nil {
		return codeRow{}, err
	}
	c.IssuedAt, c.ExpiresAt = clock.FromMillis(issued), clock.FromMillis(expires)
	c.UsedAt, c.VoidedAt = clock.FromMillis(used), clock.FromMillis(voided)
	return c, nil
}

// codeByHash finds a code by the keyed hash of its canonical form.
func (s store) codeByHash(ctx context.Context, hash []byte) (codeRow, bool, error) {
	return found(scanCode(s.db.QueryRow(ctx, `SELECT `+codeColumns+` FROM acc_code WHERE code_hash = $1`, hash)))
}

// voidCodes makes the open codes of a person useless.
func (s store) voidCodes(ctx context.Context, tx *db.Tx, person id.Person, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE acc_code SET voided_at = $1, code_sealed = $2
		WHERE person = $3 AND used_at = 0 AND voided_at = 0`, clock.Millis(now), []byte{}, person)
	if err != nil {
		return fmt.Errorf("void codes of person %d: %w", person, err)
	}
	return nil
}

// insertCode stores a fresh code.
func (s store) insertCode(ctx context.Context, tx *db.Tx, c codeRow, hash []byte, ordinal int, by id.Person) error {
	_, err := tx.Exec(ctx, `INSERT INTO acc_code
		(id, person, code_hash, code_sealed, sheet, ordinal, node, issued_by, issued_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, c.ID, c.Person, hash, c.Sealed, c.Sheet, ordinal, c.Node, by,
		clock.Millis(c.IssuedAt), clock.Millis(c.ExpiresAt))
	if err != nil {
		return fmt.Errorf("insert code of person %d: %w", c.Person, err)
	}
	return nil
}

// spendCode uses a code up; false means that somebody else was first.
func (s store) spendCode(ctx context.Context, tx *db.Tx, code id.Code, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_code SET used_at = $1, code_sealed = $2
		WHERE id = $3 AND used_at = 0 AND voided_at = 0`, clock.Millis(now), []byte{}, code)
	if err != nil {
		return false, fmt.Errorf("spend code %d: %w", code, err)
	}
	return n == 1, nil
}

// takeTry takes one of the CodeTries of a sign-in name behind a code; false when
// none is left.
func (s store) takeTry(ctx context.Context, tx *db.Tx, code id.Code) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_code SET tries = tries + 1 WHERE id = $1 AND tries < $2`, code, CodeTries)
	if err != nil {
		return false, fmt.Errorf("count try of code %d: %w", code, err)
	}
	return n == 1, nil
}

// takePhoneTry takes one of the CodeTries of the digits of a phone and returns
// how many are left; -1 when there was none, or the code is of no use any more.
func (s store) takePhoneTry(ctx context.Context, tx *db.Tx, code id.Code) (left int, err error) {
	n, err := tx.Exec(ctx, `UPDATE acc_code SET phone_tries = phone_tries + 1
		WHERE id = $1 AND used_at = 0 AND voided_at = 0 AND phone_tries < $2`, code, CodeTries)
	if err != nil {
		return 0, fmt.Errorf("count try of code %d: %w", code, err)
	}
	if n == 0 {
		return -1, nil
	}
	var used int
	if err := tx.QueryRow(ctx, `SELECT phone_tries FROM acc_code WHERE id = $1`, code).Scan(&used); err != nil {
		return 0, fmt.Errorf("count try of code %d: %w", code, err)
	}
	return CodeTries - used, nil
}

// givePhoneTryBack gives a try back whose digits were right.
func (s store) givePhoneTryBack(ctx context.Context, tx *db.Tx, code id.Code) error {
	if _, err := tx.Exec(ctx, `UPDATE acc_code SET phone_tries = phone_tries - 1 WHERE id = $1`, code); err != nil {
		return fmt.Errorf("give a try of code %d back: %w", code, err)
	}
	return nil
}

// voidCode makes a code useless whose tries are used up.
func (s store) voidCode(ctx context.Context, tx *db.Tx, code id.Code, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE acc_code SET voided_at = $1 WHERE id = $2 AND used_at = 0 AND voided_at = 0`, clock.Millis(now), code)
	if err != nil {
		return fmt.Errorf("void code %d: %w", code, err)
	}
	return nil
}

// sheetCodes lists the codes of a sheet in their order.
func (s store) sheetCodes(ctx context.Context, sheet id.Sheet) ([]codeRow, error) {
	rows, err := s.db.Query(ctx, `SELECT `+codeColumns+` FROM acc_code WHERE sheet = $1 ORDER BY ordinal, id`, sheet)
	if err != nil {
		return nil, fmt.Errorf("list codes of sheet %d: %w", sheet, err)
	}
	return collect(rows, scanCode)
}

const sheetColumns = `id, node, unit, people, issued_by, issued_at`

func scanSheet(r row) (Sheet, error) {
	var s Sheet
	var issued int64
	if err := r.Scan(&s.ID, &s.Node, &s.Unit, &s.People, &s.IssuedBy, &issued); err != nil {
		return Sheet{}, err
	}
	s.IssuedAt = clock.FromMillis(issued)
	s.Until = s.IssuedAt.Add(ReprintLife)
	return s, nil
}

// sheet finds a sheet within scope.
func (s store) sheet(ctx context.Context, sheet id.Sheet, scope access.Scope) (Sheet, bool, error) {
	var a db.Args
	q := `SELECT ` + sheetColumns + ` FROM acc_sheet WHERE id = ` + a.Add(sheet)
	return found(scanSheet(s.db.QueryRow(ctx, q+` AND `+scope.Nodes("node", &a), a...)))
}

// sheets lists the sheets of a node issued since a moment, the newest first.
func (s store) sheets(ctx context.Context, node id.Node, scope access.Scope, since time.Time) ([]Sheet, error) {
	var a db.Args
	q := `SELECT ` + sheetColumns + ` FROM acc_sheet WHERE node = ` + a.Add(node) + ` AND issued_at > ` + a.Add(clock.Millis(since)) +
		` AND EXISTS (SELECT 1 FROM acc_code c WHERE c.sheet = acc_sheet.id AND c.used_at = 0 AND c.voided_at = 0)`
	rows, err := s.db.Query(ctx, q+` AND `+scope.Nodes("node", &a)+` ORDER BY issued_at DESC, id DESC LIMIT 50`, a...)
	if err != nil {
		return nil, fmt.Errorf("list sheets of node %d: %w", node, err)
	}
	return collect(rows, scanSheet)
}

// insertSheet stores a sheet.
func (s store) insertSheet(ctx context.Context, tx *db.Tx, sh Sheet) error {
	_, err := tx.Exec(ctx, `INSERT INTO acc_sheet (id, node, unit, people, issued_by, issued_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, sh.ID, sh.Node, sh.Unit, sh.People, sh.IssuedBy, clock.Millis(sh.IssuedAt))
	if err != nil {
		return fmt.Errorf("insert sheet: %w", err)
	}
	return nil
}

// eraseSealed drops the readable copies of codes issued before the moment, at
// most limit of them, and returns how many.
func (s store) eraseSealed(ctx context.Context, tx *db.Tx, before time.Time, limit int) (int64, error) {
	n, err := tx.Exec(ctx, `UPDATE acc_code SET code_sealed = $1 WHERE id IN
		(SELECT id FROM acc_code WHERE issued_at < $2 AND code_sealed <> $3 ORDER BY id LIMIT $4)`,
		[]byte{}, clock.Millis(before), []byte{}, limit)
	if err != nil {
		return 0, fmt.Errorf("erase readable codes: %w", err)
	}
	return n, nil
}

// dropSessions deletes sessions that ended or expired before the moment.
func (s store) dropSessions(ctx context.Context, tx *db.Tx, before time.Time, limit int) (int64, error) {
	at := clock.Millis(before)
	n, err := tx.Exec(ctx, `DELETE FROM acc_session WHERE id IN (SELECT id FROM acc_session
		WHERE expires_at < $1 OR (ended_at > 0 AND ended_at < $2) ORDER BY id LIMIT $3)`, at, at, limit)
	if err != nil {
		return 0, fmt.Errorf("drop old sessions: %w", err)
	}
	return n, nil
}

// codeStates says of each of the persons whether an open code exists and when
// it expires.
func (s store) codeStates(ctx context.Context, people []id.Person, now time.Time) (map[id.Person]time.Time, error) {
	out := map[id.Person]time.Time{}
	for part := range slices.Chunk(people, 400) {
		var a db.Args
		q := `SELECT person, expires_at FROM acc_code WHERE person IN (` + db.List(&a, part) +
			`) AND used_at = 0 AND voided_at = 0 AND expires_at > ` + a.Add(clock.Millis(now))
		rows, err := s.db.Query(ctx, q, a...)
		if err != nil {
			return nil, fmt.Errorf("read open codes: %w", err)
		}
		for rows.Next() {
			var p id.Person
			var expires int64
			if err := rows.Scan(&p, &expires); err != nil {
				rows.Close()
				return nil, fmt.Errorf("read open codes: %w", err)
			}
			out[p] = clock.FromMillis(expires)
		}
		if err := rows.Err(); err != nil {
			rows.Close()
			return nil, fmt.Errorf("read open codes: %w", err)
		}
		rows.Close()
	}
	return out, nil
}
