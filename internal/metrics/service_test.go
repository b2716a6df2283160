package metrics

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// fixture is a small province with a service over it.
type fixture struct {
	*dbtest.Harness
	t    *testing.T
	ctx  context.Context
	log  *event.Log
	org  *org.Service
	s    *Service
	root access.Actor
	next int64
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	log, trail := event.New(h.DB, h.IDs, h.Clock), audit.New(h.DB, h.IDs, h.Clock)
	tree := org.New(h.DB, h.IDs, h.Clock, log, trail)
	f := &fixture{Harness: h, t: t, ctx: context.Background(), log: log, org: tree, root: access.Operator("test"), next: 5000,
		s: New(h.DB, h.IDs, h.Clock, log, trail, tree, Options{})}
	h.Clock.Set(time.Date(2019, 9, 2, 9, 0, 0, 0, clock.Zone))
	if _, _, err := tree.EnsureProvince(f.ctx, f.root, "吉林省", "normal"); err != nil {
		t.Fatal(err)
	}
	report, err := tree.Import(f.ctx, f.root, []org.ImportRow{
		{Row: 2, Code: "220200", Name: "吉林市", Kind: "prefecture", Parent: "220000"},
		{Row: 3, Code: "220100", Name: "长春市", Kind: "prefecture", Parent: "220000"},
		{Row: 4, Code: "220102", Name: "南关区", Kind: "county", Parent: "220100"},
		{Row: 5, Code: "220202", Name: "昌邑区", Kind: "county", Parent: "220200"},
		{Row: 6, Code: "220581", Name: "梅河口市", Kind: "county", Parent: "220000"},
		{Row: 7, Code: "2122000001", Name: "第一小学", Kind: "school", Parent: "220102", Type: "211"},
		{Row: 8, Code: "2122000002", Name: "第二小学", Kind: "school", Parent: "220202", Type: "211"},
		{Row: 9, Code: "1122000001", Name: "幼儿园", Kind: "school", Parent: "220102", Type: "111"},
		{Row: 10, Code: "2122000003", Name: "河湾教学点", Kind: "point", Parent: "2122000001", Type: "218"},
	})
	if err != nil || report.Rejected > 0 {
		t.Fatalf("import: %v %+v", err, report.Problems)
	}
	return f
}

