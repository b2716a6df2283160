package audit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
)

// actionTrimmed is the row that says where the trail begins since when.
const actionTrimmed = "audit.trimmed"

// deleteStep bounds the rows of one transaction.
const deleteStep = 1000

// Trim lets go of the rows older than an instant, from the oldest on, and
// returns how many it deleted. The hash of the last of them becomes the base
// that the rest is chained to, and a row of the trail names it: a base that
// moved without such a row does not verify. It may be called again after it
// broke off.
func (t *Trail) Trim(ctx context.Context, before time.Time) (deleted int64, err error) {
	if err := t.SequenceAll(ctx); err != nil {
		return 0, err
	}
	err = t.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return t.moveBase(ctx, tx, before) })
	if err != nil {
		return 0, fmt.Errorf("trim the audit trail: %w", err)
	}
	for {
		n, err := t.d.Exec(ctx, `DELETE FROM audit WHERE id IN (SELECT a.id FROM audit a
WHERE a.seq <= (SELECT b.seq FROM audit_base b WHERE b.id = 1) ORDER BY a.seq LIMIT $1)`, deleteStep)
		if err != nil {
			return deleted, fmt.Errorf("trim the audit trail: %w", err)
		}
		if deleted += n; n < deleteStep {
			return deleted, nil
		}
	}
}

// moveBase moves the base to the last row before which all are older.
func (t *Trail) moveBase(ctx context.Context, tx *db.Tx, before time.Time) error {
	var head int64
	var hash []byte
	if err := tx.QueryRow(ctx, sqlFence).Scan(&head, &hash); err != nil {
		return err
	}
	var base int64
	if err := tx.QueryRow(ctx, "SELECT seq FROM audit_base WHERE id = 1").Scan(&base); err != nil {
		return err
	}
	var first sql.NullInt64
	if err := tx.QueryRow(ctx, "SELECT MIN(seq) FROM audit WHERE seq > $1 AND at >= $2", base, clock.Millis(before)).Scan(&first); err != nil {
		return err
	}
	last := head
	if first.Valid {
		last = first.Int64 - 1
	}
	if last <= base {
		return nil
	}
	if err := tx.QueryRow(ctx, "SELECT hash FROM audit WHERE seq = $1", last).Scan(&hash); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE audit_base SET seq = $1, hash = $2 WHERE id = 1", last, hash); err != nil {
		return err
	}
	return t.Append(ctx, tx, Entry{Role: "system", Action: actionTrimmed, Kind: "audit", Object: last,
		Detail: fmt.Sprintf(`{"hash":"%s","rows":%d}`, hex.EncodeToString(hash), last-base)})
}

// Checkpoint is the row before the first one that is kept: its place and its
// hash. The zero value is the beginning.
type Checkpoint struct {
	Seq  int64
	Hash []byte
}

// Base returns where the trail begins.
func (t *Trail) Base(ctx context.Context) (Checkpoint, error) {
	var c Checkpoint
	err := t.d.QueryRow(ctx, "SELECT seq, hash FROM audit_base WHERE id = 1").Scan(&c.Seq, &c.Hash)
	if err != nil {
		return c, fmt.Errorf("read the base of the audit trail: %w", err)
	}
	return c, nil
}
