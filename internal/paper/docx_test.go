package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func docx(t *testing.T, d Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := DOCX(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parts(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}

// outline reads document.xml as a person does: a line for each paragraph with its style,
// a line for each row of a table with its cells, a line for each section.
func outline(t *testing.T, document string) string {
	t.Helper()
	var b strings.Builder
	var text, style string
	var cells []string
	inCell, inRun, span, down, header := false, false, "", "", ""
	dec := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			val := ""
			for _, a := range e.Attr {
				if a.Name.Local == "val" {
					val = a.Value
				}
			}
			switch e.Name.Local {
			case "p":
				text, style = "", ""
			case "pStyle":
				style = val
			case "rStyle":
				text += "{" + val + "}"
			case "keepNext":
				style += "+"
			case "tab":
				if inRun {
					text += "⇥"
				}
			case "r":
				inRun = true
			case "br":
				text += "⏎"
			case "tblHeader":
				header = " head"
			case "gridSpan":
				span = "×" + val
			case "vMerge":
				down = "↓"
				if val == "" {
					down = "↑"
				}
			case "tc":
				inCell, span, down = true, "", ""
			case "pgSz":
				for _, a := range e.Attr {
					if a.Name.Local == "orient" {
						val = " " + a.Value
					}
				}
				b.WriteString("==== section" + val + "\n")
			}
		case xml.CharData:
			text += string(e)
		case xml.EndElement:
			switch e.Name.Local {
			case "p":
				if inCell {
					cells = append(cells, text+span+down)
				} else {
					b.WriteString("[" + style + "] " + text + "\n")
				}
			case "r":
				inRun = false
			case "tc":
				inCell = false
			case "tr":
				b.WriteString("|" + header + " " + strings.Join(cells, " | ") + "  [" + style + "]\n")
				cells, header = nil, ""
			}
		}
	}
}

func TestDOCXGolden(t *testing.T) {
	t.Parallel()
	all := parts(t, docx(t, sample()))
	golden(t, "bulletin.docx.txt", outline(t, all["word/document.xml"]))
	if strings.Contains(all["word/document.xml"], "不在此印出") {
		t.Error("an annex that is sent by itself is printed")
	}
}

// Every part is well-formed XML, every part is declared, every style that is used exists.
func TestDOCXParts(t *testing.T) {
	t.Parallel()
	all := parts(t, docx(t, sample()))
	if len(all) != 11 {
		t.Errorf("%d parts", len(all))
	}
	for name, text := range all {
		dec := xml.NewDecoder(strings.NewReader(text))
		for {
			_, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if strings.HasSuffix(name, ".rels") || name == "[Content_Types].xml" {
			continue
		}
		if !strings.Contains(all["[Content_Types].xml"], `PartName="/`+name+`"`) {
			t.Errorf("%s has no content type", name)
		}
	}
	for _, kind := range []string{"pStyle", "rStyle", "tblStyle"} {
		for _, piece := range strings.Split(all["word/document.xml"], "<w:"+kind+` w:val="`)[1:] {
			id := piece[:strings.IndexByte(piece, '"')]
			if !strings.Contains(all["word/styles.xml"], `w:styleId="`+id+`"`) {
				t.Errorf("%s %s is not in the style sheet", kind, id)
			}
		}
	}
	for _, want := range []string{`w:top="2098" w:right="1474" w:bottom="1984" w:left="1587"`, `w:orient="landscape"`, `w:linePitch="579"`} {
		if !strings.Contains(all["word/document.xml"], want) {
			t.Errorf("no %s", want)
		}
	}
	if !strings.Contains(all["word/footer1.xml"], "版本码 7K2M-Q9XD") || !strings.Contains(all["word/footer1.xml"], " PAGE ") {
		t.Error("footer without version code or page number")
	}
}

func TestDOCXSameBytes(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(docx(t, sample()), docx(t, sample())) {
		t.Error("two writings differ")
	}
}

func TestDOCXEmptyAndHostile(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Document{
		"empty":   {},
		"hostile": {Title: "<w:p>&\x00\x0b]]>", Body: []Block{Paragraph{Text: "\"'<>&\x01"}, Table{}, Table{Rows: [][]Cell{{}, {Text("a"), Text("b")}}}}, Annexes: []Annex{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outline(t, parts(t, docx(t, d))["word/document.xml"])
		})
	}
}
