package account_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

func code(secret string, at time.Time) string { return factor.Code(secret, at) }

// wrongCode is the i-th code that the secret does not make now.
func wrongCode(secret string, at time.Time, i int) string {
	typed := fmt.Sprintf("%06d", i)
	for _, step := range []time.Duration{-factor.Period, 0, factor.Period} {
		if typed == code(secret, at.Add(step)) {
			return "999999"
		}
	}
	return typed
}

// manager makes a school's manager who has signed in before factors were asked
// for, and turns the fixture to the service that asks.
func (f *fixture) manager(t testing.TB) (who id.Person, before account.Ticket) {
	t.Helper()
	who = f.teacher(t, f.school, "周沐阳")
	f.grant(t, who, f.school, access.School)
	before = f.enter(t, who, "zhoumuyang", account.Guardian{})
	f.accounts = f.withFactors(t)
	return who, before
}

func (f *fixture) half(t testing.TB, login string) string {
	t.Helper()
	ticket, err := f.signIn(t.Context(), login, good, "192.0.2.9", "")
	if err != nil || ticket.Half == "" || ticket.Token != "" || ticket.Mark != "" {
		t.Fatalf("half a sign-in: %+v, %v", ticket, err)
	}
	return ticket.Half
}

// TestWhoNeedsAFactor: whoever can see more than one class.
func TestWhoNeedsAFactor(t *testing.T) {
	t.Parallel()
	at := func(role access.Role, node id.Node, path string) access.Place {
		return access.Place{Role: role, Node: node, Path: path}
	}
	for name, c := range map[string]struct {
		places []access.Place
		want   bool
	}{
		"nobody":                         {nil, false},
		"pupil":                          {[]access.Place{at(access.Pupil, 5, "1/2/")}, false},
		"guardian of two":                {[]access.Place{at(access.Guardian, 5, "1/2/"), at(access.Guardian, 6, "1/3/")}, false},
		"teacher of one class":           {[]access.Place{at(access.Teacher, 5, "1/2/"), at(access.Teacher, 9, "")}, false},
		"class teacher who teaches it":   {[]access.Place{at(access.ClassTeacher, 5, "1/2/"), at(access.Teacher, 5, "1/2/")}, false},
		"teacher of two classes":         {[]access.Place{at(access.Teacher, 5, "1/2/"), at(access.Teacher, 6, "1/3/")}, true},
		"class teacher, another subject": {[]access.Place{at(access.ClassTeacher, 5, "1/2/"), at(access.Teacher, 6, "1/3/")}, true},
		"registrar beside":               {[]access.Place{at(access.Teacher, 5, "1/2/"), at(access.Registrar, 9, "1/")}, true},
		"security administrator":         {[]access.Place{at(access.SecAdmin, 1, "1/")}, true},
		"expert":                         {[]access.Place{at(access.Expert, 1, "1/")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := account.NeedsFactor(access.Actor{Places: c.places}); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestSignInWithFactor: enrolment at the first sign-in, then a code each time,
// each code once; recovery codes once.
func TestSignInWithFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		_, before := f.manager(t)
		_, _, err := f.accounts.Authenticate(ctx, before.Token)
		if _, ok := err.(interface{ StepUp() }); !ok {
			t.Fatalf("a session without the factor: %v", err)
		}
		token := f.half(t, "zhoumuyang")
		if _, _, err := f.accounts.Authenticate(ctx, token); fault.Kind(err) != fault.ErrNotFound {
			t.Fatalf("half a sign-in opens something: %v", err)
		}
		hs, err := f.accounts.Half(ctx, anybody, token)
		if err != nil || hs.Step != account.StepEnrol || hs.Secret == "" {
			t.Fatalf("%+v, %v", hs, err)
		}
		_, err = f.accounts.PassCode(ctx, anybody, token, "123456")
		wantKind(t, "a code before the enrolment", err, fault.ErrNotFound)
		_, _, err = f.accounts.EnrolApp(ctx, anybody, token, wrongCode(hs.Secret, f.Clock.Now(), 1))
		wantField(t, err, "code", "account.factor.wrong")
		ticket, codes, err := f.accounts.EnrolApp(ctx, anybody, token, code(hs.Secret, f.Clock.Now()))
		if err != nil || len(codes) != factor.RecoveryCodes {
			t.Fatalf("%v, %v", codes, err)
		}
		if by := f.as(t, ticket); by.Role != access.School {
			t.Errorf("comes in as %+v", by)
		}
		_, _, err = f.accounts.EnrolApp(ctx, anybody, token, code(hs.Secret, f.Clock.Now()))
		wantKind(t, "the spent half", err, fault.ErrNotFound)

		token = f.half(t, "zhoumuyang")
		_, err = f.accounts.PassCode(ctx, anybody, token, code(hs.Secret, f.Clock.Now()))
		wantField(t, err, "code", "account.factor.spent")
		f.Clock.Advance(factor.Period)
		typed := code(hs.Secret, f.Clock.Now())
		spoken := ""
		for _, r := range typed { // O for 0, full width, a blank between
			if r == '0' {
				r = 'O'
			} else {
				r = r - '0' + '０'
			}
			spoken += string(r)
			if len([]rune(spoken)) == 3 {
				spoken += " "
			}
		}
		if _, err := f.accounts.PassCode(ctx, anybody, token, spoken); err != nil {
			t.Errorf("%q for %s: %v", spoken, typed, err)
		}
		token = f.half(t, "zhoumuyang")
		if _, err := f.accounts.PassCode(ctx, anybody, token, codes[3]); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		token = f.half(t, "zhoumuyang")
		_, err = f.accounts.PassCode(ctx, anybody, token, codes[3])
		wantField(t, err, "code", "account.factor.wrong")
		f.Clock.Advance(account.HalfLife)
		_, err = f.accounts.PassCode(ctx, anybody, token, code(hs.Secret, f.Clock.Now()))
		wantKind(t, "half a sign-in after ten minutes", err, fault.ErrNotFound)
	})
}

// TestOneCodeTwiceAtOnce: of many with one code and one half-open sign-in each,
// one comes in.
func TestOneCodeTwiceAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who, _ := f.manager(t)
		secret, err := f.accounts.Preset(t.Context(), access.System("test"), who)
		if err != nil {
			t.Fatal(err)
		}
		var in atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			token := f.half(t, "zhoumuyang")
			all.Go(func() {
				if _, err := f.accounts.PassCode(context.Background(), anybody, token, code(secret, f.Clock.Now())); err == nil {
					in.Add(1)
				}
			})
		}
		all.Wait()
		if n := in.Load(); n != 1 {
			t.Errorf("%d come in with one code", n)
		}
	})
}

