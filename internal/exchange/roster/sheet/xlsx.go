package sheet

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"learnspace/internal/archive"
)

// errTooLarge is a workbook that unpacks to more than the limits allow.
var errTooLarge = archive.ErrLarge

// workbook is an opened XLSX container.
type workbook struct {
	files    map[string]*zip.File // by lower-case name with forward slashes
	limits   Limits
	strings  sharedStrings
	formats  []numberFormat // by style index
	date1904 bool
	sheets   []sheetRef
}

type sheetRef struct {
	name, id, part string
	hidden         bool
}

func openXLSX(ctx context.Context, r io.ReaderAt, size int64, limits Limits) (*File, error) {
	w := &workbook{limits: limits}
	var err error
	// Workbooks hold workbooks of charts; no part but the sheets is opened.
	w.files, err = archive.Open(r, size, archive.Limits{Unpacked: limits.Unpacked, Ratio: limits.Ratio, From: limits.From, Nested: true})
	if err != nil {
		return nil, w.refusal(err)
	}
	if err := w.load(); err != nil {
		return nil, w.refusal(err)
	}
	file := &File{Encoding: "xlsx"}
	for _, ref := range w.sheets {
		if ref.hidden {
			continue
		}
		s, err := w.sheet(ctx, ref)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, w.refusal(err)
		}
		if s != nil {
			file.Sheets = append(file.Sheets, s)
		}
	}
	if len(file.Sheets) == 0 {
		return nil, refuse(EmptyFile, nil)
	}
	return file, nil
}

// refusal is the code of why a workbook is refused.
func (w *workbook) refusal(err error) error {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return err
	case errors.Is(err, errTooLarge), errors.Is(err, archive.ErrEntries):
		return refuse(TooLargeUnpacked, err)
	case errors.Is(err, archive.ErrLocked):
		return refuse(Encrypted, err)
	}
	return refuse(NotASpreadsheet, err)
}

// part opens one entry; reading more than its declared size is an error.
func (w *workbook) part(name string) (io.ReadCloser, bool, error) {
	f, ok := w.files[strings.ToLower(strings.TrimPrefix(name, "/"))]
	if !ok {
		return nil, false, nil
	}
	rc, err := archive.Entry(f)
	if err != nil {
		return nil, false, fmt.Errorf("open part %s: %w", name, err)
	}
	return rc, true, nil
}

// scan runs fn over the tokens of a part that may be missing.
func (w *workbook) scan(name string, fn func(x *xmlScanner, kind xmlKind) error) (bool, error) {
	rc, ok, err := w.part(name)
	if !ok || err != nil {
		return false, err
	}
	defer rc.Close()
	x := newXML(rc)
	for {
		kind, err := x.next()
		if err != nil {
			return true, fmt.Errorf("part %s: %w", name, err)
		}
		if kind == xmlEOF {
			return true, nil
		}
		if err := fn(x, kind); err != nil {
			return true, err
		}
	}
}

// relation is a line of a .rels part.
type relation struct{ id, kind, target string }

