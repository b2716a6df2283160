package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const module = "learnspace"

// file is one source file of the module.
type file struct {
	path      string // from the root of the module
	text      string
	test      bool
	generated bool
	tree      *ast.File // Go files only
}

// pkg is one directory with Go files that are no tests.
type pkg struct {
	name  string // org, web/ui, cmd/learnspace
	files []file
}

// tree is the whole source.
type tree struct {
	set      *token.FileSet
	packages map[string]*pkg
	tests    []file
	templ    []file
	sql      []file
}

// root finds the directory with go.mod.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above %s", dir)
		}
		dir = up
	}
}

// read loads internal and cmd below dir.
func read(dir string) (*tree, error) {
	t := &tree{set: token.NewFileSet(), packages: map[string]*pkg{}}
	for _, top := range []string{"internal", "cmd"} {
		start := filepath.Join(dir, top)
		if _, err := os.Stat(start); err != nil {
			continue
		}
		err := filepath.WalkDir(start, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if d.Name() == "testdata" {
					return filepath.SkipDir
				}
				return nil
			}
			return t.add(dir, path)
		})
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *tree) add(dir, path string) error {
	ext := filepath.Ext(path)
	if ext != ".go" && ext != ".templ" && ext != ".sql" {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	f := file{path: rel, text: string(raw), test: strings.HasSuffix(rel, "_test.go"), generated: isGenerated(string(raw))}
	switch ext {
	case ".templ":
		t.templ = append(t.templ, f)
		return nil
	case ".sql":
		t.sql = append(t.sql, f)
		return nil
	}
	if f.tree, err = parser.ParseFile(t.set, path, raw, parser.ParseComments); err != nil {
		return err
	}
	if f.test {
		t.tests = append(t.tests, f)
		return nil
	}
	name := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(rel)), "internal/")
	if t.packages[name] == nil {
		t.packages[name] = &pkg{name: name}
	}
	t.packages[name].files = append(t.packages[name].files, f)
	return nil
}

func isGenerated(text string) bool {
	head, _, _ := strings.Cut(text, "\npackage ")
	return strings.Contains(head, "DO NOT EDIT")
}

// imports lists what a package imports from the module, by short name.
func (p *pkg) imports() map[string]bool {
	out := map[string]bool{}
	for _, f := range p.files {
		for _, i := range f.tree.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				continue
			}
			if rest, ok := strings.CutPrefix(path, module+"/"); ok {
				out[strings.TrimPrefix(rest, "internal/")] = true
			}
		}
	}
	return out
}
