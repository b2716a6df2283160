package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// The states of a guardian on a class list, beside StateMade, StateSlip and
// StateNoPhone.
const StateBound = "bound" // has come in and proved the phone on the roster

// Ward is a child of a guardian, where it learns today.
type Ward struct {
	Person   id.Person
	Name     string
	Relation string // as on the roster
	Node     id.Node
	Class    string
	School   string
	tail     string
}

// GuardianLine is a guardian of one pupil on a class list.
type GuardianLine struct {
	person.Binding
	State     string
	CodeUntil time.Time // of the slip that is out; zero without one
}

// guardianPlace is where a guardian stands: at the school of a ward, without a
// path. It gives him a role and opens nothing.
func guardianPlace(p person.Person) access.Place {
	return access.Place{Node: p.Unit, Role: access.Guardian}
}

// wardIDs lists the children of an opening.
func (o Opening) wardIDs() []id.Person {
	out := make([]id.Person, len(o.Wards))
	for i, w := range o.Wards {
		out[i] = w.Person
	}
	return out
}

// wards dresses bindings up with the names of class and school.
func (s *Service) wards(ctx context.Context, all []person.Binding) ([]Ward, error) {
	nodes := make([]id.Node, 0, 2*len(all))
	for _, b := range all {
		nodes = append(nodes, b.Node, b.AtUnit)
	}
	found, err := org.Nodes(ctx, s.db, nodes)
	if err != nil {
		return nil, err
	}
	day := clock.DayOf(s.clk.Now())
	out := make([]Ward, len(all))
	for i, b := range all {
		out[i] = Ward{Person: b.Ward, Name: b.WardName, Relation: b.Relation, Node: b.Node, School: found[b.AtUnit].Name, tail: b.PhoneTail}
		if n := found[b.Node]; n.Kind == org.KindClass {
			out[i].Class = n.Label(day)
		}
	}
	return out, nil
}

// wardsOf are the children whom a guardian's slip names and whose guardian he
// still is.
func (s *Service) wardsOf(ctx context.Context, row codeRow) ([]Ward, error) {
	named, err := s.store.codeWards(ctx, []id.Code{row.ID})
	if err != nil {
		return nil, err
	}
	all, err := s.people.OwnBindings(ctx, selfOf(row.Person), row.Person)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(b person.Binding) bool { return !slices.Contains(named[row.ID], b.Ward) })
	return s.wards(ctx, all)
}

// checkProof checks that whoever holds a guardian's slip knows the phone that
// the roster names for the children.
func (s *Service) checkProof(ctx context.Context, o Opening, g Guardian) error {
	if tail := FoldLogin(g.Tail); !fourDigits(tail) {
		return fault.Invalid(fault.At("tail", "account.guardian.tail.form"))
	}
	return s.tryTail(ctx, o, slices.ContainsFunc(o.Wards, func(w Ward) bool { return w.tail != "" && w.tail == FoldLogin(g.Tail) }))
}

// tryTail takes a try of the slip for digits of a phone and says whether they are
// right: nil, or how many tries are left. The last wrong one voids the slip. The
// try is taken before the answer is given, so guesses sent at once gain nothing.
func (s *Service) tryTail(ctx context.Context, o Opening, right bool) error {
	left := 0
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if left, err = s.store.takePhoneTry(ctx, tx, o.Code); err != nil || left < 0 {
			return err
		}
		switch {
		case right:
			return s.store.givePhoneTryBack(ctx, tx, o.Code)
		case left == 0:
			return s.store.voidCode(ctx, tx, o.Code, s.clk.Now())
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case left < 0 || left == 0 && !right:
		return codeField("account.code.tries")
	case right:
		return nil
	}
	return fault.Invalid(fault.At("tail", "account.guardian.tail", left))
}

