package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/config"
	"learnspace/internal/custody"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/seal"
)

// Suites are the choices of algorithms by the word of the command line.
var Suites = map[string]seal.Suite{"aes": seal.AES, "sm": seal.SM}

// CreateKeys makes the key file of a folder with a suite, "aes" or "sm". A file
// that is there is never overwritten, and a folder with a database whose keys are
// gone gets no others.
func CreateKeys(c config.Config, suite string) error {
	if hasDatabase(c) {
		return fault.New(fault.ErrConflict, "cli.keys.late")
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	s, ok := Suites[suite]
	if !ok {
		return fault.New(fault.ErrInvalid, "cli.keys.suite")
	}
	_, err := seal.Create(c.Keys(), s)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.ErrConflict, "cli.keys.there", c.Keys())
	}
	return err
}

// NoteBackup records that everything is about to be copied, and whether with the
// keys.
func (a *App) NoteBackup(ctx context.Context, by access.Actor, keys bool) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Role: string(by.Role), Action: "backup.made", Kind: "keys",
			Detail: fmt.Sprintf(`{"keys":%t}`, keys)})
	})
	if err != nil {
		return fmt.Errorf("record the backup: %w", err)
	}
	return nil
}

// StartRotation seals and hashes with new keys of a suite from now on ("" keeps
// the one in use), while the product runs, and asks for the job that seals and
// hashes anew what is kept. The old keys stay in the file: uploads and lists in
// the blob store still open, and slips that were printed still work. A rotation
// while another is under way is refused.
func (a *App) StartRotation(ctx context.Context, by access.Actor, suite seal.Suite) (id.Job, error) {
	// Two at once would make two keys of one name and keep only one of them.
	a.rotating.Lock()
	defer a.rotating.Unlock()
	if _, ok, err := a.Jobs.FindOpen(ctx, jobReseal, jobReseal); err != nil || ok {
		return 0, orConflict(err)
	}
	if suite == "" {
		suite = a.Keys.Suite()
	}
	next, err := a.Keys.Rotate(suite)
	if err == nil {
		next, err = next.RotateHash(suite)
	}
	if err != nil {
		return 0, err
	}
	// The file first: a value must never be sealed under a key that a crash
	// could lose.
	if err := next.Save(a.Config.Keys()); err != nil {
		return 0, err
	}
	a.Keys.Adopt(next)
	var job id.Job
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := custody.MarkKeys(ctx, tx, a.Keys); err != nil {
			return err
		}
		err := a.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Role: string(by.Role), Action: "keys.rotated", Kind: "keys",
			Detail: fmt.Sprintf(`{"suite":%q}`, suite)})
		if err != nil {
			return err
		}
		job, err = a.enqueueReseal(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("record the rotation: %w", err)
	}
	return job, nil
}

func orConflict(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.ErrConflict, "cli.keys.running")
}

func (a *App) enqueueReseal(ctx context.Context, tx *db.Tx) (id.Job, error) {
	return a.Jobs.Enqueue(ctx, tx, job.Spec{Kind: jobReseal, Key: jobReseal})
}

// resumeRotation asks for the job again where a rotation was broken off between
// its file and its record.
func (a *App) resumeRotation(ctx context.Context) error {
	if !a.Keys.Moving() {
		return nil
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := custody.MarkKeys(ctx, tx, a.Keys); err != nil {
			return err
		}
		_, err := a.enqueueReseal(ctx, tx)
		return err
	})
}

// Rotation is how far a rotation is.
type Rotation struct {
	Done, Total int64
	Ended       bool
	Failed      string // why it was given up; "" else
}

// RotationState reads how far a rotation is.
func (a *App) RotationState(ctx context.Context, rotation id.Job) (Rotation, error) {
	j, err := a.Jobs.Get(ctx, rotation)
	if err != nil {
		return Rotation{}, err
	}
	r := Rotation{Done: j.Done, Total: j.Total, Ended: j.State != job.Open}
	if j.State == job.Failed {
		r.Failed = j.Error
	}
	return r, nil
}

// AwaitRotation waits until the job of a rotation has ended, in a server that
// works on it, and calls progress now and then.
func (a *App) AwaitRotation(ctx context.Context, rotation id.Job, progress func(Rotation)) (Rotation, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := a.RotationState(ctx, rotation)
		if err != nil || r.Ended {
			return r, err
		}
		progress(r)
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-tick.C:
		}
	}
}

// WorkOff runs the jobs that are due, for commands without a server.
func (a *App) WorkOff(ctx context.Context) error {
	_, err := a.Jobs.RunDue(ctx)
	return err
}
