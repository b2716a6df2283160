-- +goose Up

-- OpenID Connect providers through which people of one part of the tree may sign
-- in. claim names the claim of the ID token that identifies somebody there.
CREATE TABLE ups_issuer (
    id          {{.PK}},
    node        {{.Int}} NOT NULL,
    name        TEXT NOT NULL,
    url         TEXT NOT NULL,
    client      TEXT NOT NULL,
    secret      {{.Blob}} NOT NULL,
    claim       TEXT NOT NULL DEFAULT 'sub',
    trust_mfa   {{.Int}} NOT NULL DEFAULT 0 CHECK (trust_mfa IN (0, 1)),
    active      {{.Int}} NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    idem        TEXT NOT NULL DEFAULT '',
    made_at     {{.Int}} NOT NULL,
    made_by     {{.Int}} NOT NULL,
    version     {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX ups_issuer_idem ON ups_issuer (idem) WHERE idem <> '';

-- Who somebody at a provider is here: one person a subject, one subject a person.
CREATE TABLE ups_link (
    id      {{.PK}},
    issuer  {{.Int}} NOT NULL,
    subject {{.Blob}} NOT NULL,
    person  {{.Int}} NOT NULL,
    made_at {{.Int}} NOT NULL,
    used_at {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX ups_link_subject ON ups_link (issuer, subject);
CREATE UNIQUE INDEX ups_link_person ON ups_link (issuer, person);

-- A visit to a provider: on its way until used_at, then, where nobody is known
-- yet, an arrival (subject) that waits to be linked. token_hash is of what the
-- browser holds.
CREATE TABLE ups_visit (
    id         {{.PK}},
    token_hash {{.Blob}} NOT NULL,
    issuer     {{.Int}} NOT NULL,
    person     {{.Int}} NOT NULL DEFAULT 0,
    nonce      TEXT NOT NULL,
    verifier   {{.Blob}} NOT NULL,
    subject    {{.Blob}} NOT NULL,
    made_at    {{.Int}} NOT NULL,
    expires_at {{.Int}} NOT NULL,
    used_at    {{.Int}} NOT NULL DEFAULT 0,
    linked_at  {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX ups_visit_token ON ups_visit (token_hash);
CREATE INDEX ups_visit_expires ON ups_visit (expires_at);
