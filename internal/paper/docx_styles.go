package paper

import (
	"fmt"
	"strings"
)

// style is one paragraph style. Everything is based on Normal: 仿宋 3号, 28 pt between
// lines, without indent.
type style struct {
	id, name string
	font     string // "": as Normal
	size     int    // half points; 0: as Normal
	bold     bool
	red      bool
	align    string // "": both sides
	ind      string // attributes of w:ind
	line     string // attributes of w:spacing
	keep     bool   // keep with next
	outline  int    // level in the outline from 1; 0: none
	border   string // line below: size and colour
	next     string // style of the next paragraph
	loose    bool   // in tables and footers: not on the grid of lines
}

// tight takes a quarter of a point between characters of 16 pt, so that 28 of them fit
// the 156 mm of a line.
const tight = `<w:spacing w:val="-5"/>`

const indentTwo = `w:firstLineChars="200" w:firstLine="640"`

// docxStyleList is the whole style sheet, in order.
var docxStyleList = []style{
	{id: "BodyText", name: "Body Text", ind: indentTwo},
	{id: "Flush", name: "公文顶格", next: "BodyText"},
	{id: "MarkRed", name: "公文红头", font: fontTitle, size: 76, red: true, align: "center", line: `w:before="600" w:after="300" w:line="1000" w:lineRule="exact"`, keep: true},
	{id: "Mark", name: "公文标志", font: fontTitle, size: 44, align: "center", line: `w:after="120" w:line="720" w:lineRule="exact"`, keep: true},
	{id: "SerialRed", name: "公文字号红线", align: "center", line: `w:after="1120" w:line="560" w:lineRule="exact"`, border: `w:sz="18" w:space="6" w:color="C4141B"`, keep: true},
	{id: "Serial", name: "公文字号", align: "center", line: `w:after="560" w:line="560" w:lineRule="exact"`, border: `w:sz="6" w:space="6" w:color="000000"`, keep: true},
	{id: "Title", name: "Title", font: fontTitle, size: 44, align: "center", line: `w:after="560" w:line="720" w:lineRule="exact"`, keep: true, next: "Flush"},
	{id: "Heading1", name: "heading 1", font: fontHei, ind: indentTwo, keep: true, outline: 1, next: "BodyText"},
	{id: "Heading2", name: "heading 2", font: fontKai, ind: indentTwo, keep: true, outline: 2, next: "BodyText"},
	{id: "Heading3", name: "heading 3", bold: true, ind: indentTwo, keep: true, outline: 3, next: "BodyText"},
	{id: "Heading4", name: "heading 4", ind: indentTwo, keep: true, outline: 4, next: "BodyText"},
	{id: "AnnexList", name: "公文附件说明", align: "left", ind: `w:leftChars="600" w:left="1920" w:hangingChars="400" w:hanging="1280"`, line: `w:before="560" w:line="560" w:lineRule="exact"`},
	{id: "AnnexListNext", name: "公文附件说明续", align: "left", ind: `w:leftChars="600" w:left="1920" w:hangingChars="100" w:hanging="320"`},
	{id: "Signer", name: "公文署名", align: "right", line: `w:before="1120" w:line="560" w:lineRule="exact"`},
	{id: "Date", name: "公文日期", align: "right"},
	{id: "AnnexNo", name: "公文附件号", font: fontHei, align: "left", keep: true, next: "AnnexTitle"},
	{id: "AnnexTitle", name: "公文附件标题", font: fontTitle, size: 44, align: "center", line: `w:before="240" w:after="240" w:line="640" w:lineRule="exact"`, keep: true, outline: 1, next: "BodyText"},
	{id: "Caption", name: "caption", font: fontHei, size: 24, align: "center", line: `w:before="120" w:after="60" w:line="400" w:lineRule="exact"`, keep: true},
	{id: "Note", name: "公文表注", size: 24, line: `w:before="60" w:after="120" w:line="400" w:lineRule="exact"`, loose: true},
	{id: "Cell", name: "公文表格", size: 24, align: "center", line: `w:line="360" w:lineRule="exact"`, loose: true},
	{id: "CellHead", name: "公文表头", font: fontHei, size: 24, align: "center", line: `w:line="360" w:lineRule="exact"`, loose: true},
	{id: "CellTotal", name: "公文合计", size: 24, bold: true, align: "center", line: `w:line="360" w:lineRule="exact"`, loose: true},
	{id: "CellSmall", name: "公文小表格", size: 19, align: "center", line: `w:line="300" w:lineRule="exact"`, loose: true},
	{id: "CellHeadSmall", name: "公文小表头", font: fontHei, size: 19, align: "center", line: `w:line="280" w:lineRule="exact"`, loose: true},
	{id: "CellTotalSmall", name: "公文小合计", size: 19, bold: true, align: "center", line: `w:line="300" w:lineRule="exact"`, loose: true},
	{id: "Imprint", name: "公文版记", size: 28, ind: `w:leftChars="100" w:left="280" w:rightChars="100" w:right="280"`, line: `w:line="560" w:lineRule="exact"`, loose: true},
	{id: "Footer", name: "footer", font: fontSong, size: 28, line: `w:line="240" w:lineRule="auto"`, loose: true},
	{id: "Break", name: "公文分节", size: 2, align: "left", line: `w:line="20" w:lineRule="exact"`, loose: true},
}

