package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Check is one condition of a server that can serve.
type Check struct {
	// Name is database, disk, blobs, keys, schema, jobs, events or another word.
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Reason says in a few words what is wrong; "" when nothing is. It holds no
	// path and no address: everybody may read it.
	Reason string `json:"reason,omitempty"`
	// Value is what was measured, in Unit.
	Value int64  `json:"value,omitempty"`
	Unit  string `json:"unit,omitempty"`
}

// readiness asks at most once a second, however often it is asked.
type readiness struct {
	ask  func(ctx context.Context) []Check
	keep time.Duration
	mu   sync.Mutex
	at   time.Time
	last []Check
}

func (r *readiness) get(ctx context.Context) []Check {
	if r.ask == nil {
		return []Check{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil || time.Since(r.at) > r.keep {
		r.last = r.ask(context.WithoutCancel(ctx))
		r.at = time.Now()
	}
	return r.last
}

// ready answers 200 when every check is met, else 503, with the checks as JSON.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	list := s.readiness.get(r.Context())
	answer := struct {
		Ready  bool    `json:"ready"`
		Checks []Check `json:"checks"`
	}{true, list}
	for _, c := range list {
		answer.Ready = answer.Ready && c.OK
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(answer)
}
