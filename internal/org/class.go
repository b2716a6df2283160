package org

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// sorted returns ids in ascending order, so that all writers lock alike.
func sorted(ids []id.Node) []id.Node {
	slices.Sort(ids)
	return ids
}

// ClassAt names a class of a school for life.
type ClassAt struct {
	School id.Node
	ClassKey
}

// EnsureClass returns the class of a school with this key and makes it, with
// its space, when it is not there; made tells which. See EnsureClasses.
func (s *Service) EnsureClass(ctx context.Context, by access.Actor, school id.Node, key ClassKey) (n Node, made bool, err error) {
	nodes, fresh, err := s.EnsureClasses(ctx, by, ClassAt{school, key})
	if err != nil {
		return Node{}, false, err
	}
	return nodes[0], fresh[0], nil
}

// EnsureClasses returns the classes in the order of wanted and makes those that
// are not there, with their spaces; made tells for each whether it was. It joins
// the transaction of ctx. The actor needs roster.import or org.import at each
// school. A closed school gets no class (ErrConflict), a key with an unknown
// stage or without a number is ErrInvalid.
func (s *Service) EnsureClasses(ctx context.Context, by access.Actor, wanted ...ClassAt) (nodes []Node, made []bool, err error) {
	var schools []id.Node
	for _, k := range wanted {
		if _, ok := codes.FindStage(k.Stage); !ok || k.No < 1 || k.EntryYear < 1900 || k.EntryYear > 9999 {
			return nil, nil, fault.New(fault.ErrInvalid, "org.class.key")
		}
		schools = append(schools, k.School)
	}
	schools = slices.Compact(sorted(schools))
	if err := s.mayHaveClasses(ctx, by, schools); err != nil {
		return nil, nil, err
	}
	err = s.db.Join(ctx, func(ctx context.Context, tx *db.Tx) error {
		nodes, made, err = s.ensureClasses(ctx, tx, by, schools, wanted)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("classes of %d schools: %w", len(schools), err)
	}
	return nodes, made, nil
}

// mayHaveClasses reports with an error a node at which by makes no classes.
func (s *Service) mayHaveClasses(ctx context.Context, by access.Actor, schools []id.Node) error {
	found, err := findNodes(ctx, s.db, schools)
	if err != nil {
		return err
	}
	for _, school := range schools {
		n, ok := found[school]
		if !ok {
			return errMissing()
		}
		if !by.Allows(access.OrgImport, n.Path) {
			if err := mustHold(by, access.RosterImport, n); err != nil {
				return err
			}
		}
		if !n.IsSchool() {
			return fault.New(fault.ErrInvalid, "org.class.not_a_school")
		}
	}
	return nil
}

// ensureClasses locks the schools, in order, and looks for the classes wanted.
func (s *Service) ensureClasses(ctx context.Context, tx *db.Tx, by access.Actor, schools []id.Node, wanted []ClassAt) ([]Node, []bool, error) {
	parents, known := map[id.Node]Node{}, map[ClassAt]Node{}
	for _, school := range schools {
		parent, _, err := takeOrdinals(ctx, tx, school, 0)
		if err != nil {
			return nil, nil, err
		}
		if parent.Closed() {
			return nil, nil, fault.New(fault.ErrConflict, "org.class.school_closed")
		}
		parents[school] = parent
		there, err := classesOf(ctx, tx, school)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range there {
			known[ClassAt{school, c.Key()}] = c
		}
	}
	var drafts []Node
	asked := map[ClassAt]bool{}
	for _, k := range wanted {
		if _, ok := known[k]; ok || asked[k] {
			continue
		}
		asked[k] = true
		drafts = append(drafts, classDraft(parents[k.School], k.ClassKey))
	}
	if len(drafts) > 0 {
		fresh, err := s.insert(ctx, tx, by, drafts)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range fresh {
			known[ClassAt{c.Parent, c.Key()}] = c
		}
	}
	nodes, made := make([]Node, len(wanted)), make([]bool, len(wanted))
	for i, k := range wanted {
		nodes[i], made[i] = known[k], asked[k]
	}
	return nodes, made, nil
}

// classDraft is a class to be made under a school.
func classDraft(school Node, k ClassKey) Node {
	return Node{
		Kind: KindClass, Name: className(k), Parent: school.ID, Report: school.ID,
		Stage: k.Stage, EntryYear: k.EntryYear, ClassNo: k.No,
		Status: StatusNormal, Flag: school.Flag, FiveFour: school.FiveFour, Lang: school.Lang,
	}
}

// UnmakeClasses removes classes that an undone batch had made, with their
// spaces. It joins the transaction of ctx; the caller has seen to it that
// nobody belongs to them. The actor needs roster.import at their school. A node
// that is no class is ErrInvalid.
func (s *Service) UnmakeClasses(ctx context.Context, by access.Actor, classes []id.Node) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		nodes, err := findNodes(ctx, tx, classes)
		if err != nil {
			return err
		}
		var events []event.Event
		for _, c := range sortedNodes(nodes) {
			if c.Kind != KindClass {
				return fault.New(fault.ErrInvalid, "org.class.not_a_class")
			}
			if err := mustHold(by, access.RosterImport, c); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "DELETE FROM org_node WHERE id = $1 AND kind = 'class'", c.ID.Int()); err != nil {
				return fmt.Errorf("unmake class %d: %w", c.ID, err)
			}
			events = append(events, nodeEvent(by, EventClosed, c, Closed{Kind: c.Kind, Unmade: 1}))
		}
		if s.Spaces != nil {
			if err := s.Spaces.UnmakeInstitution(ctx, by, classes); err != nil {
				return fmt.Errorf("unmake spaces of classes: %w", err)
			}
		}
		return s.log.Append(ctx, tx, events...)
	})
}

