package person

import (
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// keyChunk is how many hashes one statement looks up at most.
const keyChunk = 2048

// Found is a person as a roster knows him: with the numbers in the open and the
// place where he counts. It is never shown as it is.
type Found struct {
	Person
	IDNo, StudentNo, Phone string
	// Main is the open primary affiliation; its ID is 0 for guardians and for
	// whoever has left.
	Main Affiliation
}

// foundColumns are what scanFound reads.
const foundColumns = columns + ", p.id_sealed, p.student_no_sealed, p.phone_sealed," +
	" COALESCE(a.id, 0), COALESCE(a.node, 0), COALESCE(a.unit, 0), COALESCE(a.role, ''), COALESCE(a.subject, ''), COALESCE(a.post, ''), COALESCE(a.from_on, 0), COALESCE(a.batch, 0)"

const foundJoin = " LEFT JOIN person_affiliation a ON a.person = p.id AND a.is_primary = 1 AND a.to_on = 0 "

// sealedRow is a Found whose numbers are still sealed.
type sealedRow struct {
	Found
	h64                int64
	n                  int
	id, student, phone []byte
}

func (r *sealedRow) scan(row scanner, before ...any) error {
	dest, finish := personDest(&r.Person)
	dest = append(before, dest...)
	m := &r.Main
	dest = append(dest, &r.id, &r.student, &r.phone, &m.ID, &m.Node, &m.Unit, &m.Role, &m.Subject, &m.Post, &m.From, &m.Batch)
	if err := row.Scan(dest...); err != nil {
		return err
	}
	finish()
	if m.ID != 0 {
		m.Person, m.Primary = r.ID, true
	}
	return nil
}

// unseal opens the numbers.
func (s *Service) unseal(r *sealedRow) (err error) {
	if r.IDNo, err = s.open(r.id); err != nil {
		return err
	}
	if r.StudentNo, err = s.open(r.student); err != nil {
		return err
	}
	r.Phone, err = s.open(r.phone)
	return err
}

// Lookup finds those of the values (of IDValue, GuardianValue, PlaceValue, or
// plain student numbers) under which a person is known, by value. A hash only
// finds candidates; the opened value decides. Whoever may import rosters
// somewhere may ask about everybody, since a pupil may come from anywhere.
func (s *Service) Lookup(ctx context.Context, by access.Actor, kind KeyKind, values []string) (map[string]Found, error) {
	if !by.Can(access.RosterImport) && !by.Can(access.TransferDecide) {
		return nil, errForbidden()
	}
	found, _, err := s.lookup(ctx, s.db, kind, values)
	if err != nil {
		return nil, fmt.Errorf("look up %d persons: %w", len(values), err)
	}
	return found, nil
}

// lookup also tells which values share their hash with another value, and the
// highest n in use there.
func (s *Service) lookup(ctx context.Context, q db.Queryer, kind KeyKind, values []string) (map[string]Found, map[string]int, error) {
	hashes := make([][]int64, len(values))
	parallel(len(values), func(i int) { hashes[i] = s.hashesOf(kind, values[i]) })
	asked := make(map[int64][]string, len(values))
	distinct := make([]int64, 0, len(values))
	for i, all := range hashes {
		for _, h := range all {
			if asked[h] == nil {
				distinct = append(distinct, h)
			}
			asked[h] = append(asked[h], values[i])
		}
	}
	found, taken := map[string]Found{}, map[string]int{}
	slices.Sort(distinct) // the tree of the index is walked once
	for len(distinct) > 0 {
		part := distinct[:min(keyChunk, len(distinct))]
		distinct = distinct[len(part):]
		hits, err := s.hits(ctx, q, kind, part)
		if err != nil {
			return nil, nil, err
		}
		parallel(len(hits), func(i int) {
			if err := s.unseal(&hits[i]); err != nil {
				hits[i].ID = 0
			}
		})
		for _, r := range hits {
			if r.ID == 0 {
				return nil, nil, fmt.Errorf("a sealed number cannot be opened")
			}
			for _, v := range asked[r.h64] {
				if r.is(kind, v) {
					found[v] = r.Found
				} else {
					taken[v] = max(taken[v], r.n)
				}
			}
		}
	}
	return found, taken, nil
}

// hits reads the candidates of some hashes: the keys first, since most of a new
// roster has none, then whom they name.
func (s *Service) hits(ctx context.Context, q db.Queryer, kind KeyKind, hashes []int64) ([]sealedRow, error) {
	out, err := keysHit(ctx, q, kind, hashes)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	persons := make([]id.Person, len(out))
	for i := range out {
		persons[i] = out[i].ID
	}
	slices.Sort(persons)
	found := make(map[id.Person]sealedRow, len(persons))
	err = inParts(ctx, q, slices.Compact(persons), func(list string) string {
		return "SELECT " + foundColumns + " FROM person p" + foundJoin + "WHERE p.id IN (" + list + ")"
	}, func(row scanner) error {
		var r sealedRow
		err := r.scan(row)
		found[r.ID] = r
		return err
	})
	for i := range out {
		h64, n := out[i].h64, out[i].n
		out[i] = found[out[i].ID]
		out[i].h64, out[i].n = h64, n
	}
	return out, err
}

// keysHit reads which of the hashes are there and to whom they belong.
func keysHit(ctx context.Context, q db.Queryer, kind KeyKind, hashes []int64) ([]sealedRow, error) {
	var args db.Args
	query := "SELECT h64, n, person FROM person_key WHERE kind = " + args.Add(int64(kind)) + " AND h64 IN (" + db.List(&args, padded(hashes)) + ")"
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []sealedRow
	for rows.Next() {
		var r sealedRow
		if err := rows.Scan(&r.h64, &r.n, &r.ID); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// padded repeats the last value up to a power of two, so that the engines see
// few different statements and keep their plans.
func padded(hashes []int64) []int64 {
	n := 1
	for n < len(hashes) {
		n *= 2
	}
	for len(hashes) < n {
		hashes = append(hashes[:len(hashes):len(hashes)], hashes[len(hashes)-1])
	}
	return hashes
}

// is compares the opened value with the one asked for.
func (f Found) is(kind KeyKind, value string) bool {
	switch kind {
	case ByIDNumber:
		return IDValue(f.IDType, f.IDNo) == value
	case ByStudentNumber:
		return f.StudentNo == value
	case ByGuardian:
		return f.Role == RoleGuardian && GuardianValue(f.Name, f.Phone) == value
	case ByPlace:
		return PlaceValue(f.Unit, f.Name, f.Sex, f.Birth) == value
	}
	return false
}

// Records returns persons as a roster knows them, by id. The same rule as for
// Lookup.
func (s *Service) Records(ctx context.Context, by access.Actor, persons []id.Person) (map[id.Person]Found, error) {
	if !by.Can(access.RosterImport) && !by.Can(access.TransferDecide) {
		return nil, errForbidden()
	}
	return s.records(ctx, persons)
}

func (s *Service) records(ctx context.Context, persons []id.Person) (map[id.Person]Found, error) {
	out := make(map[id.Person]Found, len(persons))
	err := inParts(ctx, s.db, persons, func(list string) string {
		return "SELECT " + foundColumns + " FROM person p" + foundJoin + "WHERE p.id IN (" + list + ")"
	}, func(row scanner) error {
		var r sealedRow
		if err := r.scan(row); err != nil {
			return err
		}
		if err := s.unseal(&r); err != nil {
			return err
		}
		out[r.ID] = r.Found
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %d persons: %w", len(persons), err)
	}
	return out, nil
}
