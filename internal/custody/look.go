package custody

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// What was looked at, beside the sealed fields of person.
const (
	WhatProfile = "profile"
	WhatSearch  = "search"
	WhatExport  = "export"
)

// Reasons lists the reasons for which a number is shown, in the order of the
// form. The last one needs words.
func Reasons() []string {
	return []string{"roster", "family", "transfer", "exam", "emergency", "rights", ReasonOther}
}

// ReasonOther is the reason that needs words.
const ReasonOther = "other"

// maxNote is how many characters a reason in words may have.
const maxNote = 200

// Look is one look at a person's data.
type Look struct {
	ID      id.Look
	Subject id.Person
	What    string // profile, a field of person, search, export
	Reason  string // one of Reasons; "" for what needs none
	Note    string // in words
	Node    id.Node
	Request id.Export

	// By, ByName and Role say who looked, At when; Note fills them by itself.
	By     id.Person // 0: the command line
	ByName string
	Role   access.Role
	At     time.Time
}

// Note records a look in the transaction tx and counts it against the actor's
// limits. It is ErrTooMany over them: then the caller's transaction must fail,
// and nothing is shown. A look at oneself is none.
func (s *Service) Note(ctx context.Context, tx *db.Tx, by access.Actor, look Look) error {
	if by.Person != 0 && by.Person == look.Subject {
		return nil
	}
	if by.IsPerson() {
		for _, l := range []Limit{LooksHour, LooksDay} {
			if err := s.spend(ctx, tx, by.Person, by.Role, l, 1); err != nil {
				return err
			}
		}
	}
	return s.write(ctx, tx, by, look)
}

// write records a look.
func (s *Service) write(ctx context.Context, tx *db.Tx, by access.Actor, look Look) error {
	_, err := tx.Exec(ctx, "INSERT INTO cus_look (id, person, role, subject, what, reason, note, node, request, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		id.Next[id.Look](s.IDs), by.Person, string(by.Role), look.Subject, look.What, look.Reason, look.Note, look.Node, look.Request, s.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("note a look: %w", err)
	}
	return nil
}

// looks are the limits that Note counts against.
var looks = []Limit{LooksHour, LooksDay}

// Open opens the page of a person and records the look. The actor needs
// person.profile where the person works, for a pupil pupil.profile where he
// learns; ErrNotFound for everybody else, ErrTooMany over the limit.
func (s *Service) Open(ctx context.Context, by access.Actor, who id.Person) (person.Profile, error) {
	if by.Person != who && !by.Can(access.PersonProfile) {
		return person.Profile{}, errMissing()
	}
	if by.ViewedBy != 0 && by.Person != who {
		return person.Profile{}, errViewing()
	}
	p, err := s.People.Profile(ctx, by, who)
	if err != nil {
		return person.Profile{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.Note(ctx, tx, by, Look{Subject: who, What: WhatProfile, Node: p.Unit})
	})
	if err != nil {
		return person.Profile{}, s.refused(ctx, by, looks, err)
	}
	return p, nil
}

// Showing asks to be shown one sealed value.
type Showing struct {
	Person id.Person
	Field  string // of person
	Reason string // one of Reasons
	Note   string // in words; needed for ReasonOther
}

func (a *Showing) check() error {
	a.Note = strings.TrimSpace(a.Note)
	var fields []fault.Field
	known := false
	for _, r := range Reasons() {
		known = known || r == a.Reason
	}
	if !known {
		fields = append(fields, fault.At("reason", "custody.reason.missing"))
	}
	switch n := utf8.RuneCountInString(a.Note); {
	case a.Reason == ReasonOther && n < 4:
		fields = append(fields, fault.At("note", "custody.note.missing"))
	case n > maxNote:
		fields = append(fields, fault.At("note", "custody.note.long", maxNote))
	}
	if len(fields) > 0 {
		return fault.Invalid(fields...)
	}
	return nil
}

// Shown is a value in the open. It goes onto one page and nowhere else.
type Shown struct {
	Person person.Person
	Field  string
	Value  string // "": there is none
}

// Reveal shows one sealed value once. The actor needs person.reveal and a right
// to the person's page, which is asked again inside the transaction that writes
// the look and the audit row. ErrTooMany over the limit.
func (s *Service) Reveal(ctx context.Context, by access.Actor, ask Showing) (Shown, error) {
	if !by.Can(access.PersonReveal) {
		return Shown{}, errForbidden()
	}
	if by.ViewedBy != 0 {
		return Shown{}, errViewing()
	}
	if _, err := s.People.Profiled(ctx, by, ask.Person); err != nil {
		return Shown{}, err
	}
	if ask.Field != person.FieldIDNo && ask.Field != person.FieldPhone && ask.Field != person.FieldStudentNo {
		return Shown{}, errMissing()
	}
	if err := ask.check(); err != nil {
		return Shown{}, err
	}
	var out Shown
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.People.Profiled(ctx, by, ask.Person)
		if err != nil {
			return err
		}
		value, err := s.People.Unseal(ctx, s.System, ask.Person, ask.Field)
		if err != nil {
			return err
		}
		if err := s.Note(ctx, tx, by, Look{Subject: p.ID, What: ask.Field, Reason: ask.Reason, Note: ask.Note, Node: p.Unit}); err != nil {
			return err
		}
		out = Shown{Person: p, Field: ask.Field, Value: value}
		return s.record(ctx, tx, by, "person.revealed", "person", p.ID.Int(), p.Unit, fmt.Sprintf(`{"field":%q,"reason":%q}`, ask.Field, ask.Reason))
	})
	if err != nil {
		return Shown{}, s.refused(ctx, by, looks, err)
	}
	return out, nil
}

