package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"learnspace/internal/db"
)

// own gives the run data of its own in the database it was given: a schema on
// a server, a file that is not there yet. What people really wrote is never
// near it. remove takes the data away again.
func (r *run) own() (remove func() error, err error) {
	nothing := func() error { return nil }
	if path, ok := strings.CutPrefix(r.DB, "sqlite:"); ok {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return nothing, fmt.Errorf("%s is there already; a benchmark makes its own database", path)
		}
		return func() error { return removeFiles(path) }, nil
	}
	if r.DB == "" {
		return nothing, nil
	}
	u, err := url.Parse(r.DB)
	if err != nil {
		return nothing, errors.New("the address of the database server cannot be read")
	}
	name := fmt.Sprintf("learnspace_bench_%d", time.Now().UnixNano())
	if err := statement(r.ctx, r.DB, "CREATE SCHEMA "+name); err != nil {
		return nothing, err
	}
	given := r.DB
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	r.DB = u.String()
	return func() error {
		return statement(context.WithoutCancel(r.ctx), given, "DROP SCHEMA "+name+" CASCADE")
	}, nil
}

// removeFiles removes a database file and what stands beside it.
func removeFiles(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// statement runs one statement on a connection of its own.
func statement(ctx context.Context, address, query string) error {
	d, err := db.Open(ctx, address, db.Options{PoolSize: 1})
	if err != nil {
		return err
	}
	_, err = d.Exec(ctx, query)
	return errors.Join(err, d.Close())
}
