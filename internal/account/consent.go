package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// Guardian is the answer of whoever is with a child under 14.
type Guardian struct {
	Name     string
	Relation string // one of Relations
	// Tail is the last four digits of the phone on the roster.
	Tail string
	// Answer is one of the answers below.
	Answer string
}

// The answers of a guardian. A consent that was given can be withdrawn, any
// other answer be changed to given.
const (
	AnswerGiven     = person.ConsentGiven
	AnswerRefused   = person.ConsentRefused
	AnswerWithdrawn = person.ConsentWithdrawn
)

// Relations lists what a guardian may be to a child, as message key suffixes.
func Relations() []string { return []string{"mother", "father", "grandparent", "other"} }

// complaints checks the form of a guardian's answer, which is one of those
// allowed.
func (g Guardian) complaints(allowed ...string) []fault.Field {
	var out []fault.Field // in the order of the page
	if !slices.Contains(allowed, g.Answer) {
		out = append(out, fault.At("answer", "account.guardian.answer.missing"))
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(g.Name)); n == 0 || n > 40 {
		out = append(out, fault.At("name", "account.guardian.name.missing"))
	}
	if !slices.Contains(Relations(), g.Relation) {
		out = append(out, fault.At("relation", "account.guardian.relation.missing"))
	}
	tail := FoldLogin(g.Tail)
	if !fourDigits(tail) {
		out = append(out, fault.At("tail", "account.guardian.tail.form"))
	}
	return out
}

// fourDigits reports whether s is the end of a phone number as it is asked for.
func fourDigits(s string) bool { return len(s) == 4 && strings.Trim(s, "0123456789") == "" }

// at reports whether the guardian has one of the phones.
func (g Guardian) at(tails []string) bool { return slices.Contains(tails, FoldLogin(g.Tail)) }

// recordAnswer records the answer of whoever is with a child about the personal
// space, under the guardian of the roster whose phone it is.
func (s *Service) recordAnswer(ctx context.Context, by access.Actor, child id.Person, g Guardian) error {
	who, err := s.guardianAt(ctx, child, g)
	if err != nil {
		return err
	}
	return s.people.RecordConsent(ctx, by, person.Consent{Child: child, Purpose: ConsentPurpose, Answer: g.Answer, Guardian: who.Guardian,
		ByName: strings.TrimSpace(g.Name), ByRelation: g.Relation, TextVersion: person.CurrentText(ConsentPurpose, s.today()).Version})
}

// guardianAt is the guardian of the roster whose phone it is; of several the one of
// that name, else the first.
func (s *Service) guardianAt(ctx context.Context, child id.Person, g Guardian) (out person.Guardian, err error) {
	all, err := s.people.GuardianTails(ctx, selfOf(child), child)
	if err != nil {
		return out, err
	}
	for _, one := range all {
		if one.PhoneTail != FoldLogin(g.Tail) {
			continue
		}
		named := person.NameKey(one.Name) == person.NameKey(g.Name)
		if out.Guardian == 0 || named {
			out = one
		}
		if named {
			break
		}
	}
	return out, nil
}

// tails lists the last four digits of the phones that the roster names for a
// child's guardians.
func (s *Service) tails(ctx context.Context, child id.Person) ([]string, error) {
	guardians, err := s.people.GuardianTails(ctx, selfOf(child), child)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, g := range guardians {
		if g.PhoneTail != "" {
			out = append(out, g.PhoneTail)
		}
	}
	return out, nil
}

// ConsentState is what a pupil's own page shows of the guardian's answer.
type ConsentState struct {
	Name string
	// Self says that the pupil is of 14 and decides himself, see
	// [Service.ChildConsents]; of the fields below Answer, Relation and At are his.
	Self bool
	// Answer is the answer in force, "" while nobody has answered; Relation and
	// At say who gave it and when.
	Answer   string
	Relation string
	At       time.Time
	// Renew says that the text has changed since the consent was given.
	Renew bool
	// Conflict says that two guardians differ: the no holds.
	Conflict bool
	// NoPhone says that the roster names no phone, so that nobody can answer.
	NoPhone bool
	// Locked says that the digits were wrong too often: only a new slip helps.
	Locked bool
}

// Choices lists the answers that can be given now.
func (c ConsentState) Choices() []string {
	switch c.Answer {
	case "", c.renewed():
		return []string{AnswerGiven, AnswerRefused}
	case AnswerGiven:
		return []string{AnswerWithdrawn}
	}
	return []string{AnswerGiven}
}

// renewed is the answer that is asked anew, "-" for none.
func (c ConsentState) renewed() string {
	if c.Renew {
		return AnswerGiven
	}
	return "-"
}

// Consent returns the guardian's answer about the actor, a pupil. fault.ErrNotFound
// for others.
func (s *Service) Consent(ctx context.Context, by access.Actor) (ConsentState, error) {
	if !by.IsPerson() {
		return ConsentState{}, errForbidden
	}
	return s.consentState(ctx, by.Person)
}

