package person

import (
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// PlaceCount is how many persons count today in one class or at one school.
type PlaceCount struct {
	Unit id.Node
	Node id.Node
	Role string // pupil, teacher, officer
	N    int64
}

// CountPlaces counts the open primary places of units by class and role, as far
// as the actor holds roster.import there.
func (s *Service) CountPlaces(ctx context.Context, by access.Actor, units []id.Node) ([]PlaceCount, error) {
	var out []PlaceCount
	for part := range slices.Chunk(units, chunk) {
		var args db.Args
		q := "SELECT a.unit, a.node, a.role, COUNT(*) FROM person_affiliation a WHERE a.unit IN (" + db.List(&args, part) +
			") AND a.is_primary = 1 AND a.to_on = 0 AND " + by.Scope(access.RosterImport).Nodes("a.unit", &args) + " GROUP BY a.unit, a.node, a.role"
		rows, err := s.db.Query(ctx, q, args...)
		if err != nil {
			return nil, fmt.Errorf("count places: %w", err)
		}
		for rows.Next() {
			var c PlaceCount
			if err := rows.Scan(&c.Unit, &c.Node, &c.Role, &c.N); err != nil {
				_ = rows.Close()
				return nil, fmt.Errorf("count places: %w", err)
			}
			out = append(out, c)
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("count places: %w", err)
		}
		_ = rows.Close()
	}
	return out, nil
}

// BoundElsewhere lists those of some persons to whom something else than a
// batch has bound a ward: they outlive its undoing.
func (s *Service) BoundElsewhere(ctx context.Context, by access.Actor, batch id.Batch, persons []id.Person) (map[id.Person]bool, error) {
	if !by.Can(access.RosterImport) {
		return nil, errForbidden()
	}
	if len(persons) == 0 {
		return map[id.Person]bool{}, nil
	}
	var args db.Args
	rows, err := s.db.Query(ctx, "SELECT DISTINCT guardian FROM person_guardianship WHERE guardian IN ("+db.List(&args, persons)+
		") AND batch <> "+args.Add(batch.Int()), args...)
	if err != nil {
		return nil, fmt.Errorf("guardians of batch %d: %w", batch, err)
	}
	defer rows.Close()
	out := map[id.Person]bool{}
	for rows.Next() {
		var p id.Person
		if err := rows.Scan(&p); err != nil {
			return nil, fmt.Errorf("guardians of batch %d: %w", batch, err)
		}
		out[p] = true
	}
	return out, rows.Err()
}

// AnyBy reports whether anybody is known by this kind of key at all.
func (s *Service) AnyBy(ctx context.Context, by access.Actor, kind KeyKind) (bool, error) {
	if !by.Can(access.RosterImport) {
		return false, errForbidden()
	}
	// Ordered, so that the server takes the index: it believes every kind to be
	// common and would read all keys to find that there is none of this one.
	var n int
	err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT h64 FROM person_key WHERE kind = $1 ORDER BY h64 LIMIT 1) k", int64(kind)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for keys: %w", err)
	}
	return n > 0, nil
}