// CloseClass closes a class; its space and its people's past stay. The actor
// needs class.confirm, roster.import or org.import there. Closing twice is no
// error and writes nothing.
func (s *Service) CloseClass(ctx context.Context, by access.Actor, class id.Node) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := findNode(ctx, tx, class)
		if err != nil {
			return err
		}
		if !by.Allows(access.OrgImport, c.Path) {
			if err := mustHold(by, access.RosterImport, c); err != nil {
				return err
			}
		}
		if c.Kind != KindClass {
			return fault.New(fault.ErrInvalid, "org.class.not_a_class")
		}
		if c, _, err = takeOrdinals(ctx, tx, c.ID, 0); err != nil || c.Closed() {
			return err
		}
		return s.close(ctx, tx, by, c)
	})
}

// MarkConfirmed records that the profile of a school or the list of a class is
// confirmed, once: a second time changes nothing. It joins the transaction of
// ctx and returns the node as it is then. The actor needs school.confirm or
// class.confirm there. The package space decides what opens by it.
func (s *Service) MarkConfirmed(ctx context.Context, by access.Actor, node id.Node) (Node, error) {
	var n Node
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if n, _, err = takeOrdinals(ctx, tx, node, 0); err != nil {
			return err
		}
		need := access.SchoolConfirm
		if n.Kind == KindClass {
			need = access.ClassConfirm
		}
		if err := mustHold(by, need, n); err != nil {
			return err
		}
		if n.Kind != KindClass && !n.IsSchool() {
			return fault.New(fault.ErrInvalid, "org.confirm.kind")
		}
		if n.Closed() {
			return fault.New(fault.ErrConflict, "org.closed")
		}
		if !n.Confirmed.IsZero() {
			return nil
		}
		n.Confirmed, n.ConfirmedBy = s.clk.Now(), by.Person
		_, err = tx.Exec(ctx, "UPDATE org_node SET confirmed_at = $1, confirmed_by = $2 WHERE id = $3",
			n.Confirmed.UnixMilli(), by.Person.Int(), node.Int())
		return err
	})
	if err != nil {
		return Node{}, fmt.Errorf("confirm node %d: %w", node, err)
	}
	return n, nil
}

// sortedNodes returns the nodes by id.
func sortedNodes(nodes map[id.Node]Node) []Node {
	out := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
