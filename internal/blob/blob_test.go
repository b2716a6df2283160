package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/blob"
)

func store(t *testing.T) (blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "blobs")
	s, err := blob.Open("file:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestStore(t *testing.T) {
	t.Parallel()
	s, _ := store(t)
	ctx := t.Context()
	for _, text := range []string{"one", "another"} {
		if err := s.Put(ctx, "ab/picture-1.webp", strings.NewReader(text), int64(len(text))); err != nil {
			t.Fatal(err)
		}
		r, err := s.Get(ctx, "ab/picture-1.webp")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || string(got) != text {
			t.Errorf("read %q, %v", got, err)
		}
	}
	for range 2 {
		if err := s.Delete(ctx, "ab/picture-1.webp"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Get(ctx, "ab/picture-1.webp"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a deleted blob gave %v", err)
	}
}

// TestEach lists what is older than a day, lets it be removed, and takes old empty
// folders away.
func TestEach(t *testing.T) {
	t.Parallel()
	s, dir := store(t)
	none := func(key string) error { t.Errorf("found %s", key); return nil }
	if err := s.Each(t.Context(), "roster", time.Hour, none); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"roster/1/0", "roster/1/1", "roster/2/0", "post/1"} {
		if err := s.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
			t.Fatal(err)
		}
	}
	age := func(keys ...string) {
		for _, key := range keys {
			if err := os.Chtimes(filepath.Join(dir, filepath.FromSlash(key)), time.Time{}, time.Now().Add(-25*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	age("roster/1/0", "roster/1/1", "post/1")
	var got []string
	err := s.Each(t.Context(), "roster", 24*time.Hour, func(key string) error {
		got = append(got, key)
		return s.Delete(t.Context(), key)
	})
	slices.Sort(got)
	if diff := cmp.Diff([]string{"roster/1/0", "roster/1/1"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	age("roster/1", "roster/2")
	if err := s.Each(t.Context(), "roster", 24*time.Hour, none); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "roster", "1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder: %v", err)
	}
	if r, err := s.Get(t.Context(), "roster/2/0"); err != nil || r.Close() != nil {
		t.Errorf("a young blob in an old folder: %v", err)
	}
}

// TestOpenSweeps opens a store whose process died in the middle of a Put: the half
// file goes, one that may still be written stays.
func TestOpenSweeps(t *testing.T) {
	t.Parallel()
	s, dir := store(t)
	if err := s.Put(t.Context(), "ab/picture-1.webp", strings.NewReader("one"), 3); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{".put-old": 25 * time.Hour, ".put-new": time.Hour} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := blob.Open("file:" + dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff([]string{".put-new", "ab"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPutWhole(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		r    io.Reader
		size int64
		err  error
	}{
		{"too short", t.Context(), strings.NewReader("four"), 5, io.ErrUnexpectedEOF},
		{"too long", t.Context(), strings.NewReader("four"), 3, io.ErrUnexpectedEOF},
		{"the upload breaks off", t.Context(), io.MultiReader(strings.NewReader("fo"), failingReader{broken}), -1, broken},
		{"cancelled", cancelled, strings.NewReader("four"), 4, context.Canceled},
		{"of unknown size", t.Context(), strings.NewReader("four"), -1, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, dir := store(t)
			if err := s.Put(t.Context(), "k", strings.NewReader("old"), 3); err != nil {
				t.Fatal(err)
			}
			if err := s.Put(tt.ctx, "k", tt.r, tt.size); !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			want := "old"
			if tt.err == nil {
				want = "four"
			}
			if got, err := os.ReadFile(filepath.Join(dir, "k")); err != nil || !bytes.Equal(got, []byte(want)) {
				t.Errorf("stands as %q, %v", got, err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestKeys(t *testing.T) {
	t.Parallel()
	s, _ := store(t)
	for _, key := range []string{"", "/a", "a/", "a//b", "../a", "a/../b", ".put-1", "a/.b", "A", "图", "a\\b", "a b", strings.Repeat("a", 201)} {
		if err := s.Put(t.Context(), key, strings.NewReader(""), 0); err == nil {
			t.Errorf("key %q was taken", key)
		}
		if _, err := s.Get(t.Context(), key); err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("key %q was looked for: %v", key, err)
		}
		if err := s.Delete(t.Context(), key); err == nil {
			t.Errorf("key %q was deleted", key)
		}
	}
	for _, url := range []string{"", "file:", "s3://bucket", "/tmp"} {
		if _, err := blob.Open(url); err == nil {
			t.Errorf("store %q was opened", url)
		}
	}
}

// TestRecovers: while the folder is away the store says that it is broken; once
// a folder is there again, the old one or a new one, it works without a restart.
func TestRecovers(t *testing.T) {
	t.Parallel()
	s, dir := store(t)
	ctx := t.Context()
	put := func() error { return s.Put(ctx, "a/b", strings.NewReader("x"), 1) }
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := put(); !errors.Is(err, blob.ErrBroken) {
		t.Errorf("put without a folder: %v", err)
	}
	if _, err := s.Get(ctx, "a/b"); !errors.Is(err, blob.ErrBroken) {
		t.Errorf("get without a folder: %v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := put(); err != nil {
		t.Errorf("put into a new folder: %v", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	r, err := s.Get(ctx, "a/b")
	if err != nil {
		t.Fatalf("get from the old folder: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
