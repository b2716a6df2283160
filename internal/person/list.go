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

// Member is a person with the place that puts him on a list.
type Member struct {
	Person
	At Affiliation
}

func readPersons(ctx context.Context, q db.Queryer, query string, args ...any) ([]Person, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	defer rows.Close()
	var out []Person
	for rows.Next() {
		p, err := scanPerson(rows)
		if err != nil {
			return nil, fmt.Errorf("read persons: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// readMembers runs a query over columns and affiliationColumns.
func readMembers(ctx context.Context, q db.Queryer, condition string, args ...any) ([]Member, error) {
	rows, err := q.Query(ctx, "SELECT "+columns+", "+affiliationColumns+" FROM person_affiliation a JOIN person p ON p.id = a.person WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	defer rows.Close()
	var out []Member
	for rows.Next() {
		var m Member
		dest, finish := personDest(&m.Person)
		if err := rows.Scan(append(dest, affiliationDest(&m.At)...)...); err != nil {
			return nil, fmt.Errorf("read members: %w", err)
		}
		finish()
		out = append(out, m)
	}
	return out, rows.Err()
}

// Pupils lists the pupils of a class today, by name. The actor reads persons
// there, or belongs to the class. ErrNotFound for other classes.
func (s *Service) Pupils(ctx context.Context, by access.Actor, class id.Node) ([]Member, error) {
	return s.classList(ctx, by, class, []string{RolePupil})
}

// ListClass lists everybody of a class today: class teachers, teachers, pupils,
// each by name. The same rule as for Pupils.
func (s *Service) ListClass(ctx context.Context, by access.Actor, class id.Node) ([]Member, error) {
	return s.classList(ctx, by, class, []string{RolePupil, RoleTeacher, RoleClassTeacher})
}

func (s *Service) classList(ctx context.Context, by access.Actor, class id.Node, roles []string) ([]Member, error) {
	path, err := org.Path(ctx, s.db, class)
	if err != nil {
		return nil, err
	}
	scope := scopeOf(by, reading)
	if !scope.Contains(path) {
		return nil, errMissing()
	}
	var args db.Args
	q := "a.node = " + args.Add(class.Int()) + " AND a.role IN (" + db.List(&args, roles) + ") AND a.to_on = 0 AND p.status = 'normal' AND " +
		scope.Nodes("a.node", &args) +
		" ORDER BY CASE a.role WHEN 'class_teacher' THEN 0 WHEN 'teacher' THEN 1 ELSE 2 END, p.name_key, p.birth, p.id"
	return readMembers(ctx, s.db, q, args...)
}

// UnitList asks for people of a unit.
type UnitList struct {
	Unit  id.Node
	Roles []string // of the affiliation; nil: staff
	After id.Person
	Limit int // 0: 50
}

// ListUnit lists people who have a place at a unit today, by id, a page at a
// time. The actor needs person.read or roster.import there.
func (s *Service) ListUnit(ctx context.Context, by access.Actor, list UnitList) ([]Member, error) {
	path, err := org.Path(ctx, s.db, list.Unit)
	if err != nil {
		return nil, err
	}
	scope := scopeOf(by, []access.Permission{access.PersonRead, access.RosterImport, access.GrantGive})
	if !scope.Contains(path) {
		return nil, errMissing()
	}
	if list.Roles == nil {
		list.Roles = []string{RoleTeacher, RoleOfficer}
	}
	if list.Limit <= 0 {
		list.Limit = 50
	}
	var args db.Args
	q := "a.unit = " + args.Add(list.Unit.Int()) + " AND a.role IN (" + db.List(&args, list.Roles) + ") AND a.to_on = 0 AND p.status = 'normal' AND p.id > " +
		args.Add(list.After.Int()) + " AND " + scope.Nodes("a.node", &args) + " ORDER BY p.id, a.id LIMIT " + args.Add(list.Limit)
	return readMembers(ctx, s.db, q, args...)
}

// SearchStaff finds staff and office workers by the beginning of the name, or by
// id, in the subtree of a node, as far as the actor holds grant.give: those to
// whom a role can be given. At most limit (0: 20), by name.
func (s *Service) SearchStaff(ctx context.Context, by access.Actor, node id.Node, text string, limit int) ([]Member, error) {
	path, err := org.Path(ctx, s.db, node)
	if err != nil {
		return nil, err
	}
	scope := by.Scope(access.GrantGive)
	if !scope.Contains(path) {
		return nil, errMissing()
	}
	if limit <= 0 {
		limit = 20
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	var args db.Args
	q := "p.role IN ('teacher', 'officer') AND p.status = 'normal' AND a.is_primary = 1 AND a.to_on = 0 AND "
	if person, err := id.Parse[personTag](text); err == nil {
		q += "p.id = " + args.Add(int64(person))
	} else {
		key := NameKey(text)
		q += "p.name_key >= " + args.Add(key) + " AND p.name_key < " + args.Add(key+"\U0010FFFF")
	}
	q += " AND a.node IN (SELECT id FROM org_node WHERE path >= " + args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ") AND " +
		scope.Nodes("a.node", &args) + " ORDER BY p.name_key, p.id LIMIT " + args.Add(limit)
	return readMembers(ctx, s.db, q, args...)
}

// personTag lets a typed-in number be read.
type personTag struct{}

// Affiliations returns the open places of persons, by person, the primary one
// first. The actor may ask about himself; of others only places in his scope
// are listed; the sign-in, the system and the command line see all.
func (s *Service) Affiliations(ctx context.Context, by access.Actor, persons ...id.Person) (map[id.Person][]Affiliation, error) {
	out := make(map[id.Person][]Affiliation, len(persons))
	scope := scopeOf(by, reading)
	for len(persons) > 0 {
		part := persons[:min(chunk, len(persons))]
		persons = persons[len(part):]
		var args db.Args
		q := "a.person IN (" + db.List(&args, part) + ") AND a.to_on = 0"
		if by.IsPerson() {
			q += " AND (a.person = " + args.Add(by.Person.Int()) + " OR " + scope.Nodes("a.node", &args) + ")"
		}
		all, err := readAffiliations(ctx, s.db, q+" ORDER BY a.person, a.is_primary DESC, a.id", args...)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			out[a.Person] = append(out[a.Person], a)
		}
	}
	return out, nil
}

// ClassTeachers reads through q who leads a class today; it asks nobody who
// wants it.
func ClassTeachers(ctx context.Context, q db.Queryer, class id.Node) ([]id.Person, error) {
	all, err := readAffiliations(ctx, q, "a.node = $1 AND a.role = 'class_teacher' AND a.to_on = 0 ORDER BY a.id", class.Int())
	out := make([]id.Person, len(all))
	for i, a := range all {
		out[i] = a.Person
	}
	return out, err
}

// LedClasses reads through q which classes a person leads today; it asks nobody
// who wants it.
func LedClasses(ctx context.Context, q db.Queryer, person id.Person) ([]id.Node, error) {
	all, err := readAffiliations(ctx, q, "a.person = $1 AND a.role = 'class_teacher' AND a.to_on = 0 ORDER BY a.id", person.Int())
	out := make([]id.Node, len(all))
	for i, a := range all {
		out[i] = a.Node
	}
	return out, err
}
