package roster

import (
	"context"
	"fmt"
	"io"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
)

// Batches lists the batches of a node and of the schools below it, the newest
// first, older than before (0 for all), at most limit.
func (s *Service) Batches(ctx context.Context, by access.Actor, node id.Node, before id.Batch, limit int) ([]Batch, error) {
	n, err := s.may(ctx, by, node, access.RosterImport)
	if err != nil {
		return nil, err
	}
	var a db.Args
	q := `SELECT ` + batchColumns + ` FROM ros_batch WHERE node IN (SELECT id FROM org_node WHERE path >= ` + a.Add(n.Path) +
		` AND path < ` + a.Add(access.UpperBound(n.Path)) + `) AND ` + by.Scope(access.RosterImport).Nodes("node", &a) + ` AND state <> 'dropped'`
	if before != 0 {
		q += ` AND id < ` + a.Add(before)
	}
	rows, err := s.db.Query(ctx, q+` ORDER BY id DESC LIMIT `+a.Add(limit), a...)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	defer rows.Close()
	var out []Batch
	for rows.Next() {
		b, err := scanBatch(rows)
		if err != nil {
			return nil, fmt.Errorf("list batches: %w", err)
		}
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	_ = rows.Close()
	for i := range out {
		if out[i].Names, err = uploadNames(ctx, s.db, out[i].ID); err != nil {
			return nil, fmt.Errorf("list batches: %w", err)
		}
	}
	return out, nil
}

// Get returns a batch and its report as it stands: that of the check before
// the import, else that of the import. At most most rows with problems are
// listed; the counts are whole.
func (s *Service) Get(ctx context.Context, by access.Actor, bid id.Batch, most int) (Batch, Report, error) {
	b, err := s.own(ctx, by, bid)
	if err != nil {
		return Batch{}, Report{}, err
	}
	r, err := s.report(ctx, bid, b.reportPhase(), most)
	return b, r, err
}

// Waiting counts the transfers that wait for a decision at the node.
func (s *Service) Waiting(ctx context.Context, by access.Actor, node id.Node) (int, error) {
	n, err := s.may(ctx, by, node, access.TransferDecide)
	if err != nil {
		return 0, err
	}
	var a db.Args
	q := `SELECT COUNT(*) FROM ros_transfer WHERE state = 'pending' AND from_unit IN (SELECT id FROM org_node WHERE path >= ` +
		a.Add(n.Path) + ` AND path < ` + a.Add(access.UpperBound(n.Path)) + `) AND ` + by.Scope(access.TransferDecide).Nodes("from_unit", &a)
	var count int
	if err := s.db.QueryRow(ctx, q, a...).Scan(&count); err != nil {
		return 0, fmt.Errorf("count transfers: %w", err)
	}
	return count, nil
}

// Template writes a blank workbook for pupils or staff, with its headings and
// notes in the language.
func (s *Service) Template(ctx context.Context, by access.Actor, kind string, l i18n.Language, w io.Writer) error {
	return read.WriteTemplate(w, kind, l)
}
