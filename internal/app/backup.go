package app

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"learnspace/internal/config"
	"learnspace/internal/db"
	"learnspace/internal/fault"
)

// The entries of a backup.
const (
	backupManifest = "manifest.json"
	backupDatabase = "learnspace.db"
	backupKeys     = "keys.json"
	backupDemo     = "demo.json"
	backupAccounts = "accounts.json"
	backupBlobs    = "blobs/"
)

// manifest is the first entry of a backup.
type manifest struct {
	Format  int       `json:"format"`
	Made    time.Time `json:"made"`
	Version string    `json:"version"`
	Keys    bool      `json:"keys"`
}

// backupFormat is the version of the layout of a backup.
const backupFormat = 1

// Backup writes database and blobs into one compressed file, the keys only
// when asked: without them the sealed data in it cannot be opened. The server
// may go on serving. A PostgreSQL database is saved by its own tools and is
// refused here.
func (a *App) Backup(ctx context.Context, out string, withKeys bool) error {
	if !a.DB.Serial() {
		return fault.New(fault.ErrConflict, "cli.backup.postgres")
	}
	scratch, err := os.MkdirTemp(a.Config.Data, ".backup-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	snapshot := filepath.Join(scratch, backupDatabase)
	if err := a.DB.Snapshot(ctx, snapshot); err != nil {
		return err
	}
	// Written under another name first: a broken backup never has the name of
	// a whole one.
	part := out + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer os.Remove(part)
	if err := errors.Join(a.writeBackup(ctx, f, snapshot, withKeys), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if err := os.Link(part, out); err != nil { // a rename would replace an older backup
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

func (a *App) writeBackup(ctx context.Context, w io.Writer, snapshot string, withKeys bool) error {
	zip := gzip.NewWriter(w)
	t := tar.NewWriter(zip)
	head, err := json.Marshal(manifest{backupFormat, a.Clock.Now(), Version().Version, withKeys})
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: backupManifest, Mode: 0o600, Size: int64(len(head))}); err != nil {
		return err
	}
	if _, err := t.Write(head); err != nil {
		return err
	}
	files := map[string]string{backupDatabase: snapshot}
	if withKeys {
		files[backupKeys] = a.Config.Keys()
	}
	if a.Config.Demo != nil {
		files[backupDemo] = filepath.Join(a.Config.Data, backupDemo)
		files[backupAccounts] = filepath.Join(a.Config.Data, backupAccounts)
	}
	for name, path := range files {
		if err := addFile(t, name, path); err != nil {
			return err
		}
	}
	if err := a.addBlobs(ctx, t); err != nil {
		return err
	}
	return errors.Join(t.Close(), zip.Close())
}

// addBlobs adds the files of the blob store.
func (a *App) addBlobs(ctx context.Context, t *tar.Writer) error {
	dir, ok := strings.CutPrefix(a.Config.Blob, "file:")
	if !ok {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return addFile(t, backupBlobs+filepath.ToSlash(rel), path)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func addFile(t *tar.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

// Restore puts a backup into a data folder that has no database. It reports
// whether the backup held the keys; without them the folder's key file must be
// put there before the server starts.
func Restore(ctx context.Context, c config.Config, backup string) (keys bool, err error) {
	if !strings.HasPrefix(c.DB, "sqlite:") {
		return false, fault.New(fault.ErrConflict, "cli.backup.postgres")
	}
	if hasDatabase(c) {
		return false, fault.New(fault.ErrConflict, "cli.restore.occupied", c.Data)
	}
	f, err := os.Open(backup)
	if err != nil {
		return false, fmt.Errorf("open the backup: %w", err)
	}
	defer f.Close()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return false, fmt.Errorf("make the data folder: %w", err)
	}
	work, err := os.MkdirTemp(c.Data, ".restore-")
	if err != nil {
		return false, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(work)
	m, err := unpack(ctx, f, work)
	if err != nil {
		return false, err
	}
	if err := db.CheckFile(ctx, filepath.Join(work, backupDatabase)); err != nil {
		return false, fault.Wrap(fault.ErrInvalid, err, "cli.restore.broken")
	}
	return m.Keys, place(c, work)
}

// unpack writes the entries of a backup below dir; a name that leads out of it
// is refused by the root.
func unpack(ctx context.Context, r io.Reader, dir string) (manifest, error) {
	var m manifest
	broken := func(err error) error { return fault.Wrap(fault.ErrInvalid, err, "cli.restore.broken") }
	zip, err := gzip.NewReader(r)
	if err != nil {
		return m, broken(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return m, err
	}
	defer root.Close()
	t := tar.NewReader(zip)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, broken(err)
		}
		if err := ctx.Err(); err != nil {
			return m, err
		}
		if h.Name == backupManifest {
			if err := json.NewDecoder(io.LimitReader(t, 1<<16)).Decode(&m); err != nil {
				return m, broken(err)
			}
			continue
		}
		if err := unpackFile(root, h.Name, t); err != nil {
			return m, broken(err)
		}
	}
	if m.Format != backupFormat {
		return m, broken(fmt.Errorf("format %d", m.Format))
	}
	return m, nil
}

func unpackFile(root *os.Root, name string, r io.Reader) error {
	name = filepath.FromSlash(name)
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// place moves what was unpacked into the folder, the database last: a folder
// with a database is whole.
func place(c config.Config, work string) error {
	moves := [][2]string{{backupKeys, c.Keys()}, {backupDemo, filepath.Join(c.Data, backupDemo)},
		{backupAccounts, filepath.Join(c.Data, backupAccounts)},
		{"blobs", strings.TrimPrefix(c.Blob, "file:")}, {backupDatabase, strings.TrimPrefix(c.DB, "sqlite:")}}
	for _, m := range moves {
		from := filepath.Join(work, m[0])
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if _, err := os.Stat(m[1]); err == nil && m[0] == backupKeys {
			continue // the folder's own keys stay
		}
		if err := os.Rename(from, m[1]); err != nil {
			return fmt.Errorf("put %s in place: %w", m[0], err)
		}
	}
	return nil
}
