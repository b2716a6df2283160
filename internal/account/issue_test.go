package account_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

func grantUntil(who id.Person, at org.Node, role access.Role, until clock.Day) org.GrantRequest {
	return org.GrantRequest{Person: who, Node: at.ID, Role: role, Until: until}
}

func names(slips []account.Slip) []string {
	var out []string
	for _, s := range slips {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	return out
}

func TestIssueToAClassAndASchool(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		in := f.pupil(t, f.class, "已激活")
		f.guardian(t, in, f.class, phone)
		f.enter(t, in, "yijihuo", father(account.AnswerGiven))
		f.pupil(t, f.class, "王一鸣")
		f.pupil(t, f.class, "王一鸣")
		f.pupil(t, f.next, "李晓")
		f.pupil(t, f.away, "外校")
		by := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
		manager := f.staff(t, f.school, "manager", access.School)
		f.teacher(t, f.school, "新教师")

		slips, err := f.accounts.IssueCodes(ctx, by, f.class.ID)
		if err != nil || fmt.Sprint(names(slips)) != "[王一鸣 王一鸣]" {
			t.Fatalf("class: %v, %v", names(slips), err)
		}
		first := slips[0]
		if first.Node != "2122000001" || first.NodeName != "三年级1班" || first.School != "南关实验小学" || first.Born == 0 ||
			!first.Expires.Equal(dbtest.Start.Add(account.CodeLife)) || len(strings.Split(first.Code, "-")) != 4 {
			t.Errorf("slip %+v", first)
		}
		slips, err = f.accounts.IssueCodes(ctx, manager, f.school.ID)
		if err != nil || fmt.Sprint(names(slips)) != "[新教师 李晓 王一鸣 王一鸣]" {
			t.Fatalf("school: %v, %v", names(slips), err)
		}
		_, err = f.accounts.Open(ctx, anybody, "net", first.Code)
		wantField(t, err, "code", "account.code.void")
		slips, err = f.accounts.IssueStaff(ctx, manager, f.school.ID)
		if err != nil || fmt.Sprint(names(slips)) != "[新教师]" {
			t.Errorf("staff: %v, %v", names(slips), err)
		}
		slips, err = f.accounts.IssueCodes(ctx, f.op, f.county.ID)
		if err != nil || fmt.Sprint(names(slips)) != "[新教师 李晓 王一鸣 王一鸣]" {
			t.Errorf("county by the command line: %v, %v", names(slips), err)
		}
	})
}

func TestBigClassHasSeveralSheets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for i := range account.SheetRows + 3 {
			f.pupil(t, f.class, fmt.Sprintf("学生%d", i))
		}
		slips, err := f.accounts.IssueCodes(t.Context(), f.op, f.class.ID)
		if err != nil || len(slips) != account.SheetRows+3 {
			t.Fatalf("%d slips, %v", len(slips), err)
		}
		sheets, err := f.accounts.Sheets(t.Context(), f.op, f.class.ID)
		if err != nil || len(sheets) != 2 || sheets[0].People+sheets[1].People != len(slips) {
			t.Errorf("sheets %+v, %v", sheets, err)
		}
		if _, err := f.accounts.IssueCodes(t.Context(), f.op, f.class.ID); err != nil {
			t.Fatal(err)
		}
		again, err := f.accounts.Sheets(t.Context(), f.op, f.class.ID)
		if err != nil || len(again) != 2 || again[0].ID == sheets[0].ID || again[1].ID == sheets[0].ID {
			t.Errorf("sheets without a slip that is still good are offered for printing: %+v, %v", again, err)
		}
	})
}

// TestForeignersIssueNothing drives each call with people of another class,
// another school and another county.
func TestForeignersIssueNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.pupil(t, f.class, "林知夏")
		own := f.staff(t, f.class, "own-teacher", access.ClassTeacher)
		slips, err := f.accounts.IssueCodes(ctx, own, f.class.ID)
		if err != nil || len(slips) != 1 {
			t.Fatal(err)
		}
		sheet := slips[0].Sheet
		for _, by := range []access.Actor{
			f.staff(t, f.next, "next-teacher", access.ClassTeacher), f.staff(t, f.away, "far-teacher", access.ClassTeacher),
			f.staff(t, f.far, "far-manager", access.School), f.staff(t, f.far, "far-registrar", access.Registrar),
		} {
			_, err := f.accounts.IssueCodes(ctx, by, f.class.ID)
			wantKind(t, "issue to the class", err, fault.ErrNotFound)
			_, err = f.accounts.IssueStaff(ctx, by, f.class.ID)
			wantKind(t, "issue to the staff", err, fault.ErrNotFound)
			_, err = f.accounts.IssueCode(ctx, by, who)
			wantKind(t, "issue to the pupil", err, fault.ErrNotFound)
			_, _, err = f.accounts.Recipient(ctx, by, who)
			wantKind(t, "look at the pupil", err, fault.ErrNotFound)
			_, err = f.accounts.Slips(ctx, by, sheet)
			wantKind(t, "print the sheet", err, fault.ErrNotFound)
			_, err = f.accounts.Sheets(ctx, by, f.class.ID)
			wantKind(t, "list the sheets", err, fault.ErrNotFound)
			_, err = f.accounts.List(ctx, by, f.class.ID)
			wantKind(t, "list the class", err, fault.ErrNotFound)
		}
		_, err = f.accounts.IssueCodes(ctx, own, f.school.ID)
		wantKind(t, "the class teacher issues to the school", err, fault.ErrForbidden)
		counts, err := f.accounts.ClassCounts(ctx, own, f.school.ID)
		if err != nil || len(counts) != 1 || counts[0].Node.ID != f.class.ID {
			t.Errorf("classes of the class teacher: %+v, %v", counts, err)
		}
		if p, err := f.accounts.Slips(ctx, own, sheet); err != nil || len(p.Slips) != 1 {
			t.Errorf("the own sheet: %+v, %v", p, err)
		}
		for _, by := range []access.Actor{access.Anonymous(), {}} {
			_, err := f.accounts.IssueCode(ctx, by, who)
			wantKind(t, "nobody issues", err, fault.ErrNotFound)
		}
	})
}

