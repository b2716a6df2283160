package person

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// The purposes for which a guardian is asked, each by itself (个人信息保护法 14,
// 儿童个人信息网络保护规定 9, 10).
const (
	// PurposeSpace is growth records and learning analysis in the personal space.
	PurposeSpace = "space"
	// PurposeTalk is asking and commenting in the class.
	PurposeTalk = "talk"
	// PurposePicture is the child's picture and work on show.
	PurposePicture = "picture"
)

// Purposes lists the purposes in the order of the pages.
func Purposes() []string { return []string{PurposeSpace, PurposeTalk, PurposePicture} }

// ConsentLapsed is a consent to a text that another has replaced for longer
// than its days of grace: it counts as no answer.
const ConsentLapsed = "lapsed"

// Text is one version of what is asked for a purpose. Its words are in the
// message catalogue under consent.text, by purpose and version.
type Text struct {
	Purpose string
	Version string
	From    clock.Day // asked from this day on
	Grace   int       // days for which consents to the text before still count
}

// texts lists every version that was ever asked, the oldest first of each
// purpose. A version that was published is never changed: another one is added.
var texts = []Text{
	{PurposeSpace, "2019-1", 20190101, 30},
	{PurposeTalk, "2019-1", 20190101, 30},
	{PurposePicture, "2019-1", 20190101, 30},
}

// CurrentText is the text that is asked for a purpose on a day.
func CurrentText(purpose string, day clock.Day) Text { return currentText(texts, purpose, day) }

func currentText(all []Text, purpose string, day clock.Day) Text {
	var out Text
	for _, t := range all {
		if t.Purpose == purpose && (out.Version == "" || t.From <= day) {
			out = t
		}
	}
	return out
}

// Lapses is the first day on which a consent to a version counts no longer; 0:
// no later text is known. A version that is not in the list is older than all.
func Lapses(purpose, version string) clock.Day { return lapses(texts, purpose, version) }

func lapses(all []Text, purpose, version string) clock.Day {
	next := !slices.ContainsFunc(all, func(t Text) bool { return t.Purpose == purpose && t.Version == version })
	for _, t := range all {
		switch {
		case t.Purpose != purpose:
		case next:
			return t.From.AddDays(t.Grace)
		case t.Version == version:
			next = true
		}
	}
	return 0
}

// Verdict is what the answers about a child come to for one purpose.
type Verdict struct {
	// Answer is given, refused, withdrawn, lapsed, or "" where nobody answered.
	Answer  string
	Version string
	// Decider is the answer that decides.
	Decider Consent
	// Conflict says that others who decide for the child answered otherwise.
	Conflict bool
}

// Decide folds the answers about one child for one purpose, in the order in
// which they were given. Of each guardian the latest counts; a no of any wins
// over every yes. Answers of a guardian whose binding has ended do not count,
// nor those of somebody unnamed once a guardian has answered. From 14 on the
// child decides alone: its own answer sets all others aside.
func Decide(answers []Consent, ended func(id.Person) bool, day clock.Day) Verdict {
	latest := map[id.Person]Consent{}
	for _, c := range answers {
		switch {
		case c.Guardian != 0 && ended(c.Guardian):
			continue
		case c.Guardian == c.Child:
			clear(latest)
		case latest[c.Child].ID != 0:
			continue
		case c.Guardian != 0:
			delete(latest, 0)
		}
		latest[c.Guardian] = c
	}
	all := make([]Consent, 0, len(latest))
	for _, c := range latest {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Consent) int { return cmp.Compare(a.ID, b.ID) })
	var no, yes, stale Consent
	for _, c := range all {
		lapse := Lapses(c.Purpose, c.TextVersion)
		switch {
		case c.Answer != ConsentGiven:
			no = c
		case lapse != 0 && day >= lapse:
			stale = c
		default:
			yes = c
		}
	}
	switch {
	case no.ID != 0:
		return Verdict{no.Answer, no.TextVersion, no, yes.ID != 0}
	case yes.ID != 0:
		return Verdict{ConsentGiven, yes.TextVersion, yes, false}
	case stale.ID != 0:
		return Verdict{ConsentLapsed, stale.TextVersion, stale, false}
	}
	return Verdict{}
}

