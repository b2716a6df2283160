package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// recipient is somebody who gets a code.
type recipient struct {
	person person.Person
	node   id.Node // the class of a pupil or ward, else the school or office
	// wards are the children to whom a guardian's slip binds him.
	wards []id.Person
}

// IssueCodes issues codes to everybody of a class or a school who has not come
// in yet, a sheet of at most 60 for each class and for the staff; codes issued
// before become void. The actor needs code.issue there; the command line may
// name a region too and gets every school below it. Errors: fault.ErrNotFound,
// fault.ErrForbidden.
func (s *Service) IssueCodes(ctx context.Context, by access.Actor, node id.Node) ([]Slip, error) {
	n, err := s.issueNode(ctx, by, node)
	if err != nil {
		return nil, err
	}
	return s.issueBelow(ctx, by, n)
}

// IssueStaff is IssueCodes for those who work at a school or office itself.
func (s *Service) IssueStaff(ctx context.Context, by access.Actor, node id.Node) ([]Slip, error) {
	n, err := s.issueNode(ctx, by, node)
	if err != nil {
		return nil, err
	}
	return s.issueStaff(ctx, by, n)
}

// issueNode reads a node at which the actor may issue codes.
func (s *Service) issueNode(ctx context.Context, by access.Actor, node id.Node) (org.Node, error) {
	n, err := s.org.Get(ctx, by, node)
	if err != nil {
		return org.Node{}, err
	}
	if !by.Allows(access.CodeIssue, n.Path) {
		return org.Node{}, errForbidden
	}
	return n, nil
}

func (s *Service) issueBelow(ctx context.Context, by access.Actor, n org.Node) ([]Slip, error) {
	switch {
	case n.Kind == org.KindClass:
		return s.issueClass(ctx, by, n)
	case n.IsSchool():
		return s.issueSchool(ctx, by, n)
	}
	out, err := s.issueStaff(ctx, by, n)
	if err != nil {
		return nil, err
	}
	for after := ""; ; {
		children, next, err := s.org.Children(ctx, by, org.ChildList{Node: n.ID, After: after, Limit: 200})
		if err != nil {
			return nil, err
		}
		for _, c := range children {
			slips, err := s.issueBelow(ctx, by, c)
			if err != nil {
				return nil, err
			}
			out = append(out, slips...)
		}
		if after = next; after == "" {
			return out, nil
		}
	}
}

// issueSchool issues to every class of a school, to its staff and to whatever
// lies below it.
func (s *Service) issueSchool(ctx context.Context, by access.Actor, school org.Node) ([]Slip, error) {
	classes, err := s.org.Classes(ctx, by, school.ID)
	if err != nil {
		return nil, err
	}
	var out []Slip
	for _, c := range classes {
		slips, err := s.issueClass(ctx, by, c)
		if err != nil {
			return nil, err
		}
		out = append(out, slips...)
	}
	staff, err := s.issueStaff(ctx, by, school)
	if err != nil {
		return nil, err
	}
	out = append(out, staff...)
	below, _, err := s.org.Children(ctx, by, org.ChildList{Node: school.ID, Limit: 200})
	if err != nil {
		return nil, err
	}
	for _, c := range below {
		slips, err := s.issueBelow(ctx, by, c)
		if err != nil {
			return nil, err
		}
		out = append(out, slips...)
	}
	return out, nil
}

func (s *Service) issueClass(ctx context.Context, by access.Actor, class org.Node) ([]Slip, error) {
	pupils, err := s.people.Pupils(ctx, by, class.ID)
	if err != nil {
		return nil, err
	}
	var all []recipient
	for _, m := range pupils {
		if m.Activated.IsZero() && m.At.Primary {
			all = append(all, recipient{person: m.Person, node: class.ID})
		}
	}
	return s.issueAll(ctx, by, class, all)
}

// issueStaff issues to those who work at the node itself; whoever holds a role
// that the actor could not give gets his code elsewhere.
func (s *Service) issueStaff(ctx context.Context, by access.Actor, unit org.Node) ([]Slip, error) {
	var all []recipient
	seen := map[id.Person]bool{}
	for after := id.Person(0); ; {
		page, err := s.people.ListUnit(ctx, by, person.UnitList{Unit: unit.ID, After: after, Limit: 200})
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			after = m.ID
			if !m.Activated.IsZero() || !m.At.Primary || m.At.Node != unit.ID || seen[m.ID] {
				continue
			}
			seen[m.ID] = true
			above, err := s.outranks(ctx, by, m.ID)
			if err != nil {
				return nil, err
			}
			if !above {
				all = append(all, recipient{person: m.Person, node: unit.ID})
			}
		}
		if len(page) < 200 {
			return s.issueAll(ctx, by, unit, all)
		}
	}
}

