package roster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// actor is short for access.Actor.
type actor = access.Actor

// The kinds of ros_change.
const (
	changeFields   = "fields"   // stored fields of a person
	changeMoved    = "moved"    // the primary place
	changeReturned = "returned" // had left
	changePrimary  = "primary"  // counted elsewhere before
	changeAdded    = "added"    // got further places
	changePlace    = "place"    // lost a place
	changeLinked   = "linked"   // got a guardian
	changeRelinked = "relinked" // a guardian's phone or relation
	changeLeft     = "left"     // a whole roster left him out
)

// change is one line of the undo log.
type change struct {
	person id.Person
	kind   string
	before undoNote
}

// undoNote is what has to be known to take a change back. It is stored sealed.
type undoNote struct {
	Node     id.Node   `json:"node,omitzero"`
	Unit     id.Node   `json:"unit,omitzero"`
	Primary  bool      `json:"primary,omitempty"`
	Role     string    `json:"role,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	Post     string    `json:"post,omitempty"`
	Guardian id.Person `json:"guardian,omitzero"`
	Relation string    `json:"relation,omitempty"`
	Ordinal  int       `json:"ordinal,omitempty"`
	Phone    string    `json:"phone,omitempty"`
	Fields   *fieldSet `json:"fields,omitempty"`
}

// fieldSet holds the stored fields of a person.
type fieldSet struct {
	Sex       int
	Birth     clock.Day
	Ethnic    string
	IDType    string
	IDNo      string
	StudentNo string
	Phone     string
	NoReason  string
	Boarding  string
	Enrolled  clock.Day
}

func fieldsOf(k known) *fieldSet {
	return &fieldSet{Sex: int(k.sex), Birth: k.birth, Ethnic: k.ethnic, IDType: k.idType, IDNo: k.idNo, StudentNo: k.studentNo,
		Phone: k.phone, NoReason: k.noReason, Boarding: k.boarding, Enrolled: k.enrolled}
}

// undoAtOnce is how many persons and changes are taken back in one
// transaction; a larger batch is taken back in several.
const undoAtOnce = 2_000

// Undo takes a batch back as a whole: persons whom it made are unmade, what it
// changed on others is put back, classes that it made and nobody is in go
// away. That is possible for 72 hours and while nobody whom it made has used
// his space and no later batch builds on it; else ErrConflict. A second click
// changes nothing.
func (s *Service) Undo(ctx context.Context, by access.Actor, bid id.Batch) error {
	b, err := s.own(ctx, by, bid)
	if err != nil || b.State == Undone {
		return err
	}
	// An import of the command line that is under way no longer goes on once
	// this has moved its state: its next chunk fails.
	dead := b.State == Running && !b.kept
	if b.State != Done && b.State != Failed && !dead {
		return fault.New(fault.ErrConflict, "roster.state")
	}
	if !dead && !b.Undoable(s.now()) {
		return fault.New(fault.ErrConflict, "roster.undo.late")
	}
	size, err := s.unused(ctx, by, bid)
	if err != nil {
		return err
	}
	atOnce := size <= undoAtOnce
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if atOnce {
			// A chunk of another import may have come in since: behind the gate none
			// does until the batch is taken back.
			if err := gate(ctx, tx); err != nil {
				return err
			}
			if size, err = s.unused(ctx, by, bid); err != nil {
				return err
			}
		}
		ok, err := step(ctx, tx, bid, Undone, Done, Failed, Running)
		if err != nil || !ok {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE ros_batch SET undone_at = $1, undone_by = $2 WHERE id = $3`, clock.Millis(s.now()), by.Person, bid)
		if err != nil {
			return err
		}
		if err := s.auditBatch(ctx, tx, by, "roster.undo", bid, b.Node); err != nil {
			return err
		}
		if size <= undoAtOnce {
			return s.takeBack(ctx, by, bid)
		}
		if s.jobs != nil {
			return s.enqueue(ctx, tx, jobUndo, bid)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("undo batch %d: %w", bid, err)
	}
	if size > undoAtOnce && (s.jobs == nil || !by.IsPerson()) {
		return s.undoRest(ctx, bid)
	}
	return nil
}

