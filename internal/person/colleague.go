package person

import (
	"context"
	"fmt"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Holds reports whether the roster gives the person the role at the node today;
// whoever leads a class teaches it. It serves org, which has checked who asks.
func (s *Service) Holds(ctx context.Context, by access.Actor, person id.Person, node id.Node, role access.Role) (bool, error) {
	var args db.Args
	q := "SELECT COUNT(*) FROM person_affiliation a JOIN person p ON p.id = a.person WHERE a.person = " + args.Add(person.Int()) +
		" AND a.node = " + args.Add(node.Int()) + " AND a.to_on = 0 AND p.status = 'normal' AND (a.role = " + args.Add(string(role))
	if role == access.Teacher {
		q += " OR a.role = 'class_teacher'"
	}
	var n int
	if err := s.db.QueryRow(ctx, q+")", args...).Scan(&n); err != nil {
		return false, fmt.Errorf("look for a place of person %d: %w", person, err)
	}
	return n > 0, nil
}

// WorksAt reports whether the person has a place of staff at one of the units
// today. It serves org, which has checked who asks.
func (s *Service) WorksAt(ctx context.Context, by access.Actor, person id.Person, units ...id.Node) (bool, error) {
	var args db.Args
	q := "SELECT COUNT(*) FROM person_affiliation a JOIN person p ON p.id = a.person WHERE a.person = " + args.Add(person.Int()) +
		" AND a.role <> 'pupil' AND a.to_on = 0 AND p.status = 'normal' AND a.unit IN (" + db.List(&args, units) + ")"
	var n int
	if err := s.db.QueryRow(ctx, q, args...).Scan(&n); err != nil {
		return false, fmt.Errorf("look for the work of person %d: %w", person, err)
	}
	return n > 0, nil
}

// Colleague is somebody of the staff, by name only.
type Colleague struct {
	ID   id.Person
	Name string
	Unit id.Node
	Post string
}

// Colleagues finds staff by the beginning of the name ("": all) where the
// actor's colleagues work, at most limit (0: 20), by name, himself left out.
// Colleagues know each other by name; nothing else is told.
func (s *Service) Colleagues(ctx context.Context, by access.Actor, text string, limit int) ([]Colleague, error) {
	units, err := s.org.Desk(ctx, by)
	if err != nil || len(units) == 0 {
		return nil, err
	}
	if limit <= 0 {
		limit = 20
	}
	var args db.Args
	key := NameKey(strings.TrimSpace(text))
	q := "SELECT DISTINCT p.id, p.name, p.name_key, a.unit, a.post FROM person_affiliation a JOIN person p ON p.id = a.person WHERE a.unit IN (" +
		db.List(&args, units) + ") AND a.role IN ('teacher', 'officer') AND a.node = a.unit AND a.to_on = 0 AND p.status = 'normal' AND p.id <> " + args.Add(by.Person.Int())
	if key != "" {
		q += " AND p.name_key >= " + args.Add(key) + " AND p.name_key < " + args.Add(key+"\U0010FFFF")
	}
	return s.colleagues(ctx, q+" ORDER BY p.name_key, p.id LIMIT "+args.Add(limit), args)
}

func (s *Service) colleagues(ctx context.Context, q string, args db.Args) ([]Colleague, error) {
	rows, err := s.db.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read colleagues: %w", err)
	}
	defer rows.Close()
	var out []Colleague
	for rows.Next() {
		var c Colleague
		var sort string
		if err := rows.Scan(&c.ID, &c.Name, &sort, &c.Unit, &c.Post); err != nil {
			return nil, fmt.Errorf("read colleagues: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// FindStaff finds staff and office workers by the beginning of the name, or by
// id, where the actor holds p, at most limit (0: 20), by name.
func (s *Service) FindStaff(ctx context.Context, by access.Actor, p access.Permission, text string, limit int) ([]Colleague, error) {
	scope := by.Scope(p)
	text = strings.TrimSpace(text)
	if scope.Empty() || text == "" {
		return nil, nil
	}
	if limit <= 0 {
		limit = 20
	}
	var args db.Args
	q := "SELECT DISTINCT p.id, p.name, p.name_key, a.unit, a.post FROM person p JOIN person_affiliation a ON a.person = p.id" +
		" WHERE p.role IN ('teacher', 'officer') AND p.status = 'normal' AND a.is_primary = 1 AND a.to_on = 0 AND "
	if who, err := id.Parse[personTag](text); err == nil {
		q += "p.id = " + args.Add(int64(who))
	} else {
		key := NameKey(text)
		q += "p.name_key >= " + args.Add(key) + " AND p.name_key < " + args.Add(key+"\U0010FFFF")
	}
	return s.colleagues(ctx, q+" AND "+scope.Nodes("a.node", &args)+" ORDER BY p.name_key, p.id LIMIT "+args.Add(limit), args)
}

// WorkerNames returns the names of those of the persons who work, or have worked,
// where the actor holds p; pupils and guardians are left out.
func (s *Service) WorkerNames(ctx context.Context, by access.Actor, p access.Permission, persons ...id.Person) (map[id.Person]string, error) {
	var args db.Args
	q := "SELECT p.id, p.name, p.name_key, p.unit, '' FROM person p WHERE p.id IN (" + db.List(&args, persons) + ") AND p.role IN ('teacher', 'officer') AND (p.id = " +
		args.Add(by.Person.Int()) + " OR " + belongs("p.id", by.Scope(p), &args) + ")"
	all, err := s.colleagues(ctx, q, args)
	out := make(map[id.Person]string, len(all))
	for _, c := range all {
		out[c.ID] = c.Name
	}
	return out, err
}

// PlacesOf reads through q the nodes of a person's open places, for the rules of
// another package; it checks nothing.
func PlacesOf(ctx context.Context, q db.Queryer, person id.Person) ([]id.Node, error) {
	all, err := readAffiliations(ctx, q, "a.person = $1 AND a.to_on = 0 ORDER BY a.is_primary DESC, a.id", person.Int())
	out := make([]id.Node, len(all))
	for i, a := range all {
		out[i] = a.Node
	}
	return out, err
}

// ColleagueNames returns the names of those of the persons who work where the
// actor's colleagues work, and his own.
func (s *Service) ColleagueNames(ctx context.Context, by access.Actor, persons ...id.Person) (map[id.Person]string, error) {
	units, err := s.org.Desk(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, at := range by.Places { // a substitute sees those of the place that he takes
		units = append(units, at.Node)
	}
	var args db.Args
	q := "SELECT p.id, p.name, p.name_key, p.unit, '' FROM person p WHERE p.id IN (" + db.List(&args, persons) + ") AND p.role IN ('teacher', 'officer')" +
		" AND (p.id = " + args.Add(by.Person.Int()) + " OR EXISTS (SELECT 1 FROM person_affiliation a WHERE a.person = p.id AND a.to_on = 0 AND (a.unit IN (" +
		db.List(&args, units) + ") OR a.node IN (" + db.List(&args, units) + "))))"
	all, err := s.colleagues(ctx, q, args)
	out := make(map[id.Person]string, len(all))
	for _, c := range all {
		out[c.ID] = c.Name
	}
	return out, err
}