// RecordConsent keeps an answer about a child for a purpose and makes what all
// answers come to the child's state; for the purpose space the personal space
// follows. A verification that there is stays: who the child is has not changed,
// and what was counted was no error (DOMAIN Q2). The child's own sign-in, the
// system or a confirmed guardian records it. A later answer of the same guardian
// replaces his earlier one and erases none; the same answer to the same text
// again changes nothing.
func (s *Service) RecordConsent(ctx context.Context, by access.Actor, c Consent) error {
	if Guards(by, c.Child) {
		c.Guardian = by.Person
	} else if err := mayActFor(by, c.Child); err != nil {
		return err
	}
	if c.Answer != ConsentGiven && c.Answer != ConsentRefused && c.Answer != ConsentWithdrawn ||
		!slices.Contains(Purposes(), c.Purpose) || c.TextVersion == "" {
		return fault.New(fault.ErrInvalid, "person.consent.answer")
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, c.Child)
		if err != nil {
			return err
		}
		if p.Status == StatusMerged {
			return errMerged()
		}
		all, err := answers(ctx, tx, c.Child, c.Purpose)
		if err != nil {
			return err
		}
		before := ownLatest(all, c.Guardian)
		if before.Answer == c.Answer && before.TextVersion == c.TextVersion {
			return nil
		}
		c.ID, c.At = id.Next[id.Consent](s.ids), s.clk.Now()
		if _, err := tx.Exec(ctx, "INSERT INTO person_consent (id, child, purpose, text_version, answer, by_name, by_relation, guardian, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			c.ID.Int(), c.Child.Int(), c.Purpose, c.TextVersion, c.Answer, c.ByName, c.ByRelation, c.Guardian.Int(), c.At.UnixMilli()); err != nil {
			return err
		}
		return s.settle(ctx, tx, by, p, c.Purpose, append(all, c))
	})
	if err != nil {
		return fmt.Errorf("record consent for person %d: %w", c.Child, err)
	}
	return nil
}

// ownLatest is the latest answer of one guardian.
func ownLatest(all []Consent, guardian id.Person) (out Consent) {
	for _, c := range all {
		if c.Guardian == guardian {
			out = c
		}
	}
	return out
}

