package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"learnspace/internal/clock"
)

// TestOldLink: a link to a stored file ends by itself.
func TestOldLink(t *testing.T) {
	t.Parallel()
	s, err := New(Options{BaseURL: "https://a.cn", ContentURL: "https://b.cn", Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	link, err := s.contentLink(File{Key: "a/b"}, time.Now().Add(-3*linkTime))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, link, nil))
	if w.Code != http.StatusNotFound || !strings.HasPrefix(link, "https://b.cn/stored/") {
		t.Errorf("%s: %d", link, w.Code)
	}
}
