package metrics

import (
	"context"
	"fmt"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// frozenMonth returns the last closed month, 0 before the first.
func frozenMonth(ctx context.Context, q db.Queryer) (m clock.Month, err error) {
	if err := q.QueryRow(ctx, frozenSQL).Scan(&m); err != nil {
		return 0, fmt.Errorf("read frozen month: %w", err)
	}
	return m, nil
}

// What a row of figuresSQL is: a number of one month, a total up to a month, or
// what belongs to the month asked for and to no total.
const (
	rowOfMonth = 0
	rowOfTotal = 1
	rowOnly    = 2
)

// figuresSQL reads the numbers of nodes for a month: of regions the totals of
// the last closed month before it and what came since, of schools the sums of
// every month. Only tables of the figures are named.
func figuresSQL(regions, units []id.Node, kept, month clock.Month) (string, db.Args) {
	var a db.Args
	low := min(kept, month.Prev())
	q := `SELECT 1, node, month, part, metric, role, n FROM met_frozen WHERE node IN (` + db.List(&a, regions) +
		`) AND month = ` + a.Add(kept) +
		` UNION ALL SELECT 0, node, month, part, metric, role, n FROM met_roll WHERE node IN (` + db.List(&a, regions) +
		`) AND month > ` + a.Add(low) + ` AND month <= ` + a.Add(month)
	if len(units) > 0 {
		q += ` UNION ALL SELECT 1, node, 0, part, metric, role, CAST(SUM(n) AS BIGINT) FROM met_roll WHERE node IN (` + db.List(&a, units) +
			`) AND month <= ` + a.Add(month) + ` AND metric <> ` + a.Add(mActive) +
			` AND (metric <> ` + a.Add(mNewly) + ` OR month >= ` + a.Add(BaseMonth) + `) GROUP BY node, part, metric, role` +
			` UNION ALL SELECT 2, node, month, part, metric, role, n FROM met_roll WHERE node IN (` + db.List(&a, units) +
			`) AND metric IN (` + a.Add(mNewly) + `, ` + a.Add(mActive) + `) AND month = ` + a.Add(month)
	}
	return q, a
}

// readFigures returns the figures of the nodes for the month, without code and
// as-of time. A node without numbers has zeros.
func readFigures(ctx context.Context, q db.Queryer, nodes []id.Node, month clock.Month) (map[id.Node]*Figures, error) {
	frozen, err := frozenMonth(ctx, q)
	if err != nil {
		return nil, err
	}
	kept, err := keptMonth(ctx, q, month)
	if err != nil {
		return nil, err
	}
	out := make(map[id.Node]*Figures, len(nodes))
	for _, n := range nodes {
		out[n] = &Figures{Month: month, Frozen: month <= frozen, id: n}
	}
	regions, units, err := byKind(ctx, q, nodes)
	if err != nil {
		return nil, err
	}
	for len(regions) > 0 || len(units) > 0 {
		r, u := regions[:min(len(regions), 200)], units[:min(len(units), 200)]
		regions, units = regions[len(r):], units[len(u):]
		if err := readInto(ctx, q, out, r, u, kept, month); err != nil {
			return nil, err
		}
	}
	for _, f := range out {
		f.settle()
	}
	return out, nil
}

func readInto(ctx context.Context, q db.Queryer, out map[id.Node]*Figures, regions, units []id.Node, kept, month clock.Month) error {
	stmt, args := figuresSQL(regions, units, kept, month)
	err := scan(ctx, q, stmt, args, func(into func(...any) error) error {
		var kind int64
		var at id.Node
		var m clock.Month
		var p part
		var what metric
		var r role
		var n int64
		if err := into(&kind, &at, &m, &p, &what, &r, &n); err != nil {
			return err
		}
		standing := kind == rowOfTotal || kind == rowOfMonth && m > kept
		if what == mNewly && kind == rowOfMonth && m < BaseMonth {
			standing = false
		}
		out[at].put(p, what, r, n, kind != rowOfTotal && m == month, standing)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read figures of %s: %w", month, err)
	}
	return nil
}

// keptMonth is the newest closed month up to m, 0 where there is none.
func keptMonth(ctx context.Context, q db.Queryer, m clock.Month) (kept clock.Month, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE(MAX(month), 0) FROM met_month WHERE month <= $1`, m).Scan(&kept)
	if err != nil {
		return 0, fmt.Errorf("read kept month: %w", err)
	}
	return kept, nil
}

// byKind parts nodes whose totals are kept from those whose are not.
func byKind(ctx context.Context, q db.Queryer, nodes []id.Node) (regions, units []id.Node, err error) {
	seen := map[id.Node]bool{}
	err = inChunks(nodes, func(chunk []id.Node) error {
		var a db.Args
		return scan(ctx, q, `SELECT node, kind FROM met_node WHERE node IN (`+db.List(&a, chunk)+`)`, a,
			func(into func(...any) error) error {
				var n id.Node
				var kind string
				if err := into(&n, &kind); err != nil {
					return err
				}
				switch {
				case seen[n]:
				case isRegion(kind):
					regions = append(regions, n)
				default:
					units = append(units, n)
				}
				seen[n] = true
				return nil
			})
	})
	return regions, units, err
}

const childrenSQL = `SELECT node FROM met_node WHERE parent = $1 AND kind <> 'class' AND kind <> 'office'`

// childNodes returns what reports to the node, classes and offices left out.
func childNodes(ctx context.Context, q db.Queryer, node id.Node) (out []id.Node, err error) {
	err = scan(ctx, q, childrenSQL, []any{node}, func(into func(...any) error) error {
		var n id.Node
		if err := into(&n); err != nil {
			return err
		}
		out = append(out, n)
		return nil
	})
	return out, err
}

const monthsSQL = `SELECT month, metric, role, n FROM met_roll
	WHERE node = $1 AND part = 0 AND metric IN ($2, $3) ORDER BY month`

// readMonths returns the flow and presence of each month at the node.
func readMonths(ctx context.Context, q db.Queryer, node id.Node, frozen clock.Month) (out []MonthFigures, err error) {
	err = scan(ctx, q, monthsSQL, []any{node, mNewly, mActive}, func(into func(...any) error) error {
		var m clock.Month
		var what metric
		var r role
		var n int64
		if err := into(&m, &what, &r, &n); err != nil {
			return err
		}
		if len(out) == 0 || out[len(out)-1].Month != m {
			out = append(out, MonthFigures{Month: m, Frozen: m <= frozen})
		}
		switch last := &out[len(out)-1]; {
		case r == rGuardian:
		case what == mNewly:
			last.NewlyVerified.add(r, n)
		default:
			last.Active.add(r, n)
		}
		return nil
	})
	return out, err
}

const unitsSQL = `WITH RECURSIVE below (node, kind) AS (
	SELECT node, kind FROM met_node WHERE node = $1
	UNION SELECT n.node, n.kind FROM met_node n JOIN below b ON n.parent = b.node
	WHERE n.kind IN ('district', 'school', 'campus', 'point'))
	SELECT node FROM below WHERE kind IN ('school', 'campus', 'point')`

// unitsOf returns the schools, campuses and points that the node itself
// manages: those below it with no other county or city between.
func unitsOf(ctx context.Context, q db.Queryer, node id.Node) (out []id.Node, err error) {
	err = scan(ctx, q, unitsSQL, []any{node}, func(into func(...any) error) error {
		var n id.Node
		if err := into(&n); err != nil {
			return err
		}
		out = append(out, n)
		return nil
	})
	return out, err
}

const lastBasesSQL = `SELECT b.unit, b.source, b.confirmed, b.pupil, b.teacher, b.age_pupil, b.day, b.confirmed_by, b.document, b.made_at
	FROM met_base b WHERE b.unit IN (%s) AND b.id = (SELECT x.id FROM met_base x WHERE x.unit = b.unit AND x.confirmed = b.confirmed
	ORDER BY CASE WHEN x.confirmed = 1 THEN x.day ELSE 0 END DESC, x.id DESC LIMIT 1)`

// takeSlot makes this transaction the only one that keeps a base of the unit.
func takeSlot(ctx context.Context, tx *db.Tx, unit id.Node) error {
	_, err := tx.Exec(ctx, `INSERT INTO met_base_slot (unit, version) VALUES ($1, 1)
		ON CONFLICT (unit) DO UPDATE SET version = met_base_slot.version + 1`, unit)
	return err
}

// lastBases returns the newest recorded and the confirmed base of units by the
// rule of the figures: of confirmed bases that of the newest day, of those the
// last.
func lastBases(ctx context.Context, q db.Queryer, units []id.Node) (map[id.Node][2]BaseRow, error) {
	out := map[id.Node][2]BaseRow{}
	err := inChunks(units, func(chunk []id.Node) error {
		var a db.Args
		return scan(ctx, q, fmt.Sprintf(lastBasesSQL, db.List(&a, chunk)), a, func(into func(...any) error) error {
			var b BaseRow
			var at int64
			if err := into(&b.Unit, &b.Source, &b.Confirmed, &b.Pupil, &b.Teacher, &b.AgePupil, &b.Day, &b.By, &b.Document, &at); err != nil {
				return err
			}
			b.At = clock.FromMillis(at)
			pair := out[b.Unit]
			if b.Confirmed {
				pair[1] = b
			} else {
				pair[0] = b
			}
			out[b.Unit] = pair
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read bases: %w", err)
	}
	return out, nil
}

const insertBaseSQL = `INSERT INTO met_base (id, unit, source, confirmed, pupil, teacher, age_pupil, day, confirmed_by, document, made_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

func insertBase(ctx context.Context, tx *db.Tx, key int64, b BaseRow) error {
	_, err := tx.Exec(ctx, insertBaseSQL, key, b.Unit, b.Source, b.Confirmed, b.Pupil, b.Teacher, b.AgePupil, b.Day,
		b.By, b.Document, clock.Millis(b.At))
	return err
}
