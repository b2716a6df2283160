package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Entry is one act.
type Entry struct {
	Actor   id.Person
	Account id.Account
	Role    string
	Action  string // "grant.given"
	Kind    string // of the object: "grant"
	Object  int64
	Node    id.Node
	Detail  string // a JSON object without personal data, or ""
	At      time.Time
}

// Row is an entry as it stands in the trail.
type Row struct {
	Entry
	ID   id.Audit
	Seq  int64 // 0 until it is chained
	hash []byte
}

const wakeAppended = "audit.appended"

// Trail is the audit trail. It is safe for concurrent use.
type Trail struct {
	d   *db.DB
	ids *id.Source
	clk clock.Clock
	log *slog.Logger

	anchorFile string
	anchorMu   sync.Mutex
	anchored   int64     // the newest line of the file, as far as this process knows
	logged     time.Time // when the head last went to the log
}

// New returns the trail of a database.
func New(d *db.DB, ids *id.Source, clk clock.Clock) *Trail {
	return &Trail{d: d, ids: ids, clk: clk, log: slog.Default()}
}

const (
	sqlInsert = `INSERT INTO audit (id, seq, at, actor, account, role, action, kind, object, node, detail, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	sqlFence   = `UPDATE audit_head SET version = version + 1 WHERE id = 1 RETURNING seq, hash`
	sqlAdvance = `UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1`
	sqlChain   = `UPDATE audit SET seq = $1, hash = $2 WHERE id = $3`
	sqlSelect  = `SELECT id, COALESCE(seq, 0), at, actor, account, role, action, kind, object, node, detail, hash FROM audit `
)

// Append writes an entry in the transaction tx. It fills At when it is zero.
func (t *Trail) Append(ctx context.Context, tx *db.Tx, e Entry) error {
	if e.At.IsZero() {
		e.At = t.clk.Now()
	}
	r := Row{Entry: e, ID: id.Next[id.Audit](t.ids)}
	var seq any
	if tx.Serial() {
		var prev []byte
		if err := tx.QueryRow(ctx, sqlFence).Scan(&r.Seq, &prev); err != nil {
			return fmt.Errorf("append audit entry: %w", err)
		}
		r.Seq++
		r.hash = r.chain(prev)
		seq = r.Seq
		if _, err := tx.Exec(ctx, sqlAdvance, r.Seq, r.hash); err != nil {
			return fmt.Errorf("append audit entry: %w", err)
		}
	}
	_, err := tx.Exec(ctx, sqlInsert, r.ID, seq, clock.Millis(e.At), e.Actor, e.Account, e.Role, e.Action, e.Kind,
		e.Object, e.Node, e.Detail, nullable(r.hash))
	if err != nil {
		return fmt.Errorf("append audit entry: %w", err)
	}
	if seq == nil {
		tx.AfterCommit(func() { t.d.Notify(wakeAppended) })
	}
	return nil
}

// nullable gives NULL for nothing.
func nullable(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// chain returns the row's hash after prev: SHA-256 over every column, texts
// with their length, so that no two rows read the same.
func (r Row) chain(prev []byte) []byte {
	buf := make([]byte, 0, 256)
	text := func(s string) {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(s)))
		buf = append(buf, s...)
	}
	number := func(n int64) { buf = binary.BigEndian.AppendUint64(buf, uint64(n)) }
	text(string(prev))
	number(int64(r.ID))
	number(r.Seq)
	number(clock.Millis(r.At))
	number(int64(r.Actor))
	number(int64(r.Account))
	text(r.Role)
	text(r.Action)
	text(r.Kind)
	number(r.Object)
	number(int64(r.Node))
	text(r.Detail)
	sum := sha256.Sum256(buf)
	return sum[:]
}

// scan reads the rows of a query that begins with sqlSelect.
func scan(rows *sql.Rows) (out []Row, err error) {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r Row
		var at int64
		err := rows.Scan(&r.ID, &r.Seq, &at, &r.Actor, &r.Account, &r.Role, &r.Action, &r.Kind, &r.Object, &r.Node,
			&r.Detail, &r.hash)
		if err != nil {
			return nil, err
		}
		r.At = clock.FromMillis(at)
		out = append(out, r)
	}
	return out, rows.Err()
}

// List returns up to limit rows older than before (an id; 0 for the newest),
// newest first.
func (t *Trail) List(ctx context.Context, before id.Audit, limit int) ([]Row, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := t.d.Query(ctx, sqlSelect+"WHERE id < $1 ORDER BY id DESC LIMIT $2", before, limit)
	if err != nil {
		return nil, fmt.Errorf("list audit rows: %w", err)
	}
	out, err := scan(rows)
	if err != nil {
		return nil, fmt.Errorf("list audit rows: %w", err)
	}
	return out, nil
}
