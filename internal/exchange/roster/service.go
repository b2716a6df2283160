package roster

import (
	"context"
	"errors"
	"fmt"
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

// Bases receives the roster count of a school at the end of a batch and says
// which grades are 适龄. The package metrics implements it.
type Bases interface {
	AgeGrade(grade string) bool
	RecordRosterCount(ctx context.Context, by access.Actor, school id.Node, pupils, teachers, agePupils int64, day clock.Day) error
}

// Deps is what the service is built from.
type Deps struct {
	DB     *db.DB
	IDs    *id.Source
	Clock  clock.Clock
	Keys   *seal.Keys
	Audit  *audit.Trail
	Org    *org.Service
	People *person.Service
	Bases  Bases
	Jobs   *job.Service // nil where nothing runs in the background
	Files  Files        // nil where nothing is uploaded
	// System is the product as an actor: it carries out elsewhere what the rules
	// of this package have allowed.
	System access.Actor
}

// Service is the front door of rosters.
type Service struct {
	db     *db.DB
	ids    *id.Source
	clk    clock.Clock
	keys   *seal.Keys
	trail  *audit.Trail
	org    *org.Service
	people *person.Service
	bases  Bases
	jobs   *job.Service
	files  Files
	system access.Actor
	// committed is told after each chunk; only tests set it.
	committed func(rows int64)
}

// New returns the service and registers its background work.
func New(d Deps) *Service {
	s := &Service{db: d.DB, ids: d.IDs, clk: d.Clock, keys: d.Keys, trail: d.Audit, org: d.Org, people: d.People,
		bases: d.Bases, jobs: d.Jobs, files: d.Files, system: d.System}
	s.register()
	return s
}

// Source is a file to be read.
type Source struct {
	Name string // as the user calls it
	Data io.ReaderAt
	Size int64
}

// Request asks for an import in one go, as the command line does.
type Request struct {
	Node    id.Node
	Sources []Source
	Mode    Mode
	// DryRun reads, matches and reports, and writes nothing at all.
	DryRun bool
	// ConfirmPromotion releases 升学转入.
	ConfirmPromotion bool
	// Key makes a repeated call join the first one's batch; "" for none.
	Key string
	// Progress, where set, is told now and then how many rows are taken.
	Progress func(rows int64)
}

func (s *Service) now() time.Time { return s.clk.Now() }

// may returns the node when the actor may load rosters there. A foreign node
// is not found.
func (s *Service) may(ctx context.Context, by access.Actor, node id.Node, p access.Permission) (org.Node, error) {
	n, err := s.org.Get(ctx, by, node)
	if err != nil {
		return org.Node{}, err
	}
	if !by.Allows(p, n.Path) {
		return org.Node{}, fault.New(fault.ErrForbidden, "roster.forbidden")
	}
	if !n.IsSchool() && !n.IsRegion() {
		return org.Node{}, fault.New(fault.ErrNotFound, "roster.node")
	}
	return n, nil
}

// Import reads the files, matches them and, unless it is a dry run, does what
// the report says. A file that cannot be read refuses the whole request: the
// report names it and nothing is changed.
func (s *Service) Import(ctx context.Context, by access.Actor, req Request) (Report, error) {
	n, err := s.may(ctx, by, req.Node, access.RosterImport)
	if err != nil {
		return Report{}, err
	}
	if req.Mode == "" {
		req.Mode = Add
	}
	if req.Mode != Add && req.Mode != Whole {
		return Report{}, fault.Invalid(fault.At("mode", "roster.mode.unknown"))
	}
	if len(req.Sources) == 0 {
		return Report{}, fault.Invalid(fault.At("file", "roster.upload.none"))
	}
	e, report, err := s.engine(ctx, by, n, req.Sources)
	if err != nil || report.Refused() != "" {
		return report, err
	}
	defer e.close()
	e.mode, e.release, e.progress = req.Mode, req.ConfirmPromotion, req.Progress
	if req.DryRun {
		return e.check(ctx)
	}
	bid, again, err := s.begin(ctx, by, req, e)
	if err != nil {
		return Report{}, fmt.Errorf("begin import: %w", err)
	}
	if again {
		return s.report(ctx, bid, phaseRun, -1)
	}
	report, err = e.run(ctx, bid)
	if err != nil && !errors.Is(err, errTaken) {
		// What is written stays and can be taken back; nobody goes on with it.
		err = errors.Join(err, s.fail(context.WithoutCancel(ctx), bid, err))
	}
	return report, err
}

// begin makes the batch of an import in one go. again reports that the key has
// made one that is finished already.
func (s *Service) begin(ctx context.Context, by access.Actor, req Request, e *engine) (bid id.Batch, again bool, err error) {
	now := s.now()
	fresh := id.Batch(s.ids.Next())
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		bid, again = fresh, false
		if req.Key != "" {
			found, err := batchByKey(ctx, tx, req.Key)
			if err != nil {
				return err
			}
			if found != 0 {
				b, err := s.batch(ctx, tx, found)
				bid, again = found, b.State == Done
				if err == nil && b.State != Done && b.State != Running {
					err = fault.New(fault.ErrConflict, "roster.state")
				}
				return err
			}
		}
		nb := newBatch{id: bid, by: by, node: req.Node, mode: req.Mode, state: Running, key: req.Key, promotion: req.ConfirmPromotion}
		for _, src := range req.Sources {
			nb.names, nb.sizes = append(nb.names, src.Name), append(nb.sizes, src.Size)
		}
		if err := s.insertBatch(ctx, tx, nb, now); err != nil {
			return err
		}
		if err := mark(ctx, tx, bid, "confirmed_at", now); err != nil {
			return err
		}
		return s.auditBatch(ctx, tx, by, "roster.import", bid, req.Node)
	})
	return bid, again, err
}

// auditBatch writes the one audit row of a step of a batch.
func (s *Service) auditBatch(ctx context.Context, tx *db.Tx, by access.Actor, action string, bid id.Batch, node id.Node) error {
	return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: action,
		Kind: "roster", Object: int64(bid), Node: node})
}

// missing is what a batch that is not there, or is not to be seen, answers.
func missing() error { return fault.New(fault.ErrNotFound, "roster.missing") }

// own reads a batch that the actor may see: one of a node where he may load
// rosters.
func (s *Service) own(ctx context.Context, by access.Actor, bid id.Batch) (Batch, error) {
	b, err := s.batch(ctx, s.db, bid)
	if errors.Is(err, db.ErrNoRows) {
		return Batch{}, missing()
	}
	if err != nil {
		return Batch{}, fmt.Errorf("read batch %d: %w", bid, err)
	}
	if b.nodePath, err = s.org.NodePath(ctx, by, b.Node); err != nil || !by.Allows(access.RosterImport, b.nodePath) {
		return Batch{}, missing()
	}
	return b, nil
}

// Sealed are the columns with sealed values, which a rotation of keys seals anew.
func Sealed() []seal.Place {
	return []seal.Place{{Table: "ros_row", Key: []string{"batch", "phase", "file", "number"}, Sealed: []string{"sealed"}},
		{Table: "ros_change", Key: []string{"batch", "number"}, Sealed: []string{"before"}}}
}
