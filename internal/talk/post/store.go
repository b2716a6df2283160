package post

import (
	"context"
	"database/sql"
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

// findByKey returns the post that the request made, now or before.
func findByKey(ctx context.Context, q db.Queryer, author id.Person, key string, made id.Post) (id.Post, error) {
	if key == "" {
		return made, nil
	}
	err := q.QueryRow(ctx, `SELECT id FROM post_post WHERE author = $1 AND request_key = $2`, author, key).Scan(&made)
	return made, err
}

const postColumns = `id, space, node, unit, author, author_role, kind, body, receipt, state, made_at, edited_at, hidden_reason, comments, receipts, version`

type scanner interface{ Scan(...any) error }

func scanPost(row scanner) (Post, error) {
	var (
		p              Post
		role, kind, st string
		receipt        int
		made, edited   int64
	)
	err := row.Scan(&p.ID, &p.Space, &p.Node, &p.Unit, &p.Author, &role, &kind, &p.Body, &receipt, &st, &made, &edited,
		&p.HiddenReason, &p.Comments, &p.Receipts, &p.Version)
	p.AuthorRole, p.Kind, p.State, p.Receipt = access.Role(role), Kind(kind), State(st), receipt == 1
	p.MadeAt, p.EditedAt = clock.FromMillis(made), instant(edited)
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

// uncountComment lowers the counter again after a repeated request or a
// comment that is no longer shown.
func uncountComment(ctx context.Context, tx *db.Tx, post id.Post) error {
	_, err := tx.Exec(ctx, `UPDATE post_post SET comments = comments - 1 WHERE id = $1`, post)
	return err
}

func insertComment(ctx context.Context, tx *db.Tx, c Comment, key string) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO post_comment (id, post, author, author_role, body, made_at, request_key)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (author, request_key) DO NOTHING`,
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

// listComments returns a page of comments, oldest first, newer than after.
func listComments(ctx context.Context, q db.Queryer, post id.Post, after id.Comment, limit int) ([]Comment, error) {
	rows, err := q.Query(ctx, `SELECT `+commentColumns+` FROM post_comment WHERE post = $1 AND id > $2 ORDER BY id LIMIT $3`, post, after, limit)
	return collect(rows, err, scanComment)
}

// insertReceipt reports whether the receipt is new.
func insertReceipt(ctx context.Context, tx *db.Tx, post id.Post, by id.Person, at time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO post_receipt (post, person, at) VALUES ($1, $2, $3) ON CONFLICT (post, person) DO NOTHING`,
		post, by, clock.Millis(at))
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE post_post SET receipts = receipts + 1 WHERE id = $1`, post)
	return true, err
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
	if err != nil || n == 0 || c.State != Shown {
		return n == 1, err
	}
	return true, uncountComment(ctx, tx, c.Post)
}

// claimReminder reports whether an hour has passed since the last reminder,
// and takes the slot.
func claimReminder(ctx context.Context, tx *db.Tx, post id.Post, at time.Time) (bool, error) {
	now := clock.Millis(at)
	n, err := tx.Exec(ctx, `UPDATE post_post SET reminded_at = $1 WHERE id = $2 AND reminded_at <= $3`,
		now, post, now-int64(time.Hour/time.Millisecond))
	return n == 1, err
}

// marks returns the times at which persons read or confirmed a post.
func marks(ctx context.Context, q db.Queryer, table string, post id.Post) (map[id.Person]time.Time, error) {
	rows, err := q.Query(ctx, `SELECT person, at FROM `+table+` WHERE post = $1`, post)
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

// confirmedBy returns which of the posts the person has confirmed.
func confirmedBy(ctx context.Context, q db.Queryer, posts []Post, who id.Person) (map[id.Post]bool, error) {
	var args db.Args
	person := args.Add(who)
	in := make([]string, 0, len(posts))
	for _, p := range posts {
		if p.Receipt {
			in = append(in, args.Add(p.ID))
		}
	}
	out := map[id.Post]bool{}
	if len(in) == 0 {
		return out, nil
	}
	rows, err := q.Query(ctx, `SELECT post FROM post_receipt WHERE person = `+person+` AND post IN (`+strings.Join(in, ", ")+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p id.Post
		if err := rows.Scan(&p); err != nil {
			return nil, err
		}
		out[p] = true
	}
	return out, rows.Err()
}
