package person

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// The sealed values of a person.
const (
	FieldIDNo      = "id_no"
	FieldStudentNo = "student_no"
	FieldPhone     = "phone"
)

// fieldColumns are the columns of the sealed values.
var fieldColumns = map[string]string{FieldIDNo: "id_sealed", FieldStudentNo: "student_no_sealed", FieldPhone: "phone_sealed"}

// Profile is a person as his page shows him: of each number only the last
// characters, and only for whoever may ask for the whole.
type Profile struct {
	Person
	Places      []Affiliation // open, the primary one first, as far as the actor sees them
	Guardians   []Guardian    // of a pupil; Phone is empty
	StudentTail string
	PhoneTail   string
}

// profiled is the condition that the person in column p has a page for the
// actor: he works, or for a holder of pupil.profile learns, in the subtree
// today, or is the guardian of such a pupil.
func profiled(by access.Actor, args *db.Args) string {
	scope := by.Scope(access.PersonProfile)
	pupils := by.Can(access.PupilProfile)
	q := "(EXISTS (SELECT 1 FROM person_affiliation s WHERE s.person = p.id AND s.to_on = 0 AND " + scope.Nodes("s.node", args)
	if !pupils {
		return q + " AND s.role <> 'pupil') AND p.role <> 'pupil' AND p.role <> 'guardian')"
	}
	q += ")"
	if by.Can(access.PersonReveal) {
		q += " OR EXISTS (SELECT 1 FROM person_guardianship g JOIN person_affiliation s ON s.person = g.ward WHERE g.guardian = p.id" +
			" AND g.status <> 'ended' AND s.to_on = 0 AND s.role = 'pupil' AND " + scope.Nodes("s.node", args) + ")"
	}
	return q + ")"
}

// Profiled reads a person who has a page for the actor, inside the transaction
// of ctx if there is one; ErrNotFound for everybody else. Nobody needs a right
// for his own page.
func (s *Service) Profiled(ctx context.Context, by access.Actor, who id.Person) (Person, error) {
	var args db.Args
	q := "SELECT " + columns + " FROM person p WHERE p.id = " + args.Add(who.Int())
	if by.Person == 0 || by.Person != who {
		q += " AND p.status <> 'merged' AND " + profiled(by, &args)
	}
	p, err := scanPerson(s.db.QueryRow(ctx, q, args...))
	if errors.Is(err, db.ErrNoRows) {
		return Person{}, errMissing()
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person %d: %w", who, err)
	}
	return p, nil
}

// Profile is the page of a person; ErrNotFound where he has none for the actor.
func (s *Service) Profile(ctx context.Context, by access.Actor, who id.Person) (Profile, error) {
	var out Profile
	var err error
	if out.Person, err = s.Profiled(ctx, by, who); err != nil {
		return Profile{}, err
	}
	places, err := s.Affiliations(ctx, by, who)
	if err != nil {
		return Profile{}, err
	}
	out.Places = places[who]
	if !by.Can(access.PersonReveal) && by.Person != who {
		out.IDTail, out.IDType, out.HasStudentNo = "", "", false
	} else if out.StudentTail, out.PhoneTail, err = s.tails(ctx, who); err != nil {
		return Profile{}, err
	}
	if out.Role == RolePupil && (by.Can(access.PupilProfile) || by.Person == who) {
		out.Guardians, err = s.guardianTails(ctx, who)
	}
	return out, err
}

// tails are the last characters of student number and telephone.
func (s *Service) tails(ctx context.Context, who id.Person) (student, phone string, err error) {
	var studentSealed, phoneSealed []byte
	row := s.db.QueryRow(ctx, "SELECT student_no_sealed, phone_sealed FROM person WHERE id = $1", who.Int())
	if err := row.Scan(&studentSealed, &phoneSealed); err != nil {
		return "", "", fmt.Errorf("read numbers of person %d: %w", who, err)
	}
	if student, err = s.open(studentSealed); err == nil {
		phone, err = s.open(phoneSealed)
	}
	return tail(student), tail(phone), err
}

