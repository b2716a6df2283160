package account

import (
	"sync"
	"time"
)

// The limits on guessing. They count failures only, so a class that signs in
// together behind one address is never in each other's way.
const (
	// nameFree is how many wrong passwords one name may take from one network
	// before it has to wait.
	nameFree = 5
	// nameFreeAll is the same from all networks together, for a guesser who
	// changes addresses.
	nameFreeAll = 50
	// netFree is how many failures a network may save up, and netEvery how
	// fast it gets one back: a school's typing errors of a morning, not a list
	// of ten thousand names.
	netFree  = 60
	netEvery = 2 * time.Second
	// firstWait doubles with each further failure up to longestWait.
	firstWait   = 30 * time.Second
	longestWait = 5 * time.Minute
	// maxTracked bounds the memory; the oldest entries go first.
	maxTracked = 100_000
)

// throttle counts failures by key. Waiting times follow the injected clock.
type throttle struct {
	mu      sync.Mutex
	entries map[string]*tries
}

// tries is what is known about one key.
type tries struct {
	failed int
	last   time.Time
	until  time.Time
}

func newThrottle() *throttle { return &throttle{entries: map[string]*tries{}} }

// wait returns how long key must wait at now; 0 means it may try.
func (t *throttle) wait(now time.Time, key string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.entries[key]; e != nil && e.until.After(now) {
		return e.until.Sub(now)
	}
	return 0
}

// fail notes a failure of key; after free of them each further one doubles the
// wait. A day without a failure forgets the earlier ones.
func (t *throttle) fail(now time.Time, key string, free int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entry(now, key)
	if now.Sub(e.last) > 24*time.Hour {
		*e = tries{}
	}
	e.failed, e.last = e.failed+1, now
	if over := e.failed - free; over >= 0 {
		e.until = now.Add(min(firstWait<<min(over, 10), longestWait))
	}
}

// drain takes one failure from key's bucket of size free, which fills by one
// each every; when it is empty key waits until one is back.
func (t *throttle) drain(now time.Time, key string, free int, every time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entry(now, key)
	if !e.last.IsZero() {
		back := int(now.Sub(e.last) / every)
		if e.failed = max(0, e.failed-back); e.failed == 0 {
			e.last = now
		} else {
			e.last = e.last.Add(time.Duration(back) * every)
		}
	} else {
		e.last = now
	}
	e.failed++
	if e.failed >= free {
		e.until = e.last.Add(time.Duration(e.failed-free+1) * every)
	}
}

// clear forgets key, after a success.
func (t *throttle) clear(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.entries, key)
}

// entry finds or makes the entry of key and keeps the map bounded.
func (t *throttle) entry(now time.Time, key string) *tries {
	e := t.entries[key]
	if e != nil {
		return e
	}
	if len(t.entries) >= maxTracked {
		t.shrink(now)
	}
	e = &tries{}
	t.entries[key] = e
	return e
}

// shrink drops what has been quiet for an hour, else a tenth of the entries
// that do not wait, whichever come.
func (t *throttle) shrink(now time.Time) {
	for k, e := range t.entries {
		if now.Sub(e.last) > time.Hour && !e.until.After(now) {
			delete(t.entries, k)
		}
	}
	for k, e := range t.entries {
		if len(t.entries) < maxTracked*9/10 {
			return
		}
		if !e.until.After(now) {
			delete(t.entries, k)
		}
	}
}
