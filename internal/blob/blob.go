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
	"sync"
	"time"
)

// ErrNotFound is returned when there is no blob under a key.
var ErrNotFound = errors.New("no such blob")

// ErrBroken is wrapped by every other failure of the store itself: the folder is
// gone, the disk is full or cannot be read. It may pass by itself.
var ErrBroken = errors.New("the blob store is out of order")

// broken marks a failure of the store.
func broken(what string, err error) error { return fmt.Errorf("%s blob: %w: %w", what, ErrBroken, err) }

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
	// Each calls fn for every blob under a folder, such as "roster", that is older
	// than age by the store's clock; fn may delete it. Folders below that are empty
	// and as old go away. A missing folder is an empty one.
	Each(ctx context.Context, folder string, age time.Duration, fn func(key string) error) error
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
	sweep(root)
	return &files{root: root, dir: dir}, nil
}

// abandoned is the age from which nobody writes a temporary file any more.
const abandoned = 24 * time.Hour

// sweep removes what a process left half-written when it died. What cannot be
// removed now takes room and is read by nobody.
func sweep(root *os.Root) {
	d, err := root.Open(".")
	if err != nil {
		return
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && strings.HasPrefix(e.Name(), temporary) && time.Since(info.ModTime()) > abandoned {
			_ = root.Remove(e.Name())
		}
	}
}

// temporary begins the name of a file that is being written; no key has it.
const temporary = ".put-"

// files is a folder; os.Root keeps every path inside it.
type files struct {
	dir string

	mu   sync.Mutex
	root *os.Root
}

// folder returns the folder. When another one stands in its place, as after a
// disk was mounted again, that is opened: the store recovers by itself.
func (f *files) folder() (*os.Root, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := os.Stat(f.dir)
	if err != nil {
		return nil, err
	}
	if was, err := f.root.Stat("."); err == nil && os.SameFile(now, was) {
		return f.root, nil
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	f.root = root // the old one closes with its last user
	return root, nil
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
	root, err := f.folder()
	if err != nil {
		return broken("put", err)
	}
	tmp, err := os.CreateTemp(f.dir, temporary+"*")
	if err != nil {
		return broken("put", err)
	}
	source := &contextReader{ctx: ctx, r: r}
	n, err := io.Copy(tmp, source)
	if err == nil && size >= 0 && n != size {
		source.err = fmt.Errorf("%d bytes came, %d were said: %w", n, size, io.ErrUnexpectedEOF)
		err = source.err
	}
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	name := filepath.Base(tmp.Name())
	if err == nil {
		err = place(root, name, key)
	}
	if err == nil {
		return nil
	}
	_ = root.Remove(name)
	if source.err != nil { // whoever sends is at fault, not the store
		return fmt.Errorf("put blob: %w", err)
	}
	return broken("put", err)
}

// place gives a written file its name and makes the name durable.
func place(root *os.Root, name, key string) error {
	path := filepath.FromSlash(key)
	folder := filepath.Dir(path)
	if err := root.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := root.Rename(name, path); err != nil {
		return err
	}
	if d, err := root.Open(folder); err == nil {
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
	root, err := f.folder()
	if err != nil {
		return nil, broken("get", err)
	}
	r, err := root.Open(filepath.FromSlash(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("get blob %s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, broken("get", err)
	}
	return r, nil
}

// Delete removes the file.
func (f *files) Delete(_ context.Context, key string) error {
	if err := check(key); err != nil {
		return err
	}
	root, err := f.folder()
	if err != nil {
		return broken("delete", err)
	}
	if err := root.Remove(filepath.FromSlash(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return broken("delete", err)
	}
	return nil
}

// Each walks the folder; what others remove meanwhile is passed over.
func (f *files) Each(ctx context.Context, folder string, age time.Duration, fn func(key string) error) error {
	if err := check(folder); err != nil {
		return err
	}
	root, err := f.folder()
	if err != nil {
		return broken("list", err)
	}
	return each(ctx, root, folder, time.Now().Add(-age), fn)
}

func each(ctx context.Context, root *os.Root, folder string, before time.Time, fn func(key string) error) error {
	d, err := root.Open(filepath.FromSlash(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return broken("list", err)
	}
	entries, err := d.ReadDir(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return broken("list", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		key := folder + "/" + e.Name()
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return broken("list", err)
		}
		old := info.ModTime().Before(before)
		switch {
		case info.IsDir():
			if err := each(ctx, root, key, before, fn); err != nil {
				return err
			}
			if old {
				_ = root.Remove(filepath.FromSlash(key)) // only an empty folder goes
			}
		case info.Mode().IsRegular() && old:
			if err := fn(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// contextReader stops reading when ctx ends, and remembers whether reading
// failed.
type contextReader struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		c.err = err
		return 0, err
	}
	n, err := c.r.Read(p)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
