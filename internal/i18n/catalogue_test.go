package i18n

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entriesOf reads one catalogue file with its keys in order, twice the same
// key included.
func entriesOf(t *testing.T, name string) (keys []string, all map[string]map[string]string) {
	t.Helper()
	raw, err := files.ReadFile("catalogue/" + name)
	if err != nil {
		t.Fatal(err)
	}
	all = map[string]map[string]string{}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return keys, all
}

var (
	keyForm  = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)
	argument = regexp.MustCompile(`\{(\d+)[^}]*\}`)
	korea    = regexp.MustCompile(`한국어|지린|내일|이용|년도 `)
)

func argumentsOf(s string) []string {
	var out []string
	for _, m := range argument.FindAllStringSubmatch(s, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return out
}

func TestCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(files, "catalogue/*.json")
	if err != nil {
		t.Fatal(err)
	}
	home := map[string]string{}
	for _, path := range names {
		name := filepath.Base(path)
		keys, all := entriesOf(t, name)
		for _, key := range keys {
			if other, twice := home[key]; twice {
				t.Errorf("%s: %s stands in %s already", name, key, other)
			}
			home[key] = name
			checkEntry(t, name, key, all[key])
		}
	}
}

func checkEntry(t *testing.T, name, key string, e map[string]string) {
	t.Helper()
	if !keyForm.MatchString(key) {
		t.Errorf("%s: %s is no key by meaning (area.thing)", name, key)
	}
	for field := range e {
		if !slices.Contains([]string{"zh", "en", "en_one", "ko"}, field) {
			t.Errorf("%s: %s has a field %s", name, key, field)
		}
	}
	for _, l := range []string{"zh", "en", "ko"} {
		if strings.TrimSpace(e[l]) == "" {
			t.Errorf("%s: %s has no %s", name, key, l)
		}
		if diff := cmp.Diff(argumentsOf(e["zh"]), argumentsOf(e[l])); diff != "" {
			t.Errorf("%s: %s takes other arguments in %s: %s", name, key, l, diff)
		}
	}
	if strings.ContainsAny(e["zh"], "!！") {
		t.Errorf("%s: %s shouts", name, key)
	}
	if korea.MatchString(e["ko"]) {
		t.Errorf("%s: %s does not follow 조선말규범집: %s", name, key, e["ko"])
	}
}

// literal finds every string literal of a Go or templ source that looks like
// a key or like the beginning of one; call finds those in a place where only a
// key can stand.
var (
	literal = regexp.MustCompile("[\"`]([a-z][a-z0-9_]*(?:\\.[a-z0-9_]*)+)[\"`]")
	call    = regexp.MustCompile(`(?:i18n\.T\([^,()]*(?:\([^()]*\))?,|i18n\.Text\([^,()]*(?:\([^()]*\))?,|i18n\.Key\(|fault\.New\(fault\.\w+,|fault\.Wrap\(fault\.\w+,[^,]+,|fault\.At\([^,]+,|\bKey:|web\.Flash\(w, r,)\s*"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)"`)
)

// sources gives the text of every hand-written Go and templ file of the module.
func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, root := range []string{"../../internal", "../../cmd"} {
		if _, err := os.Stat(root); err != nil {
			continue
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			base := filepath.Base(path)
			if strings.HasSuffix(base, "_test.go") || strings.HasSuffix(base, "_templ.go") ||
				!strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, ".templ") {
				return nil
			}
			raw, err := os.ReadFile(path)
			out[path] = string(raw)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestEveryKeyUsedExists(t *testing.T) {
	t.Parallel()
	for path, src := range sources(t) {
		for _, m := range call.FindAllStringSubmatch(src, -1) {
			if !Has(m[1]) {
				t.Errorf("%s uses %s, which is in no catalogue", path, m[1])
			}
		}
	}
}

// TestEveryKeyIsUsed looks for each key as a literal, or for a literal that
// ends with a dot and begins the key ("role." + name).
func TestEveryKeyIsUsed(t *testing.T) {
	t.Parallel()
	literals := map[string]bool{}
	for _, src := range sources(t) {
		for _, m := range literal.FindAllStringSubmatch(src, -1) {
			literals[m[1]] = true
		}
	}
	var idle []string
	for key := range catalogue {
		if !used(key, literals) {
			idle = append(idle, key)
		}
	}
	slices.Sort(idle)
	for _, key := range idle {
		t.Errorf("%s is used nowhere", key)
	}
}

func used(key string, literals map[string]bool) bool {
	if literals[key] {
		return true
	}
	for i := range key {
		if key[i] == '.' && literals[key[:i+1]] {
			return true
		}
	}
	return false
}
