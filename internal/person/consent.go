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

// Standing says what a guardian's answer means for a person on a day.
type Standing int

// The standings.
const (
	// Free: nothing stands against the personal space and talk. A guardian
	// agreed, or the person decides himself and none ever said no.
	Free Standing = iota
	// Unanswered: a child under 14 for whom no guardian has answered yet.
	Unanswered
	// Against: a guardian refused or withdrew.
	Against
)

// NeedsGuardian reports whether a guardian decides for the person on the day:
// a pupil under 14 (个人信息保护法 31), or one whose birth is unknown and who is
// in kindergarten, in primary school, in the first year of junior school or in a
// class whose grade ("") is not known.
func (p Person) NeedsGuardian(grade string, day clock.Day) bool {
	if p.Role != RolePupil {
		return false
	}
	if p.Birth != 0 {
		return p.Under14(day)
	}
	return grade == "" || grade[0] == 'P' || grade[0] == 'K' || grade == "J1"
}

// Standing is the person's standing in a class of that grade on the day.
func (p Person) Standing(grade string, day clock.Day) Standing {
	switch {
	case p.Consent == ConsentRefused || p.Consent == ConsentWithdrawn:
		return Against
	case p.Consent == "" && p.NeedsGuardian(grade, day):
		return Unanswered
	}
	return Free
}

// StandingOf is [Person.Standing] in the class where the person learns today.
// It reads that class only where the birth is unknown, checks nothing and is
// for the rules of other packages.
func StandingOf(ctx context.Context, q db.Queryer, p Person, day clock.Day) (Standing, error) {
	if p.Role != RolePupil || p.Consent != "" || p.Birth != 0 {
		return p.Standing("", day), nil
	}
	at, ok, err := primary(ctx, q, p.ID)
	if err != nil || !ok {
		return p.Standing("", day), err
	}
	nodes, err := org.Nodes(ctx, q, []id.Node{at.Node})
	if err != nil {
		return Unanswered, fmt.Errorf("read the class of person %d: %w", p.ID, err)
	}
	return p.Standing(nodes[at.Node].Grade(day), day), nil
}

// ComeOfAge lets a pupil who came in as a child without an answer have what the
// calendar gives him: from 14 on he decides himself, so the personal space opens
// and the roster verifies him where it can. Nothing happens to anybody else, nor
// to whoever was verified before. The person himself or the system may ask.
func (s *Service) ComeOfAge(ctx context.Context, by access.Actor, person id.Person) error {
	if err := mayActFor(by, person); err != nil {
		return err
	}
	day := clock.DayOf(s.clk.Now())
	waits := func(p Person) bool {
		return p.Role == RolePupil && p.Consent == "" && !p.Activated.IsZero() && p.Verified.IsZero() && p.Status == StatusNormal
	}
	p, err := Load(ctx, s.db, person)
	if err != nil || !waits(p) {
		return err
	}
	matches, err := s.Matches(ctx, by, person)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := lock(ctx, tx, person)
		if err != nil || !waits(p) {
			return err
		}
		var first int64
		if err := tx.QueryRow(ctx, "SELECT verified_first_at FROM person WHERE id = $1", person.Int()).Scan(&first); err != nil || first != 0 {
			return err
		}
		standing, err := StandingOf(ctx, tx, p, day)
		if err != nil || standing != Free {
			return err
		}
		if matches {
			return s.verify(ctx, tx, by, &p, SourceRoster)
		}
		return s.openDue(ctx, actedBy(by, p), person)
	})
	if err != nil {
		return fmt.Errorf("look at the age of person %d: %w", person, err)
	}
	return nil
}

// Reachable returns those of the pupils for whom the roster names the phone of a
// guardian, as far as the actor may read their names on a class list.
func (s *Service) Reachable(ctx context.Context, by access.Actor, pupils []id.Person) (map[id.Person]bool, error) {
	scope := scopeOf(by, []access.Permission{access.PersonRead, access.RosterImport})
	out := map[id.Person]bool{}
	for part := range slices.Chunk(pupils, chunk) {
		var args db.Args
		rows, err := s.db.Query(ctx, "SELECT DISTINCT g.ward FROM person_guardianship g JOIN person_affiliation a ON a.person = g.ward AND a.to_on = 0"+
			" WHERE g.ward IN ("+db.List(&args, part)+") AND g.status <> 'ended' AND g.phone_tail <> '' AND "+scope.Nodes("a.node", &args), args...)
		if err != nil {
			return nil, fmt.Errorf("read phones of guardians: %w", err)
		}
		for rows.Next() {
			var p id.Person
			if err := rows.Scan(&p); err != nil {
				rows.Close()
				return nil, fmt.Errorf("read phones of guardians: %w", err)
			}
			out[p] = true
		}
		if err := rows.Close(); err != nil {
			return nil, fmt.Errorf("read phones of guardians: %w", err)
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("read phones of guardians: %w", err)
		}
	}
	return out, nil
}