func (w *workbook) relations(name, base string) ([]relation, error) {
	var out []relation
	_, err := w.scan(name, func(x *xmlScanner, kind xmlKind) error {
		if kind == xmlStart && string(x.name) == "Relationship" {
			target := strings.ReplaceAll(x.attr("Target"), `\`, "/")
			if strings.HasPrefix(target, "/") {
				target = target[1:]
			} else {
				target = path.Join(base, target)
			}
			kind := x.attr("Type")
			out = append(out, relation{x.attr("Id"), kind[strings.LastIndexByte(kind, '/')+1:], target})
		}
		return nil
	})
	return out, err
}

func (w *workbook) load() error {
	main := "xl/workbook.xml"
	root, err := w.relations("_rels/.rels", "")
	if err != nil {
		return err
	}
	for _, r := range root {
		if r.kind == "officeDocument" {
			main = r.target
		}
	}
	base := path.Dir(main)
	rels, err := w.relations(path.Join(base, "_rels", path.Base(main)+".rels"), base)
	if err != nil {
		return err
	}
	isWorkbook := false
	if _, err := w.scan(main, func(x *xmlScanner, kind xmlKind) error {
		if kind != xmlStart {
			return nil
		}
		switch string(x.name) {
		case "workbook":
			isWorkbook = true
		case "workbookPr":
			w.date1904 = truth(x.attr("date1904"))
		case "sheet":
			w.addSheet(x, rels)
		}
		return nil
	}); err != nil {
		return err
	}
	if !isWorkbook || len(w.sheets) == 0 {
		return refuse(NotASpreadsheet, errors.New("no workbook inside"))
	}
	shared, styles := path.Join(base, "sharedStrings.xml"), path.Join(base, "styles.xml")
	for _, r := range rels {
		switch r.kind {
		case "sharedStrings":
			shared = r.target
		case "styles":
			styles = r.target
		}
	}
	if err := w.loadStrings(shared); err != nil {
		return err
	}
	return w.loadStyles(styles)
}

func (w *workbook) addSheet(x *xmlScanner, rels []relation) {
	ref := sheetRef{name: x.attr("name"), id: x.attr("id")}
	state := x.attr("state")
	ref.hidden = state == "hidden" || state == "veryHidden"
	for _, r := range rels {
		if r.id == ref.id {
			if r.kind != "worksheet" { // a chart or a dialog
				return
			}
			ref.part = r.target
		}
	}
	if ref.part != "" {
		w.sheets = append(w.sheets, ref)
	}
}

func truth(s string) bool { return s == "1" || s == "true" || s == "on" }

// sharedStrings holds the workbook's texts in one string, cut up by offsets.
type sharedStrings struct {
	text string
	ends []uint32
}

func (s *sharedStrings) at(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	from := uint32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.text[from:s.ends[i]], true
}

func (w *workbook) loadStrings(name string) error {
	var b strings.Builder
	var item []byte
	inText, phonetic := false, false
	_, err := w.scan(name, func(x *xmlScanner, kind xmlKind) error {
		switch kind {
		case xmlStart:
			switch string(x.name) {
			case "si":
				item = item[:0]
				if x.empty {
					w.strings.ends = append(w.strings.ends, uint32(b.Len()))
				}
			case "t":
				inText = !x.empty && !phonetic
			case "rPh":
				phonetic = !x.empty
			}
		case xmlText:
			if inText {
				item = append(item, x.text...)
			}
		case xmlEnd:
			switch string(x.name) {
			case "t":
				inText = false
			case "rPh":
				phonetic = false
			case "si":
				b.Write(control(item))
				if int64(b.Len()) > w.limits.Strings {
					return errTooLarge
				}
				w.strings.ends = append(w.strings.ends, uint32(b.Len()))
			}
		}
		return nil
	})
	w.strings.text = b.String()
	return err
}

func (w *workbook) loadStyles(name string) error {
	custom := map[int]numberFormat{}
	inCells := false
	_, err := w.scan(name, func(x *xmlScanner, kind xmlKind) error {
		switch {
		case kind == xmlEnd && string(x.name) == "cellXfs":
			inCells = false
		case kind != xmlStart:
		case string(x.name) == "numFmt":
			if id, err := strconv.Atoi(x.attr("numFmtId")); err == nil {
				custom[id] = parseFormat(x.attr("formatCode"))
			}
		case string(x.name) == "cellXfs":
			inCells = !x.empty
		case string(x.name) == "xf" && inCells:
			id, _ := strconv.Atoi(x.attr("numFmtId"))
			f, ok := custom[id]
			if !ok {
				f = builtinFormat(id)
			}
			w.formats = append(w.formats, f)
		}
		return nil
	})
	return err
}

func (w *workbook) format(style int) numberFormat {
	if style < 0 || style >= len(w.formats) {
		return generalFormat
	}
	return w.formats[style]
}
