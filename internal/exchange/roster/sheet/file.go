package sheet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// File codes of the contract: why a whole file is refused.
const (
	NotASpreadsheet  = "not_a_spreadsheet"
	OldFormat        = "old_format" // BIFF (.xls)
	Encrypted        = "encrypted"
	EmptyFile        = "empty_file"
	TooLargeUnpacked = "too_large_unpacked"
	EncodingUnknown  = "encoding_unknown"
	HeaderNotFound   = "header_not_found"
	SeveralTables    = "several_tables" // tables side by side that cannot be told apart
)

// A Refusal is the error of a file that is refused as a whole.
type Refusal struct {
	Code  string // one of the file codes
	Cause error  // for the log; may be nil
}

// Error names the code and the cause.
func (r *Refusal) Error() string {
	if r.Cause == nil {
		return "file refused: " + r.Code
	}
	return fmt.Sprintf("file refused: %s: %v", r.Code, r.Cause)
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// RefusalCode returns the file code in err, "" when err is no refusal.
func RefusalCode(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func refuse(code string, cause error) error { return &Refusal{Code: code, Cause: cause} }

// Limits bound what a file may cost. The zero value gives the defaults.
type Limits struct {
	Unpacked int64 // bytes that a workbook may unpack to; default 4 GiB
	Ratio    int64 // unpacked to packed size above which a workbook over RatioFrom is refused; default 100
	From     int64 // unpacked size from which Ratio holds; default 64 MiB
	Strings  int64 // bytes of a workbook's shared strings, the one part held in memory; default 512 MiB
}

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Unpacked, 4<<30)
	set(&l.Ratio, 100)
	set(&l.From, 64<<20)
	set(&l.Strings, 512<<20)
	return l
}

// Kind is what a cell holds.
type Kind uint8

// Kinds of cells.
const (
	Blank  Kind = iota
	Text        // typed text; all cells of a text file
	Number      // a number; Text is what the cell shows where the format matters
	Date        // a number with a date format; Text is YYYY-MM-DD
	Bool        // TRUE or FALSE
	Error       // #N/A and the like
)

// A Cell is one cell. The zero value is a blank one.
type Cell struct {
	Text      string
	Kind      Kind
	Formula   bool   // computed; Text is the stored value
	Inherited bool   // lies in a merged region; Text is the value of the region's first cell above
	Lossy     bool   // a number of more than 15 digits: the end is lost
	Span      uint16 // columns of the merged region that begins (or is inherited) here; 0 or 1 for none
}

// A Row is one row with its cells from column A; trailing blank cells may be
// missing. It is valid until the callback returns.
type Row struct {
	Number int // as the spreadsheet shows it, from 1
	Cells  []Cell
}

// Clone returns a copy that may be kept.
func (r Row) Clone() Row {
	r.Cells = append([]Cell(nil), r.Cells...)
	return r
}

// At returns the cell in a column from 0; a blank one beyond the end.
func (r Row) At(column int) Cell {
	if column < 0 || column >= len(r.Cells) {
		return Cell{}
	}
	return r.Cells[column]
}

// A Sheet is one visible sheet that is not empty, or the whole of a text file.
type Sheet struct {
	Name string // "" for text
	Part string // columns of a table beside the first one, as F:I; else ""
	each func(ctx context.Context, fn func(Row) error) error
}

// Each calls fn for every row that has a cell, from the top, until fn or the
// context ends it. It may be called again. Blank rows are left out; they count
// in Row.Number.
func (s *Sheet) Each(ctx context.Context, fn func(Row) error) error { return s.each(ctx, fn) }

// Label is the name with the part.
func (s *Sheet) Label() string {
	if s.Part == "" || s.Name == "" {
		return s.Name + s.Part
	}
	return s.Name + " " + s.Part
}

// View is the sheet with each row as see returns it; see may change the row's slice of
// cells and not the cells.
func (s *Sheet) View(part string, see func(Row) Row) *Sheet {
	return &Sheet{Name: s.Name, Part: part, each: func(ctx context.Context, fn func(Row) error) error {
		return s.each(ctx, func(row Row) error { return fn(see(row)) })
	}}
}

// A File is an opened roster.
type File struct {
	Encoding string // utf-8, utf-8-bom, utf-16, gb18030 or xlsx
	Sheets   []*Sheet
	close    func() error
}

// Close releases the file when it was opened by path.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// OpenPath opens the file at path; see Open.
func OpenPath(ctx context.Context, path string, limits Limits) (*File, error) {
	h, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open roster: %w", err)
	}
	info, err := h.Stat()
	if err != nil {
		h.Close()
		return nil, fmt.Errorf("open roster: %w", err)
	}
	if info.IsDir() {
		h.Close()
		return nil, refuse(NotASpreadsheet, errors.New("a folder"))
	}
	f, err := Open(ctx, h, info.Size(), limits)
	if err != nil {
		h.Close()
		return nil, err
	}
	f.close = h.Close
	return f, nil
}

// Open opens a roster of size bytes. Every byte that matters is looked at once
// before Open returns, so that a broken or hostile file is refused here, with a
// *Refusal, and not in the middle of its rows. r must stay readable while the
// file is used.
func Open(ctx context.Context, r io.ReaderAt, size int64, limits Limits) (*File, error) {
	limits = limits.withDefaults()
	head := make([]byte, min(size, 4096))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	switch container(head) {
	case isEmpty:
		return nil, refuse(EmptyFile, nil)
	case isOLE:
		return nil, refuseOLE(r, size)
	case isBIFF:
		return nil, refuse(OldFormat, nil)
	case isZip:
		return openXLSX(ctx, r, size, limits)
	case isOther:
		return nil, refuse(NotASpreadsheet, nil)
	}
	return openText(ctx, r, size)
}
