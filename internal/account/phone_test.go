package account_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/deliver"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/person"
)

const mobile = "13812345678"

// sink keeps what would go out.
type sink struct {
	mu  sync.Mutex
	got []deliver.Outgoing
}

func (s *sink) Send(_ context.Context, m deliver.Outgoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, m)
	return nil
}

// phones is a fixture whose accounts can send text messages.
type phones struct {
	*fixture
	jobs *job.Service
	out  *sink
}

func setupPhones(t *testing.T, h *dbtest.Harness) *phones {
	t.Helper()
	f := &phones{fixture: setup(t, h), out: &sink{}}
	quiet := slog.New(slog.DiscardHandler)
	f.jobs = job.New(h.DB, h.IDs, h.Clock, job.Options{Logger: quiet})
	d := deliver.New(deliver.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Jobs: f.jobs, Logger: quiet,
		Transports: map[deliver.Channel]deliver.Transport{deliver.SMS: f.out}})
	f.accounts = account.New(account.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Log: h.Log, Trail: h.Audit,
		Org: f.orgs, People: f.people, Hasher: account.NewPool(account.CheapCost, 4, 256), FactorOff: true, Deliver: d, Jobs: f.jobs})
	return f
}

// messages sends what is due and returns all that went out.
func (f *phones) messages(t *testing.T) []deliver.Outgoing {
	t.Helper()
	if _, err := f.jobs.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f.out.got
}

var sixDigits = regexp.MustCompile(`\d{6}`)

// lastCode is the code of the last message.
func (f *phones) lastCode(t *testing.T) string {
	t.Helper()
	all := f.messages(t)
	if len(all) == 0 {
		t.Fatal("no message")
	}
	return sixDigits.FindString(all[len(all)-1].Text)
}

// confirm makes a phone somebody's.
func (f *phones) confirm(t *testing.T, by access.Actor, phone string) {
	t.Helper()
	token, err := f.accounts.AskPhone(t.Context(), by, good, phone, i18n.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.accounts.ConfirmPhone(t.Context(), by, token, f.lastCode(t)); err != nil {
		t.Fatal(err)
	}
}

func TestReadPhone(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		mobile: mobile, "+86 138-1234-5678": mobile, "008613812345678": mobile, "１３８１２３４５６７８": mobile,
		"1381234567": "", "23812345678": "", "12812345678": "", "138123456789": "", "zhou": "", "": "",
	} {
		if got, ok := account.ReadPhone(typed); got != want || ok != (want != "") {
			t.Errorf("%q reads %q, %v", typed, got, ok)
		}
	}
}

func TestConfirmedPhoneIsASignInName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setupPhones(t, h)
		ctx := t.Context()
		by := f.staff(t, f.class, "zhoumuyang", access.ClassTeacher)
		in := func(name string) error {
			_, err := f.accounts.SignIn(ctx, anybody, account.Credentials{Login: name, Password: good, Network: "192.0.2.9"})
			return err
		}
		wantKind(t, "before", in(mobile), fault.ErrInvalid)
		_, err := f.accounts.AskPhone(ctx, by, other, mobile, i18n.Chinese)
		wantField(t, err, "old", "account.password.old")
		if n := len(f.messages(t)); n != 0 {
			t.Errorf("%d messages without the password", n)
		}
		token, err := f.accounts.AskPhone(ctx, by, good, "138 1234 5678", i18n.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		wantField(t, f.accounts.ConfirmPhone(ctx, by, token, "000000"), "code", "account.phone.code_wrong")
		if err := f.accounts.ConfirmPhone(ctx, by, token, f.lastCode(t)); err != nil {
			t.Fatal(err)
		}
		wantField(t, f.accounts.ConfirmPhone(ctx, by, token, f.lastCode(t)), "code", "account.phone.code_wrong")
		for _, name := range []string{mobile, "+86 138 1234 5678", "zhoumuyang"} {
			if err := in(name); err != nil {
				t.Errorf("as %q: %v", name, err)
			}
		}
		if p, ok, err := f.accounts.OwnPhone(ctx, by); err != nil || !ok || p.Tail != "5678" {
			t.Errorf("own phone %+v, %v, %v", p, ok, err)
		}

		other := f.staff(t, f.next, "otherteacher", access.ClassTeacher)
		second, err := f.accounts.AskPhone(ctx, other, good, mobile, i18n.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		wantField(t, f.accounts.ConfirmPhone(ctx, by, second, f.lastCode(t)), "code", "account.phone.code_wrong")
		wantField(t, f.accounts.ConfirmPhone(ctx, other, second, f.lastCode(t)), "code", "account.phone.taken")
		if err := f.accounts.DropPhone(ctx, by); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "after dropping it", in(mobile), fault.ErrInvalid)
	})
}

