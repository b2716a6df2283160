package demo

import (
	"fmt"
	"slices"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/codes"
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
	s.later(start, "slips of a class", func() error { return s.slips(sc, c, start) })
	until := present.AddDate(0, 0, -1)
	for day := start.AddDate(0, 0, 3); day.Before(until); day = day.AddDate(0, 0, 10+s.r.IntN(12)) {
		if m := day.Month(); m == time.July && day.Day() > 12 || m == time.August {
			continue // summer holidays
		}
		s.later(s.sometime(day, day), "notice in a class", func() error { return s.notice(c) })
	}
}

// slips lets the class teacher come in if he has not, prints the slips, and
// spreads the pupils' first days over the months.
func (s *stage) slips(sc *school, c *class, start time.Time) error {
	if c.leader == 0 {
		return nil
	}
	if !s.here[c.leader] {
		if err := s.comeIn(c.leader, account.Guardian{}); err != nil {
			return err
		}
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
			s.print(p.person, access.Pupil, c.node.String())
		}
		if s.r.IntN(100) >= share && !star && !p.refuse {
			continue
		}
		day := s.sometime(start.AddDate(0, 0, 1), start.AddDate(0, 0, 40))
		if !day.Before(present) {
			continue
		}
		s.later(day, "a pupil comes in", func() error { return s.pupilComesIn(c, p, slip) })
	}
	if s.r.IntN(6) > 0 {
		s.later(start.AddDate(0, 0, 1), "confirm a class list", func() error {
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
			s.later(when, "a pupil answers", func() error { return s.answer(c, p, made) })
		}
	}
	return nil
}

// answer opens a notice as a pupil does, confirms it and sometimes says more.
func (s *stage) answer(c *class, p *pupil, notice id.Post) error {
	by, err := s.actor(p.person, access.Pupil)
	if err != nil {
		return err
	}
	one, err := s.app.Posts.Get(s.ctx, by, notice)
	if err != nil {
		return err
	}
	if err := s.app.Posts.MarkRead(s.ctx, by, []id.Post{notice}); err != nil {
		return err
	}
	if one.Receipt {
		if err := s.app.Posts.Confirm(s.ctx, by, notice); err != nil {
			return err
		}
	}
	if by.NoConsent {
		return nil
	}
	switch s.r.IntN(10) {
	case 0, 1:
		_, err = s.app.Posts.Comment(s.ctx, by, notice, comments[s.r.IntN(len(comments))], fmt.Sprint("demo", s.r.Uint64()))
	case 2:
		_, err = s.app.Posts.Publish(s.ctx, by, post.Draft{Node: c.node, Kind: post.Question,
			Body: questions[s.r.IntN(len(questions))], Key: fmt.Sprint("demo", s.r.Uint64())})
	}
	return err
}

// printTeachers prints the accounts of a class's teacher and of one who only
// teaches there.
func (s *stage) printTeachers(sc *school, c *class) {
	s.print(c.leader, access.ClassTeacher, c.node.String())
	for _, w := range sc.staff {
		if _, taken := s.printed[w.person]; !taken && w.leads == nil && slices.Contains(w.teaches, c) && !w.elsewhere {
			s.print(w.person, access.Teacher, c.node.String())
			return
		}
	}
}
