package paper

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

func workbookOf(t *testing.T, d Document) (*excelize.File, []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := XLSX(&b, d); err != nil {
		t.Fatal(err)
	}
	data := bytes.Clone(b.Bytes())
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, data
}

// sheetText shows a workbook as text: a line a row, with the raw value and the type of
// each cell (s text, n number), then merged cells, panes, print titles and layout.
func sheetText(t *testing.T, f *excelize.File) string {
	t.Helper()
	var b strings.Builder
	for _, name := range f.GetSheetList() {
		fmt.Fprintf(&b, "==== %s\n", name)
		rows, err := f.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range rows {
			for x := range row {
				cell, _ := excelize.CoordinatesToCellName(x+1, y+1)
				kind, err := f.GetCellType(name, cell)
				if err != nil {
					t.Fatal(err)
				}
				mark := "n"
				if kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString {
					mark = "s"
				}
				if row[x] == "" {
					mark = ""
				}
				row[x] = mark + ":" + strings.ReplaceAll(row[x], "\n", "⏎")
			}
			b.WriteString(strings.Join(row, " | ") + "\n")
		}
		merged, err := f.GetMergeCells(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range merged {
			b.WriteString(m.GetStartAxis() + ":" + m.GetEndAxis() + " ")
		}
		panes, err := f.GetPanes(name)
		if err != nil {
			t.Fatal(err)
		}
		layout, err := f.GetPageLayout(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\nfrozen %v at %s, paper %d %s, %d pages wide\n", panes.Freeze, panes.TopLeftCell, *layout.Size, *layout.Orientation, *layout.FitToWidth)
	}
	for _, n := range f.GetDefinedName() {
		fmt.Fprintf(&b, "%s %s = %s\n", n.Scope, n.Name, n.RefersTo)
	}
	return b.String()
}

func TestXLSXGolden(t *testing.T) {
	t.Parallel()
	f, data := workbookOf(t, sample())
	golden(t, "bulletin.xlsx.txt", sheetText(t, f))
	if _, again := workbookOf(t, sample()); !bytes.Equal(data, again) {
		t.Error("two writings differ")
	}
}

func TestXLSXNeverAFormula(t *testing.T) {
	t.Parallel()
	evil := []string{"=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "\t=1", "0012", "2.20102E+17"}
	row := make([]Cell, len(evil))
	for i, s := range evil {
		row[i] = Text(s)
	}
	f, _ := workbookOf(t, Document{Title: "=1", Body: []Block{Table{Caption: "=2", Rows: [][]Cell{row}, Notes: []string{"=3"}}}})
	name := f.GetSheetName(0)
	rows, err := f.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"=2"}, evil, {"=3"}}, rows); diff != "" {
		t.Error(diff)
	}
	for i := range evil {
		cell, _ := excelize.CoordinatesToCellName(i+1, 2)
		if formula, _ := f.GetCellFormula(name, cell); formula != "" {
			t.Errorf("%s is a formula: %s", cell, formula)
		}
		if kind, _ := f.GetCellType(name, cell); kind != excelize.CellTypeSharedString {
			t.Errorf("%s is no text: %v", cell, kind)
		}
	}
}

func TestXLSXSheetNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 40)
	tables := []Block{}
	for _, name := range []string{"表1/2 [a]*?:\\", "a", "A", long, long, "", "'q'", strings.Repeat("𬱖", 20)} {
		tables = append(tables, Table{Sheet: name, Rows: [][]Cell{{Int(1)}}})
	}
	f, _ := workbookOf(t, Document{Body: tables})
	want := []string{"表1_2 _a_____", "a", "A（2）", strings.Repeat("长", 31), strings.Repeat("长", 28) + "（2）", "表", "q", strings.Repeat("𬱖", 15)}
	if diff := cmp.Diff(want, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
}

func TestXLSXWithoutTables(t *testing.T) {
	t.Parallel()
	f, _ := workbookOf(t, Document{Title: "关于\n通报", Body: []Block{Paragraph{Text: "正文"}}})
	if got, _ := f.GetCellValue(f.GetSheetName(0), "A1"); got != "关于通报" {
		t.Errorf("A1 = %q", got)
	}
}
