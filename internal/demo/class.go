package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/db"
	"learnspace/internal/id"
	"learnspace/internal/talk/post"
)

// classesBegin finds the nodes of the classes that were just loaded and puts
// their life on the script.
func (s *stage) classesBegin(sc *school, autumn bool) error {
	by := s.operator()
	nodes, err := s.app.Org.Classes(s.ctx, by, s.nodes[sc.code])
	if err != nil {
		return err
	}
	today := clock.DayOf(s.clk.Now())
	for _, c := range sc.classes {
		if c.autumn != autumn {
			continue
		}
		g, _ := codes.FindGrade(c.grade)
		entry := codes.EntryYear(c.grade, today)
		for _, n := range nodes {
			if n.Stage == g.Stage && n.EntryYear == entry && n.ClassNo == c.no {
				c.node = n.ID
			}
		}
		if c.node == 0 {
			return fmt.Errorf("class %s of %s was not made", c.className(autumn), sc.name)
		}
		for _, w := range sc.staff {
			if w.leads == c {
				c.leader = w.person
			}
		}
		if s.left[sc.code] < s.printSchool(sc) {
			s.left[sc.code]++
			c.shown = true
			s.printTeachers(sc, c)
		}
		s.classLife(sc, c)
	}
	return nil
}

// classLife plays one class: slips, pupils who come in, the list confirmed,
// notices, receipts, questions and comments month by month.
func (s *stage) classLife(sc *school, c *class) {
	start := s.clk.Now().AddDate(0, 0, 21)
	if c.autumn {
		start = s.clk.Now().AddDate(0, 0, 2)
	}
	s.small(start, "slips of a class", func() error { return s.slips(sc, c, start) })
	until := present.AddDate(0, 0, -1)
	for day := start.AddDate(0, 0, 3); day.Before(until); day = day.AddDate(0, 0, 10+s.r.IntN(12)) {
		if m := day.Month(); m == time.July && day.Day() > 12 || m == time.August {
			continue // summer holidays
		}
		s.small(s.sometime(day, day), "notice in a class", func() error { return s.notice(c) })
	}
}

// slips lets the class teacher come in if he has not, prints the slips, and
// spreads the pupils' first days over the months.
func (s *stage) slips(sc *school, c *class, start time.Time) error {
	if c.leader == 0 {
		return nil
	}
	if err := s.comeInOnce(c.leader); err != nil {
		return err
	}
	by, err := s.actor(c.leader, access.ClassTeacher)
	if err != nil {
		return err
	}
	slips, err := s.app.Accounts.IssueCodes(s.ctx, by, c.node)
	if err != nil {
		return fmt.Errorf("slips: %w", err)
	}
	byName := map[string][]*pupil{}
	for _, p := range c.pupils {
		byName[p.name] = append(byName[p.name], p)
	}
	share := 55 + s.r.IntN(40) // of a hundred pupils of this class
	for _, slip := range slips {
		same := byName[slip.Name]
		if len(same) == 0 {
			continue
		}
		p := same[0]
		byName[slip.Name] = same[1:]
		p.person = slip.Person
		star := c.shown && len(p.guardians) > 0 && !p.refuse
		if star {
			c.shown = false
			c.star = p
			s.print(p.person, access.Pupil, c.node.String())
		}
		if s.r.IntN(100) >= share && !star && !p.refuse {
			continue
		}
		day := s.sometime(start.AddDate(0, 0, 1), start.AddDate(0, 0, 40))
		if !day.Before(present) {
			continue
		}
		s.small(day, "a pupil comes in", func() error { return s.pupilComesIn(c, p, slip) })
	}
	if s.r.IntN(6) > 0 {
		s.small(start.AddDate(0, 0, 1), "confirm a class list", func() error {
			by, err := s.actor(c.leader, access.ClassTeacher)
			if err != nil {
				return err
			}
			return confirm(s, by, c.node)
		})
	}
	return nil
}

// pupilComesIn activates a pupil. Where the roster names no telephone nobody can
// answer for a child yet: half of these families wait for it, the others let the
// child come in without an answer.
func (s *stage) pupilComesIn(c *class, p *pupil, slip account.Slip) error {
	var g account.Guardian
	if len(p.guardians) > 0 {
		first := p.guardians[0]
		relation := "father"
		if first.relation == "母亲" {
			relation = "mother"
		}
		g = account.Guardian{Name: first.name, Relation: relation, Tail: first.phone[len(first.phone)-4:], Answer: account.AnswerGiven}
		if p.refuse {
			g.Answer = account.AnswerRefused
		}
	}
	if len(p.guardians) == 0 && s.r.IntN(2) == 0 {
		o, err := s.app.Accounts.Open(s.ctx, access.Anonymous(), "192.0.2.1", slip.Code)
		if err != nil || o.NoPhone {
			return err
		}
	}
	if err := s.useSlip(slip, g); err != nil {
		return fmt.Errorf("activate %s: %w", p.name, err)
	}
	c.in = append(c.in, p)
	if c.star == p {
		return s.guardiansComeIn(c)
	}
	return nil
}

