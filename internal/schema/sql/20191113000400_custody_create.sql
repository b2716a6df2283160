-- +goose Up

-- Who looked at whose data. what is profile, id_no, student_no, phone, search
-- or export; request is set for an export, 0 else.
CREATE TABLE cus_look (
    id      {{.PK}},
    person  {{.Int}} NOT NULL,
    role    TEXT NOT NULL,
    subject {{.Int}} NOT NULL,
    what    TEXT NOT NULL,
    reason  TEXT NOT NULL DEFAULT '',
    note    TEXT NOT NULL DEFAULT '',
    node    {{.Int}} NOT NULL DEFAULT 0,
    request {{.Int}} NOT NULL DEFAULT 0,
    at      {{.Int}} NOT NULL
);

CREATE INDEX cus_look_subject ON cus_look (subject, id);
CREATE INDEX cus_look_at ON cus_look (at);
CREATE UNIQUE INDEX cus_look_request ON cus_look (request, subject) WHERE request <> 0;

-- What a person has used of a limit: slot is the day (YYYYMMDD) or the hour
-- since 1970.
CREATE TABLE cus_count (
    person {{.Int}} NOT NULL,
    kind   TEXT NOT NULL,
    slot   {{.Int}} NOT NULL,
    n      {{.Int}} NOT NULL,
    PRIMARY KEY (person, kind, slot)
){{.WithoutRowid}};

-- Limits that the security administrator has changed.
CREATE TABLE cus_limit (
    kind       TEXT PRIMARY KEY,
    value      {{.Int}} NOT NULL CHECK (value > 0),
    changed_by {{.Int}} NOT NULL,
    changed_at {{.Int}} NOT NULL
);

-- What the security administrator must see. One row a kind, person and slot;
-- tries counts what was refused after it.
CREATE TABLE cus_alarm (
    id      {{.PK}},
    kind    TEXT NOT NULL,
    person  {{.Int}} NOT NULL,
    role    TEXT NOT NULL DEFAULT '',
    node    {{.Int}} NOT NULL DEFAULT 0,
    object  {{.Int}} NOT NULL DEFAULT 0,
    slot    {{.Int}} NOT NULL,
    tries   {{.Int}} NOT NULL DEFAULT 0,
    at      {{.Int}} NOT NULL,
    seen_by {{.Int}} NOT NULL DEFAULT 0,
    seen_at {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX cus_alarm_slot ON cus_alarm (kind, person, slot);

-- Requests to take persons' data out in a file. operator is the operating
-- system's user where the command line broke the glass.
CREATE TABLE cus_request (
    id             {{.PK}},
    kind           TEXT NOT NULL CHECK (kind = 'class_list' OR kind = 'contacts' OR kind = 'roster' OR kind = 'staff'),
    node           {{.Int}} NOT NULL,
    unit           {{.Int}} NOT NULL,
    fields         TEXT NOT NULL,
    purpose        TEXT NOT NULL,
    days           {{.Int}} NOT NULL CHECK (days > 0),
    state          TEXT NOT NULL CHECK (state = 'waiting' OR state = 'approved' OR state = 'made' OR state = 'refused'
        OR state = 'withdrawn' OR state = 'expired' OR state = 'failed'),
    glass          {{.Int}} NOT NULL DEFAULT 0 CHECK (glass IN (0, 1)),
    expected       {{.Int}} NOT NULL DEFAULT 0,
    records        {{.Int}} NOT NULL DEFAULT 0,
    requested_by   {{.Int}} NOT NULL,
    requested_role TEXT NOT NULL,
    requested_at   {{.Int}} NOT NULL,
    decided_by     {{.Int}} NOT NULL DEFAULT 0,
    decided_role   TEXT NOT NULL DEFAULT '',
    decided_at     {{.Int}} NOT NULL DEFAULT 0,
    decided_note   TEXT NOT NULL DEFAULT '',
    made_at        {{.Int}} NOT NULL DEFAULT 0,
    expires_at     {{.Int}} NOT NULL DEFAULT 0,
    mark           {{.Blob}},
    request_key    TEXT,
    version        {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX cus_request_key ON cus_request (requested_by, request_key);
CREATE INDEX cus_request_node ON cus_request (node, id);
CREATE INDEX cus_request_expiry ON cus_request (expires_at) WHERE state = 'made';

-- Who took a file, when and from which network (keyed hash).
CREATE TABLE cus_download (
    id      {{.PK}},
    request {{.Int}} NOT NULL,
    person  {{.Int}} NOT NULL,
    role    TEXT NOT NULL,
    network {{.Blob}} NOT NULL,
    at      {{.Int}} NOT NULL
);

CREATE INDEX cus_download_request ON cus_download (request, id);

-- Who holds a key to break the glass: the hash of a random key that was printed
-- once. It works from from_at on.
CREATE TABLE cus_keyholder (
    person   {{.PK}},
    key_hash {{.Blob}} NOT NULL,
    made_at  {{.Int}} NOT NULL,
    from_at  {{.Int}} NOT NULL,
    ended_at {{.Int}} NOT NULL DEFAULT 0
);

-- How far the persons are sealed and hashed anew after a rotation of the keys.
CREATE TABLE person_reseal (
    id       {{.PK}} CHECK (id = 1),
    seal_key {{.Int}} NOT NULL,
    hash_key {{.Int}} NOT NULL,
    after    {{.Int}} NOT NULL,
    done     {{.Int}} NOT NULL,
    changed  {{.Int}} NOT NULL
);
