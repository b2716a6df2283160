package metrics

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Difference is one number that the tables hold otherwise than the events say.
type Difference struct {
	// Table is one of the folded tables.
	Table string `json:"table"`
	// Row names the row: its key columns and values.
	Row string `json:"row"`
	// Have is what is stored, Want what the events give; both "" for no row.
	Have string `json:"have"`
	Want string `json:"want"`
}

// rebuildChunk is how many events are folded at a time in memory.
const rebuildChunk = 20_000

// Recount folds the log from the first event in memory and compares every
// folded row. With check it changes nothing; without, what differs is put
// right. It returns the differences that it found. Only the command line and
// the system may ask.
func (s *Service) Recount(ctx context.Context, by access.Actor, check bool) ([]Difference, error) {
	if !by.IsOperator() && !by.IsSystem() {
		return nil, fault.New(fault.ErrForbidden, "figure.forbidden")
	}
	if !check {
		if err := s.CatchUp(ctx, by); err != nil {
			return nil, err
		}
	}
	want, at := newState(nil), int64(0)
	for {
		cursor, err := s.log.Cursor(ctx, ConsumerName)
		if err != nil {
			return nil, err
		}
		if err := s.replay(ctx, want, at, cursor); err != nil {
			return nil, err
		}
		at = cursor
		var found []Difference
		same := false
		err = s.db.Tx(db.Patiently(ctx), func(ctx context.Context, tx *db.Tx) error {
			now, err := s.log.Cursor(ctx, ConsumerName)
			if same = now == at; err != nil || !same {
				return err
			}
			if found, err = compare(ctx, tx, want); err != nil || check || len(found) == 0 {
				return err
			}
			return restore(ctx, tx, want)
		})
		if err != nil {
			return nil, fmt.Errorf("recount: %w", err)
		}
		if same {
			return found, nil
		}
	}
}

// replay folds the events in (from, to] into the state.
func (s *Service) replay(ctx context.Context, into *state, from, to int64) error {
	buf := make([]event.Event, 0, rebuildChunk)
	err := s.log.Each(ctx, from, to, func(e event.Event) error {
		if buf = append(buf, e); len(buf) < rebuildChunk {
			return nil
		}
		err := into.apply(ctx, buf)
		buf = buf[:0]
		return err
	})
	if err != nil {
		return fmt.Errorf("fold the log again: %w", err)
	}
	return into.apply(ctx, buf)
}

// image is a folded table as text, key to value, without rows that say nothing.
type image map[string]string

// images is what the state would write.
func (s *state) images() map[string]image {
	out := map[string]image{}
	for _, t := range folded {
		out[t] = image{}
	}
	for at, n := range s.nodes {
		if n.exists {
			out["met_node"][fmt.Sprintf("node=%d", at)] = fmt.Sprint(n.parent, n.unit, n.kind, n.typ, n.flag, n.live, n.made, n.opened, int64(n.baseDay))
		}
	}
	for k, p := range s.persons {
		if p.exists {
			out["met_person"][fmt.Sprintf("person=%d role=%d", k.person, k.role)] =
				fmt.Sprint(p.unit, p.here, p.active, p.verified, p.counted, int64(p.since))
		}
	}
	for k, ps := range s.presences {
		for _, p := range ps {
			out["met_presence"][fmt.Sprintf("person=%d role=%d month=%d", k.person, k.role, p.month)] = fmt.Sprint(p.unit, p.counted)
		}
	}
	for u, b := range s.bases {
		if b.source != 0 {
			out["met_unit"][fmt.Sprintf("unit=%d", u)] = fmt.Sprint(b.confirmed, b.source, b.pupil, b.teacher, b.agePupil, int64(b.day))
		}
	}
	for m, c := range s.closed {
		out["met_month"][fmt.Sprintf("month=%d", m)] = fmt.Sprint(c.seq, c.at)
	}
	for k, n := range s.leaf {
		if n != 0 {
			out["met_leaf"][fmt.Sprintf("unit=%d month=%d metric=%d role=%d", k.unit, k.month, k.metric, k.role)] = fmt.Sprint(n)
		}
	}
	for table, sums := range map[string]map[rollKey]int64{"met_roll": s.roll, "met_frozen": s.totals} {
		for k, n := range sums {
			if n != 0 {
				out[table][fmt.Sprintf("node=%d month=%d part=%d metric=%d role=%d", k.node, k.month, k.part, k.metric, k.role)] = fmt.Sprint(n)
			}
		}
	}
	return out
}

