package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// PurposeState is what stands about a child for one purpose, for who decides.
type PurposeState struct {
	Purpose string
	// Text is the version that is asked today.
	Text string
	// Answer is what all answers come to, "" where nobody answered; At when.
	Answer string
	At     time.Time
	// Own is the actor's own latest answer, "" where he gave none.
	Own string
	// Renew says that the text has changed since the actor gave his consent;
	// it counts until the day Until.
	Renew bool
	Until clock.Day
	// Conflict says that another guardian answered otherwise: the no holds.
	Conflict bool
}

// Asks reports whether the actor is asked for this purpose at his visit.
func (p PurposeState) Asks() bool { return p.Own == "" || p.Renew }

// ChildConsent is a child with what its guardian, or from 14 on the child
// itself, decides.
type ChildConsent struct {
	Child person.Person
	// Self says that the child is of 14 and the actor.
	Self bool
	// Decides says that the actor may answer; a guardian of a pupil of 14 reads
	// only.
	Decides bool
	States  []PurposeState
}

// Asked lists the purposes for which the actor is asked.
func (c ChildConsent) Asked() []PurposeState {
	if !c.Decides {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.States), func(p PurposeState) bool { return !p.Asks() })
}

// childOf reads a child about whom the actor may ask and says whether he
// decides: a confirmed guardian of a child under 14, or a pupil of 14 himself
// (个人信息保护法 31).
func (s *Service) childOf(ctx context.Context, by access.Actor, child id.Person) (rec person.Person, decides bool, err error) {
	self := by.IsPerson() && by.Person == child
	if !self && !person.Guards(by, child) {
		return rec, false, fault.New(fault.ErrNotFound, "person.missing")
	}
	if rec, err = person.Load(ctx, s.db, child); err != nil {
		return rec, false, err
	}
	if rec.Role != person.RolePupil {
		return rec, false, fault.New(fault.ErrNotFound, "person.missing")
	}
	h, err := s.holder(ctx, child)
	if err != nil {
		return rec, false, err
	}
	return rec, rec.NeedsGuardian(h.grade, s.today()) != self, nil
}

// ChildConsents returns what stands about a child. fault.ErrNotFound for whoever
// is neither the child nor its confirmed guardian.
func (s *Service) ChildConsents(ctx context.Context, by access.Actor, child id.Person) (ChildConsent, error) {
	rec, decides, err := s.childOf(ctx, by, child)
	if err != nil {
		return ChildConsent{}, err
	}
	verdicts, err := s.people.Verdicts(ctx, selfOf(child), child)
	if err != nil {
		return ChildConsent{}, err
	}
	all, err := s.people.Consents(ctx, selfOf(child), child)
	if err != nil {
		return ChildConsent{}, err
	}
	out := ChildConsent{Child: rec, Self: by.Person == child, Decides: decides}
	for _, purpose := range person.Purposes() {
		v, day := verdicts[purpose], s.today()
		st := PurposeState{Purpose: purpose, Text: person.CurrentText(purpose, day).Version, Answer: v.Answer, At: v.Decider.At, Conflict: v.Conflict}
		own := slices.IndexFunc(all, func(c person.Consent) bool { return c.Purpose == purpose && c.Guardian == by.Person })
		if own >= 0 {
			st.Own = all[own].Answer
			if st.Own == AnswerGiven && all[own].TextVersion != st.Text {
				st.Renew, st.Until = true, person.Lapses(purpose, all[own].TextVersion)
			}
		}
		out.States = append(out.States, st)
	}
	return out, nil
}

// AnswerFor records the actor's answer about a child for a purpose, to the
// version of the text that he read, and verifies the child when a consent was
// all that was missing. A no after a yes is a withdrawal. It takes effect at the
// child's next request. Errors: fault.ErrNotFound as of ChildConsents,
// fault.ErrForbidden for a guardian of a pupil who decides himself,
// fault.ErrStale when the text has changed meanwhile, fault.ErrInvalid.
func (s *Service) AnswerFor(ctx context.Context, by access.Actor, child id.Person, purpose, version, answer string) error {
	now, err := s.ChildConsents(ctx, by, child)
	if err != nil {
		return err
	}
	if by.ViewedBy != 0 {
		return errForbidden
	}
	if !now.Decides {
		return fault.New(fault.ErrForbidden, "account.consent.not_deciding")
	}
	i := slices.IndexFunc(now.States, func(p PurposeState) bool { return p.Purpose == purpose })
	if i < 0 || answer != AnswerGiven && answer != AnswerRefused {
		return fault.Invalid(fault.At("answer", "account.guardian.answer.missing"))
	}
	st := now.States[i]
	if st.Text != version {
		return fault.New(fault.ErrStale, "account.consent.text_changed")
	}
	if answer == AnswerRefused && (st.Own == AnswerGiven || st.Own == AnswerWithdrawn) {
		answer = AnswerWithdrawn
	}
	c := person.Consent{Child: child, Purpose: purpose, TextVersion: version, Answer: answer, Guardian: by.Person, ByName: by.Name, ByRelation: "self"}
	if !now.Self {
		if c.ByRelation, err = s.relationTo(ctx, by, child); err != nil {
			return err
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.people.RecordConsent(ctx, by, c); err != nil {
			return err
		}
		if purpose == ConsentPurpose {
			if err := s.verifyFree(ctx, selfOf(child), child); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, by, "consent", "person", child.Int(), now.Child.Unit, detail("purpose", purpose, "answer", answer))
	})
	if err != nil {
		return fmt.Errorf("answer for person %d: %w", child, err)
	}
	return nil
}

// relationTo is the word for what a guardian is to a child, from the roster's.
func (s *Service) relationTo(ctx context.Context, by access.Actor, child id.Person) (string, error) {
	all, err := s.people.OwnBindings(ctx, selfOf(by.Person), by.Person)
	if err != nil {
		return "", err
	}
	for _, b := range all {
		if b.Ward == child {
			return relationWord(b.Relation), nil
		}
	}
	return relationWord(""), nil
}

// relationWord brings a relation as it is kept of a roster to one of Relations.
func relationWord(roster string) string {
	switch {
	case slices.Contains(Relations(), roster):
		return roster
	case roster == "grandfather" || roster == "grandmother":
		return "grandparent"
	}
	for _, pair := range [][2]string{{"祖爷奶姥外公외조할", "grandparent"}, {"母妈모머", "mother"}, {"父爸부아버", "father"}} {
		if strings.ContainsAny(roster, pair[0]) {
			return pair[1]
		}
	}
	return "other"
}

// FamilyMember is a child of a guardian with what is still asked about it.
type FamilyMember struct {
	Ward
	Consent ChildConsent
}

// Family returns the actor's confirmed children with what is asked about each.
func (s *Service) Family(ctx context.Context, by access.Actor) ([]FamilyMember, error) {
	wards, err := s.Wards(ctx, by)
	if err != nil {
		return nil, err
	}
	out := make([]FamilyMember, len(wards))
	for i, w := range wards {
		c, err := s.ChildConsents(ctx, by, w.Person)
		if err != nil {
			return nil, err
		}
		out[i] = FamilyMember{w, c}
	}
	return out, nil
}