// TestTwoEnrolAtOnce: of two who know the password and bind an app at the same
// moment one comes in, and the app that stays is his.
func TestTwoEnrolAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.manager(t)
		halves, secrets := make([]string, 4), make([]string, 4)
		for i := range halves {
			halves[i] = f.half(t, "zhoumuyang")
			hs, err := f.accounts.Half(t.Context(), anybody, halves[i])
			if err != nil {
				t.Fatal(err)
			}
			secrets[i] = hs.Secret
		}
		in := -1
		for i, err := range race(4, func(i int) error {
			_, _, err := f.accounts.EnrolApp(t.Context(), anybody, halves[i], code(secrets[i], f.Clock.Now()))
			return err
		}) {
			switch {
			case err == nil && in >= 0:
				t.Errorf("%d and %d come in", in, i)
			case err == nil:
				in = i
			default:
				wantKind(t, "the slower one", err, fault.ErrNotFound)
			}
		}
		f.Clock.Advance(factor.Period)
		if _, err := f.accounts.PassCode(t.Context(), anybody, f.half(t, "zhoumuyang"), code(secrets[max(in, 0)], f.Clock.Now())); err != nil {
			t.Errorf("the app of whoever came in: %v", err)
		}
	})
}

// TestLastFactorStays: of a holder who needs one, also when both go at once.
func TestLastFactorStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who, _ := f.manager(t)
		ctx := t.Context()
		secret, err := f.accounts.Preset(ctx, access.System("test"), who)
		if err != nil {
			t.Fatal(err)
		}
		ticket, err := f.accounts.PassCode(ctx, anybody, f.half(t, "zhoumuyang"), code(secret, f.Clock.Now()))
		if err != nil {
			t.Fatal(err)
		}
		by := f.as(t, ticket)
		wantKind(t, "removing the last factor", f.accounts.RemoveApp(ctx, by, ticket.Token, account.Proof{}), fault.ErrConflict)
		f.Clock.Advance(account.FreshFor)
		wantField(t, f.accounts.Fresh(ctx, by, ticket.Token, ""), "code", "account.factor.missing")
		wantField(t, f.accounts.RemoveApp(ctx, by, ticket.Token, account.Proof{Code: "000000"}), "code", "account.factor.wrong")
		if err := f.accounts.Fresh(ctx, by, ticket.Token, code(secret, f.Clock.Now())); err != nil {
			t.Error(err)
		}
		if codes, err := f.accounts.NewCodes(ctx, by, ticket.Token, account.Proof{}); err != nil || len(codes) != 10 {
			t.Errorf("%v, %v", codes, err)
		}
	})
}

