package post

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// requestKey is NULL for a request that carries none: NULLs never collide.
func requestKey(key string) any {
	if key == "" {
		return nil
	}
	return key
}

// insertPost reports whether the post is new: false when the same author sent
// the same request before.
func insertPost(ctx context.Context, tx *db.Tx, p Post, key string) (bool, error) {
	receipt := 0
	if p.Receipt {
		receipt = 1
	}
	n, err := tx.Exec(ctx, `INSERT INTO post_post (id, space, node, unit, author, author_role, kind, body, receipt, made_at, request_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (author, request_key) DO NOTHING`,
		p.ID, p.Space, p.Node, p.Unit, p.Author, string(p.AuthorRole), string(p.Kind), p.Body, receipt, clock.Millis(p.MadeAt), requestKey(key))
	return n == 1, err
}

// postByKey returns the post that the author's request made before; 0: none.
func postByKey(ctx context.Context, q db.Queryer, author id.Person, key string) (made id.Post, err error) {
	return byKey[id.Post](ctx, q, `SELECT id FROM post_post WHERE author = $1 AND request_key = $2`, author, key)
}

// commentByKey is postByKey for comments.
func commentByKey(ctx context.Context, q db.Queryer, author id.Person, key string) (id.Comment, error) {
	return byKey[id.Comment](ctx, q, `SELECT id FROM post_comment WHERE author = $1 AND request_key = $2`, author, key)
}

func byKey[T ~int64](ctx context.Context, q db.Queryer, query string, author id.Person, key string) (made T, err error) {
	if key == "" {
		return 0, nil
	}
	err = q.QueryRow(ctx, query, author, key).Scan(&made)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for an earlier request: %w", err)
	}
	return made, nil
}

const postColumns = `id, space, node, unit, author, author_role, kind, body, receipt, state, made_at, edited_at, hidden_reason, comments, receipts, reminded_at, version`

type scanner interface{ Scan(...any) error }

func scanPost(row scanner) (Post, error) {
	var (
		p              Post
		role, kind, st string
		receipt        int
		made, edited   int64
		reminded       int64
	)
	err := row.Scan(&p.ID, &p.Space, &p.Node, &p.Unit, &p.Author, &role, &kind, &p.Body, &receipt, &st, &made, &edited,
		&p.HiddenReason, &p.Comments, &p.Receipts, &reminded, &p.Version)
	p.AuthorRole, p.Kind, p.State, p.Receipt = access.Role(role), Kind(kind), State(st), receipt == 1
	p.MadeAt, p.EditedAt, p.RemindedAt = clock.FromMillis(made), instant(edited), instant(reminded)
	return p, err
}

// instant turns a stored time into one; 0 is none.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return clock.FromMillis(ms)
}

func getPost(ctx context.Context, q db.Queryer, post id.Post) (Post, error) {
	return scanPost(q.QueryRow(ctx, `SELECT `+postColumns+` FROM post_post WHERE id = $1`, post))
}

// getSpot reads of a post where it stands, whose it is and its state.
func getSpot(ctx context.Context, q db.Queryer, post id.Post) (Post, error) {
	p := Post{ID: post}
	err := q.QueryRow(ctx, `SELECT space, node, unit, author, state FROM post_post WHERE id = $1`, post).
		Scan((*int64)(&p.Space), (*int64)(&p.Node), (*int64)(&p.Unit), (*int64)(&p.Author), (*string)(&p.State))
	return p, err
}

// listPosts returns a page of a class's stream, newest first, older than
// before (0: from the newest). hidden includes what is hidden.
func listPosts(ctx context.Context, q db.Queryer, node id.Node, author id.Person, hidden bool, before id.Post, limit int) ([]Post, error) {
	var args db.Args
	var where strings.Builder
	where.WriteString("node = " + args.Add(node))
	if hidden {
		where.WriteString(" AND (state IN ('shown', 'hidden') OR author = " + args.Add(author) + ")")
	} else {
		where.WriteString(" AND (state = 'shown' OR author = " + args.Add(author) + ")")
	}
	if before != 0 {
		where.WriteString(" AND id < " + args.Add(before))
	}
	rows, err := q.Query(ctx, `SELECT `+postColumns+` FROM post_post WHERE `+where.String()+` ORDER BY id DESC LIMIT `+args.Add(limit), args...)
	return collect(rows, err, scanPost)
}

// collect reads all rows with scan.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// countComment raises the post's counter and reports whether the post is still
// shown. It comes first in the transaction: the post is the parent row.
func countComment(ctx context.Context, tx *db.Tx, post id.Post) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE post_post SET comments = comments + 1 WHERE id = $1 AND state = 'shown'`, post)
	return n == 1, err
}

// addComments moves the post's counter by n.
func addComments(ctx context.Context, tx *db.Tx, post id.Post, n int) error {
	if n == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE post_post SET comments = comments + $1 WHERE id = $2`, n, post)
	return err
}

// uncountComment lowers the counter again after a repeated request.
func uncountComment(ctx context.Context, tx *db.Tx, post id.Post) error {
	return addComments(ctx, tx, post, -1)
}

