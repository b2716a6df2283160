package account_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

const text = "2019-1"

// bound is a guardian who has come in, with one child in the class.
func (f *fixture) bound(t *testing.T, name, phone, login string, child id.Person, class org.Node) access.Actor {
	t.Helper()
	g := f.make(t, org.Node{Unit: class.Unit}, person.Draft{Name: name, Role: person.RoleGuardian, Phone: phone})
	err := f.people.Link(t.Context(), f.op, []person.Guardianship{{Guardian: g, Ward: child, Relation: "母亲", PhoneTail: phone[len(phone)-4:]}})
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := f.activate(t, f.code(t, g), login, phone[len(phone)-4:])
	if err != nil {
		t.Fatal(err)
	}
	return f.as(t, ticket)
}

func (f *fixture) answerAs(t *testing.T, by access.Actor, child id.Person, purpose, answer string) {
	t.Helper()
	if err := f.accounts.AnswerFor(t.Context(), by, child, purpose, text, answer); err != nil {
		t.Fatal(err)
	}
}

func TestGuardianAnswersForEachPurpose(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child, _ := f.alone(t, "linzhixia")
		mother := f.bound(t, "林母", "13900012345", "linmu", child, f.class)
		if c, err := f.accounts.ChildConsents(ctx, mother, child); err != nil || len(c.Asked()) != 3 || !c.Decides {
			t.Fatalf("asked %+v, %v", c, err)
		}
		f.answerAs(t, mother, child, person.PurposeSpace, account.AnswerGiven)
		if d := cmp.Diff(stands{Verified: true, Consent: account.AnswerGiven, Space: space.StatusOpened}, f.stands(t, child)); d != "" {
			t.Error(d)
		}
		if !f.again(t, child).MayTalk() {
			t.Error("talk without an answer does not follow the space")
		}
		f.answerAs(t, mother, child, person.PurposeTalk, account.AnswerRefused)
		if by := f.again(t, child); by.MayTalk() || by.NoConsent {
			t.Errorf("after refusing talk: %+v", by)
		}
		f.answerAs(t, mother, child, person.PurposeTalk, account.AnswerGiven)
		f.answerAs(t, mother, child, person.PurposeSpace, account.AnswerRefused)
		if by := f.again(t, child); !by.MayTalk() || !by.NoConsent {
			t.Errorf("talk given, space withdrawn: %+v", by)
		}
		if d := cmp.Diff(stands{NoConsent: true, Verified: true, Consent: account.AnswerWithdrawn, Space: space.StatusFrozen}, f.stands(t, child)); d != "" {
			t.Error(d)
		}
		f.answerAs(t, mother, child, person.PurposeSpace, account.AnswerRefused)
		all, err := f.people.Consents(ctx, mother, child)
		if err != nil || len(all) != 4 {
			t.Errorf("answers kept: %+v, %v", all, err)
		}
		wantKind(t, "an old text", f.accounts.AnswerFor(ctx, mother, child, person.PurposeTalk, "2018-1", account.AnswerGiven), fault.ErrStale)
		wantKind(t, "no purpose", f.accounts.AnswerFor(ctx, mother, child, "advertising", text, account.AnswerGiven), fault.ErrInvalid)
		wantKind(t, "no answer", f.accounts.AnswerFor(ctx, mother, child, person.PurposeTalk, text, "perhaps"), fault.ErrInvalid)
	})
}

func TestWhoMayAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child, asChild := f.alone(t, "linzhixia")
		foreign := f.pupil(t, f.away, "王一鸣")
		stranger := f.bound(t, "王母", "13900054321", "wangmu", foreign, f.away)
		mother := f.bound(t, "林母", "13900012345", "linmu", child, f.class)
		teacher := f.staff(t, f.class, "classteacher", access.ClassTeacher)
		grown := f.make(t, f.class, person.Draft{Name: "林大", Role: person.RolePupil, Birth: 20040101, IDNo: f.number(20040101)})
		asGrown := f.as(t, f.enter(t, grown, "linda", account.Guardian{}))
		father := f.bound(t, "林爸", "13900067890", "linba", grown, f.class)
		for name, c := range map[string]struct {
			by    access.Actor
			child id.Person
			want  error
		}{
			"a guardian of another child": {stranger, child, fault.ErrNotFound},
			"the teacher":                 {teacher, child, fault.ErrNotFound},
			"the command line":            {f.op, child, fault.ErrNotFound},
			"the child under 14":          {asChild, child, fault.ErrForbidden},
			"another pupil":               {asGrown, child, fault.ErrNotFound},
			"a guardian of a pupil of 14": {father, grown, fault.ErrForbidden},
			"a guardian about himself":    {mother, mother.Person, fault.ErrNotFound},
		} {
			wantKind(t, name, f.accounts.AnswerFor(ctx, c.by, c.child, person.PurposeTalk, text, account.AnswerGiven), c.want)
		}
		f.answerAs(t, asGrown, grown, person.PurposeTalk, account.AnswerRefused)
		if f.again(t, grown).MayTalk() {
			t.Error("a pupil of 14 refused and still may talk")
		}
		if c, err := f.accounts.ChildConsents(ctx, father, grown); err != nil || c.Decides || len(c.Asked()) != 0 {
			t.Errorf("the guardian of a pupil of 14 reads %+v, %v", c, err)
		}
	})
}

