-- +goose Up

-- When the second factor was last shown in a session (0: never), and the view
-- of somebody else's pages that goes on in it (0: none).
ALTER TABLE acc_session ADD COLUMN factor_at {{.Int}} NOT NULL DEFAULT 0;
ALTER TABLE acc_session ADD COLUMN view {{.Int}} NOT NULL DEFAULT 0;

-- Half-open sign-ins: the password was right, the second factor or a new
-- password is still missing. A row opens nothing, lives ten minutes and is
-- spent once. secret is the sealed TOTP secret of an enrolment under way; made
-- from a session that must step up, old_session names it.
CREATE TABLE acc_pending (
    id          {{.PK}},
    token_hash  {{.Blob}} NOT NULL,
    account     {{.Int}} NOT NULL,
    device      TEXT NOT NULL,
    shared      {{.Int}} NOT NULL CHECK (shared IN (0, 1)),
    old_session {{.Int}} NOT NULL,
    secret      {{.Blob}} NOT NULL,
    factor_at   {{.Int}} NOT NULL DEFAULT 0,
    made_at     {{.Int}} NOT NULL,
    expires_at  {{.Int}} NOT NULL,
    spent_at    {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX acc_pending_token ON acc_pending (token_hash);
CREATE INDEX acc_pending_expires ON acc_pending (expires_at);
CREATE INDEX acc_pending_account ON acc_pending (account) WHERE spent_at = 0;

-- Failures by what they are counted for: a name, an address, a network, a
-- password. key_hash is keyed, so that neither names nor addresses stand here.
-- due is when a bucket is empty again, or until when a name has to wait;
-- known_at is when the name last came in from the address; keep is until when
-- the row is kept.
CREATE TABLE acc_throttle (
    key_hash {{.Blob}} NOT NULL PRIMARY KEY,
    due      {{.Int}} NOT NULL,
    failed   {{.Int}} NOT NULL,
    at       {{.Int}} NOT NULL,
    known_at {{.Int}} NOT NULL DEFAULT 0,
    keep     {{.Int}} NOT NULL
);

CREATE INDEX acc_throttle_keep ON acc_throttle (keep);

-- The password policy: one row.
CREATE TABLE acc_policy (
    id         {{.PK}} CHECK (id = 1),
    preset     TEXT NOT NULL CHECK (preset IN ('modern', 'dengbao')),
    changed_at {{.Int}} NOT NULL,
    changed_by {{.Int}} NOT NULL,
    version    {{.Int}} NOT NULL
);

INSERT INTO acc_policy (id, preset, changed_at, changed_by, version) VALUES (1, 'modern', 0, 0, 0);

-- Passwords that an account had before, for a policy that forbids them.
CREATE TABLE acc_password_old (
    id            {{.PK}},
    account       {{.Int}} NOT NULL,
    password_hash TEXT NOT NULL,
    at            {{.Int}} NOT NULL
);

CREATE INDEX acc_password_old_account ON acc_password_old (account, at);

-- Views: an operator looks at the pages of somebody else, with a reason.
CREATE TABLE acc_view (
    id       {{.PK}},
    session  {{.Int}} NOT NULL,
    viewer   {{.Int}} NOT NULL,
    subject  {{.Int}} NOT NULL,
    reason   TEXT NOT NULL,
    begun_at {{.Int}} NOT NULL,
    ends_at  {{.Int}} NOT NULL,
    ended_at {{.Int}} NOT NULL DEFAULT 0
);

CREATE INDEX acc_view_subject ON acc_view (subject, begun_at);

-- The authenticator app of an account. last_step is the step of the newest
-- code that was used: a code is spent once, and none before it is taken.
CREATE TABLE fac_totp (
    account   {{.PK}},
    secret    {{.Blob}} NOT NULL,
    last_step {{.Int}} NOT NULL DEFAULT 0,
    made_at   {{.Int}} NOT NULL
);

-- Passkeys. record is the credential as the library keeps it: public key,
-- flags, counter.
CREATE TABLE fac_passkey (
    id         {{.PK}},
    account    {{.Int}} NOT NULL,
    credential {{.Blob}} NOT NULL,
    record     TEXT NOT NULL,
    name       TEXT NOT NULL,
    made_at    {{.Int}} NOT NULL,
    used_at    {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX fac_passkey_credential ON fac_passkey (credential);
CREATE INDEX fac_passkey_account ON fac_passkey (account);

-- Recovery codes: shown once, used once.
CREATE TABLE fac_recovery (
    id        {{.PK}},
    account   {{.Int}} NOT NULL,
    code_hash {{.Blob}} NOT NULL,
    made_at   {{.Int}} NOT NULL,
    used_at   {{.Int}} NOT NULL DEFAULT 0
);

CREATE INDEX fac_recovery_account ON fac_recovery (account);
CREATE UNIQUE INDEX fac_recovery_code ON fac_recovery (code_hash);

-- Challenges of passkeys that have been answered: each is good once.
CREATE TABLE fac_spent (
    challenge {{.Blob}} NOT NULL PRIMARY KEY,
    until     {{.Int}} NOT NULL
);

CREATE INDEX fac_spent_until ON fac_spent (until);