// guardiansComeIn prints the slips of a class's guardians: the one of the pupil
// whose account is printed comes in, and one in three of the others.
func (s *stage) guardiansComeIn(c *class) error {
	by, err := s.actor(c.leader, access.ClassTeacher)
	if err != nil {
		return err
	}
	slips, err := s.app.Accounts.IssueGuardians(s.ctx, by, c.node)
	if err != nil {
		return fmt.Errorf("slips of guardians: %w", err)
	}
	for _, slip := range slips {
		var child *pupil
		for _, p := range c.pupils {
			if len(p.guardians) > 0 && p.guardians[0].name == slip.Name && slices.Contains(slip.Wards, p.name) {
				child = p
			}
		}
		switch {
		case child == nil:
			continue
		case child.guardians[0] == c.star.guardians[0]:
			s.print(slip.Person, access.Guardian, c.node.String())
		case s.r.IntN(3) > 0:
			continue
		}
		phone := child.guardians[0].phone
		if err := s.useSlip(slip, account.Guardian{Tail: phone[len(phone)-4:]}); err != nil {
			return fmt.Errorf("activate guardian %s: %w", slip.Name, err)
		}
	}
	return nil
}

// notice posts a notice; over the next two days pupils confirm, comment and
// ask.
func (s *stage) notice(c *class) error {
	if !s.here[c.leader] {
		return nil
	}
	by, err := s.actor(c.leader, access.ClassTeacher)
	if err != nil {
		return err
	}
	made, err := s.app.Posts.Publish(s.ctx, by, post.Draft{Node: c.node, Kind: post.Notice,
		Body: notices[s.r.IntN(len(notices))], Receipt: s.r.IntN(3) > 0, Key: fmt.Sprint("demo", s.r.Uint64())})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	now := s.clk.Now()
	for _, p := range c.in {
		if s.r.IntN(100) >= 70 {
			continue
		}
		when := s.sometime(now, now.AddDate(0, 0, 2))
		if when.After(now) && when.Before(present) {
			s.small(when, "a pupil answers", func() error { return s.answer(c, p, made) })
		}
	}
	return nil
}

// answer opens a notice as a pupil does, confirms it and sometimes says more:
// one commit for what a pupil does in a minute.
func (s *stage) answer(c *class, p *pupil, notice id.Post) error {
	mood := s.r.IntN(10)
	words, key := s.r.IntN(len(comments)*len(questions)), fmt.Sprint("demo", s.r.Uint64())
	return s.app.DB.Join(s.ctx, func(ctx context.Context, _ *db.Tx) error {
		by, err := s.app.Accounts.ActorOf(ctx, s.app.System("demo"), p.person, access.Pupil)
		if err != nil {
			return err
		}
		one, err := s.app.Posts.Get(ctx, by, notice)
		if err != nil {
			return err
		}
		if err := s.app.Posts.MarkRead(ctx, by, []id.Post{notice}); err != nil {
			return err
		}
		if one.Receipt {
			if err := s.app.Posts.Confirm(ctx, by, notice); err != nil {
				return err
			}
		}
		switch {
		case !by.MayTalk():
		case mood < 2:
			_, err = s.app.Posts.Comment(ctx, by, notice, comments[words%len(comments)], key)
		case mood == 2:
			_, err = s.app.Posts.Publish(ctx, by, post.Draft{Node: c.node, Kind: post.Question, Body: questions[words%len(questions)], Key: key})
		}
		return err
	})
}

// printTeachers prints the accounts of a class's teacher and of one who only
// teaches there.
func (s *stage) printTeachers(sc *school, c *class) {
	s.print(c.leader, access.ClassTeacher, c.node.String())
	for _, w := range sc.staff {
		if _, taken := s.printed[w.person]; !taken && w.leads == nil && slices.Contains(w.teaches, c) && !w.elsewhere {
			s.print(w.person, access.Teacher, c.node.String())
			s.small(s.clk.Now().AddDate(0, 0, 20), "a printed teacher comes in", func() error { return s.comeInOnce(w.person) })
			return
		}
	}
}
