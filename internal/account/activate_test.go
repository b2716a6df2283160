package account_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/space"
)

var anybody = access.Anonymous()

func TestAdultActivates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.teacher(t, f.class, "周沐阳")
		ticket := f.enter(t, who, "ZhouMuYang", account.Guardian{})
		by := f.as(t, ticket)
		want := access.Actor{Person: who, Account: by.Account, Role: access.ClassTeacher, Name: "周沐阳", Places: []access.Place{
			{Node: f.class.ID, Path: f.class.Path, Role: access.ClassTeacher}, {Node: f.class.ID, Path: f.class.Path, Role: access.Teacher},
			{Node: f.school.ID, Role: access.Teacher}}}
		for i := range want.Places {
			want.Places[i].From = clock.DayOf(dbtest.Start)
		}
		if d := cmp.Diff(want, by, cmp.AllowUnexported(access.Actor{})); d != "" {
			t.Error(d)
		}
		if by.Allows(access.ClassRead, f.next.Path) {
			t.Error("a teacher reads a class that he does not teach")
		}
		if p := f.person(t, who); p.Activated.IsZero() || p.Verified.IsZero() || p.Source != person.SourceRoster {
			t.Errorf("state %+v", p)
		}
		if got := f.verbs(t, who); got["person.activated"] != 1 || got["person.verified"] != 1 {
			t.Errorf("events %v", got)
		}
		if a, err := f.accounts.Own(t.Context(), by); err != nil || a.Login != "zhoumuyang" {
			t.Errorf("account %+v, %v", a, err)
		}
	})
}

func TestChildUnder14(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer   string
		verified bool
		status   string
	}{
		"agreed":  {account.AnswerGiven, true, space.StatusOpened},
		"refused": {account.AnswerRefused, false, space.StatusMade},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
				f := setup(t, h)
				ctx := t.Context()
				who := f.pupil(t, f.class, "林知夏")
				f.guardian(t, who, f.class, phone)
				code := f.code(t, who)
				o, err := f.accounts.OpenLogin(ctx, anybody, "net", code)
				if err != nil || !o.AskGuardian || o.NoPhone || !o.Young || o.Name != "林知夏" || o.School != "南关实验小学" || o.Class != "三年级1班" || o.Suggestion == "" {
					t.Fatalf("opening %+v, %v", o, err)
				}
				_, err = f.accounts.Activate(ctx, anybody, account.Activation{Code: code, Login: "linzhixia", Password: good})
				wantField(t, err, "answer", "account.guardian.answer.missing")
				by := f.as(t, f.enter(t, who, "linzhixia", father(c.answer)))
				if by.Role != access.Pupil || !by.Allows(access.ClassTalk, f.class.Path) || by.Allows(access.ClassRead, f.next.Path) {
					t.Errorf("the pupil is %+v", by)
				}
				if by.NoConsent == c.verified || by.Unanswered {
					t.Errorf("%s, and the pupil acts as %+v", c.answer, by)
				}
				p := f.person(t, who)
				if p.Activated.IsZero() || p.Verified.IsZero() == c.verified || p.Consent != c.answer {
					t.Errorf("state %+v", p)
				}
				consents, err := f.people.Consents(ctx, by, who)
				if err != nil || len(consents) != 1 || consents[0].TextVersion != account.ConsentText || consents[0].ByName != "林父" || consents[0].Answer != c.answer {
					t.Errorf("consents %+v, %v", consents, err)
				}
				if sp, err := f.spaces.OfPerson(ctx, by, who); err != nil || sp.Status != c.status {
					t.Errorf("personal space %+v, %v", sp, err)
				}
				again := f.enter(t, who, "", account.Guardian{})
				if p := f.person(t, who); p.Verified.IsZero() == c.verified {
					t.Errorf("a new slip changes the answer: %+v", p)
				}
				if again.Person != who {
					t.Errorf("ticket %+v", again)
				}
			})
		})
	}
}

func TestWhoNeedsAGuardian(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		middle := f.middle(t)
		for name, c := range map[string]struct {
			at    org.Node
			birth int
			ask   bool
		}{
			"thirteen":                       {f.class, 20051106, true},
			"fourteen today":                 {f.class, 20051105, false},
			"unknown birth, primary":         {f.class, 0, true},
			"unknown birth, first of junior": {middle[0], 0, true},
			"unknown birth, third of junior": {middle[1], 0, false},
		} {
			who := f.make(t, c.at, person.Draft{Name: name, Role: person.RolePupil, StudentNo: fmt.Sprintf("J220102%08d31", 20100000+f.numbers), Birth: day(c.birth)})
			f.numbers++
			o, err := f.accounts.Open(t.Context(), anybody, "net", f.code(t, who))
			if err != nil || o.AskGuardian != c.ask {
				t.Errorf("%s: asks %v, %v", name, o.AskGuardian, err)
			}
			if c.ask && !o.NoPhone {
				t.Errorf("%s: no phone on the roster is not said", name)
			}
		}
	})
}

