package arch

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// rings from the inside out. A package imports from its own ring and from the
// ones before it; faces never import each other.
var rings = []string{"foundation", "domain", "frame", "faces", "app", "cli", "cmd"}

// rule is one line of a package.
type rule struct {
	ring    int
	imports []string
}

// rules is rules.txt.
type rules struct {
	packages map[string]rule
	// words: who may write the word.
	words map[string][]string
	// names: who may use the qualified identifier, such as access.System.
	names map[string][]string
	// methods of services that take no actor, with the reason.
	methods map[string]string
}

// parse reads rules.txt. Its lines:
//
//	ring NAME                    what follows belongs to the ring
//	package: import import …     the package may import these
//	word WORD: package …         only these may write the word
//	name PKG.IDENT: package …    only these may use the identifier
//	method PKG.Type.Name: reason a service method without an actor
func parse(raw []byte) (rules, error) {
	out := rules{packages: map[string]rule{}, words: map[string][]string{}, names: map[string][]string{}, methods: map[string]string{}}
	ring := -1
	scan := bufio.NewScanner(bytes.NewReader(raw))
	for n := 1; scan.Scan(); n++ {
		line, _, _ := strings.Cut(scan.Text(), "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if name, ok := strings.CutPrefix(line, "ring "); ok {
			if ring = slices.Index(rings, strings.TrimSpace(name)); ring < 0 {
				return out, fmt.Errorf("line %d: no ring %q", n, name)
			}
			continue
		}
		head, rest, found := strings.Cut(line, ":")
		if !found {
			return out, fmt.Errorf("line %d: no colon", n)
		}
		if err := out.add(ring, strings.Fields(head), rest); err != nil {
			return out, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return out, scan.Err()
}

func (r *rules) add(ring int, head []string, rest string) error {
	list := strings.Fields(rest)
	switch {
	case len(head) == 1:
		if ring < 0 {
			return fmt.Errorf("%s stands before the first ring", head[0])
		}
		if _, twice := r.packages[head[0]]; twice {
			return fmt.Errorf("%s stands twice", head[0])
		}
		r.packages[head[0]] = rule{ring: ring, imports: list}
	case len(head) == 2 && head[0] == "word":
		r.words[head[1]] = list
	case len(head) == 2 && head[0] == "name":
		r.names[head[1]] = list
	case len(head) == 2 && head[0] == "method":
		if len(list) == 0 {
			return fmt.Errorf("%s: an exception needs a reason", head[1])
		}
		r.methods[head[1]] = strings.TrimSpace(rest)
	default:
		return fmt.Errorf("%q is no rule", strings.Join(head, " "))
	}
	return nil
}
