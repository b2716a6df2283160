package account_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/person"
)

func (f *fixture) signIn(ctx context.Context, login, password, network, mark string) (account.Ticket, error) {
	return f.accounts.SignIn(ctx, anybody, account.Credentials{Login: login, Password: password, Network: network, Mark: mark})
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.class, "周沐阳")
		first := f.enter(t, who, "zhoumuyang", account.Guardian{})
		for name, c := range map[string]struct{ login, password, key string }{
			"right":            {"zhoumuyang", good, ""},
			"capitals, blanks": {" ZhouMuYang ", good, ""},
			"full width":       {"ｚｈｏｕｍｕｙａｎｇ", good, ""},
			"wrong password":   {"zhoumuyang", other, "account.signin.wrong"},
			"unknown name":     {"nobody-at-all", good, "account.signin.wrong"},
			"no password":      {"zhoumuyang", "", "account.signin.wrong"},
			"no name":          {"", good, "account.signin.wrong"},
		} {
			ticket, err := f.signIn(ctx, c.login, c.password, name, "")
			if c.key != "" {
				wantField(t, err, "password", c.key)
				continue
			}
			if err != nil || ticket.Token == first.Token || ticket.MaxAge != account.OwnLife {
				t.Errorf("%s: %+v, %v", name, ticket, err)
			}
		}
	})
}

func TestSessionLife(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.enter(t, f.teacher(t, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
		alive := func(ticket account.Ticket) bool {
			_, _, err := f.accounts.Authenticate(ctx, ticket.Token)
			if err != nil {
				wantKind(t, "an ended session", err, fault.ErrNotFound)
			}
			return err == nil
		}
		own, err := f.signIn(ctx, "zhoumuyang", good, "home", "")
		if err != nil {
			t.Fatal(err)
		}
		shared, err := f.accounts.SignIn(ctx, anybody, account.Credentials{Login: "zhoumuyang", Password: good, Shared: true})
		if err != nil || shared.MaxAge != 0 || shared.Mark != "" {
			t.Fatalf("shared %+v, %v", shared, err)
		}
		for range 5 {
			f.Clock.Advance(19 * time.Minute)
			if !alive(shared) {
				t.Fatal("a shared computer in use signs out")
			}
			if err := f.accounts.Flush(ctx, access.System("test")); err != nil {
				t.Fatal(err)
			}
		}
		f.Clock.Advance(20 * time.Minute)
		if alive(shared) {
			t.Error("a shared computer stays signed in after 20 idle minutes")
		}
		f.Clock.Advance(80 * 24 * time.Hour)
		if !alive(own) {
			t.Error("the own phone signs out before 90 days")
		}
		f.Clock.Advance(10 * 24 * time.Hour)
		if alive(own) {
			t.Error("the own phone stays signed in after 90 days")
		}
		for _, token := range []string{"", "x", own.Token + "x", own.Token[:42] + "_"} {
			if _, _, err := f.accounts.Authenticate(ctx, token); fault.Kind(err) != fault.ErrNotFound {
				t.Errorf("token %q: %v", token, err)
			}
		}
	})
}

