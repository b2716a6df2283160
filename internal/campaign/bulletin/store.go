package bulletin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

const bulletinColumns = `id, month, state, frozen_at, review_from, review_to, problems, next_steps,
	drafted_by, drafter, drafted_at, checked_by, checker, checked_at, checked_hash, signed_by, signatory, signed_at,
	returned_by, returned_at, return_reason, issued_by, issued_at, early_reason, year, number, content, hash, version`

// scanner is a row.
type scanner interface{ Scan(...any) error }

func scanBulletin(row scanner) (Bulletin, error) {
	var b Bulletin
	var frozen, drafted, checked, signed, returned, issued int64
	err := row.Scan(&b.ID, &b.Month, &b.State, &frozen, &b.ReviewFrom, &b.ReviewTo, &b.Problems, &b.Next,
		&b.Drafted.By, &b.Drafted.Name, &drafted, &b.Checked.By, &b.Checked.Name, &checked, &b.checkedHash, &b.Signed.By, &b.Signed.Name, &signed,
		&b.Returned.By, &returned, &b.ReturnReason, &b.issuedBy, &issued, &b.EarlyReason, &b.Year, &b.Number, &b.content, &b.hash, &b.Version)
	b.FrozenAt, b.Drafted.At, b.Checked.At = clock.FromMillis(frozen), clock.FromMillis(drafted), clock.FromMillis(checked)
	b.Signed.At, b.Returned.At, b.IssuedAt = clock.FromMillis(signed), clock.FromMillis(returned), clock.FromMillis(issued)
	return b, err
}

// errMissing is what a month without a bulletin answers.
func errMissing(m clock.Month) error {
	return fault.New(fault.ErrNotFound, "bulletin.missing", m)
}

// find reads the bulletin of a month, or ErrNotFound.
func find(ctx context.Context, q db.Queryer, m clock.Month) (Bulletin, error) {
	b, err := scanBulletin(q.QueryRow(ctx, "SELECT "+bulletinColumns+" FROM bul_bulletin WHERE month = $1", m))
	if errors.Is(err, db.ErrNoRows) {
		return Bulletin{}, errMissing(m)
	}
	if err != nil {
		return Bulletin{}, fmt.Errorf("read bulletin %s: %w", m, err)
	}
	return b, nil
}

// lock raises the version of the month's bulletin first, so that two steps at
// once follow one another, and reads it.
func lock(ctx context.Context, tx *db.Tx, m clock.Month) (Bulletin, error) {
	n, err := tx.Exec(ctx, "UPDATE bul_bulletin SET version = version + 1 WHERE month = $1", m)
	if err != nil {
		return Bulletin{}, fmt.Errorf("lock bulletin %s: %w", m, err)
	}
	if n == 0 {
		return Bulletin{}, errMissing(m)
	}
	return find(ctx, tx, m)
}

