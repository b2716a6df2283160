package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"learnspace/internal/db"
	"learnspace/internal/schema"
)

// fileTemplate returns the migrated template file's bytes.
var fileTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "learnspace-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+path, db.Options{Relaxed: true})
	if err != nil {
		return nil, err
	}
	if err := schema.Migrate(ctx, d); err != nil {
		_ = d.Close()
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// fileCopy makes a database file for the test.
func fileCopy(tb testing.TB) (string, error) {
	tb.Helper()
	template, err := fileTemplate()
	if err != nil {
		return "", err
	}
	path := filepath.Join(tb.TempDir(), "test.db")
	return "sqlite:" + path, os.WriteFile(path, template, 0o600)
}
