package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Spec asks for a piece of work.
type Spec struct {
	Kind string
	// Key makes the work one: while a job of the kind with the key is open,
	// another Enqueue changes nothing. Empty means that every call is its own.
	Key     string
	RunAt   time.Time // not before; zero means now
	Payload string    // for the handler, usually JSON; no personal data
}

// State is what has become of a job.
type State string

// The states: waiting or running; done; given up.
const (
	Open   State = "open"
	Done   State = "done"
	Failed State = "failed"
)

// Job is a piece of work as it stands.
type Job struct {
	ID       id.Job
	Kind     string
	Key      string
	State    State
	Payload  string
	RunAt    time.Time
	Attempts int
	Running  bool  // somebody holds a lease on it
	Done     int64 // progress, of Total
	Total    int64 // 0 while unknown
	Error    string
	MadeAt   time.Time
	EndedAt  time.Time
}

// Handler does the work of a kind. It looks at ctx between its steps; an error
// brings the job back later, one made by Permanent does not.
type Handler func(ctx context.Context, r *Run) error

// Options tune a Service; the zero value is right for a server.
type Options struct {
	Workers  int           // jobs run at once; 0 means 2
	Lease    time.Duration // how long a silent worker keeps a job; 0 means one minute
	Limit    time.Duration // how long one run may take; 0 means no limit
	Attempts int           // after so many failures a job is given up; 0 means 20
	Logger   *slog.Logger
}

// Service is the queue and its workers. Register and Schedule are called
// before Work.
type Service struct {
	d     *db.DB
	ids   *id.Source
	clk   clock.Clock
	opt   Options
	owner string

	mu       sync.Mutex
	handlers map[string]Handler
	schedule map[string]func(after time.Time) time.Time
}

// New returns the queue of a database.
func New(d *db.DB, ids *id.Source, clk clock.Clock, opt Options) *Service {
	if opt.Workers <= 0 {
		opt.Workers = 2
	}
	if opt.Lease <= 0 {
		opt.Lease = time.Minute
	}
	if opt.Attempts <= 0 {
		opt.Attempts = 20
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	return &Service{
		d: d, ids: ids, clk: clk, opt: opt,
		owner:    fmt.Sprintf("%d", ids.Next()),
		handlers: map[string]Handler{},
		schedule: map[string]func(time.Time) time.Time{},
	}
}

// Register names the handler of a kind. A second one for the same kind panics.
func (s *Service) Register(kind string, h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.handlers[kind]; ok {
		panic("job: " + kind + " is registered twice")
	}
	s.handlers[kind] = h
}

// Schedule enqueues a job of the kind whenever next says: next returns the
// first instant after the given one. Times that passed while nothing ran are
// made up for by one job; its payload is the instant in epoch milliseconds.
func (s *Service) Schedule(kind string, next func(after time.Time) time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schedule[kind] = next
}

// wakeQueued is rung when a job was enqueued.
const wakeQueued = "job.queued"

const (
	sqlInsert = `INSERT INTO job (id, kind, key, state, payload, run_at, made_at) VALUES ($1, $2, $3, 'open', $4, $5, $6)
ON CONFLICT (kind, key) WHERE state = 'open' DO NOTHING`
	sqlOpen   = `SELECT id FROM job WHERE kind = $1 AND key = $2 AND state = 'open'`
	sqlSelect = `SELECT id, kind, key, state, payload, run_at, attempts, until, done, total, error, made_at, ended_at FROM job `
)

// Enqueue asks for work in the transaction tx and returns the job, or the open
// one that has the same kind and key.
func (s *Service) Enqueue(ctx context.Context, tx *db.Tx, spec Spec) (id.Job, error) {
	job := id.Next[id.Job](s.ids)
	if spec.Key == "" {
		spec.Key = job.String()
	}
	now := s.clk.Now()
	if spec.RunAt.IsZero() {
		spec.RunAt = now
	}
	for range 3 {
		n, err := tx.Exec(ctx, sqlInsert, job, spec.Kind, spec.Key, spec.Payload, clock.Millis(spec.RunAt), clock.Millis(now))
		if err != nil {
			return 0, fmt.Errorf("enqueue %s: %w", spec.Kind, err)
		}
		if n == 1 {
			tx.AfterCommit(func() { s.d.Notify(wakeQueued) })
			return job, nil
		}
		var open id.Job
		err = tx.QueryRow(ctx, sqlOpen, spec.Kind, spec.Key).Scan(&open)
		if err == nil {
			return open, nil
		}
		if !errors.Is(err, db.ErrNoRows) { // else it ended between the two
			return 0, fmt.Errorf("enqueue %s: %w", spec.Kind, err)
		}
	}
	return 0, fmt.Errorf("enqueue %s: the key %q does not come free", spec.Kind, spec.Key)
}

// Get returns a job, or an error that is db.ErrNoRows.
func (s *Service) Get(ctx context.Context, job id.Job) (Job, error) {
	j, err := s.scan(s.d.QueryRow(ctx, sqlSelect+"WHERE id = $1", job))
	if err != nil {
		return Job{}, fmt.Errorf("get job %v: %w", job, err)
	}
	return j, nil
}

// FindOpen returns the open job of a kind and key; ok is false without one.
func (s *Service) FindOpen(ctx context.Context, kind, key string) (j Job, ok bool, err error) {
	j, err = s.scan(s.d.QueryRow(ctx, sqlSelect+"WHERE kind = $1 AND key = $2 AND state = 'open'", kind, key))
	if errors.Is(err, db.ErrNoRows) {
		return Job{}, false, nil
	}
	if err != nil {
		return Job{}, false, fmt.Errorf("find job %s: %w", kind, err)
	}
	return j, true, nil
}

// Purge deletes jobs that ended before an instant and returns how many.
func (s *Service) Purge(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.d.Exec(ctx, "DELETE FROM job WHERE state <> 'open' AND ended_at < $1", clock.Millis(before))
	if err != nil {
		return 0, fmt.Errorf("purge jobs: %w", err)
	}
	return n, nil
}

// scan reads a row of sqlSelect.
func (s *Service) scan(row interface{ Scan(...any) error }) (Job, error) {
	var j Job
	var runAt, until, madeAt, endedAt int64
	err := row.Scan(&j.ID, &j.Kind, &j.Key, &j.State, &j.Payload, &runAt, &j.Attempts, &until, &j.Done, &j.Total,
		&j.Error, &madeAt, &endedAt)
	j.RunAt, j.MadeAt, j.EndedAt = clock.FromMillis(runAt), clock.FromMillis(madeAt), clock.FromMillis(endedAt)
	j.Running = j.State == Open && until > clock.Millis(s.clk.Now())
	return j, err
}

// permanent marks an error that another try would not mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent makes an error that gives the job up at once.
func Permanent(err error) error { return permanent{err} }

// errorText bounds what is kept of an error.
func errorText(err error) string {
	s := strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "�")
	if r := []rune(s); len(r) > 500 {
		s = string(r[:500])
	}
	return s
}
