package schema

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"testing/fstest"
	"text/template"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"learnspace/internal/db"
)

//go:embed sql/*.sql
var files embed.FS

// table is where goose keeps what it has applied.
const table = "schema_version"

// words are what the templates may say.
type words struct {
	PK, ID, Int, Blob, Path, WithoutRowid, Unlogged string
	Server                                          bool
}

// wordsOf returns the words for an engine.
func wordsOf(d db.Dialect) words {
	if d == db.Postgres {
		return words{
			PK: "BIGINT PRIMARY KEY", ID: "BIGINT", Int: "BIGINT", Blob: "BYTEA",
			Path: `TEXT COLLATE "C"`, Unlogged: "UNLOGGED ", Server: true,
		}
	}
	return words{
		PK: "INTEGER PRIMARY KEY", ID: "INTEGER", Int: "INTEGER", Blob: "BLOB",
		Path: "TEXT", WithoutRowid: " WITHOUT ROWID",
	}
}

// render returns the changes as the engine takes them.
func render(d db.Dialect) (fs.FS, error) {
	names, err := fs.Glob(files, "sql/*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		t, err := template.New(name).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, wordsOf(d)); err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		out[path.Base(name)] = &fstest.MapFile{Data: b.Bytes()}
	}
	return out, nil
}

// provider calls fn with goose on a plain handle of the database.
func provider(ctx context.Context, d *db.DB, fn func(ctx context.Context, p *goose.Provider) error) error {
	changes, err := render(d.Dialect())
	if err != nil {
		return err
	}
	return d.Admin(ctx, func(ctx context.Context, h *sql.DB) error {
		opts := []goose.ProviderOption{
			goose.WithTableName(table),
			goose.WithAllowOutofOrder(true),
			goose.WithDisableGlobalRegistry(true),
			goose.WithLogger(goose.NopLogger()),
		}
		dialect := goose.DialectSQLite3
		if d.Dialect() == db.Postgres {
			dialect = goose.DialectPostgres
			locker, err := lock.NewPostgresSessionLocker()
			if err != nil {
				return err
			}
			opts = append(opts, goose.WithSessionLocker(locker))
		}
		p, err := goose.NewProvider(dialect, h, changes, opts...)
		if err != nil {
			return err
		}
		return fn(ctx, p)
	})
}

// Migrate applies the changes that the database does not have yet. Two
// processes may call it at once. On the embedded engine nothing else may write
// meanwhile.
func Migrate(ctx context.Context, d *db.DB) error {
	err := provider(ctx, d, func(ctx context.Context, p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Step is a change the database does not have yet.
type Step struct {
	Version int64  // the number the file's name begins with
	Name    string // the file's name
}

// Plan returns the changes Migrate would apply, in order. It writes nothing
// but goose's own empty table.
func Plan(ctx context.Context, d *db.DB) ([]Step, error) {
	var steps []Step
	err := provider(ctx, d, func(ctx context.Context, p *goose.Provider) error {
		status, err := p.Status(ctx)
		if err != nil {
			return err
		}
		for _, s := range status {
			if s.State == goose.StatePending {
				steps = append(steps, Step{Version: s.Source.Version, Name: path.Base(s.Source.Path)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("plan migration: %w", err)
	}
	return steps, nil
}

// Fingerprint returns a short name for the whole schema of an engine: it
// changes with any change.
func Fingerprint(d db.Dialect) (string, error) {
	changes, err := render(d)
	if err != nil {
		return "", err
	}
	names, err := fs.Glob(changes, "*.sql")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range names {
		text, err := fs.ReadFile(changes, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s\n", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// Behind returns how many changes of this version the database does not have.
// Unlike Plan it only reads, so a server may ask it while it serves.
func Behind(ctx context.Context, d *db.DB) (int, error) {
	names, err := fs.Glob(files, "sql/*.sql")
	if err != nil {
		return 0, err
	}
	missing := map[int64]bool{}
	for _, name := range names {
		version, err := goose.NumericComponent(path.Base(name))
		if err != nil {
			return 0, fmt.Errorf("version of %s: %w", name, err)
		}
		missing[version] = true
	}
	rows, err := d.Query(ctx, "SELECT version_id FROM "+table)
	if err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return 0, fmt.Errorf("read the schema's version: %w", err)
		}
		delete(missing, version)
	}
	return len(missing), rows.Err()
}
