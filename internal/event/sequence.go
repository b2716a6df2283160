package event

import (
	"context"
	"fmt"

	"learnspace/internal/db"
)

// sequenceStep bounds the events that one step numbers.
const sequenceStep = 10_000

const (
	// Ordered, so that the server takes the index of those that wait: while it
	// believes that there are many, it would look for one through the whole log.
	sqlUnsequenced = `SELECT COUNT(*) FROM (SELECT id FROM event WHERE seq IS NULL ORDER BY id LIMIT 1) AS e`
	sqlFence       = `UPDATE event_head SET version = version + 1 WHERE id = 1 RETURNING seq`
	sqlNumber      = `UPDATE event SET seq = CAST($1 AS BIGINT) + n.place
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place
      FROM (SELECT id FROM event WHERE seq IS NULL ORDER BY id LIMIT $2) AS todo) AS n
WHERE event.id = n.id`
	sqlAdvance = `UPDATE event_head SET seq = seq + $1 WHERE id = 1`
)

// Sequence numbers committed events that have no seq yet and returns how many;
// 0 means that there were none. Several processes may call it: the head row
// lets one at a time through.
func (l *Log) Sequence(ctx context.Context) (int, error) {
	if l.d.Serial() {
		return 0, nil
	}
	var some int
	if err := l.d.QueryRow(ctx, sqlUnsequenced).Scan(&some); err != nil {
		return 0, fmt.Errorf("sequence events: %w", err)
	}
	if some == 0 {
		return 0, nil
	}
	var n int64
	err := l.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var newest int64
		if err := tx.QueryRow(ctx, sqlFence).Scan(&newest); err != nil {
			return err
		}
		var err error
		if n, err = tx.Exec(ctx, sqlNumber, newest, sequenceStep); err != nil || n == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, sqlAdvance, n); err != nil {
			return err
		}
		tx.AfterCommit(func() { l.d.Notify(wakeSequenced) })
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("sequence events: %w", err)
	}
	return int(n), nil
}

// sequenceAll numbers everything that is committed.
func (l *Log) sequenceAll(ctx context.Context) error {
	for {
		n, err := l.Sequence(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}