func (s *Service) consentState(ctx context.Context, child id.Person) (ConsentState, error) {
	rec, err := person.Load(ctx, s.db, child)
	if err != nil {
		return ConsentState{}, err
	}
	if rec.Role != person.RolePupil {
		return ConsentState{}, fault.New(fault.ErrNotFound, "account.consent.none")
	}
	h, err := s.holder(ctx, child)
	if err != nil {
		return ConsentState{}, err
	}
	out := ConsentState{Name: rec.Name, Answer: rec.Consent, Self: !rec.NeedsGuardian(h.grade, s.today())}
	tails, err := s.tails(ctx, child)
	if err != nil {
		return ConsentState{}, err
	}
	out.NoPhone = len(tails) == 0
	tries, err := s.store.consentTries(ctx, child)
	if err != nil {
		return ConsentState{}, err
	}
	out.Locked = tries >= CodeTries
	if rec.Consent == "" {
		return out, nil
	}
	all, err := s.people.Consents(ctx, selfOf(child), child)
	if err != nil {
		return ConsentState{}, err
	}
	verdicts, err := s.people.Verdicts(ctx, selfOf(child), child)
	if err != nil {
		return ConsentState{}, err
	}
	v := verdicts[ConsentPurpose]
	out.Conflict = v.Conflict
	out.Renew = rec.Consent == AnswerGiven && v.Version != person.CurrentText(ConsentPurpose, s.today()).Version
	if i := slices.IndexFunc(all, func(c person.Consent) bool { return c.ID == v.Decider.ID }); i >= 0 {
		out.Relation, out.At = all[i].ByRelation, all[i].At
	}
	return out, nil
}

// AnswerConsent records a guardian's answer about the actor after he has come
// in, and verifies him when it is given and the identity matches, in one
// transaction. A guardian who answered can change the answer; withdrawing closes
// the personal space and talk and leaves a verification as it is. The answer in
// force once more changes nothing. Five times wrong digits leave it to the class
// teacher's new slip. A guardian who has an account answers there: a child knows
// the phones of its family. Errors: fault.ErrNotFound as of [Service.Consent],
// fault.ErrForbidden where the pupil decides himself, fault.ErrInvalid with the
// fields name, relation, tail or answer.
func (s *Service) AnswerConsent(ctx context.Context, by access.Actor, g Guardian) error {
	now, err := s.Consent(ctx, by)
	switch {
	case err != nil:
		return err
	case by.ViewedBy != 0:
		return errForbidden
	case now.Self:
		return fault.New(fault.ErrForbidden, "account.consent.not_deciding")
	case now.NoPhone:
		return fault.Invalid(fault.At("tail", "account.guardian.nophone"))
	case now.Locked:
		return errConsentLocked()
	}
	allowed := now.Choices()
	if now.Answer != "" {
		allowed = append(allowed, now.Answer)
	}
	if fields := g.complaints(allowed...); len(fields) > 0 {
		return fault.Invalid(fields...)
	}
	var refused error
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		refused, err = s.answerConsent(ctx, tx, by, g)
		return err
	})
	if err != nil {
		return fmt.Errorf("answer for person %d: %w", by.Person, err)
	}
	return refused
}

// answerConsent takes one of the tries and gives it back when the digits are
// right. What is wrong with the answer comes back as refused, so that the
// transaction keeps the try. The try also makes two at once wait for each
// other.
func (s *Service) answerConsent(ctx context.Context, tx *db.Tx, by access.Actor, g Guardian) (refused, err error) {
	left, err := s.store.takeConsentTry(ctx, tx, by.Person)
	if err != nil {
		return nil, err
	}
	if left < 0 {
		return errConsentLocked(), nil
	}
	tails, err := s.tails(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	if !g.at(tails) {
		if left == 0 {
			return errConsentLocked(), nil
		}
		return fault.Invalid(fault.At("tail", "account.guardian.tail", left)), nil
	}
	if err := s.store.clearConsentTries(ctx, tx, by.Person); err != nil {
		return nil, err
	}
	who, err := s.guardianAt(ctx, by.Person, g)
	if err != nil {
		return nil, err
	}
	if who.Status == person.BindingConfirmed {
		return fault.Invalid(fault.At("tail", "account.consent.own_account")), nil
	}
	now, err := s.consentState(ctx, by.Person)
	switch {
	case err != nil || now.Answer == g.Answer && !now.Renew:
		return nil, err
	case !slices.Contains(now.Choices(), g.Answer):
		return fault.Invalid(fault.At("answer", "account.guardian.answer.missing")), nil
	}
	if err := s.recordAnswer(ctx, by, by.Person, g); err != nil {
		return nil, err
	}
	if err := s.verifyFree(ctx, by, by.Person); err != nil {
		return nil, err
	}
	return nil, s.note(ctx, tx, by, "consent", "person", by.Person.Int(), by.Home(), detail("answer", g.Answer))
}

// errConsentLocked says that the digits were wrong too often.
func errConsentLocked() error { return fault.Invalid(fault.At("tail", "account.consent.locked")) }
