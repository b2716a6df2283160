package person

import (
	"encoding/json"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// The verbs of this package's events. Object is the person, Kind "person".
const (
	EventMade       = "person.made"
	EventUnmade     = "person.unmade"
	EventActivated  = "person.activated"
	EventVerified   = "person.verified"
	EventUnverified = "person.unverified"
	EventMoved      = "person.moved"
	EventLeft       = "person.left"
	EventReturned   = "person.returned"
	// EventMerged takes a duplicate out; its extra names the kept record.
	EventMerged = "person.merged"
	// EventUnmerged takes that back; its extra says whether the record is here.
	EventUnmerged = "person.unmerged"
	// EventDeactivated follows EventUnmerged where the sign-in has gone back.
	EventDeactivated = "person.deactivated"
)

// Extra is what the events of a person carry beside the object.
type Extra struct {
	// Role is the role in which the person counts.
	Role string `json:"r"`
	// First is 1 when the person is verified for the first time ever.
	First int `json:"first,omitempty"`
	// From is the unit before a move.
	From id.Node `json:"from,omitzero"`
	// Activated and Verified are the states that a moved, leaving or returning
	// person takes along.
	Activated int `json:"a,omitempty"`
	Verified  int `json:"v,omitempty"`
	// Into is the record that was kept; Here is 1 for somebody who is back at his
	// place after an undoing.
	Into id.Person `json:"into,omitzero"`
	Here int       `json:"here,omitempty"`
}

func (x Extra) encode() string {
	b, err := json.Marshal(x)
	if err != nil {
		panic(fmt.Sprintf("person: encode extra: %v", err))
	}
	return string(b)
}

// newEvent is an event about a person who counts at unit; node is the class or
// other place.
func newEvent(by access.Actor, verb string, person id.Person, node, unit id.Node, x Extra) event.Event {
	return event.Event{Actor: by.Person, Role: actorRole(by), Verb: verb, Kind: "person", Object: person.Int(),
		Node: node, Unit: unit, Extra: x.encode()}
}

// states fills in what the person takes along.
func (x Extra) states(p Person) Extra {
	x.Role = p.Role
	if !p.Activated.IsZero() {
		x.Activated = 1
	}
	if !p.Verified.IsZero() {
		x.Verified = 1
	}
	return x
}
