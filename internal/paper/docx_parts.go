package paper

import "strings"

const (
	wordNS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	relNS  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packNS = "http://schemas.openxmlformats.org/package/2006"
	typeNS = "application/vnd.openxmlformats-officedocument.wordprocessingml."
)

const docxTypes = `<Types xmlns="` + packNS + `/content-types">` +
	`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
	`<Default Extension="xml" ContentType="application/xml"/>` +
	`<Override PartName="/word/document.xml" ContentType="` + typeNS + `document.main+xml"/>` +
	`<Override PartName="/word/styles.xml" ContentType="` + typeNS + `styles+xml"/>` +
	`<Override PartName="/word/settings.xml" ContentType="` + typeNS + `settings+xml"/>` +
	`<Override PartName="/word/fontTable.xml" ContentType="` + typeNS + `fontTable+xml"/>` +
	`<Override PartName="/word/footer1.xml" ContentType="` + typeNS + `footer+xml"/>` +
	`<Override PartName="/word/footer2.xml" ContentType="` + typeNS + `footer+xml"/>` +
	`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>` +
	`<Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/></Types>`

const docxRels = `<Relationships xmlns="` + packNS + `/relationships">` +
	`<Relationship Id="rId1" Type="` + relNS + `/officeDocument" Target="word/document.xml"/>` +
	`<Relationship Id="rId2" Type="` + packNS + `/relationships/metadata/core-properties" Target="docProps/core.xml"/>` +
	`<Relationship Id="rId3" Type="` + relNS + `/extended-properties" Target="docProps/app.xml"/></Relationships>`

const docxDocumentRels = `<Relationships xmlns="` + packNS + `/relationships">` +
	`<Relationship Id="rId1" Type="` + relNS + `/styles" Target="styles.xml"/>` +
	`<Relationship Id="rId2" Type="` + relNS + `/settings" Target="settings.xml"/>` +
	`<Relationship Id="rId3" Type="` + relNS + `/fontTable" Target="fontTable.xml"/>` +
	`<Relationship Id="rId4" Type="` + relNS + `/footer" Target="footer1.xml"/>` +
	`<Relationship Id="rId5" Type="` + relNS + `/footer" Target="footer2.xml"/></Relationships>`

const docxApp = `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>Learnspace</Application></Properties>`

func docxCore(d Document) string {
	return `<cp:coreProperties xmlns:cp="` + packNS + `/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">` +
		`<dc:title>` + xmlText(flat(d.Title)) + `</dc:title><dc:creator>` + xmlText(d.Signer) + `</dc:creator><dc:language>zh-CN</dc:language>` +
		`<cp:version>` + xmlText(d.Version) + `</cp:version></cp:coreProperties>`
}

// docxSettings: page numbers differ on odd and even pages, and punctuation may hang.
const docxSettings = `<w:settings xmlns:w="` + wordNS + `"><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/>` +
	`<w:drawingGridVerticalSpacing w:val="579"/><w:characterSpacingControl w:val="compressPunctuation"/>` +
	`<w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/><w:ulTrailSpace/><w:doNotExpandShiftReturn/><w:adjustLineHeightInTable/><w:useFELayout/>` +
	`<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>` +
	`<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>`

// Fonts of GB/T 9704, by the names under which offices have them.
const (
	fontTitle = "方正小标宋简体"
	fontHei   = "黑体"
	fontKai   = "楷体_GB2312"
	fontBody  = "仿宋_GB2312"
	fontSong  = "宋体"
)

// docxFonts names for each font what to take where it is not installed: 方正小标宋 is
// commercial, and newer systems have 仿宋 and 楷体 without _GB2312.
func docxFonts() string {
	var b strings.Builder
	b.WriteString(`<w:fonts xmlns:w="` + wordNS + `">`)
	for _, f := range []struct{ name, alt, family, pitch string }{
		{fontTitle, "华文中宋,STZhongsong,宋体,SimSun,Noto Serif CJK SC", "roman", "variable"},
		{fontHei, "SimHei,微软雅黑,Noto Sans CJK SC", "modern", "fixed"},
		{fontKai, "楷体,KaiTi,华文楷体,Noto Serif CJK SC", "modern", "fixed"},
		{fontBody, "仿宋,FangSong,华文仿宋,Noto Serif CJK SC", "modern", "fixed"},
		{fontSong, "SimSun,Noto Serif CJK SC", "roman", "variable"},
	} {
		b.WriteString(`<w:font w:name="` + f.name + `"><w:altName w:val="` + f.alt + `"/><w:charset w:val="86"/><w:family w:val="` + f.family +
			`"/><w:pitch w:val="` + f.pitch + `"/></w:font>`)
	}
	b.WriteString(`</w:fonts>`)
	return b.String()
}

// docxFooter is the page number between dashes, one character from the outer margin:
// at the right on odd pages, at the left on even ones (GB/T 9704 7.5); the version code
// stands at the other side.
func docxFooter(version string, even bool) string {
	jc, ind := "right", `<w:ind w:rightChars="100" w:right="280"/>`
	if even {
		jc, ind = "left", `<w:ind w:leftChars="100" w:left="280"/>`
	}
	code := ""
	if version != "" {
		code = `<w:r><w:rPr><w:rStyle w:val="Version"/></w:rPr><w:t xml:space="preserve">版本码 ` + xmlText(version) + `</w:t></w:r>`
	}
	gap := `<w:r><w:rPr><w:rStyle w:val="Version"/></w:rPr><w:t xml:space="preserve">　　</w:t></w:r>`
	if code == "" {
		gap = ""
	}
	number := `<w:r><w:t xml:space="preserve">— </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>` +
		`<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t xml:space="preserve"> —</w:t></w:r>`
	line := code + gap + number
	if even {
		line = number + gap + code
	}
	return `<w:ftr xmlns:w="` + wordNS + `" xmlns:r="` + relNS + `"><w:p><w:pPr><w:pStyle w:val="Footer"/>` + ind + `<w:jc w:val="` + jc + `"/></w:pPr>` + line + `</w:p></w:ftr>`
}