// stored reads the folded tables into a state of their own.
func stored(ctx context.Context, tx *db.Tx) (*state, error) {
	s := newState(nil)
	for _, read := range []func(context.Context, *db.Tx, *state) error{storedNodes, storedPersons, storedSums} {
		if err := read(ctx, tx, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func storedNodes(ctx context.Context, tx *db.Tx, s *state) error {
	q := `SELECT node, parent, unit, kind, type, flag, live, made, opened, base_day FROM met_node`
	err := scan(ctx, tx, q, nil, func(into func(...any) error) error {
		var at id.Node
		n := &node{exists: true}
		s2 := into(&at, &n.parent, &n.unit, &n.kind, &n.typ, &n.flag, &n.live, &n.made, &n.opened, &n.baseDay)
		s.nodes[at] = n
		return s2
	})
	if err != nil {
		return err
	}
	q = `SELECT unit, confirmed, source, pupil, teacher, age_pupil, day FROM met_unit`
	err = scan(ctx, tx, q, nil, func(into func(...any) error) error {
		var u id.Node
		b := &base{}
		err := into(&u, &b.confirmed, &b.source, &b.pupil, &b.teacher, &b.agePupil, &b.day)
		s.bases[u] = b
		return err
	})
	if err != nil {
		return err
	}
	return scan(ctx, tx, `SELECT month, seq, at FROM met_month`, nil, func(into func(...any) error) error {
		var m clock.Month
		var c closing
		err := into(&m, &c.seq, &c.at)
		s.closed[m] = c
		return err
	})
}

func storedPersons(ctx context.Context, tx *db.Tx, s *state) error {
	q := `SELECT person, role, unit, here, active, verified, counted, since FROM met_person`
	err := scan(ctx, tx, q, nil, func(into func(...any) error) error {
		var k personKey
		p := &person{exists: true}
		err := into(&k.person, &k.role, &p.unit, &p.here, &p.active, &p.verified, &p.counted, &p.since)
		s.persons[k] = p
		return err
	})
	if err != nil {
		return err
	}
	return scan(ctx, tx, `SELECT person, role, month, unit, counted FROM met_presence`, nil, func(into func(...any) error) error {
		var k personKey
		p := &presence{}
		err := into(&k.person, &k.role, &p.month, &p.unit, &p.counted)
		s.presences[k] = append(s.presences[k], p)
		return err
	})
}

func storedSums(ctx context.Context, tx *db.Tx, s *state) error {
	err := scan(ctx, tx, `SELECT unit, month, metric, role, n FROM met_leaf`, nil, func(into func(...any) error) error {
		var k leafKey
		var n int64
		err := into(&k.unit, &k.month, &k.metric, &k.role, &n)
		s.leaf[k] = n
		return err
	})
	if err != nil {
		return err
	}
	for table, sums := range map[string]map[rollKey]int64{"met_roll": s.roll, "met_frozen": s.totals} {
		err := scan(ctx, tx, `SELECT node, month, part, metric, role, n FROM `+table, nil, func(into func(...any) error) error {
			var k rollKey
			var n int64
			err := into(&k.node, &k.month, &k.part, &k.metric, &k.role, &n)
			sums[k] = n
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compare lists what the tables hold otherwise than the state, by table and row.
func compare(ctx context.Context, tx *db.Tx, want *state) ([]Difference, error) {
	s, err := stored(ctx, tx)
	if err != nil {
		return nil, err
	}
	have, should := s.images(), want.images()
	var out []Difference
	for _, table := range folded {
		rows := maps.Clone(should[table])
		maps.Copy(rows, have[table])
		for row := range rows {
			if h, w := have[table][row], should[table][row]; h != w {
				out = append(out, Difference{Table: table, Row: row, Have: h, Want: w})
			}
		}
	}
	slices.SortFunc(out, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Row, b.Row))
	})
	return out, nil
}

// restore fills the folded tables from the state.
func restore(ctx context.Context, tx *db.Tx, want *state) error {
	if err := (consumer{}).Reset(ctx, tx); err != nil {
		return err
	}
	for _, n := range want.nodes {
		n.dirtied = n.exists
	}
	for _, p := range want.persons {
		p.dirtied = p.exists
	}
	for _, ps := range want.presences {
		for _, p := range ps {
			p.dirtied = true
		}
	}
	for _, b := range want.bases {
		b.dirtied = b.source != 0
	}
	t := &tables{tx: tx}
	if err := t.write(ctx, want); err != nil {
		return err
	}
	err := t.put(ctx, "met_frozen", rollColumns, "", func(yield func([]any) bool) {
		for k, n := range want.totals {
			if n != 0 && !yield([]any{k.node, k.month, k.part, k.metric, k.role, n}) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	for m, c := range want.closed {
		if _, err := tx.Exec(ctx, `INSERT INTO met_month (month, seq, at) VALUES ($1, $2, $3)`, m, c.seq, c.at); err != nil {
			return err
		}
	}
	return nil
}
