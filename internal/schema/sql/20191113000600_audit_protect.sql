-- +goose Up

-- Where the trail begins: rows up to seq are no longer kept, and hash is the one
-- that the next row is chained to.
CREATE TABLE audit_base (
    id   {{.PK}} CHECK (id = 1),
    seq  {{.Int}} NOT NULL,
    hash {{.Blob}} NOT NULL
);
INSERT INTO audit_base (id, seq, hash) VALUES (1, 0, '');

-- What the search asks for.
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_node ON audit (node, id);

-- Rows are appended, chained once, and never changed; they go only below the
-- base, which only moves on.
{{if .Server -}}
-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $audit$
BEGIN
    RAISE EXCEPTION 'audit: rows are never changed' USING ERRCODE = '23514';
END
$audit$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION audit_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $audit$
BEGIN
    IF OLD.seq IS NULL OR OLD.seq > (SELECT b.seq FROM audit_base b WHERE b.id = 1) THEN
        RAISE EXCEPTION 'audit: rows are never deleted while they are kept' USING ERRCODE = '23514';
    END IF;
    RETURN OLD;
END
$audit$;
-- +goose StatementEnd
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW
WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL OR OLD.id <> NEW.id OR OLD.at <> NEW.at OR OLD.actor <> NEW.actor OR OLD.account <> NEW.account
    OR OLD.role <> NEW.role OR OLD.action <> NEW.action OR OLD.kind <> NEW.kind OR OLD.object <> NEW.object
    OR OLD.node <> NEW.node OR OLD.detail <> NEW.detail)
EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse_delete();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_no_back BEFORE UPDATE ON audit_head FOR EACH ROW WHEN (NEW.seq < OLD.seq) EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_base_no_back BEFORE UPDATE ON audit_base FOR EACH ROW WHEN (NEW.seq < OLD.seq) EXECUTE FUNCTION audit_refuse();
{{- else -}}
-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
WHEN OLD.seq IS NOT NULL OR NEW.seq IS NULL OR OLD.id <> NEW.id OR OLD.at <> NEW.at OR OLD.actor <> NEW.actor OR OLD.account <> NEW.account
    OR OLD.role <> NEW.role OR OLD.action <> NEW.action OR OLD.kind <> NEW.kind OR OLD.object <> NEW.object
    OR OLD.node <> NEW.node OR OLD.detail <> NEW.detail
BEGIN
    SELECT RAISE(ABORT, 'audit: rows are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN OLD.seq IS NULL OR OLD.seq > (SELECT b.seq FROM audit_base b WHERE b.id = 1)
BEGIN
    SELECT RAISE(ABORT, 'audit: rows are never deleted while they are kept');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_head_no_back BEFORE UPDATE ON audit_head WHEN NEW.seq < OLD.seq
BEGIN
    SELECT RAISE(ABORT, 'audit: the chain only grows');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_base_no_back BEFORE UPDATE ON audit_base WHEN NEW.seq < OLD.seq
BEGIN
    SELECT RAISE(ABORT, 'audit: the base only moves on');
END;
-- +goose StatementEnd
{{- end}}