// guardianRecipient checks that the actor may issue a slip to a guardian: he
// issues codes where one of the children learns. The slip binds to the children
// at that school; those of other schools wait for a slip of their own.
func (s *Service) guardianRecipient(ctx context.Context, by access.Actor, rec person.Person) (recipient, org.Node, error) {
	none := func(err error) (recipient, org.Node, error) { return recipient{}, org.Node{}, err }
	near, err := s.people.BindingsOf(ctx, by, rec.ID)
	if err != nil {
		return none(err)
	}
	if len(near) == 0 {
		return none(fault.New(fault.ErrNotFound, "person.missing"))
	}
	if above, err := s.outranks(ctx, by, rec.ID); err != nil {
		return none(err)
	} else if above {
		return none(fault.New(fault.ErrForbidden, "account.issue.above"))
	}
	if !slices.ContainsFunc(near, func(b person.Binding) bool { return b.PhoneTail != "" }) {
		return none(fault.New(fault.ErrConflict, "account.issue.nophone"))
	}
	nodes, err := org.Nodes(ctx, s.db, []id.Node{near[0].Node})
	if err != nil {
		return none(err)
	}
	wards, err := s.wardsAt(ctx, rec.ID, near[0].AtUnit)
	return recipient{rec, near[0].Node, wards}, nodes[near[0].Node], err
}

// wardsAt are a guardian's children at one school.
func (s *Service) wardsAt(ctx context.Context, guardian id.Person, unit id.Node) ([]id.Person, error) {
	all, err := s.people.OwnBindings(ctx, selfOf(guardian), guardian)
	if err != nil {
		return nil, err
	}
	var out []id.Person
	for _, b := range all {
		if b.AtUnit == unit {
			out = append(out, b.Ward)
		}
	}
	return out, nil
}

// IssueGuardians issues slips to the guardians of a class's pupils whose
// binding is not confirmed and whose phone the roster names, one a guardian;
// codes issued before become void, an account that is there stays as it is. The
// actor needs code.issue there. Errors: fault.ErrNotFound, fault.ErrForbidden.
func (s *Service) IssueGuardians(ctx context.Context, by access.Actor, class id.Node) ([]Slip, error) {
	n, err := s.issueNode(ctx, by, class)
	if err != nil {
		return nil, err
	}
	if n.Kind != org.KindClass {
		return nil, fault.New(fault.ErrConflict, "account.issue.class_only")
	}
	bindings, err := s.people.Bindings(ctx, by, class)
	if err != nil {
		return nil, err
	}
	var all []recipient
	seen := map[id.Person]bool{}
	for _, b := range bindings {
		if seen[b.Guardian] || b.Guardianship.Status == person.BindingConfirmed || b.PhoneTail == "" {
			continue
		}
		seen[b.Guardian] = true
		wards, err := s.wardsAt(ctx, b.Guardian, n.Unit)
		if err != nil {
			return nil, err
		}
		all = append(all, recipient{b.Who, class, wards})
	}
	return s.issueAll(ctx, by, n, all)
}

// guardians lists the guardians of a class, with how far each has come.
func (s *Service) guardians(ctx context.Context, by access.Actor, class id.Node) ([]GuardianLine, error) {
	all, err := s.people.Bindings(ctx, by, class)
	if err != nil {
		return nil, err
	}
	ids := make([]id.Person, len(all))
	for i, b := range all {
		ids[i] = b.Guardian
	}
	open, err := s.store.codeStates(ctx, ids, s.clk.Now())
	if err != nil {
		return nil, err
	}
	out := make([]GuardianLine, len(all))
	for i, b := range all {
		out[i] = GuardianLine{Binding: b, State: StateMade}
		switch until, isOut := open[b.Guardian]; {
		case b.Guardianship.Status == person.BindingConfirmed:
			out[i].State = StateBound
		case b.PhoneTail == "":
			out[i].State = StateNoPhone
		case isOut:
			out[i].State, out[i].CodeUntil = StateSlip, until
		}
	}
	return out, nil
}

