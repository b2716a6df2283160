package audit

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"learnspace/internal/db"
	"learnspace/internal/id"
)

// chainStep bounds the rows of one step.
const chainStep = 500

// Sequence chains committed rows that are not in the chain yet and returns how
// many. Several processes may call it.
func (t *Trail) Sequence(ctx context.Context) (n int, err error) {
	if t.d.Serial() {
		return 0, nil
	}
	err = t.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var head int64
		var hash []byte
		if err := tx.QueryRow(ctx, sqlFence).Scan(&head, &hash); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlSelect+"WHERE seq IS NULL ORDER BY id LIMIT $1", chainStep)
		if err != nil {
			return err
		}
		todo, err := scan(rows)
		if err != nil {
			return err
		}
		for _, r := range todo {
			head++
			r.Seq = head
			hash = r.chain(hash)
			if _, err := tx.Exec(ctx, sqlChain, r.Seq, hash, r.ID); err != nil {
				return err
			}
		}
		if n = len(todo); n == 0 {
			return nil
		}
		_, err = tx.Exec(ctx, sqlAdvance, head, hash)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("chain audit rows: %w", err)
	}
	return n, nil
}

// SequenceAll chains everything that is committed.
func (t *Trail) SequenceAll(ctx context.Context) error {
	for {
		n, err := t.Sequence(ctx)
		if err != nil || n < chainStep {
			return err
		}
	}
}

// Run chains rows until ctx ends. It returns at once where rows are chained as
// they are written.
func (t *Trail) Run(ctx context.Context) error {
	if t.d.Serial() {
		return nil
	}
	calls, cancel := t.d.Subscribe(wakeAppended)
	defer cancel()
	timer := time.NewTicker(2 * time.Second)
	defer timer.Stop()
	for {
		if err := t.SequenceAll(ctx); err != nil && ctx.Err() == nil {
			t.log.Error("chain audit rows", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-calls:
		case <-timer.C:
		}
	}
}

// Break is the first place where the chain does not hold.
type Break struct {
	Seq    int64
	ID     id.Audit // 0 when the row is missing
	Reason string   // "changed", "missing", "head"
}

// Verify walks the whole chain and returns how many rows it has and where it
// breaks, nil if nowhere. Rows that are not chained yet are chained first.
func (t *Trail) Verify(ctx context.Context) (rows int64, broken *Break, err error) {
	if err := t.SequenceAll(ctx); err != nil {
		return 0, nil, err
	}
	var head int64
	var end, hash []byte
	if err := t.d.QueryRow(ctx, "SELECT seq, hash FROM audit_head WHERE id = 1").Scan(&head, &end); err != nil {
		return 0, nil, fmt.Errorf("verify audit: %w", err)
	}
	for at := int64(0); at < head; {
		page, err := t.page(ctx, at, min(at+1000, head))
		if err != nil {
			return at, nil, fmt.Errorf("verify audit: %w", err)
		}
		for _, r := range page {
			if r.Seq != at+1 {
				return at, &Break{Seq: at + 1, Reason: "missing"}, nil
			}
			hash = r.chain(hash)
			if !bytes.Equal(hash, r.hash) {
				return at, &Break{Seq: r.Seq, ID: r.ID, Reason: "changed"}, nil
			}
			at++
		}
		if len(page) == 0 {
			return at, &Break{Seq: at + 1, Reason: "missing"}, nil
		}
	}
	if !bytes.Equal(hash, end) {
		return head, &Break{Seq: head, Reason: "head"}, nil
	}
	return head, t.beyond(ctx, head), nil
}

// beyond returns a break when a row claims a place after the head.
func (t *Trail) beyond(ctx context.Context, head int64) *Break {
	page, err := t.page(ctx, head, head+1)
	if err != nil || len(page) == 0 {
		return nil
	}
	// A row may have been appended since the head was read.
	var now int64
	if err := t.d.QueryRow(ctx, "SELECT seq FROM audit_head WHERE id = 1").Scan(&now); err != nil || now > head {
		return nil
	}
	return &Break{Seq: head + 1, ID: page[0].ID, Reason: "head"}
}

// page reads the rows of (from, to] in order.
func (t *Trail) page(ctx context.Context, from, to int64) ([]Row, error) {
	rows, err := t.d.Query(ctx, sqlSelect+"WHERE seq > $1 AND seq <= $2 ORDER BY seq", from, to)
	if err != nil {
		return nil, err
	}
	return scan(rows)
}
