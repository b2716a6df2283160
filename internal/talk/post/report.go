package post

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	p, _, err := s.reach(ctx, by, post, access.PostReport)
	if err != nil {
		return err
	}
	return s.report(ctx, by, p, int64(post), false, why)
}

// ReportComment is [Service.Report] for a comment; it returns the post.
func (s *Service) ReportComment(ctx context.Context, by access.Actor, comment id.Comment, why string) (id.Post, error) {
	_, p, _, err := s.reachComment(ctx, by, comment, access.PostReport)
	if err != nil {
		return 0, err
	}
	return p.ID, s.report(ctx, by, p, int64(comment), true, why)
}

func (s *Service) report(ctx context.Context, by access.Actor, p Post, object int64, isComment bool, why string) error {
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
			id.Report(s.ids.Next()), object, flag, p.ID, p.Node, by.Person, why, clock.Millis(s.clock.Now()))
		if err != nil || n == 0 {
			return err
		}
		return s.log.Append(ctx, tx, s.event(by, VerbReported, kind, object, p))
	})
	if err != nil {
		return fmt.Errorf("report %s %d: %w", kind, object, err)
	}
	return nil
}

// reported is what the list and the count of open reports read: reports about
// something that is still shown. About his own words nobody decides.
func reported(by access.Actor, args *db.Args) string {
	return ` FROM post_report r JOIN post_post p ON p.id = r.post LEFT JOIN post_comment c ON r.is_comment = 1 AND c.id = r.object
WHERE r.outcome = 'open' AND p.state = 'shown' AND COALESCE(c.state, 'shown') = 'shown' AND COALESCE(c.author, p.author) <> ` +
		args.Add(by.Person) + ` AND ` + by.Scope(access.PostHide).Nodes("r.node", args)
}

// CountReports returns how many open reports wait for the actor.
func (s *Service) CountReports(ctx context.Context, by access.Actor) (int, error) {
	if !by.Can(access.PostHide) {
		return 0, nil
	}
	var (
		args db.Args
		n    int
	)
	if err := s.db.QueryRow(ctx, `SELECT COUNT(*)`+reported(by, &args), args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count reports: %w", err)
	}
	return n, nil
}

// Reports lists the open reports of the classes where the actor may hide,
// oldest first, at most limit.
func (s *Service) Reports(ctx context.Context, by access.Actor, limit int) ([]Report, error) {
	if !by.Can(access.PostHide) {
		return nil, fault.New(fault.ErrForbidden, "error.forbidden")
	}
	var args db.Args
	from := reported(by, &args)
	rows, err := s.db.Query(ctx, `SELECT r.id, r.object, r.is_comment, r.post, r.node, r.reason, r.made_at,
COALESCE(c.body, p.body), COALESCE(c.author, p.author)`+from+` ORDER BY r.id LIMIT `+args.Add(limit), args...)
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
	names, err := s.names(ctx, slices.Clone(authors))
	if err != nil {
		return nil, err
	}
	for i := range reports {
		reports[i].AuthorName = names[authors[i]]
	}
	return reports, nil
}

// Keep closes the open reports about a post or comment and leaves it shown.
// Errors: not found outside the actor's classes and about his own words.
func (s *Service) Keep(ctx context.Context, by access.Actor, report id.Report) error {
	if !by.Can(access.PostHide) {
		return fault.New(fault.ErrForbidden, "error.forbidden")
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var (
			args   db.Args
			object int64
		)
		from := reported(by, &args)
		err := tx.QueryRow(ctx, `SELECT r.object`+from+` AND r.id = `+args.Add(report), args...).Scan(&object)
		if errors.Is(err, db.ErrNoRows) {
			return missing()
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
