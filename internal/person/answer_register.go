package person

import (
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// RegisterCount is a class in the register of consents with its numbers.
type RegisterCount struct {
	Class     id.Node
	Pupils    int
	Given     map[string]int // by purpose
	No        map[string]int // refused or withdrawn
	Conflicts int            // pupils about whom those who decide differ, by purpose added up
}

// RegisterRow is a pupil in the register of consents.
type RegisterRow struct {
	Person
	Class    id.Node
	Verdicts map[string]Verdict // by purpose; none where nobody answered
}

// RegisterCounts lists the classes below a node with what was answered about
// their pupils; node 0 means everywhere that the actor keeps the register. The
// actor needs consent.register. ErrNotFound for a node elsewhere.
func (s *Service) RegisterCounts(ctx context.Context, by access.Actor, node id.Node) ([]RegisterCount, error) {
	where, args, err := s.registerWhere(ctx, by, node)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, "SELECT a.node, COUNT(*) FROM person_affiliation a JOIN person p ON p.id = a.person WHERE "+where+" GROUP BY a.node ORDER BY a.node", args...)
	if err != nil {
		return nil, fmt.Errorf("count pupils of the register: %w", err)
	}
	defer rows.Close()
	var out []RegisterCount
	at := map[id.Node]int{}
	for rows.Next() {
		c := RegisterCount{Given: map[string]int{}, No: map[string]int{}}
		if err := rows.Scan(&c.Class, &c.Pupils); err != nil {
			return nil, fmt.Errorf("count pupils of the register: %w", err)
		}
		at[c.Class] = len(out)
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count pupils of the register: %w", err)
	}
	return out, s.countAnswers(ctx, where, args, func(class id.Node, purpose, answer string, n, conflicts int) {
		i, ok := at[class]
		if !ok {
			return
		}
		switch answer {
		case ConsentGiven:
			out[i].Given[purpose] += n
		case ConsentRefused, ConsentWithdrawn:
			out[i].No[purpose] += n
		}
		out[i].Conflicts += conflicts
	})
}

func (s *Service) countAnswers(ctx context.Context, where string, args []any, each func(class id.Node, purpose, answer string, n, conflicts int)) error {
	rows, err := s.db.Query(ctx, "SELECT a.node, c.purpose, c.answer, COUNT(*), COUNT(CASE WHEN c.conflict = 1 THEN 1 END)"+
		" FROM person_affiliation a JOIN person p ON p.id = a.person JOIN person_consent_state c ON c.child = p.id WHERE "+where+
		" GROUP BY a.node, c.purpose, c.answer", args...)
	if err != nil {
		return fmt.Errorf("count answers of the register: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var class id.Node
		var purpose, answer string
		var n, conflicts int
		if err := rows.Scan(&class, &purpose, &answer, &n, &conflicts); err != nil {
			return fmt.Errorf("count answers of the register: %w", err)
		}
		each(class, purpose, answer, n, conflicts)
	}
	return rows.Err()
}

// registerWhere is the condition on affiliation a and person p that a pupil
// stands in the part of the register below node that the actor keeps.
func (s *Service) registerWhere(ctx context.Context, by access.Actor, node id.Node) (string, []any, error) {
	var args db.Args
	scope := by.Scope(access.ConsentRegister)
	where := "a.role = 'pupil' AND a.is_primary = 1 AND a.to_on = 0 AND p.status = 'normal'"
	if node != 0 {
		path, err := org.Path(ctx, s.db, node)
		if err != nil {
			return "", nil, err
		}
		if !scope.Contains(path) {
			return "", nil, errMissing()
		}
		where += " AND (a.node = " + args.Add(node.Int()) + " OR a.unit = " + args.Add(node.Int()) + ")"
	}
	where += " AND " + scope.Nodes("a.node", &args)
	return where, args, nil
}

// RegisterConflicts asks for those pupils only about whom those who decide
// differ.
const RegisterConflicts = "conflict"

// Register lists the pupils of a node with what was answered about them, by
// name, at most 500. The actor needs consent.register there; ErrNotFound
// elsewhere.
func (s *Service) Register(ctx context.Context, by access.Actor, node id.Node, state string) ([]RegisterRow, error) {
	where, args, err := s.registerWhere(ctx, by, node)
	if err != nil {
		return nil, err
	}
	if state == RegisterConflicts {
		where += " AND EXISTS (SELECT 1 FROM person_consent_state x WHERE x.child = p.id AND x.conflict = 1)"
	}
	members, err := readMembers(ctx, s.db, where+" ORDER BY p.name_key, p.birth, p.id LIMIT 500", args...)
	if err != nil {
		return nil, err
	}
	out, at, ids := make([]RegisterRow, len(members)), map[id.Person]int{}, make([]id.Person, len(members))
	for i, m := range members {
		out[i] = RegisterRow{Person: m.Person, Class: m.At.Node, Verdicts: map[string]Verdict{}}
		at[m.ID], ids[i] = i, m.ID
	}
	err = inParts(ctx, s.db, ids, func(list string) string {
		return "SELECT c.child, c.purpose, c.answer, c.version, c.at, c.conflict, COALESCE(d.by_name, ''), COALESCE(d.by_relation, '')" +
			" FROM person_consent_state c LEFT JOIN person_consent d ON d.id = c.decider WHERE c.child IN (" + list + ")"
	}, func(row scanner) error {
		var child id.Person
		var purpose string
		var when, conflict int64
		var v Verdict
		if err := row.Scan(&child, &purpose, &v.Answer, &v.Version, &when, &conflict, &v.Decider.ByName, &v.Decider.ByRelation); err != nil {
			return err
		}
		v.Conflict, v.Decider.At = conflict == 1, clock.FromMillis(when)
		out[at[child]].Verdicts[purpose] = v
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the register: %w", err)
	}
	return out, nil
}

// RegisterOf returns a pupil of the register with every answer about it, the
// latest first. The actor needs consent.register where the pupil learns;
// ErrNotFound elsewhere.
func (s *Service) RegisterOf(ctx context.Context, by access.Actor, child id.Person) (RegisterRow, []Consent, error) {
	in, err := s.Within(ctx, by, access.ConsentRegister, child)
	if err != nil {
		return RegisterRow{}, nil, err
	}
	if !in {
		return RegisterRow{}, nil, errMissing()
	}
	p, err := Load(ctx, s.db, child)
	if err != nil {
		return RegisterRow{}, nil, err
	}
	out := RegisterRow{Person: p, Verdicts: map[string]Verdict{}}
	if at, ok, err := primary(ctx, s.db, child); err != nil {
		return RegisterRow{}, nil, err
	} else if ok {
		out.Class = at.Node
	}
	all, err := verdictsOf(ctx, s.db, child)
	if err != nil {
		return RegisterRow{}, nil, err
	}
	list, err := readConsents(ctx, s.db, "child = $1 ORDER BY at DESC, id DESC", child.Int())
	if err != nil {
		return RegisterRow{}, nil, err
	}
	for purpose, v := range all {
		if i := slices.IndexFunc(list, func(c Consent) bool { return c.ID == v.Decider.ID }); i >= 0 {
			v.Decider = list[i]
		}
		out.Verdicts[purpose] = v
	}
	return out, list, nil
}
