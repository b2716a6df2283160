package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"learnspace/internal/clock"
)

// Row describes one line of a list: what it is, a second line, and at its end
// the action that the list is there for.
type Row struct {
	// Icon stands in a coloured square; Tone 1 to 5 colours it. Without an
	// icon, Avatar (a name) draws one.
	Icon   string
	Tone   int
	Avatar string
	Title  string
	// Href makes the title a link.
	Href string
	Note string
}

func (r Row) iconClass() string {
	if r.Tone > 1 && r.Tone <= 5 {
		return "iconbox ib-" + strconv.Itoa(r.Tone)
	}
	return "iconbox"
}

// Section describes a card with a heading.
type Section struct {
	ID    string
	Title string
	// Actions stand at the right of the heading; nil for none.
	Actions templ.Component
	// Quiet is for a card inside another; Flush for one that holds a table.
	Quiet, Flush bool
}

func (s Section) class() string {
	class := "card"
	if s.Quiet {
		class += " card-quiet"
	}
	if s.Flush {
		class += " card-flush"
	}
	return class
}

// Head describes the cover of a space: its name, a line about it, a sign.
type Head struct {
	Title string
	Text  string
	// Sign is the name whose first letter stands in the square; "" for none.
	Sign string
	// Tone is pine (when empty), river, maize or plum.
	Tone string
}

func (h Head) class() string {
	if h.Tone == "" {
		return "cover"
	}
	return "cover tone-" + h.Tone
}

// Step is one step of a chain. State is done, now or "".
type Step struct {
	Label string
	State string
}

// Tab is one of several views of a page, each with an address of its own.
type Tab struct {
	Label  string
	Href   string
	Active bool
	Count  int
}

// Grid describes a table.
type Grid struct {
	// Caption names the table; it is shown unless HideCaption.
	Caption     string
	HideCaption bool
	// Stack turns rows into cards on a phone; Wide keeps the columns and
	// scrolls.
	Stack, Wide, Compact bool
}

func (g Grid) class() string {
	var b strings.Builder
	b.WriteString("table")
	for _, c := range []struct {
		on   bool
		name string
	}{{g.Stack, " table-stack"}, {g.Wide, " table-wide"}, {g.Compact, " table-compact"}} {
		if c.on {
			b.WriteString(c.name)
		}
	}
	return b.String()
}

// Pages leads to the pages before and after this one; "" for none.
type Pages struct {
	Previous string
	Next     string
	// Note says what is shown, such as the number of rows; may be "".
	Note string
}

// Pair is one line of a list of properties.
type Pair struct {
	Name  string
	Value string
}

func machineTime(t time.Time) string { return t.In(clock.Zone).Format(time.RFC3339) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// percent is value of limit in whole percent for the reader's ear.
func percent(value, limit int64) string {
	if limit <= 0 {
		return "0"
	}
	return strconv.FormatInt(min(max(value*100/limit, 0), 100), 10)
}
