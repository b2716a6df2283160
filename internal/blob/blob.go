package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotFound is returned when there is no blob under a key.
var ErrNotFound = errors.New("no such blob")

// Store keeps blobs. Keys are 1 to 200 characters of a–z, 0–9, '-', '_', '.'
// and '/', no part of them beginning with a dot.
type Store interface {
	// Put writes size bytes of r under key, whole or not at all; what was
	// there before is replaced. A negative size means unknown.
	Put(ctx context.Context, key string, r io.Reader, size int64) error
	// Get opens a blob; the caller closes it.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes a blob; a missing one is no error.
	Delete(ctx context.Context, key string) error
}

// Open returns the store at url: "file:DIR", made if need be.
func Open(url string) (Store, error) {
	dir, ok := strings.CutPrefix(url, "file:")
	if !ok || dir == "" {
		return nil, fmt.Errorf("open blob store: %q is not file:DIR", url)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open blob store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open blob store: %w", err)
	}
	return &files{root: root, dir: dir}, nil
}

// files is a folder; os.Root keeps every path inside it.
type files struct {
	root *os.Root
	dir  string
}

// check refuses keys that are no plain relative path.
func check(key string) error {
	if key == "" || len(key) > 200 {
		return fmt.Errorf("blob key of %d characters", len(key))
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' {
			return fmt.Errorf("blob key %q", key)
		}
		for _, c := range part {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
				return fmt.Errorf("blob key %q", key)
			}
		}
	}
	return nil
}

// Put writes into a temporary file of the folder and renames it.
func (f *files) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if err := check(key); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.dir, ".put-*")
	if err != nil {
		return fmt.Errorf("put blob: %w", err)
	}
	n, err := io.Copy(tmp, &contextReader{ctx: ctx, r: r})
	if err == nil && size >= 0 && n != size {
		err = fmt.Errorf("%d bytes came, %d were said: %w", n, size, io.ErrUnexpectedEOF)
	}
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	name := filepath.Base(tmp.Name())
	if err == nil {
		err = f.place(name, key)
	}
	if err != nil {
		_ = f.root.Remove(name)
		return fmt.Errorf("put blob: %w", err)
	}
	return nil
}

// place gives a written file its name and makes the name durable.
func (f *files) place(name, key string) error {
	path := filepath.FromSlash(key)
	folder := filepath.Dir(path)
	if err := f.root.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := f.root.Rename(name, path); err != nil {
		return err
	}
	if d, err := f.root.Open(folder); err == nil {
		_ = d.Sync() // not every file system can
		return d.Close()
	}
	return nil
}

// Get opens the file.
func (f *files) Get(_ context.Context, key string) (io.ReadCloser, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	r, err := f.root.Open(filepath.FromSlash(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("get blob %s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get blob: %w", err)
	}
	return r, nil
}

// Delete removes the file.
func (f *files) Delete(_ context.Context, key string) error {
	if err := check(key); err != nil {
		return err
	}
	if err := f.root.Remove(filepath.FromSlash(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// contextReader stops reading when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
