package roster_test

import (
	"testing"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
)

const staffHeader = "姓名,身份证号,岗位,任教学科,任教班级,班主任,主任职单位,手机"

func TestStaff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		wang, li := number("19800307", 1), number("19850307", 2)
		first := func() roster.Source {
			return sheet("教师.csv", staffHeader,
				"王海,"+wang+",教师,语文,三年级1班,三年级1班,,13804310009",
				"王海,"+wang+",教师,道德与法治,,,,",
				"李梅,"+li+",校长,,,,,")
		}
		r := f.load(f.primary, first())
		f.counts(r, 3, 2, 1, 0, 0, 0)
		f.counts(f.load(f.primary, first()), 3, 0, 0, 3, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'teacher'"); n != 2 {
			t.Errorf("%d teachers", n)
		}
		if n := f.has("SELECT COUNT(*) FROM org_grant"); n != 0 {
			t.Errorf("a head of school got %d roles by the roster", n)
		}
		if n := f.has("SELECT COUNT(*) FROM person_affiliation WHERE role = 'class_teacher' AND to_on = 0"); n != 1 {
			t.Errorf("%d class teachers", n)
		}
		// A second school: one person, two places, the first one counts.
		second := func(main string) roster.Source {
			return sheet("教师.csv", staffHeader, "王海,"+wang+",教师,语文,,,"+main+",")
		}
		f.counts(f.load(f.second, second("")), 1, 1, 0, 0, 0, 0)
		f.counts(f.load(f.second, second("")), 1, 0, 0, 1, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM person WHERE unit = $1 AND role = 'teacher'", f.primary.ID); n != 2 {
			t.Errorf("%d count at the first school, want 2", n)
		}
		f.counts(f.load(f.second, second("是")), 1, 0, 1, 0, 0, 0)
		f.counts(f.load(f.second, second("是")), 1, 0, 0, 1, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM person WHERE unit = $1 AND role = 'teacher'", f.second.ID); n != 1 {
			t.Errorf("%d count at the second school, want 1", n)
		}
		if n := f.has("SELECT COUNT(*) FROM person_affiliation WHERE is_primary = 1 AND to_on = 0"); n != 2 {
			t.Errorf("%d primary places of 2 persons", n)
		}
		// Another class teacher for the class takes over.
		f.counts(f.load(f.primary, sheet("班主任.csv", staffHeader, "李梅,"+li+",,,,三年级1班,,")), 1, 0, 1, 0, 0, 0)
		if n := f.has("SELECT COUNT(*) FROM person_affiliation WHERE role = 'class_teacher' AND to_on = 0"); n != 1 {
			t.Errorf("%d class teachers after the change", n)
		}
	})
}

func TestCountyImport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		head := "学校标识码," + pupilHeader
		r := f.load(f.county, sheet("县.csv", head,
			"2122000001,"+pupil("林知夏", number("20110307", 1), "三年级", "1班"),
			"2122000002,"+pupil("孟小满", number("20110308", 2), "三年级", "1班"),
			"2122000003,"+pupil("白朗宁", number("20110309", 3), "三年级", "1班"), // in another county
			"2122000099,"+pupil("崔雨桐", number("20110310", 4), "三年级", "1班"), // nowhere
			","+pupil("赵一帆", number("20110311", 5), "三年级", "1班")))
		f.counts(r, 5, 2, 0, 0, 0, 3)
		if got := codesOf(r); got != "school_outside school_unknown school_unknown" {
			t.Errorf("problems %s", got)
		}
		// Two files give one child two schools.
		who := pupil("金美兰", number("20110312", 6), "三年级", "2班")
		r = f.load(f.county, sheet("一.csv", head, "2122000001,"+who), sheet("二.csv", head, "2122000002,"+who))
		f.counts(r, 2, 1, 0, 0, 1, 0)
		if n := f.has("SELECT COUNT(*) FROM person WHERE name = '金美兰'"); n != 1 {
			t.Errorf("%d persons of one child", n)
		}
		if n := f.has("SELECT COUNT(DISTINCT unit) FROM met_base"); n != 2 {
			t.Errorf("%d schools with a base, want 2", n)
		}
	})
}

func TestRefusedFileChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		before := f.has("SELECT COUNT(*) FROM event")
		good := sheet("好.csv", pupilHeader, pupil("林知夏", number("20110307", 1), "三年级", "1班"))
		for _, bad := range []struct{ text, code string }{
			{"%PDF-1.4 not a table", "not_a_spreadsheet"},
			{"", "empty_file"},
			{"甲,乙\n1,2\n", "header_not_found"},
		} {
			src := sheet("坏.xlsx", bad.text)
			if bad.text == "" {
				src.Size = 0
			}
			r, err := f.rosters.Import(t.Context(), f.op, roster.Request{Node: f.primary.ID, Sources: []roster.Source{good, src}})
			if err != nil || r.Refused() != bad.code || len(r.Files) != 1 || r.Files[0].File != "坏.xlsx" {
				t.Errorf("%s: %+v, %v", bad.code, r, err)
			}
		}
		if n := f.has("SELECT COUNT(*) FROM event"); n != before || f.has("SELECT COUNT(*) FROM ros_batch") != 0 {
			t.Error("a refused file changed something")
		}
	})
}
