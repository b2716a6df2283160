package roster

import (
	"context"
	"encoding/json"
	"fmt"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// phase tells the report of the check from that of the import.
type phase int

const (
	phaseCheck phase = 1
	phaseRun   phase = 2
)

// stored is a problem as it is kept.
type stored struct {
	Column string     `json:"c,omitempty"`
	Field  read.Field `json:"f,omitempty"`
	Code   value.Code `json:"e"`
	Found  string     `json:"v,omitempty"`
	Args   []any      `json:"a,omitempty"`
}

// problemRow is a row with problems.
type problemRow struct {
	file     int
	number   int
	rejected bool
	problems []read.Problem
	sealed   []byte
}

// insertEntry begins one entry of a report.
func insertEntry(ctx context.Context, tx *db.Tx, bid id.Batch, p phase, number int, f *FileReport) error {
	columns, err := json.Marshal(f.Columns)
	if err != nil {
		return err
	}
	header, err := json.Marshal(f.header)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO ros_file (batch, phase, number, name, sheet, encoding, kind, header_row, columns, header, refused)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (batch, phase, number) DO NOTHING`,
		bid, int(p), number, f.File, f.Sheet, f.Encoding, f.Kind, f.HeaderRow, string(columns), string(header), f.Refused)
	return err
}

// addCounts adds to one entry of a report.
func addCounts(ctx context.Context, tx *db.Tx, bid id.Batch, p phase, number int, c Counts, promoted int64) error {
	_, err := tx.Exec(ctx, `UPDATE ros_file SET accepted = accepted + $1, made = made + $2, changed = changed + $3,
			unchanged = unchanged + $4, moved = moved + $5, rejected = rejected + $6, warnings = warnings + $7, promoted = promoted + $8
		WHERE batch = $9 AND phase = $10 AND number = $11`,
		c.Rows, c.New, c.Changed, c.Unchanged, c.Moved, c.Rejected, c.Warnings, promoted, bid, int(p), number)
	return err
}

// insertProblems keeps rows with problems.
func insertProblems(ctx context.Context, tx *db.Tx, bid id.Batch, p phase, rows []problemRow) error {
	if len(rows) == 0 {
		return nil
	}
	texts := make([]string, len(rows))
	for i, r := range rows {
		all := make([]stored, len(r.problems))
		for j, q := range r.problems {
			all[j] = stored{Column: q.Column, Field: q.Field, Code: q.Code, Found: q.Found, Args: q.Args}
		}
		b, err := json.Marshal(all)
		if err != nil {
			return err
		}
		texts[i] = string(b)
	}
	_, err := tx.Bulk(ctx, db.Bulk{
		Table:   "ros_row",
		Columns: []string{"batch", "phase", "file", "number", "rejected", "problems", "sealed"},
		Rows: func(yield func([]any) bool) {
			for i, r := range rows {
				var sealed any
				if r.sealed != nil {
					sealed = r.sealed
				}
				if !yield([]any{bid, int(p), r.file, r.number, r.rejected, texts[i], sealed}) {
					return
				}
			}
		},
	})
	return err
}

// saveReport keeps the report of a check.
func saveReport(ctx context.Context, tx *db.Tx, bid id.Batch, p phase, r Report) error {
	for i := range r.Files {
		f := &r.Files[i]
		if err := insertEntry(ctx, tx, bid, p, i, f); err != nil {
			return err
		}
		if err := addCounts(ctx, tx, bid, p, i, f.Counts, f.Promoted); err != nil {
			return err
		}
		if err := insertProblems(ctx, tx, bid, p, f.kept); err != nil {
			return err
		}
	}
	return insertClasses(ctx, tx, bid, p, r.Classes)
}

// insertClasses adds to the classes that a batch makes.
func insertClasses(ctx context.Context, tx *db.Tx, bid id.Batch, p phase, classes []NewClass) error {
	for _, c := range classes {
		_, err := tx.Exec(ctx, `INSERT INTO ros_class (batch, phase, school, stage, entry_year, class_no, node, pupils)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (batch, phase, school, stage, entry_year, class_no) DO UPDATE SET pupils = ros_class.pupils + excluded.pupils`,
			bid, int(p), c.School, c.Stage, c.EntryYear, c.Number, c.node, c.Pupils)
		if err != nil {
			return err
		}
	}
	return nil
}

// report reads a kept report. Problems beyond most are left out of the page,
// never of the counts; most < 0 reads all.
func (s *Service) report(ctx context.Context, bid id.Batch, p phase, most int) (Report, error) {
	r := Report{Batch: bid}
	rows, err := s.db.Query(ctx, `SELECT name, sheet, encoding, kind, header_row, columns, refused, accepted, made, changed, unchanged,
			moved, rejected, warnings, promoted
		FROM ros_file WHERE batch = $1 AND phase = $2 ORDER BY number`, bid, int(p))
	if err != nil {
		return Report{}, fmt.Errorf("read report of batch %d: %w", bid, err)
	}
	defer rows.Close()
	for rows.Next() {
		var f FileReport
		var columns string
		c := &f.Counts
		if err := rows.Scan(&f.File, &f.Sheet, &f.Encoding, &f.Kind, &f.HeaderRow, &columns, &f.Refused, &c.Rows, &c.New, &c.Changed,
			&c.Unchanged, &c.Moved, &c.Rejected, &c.Warnings, &f.Promoted); err != nil {
			return Report{}, err
		}
		if err := json.Unmarshal([]byte(columns), &f.Columns); err != nil {
			return Report{}, err
		}
		r.Files = append(r.Files, f)
	}
	if err := rows.Err(); err != nil {
		return Report{}, err
	}
	_ = rows.Close()
	err = s.eachProblem(ctx, bid, p, most, func(row problemRow) error {
		f := &r.Files[row.file]
		for _, q := range row.problems {
			f.Problems = append(f.Problems, problemOf(q))
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("read report of batch %d: %w", bid, err)
	}
	if r.Classes, err = s.newClasses(ctx, bid, p); err != nil {
		return Report{}, fmt.Errorf("read report of batch %d: %w", bid, err)
	}
	var reason string
	if err := s.db.QueryRow(ctx, `SELECT leavers, reason FROM ros_batch WHERE id = $1`, bid).Scan(&r.Leaving, &reason); err != nil {
		return Report{}, err
	}
	r.NobodyLeft = reason == moreLeavers
	r.sum()
	return r, nil
}

// eachProblem reads the rows with problems in the order of the files, errors
// and warnings mixed, at most most of them.
func (s *Service) eachProblem(ctx context.Context, bid id.Batch, p phase, most int, fn func(problemRow) error) error {
	if most < 0 {
		most = 1 << 40
	}
	rows, err := s.db.Query(ctx, `SELECT file, number, rejected, problems, sealed FROM ros_row
		WHERE batch = $1 AND phase = $2 ORDER BY file, number LIMIT $3`, bid, int(p), most)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r problemRow
		var text string
		if err := rows.Scan(&r.file, &r.number, &r.rejected, &text, &r.sealed); err != nil {
			return err
		}
		var all []stored
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return err
		}
		for _, q := range all {
			r.problems = append(r.problems, read.Problem{Row: r.number, Column: q.Column, Field: q.Field, Code: q.Code,
				Severity: q.Code.Severity(), Found: q.Found, Args: q.Args})
		}
		if err := fn(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// newClasses reads the classes that a batch makes.
func (s *Service) newClasses(ctx context.Context, bid id.Batch, p phase) ([]NewClass, error) {
	rows, err := s.db.Query(ctx, `SELECT school, stage, entry_year, class_no, node, pupils FROM ros_class
		WHERE batch = $1 AND phase = $2 ORDER BY school, stage, entry_year DESC, class_no`, bid, int(p))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []NewClass
	var ids []id.Node
	for rows.Next() {
		var c NewClass
		if err := rows.Scan(&c.School, &c.Stage, &c.EntryYear, &c.Number, &c.node, &c.Pupils); err != nil {
			return nil, err
		}
		out, ids = append(out, c), append(ids, c.School)
	}
	if err := rows.Err(); err != nil || len(out) == 0 {
		return nil, err
	}
	_ = rows.Close()
	return out, s.nameClasses(ctx, out, ids)
}

// nameClasses writes the name of each class as it is called today.
func (s *Service) nameClasses(ctx context.Context, classes []NewClass, schools []id.Node) error {
	found, err := org.Nodes(ctx, s.db, schools)
	if err != nil {
		return err
	}
	day := clock.DayOf(s.now())
	for i := range classes {
		c := &classes[i]
		sc := found[c.School]
		c.Name = org.Node{Kind: org.KindClass, Stage: c.Stage, EntryYear: c.EntryYear, ClassNo: c.Number, FiveFour: sc.FiveFour}.Label(day)
		c.SchoolName = sc.Name
	}
	return nil
}

// problemOf is a problem of the reader as the report shows it.
func problemOf(q read.Problem) Problem {
	return Problem{Row: int64(q.Row), Column: q.Column, Code: string(q.Code), Severity: q.Severity, Found: q.Found, cause: q}
}
