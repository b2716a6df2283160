package rights

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Figure is one number of the yearly report. Key is a word of the report; a
// figure of a person under five is printed as ＜5.
type Figure struct {
	Key     string
	N       int64
	Persons bool
}

// Source counts for one section of the report: the subtree of a node and the
// time from … to (half open). It checks that the actor holds privacy.report
// there.
type Source func(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]Figure, error)

// Sources are the sections that other packages count.
type Sources struct {
	Minors, Consents, Looks, Exports, Alarms, Grants Source
}

// The sections of the report, in its order.
const (
	SectionMinors    = "minors"
	SectionConsents  = "consents"
	SectionLooks     = "looks"
	SectionExports   = "exports"
	SectionRequests  = "requests"
	SectionAlarms    = "alarms"
	SectionRetention = "retention"
	SectionGrants    = "grants"
)

// Section is one part of the report.
type Section struct {
	Key     string
	Figures []Figure
}

// Report is the yearly audit of how the data of minors are handled
// (未成年人网络保护条例 art. 37) at one node. AsOf is when it was counted.
type Report struct {
	Node     org.Node
	Year     int
	AsOf     time.Time
	Complete bool // the year is over
	Sections []Section
}

// Report counts a year at a node with its subtree. The actor needs
// privacy.report there; ErrNotFound elsewhere, ErrInvalid for a year that has not
// begun.
func (s *Service) Report(ctx context.Context, by access.Actor, node id.Node, year int) (Report, error) {
	nodes, err := org.Nodes(ctx, s.DB, []id.Node{node})
	if err != nil {
		return Report{}, err
	}
	n, ok := nodes[node]
	if !ok || !by.Scope(access.PrivacyReport).Contains(n.Path) {
		return Report{}, errMissing()
	}
	now := s.Clock.Now()
	from, to := clock.DayFrom(year, time.January, 1).Start(), clock.DayFrom(year+1, time.January, 1).Start()
	if year < 2019 || now.Before(from) {
		return Report{}, fault.Invalid(fault.At("year", "report.year"))
	}
	r := Report{Node: n, Year: year, AsOf: now, Complete: !now.Before(to)}
	for _, sec := range []struct {
		key    string
		source Source
	}{{SectionMinors, s.Sources.Minors}, {SectionConsents, s.Sources.Consents}, {SectionLooks, s.Sources.Looks}, {SectionExports, s.Sources.Exports},
		{SectionRequests, s.requests}, {SectionAlarms, s.Sources.Alarms}, {SectionRetention, s.retention}, {SectionGrants, s.Sources.Grants}} {
		if sec.source == nil {
			continue
		}
		figures, err := sec.source(ctx, by, node, from, to)
		if err != nil {
			return Report{}, fmt.Errorf("count %s: %w", sec.key, err)
		}
		r.Sections = append(r.Sections, Section{sec.key, figures})
	}
	return r, nil
}

// requests counts the requests of persons of the year and how long they took.
func (s *Service) requests(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]Figure, error) {
	path, err := org.Path(ctx, s.DB, node)
	if err != nil {
		return nil, err
	}
	var args db.Args
	q := columnsOf("unit", path, by, &args) + " AND made_at >= " + args.Add(clock.Millis(from)) + " AND made_at < " + args.Add(clock.Millis(to))
	all, err := s.times(ctx, q, args)
	if err != nil {
		return nil, err
	}
	kinds := map[string]int64{}
	var done, refused, waiting, late, days, answered int64
	for _, r := range all {
		kinds[r.Kind]++
		switch {
		case r.Open():
			waiting++
		case r.Outcome == OutcomeDone:
			done++
		case r.Outcome == OutcomeRefused:
			refused++
		}
		if d := r.Days(); d >= 0 {
			answered++
			days += int64(d)
			if clock.DayOf(r.AnsweredAt) > r.DueOn {
				late++
			}
		}
		if r.Overdue(s.today()) {
			late++
		}
	}
	var out []Figure
	for _, kind := range Kinds() {
		out = append(out, Figure{Key: "request_" + kind, N: kinds[kind]})
	}
	mean := int64(0)
	if answered > 0 {
		mean = (days + answered/2) / answered
	}
	return append(out, Figure{Key: "request_done", N: done}, Figure{Key: "request_refused", N: refused}, Figure{Key: "request_waiting", N: waiting},
		Figure{Key: "request_late", N: late}, Figure{Key: "request_days", N: mean}), nil
}

// columnsOf is the condition that a unit lies in the subtree of a path, as far
// as the actor holds privacy.report.
func columnsOf(column, path string, by access.Actor, args *db.Args) string {
	return column + " IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ") AND " +
		by.Scope(access.PrivacyReport).Nodes(column, args)
}

// times reads what the counting of requests needs, without their texts.
func (s *Service) times(ctx context.Context, condition string, args db.Args) ([]Request, error) {
	rows, err := s.DB.Query(ctx, "SELECT kind, state, outcome, made_at, due_on, answered_at FROM rgt_request WHERE "+condition, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		var r Request
		var made, answered int64
		if err := rows.Scan(&r.Kind, &r.State, &r.Outcome, &made, &r.DueOn, &answered); err != nil {
			return nil, err
		}
		r.MadeAt, r.AnsweredAt = clock.FromMillis(made), clock.FromMillis(answered)
		out = append(out, r)
	}
	return out, rows.Err()
}

// retention counts what the rules removed in the year, in the whole province:
// the rules know no node.
func (s *Service) retention(ctx context.Context, _ access.Actor, _ id.Node, from, to time.Time) ([]Figure, error) {
	rows, err := s.DB.Query(ctx, "SELECT rule, SUM(n), COUNT(*) FROM rgt_run WHERE at >= $1 AND at < $2 GROUP BY rule", clock.Millis(from), clock.Millis(to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[string]int64{}
	var runs int64
	for rows.Next() {
		var rule string
		var n, count int64
		if err := rows.Scan(&rule, &n, &count); err != nil {
			return nil, err
		}
		sums[rule], runs = n, max(runs, count)
	}
	out := []Figure{{Key: "retention_runs", N: runs}}
	for _, r := range Retentions() {
		out = append(out, Figure{Key: "retention_" + r.Name, N: sums[r.Name]})
	}
	return out, rows.Err()
}
