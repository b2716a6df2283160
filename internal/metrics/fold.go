package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// Verbs of the figures' own events.
const (
	VerbBaseRecorded  = "base.recorded"
	VerbBaseConfirmed = "base.confirmed"
	VerbFrozen        = "figures.frozen"
)

// apply folds the events, in order, into the state. An event that the figures
// do not need changes nothing.
func (s *state) apply(ctx context.Context, es []event.Event) error {
	for i := range es {
		if err := s.one(ctx, &es[i]); err != nil {
			return fmt.Errorf("fold event %d (%s): %w", es[i].Seq, es[i].Verb, err)
		}
	}
	return nil
}

// monthOf is the month that an event counts in: its own, or the first open one.
func (s *state) monthOf(e *event.Event) clock.Month {
	return max(clock.MonthOf(e.At), s.frozen.Next())
}

func (s *state) one(ctx context.Context, e *event.Event) error {
	kind, verb, _ := strings.Cut(e.Verb, ".")
	var err error
	switch kind {
	case "org":
		err = s.orgEvent(ctx, e, verb)
	case "person":
		err = s.personEvent(ctx, e, verb)
	case "space":
		err = s.spaceEvent(ctx, e, verb)
	case "base":
		err = s.baseEvent(ctx, e)
	}
	if err != nil {
		return err
	}
	switch {
	case e.Verb == VerbFrozen:
		return s.freeze(ctx, e)
	case counting[e.Verb] && e.Actor != 0:
		return s.acted(ctx, e)
	}
	return nil
}

// personEvent folds the life of a person's space.
func (s *state) personEvent(ctx context.Context, e *event.Event, verb string) error {
	k := personKey{id.Person(e.Object), roleOf(field(e.Extra, "r"))}
	if k.role == rNone {
		return nil
	}
	m := s.monthOf(e)
	if verb == "made" {
		return s.add(ctx, e.Unit, cell{m, mMade, k.role}, 1)
	}
	p := s.person(k)
	was := *p
	if !p.exists {
		was = person{unit: e.Unit, here: true}
		if from := idField(e.Extra, "from"); verb == "moved" && from != 0 {
			was.unit = from
		}
	}
	now := was
	switch verb {
	case "unmade":
		now.here, now.gone = false, true
	case "activated":
		now.active = true
	case "verified":
		now.verified = true
	case "unverified":
		now.verified = false
	case "moved":
		now.unit = e.Unit
		if !p.exists {
			return s.move(ctx, k, m, was.unit, now.unit)
		}
	case "deactivated":
		now.active = false
	case "merged":
		now.here, now.merged = false, true
	case "unmerged":
		now.here, now.unit = field(e.Extra, "here") == "1", e.Unit
		now.restored = field(e.Extra, "v") == "1"
	case "left":
		now.here = false
	case "returned":
		now.here, now.unit = true, e.Unit
	default:
		return nil
	}
	if verb == "merged" {
		if err := s.inherit(ctx, k, m, personKey{id.Person(idField(e.Extra, "into")), k.role}); err != nil {
			return err
		}
	}
	return s.change(ctx, k, m, was, now)
}