// TestResetByAnother: the school for its staff, the security administrator for
// officers, nobody for himself, nobody across schools.
func TestResetByAnother(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		province := f.node(t, "22")
		school := f.staff(t, f.school, "school-boss", access.School)
		far := f.staff(t, f.far, "far-boss", access.School)
		sec := f.staff(t, province, "sec-admin", access.SecAdmin)
		registrar := f.staff(t, f.school, "registrar-1", access.Registrar)
		officer := f.staff(t, f.county, "county-boss", access.County) // works at the school too
		ticket, err := f.signIn(ctx, "registrar-1", good, "net", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range []id.Person{registrar.Person, officer.Person, school.Person} {
			if _, err := f.accounts.Preset(ctx, access.System("test"), who); err != nil {
				t.Fatal(err)
			}
		}
		wantKind(t, "the neighbour school", f.accounts.ResetFactor(ctx, far, registrar.Person), fault.ErrNotFound)
		wantKind(t, "oneself", f.accounts.ResetFactor(ctx, school, school.Person), fault.ErrForbidden)
		wantKind(t, "the county by the school", f.accounts.ResetFactor(ctx, school, officer.Person), fault.ErrForbidden)
		wantKind(t, "by the registrar", f.accounts.ResetFactor(ctx, registrar, school.Person), fault.ErrNotFound)
		e, err := f.accounts.Entrance(ctx, school, registrar.Person)
		if err != nil || !e.Reset || !e.Factors || e.Sessions != 2 || e.Name == "" {
			t.Errorf("what the school sees: %+v, %v", e, err)
		}
		if e, err := f.accounts.Entrance(ctx, sec, registrar.Person); err != nil || e.Name != "" || e.Login != "registrar-1" {
			t.Errorf("what the security administrator sees: %+v, %v", e, err)
		}
		if err := f.accounts.ResetFactor(ctx, school, registrar.Person); err != nil {
			t.Error(err)
		}
		_, _, err = f.accounts.Authenticate(ctx, ticket.Token)
		wantKind(t, "a session from before the reset", err, fault.ErrNotFound)
		if err := f.accounts.ResetFactor(ctx, sec, officer.Person); err != nil {
			t.Error(err)
		}
		if _, err := f.accounts.FindEntrance(ctx, school, "registrar-1"); fault.Kind(err) != fault.ErrForbidden {
			t.Errorf("a school finds accounts by name: %v", err)
		}
		wantKind(t, "ending sessions across schools", second(f.accounts.EndSessionsOf(ctx, far, registrar.Person)), fault.ErrNotFound)
		if n, err := f.accounts.EndSessionsOf(ctx, sec, school.Person); err != nil || n != 1 {
			t.Errorf("ended %d, %v", n, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// TestPolicyOfAdministrators: the security administrator sets the policy; under
// 等保 a password of 90 days is changed before anything opens, and none of the
// last five comes back.
func TestPolicyOfAdministrators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		sec := f.staff(t, f.node(t, "22"), "sec-admin", access.SecAdmin)
		school := f.staff(t, f.school, "school-boss", access.School)
		wantKind(t, "by a school", f.accounts.SetPolicy(ctx, school, account.Dengbao, 0), fault.ErrForbidden)
		wantField(t, f.accounts.SetPolicy(ctx, sec, "lax", 0), "preset", "account.policy.choose")
		if err := f.accounts.SetPolicy(ctx, sec, account.Dengbao, 0); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "over a change", f.accounts.SetPolicy(ctx, sec, account.Modern, 0), fault.ErrStale)
		ticket, err := f.signIn(ctx, "school-boss", good, "net", "")
		if err != nil || ticket.Token == "" {
			t.Fatalf("the days begin now: %+v, %v", ticket, err)
		}
		wantField(t, f.accounts.ChangePassword(ctx, f.as(t, ticket), ticket.Token, good, "maple river bridge"), "password", "account.password.kinds")
		f.Clock.Advance(account.PasswordLife + time.Hour)
		half, err := f.signIn(ctx, "school-boss", good, "net", "")
		if err != nil || half.Half == "" || half.Token != "" {
			t.Fatalf("90 days later: %+v, %v", half, err)
		}
		_, err = f.accounts.NewPassword(ctx, anybody, half.Half, good)
		wantField(t, err, "password", "account.password.again")
		in, err := f.accounts.NewPassword(ctx, anybody, half.Half, "Maple-River-43")
		if err != nil || f.as(t, in).Role != access.School {
			t.Fatalf("%+v, %v", in, err)
		}
		wantField(t, f.accounts.ChangePassword(ctx, f.as(t, in), in.Token, "Maple-River-43", "Maple-River-43"), "password", "account.password.again")
		for i, last := 0, "Maple-River-43"; i < 6; i++ {
			next := fmt.Sprintf("Maple-River-5%d", i)
			if err := f.accounts.ChangePassword(ctx, f.as(t, in), in.Token, last, next); err != nil {
				t.Fatal(err)
			}
			wantField(t, f.accounts.ChangePassword(ctx, f.as(t, in), in.Token, next, last), "password", "account.password.again")
			last = next
		}
		if err := f.accounts.ChangePassword(ctx, f.as(t, in), in.Token, "Maple-River-55", "Maple-River-43"); err != nil {
			t.Errorf("the seventh last password: %v", err)
		}
	})
}

