package roster_test

import (
	"testing"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
)

// TestTablesSideBySide wants both halves of a sheet in the database, and rows of one
// number that are rejected in both mended in both.
func TestTablesSideBySide(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		clerk := f.clerk("registrar", f.primary)
		row := func(name, no string) string { return name + "," + no + ",三年级,1班" }
		bad := func(i int) string { return number("20110307", i)[:17] }
		bid, r := f.upload(t, clerk, "", roster.Add, book(t, []string{"名册", "姓名,身份证号,年级,班级,姓名,身份证号,年级,班级",
			row("林知夏", number("20110307", 1)) + "," + row("林知秋", number("20110307", 2)),
			row("孟小满", bad(3)) + "," + row("白朗宁", bad(4)),
			row("崔雨桐", number("20110307", 5)) + "," + row("崔雨桐", number("20110307", 5)),
			",,,," + row("金美兰", number("20110307", 6))}))
		f.counts(r, 7, 4, 0, 0, 0, 3)
		if got := codesOf(r); got != "id_length id_length duplicate_in_file" {
			t.Errorf("problems %s", got)
		}
		if r.Files[1].Sheet != "名册 E:H" {
			t.Errorf("the second table is called %q", r.Files[1].Sheet)
		}
		if err := f.rosters.Confirm(t.Context(), clerk, bid, true, 0); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		errors := f.errorBook(t, clerk, bid)
		defer errors.Close()
		_, r = f.mend(t, clerk, bid, "1", errors, map[string]string{"F2": number("20110307", 3), "F3": number("20110307", 4)})
		f.counts(r, 3, 2, 0, 1, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'pupil'"); n != 4 {
			t.Errorf("%d pupils, want 4", n)
		}
		_, r = f.upload(t, clerk, "", roster.Add, book(t, []string{"名册", "姓名,身份证号,年级,班级,姓名,身份证号",
			row("李丽", number("20110307", 8)) + ",王小明," + number("20110307", 9)}))
		if r.Refused() != "several_tables" {
			t.Errorf("refused %q", r.Refused())
		}
	})
}
