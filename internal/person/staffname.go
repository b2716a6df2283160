package person

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// staffOnly keeps pupils and guardians out: whoever reads the audit trail sees
// who acted in an office, and never a child's name.
const staffOnly = "p.role IN ('teacher', 'officer')"

// StaffNames returns the names of those of the persons who are staff or office
// workers. The actor needs audit.read where they belong.
func (s *Service) StaffNames(ctx context.Context, by access.Actor, persons []id.Person) (map[id.Person]string, error) {
	out := make(map[id.Person]string, len(persons))
	for part := range slices.Chunk(persons, chunk) {
		var args db.Args
		q := "SELECT p.id, p.name FROM person p WHERE p.id IN (" + db.List(&args, part) + ") AND " + staffOnly + " AND " +
			belongs("p.id", by.Scope(access.AuditRead), &args)
		rows, err := s.db.Query(ctx, q, args...)
		if err != nil {
			return nil, fmt.Errorf("read names of staff: %w", err)
		}
		for rows.Next() {
			var person id.Person
			var name string
			if err := rows.Scan(&person, &name); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			out[person] = name
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("read names of staff: %w", err)
		}
	}
	return out, nil
}

// StaffNamed returns the staff and office workers whose name begins with text,
// at most limit. The actor needs audit.read where they belong.
func (s *Service) StaffNamed(ctx context.Context, by access.Actor, text string, limit int) ([]id.Person, error) {
	key := NameKey(strings.TrimSpace(text))
	if key == "" {
		return nil, nil
	}
	var args db.Args
	q := "SELECT p.id FROM person p WHERE " + staffOnly + " AND p.name_key >= " + args.Add(key) + " AND p.name_key < " + args.Add(key+"\U0010FFFF") +
		" AND " + belongs("p.id", by.Scope(access.AuditRead), &args) + " ORDER BY p.id LIMIT " + args.Add(limit)
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("find staff by name: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []id.Person
	for rows.Next() {
		var person id.Person
		if err := rows.Scan(&person); err != nil {
			return nil, fmt.Errorf("find staff by name: %w", err)
		}
		out = append(out, person)
	}
	return out, rows.Err()
}
