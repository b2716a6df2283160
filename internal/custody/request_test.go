package custody_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

const purpose = "向区县上报2019级学籍核对名单"

// ask asks for the roster of class a1 as the clerk.
func (f *fixture) ask(kind custody.Kind) custody.Request {
	f.t.Helper()
	r, err := f.custody.Ask(f.t.Context(), f.clerk, custody.Asking{Node: f.a1.ID, Kind: kind, Purpose: purpose})
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// made asks, approves and makes a file, and takes it.
func (f *fixture) made(kind custody.Kind) (custody.Request, []byte) {
	f.t.Helper()
	r := f.ask(kind)
	if err := f.custody.Approve(f.t.Context(), f.manager, r.ID, ""); err != nil {
		f.t.Fatal(err)
	}
	f.run()
	file, err := f.custody.Take(f.t.Context(), f.clerk, r.ID, "192.0.2.0/24")
	if err != nil {
		f.t.Fatal(err)
	}
	r, err = f.custody.Get(f.t.Context(), f.clerk, r.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return r, file.Data
}

func rowsOf(t *testing.T, data []byte) [][]string {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestExport goes the whole way: request, second person, file, taking, expiry.
func TestExport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		r := f.ask(custody.Roster)
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("taken before anybody agreed: %v", err)
		}
		if err := f.custody.Approve(ctx, f.clerk, r.ID, ""); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("approved by the requester: %v", err)
		}
		if err := f.custody.Approve(ctx, f.manager, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		f.run()
		for name, by := range map[string]access.Actor{"the approver": f.manager, "the county": f.officer} {
			if _, err := f.custody.Take(ctx, by, r.ID, ""); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s takes the file: %v", name, err)
			}
		}
		if _, err := f.custody.Take(ctx, f.clerkB, r.ID, ""); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another school takes the file: %v", err)
		}
		file, err := f.custody.Take(ctx, f.clerk, r.ID, "192.0.2.0/24")
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(rowsOf(t, file.Data))
		for _, want := range []string{r.Number(), "教务甲", "校长甲", purpose, "金雀一", "金雀二", number1, "13911112222", "测试平台"} {
			if !strings.Contains(text, want) {
				t.Errorf("the file lacks %s", want)
			}
		}
		if strings.Contains(text, "乙校生") {
			t.Error("the file holds a pupil of another school")
		}
		f.onlySealed()
		downloads, err := f.custody.Downloads(ctx, f.manager, r.ID)
		if err != nil || len(downloads) != 1 || downloads[0].ByName != "教务甲" || len(downloads[0].Network) != 16 {
			t.Errorf("downloads %+v, %v", downloads, err)
		}
		looks, err := f.custody.LooksAt(ctx, f.manager, f.pupil, custody.Page{})
		if err != nil || len(looks) != 1 || looks[0].What != "export" || looks[0].Note != purpose || looks[0].By != f.clerk.Person {
			t.Errorf("looks %+v, %v", looks, err)
		}
		f.Clock.Advance(7 * 24 * time.Hour)
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("taken after it expired: %v", err)
		}
		if n, err := f.custody.Sweep(ctx, access.System("test")); n != 1 || err != nil {
			t.Errorf("erased %d, %v", n, err)
		}
		left, err := filepath.Glob(filepath.Join(f.dir, "export", "*"))
		if err != nil || len(left) != 0 {
			t.Errorf("files left: %v, %v", left, err)
		}
		for _, action := range []string{"export.requested", "export.approved", "export.made", "export.taken", "export.erased"} {
			if f.audited(action) != 1 {
				t.Errorf("%s is not in the audit trail once", action)
			}
		}
	})
}

// onlySealed looks through the kept file for what is in it.
func (f *fixture) onlySealed() {
	f.t.Helper()
	files, err := filepath.Glob(filepath.Join(f.dir, "export", "*"))
	if err != nil || len(files) != 1 {
		f.t.Fatalf("kept files %v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		f.t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("PK\x03\x04")) {
		f.t.Error("the workbook is kept in the open")
	}
}

// TestExpireBeside erases what has expired also where one file cannot be erased, and
// says so.
func TestExpireBeside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		stuck, _ := f.made(custody.ClassList)
		other, _ := f.made(custody.ClassList)
		path := filepath.Join(f.dir, "export", stuck.ID.String())
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(8 * 24 * time.Hour)
		if n, err := f.custody.Sweep(t.Context(), access.System("test")); n != 1 || err == nil {
			t.Errorf("erased %d, %v", n, err)
		}
		for request, want := range map[id.Export]custody.State{stuck.ID: custody.Made, other.ID: custody.Expired} {
			if r, err := f.custody.Get(t.Context(), f.clerk, request); err != nil || r.State != want {
				t.Errorf("request %d is %s, want %s, %v", request, r.State, want, err)
			}
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		if n, err := f.custody.Sweep(t.Context(), access.System("test")); n != 1 || err != nil {
			t.Errorf("the next time erased %d, %v", n, err)
		}
	})
}

func TestAskRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		good := custody.Asking{Node: f.a1.ID, Kind: custody.ClassList, Purpose: purpose, Key: "k1"}
		first, err := f.custody.Ask(ctx, f.clerk, good)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := f.custody.Ask(ctx, f.clerk, good); err != nil || again.ID != first.ID {
			t.Errorf("the same form made %v after %v, %v", again.ID, first.ID, err)
		}
		with := func(change func(*custody.Asking)) custody.Asking { a := good; a.Key = ""; change(&a); return a }
		for name, tt := range map[string]struct {
			by   access.Actor
			ask  custody.Asking
			want error
		}{
			"no purpose":            {f.clerk, with(func(a *custody.Asking) { a.Purpose = "  用  " }), fault.ErrInvalid},
			"too many days":         {f.clerk, with(func(a *custody.Asking) { a.Days = 31 }), fault.ErrInvalid},
			"unknown kind":          {f.clerk, with(func(a *custody.Asking) { a.Kind = "all" }), fault.ErrInvalid},
			"nobody there":          {f.clerk, with(func(a *custody.Asking) { a.Kind = custody.Staff }), fault.ErrInvalid},
			"another school's":      {f.clerk, with(func(a *custody.Asking) { a.Node = f.b1.ID }), fault.ErrNotFound},
			"county, pupils":        {f.officer, good, fault.ErrInvalid},
			"county, elsewhere":     {f.officer, with(func(a *custody.Asking) { a.Kind = custody.Staff; a.Node = f.b.ID }), fault.ErrNotFound},
			"class teacher":         {f.leader, good, fault.ErrNotFound},
			"province asks nothing": {access.Actor{Person: 1, Role: access.Province, Places: f.guard.Places}, good, fault.ErrNotFound},
		} {
			if _, err := f.custody.Ask(ctx, tt.by, tt.ask); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := f.custody.Ask(ctx, f.officer, custody.Asking{Node: f.a.ID, Kind: custody.Staff, Purpose: purpose}); err != nil {
			t.Errorf("a county asks for staff: %v", err)
		}
	})
}

// TestRows stops who takes too much in a day.
func TestRows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		if err := f.custody.SetLimit(ctx, f.guard, custody.RowsDay, 3); err != nil {
			t.Fatal(err)
		}
		r, _ := f.made(custody.ClassList) // two rows
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); !errors.Is(err, fault.ErrTooMany) {
			t.Errorf("four rows of three: %v", err)
		}
		if left, limit, err := f.custody.Left(ctx, f.clerk); left != 1 || limit != 3 || err != nil {
			t.Errorf("left %d of %d, %v", left, limit, err)
		}
		alarms, err := f.custody.Alarms(ctx, f.guard, true, 0, 10)
		if err != nil || len(alarms) != 1 || alarms[0].Kind != "rows_day" || alarms[0].Person != f.clerk.Person {
			t.Errorf("alarms %+v, %v", alarms, err)
		}
		f.Clock.Advance(24 * time.Hour)
		if _, err := f.custody.Take(ctx, f.clerk, r.ID, ""); err != nil {
			t.Errorf("the next day: %v", err)
		}
		if err := f.custody.SetLimit(ctx, f.guard, custody.RowsDay, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := f.custody.Ask(ctx, f.clerk, custody.Asking{Node: f.a1.ID, Kind: custody.ClassList, Purpose: purpose}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a request over the limit: %v", err)
		}
	})
}

// TestListTenants shows each his own requests and those he may decide.
func TestListTenants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		r := f.ask(custody.ClassList)
		for name, tt := range map[string]struct {
			by   access.Actor
			want int
		}{
			"requester": {f.clerk, 1}, "manager": {f.manager, 1}, "county": {f.officer, 1}, "other school": {f.clerkB, 0},
			"secadmin": {f.guard, 0}, "class teacher": {f.leader, 0},
		} {
			list, err := f.custody.List(t.Context(), tt.by, custody.Listing{})
			if err != nil || len(list) != tt.want {
				t.Errorf("%s: %d requests, %v", name, len(list), err)
			}
			if _, err := f.custody.Get(t.Context(), tt.by, r.ID); (err == nil) != (tt.want == 1) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := f.custody.Withdraw(t.Context(), f.manager, r.ID); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("withdrawn by another: %v", err)
		}
		if err := f.custody.Withdraw(t.Context(), f.clerk, r.ID); err != nil {
			t.Error(err)
		}
		if err := f.custody.Approve(t.Context(), f.manager, r.ID, ""); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("approved after it was withdrawn: %v", err)
		}
	})
}