func TestLastUseIsSharedBetweenProcesses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		f.enter(t, f.teacher(t, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
		shared, err := f.accounts.SignIn(ctx, anybody, account.Credentials{Login: "zhoumuyang", Password: good, Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(15 * time.Minute)
		f.as(t, shared)
		if err := f.accounts.Flush(ctx, access.System("test")); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(15 * time.Minute)
		second := f.service(account.NewPool(account.CheapCost, 1, 1))
		if _, ses, err := second.Authenticate(ctx, shared.Token); err != nil || !ses.SeenAt.Equal(dbtest.Start.Add(15*time.Minute)) {
			t.Errorf("another process sees %+v, %v", ses, err)
		}
	})
}

// TestSessionsWhileTheClockJumps: a clock that is set back an hour leaves nobody
// signed in on a shared computer for that hour, and signs nobody out elsewhere.
func TestSessionsWhileTheClockJumps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		own := f.enter(t, f.teacher(t, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
		shared, err := f.accounts.SignIn(ctx, anybody, account.Credentials{Login: "zhoumuyang", Password: good, Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(-30 * time.Second)
		f.as(t, shared) // two servers whose clocks differ a little
		f.Clock.Advance(-time.Hour)
		f.as(t, own)
		_, _, err = f.accounts.Authenticate(ctx, shared.Token)
		wantKind(t, "the shared computer after the jump", err, fault.ErrNotFound)
	})
}

func TestSignOutAndDevices(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		phone := f.enter(t, f.teacher(t, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
		stranger := f.as(t, f.enter(t, f.teacher(t, f.school, "金美妍"), "jinmeiyan", account.Guardian{}))
		school, err := f.signIn(ctx, "zhoumuyang", good, "school", "")
		if err != nil {
			t.Fatal(err)
		}
		by := f.as(t, phone)
		devices, err := f.accounts.Devices(ctx, by, phone.Token)
		if err != nil || len(devices) != 2 {
			t.Fatalf("devices %+v, %v", devices, err)
		}
		for _, d := range devices {
			if d.Current != (d.ID == phone.Session.ID) {
				t.Errorf("current: %+v", d)
			}
		}
		wantKind(t, "ending another's session", f.accounts.EndSession(ctx, stranger, school.Session.ID), fault.ErrNotFound)
		if err := f.accounts.EndSession(ctx, by, school.Session.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err = f.accounts.Authenticate(ctx, school.Token)
		wantKind(t, "an ended session", err, fault.ErrNotFound)
		third, err := f.signIn(ctx, "zhoumuyang", good, "third", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.accounts.EndOthers(ctx, by, phone.Token); err != nil {
			t.Fatal(err)
		}
		_, _, err = f.accounts.Authenticate(ctx, third.Token)
		wantKind(t, "all others ended", err, fault.ErrNotFound)
		for range 2 {
			if err := f.accounts.SignOut(ctx, by, phone.Token); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err = f.accounts.Authenticate(ctx, phone.Token)
		wantKind(t, "signed out", err, fault.ErrNotFound)
	})
}

func TestNewPasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		mine := f.enter(t, f.teacher(t, f.class, "周沐阳"), "zhoumuyang", account.Guardian{})
		elsewhere, err := f.signIn(ctx, "zhoumuyang", good, "elsewhere", "")
		if err != nil {
			t.Fatal(err)
		}
		by := f.as(t, mine)
		wantField(t, f.accounts.ChangePassword(ctx, by, mine.Token, other, "a new password"), "old", "account.password.old")
		wantField(t, f.accounts.ChangePassword(ctx, by, mine.Token, good, "12345678"), "password", "account.password.common")
		if err := f.accounts.ChangePassword(ctx, by, mine.Token, good, other); err != nil {
			t.Fatal(err)
		}
		f.as(t, mine)
		_, _, err = f.accounts.Authenticate(ctx, elsewhere.Token)
		wantKind(t, "the other device", err, fault.ErrNotFound)
		if _, err := f.signIn(ctx, "zhoumuyang", good, "old", ""); err == nil {
			t.Error("the old password still opens")
		}
		if _, err := f.signIn(ctx, "zhoumuyang", other, "new", ""); err != nil {
			t.Error(err)
		}
	})
}

func TestNewSlipShutsTheOldWaysIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.class, "周沐阳")
		before := f.enter(t, who, "zhoumuyang", account.Guardian{})
		code := f.code(t, who)
		_, _, err := f.accounts.Authenticate(ctx, before.Token)
		wantKind(t, "a session from before", err, fault.ErrNotFound)
		_, err = f.signIn(ctx, "zhoumuyang", good, "net", "")
		wantField(t, err, "password", "account.signin.wrong")
		o, err := f.accounts.OpenLogin(ctx, anybody, "net", code)
		if err != nil || o.Login != "zhoumuyang" {
			t.Fatalf("opening %+v, %v", o, err)
		}
		if _, err := f.accounts.Activate(ctx, anybody, account.Activation{Code: code, Login: "ignored", Password: other}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.signIn(ctx, "zhoumuyang", other, "net", ""); err != nil {
			t.Error(err)
		}
		if got := f.verbs(t, who); got["person.activated"] != 1 || got["person.verified"] != 1 {
			t.Errorf("events %v", got)
		}
	})
}

