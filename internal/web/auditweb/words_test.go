package auditweb

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"learnspace/internal/i18n"
)

// written finds the actions that the code writes into the trail.
var written = regexp.MustCompile(`(?:\b(?:note|record|auditBatch)\(ctx, tx, (?:by|s\.System), |Action: +)"([a-z]+(?:\.[a-z_]+)?)"`)

// TestEveryActionHasWords: the reader of the trail meets no action that only a
// programmer can read.
func TestEveryActionHasWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(root, path)
		for _, m := range written.FindAllSubmatch(source, -1) {
			seen[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 40 {
		t.Errorf("only %d actions were found", len(seen))
	}
	for action := range seen {
		if !i18n.Has("audit.action." + strings.ReplaceAll(action, ".", "_")) {
			t.Errorf("%s has no words", action)
		}
	}
}
