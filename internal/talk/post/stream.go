package post

import (
	"context"
	"fmt"
	"slices"

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
	names, err := s.names(ctx, authors)
	if err != nil {
		return err
	}
	if by.Role == access.Pupil {
		if err := mark(ctx, s.db, posts, by.Person); err != nil {
			return fmt.Errorf("read receipts: %w", err)
		}
	}
	pictures, err := picturesOf(ctx, s.db, posts)
	if err != nil {
		return fmt.Errorf("read pictures: %w", err)
	}
	for i := range posts {
		p := &posts[i]
		p.AuthorName, p.Pictures = names[p.Author], pictures[p.ID]
	}
	return nil
}

// names returns the names of authors, each asked for once.
func (s *Service) names(ctx context.Context, authors []id.Person) (map[id.Person]string, error) {
	slices.Sort(authors)
	names, err := s.people.Names(ctx, slices.Compact(authors))
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return names, nil
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

// MarkRead sets the reader's first-read mark on posts that were shown to a
// pupil. It is called after the response, is idempotent and writes no event:
// traces are not collected. Posts of other classes are left out.
func (s *Service) MarkRead(ctx context.Context, by access.Actor, posts []id.Post) error {
	scope := by.Scope(access.ClassRead)
	if by.Role != access.Pupil || !by.IsPerson() || scope.Empty() || len(posts) == 0 {
		return nil
	}
	var args db.Args
	query := `INSERT INTO post_read (post, person, at) SELECT p.id, CAST(` + args.Add(by.Person) + ` AS BIGINT), CAST(` +
		args.Add(clock.Millis(s.clock.Now())) + ` AS BIGINT) FROM post_post p WHERE p.id IN (` + db.List(&args, posts) + `) AND ` +
		scope.Nodes("p.node", &args) + ` ORDER BY p.id ON CONFLICT (post, person) DO NOTHING`
	if _, err := s.db.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("mark posts as read: %w", err)
	}
	return nil
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
