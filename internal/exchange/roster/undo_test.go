package roster_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/id"
)

// state is what an undoing must leave as it was.
func (f *fixture) state() map[string]int {
	f.t.Helper()
	out := map[string]int{}
	for name, q := range map[string]string{
		"persons":       "SELECT COUNT(*) FROM person",
		"left":          "SELECT COUNT(*) FROM person WHERE status = 'left'",
		"keys":          "SELECT COUNT(*) FROM person_key",
		"spaces":        "SELECT COUNT(*) FROM space",
		"places":        "SELECT COUNT(*) FROM person_affiliation WHERE to_on = 0",
		"guardians":     "SELECT COUNT(*) FROM person_guardianship",
		"classes":       "SELECT COUNT(*) FROM org_node WHERE kind = 'class'",
		"sum of places": "SELECT COALESCE(SUM(a.node % 1000003), 0) FROM person_affiliation a WHERE a.to_on = 0 AND a.is_primary = 1",
		"ethnic":        "SELECT COUNT(*) FROM person WHERE ethnic <> ''",
	} {
		out[name] = f.has(q)
	}
	return out
}

func TestUndo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		no := []string{number("20110307", 1), number("20110308", 2), number("20110309", 3)}
		f.load(f.primary, sheet("a.csv", pupilHeader, pupil("林知夏", no[0], "三年级", "1班"), pupil("孟小满", no[1], "三年级", "1班", "孟海", "父亲", "13804310001")))
		f.load(f.primary, sheet("s.csv", staffHeader, "王海,"+number("19800307", 1)+",教师,语文,,三年级1班,,"))
		before := f.state()
		// A batch that makes, moves, amends, binds, adds places and changes a class teacher.
		r := f.load(f.primary,
			sheet("b.csv", pupilHeader+",民族", pupil("林知夏", no[0], "三年级", "2班", "林海", "父亲", "13804310002")+",朝鲜族",
				pupil("孟小满", no[1], "三年级", "1班", "孟海", "父亲", "13804310009")+",", pupil("白朗宁", no[2], "三年级", "2班", "白山", "母亲", "13804310003")+",汉族"),
			sheet("t.csv", staffHeader, "李梅,"+number("19850307", 2)+",教师,数学,,三年级1班,,"))
		f.counts(r, 4, 2, 2, 0, 0, 0)
		wantKind(t, "a foreign school", f.rosters.Undo(t.Context(), f.clerk("school", f.other), r.Batch), notFound)
		clerk := f.clerk("registrar", f.primary)
		for range 2 {
			if err := f.rosters.Undo(t.Context(), clerk, r.Batch); err != nil {
				t.Fatal(err)
			}
		}
		after := f.state()
		for name, n := range before {
			if after[name] != n {
				t.Errorf("%s: %d before the batch, %d after it was undone", name, n, after[name])
			}
		}
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.unmade'"); n != 5 {
			t.Errorf("%d unmade, want 白朗宁, his guardian, 林海, 孟海 with another phone, and 李梅", n)
		}
	})
}

func TestUndoOnlyWhileUnused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := pupil("林知夏", number("20110307", 1), "三年级", "1班")
		first := f.load(f.primary, sheet("a.csv", pupilHeader, who))
		second := f.load(f.primary, sheet("b.csv", pupilHeader, pupil("林知夏", number("20110307", 1), "三年级", "2班")))
		wantKind(t, "a later batch builds on it", f.rosters.Undo(t.Context(), f.op, first.Batch), conflict)
		if err := f.rosters.Undo(t.Context(), f.op, second.Batch); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(roster.UndoFor + time.Minute)
		wantKind(t, "after 72 hours", f.rosters.Undo(t.Context(), f.op, first.Batch), conflict)

		third := f.load(f.second, sheet("c.csv", pupilHeader, pupil("孟小满", number("20110308", 2), "三年级", "1班")))
		var person id.Person
		if err := f.DB.QueryRow(t.Context(), "SELECT id FROM person WHERE name = '孟小满'").Scan(&person); err != nil {
			t.Fatal(err)
		}
		if err := f.people.Activate(t.Context(), access.System("test"), person); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "a space is used", f.rosters.Undo(t.Context(), f.op, third.Batch), conflict)
	})
}

func TestWholeRoster(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		no := []string{number("20110307", 1), number("20110308", 2), number("20110309", 3), number("20110310", 4)}
		f.load(f.primary, sheet("a.csv", pupilHeader, pupil("林知夏", no[0], "三年级", "1班"), pupil("孟小满", no[1], "三年级", "1班"),
			pupil("白朗宁", no[2], "三年级", "1班"), pupil("崔雨桐", no[3], "三年级", "1班")))
		f.load(f.primary, sheet("s.csv", staffHeader, "王海,"+number("19800307", 1)+",教师,语文,,,,"))
		f.load(f.second, sheet("z.csv", pupilHeader, pupil("赵一帆", number("20110311", 5), "三年级", "1班")))
		before := f.state()
		// 白朗宁's row is wrong, so he is there; only 崔雨桐 is not named.
		whole := roster.Request{Node: f.primary.ID, Mode: roster.Whole, Sources: []roster.Source{sheet("全.csv", pupilHeader,
			pupil("林知夏", no[0], "三年级", "1班"), pupil("孟小满", no[1], "三年级", "1班"), pupil("白朗宁", no[2][:17]+"?", "三年级", "1班"))}}
		r := f.loadAs(whole)
		f.counts(r, 3, 0, 0, 2, 0, 1)
		if r.Leaving != 1 {
			t.Errorf("%d leave, want 1", r.Leaving)
		}
		if n := f.has("SELECT COUNT(*) FROM person WHERE status = 'left' AND name = '崔雨桐'"); n != 1 {
			t.Error("崔雨桐 has not left")
		}
		if n := f.has("SELECT COUNT(*) FROM person WHERE status = 'left'"); n != 1 {
			t.Errorf("%d left", n)
		}
		// He comes back by another school's roster.
		if err := f.rosters.Undo(t.Context(), f.op, r.Batch); err != nil {
			t.Fatal(err)
		}
		after := f.state()
		for name, n := range before {
			if after[name] != n {
				t.Errorf("%s: %d before, %d after undoing", name, n, after[name])
			}
		}
		f.loadAs(whole)
		f.counts(f.load(f.second, sheet("b.csv", pupilHeader, pupil("崔雨桐", no[3], "三年级", "1班"))), 1, 1, 0, 0, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.returned'"); n < 1 {
			t.Error("no return")
		}
	})
}