// TestDigitsDoNotSpeakForAnAccount: whoever knows the phone of a guardian who has
// an account, as the child does, changes nothing of what he answered there.
func TestDigitsDoNotSpeakForAnAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		child, asChild := f.alone(t, "linzhixia")
		mother := f.bound(t, "林母", "13900067890", "linmu", child, f.class)
		f.answerAs(t, mother, child, account.ConsentPurpose, account.AnswerRefused)
		f.guardian(t, child, f.class, phone)
		g := account.Guardian{Name: "林母", Relation: "mother", Tail: "7890", Answer: account.AnswerGiven}
		wantField(t, f.accounts.AnswerConsent(t.Context(), asChild, g), "tail", "account.consent.own_account")
		if got := f.stands(t, child); got.Consent != account.AnswerRefused {
			t.Errorf("after the mother's digits: %+v", got)
		}
		if err := f.accounts.AnswerConsent(t.Context(), asChild, father(account.AnswerGiven)); err != nil {
			t.Errorf("a guardian without an account: %v", err)
		}
		if got := f.stands(t, child); got.Consent != account.AnswerRefused {
			t.Errorf("the no of one holds: %+v", got)
		}
	})
}

// TestAnswersOfTheDead: the no of a guardian who has died no longer stands beside
// the yes of the other, and stands again when the death is taken back.
func TestAnswersOfTheDead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child, _ := f.alone(t, "linzhixia")
		father := f.bound(t, "林父", "13900012345", "linfu", child, f.class)
		mother := f.bound(t, "林母", "13900067890", "linmu", child, f.class)
		for _, purpose := range []string{account.ConsentPurpose, person.PurposeTalk} {
			f.answerAs(t, mother, child, purpose, account.AnswerGiven)
			f.answerAs(t, father, child, purpose, account.AnswerRefused)
		}
		want := func(when string, no bool) {
			t.Helper()
			if by := f.again(t, child); by.NoConsent != no || by.MayTalk() == no {
				t.Errorf("%s: %+v", when, by)
			}
		}
		want("while they differ", true)
		was, err := f.people.Depart(ctx, f.op, father.Person, person.EndedDied, 0)
		if err != nil {
			t.Fatal(err)
		}
		want("after the father's death", false)
		if err := f.people.Reinstate(ctx, f.op, father.Person, was); err != nil {
			t.Fatal(err)
		}
		want("after it was taken back", true)
	})
}

// TestNobodyAnswersForAPupilOf14: the answer that a guardian gave stands until the
// pupil gives his own; the digits of a phone give none.
func TestNobodyAnswersForAPupilOf14(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.make(t, f.class, person.Draft{Name: "林知夏", Role: person.RolePupil, Birth: 20051130, IDNo: f.number(20051130)})
		by := f.as(t, f.enter(t, who, "linzhixia", account.Guardian{}))
		f.guardian(t, who, f.class, phone)
		if err := f.accounts.AnswerConsent(t.Context(), by, father(account.AnswerRefused)); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(30 * 24 * time.Hour)
		by = f.again(t, who)
		if now, err := f.accounts.Consent(t.Context(), by); err != nil || !now.Self || now.Answer != account.AnswerRefused {
			t.Errorf("on the birthday: %+v, %v", now, err)
		}
		wantKind(t, "the digits", f.accounts.AnswerConsent(t.Context(), by, father(account.AnswerGiven)), fault.ErrForbidden)
		f.answerAs(t, by, who, account.ConsentPurpose, account.AnswerGiven)
		if by := f.again(t, who); by.NoConsent {
			t.Errorf("after his own answer: %+v", by)
		}
		grown := f.make(t, f.class, person.Draft{Name: "林大", Role: person.RolePupil, Birth: 20040101, IDNo: f.number(20040101)})
		if now, err := f.accounts.Consent(t.Context(), f.as(t, f.enter(t, grown, "linda", account.Guardian{}))); err != nil || !now.Self {
			t.Errorf("who was never asked: %+v, %v", now, err)
		}
	})
}

