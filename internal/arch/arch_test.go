package arch

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
)

//go:embed rules.txt
var rulesText []byte

// loaded is the rules and the sources, read once for all tests.
var loaded = sync.OnceValues(func() (*project, error) {
	r, err := parse(rulesText)
	if err != nil {
		return nil, fmt.Errorf("rules.txt: %w", err)
	}
	dir, err := root()
	if err != nil {
		return nil, err
	}
	t, err := read(dir)
	return &project{rules: r, tree: t}, err
})

type project struct {
	rules rules
	tree  *tree
}

func load(t *testing.T) *project {
	t.Helper()
	p, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryPackageHasItsLine(t *testing.T) {
	t.Parallel()
	p := load(t)
	for name := range p.tree.packages {
		if _, ok := p.rules.packages[name]; !ok {
			t.Errorf("package %s has no line in rules.txt", name)
		}
	}
	for name, r := range p.rules.packages {
		if _, ok := p.tree.packages[name]; !ok {
			t.Errorf("rules.txt has a line for %s, which is no package", name)
		}
		for _, i := range r.imports {
			if _, ok := p.rules.packages[i]; !ok {
				t.Errorf("%s may import %s, which has no line", name, i)
			}
		}
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	p := load(t)
	for name, r := range p.rules.packages {
		have, ok := p.tree.packages[name]
		if !ok {
			continue
		}
		imports := have.imports()
		for i := range imports {
			if !slices.Contains(r.imports, i) {
				t.Errorf("%s imports %s, which rules.txt does not allow", name, i)
			}
		}
		for _, i := range r.imports {
			if !imports[i] {
				t.Errorf("%s may import %s and does not: take it out of rules.txt", name, i)
			}
			if problem := sideways(p.rules, name, i); problem != "" {
				t.Error(problem)
			}
		}
	}
}

// sideways says what is wrong with an edge between rings, "" when it is right.
func sideways(r rules, from, to string) string {
	a, b := r.packages[from].ring, r.packages[to].ring
	if b > a {
		return fmt.Sprintf("%s (%s) may not import %s (%s): it lies further out", from, rings[a], to, rings[b])
	}
	if a == b && rings[a] == "faces" {
		return fmt.Sprintf("%s may not import %s: faces do not know each other", from, to)
	}
	return ""
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	p := load(t)
	for name, pk := range p.tree.packages {
		if !slices.ContainsFunc(pk.files, func(f file) bool { return f.tree.Doc != nil && len(f.tree.Doc.Text()) > 20 }) {
			t.Errorf("package %s has no comment that says what it is for", name)
		}
	}
}

// TestWords keeps the names of the engines where the differences are.
func TestWords(t *testing.T) {
	t.Parallel()
	p := load(t)
	for word, allowed := range p.rules.words {
		find := regexp.MustCompile(`(?i)` + regexp.QuoteMeta(word))
		for name, pk := range p.tree.packages {
			if slices.Contains(allowed, name) || name == "arch" {
				continue
			}
			for _, f := range pk.files {
				if find.MatchString(f.text) {
					t.Errorf("%s says %s, which is for %s only", f.path, word, strings.Join(allowed, ", "))
				}
			}
		}
	}
}

// TestNames keeps identifiers such as access.System to those who may act so.
func TestNames(t *testing.T) {
	t.Parallel()
	p := load(t)
	for name, pk := range p.tree.packages {
		for _, f := range pk.files {
			ast.Inspect(f.tree, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := s.X.(*ast.Ident)
				if !ok {
					return true
				}
				full := x.Name + "." + s.Sel.Name
				if allowed, ruled := p.rules.names[full]; ruled && !slices.Contains(allowed, name) {
					t.Errorf("%s: %s is for %s only", p.tree.set.Position(s.Pos()), full, strings.Join(allowed, ", "))
				}
				return true
			})
		}
	}
}

// TestServicesTakeAnActor checks that no exported method of a domain's Service
// can forget who asks: (ctx context.Context, by access.Actor, …).
func TestServicesTakeAnActor(t *testing.T) {
	t.Parallel()
	p := load(t)
	used := map[string]bool{}
	for name, pk := range p.tree.packages {
		if r := p.rules.packages[name]; rings[r.ring] != "domain" {
			continue
		}
		for _, f := range pk.files {
			for _, d := range f.tree.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !fn.Name.IsExported() || receiver(fn) != "Service" {
					continue
				}
				full := f.tree.Name.Name + ".Service." + fn.Name.Name
				if _, excepted := p.rules.methods[full]; excepted {
					used[full] = true
					continue
				}
				if !takesActor(fn.Type) {
					t.Errorf("%s: %s does not take (ctx context.Context, by access.Actor, …)", p.tree.set.Position(fn.Pos()), full)
				}
			}
		}
	}
	for full := range p.rules.methods {
		if !used[full] {
			t.Errorf("rules.txt excepts %s, which does not exist", full)
		}
	}
}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) != 1 {
		return ""
	}
	e := fn.Recv.List[0].Type
	if s, ok := e.(*ast.StarExpr); ok {
		e = s.X
	}
	if i, ok := e.(*ast.Ident); ok {
		return i.Name
	}
	return ""
}

