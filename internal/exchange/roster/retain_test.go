package roster_test

import (
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
)

// TestOldRowsGo lets go of what a roster changed, with whole numbers, and of its
// rejected rows once nobody can take it back or mend it.
func TestOldRowsGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		no := number("20110307", 1)
		f.load(f.primary, sheet("a.csv", pupilHeader, pupil("林知夏", no, "三年级", "1班")))
		r := f.load(f.primary, sheet("b.csv", pupilHeader, pupil("林知夏", no, "三年级", "2班"), pupil("坏行", "220102201103070019", "三年级", "2班")))
		f.counts(r, 2, 0, 1, 0, 0, 1)
		count := func() int {
			t.Helper()
			return f.has("SELECT COUNT(*) FROM ros_change") + f.has("SELECT COUNT(*) FROM ros_row WHERE sealed IS NOT NULL")
		}
		kept := count()
		before := func() time.Time { return h.Clock.Now().AddDate(0, 0, -30) }
		if n, err := f.rosters.EmptyOldRows(ctx, access.System("test"), before()); n != 0 || err != nil || count() != kept || kept < 2 {
			t.Errorf("%d of %d went too early, %v", n, kept, err)
		}
		f.Clock.Advance(31 * 24 * time.Hour)
		manager := access.Actor{Person: 1, Role: access.SysAdmin, Places: []access.Place{{Node: 1, Path: "1/", Role: access.SysAdmin}}}
		if n, err := f.rosters.CountOldRows(ctx, manager, before()); n != int64(kept) || err != nil {
			t.Errorf("%d would go of %d, %v", n, kept, err)
		}
		if n, err := f.rosters.EmptyOldRows(ctx, access.System("test"), before()); n != int64(kept) || err != nil || count() != 0 {
			t.Errorf("%d went of %d, %d are left, %v", n, kept, count(), err)
		}
		wantKind(t, "an undoing a month later", f.rosters.Undo(ctx, f.clerk("registrar", f.primary), r.Batch), conflict)
	})
}
