package access

import (
	"strings"

	"learnspace/internal/db"
)

// Scope is the part of the tree in which an actor holds a permission. It turns
// into the condition that a list, search, count or export must carry.
type Scope struct {
	all   bool
	paths []string
}

// Scope returns where the active role holds p. It is empty for whoever does
// not hold it.
func (a Actor) Scope(p Permission) Scope {
	if !a.Can(p) {
		return Scope{}
	}
	if a.unbounded() {
		return Scope{all: true}
	}
	var s Scope
	for _, at := range a.Places {
		if at.Role != a.Role || at.Path == "" {
			continue
		}
		if IsRoot(at.Path) {
			return Scope{all: true}
		}
		s.paths = append(s.paths, at.Path)
	}
	return s
}

// IsRoot reports whether path is that of the province: one step.
func IsRoot(path string) bool { return strings.Count(path, "/") == 1 }

// All reports whether the scope is the whole province: no condition is needed.
func (s Scope) All() bool { return s.all }

// Empty reports whether nothing is in scope.
func (s Scope) Empty() bool { return !s.all && len(s.paths) == 0 }

// Contains reports whether the node at this path is in scope.
func (s Scope) Contains(path string) bool {
	if s.all {
		return path != ""
	}
	for _, p := range s.paths {
		if Covers(p, path) {
			return true
		}
	}
	return false
}

// Nodes returns the condition that column, which holds a node id, lies in
// scope. It adds its arguments to args and is always a complete condition.
func (s Scope) Nodes(column string, args *db.Args) string {
	if s.all {
		return "1 = 1"
	}
	if len(s.paths) == 0 {
		return "1 = 0"
	}
	return column + " IN (SELECT id FROM org_node WHERE " + s.Paths("path", args) + ")"
}

// Paths returns the same condition on column, which holds a path. Only org,
// which owns the paths, asks for it.
func (s Scope) Paths(column string, args *db.Args) string {
	if s.all {
		return "1 = 1"
	}
	if len(s.paths) == 0 {
		return "1 = 0"
	}
	parts := make([]string, len(s.paths))
	for i, p := range s.paths {
		parts[i] = "(" + column + " >= " + args.Add(p) + " AND " + column + " < " + args.Add(UpperBound(p)) + ")"
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// UpperBound is the smallest path behind the subtree of path: "1/4/" gives
// "1/40", since "0" follows "/" in byte order.
func UpperBound(path string) string { return path[:len(path)-1] + "0" }
