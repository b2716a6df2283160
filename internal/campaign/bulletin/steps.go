package bulletin

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/org"
)

// step runs one step of the chain on the locked bulletin and writes it with its
// event. change returns false where the step was taken already by the same
// person: a second click changes nothing.
func (s *Service) step(ctx context.Context, by access.Actor, month clock.Month, verb string,
	change func(ctx context.Context, tx *db.Tx, b *Bulletin) (bool, error)) error {
	root, err := s.officer(ctx, by)
	if err != nil {
		return err
	}
	return s.change(ctx, by, root, month, verb, change)
}

func (s *Service) change(ctx context.Context, by access.Actor, root org.Node, month clock.Month, verb string,
	change func(ctx context.Context, tx *db.Tx, b *Bulletin) (bool, error)) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := lock(ctx, tx, month)
		if err != nil {
			return err
		}
		if b.State == Issued && verb != "bulletin.issued" {
			return fault.New(fault.ErrConflict, "bulletin.issued_already", month)
		}
		changed, err := change(ctx, tx, &b)
		if err != nil || !changed {
			return err
		}
		if err := store(ctx, tx, b); err != nil {
			return err
		}
		return s.record(ctx, tx, by, verb, "bulletin", b.ID.Int(), root.ID,
			monthExtra{Month: month, Number: b.Number, Hash: b.hash, Early: b.EarlyReason})
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, month, err)
	}
	return nil
}

// missing says which step has to be taken first.
func missing(step string) error {
	return fault.New(fault.ErrConflict, "bulletin.step_missing", i18n.Key("bulletin.step."+step))
}

// samePerson says that the actor has taken another step of this paper.
func samePerson(step string) error {
	return fault.New(fault.ErrConflict, "bulletin.same_person", i18n.Key("bulletin.step."+step))
}

// now is who takes a step and when.
func (s *Service) now(by access.Actor) Step {
	return Step{By: by.Person, Name: by.Name, At: s.Clock.Now()}
}

// Draft makes the paper of a frozen month, with proposed words for problems and
// next steps, and makes the actor its drafter.
func (s *Service) Draft(ctx context.Context, by access.Actor, month clock.Month) error {
	return s.step(ctx, by, month, "bulletin.drafted", func(ctx context.Context, tx *db.Tx, b *Bulletin) (bool, error) {
		switch {
		case b.State == Drafted && b.Drafted.By == by.Person:
			return false, nil
		case b.State != Frozen && b.State != Returned:
			return false, fault.New(fault.ErrConflict, "bulletin.drafted_already", b.Drafted.Name)
		}
		b.State, b.Drafted = Drafted, s.now(by)
		b.Checked, b.Signed, b.checkedHash, b.content, b.hash = Step{}, Step{}, "", "", ""
		if b.Problems == "" {
			c, err := s.content(ctx, tx, *b)
			if err != nil {
				return false, err
			}
			b.Problems, b.Next = proposedProblems(c.Total, c.Rows), proposedNext
		}
		return true, nil
	})
}

// Text is what the drafter writes himself, a paragraph a line.
type Text struct {
	Problems string // 需要协调解决的问题
	Next     string // 下一步工作
}

// textLimit bounds each of the two texts, in characters.
const textLimit = 2000

// Write replaces the drafter's words while the paper is his: drafted, not yet
// checked. Words that rank or order rectification are refused.
func (s *Service) Write(ctx context.Context, by access.Actor, month clock.Month, text Text) error {
	if _, err := s.officer(ctx, by); err != nil {
		return err
	}
	bad := append(checkText("problems", text.Problems, textLimit, true), checkText("next", text.Next, textLimit, true)...)
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return s.step(ctx, by, month, "bulletin.written", func(_ context.Context, _ *db.Tx, b *Bulletin) (bool, error) {
		switch {
		case b.State == Frozen:
			return false, missing("draft")
		case b.State != Drafted:
			return false, fault.New(fault.ErrConflict, "bulletin.not_with_drafter", b.Drafted.Name)
		case b.Drafted.By != by.Person:
			return false, fault.New(fault.ErrForbidden, "bulletin.drafter_only", b.Drafted.Name)
		case b.Problems == text.Problems && b.Next == text.Next:
			return false, nil
		}
		b.Problems, b.Next = text.Problems, text.Next
		return true, nil
	})
}

// Check agrees to the paper as it is now; the checker is not the drafter. Where
// something has changed since an earlier check, it is checked again.
func (s *Service) Check(ctx context.Context, by access.Actor, month clock.Month) error {
	return s.step(ctx, by, month, "bulletin.checked", func(ctx context.Context, tx *db.Tx, b *Bulletin) (bool, error) {
		switch {
		case b.State == Frozen:
			return false, missing("draft")
		case b.State == Returned:
			return false, missing("take_back")
		case b.Drafted.By == by.Person:
			return false, samePerson("draft")
		case b.State == Signed && b.Signed.By == by.Person:
			return false, samePerson("sign")
		}
		c, err := s.content(ctx, tx, *b)
		if err != nil {
			return false, err
		}
		if hash := c.hash(); b.checkedHash != hash {
			b.checkedHash = hash
		} else if b.State != Drafted {
			if b.Checked.By == by.Person {
				return false, nil
			}
			return false, fault.New(fault.ErrConflict, "bulletin.checked_already", b.Checked.Name)
		}
		b.State, b.Checked, b.Signed, b.content, b.hash = Checked, s.now(by), Step{}, "", ""
		return true, nil
	})
}

