-- +goose Up

-- Reminders that reach a person, made by a consumer of the event log.
CREATE TABLE notice_item (
    id      {{.PK}},
    person  {{.Int}} NOT NULL,
    event   {{.Int}} NOT NULL,
    verb    TEXT NOT NULL,
    object  {{.Int}} NOT NULL,
    node    {{.Int}} NOT NULL,
    made_at {{.Int}} NOT NULL,
    read_at {{.Int}} NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX notice_item_once ON notice_item (event, person);
CREATE INDEX notice_item_person ON notice_item (person, read_at, id);
