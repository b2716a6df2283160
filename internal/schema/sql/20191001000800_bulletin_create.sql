-- +goose Up

-- The yearly target of a reporting unit, every version with its document.
CREATE TABLE bul_target (
    id       {{.PK}},
    node     {{.Int}} NOT NULL,
    year     {{.Int}} NOT NULL,
    ordinal  {{.Int}} NOT NULL,
    n        {{.Int}} NOT NULL CHECK (n >= 0),
    document TEXT NOT NULL,
    set_by   {{.Int}} NOT NULL,
    set_at   {{.Int}} NOT NULL
);
CREATE UNIQUE INDEX bul_target_slot ON bul_target (node, year, ordinal);

-- One bulletin a month. The three persons of the chain are three: no row can
-- say otherwise. content is what was signed, as JSON, with its hash.
CREATE TABLE bul_bulletin (
    id            {{.PK}},
    month         {{.Int}} NOT NULL,
    state         TEXT NOT NULL CHECK (state = 'frozen' OR state = 'drafted' OR state = 'returned' OR state = 'checked'
        OR state = 'signed' OR state = 'issued'),
    frozen_by     {{.Int}} NOT NULL DEFAULT 0,
    frozen_at     {{.Int}} NOT NULL,
    review_from   {{.Int}} NOT NULL,
    review_to     {{.Int}} NOT NULL,
    problems      TEXT NOT NULL DEFAULT '',
    next_steps    TEXT NOT NULL DEFAULT '',
    drafted_by    {{.Int}} NOT NULL DEFAULT 0,
    drafter       TEXT NOT NULL DEFAULT '',
    drafted_at    {{.Int}} NOT NULL DEFAULT 0,
    checked_by    {{.Int}} NOT NULL DEFAULT 0,
    checker       TEXT NOT NULL DEFAULT '',
    checked_at    {{.Int}} NOT NULL DEFAULT 0,
    checked_hash  TEXT NOT NULL DEFAULT '',
    signed_by     {{.Int}} NOT NULL DEFAULT 0,
    signatory     TEXT NOT NULL DEFAULT '',
    signed_at     {{.Int}} NOT NULL DEFAULT 0,
    returned_by   {{.Int}} NOT NULL DEFAULT 0,
    returned_at   {{.Int}} NOT NULL DEFAULT 0,
    return_reason TEXT NOT NULL DEFAULT '',
    issued_by     {{.Int}} NOT NULL DEFAULT 0,
    issued_at     {{.Int}} NOT NULL DEFAULT 0,
    early_reason  TEXT NOT NULL DEFAULT '',
    year          {{.Int}} NOT NULL DEFAULT 0,
    number        {{.Int}} NOT NULL DEFAULT 0,
    content       TEXT NOT NULL DEFAULT '',
    hash          TEXT NOT NULL DEFAULT '',
    version       {{.Int}} NOT NULL DEFAULT 0,
    CHECK (checked_by = 0 OR checked_by <> drafted_by),
    CHECK (signed_by = 0 OR (signed_by <> drafted_by AND signed_by <> checked_by)),
    CHECK ((state = 'issued') = (number > 0))
);
CREATE UNIQUE INDEX bul_bulletin_month ON bul_bulletin (month);
CREATE UNIQUE INDEX bul_bulletin_number ON bul_bulletin (year, number) WHERE number > 0;

-- The last number of each year.
CREATE TABLE bul_year (
    year {{.PK}},
    last {{.Int}} NOT NULL
);

-- The rows of a bulletin as they were when the month was closed, with what the
-- unit said about its own: '' nothing, accepted, disputed.
CREATE TABLE bul_row (
    bulletin {{.Int}} NOT NULL,
    node     {{.Int}} NOT NULL,
    ordinal  {{.Int}} NOT NULL,
    figures  TEXT NOT NULL,
    review   TEXT NOT NULL DEFAULT '' CHECK (review = '' OR review = 'accepted' OR review = 'disputed'),
    said_by  {{.Int}} NOT NULL DEFAULT 0,
    said_at  {{.Int}} NOT NULL DEFAULT 0,
    PRIMARY KEY (bulletin, node)
){{.WithoutRowid}};

-- One disputed figure of a unit and what the province answered.
CREATE TABLE bul_dispute (
    id          {{.PK}},
    bulletin    {{.Int}} NOT NULL,
    node        {{.Int}} NOT NULL,
    figure      TEXT NOT NULL,
    number      {{.Int}} NOT NULL,
    reason      TEXT NOT NULL,
    made_by     {{.Int}} NOT NULL,
    made_at     {{.Int}} NOT NULL,
    outcome     TEXT NOT NULL DEFAULT '' CHECK (outcome = '' OR outcome = 'accepted' OR outcome = 'refused' OR outcome = 'noted'),
    answer      TEXT NOT NULL DEFAULT '',
    answered_by {{.Int}} NOT NULL DEFAULT 0,
    answered_at {{.Int}} NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX bul_dispute_figure ON bul_dispute (bulletin, node, figure);

-- Who has received an issued bulletin.
CREATE TABLE bul_receipt (
    bulletin    {{.Int}} NOT NULL,
    node        {{.Int}} NOT NULL,
    received_by {{.Int}} NOT NULL,
    received_at {{.Int}} NOT NULL,
    PRIMARY KEY (bulletin, node)
){{.WithoutRowid}};
