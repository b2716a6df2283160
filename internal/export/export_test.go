package export

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

type name string

func (n name) String() string { return "名" + string(n) }

func figures() Table {
	return Table{
		Title: "实名空间", Notes: []string{"截至2019年10月31日24时", "=2"},
		Columns: []Column{{Title: "地区", Width: 20}, {Title: "实名"}, {Title: "率（%）", Decimals: 1}, {Title: "证件"}},
		Rows: Rows([][]any{
			{"长春市", 12, 95.5, nil},
			{name("一"), int64(0), "—", "=HYPERLINK(1)"},
			{"\"a\",\nb", int32(-3), 100.0, int64(2201022010030700131)},
			{true},
		}),
	}
}

func write(t *testing.T, f func() ([]byte, error)) []byte {
	t.Helper()
	first, err := f()
	if err != nil {
		t.Fatal(err)
	}
	again, err := f()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Error("two writings differ")
	}
	return first
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	data := write(t, func() ([]byte, error) {
		var b bytes.Buffer
		err := XLSX(&b, figures())
		return b.Bytes(), err
	})
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"实名空间"}, {"截至2019年10月31日24时"}, {"=2"}, {"地区", "实名", "率（%）", "证件"},
		{"长春市", "12", "95.5"}, {"名一", "0", "—", "=HYPERLINK(1)"}, {"\"a\",\nb", "-3", "100.0", "2201022010030700131"}, {"1"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	if formula, _ := f.GetCellFormula(sheet, "D6"); formula != "" {
		t.Errorf("D6 is a formula: %s", formula)
	}
	for cell, text := range map[string]bool{"A5": true, "B5": false, "C5": false, "D6": true, "D7": true, "A3": true} {
		kind, err := f.GetCellType(sheet, cell)
		if err != nil {
			t.Fatal(err)
		}
		if got := kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString; got != text {
			t.Errorf("%s is text: %v", cell, got)
		}
	}
	panes, err := f.GetPanes(sheet)
	if err != nil || !panes.Freeze || panes.YSplit != 4 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	layout, err := f.GetPageLayout(sheet)
	if err != nil || *layout.Orientation != "landscape" || *layout.Size != 9 {
		t.Errorf("layout %+v, %v", layout, err)
	}
	names := f.GetDefinedName()
	if len(names) != 1 || names[0].RefersTo != "Sheet1!$4:$4" {
		t.Errorf("names %v", names)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	data := write(t, func() ([]byte, error) {
		var b bytes.Buffer
		err := CSV(&b, figures())
		return b.Bytes(), err
	})
	text, bom := bytes.CutPrefix(data, []byte("\uFEFF"))
	if !bom {
		t.Error("no byte order mark")
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"地区", "实名", "率（%）", "证件"}, {"长春市", "12", "95.5", ""}, {"名一", "0", "—", "'=HYPERLINK(1)"},
		{"\"a\",\nb", "-3", "100.0", "2201022010030700131"}, {"1", "", "", ""},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for text, changed := range map[string]bool{
		"": false, "王小明": false, "a=1": false, "1-2": false, "'=1": false, "—": false, "（-）": false,
		"=1": true, "+1": true, "-1": true, "@a": true, "\t=1": true, "\r=1": true, " =1": true, "　＝1": true, "\"=1": true,
	} {
		if got := harmless(text); (got != text) != changed {
			t.Errorf("harmless(%q) = %q", text, got)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	columns := []Column{{Title: "a"}}
	for _, tc := range []struct {
		name  string
		table Table
		want  string
	}{
		{"too many values", Table{Columns: columns, Rows: Rows([][]any{{1}, {1, 2}})}, "row 2: 2 values for 1 columns"},
		{"strange value", Table{Columns: columns, Rows: Rows([][]any{{[]int{1}}})}, "row 1, column 1: a cell cannot hold []int"},
		{"rows end in an error", Table{Columns: columns, Rows: func(yield func([]any, error) bool) {
			_ = yield([]any{1}, nil) && yield(nil, broken)
		}}, "row 2: broken"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			for kind, err := range map[string]error{"xlsx": XLSX(&b, tc.table), "csv": CSV(&b, tc.table)} {
				if err == nil || err.Error() != tc.want {
					t.Errorf("%s: %v, want %s", kind, err, tc.want)
				}
			}
		})
	}
}

func TestStrangeText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	long := strings.Repeat("𬱖", 40000)
	err := XLSX(&b, Table{Columns: []Column{{Title: "a"}}, Rows: Rows([][]any{{"a\x00b\x0b<&>\xff"}, {long}, {"阿卜杜·热合曼㛃𬱖"}})})
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, want := range map[string]string{"A2": "ab<&>\uFFFD", "A4": "阿卜杜·热合曼㛃𬱖"} {
		if got, _ := f.GetCellValue(sheet, cell); got != want {
			t.Errorf("%s = %q, want %q", cell, got, want)
		}
	}
	if got, _ := f.GetCellValue(sheet, "A3"); len([]rune(got)) != maxText/2 {
		t.Errorf("A3 has %d characters", len([]rune(got)))
	}
}

// A table of any length may be written: rows come from the iterator one by one.
func TestManyRows(t *testing.T) {
	t.Parallel()
	const n = 20000
	var b bytes.Buffer
	err := XLSX(&b, Table{Columns: []Column{{Title: "a"}, {Title: "b"}}, Rows: func(yield func([]any, error) bool) {
		for i := range n {
			if !yield([]any{i, fmt.Sprint("行", i)}, nil) {
				return
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, _ := f.GetCellValue(sheet, fmt.Sprint("B", n+1)); got != fmt.Sprint("行", n-1) {
		t.Errorf("last row: %q", got)
	}
}
