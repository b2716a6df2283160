package space

import (
	"context"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// MakePeople makes prepared persons with their spaces in one transaction: it is
// person.InsertMany under the name of what the caller wants.
func (s *Service) MakePeople(ctx context.Context, by access.Actor, all []person.Prepared) error {
	return s.people.InsertMany(ctx, by, all)
}

// MakeInstitution makes the spaces of new nodes in the transaction of ctx; those
// of regions are open at once. Only org calls it, which has checked the actor.
func (s *Service) MakeInstitution(ctx context.Context, by access.Actor, nodes []org.Node) error {
	now := s.clk.Now()
	var spaces []Space
	var events []event.Event
	for _, n := range nodes {
		sp := Space{ID: id.Next[id.Space](s.ids), Kind: kindOf(n), Node: n.ID, Unit: n.Unit, Status: StatusMade, Made: now}
		if sp.Kind == "" {
			continue
		}
		events = append(events, newEvent(by, EventMade, sp))
		if sp.Kind == KindRegion {
			sp.Status, sp.Opened, sp.OpenedBy = StatusOpened, now, by.Person
			events = append(events, newEvent(by, EventOpened, sp))
		}
		spaces = append(spaces, sp)
	}
	return s.db.Join(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insert(ctx, tx, len(spaces), func(i int) Space { return spaces[i] }); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, events...)
	})
}

// MakePersonal makes the spaces of new persons in the transaction of ctx. Only
// person calls it, which has checked the actor and writes the events.
func (s *Service) MakePersonal(ctx context.Context, by access.Actor, all []person.Prepared) error {
	now := s.clk.Now()
	return s.db.Join(ctx, func(ctx context.Context, tx *db.Tx) error {
		return insert(ctx, tx, len(all), func(i int) Space {
			p := &all[i]
			return Space{ID: id.Next[id.Space](s.ids), Kind: KindPersonal, Person: p.ID, Unit: p.Unit, Status: StatusMade, Made: now, Batch: p.Batch}
		})
	})
}

func insert(ctx context.Context, tx *db.Tx, n int, at func(i int) Space) error {
	if n == 0 {
		return nil
	}
	_, err := tx.Bulk(ctx, db.Bulk{
		Table:   "space",
		Columns: []string{"id", "kind", "owner_person", "owner_node", "unit", "status", "made_at", "opened_at", "opened_by", "batch"},
		Rows: func(yield func([]any) bool) {
			row := make([]any, 10)
			for i := range n {
				sp := at(i)
				row[0], row[1], row[2], row[3], row[4], row[5] = sp.ID.Int(), sp.Kind, sp.Person.Int(), sp.Node.Int(), sp.Unit.Int(), sp.Status
				row[6], row[7], row[8], row[9] = clock.Millis(sp.Made), clock.Millis(sp.Opened), sp.OpenedBy.Int(), sp.Batch.Int()
				if !yield(row) {
					return
				}
			}
		},
	})
	if err != nil {
		return fmt.Errorf("insert %d spaces: %w", n, err)
	}
	return nil
}

// UnmakeInstitution removes the spaces of nodes that an undone batch had made,
// in the transaction of ctx. Only org calls it.
func (s *Service) UnmakeInstitution(ctx context.Context, by access.Actor, nodes []id.Node) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var events []event.Event
		for _, node := range nodes {
			sp, err := s.one(ctx, tx, "owner_node = $1 AND owner_node <> 0", node.Int())
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "DELETE FROM space WHERE id = $1", sp.ID.Int()); err != nil {
				return fmt.Errorf("remove space %d: %w", sp.ID, err)
			}
			events = append(events, newEvent(by, EventUnmade, sp))
		}
		return s.log.Append(ctx, tx, events...)
	})
}

// PutAway archives the personal space of somebody who is no longer here, in the
// transaction of ctx: read-only, and kept. Again is no error. Only person calls
// it, which has checked the actor.
func (s *Service) PutAway(ctx context.Context, by access.Actor, who id.Person) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE space SET was = status, status = 'archived' WHERE owner_person = $1 AND owner_person <> 0 AND status <> 'archived'", who.Int()); err != nil {
			return fmt.Errorf("put the space of person %d away: %w", who, err)
		}
		return nil
	})
}

// TakeOut gives a space that was put away the state back that it had, in the
// transaction of ctx. Only person calls it.
func (s *Service) TakeOut(ctx context.Context, by access.Actor, who id.Person) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE space SET status = was, was = '' WHERE owner_person = $1 AND owner_person <> 0 AND status = 'archived' AND was <> ''", who.Int()); err != nil {
			return fmt.Errorf("take the space of person %d out: %w", who, err)
		}
		return nil
	})
}

// UnmakePersonal removes the spaces of persons in the transaction of ctx. Only
// person calls it.
func (s *Service) UnmakePersonal(ctx context.Context, by access.Actor, persons []id.Person) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, who := range persons {
			if _, err := tx.Exec(ctx, "DELETE FROM space WHERE owner_person = $1 AND owner_person <> 0", who.Int()); err != nil {
				return fmt.Errorf("remove the space of person %d: %w", who, err)
			}
		}
		return nil
	})
}