func (f *fixture) node(code string) org.Node {
	f.t.Helper()
	n, err := f.org.ByCode(f.ctx, f.root, code)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// officer is somebody who holds the role at the node.
func (f *fixture) officer(role access.Role, code string) access.Actor {
	n := f.node(code)
	f.next++
	return access.Actor{Person: id.Person(f.next), Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// append writes events at a day of 2019 and folds them.
func (f *fixture) append(month time.Month, day int, es ...event.Event) {
	f.t.Helper()
	at := time.Date(2019, month, day, 10, 0, 0, 0, clock.Zone)
	for i := range es {
		es[i].At = at
	}
	if err := f.DB.Tx(f.ctx, func(ctx context.Context, tx *db.Tx) error { return f.log.Append(ctx, tx, es...) }); err != nil {
		f.t.Fatal(err)
	}
	if err := f.s.CatchUp(f.ctx, f.root); err != nil {
		f.t.Fatal(err)
	}
}

// verifiedPupil is a pupil's way from made to active.
func (f *fixture) verifiedPupil(code string) []event.Event {
	f.next++
	unit, extra := f.node(code).ID, `{"r":"pupil"}`
	return []event.Event{
		{Verb: "person.made", Object: f.next, Unit: unit, Extra: extra},
		{Verb: "person.activated", Object: f.next, Unit: unit, Extra: extra},
		{Verb: "person.verified", Object: f.next, Unit: unit, Extra: extra},
		{Verb: "post.commented", Actor: id.Person(f.next), Role: "pupil", Unit: unit},
	}
}

func (f *fixture) figures(code string, month clock.Month) Figures {
	f.t.Helper()
	got, err := f.s.Figures(f.ctx, f.root, f.node(code).ID, month)
	if err != nil {
		f.t.Fatal(err)
	}
	return got
}

func TestFiguresThroughTheLog(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.append(9, 10, f.verifiedPupil("2122000001")...)
		f.append(9, 11, f.verifiedPupil("2122000003")...)
		f.append(9, 11, f.verifiedPupil("1122000001")...)
		f.Clock.Set(time.Date(2019, 9, 20, 9, 0, 0, 0, clock.Zone))
		got := f.figures("22", 0)
		want := Figures{
			Node: "220000", Month: 201909, AsOf: f.Clock.Now(), Schools: 2,
			Made: Count{Pupil: 2}, Activated: Count{Pupil: 2}, Verified: Count{Pupil: 2}, NewlyVerified: Count{Pupil: 2},
			CumulativeVerified: Count{Pupil: 2}, Active: Count{Pupil: 2}, SchoolSpaces: Spaces{Of: 2}, Apart: Count{Pupil: 1},
		}
		if diff := cmp.Diff(want, got, cmpIgnore); diff != "" {
			t.Errorf("province (-want +got):\n%s", diff)
		}
		centre := f.figures("2122000001", 0)
		if centre.Made.Pupil != 2 || centre.Schools != 1 {
			t.Errorf("the point's pupils count in its centre school: %+v", centre)
		}
		table, err := f.s.Children(f.ctx, f.root, f.node("22").ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range table.Rows {
			names = append(names, r.Node.Name)
		}
		if got := strings.Join(names, " "); got != "长春市 吉林市 梅河口市" {
			t.Errorf("order of rows: %s", got)
		}
		if !table.Rest.Empty() {
			t.Errorf("the rows do not add up: rest %+v", table.Rest)
		}
	})
}

func TestFreezeIsForGood(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		province := f.officer(access.Province, "22")
		f.append(9, 10, f.verifiedPupil("2122000001")...)
		if err := f.s.Freeze(f.ctx, province, 201909); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("a running month froze: %v", err)
		}
		f.Clock.Set(time.Date(2019, 10, 1, 6, 0, 0, 0, clock.Zone))
		if err := f.s.Freeze(f.ctx, f.officer(access.Prefecture, "220100"), 201909); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a prefecture froze: %v", err)
		}
		if err := f.s.Freeze(f.ctx, province, 201909); err != nil {
			t.Fatal(err)
		}
		if err := f.s.Freeze(f.ctx, province, 201909); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("froze twice: %v", err)
		}
		before := f.figures("22", 201909)
		f.append(9, 30, f.verifiedPupil("2122000002")...) // late
		if diff := cmp.Diff(before, f.figures("22", 201909), cmpIgnore); diff != "" {
			t.Errorf("a frozen month changed:\n%s", diff)
		}
		october := f.figures("22", 201910)
		if !before.Frozen || october.Frozen || october.NewlyVerified.Pupil != 1 || october.CumulativeVerified.Pupil != 2 {
			t.Errorf("the late event belongs to October: %+v", october)
		}
		f.Clock.Set(time.Date(2019, 12, 1, 6, 0, 0, 0, clock.Zone))
		if err := f.s.Freeze(f.ctx, province, 201911); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("a month was skipped: %v", err)
		}
	})
}

func TestRecount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.append(9, 10, append(f.verifiedPupil("2122000001"), f.verifiedPupil("2122000002")...)...)
		f.Clock.Set(time.Date(2019, 10, 1, 6, 0, 0, 0, clock.Zone))
		if err := f.s.Freeze(f.ctx, f.root, 201909); err != nil {
			t.Fatal(err)
		}
		f.append(10, 3, f.verifiedPupil("2122000003")...)
		if err := f.org.Move(f.ctx, f.root, f.node("2122000002").ID, f.node("220102").ID, org.Report, 20191001, "文件"); err != nil {
			t.Fatal(err)
		}
		if err := f.s.CatchUp(f.ctx, f.root); err != nil {
			t.Fatal(err)
		}
		check := func(only bool) []Difference {
			t.Helper()
			found, err := f.s.Recount(f.ctx, f.root, only)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := check(true); len(found) > 0 {
			t.Fatalf("the rebuild differs: %+v", found)
		}
		for _, q := range []string{`UPDATE met_roll SET n = n + 1 WHERE metric = 3 AND month = 201909`, `DELETE FROM met_frozen WHERE metric = 1`} {
			if _, err := f.DB.Exec(f.ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		if found := check(true); len(found) < 2 {
			t.Errorf("wrong rows were not found: %+v", found)
		}
		if found := check(false); len(found) < 2 {
			t.Errorf("wrong rows were not found: %+v", found)
		}
		if found := check(true); len(found) > 0 {
			t.Errorf("wrong rows were not put right: %+v", found)
		}
	})
}

