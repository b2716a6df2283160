package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// show opens content and writes its rows as "number: a|b|c".
func show(t testing.TB, content []byte, limits Limits) ([]string, *File, error) {
	t.Helper()
	f, err := Open(context.Background(), bytes.NewReader(content), int64(len(content)), limits)
	if err != nil {
		return nil, nil, err
	}
	var out []string
	for _, s := range f.Sheets {
		if s.Name != "" {
			out = append(out, "["+s.Name+"]")
		}
		if err := s.Each(context.Background(), func(r Row) error {
			var cells []string
			for _, c := range r.Cells {
				cells = append(cells, c.Text)
			}
			out = append(out, fmt.Sprintf("%d: %s", r.Number, strings.Join(cells, "|")))
			return nil
		}); err != nil {
			return out, f, err
		}
	}
	return out, f, nil
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     []string
	}{
		{"plain", "a,b\nc,d\n", []string{"1: a|b", "2: c|d"}},
		{"no end", "a,b\nc,d", []string{"1: a|b", "2: c|d"}},
		{"blank lines count", "a,b\n\n\nc,d\n", []string{"1: a|b", "4: c|d"}},
		{"blank rows count", "a,b\n,,\n , \nc,d\n", []string{"1: a|b", "4: c|d"}},
		{"crlf", "a,b\r\nc,d\r\n", []string{"1: a|b", "2: c|d"}},
		{"quoted", "\"a,1\",b\n\"c \"\"x\"\"\",d\n", []string{"1: a,1|b", "2: c \"x\"|d"}},
		{"quoted line end is one row", "\"a\nb\",c\nd,e\n", []string{"1: a\nb|c", "2: d|e"}},
		{"quoted crlf", "\"a\r\nb\",c\r\nd,e\r\n", []string{"1: a\r\nb|c", "2: d|e"}},
		{"stray quote inside", "a\"b,c\nd,e\n", []string{"1: a\"b|c", "2: d|e"}},
		{"text behind a closing quote", "\"a\"b,c\nd,e\n", []string{"1: \"a\"b|c", "2: d|e"}},
		{"blank behind a closing quote", "\"a\" ,c\nd,e\n", []string{"1: a|c", "2: d|e"}},
		{"quote that never closes", "\"a,b\nc,d\n", []string{"1: \"a|b", "2: c|d"}},
		{"empty quoted", "\"\",b\nc,\"\"\n", []string{"1: |b", "2: c|"}},
		{"equals", "=\"0123\",b\nc,d\n", []string{"1: 0123|b", "2: c|d"}},
		{"end of file mark", "a,b\nc,d\n\x1a", []string{"1: a|b", "2: c|d"}},
		{"one column", "a\nb\n", []string{"1: a", "2: b"}},
		{"semicolon with commas inside", "a;b\nc;d,2\n", []string{"1: a|b", "2: c|d,2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, err := show(t, []byte(tt.in), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTextLongerThanTheBuffer(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	var want []string
	for i := range 9000 {
		text := strings.Repeat("名", i%90) + fmt.Sprint(i)
		if i%3 == 0 {
			fmt.Fprintf(&b, "\"%s\n\"\"\",%d\r\n", text, i)
			want = append(want, fmt.Sprintf("%d: %s\n\"|%d", i+1, text, i))
		} else {
			fmt.Fprintf(&b, "%s,%d\r\n", text, i)
			want = append(want, fmt.Sprintf("%d: %s|%d", i+1, text, i))
		}
	}
	got, _, err := show(t, []byte(b.String()), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff[:min(len(diff), 2000)])
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func zipOf(files map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func book(t testing.TB, build func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	build(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ole(stream string) []byte {
	b := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 4096)...)
	return append(append(b, utf16Name(stream)...), make([]byte, 512)...)
}

// bomb is a workbook whose sheet unpacks to size bytes.
func bomb(size int) []byte {
	return zipOf(map[string]string{
		"xl/workbook.xml":            `<workbook><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/s.xml"/></Relationships>`,
		"xl/worksheets/s.xml":        `<worksheet><sheetData><row><c t="inlineStr"><is><t>a</t></is></c></row></sheetData>` + strings.Repeat(" ", size) + `</worksheet>`,
	})
}

// declare makes every entry of a container say that it unpacks to size bytes.
func declare(container []byte, size uint32) []byte {
	for i := 0; ; i++ {
		j := bytes.Index(container[i:], []byte("PK\x01\x02"))
		if j < 0 {
			return container
		}
		i += j
		binary.LittleEndian.PutUint32(container[i+24:], size)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	locked := book(t, func(f *excelize.File) { f.SetCellStr("Sheet1", "A1", "姓名") })
	good := append([]byte(nil), locked...)
	chinese := strings.Repeat("姓名,性別,身份證號,班級\n王小明,男,1,三年級\n", 20)
	tests := []struct {
		name string
		in   []byte
		want string
	}{
		{"pdf", []byte("%PDF-1.4\n1 0 obj\n"), NotASpreadsheet},
		{"png", []byte("\x89PNG\r\n\x1a\n...."), NotASpreadsheet},
		{"web page", []byte("<!DOCTYPE html><html><table><tr><td>姓名"), NotASpreadsheet},
		{"zip of something else", zipOf(map[string]string{"word/document.xml": "<w/>"}), NotASpreadsheet},
		{"broken zip", good[:len(good)/2], NotASpreadsheet},
		{"binary", []byte("abc\x00\x01\x02\x03\x04\x05def"), NotASpreadsheet},
		{"word document", ole("WordDocument"), NotASpreadsheet},
		{"xls", ole("Workbook"), OldFormat},
		{"older xls", ole("Book"), OldFormat},
		{"raw biff", []byte("\x09\x08\x10\x00\x00\x06\x05\x00abcdef"), OldFormat},
		{"locked", ole("EncryptedPackage"), Encrypted},
		{"nothing", nil, EmptyFile},
		{"mark only", []byte("\xef\xbb\xbf"), EmptyFile},
		{"blank lines", []byte("\r\n\r\n  \r\n"), EmptyFile},
		{"separators only", []byte(",,,\n,,,\n"), EmptyFile},
		{"empty workbook", book(t, func(*excelize.File) {}), EmptyFile},
		{"hidden sheets only", book(t, func(f *excelize.File) {
			f.NewSheet("b")
			f.SetCellStr("b", "A1", "x")
			f.SetSheetVisible("b", false)
		}), EmptyFile},
		{"500 MB", declare(bomb(1<<10), 500<<20), TooLargeUnpacked},
		{"big5", must(traditionalchinese.Big5.NewEncoder().Bytes([]byte(chinese))), EncodingUnknown},
		{"shift-jis", must(japanese.ShiftJIS.NewEncoder().Bytes([]byte(strings.Repeat("氏名,学年,ひらがな,カタカナ\n山田太郎,一年,あいうえお,アイウエオ\n", 20)))), EncodingUnknown},
		{"broken utf-8", append([]byte(strings.Repeat("姓名,性别,班级\n", 20)), 0xe5, 0xa7), EncodingUnknown},
		{"latin", []byte("n\xe9, caf\xe9,\xff\xff\n"), EncodingUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := show(t, tt.in, Limits{})
			if got := RefusalCode(err); got != tt.want {
				t.Errorf("code %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestLockedEntry(t *testing.T) {
	t.Parallel()
	b := zipOf(map[string]string{"xl/workbook.xml": "<workbook/>"})
	i := bytes.Index(b, []byte("PK\x01\x02"))
	b[i+8] |= 1
	if _, _, err := show(t, b, Limits{}); RefusalCode(err) != Encrypted {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if _, _, err := show(t, bomb(2<<20), Limits{Unpacked: 1 << 20}); RefusalCode(err) != TooLargeUnpacked {
		t.Error(err)
	}
	if _, _, err := show(t, bomb(2<<20), Limits{From: 1 << 20}); RefusalCode(err) != TooLargeUnpacked {
		t.Error(err)
	}
	if _, _, err := show(t, declare(bomb(2<<20), 1<<10), Limits{}); RefusalCode(err) == "" {
		t.Error("a part longer than it says was read")
	}
	if _, _, err := show(t, bomb(2<<20), Limits{}); err != nil {
		t.Error(err)
	}
}

func TestGB18030(t *testing.T) {
	t.Parallel()
	text := "성명,학급\n김철수,3학년 2반\n박영희,3학년 1반\n"
	if got, f, err := show(t, must(simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))), Limits{}); err != nil || f.Encoding != "gb18030" || len(got) != 3 || got[1] != "2: 김철수|3학년 2반" {
		t.Errorf("Korean: %v %v", got, err)
	}
	text = "姓名,班级\n李𬱖,三年级\n王㛃,三年级\n阿卜杜·热合曼,三年级\n"
	got, f, err := show(t, must(simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1: 姓名|班级", "2: 李𬱖|三年级", "3: 王㛃|三年级", "4: 阿卜杜·热合曼|三年级"}, got); diff != "" {
		t.Error(diff)
	}
	if f.Encoding != "gb18030" {
		t.Error(f.Encoding)
	}
}

func TestWorkbookCells(t *testing.T) {
	t.Parallel()
	content := book(t, func(f *excelize.File) {
		style := func(s excelize.Style) int {
			id, err := f.NewStyle(&s)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		format := func(code string) int { return style(excelize.Style{CustomNumFmt: &code}) }
		set := func(cell string, v any, style int) {
			if err := f.SetCellValue("Sheet1", cell, v); err != nil {
				t.Fatal(err)
			}
			f.SetCellStyle("Sheet1", cell, cell, style)
		}
		day := time.Date(2010, 3, 7, 0, 0, 0, 0, time.UTC)
		set("A1", "文本", 0)
		set("B1", 13800001111, 0)
		set("C1", 3.2, 0)
		set("D1", 3.1, style(excelize.Style{NumFmt: 2}))
		set("E1", day, style(excelize.Style{NumFmt: 14}))
		set("F1", day, format(`yyyy"年"m"月"d"日"`))
		set("G1", 302, format("0000"))
		set("H1", 220102201003070013, 0)
		set("I1", true, 0)
		set("J1", 40244, 0)
		set("K1", 2.5, format("0.00_ "))
		f.SetCellFormula("Sheet1", "L1", "A1")
		set("M1", "a\nb", 0)
		set("N1", day, format("[$-804]yyyy/m/d;@"))
		set("O1", 20100307, format("#,##0"))
	})
	f, err := Open(context.Background(), bytes.NewReader(content), int64(len(content)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var cells []Cell
	if err := f.Sheets[0].Each(context.Background(), func(r Row) error {
		cells = r.Clone().Cells
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []Cell{
		{Text: "文本", Kind: Text}, {Text: "13800001111", Kind: Number}, {Text: "3.2", Kind: Number}, {Text: "3.10", Kind: Number}, {Text: "2010-03-07", Kind: Date},
		{Text: "2010-03-07", Kind: Date}, {Text: "0302", Kind: Number}, {Text: "220102201003070013", Kind: Number, Lossy: true}, {Text: "TRUE", Kind: Bool}, {Text: "40244", Kind: Number},
		{Text: "2.50", Kind: Number}, {Formula: true}, {Text: "a\nb", Kind: Text}, {Text: "2010-03-07", Kind: Date}, {Text: "20100307", Kind: Number},
	}
	if diff := cmp.Diff(want, cells); diff != "" {
		t.Error(diff)
	}
}

func TestWorkbookMergesAndSheets(t *testing.T) {
	t.Parallel()
	content := book(t, func(f *excelize.File) {
		f.SetSheetName("Sheet1", "一班")
		f.SetCellStr("一班", "A1", "名册")
		f.MergeCell("一班", "A1", "C1")
		f.SetCellStr("一班", "A3", "三(1)班")
		f.MergeCell("一班", "A3", "A5")
		for i, n := range []string{"王", "李", "张", "赵"} {
			f.SetCellStr("一班", fmt.Sprintf("B%d", 3+i), n)
		}
		f.NewSheet("空")
		f.NewSheet("藏")
		f.SetCellStr("藏", "A1", "x")
		f.SetSheetVisible("藏", false, true)
		f.NewSheet("二班")
		f.SetCellStr("二班", "B2", "y")
	})
	got, _, err := show(t, content, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"[一班]", "1: 名册", "3: 三(1)班|王", "4: 三(1)班|李", "5: 三(1)班|张", "6: |赵", "[二班]", "2: |y"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWorkbookOfOtherWriters(t *testing.T) {
	t.Parallel()
	content := zipOf(map[string]string{
		"_rels/.rels":                   `<?xml version="1.0"?><Relationships xmlns="p"><Relationship Id="rId1" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument" Target="/xl/workbook2.xml"/></Relationships>`,
		"xl/workbook2.xml":              `<?xml version="1.0" encoding="UTF-8"?><x:workbook xmlns:x="m" xmlns:r="r"><x:workbookPr date1904="1"/><x:sheets><x:sheet name="a&amp;b" sheetId="1" r:id="rId5"/></x:sheets></x:workbook>`,
		"xl/_rels/workbook2.xml.rels":   `<Relationships><Relationship Id="rId5" Type="t/worksheet" Target="worksheets/sheet9.xml"/><Relationship Id="rId6" Type="t/sharedStrings" Target="strings.xml"/></Relationships>`,
		"xl/strings.xml":                `<x:sst xmlns:x="m"><x:si><x:r><x:t>王</x:t></x:r><x:r><x:rPr><x:b/></x:rPr><x:t xml:space="preserve"> 小明</x:t></x:r><x:rPh sb="0" eb="1"><x:t>wang</x:t></x:rPh></x:si><x:si/><x:si><x:t>a_x000D_b &#x738B;<![CDATA[<]]></x:t></x:si></x:sst>`,
		"xl/worksheets/sheet9.xml":      `<x:worksheet xmlns:x="m"><!-- c --><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="s"><x:v>2</x:v></x:c></x:row><x:row r="4"><x:c r="C4"><x:v>7</x:v></x:c><x:c t="e"><x:v>#N/A</x:v></x:c><x:c t="str"><x:f>A1</x:f><x:v>z</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
		"xl/worksheets/_rels/dummy.rel": ``,
	})
	got, _, err := show(t, content, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"[a&b]", "1: 王 小明||ab 王<", "4: ||7|#N/A|z"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	content := []byte(strings.Repeat("a,b\n", 5000))
	f, err := Open(context.Background(), bytes.NewReader(content), int64(len(content)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := f.Sheets[0].Each(ctx, func(Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("姓名,班级\n\"王\n明\",3.2\n"))
	f.Add([]byte("a;b\n\"c"))
	f.Add(bomb(10))
	f.Add([]byte("a\x00,\x001\x002\x003\x004\x005\x006\x007\x00\n\x00"))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		got, file, err := show(t, content, Limits{Unpacked: 1 << 22})
		if err != nil {
			return
		}
		again, _, err := show(t, content, Limits{Unpacked: 1 << 22})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Error(diff)
		}
		for _, s := range file.Sheets {
			last := 0
			if err := s.Each(context.Background(), func(r Row) error {
				if r.Number <= last && file.Encoding != "xlsx" {
					t.Errorf("row %d behind %d", r.Number, last)
				}
				last = r.Number
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
