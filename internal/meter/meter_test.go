package meter_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"learnspace/internal/meter"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	m := meter.New()
	m.Observe("GET /classes/{node}", 200, 30*time.Millisecond)
	m.Observe("GET /classes/{node}", 200, 2*time.Second)
	m.Observe("POST /signin", 422, time.Millisecond)
	asked := 0
	m.Gauge("jobs_waiting", "Jobs that wait.", time.Hour, func() float64 { asked++; return 3 })
	m.Gauge("unknown", "A number that cannot be read.", 0, func() float64 { return -1 })
	var body string
	for range 2 {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		body = w.Body.String()
	}
	for _, want := range []string{
		`learnspace_requests_total{route="GET /classes/{node}",status="200"} 2`,
		`learnspace_requests_total{route="POST /signin",status="422"} 1`,
		`learnspace_request_seconds_bucket{route="GET /classes/{node}",le="0.05"} 1`,
		`learnspace_request_seconds_count{route="GET /classes/{node}"} 2`,
		"learnspace_jobs_waiting 3", "learnspace_unknown 0", "go_goroutines", "process_",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not told", want)
		}
	}
	if asked != 1 {
		t.Errorf("a number that costs a query was read %d times", asked)
	}
}
