package roster

import (
	"learnspace/internal/clock"
	"learnspace/internal/id"
)

// outcome is what becomes of a row.
type outcome uint8

const (
	rejected outcome = iota
	unchanged
	changed
	made
	moved
)

// known is a person as the database has him, with what earlier rows of this
// chunk, or of this dry run, add to it.
type known struct {
	id        id.Person // negative for a person whom only a dry run made
	name      string
	key       string // name key
	sex       int8
	birth     clock.Day
	ethnic    string
	idType    string
	idNo      string
	studentNo string
	phone     string
	noReason  string
	boarding  string
	enrolled  clock.Day
	role      string
	left      bool
	unit      id.Node
	places    []place
	guards    []guard
	fresh     bool // made by this chunk, not written yet
	placed    bool // all places are loaded
	guarded   bool // the guardians are loaded
}

// place is an open affiliation.
type place struct {
	id      int64 // 0 while this chunk has not written it
	node    id.Node
	unit    id.Node
	role    string
	subject string
	post    string
	primary bool
	batch   id.Batch
}

// guard is one guardian of a pupil.
type guard struct {
	id        int64
	person    id.Person
	k         *known // the guardian, where this chunk made or changed him
	name, key string
	phone     string
	relation  string
	ordinal   int
}

// primary returns the affiliation that counts, nil when there is none.
func (k *known) primary() *place {
	for i := range k.places {
		if k.places[i].primary {
			return &k.places[i]
		}
	}
	return nil
}

// at reports whether the person has any place at the school.
func (k *known) at(unit id.Node) bool {
	for _, p := range k.places {
		if p.unit == unit {
			return true
		}
	}
	return false
}

// find returns the place at node in this role with this subject, nil when
// there is none.
func (k *known) find(node id.Node, role, subject string) *place {
	for i := range k.places {
		if p := &k.places[i]; p.node == node && p.role == role && p.subject == subject {
			return p
		}
	}
	return nil
}

// contradicts reports whether the numbers of a row say that it is about
// another person than k, although school, name, sex and birth agree.
func (k *known) contradicts(idNo, studentNo string) bool {
	if k.idNo != "" && idNo != "" && k.idNo != idNo {
		return true
	}
	if k.studentNo == "" || studentNo == "" || k.studentNo == studentNo {
		return false
	}
	// A temporary number (L) and one of the old registry (J) give way to
	// another one; two lasting numbers are two pupils.
	return k.studentNo[0] == 'G' && studentNo[0] == 'G'
}
