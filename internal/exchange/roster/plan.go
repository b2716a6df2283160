package roster

import (
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/id"
	"learnspace/internal/person"
)

// classKey names a class of one school for life.
type classKey struct {
	school id.Node
	stage  string
	entry  int
	number int
}

// fresh is a person to be made.
type fresh struct {
	k     *known
	ready *person.Prepared
}

// moveOp carries a person's primary place from one class to another.
type moveOp struct {
	k    *known
	from place // the zero place when the person had left
	to   place
	keep bool // the old place stays and no longer counts
}

// edit is a person whose stored fields change.
type edit struct {
	k      *known
	before known // as stored
}

// guardAdd ties a guardian to a ward.
type guardAdd struct {
	ward *known
	at   int // index in ward.guards
}

// guardEdit changes a guardian's phone or relation.
type guardEdit struct {
	ward   id.Person
	before guard
	after  guard
}

// placeAdd gives a person another place.
type placeAdd struct {
	person id.Person
	place  place
}

// request is a transfer that waits, or that the confirmation releases.
type request struct {
	k       *known
	kind    string
	to      *school
	class   classKey
	release bool
	// Where the pupil is held now.
	fromUnit, fromNode id.Node
}

// plan is what a chunk of rows asks the database for. It is made afresh each
// time the transaction runs.
type plan struct {
	people     []fresh
	moves      []moveOp
	edits      []edit
	edited     map[id.Person]bool
	places     []placeAdd
	guards     []guardAdd
	guardEdits []guardEdit
	requests   []request
	seen       []id.Person
}

// edit notes that k's stored fields are about to change; before the change.
func (p *plan) edit(k *known) {
	if k.fresh || p.edited[k.id] {
		return
	}
	if p.edited == nil {
		p.edited = map[id.Person]bool{}
	}
	p.edited[k.id] = true
	p.edits = append(p.edits, edit{k: k, before: *k})
}

// keyRef is one value under which a person is known.
type keyRef struct {
	kind  person.KeyKind
	value string
}

// item is a row on its way into the database.
type item struct {
	file   int // entry of the report
	row    read.Row
	school *school

	idValue    string
	placeValue string
	guardValue [2]string
	// ready is the row as a new person, and its guardians as new persons, sealed
	// and hashed; nil in a dry run.
	ready  *person.Prepared
	guards [2]*person.Prepared

	nameColumn   string // header of the name
	numberColumn string // header of the number by which the row is known
	cells        string // the row as handed in, cells joined by cellSeparator

	problems []read.Problem
	// coming says that the row's first grade is the one that begins on the coming
	// 1 September.
	coming bool
}

// cellSeparator joins the cells of a row; no cell contains it.
const cellSeparator = "\x1f"