// docxStyles writes word/styles.xml.
func docxStyles() string {
	var b strings.Builder
	b.WriteString(`<w:styles xmlns:w="` + wordNS + `"><w:docDefaults><w:rPrDefault><w:rPr>` + fonts(fontBody) +
		`<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/><w:pPr><w:widowControl/><w:overflowPunct/>` +
		`<w:spacing w:line="560" w:lineRule="exact"/><w:jc w:val="both"/></w:pPr></w:style>` +
		`<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>` +
		`<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>` +
		`<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="57" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>`)
	for _, s := range docxStyleList {
		b.WriteString(s.xml())
	}
	for _, s := range []struct{ id, props string }{
		{"Lead1", fonts(fontHei)}, {"Lead2", fonts(fontKai)}, {"Lead3", `<w:b/>`}, {"Lead4", ""},
		{"Version", fonts(fontSong) + `<w:color w:val="444444"/><w:sz w:val="16"/><w:szCs w:val="16"/>`},
	} {
		b.WriteString(`<w:style w:type="character" w:customStyle="1" w:styleId="` + s.id + `"><w:name w:val="公文` + s.id + `"/><w:rPr>` + s.props + `</w:rPr></w:style>`)
	}
	b.WriteString(`<w:style w:type="table" w:customStyle="1" w:styleId="Grid"><w:name w:val="公文表"/><w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>`)
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		b.WriteString(`<w:` + side + ` w:val="single" w:sz="4" w:space="0" w:color="000000"/>`)
	}
	b.WriteString(`</w:tblBorders></w:tblPr></w:style></w:styles>`)
	return b.String()
}

// xml writes the style; the order of the elements is that of the schema.
func (s style) xml() string {
	var b strings.Builder
	custom := ""
	if s.name[0] >= 0x80 {
		custom = ` w:customStyle="1"`
	}
	next := s.next
	if next == "" {
		next = s.id
	}
	fmt.Fprintf(&b, `<w:style w:type="paragraph"%s w:styleId="%s"><w:name w:val="%s"/><w:basedOn w:val="Normal"/><w:next w:val="%s"/><w:qFormat/><w:pPr>`, custom, s.id, s.name, next)
	if s.keep {
		b.WriteString(`<w:keepNext/>`)
	}
	if s.border != "" {
		b.WriteString(`<w:pBdr><w:bottom w:val="single" ` + s.border + `/></w:pBdr>`)
	}
	if s.loose {
		b.WriteString(`<w:snapToGrid w:val="0"/>`)
	}
	if s.line != "" {
		b.WriteString(`<w:spacing ` + s.line + `/>`)
	}
	if s.ind != "" {
		b.WriteString(`<w:ind ` + s.ind + `/>`)
	}
	if s.align != "" {
		b.WriteString(`<w:jc w:val="` + s.align + `"/>`)
	}
	if s.outline > 0 {
		fmt.Fprintf(&b, `<w:outlineLvl w:val="%d"/>`, s.outline-1)
	}
	b.WriteString(`</w:pPr><w:rPr>`)
	if s.font != "" {
		b.WriteString(fonts(s.font))
	}
	if s.bold {
		b.WriteString(`<w:b/>`)
	}
	if s.red {
		b.WriteString(`<w:color w:val="C4141B"/>`)
	}
	if s.size == 0 {
		b.WriteString(tight)
	}
	if s.size > 0 {
		fmt.Fprintf(&b, `<w:sz w:val="%d"/><w:szCs w:val="%d"/>`, s.size, s.size)
	}
	b.WriteString(`</w:rPr></w:style>`)
	return b.String()
}

func fonts(name string) string {
	return `<w:rFonts w:ascii="` + name + `" w:hAnsi="` + name + `" w:eastAsia="` + name + `" w:cs="Times New Roman"/>`
}
