package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// errTooManyRows ends the check of an upload that is meant for the command
// line.
var errTooManyRows = errors.New("more rows than a browser may send")

// tally is what one chunk gave: per entry of the report the counts, the rows
// with problems, the classes made.
type tally struct {
	counts   map[int]*Counts
	promoted map[int]int64
	rows     []problemRow
	classes  []NewClass
}

func newTally() *tally { return &tally{counts: map[int]*Counts{}, promoted: map[int]int64{}} }

// add counts one row.
func (t *tally) add(it *item, o outcome, promoted bool) {
	c := t.counts[it.file]
	if c == nil {
		c = &Counts{}
		t.counts[it.file] = c
	}
	c.Rows++
	switch o {
	case rejected:
		c.Rejected++
	case unchanged:
		c.Unchanged++
	case changed:
		c.Changed++
	case made:
		c.New++
	case moved:
		c.Moved++
		if promoted {
			t.promoted[it.file]++
		}
	}
	if len(it.problems) == 0 {
		return
	}
	for _, p := range it.problems {
		if !p.Code.IsError() {
			c.Warnings++
		}
	}
	t.rows = append(t.rows, problemRow{file: it.file, number: it.row.Number, rejected: o == rejected,
		problems: slices.Clone(it.problems)})
}

// decideAll decides the rows of a chunk in order. It may be called again for
// the same rows: nothing of an earlier call is left.
func (d *decider) decideAll(e *engine, items []*item) *tally {
	t := newTally()
	for _, it := range items {
		it.problems, it.coming = it.row.Problems, false
		if it.row.Rejected {
			t.add(it, rejected, false)
			d.absent(it)
		} else {
			before := len(d.plan.requests)
			o := d.row(it)
			promoted := len(d.plan.requests) > before && d.plan.requests[len(d.plan.requests)-1].kind == kindPromotion
			t.add(it, o, promoted)
			if o == rejected {
				d.absent(it)
			}
		}
		if n := len(t.rows); n > 0 && t.rows[n-1].rejected && t.rows[n-1].sealed == nil && t.rows[n-1].number == it.row.Number && e.keep {
			t.rows[n-1].sealed = e.s.sealOriginal(it)
		}
	}
	for key, n := range d.newClass {
		t.classes = append(t.classes, NewClass{School: key.school, Stage: key.stage, EntryYear: key.entry, Number: key.number, Pupils: n})
	}
	return t
}

