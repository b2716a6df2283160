package roster_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/org"
)

// kid is an invented child who always shows what makes him known.
type kid struct {
	name, id, no, sex, birth string
	home                     int // school of a child without any number
}

func kids() []kid {
	var out []kid
	for i := range 12 {
		k := kid{name: []string{"林知夏", "孟小满", "白朗宁", "阿依古丽·买买提"}[i%4], birth: fmt.Sprintf("2011-03-%02d", i+1)}
		number := number(fmt.Sprintf("201103%02d", i+1), 2*i+1)
		switch i % 3 {
		case 0:
			k.id, k.no = number, "G"+number
		case 1:
			k.no = "J22010220110307" + fmt.Sprintf("%04d", i)
		case 2:
			k.home = i % 2
		}
		k.sex = "男"
		out = append(out, k)
	}
	return out
}

// TestImportsRepeatWithoutEffect draws rosters of two schools: whatever they
// hold, the dry run says what the import says, the counts add up, the same file
// again changes nothing, and nobody becomes two.
func TestImportsRepeatWithoutEffect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		all := kids()
		rapid.Check(t, func(t *rapid.T) {
			at := rapid.IntRange(0, 1).Draw(t, "school")
			school := []org.Node{f.primary, f.second}[at]
			lines := []string{pupilHeader}
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(all)-1), 0, 6, rapid.ID).Draw(t, "kids") {
				k := all[i]
				if k.id == "" && k.no == "" && k.home != at {
					continue
				}
				no, reason := k.no, ""
				if k.id != "" && rapid.Bool().Draw(t, "leave the student number out") {
					no = ""
				}
				if k.id == "" && no == "" {
					reason = waitingForID
				}
				name := k.name
				if rapid.IntRange(0, 9).Draw(t, "wrong") == 0 {
					name = ""
				}
				guardian, phone := "", ""
				if rapid.Bool().Draw(t, "guardian") {
					guardian, phone = "林海", fmt.Sprint(13804310000+rapid.IntRange(0, 2).Draw(t, "phone"))
				}
				lines = append(lines, line(name, k.id, no, k.sex, k.birth, "三年级", fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "class"))+"班", guardian, "父亲", phone, reason))
			}
			if len(lines) == 1 {
				return
			}
			source := func() roster.Source { return sheet("a.csv", lines...) }
			first := f.load(school, source())
			second := f.load(school, source())
			a, b := first.Totals, second.Totals
			if b.New != 0 || b.Changed != 0 || b.Moved != a.Moved || b.Rejected != a.Rejected || b.Rows != a.Rows {
				t.Errorf("the second import changes something: %+v, then %+v\n%v", a, b, lines)
			}
			if n := f.has("SELECT COUNT(*) FROM person WHERE role = 'pupil'"); n > len(all) {
				t.Errorf("%d persons of %d children", n, len(all))
			}
		})
	})
}
