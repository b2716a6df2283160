-- +goose Up

-- The checks are spelled with OR: for IN with more than two values SQLite opens
-- a temporary table at each row.

-- Natural persons. The three numbers are sealed; person_key finds them.
-- role and unit say how and where the person counts: once, at the unit of the
-- primary affiliation. Office workers (officer) count nowhere.
CREATE TABLE person (
    id                {{.PK}},
    name              TEXT NOT NULL,
    name_key          {{.Path}} NOT NULL,
    sex               {{.Int}} NOT NULL DEFAULT 0 CHECK (sex = 0 OR sex = 1 OR sex = 2),
    birth             {{.Int}} NOT NULL DEFAULT 0,
    ethnic            TEXT NOT NULL DEFAULT '',
    id_type           TEXT NOT NULL DEFAULT '',
    id_sealed         {{.Blob}} NOT NULL,
    student_no_sealed {{.Blob}} NOT NULL,
    phone_sealed      {{.Blob}} NOT NULL,
    id_tail           TEXT NOT NULL DEFAULT '',
    no_id_reason      TEXT NOT NULL DEFAULT '',
    status            TEXT NOT NULL DEFAULT 'normal' CHECK (status = 'normal' OR status = 'left' OR status = 'merged' OR status = 'closed'),
    role              TEXT NOT NULL CHECK (role = 'pupil' OR role = 'teacher' OR role = 'guardian' OR role = 'officer'),
    unit              {{.Int}} NOT NULL,
    made_at           {{.Int}} NOT NULL,
    activated_at      {{.Int}} NOT NULL DEFAULT 0,
    verified_at       {{.Int}} NOT NULL DEFAULT 0,
    verified_first_at {{.Int}} NOT NULL DEFAULT 0,
    verified_source   TEXT NOT NULL DEFAULT '' CHECK (verified_source = '' OR verified_source = 'roster' OR verified_source = 'hub'
        OR verified_source = 'school'),
    consent           TEXT NOT NULL DEFAULT '' CHECK (consent = '' OR consent = 'given' OR consent = 'refused' OR consent = 'withdrawn'),
    source            TEXT NOT NULL DEFAULT '',
    boarding          TEXT NOT NULL DEFAULT '',
    enrolled          {{.Int}} NOT NULL DEFAULT 0,
    batch             {{.Int}} NOT NULL DEFAULT 0,
    version           {{.Int}} NOT NULL DEFAULT 0
);

CREATE INDEX person_batch ON person (batch) WHERE batch <> 0;
CREATE INDEX person_staff_name ON person (name_key) WHERE role IN ('teacher', 'officer');

-- Keyed hashes for equality: 1 identity number, 2 student number, 3 guardian's
-- name and phone, 4 school, name, sex and birth of whoever has no number. n is
-- 0 except where two different values share a hash; a hit is always compared.
CREATE TABLE person_key (
    kind   {{.Int}} NOT NULL,
    h64    {{.Int}} NOT NULL,
    n      {{.Int}} NOT NULL DEFAULT 0,
    person {{.Int}} NOT NULL,
    PRIMARY KEY (kind, h64, n)
){{.WithoutRowid}};

-- Where a person learns or works. node is the class of a pupil and of a
-- class-bound role, else the school or office; unit is the school or office.
CREATE TABLE person_affiliation (
    id         {{.PK}},
    person     {{.Int}} NOT NULL,
    node       {{.Int}} NOT NULL,
    unit       {{.Int}} NOT NULL,
    role       TEXT NOT NULL CHECK (role = 'pupil' OR role = 'teacher' OR role = 'class_teacher' OR role = 'officer'),
    subject    TEXT NOT NULL DEFAULT '',
    post       TEXT NOT NULL DEFAULT '',
    is_primary {{.Int}} NOT NULL CHECK (is_primary IN (0, 1)),
    from_on    {{.Int}} NOT NULL DEFAULT 0,
    to_on      {{.Int}} NOT NULL DEFAULT 0,
    batch      {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX person_affiliation_primary ON person_affiliation (person) WHERE is_primary = 1 AND to_on = 0;
CREATE INDEX person_affiliation_person ON person_affiliation (person);
CREATE INDEX person_affiliation_node ON person_affiliation (node, role);
CREATE INDEX person_affiliation_unit ON person_affiliation (unit, role);

CREATE TABLE person_guardianship (
    id         {{.PK}},
    guardian   {{.Int}} NOT NULL,
    ward       {{.Int}} NOT NULL,
    relation   TEXT NOT NULL DEFAULT '',
    ordinal    {{.Int}} NOT NULL DEFAULT 1,
    status     TEXT NOT NULL DEFAULT 'roster' CHECK (status = 'roster' OR status = 'confirmed' OR status = 'ended'),
    phone_tail TEXT NOT NULL DEFAULT '',
    batch      {{.Int}} NOT NULL DEFAULT 0,
    made_at    {{.Int}} NOT NULL
);

CREATE UNIQUE INDEX person_guardianship_ward ON person_guardianship (ward, guardian);
CREATE INDEX person_guardianship_guardian ON person_guardianship (guardian);

-- What a guardian said for a child, every answer kept.
CREATE TABLE person_consent (
    id           {{.PK}},
    child        {{.Int}} NOT NULL,
    purpose      TEXT NOT NULL,
    text_version TEXT NOT NULL,
    answer       TEXT NOT NULL CHECK (answer = 'given' OR answer = 'refused' OR answer = 'withdrawn'),
    by_name      TEXT NOT NULL DEFAULT '',
    by_relation  TEXT NOT NULL DEFAULT '',
    at           {{.Int}} NOT NULL
);

CREATE INDEX person_consent_child ON person_consent (child, at);
