package post

import (
	"context"
	"fmt"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
)

// askedWithin is how long a question waits on a teacher's home.
const askedWithin = 14 * 24 * time.Hour

// Unanswered lists the questions of the last two weeks in the actor's classes
// that no teacher has answered, the oldest first, at most limit. Empty for whoever
// posts no notices.
func (s *Service) Unanswered(ctx context.Context, by access.Actor, limit int) ([]Post, error) {
	scope := by.Scope(access.ClassPost)
	if scope.Empty() {
		return nil, nil
	}
	var args db.Args
	in := scope.Nodes("p.node", &args)
	since := args.Add(clock.Millis(s.clock.Now().Add(-askedWithin)))
	rows, err := s.db.Query(ctx, `SELECT `+postColumns+` FROM post_post p WHERE `+in+`
AND p.kind = 'question' AND p.state = 'shown' AND p.made_at >= `+since+`
AND NOT EXISTS (SELECT 1 FROM post_comment c WHERE c.post = p.id AND c.state = 'shown' AND c.author_role <> 'pupil')
ORDER BY p.id LIMIT `+args.Add(limit), args...)
	posts, err := collect(rows, err, scanPost)
	if err != nil {
		return nil, fmt.Errorf("read questions without an answer: %w", err)
	}
	return posts, s.dress(ctx, by, posts)
}
