package roster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
)

// The kinds of background work.
const (
	jobCheck = "roster.check"
	jobRun   = "roster.run"
	jobUndo  = "roster.undo"
	jobSweep = "roster.sweep"
)

// checkNow is the size up to which an upload is checked before the answer.
const checkNow = 1 << 20

// Part is one file of an upload.
type Part struct {
	Name string
	Body io.Reader
}

// Upload keeps the files of a form and checks them: small ones at once, large
// ones in the background. The batch that it returns is confirmed, or not, by
// somebody who has seen the report. A repeated key gives the first batch.
func (s *Service) Upload(ctx context.Context, by access.Actor, node id.Node, mode Mode, key string, parts iter.Seq2[Part, error]) (id.Batch, error) {
	if _, err := s.may(ctx, by, node, access.RosterImport); err != nil {
		return 0, err
	}
	if mode != Add && mode != Whole {
		return 0, fault.Invalid(fault.At("mode", "roster.mode.unknown"))
	}
	if key != "" {
		key = fmt.Sprintf("%d:%s", by.Person, key)
		if found, err := batchByKey(ctx, s.db, key); err != nil || found != 0 {
			return found, err
		}
	}
	n := newBatch{id: id.Batch(s.ids.Next()), by: by, node: node, mode: mode, state: Uploaded, key: key, kept: true}
	var total int64
	for p, err := range parts {
		if err != nil {
			return 0, s.forget(ctx, n, fault.Wrap(fault.ErrInvalid, err, "roster.upload.broken"))
		}
		size, err := s.keep(ctx, n.id, len(n.names), p.Body)
		n.names, n.sizes = append(n.names, p.Name), append(n.sizes, size)
		if total += size; err == nil && total > UploadBytes {
			err = fault.New(fault.ErrTooMany, "roster.upload.too_large", UploadBytes>>20)
		}
		if err != nil {
			return 0, s.forget(ctx, n, err)
		}
	}
	if len(n.names) == 0 {
		return 0, fault.Invalid(fault.At("file", "roster.upload.none"))
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.insertBatch(ctx, tx, n, s.now()); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, jobCheck, n.id)
	})
	if err != nil { // no batch names these files: nobody else would ever erase them
		err = s.forget(ctx, n, err)
		if db.IsUnique(err) && key != "" {
			return batchByKey(ctx, s.db, key)
		}
		return 0, fmt.Errorf("upload roster: %w", err)
	}
	if total <= checkNow {
		return n.id, s.check(ctx, n.id)
	}
	return n.id, nil
}

// forget erases the files of an upload that came to nothing.
func (s *Service) forget(ctx context.Context, n newBatch, cause error) error {
	s.discard(ctx, Batch{ID: n.id, Names: n.names})
	return cause
}

// payload is what a job of this package carries.
type payload struct {
	Batch id.Batch `json:"batch"`
}

func (s *Service) enqueue(ctx context.Context, tx *db.Tx, kind string, bid id.Batch) error {
	body, err := json.Marshal(payload{Batch: bid})
	if err != nil {
		return err
	}
	_, err = s.jobs.Enqueue(ctx, tx, job.Spec{Kind: kind, Key: bid.String(), RunAt: s.now(), Payload: string(body)})
	return err
}

// clerk is the actor of a batch: whoever uploaded it, in the role and at the
// node of then, and nowhere else.
func (s *Service) clerk(ctx context.Context, b Batch) (access.Actor, error) {
	path, err := s.org.NodePath(ctx, access.Actor{}, b.Node)
	if err != nil {
		return access.Actor{}, err
	}
	role := access.Role(b.role)
	if b.By == 0 { // the command line
		return s.as(access.Actor{Role: role, Name: b.ByName}), nil
	}
	return access.Actor{Person: b.By, Account: b.account, Name: b.ByName, Role: role,
		Places: []access.Place{{Node: b.Node, Path: path, Role: role}}}, nil
}

// check runs the dry run of an uploaded batch and keeps its report. Running
// twice is harmless.
func (s *Service) check(ctx context.Context, bid id.Batch) error {
	b, err := s.batch(ctx, s.db, bid)
	if err != nil || b.State != Uploaded {
		return err
	}
	e, report, err := s.engineOf(ctx, b)
	if err != nil {
		return err
	}
	if report.Refused() == "" {
		defer e.close()
		e.limit, e.keep = UploadRows, true
		report, err = e.check(ctx)
		if errors.Is(err, errTooManyRows) {
			report, err = refusal(b.Names[0], "too_many_rows"), nil
		}
		if err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		to := Checked
		if report.Refused() != "" {
			to = Refused
		}
		ok, err := step(ctx, tx, bid, to, Uploaded)
		if err != nil || !ok {
			return err
		}
		if err := saveReport(ctx, tx, bid, phaseCheck, report); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE ros_batch SET reason = $1, total = $2, leavers = $3, checked_at = $4 WHERE id = $5`,
			report.Refused(), report.Totals.Rows, report.Leaving, clock.Millis(s.now()), bid)
		return err
	})
}

// engineOf opens the kept files of a batch.
func (s *Service) engineOf(ctx context.Context, b Batch) (*engine, Report, error) {
	by, err := s.clerk(ctx, b)
	if err != nil {
		return nil, Report{}, err
	}
	n, err := s.may(ctx, by, b.Node, access.RosterImport)
	if err != nil {
		return nil, Report{}, err
	}
	var sources []Source
	for i, name := range b.Names {
		src, err := s.kept(ctx, b.ID, i, name)
		if err != nil {
			return nil, Report{}, err
		}
		sources = append(sources, src)
	}
	e, report, err := s.engine(ctx, by, n, sources)
	if e != nil {
		e.mode, e.release = b.Mode, b.Promotion
	}
	return e, report, err
}

// Confirm starts the import of a checked batch. promotion releases 升学转入.
// Of a whole roster leavers must say how many persons leave, as the report
// did. A second click changes nothing.
func (s *Service) Confirm(ctx context.Context, by access.Actor, bid id.Batch, promotion bool, leavers int64) error {
	b, err := s.own(ctx, by, bid)
	if err != nil {
		return err
	}
	if b.Mode == Whole && b.State == Checked && leavers != b.leavers {
		return fault.Invalid(fault.At("leavers", "roster.confirm.leavers", b.leavers))
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := step(ctx, tx, bid, Confirmed, Checked)
		if err != nil {
			return err
		}
		if !ok {
			now, err := s.batch(ctx, tx, bid)
			if err == nil && now.State != Confirmed && now.State != Running && now.State != Done {
				err = fault.New(fault.ErrConflict, "roster.state")
			}
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE ros_batch SET promotion = $1, confirmed_at = $2, taken = 0 WHERE id = $3`,
			promotion, clock.Millis(s.now()), bid)
		if err != nil {
			return err
		}
		if err := s.enqueue(ctx, tx, jobRun, bid); err != nil {
			return err
		}
		return s.auditBatch(ctx, tx, by, "roster.import", bid, b.Node)
	})
}

// Drop gives up a batch that was not confirmed and erases its files.
func (s *Service) Drop(ctx context.Context, by access.Actor, bid id.Batch) error {
	b, err := s.own(ctx, by, bid)
	if err != nil {
		return err
	}
	return s.drop(ctx, b)
}

func (s *Service) drop(ctx context.Context, b Batch) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := step(ctx, tx, b.ID, Dropped, Uploaded, Checked, Refused)
		if err != nil || !ok {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM ros_row WHERE batch = $1`, b.ID); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.discard(ctx, b) })
		return nil
	})
}