func takesActor(f *ast.FuncType) bool {
	var types []ast.Expr
	var names []string
	for _, field := range f.Params.List {
		for _, n := range field.Names {
			types, names = append(types, field.Type), append(names, n.Name)
		}
	}
	return len(types) >= 2 && isSelector(types[0], "context", "Context") && isSelector(types[1], "access", "Actor") &&
		(names[1] == "by" || names[1] == "_")
}

func isSelector(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && s.Sel.Name == name
}

// The red lines of size; the yellow ones are logged.
const (
	fileLines, fileSoft           = 700, 500
	functionLines, functionSoft   = 100, 70
	packageLines, packageSoft     = 3500, 2500
	interfaceMethods, methodsSoft = 10, 7
)

// larger are the packages that may be larger than the red line, each with its
// reason.
var larger = map[string]struct {
	lines int
	why   string
}{
	"account":         {7600, "sign-in, sessions, slips and recovery change one account row and its sessions together; guardians and phones, and the limits on guessing, are to become packages of their own"},
	"org":             {4300, "nodes, edges and grants take the same rows first; grants are to become a package of their own"},
	"person":          {6000, "keys, places, states, answers and merging change one locked row and its events together; profiles and rotation are to become packages of their own"},
	"exchange/roster": {5500, "matching, writing and undoing work on one set of private types; matching is to become a package of its own"},
}

func TestSizes(t *testing.T) {
	t.Parallel()
	p := load(t)
	for name, pk := range p.tree.packages {
		total := 0
		for _, f := range pk.files {
			if f.generated {
				continue
			}
			lines := strings.Count(f.text, "\n")
			total += lines
			measure(t, f.path, "lines", lines, fileLines, fileSoft)
			measureParts(t, p, f)
		}
		limit := packageLines
		if more, ok := larger[name]; ok {
			limit = more.lines
		}
		measure(t, "package "+name, "lines", total, limit, packageSoft)
	}
}

func measureParts(t *testing.T, p *project, f file) {
	t.Helper()
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				from, to := p.tree.set.Position(n.Pos()), p.tree.set.Position(n.End())
				measure(t, f.path+" "+n.Name.Name, "lines", to.Line-from.Line+1, functionLines, functionSoft)
			}
		case *ast.TypeSpec:
			if i, ok := n.Type.(*ast.InterfaceType); ok {
				measure(t, f.path+" "+n.Name.Name, "methods", i.Methods.NumFields(), interfaceMethods, methodsSoft)
			}
		}
		return true
	})
}

func measure(t *testing.T, what, unit string, n, red, yellow int) {
	t.Helper()
	switch {
	case n > red:
		t.Errorf("%s has %d %s, more than %d: split it by noun", what, n, unit, red)
	case n > yellow:
		t.Logf("%s has %d %s, more than %d", what, n, unit, yellow)
	}
}

