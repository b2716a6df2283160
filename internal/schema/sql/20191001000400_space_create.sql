-- +goose Up

-- Spaces: one for each person, one for each region, school and class. A space
-- is made with its owner in one transaction and opened once (DOMAIN Q4).
CREATE TABLE space (
    id           {{.PK}},
    kind         TEXT NOT NULL CHECK (kind = 'personal' OR kind = 'region' OR kind = 'school' OR kind = 'class'),
    owner_person {{.Int}} NOT NULL DEFAULT 0,
    owner_node   {{.Int}} NOT NULL DEFAULT 0,
    unit         {{.Int}} NOT NULL,
    status       TEXT NOT NULL DEFAULT 'made' CHECK (status = 'made' OR status = 'opened' OR status = 'frozen' OR status = 'archived'),
    made_at      {{.Int}} NOT NULL,
    opened_at    {{.Int}} NOT NULL DEFAULT 0,
    opened_by    {{.Int}} NOT NULL DEFAULT 0,
    batch        {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX space_person ON space (owner_person) WHERE owner_person <> 0;
CREATE UNIQUE INDEX space_node ON space (owner_node) WHERE owner_node <> 0;
