package metrics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Tree is what the figures must know of the nodes; org.Service implements it.
type Tree interface {
	Get(ctx context.Context, by access.Actor, node id.Node) (org.Node, error)
	GetMany(ctx context.Context, by access.Actor, nodes []id.Node) (map[id.Node]org.Node, error)
	Root(ctx context.Context, by access.Actor) (org.Node, error)
}

// Options are the settings of the figures.
type Options struct {
	// AgeGrades are the grades whose pupils are 适龄, codes of codes.Grade: the
	// set that the province fixes. Empty means the nine years of compulsory
	// education (义务教育法 art. 2).
	AgeGrades []string
}

// compulsory are the nine years of compulsory education.
var compulsory = []string{"P1", "P2", "P3", "P4", "P5", "P6", "J1", "J2", "J3", "J4"}

// Service is the front door of the figures.
type Service struct {
	db    *db.DB
	ids   *id.Source
	clk   clock.Clock
	log   *event.Log
	trail *audit.Trail
	tree  Tree
	ages  []string
}

// New returns the service. Its Consumer must run for the figures to move.
func New(d *db.DB, ids *id.Source, clk clock.Clock, log *event.Log, trail *audit.Trail, tree Tree, o Options) *Service {
	ages := o.AgeGrades
	if len(ages) == 0 {
		ages = compulsory
	}
	return &Service{db: d, ids: ids, clk: clk, log: log, trail: trail, tree: tree, ages: slices.Clone(ages)}
}

// AgeGrade reports whether pupils of the grade (P1 … V3) count as 适龄: the one
// place that says so.
func (s *Service) AgeGrade(grade string) bool { return slices.Contains(s.ages, grade) }

// readable returns the node if the actor may read its figures: ErrNotFound for
// a node that is not to be seen, ErrForbidden for one whose figures are not.
func (s *Service) readable(ctx context.Context, by access.Actor, node id.Node) (org.Node, error) {
	n, err := s.tree.Get(ctx, by, node)
	if err != nil {
		return org.Node{}, err
	}
	if !by.Allows(access.FiguresRead, n.Path) {
		return org.Node{}, fault.New(fault.ErrForbidden, "figure.forbidden")
	}
	return n, nil
}

// month is the month asked for, by default the clock's; a future one is invalid.
func (s *Service) month(m clock.Month) (clock.Month, error) {
	now := clock.MonthOf(s.clk.Now())
	switch {
	case m == 0:
		return now, nil
	case !m.Valid() || m > now || m < 201801:
		return 0, fault.Invalid(fault.At("month", "figure.month_unknown"))
	}
	return m, nil
}

// dress adds what is not stored: the code and the as-of time.
func (s *Service) dress(f *Figures, n org.Node) {
	if f.Node = n.Code; f.Node == "" {
		f.Node = n.ID.String()
	}
	f.AsOf = f.Month.End()
	if now := s.clk.Now().Truncate(time.Second); now.Before(f.AsOf) {
		f.AsOf = now
	}
}

// Figures returns the figures of a node for a month, 0 being the present one.
// The figures are those of the events folded so far.
func (s *Service) Figures(ctx context.Context, by access.Actor, node id.Node, month clock.Month) (Figures, error) {
	n, err := s.readable(ctx, by, node)
	if err != nil {
		return Figures{}, err
	}
	if month, err = s.month(month); err != nil {
		return Figures{}, err
	}
	all, err := readFigures(ctx, s.db, []id.Node{n.ID}, month)
	if err != nil {
		return Figures{}, fmt.Errorf("figures of node %d: %w", node, err)
	}
	f := all[n.ID]
	s.dress(f, n)
	return *f, nil
}

// Row is one line of a table of figures.
type Row struct {
	Node    org.Node
	Figures Figures
}

// Table is a node's figures with those of the nodes that report to it.
type Table struct {
	Node org.Node
	All  Figures
	Rows []Row
	// Rest is what stands in All and in no row: a school's own people beside
	// its teaching points, and what was counted while a unit that has left
	// since still belonged here. It is empty where the rows add up to All.
	Rest Figures
}