// outranks reports whether a person holds a role that the actor could not give
// where it is held: a code for him would be a way to rights above one's own, or at
// another's place, or beyond the days for which one stands in. A class that is lent
// to him is as one of the roster's: whoever issues codes there may.
func (s *Service) outranks(ctx context.Context, by access.Actor, p id.Person) (bool, error) {
	if by.IsOperator() || by.IsSystem() {
		return false, nil
	}
	grants, err := s.org.GrantsOf(ctx, selfOf(p), p)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(grants, func(g org.Grant) bool {
		if access.InClass(g.Role) {
			return !by.Allows(access.CodeIssue, g.Path)
		}
		return !by.MayGive(g.Role) || !by.Allows(access.GrantGive, g.Path) || !by.Owns(g.Path)
	}), nil
}

// issueAll issues to a list, sheet by sheet, each in a transaction of its own.
func (s *Service) issueAll(ctx context.Context, by access.Actor, node org.Node, all []recipient) ([]Slip, error) {
	var out []Slip
	for part := range slices.Chunk(all, SheetRows) {
		slips, err := s.issueSheet(ctx, by, node, part, false)
		if err != nil {
			return nil, err
		}
		out = append(out, slips...)
	}
	return out, nil
}

// IssueCode issues a code to one person, whether he has come in or not: the one
// before becomes void, his sessions end, and an old password works no longer.
// The actor needs code.issue where the person's primary place is, and must not
// reach for rights that he could not give; or he gives the roles that the
// person holds there, as a county does for the manager of a school. Errors:
// fault.ErrNotFound, fault.ErrForbidden.
func (s *Service) IssueCode(ctx context.Context, by access.Actor, p id.Person) (Slip, error) {
	to, node, err := s.recipient(ctx, by, p)
	if err != nil {
		return Slip{}, err
	}
	slips, err := s.issueSheet(ctx, by, node, []recipient{to}, true)
	if err != nil {
		return Slip{}, err
	}
	return slips[0], nil
}

// Recipient is who IssueCode would issue to, for the page that asks first.
func (s *Service) Recipient(ctx context.Context, by access.Actor, p id.Person) (person.Person, org.Node, error) {
	to, node, err := s.recipient(ctx, by, p)
	return to.person, node, err
}

// recipient checks that the actor may issue a code to the person.
func (s *Service) recipient(ctx context.Context, by access.Actor, p id.Person) (recipient, org.Node, error) {
	none := func(err error) (recipient, org.Node, error) { return recipient{}, org.Node{}, err }
	rec, err := person.Load(ctx, s.db, p)
	if err != nil {
		return none(err)
	}
	if rec.Role == person.RoleGuardian {
		return s.guardianRecipient(ctx, by, rec)
	}
	places, err := s.people.Affiliations(ctx, selfOf(p), p)
	if err != nil {
		return none(err)
	}
	i := slices.IndexFunc(places[p], func(a person.Affiliation) bool { return a.Primary })
	if i < 0 {
		return none(fault.New(fault.ErrNotFound, "person.missing"))
	}
	nodes, err := org.Nodes(ctx, s.db, []id.Node{places[p][i].Node})
	if err != nil {
		return none(err)
	}
	node := nodes[places[p][i].Node]
	switch {
	case !by.Allows(access.CodeIssue, node.Path) && !by.Allows(access.GrantGive, node.Path):
		return none(fault.New(fault.ErrNotFound, "person.missing"))
	case rec.Status != person.StatusNormal:
		return none(fault.New(fault.ErrConflict, "account.issue.closed"))
	}
	above, err := s.outranks(ctx, by, p)
	if err != nil {
		return none(err)
	}
	if !above && !by.Allows(access.CodeIssue, node.Path) {
		above, err = s.holdsNothing(ctx, p)
	}
	if err != nil {
		return none(err)
	}
	if above || by.Person == p {
		return none(fault.New(fault.ErrForbidden, "account.issue.above"))
	}
	return recipient{person: rec, node: node.ID}, node, nil
}