// inherit gives the record that is kept the presence that its duplicate had in
// open months: one person was active. An undoing leaves it.
func (s *state) inherit(ctx context.Context, from personKey, m clock.Month, to personKey) error {
	keep, known := s.persons[to]
	if !known || !keep.exists {
		return nil
	}
	for _, pr := range s.presences[from] {
		has := func(own *presence) bool { return own.month == pr.month }
		if pr.month < m || slices.ContainsFunc(s.presences[to], has) {
			continue
		}
		own := &presence{month: pr.month, unit: keep.unit, counted: keep.standing() && pr.month >= keep.since, dirtied: true}
		s.presences[to] = append(s.presences[to], own)
		if own.counted {
			if err := s.add(ctx, own.unit, cell{own.month, mActive, to.role}, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// move carries a person who was never more than made to another unit.
func (s *state) move(ctx context.Context, k personKey, m clock.Month, from, to id.Node) error {
	if err := s.add(ctx, from, cell{m, mMade, k.role}, -1); err != nil {
		return err
	}
	return s.add(ctx, to, cell{m, mMade, k.role}, 1)
}

// change brings a person from one state to another: the stocks, the flow of new
// verifications, and the presence in this and later open months.
func (s *state) change(ctx context.Context, k personKey, m clock.Month, was, now person) error {
	type line struct {
		metric   metric
		was, now bool
	}
	for _, l := range []line{
		{mMade, was.here, now.here},
		{mActivated, was.here && was.active, now.here && now.active},
		{mVerified, was.standing(), now.standing()},
	} {
		if err := s.shift(ctx, cell{m, l.metric, k.role}, l.was, was.unit, l.now, now.unit); err != nil {
			return err
		}
	}
	if n := flow(&was, &now); n != 0 {
		if err := s.add(ctx, now.unit, cell{m, mNewly, k.role}, n); err != nil {
			return err
		}
	}
	if was.standing() != now.standing() || was.unit != now.unit {
		now.since = max(now.since, m)
		if err := s.follow(ctx, k, m, &now); err != nil {
			return err
		}
	}
	now.exists, now.dirtied = !now.gone, true
	now.merged, now.restored = false, false
	*s.person(k) = now
	return nil
}

// flow is what the change adds to newly verified: 1 for a first verification or
// a duplicate that was none, -1 for an error or duplicate found after one.
// Leaving takes nothing back.
func flow(was, now *person) int64 {
	switch {
	case (now.standing() || now.restored) && !was.counted:
		now.counted = true
		return 1
	case was.counted && (now.gone || now.merged || was.verified && !now.verified):
		now.counted = false
		return -1
	}
	return 0
}

// shift takes 1 from the old unit where the old state counted and gives 1 to
// the new one.
func (s *state) shift(ctx context.Context, c cell, was bool, from id.Node, now bool, to id.Node) error {
	if was == now && from == to {
		return nil
	}
	if was {
		if err := s.add(ctx, from, c, -1); err != nil {
			return err
		}
	}
	if now {
		return s.add(ctx, to, c, 1)
	}
	return nil
}

// follow keeps the person's presence of open months where the person stands.
func (s *state) follow(ctx context.Context, k personKey, m clock.Month, p *person) error {
	for _, pr := range s.presences[k] {
		if pr.month < m {
			continue
		}
		if err := s.shift(ctx, cell{pr.month, mActive, k.role}, pr.counted, pr.unit, p.standing(), p.unit); err != nil {
			return err
		}
		*pr = presence{month: pr.month, unit: p.unit, counted: p.standing(), dirtied: true}
	}
	return nil
}

// acted folds a counting event into the actor's presence of the month.
func (s *state) acted(ctx context.Context, e *event.Event) error {
	k := personKey{e.Actor, roleOf(e.Role)}
	p, known := s.persons[k]
	if !known || !p.exists {
		return nil // never activated: an officer, or a system's hand
	}
	m := s.monthOf(e)
	if slices.ContainsFunc(s.presences[k], func(pr *presence) bool { return pr.month == m }) {
		return nil
	}
	pr := &presence{month: m, unit: p.unit, counted: p.standing() && m >= p.since, dirtied: true}
	s.presences[k] = append(s.presences[k], pr)
	if !pr.counted {
		return nil
	}
	return s.add(ctx, p.unit, cell{m, mActive, k.role}, 1)
}

// spaceEvent folds the spaces of schools and classes. Personal spaces are made
// with their person and have no event here.
func (s *state) spaceEvent(ctx context.Context, e *event.Event, verb string) error {
	k := field(e.Extra, "k")
	if k != kindClass && k != kindSchool || e.Node == 0 {
		return nil
	}
	n, err := s.node(ctx, e.Node)
	if err != nil {
		return err
	}
	now := *n
	switch verb {
	case "made":
		now.made = true
	case "opened":
		now.made, now.opened = true, true
	case "unmade", "archived":
		now.made, now.opened = false, false
	default:
		return nil
	}
	return s.institutionChange(ctx, s.monthOf(e), n, now)
}

// baseFields is the extra of base events.
type baseFields struct {
	Source   string    `json:"source"`
	Pupil    int64     `json:"pupil"`
	Teacher  int64     `json:"teacher"`
	AgePupil int64     `json:"age_pupil"`
	Day      clock.Day `json:"day"`
}

// baseEvent puts another enrolment base in force: a confirmed one always, a
// roster's count only where none has been confirmed.
func (s *state) baseEvent(ctx context.Context, e *event.Event) error {
	if e.Verb != VerbBaseRecorded && e.Verb != VerbBaseConfirmed {
		return nil
	}
	var f baseFields
	if err := json.Unmarshal([]byte(e.Extra), &f); err != nil {
		return fmt.Errorf("read base: %w", err)
	}
	b, err := s.base(ctx, e.Unit)
	if err != nil {
		return err
	}
	confirmed := e.Verb == VerbBaseConfirmed
	if b.confirmed && (!confirmed || f.Day < b.day) {
		return nil
	}
	now := base{source: sourceOf(f.Source, confirmed), confirmed: confirmed, pupil: f.Pupil, teacher: f.Teacher,
		agePupil: f.AgePupil, day: f.Day, dirtied: true}
	m := s.monthOf(e)
	for c, n := range map[cell]int64{
		{m, mBase, rPupil}:    now.pupil - b.pupil,
		{m, mBase, rTeacher}:  now.teacher - b.teacher,
		{m, mBaseAge, rPupil}: now.agePupil - b.agePupil,
	} {
		if err := s.add(ctx, e.Unit, c, n); err != nil {
			return err
		}
	}
	if b.source != now.source {
		if b.source != 0 {
			if err := s.add(ctx, e.Unit, cell{m, mBaseUnits, role(b.source)}, -1); err != nil {
				return err
			}
		}
		if err := s.add(ctx, e.Unit, cell{m, mBaseUnits, role(now.source)}, 1); err != nil {
			return err
		}
	}
	*b = now
	return s.stampBase(ctx, m, e.Unit, f.Day)
}

// stampBase notes the newest day of a counted base on the unit and above: what
// the month adds to the day as a number.
func (s *state) stampBase(ctx context.Context, m clock.Month, unit id.Node, day clock.Day) error {
	c, err := s.chain(ctx, unit)
	if err != nil || c.part != pCounted {
		return err
	}
	for _, at := range c.nodes {
		n, err := s.node(ctx, at)
		if err != nil {
			return err
		}
		if n.baseDay < day && n.exists {
			s.roll[rollKey{at, pCounted, cell{m, mBaseDay, rNone}}] += int64(day - n.baseDay)
			n.baseDay, n.dirtied = day, true
		}
	}
	return nil
}

// freeze closes the month of the event and every month before it.
func (s *state) freeze(ctx context.Context, e *event.Event) error {
	m, err := clock.ParseMonth(field(e.Extra, "month"))
	if err != nil {
		return err
	}
	if m <= s.frozen {
		return nil
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.frozen = m
	s.closed[m] = closing{seq: e.Seq, at: clock.Millis(e.At)}
	if s.tables != nil {
		return s.tables.snapshot(ctx, m, s.closed[m])
	}
	for k, n := range s.roll {
		at := s.nodes[k.node]
		if k.metric != mActive && k.month <= m && (k.metric != mNewly || k.month >= BaseMonth) && at.exists && isRegion(at.kind) {
			s.totals[rollKey{k.node, k.part, cell{m, k.metric, k.role}}] += n
		}
	}
	return nil
}

// idField reads an id of the extra; 0 when it is not there.
func idField(extra, key string) id.Node {
	n, err := strconv.ParseInt(field(extra, key), 10, 64)
	if err != nil {
		return 0
	}
	return id.Node(n)
}
