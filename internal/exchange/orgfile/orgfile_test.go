package orgfile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/i18n"
	"learnspace/internal/org"
)

const chinese = "代码,名称,类别,上级代码,填报上级,办学类型,启用日期,停用日期,标志\n" +
	"22,吉林省,省,,,,,,\n" +
	"220381,公主岭市,区县,220300,22,,,2020-06-19,正常\n" +
	"2122000001,南关实验小学,学校,220102,,211,2010-09-01,,演示\n"

var want = []org.ImportRow{
	{Row: 2, Code: "22", Name: "吉林省", Kind: "省"},
	{Row: 3, Code: "220381", Name: "公主岭市", Kind: "区县", Parent: "220300", ReportsTo: "22", To: "2020-06-19", Flag: "正常"},
	{Row: 4, Code: "2122000001", Name: "南关实验小学", Kind: "学校", Parent: "220102", Type: "211", From: "2010-09-01", Flag: "演示"},
}

// readBytes reads a file that holds data.
func readBytes(t *testing.T, name string, data []byte) ([]org.ImportRow, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(t.Context(), path)
}

func TestReadText(t *testing.T) {
	t.Parallel()
	english := strings.Replace(chinese, "代码,名称,类别,上级代码,填报上级,办学类型,启用日期,停用日期,标志", "code,name,kind,parent,reports_to,type,from,to,flag", 1)
	both := strings.Replace(chinese, "代码,名称,类别,上级代码,填报上级", "代码/code,名称 name,类别（必填）,上级代码 / parent,填报上级/reports_to", 1)
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(chinese)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"Chinese": chinese, "English": english, "both words": both, "GB18030": gb, "with mark": "\ufeff" + chinese,
		"tabs": strings.ReplaceAll(chinese, ",", "\t"), "more columns": strings.ReplaceAll(chinese, "\n", ",电话\n"),
		"notes below": chinese + "合计,3,,,,,,,\n,,,,,,,,\n说明：按区划代码排序,,,,,,,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readBytes(t, "t.csv", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i].File = ""
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadWorkbook(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	for i, line := range append([]string{"全省机构树,,,"}, strings.Split(strings.TrimSpace(chinese), "\n")...) {
		for j, cell := range strings.Split(line, ",") {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if err := f.SetCellValue("Sheet1", at, cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.SetCellValue("Sheet1", "A5", 2122000001); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tree.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	shifted := make([]org.ImportRow, len(want))
	for i, r := range want {
		r.File, r.Sheet, r.Row = "tree.xlsx", "Sheet1", r.Row+1
		shifted[i] = r
	}
	if diff := cmp.Diff(shifted, got); diff != "" {
		t.Error(diff)
	}
}

func TestTemplateIsRead(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := read.WriteTemplate(&b, "org", i18n.Chinese); err != nil {
		t.Fatal(err)
	}
	got, err := readBytes(t, "t.xlsx", b.Bytes())
	if err != nil || len(got) != 0 {
		t.Errorf("blank template: %v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, code string }{
		"no header": {"a,b\nc,d\n", sheet.HeaderNotFound},
		"pdf":       {"%PDF-1.4\n...", sheet.NotASpreadsheet},
		"empty":     {"", sheet.EmptyFile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readBytes(t, "x.csv", []byte(c.text))
			if got := sheet.RefusalCode(err); got != c.code {
				t.Errorf("code %q (%v), want %q", got, err, c.code)
			}
		})
	}
}
