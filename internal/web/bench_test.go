package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/web"
	"learnspace/internal/web/webtest"
)

// BenchmarkPage is what the frame, a page of every component and compression
// cost, without services.
func BenchmarkPage(b *testing.B) {
	site := webtest.New(b, web.Route{Method: http.MethodGet, Pattern: "/gallery", Permission: access.HomeRead,
		Handler: func(w http.ResponseWriter, r *http.Request) error {
			return web.Render(w, r, http.StatusOK, webtest.Gallery(web.Now(r.Context())))
		}})
	site.As(teacher)
	r := httptest.NewRequest(http.MethodGet, "http://example.com/gallery", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	r.AddCookie(&http.Cookie{Name: "ls", Value: "token-1"})
	size := 0
	for b.Loop() {
		rec := httptest.NewRecorder()
		site.Server.ServeHTTP(rec, r)
		size = rec.Body.Len()
	}
	b.ReportMetric(float64(size), "bytes/page")
}
