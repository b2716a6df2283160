package org

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// GrantYear counts grants in a time: given, ended, reviewed; Open are those that
// hold today, Admins the holders of the three administrators' roles among them.
type GrantYear struct{ Given, Ended, Reviewed, Open, Admins int64 }

// CountGrants counts for the yearly report on minors' data, in the subtree of a
// node. The actor needs privacy.report there; ErrNotFound elsewhere.
func (s *Service) CountGrants(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) (GrantYear, error) {
	n, err := findNode(ctx, s.db, node)
	if err != nil {
		return GrantYear{}, err
	}
	if err := mustHold(by, access.PrivacyReport, n); err != nil {
		return GrantYear{}, err
	}
	today := int64(s.today())
	a, b := clock.Millis(from), clock.Millis(to)
	open := "g.ended_at = 0 AND g.from_on <= %s AND (g.to_on = 0 OR g.to_on > %s)"
	var args db.Args
	sum := func(cond string) string { return "COALESCE(SUM(CASE WHEN " + cond + " THEN 1 ELSE 0 END), 0)" }
	q := "SELECT " + sum("g.given_at >= "+args.Add(a)+" AND g.given_at < "+args.Add(b)) +
		", " + sum("g.ended_at >= "+args.Add(a)+" AND g.ended_at < "+args.Add(b)+" OR g.ended_at = 0 AND g.to_on <> 0 AND g.to_on >= "+
		args.Add(int64(clock.DayOf(from)))+" AND g.to_on < "+args.Add(int64(clock.DayOf(to)))) +
		", " + sum("g.reviewed_at >= "+args.Add(a)+" AND g.reviewed_at < "+args.Add(b)) +
		", " + sum(fmt.Sprintf(open, args.Add(today), args.Add(today))) +
		", " + sum(fmt.Sprintf(open, args.Add(today), args.Add(today))+" AND g.role IN ('sysadmin', 'secadmin', 'auditadmin')") +
		" FROM org_grant g JOIN org_node n ON n.id = g.node WHERE " + subtree("n.path", n.Path, &args) + " AND " + by.Scope(access.PrivacyReport).Paths("n.path", &args)
	var y GrantYear
	if err := s.db.QueryRow(ctx, q, args...).Scan(&y.Given, &y.Ended, &y.Reviewed, &y.Open, &y.Admins); err != nil {
		return GrantYear{}, fmt.Errorf("count grants: %w", err)
	}
	return y, nil
}