// settle writes what the answers come to; the child's row is locked.
func (s *Service) settle(ctx context.Context, tx *db.Tx, by access.Actor, p Person, purpose string, all []Consent) error {
	ended, err := endedGuardians(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	v := Decide(all, func(g id.Person) bool { return ended[g] }, s.today())
	if v.Answer == "" {
		_, err = tx.Exec(ctx, "DELETE FROM person_consent_state WHERE child = $1 AND purpose = $2", p.ID.Int(), purpose)
	} else {
		_, err = tx.Exec(ctx, "INSERT INTO person_consent_state (child, purpose, answer, version, decider, at, conflict) VALUES ($1, $2, $3, $4, $5, $6, $7)"+
			" ON CONFLICT (child, purpose) DO UPDATE SET answer = excluded.answer, version = excluded.version, decider = excluded.decider, at = excluded.at, conflict = excluded.conflict",
			p.ID.Int(), purpose, v.Answer, v.Version, v.Decider.ID.Int(), v.Decider.At.UnixMilli(), bit(v.Conflict))
	}
	if err != nil || purpose != PurposeSpace {
		return err
	}
	answer := v.Answer
	if answer == ConsentLapsed {
		answer = ""
	}
	if _, err := tx.Exec(ctx, "UPDATE person SET consent = $1 WHERE id = $2", answer, p.ID.Int()); err != nil {
		return err
	}
	return s.openDue(ctx, actedBy(by, p), p.ID)
}

// answers reads what was answered about a child for a purpose, the oldest first.
func answers(ctx context.Context, q db.Queryer, child id.Person, purpose string) ([]Consent, error) {
	return readConsents(ctx, q, "child = $1 AND purpose = $2 ORDER BY at, id", child.Int(), purpose)
}

func readConsents(ctx context.Context, q db.Queryer, condition string, args ...any) ([]Consent, error) {
	rows, err := q.Query(ctx, "SELECT id, child, purpose, text_version, answer, by_name, by_relation, guardian, at FROM person_consent WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	defer rows.Close()
	var out []Consent
	for rows.Next() {
		var c Consent
		var at int64
		if err := rows.Scan(&c.ID, &c.Child, &c.Purpose, &c.TextVersion, &c.Answer, &c.ByName, &c.ByRelation, &c.Guardian, &at); err != nil {
			return nil, fmt.Errorf("read consents: %w", err)
		}
		c.At = clock.FromMillis(at)
		out = append(out, c)
	}
	return out, rows.Err()
}

// endedGuardians are those whose binding to the child has ended.
func endedGuardians(ctx context.Context, q db.Queryer, child id.Person) (map[id.Person]bool, error) {
	rows, err := q.Query(ctx, "SELECT guardian FROM person_guardianship WHERE ward = $1 AND status = 'ended'", child.Int())
	if err != nil {
		return nil, fmt.Errorf("read ended guardians: %w", err)
	}
	defer rows.Close()
	out := map[id.Person]bool{}
	for rows.Next() {
		var g id.Person
		if err := rows.Scan(&g); err != nil {
			return nil, fmt.Errorf("read ended guardians: %w", err)
		}
		out[g] = true
	}
	return out, rows.Err()
}

// Consents lists the answers for a child, the latest first, for whoever may
// Get the child.
func (s *Service) Consents(ctx context.Context, by access.Actor, child id.Person) ([]Consent, error) {
	if _, err := s.Get(ctx, by, child); err != nil {
		return nil, err
	}
	return readConsents(ctx, s.db, "child = $1 ORDER BY at DESC, id DESC", child.Int())
}

// Verdicts returns what the answers about a child come to, by purpose, as it
// was settled last; the child, its confirmed guardians and whoever may Get it
// may ask.
func (s *Service) Verdicts(ctx context.Context, by access.Actor, child id.Person) (map[string]Verdict, error) {
	if _, err := s.Get(ctx, by, child); err != nil {
		return nil, err
	}
	return verdictsOf(ctx, s.db, child)
}

func verdictsOf(ctx context.Context, q db.Queryer, child id.Person) (map[string]Verdict, error) {
	rows, err := q.Query(ctx, "SELECT purpose, answer, version, decider, at, conflict FROM person_consent_state WHERE child = $1", child.Int())
	if err != nil {
		return nil, fmt.Errorf("read verdicts of person %d: %w", child, err)
	}
	defer rows.Close()
	out := map[string]Verdict{}
	for rows.Next() {
		var v Verdict
		var purpose string
		var at, conflict int64
		if err := rows.Scan(&purpose, &v.Answer, &v.Version, &v.Decider.ID, &at, &conflict); err != nil {
			return nil, fmt.Errorf("read verdicts of person %d: %w", child, err)
		}
		v.Decider.At, v.Conflict = clock.FromMillis(at), conflict == 1
		out[purpose] = v
	}
	return out, rows.Err()
}

// AnswerOf reads through q what the answers about a child come to for a purpose:
// given, refused, withdrawn, lapsed or "". It asks nobody who wants it and is
// for the rules of other packages.
func AnswerOf(ctx context.Context, q db.Queryer, child id.Person, purpose string) (string, error) {
	all, err := verdictsOf(ctx, q, child)
	return all[purpose].Answer, err
}

// LapseConsents makes consents to texts that were replaced long enough ago count
// no longer. A daily job calls it; it returns how many changed.
func (s *Service) LapseConsents(ctx context.Context, by access.Actor) (int, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden()
	}
	total := 0
	for _, purpose := range Purposes() {
		for {
			due, err := s.lapsing(ctx, purpose, 200)
			if err != nil {
				return total, fmt.Errorf("lapse consents for %s: %w", purpose, err)
			}
			for _, child := range due {
				if err := s.lapse(ctx, by, child, purpose); err != nil {
					return total, fmt.Errorf("lapse consent of person %d: %w", child, err)
				}
			}
			total += len(due)
			if len(due) < 200 {
				break
			}
		}
	}
	return total, nil
}

// lapsing finds children whose consent counts no longer today.
func (s *Service) lapsing(ctx context.Context, purpose string, limit int) ([]id.Person, error) {
	var args db.Args
	q := "SELECT child FROM person_consent_state WHERE purpose = " + args.Add(purpose) + " AND answer = 'given'"
	day := s.today()
	for _, t := range texts {
		if until := Lapses(purpose, t.Version); t.Purpose == purpose && (until == 0 || day < until) {
			q += " AND version <> " + args.Add(t.Version)
		}
	}
	if first := Lapses(purpose, ""); day < first {
		return nil, nil
	}
	rows, err := s.db.Query(ctx, q+" ORDER BY child LIMIT "+args.Add(limit), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.Person
	for rows.Next() {
		var p id.Person
		if err := rows.Scan(&p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func (s *Service) lapse(ctx context.Context, by access.Actor, child id.Person, purpose string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, child)
		if err != nil {
			return err
		}
		all, err := answers(ctx, tx, child, purpose)
		if err != nil {
			return err
		}
		return s.settle(ctx, tx, by, p, purpose, all)
	})
}
