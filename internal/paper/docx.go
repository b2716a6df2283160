package paper

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// Lengths in twips (1/20 pt; 1 mm = 56.69).
const (
	pageShort  = 11906 // 210 mm
	pageLong   = 16838 // 297 mm
	lineExact  = 560   // 28 pt between lines
	textWidth  = pageShort - 1587 - 1474
	landWidth  = pageLong - 2*1247
	charIndent = 320 // one character in 3号
)

// portrait and landscape are the section settings: the margins of GB/T 9704 5.2.1, and
// narrower ones for wide tables. The grid counts lines only: LibreOffice widens the text
// on a grid of characters, so the 28 characters of a line come from tight (see style).
const (
	portrait = `<w:pgSz w:w="11906" w:h="16838"/>` +
		`<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1587" w:header="851" w:footer="1304" w:gutter="0"/>` +
		`<w:docGrid w:type="lines" w:linePitch="579"/>`
	landscape = `<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>` +
		`<w:pgMar w:top="1474" w:right="1247" w:bottom="1361" w:left="1247" w:header="851" w:footer="794" w:gutter="0"/>`
)

// docxTime stands on every part of the archive, so that the bytes depend on the
// document alone. It is the first day a ZIP archive can name.
var docxTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// DOCX writes the paper as an Office Open XML document (ECMA-376, ISO/IEC 29500
// transitional) for Word, WPS and LibreOffice: named styles, a section for each annex,
// head rows that repeat, page numbers that alternate. It fails only when w does.
func DOCX(w io.Writer, d Document) error {
	z := zip.NewWriter(w)
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", docxTypes},
		{"_rels/.rels", docxRels},
		{"docProps/core.xml", docxCore(d)},
		{"docProps/app.xml", docxApp},
		{"word/document.xml", docxBody(d)},
		{"word/_rels/document.xml.rels", docxDocumentRels},
		{"word/styles.xml", docxStyles()},
		{"word/settings.xml", docxSettings},
		{"word/fontTable.xml", docxFonts()},
		{"word/footer1.xml", docxFooter(d.Version, false)},
		{"word/footer2.xml", docxFooter(d.Version, true)},
	} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: docxTime})
		if err != nil {
			return fmt.Errorf("write %s: %w", part.name, err)
		}
		if _, err := io.WriteString(f, xml.Header+part.text); err != nil {
			return fmt.Errorf("write %s: %w", part.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("close document: %w", err)
	}
	return nil
}

// docxWriter builds word/document.xml.
type docxWriter struct {
	strings.Builder
	width int // of the text on the page, in twips
}

func docxBody(d Document) string {
	x := &docxWriter{width: textWidth}
	x.WriteString(`<w:document xmlns:w="` + wordNS + `" xmlns:r="` + relNS + `"><w:body>`)
	x.head(d)
	x.text(d)
	section := portrait
	for i, a := range d.Annexes {
		if a.Apart {
			continue
		}
		x.WriteString(`<w:p><w:pPr><w:pStyle w:val="Break"/><w:sectPr>` + docxSection(section) + `</w:sectPr></w:pPr></w:p>`)
		section, x.width = portrait, textWidth
		if a.Landscape {
			section, x.width = landscape, landWidth
		}
		label, _ := annexLabel(d.Annexes, i)
		x.p("AnnexNo", "", run{text: label})
		x.p("AnnexTitle", "", run{text: a.Title})
		x.blocks(a.Blocks, new(numberer), false)
	}
	x.imprint(d)
	x.WriteString(`<w:sectPr>` + docxSection(section) + `</w:sectPr></w:body></w:document>`)
	return x.String()
}

func docxSection(page string) string {
	return `<w:footerReference w:type="default" r:id="rId4"/><w:footerReference w:type="even" r:id="rId5"/>` +
		`<w:type w:val="nextPage"/>` + page
}

// run is a piece of text; style names a character style.
type run struct{ text, style string }

// p writes a paragraph; props are further properties, in the order of the schema.
func (x *docxWriter) p(style, props string, runs ...run) {
	x.WriteString(`<w:p><w:pPr><w:pStyle w:val="` + style + `"/>` + props + `</w:pPr>`)
	for _, r := range runs {
		x.run(r)
	}
	x.WriteString(`</w:p>`)
}

func (x *docxWriter) run(r run) {
	if r.text == "" {
		return
	}
	x.WriteString(`<w:r>`)
	if r.style != "" {
		x.WriteString(`<w:rPr><w:rStyle w:val="` + r.style + `"/></w:rPr>`)
	}
	for i, line := range strings.Split(r.text, "\n") {
		if i > 0 {
			x.WriteString(`<w:br/>`)
		}
		for j, piece := range strings.Split(line, "\t") {
			if j > 0 {
				x.WriteString(`<w:tab/>`)
			}
			if piece != "" {
				x.WriteString(`<w:t xml:space="preserve">` + xmlText(piece) + `</w:t>`)
			}
		}
	}
	x.WriteString(`</w:r>`)
}