func TestPupilWithoutNumberWaitsForTheSchool(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.make(t, f.class, person.Draft{Name: "金美妍", Role: person.RolePupil, Sex: 2, Birth: 20100101, NoIDReason: "待补"})
		f.guardian(t, who, f.class, phone)
		f.enter(t, who, "jinmeiyan", father(account.AnswerGiven))
		manager, class, foreign := f.staff(t, f.school, "manager", access.School), f.staff(t, f.class, "banzhuren", access.ClassTeacher), f.staff(t, f.far, "stranger", access.School)
		list, err := f.accounts.List(ctx, manager, f.class.ID)
		if err != nil || len(list.Pupils) != 1 || !list.Pupils[0].Checkable() || !list.Check {
			t.Fatalf("list %+v, %v", list, err)
		}
		wantKind(t, "class teacher signs", f.people.Verify(ctx, class, who, person.SourceSchool), fault.ErrNotFound)
		wantKind(t, "another school signs", f.people.Verify(ctx, foreign, who, person.SourceSchool), fault.ErrNotFound)
		if err := f.people.Verify(ctx, manager, who, person.SourceSchool); err != nil {
			t.Fatal(err)
		}
		if p := f.person(t, who); p.Source != person.SourceSchool {
			t.Errorf("state %+v", p)
		}
	})
}

func TestGuardianDigits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.pupil(t, f.class, "林知夏")
		f.guardian(t, who, f.class, phone)
		code := f.code(t, who)
		wrong := father(account.AnswerGiven)
		wrong.Tail = "9999"
		for left := 4; left > 0; left-- {
			err := f.accounts.CheckGuardian(ctx, anybody, "net", code, wrong)
			wantField(t, err, "tail", "account.guardian.tail")
			if got := fault.Fields(err)[0].Args[0]; got != left {
				t.Errorf("%v tries left, want %d", got, left)
			}
		}
		wantField(t, f.accounts.CheckGuardian(ctx, anybody, "net", code, wrong), "code", "account.code.tries")
		wantField(t, f.accounts.CheckGuardian(ctx, anybody, "net", code, father(account.AnswerGiven)), "code", "account.code.tries")
		_, err := f.accounts.Activate(ctx, anybody, account.Activation{Code: code, Guardian: father(account.AnswerGiven), Login: "linzhixia", Password: good})
		wantField(t, err, "code", "account.code.tries")
		wide := father(account.AnswerGiven)
		wide.Tail = "２３４５"
		if err := f.accounts.CheckGuardian(ctx, anybody, "net", f.code(t, who), wide); err != nil {
			t.Errorf("a new slip with full-width digits: %v", err)
		}
	})
}

// TestGuardianDigitsAtOnce: guesses sent at once get no sixth try, and the right
// digits are not told apart after it.
func TestGuardianDigitsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.pupil(t, f.class, "林知夏")
		f.guardian(t, who, f.class, phone)
		code := f.code(t, who)
		heard := 0
		for _, err := range race(40, func(i int) error {
			g := father(account.AnswerGiven)
			g.Tail = fmt.Sprintf("%04d", i)
			return f.accounts.CheckGuardian(ctx, anybody, "net", code, g)
		}) {
			if fields := fault.Fields(err); len(fields) != 1 || fields[0].Key != "account.code.tries" {
				wantField(t, err, "tail", "account.guardian.tail")
				heard++
			}
		}
		if heard != account.CodeTries-1 {
			t.Errorf("%d guesses were heard and the slip went on, want %d", heard, account.CodeTries-1)
		}
		wantField(t, f.accounts.CheckGuardian(ctx, anybody, "net", code, father(account.AnswerGiven)), "code", "account.code.tries")
	})
}

// TestActivationEndsTheSessionBefore: a browser holds one session, also where
// somebody comes in by a slip on a computer that another has left open.
func TestActivationEndsTheSessionBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		before := f.enter(t, f.teacher(t, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
		next, err := f.accounts.Activate(t.Context(), anybody, account.Activation{Code: f.code(t, f.teacher(t, f.next, "金美妍")), Login: "jinmeiyan",
			Password: good, Old: before.Token})
		if err != nil {
			t.Fatal(err)
		}
		f.as(t, next)
		_, _, err = f.accounts.Authenticate(t.Context(), before.Token)
		wantKind(t, "the session before", err, fault.ErrNotFound)
	})
}

func TestUnusableCodes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.school, "周沐阳")
		look := func(code string) error {
			_, err := f.accounts.Open(ctx, anybody, "net", code)
			return err
		}
		old := f.code(t, who)
		fresh := f.code(t, who)
		wantField(t, look(old), "code", "account.code.void")
		wantField(t, look(""), "code", "account.code.missing")
		wantField(t, look(fresh[:17]), "code", "account.code.short")
		wantField(t, look(fresh+"AAAA"), "code", "account.code.long")
		wantField(t, look("ABCD-ABCD-ABCD-ABCD"), "code", "account.code.unknown")
		if err := look(fresh); err != nil {
			t.Errorf("the fresh one: %v", err)
		}
		f.Clock.Advance(account.CodeLife - time.Second)
		if err := look(fresh); err != nil {
			t.Errorf("on its last day: %v", err)
		}
		f.Clock.Advance(time.Second)
		wantField(t, look(fresh), "code", "account.code.expired")
		last := f.code(t, who)
		act := account.Activation{Code: last, Login: "zhoumuyang", Password: good}
		if _, err := f.accounts.Activate(ctx, anybody, act); err != nil {
			t.Fatal(err)
		}
		wantField(t, look(last), "code", "account.code.used")
		if _, err := f.accounts.Activate(ctx, anybody, act); err != nil {
			t.Errorf("the second click of the holder: %v", err)
		}
		act.Password = other
		_, err := f.accounts.Activate(ctx, anybody, act)
		wantField(t, err, "code", "account.code.used")
		if got := f.verbs(t, who); got["person.activated"] != 1 {
			t.Errorf("events %v", got)
		}
	})
}