// newest returns bulletins, the newest month first.
func newest(ctx context.Context, q db.Queryer, issuedOnly bool, limit int) ([]Bulletin, error) {
	condition := ""
	if issuedOnly {
		condition = " WHERE state = 'issued'"
	}
	rows, err := q.Query(ctx, "SELECT "+bulletinColumns+" FROM bul_bulletin"+condition+" ORDER BY month DESC LIMIT $1", limit)
	if err != nil {
		return nil, fmt.Errorf("list bulletins: %w", err)
	}
	defer rows.Close()
	var out []Bulletin
	for rows.Next() {
		b, err := scanBulletin(rows)
		if err != nil {
			return nil, fmt.Errorf("list bulletins: %w", err)
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// updateSQL is the state after a step; every column that a step may change.
const updateSQL = `UPDATE bul_bulletin SET state = $1, problems = $2, next_steps = $3,
	drafted_by = $4, drafter = $5, drafted_at = $6, checked_by = $7, checker = $8, checked_at = $9, checked_hash = $10,
	signed_by = $11, signatory = $12, signed_at = $13, returned_by = $14, returned_at = $15, return_reason = $16,
	issued_by = $17, issued_at = $18, early_reason = $19, year = $20, number = $21, content = $22, hash = $23
	WHERE id = $24 AND state <> 'issued'`

// store writes the state after a step. An issued bulletin is never written.
func store(ctx context.Context, tx *db.Tx, b Bulletin) error {
	n, err := tx.Exec(ctx, updateSQL, string(b.State), b.Problems, b.Next,
		b.Drafted.By, b.Drafted.Name, clock.Millis(b.Drafted.At), b.Checked.By, b.Checked.Name, clock.Millis(b.Checked.At), b.checkedHash,
		b.Signed.By, b.Signed.Name, clock.Millis(b.Signed.At), b.Returned.By, clock.Millis(b.Returned.At), b.ReturnReason,
		b.issuedBy, clock.Millis(b.IssuedAt), b.EarlyReason, b.Year, b.Number, b.content, b.hash, b.ID)
	if err != nil {
		return fmt.Errorf("store bulletin %s: %w", b.Month, err)
	}
	if n == 0 {
		return fault.New(fault.ErrConflict, "bulletin.issued_already", b.Month)
	}
	return nil
}

// insert opens the bulletin of a month with its rows.
func insert(ctx context.Context, tx *db.Tx, b Bulletin, by id.Person, rows []Row) error {
	_, err := tx.Exec(ctx, `INSERT INTO bul_bulletin (id, month, state, frozen_by, frozen_at, review_from, review_to)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, b.ID, b.Month, string(b.State), by, clock.Millis(b.FrozenAt), b.ReviewFrom, b.ReviewTo)
	if db.IsUnique(err) {
		return fault.Wrap(fault.ErrConflict, err, "figure.month_frozen", b.Month.String())
	}
	if err != nil {
		return err
	}
	for i, r := range rows {
		figures, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO bul_row (bulletin, node, ordinal, figures) VALUES ($1, $2, $3, $4)`,
			b.ID, r.Node, i, string(figures)); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf reads the rows of a bulletin in their order.
func rowsOf(ctx context.Context, q db.Queryer, b id.Bulletin) ([]Row, error) {
	rows, err := q.Query(ctx, `SELECT figures, review, said_at FROM bul_row WHERE bulletin = $1 ORDER BY ordinal`, b)
	if err != nil {
		return nil, fmt.Errorf("rows of bulletin %d: %w", b, err)
	}
	defer rows.Close()
	var out []Row
	for rows.Next() {
		var figures string
		var r Row
		var review Review
		var said int64
		if err := rows.Scan(&figures, &review, &said); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(figures), &r); err != nil {
			return nil, fmt.Errorf("rows of bulletin %d: %w", b, err)
		}
		r.Review, r.SaidAt = review, clock.FromMillis(said)
		out = append(out, r)
	}
	return out, rows.Err()
}

// disputesOf reads the disputed figures, by unit and in order of entry; node 0
// means those of every unit.
func disputesOf(ctx context.Context, q db.Queryer, b id.Bulletin, node id.Node) ([]Dispute, error) {
	args := db.Args{b}
	condition := ""
	if node != 0 {
		condition = " AND node = " + args.Add(node)
	}
	rows, err := q.Query(ctx, `SELECT id, node, figure, number, reason, made_at, outcome, answer, answered_at
		FROM bul_dispute WHERE bulletin = $1`+condition+` ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("disputes of bulletin %d: %w", b, err)
	}
	defer rows.Close()
	var out []Dispute
	for rows.Next() {
		var d Dispute
		var made, answered int64
		if err := rows.Scan(&d.ID, &d.Node, &d.Figure, &d.Number, &d.Reason, &made, &d.Outcome, &d.Answer, &answered); err != nil {
			return nil, err
		}
		d.At, d.AnsweredAt = clock.FromMillis(made), clock.FromMillis(answered)
		out = append(out, d)
	}
	return out, rows.Err()
}

// targetsOf reads the newest target of each unit for a year.
func targetsOf(ctx context.Context, q db.Queryer, year int) ([]Target, error) {
	rows, err := q.Query(ctx, `SELECT node, ordinal, n, document, set_at FROM bul_target
		WHERE year = $1 AND ordinal = (SELECT MAX(x.ordinal) FROM bul_target x WHERE x.node = bul_target.node AND x.year = bul_target.year)
		ORDER BY node`, year)
	if err != nil {
		return nil, fmt.Errorf("targets of %d: %w", year, err)
	}
	defer rows.Close()
	var out []Target
	for rows.Next() {
		t := Target{Year: year}
		var at int64
		if err := rows.Scan(&t.Node, &t.Version, &t.N, &t.Document, &at); err != nil {
			return nil, err
		}
		t.At = clock.FromMillis(at)
		out = append(out, t)
	}
	return out, rows.Err()
}

// content composes what the paper would print now.
func (s *Service) content(ctx context.Context, q db.Queryer, b Bulletin) (Content, error) {
	rows, err := rowsOf(ctx, q, b.ID)
	if err != nil {
		return Content{}, err
	}
	disputes, err := disputesOf(ctx, q, b.ID, 0)
	if err != nil {
		return Content{}, err
	}
	targets, err := targetsOf(ctx, q, b.Month.Year())
	if err != nil {
		return Content{}, err
	}
	byNode := map[int64]int64{}
	for _, t := range targets {
		byNode[t.Node.Int()] = t.N
	}
	return compose(b, s.words, rows, byNode, disputes), nil
}
