-- +goose Up

-- The figures. Everything here except met_base and met_freeze is folded from the
-- event log and can be rebuilt from it.

-- The reporting tree as the folded events know it. unit is the school, point or
-- campus at which a node's people and classes count.
CREATE TABLE met_node (
    node     {{.PK}},
    parent   {{.Int}} NOT NULL DEFAULT 0,
    unit     {{.Int}} NOT NULL DEFAULT 0,
    kind     TEXT NOT NULL,
    type     TEXT NOT NULL DEFAULT '',
    flag     TEXT NOT NULL DEFAULT 'normal',
    live     INTEGER NOT NULL DEFAULT 1 CHECK (live IN (0, 1)),
    made     INTEGER NOT NULL DEFAULT 0 CHECK (made IN (0, 1)),
    opened   INTEGER NOT NULL DEFAULT 0 CHECK (opened IN (0, 1)),
    base_day {{.Int}} NOT NULL DEFAULT 0
);
CREATE INDEX met_node_parent ON met_node (parent);

-- The truth: what each unit gained in each month.
CREATE TABLE met_leaf (
    unit   {{.Int}} NOT NULL,
    month  {{.Int}} NOT NULL,
    metric {{.Int}} NOT NULL,
    role   {{.Int}} NOT NULL,
    n      {{.Int}} NOT NULL,
    PRIMARY KEY (unit, month, metric, role)
){{.WithoutRowid}};

-- The cache: the same summed over the reporting tree of its day. part 0 is
-- counted, 1 counted apart, 2 left out.
CREATE TABLE met_roll (
    node   {{.Int}} NOT NULL,
    month  {{.Int}} NOT NULL,
    part   {{.Int}} NOT NULL,
    metric {{.Int}} NOT NULL,
    role   {{.Int}} NOT NULL,
    n      {{.Int}} NOT NULL,
    PRIMARY KEY (node, part, metric, role, month)
){{.WithoutRowid}};

-- Standing totals of regions at the end of each frozen month.
CREATE TABLE met_frozen (
    node   {{.Int}} NOT NULL,
    month  {{.Int}} NOT NULL,
    part   {{.Int}} NOT NULL,
    metric {{.Int}} NOT NULL,
    role   {{.Int}} NOT NULL,
    n      {{.Int}} NOT NULL,
    PRIMARY KEY (node, month, part, metric, role)
){{.WithoutRowid}};

-- Persons who activated, were verified or left: everybody else is only a number
-- in met_leaf.
CREATE TABLE met_person (
    person   {{.Int}} NOT NULL,
    role     {{.Int}} NOT NULL,
    unit     {{.Int}} NOT NULL,
    here     INTEGER NOT NULL CHECK (here IN (0, 1)),
    active   INTEGER NOT NULL CHECK (active IN (0, 1)),
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    counted  INTEGER NOT NULL CHECK (counted IN (0, 1)),
    since    {{.Int}} NOT NULL DEFAULT 0,
    PRIMARY KEY (person, role)
){{.WithoutRowid}};

-- Who did something that counts in which month, and where it counts now.
CREATE TABLE met_presence (
    person  {{.Int}} NOT NULL,
    role    {{.Int}} NOT NULL,
    month   {{.Int}} NOT NULL,
    unit    {{.Int}} NOT NULL,
    counted INTEGER NOT NULL CHECK (counted IN (0, 1)),
    PRIMARY KEY (person, role, month)
){{.WithoutRowid}};

-- The base that each unit's figures use now: the newest confirmed, else the roster.
CREATE TABLE met_unit (
    unit      {{.PK}},
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    source    {{.Int}} NOT NULL,
    pupil     {{.Int}} NOT NULL,
    teacher   {{.Int}} NOT NULL,
    age_pupil {{.Int}} NOT NULL,
    day       {{.Int}} NOT NULL
);

-- Months that the log has closed, as the fold saw them.
CREATE TABLE met_month (
    month {{.PK}},
    seq   {{.Int}} NOT NULL,
    at    {{.Int}} NOT NULL
);

-- Who closed a month; one row a month, so that it is closed once.
CREATE TABLE met_freeze (
    month     {{.PK}},
    frozen_by {{.Int}} NOT NULL,
    frozen_at {{.Int}} NOT NULL
);

-- Every enrolment base that was recorded or confirmed, with who and when.
CREATE TABLE met_base (
    id           {{.PK}},
    unit         {{.Int}} NOT NULL,
    source       TEXT NOT NULL CHECK (source = 'roster' OR source = 'statistics' OR source = 'declared'),
    confirmed    INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    pupil        {{.Int}} NOT NULL,
    teacher      {{.Int}} NOT NULL,
    age_pupil    {{.Int}} NOT NULL,
    day          {{.Int}} NOT NULL,
    confirmed_by {{.Int}} NOT NULL DEFAULT 0,
    document     TEXT NOT NULL DEFAULT '',
    made_at      {{.Int}} NOT NULL
);
CREATE INDEX met_base_unit ON met_base (unit, id);