func TestNoPhonesOfPupils(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setupPhones(t, h)
		grown := f.make(t, f.class, person.Draft{Name: "林大", Role: person.RolePupil, Birth: 20000101, IDNo: f.number(20000101)})
		by := f.as(t, f.enter(t, grown, "linda", account.Guardian{}))
		_, err := f.accounts.AskPhone(t.Context(), by, good, mobile, i18n.Chinese)
		wantKind(t, "a pupil", err, fault.ErrForbidden)
		if ok, err := f.accounts.CanConfirmPhone(t.Context(), by); ok || err != nil {
			t.Errorf("offered to a pupil: %v, %v", ok, err)
		}
		_, err = f.accounts.AskPhone(t.Context(), f.staff(t, f.school, "teacher", access.Teacher), good, "12345", i18n.Chinese)
		wantField(t, err, "phone", "account.phone.form")
	})
}

func TestRecoveryByPhone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setupPhones(t, h)
		ctx := t.Context()
		child := f.pupil(t, f.class, "林知夏")
		mother := f.make(t, f.school, person.Draft{Name: "林母", Role: person.RoleGuardian, Phone: "13900012345"})
		if err := f.people.Link(ctx, f.op, []person.Guardianship{{Guardian: mother, Ward: child, PhoneTail: "2345"}}); err != nil {
			t.Fatal(err)
		}
		session, err := f.activate(t, f.code(t, mother), "linmu", "2345")
		if err != nil {
			t.Fatal(err)
		}
		f.confirm(t, f.as(t, session), mobile)

		token, err := f.accounts.StartRecovery(ctx, anybody, "192.0.2.9", mobile, i18n.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		code := f.lastCode(t)
		wantField(t, f.accounts.FinishRecovery(ctx, anybody, token, "999999", other), "code", "account.phone.code_wrong")
		wantField(t, f.accounts.FinishRecovery(ctx, anybody, token, code, "short"), "password", "account.password.short")
		if err := f.accounts.FinishRecovery(ctx, anybody, token, code, other); err != nil {
			t.Fatal(err)
		}
		wantField(t, f.accounts.FinishRecovery(ctx, anybody, token, code, other), "code", "account.phone.code_wrong")
		if _, _, err := f.accounts.Authenticate(ctx, session.Token); err == nil {
			t.Error("a session outlives the recovery")
		}
		for password, want := range map[string]bool{good: false, other: true} {
			_, err := f.accounts.SignIn(ctx, anybody, account.Credentials{Login: "linmu", Password: password, Network: "192.0.2.9"})
			if (err == nil) != want {
				t.Errorf("with %q: %v", password, err)
			}
		}
		all := f.messages(t)
		if last := all[len(all)-1]; last.To != mobile || sixDigits.MatchString(last.Text) {
			t.Errorf("the holder is told %+v", last)
		}
	})
}

// Whoever asks for a phone that is unknown, of somebody who has left, or over
// its limit gets the same answer and the same page after it.
func TestRecoveryTellsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setupPhones(t, h)
		ctx := t.Context()
		by := f.staff(t, f.class, "zhoumuyang", access.ClassTeacher)
		f.confirm(t, by, mobile)
		sent := len(f.messages(t))
		for i := range 5 {
			known, err := f.accounts.StartRecovery(ctx, anybody, "192.0.2.9", mobile, i18n.Chinese)
			if err != nil {
				t.Fatal(err)
			}
			unknown, err := f.accounts.StartRecovery(ctx, anybody, "192.0.2.9", "13700000000", i18n.Chinese)
			if err != nil {
				t.Fatal(err)
			}
			a := f.accounts.FinishRecovery(ctx, anybody, known, "999999", other)
			b := f.accounts.FinishRecovery(ctx, anybody, unknown, "999999", other)
			if a == nil || b == nil || a.Error() != b.Error() {
				t.Errorf("try %d: known %v, unknown %v", i, a, b)
			}
			f.messages(t)
		}
		if n := len(f.messages(t)) - sent; n != 2 { // one was for the confirmation
			t.Errorf("%d messages within the hour, the limit of one phone is 3 with the confirmation", n)
		}
		for _, m := range f.messages(t) {
			if m.To != mobile {
				t.Errorf("a message to %s", m.To)
			}
		}
		_, err := f.accounts.StartRecovery(ctx, anybody, "192.0.2.9", mobile, i18n.Chinese)
		wantKind(t, "an address that asks too often", err, fault.ErrTooMany)
		if _, err := f.accounts.StartRecovery(ctx, anybody, "198.51.100.1", mobile, i18n.Chinese); err != nil {
			t.Errorf("another network: %v", err)
		}
	})
}