// TestNoWayUp checks that a slip never leads to rights above the issuer's.
func TestNoWayUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		registrar, manager := f.staff(t, f.school, "registrar", access.Registrar), f.staff(t, f.school, "manager", access.School)
		class, county := f.staff(t, f.class, "banzhuren", access.ClassTeacher), f.staff(t, f.county, "county", access.County)
		plain := f.teacher(t, f.school, "普通教师")
		for name, c := range map[string]struct {
			by   access.Actor
			to   id.Person
			want error
		}{
			"registrar to manager":        {registrar, manager.Person, fault.ErrForbidden},
			"registrar to county officer": {registrar, county.Person, fault.ErrForbidden},
			"manager to county officer":   {manager, county.Person, fault.ErrForbidden},
			"manager to himself":          {manager, manager.Person, fault.ErrForbidden},
			"county to a plain teacher":   {county, plain, fault.ErrForbidden},
			"class teacher to a teacher":  {class, plain, fault.ErrNotFound},
			"class teacher to manager":    {class, manager.Person, fault.ErrNotFound},
			"registrar to a teacher":      {registrar, plain, nil},
			"registrar to class teacher":  {registrar, class.Person, nil},
			"county to manager":           {county, manager.Person, nil},
			"command line to county":      {f.op, county.Person, nil},
		} {
			slip, err := f.accounts.IssueCode(ctx, c.by, c.to)
			if c.want != nil {
				wantKind(t, name, err, c.want)
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if p, err := f.accounts.Slips(ctx, c.by, slip.Sheet); err != nil || len(p.Slips) != 1 || p.Slips[0].Code != slip.Code {
				t.Errorf("%s: print %+v, %v", name, p, err)
			}
		}
	})
}

func TestSheetsPrintForADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.pupil(t, f.class, "林知夏")
		used := f.make(t, f.class, person.Draft{Name: "大学生", Role: person.RolePupil, Birth: 20000101, IDNo: f.number(20000101)})
		slips, err := f.accounts.IssueCodes(ctx, f.op, f.class.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range slips {
			if s.Person == used {
				if _, err := f.accounts.Activate(ctx, anybody, account.Activation{Code: s.Code, Login: "daxuesheng", Password: good}); err != nil {
					t.Fatal(err)
				}
			}
		}
		f.Clock.Advance(account.ReprintLife - time.Second)
		p, err := f.accounts.Slips(ctx, f.op, slips[0].Sheet)
		if err != nil || len(p.Slips) != 1 || p.Gone != 1 || p.Slips[0].Name != "林知夏" {
			t.Fatalf("on the day: %+v, %v", p, err)
		}
		if n, err := f.accounts.Sweep(ctx, access.System("test")); err != nil || n != 0 {
			t.Errorf("swept %d early, %v", n, err)
		}
		f.Clock.Advance(2 * time.Second)
		_, err = f.accounts.Slips(ctx, f.op, slips[0].Sheet)
		wantKind(t, "a day later", err, fault.ErrConflict)
		if n, err := f.accounts.Sweep(ctx, access.System("test")); err != nil || n != 1 {
			t.Errorf("swept %d, %v", n, err)
		}
		if _, err := f.accounts.Open(ctx, anybody, "net", p.Slips[0].Code); err != nil {
			t.Errorf("the slip itself: %v", err)
		}
		_, err = f.accounts.Sweep(ctx, f.staff(t, f.school, "manager", access.School))
		wantKind(t, "a person sweeps", err, fault.ErrForbidden)
	})
}

// TestTwoIssueAtOnce races reissues of one slip: exactly one code stays open.
func TestTwoIssueAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.teacher(t, f.school, "周沐阳")
		codes := make([]string, 4)
		for _, err := range race(4, func(i int) error {
			slip, err := f.accounts.IssueCode(t.Context(), f.op, who)
			codes[i] = slip.Code
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		open := 0
		for _, code := range codes {
			if _, err := f.accounts.Open(t.Context(), anybody, "net", code); err == nil {
				open++
			}
		}
		if open != 1 {
			t.Errorf("%d codes are open", open)
		}
	})
}
