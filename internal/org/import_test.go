package org_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/org"
)

func TestImportProblems(t *testing.T) {
	t.Parallel()
	school := org.ImportRow{Code: "2122000077", Name: "新校", Kind: "学校", Parent: "220102", Type: "211"}
	with := func(change func(*org.ImportRow)) org.ImportRow {
		r := school
		change(&r)
		return r
	}
	cases := map[string]struct {
		rows []org.ImportRow
		want []string // column:code of the problems
	}{
		"unknown parent":        {[]org.ImportRow{with(func(r *org.ImportRow) { r.Parent = "220199" })}, []string{"parent:parent_unknown"}},
		"no parent":             {[]org.ImportRow{with(func(r *org.ImportRow) { r.Parent = "" })}, []string{"parent:parent_missing"}},
		"school under class":    {[]org.ImportRow{with(func(r *org.ImportRow) { r.Parent = "2122000001" })}, []string{"parent:parent_kind"}},
		"short school code":     {[]org.ImportRow{with(func(r *org.ImportRow) { r.Code = "212200007" })}, []string{"code:code_format"}},
		"other province":        {[]org.ImportRow{with(func(r *org.ImportRow) { r.Code = "2123000077" })}, []string{"code:code_format"}},
		"region of five":        {[]org.ImportRow{{Code: "22010", Name: "某区", Kind: "区县", Parent: "220100"}}, []string{"code:code_format"}},
		"office without region": {[]org.ImportRow{{Code: "BUREAU", Name: "某处", Kind: "部门", Parent: "220102"}}, []string{"code:code_format"}},
		"no name":               {[]org.ImportRow{with(func(r *org.ImportRow) { r.Name = "" })}, []string{"name:name_missing"}},
		"unknown kind":          {[]org.ImportRow{with(func(r *org.ImportRow) { r.Kind = "分部" })}, []string{"kind:kind_unknown"}},
		"unknown type":          {[]org.ImportRow{with(func(r *org.ImportRow) { r.Type = "999" })}, []string{"type:type_unknown"}},
		"no type":               {[]org.ImportRow{with(func(r *org.ImportRow) { r.Type = "" })}, []string{"type:type_missing"}},
		"impossible day":        {[]org.ImportRow{with(func(r *org.ImportRow) { r.From = "2019-02-30" })}, []string{"from:date_invalid"}},
		"days in wrong order":   {[]org.ImportRow{with(func(r *org.ImportRow) { r.From, r.To = "2019-09-01", "2018-09-01" })}, []string{"to:date_order"}},
		"unknown flag":          {[]org.ImportRow{with(func(r *org.ImportRow) { r.Flag = "旧" })}, []string{"flag:flag_unknown"}},
		"twice":                 {[]org.ImportRow{school, school}, []string{"code:duplicate_in_file"}},
		"other kind":            {[]org.ImportRow{with(func(r *org.ImportRow) { r.Code, r.Kind, r.Parent = "2122000001", "教学点", "3122000001" })}, []string{"kind:kind_changed"}},
		"below a wrong row": {[]org.ImportRow{with(func(r *org.ImportRow) { r.Type = "999" }),
			{Code: "2122000978", Name: "点", Kind: "教学点", Parent: school.Code}}, []string{"type:type_unknown", "parent:parent_rejected"}},
		"circle": {[]org.ImportRow{{Code: "22CB11", Name: "甲", Kind: "开发区", Parent: "22CB12"},
			{Code: "22CB12", Name: "乙", Kind: "开发区", Parent: "22CB11"}}, nil},
		"under itself": {[]org.ImportRow{{Code: "22CB00", Name: "长白山", Kind: "开发区", Parent: "22CB02"},
			{Code: "22CB02", Name: "池西", Kind: "开发区", Parent: "22CB00"}}, nil},
		"reports to itself": {[]org.ImportRow{{Code: "22CB00", Name: "长白山", Kind: "开发区", Parent: "22", ReportsTo: "22CB00"}}, []string{"reports_to:parent_unknown"}},
		"class name":        {[]org.ImportRow{{Code: "c1", Name: "快乐班", Kind: "班级", Parent: "2122000001"}}, []string{"name:class_unreadable"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				f := setup(t, h)
				right := org.ImportRow{Code: "2122000078", Name: "好校", Kind: "学校", Parent: "220102", Type: "211"}
				rows := append(slices.Clone(c.rows), right)
				dry, err := f.svc.ImportDry(t.Context(), f.op, rows)
				if err != nil {
					t.Fatal(err)
				}
				got, err := f.svc.Import(t.Context(), f.op, rows)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(dry, got); diff != "" {
					t.Errorf("dry run and import differ:\n%s", diff)
				}
				if got.Rows != got.New+got.Changed+got.Unchanged+got.Rejected {
					t.Errorf("counts do not add up: %+v", got)
				}
				var problems []string
				for _, p := range got.Problems {
					problems = append(problems, p.Column+":"+p.Code)
				}
				if c.want != nil {
					if diff := cmp.Diff(c.want, problems); diff != "" {
						t.Error(diff)
					}
				}
				if got.Rejected == 0 || f.node(t, "2122000078").Name != "好校" {
					t.Errorf("the right row stopped, or no row was rejected: %+v", got)
				}
			})
		})
	}
}

func TestImportKeepsAndChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		got := f.load(t, org.ImportRow{Code: "2122000001", Name: "南关区实验小学", Kind: "学校", Parent: "220102"})
		if got.Changed != 1 {
			t.Errorf("rename: %+v", got)
		}
		n := f.node(t, "2122000001")
		if n.Name != "南关区实验小学" || n.Type != "211" || n.From != 20100901 {
			t.Errorf("an empty cell erased: %+v", n)
		}
		got = f.load(t,
			org.ImportRow{Code: "2122000099", Name: "未来小学", Kind: "学校", Parent: "220102", Type: "小学", From: "2020/9/1"},
			org.ImportRow{Code: "2122000098", Name: "旧小学", Kind: "学校", Parent: "220102", Type: "211", To: "2018年7月1日"})
		if got.New != 2 || f.node(t, "2122000099").Status != org.StatusPlanned || f.node(t, "2122000098").Status != org.StatusClosed {
			t.Errorf("planned and closed: %+v", got)
		}
		f.Clock.Set(clock.Day(20200901).Start().Add(time.Hour))
		if n, err := f.svc.ApplyDueEdges(t.Context(), access.System("daily")); err != nil || n != 1 {
			t.Fatalf("applied %d, %v", n, err)
		}
		if f.node(t, "2122000099").Status != org.StatusNormal {
			t.Error("the planned school did not open")
		}
	})
}