// TestViewAs: an operator looks, with a reason and a factor shown just now, and
// holds nothing but reading.
func TestViewAs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		province := f.node(t, "22")
		f.staff(t, province, "operator-2", access.OperatorRole)
		f.staff(t, f.school, "school-boss", access.School)
		f.staff(t, f.class, "classteacher", access.ClassTeacher)
		op := f.staff(t, province, "operator-1", access.OperatorRole)
		secret, err := f.accounts.Preset(ctx, access.System("test"), op.Person)
		if err != nil {
			t.Fatal(err)
		}
		f.accounts = f.withFactors(t)
		ticket, err := f.accounts.PassCode(ctx, anybody, f.half(t, "operator-1"), code(secret, f.Clock.Now()))
		if err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(account.FreshFor + factor.Period)
		op = f.as(t, ticket)
		now := code(secret, f.Clock.Now())
		const reason = "家长来电：看不到班级通知"
		begin := func(login, reason, code string) error {
			return f.accounts.BeginView(ctx, op, ticket.Token, login, reason, code)
		}
		wantField(t, begin("classteacher", "好奇", now), "reason", "account.view.reason")
		wantField(t, begin("operator-2", reason, now), "login", "account.view.never")
		wantField(t, begin("operator-1", reason, now), "login", "account.view.never")
		wantField(t, begin("nobody-here", reason, now), "login", "account.view.nobody")
		wantField(t, begin("classteacher", reason, ""), "code", "account.factor.missing")
		wantField(t, begin("classteacher", reason, wrongCode(secret, f.Clock.Now(), 5)), "code", "account.factor.wrong")
		if err := begin("classteacher", reason, now); err != nil {
			t.Fatal(err)
		}
		by := f.as(t, ticket)
		if by.Role != access.ClassTeacher || by.ViewedBy != op.Person || by.Account != 0 {
			t.Fatalf("sees as %+v", by)
		}
		for _, p := range []access.Permission{access.AccountSelf, access.CodeIssue, access.ClassPost, access.PostHide, access.ClassConfirm} {
			if by.Can(p) {
				t.Errorf("a view holds %s", p)
			}
		}
		if !by.Allows(access.ClassRead, f.class.Path) {
			t.Error("a view reads nothing")
		}
		wantKind(t, "a view in a view", begin("school-boss", reason, ""), fault.ErrConflict)
		if err := f.accounts.NoteView(ctx, by, "GET /home"); err != nil {
			t.Error(err)
		}
		f.Clock.Advance(account.ViewLife)
		if by = f.as(t, ticket); by.ViewedBy != 0 || by.Role != access.OperatorRole {
			t.Errorf("after half an hour: %+v", by)
		}
		if err := begin("school-boss", reason, code(secret, f.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		if err := f.accounts.EndView(ctx, f.as(t, ticket), ticket.Token); err != nil {
			t.Error(err)
		}
		if by = f.as(t, ticket); by.ViewedBy != 0 {
			t.Errorf("after the end: %+v", by)
		}
		rows, err := f.Audit.List(ctx, 0, 200)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, r := range rows {
			got[r.Action]++
		}
		if got["view.begin"] != 2 || got["view.end"] != 2 || got["view.page"] != 1 {
			t.Errorf("recorded: %v", got)
		}
	})
}

