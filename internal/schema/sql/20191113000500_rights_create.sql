-- +goose Up

-- One person, one record. A merged record keeps its numbers for an undoing, is
-- known by no key and names the record that was kept. ended_on and ended_as say
-- when and why somebody is no longer here.
ALTER TABLE person ADD COLUMN merged_into {{.Int}} NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN ended_on {{.Int}} NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN ended_as TEXT NOT NULL DEFAULT '' CHECK (ended_as = '' OR ended_as = 'left' OR ended_as = 'graduated' OR ended_as = 'died');
CREATE INDEX person_merged ON person (merged_into) WHERE merged_into <> 0;
CREATE INDEX person_ended ON person (ended_on, id) WHERE ended_on <> 0;

-- What a space was before it was put away.
ALTER TABLE space ADD COLUMN was TEXT NOT NULL DEFAULT '';

-- Two records made one. before is what the undoing needs, sealed.
CREATE TABLE mrg_merge (
    id          {{.PK}},
    keep        {{.Int}} NOT NULL,
    dropped     {{.Int}} NOT NULL,
    unit        {{.Int}} NOT NULL,
    state       TEXT NOT NULL CHECK (state = 'merged' OR state = 'undone'),
    reason      TEXT NOT NULL,
    by_person   {{.Int}} NOT NULL,
    at          {{.Int}} NOT NULL,
    undone_by   {{.Int}} NOT NULL DEFAULT 0,
    undone_at   {{.Int}} NOT NULL DEFAULT 0,
    before      {{.Blob}} NOT NULL,
    request_key TEXT NOT NULL DEFAULT '',
    version     {{.Int}} NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX mrg_merge_slot ON mrg_merge (dropped) WHERE state = 'merged';
CREATE INDEX mrg_merge_unit ON mrg_merge (unit, id);
CREATE INDEX mrg_merge_keep ON mrg_merge (keep);

-- Pairs that somebody has looked at and found to be two persons; a < b.
CREATE TABLE mrg_apart (
    a         {{.Int}} NOT NULL,
    b         {{.Int}} NOT NULL,
    by_person {{.Int}} NOT NULL,
    at        {{.Int}} NOT NULL,
    PRIMARY KEY (a, b)
){{.WithoutRowid}};

-- Corrections of a name or number, with the value before them sealed.
CREATE TABLE mrg_correction (
    id         {{.PK}},
    person     {{.Int}} NOT NULL,
    unit       {{.Int}} NOT NULL,
    field      TEXT NOT NULL CHECK (field = 'name' OR field = 'id_no' OR field = 'student_no' OR field = 'birth' OR field = 'sex' OR field = 'phone'),
    old_sealed {{.Blob}} NOT NULL,
    reason     TEXT NOT NULL,
    document   TEXT NOT NULL DEFAULT '',
    by_person  {{.Int}} NOT NULL,
    at         {{.Int}} NOT NULL
);
CREATE INDEX mrg_correction_person ON mrg_correction (person, id);

-- Persons who left, graduated or died, with what the undoing opens again.
CREATE TABLE mrg_departure (
    id           {{.PK}},
    person       {{.Int}} NOT NULL,
    unit         {{.Int}} NOT NULL,
    kind         TEXT NOT NULL CHECK (kind = 'left' OR kind = 'graduated' OR kind = 'died'),
    day          {{.Int}} NOT NULL,
    reason       TEXT NOT NULL,
    document     TEXT NOT NULL DEFAULT '',
    by_person    {{.Int}} NOT NULL,
    at           {{.Int}} NOT NULL,
    confirmed_by {{.Int}} NOT NULL DEFAULT 0,
    confirmed_at {{.Int}} NOT NULL DEFAULT 0,
    undone_by    {{.Int}} NOT NULL DEFAULT 0,
    undone_at    {{.Int}} NOT NULL DEFAULT 0,
    before       TEXT NOT NULL
);
CREATE INDEX mrg_departure_unit ON mrg_departure (unit, id);
CREATE INDEX mrg_departure_person ON mrg_departure (person, id);

-- What persons and guardians ask of the data held about them.
CREATE TABLE rgt_request (
    id           {{.PK}},
    kind         TEXT NOT NULL CHECK (kind = 'copy' OR kind = 'correct' OR kind = 'erase' OR kind = 'withdraw'),
    subject      {{.Int}} NOT NULL,
    unit         {{.Int}} NOT NULL,
    asked_by     {{.Int}} NOT NULL,
    field        TEXT NOT NULL DEFAULT '',
    value_sealed {{.Blob}} NOT NULL,
    text_sealed  {{.Blob}} NOT NULL,
    state        TEXT NOT NULL CHECK (state = 'submitted' OR state = 'work' OR state = 'answered' OR state = 'refused' OR state = 'closed'),
    outcome      TEXT NOT NULL DEFAULT '' CHECK (outcome = '' OR outcome = 'done' OR outcome = 'refused' OR outcome = 'withdrawn'),
    made_at      {{.Int}} NOT NULL,
    due_on       {{.Int}} NOT NULL,
    taken_by     {{.Int}} NOT NULL DEFAULT 0,
    taken_at     {{.Int}} NOT NULL DEFAULT 0,
    answered_by  {{.Int}} NOT NULL DEFAULT 0,
    answered_at  {{.Int}} NOT NULL DEFAULT 0,
    answer       TEXT NOT NULL DEFAULT '',
    erased       TEXT NOT NULL DEFAULT '',
    escalated_at {{.Int}} NOT NULL DEFAULT 0,
    closed_at    {{.Int}} NOT NULL DEFAULT 0,
    request_key  TEXT,
    version      {{.Int}} NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX rgt_request_key ON rgt_request (asked_by, request_key);
CREATE INDEX rgt_request_unit ON rgt_request (unit, state, id);
CREATE INDEX rgt_request_subject ON rgt_request (subject, id);
CREATE INDEX rgt_request_due ON rgt_request (due_on, id) WHERE state = 'submitted' OR state = 'work';

-- Runs of the rules of retention: how many rows each rule removed.
CREATE TABLE rgt_run (
    id   {{.PK}},
    at   {{.Int}} NOT NULL,
    rule TEXT NOT NULL,
    n    {{.Int}} NOT NULL
);
CREATE INDEX rgt_run_at ON rgt_run (at);
