package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The shape of docs/asvs.md: a row of the table, and a test that it names.
var (
	asvsRow  = regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| [12] \| [^|]+ \| (met|partly|not met|n/a) \| ([^|]+) \|$`)
	asvsTest = regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z0-9]+)`")
)

// TestASVS: the table of the 253 requirements of ASVS 5.0 levels 1 and 2 is
// whole, and every test that it names is there.
func TestASVS(t *testing.T) {
	t.Parallel()
	p := load(t)
	dir, err := root()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "docs", "asvs.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, f := range p.tree.tests {
		pkg := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(f.path)), "internal/")
		for _, d := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(f.text, -1) {
			tests[pkg+"."+d[1]] = true
		}
	}
	rows := asvsRow.FindAllStringSubmatch(string(raw), -1)
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r[1]] {
			t.Errorf("%s stands twice", r[1])
		}
		seen[r[1]] = true
		for _, m := range asvsTest.FindAllStringSubmatch(r[3], -1) {
			if !tests[m[1]+"."+m[2]] {
				t.Errorf("%s names %s.%s, which is no test", r[1], m[1], m[2])
			}
		}
	}
	if len(seen) != 253 {
		t.Errorf("%d requirements, want 253", len(seen))
	}
}
