package bulletin

import (
	"context"
	"fmt"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// SetTarget enters the year's target of a reporting unit with the document that
// hands it down. Changing it needs another document; the same again changes
// nothing. Papers that were issued keep the target they were issued with.
func (s *Service) SetTarget(ctx context.Context, by access.Actor, node id.Node, year int, n int64, document string) error {
	root, err := s.mustHold(ctx, by, access.TargetSet)
	if err != nil {
		return err
	}
	unit, err := s.Org.Get(ctx, by, node)
	if err != nil {
		return err
	}
	document = strings.TrimSpace(document)
	var bad []fault.Field
	if unit.Report != root.ID || !unit.IsRegion() {
		bad = append(bad, fault.At("node", "bulletin.target_unit"))
	}
	if year < 2019 || year > s.Clock.Now().Year()+1 {
		bad = append(bad, fault.At("year", "bulletin.target_year"))
	}
	if n < 0 || n > 99_999_999 {
		bad = append(bad, fault.At("n", "bulletin.number_range"))
	}
	if len([]rune(document)) < 2 || len([]rune(document)) > 100 {
		bad = append(bad, fault.At("document", "bulletin.target_document"))
	}
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.putTarget(ctx, tx, by, node, year, n, document) })
	if db.IsUnique(err) {
		return fault.Wrap(fault.ErrStale, err, "bulletin.target_stale")
	}
	if err != nil {
		return fmt.Errorf("set target of node %d: %w", node, err)
	}
	return nil
}

func (s *Service) putTarget(ctx context.Context, tx *db.Tx, by access.Actor, node id.Node, year int, n int64, document string) error {
	all, err := targetsOf(ctx, tx, year)
	if err != nil {
		return err
	}
	next := 1
	for _, t := range all {
		switch {
		case t.Node != node:
		case t.N == n && t.Document == document:
			return nil
		case t.N != n && t.Document == document:
			return fault.Invalid(fault.At("document", "bulletin.target_same_document", t.Document))
		default:
			next = t.Version + 1
		}
	}
	key := s.IDs.Next()
	if _, err := tx.Exec(ctx, `INSERT INTO bul_target (id, node, year, ordinal, n, document, set_by, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, key, node, year, next, n, document, by.Person, clock.Millis(s.Clock.Now())); err != nil {
		return err
	}
	return s.record(ctx, tx, by, "target.set", "target", key, node, struct {
		Year     int    `json:"year"`
		N        int64  `json:"n"`
		Document string `json:"document"`
	}{year, n, document})
}

// UnitTarget is a reporting unit with its target of a year; the zero target
// where it has none.
type UnitTarget struct {
	Node   org.Node
	Target Target
	// Done is what is new since 1 January of the year, as of now; 0 for a year to
	// come.
	Done int64
}

// Targets returns the reporting units in their official order with the targets
// of a year and how far they are.
func (s *Service) Targets(ctx context.Context, by access.Actor, year int) ([]UnitTarget, error) {
	root, err := s.mustHold(ctx, by, access.TargetSet)
	if err != nil {
		return nil, err
	}
	month := min(clock.Month(year*100+12), clock.MonthOf(s.Clock.Now()))
	rows, err := s.takeRows(ctx, by, root, month)
	if err != nil {
		return nil, err
	}
	all, err := targetsOf(ctx, s.DB, year)
	if err != nil {
		return nil, err
	}
	byNode := map[id.Node]Target{}
	for _, t := range all {
		byNode[t.Node] = t
	}
	var out []UnitTarget
	for _, r := range rows {
		if r.Node == root.ID {
			continue
		}
		n, err := s.Org.Get(ctx, by, r.Node)
		if err != nil {
			return nil, err
		}
		t := UnitTarget{Node: n, Target: byNode[r.Node]}
		if month.Year() == year {
			t.Done = r.Year
		}
		out = append(out, t)
	}
	return out, nil
}

// TargetOf returns the target of a node for a year, if it is a reporting unit
// with one, or of the province as the sum of its units'. The actor may read the
// node's figures.
func (s *Service) TargetOf(ctx context.Context, by access.Actor, node id.Node, year int) (n int64, ok bool, err error) {
	at, err := s.Org.Get(ctx, by, node)
	if err != nil {
		return 0, false, err
	}
	if !by.Allows(access.FiguresRead, at.Path) {
		return 0, false, fault.New(fault.ErrForbidden, "bulletin.forbidden")
	}
	all, err := targetsOf(ctx, s.DB, year)
	if err != nil {
		return 0, false, err
	}
	for _, t := range all {
		if t.Node == node || access.IsRoot(at.Path) {
			n, ok = n+t.N, true
		}
	}
	return n, ok, nil
}
