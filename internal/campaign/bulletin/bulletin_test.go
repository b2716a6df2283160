package bulletin

import (
	"bytes"
	"context"
	"errors"
	"flag"
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
	"learnspace/internal/metrics"
	"learnspace/internal/org"
)

var update = flag.Bool("update", false, "write the golden files again")

// october is the month of the tests; it is frozen on Friday, 2019-11-01.
const october clock.Month = 201910

type fixture struct {
	*dbtest.Harness
	t    *testing.T
	ctx  context.Context
	log  *event.Log
	org  *org.Service
	fig  *metrics.Service
	s    *Service
	root access.Actor
	next int64
}

func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	log, trail := event.New(h.DB, h.IDs, h.Clock), audit.New(h.DB, h.IDs, h.Clock)
	tree := org.New(h.DB, h.IDs, h.Clock, log, trail)
	figures := metrics.New(h.DB, h.IDs, h.Clock, log, trail, tree, metrics.Options{})
	f := &fixture{Harness: h, t: t, ctx: context.Background(), log: log, org: tree, fig: figures, root: access.Operator("test"), next: 100,
		s: New(Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Log: log, Trail: trail, Org: tree, Metrics: figures, Phone: "0431-0000-0000"})}
	f.at(10, 1, 9)
	_, _, err := tree.EnsureProvince(f.ctx, f.root, "吉林省", "normal")
	f.must(err)
	report, err := tree.Import(f.ctx, f.root, []org.ImportRow{
		{Row: 2, Code: "220100", Name: "长春市", Kind: "prefecture", Parent: "220000"},
		{Row: 3, Code: "220500", Name: "通化市", Kind: "prefecture", Parent: "220000"},
		{Row: 4, Code: "22CB00", Name: "长白山保护开发区管委会", Kind: "zone", Parent: "220000"},
		{Row: 5, Code: "220581", Name: "梅河口市", Kind: "county", Parent: "220500", ReportsTo: "220000"},
		{Row: 6, Code: "220102", Name: "南关区", Kind: "county", Parent: "220100"},
		{Row: 7, Code: "2122000001", Name: "第一小学", Kind: "school", Parent: "220102", Type: "211"},
		{Row: 8, Code: "2122000002", Name: "第二小学", Kind: "school", Parent: "220581", Type: "211"},
		{Row: 9, Code: "2122000003", Name: "第三小学", Kind: "school", Parent: "220500", Type: "211"},
	})
	f.must(err)
	if report.Rejected > 0 {
		t.Fatalf("import: %+v", report.Problems)
	}
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// at puts the clock to an hour of 2019.
func (f *fixture) at(month time.Month, day, hour int) {
	f.Clock.Set(time.Date(2019, month, day, hour, 0, 0, 0, clock.Zone))
}

func (f *fixture) node(code string) id.Node {
	f.t.Helper()
	n, err := f.org.ByCode(f.ctx, f.root, code)
	f.must(err)
	return n.ID
}

