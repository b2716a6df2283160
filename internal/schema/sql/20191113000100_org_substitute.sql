-- +goose Up

-- Why a role was given; for a substitute whose place he takes, and by which
-- grant that person holds it (0: by the roster): the loan ends with it. The
-- yearly review (授权清单) notes who confirmed last that it is still needed.
ALTER TABLE org_grant ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE org_grant ADD COLUMN lent_by {{.Int}} NOT NULL DEFAULT 0;
ALTER TABLE org_grant ADD COLUMN lent_from {{.Int}} NOT NULL DEFAULT 0;
ALTER TABLE org_grant ADD COLUMN reviewed_by {{.Int}} NOT NULL DEFAULT 0;
ALTER TABLE org_grant ADD COLUMN reviewed_at {{.Int}} NOT NULL DEFAULT 0;

CREATE INDEX org_grant_lent ON org_grant (lent_by) WHERE lent_by <> 0 AND ended_at = 0;

-- One row for each person to whom a role was ever given: whoever gives a person
-- a role takes it first, so that two roles that exclude each other are not given
-- at the same moment at two nodes.
CREATE TABLE org_holder (
    person  {{.PK}},
    version {{.Int}} NOT NULL DEFAULT 0
);
