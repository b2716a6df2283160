package person

import (
	"context"
	"errors"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Amendment changes what a roster says of a person. A nil field leaves it as it
// is; a pointer to the zero value erases it.
type Amendment struct {
	Person     id.Person
	Name       *string
	Sex        *int
	Birth      *clock.Day
	Ethnic     *string
	IDType     *string
	IDNo       *string
	StudentNo  *string
	Phone      *string
	NoIDReason *string
	Boarding   *string
	Enrolled   *clock.Day
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Amend changes persons and the keys by which they are known: a number that
// comes later, L to G, a new phone. It joins the transaction of ctx. A number
// that another person has is ErrConflict. The actor needs roster.import at each
// person's unit.
func (s *Service) Amend(ctx context.Context, by access.Actor, all ...Amendment) error {
	allowed := map[id.Node]bool{}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, a := range all {
			if _, err := lock(ctx, tx, a.Person); err != nil {
				return err
			}
			before, err := s.record(ctx, tx, a.Person)
			if err != nil {
				return err
			}
			if before.Status == StatusMerged {
				return errMerged()
			}
			if !allowed[before.Unit] {
				if err := s.mayReceive(ctx, by, before.Unit); err != nil {
					return err
				}
				allowed[before.Unit] = true
			}
			if err := s.amend(ctx, tx, before, a); err != nil {
				return fmt.Errorf("amend person %d: %w", a.Person, err)
			}
		}
		return nil
	})
	return err
}

// Correct changes one record by hand, as [Service.Amend] does from a roster. It
// joins the transaction of ctx. The actor needs person.correct at the unit.
func (s *Service) Correct(ctx context.Context, by access.Actor, a Amendment) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.lockMine(ctx, tx, by, a.Person)
		if err != nil {
			return err
		}
		if p.Status == StatusMerged {
			return errMerged()
		}
		before, err := s.record(ctx, tx, a.Person)
		if err != nil {
			return err
		}
		return s.amend(ctx, tx, before, a)
	})
}

// KnownBy finds the record that has a value (see [Service.Lookup]) where the
// actor holds person.merge at its unit; 0 for none and for any other.
func (s *Service) KnownBy(ctx context.Context, by access.Actor, kind KeyKind, value string) (id.Person, error) {
	scope := by.Scope(access.PersonMerge)
	if scope.Empty() {
		return 0, errForbidden()
	}
	found, _, err := s.lookup(ctx, s.db, kind, []string{value})
	if err != nil {
		return 0, fmt.Errorf("look up a person: %w", err)
	}
	f, ok := found[value]
	if !ok {
		return 0, nil
	}
	path, err := org.Path(ctx, s.db, f.Unit)
	if err != nil || !scope.Contains(path) {
		return 0, err
	}
	return f.ID, nil
}

// record reads one person with open numbers in the transaction.
func (s *Service) record(ctx context.Context, tx *db.Tx, person id.Person) (Found, error) {
	var r sealedRow
	err := r.scan(tx.QueryRow(ctx, "SELECT "+foundColumns+" FROM person p"+foundJoin+"WHERE p.id = $1", person.Int()))
	if errors.Is(err, db.ErrNoRows) {
		return Found{}, errMissing()
	}
	if err != nil {
		return Found{}, err
	}
	err = s.unseal(&r)
	return r.Found, err
}

// draftOf is a person as the draft that would make him.
func draftOf(f Found) Draft {
	return Draft{ID: f.ID, Name: f.Name, Sex: f.Sex, Birth: f.Birth, Ethnic: f.Ethnic, IDType: f.IDType, IDNo: f.IDNo,
		StudentNo: f.StudentNo, Phone: f.Phone, NoIDReason: f.NoIDReason, Role: f.Role, Unit: f.Unit, Boarding: f.Boarding, Enrolled: f.Enrolled,
		keyless: f.Status == StatusMerged}
}

func (s *Service) amend(ctx context.Context, tx *db.Tx, before Found, a Amendment) error {
	old := draftOf(before)
	d := old
	set(&d.Name, a.Name)
	set(&d.Sex, a.Sex)
	set(&d.Birth, a.Birth)
	set(&d.Ethnic, a.Ethnic)
	set(&d.IDType, a.IDType)
	set(&d.IDNo, a.IDNo)
	set(&d.StudentNo, a.StudentNo)
	set(&d.Phone, a.Phone)
	set(&d.NoIDReason, a.NoIDReason)
	set(&d.Boarding, a.Boarding)
	set(&d.Enrolled, a.Enrolled)
	if d.Name == "" {
		return fault.New(fault.ErrInvalid, "person.name_missing")
	}
	if d.IDNo != "" && d.IDType == "" {
		d.IDType = "1"
	}
	if d == old {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE person SET name = $1, name_key = $2, sex = $3, birth = $4, ethnic = $5, id_type = $6, id_sealed = $7,"+
		" student_no_sealed = $8, phone_sealed = $9, id_tail = $10, no_id_reason = $11, boarding = $12, enrolled = $13 WHERE id = $14",
		d.Name, NameKey(d.Name), d.Sex, int64(d.Birth), d.Ethnic, d.IDType, s.seal(d.IDNo), s.seal(d.StudentNo), s.seal(d.Phone),
		tail(d.IDNo), d.NoIDReason, d.Boarding, int64(d.Enrolled), d.ID.Int())
	if err != nil {
		return err
	}
	return s.rekey(ctx, tx, old, d)
}

