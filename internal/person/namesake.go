package person

import (
	"context"
	"fmt"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Likely is two records that may be of one person, and why.
type Likely struct {
	A, B Person
	Why  string
}

// The reasons to think that two records are of one person.
const (
	WhyNameBirth = "name_birth"
	WhyNumber    = "number"
	WhyGuardian  = "guardian"
)

// Namesakes lists pairs of one name, birth and role among those who count in a
// subtree, and guardians of one name and child, at most limit. Pairs with two
// different identity numbers are left out. The actor needs person.merge.
func (s *Service) Namesakes(ctx context.Context, by access.Actor, node id.Node, limit int) ([]Likely, error) {
	path, err := org.Path(ctx, s.db, node)
	if err != nil {
		return nil, err
	}
	scope := by.Scope(access.PersonMerge)
	if !scope.Contains(path) {
		return nil, errMissing()
	}
	var args db.Args
	here := func(column string) string {
		return column + " IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ") AND " +
			scope.Nodes(column, &args)
	}
	in := func() string {
		return "p.status IN ('normal', 'left') AND p.role <> 'guardian' AND p.id IN (SELECT a.person FROM person_affiliation a WHERE " + here("a.unit") + ") AND " + here("p.unit")
	}
	q := "SELECT " + foundColumns + " FROM person p" + foundJoin + "JOIN (SELECT p.name_key, p.birth, p.role FROM person p WHERE " + in() +
		" GROUP BY p.name_key, p.birth, p.role HAVING COUNT(*) > 1 ORDER BY p.name_key, p.birth, p.role LIMIT " + args.Add(limit) + ") t" +
		" ON t.name_key = p.name_key AND t.birth = p.birth AND t.role = p.role WHERE " + in() + " ORDER BY p.name_key, p.birth, p.role, p.id"
	same, err := s.readFound(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	out := pairs(same, limit)
	if len(out) < limit {
		bonds, err := s.twiceBound(ctx, scope, path, limit-len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, bonds...)
	}
	return out, nil
}

// readFound reads rows of foundColumns with their numbers in the open.
func (s *Service) readFound(ctx context.Context, q string, args ...any) ([]Found, error) {
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read namesakes: %w", err)
	}
	defer rows.Close()
	var out []Found
	for rows.Next() {
		var r sealedRow
		if err := r.scan(rows); err != nil {
			return nil, fmt.Errorf("read namesakes: %w", err)
		}
		if err := s.unseal(&r); err != nil {
			return nil, err
		}
		out = append(out, r.Found)
	}
	return out, rows.Err()
}

// pairs joins neighbours of one name, birth and role whose numbers do not say
// that they are two.
func pairs(all []Found, limit int) []Likely {
	var out []Likely
	for i, a := range all {
		for _, b := range all[i+1:] {
			if NameKey(a.Name) != NameKey(b.Name) || a.Birth != b.Birth || a.Role != b.Role || len(out) == limit {
				break
			}
			if why := likely(a, b); why != "" {
				out = append(out, Likely{A: a.Person, B: b.Person, Why: why})
			}
		}
	}
	return out
}

// likely says why two namesakes may be one; "" where their numbers differ.
func likely(a, b Found) string {
	k, d := IDValue(a.IDType, a.IDNo), IDValue(b.IDType, b.IDNo)
	holds := func(student, number string) bool { return number != "" && strings.HasSuffix(student, number) }
	switch {
	case k != "" && d != "" && k != d:
		return ""
	case holds(a.StudentNo, b.IDNo) || holds(b.StudentNo, a.IDNo):
		return WhyNumber
	case a.StudentNo != "" && b.StudentNo != "" && a.StudentNo != b.StudentNo && a.StudentNo[0] == b.StudentNo[0]:
		return "" // two numbers of one kind: two persons
	case a.Sex != 0 && b.Sex != 0 && a.Sex != b.Sex:
		return ""
	}
	return WhyNameBirth
}

// twiceBound lists guardians of one name who are bound to one child.
func (s *Service) twiceBound(ctx context.Context, scope access.Scope, path string, limit int) ([]Likely, error) {
	var args db.Args
	q := "SELECT a.guardian, b.guardian FROM person_guardianship a JOIN person_guardianship b ON b.ward = a.ward AND b.guardian > a.guardian" +
		" JOIN person p ON p.id = a.guardian JOIN person o ON o.id = b.guardian AND o.name_key = p.name_key AND o.role = p.role" +
		" WHERE a.status <> 'ended' AND b.status <> 'ended' AND p.status = 'normal' AND o.status = 'normal' AND a.ward IN" +
		" (SELECT w.person FROM person_affiliation w WHERE w.to_on = 0 AND w.unit IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) +
		" AND path < " + args.Add(access.UpperBound(path)) + ")) AND " + scope.Nodes("p.unit", &args) + " AND " + scope.Nodes("o.unit", &args) +
		" ORDER BY a.guardian, b.guardian LIMIT " + args.Add(limit)
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read guardians of one name: %w", err)
	}
	defer rows.Close()
	var found [][2]id.Person
	for rows.Next() {
		var p [2]id.Person
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, fmt.Errorf("read guardians of one name: %w", err)
		}
		found = append(found, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read guardians of one name: %w", err)
	}
	_ = rows.Close()
	seen := map[[2]id.Person]bool{}
	var out []Likely
	for _, pair := range found {
		if seen[pair] {
			continue
		}
		seen[pair] = true
		a, err := Load(ctx, s.db, pair[0])
		if err != nil {
			return nil, err
		}
		b, err := Load(ctx, s.db, pair[1])
		if err != nil {
			return nil, err
		}
		out = append(out, Likely{A: a, B: b, Why: WhyGuardian})
	}
	return out, nil
}

// FindNamed finds persons who have or had a place in the subtree of a node by the
// beginning of the name, or anybody who counts there by id, for the one whose
// record is to be mended: merged ones are left out. At most limit, by name. The
// actor needs p at the node.
func (s *Service) FindNamed(ctx context.Context, by access.Actor, p access.Permission, node id.Node, text string, limit int) ([]Person, error) {
	path, err := org.Path(ctx, s.db, node)
	if err != nil {
		return nil, err
	}
	scope := by.Scope(p)
	if !scope.Contains(path) {
		return nil, errMissing()
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	var args db.Args
	within := func(column string) string {
		return column + " IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ") AND " +
			scope.Nodes(column, &args)
	}
	q := "SELECT " + columns + " FROM person p WHERE p.status <> 'merged' AND "
	if who, err := id.Parse[personTag](text); err == nil {
		q += "p.id = " + args.Add(int64(who)) + " AND " + within("p.unit")
	} else {
		key := NameKey(text)
		q += "p.name_key >= " + args.Add(key) + " AND p.name_key < " + args.Add(key+"\U0010FFFF") +
			" AND p.id IN (SELECT a.person FROM person_affiliation a WHERE " + within("a.unit") + ") AND " + within("p.unit")
	}
	return readPersons(ctx, s.db, q+" ORDER BY p.name_key, p.birth, p.id LIMIT "+args.Add(limit), args...)
}
