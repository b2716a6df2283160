package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
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

// Run chains rows, and writes the head of the chain down, until ctx ends. Where
// rows are chained as they are written it only does the second.
func (t *Trail) Run(ctx context.Context) error {
	if t.d.Serial() {
		t.keepAnchored(ctx)
		return nil
	}
	var anchoring sync.WaitGroup
	anchoring.Go(func() { t.keepAnchored(ctx) })
	defer anchoring.Wait()
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
	Seq int64
	ID  id.Audit // 0 when the row is missing
	// Reason: "changed", a column of the row is another; "missing", the row is
	// gone; "head", the head row is another; "cut", the end of the trail is gone;
	// "rewritten", the chain holds and is not the one that was written down;
	// "base", the beginning moved without a row that says so.
	Reason string
}

// Verify walks the whole chain and returns how many rows it has and where it
// breaks, nil if nowhere. Rows that are not chained yet are chained first. The
// heads that were written down outside the database are compared too, and a
// chain that holds is written down.
func (t *Trail) Verify(ctx context.Context) (rows int64, broken *Break, err error) {
	if err := t.SequenceAll(ctx); err != nil {
		return 0, nil, err
	}
	base, err := t.Base(ctx)
	if err != nil {
		return 0, nil, err
	}
	lines, err := t.anchors()
	if err != nil {
		return 0, nil, err
	}
	var head int64
	var end []byte
	if err := t.d.QueryRow(ctx, "SELECT seq, hash FROM audit_head WHERE id = 1").Scan(&head, &end); err != nil {
		return 0, nil, fmt.Errorf("verify audit: %w", err)
	}
	w := walk{at: base.Seq, hash: base.Hash, anchors: map[int64]string{}}
	for _, a := range lines {
		w.anchors[a.Seq] = a.Hash
		w.written = max(w.written, a.Seq)
	}
	if broken = w.meets(base.Seq, 0, base.Hash); broken != nil {
		return 0, broken, nil
	}
	for w.at < head {
		page, err := t.page(ctx, w.at, min(w.at+1000, head))
		if err != nil {
			return w.at - base.Seq, nil, fmt.Errorf("verify audit: %w", err)
		}
		if len(page) == 0 {
			broken = &Break{Seq: w.at + 1, Reason: "missing"}
		} else {
			broken = w.take(page)
		}
		if broken != nil {
			return w.at - base.Seq, broken, nil
		}
	}
	if broken, err = t.end(ctx, w, base, head, end); broken == nil && err == nil {
		err = t.Anchor(ctx)
	}
	return head - base.Seq, broken, err
}

// end compares what remains once every row has been seen.
func (t *Trail) end(ctx context.Context, w walk, base Checkpoint, head int64, end []byte) (*Break, error) {
	switch {
	case w.written > head:
		return &Break{Seq: head + 1, Reason: "cut"}, nil
	case !bytes.Equal(w.hash, end):
		return &Break{Seq: head, Reason: "head"}, nil
	case base.Seq > 0 && (w.trimmed != base.Seq || !strings.Contains(w.detail, hex.EncodeToString(base.Hash))):
		return &Break{Seq: base.Seq, Reason: "base"}, nil
	}
	return t.beyond(ctx, head), nil
}

// walk is where a verification stands: the last row that holds.
type walk struct {
	at      int64
	hash    []byte
	anchors map[int64]string // hashes written down, by seq
	written int64            // the newest of them
	trimmed int64            // the newest base that a row names
	detail  string           // of that row
}

// take walks over rows and returns where they break.
func (w *walk) take(page []Row) *Break {
	for _, r := range page {
		if r.Seq != w.at+1 {
			return &Break{Seq: w.at + 1, Reason: "missing"}
		}
		hash := r.chain(w.hash)
		if !bytes.Equal(hash, r.hash) {
			return &Break{Seq: r.Seq, ID: r.ID, Reason: "changed"}
		}
		if b := w.meets(r.Seq, r.ID, hash); b != nil {
			return b
		}
		if r.Action == actionTrimmed {
			w.trimmed, w.detail = r.Object, r.Detail
		}
		w.at, w.hash = r.Seq, hash
	}
	return nil
}

// meets compares a hash of the chain with what was written down for its place.
func (w *walk) meets(seq int64, row id.Audit, hash []byte) *Break {
	if a, ok := w.anchors[seq]; ok && a != hex.EncodeToString(hash) {
		return &Break{Seq: seq, ID: row, Reason: "rewritten"}
	}
	return nil
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
