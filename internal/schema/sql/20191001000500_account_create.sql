-- +goose Up

-- Who can sign in: one account a person. login is the folded sign-in name.
-- failed and locked_until outlast a restart; role is the last active one.
-- consent_tries counts wrong digits of a guardian's phone since the last slip.
CREATE TABLE acc_account (
    id            {{.PK}},
    person        {{.Int}} NOT NULL,
    login         TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL DEFAULT '',
    failed        {{.Int}} NOT NULL DEFAULT 0,
    locked_until  {{.Int}} NOT NULL DEFAULT 0,
    consent_tries {{.Int}} NOT NULL DEFAULT 0,
    made_at       {{.Int}} NOT NULL,
    changed_at    {{.Int}} NOT NULL,
    epoch         {{.Int}} NOT NULL DEFAULT 0,
    version       {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX acc_account_person ON acc_account (person);
CREATE UNIQUE INDEX acc_account_login ON acc_account (login);

-- A printed page of slips: the codes of one class, or of a school's staff.
CREATE TABLE acc_sheet (
    id        {{.PK}},
    node      {{.Int}} NOT NULL,
    unit      {{.Int}} NOT NULL,
    people    {{.Int}} NOT NULL,
    issued_by {{.Int}} NOT NULL,
    issued_at {{.Int}} NOT NULL
);

CREATE INDEX acc_sheet_node ON acc_sheet (node, issued_at);

-- One-time activation codes. code_sealed is erased after 24 hours. A person
-- has at most one open code: issuing again voids the one before.
CREATE TABLE acc_code (
    id          {{.PK}},
    person      {{.Int}} NOT NULL,
    code_hash   {{.Blob}} NOT NULL,
    code_sealed {{.Blob}} NOT NULL,
    sheet       {{.Int}} NOT NULL,
    ordinal     {{.Int}} NOT NULL,
    node        {{.Int}} NOT NULL,
    issued_by   {{.Int}} NOT NULL,
    issued_at   {{.Int}} NOT NULL,
    expires_at  {{.Int}} NOT NULL,
    used_at     {{.Int}} NOT NULL DEFAULT 0,
    voided_at   {{.Int}} NOT NULL DEFAULT 0,
    tries       {{.Int}} NOT NULL DEFAULT 0,
    phone_tries {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX acc_code_hash ON acc_code (code_hash);
CREATE UNIQUE INDEX acc_code_open ON acc_code (person) WHERE used_at = 0 AND voided_at = 0;
CREATE INDEX acc_code_sheet ON acc_code (sheet, ordinal);

-- Signed-in sessions. token_hash is the hash of 32 random bytes that only the
-- browser holds. shared is a computer that others use: 20 minutes idle end it.
CREATE TABLE acc_session (
    id         {{.PK}},
    token_hash {{.Blob}} NOT NULL,
    account    {{.Int}} NOT NULL,
    role       TEXT NOT NULL,
    device     TEXT NOT NULL DEFAULT '',
    shared     {{.Int}} NOT NULL CHECK (shared IN (0, 1)),
    made_at    {{.Int}} NOT NULL,
    seen_at    {{.Int}} NOT NULL,
    expires_at {{.Int}} NOT NULL,
    ended_at   {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX acc_session_token ON acc_session (token_hash);
CREATE INDEX acc_session_account ON acc_session (account) WHERE ended_at = 0;
