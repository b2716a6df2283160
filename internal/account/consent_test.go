package account_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

// alone lets a child in whose roster names no phone.
func (f *fixture) alone(t *testing.T, login string) (id.Person, access.Actor) {
	t.Helper()
	who := f.pupil(t, f.class, "林知夏")
	return who, f.as(t, f.enter(t, who, login, account.Guardian{}))
}

// again loads the actor as of now.
func (f *fixture) again(t *testing.T, who id.Person) access.Actor {
	t.Helper()
	by, err := f.accounts.ActorOf(t.Context(), f.op, who, access.Pupil)
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// stands is where a child stands after an answer.
type stands struct {
	NoConsent, Unanswered, Verified bool
	Consent, Space                  string
}

func (f *fixture) stands(t *testing.T, who id.Person) stands {
	t.Helper()
	by, p := f.again(t, who), f.person(t, who)
	sp, err := f.spaces.OfPerson(t.Context(), f.op, who)
	if err != nil || p.Activated.IsZero() {
		t.Fatalf("%+v, %v", p, err)
	}
	return stands{by.NoConsent, by.Unanswered, !p.Verified.IsZero(), p.Consent, sp.Status}
}

var unanswered = stands{NoConsent: true, Unanswered: true, Space: space.StatusMade}

func TestChildWithoutAPhoneComesIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.pupil(t, f.class, "林知夏")
		code := f.code(t, who)
		invented := account.Activation{Code: code, Guardian: father(account.AnswerGiven), Login: "linzhixia", Password: good}
		_, err := f.accounts.Activate(ctx, anybody, invented)
		wantField(t, err, "tail", "account.guardian.nophone")
		wantField(t, f.accounts.CheckGuardian(ctx, anybody, "net", code, account.Guardian{Answer: account.AnswerGiven}), "name", "account.guardian.name.missing")
		if err := f.accounts.CheckGuardian(ctx, anybody, "net", code, account.Guardian{}); err != nil {
			t.Errorf("without an answer: %v", err)
		}
		by := f.as(t, f.enter(t, who, "linzhixia", account.Guardian{}))
		if d := cmp.Diff(unanswered, f.stands(t, who)); d != "" {
			t.Error(d)
		}
		if !by.NoConsent || !by.Unanswered || !by.Allows(access.ClassRead, f.class.Path) {
			t.Errorf("the pupil is %+v", by)
		}
		if all, err := f.people.Consents(ctx, by, who); err != nil || len(all) != 0 {
			t.Errorf("somebody's consent: %+v, %v", all, err)
		}
		if d := cmp.Diff(map[string]int{"person.made": 1, "person.activated": 1}, f.verbs(t, who)); d != "" {
			t.Error(d)
		}
		manager := f.staff(t, f.school, "manager", access.School)
		wantKind(t, "the school signs for the guardian", f.people.Verify(ctx, manager, who, person.SourceSchool), fault.ErrConflict)
		wantField(t, f.accounts.AnswerConsent(ctx, by, father(account.AnswerGiven)), "tail", "account.guardian.nophone")
		if now, err := f.accounts.Consent(ctx, by); err != nil || !now.NoPhone || now.Answer != "" {
			t.Errorf("page %+v, %v", now, err)
		}
	})
}

func TestNewSlipAsksOnceThePhoneIsThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who, _ := f.alone(t, "linzhixia")
		f.enter(t, who, "", account.Guardian{})
		if d := cmp.Diff(unanswered, f.stands(t, who)); d != "" {
			t.Errorf("a second slip without a phone: %s", d)
		}
		f.guardian(t, who, f.class, phone)
		_, err := f.accounts.Activate(t.Context(), anybody, account.Activation{Code: f.code(t, who), Password: good})
		wantField(t, err, "answer", "account.guardian.answer.missing")
		f.enter(t, who, "", father(account.AnswerGiven))
		if d := cmp.Diff(stands{Verified: true, Consent: account.AnswerGiven, Space: space.StatusOpened}, f.stands(t, who)); d != "" {
			t.Error(d)
		}
	})
}

