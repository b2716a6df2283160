package space

import (
	"context"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Confirm records that the profile of a school or the list of a class is right
// and opens its space when a manager of it is verified; else the space opens by
// itself once one is. It returns the space as it is then. Again is no error. The
// actor needs school.confirm or class.confirm at the node.
func (s *Service) Confirm(ctx context.Context, by access.Actor, node id.Node) (Space, error) {
	var sp Space
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := s.org.MarkConfirmed(ctx, by, node)
		if err != nil {
			return err
		}
		if sp, err = s.locked(ctx, tx, node); err != nil || sp.Status != StatusMade {
			return err
		}
		ready, err := s.managed(ctx, tx, by, n)
		if err != nil || !ready {
			return err
		}
		return s.open(ctx, tx, by, &sp)
	})
	if err != nil {
		return Space{}, fmt.Errorf("confirm node %d: %w", node, err)
	}
	return sp, nil
}

// Open opens an institution space whose node is confirmed and has a verified
// manager (DOMAIN Q4); otherwise ErrConflict says what is missing. An open one
// stays open, without an event. The actor needs the permission of Confirm.
func (s *Service) Open(ctx context.Context, by access.Actor, space id.Space) (Space, error) {
	sp, err := s.Get(ctx, by, space)
	if err != nil {
		return Space{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if sp, err = s.one(ctx, tx, "id = $1", space.Int()); err != nil || sp.Status == StatusOpened {
			return err
		}
		if sp.Node == 0 || sp.Status != StatusMade {
			return fault.New(fault.ErrConflict, "space.not_to_open")
		}
		n, err := s.org.Get(ctx, by, sp.Node)
		if err != nil {
			return err
		}
		if !by.Allows(confirmBy(n), n.Path) {
			return fault.New(fault.ErrForbidden, "space.forbidden")
		}
		if n.Confirmed.IsZero() {
			return fault.New(fault.ErrConflict, "space.unconfirmed")
		}
		ready, err := s.managed(ctx, tx, by, n)
		if err != nil {
			return err
		}
		if !ready {
			return fault.New(fault.ErrConflict, "space.no_manager")
		}
		return s.open(ctx, tx, by, &sp)
	})
	if err != nil {
		return Space{}, fmt.Errorf("open space %d: %w", space, err)
	}
	return sp, nil
}

// locked takes an institution's space until the transaction ends and reads it.
// Whoever confirms the node and whoever becomes its verified manager both take it
// before they ask about the other: the one who comes second sees the first.
func (s *Service) locked(ctx context.Context, tx *db.Tx, node id.Node) (Space, error) {
	if _, err := tx.Exec(ctx, "UPDATE space SET status = status WHERE owner_node = $1 AND owner_node <> 0", node.Int()); err != nil {
		return Space{}, fmt.Errorf("take the space of node %d: %w", node, err)
	}
	return s.one(ctx, tx, "owner_node = $1 AND owner_node <> 0", node.Int())
}

// confirmBy is the permission that confirms a node.
func confirmBy(n org.Node) access.Permission {
	if n.Kind == org.KindClass {
		return access.ClassConfirm
	}
	return access.SchoolConfirm
}

// managed reports whether a manager of the node, or the actor who confirms it,
// is verified.
func (s *Service) managed(ctx context.Context, tx *db.Tx, by access.Actor, n org.Node) (bool, error) {
	var managers []id.Person
	var err error
	if n.Kind == org.KindClass {
		managers, err = person.ClassTeachers(ctx, tx, n.ID)
	} else {
		managers, err = s.org.Holders(ctx, by, n.ID, access.School)
	}
	if err != nil {
		return false, err
	}
	if by.IsPerson() && by.Allows(confirmBy(n), n.Path) {
		managers = append(managers, by.Person)
	}
	for _, who := range managers {
		p, err := person.Load(ctx, tx, who)
		if err != nil {
			return false, err
		}
		if !p.Verified.IsZero() {
			return true, nil
		}
	}
	return false, nil
}

// open writes the state and, for institutions, event and audit row, once.
func (s *Service) open(ctx context.Context, tx *db.Tx, by access.Actor, sp *Space) error {
	return s.opens(ctx, tx, by, sp, newEvent(by, EventOpened, *sp))
}

// opensItself is open for a space whose conditions have come true by something
// else. Its event names nobody: what is automatic is no use of a space and makes
// nobody active (DOMAIN 3, 月活率). The audit row says who was behind it.
func (s *Service) opensItself(ctx context.Context, tx *db.Tx, by access.Actor, sp *Space) error {
	return s.opens(ctx, tx, by, sp, newEvent(access.Actor{}, EventOpened, *sp))
}

