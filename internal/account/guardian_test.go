package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// family is a guardian with a phone and two children, in the classes given.
func (f *fixture) family(t *testing.T, name, phone string, classes ...org.Node) (guardian id.Person, wards []id.Person) {
	t.Helper()
	guardian = f.make(t, org.Node{Unit: classes[0].Unit}, person.Draft{Name: name, Role: person.RoleGuardian, Phone: phone})
	tail := ""
	if phone != "" {
		tail = phone[len(phone)-4:]
	}
	for i, c := range classes {
		w := f.pupil(t, c, name+[]string{"甲", "乙", "丙"}[i])
		wards = append(wards, w)
		err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: guardian, Ward: w, Relation: "mother", PhoneTail: tail}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return guardian, wards
}

func (f *fixture) activate(t *testing.T, code, login, tail string) (account.Ticket, error) {
	t.Helper()
	return f.accounts.Activate(t.Context(), anybody, account.Activation{Code: code, Login: login, Password: good, Guardian: account.Guardian{Tail: tail}, Network: "192.0.2.1"})
}

func TestTwinsHaveOneGuardian(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		mother, twins := f.family(t, "林秋月", phone, f.class, f.class)
		teacher := f.staff(t, f.class, "classteacher", access.ClassTeacher)
		slips, err := f.accounts.IssueGuardians(t.Context(), teacher, f.class.ID)
		if err != nil || len(slips) != 1 {
			t.Fatalf("slips %+v, %v", slips, err)
		}
		if d := cmp.Diff([]string{"林秋月乙", "林秋月甲"}, slips[0].Wards); d != "" {
			t.Errorf("wards on the slip: %s", d)
		}
		_, err = f.activate(t, slips[0].Code, "qiuyue", "9999")
		wantField(t, err, "tail", "account.guardian.tail")
		ticket, err := f.activate(t, slips[0].Code, "qiuyue", "2345")
		if err != nil {
			t.Fatal(err)
		}
		by := f.as(t, ticket)
		if d := cmp.Diff(twins, by.Wards); d != "" || by.Role != access.Guardian {
			t.Errorf("role %s, wards %s", by.Role, d)
		}
		if d := cmp.Diff(map[string]int{"person.made": 1, "person.activated": 1, "person.verified": 1}, f.verbs(t, mother)); d != "" {
			t.Error(d)
		}
		if _, err := f.people.Get(t.Context(), by, twins[1]); err != nil {
			t.Errorf("own child: %v", err)
		}
		wards, err := f.accounts.Wards(t.Context(), by)
		if err != nil || len(wards) != 2 || wards[0].Class == "" || wards[0].School != "南关实验小学" {
			t.Errorf("wards %+v, %v", wards, err)
		}
		if again, err := f.accounts.IssueGuardians(t.Context(), teacher, f.class.ID); err != nil || len(again) != 0 {
			t.Errorf("a second sheet: %+v, %v", again, err)
		}
	})
}

func TestGuardianSlipStaysInItsPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		mother, _ := f.family(t, "林秋月", phone, f.class)
		silent, _ := f.family(t, "沈默", "", f.class)
		teacher := f.staff(t, f.class, "classteacher", access.ClassTeacher)
		other := f.staff(t, f.away, "otherteacher", access.ClassTeacher)
		pupil := f.as(t, f.enter(t, f.make(t, f.class, person.Draft{Name: "大", Role: person.RolePupil, Birth: 20040101, IDNo: f.number(20040101)}), "pupil", account.Guardian{}))
		if _, err := f.accounts.IssueGuardians(ctx, other, f.class.ID); err == nil {
			t.Error("the teacher of another school prints slips")
		}
		for name, by := range map[string]access.Actor{"another school": other, "a pupil": pupil} {
			_, err := f.accounts.IssueCode(ctx, by, mother)
			wantKind(t, name, err, fault.ErrNotFound)
		}
		_, err := f.accounts.IssueCode(ctx, teacher, silent)
		wantKind(t, "no phone", err, fault.ErrConflict)
		if _, err := f.accounts.IssueCode(ctx, f.op, mother); err != nil {
			t.Errorf("the command line: %v", err)
		}
		list, err := f.accounts.List(ctx, teacher, f.class.ID)
		if err != nil || len(list.Guardians) != 2 {
			t.Fatalf("guardians %+v, %v", list.Guardians, err)
		}
		states := []string{list.Guardians[0].State, list.Guardians[1].State}
		if d := cmp.Diff([]string{account.StateSlip, account.StateNoPhone}, states); d != "" {
			t.Error(d)
		}
	})
}

// A slip of one school proves nothing about the children of another: coming in
// by it drops them, binding by it while signed in keeps them.
func TestGuardianOfTwoSchools(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		mother, wards := f.family(t, "林秋月", phone, f.class, f.away)
		here, there := f.staff(t, f.class, "teacherhere", access.ClassTeacher), f.staff(t, f.away, "teacherthere", access.ClassTeacher)
		first, err := f.accounts.IssueGuardians(ctx, here, f.class.ID)
		if err != nil || len(first) != 1 {
			t.Fatal(first, err)
		}
		ticket, err := f.activate(t, first[0].Code, "qiuyue", "2345")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(wards[:1], f.as(t, ticket).Wards); d != "" {
			t.Fatalf("after the first slip: %s", d)
		}
		second, err := f.accounts.IssueGuardians(ctx, there, f.away.ID)
		if err != nil || len(second) != 1 {
			t.Fatal(second, err)
		}
		by := f.as(t, ticket)
		stranger := f.as(t, f.enter(t, f.make(t, f.class, person.Draft{Name: "大", Role: person.RolePupil, Birth: 20040101, IDNo: f.number(20040101)}), "pupil", account.Guardian{}))
		wantKind(t, "a pupil binds", f.accounts.BindWards(ctx, stranger, "net", second[0].Code, "2345"), fault.ErrForbidden)
		wantField(t, f.accounts.BindWards(ctx, by, "net", second[0].Code, "0000"), "tail", "account.guardian.tail")
		if err := f.accounts.BindWards(ctx, by, "net", second[0].Code, "2345"); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(wards, f.as(t, ticket).Wards); d != "" {
			t.Errorf("after the second slip: %s", d)
		}
		wantField(t, f.accounts.BindWards(ctx, by, "net", second[0].Code, "2345"), "code", "account.code.used")

		again, err := f.accounts.IssueCode(ctx, here, mother)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.accounts.Authenticate(ctx, ticket.Token); err == nil {
			t.Error("the session outlives a new slip")
		}
		if ticket, err = f.activate(t, again.Code, "", "2345"); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(wards[:1], f.as(t, ticket).Wards); d != "" {
			t.Errorf("after coming in anew: %s", d)
		}
		if d := cmp.Diff(map[string]int{"person.made": 1, "person.activated": 1, "person.verified": 1}, f.verbs(t, mother)); d != "" {
			t.Error(d)
		}
	})
}
