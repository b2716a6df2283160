package app

import "runtime/debug"

// serverGC lets the heap of a server grow to four times what lives in it before
// it is swept: pages leave much garbage and a server keeps little.
const serverGC = 300

// Spacious sets the process up as a server's, and returns what puts it back.
func Spacious() (restore func()) {
	before := debug.SetGCPercent(serverGC)
	return func() { debug.SetGCPercent(before) }
}
