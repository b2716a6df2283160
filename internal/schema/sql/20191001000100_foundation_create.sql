-- +goose Up

-- Instances that make ids: who holds a number, until when, and the newest id
-- it is known to have made.
CREATE TABLE id_lease (
    instance   {{.PK}},
    holder     TEXT NOT NULL,
    expires_at {{.Int}} NOT NULL,
    newest     {{.Int}} NOT NULL
);

-- What happened, one row an action. id names a row; seq orders committed rows
-- without gaps and is NULL until the sequencer has seen them.
CREATE TABLE event (
    id     {{.PK}},
    seq    {{.Int}},
    at     {{.Int}} NOT NULL,
    actor  {{.Int}} NOT NULL,
    role   TEXT NOT NULL,
    verb   TEXT NOT NULL,
    kind   TEXT NOT NULL,
    object {{.Int}} NOT NULL,
    node   {{.Int}} NOT NULL,
    unit   {{.Int}} NOT NULL,
    space  {{.Int}} NOT NULL,
    extra  TEXT NOT NULL
);
CREATE UNIQUE INDEX event_seq ON event (seq);
CREATE INDEX event_unsequenced ON event (id) WHERE seq IS NULL;

-- The newest seq; its one row is the sequencer's fence.
CREATE TABLE event_head (
    id      {{.PK}} CHECK (id = 1),
    seq     {{.Int}} NOT NULL,
    version {{.Int}} NOT NULL
);
INSERT INTO event_head (id, seq, version) VALUES (1, 0, 0);

-- How far each consumer has read.
CREATE TABLE event_cursor (
    name       TEXT PRIMARY KEY,
    seq        {{.Int}} NOT NULL,
    version    {{.Int}} NOT NULL DEFAULT 0
);

-- Who did what that has to be answered for; hash chains the rows by seq.
CREATE TABLE audit (
    id      {{.PK}},
    seq     {{.Int}},
    at      {{.Int}} NOT NULL,
    actor   {{.Int}} NOT NULL,
    account {{.Int}} NOT NULL,
    role    TEXT NOT NULL,
    action  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    object  {{.Int}} NOT NULL,
    node    {{.Int}} NOT NULL,
    detail  TEXT NOT NULL,
    hash    {{.Blob}}
);
CREATE UNIQUE INDEX audit_seq ON audit (seq);
CREATE INDEX audit_unsequenced ON audit (id) WHERE seq IS NULL;
CREATE INDEX audit_object ON audit (kind, object, id);

CREATE TABLE audit_head (
    id      {{.PK}} CHECK (id = 1),
    seq     {{.Int}} NOT NULL,
    hash    {{.Blob}} NOT NULL,
    version {{.Int}} NOT NULL
);
INSERT INTO audit_head (id, seq, hash, version) VALUES (1, 0, '', 0);

-- Background work. One open row a kind and key; owner and until are the lease
-- of whoever works on it.
CREATE TABLE job (
    id       {{.PK}},
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state = 'open' OR state = 'done' OR state = 'failed'),
    payload  TEXT NOT NULL,
    run_at   {{.Int}} NOT NULL,
    attempts {{.Int}} NOT NULL DEFAULT 0,
    owner    TEXT NOT NULL DEFAULT '',
    until    {{.Int}} NOT NULL DEFAULT 0,
    done     {{.Int}} NOT NULL DEFAULT 0,
    total    {{.Int}} NOT NULL DEFAULT 0,
    error    TEXT NOT NULL DEFAULT '',
    made_at  {{.Int}} NOT NULL,
    ended_at {{.Int}} NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX job_open ON job (kind, key) WHERE state = 'open';
CREATE INDEX job_due ON job (run_at, id) WHERE state = 'open';
CREATE INDEX job_ended ON job (ended_at) WHERE state <> 'open';

-- When each scheduled kind is due next.
CREATE TABLE job_schedule (
    kind    TEXT PRIMARY KEY,
    next_at {{.Int}} NOT NULL
);
