package roster_test

import (
	"strings"
	"testing"
	"time"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/org"
)

// codesOf lists the codes of a report's problems in order.
func codesOf(r roster.Report) string {
	var out []string
	for _, f := range r.Files {
		for _, p := range f.Problems {
			out = append(out, p.Code)
		}
	}
	return strings.Join(out, " ")
}

// line is a pupil with every column of pupilHeader.
func line(cells ...string) string {
	for len(cells) < 11 {
		cells = append(cells, "")
	}
	return strings.Join(cells, ",")
}

const waitingForID = "证件信息待补"

// TestOnePersonIsOne walks one pupil through the numbers that he gets.
func TestOnePersonIsOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		no := number("20110307", 12)
		steps := []struct {
			name string
			line string
			want [5]int64 // new changed unchanged moved rejected
		}{
			{"without any number", line("朴英爱", "", "", "女", "2011-03-07", "三年级", "1班", "", "", "", waitingForID), [5]int64{1, 0, 0, 0, 0}},
			{"again", line("朴英爱", "", "", "女", "2011-03-07", "三年级", "1班", "", "", "", waitingForID), [5]int64{0, 0, 1, 0, 0}},
			{"a temporary number", line("朴英爱", "", "L220102201103070012", "女", "2011-03-07", "三年级", "1班"), [5]int64{0, 1, 0, 0, 0}},
			{"identity number and lasting number", line("朴英爱", no, "G"+no, "", "", "三年级", "1班"), [5]int64{0, 1, 0, 0, 0}},
			{"by the student number alone", line("朴英爱", "", "G"+no, "", "", "三年级", "1班"), [5]int64{0, 0, 1, 0, 0}},
			{"an old file without number", line("朴 英 爱", "", "", "女", "2011-03-07", "三年级", "1班", "", "", "", waitingForID), [5]int64{0, 0, 1, 0, 0}},
			{"another class", line("朴英爱", no, "", "", "", "三年级", "2班"), [5]int64{0, 1, 0, 0, 0}},
			{"empty cells erase nothing", line("朴英爱", no, "", "", "", "三年级", "2班"), [5]int64{0, 0, 1, 0, 0}},
			{"another name", line("朴英兰", no, "", "", "", "三年级", "2班"), [5]int64{0, 0, 0, 0, 1}},
			{"a guardian", line("朴英爱", no, "", "", "", "三年级", "2班", "朴哲", "父亲", "13804310002"), [5]int64{0, 1, 0, 0, 0}},
			{"another phone, another guardian", line("朴英爱", no, "", "", "", "三年级", "2班", "朴哲", "父亲", "13804310003"), [5]int64{0, 1, 0, 0, 0}},
			{"the guardian again", line("朴英爱", no, "", "", "", "三年级", "2班", "朴哲", "父亲", "13804310003"), [5]int64{0, 0, 1, 0, 0}},
		}
		for _, s := range steps {
			r := f.load(f.primary, sheet("a.csv", pupilHeader, s.line))
			c := r.Totals
			if got := [5]int64{c.New, c.Changed, c.Unchanged, c.Moved, c.Rejected}; got != s.want {
				t.Fatalf("%s: new changed unchanged moved rejected %v, want %v; %s", s.name, got, s.want, codesOf(r))
			}
		}
		if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'pupil'"); n != 1 {
			t.Errorf("%d pupils", n)
		}
		if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'guardian'"); n != 2 {
			t.Errorf("%d guardians, want one for each phone", n)
		}
	})
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		who := pupil("林知夏", number("20110307", 1), "三年级", "1班")
		two := f.loadAs(roster.Request{Node: f.primary.ID, Sources: []roster.Source{sheet("a.csv", pupilHeader, who)}})
		f.counts(two, 1, 1, 0, 0, 0, 0)
		r := f.load(f.second, sheet("b.csv", pupilHeader, who))
		f.counts(r, 1, 0, 0, 0, 1, 0)
		if codesOf(r) != "held_elsewhere" || r.Totals.Warnings != 1 || !strings.HasPrefix(r.Files[0].Problems[0].Found, "***") {
			t.Errorf("problems %+v", r.Files[0].Problems)
		}
		r = f.load(f.second, sheet("b.csv", pupilHeader, who))
		f.counts(r, 1, 0, 0, 0, 1, 0)

		holder, asker, stranger := f.clerk("registrar", f.primary), f.clerk("school", f.second), f.clerk("school", f.other)
		list, err := f.rosters.Transfers(t.Context(), holder, f.primary.ID, "pending", 0, 10)
		if err != nil || len(list) != 1 || !list[0].Mine || list[0].Name != "林知夏" || list[0].ToClass != "三年级1班" {
			t.Fatalf("the holder's list %+v, %v", list, err)
		}
		tr := list[0].ID
		if list, err = f.rosters.Transfers(t.Context(), asker, f.second.ID, "", 0, 10); err != nil || len(list) != 1 || list[0].Mine {
			t.Errorf("the asker's list %+v, %v", list, err)
		}
		if list, err = f.rosters.Transfers(t.Context(), stranger, f.other.ID, "", 0, 10); err != nil || len(list) != 0 {
			t.Errorf("a stranger sees %+v, %v", list, err)
		}
		wantKind(t, "foreign node", func() error {
			_, err := f.rosters.Transfers(t.Context(), stranger, f.primary.ID, "", 0, 10)
			return err
		}(), notFound)
		wantKind(t, "a stranger accepts", f.rosters.Accept(t.Context(), stranger, tr), notFound)
		wantKind(t, "the asker accepts", f.rosters.Accept(t.Context(), asker, tr), forbidden)
		wantKind(t, "no reason", f.rosters.Refuse(t.Context(), holder, tr, ""), invalid)
		for range 2 {
			if err := f.rosters.Accept(t.Context(), holder, tr); err != nil {
				t.Fatal(err)
			}
		}
		wantKind(t, "refused after it was accepted", f.rosters.Refuse(t.Context(), holder, tr, "不"), conflict)
		r = f.load(f.second, sheet("b.csv", pupilHeader, who))
		f.counts(r, 1, 0, 0, 1, 0, 0)
		r = f.load(f.primary, sheet("a.csv", pupilHeader, who))
		f.counts(r, 1, 0, 0, 0, 1, 0)
		county := f.clerk("county", f.county)
		list, err = f.rosters.Transfers(t.Context(), county, f.county.ID, "pending", 0, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("the county's list %+v, %v", list, err)
		}
		if err := f.rosters.Refuse(t.Context(), county, list[0].ID, "学生仍在我校"); err != nil {
			t.Fatal(err)
		}
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.moved'"); n != 1 {
			t.Errorf("%d moves", n)
		}
	})
}

