package roster

import (
	"runtime/debug"
	"sync"
)

// importGC is the percentage by which the heap may grow between two
// collections while an import runs. Its chunks are large and die together:
// with the default of 100 a million rows peak some 25 MB higher for a few
// hundredths of the processor time.
const importGC = 60

// thrift counts the imports that run; the last one to end restores the setting
// that the first one found.
var thrift struct {
	mu      sync.Mutex
	running int
	before  int
}

// thrifty collects garbage sooner until the function it returns is called.
func thrifty() func() {
	thrift.mu.Lock()
	defer thrift.mu.Unlock()
	if thrift.running++; thrift.running == 1 {
		thrift.before = debug.SetGCPercent(importGC)
		if thrift.before >= 0 && thrift.before < importGC {
			debug.SetGCPercent(thrift.before)
		}
	}
	return func() {
		thrift.mu.Lock()
		defer thrift.mu.Unlock()
		if thrift.running--; thrift.running == 0 {
			debug.SetGCPercent(thrift.before)
		}
	}
}
