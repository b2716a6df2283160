package post

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// RemindEvery is the shortest time between two reminders of one notice.
const RemindEvery = time.Hour

// Confirm gives the reader's receipt; a second one changes nothing. Only
// pupils of the class are asked for one, also those without consent to a
// personal space. Errors: forbidden where none is asked, not found, conflict
// when the class is closed or the notice no longer shown.
func (s *Service) Confirm(ctx context.Context, by access.Actor, post id.Post) error {
	p, c, err := s.reach(ctx, by, post, access.ClassTalk)
	if err != nil {
		return err
	}
	if by.Role != access.Pupil || !p.Receipt {
		return fault.New(fault.ErrForbidden, "post.no_receipt_asked")
	}
	if err := open(c); err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		shown, err := countReceipt(ctx, tx, post)
		if err != nil {
			return err
		}
		if !shown {
			return fault.New(fault.ErrConflict, "post.not_shown")
		}
		fresh, err := insertReceipt(ctx, tx, post, by.Person, s.clock.Now())
		if err != nil {
			return err
		}
		if !fresh {
			return uncountReceipt(ctx, tx, post)
		}
		return s.log.Append(ctx, tx, s.event(by, VerbConfirmed, "post", int64(post), p))
	})
	if err != nil {
		return fmt.Errorf("confirm post %v: %w", post, err)
	}
	return nil
}

// Remind sends a reminder to every pupil who has not confirmed and can be
// reached, and returns how many. One reminder in [RemindEvery] is enough; a
// second one tells nobody again and returns 0.
func (s *Service) Remind(ctx context.Context, by access.Actor, post id.Post) (int, error) {
	p, c, err := s.reach(ctx, by, post, access.ClassPost)
	if err != nil {
		return 0, err
	}
	if !p.Receipt || p.State != Shown {
		return 0, fault.New(fault.ErrConflict, "post.no_receipt_asked")
	}
	if err := open(c); err != nil {
		return 0, err
	}
	lines, err := s.receipts(ctx, p)
	if err != nil {
		return 0, err
	}
	var to []string
	for _, l := range lines {
		if l.Waiting() {
			to = append(to, strconv.FormatInt(int64(l.Person), 10))
		}
	}
	if len(to) == 0 {
		return 0, nil
	}
	extra, err := json.Marshal(map[string]any{"to": to})
	if err != nil {
		return 0, err
	}
	sent := 0
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		sent = 0
		fresh, err := claimReminder(ctx, tx, post, s.clock.Now())
		if err != nil || !fresh {
			return err
		}
		sent = len(to)
		e := s.event(by, VerbReminded, "post", int64(post), p)
		e.Extra = string(extra)
		return s.log.Append(ctx, tx, e)
	})
	if err != nil {
		return 0, fmt.Errorf("remind of post %v: %w", post, err)
	}
	return sent, nil
}

// Receipts lists the pupils of the class with who has read and who has
// confirmed; those who have not come first. Only whoever posts in the class
// sees it.
func (s *Service) Receipts(ctx context.Context, by access.Actor, post id.Post) ([]Receipt, error) {
	p, _, err := s.reach(ctx, by, post, access.ClassPost)
	if err != nil {
		return nil, err
	}
	return s.receipts(ctx, p)
}

func (s *Service) receipts(ctx context.Context, p Post) ([]Receipt, error) {
	pupils, err := s.people.Pupils(ctx, p.Node)
	if err != nil {
		return nil, fmt.Errorf("read the class list: %w", err)
	}
	read, err := marks(ctx, s.db, sqlReadMarks, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read who opened post %v: %w", p.ID, err)
	}
	confirmed, err := marks(ctx, s.db, sqlReceiptMarks, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read who confirmed post %v: %w", p.ID, err)
	}
	var waiting, done []Receipt
	for _, m := range pupils {
		r := Receipt{Person: m.Person, Name: m.Name, Activated: m.Activated, ReadAt: read[m.Person], ConfirmedAt: confirmed[m.Person]}
		if r.ConfirmedAt.IsZero() {
			waiting = append(waiting, r)
		} else {
			done = append(done, r)
		}
	}
	return append(waiting, done...), nil
}

// Waiting is a notice of the actor's own that asks for a receipt, with where
// its class stands today.
type Waiting struct {
	Post
	// Confirmed of Of pupils on today's class list have confirmed; Reachable
	// have not and have activated, so that a reminder reaches them.
	Confirmed, Of, Reachable int
}

// Waiting lists the actor's own notices of the last 14 days that ask for a
// receipt which somebody on the class list still owes, newest first, at most
// limit: what a teacher has to look at.
func (s *Service) Waiting(ctx context.Context, by access.Actor, limit int) ([]Waiting, error) {
	if !by.Can(access.ClassPost) {
		return nil, nil
	}
	var args db.Args
	in := by.Scope(access.ClassPost).Nodes("node", &args)
	rows, err := s.db.Query(ctx, `SELECT `+postColumns+` FROM post_post WHERE `+in+` AND author = `+args.Add(by.Person)+`
AND receipt = 1 AND state = 'shown' AND made_at >= `+args.Add(clock.Millis(s.clock.Now().Add(-14*24*time.Hour)))+`
ORDER BY id DESC LIMIT `+args.Add(4*limit), args...)
	posts, err := collect(rows, err, scanPost)
	if err != nil {
		return nil, fmt.Errorf("read own notices: %w", err)
	}
	lists := map[id.Node][]Member{}
	var out []Waiting
	for _, p := range posts {
		if len(out) == limit {
			break
		}
		pupils, ok := lists[p.Node]
		if !ok {
			if pupils, err = s.people.Pupils(ctx, p.Node); err != nil {
				return nil, fmt.Errorf("read the class list: %w", err)
			}
			lists[p.Node] = pupils
		}
		confirmed, err := marks(ctx, s.db, sqlReceiptMarks, p.ID)
		if err != nil {
			return nil, fmt.Errorf("read who confirmed post %v: %w", p.ID, err)
		}
		w := Waiting{Post: p, Of: len(pupils)}
		for _, m := range pupils {
			switch _, ok := confirmed[m.Person]; {
			case ok:
				w.Confirmed++
			case m.Activated:
				w.Reachable++
			}
		}
		if w.Confirmed < w.Of {
			out = append(out, w)
		}
	}
	return out, nil
}

// Unconfirmed lists the notices of the actor's classes that still wait for his
// receipt, newest first, at most limit, not older than 60 days.
func (s *Service) Unconfirmed(ctx context.Context, by access.Actor, limit int) ([]Post, error) {
	scope := by.Scope(access.ClassTalk)
	if by.Role != access.Pupil || scope.Empty() {
		return nil, nil
	}
	var args db.Args
	in := scope.Nodes("p.node", &args)
	since := args.Add(clock.Millis(s.clock.Now().Add(-60 * 24 * time.Hour)))
	who := args.Add(by.Person)
	rows, err := s.db.Query(ctx, `SELECT `+postColumns+` FROM post_post p WHERE `+in+`
AND p.receipt = 1 AND p.state = 'shown' AND p.made_at >= `+since+`
AND NOT EXISTS (SELECT 1 FROM post_receipt r WHERE r.post = p.id AND r.person = `+who+`)
ORDER BY p.id DESC LIMIT `+args.Add(limit), args...)
	posts, err := collect(rows, err, scanPost)
	if err != nil {
		return nil, fmt.Errorf("read notices to confirm: %w", err)
	}
	return posts, s.dress(ctx, by, posts)
}