// TestRightsOfTheNextRequest changes what a person may do under a live session.
func TestRightsOfTheNextRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		child := f.pupil(t, f.class, "林知夏")
		f.guardian(t, child, f.class, phone)
		pupil := f.enter(t, child, "linzhixia", father(account.AnswerGiven))
		if err := f.people.Move(ctx, f.op, person.MoveRequest{Person: child, Node: f.away.ID, Unit: f.far.ID}); err != nil {
			t.Fatal(err)
		}
		if by := f.as(t, pupil); by.Allows(access.ClassRead, f.class.Path) || !by.Allows(access.ClassRead, f.away.Path) {
			t.Errorf("a moved pupil keeps %+v", by.Places)
		}

		who := f.teacher(t, f.school, "周沐阳")
		grant := f.grant(t, who, f.school, access.School)
		manager := f.enter(t, who, "zhoumuyang", account.Guardian{})
		if by := f.as(t, manager); by.Role != access.School || !by.Allows(access.GrantGive, f.school.Path) {
			t.Fatalf("manager %+v", by)
		}
		f.grant(t, f.teacher(t, f.school, "金美妍"), f.school, access.School) // a school keeps a manager
		if _, err := f.orgs.EndGrant(ctx, f.op, grant); err != nil {
			t.Fatal(err)
		}
		if by := f.as(t, manager); by.Role != access.Teacher || by.Allows(access.GrantGive, f.school.Path) {
			t.Errorf("a manager whose role has ended is %+v", by)
		}
		if err := f.people.Leave(ctx, f.op, f.school.ID, 0, who); err != nil {
			t.Fatal(err)
		}
		_, _, err := f.accounts.Authenticate(ctx, manager.Token)
		wantKind(t, "who has left", err, fault.ErrNotFound)
		_, err = f.signIn(ctx, "zhoumuyang", good, "net", "")
		wantField(t, err, "password", "account.signin.closed")
	})
}

func TestGrantsBeginAndEndByTheDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := f.teacher(t, f.school, "周沐阳")
		_, err := f.orgs.Grant(t.Context(), f.op, grantUntil(who, f.school, access.Registrar, 20191107))
		if err != nil {
			t.Fatal(err)
		}
		ticket := f.enter(t, who, "zhoumuyang", account.Guardian{})
		var got []access.Role
		for range 3 {
			got = append(got, f.as(t, ticket).Role)
			f.Clock.Advance(24 * time.Hour)
		}
		if d := cmp.Diff([]access.Role{access.Registrar, access.Registrar, access.Teacher}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestSwitchRole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.class, "周沐阳")
		f.grant(t, who, f.school, access.School)
		ticket := f.enter(t, who, "zhoumuyang", account.Guardian{})
		by := f.as(t, ticket)
		if by.Role != access.School {
			t.Fatalf("comes in as %s", by.Role)
		}
		_, err := f.accounts.SwitchRole(ctx, by, ticket.Token, access.Province)
		wantKind(t, "a role of others", err, fault.ErrForbidden)
		turned, err := f.accounts.SwitchRole(ctx, by, ticket.Token, access.ClassTeacher)
		if err != nil || turned.Token == ticket.Token {
			t.Fatalf("%+v, %v", turned, err)
		}
		_, _, err = f.accounts.Authenticate(ctx, ticket.Token)
		wantKind(t, "the token from before", err, fault.ErrNotFound)
		if now := f.as(t, turned); now.Role != access.ClassTeacher || now.Allows(access.IdentityCheck, f.class.Path) {
			t.Errorf("now %+v", now)
		}
		next, err := f.signIn(ctx, "zhoumuyang", good, "net", "")
		if err != nil || f.as(t, next).Role != access.ClassTeacher {
			t.Errorf("the next sign-in is as %s, %v", f.as(t, next).Role, err)
		}
	})
}