// guardianTails reads the guardians of a pupil with the last digits only.
func (s *Service) guardianTails(ctx context.Context, ward id.Person) ([]Guardian, error) {
	rows, err := s.db.Query(ctx, "SELECT "+guardianshipColumns+", p.name FROM person_guardianship g JOIN person p ON p.id = g.guardian"+
		" WHERE g.ward = $1 AND g.status <> 'ended' ORDER BY g.ordinal, g.id", ward.Int())
	if err != nil {
		return nil, fmt.Errorf("read guardians of person %d: %w", ward, err)
	}
	defer rows.Close()
	var out []Guardian
	for rows.Next() {
		var g Guardian
		if err := rows.Scan(append(guardianshipDest(&g.Guardianship), &g.Name)...); err != nil {
			return nil, fmt.Errorf("read guardians of person %d: %w", ward, err)
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// FindNumber finds the person with a whole identity number among those who have
// a page for the actor, who needs person.reveal. A number of somebody else is
// answered like one of nobody: ErrNotFound.
func (s *Service) FindNumber(ctx context.Context, by access.Actor, number string) (Person, error) {
	if !by.Can(access.PersonReveal) {
		return Person{}, errForbidden()
	}
	number = strings.ToUpper(strings.Join(strings.Fields(number), ""))
	if number == "" || len(number) > 40 {
		return Person{}, errMissing()
	}
	values := make([]string, 0, len(codes.IDTypes()))
	for _, t := range codes.IDTypes() {
		values = append(values, IDValue(t.Code, number))
	}
	found, _, err := s.lookup(ctx, s.db, ByIDNumber, values)
	if err != nil {
		return Person{}, fmt.Errorf("find a number: %w", err)
	}
	for _, f := range found {
		p, err := s.Profiled(ctx, by, f.ID)
		if err == nil || !errors.Is(err, fault.ErrNotFound) {
			return p, err
		}
	}
	return Person{}, errMissing()
}

// Unseal opens one number of a person for the product itself, which has checked
// and recorded who wants it; "" where there is none.
func (s *Service) Unseal(ctx context.Context, by access.Actor, who id.Person, field string) (string, error) {
	column, ok := fieldColumns[field]
	if !by.IsSystem() || !ok {
		return "", errForbidden()
	}
	var sealed []byte
	err := s.db.QueryRow(ctx, "SELECT "+column+" FROM person WHERE id = $1", who.Int()).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return "", errMissing()
	}
	if err != nil {
		return "", fmt.Errorf("read a number of person %d: %w", who, err)
	}
	return s.open(sealed)
}

// Line is a person of a list that is taken out, with the numbers in the open.
type Line struct {
	Found
	At        Affiliation // the place that puts him on the list
	Guardians []Guardian
}

// lines is the condition of a list: everybody with one of these roles at the
// node of this path or below it today.
func lines(path string, roles []string, args *db.Args) string {
	return "a.to_on = 0 AND a.role IN (" + db.List(args, roles) + ") AND p.status = 'normal' AND a.node IN (SELECT id FROM org_node WHERE path >= " +
		args.Add(path) + " AND path < " + args.Add(access.UpperBound(path)) + ")"
}

// CountLines counts what Lines would give, for whoever may take lists out.
func (s *Service) CountLines(ctx context.Context, by access.Actor, path string, roles []string) (int, error) {
	if !by.Allows(access.ExportRequest, path) {
		return 0, errMissing()
	}
	var args db.Args
	var n int
	err := s.db.QueryRow(ctx, "SELECT COUNT(DISTINCT p.id) FROM person_affiliation a JOIN person p ON p.id = a.person WHERE "+lines(path, roles, &args), args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count a list: %w", err)
	}
	return n, nil
}

// Lines reads a list with every number in the open, by place and name, each
// person once, for the product itself, which has checked and recorded who wants
// it. More than limit persons are ErrTooMany.
func (s *Service) Lines(ctx context.Context, by access.Actor, path string, roles []string, limit int) ([]Line, error) {
	if !by.IsSystem() {
		return nil, errForbidden()
	}
	var args db.Args
	members, err := readMembers(ctx, s.db, lines(path, roles, &args)+" ORDER BY a.node, p.name_key, p.birth, p.id, a.is_primary DESC, a.id", args...)
	if err != nil {
		return nil, err
	}
	seen := make(map[id.Person]bool, len(members))
	persons := make([]id.Person, 0, len(members))
	out := make([]Line, 0, len(members))
	for _, m := range members {
		if !seen[m.ID] {
			seen[m.ID] = true
			persons = append(persons, m.ID)
			out = append(out, Line{Found: Found{Person: m.Person}, At: m.At})
		}
	}
	if len(out) > limit {
		return nil, fault.New(fault.ErrTooMany, "person.lines.many", limit)
	}
	records, err := s.records(ctx, persons)
	if err != nil {
		return nil, err
	}
	guardians, err := s.guardiansOf(ctx, persons)
	for i := range out {
		out[i].Found, out[i].Guardians = records[out[i].ID], guardians[out[i].ID]
	}
	return out, err
}