// officer is somebody who holds the role at the node.
func (f *fixture) officer(name string, role access.Role, code string) access.Actor {
	f.t.Helper()
	n, err := f.org.ByCode(f.ctx, f.root, code)
	f.must(err)
	f.next++
	return access.Actor{Person: id.Person(f.next), Name: name, Role: role, Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// chain are the three persons of the province.
func (f *fixture) chain() (drafter, checker, signatory access.Actor) {
	return f.officer("方树清", access.Province, "22"), f.officer("孟宪文", access.Province, "22"), f.officer("高远", access.Province, "22")
}

// pupils makes and verifies pupils at a school in October.
func (f *fixture) pupils(code string, n int) {
	f.t.Helper()
	unit := f.node(code)
	var es []event.Event
	for range n {
		f.next++
		for _, verb := range []string{"made", "activated", "verified"} {
			es = append(es, event.Event{At: time.Date(2019, 10, 10, 9, 0, 0, 0, clock.Zone), Verb: "person." + verb, Object: f.next, Unit: unit, Extra: `{"r":"pupil"}`})
		}
	}
	f.must(f.DB.Tx(f.ctx, func(ctx context.Context, tx *db.Tx) error { return f.log.Append(ctx, tx, es...) }))
}

// frozen is a province whose October is frozen.
func frozen(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := setup(t, h)
	for code, n := range map[string][2]int64{"2122000001": {100, 80}, "2122000002": {40, 50}, "2122000003": {3, 2}} {
		f.pupils(code, int(n[0]))
		f.must(f.fig.RecordRosterCount(f.ctx, f.officer("", access.School, code), f.node(code), n[1]+100, 10, n[1], 20191009))
	}
	f.at(11, 1, 6)
	f.must(f.s.Freeze(f.ctx, f.root, october))
	f.at(11, 1, 9)
	return f
}

func key(err error) string {
	k, _ := fault.Message(err)
	return k
}

func TestChain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := frozen(t, h)
		drafter, checker, signatory := f.chain()
		refuse := func(err error, want string) {
			t.Helper()
			if key(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		refuse(f.s.Freeze(f.ctx, f.root, october), "figure.month_frozen")
		refuse(f.s.Issue(f.ctx, signatory, october, ""), "bulletin.step_missing")
		refuse(f.s.Draft(f.ctx, f.root, october), "bulletin.person_needed")
		f.must(f.s.Draft(f.ctx, drafter, october))
		f.must(f.s.Draft(f.ctx, drafter, october))
		refuse(f.s.Draft(f.ctx, checker, october), "bulletin.drafted_already")
		refuse(f.s.Sign(f.ctx, signatory, october), "bulletin.step_missing")
		refuse(f.s.Check(f.ctx, drafter, october), "bulletin.same_person")
		if err := f.s.Write(f.ctx, drafter, october, Text{Problems: "白城市排名落后", Next: "继续"}); len(fault.Fields(err)) != 1 {
			t.Errorf("a ranking was written: %v", err)
		}
		f.must(f.s.Write(f.ctx, drafter, october, Text{Problems: "名册待核。", Next: "继续核对。"}))
		f.must(f.s.Check(f.ctx, checker, october))
		refuse(f.s.Sign(f.ctx, drafter, october), "bulletin.same_person")
		refuse(f.s.Sign(f.ctx, checker, october), "bulletin.same_person")
		refuse(f.s.Write(f.ctx, drafter, october, Text{Problems: "改。", Next: "改。"}), "bulletin.not_with_drafter")
		f.must(f.s.Return(f.ctx, signatory, october, "第四部分请写具体"))
		refuse(f.s.Check(f.ctx, checker, october), "bulletin.step_missing")
		refuse(f.s.TakeBack(f.ctx, checker, october), "bulletin.drafter_only")
		f.must(f.s.TakeBack(f.ctx, drafter, october))
		f.must(f.s.Write(f.ctx, drafter, october, Text{Problems: "证件信息待补31人。", Next: "继续核对。"}))
		f.must(f.s.Check(f.ctx, checker, october))
		f.must(f.s.Sign(f.ctx, signatory, october))
		if fields := fault.Fields(f.s.Issue(f.ctx, signatory, october, "")); len(fields) != 1 || fields[0].Key != "bulletin.review_running" {
			t.Errorf("issued in the checking days without a reason: %v", fields)
		}
		f.at(11, 6, 0)
		f.must(f.s.Issue(f.ctx, signatory, october, ""))
		f.must(f.s.Issue(f.ctx, signatory, october, ""))
		for _, err := range []error{
			f.s.Draft(f.ctx, drafter, october), f.s.Check(f.ctx, checker, october), f.s.Return(f.ctx, checker, october, "晚了"),
			f.s.Issue(f.ctx, checker, october, ""),
		} {
			refuse(err, "bulletin.issued_already")
		}
		v, err := f.s.Show(f.ctx, drafter, october, 0)
		f.must(err)
		if v.Number != 1 || v.Content.Number != 1 || v.Content.Issued != 20191106 || v.Signed.Name != "高远" {
			t.Errorf("issued: %+v", v.Bulletin)
		}
	})
}

// TestIssuedNeverChanges changes everything around an issued paper.
func TestIssuedNeverChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := frozen(t, h)
		f.issue("核对提前完成")
		paper := func() string {
			t.Helper()
			var out bytes.Buffer
			f.must(f.s.Render(f.ctx, f.officer("", access.Prefecture, "220100"), october, 0, JSON, &out))
			return out.String()
		}
		before := paper()
		f.must(f.s.SetTarget(f.ctx, f.officer("", access.Province, "22"), f.node("220100"), 2019, 777, "吉教办〔2019〕9号"))
		f.pupils("2122000001", 5)
		f.must(f.fig.CatchUp(f.ctx, f.root))
		if diff := cmp.Diff(before, paper()); diff != "" {
			t.Errorf("the issued paper changed:\n%s", diff)
		}
		if err := f.s.Dispute(f.ctx, f.officer("", access.Reporter, "220100"), october, f.node("220100"), Objection{FigurePupils, 1, "晚了"}); key(err) != "bulletin.review_over" {
			t.Errorf("disputed after the issue: %v", err)
		}
		if _, err := f.DB.Exec(f.ctx, `UPDATE bul_bulletin SET content = '{"month":"2019-10"}'`); err != nil {
			t.Fatal(err)
		}
		if _, err := f.s.Show(f.ctx, f.officer("", access.Province, "22"), october, 0); err == nil || !strings.Contains(err.Error(), "hash") {
			t.Errorf("a forged content was shown: %v", err)
		}
	})
}