func TestBases(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		first, second := f.node("2122000001").ID, f.node("2122000002").ID
		clerk, county := f.officer(access.School, "2122000001"), f.officer(access.County, "220102")
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(f.s.RecordRosterCount(f.ctx, clerk, first, 400, 30, 400, 20190902))
		must(f.s.RecordRosterCount(f.ctx, clerk, first, 400, 30, 400, 20190902))
		must(f.s.CatchUp(f.ctx, f.root))
		if got := f.figures("22", 0); got.Base != (Base{Pupil: 400, Teacher: 30, AgePupil: 400, Source: "roster", Day: 20190902}) {
			t.Errorf("roster base: %+v", got.Base)
		}
		in := BaseInput{Pupil: 410, Teacher: 30, AgePupil: 405, Source: SourceStatistics, Day: 20190901, Document: "统计〔2019〕1号"}
		if err := f.s.ConfirmBase(f.ctx, county, second, in); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a county confirmed a foreign school: %v", err)
		}
		if err := f.s.ConfirmBase(f.ctx, clerk, first, in); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a school confirmed its own base: %v", err)
		}
		bad := in
		bad.AgePupil, bad.Day = 411, 20200101
		if err := f.s.ConfirmBase(f.ctx, county, first, bad); len(fault.Fields(err)) != 2 {
			t.Errorf("bad input: %v", err)
		}
		must(f.s.ConfirmBase(f.ctx, county, first, in))
		must(f.s.ConfirmBase(f.ctx, county, first, in))
		must(f.s.RecordRosterCount(f.ctx, clerk, first, 500, 31, 500, 20190902)) // no longer used
		must(f.s.RecordRosterCount(f.ctx, f.officer(access.School, "2122000002"), second, 90, 9, 90, 20190902))
		must(f.s.CatchUp(f.ctx, f.root))
		if got := f.figures("22", 0); got.Base != (Base{Pupil: 500, Teacher: 39, AgePupil: 495, Source: "mixed", Day: 20190902}) {
			t.Errorf("mixed base: %+v", got.Base)
		}
		rows, err := f.s.Bases(f.ctx, county, f.node("220102").ID)
		must(err)
		for _, r := range rows {
			if r.Node.ID == second {
				t.Error("a foreign school is listed")
			}
			if r.Node.ID == first && (r.Confirmed.Pupil != 410 || r.Roster.Pupil != 500) {
				t.Errorf("row: %+v", r)
			}
		}
		if len(rows) != 3 {
			t.Errorf("%d rows, want school, kindergarten and point", len(rows))
		}
		if _, err := f.s.Bases(f.ctx, county, f.node("220202").ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("foreign bases: %v", err)
		}
	})
}

// TestBaseInForce confirms bases out of order: the page and the figures name the
// same one.
func TestBaseInForce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		school, county := f.node("2122000001").ID, f.officer(access.County, "220102")
		f.Clock.Set(time.Date(2019, 9, 20, 9, 0, 0, 0, clock.Zone))
		base := func(pupil int64, day clock.Day) BaseInput {
			return BaseInput{Pupil: pupil, Teacher: 10, AgePupil: pupil, Source: SourceStatistics, Day: day}
		}
		for _, in := range []BaseInput{base(400, 20190910), base(410, 20190910), base(420, 20190915)} {
			if err := f.s.ConfirmBase(f.ctx, county, school, in); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.s.ConfirmBase(f.ctx, county, school, base(430, 20190914)); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Name != "day" {
			t.Errorf("an earlier day: %v", err)
		}
		// A row of before this rule.
		old := BaseRow{Unit: school, BaseInput: base(9, 20190901), Confirmed: true, At: f.Clock.Now()}
		if err := f.DB.Tx(f.ctx, func(ctx context.Context, tx *db.Tx) error { return insertBase(ctx, tx, f.IDs.Next(), old) }); err != nil {
			t.Fatal(err)
		}
		if err := f.s.CatchUp(f.ctx, f.root); err != nil {
			t.Fatal(err)
		}
		rows, err := f.s.Bases(f.ctx, county, f.node("220102").ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Node.ID == school && r.Confirmed.Pupil != 420 {
				t.Errorf("the page says %d", r.Confirmed.Pupil)
			}
		}
		if got := f.figures("2122000001", 0).Base; got.Pupil != 420 || got.Day != 20190915 {
			t.Errorf("the figures say %+v", got)
		}
	})
}

