package person

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Held is what is stored about a person in this package, for himself, for a
// confirmed guardian of him, and for whoever answers requests at his unit.
type Held struct {
	Person
	StudentTail, PhoneTail string // last four characters, "" without one
	Places                 []Affiliation
	Guardians, Wards       []Bond
	Consents               []Consent
	Former                 []id.Person // records that were merged into this one
}

// Bond is a binding with the name of the other side.
type Bond struct {
	Guardianship
	Name string
}

// Known returns a person to himself, to a confirmed guardian of him, and to
// whoever answers requests at his school; ErrNotFound to everybody else, the
// office above the school among them.
func (s *Service) Known(ctx context.Context, by access.Actor, who id.Person) (Person, error) {
	p, err := Load(ctx, s.db, who)
	if err != nil {
		return Person{}, err
	}
	if by.IsSystem() || by.IsOperator() || by.IsPerson() && (by.Person == who || slices.Contains(by.Wards, who)) {
		return p, nil
	}
	path, err := org.Path(ctx, s.db, p.Unit)
	if err != nil {
		return Person{}, err
	}
	if !by.Allows(access.RightsAnswer, path) || by.Can(access.RightsOversee) {
		return Person{}, errMissing()
	}
	return p, nil
}

// Held returns everything that is stored about a person here. The same rule as
// for Known.
func (s *Service) Held(ctx context.Context, by access.Actor, who id.Person) (Held, error) {
	p, err := s.Known(ctx, by, who)
	if err != nil {
		return Held{}, err
	}
	h := Held{Person: p}
	var student, phone []byte
	if err := s.db.QueryRow(ctx, "SELECT student_no_sealed, phone_sealed FROM person WHERE id = $1", who.Int()).Scan(&student, &phone); err != nil {
		return Held{}, fmt.Errorf("read numbers of person %d: %w", who, err)
	}
	for _, n := range []struct {
		sealed []byte
		to     *string
	}{{student, &h.StudentTail}, {phone, &h.PhoneTail}} {
		plain, err := s.open(n.sealed)
		if err != nil {
			return Held{}, err
		}
		*n.to = tail(plain)
	}
	if h.Places, err = readAffiliations(ctx, s.db, "a.person = $1 ORDER BY a.to_on, a.is_primary DESC, a.from_on DESC, a.id", who.Int()); err != nil {
		return Held{}, err
	}
	if h.Guardians, err = s.bondsNamed(ctx, "g.guardian", "g.ward", who); err != nil {
		return Held{}, err
	}
	if h.Wards, err = s.bondsNamed(ctx, "g.ward", "g.guardian", who); err != nil {
		return Held{}, err
	}
	if h.Consents, err = readConsents(ctx, s.db, "child = $1 ORDER BY at DESC, id DESC", who.Int()); err != nil {
		return Held{}, err
	}
	h.Former, err = mergedInto(ctx, s.db, who)
	return h, err
}