// issue takes the paper through the chain.
func (f *fixture) issue(early string) {
	f.t.Helper()
	drafter, checker, signatory := f.chain()
	f.must(f.s.Draft(f.ctx, drafter, october))
	f.must(f.s.Check(f.ctx, checker, october))
	f.must(f.s.Sign(f.ctx, signatory, october))
	f.must(f.s.Issue(f.ctx, signatory, october, early))
}

func TestReview(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := frozen(t, h)
		drafter, checker, signatory := f.chain()
		changchun, tonghua := f.officer("", access.Reporter, "220100"), f.officer("", access.Prefecture, "220500")
		meihekou := f.officer("", access.County, "220581")
		f.must(f.s.Draft(f.ctx, drafter, october))
		f.must(f.s.Check(f.ctx, checker, october))

		f.must(f.s.Accept(f.ctx, changchun, october, f.node("220100")))
		f.must(f.s.Accept(f.ctx, changchun, october, f.node("220100")))
		cases := []struct {
			name string
			by   access.Actor
			code string
			want error
		}{
			{"another city's row", changchun, "220500", fault.ErrNotFound},
			{"a 直报 unit within one's borders", tonghua, "220581", fault.ErrForbidden},
			{"a county of the city", f.officer("", access.County, "220102"), "220100", fault.ErrNotFound},
			{"a school", f.officer("", access.School, "2122000001"), "2122000001", fault.ErrForbidden},
			{"a county that does not report to the province", f.officer("", access.County, "220102"), "220102", fault.ErrNotFound},
		}
		for _, c := range cases {
			if err := f.s.Accept(f.ctx, c.by, october, f.node(c.code)); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}

		o := Objection{Figure: FigureTeacherBase, Number: 12, Reason: "两名教师9月调入"}
		f.must(f.s.Dispute(f.ctx, meihekou, october, f.node("220581"), o))
		f.must(f.s.Dispute(f.ctx, meihekou, october, f.node("220581"), o))
		if err := f.s.Dispute(f.ctx, meihekou, october, f.node("220581"), Objection{FigureTeacherBase, 13, "改"}); key(err) != "bulletin.figure_disputed" {
			t.Errorf("disputed a figure twice: %v", err)
		}
		if err := f.s.Dispute(f.ctx, meihekou, october, f.node("220581"), Objection{"schools", 1, "同"}); len(fault.Fields(err)) != 1 {
			t.Errorf("disputed with the same number: %v", err)
		}
		if err := f.s.Sign(f.ctx, signatory, october); key(err) != "bulletin.changed_since_check" {
			t.Errorf("signed what was not checked: %v", err)
		}
		f.must(f.s.Answer(f.ctx, checker, october, f.node("220581"), FigureTeacherBase, Reply{OutcomeAccepted, ""}))
		f.must(f.s.Check(f.ctx, checker, october))
		f.must(f.s.Sign(f.ctx, signatory, october))

		v, err := f.s.Show(f.ctx, drafter, october, 0)
		f.must(err)
		if v.Content.Total.TeacherBase != 32 || len(v.Content.Remarks) != 1 {
			t.Errorf("the accepted number is not in the total: %+v", v.Content.Total)
		}
		own, err := f.s.Show(f.ctx, meihekou, october, 0)
		f.must(err)
		if own.Whole || len(own.Rows) != 1 || len(own.Content.Rows) != 1 || own.Content.Rows[0].Name != "梅河口市" || own.Content.Problems != "" {
			t.Errorf("a unit sees more than its own row: %+v", own)
		}
		if _, err := f.s.Show(f.ctx, f.officer("", access.County, "220102"), october, 0); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a county sees an unissued paper: %v", err)
		}
		f.at(11, 6, 0)
		if err := f.s.Accept(f.ctx, tonghua, october, f.node("220500")); key(err) != "bulletin.review_over" {
			t.Errorf("accepted after the checking days: %v", err)
		}
		if err := f.s.Receive(f.ctx, tonghua, october, f.node("220500")); key(err) != "bulletin.step_missing" {
			t.Errorf("received before the issue: %v", err)
		}
		f.must(f.s.Issue(f.ctx, signatory, october, ""))
		f.must(f.s.Receive(f.ctx, tonghua, october, f.node("220500")))
		f.must(f.s.Receive(f.ctx, tonghua, october, f.node("220500")))
		v, err = f.s.Show(f.ctx, drafter, october, 0)
		f.must(err)
		if len(v.Receipts) != 1 {
			t.Errorf("receipts: %+v", v.Receipts)
		}
	})
}

