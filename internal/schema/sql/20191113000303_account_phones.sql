-- +goose Up

-- The phone that an adult has confirmed: a sign-in name beside the chosen one,
-- and the way back after a lost password. Never a pupil's.
CREATE TABLE acc_phone (
    account      {{.PK}},
    phone_hash   {{.Blob}} NOT NULL,
    phone_sealed {{.Blob}} NOT NULL,
    tail         TEXT NOT NULL,
    confirmed_at {{.Int}} NOT NULL
);

CREATE UNIQUE INDEX acc_phone_hash ON acc_phone (phone_hash);

-- Codes sent to phones. account is 0 while nobody has looked whose phone it is,
-- and stays 0 where it is nobody's. sent says that a message went out.
CREATE TABLE acc_phone_code (
    id           {{.PK}},
    token_hash   {{.Blob}} NOT NULL,
    kind         TEXT NOT NULL CHECK (kind = 'confirm' OR kind = 'recover'),
    account      {{.Int}} NOT NULL DEFAULT 0,
    phone_hash   {{.Blob}} NOT NULL,
    phone_sealed {{.Blob}} NOT NULL,
    code_hash    {{.Blob}} NOT NULL,
    lang         TEXT NOT NULL DEFAULT '',
    sent         {{.Int}} NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)),
    tries        {{.Int}} NOT NULL DEFAULT 0,
    made_at      {{.Int}} NOT NULL,
    expires_at   {{.Int}} NOT NULL,
    used_at      {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX acc_phone_code_token ON acc_phone_code (token_hash);
CREATE INDEX acc_phone_code_phone ON acc_phone_code (phone_hash, made_at);
CREATE INDEX acc_phone_code_made ON acc_phone_code (made_at);
