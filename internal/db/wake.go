package db

import (
	"sync"
)

// wake carries wake-up calls between the parts of a process and, on the engine
// that has a server, between processes. A call has no content: whoever wakes
// looks at the tables.
type wake struct {
	mu   sync.Mutex
	subs map[string]map[chan struct{}]struct{}

	send func(channel string) // to the other processes, nil where there are none
	stop func()
}

func newWake() *wake { return &wake{subs: map[string]map[chan struct{}]struct{}{}} }

// ring wakes the subscribers in this process.
func (w *wake) ring(channel string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.subs[channel] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// close ends the exchange with other processes.
func (w *wake) close() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// Notify wakes the subscribers of channel, in every process that uses the
// database. It does not wait and may be lost when a connection breaks, so
// subscribers also look by themselves now and then. Inside a transaction call
// it by Tx.AfterCommit.
func (d *DB) Notify(channel string) {
	d.wake.ring(channel)
	if d.wake.send != nil {
		d.wake.send(channel)
	}
}

// Subscribe returns a channel that receives after each Notify; calls that come
// while one is pending are one. cancel ends it.
func (d *DB) Subscribe(channel string) (calls <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	w := d.wake
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.subs[channel] == nil {
		w.subs[channel] = map[chan struct{}]struct{}{}
	}
	w.subs[channel][c] = struct{}{}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subs[channel], c)
	}
}