// TestConfirmBaseOnce clicks eight times at once: one row, one event, one entry
// in the audit trail.
func TestConfirmBaseOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		school, county := f.node("2122000001").ID, f.officer(access.County, "220102")
		in := BaseInput{Pupil: 400, Teacher: 10, AgePupil: 390, Source: SourceStatistics, Day: 20190901}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := f.s.ConfirmBase(f.ctx, county, school, in); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for what, q := range map[string]string{
			"rows":    "SELECT COUNT(*) FROM met_base",
			"events":  "SELECT COUNT(*) FROM event WHERE verb = 'base.confirmed'",
			"entries": "SELECT COUNT(*) FROM audit WHERE action = 'base.confirmed'",
		} {
			var n int
			if err := f.DB.QueryRow(f.ctx, q).Scan(&n); err != nil || n != 1 {
				t.Errorf("%d %s, %v", n, what, err)
			}
		}
	})
}

// TestAgeGrades asks which grades are 适龄 before and after the province has
// fixed others.
func TestAgeGrades(t *testing.T) {
	t.Parallel()
	s := New(nil, nil, nil, nil, nil, nil, Options{})
	fixed := New(nil, nil, nil, nil, nil, nil, Options{AgeGrades: []string{"P1", "S1"}})
	for grade, want := range map[string][2]bool{"P1": {true, true}, "P6": {true, false}, "J4": {true, false}, "S1": {false, true}, "K3": {}, "": {}} {
		if got := [2]bool{s.AgeGrade(grade), fixed.AgeGrade(grade)}; got != want {
			t.Errorf("%s: %v, want %v", grade, got, want)
		}
	}
}

// TestTenants has an officer of one city ask for another's figures.
func TestTenants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.append(9, 10, append(f.verifiedPupil("2122000001"), f.verifiedPupil("2122000002")...)...)
		city := f.officer(access.Prefecture, "220100")
		pupil := access.Actor{Person: 1, Role: access.Pupil, Places: []access.Place{{Node: f.node("2122000001").ID, Path: f.node("2122000001").Path, Role: access.Pupil}}}
		cases := []struct {
			name string
			by   access.Actor
			code string
			want error
		}{
			{"own city", city, "220100", nil},
			{"own county", city, "220102", nil},
			{"own school", city, "2122000001", nil},
			{"another city", city, "220200", fault.ErrNotFound},
			{"another city's school", city, "2122000002", fault.ErrNotFound},
			{"the province above", city, "22", fault.ErrNotFound},
			{"a pupil at the own school", pupil, "2122000001", fault.ErrForbidden},
			{"nobody", access.Anonymous(), "220100", fault.ErrNotFound},
		}
		for _, c := range cases {
			node := f.node(c.code).ID
			_, one := f.s.Figures(f.ctx, c.by, node, 0)
			_, many := f.s.Children(f.ctx, c.by, node, 0)
			_, months := f.s.Months(f.ctx, c.by, node)
			for _, err := range []error{one, many, months} {
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", c.name, err, c.want)
				}
			}
		}
	})
}

// TestPlansNameNoPersons asks both engines how they would answer the queries of
// the dashboard: none may touch persons, affiliations or events.
func TestPlansNameNoPersons(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		explain := "EXPLAIN "
		if h.DB.Serial() {
			explain = "EXPLAIN QUERY PLAN "
		}
		figures, args := figuresSQL([]id.Node{1, 2}, []id.Node{3}, 201909, 201910)
		for _, q := range []struct {
			sql  string
			args []any
		}{
			{figures, args}, {childrenSQL, []any{1}}, {monthsSQL, []any{1, mNewly, mActive}}, {frozenSQL, nil}, {unitsSQL, []any{1}},
		} {
			rows, err := h.DB.Query(context.Background(), explain+q.sql, q.args...)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				columns, _ := rows.Columns()
				cells, into := make([]any, len(columns)), make([]any, len(columns))
				for i := range cells {
					into[i] = &cells[i]
				}
				if err := rows.Scan(into...); err != nil {
					t.Fatal(err)
				}
				line, ok := cells[len(cells)-1].(string)
				if !ok {
					t.Fatalf("a plan line is %T", cells[len(cells)-1])
				}
				for _, table := range []string{"person", "affiliation", "event", "met_presence"} {
					if strings.Contains(line, table) {
						t.Errorf("plan of %.60s… touches %s: %s", q.sql, table, line)
					}
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			rows.Close()
		}
	})
}