func (s *Service) opens(ctx context.Context, tx *db.Tx, by access.Actor, sp *Space, e event.Event) error {
	now := s.clk.Now()
	changed, err := tx.Exec(ctx, "UPDATE space SET status = 'opened', opened_at = $1, opened_by = $2 WHERE id = $3 AND status = 'made'",
		now.UnixMilli(), by.Person.Int(), sp.ID.Int())
	if err != nil {
		return fmt.Errorf("open space %d: %w", sp.ID, err)
	}
	if changed == 0 {
		*sp, err = s.one(ctx, tx, "id = $1", sp.ID.Int())
		return err
	}
	sp.Status, sp.Opened, sp.OpenedBy = StatusOpened, now, by.Person
	if sp.Kind == KindPersonal {
		return nil
	}
	if err := s.log.Append(ctx, tx, e); err != nil {
		return err
	}
	return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: EventOpened,
		Kind: "space", Object: sp.ID.Int(), Node: sp.Node, Detail: e.Extra, At: now})
}

// OpenDue lets spaces follow a person's state: it opens the personal space and,
// once he is verified, the confirmed institution spaces that he manages, and
// freezes the personal space of a child when a guardian withdraws. It joins the
// transaction of ctx. Only person calls it, after each change of state.
func (s *Service) OpenDue(ctx context.Context, by access.Actor, who id.Person) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := person.Load(ctx, tx, who)
		if err != nil {
			return err
		}
		if err := s.followPerson(ctx, tx, by, p); err != nil {
			return err
		}
		if p.Verified.IsZero() || p.Role == person.RolePupil {
			return nil
		}
		return s.openManaged(ctx, tx, by, who)
	})
}

// followPerson brings the personal space into the state that its owner's has
// (DOMAIN 2.3): open for a pupil who has come in and against whom no guardian's
// answer stands, for others once they are verified. Nothing but a guardian's no,
// or a consent that has lapsed, freezes one, so a new consent thaws it.
func (s *Service) followPerson(ctx context.Context, tx *db.Tx, by access.Actor, p person.Person) error {
	standing, err := person.StandingOf(ctx, tx, p, clock.DayOf(s.clk.Now()))
	if err != nil {
		return err
	}
	due := !p.Verified.IsZero()
	if p.Role == person.RolePupil {
		due = !p.Activated.IsZero()
	}
	if !due && standing == person.Free {
		return nil
	}
	own, err := s.one(ctx, tx, "owner_person = $1 AND owner_person <> 0", p.ID.Int())
	if err != nil {
		return err
	}
	switch {
	case standing != person.Free && own.Status == StatusOpened:
		return s.setStatus(ctx, tx, own, StatusFrozen)
	case standing == person.Free && own.Status == StatusFrozen:
		return s.setStatus(ctx, tx, own, StatusOpened)
	case standing == person.Free:
		return s.open(ctx, tx, by, &own)
	}
	return nil
}

// setStatus changes the state of a space that nobody has changed meanwhile.
func (s *Service) setStatus(ctx context.Context, tx *db.Tx, sp Space, status string) error {
	_, err := tx.Exec(ctx, "UPDATE space SET status = $1 WHERE id = $2 AND status = $3", status, sp.ID.Int(), sp.Status)
	if err != nil {
		return fmt.Errorf("make space %d %s: %w", sp.ID, status, err)
	}
	return nil
}

// openManaged opens the confirmed spaces of the classes that the person leads
// and of the schools that he manages.
func (s *Service) openManaged(ctx context.Context, tx *db.Tx, by access.Actor, who id.Person) error {
	nodes, err := person.LedClasses(ctx, tx, who)
	if err != nil {
		return err
	}
	grants, err := s.org.GrantsOf(ctx, access.Actor{Person: who}, who)
	if err != nil {
		return err
	}
	for _, g := range grants {
		if g.Role == access.School {
			nodes = append(nodes, g.Node)
		}
	}
	slices.Sort(nodes) // everybody takes several spaces in one order
	nodes = slices.Compact(nodes)
	spaces := make([]Space, len(nodes))
	for i, node := range nodes {
		if spaces[i], err = s.locked(ctx, tx, node); err != nil {
			return err
		}
	}
	found, err := org.Nodes(ctx, tx, nodes)
	if err != nil {
		return err
	}
	for i, node := range nodes {
		sp := spaces[i]
		n, ok := found[node]
		if !ok || n.Confirmed.IsZero() || n.Closed() || sp.Status != StatusMade {
			continue
		}
		if err := s.opensItself(ctx, tx, by, &sp); err != nil {
			return err
		}
	}
	return nil
}
