package account_test

import (
	"errors"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
)

// TestGone signs in before and after leaving, death and merging.
func TestGone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		ctx := t.Context()
		merges := merge.New(merge.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Trail: h.Audit, People: f.people, Accounts: f.accounts, Gate: roster.Gate})
		head := access.Actor{Person: 99, Role: access.School, Places: []access.Place{{Node: f.school.ID, Path: f.school.Path, Role: access.School}}}
		who := f.make(t, f.class, person.Draft{Name: "李明", Role: person.RolePupil, Sex: 1, Birth: 20050101, IDNo: f.number(20050101)})
		twice := f.make(t, f.class, person.Draft{Name: "李明", Role: person.RolePupil, Sex: 2, Birth: 20050101})
		ticket := f.enter(t, who, "liming2005", account.Guardian{}).Token
		other := f.enter(t, twice, "liming2006", account.Guardian{}).Token
		enters := func(login string) error {
			_, err := f.signIn(ctx, login, good, "net", "")
			return err
		}
		alive := func(token string) access.Actor {
			by, _, err := f.accounts.Authenticate(ctx, token)
			if err != nil {
				return access.Actor{}
			}
			return by
		}
		if alive(ticket).Person != who {
			t.Fatal("not signed in")
		}
		d, err := merges.Depart(ctx, head, merge.Departing{Person: who, Kind: person.EndedGraduated, Reason: "毕业"})
		if err != nil {
			t.Fatal(err)
		}
		if alive(ticket).Person != 0 {
			t.Error("the session has not ended")
		}
		if err := enters("liming2005"); err != nil {
			t.Errorf("a graduate comes in: %v", err)
		}
		by, err := f.accounts.ActorOf(ctx, access.System("test"), who, "")
		if err != nil || by.Role != access.Pupil || len(by.Places) != 0 || by.Can(access.ClassRead) || !by.Can(access.RightsSelf) {
			t.Errorf("a graduate acts as %+v %v", by, err)
		}
		now := h.Clock.Now()
		h.Clock.Advance(account.ReadDays * 24 * time.Hour)
		if err := enters("liming2005"); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a graduate comes in for ever: %v", err)
		}
		h.Clock.Set(now)
		if _, err := merges.Reinstate(ctx, head, d.ID); err != nil {
			t.Fatal(err)
		}
		if d, err = merges.Depart(ctx, head, merge.Departing{Person: who, Kind: person.EndedDied, Reason: "家长告知"}); err != nil {
			t.Fatal(err)
		}
		if err := enters("liming2005"); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a dead pupil's account lets in: %v", err)
		}
		if _, err := merges.Reinstate(ctx, head, d.ID); err != nil {
			t.Fatal(err)
		}
		if alive(other).Person != twice {
			t.Fatal("the other is not signed in")
		}
		m, err := merges.Merge(ctx, head, merge.Request{Keep: who, Drop: twice, Reason: "重复建档"})
		if err != nil {
			t.Fatal(err)
		}
		if alive(other).Person != 0 {
			t.Error("a session of the merged record goes on")
		}
		if err := enters("liming2006"); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("the merged account lets in: %v", err)
		}
		if err := enters("liming2005"); err != nil {
			t.Errorf("the kept account: %v", err)
		}
		if _, err := merges.Undo(ctx, head, m.ID); err != nil {
			t.Fatal(err)
		}
		if err := enters("liming2006"); err != nil {
			t.Errorf("after undoing: %v", err)
		}
	})
}
