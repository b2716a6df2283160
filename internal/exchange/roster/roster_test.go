package roster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/blob"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

// fixture is a province with two counties and four schools.
type fixture struct {
	*dbtest.Harness
	t       testing.TB
	orgs    *org.Service
	people  *person.Service
	spaces  *space.Service
	figures *metrics.Service
	jobs    *job.Service
	files   blob.Store
	blobDir string
	rosters *roster.Service
	op      access.Actor
	// Two primary schools and a junior school in one county, one in another.
	primary, second, junior, other, county org.Node
}

// build makes the services on an empty database.
func build(t testing.TB, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, t: t, op: access.Operator("tester")}
	f.orgs = org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit)
	f.people = person.New(h.DB, h.IDs, h.Clock, h.Keys, h.Log, h.Audit, f.orgs)
	f.spaces = space.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, f.people)
	f.figures = metrics.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit, f.orgs, metrics.Options{})
	var err error
	f.blobDir = t.TempDir()
	if f.files, err = blob.Open("file:" + f.blobDir); err != nil {
		t.Fatal(err)
	}
	f.rebuild()
	return f
}

// rebuild makes the service anew on the fixture's parts.
func (f *fixture) rebuild() {
	f.jobs = job.New(f.DB, f.IDs, f.Clock, job.Options{})
	f.rosters = roster.New(roster.Deps{DB: f.DB, IDs: f.IDs, Clock: f.Clock, Keys: f.Keys, Audit: f.Audit, Org: f.orgs, People: f.people,
		Bases: f.figures, Jobs: f.jobs, Files: f.files, System: access.System("roster")})
}

func setup(t testing.TB, h *dbtest.Harness) *fixture {
	t.Helper()
	f := build(t, h)
	f.tree()
	return f
}

// tree makes the nodes.
func (f *fixture) tree() {
	f.t.Helper()
	t := f.t
	rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220103", Name: "宽城区", Kind: "区县", Parent: "220100"},
		{Code: "2122000001", Name: "松苑小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "2122000002", Name: "柳河小学", Kind: "学校", Parent: "220102", Type: "211"},
		{Code: "3122000001", Name: "松苑中学", Kind: "学校", Parent: "220102", Type: "311"},
		{Code: "2122000003", Name: "宽城小学", Kind: "学校", Parent: "220103", Type: "211"},
	})
	if err != nil || rep.Rejected > 0 {
		t.Fatal(err, rep)
	}
	f.primary, f.second, f.junior, f.other = f.node("2122000001"), f.node("2122000002"), f.node("3122000001"), f.node("2122000003")
	f.county = f.node("220102")
}

func (f *fixture) node(code string) org.Node {
	f.t.Helper()
	n, err := f.orgs.ByCode(f.t.Context(), f.op, code)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// clerk is an actor with a role at a node.
func (f *fixture) clerk(role access.Role, n org.Node) access.Actor {
	return access.Actor{Person: id.Person(f.IDs.Next()), Account: id.Account(f.IDs.Next()), Name: "王老师", Role: role,
		Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// number is an invented identity number with a right check digit.
func number(birth string, serial int) string {
	body := fmt.Sprintf("220102%s%03d", birth, serial%1000)
	digit, _ := codes.IDCheckDigit(body)
	return body + string(digit)
}

// sheet is a text file.
func sheet(name string, lines ...string) roster.Source {
	text := strings.Join(lines, "\n") + "\n"
	return roster.Source{Name: name, Data: bytes.NewReader([]byte(text)), Size: int64(len(text))}
}

// load imports as the command line does and wants no error.
func (f *fixture) load(n org.Node, sources ...roster.Source) roster.Report {
	f.t.Helper()
	return f.loadAs(roster.Request{Node: n.ID, Sources: sources})
}

func (f *fixture) loadAs(req roster.Request) roster.Report {
	f.t.Helper()
	dry := req
	dry.DryRun = true
	want, err := f.rosters.Import(f.t.Context(), f.op, dry)
	if err != nil {
		f.t.Fatal("dry run:", err)
	}
	got, err := f.rosters.Import(f.t.Context(), f.op, req)
	if err != nil {
		f.t.Fatal(err)
	}
	f.whole(got)
	if d := diffReports(want, got); d != "" {
		f.t.Errorf("the dry run said something else than the import:\n%s", d)
	}
	return got
}

// whole checks that every row was counted once.
func (f *fixture) whole(r roster.Report) {
	f.t.Helper()
	var sum roster.Counts
	for _, file := range r.Files {
		c := file.Counts
		if c.Rows != c.New+c.Changed+c.Unchanged+c.Moved+c.Rejected {
			f.t.Errorf("%s: %+v does not add up", file.File, c)
		}
		sum.Add(c)
	}
	if sum != r.Totals {
		f.t.Errorf("totals %+v, sum of the files %+v", r.Totals, sum)
	}
}

// counts wants these counts.
func (f *fixture) counts(r roster.Report, rows, fresh, changed, unchanged, moved, rejected int64) {
	f.t.Helper()
	got := r.Totals
	got.Warnings = 0
	want := roster.Counts{Rows: rows, New: fresh, Changed: changed, Unchanged: unchanged, Moved: moved, Rejected: rejected}
	if got != want {
		f.t.Errorf("counts %+v, want %+v; problems %+v", got, want, r.Files)
	}
}

const pupilHeader = "姓名,证件号码,学籍号,性别,出生日期,年级,班级,监护人姓名,监护人关系,监护人电话,无证件原因"

// pupil is a line under pupilHeader.
func pupil(name, idNo, grade, class string, more ...string) string {
	cells := append([]string{name, idNo, "", "", "", grade, class}, more...)
	for len(cells) < 11 {
		cells = append(cells, "")
	}
	return strings.Join(cells, ",")
}

// at sets the clock.
func (f *fixture) at(y int, m time.Month, d int) {
	f.Clock.Set(time.Date(y, m, d, 9, 0, 0, 0, clock.Zone))
}

// has counts rows of a table.
func (f *fixture) has(query string, args ...any) int {
	f.t.Helper()
	var n int
	if err := f.DB.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// The kinds of error, for short.
var (
	notFound  = fault.ErrNotFound
	forbidden = fault.ErrForbidden
	invalid   = fault.ErrInvalid
	conflict  = fault.ErrConflict
)

func wantKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}