// TestTrace cuts the marks off one after another: the file is still known.
func TestTrace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		var class []person.Draft
		for i := range 40 {
			class = append(class, person.Draft{Name: "同学" + string(rune('一'+i)), Sex: 1, Birth: 2010_0401, Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, NoIDReason: "x"})
		}
		f.make(class...)
		var files [3][]byte
		var requests [3]custody.Request
		for i := range files {
			requests[i], files[i] = f.made(custody.ClassList)
		}
		trace := func(what string, data []byte, by string) {
			t.Helper()
			got, err := f.custody.Trace(t.Context(), f.op, bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Errorf("%s: %v", what, err)
				return
			}
			if len(got) != 1 || got[0].Request.ID != requests[1].ID || got[0].By != by {
				t.Errorf("%s: %+v", what, got)
			}
		}
		trace("whole", files[1], "mark")
		trace("rows and columns with the number removed", cut(t, files[1]), "mark")
		var names bytes.Buffer
		w := csv.NewWriter(&names)
		for _, row := range rowsOf(t, files[1])[6:] {
			if err := w.Write([]string{row[1], "某班"}); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		trace("names alone, as text", names.Bytes(), "rows")
		part := names.Bytes()[bytes.IndexByte(names.Bytes(), '\n')+1:]
		part = part[:len(part)*3/4]
		trace("three quarters of the names", part[:bytes.LastIndexByte(part, '\n')+1], "rows")
		if _, err := f.custody.Trace(t.Context(), f.op, strings.NewReader("张三,李四\n王五,赵六\n"), 28); !errors.Is(err, custody.ErrNoTrace) {
			t.Errorf("a foreign file is traced: %v", err)
		}
		if _, err := f.custody.Trace(t.Context(), f.guard, bytes.NewReader(files[1]), int64(len(files[1]))); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("traced by a person: %v", err)
		}
	})
}

// cut removes the rows over the list and the column beside it.
func cut(t *testing.T, data []byte) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if err := book.RemoveCol("Sheet1", "D"); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if err := book.RemoveRow("Sheet1", 1); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestGlass needs the keys of two different holders and leaves everything
// behind.
func TestGlass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		second := f.holder("审计员", access.AuditAdmin, f.province)
		if _, _, err := f.custody.Enrol(ctx, f.op, f.clerk.Person); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a registrar gets a key: %v", err)
		}
		if _, _, err := f.custody.Enrol(ctx, f.guard, f.guard.Person); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("a person enrols: %v", err)
		}
		var keys [2]string
		for i, who := range []id.Person{f.guard.Person, second.Person} {
			var err error
			if keys[i], _, err = f.custody.Enrol(ctx, f.op, who); err != nil {
				t.Fatal(err)
			}
		}
		ask := custody.Breaking{Node: f.a.ID, Reason: "地震后需要立即联系全部家长", Keys: keys}
		if _, _, err := f.custody.Break(ctx, f.op, ask); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("broken with keys of the same day: %v", err)
		}
		f.Clock.Advance(25 * time.Hour)
		with := func(change func(*custody.Breaking)) custody.Breaking { a := ask; change(&a); return a }
		for name, tt := range map[string]struct {
			by   access.Actor
			ask  custody.Breaking
			want error
		}{
			"one key twice": {f.op, with(func(a *custody.Breaking) { a.Keys[1] = a.Keys[0] }), fault.ErrForbidden},
			"a wrong key":   {f.op, with(func(a *custody.Breaking) { a.Keys[1] = "x" }), fault.ErrForbidden},
			"no reason":     {f.op, with(func(a *custody.Breaking) { a.Reason = "急" }), fault.ErrInvalid},
			"a person":      {f.guard, ask, fault.ErrForbidden},
		} {
			if _, file, err := f.custody.Break(ctx, tt.by, tt.ask); !errors.Is(err, tt.want) || file.Data != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		r, file, err := f.custody.Break(ctx, f.op, ask)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprint(rowsOf(t, file.Data)); !strings.Contains(text, "13911112222") || !strings.Contains(text, "安全员、审计员") {
			t.Error("the file lacks a telephone or who took it")
		}
		list, err := f.custody.List(ctx, f.manager, custody.Listing{})
		if err != nil || len(list) != 1 || !list[0].Glass || list[0].ID != r.ID || list[0].Purpose != ask.Reason {
			t.Errorf("the school sees %+v, %v", list, err)
		}
		alarms, err := f.custody.Alarms(ctx, f.guard, true, 0, 10)
		var kinds []string
		for _, a := range alarms {
			kinds = append(kinds, a.Kind)
		}
		if diff := cmp.Diff([]string{"glass", "keyholder", "keyholder"}, kinds); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if looks, err := f.custody.LooksAt(ctx, f.manager, f.pupil, custody.Page{}); err != nil || len(looks) != 1 {
			t.Errorf("looks %+v, %v", looks, err)
		}
		if f.audited("glass.broken") != 1 {
			t.Error("nothing in the audit trail")
		}
	})
}
