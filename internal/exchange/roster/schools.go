package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"learnspace/internal/access"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/schoolname"
	"learnspace/internal/exchange/roster/value"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// school is a school that rows name, or the school of the request.
type school struct {
	id   id.Node
	path string
	name string
	info value.School
	fail value.Code // school_unknown or school_outside
	// several are the schools that an unknown name may mean; nothing says that the
	// text names a kind of school and none of them.
	several []read.SchoolName
	nothing bool
}

// schools finds schools by code, once each, for one request.
type schools struct {
	s      *Service
	node   org.Node
	byCode map[string]*school
	byID   map[id.Node]*school
	names  *schoolname.Names // nil until a name is looked for that is no full one
	err    error
}

func newSchools(s *Service, node org.Node) *schools {
	c := &schools{s: s, node: node, byCode: map[string]*school{}, byID: map[id.Node]*school{}}
	if node.IsSchool() {
		c.add(node)
	}
	return c
}

func (c *schools) add(n org.Node) *school {
	sc := &school{id: n.ID, path: n.Path, name: n.Name, info: value.School{Code: n.Code, Type: n.Type, FiveFour: n.FiveFour}}
	if !access.Covers(c.node.Path, n.Path) {
		sc.fail = value.SchoolOutside
	} else {
		c.byID[n.ID] = sc
	}
	c.byCode[n.Code] = sc
	return sc
}

// find returns the school of a code, or of a name that only one school below
// the node has; for an office also of a name written in a shorter way that fits
// only one. Without a text it is the request's own node, where that is a
// school. An error of the database is kept in err.
func (c *schools) find(ctx context.Context, text string) *school {
	if sc := c.known(text); sc != nil {
		return sc
	}
	unknown := &school{fail: value.SchoolUnknown}
	if text == "" {
		return unknown
	}
	n, err := org.School(ctx, c.s.db, text)
	if errors.Is(err, fault.ErrNotFound) {
		n, err = org.SchoolNamed(ctx, c.s.db, c.node.Path, text)
	}
	switch {
	case errors.Is(err, fault.ErrNotFound):
		c.byCode[text] = unknown
		c.byHabit(ctx, text)
	case err != nil:
		c.err = fmt.Errorf("find school %s: %w", text, err)
		return unknown
	default:
		c.byCode[text] = c.add(n)
	}
	return c.byCode[text]
}

// longestName is how many bytes a name may have that is looked for.
const longestName = 180

// byHabit looks for an office for the one school below it that a text means.
func (c *schools) byHabit(ctx context.Context, text string) {
	if !c.node.IsRegion() || len(text) > longestName || !strings.ContainsFunc(text, unicode.IsLetter) {
		return
	}
	if c.names == nil {
		x, err := schoolname.Read(ctx, c.s.db, c.node.Path)
		if err != nil {
			c.err = err
			return
		}
		c.names = x
	}
	unknown := c.byCode[text]
	found, nothing := c.names.Find(text)
	unknown.nothing = nothing
	if len(found) == 1 {
		c.byCode[text] = c.add(found[0])
		return
	}
	for _, n := range found {
		unknown.several = append(unknown.several, read.SchoolName{Code: n.Code, Name: n.Name})
	}
}

// known returns a school that was found before, nil when it was not.
func (c *schools) known(text string) *school {
	if text == "" {
		return c.byID[c.node.ID]
	}
	return c.byCode[text]
}
