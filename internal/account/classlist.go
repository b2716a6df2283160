package account

import (
	"context"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// The states of a member of a class list, for display.
const (
	StateMade      = "made"      // has not come in, no slip in hand
	StateSlip      = "slip"      // has not come in, a slip is out
	StateWaiting   = "waiting"   // has come in, identity not yet matched
	StateRefused   = "refused"   // has come in, the guardian did not agree
	StateNoPhone   = "nophone"   // has come in, no guardian can be asked: no phone on the roster
	StateUnasked   = "unasked"   // has come in, no guardian has answered yet
	StateVerified  = "verified"  // has come in and is who the roster says
	StateElsewhere = "elsewhere" // counts at another school, has rights here only
)

// Member is a person of a class list or of a school's staff, with how far he
// has come.
type Member struct {
	person.Member
	State string
	// CodeUntil is when the slip that is out expires; zero without one.
	CodeUntil time.Time
	// NoPhone says that a guardian has to answer for the child and the roster
	// names no phone of one.
	NoPhone bool
	// Self says that it is the actor himself. Above says that no slip of the actor
	// is for him: himself, or somebody who holds a role that the actor could not
	// give.
	Self, Above bool
	// Twin says that another on the list has the same name: the birthday tells
	// them apart.
	Twin bool
}

// Checkable says that the school may confirm by its own check that the person
// is who the list says.
func (m Member) Checkable() bool { return m.State == StateWaiting }

// Tally counts the people who stand on a list in their own place. Refused and
// NoPhone explain who is missing among the verified: a guardian did not agree, or
// cannot be asked since the roster names no phone.
type Tally struct{ People, Activated, Verified, Refused, NoPhone, Slips int }

// ClassList is a class with its people.
type ClassList struct {
	Node   org.Node
	School org.Node
	Pupils []Member
	Staff  []Member
	Pupil  Tally
	// Guardians lists the guardians of a class for whoever issues slips.
	Guardians []GuardianLine
	Confirm   bool // the actor may confirm the list
	Issue     bool // the actor may issue slips
	Check     bool // the actor may check identities for the school
}

// List returns the list of a class, or the staff of a school (Pupils empty). The
// actor needs person.read there. fault.ErrNotFound elsewhere, and
// fault.ErrTooMany for whoever has opened too many lists today.
func (s *Service) List(ctx context.Context, by access.Actor, node id.Node) (ClassList, error) {
	n, err := s.org.Get(ctx, by, node)
	if err != nil {
		return ClassList{}, err
	}
	if !by.Allows(access.PersonRead, n.Path) {
		return ClassList{}, errForbidden
	}
	units, err := org.Nodes(ctx, s.db, []id.Node{n.Unit})
	if err != nil {
		return ClassList{}, err
	}
	out := ClassList{Node: n, School: units[n.Unit], Confirm: n.Kind == org.KindClass && by.Allows(access.ClassConfirm, n.Path),
		Issue: by.Allows(access.CodeIssue, n.Path), Check: by.Allows(access.IdentityCheck, n.Path)}
	var all []person.Member
	if n.Kind == org.KindClass {
		all, err = s.people.ListClass(ctx, by, node)
	} else {
		all, err = s.people.ListUnit(ctx, by, person.UnitList{Unit: node, Limit: 500})
	}
	if err != nil {
		return ClassList{}, err
	}
	if out.Issue && n.Kind == org.KindClass {
		if out.Guardians, err = s.guardians(ctx, by, node); err != nil {
			return ClassList{}, err
		}
	}
	members, err := s.states(ctx, by, n, all)
	if err == nil && out.Issue {
		err = s.markAbove(ctx, by, members)
	}
	if err != nil {
		return ClassList{}, err
	}
	for _, m := range members {
		if m.At.Role == person.RolePupil {
			out.Pupils = append(out.Pupils, m)
			out.Pupil.add(m)
		} else {
			out.Staff = append(out.Staff, m)
		}
	}
	if s.listed != nil && n.Kind == org.KindClass {
		if err := s.listed(ctx, by, node, len(out.Pupils)); err != nil {
			return ClassList{}, err
		}
	}
	return out, nil
}

// markAbove says for whom the actor issues no slip.
func (s *Service) markAbove(ctx context.Context, by access.Actor, members []Member) error {
	var staff []id.Person
	for i := range members {
		m := &members[i]
		m.Self = m.ID == by.Person
		if m.At.Role != person.RolePupil {
			staff = append(staff, m.ID)
		}
	}
	var held []org.Grant
	var err error
	if len(staff) > 0 {
		held, err = org.GrantsHeld(ctx, s.db, staff)
	}
	for i := range members {
		m := &members[i]
		m.Above = m.Self
		if !m.Above && err == nil && slices.ContainsFunc(held, func(g org.Grant) bool { return g.Person == m.ID }) {
			m.Above, err = s.outranks(ctx, by, m.ID)
		}
	}
	return err
}

// states adds to each person how far he has come; several places of one person
// in one role are one line.
func (s *Service) states(ctx context.Context, by access.Actor, n org.Node, all []person.Member) ([]Member, error) {
	ids := make([]id.Person, 0, len(all))
	names := map[string]int{}
	seen := map[id.Person]bool{}
	var out []Member
	var unanswered []id.Person
	day := s.today()
	grade := n.Grade(day)
	for _, m := range all {
		if seen[m.ID] || n.Kind != org.KindClass && m.At.Node != n.ID {
			continue
		}
		seen[m.ID] = true
		ids = append(ids, m.ID)
		names[person.NameKey(m.Name)]++
		out = append(out, Member{Member: m})
		if m.Standing(grade, day) == person.Unanswered {
			unanswered = append(unanswered, m.ID)
		}
	}
	open, err := s.store.codeStates(ctx, ids, s.clk.Now())
	if err != nil {
		return nil, err
	}
	reachable, err := s.people.Reachable(ctx, by, unanswered)
	if err != nil {
		return nil, err
	}
	for i := range out {
		m := &out[i]
		m.CodeUntil, m.Twin = open[m.ID], names[person.NameKey(m.Name)] > 1
		standing := m.Standing(grade, day)
		m.NoPhone = standing == person.Unanswered && !reachable[m.ID]
		m.State = stateOf(*m, standing)
	}
	return out, nil
}

// stateOf is the state to show.
func stateOf(m Member, standing person.Standing) string {
	switch {
	case m.At.Role == person.RolePupil && !m.At.Primary:
		return StateElsewhere
	case m.Activated.IsZero() && m.CodeUntil.IsZero():
		return StateMade
	case m.Activated.IsZero():
		return StateSlip
	case !m.Verified.IsZero():
		return StateVerified
	case standing == person.Against:
		return StateRefused
	case m.NoPhone:
		return StateNoPhone
	case standing == person.Unanswered:
		return StateUnasked
	}
	return StateWaiting
}

// add counts a member; who counts at another school is left out.
func (t *Tally) add(m Member) {
	if m.State == StateElsewhere {
		return
	}
	t.People++
	if m.NoPhone && m.Verified.IsZero() {
		t.NoPhone++
	}
	switch m.State {
	case StateVerified:
		t.Activated++
		t.Verified++
	case StateWaiting, StateNoPhone, StateUnasked:
		t.Activated++
	case StateRefused:
		t.Activated++
		t.Refused++
	case StateSlip:
		t.Slips++
	}
}

// ClassCount is a class with its numbers.
type ClassCount struct {
	Node  org.Node
	Tally Tally
}

// ClassCounts returns the classes of a school with the numbers of their pupils.
// The actor needs person.read there.
func (s *Service) ClassCounts(ctx context.Context, by access.Actor, school id.Node) ([]ClassCount, error) {
	classes, err := s.org.Classes(ctx, by, school)
	if err != nil {
		return nil, err
	}
	out := make([]ClassCount, 0, len(classes))
	for _, c := range classes {
		if !by.Allows(access.PersonRead, c.Path) {
			continue
		}
		pupils, err := s.people.Pupils(ctx, by, c.ID)
		if err != nil {
			return nil, err
		}
		members, err := s.states(ctx, by, c, pupils)
		if err != nil {
			return nil, err
		}
		count := ClassCount{Node: c}
		for _, m := range members {
			count.Tally.add(m)
		}
		out = append(out, count)
	}
	return out, nil
}