func TestGuardianAnswersLater(t *testing.T) {
	t.Parallel()
	const given, refused, withdrawn = account.AnswerGiven, account.AnswerRefused, account.AnswerWithdrawn
	open := stands{Verified: true, Consent: given, Space: space.StatusOpened}
	closed := stands{NoConsent: true, Consent: refused, Space: space.StatusMade}
	frozen := stands{NoConsent: true, Verified: true, Consent: withdrawn, Space: space.StatusFrozen}
	for name, c := range map[string]struct {
		answers []string
		want    []stands
		records int
	}{
		"agreed, withdrawn, agreed": {[]string{given, withdrawn, given}, []stands{open, frozen, open}, 3},
		"refused, agreed":           {[]string{refused, given}, []stands{closed, open}, 2},
		"twice each":                {[]string{refused, refused, given, given, withdrawn, withdrawn}, []stands{closed, closed, open, open, frozen, frozen}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				f := setup(t, h)
				ctx := t.Context()
				who, by := f.alone(t, "linzhixia")
				f.guardian(t, who, f.class, phone)
				for i, answer := range c.answers {
					if err := f.accounts.AnswerConsent(ctx, by, father(answer)); err != nil {
						t.Fatalf("%s: %v", answer, err)
					}
					if d := cmp.Diff(c.want[i], f.stands(t, who)); d != "" {
						t.Errorf("after %s: %s", answer, d)
					}
				}
				all, err := f.people.Consents(ctx, by, who)
				if err != nil || len(all) != c.records || all[0].ByName != "林父" || all[0].TextVersion != account.ConsentText {
					t.Errorf("records %+v, %v", all, err)
				}
				now, err := f.accounts.Consent(ctx, by)
				if err != nil || now.Answer != c.answers[len(c.answers)-1] || now.Relation != "father" || now.At.IsZero() {
					t.Errorf("page %+v, %v", now, err)
				}
				if got := f.verbs(t, who); got["person.verified"] != 1 || got["person.unverified"] != 0 {
					t.Errorf("events %v", got)
				}
			})
		})
	}
}

func TestAnswersThatDoNotFit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who, by := f.alone(t, "linzhixia")
		f.guardian(t, who, f.class, phone)
		wantField(t, f.accounts.AnswerConsent(ctx, by, father(account.AnswerWithdrawn)), "answer", "account.guardian.answer.missing")
		wantField(t, f.accounts.AnswerConsent(ctx, by, father("")), "answer", "account.guardian.answer.missing")
		if err := f.accounts.AnswerConsent(ctx, by, father(account.AnswerGiven)); err != nil {
			t.Fatal(err)
		}
		wantField(t, f.accounts.AnswerConsent(ctx, by, father(account.AnswerRefused)), "answer", "account.guardian.answer.missing")
		teacher := f.staff(t, f.class, "banzhuren", access.ClassTeacher)
		wantKind(t, "a teacher answers", f.accounts.AnswerConsent(ctx, teacher, father(account.AnswerGiven)), fault.ErrNotFound)
		wantKind(t, "nobody answers", f.accounts.AnswerConsent(ctx, anybody, father(account.AnswerGiven)), fault.ErrForbidden)
		grown := f.make(t, f.class, person.Draft{Name: "大学生", Role: person.RolePupil, Birth: 20000101, Sex: 1, IDNo: f.number(20000101)})
		wantKind(t, "who decides himself", f.accounts.AnswerConsent(ctx, f.as(t, f.enter(t, grown, "daxuesheng", account.Guardian{})), father(account.AnswerGiven)), fault.ErrForbidden)
	})
}

func TestFiveWrongAnswersNeedANewSlip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who, by := f.alone(t, "linzhixia")
		f.guardian(t, who, f.class, phone)
		wrong := father(account.AnswerGiven)
		wrong.Tail = "9999"
		wantField(t, f.accounts.AnswerConsent(ctx, by, wrong), "tail", "account.guardian.tail")
		if err := f.accounts.AnswerConsent(ctx, by, father(account.AnswerRefused)); err != nil {
			t.Fatal(err)
		}
		for left := account.CodeTries - 1; left > 0; left-- {
			err := f.accounts.AnswerConsent(ctx, by, wrong)
			wantField(t, err, "tail", "account.guardian.tail")
			if got := fault.Fields(err)[0].Args[0]; got != left {
				t.Errorf("%v tries left, want %d", got, left)
			}
		}
		wantField(t, f.accounts.AnswerConsent(ctx, by, wrong), "tail", "account.consent.locked")
		wantField(t, f.accounts.AnswerConsent(ctx, by, father(account.AnswerGiven)), "tail", "account.consent.locked")
		if now, err := f.accounts.Consent(ctx, by); err != nil || !now.Locked {
			t.Errorf("page %+v, %v", now, err)
		}
		f.enter(t, who, "", account.Guardian{})
		if err := f.accounts.AnswerConsent(ctx, f.again(t, who), father(account.AnswerGiven)); err != nil {
			t.Errorf("after a new slip: %v", err)
		}
	})
}

