package org_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// fixture is a service with a small province.
type fixture struct {
	*dbtest.Harness
	svc *org.Service
	op  access.Actor
}

// setup makes the service and imports the rows of [sampleRows].
func setup(t *testing.T, h *dbtest.Harness) *fixture {
	t.Helper()
	f := &fixture{Harness: h, svc: org.New(h.DB, h.IDs, h.Clock, h.Log, h.Audit), op: access.Operator("tester")}
	f.load(t, sampleRows()...)
	return f
}

// sampleRows is a province of two prefectures with a county and two schools
// each, and the three own reporting units.
func sampleRows() []org.ImportRow {
	rows := []org.ImportRow{
		{Code: "22", Name: "吉林省", Kind: "省"},
		{Code: "220100", Name: "长春市", Kind: "市州", Parent: "22"},
		{Code: "220102", Name: "南关区", Kind: "区县", Parent: "220100"},
		{Code: "220300", Name: "四平市", Kind: "prefecture", Parent: "220000"},
		{Code: "220302", Name: "铁西区", Kind: "county", Parent: "220300"},
		{Code: "220381", Name: "公主岭市", Kind: "county", Parent: "220300", ReportsTo: "220000"},
		{Code: "22CB00", Name: "长白山保护开发区", Kind: "开发区", Parent: "22"},
		{Code: "22CB0001", Name: "池北学区", Kind: "学区", Parent: "22CB00"},
		{Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211", From: "2010-09-01"},
		{Code: "3122000001", Name: "南关中学", Kind: "school", Parent: "220102", Type: "312"},
		{Code: "2122000002", Name: "铁西小学", Kind: "school", Parent: "220302", Type: "211"},
		{Code: "2122000003", Name: "公主岭小学", Kind: "school", Parent: "220381", Type: "211"},
		{Code: "2122000901", Name: "南关教学点", Kind: "教学点", Parent: "2122000001"},
		{Code: "220102-BJ", Name: "南关区教育局", Kind: "部门", Parent: "220102"},
	}
	for i := range rows {
		rows[i].Row = i + 2
	}
	return rows
}

// load imports rows that must all be right.
func (f *fixture) load(t *testing.T, rows ...org.ImportRow) org.ImportReport {
	t.Helper()
	got, err := f.svc.Import(t.Context(), f.op, rows)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rejected != 0 {
		t.Fatalf("rejected: %+v", got.Problems)
	}
	return got
}

// node finds a node by code.
func (f *fixture) node(t *testing.T, code string) org.Node {
	t.Helper()
	n, err := f.svc.ByCode(t.Context(), f.op, code)
	if err != nil {
		t.Fatalf("node %s: %v", code, err)
	}
	return n
}

// actor is a person who holds a role at the node with this code.
func (f *fixture) actor(t *testing.T, role access.Role, code string) access.Actor {
	t.Helper()
	n := f.node(t, code)
	return access.Actor{Person: id.Next[id.Person](f.IDs), Role: role,
		Places: []access.Place{{Node: n.ID, Path: n.Path, Role: role}}}
}

// verbs lists the verbs of the log from a seq on.
func (f *fixture) verbs(t *testing.T, from int64) map[string]int {
	t.Helper()
	ctx := context.Background()
	if _, err := f.Log.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	head, err := f.Log.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	rows, err := f.DB.Query(ctx, "SELECT verb FROM event WHERE seq > $1 AND seq <= $2", from, head)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var verb string
		if err := rows.Scan(&verb); err != nil {
			t.Fatal(err)
		}
		out[verb]++
	}
	return out
}

func TestImportTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		n := len(sampleRows())
		if got := f.verbs(t, 0); got[org.EventMade] != n {
			t.Errorf("events %v, want %d of %s", got, n, org.EventMade)
		}
		got := f.load(t, sampleRows()...)
		if diff := cmp.Diff(org.ImportReport{Rows: n, Unchanged: n, Problems: []org.Problem{}}, got); diff != "" {
			t.Error(diff)
		}
		point := f.node(t, "2122000901")
		if point.Type != "218" || point.Parent != f.node(t, "2122000001").ID {
			t.Errorf("point %+v", point)
		}
		gzl := f.node(t, "220381")
		if gzl.Report != f.node(t, "22").ID || gzl.Parent != f.node(t, "220300").ID {
			t.Errorf("公主岭 stands under %d and reports to %d", gzl.Parent, gzl.Report)
		}
	})
}
