-- +goose Up

-- The nodes of the province's tree. path is the materialised administrative
-- path; no other table holds one. parent and report are the parents in force
-- today: org_edge keeps the history of both trees.
CREATE TABLE org_node (
    id           {{.PK}},
    code         {{.Path}} NOT NULL DEFAULT '',
    kind         TEXT NOT NULL CHECK (kind = 'province' OR kind = 'prefecture' OR kind = 'county' OR kind = 'zone'
        OR kind = 'district' OR kind = 'school' OR kind = 'campus' OR kind = 'point'
        OR kind = 'class' OR kind = 'office'),
    name         TEXT NOT NULL,
    name_ko      TEXT NOT NULL DEFAULT '',
    parent       {{.Int}} NOT NULL DEFAULT 0,
    report       {{.Int}} NOT NULL DEFAULT 0,
    path         {{.Path}} NOT NULL,
    ordinal      {{.Int}} NOT NULL,
    last_ordinal {{.Int}} NOT NULL DEFAULT 0,
    unit         {{.Int}} NOT NULL,
    type         TEXT NOT NULL DEFAULT '',
    stage        TEXT NOT NULL DEFAULT '',
    entry_year   {{.Int}} NOT NULL DEFAULT 0,
    class_no     {{.Int}} NOT NULL DEFAULT 0,
    status       TEXT NOT NULL DEFAULT 'normal' CHECK (status = 'planned' OR status = 'normal' OR status = 'suspended' OR status = 'closed'),
    from_on      {{.Int}} NOT NULL DEFAULT 0,
    to_on        {{.Int}} NOT NULL DEFAULT 0,
    flag         TEXT NOT NULL DEFAULT 'normal' CHECK (flag = 'normal' OR flag = 'demo' OR flag = 'test'),
    five_four    {{.Int}} NOT NULL DEFAULT 0 CHECK (five_four IN (0, 1)),
    lang         TEXT NOT NULL DEFAULT 'zh',
    confirmed_at {{.Int}} NOT NULL DEFAULT 0,
    confirmed_by {{.Int}} NOT NULL DEFAULT 0,
    version      {{.Int}} NOT NULL DEFAULT 0,
    made_at      {{.Int}} NOT NULL
);

CREATE UNIQUE INDEX org_node_path ON org_node (path);
CREATE UNIQUE INDEX org_node_code ON org_node (code) WHERE code <> '';
CREATE UNIQUE INDEX org_node_ordinal ON org_node (parent, ordinal);
CREATE INDEX org_node_report ON org_node (report);
CREATE INDEX org_node_kind ON org_node (kind, status, path);
CREATE UNIQUE INDEX org_node_class ON org_node (parent, stage, entry_year, class_no)
    WHERE kind = 'class' AND status <> 'closed';

-- History of both trees, half open in days; an edge from a future day waits
-- (applied = 0) until its day has come. Classes never change their parent and
-- have no edges.
CREATE TABLE org_edge (
    id       {{.PK}},
    node     {{.Int}} NOT NULL,
    parent   {{.Int}} NOT NULL,
    tree     TEXT NOT NULL CHECK (tree IN ('admin', 'report')),
    from_on  {{.Int}} NOT NULL DEFAULT 0,
    to_on    {{.Int}} NOT NULL DEFAULT 0,
    applied  {{.Int}} NOT NULL DEFAULT 1 CHECK (applied IN (0, 1)),
    document TEXT NOT NULL DEFAULT '',
    made_by  {{.Int}} NOT NULL DEFAULT 0,
    made_at  {{.Int}} NOT NULL
);

CREATE UNIQUE INDEX org_edge_node ON org_edge (node, tree, from_on);
CREATE INDEX org_edge_due ON org_edge (from_on) WHERE applied = 0;

-- Roles in a subtree, half open in days. ended_at is set when somebody ended
-- the grant or when it was found to have run out.
CREATE TABLE org_grant (
    id       {{.PK}},
    person   {{.Int}} NOT NULL,
    node     {{.Int}} NOT NULL,
    role     TEXT NOT NULL,
    from_on  {{.Int}} NOT NULL,
    to_on    {{.Int}} NOT NULL DEFAULT 0,
    given_by {{.Int}} NOT NULL DEFAULT 0,
    given_at {{.Int}} NOT NULL,
    ended_by {{.Int}} NOT NULL DEFAULT 0,
    ended_at {{.Int}} NOT NULL DEFAULT 0,
    version  {{.Int}} NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX org_grant_open ON org_grant (person, node, role) WHERE ended_at = 0;
CREATE INDEX org_grant_node ON org_grant (node, role);
