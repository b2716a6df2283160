package roster

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

const batchColumns = `id, made_by, made_account, made_role, made_name, node, mode, promotion, state, reason,
	taken, total, leavers, files_kept, made_at, checked_at, confirmed_at, done_at, undone_at, version`

// scanner is a row of either kind.
type scanner interface{ Scan(dest ...any) error }

func scanBatch(row scanner) (Batch, error) {
	var b Batch
	var promotion, kept int
	var made, checked, confirmed, done, undone int64
	err := row.Scan(&b.ID, &b.By, &b.account, &b.role, &b.ByName, &b.Node, &b.Mode, &promotion, &b.State, &b.Reason,
		&b.Taken, &b.Total, &b.leavers, &kept, &made, &checked, &confirmed, &done, &undone, &b.Version)
	if err != nil {
		return Batch{}, err
	}
	b.Promotion, b.kept = promotion == 1, kept == 1
	b.MadeAt, b.CheckedAt, b.ConfirmedAt = clock.FromMillis(made), clock.FromMillis(checked), clock.FromMillis(confirmed)
	b.DoneAt, b.UndoneAt = clock.FromMillis(done), clock.FromMillis(undone)
	return b, nil
}

// batch reads one batch with the names of its files.
func (s *Service) batch(ctx context.Context, q db.Queryer, bid id.Batch) (Batch, error) {
	b, err := scanBatch(q.QueryRow(ctx, `SELECT `+batchColumns+` FROM ros_batch WHERE id = $1`, bid))
	if err != nil {
		return Batch{}, err
	}
	b.Names, err = uploadNames(ctx, q, bid)
	return b, err
}

func uploadNames(ctx context.Context, q db.Queryer, bid id.Batch) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT name FROM ros_upload WHERE batch = $1 ORDER BY number`, bid)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

// newBatch is what is known when a batch begins.
type newBatch struct {
	id        id.Batch
	by        access.Actor
	node      id.Node
	mode      Mode
	state     State
	key       string
	kept      bool
	promotion bool
	names     []string
	sizes     []int64
}

func (s *Service) insertBatch(ctx context.Context, tx *db.Tx, n newBatch, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO ros_batch (id, request_key, made_by, made_account, made_role, made_name, node,
			mode, state, promotion, files_kept, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		n.id, n.key, n.by.Person, n.by.Account, string(n.by.Role), n.by.Name, n.node, string(n.mode), string(n.state),
		n.promotion, n.kept, clock.Millis(now))
	if err != nil {
		return err
	}
	for i, name := range n.names {
		_, err := tx.Exec(ctx, `INSERT INTO ros_upload (batch, number, name, size) VALUES ($1, $2, $3, $4)`,
			n.id, i, name, n.sizes[i])
		if err != nil {
			return err
		}
	}
	return nil
}

// batchByKey finds the batch that an idempotency key made; 0 when there is none.
func batchByKey(ctx context.Context, q db.Queryer, key string) (id.Batch, error) {
	var found id.Batch
	err := q.QueryRow(ctx, `SELECT id FROM ros_batch WHERE request_key = $1`, key).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return found, err
}

// step moves a batch from one of the given states to another; it reports
// whether this call moved it.
func step(ctx context.Context, tx *db.Tx, bid id.Batch, to State, from ...State) (bool, error) {
	var a db.Args
	q := `UPDATE ros_batch SET state = ` + a.Add(string(to)) + `, version = version + 1 WHERE id = ` + a.Add(bid) + ` AND state IN (`
	names := make([]string, len(from))
	for i, f := range from {
		names[i] = string(f)
	}
	n, err := tx.Exec(ctx, q+db.List(&a, names)+`)`, a...)
	return n == 1, err
}

// mark writes one time column of a batch. The name is a constant of this
// package.
func mark(ctx context.Context, tx *db.Tx, bid id.Batch, column string, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE ros_batch SET `+column+` = $1 WHERE id = $2`, clock.Millis(at), bid)
	return err
}

// Gate makes a transaction wait for the chunk of an import that matches persons,
// for others who must not change them beside it.
func Gate(ctx context.Context, tx *db.Tx) error { return gate(ctx, tx) }

// gate makes this transaction the only one that matches and writes persons of
// a roster until it ends.
func gate(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE ros_gate SET version = version + 1 WHERE id = 1`)
	return err
}
