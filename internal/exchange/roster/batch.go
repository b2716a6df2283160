package roster

import (
	"time"

	"learnspace/internal/id"
)

// Mode says whether a file adds to what is known or is the whole roster.
type Mode string

const (
	// Add leaves persons alone whom the file does not name.
	Add Mode = "add"
	// Whole gives persons of the touched schools whom the file does not name
	// the state left.
	Whole Mode = "whole"
)

// State is where a batch stands.
type State string

// The states of a batch, in their order. Refused, failed and dropped are ends:
// the file could not be read, the import broke for good, nobody confirmed.
const (
	Uploaded  State = "uploaded"
	Checked   State = "checked"
	Refused   State = "refused"
	Confirmed State = "confirmed"
	Running   State = "running"
	Done      State = "done"
	Undone    State = "undone"
	Failed    State = "failed"
	Dropped   State = "dropped"
)

const (
	// UndoFor is how long a batch can be taken back while unused.
	UndoFor = 72 * time.Hour
	// KeepRows is how long rejected rows are kept, sealed.
	KeepRows = 30 * 24 * time.Hour
	// KeepUpload is how long a file waits for its confirmation.
	KeepUpload = 7 * 24 * time.Hour
	// UploadBytes is the most that a browser may send in one request.
	UploadBytes = 64 << 20
	// UploadRows is the most rows that one upload in a browser may hold.
	UploadRows = 200_000
)

// Batch is one import with its progress.
type Batch struct {
	ID          id.Batch
	By          id.Person
	ByName      string
	Node        id.Node
	Mode        Mode
	Promotion   bool
	State       State
	Reason      string // file code of a refusal; of a whole roster why nobody left
	Taken       int64  // rows taken so far
	Total       int64  // rows in the check; 0 when there was none
	MadeAt      time.Time
	CheckedAt   time.Time
	ConfirmedAt time.Time
	DoneAt      time.Time
	UndoneAt    time.Time
	Version     int64

	// Names are the files as they were called.
	Names []string

	account  id.Account
	role     string
	leavers  int64
	kept     bool
	nodePath string
}

// Undoable reports whether the batch may still be taken back at now, as far as
// its age decides.
func (b Batch) Undoable(now time.Time) bool {
	return (b.State == Done || b.State == Failed) && now.Before(b.DoneAt.Add(UndoFor))
}

// Busy reports whether the batch is on its way.
func (b Batch) Busy() bool {
	return b.State == Uploaded || b.State == Confirmed || b.State == Running
}

// Percent gives the progress from 0 to 100; 0 when the number of rows is not
// known.
func (b Batch) Percent() int {
	if b.Total <= 0 {
		return 0
	}
	return int(min(100, b.Taken*100/b.Total))
}
