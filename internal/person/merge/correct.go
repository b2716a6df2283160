package merge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// The fields that can be corrected.
const (
	FieldName      = "name"
	FieldIDNo      = "id_no"
	FieldStudentNo = "student_no"
	FieldBirth     = "birth"
	FieldSex       = "sex"
	FieldPhone     = "phone"
)

// Fields lists what can be corrected, in the order of a form.
func Fields() []string {
	return []string{FieldName, FieldIDNo, FieldStudentNo, FieldBirth, FieldSex, FieldPhone}
}

// Correction corrects one field of one record.
type Correction struct {
	Person   id.Person
	Field    string
	Value    string // a day as 2012-03-04, a sex as 1 or 2
	Reason   string
	Document string // what proves it, "" where nothing does
}

// Corrected is one correction of the past. The value before it is kept sealed
// and told to nobody by this list.
type Corrected struct {
	Person   id.Person
	Field    string
	Reason   string
	Document string
	By       id.Person
	At       time.Time
}

// amendment checks the value and says what it changes.
func (c Correction) amendment(before person.Found, today clock.Day) (person.Amendment, error) {
	a := person.Amendment{Person: c.Person}
	bad := func(key string, args ...any) (person.Amendment, error) {
		return a, fault.Invalid(fault.At("value", key, args...))
	}
	if c.Value == "" {
		return bad("correct.value_missing")
	}
	switch c.Field {
	case FieldName:
		if n := len([]rune(c.Value)); n > 60 || person.NameKey(c.Value) == "" {
			return bad("correct.name")
		}
		a.Name = &c.Value
	case FieldIDNo:
		number := strings.ToUpper(c.Value)
		parsed, err := codes.ParseIDNumber(number, today)
		if err != nil {
			return bad("correct.id_no")
		}
		kind, reason := codes.IDResident, ""
		a.IDNo, a.IDType, a.NoIDReason = &number, &kind, &reason
		birth, sex := clock.Day(parsed.Birth), 2
		if parsed.Sex == codes.SexMale {
			sex = 1
		}
		a.Birth, a.Sex = &birth, &sex
	case FieldStudentNo:
		number := strings.ToUpper(c.Value)
		if before.Role != person.RolePupil || codes.CheckStudentNumber(number) != nil {
			return bad("correct.student_no")
		}
		a.StudentNo = &number
	case FieldBirth:
		day, ok := value.Day(c.Value, false, today)
		if !ok || day > today {
			return bad("correct.birth")
		}
		a.Birth = &day
	case FieldSex:
		one, ok := value.Sex(c.Value)
		if !ok {
			return bad("correct.sex")
		}
		sex := int(one)
		a.Sex = &sex
	case FieldPhone:
		if !phone(c.Value) {
			return bad("correct.phone")
		}
		a.Phone = &c.Value
	default:
		return a, fault.Invalid(fault.At("field", "correct.field"))
	}
	return a, nil
}

// Check says what is wrong with what somebody asks to be corrected, before the
// school decides about it. ErrInvalid names the field.
func (c Correction) Check(role string, today clock.Day) error {
	c.Value = strings.TrimSpace(c.Value)
	_, err := c.amendment(person.Found{Person: person.Person{Role: role}}, today)
	return err
}

// phone reports whether the value is a mobile number of the mainland.
func phone(v string) bool {
	return len(v) == 11 && v[0] == '1' && strings.Trim(v, "0123456789") == ""
}

// valueOf is the field's value before.
func valueOf(f person.Found, field string) string {
	switch field {
	case FieldName:
		return f.Name
	case FieldIDNo:
		return f.IDNo
	case FieldStudentNo:
		return f.StudentNo
	case FieldBirth:
		return f.Birth.String()
	case FieldSex:
		return fmt.Sprint(f.Sex)
	}
	return f.Phone
}

