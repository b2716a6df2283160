package export

import (
	"archive/zip"
	"encoding/xml"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// A Watermark says in a workbook who has taken it out. It does not stand in CSV.
type Watermark struct {
	Print      string // at the top and the bottom of each printed page
	Background []byte // PNG behind the cells; nil: none
	Hidden     string // a name that no list of names shows; "": none
}

// mark puts the watermark into the sheet, before its rows are streamed.
func (s *stream) mark() error {
	w := s.t.Watermark
	if w == nil {
		return nil
	}
	text := strings.ReplaceAll(clean(w.Print), "&", "&&")
	if r := []rune(text); len(r) > 120 { // a header holds 255 characters with its codes
		text = string(r[:120])
	}
	if err := s.f.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddHeader: "&C" + text, OddFooter: "&L" + text + "&R&P / &N"}); err != nil {
		return err
	}
	if w.Background != nil {
		if err := s.f.SetSheetBackgroundFromBytes(sheet, ".png", w.Background); err != nil {
			return err
		}
	}
	if w.Hidden == "" {
		return nil
	}
	if err := s.f.SetDefinedName(&excelize.DefinedName{Name: w.Hidden, RefersTo: sheet + "!$A$1"}); err != nil {
		return err
	}
	for i := range s.f.WorkBook.DefinedNames.DefinedName {
		if d := &s.f.WorkBook.DefinedNames.DefinedName[i]; d.Name == w.Hidden {
			d.Hidden = true
		}
	}
	return nil
}

// Hidden finds what follows prefix in a name of a workbook; "" where there is
// none, or where the file is no workbook.
func Hidden(r io.ReaderAt, size int64, prefix string) string {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return ""
	}
	f, err := z.Open("xl/workbook.xml")
	if err != nil {
		return ""
	}
	defer f.Close()
	var book struct {
		Names []struct {
			Name string `xml:"name,attr"`
		} `xml:"definedNames>definedName"`
	}
	if xml.NewDecoder(io.LimitReader(f, 4<<20)).Decode(&book) != nil {
		return ""
	}
	for _, n := range book.Names {
		if rest, ok := strings.CutPrefix(n.Name, prefix); ok {
			return rest
		}
	}
	return ""
}
