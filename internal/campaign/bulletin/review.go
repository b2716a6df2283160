package bulletin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// ownUnit returns the reporting unit if the actor speaks for it: the active
// role is held at that very node. A city does not speak for a 直报 unit that
// lies within its borders.
func (s *Service) ownUnit(ctx context.Context, by access.Actor, node id.Node) error {
	n, err := s.Org.Get(ctx, by, node)
	if err != nil {
		return err
	}
	own := slices.ContainsFunc(by.Places, func(p access.Place) bool { return p.Role == by.Role && p.Node == n.ID })
	if !own || !by.Allows(access.BulletinReview, n.Path) {
		return fault.New(fault.ErrForbidden, "bulletin.not_your_row")
	}
	return nil
}

// review runs a change of a unit's own row within the checking days.
func (s *Service) review(ctx context.Context, by access.Actor, month clock.Month, node id.Node, verb string, extra monthExtra,
	change func(ctx context.Context, tx *db.Tx, b Bulletin, row Row) (Review, error)) error {
	if err := s.ownUnit(ctx, by, node); err != nil {
		return err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := lock(ctx, tx, month)
		if err != nil {
			return err
		}
		row, err := rowOfUnit(ctx, tx, b, node)
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if b.State == Issued || !now.Before(b.ReviewEnds()) {
			return fault.New(fault.ErrConflict, "bulletin.review_over", b.ReviewTo)
		}
		review, err := change(ctx, tx, b, row)
		if err != nil || review == NotReviewed {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE bul_row SET review = $1, said_by = $2, said_at = $3 WHERE bulletin = $4 AND node = $5`,
			string(review), by.Person, clock.Millis(now), b.ID, node); err != nil {
			return err
		}
		extra.Month = month
		return s.record(ctx, tx, by, verb, "bulletin", b.ID.Int(), node, extra)
	})
	if err != nil {
		return fmt.Errorf("%s %s, node %d: %w", verb, month, node, err)
	}
	return nil
}

// rowOfUnit reads the row of a unit, or ErrNotFound for a node that is none.
func rowOfUnit(ctx context.Context, q db.Queryer, b Bulletin, node id.Node) (Row, error) {
	rows, err := rowsOf(ctx, q, b.ID)
	if err != nil {
		return Row{}, err
	}
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Node == node })
	if i < 0 {
		return Row{}, fault.New(fault.ErrNotFound, "bulletin.no_row", b.Month)
	}
	return rows[i], nil
}

// Accept says that the unit finds its row right. A figure that it has disputed
// stays disputed.
func (s *Service) Accept(ctx context.Context, by access.Actor, month clock.Month, node id.Node) error {
	return s.review(ctx, by, month, node, "bulletin.accepted", monthExtra{}, func(_ context.Context, _ *db.Tx, _ Bulletin, row Row) (Review, error) {
		switch row.Review {
		case Accepted:
			return NotReviewed, nil // a second click
		case Disputed:
			return NotReviewed, fault.New(fault.ErrConflict, "bulletin.disputed_already")
		}
		return Accepted, nil
	})
}

// Objection is a figure that a unit disputes, with the number it holds right
// and why.
type Objection struct {
	Figure string
	Number int64
	Reason string
}

func (o Objection) check() error {
	var bad []fault.Field
	if !slices.Contains(Figures(), o.Figure) {
		bad = append(bad, fault.At("figure", "bulletin.figure_unknown"))
	}
	if o.Number < 0 || o.Number > 99_999_999 {
		bad = append(bad, fault.At("number", "bulletin.number_range"))
	}
	bad = append(bad, checkText("reason", o.Reason, 500, true)...)
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return nil
}

// Dispute objects to one figure of the unit's own row; each figure once.
func (s *Service) Dispute(ctx context.Context, by access.Actor, month clock.Month, node id.Node, o Objection) error {
	o.Reason = strings.TrimSpace(o.Reason)
	if err := s.ownUnit(ctx, by, node); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	extra := monthExtra{Figure: o.Figure, Say: o.Number}
	return s.review(ctx, by, month, node, "bulletin.disputed", extra, func(ctx context.Context, tx *db.Tx, b Bulletin, row Row) (Review, error) {
		if row.Figure(o.Figure) == o.Number {
			return NotReviewed, fault.Invalid(fault.At("number", "bulletin.number_same", o.Number))
		}
		earlier, err := disputesOf(ctx, tx, b.ID, node)
		if err != nil {
			return NotReviewed, err
		}
		for _, d := range earlier {
			switch {
			case d.Figure != o.Figure:
			case d.Number == o.Number && d.Reason == o.Reason:
				return NotReviewed, nil // a second click
			default:
				return NotReviewed, fault.New(fault.ErrConflict, "bulletin.figure_disputed")
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO bul_dispute (id, bulletin, node, figure, number, reason, made_by, made_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			s.IDs.Next(), b.ID, node, o.Figure, o.Number, o.Reason, by.Person, clock.Millis(s.Clock.Now()))
		return Disputed, err
	})
}

// Reply is the province's answer to a dispute.
type Reply struct {
	Outcome Outcome // accepted, refused or noted
	Text    string  // why; needed to refuse and to note
}

// Answer decides one dispute: the unit's number is printed, or it is refused
// with a reason, or both are printed with a note. What is decided stays; the
// paper has to be checked again where it was checked before.
func (s *Service) Answer(ctx context.Context, by access.Actor, month clock.Month, node id.Node, figure string, r Reply) error {
	root, err := s.officer(ctx, by)
	if err != nil {
		return err
	}
	r.Text = strings.TrimSpace(r.Text)
	var bad []fault.Field
	if !slices.Contains([]Outcome{OutcomeAccepted, OutcomeRefused, OutcomeNoted}, r.Outcome) {
		bad = append(bad, fault.At("outcome", "bulletin.outcome_unknown"))
	}
	bad = append(bad, checkText("answer", r.Text, 500, r.Outcome != OutcomeAccepted)...)
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := lock(ctx, tx, month)
		if err != nil {
			return err
		}
		if b.State == Issued {
			return fault.New(fault.ErrConflict, "bulletin.issued_already", month)
		}
		all, err := disputesOf(ctx, tx, b.ID, node)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d Dispute) bool { return d.Figure == figure })
		switch {
		case i < 0:
			return fault.New(fault.ErrNotFound, "bulletin.no_dispute")
		case all[i].Outcome == r.Outcome && all[i].Answer == r.Text:
			return nil // a second click
		case all[i].Outcome != Open:
			return fault.New(fault.ErrConflict, "bulletin.answered_already")
		}
		if _, err := tx.Exec(ctx, `UPDATE bul_dispute SET outcome = $1, answer = $2, answered_by = $3, answered_at = $4
			WHERE bulletin = $5 AND node = $6 AND figure = $7`,
			string(r.Outcome), r.Text, by.Person, clock.Millis(s.Clock.Now()), b.ID, node, figure); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "bulletin.answered", "bulletin", b.ID.Int(), root.ID, monthExtra{Month: month, Figure: figure})
	})
	if err != nil {
		return fmt.Errorf("answer %s, node %d, %s: %w", month, node, figure, err)
	}
	return nil
}

// Unreceived reports whether an issued paper waits for the actor's own unit to
// confirm that it received it.
func (s *Service) Unreceived(ctx context.Context, by access.Actor, b Bulletin) (bool, error) {
	if b.State != Issued || !by.Can(access.BulletinReview) {
		return false, nil
	}
	rows, err := rowsOf(ctx, s.DB, b.ID)
	if err != nil {
		return false, err
	}
	own := ownRow(by, rows)
	if own == 0 {
		return false, nil
	}
	var n int
	err = s.DB.QueryRow(ctx, "SELECT COUNT(*) FROM bul_receipt WHERE bulletin = $1 AND node = $2", b.ID, own).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("receipts of bulletin %d: %w", b.ID, err)
	}
	return n == 0, nil
}

// Receive notes that a unit has received the issued paper.
func (s *Service) Receive(ctx context.Context, by access.Actor, month clock.Month, node id.Node) error {
	if err := s.ownUnit(ctx, by, node); err != nil {
		return err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := lock(ctx, tx, month)
		if err != nil {
			return err
		}
		if _, err := rowOfUnit(ctx, tx, b, node); err != nil {
			return err
		}
		if b.State != Issued {
			return missing("issue")
		}
		n, err := tx.Exec(ctx, `INSERT INTO bul_receipt (bulletin, node, received_by, received_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (bulletin, node) DO NOTHING`, b.ID, node, by.Person, clock.Millis(s.Clock.Now()))
		if err != nil || n == 0 {
			return err
		}
		return s.record(ctx, tx, by, "bulletin.received", "bulletin", b.ID.Int(), node, monthExtra{Month: month})
	})
	if err != nil {
		return fmt.Errorf("receive %s, node %d: %w", month, node, err)
	}
	return nil
}
