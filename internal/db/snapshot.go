package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// ErrNoSnapshot is returned where the engine is saved by its own tools.
var ErrNoSnapshot = errors.New("this engine is saved by its own tools")

// Snapshot writes a consistent copy of a SQLite database to path, which must
// not exist, while others read and write. ErrNoSnapshot on PostgreSQL.
func (d *DB) Snapshot(ctx context.Context, path string) error {
	file, ok := strings.CutPrefix(d.url, "sqlite:")
	if !ok {
		return ErrNoSnapshot
	}
	// A connection of its own: the readers' are set to refuse every write.
	conn, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// CheckFile reports whether the SQLite file at path is whole.
func CheckFile(ctx context.Context, path string) error {
	conn, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	defer conn.Close()
	var verdict string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check").Scan(&verdict); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("check database: %s", verdict)
	}
	return nil
}