// TestAnswersAtOnce races guesses: no more than five are compared.
func TestAnswersAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who, by := f.alone(t, "linzhixia")
		f.guardian(t, who, f.class, phone)
		right := race(4, func(int) error { return f.accounts.AnswerConsent(t.Context(), by, father(account.AnswerGiven)) })
		for _, err := range right {
			if err != nil {
				t.Errorf("the same answer four times: %v", err)
			}
		}
		if all, err := f.people.Consents(t.Context(), by, who); err != nil || len(all) != 1 {
			t.Errorf("records %+v, %v", all, err)
		}
		locked := 0
		for _, err := range race(12, func(int) error {
			wrong := father(account.AnswerWithdrawn)
			wrong.Tail = "9999"
			return f.accounts.AnswerConsent(t.Context(), by, wrong)
		}) {
			if fields := fault.Fields(err); len(fields) == 1 && fields[0].Key == "account.consent.locked" {
				locked++
			} else {
				wantField(t, err, "tail", "account.guardian.tail")
			}
		}
		if locked != 12-account.CodeTries+1 {
			t.Errorf("%d of 12 guesses are stopped", locked)
		}
	})
}

// TestChildTurns14 lets the calendar decide: the birthday opens talk, the next
// sign-in or slip the space, and the roster verifies whom it can.
func TestChildTurns14(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number, slip, refused bool
		want                  stands
	}{
		"signs in":               {number: true, want: stands{Verified: true, Space: space.StatusOpened}},
		"gets a slip":            {number: true, slip: true, want: stands{Verified: true, Space: space.StatusOpened}},
		"without a number":       {want: stands{Space: space.StatusOpened}},
		"slip without a number":  {slip: true, want: stands{Space: space.StatusOpened}},
		"a guardian had refused": {number: true, refused: true, want: stands{NoConsent: true, Consent: account.AnswerRefused, Space: space.StatusMade}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				f := setup(t, h)
				d := person.Draft{Name: "林知夏", Role: person.RolePupil, Birth: 20051130, Sex: 2, NoIDReason: "待补"}
				if c.number {
					d.IDNo, d.NoIDReason = f.number(20051130), ""
				}
				who := f.make(t, f.class, d)
				by := f.as(t, f.enter(t, who, "linzhixia", account.Guardian{}))
				if d := cmp.Diff(unanswered, f.stands(t, who)); d != "" {
					t.Error(d)
				}
				if c.refused {
					f.guardian(t, who, f.class, phone)
					if err := f.accounts.AnswerConsent(t.Context(), by, father(account.AnswerRefused)); err != nil {
						t.Fatal(err)
					}
				}
				f.Clock.Advance(30 * 24 * time.Hour)
				if by := f.again(t, who); by.NoConsent != c.refused {
					t.Errorf("on the birthday %+v", by)
				}
				if c.slip {
					f.enter(t, who, "", account.Guardian{})
				} else if _, err := f.accounts.SignIn(t.Context(), anybody, account.Credentials{Login: "linzhixia", Password: good}); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(c.want, f.stands(t, who)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// TestGapOfAClass counts why pupils who came in are not verified.
func TestGapOfAClass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.alone(t, "in-without")
		f.pupil(t, f.class, "不来的") // no phone, has not come in
		asked, _ := f.alone(t, "phone-later")
		f.guardian(t, asked, f.class, phone)
		refusing := f.pupil(t, f.class, "赵小北")
		f.guardian(t, refusing, f.class, "13900022345")
		f.enter(t, refusing, "zhaoxiaobei", father(account.AnswerRefused))
		agreed := f.pupil(t, f.class, "周小满")
		f.guardian(t, agreed, f.class, "13900032345")
		f.enter(t, agreed, "zhouxiaoman", father(account.AnswerGiven))
		teacher, manager := f.staff(t, f.class, "banzhuren", access.ClassTeacher), f.staff(t, f.school, "manager", access.School)
		want := account.Tally{People: 5, Activated: 4, Verified: 1, Refused: 1, NoPhone: 2}
		for name, by := range map[string]access.Actor{"class teacher": teacher, "manager": manager} {
			list, err := f.accounts.List(ctx, by, f.class.ID)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, list.Pupil); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			states := map[string]int{}
			for _, m := range list.Pupils {
				states[m.State]++
				if m.Checkable() {
					t.Errorf("%s may check %s", name, m.Name)
				}
			}
			if d := cmp.Diff(map[string]int{account.StateNoPhone: 1, account.StateMade: 1, account.StateUnasked: 1, account.StateRefused: 1, account.StateVerified: 1}, states); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
		counts, err := f.accounts.ClassCounts(ctx, manager, f.school.ID)
		if err != nil || len(counts) == 0 || counts[0].Tally != want {
			t.Errorf("school %+v, %v", counts, err)
		}
	})
}