func TestPromotion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		no := []string{number("20070307", 1), number("20070308", 2), number("20070309", 3)}
		f.at(2019, time.May, 10)
		f.counts(f.load(f.primary, sheet("六年级.csv", pupilHeader, pupil("林知夏", no[0], "六年级", "1班"), pupil("孟小满", no[1], "六年级", "1班"),
			pupil("白朗宁", no[2], "五年级", "1班"))), 3, 3, 0, 0, 0, 0)
		f.at(2019, time.September, 3)
		juniors := func() roster.Source {
			return sheet("七年级.csv", pupilHeader, pupil("林知夏", no[0], "初一", "3班"), pupil("孟小满", no[1], "七年级", "3班"),
				pupil("白朗宁", no[2], "七年级", "3班"), pupil("崔雨桐", number("20070311", 4), "七（3）班", "七（3）班"))
		}
		r := f.load(f.junior, juniors())
		f.counts(r, 4, 1, 0, 0, 3, 0)
		if r.Promoted != 2 {
			t.Errorf("%d promoted, want 2", r.Promoted)
		}
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.moved'"); n != 0 {
			t.Errorf("%d moves before the confirmation", n)
		}
		r = f.loadAs(roster.Request{Node: f.junior.ID, ConfirmPromotion: true, Sources: []roster.Source{juniors()}})
		f.counts(r, 4, 0, 0, 1, 3, 0)
		r = f.loadAs(roster.Request{Node: f.junior.ID, ConfirmPromotion: true, Sources: []roster.Source{juniors()}})
		f.counts(r, 4, 0, 0, 3, 1, 0)
		if n := f.has("SELECT COUNT(*) FROM ros_transfer WHERE state = 'pending'"); n != 1 {
			t.Errorf("%d transfers wait, want the one of 白朗宁", n)
		}
		if n := f.has("SELECT COUNT(*) FROM event WHERE verb = 'person.made'"); n != 4 {
			t.Errorf("%d made, want 4", n)
		}
	})
}

