package merge_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"learnspace/internal/db/dbtest"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
)

// TestCrossing merges two records into each other, and in a ring, at once: each
// time exactly one record is left of those that could be merged.
func TestCrossing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		for range 6 {
			f.numbers++
			var ids []id.Person
			for i := range 3 {
				ids = append(ids, f.make(person.Draft{Name: "张三" + strings.Repeat("甲", f.numbers), Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, Sex: i, Birth: 20100307}))
			}
			var wg sync.WaitGroup
			for i := range ids {
				for _, j := range []int{(i + 1) % 3, (i + 2) % 3} {
					wg.Go(func() {
						_, err := f.merges.Merge(t.Context(), f.head, merge.Request{Keep: ids[i], Drop: ids[j], Reason: "重复"})
						if err != nil && !errors.Is(err, fault.ErrConflict) {
							t.Error(err)
						}
					})
				}
			}
			wg.Wait()
			left := map[id.Person]bool{}
			for _, who := range ids {
				to, err := f.people.Resolve(t.Context(), f.op, who)
				if err != nil {
					t.Fatal(err)
				}
				left[to] = true
			}
			if len(left) != 1 {
				t.Errorf("%d records are left", len(left))
			}
		}
		if got := f.tally(); got.Made != 6 {
			t.Errorf("%+v", got)
		}
	})
}

// TestAgainstImport merges pupils while a roster with them is imported again and
// again: no import fails, nobody is made twice, the figures agree.
func TestAgainstImport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		const n = 12
		lines := []string{"姓名,证件号码,学籍号,性别,出生日期,年级,班级,无证件原因"}
		var pairs [][2]id.Person
		for i := range n {
			name := "孟" + strings.Repeat("小", i+1)
			keep := f.make(person.Draft{Name: name, Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, Sex: 1, Birth: 20100307})
			drop := f.make(person.Draft{Name: name, Role: person.RolePupil, Node: f.a1.ID, Unit: f.a.ID, Sex: 2, Birth: 20100307})
			pairs = append(pairs, [2]id.Person{keep, drop})
			lines = append(lines, name+",,,女,2010-03-07,二年级,1班,待补")
		}
		text := strings.Join(lines, "\n") + "\n"
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 4 {
				r, err := f.rosters.Import(t.Context(), f.clerk, roster.Request{Node: f.a.ID, Sources: []roster.Source{{Name: "a.csv", Data: strings.NewReader(text), Size: int64(len(text))}}})
				if err != nil || r.Totals.Rejected > 0 {
					t.Errorf("%+v %v", r, err)
				}
			}
		})
		wg.Go(func() {
			for _, p := range pairs {
				if _, err := f.merges.Merge(t.Context(), f.head, merge.Request{Keep: p[0], Drop: p[1], Reason: "重复"}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Wait()
		if got := f.tally(); got.Made < n || got.Made > 2*n {
			t.Errorf("%+v", got)
		}
		for _, p := range pairs {
			if to, err := f.people.Resolve(t.Context(), f.op, p[1]); err != nil || to != p[0] {
				t.Errorf("%v %v", to, err)
			}
		}
	})
}