// unused checks that nothing has come of a batch since; it returns how many
// persons and changes it has.
func (s *Service) unused(ctx context.Context, by access.Actor, bid id.Batch) (int64, error) {
	used := func(key string) error { return fault.New(fault.ErrConflict, key) }
	var size, later int64
	if err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM ros_change WHERE batch = $1`, bid).Scan(&size); err != nil {
		return 0, err
	}
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM ros_change c JOIN ros_change n ON n.person = c.person
		WHERE c.batch = $1 AND n.batch > c.batch AND n.batch NOT IN (SELECT id FROM ros_batch WHERE state = 'undone')`, bid).Scan(&later)
	if err != nil {
		return 0, err
	}
	if later > 0 {
		return 0, used("roster.undo.later")
	}
	merged, err := s.mergedSince(ctx, bid)
	if err != nil {
		return 0, err
	}
	if merged {
		return 0, used("roster.undo.merged")
	}
	for after := id.Person(0); ; {
		page, err := s.people.MadeBy(ctx, s.as(by), bid, after, 400)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 {
			return size, nil
		}
		ids := make([]id.Person, len(page))
		for i, p := range page {
			if !p.Activated.IsZero() {
				return 0, used("roster.undo.used")
			}
			if p.Status == person.StatusMerged {
				return 0, used("roster.undo.merged")
			}
			ids[i] = p.ID
		}
		after = ids[len(ids)-1]
		size += int64(len(page))
		var a db.Args
		q := `SELECT (SELECT COUNT(*) FROM ros_change WHERE batch > ` + a.Add(bid) + ` AND person IN (` + db.List(&a, ids) +
			`) AND batch NOT IN (SELECT id FROM ros_batch WHERE state = 'undone'))`
		q += ` + (SELECT COUNT(*) FROM ros_transfer WHERE state = 'accepted' AND person IN (` + db.List(&a, ids) + `))`
		if err := s.db.QueryRow(ctx, q, a...).Scan(&later); err != nil {
			return 0, err
		}
		if later > 0 {
			return 0, used("roster.undo.later")
		}
	}
}

// mergedSince reports whether a person whom the batch changed is one record
// with another since.
func (s *Service) mergedSince(ctx context.Context, bid id.Batch) (bool, error) {
	for after := id.Person(0); ; {
		page, err := changedAfter(ctx, s.db, bid, after)
		if err != nil || len(page) == 0 {
			return false, err
		}
		if merged, err := person.AnyMerged(ctx, s.db, page); err != nil || merged {
			return merged, err
		}
		after = page[len(page)-1]
	}
}