func insertComment(ctx context.Context, tx *db.Tx, c Comment, key string) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO post_comment (id, post, author, author_role, body, made_at, request_key)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (request_key, author) DO NOTHING`,
		c.ID, c.Post, c.Author, string(c.AuthorRole), c.Body, clock.Millis(c.MadeAt), requestKey(key))
	return n == 1, err
}

const commentColumns = `id, post, author, author_role, body, state, made_at, edited_at, hidden_reason, version`

func scanComment(row scanner) (Comment, error) {
	var (
		c            Comment
		role, st     string
		made, edited int64
	)
	err := row.Scan(&c.ID, &c.Post, &c.Author, &role, &c.Body, &st, &made, &edited, &c.HiddenReason, &c.Version)
	c.AuthorRole, c.State = access.Role(role), State(st)
	c.MadeAt, c.EditedAt = clock.FromMillis(made), instant(edited)
	return c, err
}

func getComment(ctx context.Context, q db.Queryer, comment id.Comment) (Comment, error) {
	return scanComment(q.QueryRow(ctx, `SELECT `+commentColumns+` FROM post_comment WHERE id = $1`, comment))
}

// listComments returns a page of comments, newest first, older than before (0:
// from the newest).
func listComments(ctx context.Context, q db.Queryer, post id.Post, before id.Comment, limit int) ([]Comment, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := q.Query(ctx, `SELECT `+commentColumns+` FROM post_comment WHERE post = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, post, before, limit)
	return collect(rows, err, scanComment)
}

// countReceipt raises the post's counter and reports whether the post is still
// shown; the post is the parent row and comes first.
func countReceipt(ctx context.Context, tx *db.Tx, post id.Post) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE post_post SET receipts = receipts + 1 WHERE id = $1 AND state = 'shown'`, post)
	return n == 1, err
}

// uncountReceipt lowers the counter again after a second receipt.
func uncountReceipt(ctx context.Context, tx *db.Tx, post id.Post) error {
	_, err := tx.Exec(ctx, `UPDATE post_post SET receipts = receipts - 1 WHERE id = $1`, post)
	return err
}

// insertReceipt reports whether the receipt is new.
func insertReceipt(ctx context.Context, tx *db.Tx, post id.Post, by id.Person, at time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO post_receipt (post, person, at) VALUES ($1, $2, $3) ON CONFLICT (post, person) DO NOTHING`,
		post, by, clock.Millis(at))
	return n == 1, err
}

// revise keeps what the object said before.
func revise(ctx context.Context, tx *db.Tx, object int64, old string, version int64, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO post_revision (object, number, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT (object, number) DO NOTHING`,
		object, version, old, clock.Millis(at))
	return err
}

func editPost(ctx context.Context, tx *db.Tx, p Post, version int64, text string, at time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE post_post SET body = $1, edited_at = $2, version = version + 1 WHERE id = $3 AND version = $4 AND state = 'shown'`,
		text, clock.Millis(at), p.ID, version)
	if err != nil || n == 0 {
		return false, err
	}
	return true, revise(ctx, tx, int64(p.ID), p.Body, version, at)
}

func setPostState(ctx context.Context, tx *db.Tx, post id.Post, version int64, st State, by id.Person, why string, at time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE post_post SET state = $1, hidden_by = $2, hidden_reason = $3, hidden_at = $4, version = version + 1
WHERE id = $5 AND version = $6`, string(st), by, why, clock.Millis(at), post, version)
	return n == 1, err
}

func setCommentState(ctx context.Context, tx *db.Tx, c Comment, st State, by id.Person, why string, at time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE post_comment SET state = $1, hidden_by = $2, hidden_reason = $3, hidden_at = $4, version = version + 1
WHERE id = $5 AND version = $6`, string(st), by, why, clock.Millis(at), c.ID, c.Version)
	return n == 1, err
}

// claimReminder reports whether an hour has passed since the last reminder,
// and takes the slot.
func claimReminder(ctx context.Context, tx *db.Tx, post id.Post, at time.Time) (bool, error) {
	now := clock.Millis(at)
	n, err := tx.Exec(ctx, `UPDATE post_post SET reminded_at = $1 WHERE id = $2 AND reminded_at <= $3`,
		now, post, now-RemindEvery.Milliseconds())
	return n == 1, err
}

const (
	sqlReadMarks    = `SELECT person, at FROM post_read WHERE post = $1`
	sqlReceiptMarks = `SELECT person, at FROM post_receipt WHERE post = $1`
)

// marks returns the times at which persons read or confirmed a post.
func marks(ctx context.Context, q db.Queryer, query string, post id.Post) (map[id.Person]time.Time, error) {
	rows, err := q.Query(ctx, query, post)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.Person]time.Time{}
	for rows.Next() {
		var (
			who id.Person
			at  int64
		)
		if err := rows.Scan(&who, &at); err != nil {
			return nil, err
		}
		out[who] = clock.FromMillis(at)
	}
	return out, rows.Err()
}

// mark sets what the reader himself has done with each post: read it, confirmed
// it.
func mark(ctx context.Context, q db.Queryer, posts []Post, who id.Person) error {
	at := make(map[id.Post]*Post, len(posts))
	ids := make([]id.Post, len(posts))
	for i := range posts {
		ids[i] = posts[i].ID
		at[ids[i]] = &posts[i]
	}
	var args db.Args
	read := `SELECT post, 0 FROM post_read WHERE person = ` + args.Add(who) + ` AND post IN (` + db.List(&args, ids) + `)`
	confirmed := ` UNION ALL SELECT post, 1 FROM post_receipt WHERE person = ` + args.Add(who) + ` AND post IN (` + db.List(&args, ids) + `)`
	rows, err := q.Query(ctx, read+confirmed, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			post id.Post
			what int
		)
		if err := rows.Scan(&post, &what); err != nil {
			return err
		}
		if what == 0 {
			at[post].Read = true
		} else {
			at[post].Confirmed = true
		}
	}
	return rows.Err()
}
