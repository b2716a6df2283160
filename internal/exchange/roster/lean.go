package roster

import (
	"runtime/debug"
	"sync"
)

// leanPercent is how much garbage may lie beside what is in use while rows
// stream through: half of it, where the usual is as much again. A million rows
// then fit into the memory of a small server.
const leanPercent = 50

var lean struct {
	mu     sync.Mutex
	users  int
	before int
}

// keepLean makes the collector of this process thrifty until the function that
// it returns is called. Imports side by side share it.
func keepLean() (end func()) {
	lean.mu.Lock()
	defer lean.mu.Unlock()
	if lean.users++; lean.users == 1 {
		lean.before = debug.SetGCPercent(leanPercent)
	}
	return func() {
		lean.mu.Lock()
		defer lean.mu.Unlock()
		if lean.users--; lean.users == 0 {
			debug.SetGCPercent(lean.before)
		}
	}
}
