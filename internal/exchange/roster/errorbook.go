package roster

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"learnspace/internal/access"
	"learnspace/internal/archive"
	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
)

// original is a rejected row as it was handed in.
type original struct {
	Name  string   `json:"n"`
	Cells []string `json:"c"`
}

// sealOriginal packs a rejected row for the 30 days in which it can be mended.
func (s *Service) sealOriginal(it *item) []byte {
	b, err := json.Marshal(original{Name: it.row.Name, Cells: strings.Split(it.cells, cellSeparator)})
	if err != nil {
		return nil
	}
	return s.keys.Seal(b)
}

func (s *Service) openOriginal(sealed []byte) (original, error) {
	var o original
	b, err := s.keys.Open(sealed)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(b, &o)
}

// The columns of the workbook of rejected rows.
var errorColumns = []string{"roster.errors.file", "roster.errors.sheet", "roster.errors.row", "roster.errors.name",
	"roster.errors.column", "roster.errors.found", "roster.errors.problem", "roster.errors.remedy"}

const (
	colFile = iota
	colSheet
	colRow
	colName
	colColumn
	colFound
)

// reportPhase is the phase whose report counts for the batch as it stands.
func (b Batch) reportPhase() phase {
	if b.State == Running || b.State == Done || b.State == Undone || b.State == Failed {
		return phaseRun
	}
	return phaseCheck
}