// bondsNamed reads bindings that have not ended with the name of the other side.
func (s *Service) bondsNamed(ctx context.Context, other, own string, who id.Person) ([]Bond, error) {
	rows, err := s.db.Query(ctx, "SELECT "+guardianshipColumns+", p.name FROM person_guardianship g JOIN person p ON p.id = "+other+
		" WHERE "+own+" = $1 AND g.status <> 'ended' ORDER BY g.ordinal, g.id", who.Int())
	if err != nil {
		return nil, fmt.Errorf("read bindings of person %d: %w", who, err)
	}
	defer rows.Close()
	var out []Bond
	for rows.Next() {
		var b Bond
		if err := rows.Scan(append(guardianshipDest(&b.Guardianship), &b.Name)...); err != nil {
			return nil, fmt.Errorf("read bindings of person %d: %w", who, err)
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// Erasable are the fields that no law asks a school to keep, in the words of
// [Service.EraseOptional].
func Erasable() []string { return []string{"ethnic", "boarding", "phone"} }

// EraseOptional erases what no law asks a school to keep and returns which
// fields it was: ethnic group, boarding, phone. The phone of a guardian who is
// bound to a child stays, since a consent is proved by it. It joins the
// transaction of ctx. The actor needs rights.answer at the unit, or is the
// system.
func (s *Service) EraseOptional(ctx context.Context, by access.Actor, who id.Person) ([]string, error) {
	var erased []string
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		erased = nil
		p, err := lock(ctx, tx, who)
		if err != nil {
			return err
		}
		if !by.IsSystem() && !by.IsOperator() {
			if err := s.mayAt(ctx, by, access.RightsAnswer, p.Unit); err != nil {
				return err
			}
		}
		if p.Status == StatusMerged {
			return errMerged()
		}
		f, err := s.record(ctx, tx, who)
		if err != nil {
			return err
		}
		bonds, err := readBonds(ctx, tx, "g.guardian = $1 AND g.status <> 'ended'", who.Int())
		if err != nil {
			return err
		}
		none := ""
		a := Amendment{Person: who}
		for _, e := range []struct {
			name  string
			value string
			to    **string
		}{{"ethnic", f.Ethnic, &a.Ethnic}, {"boarding", f.Boarding, &a.Boarding}, {"phone", f.Phone, &a.Phone}} {
			if e.value == "" || e.name == "phone" && len(bonds) > 0 {
				continue
			}
			*e.to = &none
			erased = append(erased, e.name)
		}
		if len(erased) == 0 {
			return nil
		}
		return s.amend(ctx, tx, f, a)
	})
	if err != nil {
		return nil, fmt.Errorf("erase optional data of person %d: %w", who, err)
	}
	return erased, nil
}

// endedOld are persons who are no longer here since before a day and about whom
// more is kept than a law asks for.
const endedOld = " FROM person WHERE ended_on <> 0 AND ended_on < $1 AND status <> 'merged'" +
	" AND (LENGTH(phone_sealed) > 0 OR ethnic <> '' OR boarding <> '')"

// aloneOld are guardians of such persons who have no child here any more: a
// telephone that nobody needs.
const aloneOld = " FROM person p WHERE p.role = 'guardian' AND p.status = 'normal' AND LENGTH(p.phone_sealed) > 0 AND p.id IN" +
	" (SELECT g.guardian FROM person w JOIN person_guardianship g ON g.ward = w.id WHERE w.ended_on <> 0 AND w.ended_on < $1)" +
	" AND NOT EXISTS (SELECT 1 FROM person_guardianship o JOIN person c ON c.id = o.ward WHERE o.guardian = p.id AND o.status <> 'ended'" +
	" AND c.status <> 'merged' AND (c.ended_on = 0 OR c.ended_on >= $2))"

// CountOldContacts counts both. The actor needs system.manage.
func (s *Service) CountOldContacts(ctx context.Context, by access.Actor, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, errForbidden()
	}
	day := int64(clock.DayOf(before))
	if err = s.db.QueryRow(ctx, "SELECT COUNT(*)"+endedOld, day).Scan(&n); err != nil {
		return 0, err
	}
	var alone int64
	err = s.db.QueryRow(ctx, "SELECT COUNT(*)"+aloneOld, day, day).Scan(&alone)
	return n + alone, err
}

// EraseOldContacts erases contact and optional data of whoever is no longer here
// since before a moment, and the telephones of guardians who have no child here
// since then. Only the system may.
func (s *Service) EraseOldContacts(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden()
	}
	day := int64(clock.DayOf(before))
	total, err := s.eraseEach(ctx, "SELECT id"+endedOld+" AND id > $2 ORDER BY id LIMIT 200", []any{day}, func(who id.Person) (bool, error) {
		erased, err := s.EraseOptional(ctx, by, who)
		return len(erased) > 0, err
	})
	if err != nil {
		return total, err
	}
	alone, err := s.eraseEach(ctx, "SELECT p.id"+aloneOld+" AND p.id > $3 ORDER BY p.id LIMIT 200", []any{day, day}, func(who id.Person) (bool, error) {
		return s.eraseAlone(ctx, who, day)
	})
	return total + alone, err
}

// eraseEach goes through the persons of a query, whose last condition is an id.
func (s *Service) eraseEach(ctx context.Context, query string, args []any, erase func(id.Person) (bool, error)) (total int64, err error) {
	for after := id.Person(0); ; {
		var page []id.Person
		err := inRows(ctx, s.db, query, func(row scanner) error {
			var who id.Person
			err := row.Scan(&who)
			page = append(page, who)
			return err
		}, append(slices.Clone(args), after.Int())...)
		if err != nil || len(page) == 0 {
			return total, err
		}
		for _, who := range page {
			erased, err := erase(who)
			if err != nil {
				return total, err
			}
			if erased {
				total++
			}
		}
		after = page[len(page)-1]
	}
}

// eraseAlone erases the telephone of a guardian who still has no child here.
func (s *Service) eraseAlone(ctx context.Context, who id.Person, day int64) (erased bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		erased = false
		if _, err := lock(ctx, tx, who); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, "SELECT COUNT(*)"+aloneOld+" AND p.id = $3", day, day, who.Int()).Scan(&n); err != nil || n == 0 {
			return err
		}
		f, err := s.record(ctx, tx, who)
		if err != nil {
			return err
		}
		none := ""
		erased = true
		return s.amend(ctx, tx, f, Amendment{Person: who, Phone: &none})
	})
	if err != nil {
		return false, fmt.Errorf("erase the telephone of guardian %d: %w", who, err)
	}
	return erased, nil
}

// inRows runs a query and hands over its rows.
func inRows(ctx context.Context, q db.Queryer, query string, each func(scanner) error, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
