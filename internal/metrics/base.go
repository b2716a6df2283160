package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// BaseInput is an enrolment base as somebody states it.
type BaseInput struct {
	Pupil    int64
	Teacher  int64
	AgePupil int64 // of Pupil, those in the 适龄 grades
	Source   string
	Day      clock.Day
	Document string // document that it stands in, "" for none
}

// BaseRow is one recorded or confirmed base of a unit.
type BaseRow struct {
	Unit id.Node
	BaseInput
	Confirmed bool
	By        id.Person // who confirmed it, 0 for a roster's count
	At        time.Time
}

// largest is more than any school has; a larger number is a slip of the finger.
const largest = 99_999

// check returns what is wrong with the input.
func (b BaseInput) check(today clock.Day) error {
	var bad []fault.Field
	for _, f := range []struct {
		name string
		n    int64
	}{{"pupil", b.Pupil}, {"teacher", b.Teacher}, {"age_pupil", b.AgePupil}} {
		if f.n < 0 || f.n > largest {
			bad = append(bad, fault.At(f.name, "figure.base_range", largest))
		}
	}
	if b.AgePupil > b.Pupil {
		bad = append(bad, fault.At("age_pupil", "figure.base_age", b.Pupil))
	}
	if !slices.Contains([]string{SourceRoster, SourceStatistics, SourceDeclared}, b.Source) {
		bad = append(bad, fault.At("source", "figure.base_source"))
	}
	if !b.Day.Valid() || b.Day > today {
		bad = append(bad, fault.At("day", "figure.base_day"))
	}
	if len(b.Document) > 200 {
		bad = append(bad, fault.At("document", "figure.base_document"))
	}
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return nil
}

// RecordRosterCount records what the roster of a school holds after a confirmed
// batch: the base until an office confirms one. It joins the transaction of
// ctx; repeating it with the same numbers changes nothing.
func (s *Service) RecordRosterCount(ctx context.Context, by access.Actor, school id.Node, pupil, teacher, agePupil int64, day clock.Day) error {
	n, err := s.tree.Get(ctx, by, school)
	if err != nil {
		return err
	}
	if !by.Allows(access.RosterImport, n.Path) {
		return fault.New(fault.ErrForbidden, "figure.forbidden")
	}
	b := BaseRow{Unit: n.ID, At: s.clk.Now(), BaseInput: BaseInput{Pupil: pupil, Teacher: teacher, AgePupil: agePupil,
		Source: SourceRoster, Day: day}}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := s.storeBase(ctx, tx, by, VerbBaseRecorded, b)
		return err
	})
}

// ConfirmBase puts a base in force for a school, campus or point: its county,
// or the office that it reports to, says how many there are, from which source
// and on which day. Confirming the same numbers again changes nothing. The day is
// never earlier than that of the base in force.
func (s *Service) ConfirmBase(ctx context.Context, by access.Actor, school id.Node, in BaseInput) error {
	n, err := s.tree.Get(ctx, by, school)
	if err != nil {
		return err
	}
	if !by.Allows(access.BaseConfirm, n.Path) {
		return fault.New(fault.ErrForbidden, "figure.forbidden")
	}
	if !isUnit(n.Kind) {
		return fault.Invalid(fault.At("school", "figure.base_unit"))
	}
	if err := in.check(clock.DayOf(s.clk.Now())); err != nil {
		return err
	}
	b := BaseRow{Unit: n.ID, BaseInput: in, Confirmed: true, By: by.Person, At: s.clk.Now()}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if fresh, err := s.storeBase(ctx, tx, by, VerbBaseConfirmed, b); err != nil || !fresh {
			return err
		}
		return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role),
			Action: VerbBaseConfirmed, Kind: "base", Object: n.ID.Int(), Node: n.ID, Detail: b.extra()})
	})
}

func (b BaseRow) extra() string {
	out, err := json.Marshal(baseFields{Source: b.Source, Pupil: b.Pupil, Teacher: b.Teacher, AgePupil: b.AgePupil, Day: b.Day})
	if err != nil {
		panic(fmt.Sprintf("metrics: encode base: %v", err))
	}
	return string(out)
}

// storeBase keeps the row and tells the log, unless it says nothing new; it
// reports whether it did. A confirmation for an earlier day than that of the
// base in force is invalid: the newest day stands.
func (s *Service) storeBase(ctx context.Context, tx *db.Tx, by access.Actor, verb string, b BaseRow) (bool, error) {
	if err := takeSlot(ctx, tx, b.Unit); err != nil {
		return false, fmt.Errorf("keep base of node %d: %w", b.Unit, err)
	}
	last, err := lastBases(ctx, tx, []id.Node{b.Unit})
	if err != nil {
		return false, err
	}
	kept := last[b.Unit][0]
	if b.Confirmed {
		kept = last[b.Unit][1]
	}
	if !kept.At.IsZero() && kept.BaseInput == b.BaseInput {
		return false, nil
	}
	if b.Confirmed && b.Day < kept.Day {
		return false, fault.Invalid(fault.At("day", "figure.base_older", kept.Day))
	}
	if err := insertBase(ctx, tx, id.Next[id.Node](s.ids).Int(), b); err != nil {
		return false, fmt.Errorf("keep base of node %d: %w", b.Unit, err)
	}
	return true, s.log.Append(ctx, tx, event.Event{Actor: by.Person, Role: string(by.Role), Verb: verb, Kind: "base",
		Object: b.Unit.Int(), Node: b.Unit, Unit: b.Unit, Extra: b.extra()})
}

// UnitBase is a unit with the newest count of its roster and the base that an
// office confirmed last, which is the one in force; the zero row where there is none.
type UnitBase struct {
	Node      org.Node
	Roster    BaseRow
	Confirmed BaseRow
}

// Bases returns the schools, campuses and points that an office itself manages,
// in the order of codes, with their bases. The actor needs base.confirm there.
func (s *Service) Bases(ctx context.Context, by access.Actor, node id.Node) ([]UnitBase, error) {
	n, err := s.tree.Get(ctx, by, node)
	if err != nil {
		return nil, err
	}
	if !by.Allows(access.BaseConfirm, n.Path) {
		return nil, fault.New(fault.ErrForbidden, "figure.forbidden")
	}
	units, err := unitsOf(ctx, s.db, n.ID)
	if err != nil {
		return nil, fmt.Errorf("units of node %d: %w", node, err)
	}
	nodes, err := s.tree.GetMany(ctx, by, units)
	if err != nil {
		return nil, err
	}
	bases, err := lastBases(ctx, s.db, units)
	if err != nil {
		return nil, err
	}
	var out []UnitBase
	for _, u := range units {
		at, ok := nodes[u]
		if !ok || at.Closed() || !by.Allows(access.BaseConfirm, at.Path) {
			continue
		}
		out = append(out, UnitBase{Node: at, Roster: bases[u][0], Confirmed: bases[u][1]})
	}
	slices.SortFunc(out, func(a, b UnitBase) int { return compareNodes(a.Node, b.Node) })
	return out, nil
}