// holdsNothing reports whether a person has no grant.
func (s *Service) holdsNothing(ctx context.Context, p id.Person) (bool, error) {
	grants, err := s.org.GrantsOf(ctx, selfOf(p), p)
	return len(grants) == 0, err
}

// issueSheet makes the codes of one sheet. anew ends the sessions and the
// password of whoever has come in already.
func (s *Service) issueSheet(ctx context.Context, by access.Actor, node org.Node, to []recipient, anew bool) ([]Slip, error) {
	now := s.clk.Now()
	sheet := Sheet{ID: id.Next[id.Sheet](s.ids), Node: node.ID, Unit: node.Unit, People: len(to), IssuedBy: by.Person, IssuedAt: now}
	rows, plain := make([]codeRow, len(to)), make([]string, len(to))
	for i, r := range to {
		plain[i] = newCode()
		rows[i] = codeRow{ID: id.Next[id.Code](s.ids), Person: r.person.ID, Sheet: sheet.ID, Node: r.node,
			Sealed: s.keys.Seal([]byte(plain[i])), IssuedAt: now, ExpiresAt: now.Add(CodeLife)}
	}
	write := func(ctx context.Context, tx *db.Tx) error {
		for i, c := range rows {
			if err := s.store.voidCodes(ctx, tx, c.Person, now); err != nil {
				return err
			}
			if err := s.store.insertCode(ctx, tx, c, s.codeHash(plain[i]), i, by.Person); err != nil {
				return err
			}
			if err := s.store.insertWards(ctx, tx, c.ID, to[i].wards); err != nil {
				return err
			}
			if anew {
				if err := s.lockOut(ctx, tx, c.Person, now); err != nil {
					return err
				}
			}
		}
		return s.recordSheet(ctx, tx, by, sheet)
	}
	err := s.db.Tx(ctx, write)
	// Two who issue at once to one person: the later one voids the other's code.
	for range 3 {
		if !db.IsUnique(err) {
			break
		}
		err = s.db.Tx(ctx, write)
	}
	if err != nil {
		return nil, fmt.Errorf("issue codes at node %d: %w", node.ID, err)
	}
	return s.slips(ctx, node, to, rows, plain)
}

// lockOut ends what an earlier activation opened.
func (s *Service) lockOut(ctx context.Context, tx *db.Tx, p id.Person, now time.Time) error {
	a, known, err := s.store.accountByPerson(ctx, p)
	if err != nil || !known {
		return err
	}
	if err := s.setPassword(ctx, tx, a.ID, "", now); err != nil {
		return err
	}
	_, err = s.store.endSessions(ctx, tx, a.ID, 0, now)
	return err
}

// recordSheet writes the sheet, its event and its audit row.
func (s *Service) recordSheet(ctx context.Context, tx *db.Tx, by access.Actor, sheet Sheet) error {
	if err := s.store.insertSheet(ctx, tx, sheet); err != nil {
		return err
	}
	err := s.log.Append(ctx, tx, event.Event{Actor: by.Person, Role: string(by.Role), Verb: "code.issued", Kind: "sheet",
		Object: sheet.ID.Int(), Node: sheet.Node, Unit: sheet.Unit, Extra: detail("n", sheet.People)})
	if err != nil {
		return err
	}
	return s.note(ctx, tx, by, "code.issued", "sheet", sheet.ID.Int(), sheet.Node, detail("people", sheet.People))
}

// slips dresses codes up for print and for the command line.
func (s *Service) slips(ctx context.Context, node org.Node, to []recipient, rows []codeRow, plain []string) ([]Slip, error) {
	nodes, err := org.Nodes(ctx, s.db, []id.Node{node.Unit})
	if err != nil {
		return nil, err
	}
	unit := nodes[node.Unit]
	code := node.Code
	if code == "" {
		code = unit.Code
	}
	names := map[string]int{}
	for _, r := range to {
		names[person.NameKey(r.person.Name)]++
	}
	out := make([]Slip, len(to))
	for i, r := range to {
		out[i] = Slip{Person: r.person.ID, Name: r.person.Name, Node: code, NodeName: node.Label(s.today()), School: unit.Name,
			Code: FormatCode(plain[i]), Expires: rows[i].ExpiresAt, Sheet: rows[i].Sheet, Role: r.person.Role}
		if names[person.NameKey(r.person.Name)] > 1 {
			out[i].Born = r.person.Birth
		}
	}
	return out, s.nameWards(ctx, node, to, out)
}
