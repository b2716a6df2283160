package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

func write(t *testing.T, lines string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestOrder: a flag stands above the environment, that above the file, that
// above the default, and each says where it came from.
func TestOrder(t *testing.T) {
	t.Parallel()
	dir := write(t, "# 注释\nphone = 1\noffice = 馆\nbody_limit = 2 MiB\nplatform=平台\n")
	env := map[string]string{"LEARNSPACE_OFFICE": "环境馆", "LEARNSPACE_PHONE": "2"}
	c, err := Load(Source{Data: dir, Flags: map[string]string{"phone": "3"},
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	if c.Phone != "3" || c.Office != "环境馆" || c.Limits.Body != 2<<20 || c.Addr != "127.0.0.1:8080" || c.Platform["ko"] != "平台" {
		t.Errorf("%+v", c)
	}
	got := map[string]string{}
	for _, v := range c.Effective() {
		got[v.Key] = v.Source
	}
	for key, want := range map[string]string{"phone": "flag", "office": "LEARNSPACE_OFFICE", "body_limit": "learnspace.conf:4", "addr": "default"} {
		if got[key] != want {
			t.Errorf("%s came from %q, want %q", key, got[key], want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ line, want string }{
		"a misspelt key":     {"trusted_proxy = 10.0.0.0/8", "did you mean trusted_proxies?"},
		"no such key":        {"colour = green", "learnspace config lists them"},
		"a key twice":        {"phone = 1\nphone = 2", "stands twice, first at learnspace.conf:1"},
		"no value":           {"phone", "expected key = value"},
		"no size":            {"body_limit = big", "expected a size"},
		"too small a size":   {"body_limit = 1KiB", "at least 64KiB"},
		"no network":         {"trusted_proxies = 10.0.0.1", "no network"},
		"no address":         {"base_url = space.example.cn", "expected http://host"},
		"a path behind":      {"content_url = https://c.example.cn/x", "expected http://host"},
		"too short a trail":  {"audit_keep = 100d", "at least 183d"},
		"no word of several": {"log_level = loud", "expected one of"},
		"no end of the port": {"dial_allow = sso.example.cn", "expected host:port"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(Source{Data: write(t, tt.line)})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := Load(Source{Data: t.TempDir(), Flags: map[string]string{"phon": "1"}}); err == nil || !strings.Contains(err.Error(), "did you mean phone?") {
		t.Errorf("flag: %v", err)
	}
	if _, err := Load(Source{Data: t.TempDir(), File: "/nowhere/x.conf"}); err == nil {
		t.Error("a file that was named and is missing is overlooked")
	}
}

// TestSecretsAreMasked: a password in an address never shows, nor does it in
// the message of an error.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	c, err := Load(Source{Data: t.TempDir(), Flags: map[string]string{"db": "postgres://u:geheim@h/d"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Effective() {
		if strings.Contains(v.Value, "geheim") {
			t.Errorf("%s shows %s", v.Key, v.Value)
		}
	}
	if s := (Setting{Secret: true}).masked("geheim"); strings.Contains(s, "geheim") {
		t.Error(s)
	}
}

func TestTimesAndSizes(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, time.Second, 90 * time.Second, time.Hour, 30 * time.Minute, 48 * time.Hour} {
		got, err := ParseTime(FormatTime(d))
		if err != nil || got != d {
			t.Errorf("%v is written %q and read %v, %v", d, FormatTime(d), got, err)
		}
	}
	for _, b := range []Bytes{0, 1, 1 << 10, 3 << 20, 5 << 30} {
		if got, err := ParseBytes(b.String()); err != nil || got != b {
			t.Errorf("%d is written %q and read %d, %v", b, b, got, err)
		}
	}
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	got := Strangers([]string{"PATH=/bin", "LEARNSPACE_DATA=x", "LEARNSPACE_TEST_PG=x", "LEARNSPACE_PHONE=1", "LEARNSPACE_TRUSTED_PROXY=1"})
	if d := cmp.Diff([]string{"LEARNSPACE_TRUSTED_PROXY"}, got); d != "" {
		t.Error(d)
	}
}

// TestReference guards the page that is made from the table, and the table.
func TestReference(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range Settings() {
		if seen[s.Key] || s.Zh == "" || s.En == "" || s.into == nil {
			t.Errorf("setting %s stands twice or says too little", s.Key)
		}
		seen[s.Key] = true
	}
	page := filepath.Join("..", "..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(page, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Reference(), string(have)); d != "" {
		t.Errorf("docs/configuration.md is behind the table; run go test ./internal/config -update (-want +have):\n%s", d)
	}
}