// Find finds the person with a whole identity number among those whose page the
// actor may open. A number of somebody elsewhere is answered like one of nobody:
// ErrNotFound. The actor needs person.reveal; each search counts like a look.
func (s *Service) Find(ctx context.Context, by access.Actor, number string) (person.Person, error) {
	if !by.Can(access.PersonReveal) {
		return person.Person{}, errForbidden()
	}
	if by.ViewedBy != 0 {
		return person.Person{}, errViewing()
	}
	p, found := s.People.FindNumber(ctx, by, number)
	if found != nil && !errors.Is(found, fault.ErrNotFound) {
		return person.Person{}, found
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.Note(ctx, tx, by, Look{Subject: p.ID, What: WhatSearch, Node: p.Unit})
	})
	if err != nil {
		return person.Person{}, s.refused(ctx, by, looks, err)
	}
	return p, found
}

// Page says which part of a list to read: rows older than Before, at most Limit
// (0: 50).
type Page struct {
	Before id.Look
	Limit  int
}

// LooksAt lists who looked at a person's data, the newest first: for the person,
// his confirmed guardian, and whoever holds person.reveal for him. ErrNotFound
// for everybody else. Searches that found nobody belong to nobody.
func (s *Service) LooksAt(ctx context.Context, by access.Actor, subject id.Person, page Page) ([]Look, error) {
	if err := s.mayLooks(ctx, by, subject); err != nil {
		return nil, err
	}
	if page.Limit <= 0 {
		page.Limit = 50
	}
	return s.listLooks(ctx, []id.Person{subject}, page.Before, page.Limit)
}

// listLooks reads who looked at any of the subjects, the newest first, older than
// before (0: the newest), with the readers' names.
func (s *Service) listLooks(ctx context.Context, subjects []id.Person, before id.Look, limit int) ([]Look, error) {
	var args db.Args
	q := "SELECT id, person, role, subject, what, reason, note, node, request, at FROM cus_look WHERE subject IN (" + db.List(&args, subjects) + ")"
	if before != 0 {
		q += " AND id < " + args.Add(before)
	}
	rows, err := s.DB.Query(ctx, q+" ORDER BY id DESC LIMIT "+args.Add(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list looks: %w", err)
	}
	defer rows.Close()
	var out []Look
	for rows.Next() {
		var l Look
		var at int64
		if err := rows.Scan(&l.ID, &l.By, &l.Role, &l.Subject, &l.What, &l.Reason, &l.Note, &l.Node, &l.Request, &at); err != nil {
			return nil, fmt.Errorf("list looks: %w", err)
		}
		l.At = clock.FromMillis(at)
		out = append(out, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list looks: %w", err)
	}
	rows.Close()
	names := map[id.Person]string{0: ""}
	for i := range out {
		if err := s.name(ctx, names, out[i].By); err != nil {
			return nil, err
		}
		out[i].ByName = names[out[i].By]
	}
	return out, nil
}

func (s *Service) mayLooks(ctx context.Context, by access.Actor, subject id.Person) error {
	if by.IsPerson() && by.Person == subject {
		return nil
	}
	for _, w := range by.Wards {
		if w == subject && by.Role == access.Guardian {
			return nil
		}
	}
	if !by.Can(access.PersonReveal) {
		return errMissing()
	}
	_, err := s.People.Profiled(ctx, by, subject)
	return err
}

// pathOf is the path of a node; ErrNotFound for none.
func (s *Service) pathOf(ctx context.Context, node id.Node) (string, error) {
	return org.Path(ctx, s.DB, node)
}

// purgeAfter is how long looks are kept: two years, so that a guardian who comes
// in a year later still finds them. Counts go after two days.
const purgeAfter = 2 * 365 * 24 * time.Hour

// Sweep forgets old looks and counts, and erases files that have expired. Only
// the system may.
func (s *Service) Sweep(ctx context.Context, by access.Actor) (erased int, err error) {
	if !by.IsSystem() {
		return 0, errForbidden()
	}
	now := s.now()
	if _, err := s.DB.Exec(ctx, "DELETE FROM cus_look WHERE at < $1", now.Add(-purgeAfter).UnixMilli()); err != nil {
		return 0, fmt.Errorf("forget looks: %w", err)
	}
	if _, err := s.DB.Exec(ctx, "DELETE FROM cus_list WHERE day < $1", int64(clock.DayOf(now.Add(-purgeAfter)))); err != nil {
		return 0, fmt.Errorf("forget lists: %w", err)
	}
	_, err = s.DB.Exec(ctx, "DELETE FROM cus_count WHERE (kind = 'looks_hour' AND slot < $1) OR (kind <> 'looks_hour' AND slot < $2)",
		now.Add(-48*time.Hour).Unix()/3600, int64(s.today().AddDays(-2)))
	if err != nil {
		return 0, fmt.Errorf("forget counts: %w", err)
	}
	return s.expire(ctx)
}
