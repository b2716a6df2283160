package roster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
)

// Transfer is a pupil held by one school whom another one lists.
type Transfer struct {
	ID        id.Transfer `json:"id"`
	Batch     id.Batch    `json:"batch"`
	Person    id.Person   `json:"person"`
	Name      string      `json:"name"`
	Kind      string      `json:"kind"` // promotion or transfer
	From      id.Node     `json:"from"`
	FromName  string      `json:"from_name"`
	FromClass string      `json:"from_class"`
	To        id.Node     `json:"to"`
	ToName    string      `json:"to_name"`
	ToClass   string      `json:"to_class"`
	State     string      `json:"state"` // pending, accepted, refused or withdrawn
	AskedAt   time.Time   `json:"asked_at"`
	DecidedAt time.Time   `json:"decided_at,omitzero"`
	Reason    string      `json:"reason,omitempty"`
	// Mine reports whether the actor may decide.
	Mine bool `json:"mine"`

	key  classKey
	node id.Node // class that the pupil is in
}

// The states of a transfer.
const (
	pending   = "pending"
	accepted  = "accepted"
	refused   = "refused"
	withdrawn = "withdrawn"
)

const transferColumns = `t.id, t.batch, t.person, t.kind, t.from_unit, t.from_node, t.to_unit, t.stage, t.entry_year, t.class_no,
	t.state, t.asked_at, t.decided_at, t.reason`

func scanTransfer(row scanner) (Transfer, error) {
	var t Transfer
	var asked, decided int64
	err := row.Scan(&t.ID, &t.Batch, &t.Person, &t.Kind, &t.From, &t.node, &t.To, &t.key.stage, &t.key.entry, &t.key.number,
		&t.State, &asked, &decided, &t.Reason)
	t.key.school = t.To
	t.AskedAt = clock.FromMillis(asked)
	if decided != 0 {
		t.DecidedAt = clock.FromMillis(decided)
	}
	return t, err
}

