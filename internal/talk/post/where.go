package post

import (
	"context"
	"errors"
	"fmt"

	"learnspace/internal/db"
	"learnspace/internal/id"
)

// NodeOf reads through q in which class a post stands, and nothing of what it
// says, or ErrNotFound. It checks nothing: whoever explains rights does.
func NodeOf(ctx context.Context, q db.Queryer, post id.Post) (id.Node, error) {
	found, err := getSpot(ctx, q, post)
	if errors.Is(err, db.ErrNoRows) {
		return 0, missing()
	}
	if err != nil {
		return 0, fmt.Errorf("read post %v: %w", post, err)
	}
	return found.Node, nil
}
