package access

import (
	"slices"

	"learnspace/internal/clock"
)

// Why names the rule by which a question about a right was answered.
type Why string

// The rules, in the order in which they are asked. Only ByPlace and ByCommand
// allow anything.
const (
	// NotSignedIn: nobody asks.
	NotSignedIn Why = "nobody"
	// NotInRole: the table of permissions does not give the role this one.
	NotInRole Why = "not_in_role"
	// NotInView: an operator looks at somebody's pages, which opens reading only.
	NotInView Why = "not_in_view"
	// NotHeld: the role is held nowhere today.
	NotHeld Why = "not_held"
	// Nowhere: the object stands nowhere in the tree.
	Nowhere Why = "nowhere"
	// Outside: the role is held, but neither at the object's node nor above it.
	Outside Why = "outside"
	// ByCommand: the command line and the system stand outside the tree.
	ByCommand Why = "command"
	// ByPlace: the role is held at the object's node or above it.
	ByPlace Why = "place"
)

// Verdict is the answer to "may this role do that there", with its reason.
type Verdict struct {
	Allowed    bool
	Why        Why
	Permission Permission
	Role       Role
	// Place is the place that allows it; with Outside the first place of the
	// role. The zero Place where there is none.
	Place Place
}

// gate answers whether the active role holds p at all: "" when it does, else the
// reason why not.
func (a Actor) gate(p Permission) Why {
	switch a.kind {
	case system, operator:
		return ""
	case anonymous:
		return NotSignedIn
	}
	switch {
	case a.Person == 0 || a.Role == "":
		return NotSignedIn
	case a.ViewedBy != 0 && !viewable(p):
		return NotInView
	case !Has(a.Role, p):
		return NotInRole
	case !slices.Contains(everybody, p) && a.Home() == 0:
		return NotHeld
	}
	return ""
}

// Explain answers whether the active role holds p at the node with this path,
// and by which rule. [Actor.Allows] is its answer without the reason, so an
// explanation cannot differ from what happens.
func (a Actor) Explain(p Permission, path string) Verdict {
	v := Verdict{Permission: p, Role: a.Role}
	if v.Why = a.gate(p); v.Why != "" {
		return v
	}
	if path == "" {
		v.Why = Nowhere
		return v
	}
	if a.unbounded() {
		v.Allowed, v.Why = true, ByCommand
		return v
	}
	v.Why = Outside
	for _, at := range a.Places {
		if at.Role != a.Role {
			continue
		}
		if Covers(at.Path, path) {
			v.Allowed, v.Why, v.Place = true, ByPlace, at
			return v
		}
		if v.Place.Node == 0 {
			v.Place = at
		}
	}
	return v
}

// As is the actor with another of his roles active, as after a switch.
func (a Actor) As(role Role) Actor {
	a.Role = role
	return a
}

// ExplainAll answers the question for each role that a person holds, in the
// order of [Roles]: he may switch to any of them. Whoever holds none gets one
// verdict that says so.
func (a Actor) ExplainAll(p Permission, path string) []Verdict {
	roles := a.Roles()
	if len(roles) == 0 {
		return []Verdict{a.As("").Explain(p, path)}
	}
	out := make([]Verdict, len(roles))
	for i, r := range roles {
		out[i] = a.As(r).Explain(p, path)
	}
	return out
}

// Owns reports whether the active role is the actor's own at the node with this
// path or above it, and not only lent to him for some days: a substitute gives
// no roles and passes nothing on. The command line and the system own all.
func (a Actor) Owns(path string) bool {
	return a.unbounded() || slices.ContainsFunc(a.Places, func(at Place) bool {
		return at.Role == a.Role && at.For == 0 && Covers(at.Path, path)
	})
}

// LentUntil is the first day on which a role that is only lent to the actor no
// longer holds, the last of several; 0 for a role that he holds himself
// somewhere, or not at all.
func (a Actor) LentUntil(role Role) clock.Day {
	var until clock.Day
	for _, at := range a.Places {
		if at.Role != role {
			continue
		}
		if at.For == 0 && at.Path != "" {
			return 0
		}
		until = max(until, at.Until)
	}
	return until
}

// Stands is the place that the active role holds at its home only for somebody
// else; the zero Place where it is the actor's own.
func (a Actor) Stands() Place {
	if a.LentUntil(a.Role) == 0 {
		return Place{}
	}
	i := slices.IndexFunc(a.Places, func(at Place) bool { return at.Role == a.Role && at.For != 0 })
	return a.Places[i]
}