// TestRaceOfThree lets six officers press every button at once: whatever comes
// of it, no two steps are one person's.
func TestRaceOfThree(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := frozen(t, h)
		drafter, a, b := f.chain()
		f.must(f.s.Draft(f.ctx, drafter, october))
		var all sync.WaitGroup
		for _, by := range []access.Actor{drafter, a, b, drafter, a, b} {
			all.Go(func() {
				for range 4 {
					for _, err := range []error{f.s.Check(f.ctx, by, october), f.s.Sign(f.ctx, by, october), f.s.Issue(f.ctx, by, october, "提前")} {
						if err != nil && !errors.Is(err, fault.ErrConflict) {
							t.Error(err)
						}
					}
				}
			})
		}
		all.Wait()
		v, err := f.s.Show(f.ctx, drafter, october, 0)
		f.must(err)
		if v.Drafted.By == v.Checked.By || v.Checked.By == v.Signed.By || v.Drafted.By == v.Signed.By || v.State != Issued || v.Number != 1 {
			t.Errorf("chain: %+v", v.Bulletin)
		}
	})
}

// TestRaceOfNumbers issues two months at once: each has its own number.
func TestRaceOfNumbers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := frozen(t, h)
		f.at(12, 1, 6)
		f.must(f.s.Freeze(f.ctx, f.root, october.Next()))
		drafter, checker, signatory := f.chain()
		for _, m := range []clock.Month{october, october.Next()} {
			f.must(f.s.Draft(f.ctx, drafter, m))
			f.must(f.s.Check(f.ctx, checker, m))
			f.must(f.s.Sign(f.ctx, signatory, m))
		}
		var all sync.WaitGroup
		for _, m := range []clock.Month{october, october.Next(), october, october.Next()} {
			all.Go(func() {
				if err := f.s.Issue(f.ctx, signatory, m, "提前"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		list, err := f.s.List(f.ctx, drafter)
		f.must(err)
		if len(list) != 2 || list[0].Number+list[1].Number != 3 {
			t.Errorf("numbers: %+v", list)
		}
	})
}

func TestTargets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := frozen(t, h)
		province := f.officer("", access.Province, "22")
		set := func(code string, n int64, document string) error {
			return f.s.SetTarget(f.ctx, province, f.node(code), 2019, n, document)
		}
		f.must(set("220100", 270, "吉教办〔2019〕12号"))
		f.must(set("220100", 270, "吉教办〔2019〕12号"))
		if err := set("220100", 280, "吉教办〔2019〕12号"); len(fault.Fields(err)) != 1 {
			t.Errorf("changed without another document: %v", err)
		}
		f.must(set("220100", 280, "吉教办〔2019〕20号"))
		for code, want := range map[string]int{"220102": 1, "2122000001": 1} {
			if err := set(code, 1, "吉教办〔2019〕12号"); len(fault.Fields(err)) != want {
				t.Errorf("%s is no reporting unit: %v", code, err)
			}
		}
		if err := f.s.SetTarget(f.ctx, f.officer("", access.Prefecture, "220100"), f.node("220100"), 2019, 1, "自定"); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a city set its own target: %v", err)
		}
		all, err := f.s.Targets(f.ctx, province, 2019)
		f.must(err)
		if len(all) != 4 || all[0].Target.N != 280 || all[0].Target.Version != 2 || all[0].Done != 100 || all[1].Target.N != 0 {
			t.Errorf("targets: %+v", all)
		}
		all, err = f.s.Targets(f.ctx, province, 2020)
		f.must(err)
		if len(all) != 4 || all[0].Target.N != 0 || all[0].Done != 0 {
			t.Errorf("targets of the coming year: %+v", all)
		}
	})
}

