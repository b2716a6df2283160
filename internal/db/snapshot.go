package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// ErrNoSnapshot is returned where the engine is saved by its own tools.
var ErrNoSnapshot = errors.New("this engine is saved by its own tools")

// filePath returns the absolute path of the database file.
func (d *DB) filePath() (string, error) {
	return filepath.Abs(strings.TrimPrefix(strings.TrimPrefix(d.url, "sqlite:"), "//"))
}

// Snapshot writes a consistent copy of the database file to path, which must
// not exist, while others read and write. It returns ErrNoSnapshot on an engine
// that is no file.
func (d *DB) Snapshot(ctx context.Context, path string) error {
	if d.dialect != SQLite {
		return ErrNoSnapshot
	}
	file, err := d.filePath()
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	// A connection of its own: the readers' are set to refuse every write.
	c, err := sqliteConnector(file, readerCache)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	h := sql.OpenDB(c)
	_, err = h.ExecContext(ctx, "VACUUM INTO $1", path)
	if err := errors.Join(err, h.Close()); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// CheckFile returns nil when the database file at path is whole.
func CheckFile(ctx context.Context, path string) error {
	file, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	c, err := sqliteConnector(file, readerCache, "query_only(1)")
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	h := sql.OpenDB(c)
	var verdict string
	err = h.QueryRowContext(ctx, "PRAGMA quick_check").Scan(&verdict)
	if err := errors.Join(err, h.Close()); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("check database: %s", verdict)
	}
	return nil
}