// BindWards confirms, for a guardian who is signed in, the children named on a
// further slip; the account stays as it is. Errors: fault.ErrInvalid on code or
// tail, fault.ErrForbidden for others than guardians, fault.ErrTooMany.
func (s *Service) BindWards(ctx context.Context, by access.Actor, network, code, tail string) error {
	if !by.IsPerson() || by.Role != access.Guardian || by.ViewedBy != 0 {
		return errForbidden
	}
	row, err := s.openCode(ctx, network, code)
	if err != nil {
		return err
	}
	if row.Person != by.Person {
		return codeField("account.code.not_yours")
	}
	o, err := s.opening(ctx, row)
	if err != nil {
		return err
	}
	if err := s.checkProof(ctx, o, Guardian{Tail: tail}); err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		spent, err := s.store.spendCode(ctx, tx, o.Code, s.clk.Now())
		if err != nil {
			return err
		}
		if !spent {
			return codeField("account.code.used", s.today())
		}
		if err := s.people.ConfirmWards(ctx, by, by.Person, o.wardIDs(), false); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "guardian.bound", "person", by.Person.Int(), row.Node, detail("wards", len(o.Wards)))
	})
	if err != nil {
		return fmt.Errorf("bind guardian %d: %w", by.Person, err)
	}
	return nil
}

// Wards returns the actor's confirmed children with class and school.
func (s *Service) Wards(ctx context.Context, by access.Actor) ([]Ward, error) {
	if !by.IsPerson() {
		return nil, errForbidden
	}
	all, err := s.people.OwnBindings(ctx, selfOf(by.Person), by.Person)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(b person.Binding) bool { return !slices.Contains(by.Wards, b.Ward) })
	return s.wards(ctx, all)
}

// withWards adds to recipients the children that their codes name.
func (s *Service) withWards(ctx context.Context, to []recipient, rows []codeRow) ([]recipient, error) {
	var codes []id.Code
	for i, r := range to {
		if r.person.Role == person.RoleGuardian {
			codes = append(codes, rows[i].ID)
		}
	}
	if len(codes) == 0 {
		return to, nil
	}
	named, err := s.store.codeWards(ctx, codes)
	for i := range to {
		to[i].wards = named[rows[i].ID]
	}
	return to, err
}

// nameWards writes on guardians' slips the names of the children of the class;
// others of the school are not named to who prints.
func (s *Service) nameWards(ctx context.Context, node org.Node, to []recipient, out []Slip) error {
	for i, r := range to {
		if len(r.wards) == 0 {
			continue
		}
		all, err := s.people.OwnBindings(ctx, selfOf(r.person.ID), r.person.ID)
		if err != nil {
			return err
		}
		for _, b := range all {
			if b.Node == node.ID && slices.Contains(r.wards, b.Ward) {
				out[i].Wards = append(out[i].Wards, b.WardName)
			}
		}
	}
	return nil
}

// insertWards keeps which children a guardian's code names.
func (s store) insertWards(ctx context.Context, tx *db.Tx, code id.Code, wards []id.Person) error {
	for _, w := range wards {
		if _, err := tx.Exec(ctx, `INSERT INTO acc_code_ward (code, ward) VALUES ($1, $2)`, code, w); err != nil {
			return fmt.Errorf("insert wards of code %d: %w", code, err)
		}
	}
	return nil
}

// codeWards reads which children codes name.
func (s store) codeWards(ctx context.Context, codes []id.Code) (map[id.Code][]id.Person, error) {
	out := map[id.Code][]id.Person{}
	for part := range slices.Chunk(codes, 400) {
		var a db.Args
		rows, err := s.db.Query(ctx, `SELECT code, ward FROM acc_code_ward WHERE code IN (`+db.List(&a, part)+`) ORDER BY code, ward`, a...)
		if err != nil {
			return nil, fmt.Errorf("read wards of codes: %w", err)
		}
		pairs, err := collect(rows, func(r row) (p [2]int64, err error) { return p, r.Scan(&p[0], &p[1]) })
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			out[id.Code(p[0])] = append(out[id.Code(p[0])], id.Person(p[1]))
		}
	}
	return out, nil
}