// check is the dry run: it reads everything, decides everything and writes
// nothing. What earlier rows would have made is kept in memory for later ones.
func (e *engine) check(ctx context.Context) (Report, error) {
	d := e.decider()
	var stand id.Person
	d.dry = &stand
	total := newTally()
	var rows int64
	err := e.stream(ctx, 0, func(c chunk) error {
		d.newClass = map[classKey]int64{}
		if err := e.load(ctx, c.items, d, true); err != nil {
			return err
		}
		t := d.decideAll(e, c.items)
		rows += int64(len(c.items))
		e.forget(d, c.items, rows)
		total.merge(t)
		e.grow()
		if e.progress != nil {
			e.progress(rows)
		}
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	var leaving int64
	if e.mode == Whole {
		gone, err := e.leavers(ctx, d)
		if err != nil {
			return Report{}, err
		}
		leaving = int64(len(gone))
	}
	return e.report(ctx, 0, total, leaving)
}

// merge adds the tally of a chunk.
func (t *tally) merge(o *tally) {
	for i, c := range o.counts {
		if t.counts[i] == nil {
			t.counts[i] = &Counts{}
		}
		t.counts[i].Add(*c)
	}
	for i, n := range o.promoted {
		t.promoted[i] += n
	}
	t.rows = append(t.rows, o.rows...)
	for _, c := range o.classes {
		i := slices.IndexFunc(t.classes, func(k NewClass) bool { return k.key() == c.key() })
		if i < 0 {
			t.classes = append(t.classes, c)
		} else {
			t.classes[i].Pupils += c.Pupils
		}
	}
}

func (c NewClass) key() classKey {
	return classKey{school: c.School, stage: c.Stage, entry: c.EntryYear, number: c.Number}
}

// report puts a whole tally into the entries of the files.
func (e *engine) report(ctx context.Context, bid id.Batch, t *tally, leaving int64) (Report, error) {
	files := slices.Clone(e.entries)
	for i := range files {
		if c := t.counts[i]; c != nil {
			files[i].Counts = *c
		}
		files[i].Promoted = t.promoted[i]
	}
	for _, r := range t.rows {
		f := &files[r.file]
		f.kept = append(f.kept, r)
		for _, p := range r.problems {
			f.Problems = append(f.Problems, problemOf(p))
		}
	}
	slices.SortFunc(t.classes, func(a, b NewClass) int { return compareClass(a.key(), b.key()) })
	var schools []id.Node
	for _, c := range t.classes {
		schools = append(schools, c.School)
	}
	if err := e.s.nameClasses(ctx, t.classes, schools); err != nil {
		return Report{}, err
	}
	return sum(bid, files, t.classes, leaving), nil
}

// run imports: chunk by chunk, each with its part of the report and the number
// of rows taken in one transaction. A batch that stopped goes on behind its
// last chunk.
func (e *engine) run(ctx context.Context, bid id.Batch) (Report, error) {
	defer thrifty()()
	b, err := e.start(ctx, bid)
	if err != nil {
		return Report{}, fmt.Errorf("start batch %d: %w", bid, err)
	}
	e.batch, e.keep = bid, true
	d := e.decider()
	if b.Taken > 0 {
		made, err := e.s.newClasses(ctx, bid, phaseRun)
		if err != nil {
			return Report{}, err
		}
		for _, c := range made {
			d.own[c.key()] = true
		}
	}
	seen := map[id.Node]bool{}
	begun := map[int]bool{}
	if e.mode == Whole && b.Taken > 0 {
		// Who is in the rows taken before must be known again.
		if err := e.look(ctx, d, b.Taken); err != nil {
			return Report{}, err
		}
	}
	err = e.stream(ctx, b.Taken, func(c chunk) error {
		var t *tally
		take := func(ctx context.Context, tx *db.Tx) (err error) {
			t, err = e.apply(ctx, tx, d, c, begun, seen)
			return err
		}
		// The batch is acknowledged by its last step, which is synced; a power cut
		// before takes back whole chunks, and it goes on behind what is left.
		part := db.Unsynced(db.Patiently(ctx))
		err := e.s.db.Tx(part, take)
		if d.stranger && errors.Is(err, fault.ErrConflict) {
			d.stranger = false
			err = e.s.db.Tx(part, take)
		}
		if err != nil {
			return err
		}
		for _, it := range c.items {
			begun[it.file] = true
		}
		for _, made := range t.classes {
			d.own[made.key()] = true
		}
		for n := range d.schools {
			seen[n] = true
		}
		d.keep(e.mode)
		e.grow()
		for _, tell := range []func(int64){e.progress, e.s.committed} {
			if tell != nil {
				tell(c.first + int64(len(c.items)))
			}
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("import batch %d: %w", bid, err)
	}
	if err := e.finish(ctx, d); err != nil {
		return Report{}, fmt.Errorf("finish batch %d: %w", bid, err)
	}
	return e.s.report(ctx, bid, phaseRun, -1)
}

// start takes the batch for this run.
func (e *engine) start(ctx context.Context, bid id.Batch) (Batch, error) {
	var b Batch
	err := e.s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := step(ctx, tx, bid, Running, Confirmed, Running); err != nil {
			return err
		}
		var err error
		b, err = e.s.batch(ctx, tx, bid)
		return err
	})
	return b, err
}

// apply takes one chunk into the database and returns what it gave.
func (e *engine) apply(ctx context.Context, tx *db.Tx, d *decider, c chunk, begun map[int]bool, seen map[id.Node]bool) (*tally, error) {
	if err := gate(ctx, tx); err != nil {
		return nil, err
	}
	t, err := e.matched(ctx, tx, d, c.items)
	if err != nil {
		return nil, err
	}
	for i := range t.counts {
		if begun[i] {
			continue
		}
		if err := insertEntry(ctx, tx, e.batch, phaseRun, i, &e.entries[i]); err != nil {
			return nil, err
		}
	}
	for i, counts := range t.counts {
		if err := addCounts(ctx, tx, e.batch, phaseRun, i, *counts, t.promoted[i]); err != nil {
			return nil, err
		}
	}
	if err := insertProblems(ctx, tx, e.batch, phaseRun, t.rows); err != nil {
		return nil, err
	}
	if err := insertClasses(ctx, tx, e.batch, phaseRun, t.classes); err != nil {
		return nil, err
	}
	for n := range d.schools {
		if seen[n] {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO ros_school (batch, school) VALUES ($1, $2) ON CONFLICT (batch, school) DO NOTHING`, e.batch, n); err != nil {
			return nil, err
		}
	}
	var n int64
	n, err = tx.Exec(ctx, `UPDATE ros_batch SET taken = $1 WHERE id = $2 AND taken = $3 AND state = 'running'`,
		c.first+int64(len(c.items)), e.batch, c.first)
	if err == nil && n == 0 {
		err = errTaken
	}
	return t, err
}

// matched decides the rows of a chunk and writes what they ask for. While a
// file has named nobody who is known by a number, the numbers are not looked
// up beforehand: should one be known after all, its key refuses the new person,
// nothing stays written, and the caller has the chunk matched in full.
func (e *engine) matched(ctx context.Context, tx *db.Tx, d *decider, items []*item) (*tally, error) {
	d.reset()
	if err := e.load(ctx, items, d, !d.stranger); err != nil {
		return nil, err
	}
	t := d.decideAll(e, items)
	if err := e.write(ctx, tx, d, t); err != nil {
		return nil, err
	}
	d.stranger = d.stranger || len(d.people) == 0
	return t, nil
}

// errTaken means that another run of the same batch took this chunk.
var errTaken = errors.New("another run goes on with this batch")

// finish ends a batch: leavers of a whole roster, the roster counts of the
// touched schools, the state.
func (e *engine) finish(ctx context.Context, d *decider) error {
	if e.mode == Whole {
		if err := e.letGo(ctx, d); err != nil {
			return err
		}
	}
	// Entries of sheets without rows belong to the report too.
	err := e.s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i := range e.entries {
			if err := insertEntry(ctx, tx, e.batch, phaseRun, i, &e.entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := e.s.count(ctx, e.acting(), e.batch); err != nil {
		return err
	}
	b, err := e.s.batch(ctx, e.s.db, e.batch)
	if err != nil {
		return err
	}
	return e.s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := step(ctx, tx, e.batch, Done, Running); err != nil {
			return err
		}
		if b.kept {
			tx.AfterCommit(func() { e.s.discard(ctx, b) })
		}
		return mark(ctx, tx, e.batch, "done_at", e.s.now())
	})
}

// acting is the actor for what the import does elsewhere than at its own node:
// the pupil's old school, the bases. The permission to import was checked.
func (e *engine) acting() access.Actor { return e.s.as(e.by) }

// as acts for by where by himself has no place: what the rules of this package
// have allowed.
func (s *Service) as(by access.Actor) access.Actor {
	a := s.system
	a.Person, a.Account, a.Role, a.Name = by.Person, by.Account, by.Role, by.Name
	return a
}

// count records the roster counts of the schools that a batch touched.
func (s *Service) count(ctx context.Context, by access.Actor, bid id.Batch) error {
	rows, err := s.db.Query(ctx, `SELECT school FROM ros_school WHERE batch = $1 ORDER BY school`, bid)
	if err != nil {
		return err
	}
	defer rows.Close()
	var schools []id.Node
	for rows.Next() {
		var n id.Node
		if err := rows.Scan(&n); err != nil {
			return err
		}
		schools = append(schools, n)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	_ = rows.Close()
	return s.countSchools(ctx, by, schools)
}

// countSchools records the roster counts of schools as they are now.
func (s *Service) countSchools(ctx context.Context, by access.Actor, schools []id.Node) error {
	day := clock.DayOf(s.now())
	for part := range slices.Chunk(schools, 50) {
		rolls, err := s.rolls(ctx, by, part)
		if err != nil {
			return err
		}
		err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, n := range part {
				r := rolls[n]
				if err := s.bases.RecordRosterCount(ctx, by, n, r.pupils, r.teachers, r.age, day); err != nil {
					return fmt.Errorf("roster count of school %d: %w", n, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// roll is how many a school has on its roster.
type roll struct{ pupils, teachers, age int64 }

// rolls counts the pupils and teachers of schools, and those whose grade is
// 适龄.
func (s *Service) rolls(ctx context.Context, by access.Actor, schools []id.Node) (map[id.Node]roll, error) {
	counts, err := s.people.CountPlaces(ctx, by, schools)
	if err != nil {
		return nil, err
	}
	var nodes []id.Node
	for _, c := range counts {
		nodes = append(nodes, c.Node)
	}
	classes, err := org.Nodes(ctx, s.db, nodes)
	if err != nil {
		return nil, err
	}
	day := clock.DayOf(s.now())
	out := make(map[id.Node]roll, len(schools))
	for _, c := range counts {
		r := out[c.Unit]
		switch c.Role {
		case rolePupil:
			r.pupils += c.N
			if class := classes[c.Node]; class.Stage != "" && s.bases.AgeGrade(gradeOf(class, day)) {
				r.age += c.N
			}
		case roleTeacher:
			r.teachers += c.N
		}
		out[c.Unit] = r
	}
	return out, nil
}

// gradeOf is the grade in which a class is counted: before it has entered and
// after it has left the first of its stage.
func gradeOf(class org.Node, day clock.Day) string {
	if g := class.Grade(day); g != "" {
		return g
	}
	return class.Stage + "1"
}
