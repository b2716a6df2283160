package org

import (
	"encoding/json"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/event"
	"learnspace/internal/id"
)

// The verbs of this package's events. Object and Node are the node, Unit its
// unit; of grants Object is the grant.
const (
	EventMade       = "org.made"
	EventChanged    = "org.changed"
	EventMoved      = "org.moved"
	EventClosed     = "org.closed"
	EventGrantGiven = "grant.given"
	EventGrantEnded = "grant.ended"
)

// The actions of audit rows that are no events: a role confirmed in the yearly
// review, and the list of roles taken away as a file.
const (
	actionReviewed = "grant.reviewed"
	actionListed   = "grant.listed"
)

// Made is the extra of org.made: the node as it began.
type Made struct {
	Kind   string  `json:"kind"`
	Type   string  `json:"type,omitempty"`
	Flag   string  `json:"flag"`
	Status string  `json:"status"`
	Parent id.Node `json:"parent"`
	Report id.Node `json:"report"`
	Stage  string  `json:"stage,omitempty"`
}

// Changed is the extra of org.changed: the values after the change.
type Changed struct {
	Kind   string `json:"kind"`
	Type   string `json:"type,omitempty"`
	Flag   string `json:"flag"`
	Status string `json:"status"`
}

// Moved is the extra of org.moved: the parents before and after in one tree,
// and the day from which it holds.
type Moved struct {
	Tree Tree      `json:"tree"`
	From id.Node   `json:"from"`
	To   id.Node   `json:"to"`
	Day  clock.Day `json:"day"`
}

// Closed is the extra of org.closed. Unmade is 1 when the node was a mistake
// and is gone, as after an undone batch.
type Closed struct {
	Kind   string `json:"kind"`
	Unmade int    `json:"unmade,omitempty"`
}

// Granted is the extra of grant.given and grant.ended.
type Granted struct {
	Person id.Person   `json:"person"`
	Role   access.Role `json:"role"`
	From   clock.Day   `json:"from"`
	To     clock.Day   `json:"to,omitzero"`
	LentBy id.Person   `json:"lent_by,omitzero"` // whose place a substitute takes
}

// nodeEvent is an event about a node.
func nodeEvent(by access.Actor, verb string, n Node, extra any) event.Event {
	return event.Event{
		Actor: by.Person, Role: string(by.Role), Verb: verb, Kind: "node",
		Object: n.ID.Int(), Node: n.ID, Unit: n.Unit, Extra: encode(extra),
	}
}

// grantEvent is an event about a grant.
func grantEvent(by access.Actor, verb string, g Grant, unit id.Node) event.Event {
	return event.Event{
		Actor: by.Person, Role: string(by.Role), Verb: verb, Kind: "grant",
		Object: g.ID.Int(), Node: g.Node, Unit: unit,
		Extra: encode(granted(g)),
	}
}

// granted is the extra of a grant.
func granted(g Grant) Granted {
	return Granted{Person: g.Person, Role: g.Role, From: g.From, To: g.To, LentBy: g.LentBy}
}

// madeEvent is org.made of a node.
func madeEvent(by access.Actor, n Node) event.Event {
	return nodeEvent(by, EventMade, n, Made{Kind: n.Kind, Type: n.Type, Flag: n.Flag, Status: n.Status,
		Parent: n.Parent, Report: n.Report, Stage: n.Stage})
}

// changedEvent is org.changed of a node.
func changedEvent(by access.Actor, n Node) event.Event {
	return nodeEvent(by, EventChanged, n, Changed{Kind: n.Kind, Type: n.Type, Flag: n.Flag, Status: n.Status})
}

// encode writes an extra; the types above cannot fail.
func encode(extra any) string {
	b, err := json.Marshal(extra)
	if err != nil {
		panic(fmt.Sprintf("org: encode %T: %v", extra, err))
	}
	return string(b)
}
