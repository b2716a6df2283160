-- +goose Up

-- One row a unit, taken before a base of it is kept: two clicks at once find
-- each other there.
CREATE TABLE met_base_slot (
    unit    {{.PK}},
    version {{.Int}} NOT NULL
);
