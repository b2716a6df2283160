package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// listed is what a whole roster has named so far.
type listed struct {
	persons map[id.Person]bool
	schools map[id.Node]bool
	// names are those of rejected rows: whoever is called so is not taken for
	// absent, since the row may be about him. Node 0 stands for a row whose school
	// could not be read.
	names map[nameAt]bool
	// unclear are schools with a rejected row that has no name at all: nobody is
	// taken for absent there.
	unclear map[id.Node]bool
}

type nameAt struct {
	school id.Node
	key    string
}

// absent notes a rejected row: its person is not absent.
func (d *decider) absent(it *item) {
	var school id.Node
	if it.school != nil {
		school = it.school.id
	}
	if it.row.NameKey == "" {
		d.listed.unclear[school] = true
		return
	}
	d.listed.names[nameAt{school, it.row.NameKey}] = true
}

// keep takes over who was seen in a chunk that is done.
func (d *decider) keep(mode Mode) {
	if mode != Whole {
		return
	}
	for _, p := range d.plan.seen {
		d.listed.persons[p] = true
	}
}

// leaver is somebody whom a whole roster leaves out.
type leaver struct {
	person id.Person
	unit   id.Node
	at     person.Affiliation
}

// leavers lists who belongs to a school that the roster names and is not named
// himself.
func (e *engine) leavers(ctx context.Context, d *decider) ([]leaver, error) {
	var roles []string
	for _, f := range e.entries {
		switch read.Kind(f.Kind) {
		case read.Pupils:
			roles = append(roles, rolePupil)
		case read.Staff:
			roles = append(roles, roleTeacher)
		}
	}
	if len(roles) == 0 || d.listed.unclear[0] {
		return nil, nil
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	var schools []id.Node
	for n := range d.listed.schools {
		if !d.listed.unclear[n] {
			schools = append(schools, n)
		}
	}
	slices.Sort(schools)
	var out []leaver
	for _, n := range schools {
		list := person.UnitList{Unit: n, Roles: roles, Limit: 1000}
		for {
			page, err := e.s.people.ListUnit(ctx, e.acting(), list)
			if err != nil {
				return nil, fmt.Errorf("people of school %d: %w", n, err)
			}
			for _, m := range page {
				key := nameKey(m.Name)
				if d.listed.persons[m.ID] || d.listed.names[nameAt{n, key}] || d.listed.names[nameAt{0, key}] ||
					len(out) > 0 && out[len(out)-1].person == m.ID {
					continue
				}
				if stays, err := e.stays(ctx, m, n); err != nil {
					return nil, err
				} else if stays {
					continue
				}
				out = append(out, leaver{person: m.ID, unit: n, at: m.At})
			}
			if len(page) < list.Limit {
				break
			}
			list.After = page[len(page)-1].ID
		}
	}
	return out, nil
}

// stays reports whether somebody whom a whole roster leaves out is the last
// manager of the school: he stays until a successor is named.
func (e *engine) stays(ctx context.Context, m person.Member, school id.Node) (bool, error) {
	if m.Role == person.RolePupil {
		return false, nil
	}
	return e.s.org.LastManager(ctx, e.acting(), m.ID, school)
}

// moreLeavers is the reason of a batch of which nobody has left, since more
// persons would have than were confirmed.
const moreLeavers = "more_leavers"

// letGo lets leave whom a whole roster leaves out. Where more would leave now
// than somebody has confirmed, since others came in between, nobody does.
func (e *engine) letGo(ctx context.Context, d *decider) error {
	gone, err := e.leavers(ctx, d)
	if err != nil {
		return err
	}
	b, err := e.s.batch(ctx, e.s.db, e.batch)
	if err != nil {
		return err
	}
	reason := ""
	if !b.CheckedAt.IsZero() && int64(len(gone)) > b.leavers {
		gone, reason = nil, moreLeavers
	}
	for part := range slices.Chunk(gone, 500) {
		if err := e.leave(ctx, part); err != nil {
			return err
		}
	}
	_, err = e.s.db.Exec(ctx, `UPDATE ros_batch SET leavers = (SELECT COUNT(*) FROM ros_change WHERE batch = $1 AND kind = 'left'), reason = $2 WHERE id = $3`,
		e.batch, reason, e.batch)
	return err
}

// leave lets persons leave and keeps how to take that back.
func (e *engine) leave(ctx context.Context, gone []leaver) error {
	return e.s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := gate(ctx, tx); err != nil {
			return err
		}
		var log []change
		for _, g := range gone {
			err := e.s.people.Leave(ctx, e.acting(), g.unit, 0, g.person)
			if errors.Is(err, org.ErrLastManager) {
				continue // the last manager stays until a successor is named
			}
			if err != nil {
				return err
			}
			log = append(log, change{person: g.person, kind: changeLeft, before: undoNote{Node: g.at.Node, Unit: g.unit, Primary: g.at.Primary,
				Role: g.at.Role, Subject: g.at.Subject, Post: g.at.Post}})
			_, err = tx.Exec(ctx, `INSERT INTO ros_school (batch, school) VALUES ($1, $2) ON CONFLICT (batch, school) DO NOTHING`, e.batch, g.unit)
			if err != nil {
				return err
			}
		}
		return e.logChanges(ctx, tx, log)
	})
}

// look reads rows that an earlier run of the batch took, to know again whom
// they name.
func (e *engine) look(ctx context.Context, d *decider, rows int64) error {
	var stand id.Person
	d.dry = &stand
	defer func() { d.dry = nil }()
	var taken int64
	err := e.stream(ctx, 0, func(c chunk) error {
		if taken >= rows {
			return errEnough
		}
		c.items = c.items[:min(int64(len(c.items)), rows-taken)]
		taken += int64(len(c.items))
		d.reset()
		if err := e.load(ctx, c.items, d, true); err != nil {
			return err
		}
		d.decideAll(e, c.items)
		d.keep(e.mode)
		return nil
	})
	if err == errEnough {
		return nil
	}
	return err
}
