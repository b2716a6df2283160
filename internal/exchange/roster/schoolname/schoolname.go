// Package schoolname finds the one school of a subtree that a text means, as offices
// write their schools' names. It reads org_node through [org.SchoolsBelow] and checks
// no rights: whoever imports at a node may know the schools below it.
package schoolname

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// Names finds schools of one subtree by the ways in which people write their names:
// with or without the regions above them in front, 一小 for 第一小学.
type Names struct {
	regions map[string][]org.Node // form in front of a name → regions
	schools map[string][]spelled  // rest of the name → schools
}

// spelled is one way to write a school's name.
type spelled struct {
	school org.Node
	last   []id.Node // the regions that stand last in front; none where none does
}

// spelling is a text cut into the regions in front and the rest.
type spelling struct {
	rest    string
	regions [][]org.Node // the outermost first; each as one of several of one name
}

// Read reads the schools below the path, once for a request: it costs a query and a
// few microseconds a school.
func Read(ctx context.Context, q db.Queryer, path string) (*Names, error) {
	all, regions, err := org.SchoolsBelow(ctx, q, path)
	if err != nil {
		return nil, fmt.Errorf("schools by name: %w", err)
	}
	x := &Names{regions: map[string][]org.Node{}, schools: map[string][]spelled{}}
	for _, r := range regions {
		for _, form := range value.RegionForms(r.Name) {
			x.regions[form] = append(x.regions[form], r)
		}
	}
	for _, n := range all {
		for _, sp := range x.spellings(value.SchoolKey(n.Name)) {
			if last, ok := sp.above(n); ok {
				x.schools[sp.rest] = append(x.schools[sp.rest], spelled{school: n, last: last})
			}
		}
	}
	return x, nil
}

// longestRegion is how many characters the name of a region may have in front of a
// school's.
const longestRegion = 20

// spellings cuts regions off the front of a key in every way that leaves a name.
func (x *Names) spellings(key string) []spelling {
	out := []spelling{{rest: key}}
	for i := 0; i < len(out) && len(out) < 32; i++ {
		from, count := out[i], 0
		for cut := range from.rest {
			if count++; count > longestRegion {
				break
			}
			if cut == 0 || utf8.RuneCountInString(from.rest[cut:]) < 2 {
				continue
			}
			if found := x.regions[from.rest[:cut]]; found != nil {
				out = append(out, spelling{rest: from.rest[cut:], regions: append(slices.Clip(from.regions), found)})
			}
		}
	}
	return slices.DeleteFunc(out, func(s spelling) bool { return value.GenericSchool(s.rest) })
}

// above says whether each region in front is one above the school, and which the
// last may be.
func (s spelling) above(n org.Node) (last []id.Node, ok bool) {
	for _, said := range s.regions {
		last = nil
		for _, r := range said {
			if access.Covers(r.Path, n.Path) {
				last = append(last, r.ID)
			}
		}
		if len(last) == 0 {
			return nil, false
		}
	}
	return last, true
}

// Find returns the schools that a text may mean. nothing says that it names no
// school at all, but a kind of school.
func (x *Names) Find(text string) (found []org.Node, nothing bool) {
	ways := x.spellings(value.SchoolKey(text))
	have := map[id.Node]bool{}
	for _, way := range ways {
		for _, as := range x.schools[way.rest] {
			last, ok := way.above(as.school)
			// 长春市第一小学 is not 南关区第一小学: where both name regions the last is the same.
			if !ok || have[as.school.ID] || len(last) > 0 && len(as.last) > 0 && !overlap(last, as.last) {
				continue
			}
			have[as.school.ID] = true
			found = append(found, as.school)
		}
	}
	return found, x.generic(value.SchoolKey(text))
}

// generic says whether a key is a kind of school, with regions in front or without:
// 南关区小学.
func (x *Names) generic(key string) bool {
	if value.GenericSchool(key) {
		return true
	}
	for cut := range key {
		if cut > 0 && x.regions[key[:cut]] != nil && x.generic(key[cut:]) {
			return true
		}
	}
	return false
}

func overlap(a, b []id.Node) bool {
	return slices.ContainsFunc(a, func(n id.Node) bool { return slices.Contains(b, n) })
}
