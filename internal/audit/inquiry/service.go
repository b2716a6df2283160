package inquiry

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Options tune a Service.
type Options struct {
	// Keep is how long rows are kept; at least [Shortest], 0 means three years.
	Keep time.Duration
	// ExportRows is the most that one export holds; 0 means 100,000.
	ExportRows int
}

// Shortest is the least time that rows are kept: six months (网络安全法 art. 21).
const Shortest = 183 * 24 * time.Hour

// Service searches, exports and trims the trail.
type Service struct {
	db    *db.DB
	clk   clock.Clock
	trail *audit.Trail
	// Options are those in force.
	Options Options
}

// New returns the service of a trail.
func New(d *db.DB, clk clock.Clock, trail *audit.Trail, opt Options) *Service {
	if opt.Keep <= 0 {
		opt.Keep = 3 * 365 * 24 * time.Hour
	}
	if opt.ExportRows <= 0 {
		opt.ExportRows = 100_000
	}
	opt.Keep = max(opt.Keep, Shortest)
	return &Service{db: d, clk: clk, trail: trail, Options: opt}
}

// scope is where the actor may read the trail, or why he may not.
func (s *Service) scope(by access.Actor) (access.Scope, error) {
	scope := by.Scope(access.AuditRead)
	if scope.Empty() {
		return scope, fault.New(fault.ErrForbidden, "error.forbidden")
	}
	return scope, nil
}

// Search returns up to limit rows older than before, newest first, as far as
// the actor may read the trail.
func (s *Service) Search(ctx context.Context, by access.Actor, f audit.Filter, before id.Audit, limit int) ([]audit.Row, error) {
	scope, err := s.scope(by)
	if err != nil {
		return nil, err
	}
	if f.From != 0 && f.To != 0 && f.To < f.From {
		return nil, fault.Invalid(fault.At("to", "audit.days_order"))
	}
	return s.trail.Find(ctx, scope.Nodes, f, before, limit)
}

// exportStep is how many rows are read at once.
const exportStep = 1000

// Export records that the actor takes rows out, and then gives them, newest
// first, at most Options.ExportRows. format names the file's kind for the
// record.
func (s *Service) Export(ctx context.Context, by access.Actor, f audit.Filter, format string) (iter.Seq2[audit.Row, error], error) {
	scope, err := s.scope(by)
	if err != nil {
		return nil, err
	}
	if _, err := s.Search(ctx, by, f, 0, 1); err != nil {
		return nil, err
	}
	detail, err := json.Marshal(map[string]any{"format": format, "action": f.Action, "role": f.Role, "kind": f.Kind,
		"from": f.From, "to": f.To, "actors": len(f.Actors)})
	if err != nil {
		return nil, fmt.Errorf("record the export: %w", err)
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role),
			Action: "audit.exported", Kind: "audit", Node: by.Home(), Detail: string(detail)})
	})
	if err != nil {
		return nil, fmt.Errorf("record the export: %w", err)
	}
	return func(yield func(audit.Row, error) bool) {
		before, left := id.Audit(0), s.Options.ExportRows
		for left > 0 {
			page, err := s.trail.Find(ctx, scope.Nodes, f, before, min(exportStep, left))
			if err != nil {
				yield(audit.Row{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				before = r.ID
			}
			if left -= len(page); len(page) < exportStep {
				return
			}
		}
	}, nil
}

// Trim lets go of rows that are older than they are kept and returns how many.
func (s *Service) Trim(ctx context.Context, by access.Actor) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, fault.New(fault.ErrForbidden, "error.forbidden")
	}
	return s.trail.Trim(ctx, s.clk.Now().Add(-s.Options.Keep))
}

// Actions lists the actions that the trail holds, for the form of the search.
func (s *Service) Actions(ctx context.Context, by access.Actor) ([]string, error) {
	if _, err := s.scope(by); err != nil {
		return nil, err
	}
	return s.trail.Actions(ctx)
}
