package space

import (
	"encoding/json"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/event"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

// The kinds of space.
const (
	KindPersonal = "personal"
	KindRegion   = "region"
	KindSchool   = "school" // schools, campuses, teaching points
	KindClass    = "class"
)

// The states of a space.
const (
	StatusMade     = "made"
	StatusOpened   = "opened"
	StatusFrozen   = "frozen"
	StatusArchived = "archived"
)

// The verbs of this package's events. Object is the space, Node its owner.
const (
	EventMade   = "space.made"
	EventOpened = "space.opened"
	EventUnmade = "space.unmade"
)

// Space is one space. Either Person or Node is its owner.
type Space struct {
	ID       id.Space
	Kind     string
	Person   id.Person
	Node     id.Node
	Unit     id.Node
	Status   string
	Made     time.Time
	Opened   time.Time // zero: not yet
	OpenedBy id.Person
	Batch    id.Batch
}

// Extra is the extra of the events: the kind of space.
type Extra struct {
	Kind string `json:"k"`
}

// kindOf is the kind of space that a node has; "" for none.
func kindOf(n org.Node) string {
	switch {
	case n.Kind == org.KindClass:
		return KindClass
	case n.IsSchool():
		return KindSchool
	case n.IsRegion():
		return KindRegion
	}
	return ""
}

func newEvent(by access.Actor, verb string, sp Space) event.Event {
	extra, err := json.Marshal(Extra{Kind: sp.Kind})
	if err != nil {
		panic(fmt.Sprintf("space: encode extra: %v", err))
	}
	return event.Event{Actor: by.Person, Role: string(by.Role), Verb: verb, Kind: "space", Object: sp.ID.Int(),
		Node: sp.Node, Unit: sp.Unit, Space: sp.ID, Extra: string(extra)}
}