func TestCodesAreNotGuessed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		code := f.code(t, f.teacher(t, f.school, "周沐阳"))
		stopped := 0
		for range 1000 {
			if _, err := f.accounts.Open(ctx, anybody, "guesser", "ABCD-ABCD-ABCD-ABCD"); fault.Kind(err) == fault.ErrTooMany {
				stopped++
			}
		}
		if stopped < 900 {
			t.Errorf("%d of 1,000 guesses are stopped", stopped)
		}
		if _, err := f.accounts.Open(ctx, anybody, "another network", code); err != nil {
			t.Errorf("somebody else's right code: %v", err)
		}
		if _, err := f.accounts.Open(ctx, anybody, "guesser", code); err != nil {
			t.Errorf("the right code of somebody in the guesser's class: %v", err)
		}
	})
}

func TestTakenNamesFiveTimes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.enter(t, f.teacher(t, f.school, "金美妍"), "taken", account.Guardian{})
		code := f.code(t, f.teacher(t, f.school, "周沐阳"))
		try := func(login string) error {
			_, err := f.accounts.Activate(ctx, anybody, account.Activation{Code: code, Login: login, Password: good})
			return err
		}
		for range account.CodeTries {
			wantField(t, try("TAKEN"), "login", "account.login.taken")
		}
		wantField(t, try("taken"), "login", "account.login.tries")
		wantField(t, try("anything"), "login", "account.login.tries")
		o, err := f.accounts.OpenLogin(ctx, anybody, "net", code)
		if err != nil || !o.OnlySuggestion {
			t.Fatalf("opening %+v, %v", o, err)
		}
		if err := try(o.Suggestion); err != nil {
			t.Errorf("the suggested name: %v", err)
		}
	})
}

// TestOneCodeTwice races two phones with one slip.
func TestOneCodeTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for round := range 4 {
			who := f.teacher(t, f.school, fmt.Sprintf("教师%d", round))
			code := f.code(t, who)
			errs := race(6, func(i int) error {
				_, err := f.accounts.Activate(t.Context(), anybody, account.Activation{Code: code, Network: fmt.Sprint(i),
					Login: fmt.Sprintf("round%d-%d", round, i), Password: fmt.Sprintf("maple-river-%d", i)})
				return err
			})
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else {
					wantField(t, err, "code", "account.code.used")
				}
			}
			if won != 1 {
				t.Errorf("%d of 6 came in", won)
			}
			if got := f.verbs(t, who); got["person.activated"] != 1 || got["person.verified"] != 1 {
				t.Errorf("events %v", got)
			}
		}
	})
}

// TestOneNameTwice races two slips for one sign-in name.
func TestOneNameTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for round := range 4 {
			var people []id.Person
			var codes []string
			for i := range 6 {
				who := f.teacher(t, f.school, fmt.Sprintf("教师%d%d", round, i))
				people, codes = append(people, who), append(codes, f.code(t, who))
			}
			errs := race(6, func(i int) error {
				_, err := f.accounts.Activate(t.Context(), anybody, account.Activation{Code: codes[i], Network: fmt.Sprint(i),
					Login: fmt.Sprintf("same%d", round), Password: good})
				return err
			})
			won := 0
			for i, err := range errs {
				activated := !f.person(t, people[i]).Activated.IsZero()
				if (err == nil) != activated {
					t.Errorf("answer %v, activated %v", err, activated)
				}
				if err == nil {
					won++
				} else {
					wantField(t, err, "login", "account.login.taken")
				}
			}
			if won != 1 {
				t.Errorf("%d of 6 got the name", won)
			}
		}
	})
}

// race runs fn n times at once and returns the answers.
func race(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func TestProgressIsSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		want := account.Progress{Code: "K7QM3XWP9T2DHV6R", Confirmed: true, Guardian: father(account.AnswerRefused)}
		kept, err := f.accounts.Keep(t.Context(), anybody, want)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := f.accounts.Kept(t.Context(), anybody, kept)
		if d := cmp.Diff(want, got); d != "" || !ok {
			t.Error(d)
		}
		for _, forged := range []string{"", "x", kept[:len(kept)-2] + "AA", "eyJjIjoiSyJ9"} {
			if _, ok := f.accounts.Kept(t.Context(), anybody, forged); ok {
				t.Errorf("%q is taken", forged)
			}
		}
	})
}