// TestPhoneCodeIsGuessedFiveTimes: guesses sent at once get no sixth try.
func TestPhoneCodeIsGuessedFiveTimes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setupPhones(t, h)
		ctx := t.Context()
		by := f.staff(t, f.class, "zhoumuyang", access.ClassTeacher)
		f.confirm(t, by, mobile)
		token, err := f.accounts.StartRecovery(ctx, anybody, "192.0.2.9", mobile, i18n.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		code := f.lastCode(t)
		var wait sync.WaitGroup
		var odd atomic.Int64
		for range 12 {
			wait.Go(func() {
				if err := f.accounts.FinishRecovery(ctx, anybody, token, "999999", other); !errors.Is(err, fault.ErrInvalid) {
					odd.Add(1)
				}
			})
		}
		wait.Wait()
		if odd.Load() != 0 {
			t.Errorf("%d odd answers", odd.Load())
		}
		wantField(t, f.accounts.FinishRecovery(ctx, anybody, token, code, other), "code", "account.phone.code_wrong")

		h.Clock.Advance(2 * time.Hour)
		if token, err = f.accounts.StartRecovery(ctx, anybody, "192.0.2.9", mobile, i18n.Chinese); err != nil {
			t.Fatal(err)
		}
		code = f.lastCode(t)
		h.Clock.Advance(account.PhoneCodeLife)
		wantField(t, f.accounts.FinishRecovery(ctx, anybody, token, code, other), "code", "account.phone.code_wrong")
		if !strings.Contains(f.out.got[0].Text, "验证码") {
			t.Errorf("the message says %q", f.out.got[0].Text)
		}
	})
}

// TestStaffRecoverBySlip: registrar and school give a new slip to their own
// staff, face to face; nobody to whoever stands above him, or works elsewhere.
func TestStaffRecoverBySlip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		teacher := f.staff(t, f.class, "zhoumuyang", access.ClassTeacher)
		manager, registrar := f.staff(t, f.school, "manager", access.School), f.staff(t, f.school, "registrar", access.Registrar)
		far := f.staff(t, f.far, "farmanager", access.School)
		for name, c := range map[string]struct {
			by   access.Actor
			to   id.Person
			want error
		}{
			"the school":           {manager, teacher.Person, nil},
			"the registrar":        {registrar, teacher.Person, nil},
			"another school":       {far, teacher.Person, fault.ErrNotFound},
			"upwards":              {registrar, manager.Person, fault.ErrForbidden},
			"to oneself":           {manager, manager.Person, fault.ErrForbidden},
			"the school downwards": {manager, registrar.Person, nil},
		} {
			_, err := f.accounts.IssueCode(ctx, c.by, c.to)
			if c.want == nil && err != nil {
				t.Errorf("%s: %v", name, err)
			} else if c.want != nil {
				wantKind(t, name, err, c.want)
			}
		}
	})
}

// TestOnePhoneInManySpellings: a phone that is typed in another way each time is
// one name for the guesser, and for the mark of the holder's device.
func TestOnePhoneInManySpellings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setupPhones(t, h)
		ctx := t.Context()
		by := f.staff(t, f.class, "zhoumuyang", access.ClassTeacher)
		f.confirm(t, by, mobile)
		ticket, err := f.signIn(ctx, "+86 "+mobile, good, "192.0.2.9", "")
		if err != nil {
			t.Fatal(err)
		}
		heard := 0
		for i := range 60 {
			typed := mobile
			for gap := range 6 {
				if i>>gap&1 == 1 {
					typed = typed[:10-gap] + "-" + typed[10-gap:]
				}
			}
			_, err := f.signIn(ctx, typed, fmt.Sprintf("guess-of-%d-today", i), fmt.Sprintf("10.%d.0.7", i), "")
			if fault.Kind(err) == fault.ErrInvalid {
				heard++
			}
		}
		if heard != 50 {
			t.Errorf("%d guesses at one phone were heard, want 50", heard)
		}
		if _, err := f.signIn(ctx, "138 1234 5678", good, "192.0.2.9", ticket.Mark); err != nil {
			t.Errorf("the holder where he is familiar: %v", err)
		}
	})
}
