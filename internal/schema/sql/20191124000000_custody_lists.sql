-- +goose Up

-- Whose class list somebody has opened on which day, and how many names stood on
-- it: each counts once a day.
CREATE TABLE cus_list (
    person {{.Int}} NOT NULL,
    day    {{.Int}} NOT NULL,
    node   {{.Int}} NOT NULL,
    names  {{.Int}} NOT NULL,
    role   TEXT NOT NULL,
    at     {{.Int}} NOT NULL,
    PRIMARY KEY (person, day, node)
){{.WithoutRowid}};

CREATE INDEX cus_list_node ON cus_list (node, day);
