package read

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/i18n"
)

func TestTemplatesAreReadBack(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"pupils", "staff", "org"} {
		for _, l := range i18n.Languages() {
			t.Run(kind+" "+l.Code(), func(t *testing.T) {
				t.Parallel()
				var b bytes.Buffer
				if err := WriteTemplate(&b, kind, l); err != nil {
					t.Fatal(err)
				}
				f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				name := f.GetSheetName(0)
				if kind == "org" {
					if got, _ := f.GetCellValue(name, "D1"); got != "上级代码" && got != "parent" {
						t.Errorf("column D is %q", got)
					}
					return
				}
				columns := map[string][]templateColumn{"pupils": pupilTemplate, "staff": staffTemplate}[kind]
				want := map[string]string{}
				for i, c := range columns {
					cell, _ := excelize.CoordinatesToCellName(i+1, 2)
					header, _ := f.GetCellValue(name, cell)
					want[header] = string(c.field)
					data, _ := excelize.CoordinatesToCellName(i+1, 3)
					value := map[Field]string{Name: "张三", IDNo: adult, Class: "三年级1班", Grade: "三年级", Post: "教师"}[c.field]
					if err := f.SetCellStr(name, data, value); err != nil {
						t.Fatal(err)
					}
				}
				b.Reset()
				if err := f.Write(&b); err != nil {
					t.Fatal(err)
				}
				got := readBytes(t, b.Bytes(), primary)
				if got.err != nil {
					t.Fatal(got.err)
				}
				if diff := cmp.Diff(want, got.reports[0].Columns); diff != "" {
					t.Error(diff)
				}
				if got.reports[0].HeaderRow != 2 || len(got.faults) > 0 || len(got.rows) != 1 {
					t.Errorf("%+v %v", got.reports[0], got.faults)
				}
			})
		}
	}
}

func TestBlankTemplateListsNobody(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteTemplate(&b, "pupils", i18n.Chinese); err != nil {
		t.Fatal(err)
	}
	got := readBytes(t, b.Bytes(), primary)
	if got.err != nil || len(got.rows) != 0 || got.reports[0].HeaderRow != 2 {
		t.Errorf("%+v", got)
	}
}

func TestEveryCodeHasItsWords(t *testing.T) {
	t.Parallel()
	var keys []string
	refusals := []string{sheet.NotASpreadsheet, sheet.OldFormat, sheet.Encrypted, sheet.EmptyFile, sheet.TooLargeUnpacked, sheet.EncodingUnknown, sheet.HeaderNotFound, sheet.SeveralTables}
	for _, c := range append(codesOf(), refusals...) {
		keys = append(keys, "roster.code."+c+".problem", "roster.code."+c+".remedy")
	}
	for _, c := range codesOf() {
		keys = append(keys, "roster.code."+c+".expected")
	}
	for _, f := range fieldList() {
		keys = append(keys, "roster.field."+string(f))
	}
	for _, k := range keys {
		if !i18n.Has(k) {
			t.Errorf("no message %s", k)
		}
	}
	if text := i18n.Text(i18n.Chinese, "roster.code.birth_mismatch.expected_is", "2010-03-07"); !strings.Contains(text, "2010-03-07") {
		t.Error(text)
	}
}

func fieldList() []Field {
	out := append([]Field(nil), guardianFields...)
	for f := range fieldWords {
		out = append(out, f)
	}
	return out
}

func TestWriteTemplateOfNoKind(t *testing.T) {
	t.Parallel()
	if err := WriteTemplate(&bytes.Buffer{}, "cats", i18n.Chinese); err == nil {
		t.Error("no error")
	}
}