// Transfers lists transfers that concern schools at or below the node: those
// that wait there to be decided, and those that the node's schools asked for.
// It pages backwards from before (0 for the newest).
func (s *Service) Transfers(ctx context.Context, by access.Actor, node id.Node, state string, before id.Transfer, limit int) ([]Transfer, error) {
	n, err := s.may(ctx, by, node, access.TransferDecide)
	if err != nil {
		return nil, err
	}
	var a db.Args
	within := func(column string) string {
		return column + ` IN (SELECT id FROM org_node WHERE path >= ` + a.Add(n.Path) + ` AND path < ` + a.Add(access.UpperBound(n.Path)) + `)`
	}
	scope := by.Scope(access.TransferDecide)
	q := `SELECT ` + transferColumns + ` FROM ros_transfer t WHERE (` + within("t.from_unit") + ` OR ` + within("t.to_unit") + `)` +
		` AND (` + scope.Nodes("t.from_unit", &a) + ` OR ` + scope.Nodes("t.to_unit", &a) + `)`
	if state != "" {
		q += ` AND t.state = ` + a.Add(state)
	}
	if before != 0 {
		q += ` AND t.id < ` + a.Add(before)
	}
	rows, err := s.db.Query(ctx, q+` ORDER BY t.id DESC LIMIT `+a.Add(limit), a...)
	if err != nil {
		return nil, fmt.Errorf("list transfers: %w", err)
	}
	defer rows.Close()
	var out []Transfer
	for rows.Next() {
		t, err := scanTransfer(rows)
		if err != nil {
			return nil, fmt.Errorf("list transfers: %w", err)
		}
		out = append(out, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list transfers: %w", err)
	}
	_ = rows.Close()
	return out, s.describe(ctx, by, out)
}

// describe fills in the names of pupils, schools and classes.
func (s *Service) describe(ctx context.Context, by access.Actor, ts []Transfer) error {
	var nodes []id.Node
	var people []id.Person
	for _, t := range ts {
		nodes = append(nodes, t.From, t.To, t.node)
		people = append(people, t.Person)
	}
	found, err := org.Nodes(ctx, s.db, nodes)
	if err != nil {
		return err
	}
	names, err := s.names(ctx, by, people)
	if err != nil {
		return err
	}
	day := clock.DayOf(s.now())
	for i := range ts {
		t := &ts[i]
		from, to := found[t.From], found[t.To]
		t.Name, t.FromName, t.ToName = names[t.Person], from.Name, to.Name
		if c := found[t.node]; c.Kind == org.KindClass {
			t.FromClass = c.Label(day)
		}
		t.ToClass = org.Node{Kind: org.KindClass, Stage: t.key.stage, EntryYear: t.key.entry, ClassNo: t.key.number, FiveFour: to.FiveFour}.Label(day)
		t.Mine = t.State == pending && by.Allows(access.TransferDecide, from.Path)
	}
	return nil
}

// decide reads a pending transfer that the actor may decide: the school that
// holds the pupil, or whoever stands above it. The asking school sees it and
// may not.
func (s *Service) toDecide(ctx context.Context, tx *db.Tx, by access.Actor, tid id.Transfer) (Transfer, error) {
	none := fault.New(fault.ErrNotFound, "roster.transfer.missing")
	t, err := scanTransfer(tx.QueryRow(ctx, `SELECT `+transferColumns+` FROM ros_transfer t WHERE t.id = $1`, tid))
	if errors.Is(err, db.ErrNoRows) {
		return Transfer{}, none
	}
	if err != nil {
		return Transfer{}, err
	}
	from, err := org.Path(ctx, tx, t.From)
	if err != nil {
		return Transfer{}, err
	}
	if by.Allows(access.TransferDecide, from) {
		return t, nil
	}
	to, err := org.Path(ctx, tx, t.To)
	if err != nil {
		return Transfer{}, err
	}
	if by.Allows(access.TransferDecide, to) {
		return Transfer{}, fault.New(fault.ErrForbidden, "roster.transfer.not_yours")
	}
	return Transfer{}, none
}

// close ends a pending transfer; it reports whether this call ended it.
func closeTransfer(ctx context.Context, tx *db.Tx, tid id.Transfer, by access.Actor, state, reason string, at time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE ros_transfer SET state = $1, decided_by = $2, decided_at = $3, reason = $4, version = version + 1
		WHERE id = $5 AND state = 'pending'`, state, by.Person, clock.Millis(at), reason, tid)
	return n == 1, err
}

// Refuse keeps the pupil where he is. A second click changes nothing.
func (s *Service) Refuse(ctx context.Context, by access.Actor, tid id.Transfer, reason string) error {
	if reason == "" && by.IsPerson() {
		return fault.Invalid(fault.At("reason", "roster.transfer.reason"))
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.toDecide(ctx, tx, by, tid)
		if err != nil {
			return err
		}
		ok, err := closeTransfer(ctx, tx, tid, by, refused, reason, s.now())
		if err == nil && !ok && t.State != refused {
			err = fault.New(fault.ErrConflict, "roster.transfer.decided")
		}
		return err
	})
}

// Accept lets the pupil go: he moves to the class that the other school named,
// with his space and everything in it. A second click changes nothing.
func (s *Service) Accept(ctx context.Context, by access.Actor, tid id.Transfer) error {
	var schools []id.Node
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		schools = nil
		if err := gate(ctx, tx); err != nil {
			return err
		}
		t, err := s.toDecide(ctx, tx, by, tid)
		if err != nil {
			return err
		}
		if t.State == accepted {
			return nil
		}
		ok, err := closeTransfer(ctx, tx, tid, by, accepted, "", s.now())
		if err != nil {
			return err
		}
		who, err := person.Load(ctx, tx, t.Person)
		if err != nil {
			return err
		}
		if !ok || who.Unit != t.From {
			return fault.New(fault.ErrConflict, "roster.transfer.decided")
		}
		as := s.as(by)
		class, _, err := s.org.EnsureClass(ctx, as, t.To, org.ClassKey{Stage: t.key.stage, EntryYear: t.key.entry, No: t.key.number})
		if err != nil {
			return err
		}
		if err := s.people.Move(ctx, as, person.MoveRequest{Person: t.Person, Node: class.ID, Unit: t.To, Batch: t.Batch}); err != nil {
			return err
		}
		// Whoever else asked for the pupil asked the school that held him.
		_, err = tx.Exec(ctx, `UPDATE ros_transfer SET state = 'withdrawn', decided_at = $1, version = version + 1
			WHERE person = $2 AND state = 'pending'`, clock.Millis(s.now()), t.Person)
		if err != nil {
			return err
		}
		schools = []id.Node{t.From, t.To}
		return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: "roster.transfer",
			Kind: "transfer", Object: int64(tid), Node: t.From})
	})
	if err != nil {
		return fmt.Errorf("accept transfer %d: %w", tid, err)
	}
	return s.countSchools(ctx, s.as(by), schools)
}

// names reads the names of pupils whom two schools name: both may know them.
func (s *Service) names(ctx context.Context, by access.Actor, people []id.Person) (map[id.Person]string, error) {
	return s.people.Names(ctx, s.as(by), people)
}