func TestReviewDays(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		frozen clock.Day
		want   []clock.Day
	}{
		{"a Friday", 20191101, []clock.Day{20191101, 20191104, 20191105}},
		{"the national holiday", 20191001, []clock.Day{20191008, 20191009, 20191010}},
		{"a Sunday that is worked", 20190501, []clock.Day{20190505, 20190506, 20190507}},
		{"a Sunday", 20190901, []clock.Day{20190902, 20190903, 20190904}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, ReviewDays(c.frozen)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPaper compares the text of an issued paper with the golden one.
// TestCompletionTellsNoSmallNumber prints a unit whose year has three new spaces:
// its rate of completion would give the number away, and so would the others'
// with the total.
func TestCompletionTellsNoSmallNumber(t *testing.T) {
	t.Parallel()
	row := func(name string, target, n int64) Row {
		return Row{Name: name, Target: target, Newly: n, Cumulative: n, Year: n}
	}
	c := Content{Month: october, Rows: []Row{row("甲", 40, 3), row("乙", 50, 100), row("丙", 200, 150)}, Total: row("合计", 290, 253)}
	var out bytes.Buffer
	if err := c.Write(&out, HTML); err != nil {
		t.Fatal(err)
	}
	text := plainText(out.String())
	for _, rate := range []string{"7.5", "200.0"} {
		if strings.Contains(text, rate) {
			t.Errorf("the paper says %s:\n%s", rate, text)
		}
	}
	for _, rate := range []string{"75.0", "87.2"} {
		if !strings.Contains(text, rate) {
			t.Errorf("the paper does not say %s:\n%s", rate, text)
		}
	}
}
