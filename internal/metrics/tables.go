package metrics

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// tables is the fold's state in the database, within one transaction.
type tables struct{ tx *db.Tx }

// inChunks calls do with up to 500 values at a time. Chunks are padded to one
// of four lengths with the last value, so that few statements are prepared.
func inChunks[T any](vs []T, do func([]T) error) error {
	for len(vs) > 0 {
		n := min(len(vs), 500)
		chunk := vs[:n]
		for _, size := range []int{1, 8, 64, 500} {
			if n <= size {
				padded := make([]T, size)
				copy(padded, chunk)
				for i := n; i < size; i++ {
					padded[i] = chunk[n-1]
				}
				chunk = padded
				break
			}
		}
		if err := do(chunk); err != nil {
			return err
		}
		vs = vs[n:]
	}
	return nil
}

// scan runs a query and calls row for each row with a Scan function.
func scan(ctx context.Context, q db.Queryer, query string, args []any, row func(func(...any) error) error) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

const frozenSQL = `SELECT COALESCE(MAX(month), 0) FROM met_month`

// prefetch loads what folding the events will ask for again and again.
func (t *tables) prefetch(ctx context.Context, s *state, es []event.Event) error {
	if err := t.tx.QueryRow(ctx, frozenSQL).Scan(&s.frozen); err != nil {
		return fmt.Errorf("read frozen month: %w", err)
	}
	units, people := map[id.Node]bool{}, map[id.Person]bool{}
	var nodes []id.Node
	var persons []id.Person
	for i := range es {
		e := &es[i]
		kind, verb, _ := strings.Cut(e.Verb, ".")
		for _, n := range []id.Node{e.Node, e.Unit} {
			if kind != "grant" && n != 0 && !units[n] {
				units[n], nodes = true, append(nodes, n)
			}
		}
		who := id.Person(0)
		if e.Verb == "person.merged" {
			if keep := id.Person(idField(e.Extra, "into")); keep != 0 && !people[keep] {
				people[keep], persons = true, append(persons, keep)
			}
		}
		switch {
		case kind == "person" && verb != "made":
			who = id.Person(e.Object)
		case counting[e.Verb]:
			who = e.Actor
		}
		if who != 0 && !people[who] {
			people[who], persons = true, append(persons, who)
		}
	}
	for len(nodes) > 0 { // and their ancestors, a level at a time
		if err := t.loadNodes(ctx, s, nodes); err != nil {
			return err
		}
		var up []id.Node
		for _, n := range nodes {
			if found := s.nodes[n]; found != nil && found.parent != 0 && !units[found.parent] {
				units[found.parent], up = true, append(up, found.parent)
			}
		}
		nodes = up
	}
	return t.loadPersons(ctx, s, persons)
}

// loadNodes brings nodes into the state, unless they are there.
func (t *tables) loadNodes(ctx context.Context, s *state, ids []id.Node) error {
	missing := make([]id.Node, 0, len(ids))
	for _, n := range ids {
		if _, ok := s.nodes[n]; !ok {
			missing = append(missing, n)
		}
	}
	return inChunks(missing, func(chunk []id.Node) error {
		var a db.Args
		q := `SELECT node, parent, unit, kind, type, flag, live, made, opened, base_day FROM met_node WHERE node IN (` +
			db.List(&a, chunk) + `)`
		return scan(ctx, t.tx, q, a, func(into func(...any) error) error {
			var at id.Node
			n := &node{exists: true}
			if err := into(&at, &n.parent, &n.unit, &n.kind, &n.typ, &n.flag, &n.live, &n.made, &n.opened, &n.baseDay); err != nil {
				return err
			}
			s.nodes[at] = n
			return nil
		})
	})
}