// Errors writes the rejected rows as a workbook: sheet, row, name, problem,
// remedy and the faulty cell only, with numbers masked; the audit trail says who
// took it. The faulty cell can be
// mended and the workbook handed in again, see [Service.Mend].
func (s *Service) Errors(ctx context.Context, by access.Actor, bid id.Batch, l i18n.Language, w io.Writer) error {
	b, err := s.own(ctx, by, bid)
	if err != nil {
		return err
	}
	rep, err := s.report(ctx, bid, b.reportPhase(), 0)
	if err != nil {
		return err
	}
	book := excelize.NewFile()
	defer book.Close()
	out, err := errorSheet(book, l)
	if err != nil {
		return err
	}
	line := 1
	err = s.eachProblem(ctx, bid, b.reportPhase(), -1, func(r problemRow) error {
		if !r.rejected {
			return nil
		}
		var o original
		if r.sealed != nil {
			if o, err = s.openOriginal(r.sealed); err != nil {
				return err
			}
		}
		f := rep.Files[r.file]
		for _, p := range r.problems {
			if !p.Code.IsError() {
				continue
			}
			line++
			cell, err := excelize.CoordinatesToCellName(1, line)
			if err != nil {
				return err
			}
			row := []any{text(f.File), text(f.Sheet), r.number, text(o.Name), text(columnOf(p)), text(p.Found),
				i18n.Text(l, p.ProblemKey(), p.Args...), i18n.Text(l, p.RemedyKey())}
			if err := out.SetRow(cell, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("errors of batch %d: %w", bid, err)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	// Names leave with it: who took them is on record before they do.
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.auditBatch(ctx, tx, by, "roster.errors", bid, b.Node)
	})
	if err != nil {
		return fmt.Errorf("errors of batch %d: %w", bid, err)
	}
	return book.Write(w)
}

// errorSheet begins the sheet of rejected rows with its headings.
func errorSheet(book *excelize.File, l i18n.Language) (*excelize.StreamWriter, error) {
	out, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	if err := out.SetColWidth(1, 6, 14); err != nil {
		return nil, err
	}
	if err := out.SetColWidth(7, 8, 44); err != nil {
		return nil, err
	}
	head := make([]any, len(errorColumns))
	for i, k := range errorColumns {
		head[i] = i18n.Text(l, k)
	}
	return out, out.SetRow("A1", head)
}

// text keeps a spreadsheet from reading a text as a formula.
func text(s string) excelize.Cell { return excelize.Cell{Value: s} }

// place of a mended cell.
type mended struct {
	file, sheet string
	row         int
}

// Mend takes the workbook of rejected rows back: every cell that was mended
// replaces that of the row as it was handed in, a masked or untouched cell
// means unchanged. The rows become a new batch of the same node, which is
// checked like an upload.
func (s *Service) Mend(ctx context.Context, by access.Actor, bid id.Batch, key string, r io.Reader) (id.Batch, error) {
	b, err := s.own(ctx, by, bid)
	if err != nil {
		return 0, err
	}
	cells, err := readMended(r)
	if err != nil {
		return 0, err
	}
	parts, err := s.mendedParts(ctx, b, cells)
	if err != nil {
		return 0, fmt.Errorf("mend batch %d: %w", bid, err)
	}
	if len(parts) == 0 {
		return 0, fault.New(fault.ErrInvalid, "roster.mend.nothing")
	}
	return s.Upload(ctx, by, b.Node, Add, key, func(yield func(Part, error) bool) {
		for _, p := range parts {
			if !yield(p, nil) {
				return
			}
		}
	})
}

// readMended reads the columns of the workbook that matter: where the cell
// stands and what it says now.
func readMended(r io.Reader) (map[mended]map[string]string, error) {
	bad := func(cause error) error { return fault.Wrap(fault.ErrInvalid, cause, "roster.mend.unreadable") }
	data, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return nil, bad(err)
	}
	if _, err := archive.Open(bytes.NewReader(data), int64(len(data)), archive.Limits{Unpacked: 256 << 20}); err != nil {
		return nil, bad(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: 256 << 20, UnzipXMLSizeLimit: 64 << 20})
	if err != nil {
		return nil, bad(err)
	}
	defer book.Close()
	rows, err := book.Rows(book.GetSheetName(0))
	if err != nil {
		return nil, bad(err)
	}
	defer rows.Close()
	out := map[mended]map[string]string{}
	for first := true; rows.Next(); first = false {
		cols, err := rows.Columns()
		if err != nil {
			return nil, bad(err)
		}
		if first || len(cols) <= colRow {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(cols[colRow]))
		if err != nil || len(cols) <= colColumn {
			continue
		}
		at := mended{file: cols[colFile], sheet: cols[colSheet], row: n}
		if out[at] == nil {
			out[at] = map[string]string{}
		}
		var value string
		if len(cols) > colFound {
			value = strings.TrimSpace(cols[colFound])
		}
		out[at][cols[colColumn]] = value
	}
	return out, nil
}

// mendedParts puts the mended cells into the rows as they were handed in and
// writes each sheet as a text file in which every row keeps its number.
func (s *Service) mendedParts(ctx context.Context, b Batch, cells map[mended]map[string]string) ([]Part, error) {
	p := b.reportPhase()
	rep, err := s.report(ctx, b.ID, p, 0)
	if err != nil {
		return nil, err
	}
	headers, err := s.headers(ctx, b.ID, p)
	if err != nil {
		return nil, err
	}
	var parts []Part
	var buf *bytes.Buffer
	var out *csv.Writer
	current, line := -1, 0
	err = s.eachProblem(ctx, b.ID, p, -1, func(r problemRow) error {
		if !r.rejected || r.sealed == nil {
			return nil
		}
		f := rep.Files[r.file]
		values, ok := cells[mended{f.File, f.Sheet, r.number}]
		if !ok {
			return nil
		}
		o, err := s.openOriginal(r.sealed)
		if err != nil {
			return err
		}
		if r.file != current {
			current = r.file
			buf = &bytes.Buffer{}
			buf.WriteString(strings.Repeat("\n", max(0, f.HeaderRow-1)))
			out = csv.NewWriter(buf)
			name := f.File
			if f.Sheet != "" { // each sheet becomes a file of its own
				name += "（" + f.Sheet + "）"
			}
			parts = append(parts, Part{Name: name, Body: buf})
			if err := out.Write(headers[r.file]); err != nil {
				return err
			}
			line = f.HeaderRow
		}
		out.Flush()
		buf.WriteString(strings.Repeat("\n", max(0, r.number-line-1)))
		line = r.number
		if err := out.Write(mend(o.Cells, headers[r.file], values, r.problems)); err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	})
	return parts, err
}

// mend replaces the cells that the user changed.
func mend(cells, header []string, values map[string]string, problems []read.Problem) []string {
	out := make([]string, len(header))
	copy(out, cells)
	for _, p := range problems {
		column := columnOf(p)
		v, ok := values[column]
		if !ok || v == p.Found || strings.Contains(v, "***") {
			continue
		}
		for i, h := range header {
			if h == column {
				out[i] = v
			}
		}
	}
	return out
}

// headers reads the header cells of every entry of a report.
func (s *Service) headers(ctx context.Context, bid id.Batch, p phase) ([][]string, error) {
	rows, err := s.db.Query(ctx, `SELECT header FROM ros_file WHERE batch = $1 AND phase = $2 ORDER BY number`, bid, int(p))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		var h []string
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			return nil, errors.New("header of a batch is unreadable")
		}
		out = append(out, h)
	}
	return out, rows.Err()
}
