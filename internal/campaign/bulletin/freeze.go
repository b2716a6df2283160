package bulletin

import (
	"context"
	"errors"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
)

// Freeze closes a month and opens its bulletin: the rows are taken as they are,
// and the units have three working days to check theirs. It returns ErrConflict
// for a month that has not ended or is frozen already. A freeze that broke off
// after the figures were closed is finished by the next call.
func (s *Service) Freeze(ctx context.Context, by access.Actor, month clock.Month) error {
	root, err := s.mustHold(ctx, by, access.BulletinDraft)
	if err != nil {
		return err
	}
	if err := s.closeFigures(ctx, by, month); err != nil {
		return err
	}
	rows, err := s.takeRows(ctx, by, root, month)
	if err != nil {
		return fmt.Errorf("rows of %s: %w", month, err)
	}
	now := s.Clock.Now()
	days := ReviewDays(clock.DayOf(now))
	b := Bulletin{ID: id.Next[id.Bulletin](s.IDs), Month: month, State: Frozen, FrozenAt: now,
		ReviewFrom: days[0], ReviewTo: days[len(days)-1]}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insert(ctx, tx, b, by.Person, rows); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "bulletin.opened", "bulletin", b.ID.Int(), root.ID, monthExtra{Month: month})
	})
	if err != nil {
		return fmt.Errorf("open bulletin %s: %w", month, err)
	}
	return nil
}

// closeFigures freezes the figures, unless they are frozen and their bulletin
// was never opened.
func (s *Service) closeFigures(ctx context.Context, by access.Actor, month clock.Month) error {
	err := s.Metrics.Freeze(ctx, by, month)
	if !errors.Is(err, fault.ErrConflict) {
		return err
	}
	last, lookErr := s.Metrics.Frozen(ctx, by)
	if lookErr != nil {
		return lookErr
	}
	if last != month {
		return err
	}
	if _, findErr := find(ctx, s.DB, month); errors.Is(findErr, fault.ErrNotFound) {
		return s.Metrics.CatchUp(ctx, by)
	}
	return err
}

// takeRows makes a row of each reporting unit, and one of what stands under the
// province itself, so that the total is the sum of the rows.
func (s *Service) takeRows(ctx context.Context, by access.Actor, root org.Node, month clock.Month) ([]Row, error) {
	table, err := s.Metrics.Children(ctx, by, root.ID, month)
	if err != nil {
		return nil, err
	}
	before := metrics.Table{}
	if december := clock.Month((month.Year()-1)*100 + 12); december >= metrics.BaseMonth {
		if before, err = s.Metrics.Children(ctx, by, root.ID, december); err != nil {
			return nil, err
		}
	}
	earlier := map[id.Node]int64{}
	for _, r := range before.Rows {
		earlier[r.Node.ID] = r.Figures.CumulativeVerified.Sum()
	}
	own, ownEarlier := table.Rest, before.Rest.CumulativeVerified.Sum()
	var out []Row
	for _, r := range table.Rows {
		if r.Node.IsRegion() {
			out = append(out, rowOf(r, r.Figures.CumulativeVerified.Sum()-earlier[r.Node.ID]))
			continue
		}
		own = own.Add(r.Figures)
		ownEarlier += earlier[r.Node.ID]
	}
	if !own.Empty() {
		row := figuresRow(own, own.CumulativeVerified.Sum()-ownEarlier)
		row.Node, row.Code, row.Name, row.Direct = root.ID, root.Code, provincialRow, true
		out = append(out, row)
	}
	return out, nil
}