func TestGuessingStopsOnlyTheGuesser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		mark := f.enter(t, f.teacher(t, f.school, "周沐阳"), "zhoumuyang", account.Guardian{}).Mark
		f.enter(t, f.teacher(t, f.school, "金美妍"), "jinmeiyan", account.Guardian{})
		through := map[string]int{}
		for _, login := range []string{"zhoumuyang", "nobody"} {
			for i := range 40 {
				if _, err := f.signIn(ctx, login, fmt.Sprintf("guess number %d", i), "school", ""); fault.Kind(err) == fault.ErrInvalid {
					through[login]++
				}
			}
		}
		if through["zhoumuyang"] != through["nobody"] || through["nobody"] > 6 {
			t.Errorf("tries that came through: %v", through)
		}
		_, err := f.signIn(ctx, "zhoumuyang", good, "school", "")
		wantKind(t, "the name under attack", err, fault.ErrTooMany)
		if _, err := f.signIn(ctx, "jinmeiyan", good, "school", ""); err != nil {
			t.Errorf("a classmate behind the same address: %v", err)
		}
		if _, err := f.signIn(ctx, "zhoumuyang", good, "home", ""); err != nil {
			t.Errorf("the holder at home: %v", err)
		}
		if _, err := f.signIn(ctx, "zhoumuyang", good, "school", mark); err != nil {
			t.Errorf("the holder's own phone at school: %v", err)
		}
		f.Clock.Advance(6 * time.Minute)
		if _, err := f.signIn(ctx, "zhoumuyang", good, "school", ""); err != nil {
			t.Errorf("six minutes later: %v", err)
		}
	})
}

// full is a pool without room.
type full struct{}

func (full) Hash(context.Context, string) (string, error)          { return "", account.ErrPoolFull }
func (full) Verify(context.Context, string, string) (bool, error)  { return false, account.ErrPoolFull }
func (full) Turn(context.Context, func(account.Match) error) error { return account.ErrPoolFull }

func TestFullPoolLosesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		who := f.teacher(t, f.school, "周沐阳")
		act := account.Activation{Code: f.code(t, who), Login: "zhoumuyang", Password: good}
		busy := f.service(full{})
		_, err := busy.Activate(ctx, anybody, act)
		wantKind(t, "activation", err, fault.ErrUnavailable)
		if p := f.person(t, who); !p.Activated.IsZero() {
			t.Error("activated without a password")
		}
		if _, err := f.accounts.Activate(ctx, anybody, act); err != nil {
			t.Errorf("again, when there is room: %v", err)
		}
		_, err = busy.SignIn(ctx, anybody, account.Credentials{Login: "zhoumuyang", Password: good})
		wantKind(t, "sign-in", err, fault.ErrUnavailable)
	})
}

func TestWhatIsRecorded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		ticket := f.enter(t, f.teacher(t, f.school, "周沐阳"), "zhoumuyang", account.Guardian{})
		_, _ = f.signIn(ctx, "zhoumuyang", other, "net", "")
		if _, err := f.signIn(ctx, "zhoumuyang", good, "net", ""); err != nil {
			t.Fatal(err)
		}
		if err := f.accounts.SignOut(ctx, f.as(t, ticket), ticket.Token); err != nil {
			t.Fatal(err)
		}
		if err := f.Audit.SequenceAll(ctx); err != nil {
			t.Fatal(err)
		}
		rows, err := f.Audit.List(ctx, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, r := range rows {
			got[r.Action]++
		}
		for _, action := range []string{"code.issued", "code.used", "signin", "signin.failed", "signout"} {
			if got[action] != 1 {
				t.Errorf("%s is recorded %d times: %v", action, got[action], got)
			}
		}
		if _, broken, err := f.Audit.Verify(ctx); err != nil || broken != nil {
			t.Errorf("trail: %v, %v", broken, err)
		}
		if _, err := f.Log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		verbs := map[string]int{}
		head, err := f.Log.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		err = f.Log.Each(ctx, 0, head, func(e event.Event) error { verbs[e.Verb]++; return nil })
		if err != nil || verbs["code.issued"] != 1 || verbs["account.opened"] != 1 {
			t.Errorf("events %v, %v", verbs, err)
		}
	})
}
