package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"learnspace/internal/seal"
)

func suites(t *testing.T, fn func(t *testing.T, k *seal.Keys)) {
	t.Helper()
	for _, s := range []seal.Suite{seal.AES, seal.SM} {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			k, err := seal.RandomSuite(s)
			if err != nil {
				t.Fatal(err)
			}
			fn(t, k)
		})
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	suites(t, func(t *testing.T, k *seal.Keys) {
		plain := []byte("220102201003070013")
		a, b := k.Seal(plain), k.Seal(plain)
		if bytes.Equal(a, b) || bytes.Contains(a, plain[:8]) {
			t.Error("sealing shows what it hides")
		}
		got, err := k.Open(a)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("opened %q, %v", got, err)
		}
		for i := range a {
			bad := bytes.Clone(a)
			bad[i] ^= 1
			if _, err := k.Open(bad); !errors.Is(err, seal.ErrSealed) && !errors.Is(err, seal.ErrKey) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
		if _, err := k.Open(a[:20]); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("a cut value gave %v", err)
		}
		if s := k.Seal(nil); s == nil || len(s) != 0 {
			t.Errorf("nothing was sealed as %v", s)
		}
		if p, err := k.Open(nil); err != nil || len(p) != 0 {
			t.Errorf("nothing was opened as %v, %v", p, err)
		}
	})
}

func TestHash(t *testing.T) {
	t.Parallel()
	suites(t, func(t *testing.T, k *seal.Keys) {
		h := k.Hash("id", "220102201003070013")
		if len(h) != 32 || !bytes.Equal(h, k.Hash("id", "220102201003070013")) {
			t.Errorf("hash %x", h)
		}
		if bytes.Equal(h, k.Hash("student", "220102201003070013")) || bytes.Equal(k.Hash("a", "b"), k.Hash("ab", "")) {
			t.Error("kinds are not kept apart")
		}
		want := int64(0)
		for _, c := range h[:8] {
			want = want<<8 | int64(c)
		}
		if got := k.Hash64("id", "220102201003070013"); got != want {
			t.Errorf("64 bits are %x of %x", got, h)
		}
		other, err := seal.Random()
		if err != nil || bytes.Equal(h, other.Hash("id", "220102201003070013")) {
			t.Errorf("two keys hash alike (%v)", err)
		}
	})
}

func TestRotate(t *testing.T) {
	t.Parallel()
	old, err := seal.Random()
	if err != nil {
		t.Fatal(err)
	}
	sealed, hashed := old.Seal([]byte("x")), old.Hash("k", "v")
	k, err := old.Rotate(seal.SM)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := k.Open(sealed); err != nil || string(p) != "x" {
		t.Errorf("opened %q, %v", p, err)
	}
	fresh := k.Seal([]byte("x"))
	if !k.Stale(sealed) || k.Stale(fresh) || old.Stale(sealed) {
		t.Error("stale values are not told")
	}
	if _, err := old.Open(fresh); !errors.Is(err, seal.ErrKey) {
		t.Errorf("an unknown key gave %v", err)
	}
	if k, err = k.RotateHash(seal.AES); err != nil {
		t.Fatal(err)
	}
	both := k.Hashes("k", "v")
	if len(both) != 2 || !bytes.Equal(both[0], k.Hash("k", "v")) || !bytes.Equal(both[1], hashed) || bytes.Equal(both[0], hashed) {
		t.Errorf("hashes %x", both)
	}
	if k, err = k.RetireHash(); err != nil || len(k.Hashes("k", "v")) != 1 || bytes.Equal(k.Hash("k", "v"), hashed) {
		t.Errorf("the old hash key stayed: %v", err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := seal.Create(path, seal.AES)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := seal.Create(path, seal.AES); !errors.Is(err, os.ErrExist) {
		t.Errorf("existing keys were overwritten: %v", err)
	}
	again, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := again.Open(k.Seal([]byte("x"))); err != nil || string(p) != "x" || again.Hash64("a", "b") != k.Hash64("a", "b") {
		t.Errorf("loaded keys differ: %q, %v", p, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Load(path); err == nil || !strings.Contains(err.Error(), "600") {
		t.Errorf("keys that anybody may read were loaded: %v", err)
	}
	bad := []struct{ name, text string }{
		{"not JSON", `secret`},
		{"empty", `{}`},
		{"short secret", `{"seal":[{"id":1,"suite":"aes-256-gcm+hmac-sha256","secret":"AAAA"}],"hash":[{"id":1,"suite":"sm4-gcm+hmac-sm3","secret":"AAAA"}]}`},
		{"unknown suite", `{"seal":[{"id":1,"suite":"rot13","secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}],"hash":[{"id":1,"suite":"rot13","secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`},
	}
	for _, tt := range bad {
		p := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(p, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Load(p); err == nil || strings.Contains(err.Error(), "secret\"") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
