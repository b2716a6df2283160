-- +goose Up

-- Rosters: batches with their files, rows and undo log; pupils who wait for
-- another school's release.

-- One row that every chunk of every import updates first, so that two imports
-- of the same person never run side by side.
CREATE TABLE ros_gate (
    id      {{.PK}},
    version {{.Int}} NOT NULL
);
INSERT INTO ros_gate (id, version) VALUES (1, 0);

CREATE TABLE ros_batch (
    id           {{.PK}},
    request_key  TEXT NOT NULL DEFAULT '',
    made_by      {{.ID}} NOT NULL DEFAULT 0,
    made_account {{.ID}} NOT NULL DEFAULT 0,
    made_role    TEXT NOT NULL DEFAULT '',
    made_name    TEXT NOT NULL DEFAULT '',
    node         {{.ID}} NOT NULL,
    mode         TEXT NOT NULL CHECK (mode IN ('add', 'whole')),
    promotion    INTEGER NOT NULL DEFAULT 0 CHECK (promotion IN (0, 1)),
    state        TEXT NOT NULL CHECK (state = 'uploaded' OR state = 'checked' OR state = 'refused' OR state = 'confirmed'
        OR state = 'running' OR state = 'done' OR state = 'undone'
        OR state = 'failed' OR state = 'dropped'),
    reason       TEXT NOT NULL DEFAULT '',
    taken        {{.Int}} NOT NULL DEFAULT 0,
    total        {{.Int}} NOT NULL DEFAULT 0,
    leavers      {{.Int}} NOT NULL DEFAULT 0,
    made_at      {{.Int}} NOT NULL,
    checked_at   {{.Int}} NOT NULL DEFAULT 0,
    confirmed_at {{.Int}} NOT NULL DEFAULT 0,
    done_at      {{.Int}} NOT NULL DEFAULT 0,
    undone_at    {{.Int}} NOT NULL DEFAULT 0,
    undone_by    {{.ID}} NOT NULL DEFAULT 0,
    files_kept   INTEGER NOT NULL DEFAULT 0 CHECK (files_kept IN (0, 1)),
    version      {{.Int}} NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX ros_batch_request ON ros_batch (request_key) WHERE request_key <> '';
CREATE INDEX ros_batch_node ON ros_batch (node, id);
CREATE INDEX ros_batch_open ON ros_batch (state, id) WHERE state IN ('uploaded', 'checked', 'refused', 'confirmed', 'running');

-- What was handed in, before it is read.
CREATE TABLE ros_upload (
    batch  {{.ID}} NOT NULL,
    number INTEGER NOT NULL,
    name   TEXT NOT NULL,
    size   {{.Int}} NOT NULL,
    PRIMARY KEY (batch, number)
){{.WithoutRowid}};

-- One entry of the report: phase 1 is the check, phase 2 the import itself.
CREATE TABLE ros_file (
    batch      {{.ID}} NOT NULL,
    phase      INTEGER NOT NULL CHECK (phase IN (1, 2)),
    number     INTEGER NOT NULL,
    name       TEXT NOT NULL,
    sheet      TEXT NOT NULL DEFAULT '',
    encoding   TEXT NOT NULL DEFAULT '',
    kind       TEXT NOT NULL DEFAULT '',
    header_row INTEGER NOT NULL DEFAULT 0,
    columns    TEXT NOT NULL DEFAULT '{}',
    header     TEXT NOT NULL DEFAULT '[]',
    refused    TEXT NOT NULL DEFAULT '',
    accepted   {{.Int}} NOT NULL DEFAULT 0,
    made       {{.Int}} NOT NULL DEFAULT 0,
    changed    {{.Int}} NOT NULL DEFAULT 0,
    unchanged  {{.Int}} NOT NULL DEFAULT 0,
    moved      {{.Int}} NOT NULL DEFAULT 0,
    rejected   {{.Int}} NOT NULL DEFAULT 0,
    warnings   {{.Int}} NOT NULL DEFAULT 0,
    promoted   {{.Int}} NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, phase, number)
){{.WithoutRowid}};

-- Rows with problems. sealed is the row as it was handed in, for 30 days and
-- only where it was rejected.
CREATE TABLE ros_row (
    batch    {{.ID}} NOT NULL,
    phase    INTEGER NOT NULL CHECK (phase IN (1, 2)),
    file     INTEGER NOT NULL,
    number   {{.Int}} NOT NULL,
    rejected INTEGER NOT NULL CHECK (rejected IN (0, 1)),
    problems TEXT NOT NULL,
    sealed   {{.Blob}},
    PRIMARY KEY (batch, phase, file, number)
){{.WithoutRowid}};

-- Classes that the rows name and the school does not have yet.
CREATE TABLE ros_class (
    batch      {{.ID}} NOT NULL,
    phase      INTEGER NOT NULL CHECK (phase IN (1, 2)),
    school     {{.ID}} NOT NULL,
    stage      TEXT NOT NULL,
    entry_year INTEGER NOT NULL,
    class_no   INTEGER NOT NULL,
    node       {{.ID}} NOT NULL DEFAULT 0,
    pupils     {{.Int}} NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, phase, school, stage, entry_year, class_no)
){{.WithoutRowid}};

-- Schools that a batch touched: their roster count is taken at its end.
CREATE TABLE ros_school (
    batch  {{.ID}} NOT NULL,
    school {{.ID}} NOT NULL,
    PRIMARY KEY (batch, school)
){{.WithoutRowid}};

-- The undo log: what a batch changed on persons who existed before it.
CREATE TABLE ros_change (
    batch  {{.ID}} NOT NULL,
    number {{.Int}} NOT NULL,
    person {{.ID}} NOT NULL,
    kind   TEXT NOT NULL,
    before {{.Blob}} NOT NULL,
    PRIMARY KEY (batch, number)
){{.WithoutRowid}};
CREATE INDEX ros_change_person ON ros_change (person);

-- A pupil held by another school who waits for its release.
CREATE TABLE ros_transfer (
    id         {{.PK}},
    batch      {{.ID}} NOT NULL,
    person     {{.ID}} NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('promotion', 'transfer')),
    from_unit  {{.ID}} NOT NULL,
    from_node  {{.ID}} NOT NULL,
    to_unit    {{.ID}} NOT NULL,
    stage      TEXT NOT NULL,
    entry_year INTEGER NOT NULL,
    class_no   INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state = 'pending' OR state = 'accepted' OR state = 'refused' OR state = 'withdrawn'),
    asked_by   {{.ID}} NOT NULL DEFAULT 0,
    asked_at   {{.Int}} NOT NULL,
    decided_by {{.ID}} NOT NULL DEFAULT 0,
    decided_at {{.Int}} NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    version    {{.Int}} NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX ros_transfer_slot ON ros_transfer (person, to_unit) WHERE state = 'pending';
CREATE INDEX ros_transfer_from ON ros_transfer (from_unit, state, id);
CREATE INDEX ros_transfer_to ON ros_transfer (to_unit, state, id);
CREATE INDEX ros_transfer_batch ON ros_transfer (batch);
