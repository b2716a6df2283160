package post

import (
	"context"
	"errors"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// Report is a reader's complaint about a post or comment, for the class
// teacher and the school.
type Report struct {
	ID        id.Report
	Object    int64
	IsComment bool
	Post      id.Post
	Node      id.Node
	Reason    string
	MadeAt    time.Time
	// Words is what the reported post or comment says.
	Words      string
	AuthorName string
}

// Report tells the class teacher that something is wrong with a post; a second
// report by the same reader changes nothing. Who reported stays unknown to the
// class.
func (s *Service) Report(ctx context.Context, by access.Actor, post id.Post, why string) error {
	p, c, err := s.reach(ctx, by, post, access.PostReport)
	if err != nil {
		return err
	}
	return s.report(ctx, by, c, p.ID, int64(post), false, why)
}

// ReportComment is [Service.Report] for a comment.
func (s *Service) ReportComment(ctx context.Context, by access.Actor, comment id.Comment, why string) error {
	cm, c, err := s.reachComment(ctx, by, comment, access.PostReport)
	if err != nil {
		return err
	}
	return s.report(ctx, by, c, cm.Post, int64(comment), true, why)
}

func (s *Service) report(ctx context.Context, by access.Actor, c Class, post id.Post, object int64, isComment bool, why string) error {
	why, err := reason(why)
	if err != nil {
		return err
	}
	kind, flag := "post", 0
	if isComment {
		kind, flag = "comment", 1
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO post_report (id, object, is_comment, post, node, reporter, reason, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (object, reporter) DO NOTHING`,
			id.Report(s.ids.Next()), object, flag, post, c.Node, by.Person, why, clock.Millis(s.clock.Now()))
		if err != nil || n == 0 {
			return err
		}
		return s.log.Append(ctx, tx, s.event(by, VerbReported, kind, object, c))
	})
	if err != nil {
		return fmt.Errorf("report %s %d: %w", kind, object, err)
	}
	return nil
}

// Reports lists the open reports of the classes where the actor may hide,
// oldest first, at most limit.
func (s *Service) Reports(ctx context.Context, by access.Actor, limit int) ([]Report, error) {
	if !by.Can(access.PostHide) {
		return nil, fault.New(fault.ErrForbidden, "error.forbidden")
	}
	var args db.Args
	in := by.Scope(access.PostHide).Nodes("r.node", &args)
	rows, err := s.db.Query(ctx, `SELECT r.id, r.object, r.is_comment, r.post, r.node, r.reason, r.made_at,
COALESCE(c.body, p.body), COALESCE(c.author, p.author)
FROM post_report r JOIN post_post p ON p.id = r.post LEFT JOIN post_comment c ON r.is_comment = 1 AND c.id = r.object
WHERE r.outcome = 'open' AND `+in+` ORDER BY r.id LIMIT `+args.Add(limit), args...)
	var authors []id.Person
	reports, err := collect(rows, err, func(row scanner) (Report, error) {
		var (
			r       Report
			comment int
			at      int64
			author  id.Person
		)
		err := row.Scan(&r.ID, &r.Object, &comment, &r.Post, &r.Node, &r.Reason, &at, &r.Words, &author)
		r.IsComment, r.MadeAt = comment == 1, clock.FromMillis(at)
		authors = append(authors, author)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read reports: %w", err)
	}
	names, err := s.people.Names(ctx, authors)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	for i := range reports {
		reports[i].AuthorName = names[authors[i]]
	}
	return reports, nil
}

// Keep closes the open reports about a post or comment and leaves it shown.
func (s *Service) Keep(ctx context.Context, by access.Actor, report id.Report) error {
	if !by.Can(access.PostHide) {
		return fault.New(fault.ErrForbidden, "error.forbidden")
	}
	var args db.Args
	where := "id = " + args.Add(report) + " AND " + by.Scope(access.PostHide).Nodes("node", &args)
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var object int64
		err := tx.QueryRow(ctx, `SELECT object FROM post_report WHERE `+where, args...).Scan(&object)
		if errors.Is(err, db.ErrNoRows) {
			return fault.New(fault.ErrNotFound, "error.not_found")
		}
		if err != nil {
			return err
		}
		return decideReports(ctx, tx, object, "kept", by.Person, s.clock.Now())
	})
	if err != nil {
		return fmt.Errorf("keep after report %v: %w", report, err)
	}
	return nil
}

// decideReports closes every open report about an object.
func decideReports(ctx context.Context, tx *db.Tx, object int64, outcome string, by id.Person, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE post_report SET outcome = $1, decided_by = $2, decided_at = $3 WHERE object = $4 AND outcome = 'open'`,
		outcome, by, clock.Millis(at), object)
	return err
}

// reachComment finds a comment for an actor who needs p in its class.
func (s *Service) reachComment(ctx context.Context, by access.Actor, comment id.Comment, p access.Permission) (Comment, Class, error) {
	cm, err := getComment(ctx, s.db, comment)
	if errors.Is(err, db.ErrNoRows) {
		return cm, Class{}, fault.New(fault.ErrNotFound, "error.not_found")
	}
	if err != nil {
		return cm, Class{}, fmt.Errorf("read comment %v: %w", comment, err)
	}
	_, c, err := s.reach(ctx, by, cm.Post, p)
	if err != nil {
		return cm, c, err
	}
	if !visibleTo(by, cm.Author, cm.State) {
		return cm, c, fault.New(fault.ErrNotFound, "error.not_found")
	}
	return cm, c, nil
}

// WithdrawComment takes the author's own comment back.
func (s *Service) WithdrawComment(ctx context.Context, by access.Actor, comment id.Comment) (id.Post, error) {
	cm, c, err := s.reachComment(ctx, by, comment, access.ClassRead)
	if err != nil {
		return 0, err
	}
	if by.Person == cm.Author && cm.State == Withdrawn {
		return cm.Post, nil
	}
	if err := mine(by, cm.Author, cm.State); err != nil {
		return 0, err
	}
	return cm.Post, s.changeComment(ctx, by, VerbWithdrawn, cm, c, Withdrawn, 0, "")
}

// HideComment takes another's comment out of the class's sight, with a reason.
func (s *Service) HideComment(ctx context.Context, by access.Actor, comment id.Comment, why string) (id.Post, error) {
	cm, c, err := s.reachComment(ctx, by, comment, access.PostHide)
	if err != nil {
		return 0, err
	}
	if why, err = reason(why); err != nil {
		return 0, err
	}
	if cm.State == Hidden {
		return cm.Post, nil
	}
	return cm.Post, s.changeComment(ctx, by, VerbHidden, cm, c, Hidden, by.Person, why)
}

func (s *Service) changeComment(ctx context.Context, by access.Actor, verb string, cm Comment, c Class, st State, hider id.Person, why string) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := setCommentState(ctx, tx, cm, st, hider, why, s.clock.Now())
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.ErrStale, "post.stale")
		}
		if st == Hidden {
			if err := decideReports(ctx, tx, int64(cm.ID), "hidden", by.Person, s.clock.Now()); err != nil {
				return err
			}
		}
		return s.log.Append(ctx, tx, s.event(by, verb, "comment", int64(cm.ID), c))
	})
	if err != nil {
		return fmt.Errorf("%s comment %v: %w", verb, cm.ID, err)
	}
	return nil
}
