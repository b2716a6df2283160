package paper

import (
	_ "embed"
	"html"
	"io"
	"math"
	"strings"
)

// css lays out a paper that stands alone. Inside the product's pages the same classes
// come from the product's style sheet.
//
//go:embed paper.css
var css string

// longTable is the number of rows above which a table may break between pages.
const longTable = 24

// keepRunes is the length up to which the last paragraph stays whole beside the
// signature; a longer one breaks, with at least two lines on each page.
const keepRunes = 400

// HTML writes the paper as a page of its own, with its style sheet inside: no script,
// nothing from elsewhere. It fails only when w does.
func HTML(w io.Writer, d Document) error {
	var b strings.Builder
	b.WriteString(`<!doctype html>` + "\n" + `<html lang="zh-CN"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1"><title>` + esc(flat(d.Title)) +
		`</title><style>` + "\n" + css + `</style></head><body><main class="main" id="main">` + "\n")
	b.WriteString(Fragment(d))
	b.WriteString("</main></body></html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// Fragment returns the paper as article elements of class gw, one for the text and one
// for each annex that is printed, to stand in a page that has the style sheet. Every
// text in it is escaped.
func Fragment(d Document) string {
	h := &htmlWriter{}
	printed := 0
	for _, a := range d.Annexes {
		if !a.Apart {
			printed++
		}
	}
	h.open(false, flat(d.Title))
	h.head(d)
	h.body(d)
	if printed == 0 {
		h.end(d)
	}
	h.w("</article>\n")
	for i, a := range d.Annexes {
		if a.Apart {
			continue
		}
		printed--
		label, _ := annexLabel(d.Annexes, i)
		h.open(a.Landscape, label+"　"+a.Title)
		h.w(`<p class="flush gw-annex-no">` + esc(label) + "</p>\n")
		h.w(`<h2 class="gw-annex">` + lines(a.Title) + "</h2>\n")
		h.blocks(a.Blocks, new(numberer))
		if printed == 0 {
			h.end(d)
		}
		h.w("</article>\n")
	}
	return h.String()
}

type htmlWriter struct{ strings.Builder }

func (h *htmlWriter) w(s string) { h.WriteString(s) }

func (h *htmlWriter) open(landscape bool, label string) {
	class := "gw"
	if landscape {
		class = "gw gw-land"
	}
	h.w(`<article class="` + class + `" lang="zh-CN" aria-label="` + esc(label) + `">` + "\n")
}

func (h *htmlWriter) head(d Document) {
	if d.Mark != "" && d.Red {
		h.w(`<p class="gw-mark flush">` + esc(d.Mark) + "</p>\n")
	} else if d.Mark != "" {
		h.w(`<p class="gw-no center flush"><span>` + esc(d.Mark) + "</span></p>\n")
	}
	if d.SerialText != "" {
		h.w(`<p class="gw-no center flush"><span>` + esc(d.SerialText) + "</span></p>\n")
	}
	if d.Mark != "" || d.SerialText != "" {
		class := "gw-rule"
		if !d.Red {
			class = "gw-rule gw-rule-black"
		}
		h.w(`<hr class="` + class + `">` + "\n")
	}
	if d.Title != "" {
		h.w("<h1>" + lines(d.Title) + "</h1>\n")
	}
	if d.Addressees != "" {
		h.w(`<p class="flush">` + lines(d.Addressees) + "</p>\n")
	}
}

// body writes the text, the list of annexes and the signature. The last paragraph, the
// list and the signature keep together, so that no page holds the signature alone.
func (h *htmlWriter) body(d Document) {
	n := new(numberer)
	body := d.Body
	var last []Block
	if k := len(body); k > 0 && keeps(body[k-1]) {
		body, last = body[:k-1], body[k-1:]
	}
	h.blocks(body, n)
	h.w(`<div class="keep">` + "\n")
	h.blocks(last, n)
	for i := range d.Annexes {
		_, line := annexLabel(d.Annexes, i)
		class, word := "gw-list", "附件："
		if i > 0 {
			class, word = "gw-list gw-list-next", ""
		}
		h.w(`<p class="` + class + `">` + word + esc(flat(line)) + "</p>\n")
	}
	if d.Signer != "" || d.Date != "" {
		h.w(`<div class="gw-sign">`)
		for _, s := range []string{d.Signer, d.Date} {
			if s != "" {
				h.w(`<p class="sign">` + lines(s) + "</p>")
			}
		}
		h.w("</div>\n")
	}
	if d.Contact != "" {
		h.w("<p>（" + esc(d.Contact) + "）</p>\n")
	}
	h.w("</div>\n")
}

// keeps says whether the block stays whole on the page of the signature.
func keeps(b Block) bool {
	switch b := b.(type) {
	case Paragraph:
		return len([]rune(b.Text)) <= keepRunes
	case Heading:
		return b.Run != "" && len([]rune(b.Text+b.Run)) <= keepRunes
	}
	return false
}

func (h *htmlWriter) end(d Document) {
	if d.Copies != "" || d.Issuer != "" {
		h.w(`<div class="gw-end">`)
		if d.Copies != "" {
			h.w("<p>抄送：" + esc(d.Copies) + "</p>")
		}
		if d.Issuer != "" || d.IssuedOn != "" {
			h.w(`<p class="gw-issue"><span>` + esc(d.Issuer) + "</span><span>" + esc(d.IssuedOn) + "印发</span></p>")
		}
		h.w("</div>\n")
	}
	if d.Version != "" {
		h.w(`<p class="gw-foot"><span>版本码 ` + esc(d.Version) + "</span></p>\n")
	}
}

func (h *htmlWriter) blocks(blocks []Block, n *numberer) {
	for _, b := range blocks {
		switch b := b.(type) {
		case Heading:
			h.heading(b, n.label(b))
		case Paragraph:
			if b.Flush {
				h.w(`<p class="flush">` + lines(b.Text) + "</p>\n")
			} else {
				h.w("<p>" + lines(b.Text) + "</p>\n")
			}
		case Note:
			h.w(`<p class="note flush">` + lines(b.Text) + "</p>\n")
		case Table:
			h.table(b)
		}
	}
}

func (h *htmlWriter) heading(b Heading, number string) {
	text := esc(number) + lines(b.Text)
	switch {
	case b.Run != "" && b.Level == 1:
		h.w(`<p><span class="hei">` + text + "</span>" + lines(b.Run) + "</p>\n")
	case b.Run != "" && b.Level == 2:
		h.w(`<p><span class="kai">` + text + "</span>" + lines(b.Run) + "</p>\n")
	case b.Run != "":
		h.w("<p>" + text + lines(b.Run) + "</p>\n")
	case b.Level <= 1:
		h.w("<h2>" + text + "</h2>\n")
	case b.Level == 2:
		h.w("<h3>" + text + "</h3>\n")
	default:
		h.w(`<h4 class="gw-h4">` + text + "</h4>\n")
	}
}

func (h *htmlWriter) table(t Table) {
	wrap, class := "table-wrap", ""
	if t.wide() {
		wrap += " wide"
	}
	if len(t.Rows) > longTable {
		wrap += " long"
	}
	if t.Form {
		class = ` class="form"`
	}
	label := flat(t.Caption)
	if label == "" {
		label = "表"
	}
	h.w(`<div class="` + wrap + `" role="region" aria-label="` + esc(label) + `" tabindex="0"><table` + class + `>`)
	if t.Caption != "" {
		h.w("<caption>" + lines(t.Caption) + "</caption>")
	}
	if t.Form || len(t.Widths) > 0 {
		h.w("<colgroup>")
		for _, share := range t.shares() {
			// An attribute, not a style: a page may forbid styles inside it.
			h.w(`<col width="` + itoa(int64(math.Round(share*100))) + `%">`)
		}
		h.w("</colgroup>")
	}
	h.rows("thead", t.Head, true)
	h.rows("tbody", t.Rows, false)
	if t.Total != nil {
		h.rows("tfoot", [][]Cell{t.Total}, false)
	}
	h.w("</table></div>\n")
	for _, note := range t.Notes {
		h.w(`<p class="note flush">` + lines(note) + "</p>\n")
	}
}

func (h *htmlWriter) rows(part string, rows [][]Cell, head bool) {
	if len(rows) == 0 {
		return
	}
	cells, _ := place(rows)
	h.w("<" + part + ">")
	for _, row := range byRow(cells, len(rows)) {
		h.w("<tr>")
		for _, c := range row {
			h.cell(c, head)
		}
		h.w("</tr>")
	}
	h.w("</" + part + ">")
}

func (h *htmlWriter) cell(c placed, head bool) {
	tag, attrs := "td", ""
	switch {
	case head && c.cols > 1:
		tag, attrs = "th", ` scope="colgroup"`
	case head:
		tag, attrs = "th", ` scope="col"`
	case c.header && c.rows > 1:
		tag, attrs = "th", ` scope="rowgroup"`
	case c.header:
		tag, attrs = "th", ` scope="row"`
	}
	if c.cols > 1 {
		attrs += ` colspan="` + itoa(int64(c.cols)) + `"`
	}
	if c.rows > 1 {
		attrs += ` rowspan="` + itoa(int64(c.rows)) + `"`
	}
	if !head && c.header && !c.left {
		attrs += ` class="c"`
	}
	h.w("<" + tag + attrs + ">" + lines(c.text) + "</" + tag + ">")
}

func esc(s string) string { return html.EscapeString(s) }

// lines escapes a text and turns its line feeds into breaks.
func lines(s string) string { return strings.ReplaceAll(esc(s), "\n", "<br>") }

// flat is a text in one line.
func flat(s string) string { return strings.ReplaceAll(s, "\n", "") }
