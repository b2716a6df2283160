package roster_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
)

// uploadBook hands a workbook in.
func (f *fixture) uploadBook(t *testing.T, clerk access.Actor, book *excelize.File) (id.Batch, roster.Report) {
	t.Helper()
	var buf bytes.Buffer
	if err := book.Write(&buf); err != nil {
		t.Fatal(err)
	}
	data := bytes.NewReader(buf.Bytes())
	return f.upload(t, clerk, "", roster.Add, roster.Source{Name: "名册.xlsx", Data: data, Size: data.Size()})
}

// errorBook downloads the rows of a batch that have problems.
func (f *fixture) errorBook(t *testing.T, clerk access.Actor, bid id.Batch) *excelize.File {
	t.Helper()
	var buf bytes.Buffer
	if err := f.rosters.Errors(t.Context(), clerk, bid, i18n.Chinese, &buf); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// mend hands the rows of a batch in again, with these cells mended.
func (f *fixture) mend(t *testing.T, clerk access.Actor, bid id.Batch, key string, book *excelize.File, cells map[string]string) (id.Batch, roster.Report) {
	t.Helper()
	for cell, text := range cells {
		if err := book.SetCellValue("Sheet1", cell, text); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if err := book.Write(&buf); err != nil {
		t.Fatal(err)
	}
	next, err := f.rosters.Mend(t.Context(), clerk, bid, key, &buf)
	if err != nil {
		t.Fatal(err)
	}
	_, r, err := f.rosters.Get(t.Context(), clerk, next, -1)
	if err != nil {
		t.Fatal(err)
	}
	return next, r
}

func TestMend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		good, short := number("20110307", 1), number("20110308", 2)
		bid, r := f.upload(t, clerk, "", roster.Add, sheet("三年级.csv", "松苑小学三年级名册", "", pupilHeader,
			pupil("林知夏", good, "三年级", "1班"), pupil("孟小满", short[:17], "三年级", "1班", "孟海", "父亲", "13804310001"), "", pupil("白朗宁", number("20110309", 3), "九年级", "1班")))
		f.counts(r, 3, 1, 0, 0, 0, 2)
		if err := f.rosters.Confirm(t.Context(), clerk, bid, true, 0); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		var buf bytes.Buffer
		wantKind(t, "a stranger's download", f.rosters.Errors(t.Context(), f.clerk("school", f.other), bid, i18n.Chinese, &buf), notFound)
		book := f.errorBook(t, clerk, bid)
		if n := f.has("SELECT COUNT(*) FROM audit WHERE action = 'roster.errors' AND actor = $1 AND object = $2", clerk.Person, bid); n != 1 {
			t.Errorf("%d audit rows of the download, want 1", n)
		}
		rows, err := book.GetRows("Sheet1")
		if err != nil || len(rows) != 3 {
			t.Fatalf("rows %v, %v", rows, err)
		}
		if rows[1][2] != "5" || rows[1][3] != "孟小满" || strings.Contains(strings.Join(rows[1], " "), short[:17]) || rows[2][2] != "7" {
			t.Errorf("the workbook %v", rows)
		}
		_, r = f.mend(t, clerk, bid, "m", book, map[string]string{"F2": short})
		f.counts(r, 2, 1, 0, 0, 0, 1)
		if p := r.Files[0].Problems; len(p) != 1 || p[0].Row != 7 || p[0].Code != "grade_unknown" {
			t.Errorf("problems after mending %+v", p)
		}
	})
}

// TestMendSheetOfClass mends a row of a workbook whose sheets are the classes: no
// column names them.
func TestMendSheetOfClass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		book := excelize.NewFile()
		for i, name := range []string{"三年级1班", "三年级2班"} {
			if _, err := book.NewSheet(name); err != nil {
				t.Fatal(err)
			}
			for cell, text := range map[string]string{"A1": "姓名", "B1": "证件号码", "A2": "林知夏", "B2": number("20110307", i+1), "A3": "孟小满", "B3": number("20110308", i+1)[:17]} {
				if err := book.SetCellStr(name, cell, text); err != nil {
					t.Fatal(err)
				}
			}
		}
		bid, r := f.uploadBook(t, clerk, book)
		f.counts(r, 4, 2, 0, 0, 0, 2)
		_, r = f.mend(t, clerk, bid, "", f.errorBook(t, clerk, bid), map[string]string{"F2": number("20110308", 1), "F3": number("20110308", 2)})
		f.counts(r, 2, 2, 0, 0, 0, 0)
		if len(r.Classes) != 2 {
			t.Errorf("classes %+v", r.Classes)
		}
	})
}

// TestMendClassOfTitle mends a class that no column holds, and keeps the second
// guardian whose row the pupil's name is merged over.
func TestMendClassOfTitle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.mendClass(t, "年级")
		f.mendClass(t, "座位")
	})
}

// mendClass does so where the third column has this header.
func (f *fixture) mendClass(t *testing.T, header string) {
	t.Helper()
	before := f.has("SELECT COUNT(*) FROM person_guardianship")
	clerk := f.clerk("registrar", f.primary)
	book := excelize.NewFile()
	for cell, text := range map[string]string{"A1": "姓名", "B1": "证件号码", "C1": header, "D1": "监护人姓名", "E1": "监护人关系", "F1": "监护人电话",
		"A2": "林知夏", "B2": number("20110307", before+1), "C2": "三年级", "D2": "林海", "E2": "父亲", "F2": "13804310001",
		"D3": "王梅", "E3": "母亲", "F3": "13804310002"} {
		if err := book.SetCellStr("Sheet1", cell, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []string{"A", "B", "C"} {
		if err := book.MergeCell("Sheet1", c+"2", c+"3"); err != nil {
			t.Fatal(err)
		}
	}
	bid, r := f.uploadBook(t, clerk, book)
	f.counts(r, 1, 0, 0, 0, 0, 1)
	errorBook := f.errorBook(t, clerk, bid)
	column, err := errorBook.GetCellValue("Sheet1", "E2")
	if err != nil {
		t.Fatal(err)
	}
	next, r := f.mend(t, clerk, bid, "", errorBook, map[string]string{"F2": map[string]string{"年级": "三年级2班", "班级": "三年级3班"}[column]})
	f.counts(r, 1, 1, 0, 0, 0, 0)
	if err := f.rosters.Confirm(t.Context(), clerk, next, true, 0); err != nil {
		t.Fatal(err)
	}
	f.work(t)
	if n := f.has("SELECT COUNT(*) FROM person_guardianship"); n-before != 2 {
		t.Errorf("%d guardians", n)
	}
}

// TestMendKeepsStage mends a row whose stage stands in a column of its own.
func TestMendKeepsStage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.junior)
		right := number("20070307", 1)
		file := "学段,年级,班,姓名,身份证号\n初中,二年级,3,林知夏," + right[:17] + "\n"
		bid, r := f.upload(t, clerk, "", roster.Add, roster.Source{Name: "名册.csv", Data: strings.NewReader(file), Size: int64(len(file))})
		f.counts(r, 1, 0, 0, 0, 0, 1)
		_, r = f.mend(t, clerk, bid, "", f.errorBook(t, clerk, bid), map[string]string{"F2": right})
		f.counts(r, 1, 1, 0, 0, 0, 0)
	})
}
