package custody

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

// Year is what was looked at, taken out and alarmed about in a time.
type Year struct {
	Looks                           map[string]int64 // by what
	Asked, Approved, Refused, Glass int64
	Downloads, Records              int64
	Alarms, AlarmsSeen, AlarmTries  int64
}

// CountYear counts for the yearly report on minors' data, in the subtree of a
// node. The actor needs privacy.report there; ErrNotFound elsewhere.
func (s *Service) CountYear(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) (Year, error) {
	path, err := org.Path(ctx, s.DB, node)
	if err != nil {
		return Year{}, err
	}
	scope := by.Scope(access.PrivacyReport)
	if !scope.Contains(path) {
		return Year{}, errMissing()
	}
	within := func(column, at string, args *db.Args) string {
		return column + " IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ") AND " +
			scope.Nodes(column, args) + " AND " + at + " >= " + args.Add(clock.Millis(from)) + " AND " + at + " < " + args.Add(clock.Millis(to))
	}
	y := Year{Looks: map[string]int64{}}
	if err := s.countLooks(ctx, within, y.Looks); err != nil {
		return Year{}, err
	}
	for _, c := range []struct {
		what, from, column, at string
		to                     []any
	}{
		{"COUNT(*), COALESCE(SUM(CASE WHEN decided_by <> 0 AND state <> 'refused' AND glass = 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 'refused' THEN 1 ELSE 0 END), 0)," +
			" COALESCE(SUM(glass), 0), COALESCE(SUM(records), 0)", "cus_request r", "r.node", "r.requested_at", []any{&y.Asked, &y.Approved, &y.Refused, &y.Glass, &y.Records}},
		{"COUNT(*)", "cus_download d JOIN cus_request r ON r.id = d.request", "r.node", "d.at", []any{&y.Downloads}},
		{"COUNT(*), COALESCE(SUM(CASE WHEN seen_at <> 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(tries), 0)", "cus_alarm a", "a.node", "a.at",
			[]any{&y.Alarms, &y.AlarmsSeen, &y.AlarmTries}},
	} {
		var args db.Args
		if err := s.DB.QueryRow(ctx, "SELECT "+c.what+" FROM "+c.from+" WHERE "+within(c.column, c.at, &args), args...).Scan(c.to...); err != nil {
			return Year{}, fmt.Errorf("count for the report: %w", err)
		}
	}
	return y, nil
}

// countLooks counts looks at pupils by what was looked at.
func (s *Service) countLooks(ctx context.Context, within func(column, at string, args *db.Args) string, into map[string]int64) error {
	var args db.Args
	rows, err := s.DB.Query(ctx, "SELECT what, COUNT(*) FROM cus_look l WHERE "+within("l.node", "l.at", &args)+" GROUP BY what", args...)
	if err != nil {
		return fmt.Errorf("count looks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var n int64
		if err := rows.Scan(&what, &n); err != nil {
			return fmt.Errorf("count looks: %w", err)
		}
		into[what] += n
	}
	return rows.Err()
}
