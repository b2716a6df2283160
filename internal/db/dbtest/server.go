package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"learnspace/internal/db"
	"learnspace/internal/schema"
)

// serverURL returns the address of the server's maintenance database.
var serverURL = sync.OnceValues(func() (string, error) {
	if u := os.Getenv("LEARNSPACE_TEST_PG"); u != "" {
		return u, nil
	}
	return startCluster()
})

// maintenance is a handle on the maintenance database.
var maintenance = sync.OnceValues(func() (*sql.DB, error) {
	u, err := serverURL()
	if err != nil {
		return nil, err
	}
	cfg, err := pgx.ParseConfig(u)
	if err != nil {
		return nil, err
	}
	h := stdlib.OpenDB(*cfg)
	h.SetMaxOpenConns(2)
	h.SetConnMaxIdleTime(2 * time.Second)
	return h, h.PingContext(context.Background())
})

// templateKey guards the template between processes.
const templateKey = 7_300_142

// serverTemplate makes the migrated template database, unless another process
// has made it, and returns its name.
var serverTemplate = sync.OnceValues(func() (string, error) {
	h, err := maintenance()
	if err != nil {
		return "", err
	}
	print, err := schema.Fingerprint(db.Postgres)
	if err != nil {
		return "", err
	}
	name := "template_" + print
	ctx := context.Background()
	conn, err := h.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", templateKey); err != nil {
		return "", err
	}
	defer func() { _, _ = conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", templateKey) }()
	var n int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n); err != nil || n > 0 {
		return name, err
	}
	return name, makeTemplate(ctx, conn, name)
})

// makeTemplate migrates a new database and gives it its name at the end, so
// that a half-made one is never copied.
func makeTemplate(ctx context.Context, conn *sql.Conn, name string) error {
	raw := "raw_" + strings.ToLower(rand.Text())
	if _, err := conn.ExecContext(ctx, "CREATE DATABASE "+raw); err != nil {
		return err
	}
	u, err := databaseURL(raw)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, u, db.Options{Relaxed: true, PoolSize: 4})
	if err != nil {
		return err
	}
	if err := errors.Join(schema.Migrate(ctx, d), d.Close()); err != nil {
		_, drop := conn.ExecContext(ctx, "DROP DATABASE "+raw+" WITH (FORCE)")
		return errors.Join(err, drop)
	}
	// The server notices the end of a session a moment later.
	if _, err := conn.ExecContext(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", raw); err != nil {
		return err
	}
	for try := 0; ; try++ {
		_, err = conn.ExecContext(ctx, "ALTER DATABASE "+raw+" RENAME TO "+name)
		if err == nil || try == 50 {
			return err
		}
		if _, err := conn.ExecContext(ctx, "SELECT pg_sleep(0.05)"); err != nil {
			return err
		}
	}
}

// databaseURL returns the address of another database of the server.
func databaseURL(name string) (string, error) {
	base, err := serverURL()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// serverCopy copies the template for the test and drops the copy afterwards.
func serverCopy(tb testing.TB) (string, error) {
	tb.Helper()
	template, err := serverTemplate()
	if err != nil {
		return "", err
	}
	h, err := maintenance()
	if err != nil {
		return "", err
	}
	ctx := context.Background()
	name := fmt.Sprintf("test_%d_%s", os.Getpid(), strings.ToLower(rand.Text()[:12]))
	if _, err := h.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY file_copy"); err != nil {
		return "", err
	}
	tb.Cleanup(func() {
		if _, err := h.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			tb.Logf("drop %s: %v", name, err)
		}
	})
	return databaseURL(name)
}
