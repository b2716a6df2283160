-- +goose Up

-- When a binding of a guardian was confirmed; 0: not yet.
ALTER TABLE person_guardianship ADD COLUMN confirmed_at {{.Int}} NOT NULL DEFAULT 0;

-- The children whom a slip of a guardian binds him to.
CREATE TABLE acc_code_ward (
    code {{.Int}} NOT NULL,
    ward {{.Int}} NOT NULL,
    PRIMARY KEY (code, ward)
){{.WithoutRowid}};