// rekey replaces the keys that differ.
func (s *Service) rekey(ctx context.Context, tx *db.Tx, old, now Draft) error {
	had, has := map[keyValue]bool{}, map[keyValue]bool{}
	for _, k := range keysOf(old) {
		had[k] = true
	}
	for _, k := range keysOf(now) {
		has[k] = true
	}
	for k := range had {
		if !has[k] {
			if err := s.dropKey(ctx, tx, old.ID, k); err != nil {
				return err
			}
		}
	}
	for k := range has {
		if !had[k] {
			if err := s.addKey(ctx, old.ID, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) dropKey(ctx context.Context, tx *db.Tx, person id.Person, k keyValue) error {
	for _, h := range s.hashesOf(k.kind, k.value) {
		if _, err := tx.Exec(ctx, "DELETE FROM person_key WHERE kind = $1 AND h64 = $2 AND person = $3", int64(k.kind), h, person.Int()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) addKey(ctx context.Context, person id.Person, k keyValue) error {
	gen := s.keys.Generation()
	return s.putNew(ctx, []hash{{kind: k.kind, h64: s.keys.Hash64(hashNames[k.kind], k.value), person: person, value: k.value, gen: gen}})
}

// Unmake removes persons whom an undone batch had made, with keys, places,
// guardianships and spaces, and writes person.unmade each. It joins the transaction of ctx. Whoever is activated, or
// made by another batch, is ErrConflict and nothing is written. The actor needs
// roster.import at each unit.
func (s *Service) Unmake(ctx context.Context, by access.Actor, batch id.Batch, persons []id.Person) error {
	allowed := map[id.Node]bool{}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, person := range persons {
			if _, err := lock(ctx, tx, person); err != nil {
				return err
			}
			f, err := s.record(ctx, tx, person)
			if err != nil {
				return err
			}
			followers, err := mergedInto(ctx, tx, person)
			if err != nil {
				return err
			}
			if !f.Activated.IsZero() || f.Batch != batch || f.Status == StatusMerged || len(followers) > 0 {
				return fault.New(fault.ErrConflict, "person.unmake.used")
			}
			if !allowed[f.Unit] {
				if err := s.mayReceive(ctx, by, f.Unit); err != nil {
					return err
				}
				allowed[f.Unit] = true
			}
			if err := s.unmake(ctx, tx, by, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("unmake %d persons: %w", len(persons), err)
	}
	return nil
}

func (s *Service) unmake(ctx context.Context, tx *db.Tx, by access.Actor, f Found) error {
	for _, k := range keysOf(draftOf(f)) {
		if err := s.dropKey(ctx, tx, f.ID, k); err != nil {
			return err
		}
	}
	for _, q := range []string{
		"DELETE FROM person_affiliation WHERE person = $1",
		"DELETE FROM person_guardianship WHERE ward = $1",
		"DELETE FROM person_guardianship WHERE guardian = $1",
		"DELETE FROM person WHERE id = $1",
	} {
		if _, err := tx.Exec(ctx, q, f.ID.Int()); err != nil {
			return err
		}
	}
	if s.Spaces != nil {
		if err := s.Spaces.UnmakePersonal(ctx, by, []id.Person{f.ID}); err != nil {
			return err
		}
	}
	return s.log.Append(ctx, tx, newEvent(by, EventUnmade, f.ID, f.Main.Node, f.Unit, Extra{Role: f.Role}))
}

// MadeBy lists the persons that a batch made, by id, a page at a time.
func (s *Service) MadeBy(ctx context.Context, by access.Actor, batch id.Batch, after id.Person, limit int) ([]Person, error) {
	if !by.Can(access.RosterImport) {
		return nil, errForbidden()
	}
	var args db.Args
	q := "SELECT " + columns + " FROM person p WHERE p.batch = " + args.Add(batch.Int()) + " AND p.batch <> 0 AND p.id > " + args.Add(after.Int()) +
		" AND " + by.Scope(access.RosterImport).Nodes("p.unit", &args) + " ORDER BY p.id LIMIT " + args.Add(limit)
	return readPersons(ctx, s.db, q, args...)
}
