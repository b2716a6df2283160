package access

import (
	"slices"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/id"
)

// Place is one role held at one node. Path is the node's path at the time the
// actor was loaded; it never leaves the server.
type Place struct {
	Node id.Node
	Path string
	Role Role
	// Grant is the grant that gives the role; 0: it comes from the roster.
	Grant id.Grant
	// For is whose place a substitute takes until the day Until; 0: the role is
	// the holder's own.
	For id.Person
	// From is the first day of the role, Until the first day on which it no longer
	// holds; 0: not known, without end.
	From, Until clock.Day
	// GivenBy gave the grant; 0: the roster, the command line or the system.
	GivenBy id.Person
}

// kind tells a person from the three actors that are none.
type kind uint8

const (
	person kind = iota
	anonymous
	system
	operator
)

// Actor is who asks. Every exported method of a service takes one, so that
// none can forget the tenant. The zero Actor is nobody and may do nothing.
type Actor struct {
	Person  id.Person
	Account id.Account
	// Role is the active role: each list follows it.
	Role Role
	// Name is the person's name, for greetings.
	Name string
	// Places lists every role held today, the active one among them.
	Places []Place
	// NoConsent is set for a child under 14 for whom no guardian has agreed, and
	// for a pupil whose guardian refused or withdrew: class notices work, the
	// personal space and talk stay closed (个人信息保护法 art. 31).
	NoConsent bool
	// Unanswered says of NoConsent that no guardian has answered yet: nobody has
	// refused anything.
	Unanswered bool
	// Talk is what the guardians' answers about asking and commenting in the class
	// come to: given, refused, withdrawn, lapsed; "" where nobody answered, which
	// leaves it to NoConsent.
	Talk string
	// Wards lists the children of a guardian whose binding is confirmed.
	Wards []id.Person
	// Shared says that he signed in on a computer that others use.
	Shared bool
	// ViewedBy is the operator who looks at this person's pages: the actor then
	// reads what the person reads, and holds no permission that writes or shows
	// sealed data. 0: the person himself.
	ViewedBy id.Person

	kind   kind
	reason string
}

// Anonymous is whoever has not signed in.
func Anonymous() Actor { return Actor{kind: anonymous, Role: "anonymous"} }

// System is the product itself, for the reason given. Only app, job and
// consumers may name it.
func System(reason string) Actor { return Actor{kind: system, Role: "system", reason: reason} }

// Operator is the operating system's user at the command line. Only app may
// name it.
func Operator(user string) Actor {
	return Actor{kind: operator, Role: OperatorRole, Name: user, reason: "command line"}
}

// IsPerson reports whether the actor is a signed-in person.
func (a Actor) IsPerson() bool { return a.kind == person && a.Person != 0 }

// IsSystem reports whether the actor is the product itself.
func (a Actor) IsSystem() bool { return a.kind == system }

// IsOperator reports whether the actor works at the command line.
func (a Actor) IsOperator() bool { return a.kind == operator }

// Reason is why the system acts; "" for persons.
func (a Actor) Reason() string { return a.reason }

// Roles lists the distinct roles that the actor holds today, in the order of
// [Roles].
func (a Actor) Roles() []Role {
	var out []Role
	for _, r := range Roles() {
		if slices.ContainsFunc(a.Places, func(p Place) bool { return p.Role == r }) {
			out = append(out, r)
		}
	}
	return out
}

// MayTalk reports whether no guardian's answer stands against asking and
// commenting in the class.
func (a Actor) MayTalk() bool {
	switch a.Talk {
	case "given":
		return true
	case "refused", "withdrawn":
		return false
	}
	return !a.NoConsent
}

// Home is the node at which the active role is held; 0 when it is held nowhere.
// Of several it is the first.
func (a Actor) Home() id.Node {
	for _, p := range a.Places {
		if p.Role == a.Role {
			return p.Node
		}
	}
	return 0
}

// unbounded actors stand outside the tree: the command line and the system.
func (a Actor) unbounded() bool { return a.kind == system || a.kind == operator }

// Can reports whether the active role holds p anywhere. It is the coarse gate
// of the route table; the rule is [Actor.Allows].
func (a Actor) Can(p Permission) bool { return a.gate(p) == "" }

// Allows reports whether the active role holds p at the node with this path.
// An empty path is nowhere.
func (a Actor) Allows(p Permission, path string) bool { return a.Explain(p, path).Allowed }

// Covers reports whether the node at path inner is the node at path outer or
// lies below it. Paths end with "/", so "1/2/" does not cover "1/23/".
func Covers(outer, inner string) bool {
	return outer != "" && strings.HasPrefix(inner, outer)
}
