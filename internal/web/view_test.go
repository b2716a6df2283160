package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/web"
	"learnspace/internal/web/webtest"
)

type viewKey struct{}

// TestView: what reads runs in a view and answers after it; what writes and
// what streams runs without; what comes after the answer sees no view.
func TestView(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path string
		status             int
		want               []string
	}{
		{"page", http.MethodGet, "/page", http.StatusOK, []string{"begin", "handler in view", "end", "sent", "after"}},
		{"head", http.MethodHead, "/page", http.StatusOK, []string{"begin", "handler in view", "end", "sent", "after"}},
		{"stream", http.MethodGet, "/stream", http.StatusOK, []string{"handler", "sent", "after"}},
		{"write", http.MethodPost, "/page", http.StatusOK, []string{"handler", "sent", "after"}},
		{"refused", http.MethodGet, "/refused", http.StatusConflict, []string{"begin", "end", "sent"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			note := func(s string) { got = append(got, s) }
			answer := func(w http.ResponseWriter, r *http.Request) error {
				if r.Context().Value(viewKey{}) != nil {
					note("handler in view")
				} else {
					note("handler")
				}
				web.After(r, func(ctx context.Context) error {
					if ctx.Value(viewKey{}) != nil {
						note("still in view")
					}
					note("after")
					return nil
				})
				_, err := w.Write([]byte("words"))
				return err
			}
			refuse := func(http.ResponseWriter, *http.Request) error { return fault.New(fault.ErrConflict, "error.conflict") }
			s, err := web.New(web.Options{Clock: clock.NewManual(webtest.Start), View: func(ctx context.Context, fn func(context.Context) error) error {
				note("begin")
				defer note("end")
				return fn(context.WithValue(ctx, viewKey{}, true))
			}},
				web.Route{Method: http.MethodGet, Pattern: "/page", Anonymous: true, Handler: answer},
				web.Route{Method: http.MethodPost, Pattern: "/page", Anonymous: true, Handler: answer},
				web.Route{Method: http.MethodGet, Pattern: "/stream", Anonymous: true, Stream: true, Handler: answer},
				web.Route{Method: http.MethodGet, Pattern: "/refused", Anonymous: true, Handler: refuse})
			if err != nil {
				t.Fatal(err)
			}
			w := &noting{ResponseRecorder: httptest.NewRecorder(), note: note}
			s.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// noting notes when the answer begins.
type noting struct {
	*httptest.ResponseRecorder
	note func(string)
	sent bool
}

func (n *noting) WriteHeader(status int) {
	if !n.sent {
		n.sent = true
		n.note("sent")
	}
	n.ResponseRecorder.WriteHeader(status)
}

func (n *noting) Write(b []byte) (int, error) {
	if !n.sent {
		n.WriteHeader(http.StatusOK)
	}
	return n.ResponseRecorder.Write(b)
}
