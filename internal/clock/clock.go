package clock

import (
	"sync"
	"time"
)

// Zone is the province's zone: China Standard Time, UTC+8 all year.
var Zone = time.FixedZone("UTC+8", 8*60*60)

// Clock tells the time. Implementations are safe for concurrent use.
type Clock interface {
	// Now returns the current instant in Zone.
	Now() time.Time
}

// System returns the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now().In(Zone) }

// Shifted returns a clock that runs with base but shows base's time plus
// offset. The demo begins on a fixed day this way and runs on.
func Shifted(base Clock, offset time.Duration) Clock {
	return shifted{base: base, offset: offset}
}

type shifted struct {
	base   Clock
	offset time.Duration
}

func (s shifted) Now() time.Time { return s.base.Now().Add(s.offset).In(Zone) }

// Manual is a clock that stands still until it is set. It is safe for
// concurrent use; the zero value shows the Unix epoch.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual returns a clock that stands at t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.In(Zone)} }

// Now returns the instant the clock was last set to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now.IsZero() {
		return time.UnixMilli(0).In(Zone)
	}
	return m.now
}

// Set puts the clock to t, which may lie in the past.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t.In(Zone)
}

// Advance moves the clock by d and returns the new instant.
func (m *Manual) Advance(d time.Duration) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now.IsZero() {
		m.now = time.UnixMilli(0).In(Zone)
	}
	m.now = m.now.Add(d)
	return m.now
}

// Millis returns t as epoch milliseconds, the form instants are stored in. The
// zero time gives 0, which stands for none.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// FromMillis is the inverse of Millis: 0 gives the zero time, anything else an
// instant in Zone.
func FromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).In(Zone)
}
