-- +goose Up

-- What people write in class spaces. A post stays in the class of its node.
CREATE TABLE post_post (
    id            {{.PK}},
    space         {{.Int}} NOT NULL,
    node          {{.Int}} NOT NULL,
    unit          {{.Int}} NOT NULL,
    author        {{.Int}} NOT NULL,
    author_role   TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('notice', 'question')),
    body          TEXT NOT NULL,
    receipt       INTEGER NOT NULL DEFAULT 0 CHECK (receipt IN (0, 1)),
    state         TEXT NOT NULL DEFAULT 'shown' CHECK (state = 'shown' OR state = 'hidden' OR state = 'withdrawn'),
    made_at       {{.Int}} NOT NULL,
    edited_at     {{.Int}} NOT NULL DEFAULT 0,
    hidden_by     {{.Int}} NOT NULL DEFAULT 0,
    hidden_reason TEXT NOT NULL DEFAULT '',
    hidden_at     {{.Int}} NOT NULL DEFAULT 0,
    comments      INTEGER NOT NULL DEFAULT 0,
    receipts      INTEGER NOT NULL DEFAULT 0,
    reminded_at   {{.Int}} NOT NULL DEFAULT 0,
    request_key   TEXT,
    version       INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX post_post_node ON post_post (node, id);
CREATE UNIQUE INDEX post_post_request ON post_post (author, request_key);

CREATE TABLE post_comment (
    id            {{.PK}},
    post          {{.Int}} NOT NULL,
    author        {{.Int}} NOT NULL,
    author_role   TEXT NOT NULL,
    body          TEXT NOT NULL,
    state         TEXT NOT NULL DEFAULT 'shown' CHECK (state = 'shown' OR state = 'hidden' OR state = 'withdrawn'),
    made_at       {{.Int}} NOT NULL,
    edited_at     {{.Int}} NOT NULL DEFAULT 0,
    hidden_by     {{.Int}} NOT NULL DEFAULT 0,
    hidden_reason TEXT NOT NULL DEFAULT '',
    hidden_at     {{.Int}} NOT NULL DEFAULT 0,
    request_key   TEXT,
    version       INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX post_comment_post ON post_comment (post, id);
CREATE UNIQUE INDEX post_comment_request ON post_comment (author, request_key);

-- What a post or comment said before it was edited.
CREATE TABLE post_revision (
    object {{.Int}} NOT NULL,
    number INTEGER NOT NULL,
    body   TEXT NOT NULL,
    at     {{.Int}} NOT NULL,
    PRIMARY KEY (object, number)
){{.WithoutRowid}};

CREATE TABLE post_receipt (
    post   {{.Int}} NOT NULL,
    person {{.Int}} NOT NULL,
    at     {{.Int}} NOT NULL,
    PRIMARY KEY (post, person)
){{.WithoutRowid}};

-- A reader's first opening; no event, since traces are not collected.
CREATE TABLE post_read (
    post   {{.Int}} NOT NULL,
    person {{.Int}} NOT NULL,
    at     {{.Int}} NOT NULL,
    PRIMARY KEY (post, person)
){{.WithoutRowid}};

CREATE TABLE post_report (
    id         {{.PK}},
    object     {{.Int}} NOT NULL,
    is_comment INTEGER NOT NULL CHECK (is_comment IN (0, 1)),
    post       {{.Int}} NOT NULL,
    node       {{.Int}} NOT NULL,
    reporter   {{.Int}} NOT NULL,
    reason     TEXT NOT NULL,
    made_at    {{.Int}} NOT NULL,
    outcome    TEXT NOT NULL DEFAULT 'open' CHECK (outcome = 'open' OR outcome = 'hidden' OR outcome = 'kept'),
    decided_by {{.Int}} NOT NULL DEFAULT 0,
    decided_at {{.Int}} NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX post_report_once ON post_report (object, reporter);
CREATE INDEX post_report_node ON post_report (node, outcome, id);

CREATE TABLE post_picture (
    id       {{.PK}},
    post     {{.Int}} NOT NULL,
    ordinal  INTEGER NOT NULL,
    blob_key TEXT NOT NULL,
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    alt      TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX post_picture_post ON post_picture (post, ordinal);