var (
	sqlClock  = regexp.MustCompile(`(?i)\b(now|datetime|unixepoch|clock_timestamp|statement_timestamp)\(\)|current_timestamp|current_date|\bdatetime\('now'`)
	statement = regexp.MustCompile(`(?i)\b(select|insert|update|delete|values|default|where)\b`)
	debts     = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)
	dodges    = regexp.MustCompile(`\bt\.Skip(f|Now)?\(|\btime\.Sleep\(`)
	inline    = regexp.MustCompile(`\sstyle\s*=|<style|\son[a-z]+\s*=|hx-on|<script\s*>`)
)

// literals gives the string literals of a file.
func literals(f *ast.File) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			out = append(out, l.Value)
		}
		return true
	})
	return out
}

func TestHabits(t *testing.T) {
	t.Parallel()
	p := load(t)
	all := slices.Concat(slices.Collect(func(yield func([]file) bool) {
		for _, pk := range p.tree.packages {
			if pk.name != "arch" && !yield(pk.files) {
				return
			}
		}
	})...)
	for _, f := range slices.Concat(all, p.tree.tests, p.tree.templ, p.tree.sql) {
		if strings.HasPrefix(f.path, "internal/arch/") || f.generated {
			continue
		}
		if m := debts.FindString(f.text); m != "" {
			t.Errorf("%s leaves a %s", f.path, m)
		}
	}
	for _, f := range p.tree.sql {
		if m := sqlClock.FindString(f.text); m != "" {
			t.Errorf("%s asks the database for the time: %s", f.path, m)
		}
	}
	for _, f := range all {
		for _, text := range literals(f.tree) {
			if m := sqlClock.FindString(text); m != "" && statement.MatchString(text) {
				t.Errorf("%s asks the database for the time: %s", f.path, m)
			}
		}
	}
	for _, f := range p.tree.tests {
		if m := dodges.FindString(f.text); m != "" && !strings.HasPrefix(f.path, "internal/arch/") {
			t.Errorf("%s has %s)", f.path, m)
		}
	}
	for _, f := range p.tree.templ {
		if m := inline.FindString(f.text); m != "" {
			t.Errorf("%s has %q, which the content security policy refuses", f.path, strings.TrimSpace(m))
		}
	}
}

// TestPagesSpeakThroughTheCatalogue finds words of a language in a page: they
// belong into the catalogue. The gallery of the tests may have them.
func TestPagesSpeakThroughTheCatalogue(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, f := range p.tree.templ {
		if strings.Contains(f.path, "/webtest/") {
			continue
		}
		for n, line := range strings.Split(f.text, "\n") {
			code, _, _ := strings.Cut(line, "//")
			if i := strings.IndexFunc(code, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hangul) }); i >= 0 {
				t.Errorf("%s:%d has words of a language: %s", f.path, n+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestParseRefusesMistakes(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"no ring":       "ring outer\n",
		"no colon":      "ring domain\norg access\n",
		"before a ring": "org: access\n",
		"twice":         "ring domain\norg:\norg:\n",
		"no reason":     "method a.Service.B:\n",
		"unknown":       "rule a b: c\n",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse([]byte(text)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestSideways(t *testing.T) {
	t.Parallel()
	r, err := parse([]byte("ring foundation\nid:\nring domain\norg: id\nspace: org\nring frame\nweb: org\nring faces\nweb/orgweb: web\nweb/spaceweb: web\n"))
	if err != nil {
		t.Fatal(err)
	}
	edges := map[[2]string]bool{{"org", "id"}: true, {"id", "org"}: false, {"space", "org"}: true, {"web", "web/orgweb"}: false,
		{"web/orgweb", "web"}: true, {"web/orgweb", "web/spaceweb"}: false, {"web/orgweb", "space"}: true}
	for _, e := range slices.Collect(maps.Keys(edges)) {
		if got := sideways(r, e[0], e[1]) == ""; got != edges[e] {
			t.Errorf("%s → %s: allowed %v", e[0], e[1], got)
		}
	}
}