func TestDatedMove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		if _, _, err := f.svc.EnsureClass(ctx, f.op, f.node(t, "2122000003").ID, org.ClassKey{Stage: "P", EntryYear: 2018, No: 1}); err != nil {
			t.Fatal(err)
		}
		rows := []org.ImportRow{
			{Code: "220381", Name: "公主岭市", Kind: "county", Parent: "220300", ReportsTo: "220000"},
			{Code: "220381", Name: "公主岭市", Kind: "county", Parent: "220100", ReportsTo: "220100", From: "2020-06-19"},
		}
		for i, want := range []org.ImportReport{
			{Rows: 2, Changed: 1, Unchanged: 1, Problems: []org.Problem{}},
			{Rows: 2, Unchanged: 2, Problems: []org.Problem{}},
		} {
			if diff := cmp.Diff(want, f.load(t, rows...)); diff != "" {
				t.Errorf("import %d: %s", i+1, diff)
			}
		}
		before := f.node(t, "220381")
		if before.Parent != f.node(t, "220300").ID {
			t.Fatal("the edge of the future is in force already")
		}
		job := access.System("daily")
		if n, err := f.svc.ApplyDueEdges(ctx, job); err != nil || n != 0 {
			t.Fatalf("applied %d, %v", n, err)
		}
		f.Clock.Set(clock.Day(20200619).Start().Add(time.Hour))
		for i, want := range []int{2, 0} {
			if n, err := f.svc.ApplyDueEdges(ctx, job); err != nil || n != want {
				t.Fatalf("run %d applied %d, %v", i+1, n, err)
			}
		}
		county, city := f.node(t, "220381"), f.node(t, "220100")
		if county.Parent != city.ID || county.Report != city.ID || !access.Covers(city.Path, county.Path) {
			t.Errorf("county %+v", county)
		}
		school := f.node(t, "2122000003")
		classes, err := f.svc.Classes(ctx, f.op, school.ID)
		if err != nil || len(classes) != 1 || !access.Covers(county.Path, school.Path) || !access.Covers(school.Path, classes[0].Path) {
			t.Errorf("school %+v, classes %+v, %v", school, classes, err)
		}
		if diff := cmp.Diff(org.ImportReport{Rows: 2, Unchanged: 2, Problems: []org.Problem{}}, f.load(t, rows...)); diff != "" {
			t.Errorf("import after the move: %s", diff)
		}
		history, err := f.svc.History(ctx, f.op, county.ID, org.Admin)
		if err != nil {
			t.Fatal(err)
		}
		want := []org.Edge{{Parent: f.node(t, "220300").ID, Tree: org.Admin, To: 20200619, Applied: true},
			{Parent: city.ID, Tree: org.Admin, From: 20200619, Applied: true}}
		if diff := cmp.Diff(want, history); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMoveOfASchoolInAFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		rows := []org.ImportRow{
			{Code: "2122000055", Name: "换县小学", Kind: "学校", Parent: "220302", Type: "211", From: "2005-09-01"},
			{Code: "2122000055", Name: "换县小学", Kind: "学校", Parent: "220381", Type: "211", From: "2019-09-01"},
		}
		if got := f.load(t, rows...); got.New != 1 || got.Changed != 1 {
			t.Errorf("first: %+v", got)
		}
		n := f.node(t, "2122000055")
		if n.Parent != f.node(t, "220381").ID || n.Report != n.Parent || n.From != 20050901 {
			t.Errorf("node %+v", n)
		}
		if got := f.load(t, rows...); got.Unchanged != 2 {
			t.Errorf("second: %+v", got)
		}
		if got := f.load(t, org.ImportRow{Code: "2122000055", Name: "换县小学", Kind: "学校", Parent: "220302"}); got.Changed != 1 {
			t.Errorf("back: %+v", got)
		}
		if n := f.node(t, "2122000055"); n.Parent != f.node(t, "220302").ID {
			t.Errorf("node %+v", n)
		}
	})
}

func TestImportClasses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		rows := []org.ImportRow{
			{Code: "2122000001-1", Name: "三年级（2）班", Kind: "班级", Parent: "2122000001"},
			{Name: "一年级1班", Kind: "class", Parent: "2122000001"},
			{Name: "2018级初中3班", Kind: "class", Parent: "3122000001"},
			{Name: "初二5班", Kind: "class", Parent: "3122000001"},
		}
		if got := f.load(t, rows...); got.New != 4 {
			t.Errorf("first: %+v", got)
		}
		if got := f.load(t, rows...); got.Unchanged != 4 {
			t.Errorf("second: %+v", got)
		}
		classes, err := f.svc.Classes(t.Context(), f.op, f.node(t, "3122000001").ID)
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, c := range classes {
			labels = append(labels, c.Label(20191105))
		}
		if diff := cmp.Diff([]string{"八年级3班", "八年级5班"}, labels); diff != "" {
			t.Error(diff)
		}
	})
}

func TestImportNeedsTheProvince(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for _, by := range []access.Actor{f.actor(t, access.County, "220102"), f.actor(t, access.School, "2122000001"), access.Anonymous(), {}} {
			if _, err := f.svc.Import(t.Context(), by, sampleRows()); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s imports: %v", by.Role, err)
			}
		}
		if _, err := f.svc.Import(t.Context(), f.actor(t, access.Province, "22"), sampleRows()); err != nil {
			t.Errorf("the province: %v", err)
		}
	})
}