// Two guardians answer at once and differ: both answers are kept, the no holds,
// the register shows the conflict.
func TestGuardiansDifferAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child, _ := f.alone(t, "linzhixia")
		mother := f.bound(t, "林母", "13900012345", "linmu", child, f.class)
		father := f.bound(t, "林爸", "13900067890", "linba", child, f.class)
		var wait sync.WaitGroup
		for _, purpose := range person.Purposes() {
			for by, answer := range map[*access.Actor]string{&mother: account.AnswerGiven, &father: account.AnswerRefused} {
				wait.Go(func() {
					if err := f.accounts.AnswerFor(ctx, *by, child, purpose, text, answer); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wait.Wait()
		// Where the yes came first the space was open for a moment.
		if got := f.stands(t, child); !got.NoConsent || got.Consent != account.AnswerRefused || got.Space == space.StatusOpened {
			t.Errorf("after both: %+v", got)
		}
		manager := f.staff(t, f.school, "manager", access.School)
		rows, err := f.people.Register(ctx, manager, f.school.ID, person.RegisterConflicts)
		if err != nil || len(rows) != 1 || rows[0].ID != child {
			t.Fatalf("conflicts %+v, %v", rows, err)
		}
		for _, purpose := range person.Purposes() {
			if v := rows[0].Verdicts[purpose]; v.Answer != account.AnswerRefused || !v.Conflict || v.Decider.ByName != "林爸" {
				t.Errorf("%s: %+v", purpose, v)
			}
		}
		if counts, err := f.people.RegisterCounts(ctx, manager, 0); err != nil || len(counts) != 1 || counts[0].Conflicts != 3 || counts[0].No[person.PurposeTalk] != 1 {
			t.Errorf("counts %+v, %v", counts, err)
		}
		if _, all, err := f.people.RegisterOf(ctx, manager, child); err != nil || len(all) != 6 {
			t.Errorf("both kept: %+v, %v", all, err)
		}
		f.answerAs(t, father, child, person.PurposeSpace, account.AnswerGiven)
		if d := cmp.Diff(stands{Verified: true, Consent: account.AnswerGiven, Space: space.StatusOpened}, f.stands(t, child)); d != "" {
			t.Errorf("after they agree: %s", d)
		}
	})
}

func TestRegisterOfTwoSchools(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child, _ := f.alone(t, "linzhixia")
		f.answerAs(t, f.bound(t, "林母", "13900012345", "linmu", child, f.class), child, person.PurposeTalk, account.AnswerRefused)
		far := f.staff(t, f.far, "farmanager", access.School)
		_, err := f.people.Register(ctx, far, f.school.ID, "")
		wantKind(t, "another school's register", err, fault.ErrNotFound)
		_, _, err = f.people.RegisterOf(ctx, far, child)
		wantKind(t, "another school's pupil", err, fault.ErrNotFound)
		for name, by := range map[string]access.Actor{"another school": far, "another class": f.staff(t, f.next, "nextteacher", access.ClassTeacher)} {
			if rows, err := f.people.Register(ctx, by, 0, ""); err != nil || len(rows) != 0 {
				t.Errorf("%s reads %+v, %v", name, rows, err)
			}
			if counts, err := f.people.RegisterCounts(ctx, by, 0); err != nil || len(counts) != 0 {
				t.Errorf("%s counts %+v, %v", name, counts, err)
			}
		}
		county := f.staff(t, f.county, "county", access.County)
		_, err = f.people.Register(ctx, county, f.school.ID, "")
		wantKind(t, "the county", err, fault.ErrNotFound)
	})
}

// A text that was replaced: the consent is asked anew, and lapses after the days
// of grace.
func TestConsentToAnOldTextLapses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child, _ := f.alone(t, "linzhixia")
		mother := f.bound(t, "林母", "13900012345", "linmu", child, f.class)
		f.answerAs(t, mother, child, person.PurposeSpace, account.AnswerGiven)
		f.answerAs(t, mother, child, person.PurposeTalk, account.AnswerRefused)
		// As if the text had been replaced long after the consent.
		err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE person_consent SET text_version = '2018-1' WHERE child = $1", child.Int()); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "UPDATE person_consent_state SET version = '2018-1' WHERE child = $1", child.Int())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.accounts.ChildConsents(ctx, mother, child)
		if err != nil || len(c.Asked()) != 2 || !c.States[0].Renew || c.States[0].Until != 20190131 {
			t.Errorf("asked %+v, %v", c.Asked(), err)
		}
		if _, err := f.people.LapseConsents(ctx, access.Actor{Person: child, Role: access.Pupil}); err == nil {
			t.Error("a pupil lets consents lapse")
		}
		if n, err := f.people.LapseConsents(ctx, f.op); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		want := stands{NoConsent: true, Unanswered: true, Verified: true, Space: space.StatusFrozen}
		if d := cmp.Diff(want, f.stands(t, child)); d != "" {
			t.Errorf("after the days of grace: %s", d)
		}
		f.answerAs(t, mother, child, person.PurposeSpace, account.AnswerGiven)
		want = stands{Verified: true, Consent: account.AnswerGiven, Space: space.StatusOpened}
		if d := cmp.Diff(want, f.stands(t, child)); d != "" {
			t.Errorf("after renewing: %s", d)
		}
		if n, err := f.people.LapseConsents(ctx, f.op); err != nil || n != 0 {
			t.Errorf("the job again: %d, %v", n, err)
		}
	})
}
