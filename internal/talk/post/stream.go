package post

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// PageSize is how many posts or comments one page shows.
const PageSize = 20

// Stream returns a page of a class's posts, newest first, and the id to go on
// from (0 at the end). Errors: not found for whoever is not in the class.
func (s *Service) Stream(ctx context.Context, by access.Actor, class id.Node, before id.Post) ([]Post, id.Post, error) {
	if _, err := s.class(ctx, by, class, access.ClassRead); err != nil {
		return nil, 0, err
	}
	posts, err := listPosts(ctx, s.db, class, by.Person, by.Can(access.PostHide), before, PageSize+1)
	if err != nil {
		return nil, 0, fmt.Errorf("read the stream of class %v: %w", class, err)
	}
	var next id.Post
	if len(posts) > PageSize {
		posts = posts[:PageSize]
		next = posts[PageSize-1].ID
	}
	return posts, next, s.dress(ctx, by, posts)
}

// dress adds names, pictures and the reader's own receipts to posts.
func (s *Service) dress(ctx context.Context, by access.Actor, posts []Post) error {
	if len(posts) == 0 {
		return nil
	}
	authors := make([]id.Person, len(posts))
	for i, p := range posts {
		authors[i] = p.Author
	}
	names, err := s.people.Names(ctx, authors)
	if err != nil {
		return fmt.Errorf("read names: %w", err)
	}
	confirmed, err := confirmedBy(ctx, s.db, posts, by.Person)
	if err != nil {
		return fmt.Errorf("read receipts: %w", err)
	}
	pictures, err := picturesOf(ctx, s.db, posts)
	if err != nil {
		return fmt.Errorf("read pictures: %w", err)
	}
	for i := range posts {
		p := &posts[i]
		p.AuthorName, p.Confirmed, p.Pictures = names[p.Author], confirmed[p.ID], pictures[p.ID]
	}
	return nil
}

// Get returns one post as the actor may see it.
func (s *Service) Get(ctx context.Context, by access.Actor, post id.Post) (Post, error) {
	p, _, err := s.reach(ctx, by, post, access.ClassRead)
	if err != nil {
		return p, err
	}
	one := []Post{p}
	err = s.dress(ctx, by, one)
	return one[0], err
}

// Comments returns a page of comments, oldest first, and the id to go on from.
// What the actor may not read stands there without words.
func (s *Service) Comments(ctx context.Context, by access.Actor, post id.Post, after id.Comment) ([]Comment, id.Comment, error) {
	if _, _, err := s.reach(ctx, by, post, access.ClassRead); err != nil {
		return nil, 0, err
	}
	list, err := listComments(ctx, s.db, post, after, PageSize+1)
	if err != nil {
		return nil, 0, fmt.Errorf("read comments of post %v: %w", post, err)
	}
	var next id.Comment
	if len(list) > PageSize {
		list = list[:PageSize]
		next = list[PageSize-1].ID
	}
	authors := make([]id.Person, len(list))
	for i, c := range list {
		authors[i] = c.Author
	}
	names, err := s.people.Names(ctx, authors)
	if err != nil {
		return nil, 0, fmt.Errorf("read names: %w", err)
	}
	for i := range list {
		c := &list[i]
		c.AuthorName = names[c.Author]
		if !visibleTo(by, c.Author, c.State) {
			c.Body = ""
		}
	}
	return list, next, nil
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
	read, err := marks(ctx, s.db, "post_read", p.ID)
	if err != nil {
		return nil, fmt.Errorf("read who opened post %v: %w", p.ID, err)
	}
	confirmed, err := marks(ctx, s.db, "post_receipt", p.ID)
	if err != nil {
		return nil, fmt.Errorf("read who confirmed post %v: %w", p.ID, err)
	}
	var open, done []Receipt
	for _, m := range pupils {
		r := Receipt{Person: m.Person, Name: m.Name, Activated: m.Activated, ReadAt: read[m.Person], ConfirmedAt: confirmed[m.Person]}
		if r.ConfirmedAt.IsZero() {
			open = append(open, r)
		} else {
			done = append(done, r)
		}
	}
	return append(open, done...), nil
}

// MarkRead sets the reader's first-read mark on posts that were shown to a
// pupil. It is called after the response, is idempotent and writes no event.
func (s *Service) MarkRead(ctx context.Context, by access.Actor, posts []id.Post) error {
	if by.Role != access.Pupil || !by.IsPerson() || len(posts) == 0 {
		return nil
	}
	now := clock.Millis(s.clock.Now())
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, p := range posts {
			if _, err := tx.Exec(ctx, `INSERT INTO post_read (post, person, at) VALUES ($1, $2, $3) ON CONFLICT (post, person) DO NOTHING`, p, by.Person, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark posts as read: %w", err)
	}
	return nil
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

// Latest returns the newest posts over all classes of the actor, at most limit.
func (s *Service) Latest(ctx context.Context, by access.Actor, limit int) ([]Post, error) {
	scope := by.Scope(access.ClassRead)
	if scope.Empty() {
		return nil, nil
	}
	var args db.Args
	in := scope.Nodes("node", &args)
	rows, err := s.db.Query(ctx, `SELECT `+postColumns+` FROM post_post WHERE `+in+` AND state = 'shown' ORDER BY id DESC LIMIT `+args.Add(limit), args...)
	posts, err := collect(rows, err, scanPost)
	if err != nil {
		return nil, fmt.Errorf("read the newest posts: %w", err)
	}
	return posts, s.dress(ctx, by, posts)
}

// Waiting lists the actor's own notices that ask for a receipt and are not
// older than 14 days, newest first: what a teacher still has to look at.
func (s *Service) Waiting(ctx context.Context, by access.Actor, limit int) ([]Post, error) {
	if !by.Can(access.ClassPost) {
		return nil, nil
	}
	var args db.Args
	in := by.Scope(access.ClassPost).Nodes("node", &args)
	rows, err := s.db.Query(ctx, `SELECT `+postColumns+` FROM post_post WHERE `+in+` AND author = `+args.Add(by.Person)+`
AND receipt = 1 AND state = 'shown' AND made_at >= `+args.Add(clock.Millis(s.clock.Now().Add(-14*24*time.Hour)))+`
ORDER BY id DESC LIMIT `+args.Add(limit), args...)
	posts, err := collect(rows, err, scanPost)
	if err != nil {
		return nil, fmt.Errorf("read own notices: %w", err)
	}
	return posts, s.dress(ctx, by, posts)
}
