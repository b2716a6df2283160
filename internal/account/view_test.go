package account_test

import (
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// TestViewEndsAboveTheSubject: whoever is named one of those whom nobody views is
// not looked at any longer, from the next request on.
func TestViewEndsAboveTheSubject(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		province := f.node(t, "22")
		subject := f.staff(t, f.school, "school-boss", access.School)
		who := f.teacher(t, f.school, "运维")
		f.grant(t, who, province, access.OperatorRole)
		ticket := f.enter(t, who, "operator-1", account.Guardian{})
		ticket, err := f.accounts.SwitchRole(ctx, f.as(t, ticket), ticket.Token, access.OperatorRole)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.accounts.BeginView(ctx, f.as(t, ticket), ticket.Token, "school-boss", "家长来电：看不到班级通知", ""); err != nil {
			t.Fatal(err)
		}
		if by := f.as(t, ticket); by.Person != subject.Person {
			t.Fatalf("sees as %+v", by)
		}
		f.grant(t, subject.Person, province, access.OperatorRole)
		if by := f.as(t, ticket); by.ViewedBy != 0 || by.Person != who {
			t.Errorf("an operator is looked at: %+v", by)
		}
	})
}

// TestSignOutOfAView is the operator's, and ends the view.
func TestSignOutOfAView(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		subject := f.staff(t, f.school, "school-boss", access.School)
		who := f.teacher(t, f.school, "运维")
		f.grant(t, who, f.node(t, "22"), access.OperatorRole)
		ticket := f.enter(t, who, "operator-1", account.Guardian{})
		ticket, err := f.accounts.SwitchRole(ctx, f.as(t, ticket), ticket.Token, access.OperatorRole)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.accounts.BeginView(ctx, f.as(t, ticket), ticket.Token, "school-boss", "家长来电：看不到班级通知", ""); err != nil {
			t.Fatal(err)
		}
		if err := f.accounts.SignOut(ctx, f.as(t, ticket), ticket.Token); err != nil {
			t.Fatal(err)
		}
		rows, err := f.Audit.List(ctx, 0, 200)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]id.Person{}
		for _, r := range rows {
			got[r.Action] = r.Actor
		}
		if got["signout"] != who || got["view.end"] != who {
			t.Errorf("recorded %v, the operator is %v", got, who)
		}
		views, err := f.accounts.Views(ctx, subject)
		if err != nil || len(views) != 1 || views[0].EndedAt.IsZero() {
			t.Errorf("the holder sees %+v, %v", views, err)
		}
	})
}

// TestNothingIsAnsweredInAView drives the services without the gate of the pages.
func TestNothingIsAnsweredInAView(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child := f.pupil(t, f.class, "林知夏")
		f.guardian(t, child, f.class, phone)
		ticket := f.enter(t, child, "linzhixia", father(account.AnswerGiven))
		seen := f.as(t, ticket)
		seen.Account, seen.ViewedBy = 0, child+1
		wantKind(t, "the digits on the child's page", f.accounts.AnswerConsent(ctx, seen, father(account.AnswerWithdrawn)), fault.ErrForbidden)
		mother := f.make(t, f.class, person.Draft{Name: "林母", Role: person.RoleGuardian})
		looked := access.Actor{Person: mother, Role: access.Guardian, Wards: f.as(t, ticket).Wards, ViewedBy: child + 1}
		looked.Wards = append(looked.Wards, child)
		err := f.accounts.AnswerFor(ctx, looked, child, account.ConsentPurpose, account.ConsentText, account.AnswerRefused)
		wantKind(t, "the guardian's page", err, fault.ErrForbidden)
		wantKind(t, "a further child", f.accounts.BindWards(ctx, looked, "net", f.code(t, child), "2345"), fault.ErrForbidden)
		if p := f.person(t, child); p.Consent != person.ConsentGiven {
			t.Errorf("the answer is %q", p.Consent)
		}
	})
}