// Children returns the node's figures and those of what reports to it, in the
// order of codes, units that report to the province directly last. A row that
// the actor may not read is part of the rest.
func (s *Service) Children(ctx context.Context, by access.Actor, node id.Node, month clock.Month) (Table, error) {
	n, err := s.readable(ctx, by, node)
	if err != nil {
		return Table{}, err
	}
	if month, err = s.month(month); err != nil {
		return Table{}, err
	}
	ids, err := childNodes(ctx, s.db, n.ID)
	if err != nil {
		return Table{}, fmt.Errorf("children of node %d: %w", node, err)
	}
	nodes, err := s.tree.GetMany(ctx, by, ids)
	if err != nil {
		return Table{}, err
	}
	all, err := readFigures(ctx, s.db, append(ids, n.ID), month)
	if err != nil {
		return Table{}, fmt.Errorf("figures below node %d: %w", node, err)
	}
	t := Table{Node: n, All: *all[n.ID]}
	s.dress(&t.All, n)
	t.Rest = t.All
	for _, at := range ids {
		child, ok := nodes[at]
		if !ok || !by.Allows(access.FiguresRead, child.Path) || child.Closed() && all[at].Empty() {
			continue
		}
		f := all[at]
		s.dress(f, child)
		t.Rows = append(t.Rows, Row{Node: child, Figures: *f})
		t.Rest = t.Rest.Sub(*f)
	}
	slices.SortFunc(t.Rows, func(a, b Row) int { return compareNodes(a.Node, b.Node) })
	return t, nil
}

// compareNodes puts the reporting units in their official order, 直报 units
// last, then other regions and schools by kind and code, those without a code
// last by id.
func compareNodes(a, b org.Node) int {
	return cmp.Or(
		cmp.Compare(unitRank(a.Code), unitRank(b.Code)),
		cmp.Compare(kindRank(a.Kind), kindRank(b.Kind)),
		cmp.Compare(codeRank(a.Code), codeRank(b.Code)),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.ID, b.ID),
	)
}

// unitRank is the place in the official order of reporting units; all others
// stand behind.
func unitRank(code string) int {
	units := codes.ReportingUnits(firstDay)
	i := slices.IndexFunc(units, func(u codes.ReportingUnit) bool { return u.Code == code })
	if i < 0 {
		return len(units)
	}
	return i
}

// firstDay is a day on which every reporting unit of the table was one.
const firstDay clock.Day = 20190101

func codeRank(code string) int {
	if code == "" {
		return 1
	}
	return 0
}

func kindRank(kind string) int {
	return slices.Index([]string{org.KindPrefecture, org.KindZone, org.KindCounty, org.KindDistrict,
		org.KindSchool, org.KindCampus, org.KindPoint}, kind)
}

// MonthFigures is what happened at a node in one month.
type MonthFigures struct {
	Month         clock.Month
	Frozen        bool
	NewlyVerified Count
	Active        Count
}

// Months returns every month from the first in which something happened at the
// node to the present one, oldest first.
func (s *Service) Months(ctx context.Context, by access.Actor, node id.Node) ([]MonthFigures, error) {
	n, err := s.readable(ctx, by, node)
	if err != nil {
		return nil, err
	}
	frozen, err := frozenMonth(ctx, s.db)
	if err != nil {
		return nil, err
	}
	out, err := readMonths(ctx, s.db, n.ID, frozen)
	if err != nil {
		return nil, fmt.Errorf("months of node %d: %w", node, err)
	}
	return fillMonths(out, clock.MonthOf(s.clk.Now()), frozen), nil
}

// fillMonths adds the months in which nothing happened.
func fillMonths(some []MonthFigures, now, frozen clock.Month) []MonthFigures {
	if len(some) == 0 {
		return []MonthFigures{{Month: now, Frozen: now <= frozen}}
	}
	var all []MonthFigures
	for m := some[0].Month; m <= now || len(some) > 0; m = m.Next() {
		one := MonthFigures{Month: m, Frozen: m <= frozen}
		if len(some) > 0 && some[0].Month == m {
			one, some = some[0], some[1:]
		}
		all = append(all, one)
	}
	return all
}

// CatchUp folds every event that is in the log by now.
func (s *Service) CatchUp(ctx context.Context, by access.Actor) error {
	if _, err := s.log.Sequence(ctx); err != nil {
		return fmt.Errorf("number events: %w", err)
	}
	if _, err := s.log.CatchUp(ctx, s.Consumer()); err != nil {
		return fmt.Errorf("fold events: %w", err)
	}
	return nil
}

// Frozen returns the last closed month; 0 before the first.
func (s *Service) Frozen(ctx context.Context, by access.Actor) (clock.Month, error) {
	return frozenMonth(ctx, s.db)
}