// Sign signs what was checked; the signatory is neither drafter nor checker.
func (s *Service) Sign(ctx context.Context, by access.Actor, month clock.Month) error {
	return s.step(ctx, by, month, "bulletin.signed", func(ctx context.Context, tx *db.Tx, b *Bulletin) (bool, error) {
		switch b.State {
		case Frozen:
			return false, missing("draft")
		case Returned:
			return false, missing("take_back")
		case Drafted:
			if b.Drafted.By == by.Person {
				return false, samePerson("draft")
			}
			return false, missing("check")
		case Signed:
			if b.Signed.By == by.Person {
				return false, nil
			}
			return false, fault.New(fault.ErrConflict, "bulletin.signed_already", b.Signed.Name)
		}
		switch by.Person {
		case b.Drafted.By:
			return false, samePerson("draft")
		case b.Checked.By:
			return false, samePerson("check")
		}
		c, err := s.content(ctx, tx, *b)
		if err != nil {
			return false, err
		}
		if c.hash() != b.checkedHash {
			return false, fault.New(fault.ErrConflict, "bulletin.changed_since_check")
		}
		b.State, b.Signed = Signed, s.now(by)
		b.content, b.hash = string(c.encode()), b.checkedHash
		return true, nil
	})
}

// Return sends the paper back to its drafter with a reason, at any time before
// it is issued. The drafter himself takes it back by writing.
func (s *Service) Return(ctx context.Context, by access.Actor, month clock.Month, reason string) error {
	if _, err := s.officer(ctx, by); err != nil {
		return err
	}
	if bad := checkText("reason", reason, 500, true); len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return s.step(ctx, by, month, "bulletin.returned", func(_ context.Context, _ *db.Tx, b *Bulletin) (bool, error) {
		switch {
		case b.State == Frozen:
			return false, missing("draft")
		case b.State == Returned && b.Returned.By == by.Person && b.ReturnReason == reason:
			return false, nil
		case b.State == Returned:
			return false, missing("take_back")
		case b.Drafted.By == by.Person:
			return false, samePerson("draft")
		}
		b.State, b.Returned, b.ReturnReason = Returned, s.now(by), reason
		b.Checked, b.Signed, b.checkedHash, b.content, b.hash = Step{}, Step{}, "", "", ""
		return true, nil
	})
}

// TakeBack gives a returned paper back to its drafter, who may write on.
func (s *Service) TakeBack(ctx context.Context, by access.Actor, month clock.Month) error {
	return s.step(ctx, by, month, "bulletin.taken_back", func(_ context.Context, _ *db.Tx, b *Bulletin) (bool, error) {
		switch {
		case b.State == Frozen:
			return false, missing("draft")
		case b.Drafted.By != by.Person:
			return false, fault.New(fault.ErrForbidden, "bulletin.drafter_only", b.Drafted.Name)
		case b.State == Drafted:
			return false, nil
		case b.State != Returned:
			return false, fault.New(fault.ErrConflict, "bulletin.not_returned")
		}
		b.State = Drafted
		return true, nil
	})
}

// Issue numbers and dates the signed paper; from then on it never changes.
// Before the end of the checking days it needs a reason (early).
func (s *Service) Issue(ctx context.Context, by access.Actor, month clock.Month, early string) error {
	if _, err := s.officer(ctx, by); err != nil {
		return err
	}
	if bad := checkText("early", early, 500, false); len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return s.step(ctx, by, month, "bulletin.issued", func(ctx context.Context, tx *db.Tx, b *Bulletin) (bool, error) {
		now := s.Clock.Now()
		switch b.State {
		case Frozen:
			return false, missing("draft")
		case Returned:
			return false, missing("take_back")
		case Drafted:
			return false, missing("check")
		case Checked:
			return false, missing("sign")
		case Issued:
			if b.issuedBy == by.Person {
				return false, nil
			}
			return false, fault.New(fault.ErrConflict, "bulletin.issued_already", month)
		}
		if now.Before(b.ReviewEnds()) && early == "" {
			return false, fault.Invalid(fault.At("early", "bulletin.review_running", b.ReviewTo))
		}
		c, err := s.content(ctx, tx, *b)
		if err != nil {
			return false, err
		}
		if c.hash() != b.hash {
			return false, fault.New(fault.ErrConflict, "bulletin.changed_since_sign")
		}
		return true, s.number(ctx, tx, b, c, by, early)
	})
}

// number gives the paper the next number of the year of its issue.
func (s *Service) number(ctx context.Context, tx *db.Tx, b *Bulletin, c Content, by access.Actor, early string) error {
	now := s.Clock.Now()
	today := clock.DayOf(now)
	err := tx.QueryRow(ctx, `INSERT INTO bul_year (year, last) VALUES ($1, 1)
		ON CONFLICT (year) DO UPDATE SET last = bul_year.last + 1 RETURNING last`, today.Year()).Scan(&b.Number)
	if err != nil {
		return fmt.Errorf("number bulletin %s: %w", b.Month, err)
	}
	c.Number, c.Year, c.Issued = b.Number, today.Year(), today
	c = c.seal()
	b.State, b.IssuedAt, b.issuedBy, b.Year = Issued, now, by.Person, today.Year()
	if now.Before(b.ReviewEnds()) {
		b.EarlyReason = early
	}
	b.content, b.hash = string(c.encode()), c.hash()
	return nil
}