// TestPromotionInSummer loads the coming pupils of a junior school before the
// school year begins: 七年级 and 2019级 are those who enter on 1 September, and
// the file of September finds them where they are.
func TestPromotionInSummer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		no := []string{number("20070307", 1), number("20070308", 2), number("20060309", 3)}
		f.at(2019, time.May, 10)
		f.load(f.primary, sheet("六年级.csv", pupilHeader, pupil("林知夏", no[0], "六年级", "1班"), pupil("孟小满", no[1], "六年级", "1班")))
		f.load(f.junior, sheet("七年级.csv", pupilHeader, pupil("白朗宁", no[2], "七年级", "3班")))
		juniors := func() roster.Request {
			return roster.Request{Node: f.junior.ID, ConfirmPromotion: true, Sources: []roster.Source{sheet("新生.csv", pupilHeader,
				pupil("林知夏", no[0], "七年级", "3班"), pupil("孟小满", no[1], "2019级", "3班"), pupil("白朗宁", no[2], "七年级", "3班"))}}
		}
		f.at(2019, time.July, 1)
		r := f.loadAs(juniors())
		f.counts(r, 3, 0, 0, 1, 2, 0)
		if r.Promoted != 2 {
			t.Errorf("%d promoted, want 2", r.Promoted)
		}
		f.at(2019, time.August, 31)
		f.counts(f.loadAs(juniors()), 3, 0, 0, 3, 0, 0)
		for entry, want := range map[int]int{2018: 1, 2019: 2} {
			if n := f.has(`SELECT COUNT(*) FROM person_affiliation a JOIN org_node c ON c.id = a.node
				WHERE a.to_on = 0 AND a.role = 'pupil' AND c.stage = 'J' AND c.entry_year = $1`, entry); n != want {
				t.Errorf("%d pupils entered in %d, want %d", n, entry, want)
			}
		}
		f.at(2019, time.September, 2)
		f.counts(f.load(f.junior, sheet("七年级.csv", pupilHeader, pupil("林知夏", no[0], "七年级", "3班"), pupil("孟小满", no[1], "初一", "3班"))), 2, 0, 0, 2, 0, 0)
	})
}

// TestTeachingPointIsInside moves a pupil from a teaching point to its centre
// school: nobody has to release him.
func TestTeachingPointIsInside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		rep, err := f.orgs.Import(t.Context(), f.op, []org.ImportRow{{Code: "2122000091", Name: "松苑小学东沟教学点", Kind: "教学点", Parent: "2122000001", Type: "218"}})
		if err != nil || rep.Rejected > 0 {
			t.Fatal(err, rep)
		}
		who := pupil("林知夏", number("20110307", 1), "三年级", "1班")
		f.counts(f.load(f.node("2122000091"), sheet("a.csv", pupilHeader, who)), 1, 1, 0, 0, 0, 0)
		f.counts(f.load(f.primary, sheet("b.csv", pupilHeader, who)), 1, 0, 1, 0, 0, 0)
		f.counts(f.load(f.primary, sheet("b.csv", pupilHeader, who)), 1, 0, 0, 1, 0, 0)
	})
}
