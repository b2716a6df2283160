package roster_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
)

// diffReports compares what a dry run and an import say.
func diffReports(a, b roster.Report) string {
	return cmp.Diff(a, b, cmpopts.IgnoreFields(roster.Report{}, "Batch"), cmpopts.IgnoreUnexported(roster.FileReport{}, roster.Problem{}, roster.NewClass{}),
		cmpopts.EquateEmpty())
}

func TestImportTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		file := func() roster.Source {
			return sheet("三年级.csv", pupilHeader,
				pupil("林知夏", number("20110307", 1), "三年级", "1班", "林海", "父亲", "13804310001"),
				pupil("林知秋", number("20110307", 2), "三年级", "1班", "林海", "父亲", "13804310001"), // twins
				pupil("孟小满", number("20110912", 3), "三年级", "三（2）班"),
				pupil("孟小满", number("20111001", 4), "三年级", "3.2"), // namesake
			)
		}
		r := f.load(f.primary, file())
		f.counts(r, 4, 4, 0, 0, 0, 0)
		if len(r.Classes) != 2 || r.Classes[0].Name != "三年级1班" || r.Classes[0].Pupils != 2 {
			t.Errorf("classes %+v", r.Classes)
		}
		if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'guardian'"); n != 1 {
			t.Errorf("%d guardians, want the one of the twins", n)
		}
		if n := f.has("SELECT COUNT(*) FROM space WHERE kind = 'personal'"); n != 5 {
			t.Errorf("%d personal spaces, want 5", n)
		}
		events := f.has("SELECT COUNT(*) FROM event")
		r = f.load(f.primary, file())
		f.counts(r, 4, 0, 0, 4, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb LIKE 'person.%' OR verb LIKE 'space.%'"); n > events {
			t.Errorf("the second import wrote events")
		}
	})
}

// TestKnownAmongStrangers hides two known pupils behind a thousand new ones,
// one of them known by his student number alone.
func TestKnownAmongStrangers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		row := func(i int) string {
			return pupil("孟小满", number(fmt.Sprintf("2011%02d%02d", i/28%12+1, i%28+1), i/336+1), "三年级", fmt.Sprint(i%8+1)+"班")
		}
		student := line("白朗宁", "", "J220102201103070014", "男", "2011-03-07", "三年级", "1班")
		f.counts(f.load(f.primary, sheet("a.csv", pupilHeader, row(1400), student)), 2, 2, 0, 0, 0, 0)
		lines := []string{pupilHeader}
		for i := range 1500 {
			lines = append(lines, row(i))
		}
		f.counts(f.load(f.primary, sheet("b.csv", append(lines, student)...)), 1501, 1499, 0, 2, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.made'"); n != 1501 {
			t.Errorf("%d made", n)
		}
	})
}