// Correct corrects one field and keeps who, when, why, by which document, and
// the value before it, sealed (个人信息保护法 art. 46). A number that another
// record has is ErrInvalid at the value: where that record lies in the actor's
// own reach [Service.Other] names it for merging, of any other nothing is told.
// The actor needs person.correct at the unit.
func (s *Service) Correct(ctx context.Context, by access.Actor, c Correction) error {
	c.Value, c.Reason, c.Document = strings.TrimSpace(c.Value), strings.TrimSpace(c.Reason), strings.TrimSpace(c.Document)
	before, err := s.People.Open(ctx, by, access.PersonCorrect, c.Person)
	if err != nil {
		return err
	}
	a, err := c.amendment(before, s.today())
	if bad := append(fault.Fields(err), words(c.Reason, c.Document)...); len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	if valueOf(before, c.Field) == c.Value {
		return nil
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.first(ctx, tx); err != nil {
			return err
		}
		if err := s.People.Hold(ctx, by, c.Person); err != nil {
			return err
		}
		before, err := s.People.Open(ctx, by, access.PersonCorrect, c.Person)
		if err != nil {
			return err
		}
		if err := s.People.Correct(ctx, by, a); err != nil {
			if errors.Is(err, fault.ErrConflict) {
				return fault.Invalid(fault.At("value", "correct.taken"))
			}
			return err
		}
		if err := s.remember(ctx, tx, by, c, a, before); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "person.corrected", c.Person, before.Unit, map[string]any{"field": c.Field})
	})
	if err != nil {
		return fmt.Errorf("correct person %d: %w", c.Person, err)
	}
	return nil
}

// remember keeps what the record said before, a row a field: an identity number
// brings birth and sex along.
func (s *Service) remember(ctx context.Context, tx *db.Tx, by access.Actor, c Correction, a person.Amendment, before person.Found) error {
	fields := []string{c.Field}
	if a.IDNo != nil && *a.Birth != before.Birth {
		fields = append(fields, FieldBirth)
	}
	if a.IDNo != nil && *a.Sex != before.Sex {
		fields = append(fields, FieldSex)
	}
	for _, field := range fields {
		if _, err := tx.Exec(ctx, "INSERT INTO mrg_correction (id, person, unit, field, old_sealed, reason, document, by_person, at)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", s.IDs.Next(), c.Person, before.Unit, field,
			s.Keys.Seal([]byte(valueOf(before, field))), c.Reason, c.Document, by.Person, clock.Millis(s.Clock.Now())); err != nil {
			return err
		}
	}
	return nil
}

// Other finds the record in the actor's reach that has the number of a refused
// correction, for a hint to merging; 0 for none and for one of anybody else.
func (s *Service) Other(ctx context.Context, by access.Actor, c Correction) (id.Person, error) {
	if c.Field != FieldIDNo && c.Field != FieldStudentNo || !by.Can(access.PersonMerge) {
		return 0, nil
	}
	value := strings.ToUpper(strings.TrimSpace(c.Value))
	kind := person.ByStudentNumber
	if c.Field == FieldIDNo {
		kind, value = person.ByIDNumber, person.IDValue("", value)
	}
	other, err := s.People.KnownBy(ctx, by, kind, value)
	if err != nil || other == c.Person {
		return 0, err
	}
	return other, nil
}

// Corrections lists the corrections of a person, the newest first. The actor
// needs person.correct at the unit.
func (s *Service) Corrections(ctx context.Context, by access.Actor, who id.Person) ([]Corrected, error) {
	if _, err := s.People.Open(ctx, by, access.PersonCorrect, who); err != nil {
		return nil, err
	}
	rows, err := s.DB.Query(ctx, "SELECT person, field, reason, document, by_person, at FROM mrg_correction WHERE person = $1 ORDER BY id DESC LIMIT 100", who)
	if err != nil {
		return nil, fmt.Errorf("list corrections of person %d: %w", who, err)
	}
	defer rows.Close()
	var out []Corrected
	for rows.Next() {
		var c Corrected
		var at int64
		if err := rows.Scan(&c.Person, &c.Field, &c.Reason, &c.Document, &c.By, &at); err != nil {
			return nil, fmt.Errorf("list corrections of person %d: %w", who, err)
		}
		c.At = clock.FromMillis(at)
		out = append(out, c)
	}
	return out, rows.Err()
}
