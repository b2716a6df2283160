-- +goose Up

-- A known text under the keys of this database, so that a key file of another
-- installation, or an older one, is refused at start. hash is that of the hash
-- key at the last rotation.
CREATE TABLE cus_keycheck (
    id     {{.PK}} CHECK (id = 1),
    sealed {{.Blob}} NOT NULL,
    hash   {{.Blob}} NOT NULL
);