// TestUndoBehindTheGate lets somebody come in after the check of an undoing and
// before its work: nothing is taken back.
func TestUndoBehindTheGate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		r := f.load(f.primary, sheet("a.csv", pupilHeader, pupil("林知夏", number("20110307", 1), "三年级", "1班"), pupil("孟小满", number("20110308", 2), "三年级", "1班")))
		var who id.Person
		if err := f.DB.QueryRow(t.Context(), "SELECT id FROM person WHERE name = '孟小满'").Scan(&who); err != nil {
			t.Fatal(err)
		}
		undone := make(chan error, 1)
		var once sync.Once
		err := f.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := roster.Gate(ctx, tx); err != nil {
				return err
			}
			once.Do(func() {
				go func() { undone <- f.rosters.Undo(t.Context(), f.op, r.Batch) }()
			})
			for f.waiting() == 0 {
				runtime.Gosched()
			}
			return f.people.Activate(ctx, access.System("test"), who)
		})
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, "the space was used meanwhile", <-undone, conflict)
		if n := f.has("SELECT COUNT(*) FROM person"); n != 2 {
			t.Errorf("%d persons are left", n)
		}
	})
}

// waiting counts transactions that wait for another one.
func (f *fixture) waiting() int {
	if f.DB.Serial() {
		return f.DB.Waiting()
	}
	return f.has("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
}

// TestUndoLarge takes back more than one transaction holds: in the background
// for a clerk, at once for the command line.
func TestUndoLarge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		lines := []string{pupilHeader}
		for i := range 2100 {
			lines = append(lines, pupil("孟小满", number(fmt.Sprintf("2011%02d%02d", i/28%12+1, i%28+1), i/336+1), []string{"二年级", "三年级"}[i%2], fmt.Sprint(i/2%70+1)+"班"))
		}
		for _, by := range []access.Actor{f.clerk("school", f.primary), f.op} {
			r, err := f.rosters.Import(t.Context(), by, roster.Request{Node: f.primary.ID, Sources: []roster.Source{sheet("a.csv", lines...)}})
			if err != nil || r.Totals.New != 2100 {
				t.Fatal(r.Totals, err)
			}
			if err := f.rosters.Undo(t.Context(), by, r.Batch); err != nil {
				t.Fatal(err)
			}
			if by.IsPerson() {
				f.work(t)
			}
			if n := f.has("SELECT COUNT(*) FROM person") + f.has("SELECT COUNT(*) FROM space WHERE kind <> 'region' AND kind <> 'school'") +
				f.has("SELECT COUNT(*) FROM org_node WHERE kind = 'class'"); n != 0 {
				t.Errorf("%d things are left", n)
			}
		}
	})
}

// TestUndoPrimary takes back that another school became the one that counts:
// nothing of the teacher's stay there is left.
func TestUndoPrimary(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		wang := "王海," + number("19800307", 1) + ",教师,语文,,,"
		f.load(f.primary, sheet("a.csv", staffHeader, wang+","))
		before := f.state()
		r := f.load(f.second, sheet("b.csv", staffHeader, wang+"是,"))
		f.counts(r, 1, 1, 0, 0, 0, 0)
		if err := f.rosters.Undo(t.Context(), f.op, r.Batch); err != nil {
			t.Fatal(err)
		}
		after := f.state()
		for name, n := range before {
			if after[name] != n {
				t.Errorf("%s: %d before, %d after undoing", name, n, after[name])
			}
		}
	})
}

// TestUndoPromotion takes back a batch that released pupils of another school:
// they are where they were, and no list says that they went.
func TestUndoPromotion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := number("20070307", 1)
		f.at(2019, time.May, 10)
		f.load(f.primary, sheet("六年级.csv", pupilHeader, pupil("林知夏", who, "六年级", "1班")))
		before := f.state()
		f.at(2019, time.September, 3)
		r := f.loadAs(roster.Request{Node: f.junior.ID, ConfirmPromotion: true, Sources: []roster.Source{sheet("七年级.csv", pupilHeader, pupil("林知夏", who, "七年级", "3班"))}})
		f.counts(r, 1, 0, 0, 0, 1, 0)
		if err := f.rosters.Undo(t.Context(), f.op, r.Batch); err != nil {
			t.Fatal(err)
		}
		after := f.state()
		for name, n := range before {
			if after[name] != n {
				t.Errorf("%s: %d before, %d after undoing", name, n, after[name])
			}
		}
		list, err := f.rosters.Transfers(t.Context(), f.op, f.junior.ID, "", 0, 10)
		if err != nil || len(list) != 1 || list[0].State != "withdrawn" {
			t.Errorf("transfers %+v, %v", list, err)
		}
	})
}