// TestShownToTheHolder: whoever was looked at finds it in his account.
func TestShownToTheHolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		teacher := f.staff(t, f.class, "classteacher", access.ClassTeacher)
		op := f.staff(t, f.node(t, "22"), "operator-1", access.OperatorRole)
		ticket, err := f.signIn(ctx, "operator-1", good, "net", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.accounts.BeginView(ctx, op, ticket.Token, "classteacher", "家长来电：看不到班级通知", ""); err != nil {
			t.Fatal(err)
		}
		views, err := f.accounts.Views(ctx, teacher)
		if err != nil || len(views) != 1 || views[0].Viewer != op.Person || views[0].Reason == "" {
			t.Errorf("%+v, %v", views, err)
		}
		if views, err := f.accounts.Views(ctx, op); err != nil || len(views) != 0 {
			t.Errorf("the operator's own: %+v, %v", views, err)
		}
	})
}

// TestOldSessionEndsAtSignIn: one browser holds one session.
func TestOldSessionEndsAtSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		first := f.enter(t, f.teacher(t, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
		second, err := f.accounts.SignIn(t.Context(), anybody, account.Credentials{Login: "zhoumuyang", Password: good, Old: first.Token})
		if err != nil {
			t.Fatal(err)
		}
		f.as(t, second)
		_, _, err = f.accounts.Authenticate(t.Context(), first.Token)
		wantKind(t, "the browser's session before", err, fault.ErrNotFound)
	})
}
