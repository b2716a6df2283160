package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// Sizes of the page caches, in KiB as the pragma takes them.
const (
	writerCache = 64 << 10
	readerCache = 4 << 10
)

// openSQLite opens the file at path with a pool of readers and, unless the
// database is for reading, the writer.
func (d *DB) openSQLite(ctx context.Context, path string) error {
	path = strings.TrimPrefix(path, "//")
	if path == "" {
		return errors.New("the path of the file is missing")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	// fdatasync is as durable as fsync and waits for less; a platform that
	// lacks it keeps fsync.
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return err
	}
	if d.opt.ReadOnly {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	} else {
		if d.lock, err = lockFile(path + ".lock"); err != nil {
			return err
		}
		if err := d.startGroup(ctx, path); err != nil {
			return err
		}
	}
	c, err := sqliteConnector(path, readerCache, "query_only(1)")
	if err != nil {
		return err
	}
	d.pool = sql.OpenDB(c)
	d.pool.SetMaxOpenConns(d.opt.PoolSize)
	d.pool.SetMaxIdleConns(d.opt.PoolSize)
	return d.Ping(ctx)
}

// sqliteConnector opens connections to the file with the product's settings.
func sqliteConnector(path string, cacheKiB int, more ...string) (driver.Connector, error) {
	pragmas := append([]string{
		"busy_timeout(5000)",
		"foreign_keys(1)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB),
	}, more...)
	slash := filepath.ToSlash(path)
	if !strings.HasPrefix(slash, "/") {
		slash = "/" + slash
	}
	dsn := "file://" + (&url.URL{Path: slash}).EscapedPath() + "?" + url.Values{"_pragma": pragmas}.Encode()
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return cachingConnector{c}, nil
}

// writerConnector opens writing connections: write-ahead log, every commit
// synced, the log moved to the file by the checkpointer and not by a commit.
func (d *DB) writerConnector(path string) (driver.Connector, error) {
	sync := "synchronous(2)"
	if d.opt.Relaxed {
		sync = "synchronous(0)"
	}
	return sqliteConnector(path, writerCache, "journal_mode(WAL)", sync,
		"wal_autocheckpoint(0)", "journal_size_limit(67108864)")
}

// startGroup opens the writer and starts its group.
func (d *DB) startGroup(ctx context.Context, path string) error {
	c, err := d.writerConnector(path)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	g := &group{
		d: d, pool: pool, conn: conn,
		queue: make(chan *call, 2*groupCalls),
		ran:   make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
	if g.wal, err = startCheckpointer(ctx, c, d.log); err != nil {
		return errors.Join(err, conn.Close(), pool.Close())
	}
	d.group = g
	go g.loop()
	go g.watch()
	return nil
}

// Admin calls fn with a plain handle for schema changes and file-level work.
// On SQLite it is a second writing handle, so nothing else may write
// meanwhile; it is closed when fn returns.
func (d *DB) Admin(ctx context.Context, fn func(ctx context.Context, h *sql.DB) error) error {
	if d.opt.ReadOnly {
		return ErrReadOnly
	}
	if d.dialect == Postgres {
		return fn(ctx, d.pool)
	}
	path, err := d.filePath()
	if err != nil {
		return err
	}
	c, err := d.writerConnector(path)
	if err != nil {
		return err
	}
	h := sql.OpenDB(c)
	h.SetMaxOpenConns(4)
	return errors.Join(fn(ctx, h), h.Close())
}