func changedAfter(ctx context.Context, q db.Queryer, bid id.Batch, after id.Person) ([]id.Person, error) {
	rows, err := q.Query(ctx, `SELECT DISTINCT person FROM ros_change WHERE batch = $1 AND person > $2 ORDER BY person LIMIT 400`, bid, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.Person
	for rows.Next() {
		var who id.Person
		if err := rows.Scan(&who); err != nil {
			return nil, err
		}
		out = append(out, who)
	}
	return out, rows.Err()
}

// undoRest takes back what is left of an undone batch, a part at a time.
func (s *Service) undoRest(ctx context.Context, bid id.Batch) error {
	b, err := s.batch(ctx, s.db, bid)
	if err != nil || b.State != Undone {
		return err
	}
	by, err := s.clerk(ctx, b)
	if err != nil {
		return err
	}
	return s.takeBack(ctx, by, bid)
}

// takeBack does the work of an undoing: each step in a transaction of its own,
// or all in that of ctx. Called again, it goes on.
func (s *Service) takeBack(ctx context.Context, by access.Actor, bid id.Batch) error {
	as := s.as(by)
	for more := true; more; {
		var err error
		if more, err = s.putBack(ctx, as, bid); err != nil {
			return err
		}
	}
	for after, more := id.Person(0), true; more; {
		var err error
		if after, more, err = s.unmake(ctx, as, bid, after); err != nil {
			return err
		}
	}
	if err := s.dropClasses(ctx, as, bid); err != nil {
		return err
	}
	// What the batch itself released was decided as it was asked; what another
	// school has agreed to stays.
	_, err := s.db.Exec(ctx, `UPDATE ros_transfer SET state = 'withdrawn', decided_at = $1, version = version + 1
		WHERE batch = $2 AND (state = 'pending' OR state = 'accepted' AND decided_at = asked_at)`, clock.Millis(s.now()), bid)
	if err != nil {
		return err
	}
	return s.count(ctx, as, bid)
}

// putBack takes the last changes back; more tells whether there are others.
func (s *Service) putBack(ctx context.Context, by actor, bid id.Batch) (more bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := gate(ctx, tx); err != nil {
			return err
		}
		log, numbers, err := s.lastChanges(ctx, tx, bid)
		if err != nil {
			return err
		}
		more = len(log) > 0
		for i, c := range log {
			if err := s.revert(ctx, by, bid, c); err != nil {
				return fmt.Errorf("take back change %d: %w", numbers[i], err)
			}
			if _, err := tx.Exec(ctx, `DELETE FROM ros_change WHERE batch = $1 AND number = $2`, bid, numbers[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return more, err
}

func (s *Service) lastChanges(ctx context.Context, tx *db.Tx, bid id.Batch) (log []change, numbers []int64, err error) {
	rows, err := tx.Query(ctx, `SELECT number, person, kind, before FROM ros_change WHERE batch = $1 ORDER BY number DESC LIMIT 200`, bid)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var c change
		var sealed []byte
		if err := rows.Scan(&n, &c.person, &c.kind, &sealed); err != nil {
			return nil, nil, err
		}
		plain, err := s.keys.Open(sealed)
		if err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal(plain, &c.before); err != nil {
			return nil, nil, err
		}
		log, numbers = append(log, c), append(numbers, n)
	}
	return log, numbers, rows.Err()
}

// revert takes one change back.
func (s *Service) revert(ctx context.Context, by actor, bid id.Batch, c change) error {
	b := c.before
	switch c.kind {
	case changeFields:
		f := b.Fields
		return s.people.Amend(ctx, by, person.Amendment{Person: c.person, Sex: &f.Sex, Birth: &f.Birth, Ethnic: &f.Ethnic, IDType: &f.IDType,
			IDNo: &f.IDNo, StudentNo: &f.StudentNo, Phone: &f.Phone, NoIDReason: &f.NoReason, Boarding: &f.Boarding, Enrolled: &f.Enrolled})
	case changeMoved:
		return s.people.Move(ctx, by, person.MoveRequest{Person: c.person, Node: b.Node, Unit: b.Unit})
	case changeReturned:
		return s.people.Leave(ctx, by, b.Unit, 0, c.person)
	case changePrimary:
		if b.Unit == 0 {
			return nil
		}
		return s.people.MakePrimary(ctx, by, c.person, b.Unit)
	case changePlace:
		_, err := s.people.Affiliate(ctx, by, person.Affiliation{Person: c.person, Node: b.Node, Unit: b.Unit, Role: b.Role, Subject: b.Subject, Post: b.Post})
		return err
	case changeAdded:
		return s.endAdded(ctx, by, bid, c.person)
	case changeLinked:
		return s.people.Unlink(ctx, by, []person.Guardianship{{Ward: c.person, Guardian: b.Guardian}})
	case changeRelinked:
		if err := s.people.Amend(ctx, by, person.Amendment{Person: b.Guardian, Phone: &b.Phone}); err != nil {
			return err
		}
		return s.people.Relink(ctx, by, person.Guardianship{Ward: c.person, Guardian: b.Guardian, Relation: b.Relation, Ordinal: b.Ordinal, PhoneTail: last4(b.Phone)})
	case changeLeft:
		return s.comeBack(ctx, by, c)
	}
	return fmt.Errorf("unknown kind of change %q", c.kind)
}

// endAdded ends the places that a batch gave a person beside the primary one.
func (s *Service) endAdded(ctx context.Context, by actor, bid id.Batch, who id.Person) error {
	places, err := s.people.Affiliations(ctx, by, who)
	if err != nil {
		return err
	}
	for _, a := range places[who] {
		if a.Batch == bid && !a.Primary {
			if err := s.people.EndAffiliations(ctx, by, 0, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// comeBack puts a leaver back where he was.
func (s *Service) comeBack(ctx context.Context, by actor, c change) error {
	b := c.before
	who, err := person.Load(ctx, s.db, c.person)
	if err != nil {
		return err
	}
	if who.Status == person.StatusLeft {
		return s.people.Return(ctx, by, person.MoveRequest{Person: c.person, Node: b.Node, Unit: b.Unit})
	}
	_, err = s.people.Affiliate(ctx, by, person.Affiliation{Person: c.person, Node: b.Node, Unit: b.Unit, Role: b.Role, Subject: b.Subject, Post: b.Post})
	if err == nil && b.Primary && b.Node == b.Unit {
		err = s.people.MakePrimary(ctx, by, c.person, b.Unit)
	}
	return err
}

// unmake removes the next of the persons whom the batch made; last is the
// last one looked at.
func (s *Service) unmake(ctx context.Context, by actor, bid id.Batch, after id.Person) (last id.Person, more bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := gate(ctx, tx); err != nil {
			return err
		}
		last, more = after, false
		page, err := s.people.MadeBy(ctx, by, bid, after, 200)
		if err != nil {
			return err
		}
		ids := make([]id.Person, len(page))
		for i, p := range page {
			ids[i] = p.ID
		}
		kept, err := s.people.BoundElsewhere(ctx, by, bid, ids)
		if err != nil {
			return err
		}
		var gone []id.Person
		for _, p := range page {
			// Whoever came in since the check keeps what he has.
			if !kept[p.ID] && p.Activated.IsZero() {
				gone = append(gone, p.ID)
			}
		}
		if more = len(page) > 0; more {
			last = page[len(page)-1].ID
		}
		return s.people.Unmake(ctx, by, bid, gone)
	})
	return last, more, err
}

// dropClasses removes the classes that the batch made and nobody is in, a part
// at a time. Called again, it goes on.
func (s *Service) dropClasses(ctx context.Context, by actor, bid id.Batch) error {
	classes, err := s.newClasses(ctx, bid, phaseRun)
	if err != nil {
		return err
	}
	var nodes []id.Node
	for _, c := range classes {
		if c.node != 0 {
			nodes = append(nodes, c.node)
		}
	}
	for part := range slices.Chunk(nodes, 100) {
		if err := s.dropPart(ctx, by, bid, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) dropPart(ctx context.Context, by actor, bid id.Batch, part []id.Node) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := gate(ctx, tx); err != nil {
			return err
		}
		var empty []id.Node
		for _, n := range part {
			members, err := s.people.ListClass(ctx, by, n)
			if err != nil {
				return err
			}
			if len(members) == 0 {
				empty = append(empty, n)
			}
		}
		if len(empty) > 0 {
			if err := s.org.UnmakeClasses(ctx, by, empty); err != nil {
				return err
			}
		}
		var a db.Args
		_, err := tx.Exec(ctx, `UPDATE ros_class SET node = 0 WHERE batch = `+a.Add(bid)+` AND phase = `+a.Add(int(phaseRun))+
			` AND node IN (`+db.List(&a, part)+`)`, a...)
		return err
	})
}