// loadPersons brings persons and their presences of open months into the state.
func (t *tables) loadPersons(ctx context.Context, s *state, ids []id.Person) error {
	err := inChunks(ids, func(chunk []id.Person) error {
		var a db.Args
		q := `SELECT person, role, unit, here, active, verified, counted, since FROM met_person WHERE person IN (` +
			db.List(&a, chunk) + `)`
		return scan(ctx, t.tx, q, a, func(into func(...any) error) error {
			var k personKey
			p := &person{exists: true}
			if err := into(&k.person, &k.role, &p.unit, &p.here, &p.active, &p.verified, &p.counted, &p.since); err != nil {
				return err
			}
			s.persons[k] = p
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("load persons: %w", err)
	}
	err = inChunks(ids, func(chunk []id.Person) error {
		var a db.Args
		q := `SELECT person, role, month, unit, counted FROM met_presence WHERE person IN (` +
			db.List(&a, chunk) + `) AND month > ` + a.Add(s.frozen)
		return scan(ctx, t.tx, q, a, func(into func(...any) error) error {
			var k personKey
			p := &presence{}
			if err := into(&k.person, &k.role, &p.month, &p.unit, &p.counted); err != nil {
				return err
			}
			s.presences[k] = append(s.presences[k], p)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("load presences: %w", err)
	}
	return nil
}

const baseSQL = `SELECT confirmed, source, pupil, teacher, age_pupil, day FROM met_unit WHERE unit = $1`

func (t *tables) loadBase(ctx context.Context, unit id.Node) (*base, error) {
	b := &base{}
	err := scan(ctx, t.tx, baseSQL, []any{unit}, func(into func(...any) error) error {
		return into(&b.confirmed, &b.source, &b.pupil, &b.teacher, &b.agePupil, &b.day)
	})
	return b, err
}

const subtreeSQL = `WITH RECURSIVE below (node) AS (
	SELECT node FROM met_node WHERE node = $1
	UNION SELECT n.node FROM met_node n JOIN below b ON n.parent = b.node)
	SELECT node FROM below`

func (t *tables) subtree(ctx context.Context, root id.Node) (out []id.Node, err error) {
	err = scan(ctx, t.tx, subtreeSQL, []any{root}, func(into func(...any) error) error {
		var n id.Node
		if err := into(&n); err != nil {
			return err
		}
		out = append(out, n)
		return nil
	})
	return out, err
}

func (t *tables) leaves(ctx context.Context, units []id.Node) (map[leafKey]int64, error) {
	out := map[leafKey]int64{}
	err := inChunks(units, func(chunk []id.Node) error {
		var a db.Args
		q := `SELECT unit, month, metric, role, n FROM met_leaf WHERE unit IN (` + db.List(&a, chunk) + `)`
		return scan(ctx, t.tx, q, a, func(into func(...any) error) error {
			var k leafKey
			var n int64
			if err := into(&k.unit, &k.month, &k.metric, &k.role, &n); err != nil {
				return err
			}
			out[k] = n
			return nil
		})
	})
	return out, err
}

const snapshotSQL = `INSERT INTO met_frozen (node, month, part, metric, role, n)
	SELECT r.node, CAST($1 AS BIGINT), r.part, r.metric, r.role, SUM(r.n)
	FROM met_roll r JOIN met_node t ON t.node = r.node
	WHERE r.month <= $2 AND r.metric <> $3 AND (r.metric <> $4 OR r.month >= $5)
	AND t.kind NOT IN ('school', 'campus', 'point', 'class')
	GROUP BY r.node, r.part, r.metric, r.role`

// snapshot keeps the standing totals of regions at the end of the month and
// closes it.
func (t *tables) snapshot(ctx context.Context, m clock.Month, c closing) error {
	if _, err := t.tx.Exec(ctx, snapshotSQL, m, m, mActive, mNewly, BaseMonth); err != nil {
		return fmt.Errorf("keep totals of %s: %w", m, err)
	}
	_, err := t.tx.Exec(ctx, `INSERT INTO met_month (month, seq, at) VALUES ($1, $2, $3)`, m, c.seq, c.at)
	return err
}

// put is one table's part of a write.
func (t *tables) put(ctx context.Context, table, columns, conflict string, rows iter.Seq[[]any]) error {
	cols := strings.Split(columns, " ")
	_, err := t.tx.Bulk(ctx, db.Bulk{Table: table, Columns: cols, Conflict: conflict, Rows: rows})
	return err
}

// replace is the conflict clause that overwrites every column but the key.
func replace(columns string, key int) string {
	cols := strings.Split(columns, " ")
	sets := make([]string, 0, len(cols))
	for _, c := range cols[key:] {
		sets = append(sets, c+" = excluded."+c)
	}
	return "ON CONFLICT (" + strings.Join(cols[:key], ", ") + ") DO UPDATE SET " + strings.Join(sets, ", ")
}

const (
	nodeColumns     = "node parent unit kind type flag live made opened base_day"
	personColumns   = "person role unit here active verified counted since"
	presenceColumns = "person role month unit counted"
	unitColumns     = "unit confirmed source pupil teacher age_pupil day"
	leafColumns     = "unit month metric role n"
	rollColumns     = "node month part metric role n"
)

// write stores what the state holds changed.
func (t *tables) write(ctx context.Context, s *state) error {
	for _, step := range []func(context.Context, *state) error{t.writeNodes, t.writePersons, t.writePresences, t.writeBases, t.writeSums} {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (t *tables) writeNodes(ctx context.Context, s *state) error {
	return t.put(ctx, "met_node", nodeColumns, replace(nodeColumns, 1), func(yield func([]any) bool) {
		for at, n := range s.nodes {
			if !n.dirtied || !n.exists {
				continue
			}
			n.dirtied = false
			if !yield([]any{at, n.parent, n.unit, n.kind, n.typ, n.flag, n.live, n.made, n.opened, n.baseDay}) {
				return
			}
		}
	})
}

func (t *tables) writePersons(ctx context.Context, s *state) error {
	for k, p := range s.persons {
		if !p.dirtied || !p.gone {
			continue
		}
		p.dirtied = false
		if _, err := t.tx.Exec(ctx, `DELETE FROM met_person WHERE person = $1 AND role = $2`, k.person, k.role); err != nil {
			return err
		}
	}
	return t.put(ctx, "met_person", personColumns, replace(personColumns, 2), func(yield func([]any) bool) {
		for k, p := range s.persons {
			if !p.dirtied {
				continue
			}
			p.dirtied = false
			if !yield([]any{k.person, k.role, p.unit, p.here, p.active, p.verified, p.counted, p.since}) {
				return
			}
		}
	})
}

func (t *tables) writePresences(ctx context.Context, s *state) error {
	return t.put(ctx, "met_presence", presenceColumns, replace(presenceColumns, 3), func(yield func([]any) bool) {
		for k, ps := range s.presences {
			for _, p := range ps {
				if !p.dirtied {
					continue
				}
				p.dirtied = false
				if !yield([]any{k.person, k.role, p.month, p.unit, p.counted}) {
					return
				}
			}
		}
	})
}

func (t *tables) writeBases(ctx context.Context, s *state) error {
	return t.put(ctx, "met_unit", unitColumns, replace(unitColumns, 1), func(yield func([]any) bool) {
		for u, b := range s.bases {
			if !b.dirtied {
				continue
			}
			b.dirtied = false
			if !yield([]any{u, b.confirmed, b.source, b.pupil, b.teacher, b.agePupil, b.day}) {
				return
			}
		}
	})
}

func (t *tables) writeSums(ctx context.Context, s *state) error {
	err := t.put(ctx, "met_leaf", leafColumns,
		"ON CONFLICT (unit, month, metric, role) DO UPDATE SET n = met_leaf.n + excluded.n", func(yield func([]any) bool) {
			for k, n := range s.leaf {
				if n != 0 && !yield([]any{k.unit, k.month, k.metric, k.role, n}) {
					return
				}
			}
		})
	if err != nil {
		return err
	}
	return t.put(ctx, "met_roll", rollColumns,
		"ON CONFLICT (node, part, metric, role, month) DO UPDATE SET n = met_roll.n + excluded.n", func(yield func([]any) bool) {
			for k, n := range s.roll {
				if n != 0 && !yield([]any{k.node, k.month, k.part, k.metric, k.role, n}) {
					return
				}
			}
		})
}
