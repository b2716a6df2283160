package id

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"learnspace/internal/clock"
)

// The layout of an id, from the top: milliseconds since epoch, instance,
// counter. 41 bits of milliseconds reach to the year 2084.
const (
	counterBits  = 12
	instanceBits = 10
	stampShift   = counterBits + instanceBits
	maxCounter   = 1<<counterBits - 1
	// MaxInstance is the highest instance number.
	MaxInstance = 1<<instanceBits - 1
)

// epoch is 2015-01-01 00:00 UTC+8: before any event the product records.
const epoch = 1420041600000

// ErrClockBehind is returned when the clock stands before the newest id that
// was handed out: ids made now could repeat.
var ErrClockBehind = errors.New("the clock is behind the newest id")

// Source makes ids for one instance. It is safe for concurrent use and never
// goes back, also when its clock does.
type Source struct {
	clk      clock.Clock
	instance int64

	mu   sync.Mutex
	last int64 // stamp and counter of the newest id: ms<<counterBits | counter
}

// NewSource returns a source for an instance (0 to MaxInstance). newest is the
// newest id known to exist (0 for none); a clock more than a second behind it
// is refused with ErrClockBehind.
func NewSource(clk clock.Clock, instance int, newest int64) (*Source, error) {
	if instance < 0 || instance > MaxInstance {
		return nil, fmt.Errorf("instance %d is not between 0 and %d", instance, MaxInstance)
	}
	now := stamp(clk)
	stamped := newest >> stampShift
	if stamped > now+1000 {
		return nil, fmt.Errorf("%w: clock %s, newest id of %s", ErrClockBehind,
			clk.Now().Format(time.RFC3339), Time(newest).Format(time.RFC3339))
	}
	s := &Source{clk: clk, instance: int64(instance)}
	if newest > 0 {
		s.last = stamped<<counterBits | maxCounter
	}
	return s, nil
}

func stamp(clk clock.Clock) int64 { return max(clk.Now().UnixMilli()-epoch, 0) }

// Next returns the next id, always positive. It never waits: when the
// millisecond's counter is used up, or the clock stands still or went back, it
// borrows from the milliseconds ahead.
func (s *Source) Next() int64 {
	now := stamp(s.clk) << counterBits
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, now)
	return s.compose(s.last)
}

// Block reserves n consecutive ids and returns a function that gives them in
// ascending order. It takes the lock once; the function itself is not safe for
// concurrent use and panics after the n-th call.
func (s *Source) Block(n int) func() int64 {
	now := stamp(s.clk) << counterBits
	s.mu.Lock()
	first := max(s.last+1, now)
	s.last = first + int64(max(n, 1)) - 1
	s.mu.Unlock()
	next, end := first, first+int64(n)
	return func() int64 {
		if next >= end {
			panic("id: block used up")
		}
		next++
		return s.compose(next - 1)
	}
}

// compose puts the instance between stamp and counter.
func (s *Source) compose(v int64) int64 {
	return v>>counterBits<<stampShift | s.instance<<counterBits | v&maxCounter
}

// Instance returns the instance the source makes ids for.
func (s *Source) Instance() int { return int(s.instance) }

// Next returns the next id of s as a T.
func Next[T ~int64](s *Source) T { return T(s.Next()) }

// Time returns the instant an id was made at, to the millisecond.
func Time[T ~int64](v T) time.Time {
	return time.UnixMilli(int64(v)>>stampShift + epoch).In(clock.Zone)
}
