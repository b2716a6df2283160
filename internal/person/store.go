package person

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// chunk is how many placeholders one statement takes at most.
const chunk = 500

// columns are what scanPerson reads, of person p.
const columns = "p.id, p.name, p.sex, p.birth, p.ethnic, p.id_type, p.id_tail, p.no_id_reason, LENGTH(p.student_no_sealed), p.status, p.role," +
	" p.unit, p.made_at, p.activated_at, p.verified_at, p.verified_source, p.consent, p.boarding, p.enrolled, p.batch, p.version, p.merged_into, p.ended_on, p.ended_as"

// affiliationColumns are what scanAffiliation reads, of person_affiliation a.
const affiliationColumns = "a.id, a.person, a.node, a.unit, a.role, a.subject, a.post, a.is_primary, a.from_on, a.to_on, a.batch"

type scanner interface{ Scan(dest ...any) error }

// personDest lists where the columns of a person go; the times are set by the
// function returned, once the row is read.
func personDest(p *Person) ([]any, func()) {
	var student int
	var made, activated, verified int64
	return []any{&p.ID, &p.Name, &p.Sex, &p.Birth, &p.Ethnic, &p.IDType, &p.IDTail, &p.NoIDReason, &student, &p.Status, &p.Role,
			&p.Unit, &made, &activated, &verified, &p.Source, &p.Consent, &p.Boarding, &p.Enrolled, &p.Batch, &p.Version, &p.MergedInto, &p.EndedOn, &p.EndedAs}, func() {
			p.HasStudentNo = student > 0
			p.Made, p.Activated, p.Verified = clock.FromMillis(made), clock.FromMillis(activated), clock.FromMillis(verified)
		}
}

func scanPerson(row scanner) (Person, error) {
	var p Person
	dest, finish := personDest(&p)
	err := row.Scan(dest...)
	finish()
	return p, err
}

func affiliationDest(a *Affiliation) []any {
	return []any{&a.ID, &a.Person, &a.Node, &a.Unit, &a.Role, &a.Subject, &a.Post, &a.Primary, &a.From, &a.To, &a.Batch}
}

// readAffiliations reads rows of affiliationColumns.
func readAffiliations(ctx context.Context, q db.Queryer, condition string, args ...any) ([]Affiliation, error) {
	rows, err := q.Query(ctx, "SELECT "+affiliationColumns+" FROM person_affiliation a WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read affiliations: %w", err)
	}
	defer rows.Close()
	var out []Affiliation
	for rows.Next() {
		var a Affiliation
		if err := rows.Scan(affiliationDest(&a)...); err != nil {
			return nil, fmt.Errorf("read affiliations: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// primary returns the open primary affiliation, or none.
func primary(ctx context.Context, q db.Queryer, person id.Person) (Affiliation, bool, error) {
	all, err := readAffiliations(ctx, q, "a.person = $1 AND a.is_primary = 1 AND a.to_on = 0", person.Int())
	if err != nil || len(all) == 0 {
		return Affiliation{}, false, err
	}
	return all[0], true, nil
}

// insertAffiliations writes rows and gives them ids.
func (s *Service) insertAffiliations(ctx context.Context, tx *db.Tx, all []Affiliation) error {
	if len(all) == 0 {
		return nil
	}
	_, err := tx.Bulk(ctx, db.Bulk{
		Table:   "person_affiliation",
		Columns: []string{"id", "person", "node", "unit", "role", "subject", "post", "is_primary", "from_on", "to_on", "batch"},
		Rows: func(yield func([]any) bool) {
			row := make([]any, 11)
			for i := range all {
				a := &all[i]
				a.ID = s.ids.Next()
				row[0], row[1], row[2], row[3], row[4] = a.ID, a.Person.Int(), a.Node.Int(), a.Unit.Int(), a.Role
				row[5], row[6], row[7], row[8], row[9], row[10] = a.Subject, a.Post, bit(a.Primary), int64(a.From), int64(a.To), a.Batch.Int()
				if !yield(row) {
					return
				}
			}
		},
	})
	if err != nil {
		return fmt.Errorf("insert %d affiliations: %w", len(all), err)
	}
	return nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// inParts runs a query for each part of the ids and hands over its rows.
func inParts(ctx context.Context, q db.Queryer, ids []id.Person, query func(list string) string, each func(scanner) error) error {
	for part := range slices.Chunk(ids, chunk) {
		var args db.Args
		rows, err := q.Query(ctx, query(db.List(&args, part)), args...)
		if err != nil {
			return err
		}
		for rows.Next() {
			if err := each(rows); err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}
