package person

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Minors counts the records of pupils under eighteen, those of unknown birth
// among them, as they stand at the end of a time or today.
type Minors struct {
	Made, Activated, Verified int64
	Under14, Over14, Unknown  int64
	Left                      int64 // within the time
}

// below is the condition that column lies in the subtree of a node, as far as
// the actor holds privacy.report; ErrNotFound for a node out of his reach.
func (s *Service) below(ctx context.Context, by access.Actor, node id.Node, column string, args *db.Args) (string, error) {
	path, err := org.Path(ctx, s.db, node)
	if err != nil {
		return "", err
	}
	scope := by.Scope(access.PrivacyReport)
	if !scope.Contains(path) {
		return "", errMissing()
	}
	return column + " IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ") AND " +
		scope.Nodes(column, args), nil
}

// CountMinors counts for the yearly report on minors' data. The actor needs
// privacy.report at the node.
func (s *Service) CountMinors(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) (Minors, error) {
	day := min(s.today(), clock.DayOf(to).AddDays(-1))
	var args db.Args
	grown, young := int64(day)-18_0000, int64(day)-14_0000
	q := "SELECT COUNT(*), COALESCE(SUM(CASE WHEN p.activated_at <> 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN p.verified_at <> 0 THEN 1 ELSE 0 END), 0)," +
		" COALESCE(SUM(CASE WHEN p.birth > " + args.Add(young) + " THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN p.birth = 0 THEN 1 ELSE 0 END), 0)" +
		" FROM person p WHERE p.role = 'pupil' AND p.status = 'normal' AND (p.birth = 0 OR p.birth > " + args.Add(grown) + ") AND "
	where, err := s.below(ctx, by, node, "p.unit", &args)
	if err != nil {
		return Minors{}, err
	}
	var m Minors
	if err := s.db.QueryRow(ctx, q+where, args...).Scan(&m.Made, &m.Activated, &m.Verified, &m.Under14, &m.Unknown); err != nil {
		return Minors{}, fmt.Errorf("count minors: %w", err)
	}
	m.Over14 = m.Made - m.Under14 - m.Unknown
	var left db.Args
	q = "SELECT COUNT(*) FROM person p WHERE p.role = 'pupil' AND p.ended_on >= " + left.Add(int64(clock.DayOf(from))) + " AND p.ended_on < " +
		left.Add(int64(clock.DayOf(to))) + " AND "
	if where, err = s.below(ctx, by, node, "p.unit", &left); err != nil {
		return Minors{}, err
	}
	if err := s.db.QueryRow(ctx, q+where, left...).Scan(&m.Left); err != nil {
		return Minors{}, fmt.Errorf("count who left: %w", err)
	}
	return m, nil
}

// CountConsents counts what the answers about children come to, by purpose and
// answer. The actor needs privacy.report at the node.
func (s *Service) CountConsents(ctx context.Context, by access.Actor, node id.Node) (map[[2]string]int64, error) {
	var args db.Args
	where, err := s.below(ctx, by, node, "p.unit", &args)
	if err != nil {
		return nil, err
	}
	out := map[[2]string]int64{}
	err = inRows(ctx, s.db, "SELECT c.purpose, c.answer, COUNT(*) FROM person_consent_state c JOIN person p ON p.id = c.child WHERE p.status = 'normal' AND "+where+
		" GROUP BY c.purpose, c.answer", func(row scanner) error {
		var key [2]string
		var n int64
		err := row.Scan(&key[0], &key[1], &n)
		out[key] = n
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("count consents: %w", err)
	}
	return out, nil
}
