-- +goose Up

-- A request key begins with its time: with the key first the index grows at its
-- end, and a commit writes one page of it instead of one an author.
DROP INDEX post_comment_request;
CREATE UNIQUE INDEX post_comment_request ON post_comment (request_key, author);
