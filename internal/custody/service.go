package custody

import (
	"context"
	"io"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

// Files keeps the files that were asked for until they expire. The package blob
// implements it.
type Files interface {
	Put(ctx context.Context, key string, r io.Reader, size int64) error
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
}

// Deps are what the service works with.
type Deps struct {
	DB     *db.DB
	IDs    *id.Source
	Clock  clock.Clock
	Keys   *seal.Keys
	Trail  *audit.Trail
	Org    *org.Service
	People *person.Service
	Jobs   *job.Service
	Files  Files
	// System is the actor of the job that makes files and of the values that are
	// shown after the right to them was checked.
	System access.Actor
	// Renewed reports whether another person has renewed somebody's way in since a
	// moment: a slip, or a factor that was reset. nil: nobody can.
	Renewed func(ctx context.Context, who id.Person, since time.Time) (bool, error)
	// Platform stands over each file.
	Platform string
}

// Service is the front door.
type Service struct{ Deps }

// jobMake is the kind of the job that makes a file.
const jobMake = "custody.make"

// New returns the service and registers the job that makes files.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	if s.Jobs != nil {
		s.Jobs.Register(jobMake, s.runMake)
	}
	return s
}

func (s *Service) now() time.Time { return s.Clock.Now() }

func (s *Service) today() clock.Day { return clock.DayOf(s.Clock.Now()) }

func errMissing() error { return fault.New(fault.ErrNotFound, "custody.missing") }

// errViewing is for whoever looks on as somebody else: he sees pages, never what
// is known of third persons.
func errViewing() error { return fault.New(fault.ErrForbidden, "custody.viewing") }

func errForbidden() error { return fault.New(fault.ErrForbidden, "custody.forbidden") }

// record appends an audit row. detail is a JSON object without personal data.
func (s *Service) record(ctx context.Context, tx *db.Tx, by access.Actor, action, kind string, object int64, node id.Node, detail string) error {
	return s.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: action,
		Kind: kind, Object: object, Node: node, Detail: detail})
}