func (x *docxWriter) head(d Document) {
	if d.Mark != "" {
		style := "Mark"
		if d.Red {
			style = "MarkRed"
		}
		x.p(style, "", run{text: d.Mark})
	}
	if d.Mark != "" || d.SerialText != "" {
		style := "Serial"
		if d.Red {
			style = "SerialRed"
		}
		x.p(style, "", run{text: d.SerialText})
	}
	if d.Title != "" {
		x.p("Title", "", run{text: d.Title})
	}
	if d.Addressees != "" {
		x.p("Flush", "", run{text: d.Addressees})
	}
}

// text writes the body, the list of annexes and the signature; what stands before the
// signature keeps with it, so that no page holds the signature alone.
func (x *docxWriter) text(d Document) {
	signed := d.Signer != "" || d.Date != ""
	x.blocks(d.Body, new(numberer), signed || len(d.Annexes) > 0)
	keep := ""
	if signed {
		keep = `<w:keepNext/>`
	}
	for i := range d.Annexes {
		_, line := annexLabel(d.Annexes, i)
		style, word := "AnnexList", "附件："
		if i > 0 {
			style, word = "AnnexListNext", ""
		}
		x.p(style, keep, run{text: word + flat(line)})
	}
	if signed {
		x.signature(d)
	}
	if d.Contact != "" {
		x.p("BodyText", "", run{text: "（" + d.Contact + "）"})
	}
}

// signature writes the signer centred over the date, and the date four characters from
// the right margin, moved in where a long name needs it (GB/T 9704 7.3.5.1).
func (x *docxWriter) signature(d Document) {
	signer, date := ems(d.Signer), ems(d.Date)
	right := max(4, 2+(signer-date)/2)
	indent := func(chars float64) string {
		return fmt.Sprintf(`<w:ind w:rightChars="%d" w:right="%d"/>`, int(math.Round(chars*100)), int(math.Round(chars*charIndent)))
	}
	if d.Signer != "" {
		keep := ""
		if d.Date != "" || d.Contact != "" {
			keep = `<w:keepNext/>`
		}
		x.p("Signer", keep+indent(right+(date-signer)/2), run{text: d.Signer})
	}
	if d.Date != "" {
		keep := ""
		if d.Contact != "" {
			keep = `<w:keepNext/>`
		}
		x.p("Date", keep+indent(right), run{text: d.Date})
	}
}

// blocks writes blocks; with keep the last one stays with what follows.
func (x *docxWriter) blocks(blocks []Block, n *numberer, keep bool) {
	for i, b := range blocks {
		props := ""
		if keep && i == len(blocks)-1 {
			props = `<w:keepNext/>`
		}
		switch b := b.(type) {
		case Heading:
			x.heading(b, n.label(b), props)
		case Paragraph:
			style := "BodyText"
			if b.Flush {
				style = "Flush"
			}
			x.p(style, props, run{text: b.Text})
		case Note:
			x.p("Note", props, run{text: b.Text})
		case Table:
			x.table(b)
		}
	}
}

func (x *docxWriter) heading(b Heading, number, props string) {
	level := min(max(b.Level, 1), 4)
	if b.Run == "" {
		x.p("Heading"+itoa(int64(level)), "", run{text: number + b.Text})
		return
	}
	x.p("BodyText", props, run{text: number + b.Text, style: "Lead" + itoa(int64(level))}, run{text: b.Run})
}

// imprint writes 版记 at the foot of the last page, between its lines (GB/T 9704 7.4).
func (x *docxWriter) imprint(d Document) {
	var rows []string
	if d.Copies != "" {
		rows = append(rows, "抄送："+d.Copies)
	}
	if d.Issuer != "" || d.IssuedOn != "" {
		rows = append(rows, d.Issuer+"\t"+d.IssuedOn+"印发")
	}
	if len(rows) == 0 {
		return
	}
	w := itoa(int64(x.width))
	x.WriteString(`<w:tbl><w:tblPr><w:tblpPr w:vertAnchor="margin" w:horzAnchor="margin" w:tblpXSpec="center" w:tblpYSpec="bottom"/>` +
		`<w:tblOverlap w:val="never"/><w:tblW w:w="` + w + `" w:type="dxa"/><w:tblBorders><w:top w:val="single" w:sz="8" w:space="0" w:color="000000"/>` +
		`<w:bottom w:val="single" w:sz="8" w:space="0" w:color="000000"/><w:insideH w:val="single" w:sz="6" w:space="0" w:color="000000"/></w:tblBorders>` +
		`<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>` +
		`<w:tblGrid><w:gridCol w:w="` + w + `"/></w:tblGrid>`)
	for _, row := range rows {
		x.WriteString(`<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc><w:tcPr><w:tcW w:w="` + w + `" w:type="dxa"/></w:tcPr>`)
		x.p("Imprint", `<w:tabs><w:tab w:val="right" w:pos="`+itoa(int64(x.width-280))+`"/></w:tabs>`, run{text: row})
		x.WriteString(`</w:tc></w:tr>`)
	}
	x.WriteString(`</w:tbl>`)
	x.p("Break", "")
}

// xmlText escapes a text; characters that XML 1.0 cannot hold become U+FFFD.
func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}
